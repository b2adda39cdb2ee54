/* SPDX-License-Identifier: MIT */
#include "figure.h"

/* Drawings larger than the grid on which parts are found (160 pixels): the figure, five times
 * as large, and a pixel of its grid is two or more of the picture's. */
enum { TIMES = 5, LARGE = TIMES * SIDE };

typedef struct Large {
    Arena arena;
    Err err;
    unsigned char picture[LARGE * LARGE * 4], frame[LARGE * LARGE * 4], part[LARGE * LARGE];
    PuppetSource source;
    Puppet *puppet;
} Large;

static Tensor large_picture(unsigned char *rgba)
{
    return tensor_over(rgba, TENSOR_U8, SHAPE(LARGE, LARGE, 4));
}

static void large_block(Large *s, Paint paint, int left, int top, int right, int bottom)
{
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++)
            memcpy(s->picture + 4 * (y * LARGE + x), PAINT[paint], 4);
    }
}

static Pose large_pose(void)
{
    Pose p = figure_pose();
    for (int j = 0; j < JOINTS; j++) {
        p.joint[j].x *= TIMES;
        p.joint[j].y *= TIMES;
    }
    return p;
}

static Large *large_open(void)
{
    static Large s;
    unsigned char small[SIDE * SIDE * 4];
    memset(&s, 0, sizeof s);
    assert_true(arena_init(&s.arena, 0, &s.err));
    draw_figure(small);
    for (int i = 0; i < LARGE * LARGE; i++)
        memcpy(s.picture + 4 * i, small + 4 * (i / LARGE / TIMES * SIDE + i % LARGE / TIMES),
               4);
    s.source = (PuppetSource){.picture = large_picture(s.picture),
                              .joints = large_pose(),
                              .has_depth = true,
                              .is_pixel_art = true};
    return &s;
}

static void large_build(Large *s)
{
    s->puppet = puppet_build(&s->source, &s->arena, &s->err);
    if (s->puppet == NULL)
        fail_msg("%s", s->err.text);
}

static void large_draw(Large *s, const Pose *pose)
{
    Tensor part = tensor_over(s->part, TENSOR_U8, SHAPE(LARGE, LARGE));
    assert_true(
        puppet_draw(s->puppet, pose, large_picture(s->frame), part, &s->arena, &s->err));
}

static bool is_there(const Large *s, int x, int y)
{
    return s->frame[4 * (y * LARGE + x) + 3] > 0;
}

/* A cape from the head to the knees on our right: the head has its upper end, the trunk the
 * rest.  The head rises by three pixels. */
static void a_seam_in_one_colour_does_not_crack(void **state)
{
    (void)state;
    Large *s = large_open();
    large_block(s, SKIN, 185, 40, 215, 235);
    large_build(s);
    Pose p = large_pose();
    p.joint[JOINT_NOSE].y -= 3;
    for (int j = JOINT_R_EYE; j <= JOINT_L_EAR; j++)
        p.joint[j].y -= 3;
    large_draw(s, &p);
    for (int y = 40; y < 230; y++) {
        for (int x = 186; x < 214; x++)
            assert_true(is_there(s, x, y));
    }
    arena_release(&s->arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seam_in_one_colour_does_not_crack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
