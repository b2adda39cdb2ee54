/* SPDX-License-Identifier: MIT */
#include "figure.h"

/* Parts are whole, and their seams clean; also in drawings larger than the grid on which parts
 * are found (160 pixels): the figure five times as large, two pixels to one of the grid. */
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

static Paint large_paint_at(const Large *s, int x, int y)
{
    for (int k = 0; k < PAINTS; k++) {
        if (memcmp(s->frame + 4 * (y * LARGE + x), PAINT[k], 4) == 0)
            return (Paint)k;
    }
    fail_msg("a colour that was never painted at %d, %d", x, y);
    return NOTHING;
}

/* The right arm hangs before the trunk, in an outline three pixels wide.  Raised, it leaves
 * the trunk's own blue: no band of the outline's colour. */
static void no_outline_is_left_behind_a_raised_arm(void **state)
{
    (void)state;
    Large *s = large_open();
    for (int y = 100; y < 120; y++)
        memset(s->picture + 4 * (y * LARGE + 50), 0, 4 * (130 - 50));
    large_block(s, BROWN, 120, 98, 146, 174);
    large_block(s, RED, 123, 101, 143, 171);
    put(&s->source.joints, JOINT_R_SHOULDER, 133, 107, 20);
    put(&s->source.joints, JOINT_R_ELBOW, 133, 135, 20);
    put(&s->source.joints, JOINT_R_WRIST, 133, 163, 20);
    large_build(s);
    Pose p = s->source.joints;
    put(&p, JOINT_R_ELBOW, 105, 107, 20);
    put(&p, JOINT_R_WRIST, 77, 107, 20);
    large_draw(s, &p);
    for (int y = 125; y < 165; y++) {
        for (int x = 135; x < 158; x++)
            assert_int_equal(large_paint_at(s, x, y), BLUE);
    }
    assert_int_equal(large_paint_at(s, 85, 107), RED);
    arena_release(&s->arena);
}

/* What hangs on the head by its colour is the head's, also below the neck. */
static void long_hair_stays_in_one_piece(void **state)
{
    (void)state;
    Stage s;
    stage_open(&s);
    block(s.picture, NOTHING, 38, 20, 53, 24);
    block(s.picture, YELLOW, 38, 31, 53, 35);
    for (int j = JOINT_L_SHOULDER; j <= JOINT_L_WRIST; j++)
        s.source.joints.joint[j].y = 33;
    block(s.picture, STEEL, 37, 8, 42, 28);
    stage_build(&s);
    const unsigned char *part = puppet_parts(s.puppet).data;
    for (int y = 8; y < 28; y++) {
        for (int x = 37; x < 42; x++)
            assert_int_equal(part[y * SIDE + x], PUPPET_HEAD);
    }
    stage_close(&s);
}

/* A hand as wide as the thigh beside it, which is nearer to most of its pixels. */
static void a_hand_before_the_leg_is_the_arms(void **state)
{
    (void)state;
    Stage s;
    stage_open(&s);
    block(s.picture, NOTHING, 11, 20, 26, 24);
    block(s.picture, RED, 24, 20, 28, 35);
    block(s.picture, SKIN, 23, 35, 29, 39);
    put(&s.source.joints, JOINT_R_SHOULDER, 26, 21, 4);
    put(&s.source.joints, JOINT_R_ELBOW, 26, 30, 4);
    put(&s.source.joints, JOINT_R_WRIST, 26, 37, 4);
    stage_build(&s);
    const unsigned char *part = puppet_parts(s.puppet).data;
    for (int y = 35; y < 39; y++) {
        for (int x = 23; x < 29; x++)
            assert_int_equal(part[y * SIDE + x], PUPPET_R_FOREARM);
    }
    Pose p = s.source.joints; /* raised, it leaves the leg whole */
    put(&p, JOINT_R_ELBOW, 17, 21, 4);
    put(&p, JOINT_R_WRIST, 9, 21, 4);
    stage_draw(&s, &p);
    for (int y = 38; y < 55; y++)
        assert_int_equal(paint_at(s.frame, 28, y), BROWN);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seam_in_one_colour_does_not_crack),
        cmocka_unit_test(no_outline_is_left_behind_a_raised_arm),
        cmocka_unit_test(long_hair_stays_in_one_piece),
        cmocka_unit_test(a_hand_before_the_leg_is_the_arms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
