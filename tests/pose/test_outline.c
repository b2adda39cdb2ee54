/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "pose/outline.h"

enum { SIDE = 128 };
static unsigned char rgba[SIDE * SIDE * 4];

static Tensor picture(void)
{
    return tensor_over(rgba, TENSOR_U8, SHAPE(SIDE, SIDE, 4));
}

static void block(int left, int top, int right, int bottom)
{
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++)
            rgba[(y * SIDE + x) * 4 + 3] = 255;
    }
}

/* A figure 100 high from row 14: a round head, a trunk with arms, two legs. */
static void draw_figure(int head)
{
    int legs = (100 - head) / 2, hip = 114 - legs;
    memset(rgba, 0, sizeof rgba);
    for (int y = 0; y < head; y++) {
        double half = sqrt((double)(y * 2 + 1) * (2 * (head - y) - 1)) / 2;
        block(64 - (int)half, 14 + y, 64 + (int)half + 1, 15 + y);
    }
    block(52, 14 + head, 77, hip); /* trunk */
    block(45, 17 + head, 50, hip); /* arms, away from the body */
    block(79, 17 + head, 84, hip);
    block(53, hip, 62, 114);
    block(67, hip, 76, 114);
}

static void the_box_is_where_the_figure_is(void **state)
{
    (void)state;
    Outline o;
    draw_figure(30);
    assert_true(outline_find(&o, picture()));
    assert_true(o.top == 14 && o.bottom == 114 && o.left == 45 && o.right == 84);
}

/* Blocks are not what was learned from: twice the usual error is allowed. */
static void the_head_is_about_as_large_as_it_is(void **state)
{
    (void)state;
    float first = 0, last = 0;
    for (int head = 18; head <= 42; head += 4) {
        Outline o;
        draw_figure(head);
        assert_true(outline_find(&o, picture()));
        if (fabsf(o.head - (float)head / 100) > 0.06f)
            fail_msg("a head of %d %% seems %g", head, (double)o.head);
        first = head == 18 ? o.head : first;
        last = o.head;
        assert_true(o.crown >= o.top && o.crown < o.top + 12);
    }
    assert_true(last > first + 0.15f);
}

static void the_guess_stays_within_reason(void **state)
{
    (void)state;
    Outline o;
    memset(rgba, 255, sizeof rgba);
    assert_true(outline_find(&o, picture()));
    assert_true(o.head <= 0.5f && o.crown >= 0 && o.crown <= 0.3f * SIDE);
    memset(rgba, 0, sizeof rgba);
    block(5, 7, 6, 8);
    assert_true(outline_find(&o, picture()));
    assert_true(o.left == 5 && o.bottom == 8);
    assert_true(o.head >= 0.12f && o.head <= 0.5f);
}

static void nothing_has_no_outline(void **state)
{
    (void)state;
    Outline o;
    memset(rgba, 0, sizeof rgba);
    memset(rgba, 127, 4);
    assert_false(outline_find(&o, picture()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_box_is_where_the_figure_is),
        cmocka_unit_test(the_head_is_about_as_large_as_it_is),
        cmocka_unit_test(the_guess_stays_within_reason),
        cmocka_unit_test(nothing_has_no_outline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
