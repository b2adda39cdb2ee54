/* SPDX-License-Identifier: MIT */
#include "pose/retarget.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The standing figure, and a character of another build seen from a side. */
typedef struct Fixture {
    Arena arena;
    Clip idle;
    Body stand;
} Fixture;

static int open_fixture(void **state)
{
    static Fixture f;
    Err err = {0};
    memset(&f, 0, sizeof f);
    *state = &f;
    if (!arena_init(&f.arena, 0, &err) || !clip_open(&f.idle, "idle", &f.arena, &err))
        return -1;
    f.stand = clip_body(&f.idle, 0);
    return 0;
}

static int close_fixture(void **state)
{
    Fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static Pose character(const Fixture *f, float head, float yaw)
{
    Proportions shape = proportions_for_head(&f->idle, head);
    Body b = body_shaped(&f->stand, &f->idle.rest, &shape);
    View v = view_fitted(yaw, 0, 20, 220, 128);
    return body_pose(&b, &v);
}

static float apart(const Keypoint *a, const Keypoint *b)
{
    return hypotf(a->x - b->x, a->y - b->y);
}

static void a_standing_figure_is_the_picture_itself(void **state)
{
    Fixture *f = *state;
    for (int side = 0; side < 8; side++) {
        Pose p = character(f, 0.3f, 45.0f * (float)side);
        p.joint[JOINT_R_WRIST].x -= 15; /* an arm held aside */
        Rig r;
        Err err = {0};
        assert_true(rig_init(&r, &p, false, 45.0f * (float)side, &f->stand, &err));
        Pose q = rig_pose(&r, &f->stand, 45.0f * (float)side);
        for (int i = 0; i < JOINTS; i++)
            if (p.joint[i].c > 0)
                assert_true(apart(&p.joint[i], &q.joint[i]) < 0.02f);
    }
}

static float size_in_space(const Pose *p, int a, int b)
{
    const Keypoint *i = &p->joint[a], *k = &p->joint[b];
    return sqrtf((i->x - k->x) * (i->x - k->x) + (i->y - k->y) * (i->y - k->y) +
                 (i->z - k->z) * (i->z - k->z));
}

static void depth_that_is_known_is_kept(void **state)
{
    Fixture *f = *state;
    Rig r;
    Err err = {0};
    Pose p = character(f, 0.2f, 60);
    assert_true(rig_init(&r, &p, true, 60, &f->stand, &err));
    for (int i = 0; i < JOINTS; i++)
        if (p.joint[i].c > 0)
            assert_true(fabsf(r.rest.joint[i].z - p.joint[i].z) < 0.02f);
}

static void bones_keep_their_length_whatever_the_figure_does(void **state)
{
    Fixture *f = *state;
    static const int bones[][2] = {{JOINT_R_SHOULDER, JOINT_R_ELBOW},
                                   {JOINT_L_ELBOW, JOINT_L_WRIST},
                                   {JOINT_R_HIP, JOINT_R_KNEE},
                                   {JOINT_L_KNEE, JOINT_L_ANKLE}};
    for (int k = 0; clip_name(k) != NULL; k++) {
        Clip c;
        Err err = {0};
        Rig r;
        assert_true(clip_open(&c, clip_name(k), &f->arena, &err));
        Pose p = character(f, 0.2f, 45);
        assert_true(rig_init(&r, &p, false, 45, &f->stand, &err));
        for (int i = 0; i < 12; i++) {
            Body b = clip_frame(&c, i, 12);
            Pose q = rig_pose(&r, &b, 45);
            for (int j = 0; j < 4; j++) {
                float was = size_in_space(&r.rest, bones[j][0], bones[j][1]);
                float is = size_in_space(&q, bones[j][0], bones[j][1]);
                assert_true(fabsf(is / was - 1) < 1e-3f);
            }
        }
    }
}

static float lowest(const Pose *p)
{
    float y = -INFINITY;
    for (int i = 0; i < JOINTS; i++)
        y = fmaxf(y, p->joint[i].y);
    return y;
}

static void who_walks_stays_on_the_floor_and_who_jumps_leaves_it(void **state)
{
    Fixture *f = *state;
    Clip walk, jump;
    Err err = {0};
    Rig r;
    assert_true(clip_open(&walk, "walk", &f->arena, &err));
    assert_true(clip_open(&jump, "jump", &f->arena, &err));
    Pose p = character(f, 0.35f, 90);
    assert_true(rig_init(&r, &p, false, 90, &f->stand, &err));
    float floor = lowest(&p), top = floor;
    for (int i = 0; i < 16; i++) {
        Body b = clip_frame(&walk, i, 16);
        Pose q = rig_pose(&r, &b, 90);
        assert_true(fabsf(lowest(&q) - floor) < 0.03f * r.height);
        b = clip_frame(&jump, i, 16);
        q = rig_pose(&r, &b, 90);
        top = fminf(top, lowest(&q));
    }
    assert_true(floor - top > 0.08f * r.height);
}

static void a_walk_of_another_build_still_strides(void **state)
{
    Fixture *f = *state;
    Clip walk;
    Err err = {0};
    Rig r;
    assert_true(clip_open(&walk, "walk", &f->arena, &err));
    Pose p = character(f, 0.4f, 90);
    assert_true(rig_init(&r, &p, false, 90, &f->stand, &err));
    float widest = 0;
    for (int i = 0; i < 16; i++) {
        Body b = clip_frame(&walk, i, 16);
        Pose q = rig_pose(&r, &b, 90);
        widest = fmaxf(widest, fabsf(q.joint[JOINT_R_ANKLE].x - q.joint[JOINT_L_ANKLE].x));
    }
    float leg = r.rest.joint[JOINT_R_ANKLE].y - r.rest.joint[JOINT_R_HIP].y;
    assert_true(widest > 0.5f * leg && widest < 1.6f * leg);
}

static void the_side_is_told_from_the_joints(void **state)
{
    Fixture *f = *state;
    for (int yaw = 0; yaw < 360; yaw += 15) {
        Pose p = character(f, 0.13f, (float)yaw);
        if (yaw > 180 && p.joint[JOINT_NOSE].c <= 0)
            continue; /* a back does not tell which side it turns to */
        float off = fabsf(pose_yaw(&p, &f->stand) - (float)yaw);
        assert_true(fminf(off, 360 - off) < 12);
    }
}

static void the_build_is_told_from_the_joints(void **state)
{
    Fixture *f = *state;
    for (float head = 0.13f; head < 0.45f; head += 0.06f) {
        Rig r;
        Err err = {0};
        Pose p = character(f, head, 0);
        assert_true(rig_init(&r, &p, false, 0, &f->stand, &err));
        Proportions is = rig_proportions(&r, &f->idle);
        Proportions want = proportions_for_head(&f->idle, head);
        assert_true(fabsf(is.head - want.head) < 0.02f);
        assert_true(fabsf(is.legs - want.legs) < 0.05f);
        assert_true(fabsf(is.arm / want.arm - 1) < 0.1f);
        assert_true(fabsf(is.shoulder / want.shoulder - 1) < 0.1f);
    }
}

static void what_is_missing_is_made_up_or_refused(void **state)
{
    Fixture *f = *state;
    Pose p = character(f, 0.2f, 0);
    Rig r;
    Err err = {0};
    p.joint[JOINT_NECK].c = 0;
    p.joint[JOINT_L_HIP].c = 0;
    p.joint[JOINT_R_WRIST].c = 0;
    p.joint[JOINT_NOSE].c = 0;
    assert_true(rig_init(&r, &p, false, 0, &f->stand, &err));
    for (int i = 0; i < JOINTS; i++)
        assert_true(apart(&r.rest.joint[i], &p.joint[i]) < 12);
    p.joint[JOINT_R_HIP].c = 0;
    assert_false(rig_init(&r, &p, false, 0, &f->stand, &err));
    assert_string_equal(err.text, "neither hip is known; give the joints");
    Pose nowhere = {0};
    nowhere.joint[JOINT_NECK] = (Keypoint){5, 5, 0, 1};
    nowhere.joint[JOINT_R_HIP] = (Keypoint){5, 5, 0, 1};
    err = (Err){0};
    assert_false(rig_init(&r, &nowhere, false, 0, &f->stand, &err));
    assert_string_equal(err.text, "the neck is where the hips are; give the joints");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_standing_figure_is_the_picture_itself),
        cmocka_unit_test(depth_that_is_known_is_kept),
        cmocka_unit_test(bones_keep_their_length_whatever_the_figure_does),
        cmocka_unit_test(who_walks_stays_on_the_floor_and_who_jumps_leaves_it),
        cmocka_unit_test(a_walk_of_another_build_still_strides),
        cmocka_unit_test(the_side_is_told_from_the_joints),
        cmocka_unit_test(the_build_is_told_from_the_joints),
        cmocka_unit_test(what_is_missing_is_made_up_or_refused),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
