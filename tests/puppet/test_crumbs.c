/* SPDX-License-Identifier: MIT */
#include "puppet/crumbs.h"

#include "puppet/puppet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum { SIDE = 64, FIGURE = 40 }; /* the figure has 1600 pixels: crumbs are of 1 to 3 */

typedef struct Frame {
    Arena arena;
    Err err;
    unsigned char rgba[SIDE][SIDE][4], part[SIDE][SIDE];
    Tensor picture, parts;
} Frame;

static void block(Frame *f, int left, int top, int right, int bottom)
{
    for (int y = top; y < bottom; y++)
        memset(f->rgba[y][left], 255, 4 * (size_t)(right - left));
}

static Frame *frame_open(void)
{
    static Frame f;
    memset(&f, 0, sizeof f);
    f.picture = tensor_over(f.rgba, TENSOR_U8, SHAPE(SIDE, SIDE, 4));
    f.parts = tensor_over(f.part, TENSOR_U8, SHAPE(SIDE, SIDE));
    assert_true(arena_init(&f.arena, 0, &f.err));
    block(&f, 0, 0, FIGURE, FIGURE);
    return &f;
}

static bool stays(Frame *f, int x, int y)
{
    float share;
    Frame drawing = {0};
    block(&drawing, 0, 0, FIGURE, FIGURE);
    Tensor drawn = tensor_over(drawing.rgba, TENSOR_U8, SHAPE(SIDE, SIDE, 4));
    assert_true(crumbs_share(drawn, &share, &f->arena, &f->err));
    assert_true(crumbs_sweep(f->picture, f->parts, share, &f->arena, &f->err));
    assert_int_equal(f->rgba[FIGURE - 1][FIGURE - 1][3], 255);
    bool is_there = f->rgba[y][x][3] > 0;
    arena_release(&f->arena);
    return is_there;
}

static void a_crumb_goes_and_a_piece_stays(void **state)
{
    (void)state;
    Frame *f = frame_open();
    block(f, 50, 50, 53, 51);
    assert_false(stays(f, 51, 50));
    f = frame_open();
    block(f, 50, 50, 52, 52);
    assert_true(stays(f, 51, 50));
}

static void what_touches_the_figure_is_no_crumb(void **state)
{
    (void)state;
    Frame *f = frame_open();
    block(f, FIGURE, 5, FIGURE + 1, 6);
    assert_true(stays(f, FIGURE, 5));
}

static void what_a_hand_holds_is_left(void **state)
{
    (void)state;
    Frame *f = frame_open();
    block(f, 50, 50, 52, 51);
    f->part[50][51] = PUPPET_HELD_L;
    assert_true(stays(f, 50, 50));
}

static void a_drawing_with_small_pieces_keeps_them(void **state)
{
    (void)state;
    float share;
    Frame *f = frame_open();
    block(f, 50, 50, 51, 51);
    assert_true(crumbs_share(f->picture, &share, &f->arena, &f->err));
    assert_true(crumbs_sweep(f->picture, (Tensor){0}, share, &f->arena, &f->err));
    assert_int_equal(f->rgba[50][50][3], 255);
    arena_release(&f->arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crumb_goes_and_a_piece_stays),
        cmocka_unit_test(what_touches_the_figure_is_no_crumb),
        cmocka_unit_test(what_a_hand_holds_is_left),
        cmocka_unit_test(a_drawing_with_small_pieces_keeps_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
