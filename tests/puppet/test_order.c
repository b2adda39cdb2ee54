/* SPDX-License-Identifier: MIT */
#include "figure.h"

/* The right arm folded across the trunk, at the height of row 28. */
static Pose arm_across(float z)
{
    Pose p = figure_pose();
    put(&p, JOINT_R_ELBOW, 24, 28, z);
    put(&p, JOINT_R_WRIST, 31, 28, z);
    p.joint[JOINT_R_SHOULDER].z = z;
    return p;
}

static void an_arm_before_the_trunk_hides_it(void **state)
{
    (void)state;
    Stage s;
    stage_open(&s);
    stage_build(&s);
    Pose p = arm_across(8);
    stage_draw(&s, &p);
    for (int x = 26; x < 31; x++)
        assert_int_equal(paint_at(s.frame, x, 28), RED);
    assert_int_equal(paint_at(s.frame, 36, 28), GREEN);
    assert_int_equal(paint_at(s.frame, 30, 34), BLUE);
    stage_close(&s);
}

static void an_arm_behind_the_trunk_is_hidden(void **state)
{
    (void)state;
    Stage s;
    stage_open(&s);
    stage_build(&s);
    Pose p = arm_across(-8);
    stage_draw(&s, &p);
    for (int y = 21; y < 37; y++) {
        for (int x = 26; x < 38; x++)
            assert_int_equal(paint_at(s.frame, x, y), x < 32 ? BLUE : GREEN);
    }
    assert_int_equal(paint_at(s.frame, 24, 27), RED);
    stage_close(&s);
}

static void the_nearer_of_two_crossing_legs_is_seen(void **state)
{
    (void)state;
    Stage s;
    stage_open(&s);
    stage_build(&s);
    for (int near = 0; near < 2; near++) {
        Pose p = figure_pose();
        float z = near ? 5 : -5;
        put(&p, JOINT_R_KNEE, 32, 47, z);
        put(&p, JOINT_R_ANKLE, 35, 57, z);
        put(&p, JOINT_L_KNEE, 32, 47, -z);
        put(&p, JOINT_L_ANKLE, 29, 57, -z);
        stage_draw(&s, &p);
        assert_int_equal(paint_at(s.frame, 32, 47), near ? BROWN : PINK);
        assert_int_equal(paint_at(s.frame, 35, 56), BROWN);
        assert_int_equal(paint_at(s.frame, 28, 56), PINK);
    }
    stage_close(&s);
}

/* The hand goes to the face, which is at 32, 13. */
static void a_hand_is_before_the_face_or_behind_the_head(void **state)
{
    static const struct {
        float z, wrist_z;
        Paint at_face;
    } CASE[] = {{4, 9, RED}, {1, 1, SKIN}, {-6, -6, SKIN}};
    (void)state;
    Stage s;
    stage_open(&s);
    stage_build(&s);
    for (size_t i = 0; i < 3; i++) {
        Pose p = figure_pose();
        put(&p, JOINT_R_ELBOW, 23, 16, CASE[i].z);
        put(&p, JOINT_R_WRIST, 32, 13, CASE[i].wrist_z);
        stage_draw(&s, &p);
        assert_int_equal(paint_at(s.frame, 30, 14), CASE[i].at_face);
        assert_int_equal(paint_at(s.frame, 24, 16), RED);
    }
    stage_close(&s);
}

/* The trunk where the arm was: its own colours, also in the picture in which the arm lay
 * across it. */
static void the_trunk_behind_a_raised_arm_is_filled_with_its_own_colour(void **state)
{
    (void)state;
    Stage s;
    stage_open(&s);
    block(s.picture, NOTHING, 11, 20, 26, 24);
    block(s.picture, RED, 24, 20, 28, 34); /* the arm hangs over the trunk's side */
    put(&s.source.joints, JOINT_R_SHOULDER, 26, 21, 4);
    put(&s.source.joints, JOINT_R_ELBOW, 26, 27, 4);
    put(&s.source.joints, JOINT_R_WRIST, 26, 33, 4);
    stage_build(&s);
    Pose p = s.source.joints;
    put(&p, JOINT_R_ELBOW, 20, 21, 4);
    put(&p, JOINT_R_WRIST, 14, 21, 4);
    stage_draw(&s, &p);
    for (int y = 25; y < 33; y++)
        assert_int_equal(paint_at(s.frame, 27, y), BLUE);
    assert_int_equal(paint_at(s.frame, 16, 21), RED);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arm_before_the_trunk_hides_it),
        cmocka_unit_test(an_arm_behind_the_trunk_is_hidden),
        cmocka_unit_test(the_nearer_of_two_crossing_legs_is_seen),
        cmocka_unit_test(a_hand_is_before_the_face_or_behind_the_head),
        cmocka_unit_test(the_trunk_behind_a_raised_arm_is_filled_with_its_own_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
