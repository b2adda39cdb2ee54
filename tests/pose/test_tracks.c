/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pose/clip.h"

#include "arena.h"

/* What every built-in clip keeps to, however many frames it is drawn with. */
enum { CLIPS = 10, FEWEST = 4, MOST = 24, FINE = 240 };

static const struct {
    const char *name;
    bool loops, travels;
    int frames; /* unless one asks for more */
    double seconds_least, seconds_most;
} clips[CLIPS] = {
    {"idle", true, false, 6, 0.67, 1.01},  {"walk", true, true, 8, 0.8, 0.8},
    {"run", true, true, 8, 0.57, 0.67},    {"jump", false, false, 8, 0.6, 1.0},
    {"attack", false, false, 6, 0.6, 1.0}, {"crouch", false, false, 4, 0.3, 0.6},
    {"defend", false, false, 5, 0.4, 0.8}, {"death", false, false, 7, 0.7, 1.3},
    {"roll", false, true, 8, 0.5, 0.9},    {"celebrate", true, false, 8, 0.6, 1.0},
};

static Clip opened(int k)
{
    Clip c;
    Err err = {0};
    if (!clip_open(&c, clips[k].name, &arena, &err))
        fail_msg("%s", err.text);
    return c;
}

static float distance(const float *a, const float *b)
{
    float d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
    return sqrtf(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

/* The joint that moves most from one to the other. */
static float change(const Body *a, const Body *b)
{
    float most = 0;
    for (int i = 0; i < JOINTS; i++)
        most = fmaxf(most, distance(a->joint[i], b->joint[i]));
    return most;
}

static void the_clips_are_as_long_as_games_have_them(void **state)
{
    (void)state;
    for (int k = 0; k < CLIPS; k++) {
        Clip c = opened(k);
        double seconds = c.frames / c.fps;
        if (c.loops != clips[k].loops || c.beats != clips[k].frames ||
            seconds < clips[k].seconds_least - 1e-6 || seconds > clips[k].seconds_most + 1e-6)
            fail_msg("%s: %d frames, %g s", c.name, c.beats, seconds);
        assert_true((c.travel[2] > 0.5f) == clips[k].travels);
        assert_string_equal(clip_name(k), c.name);
    }
    assert_null(clip_name(CLIPS));
}

static void durations_add_up_whatever_the_number_of_frames(void **state)
{
    (void)state;
    for (int k = 0; k < CLIPS; k++) {
        Clip c = opened(k);
        int whole = 0;
        for (int i = 0; i < c.beats; i++)
            whole += c.ms[i];
        for (int n = 1; n <= MOST; n++) {
            int sum = 0;
            for (int i = 0; i < n; i++)
                sum += clip_ms(&c, i, n);
            assert_int_equal(sum, whole);
        }
        for (int i = 0; i < c.beats; i++)
            assert_int_equal(clip_ms(&c, i, c.beats), c.ms[i]);
    }
}

static void a_blow_waits_drawn_back_and_strikes_in_a_moment(void **state)
{
    (void)state;
    Clip c = opened(4);
    int longest = 0, shortest = 0;
    for (int i = 1; i < c.beats; i++) {
        longest = c.ms[i] > c.ms[longest] ? i : longest;
        shortest = c.ms[i] < c.ms[shortest] ? i : shortest;
    }
    assert_int_equal(shortest, longest + 1);
    assert_true(3 * c.ms[shortest] < c.ms[longest]);
    Body back = clip_frame(&c, longest, c.beats), out = clip_frame(&c, shortest, c.beats);
    assert_true(back.joint[JOINT_R_WRIST][2] < back.joint[JOINT_NECK][2]);
    assert_true(out.joint[JOINT_R_WRIST][2] > out.joint[JOINT_NECK][2] + 0.25f);
}

static void phases_rise_and_what_is_played_once_reaches_its_end(void **state)
{
    (void)state;
    for (int k = 0; k < CLIPS; k++) {
        Clip c = opened(k);
        for (int n = FEWEST; n <= MOST; n++) {
            assert_true(clip_phase(&c, 0, n) == 0);
            for (int i = 1; i < n; i++)
                assert_true(clip_phase(&c, i, n) > clip_phase(&c, i - 1, n));
            double last = clip_phase(&c, n - 1, n);
            assert_true(c.loops ? last < 1 : last == 1);
        }
    }
}

static void the_last_frame_of_a_loop_is_as_near_to_the_first_as_neighbours_are(void **state)
{
    (void)state;
    for (int k = 0; k < CLIPS; k++) {
        Clip c = opened(k);
        for (int n = FEWEST; n <= FINE && c.loops; n += n < MOST ? 1 : FINE - MOST) {
            float most = 0;
            for (int i = 1; i < n; i++) {
                Body a = clip_frame(&c, i - 1, n), b = clip_frame(&c, i, n);
                most = fmaxf(most, change(&a, &b));
            }
            Body last = clip_frame(&c, n - 1, n), first = clip_frame(&c, 0, n);
            if (!(change(&last, &first) <= most + 1e-5f))
                fail_msg("%s of %d frames: %g, neighbours %g", c.name, n,
                         (double)change(&last, &first), (double)most);
        }
    }
}

/* ---- feet ------------------------------------------------------------------------ */

/* The foot of the rig: its ankle is so high when it is flat, and rolls about
 * its heel or the ball of the toes, which are so far from it along the floor. */
static const float ankle_height = 0.045f, heel = -0.03f, ball = 0.085f;
static const float allowed = 0.01f; /* one hundredth of the height */

/* One contact: where the ankle was when the foot was flat. */
typedef struct Contact {
    bool has_flat;
    float flat[3];
} Contact;

static void foot_at(const Clip *c, double phase, int side, float to[3])
{
    Body b = clip_body(c, phase);
    float root[3];
    clip_root(c, phase, root);
    b = body_moved(&b, root);
    memcpy(to, b.joint[side ? JOINT_L_ANKLE : JOINT_R_ANKLE], 3 * sizeof *to);
}

/* Whether the ankle turns about a point of the sole that lies still. */
static bool turns_about(const float at[3], const float flat[3], float ahead)
{
    float pivot[3] = {flat[0], 0, flat[2] + ahead};
    return fabsf(distance(at, pivot) - hypotf(ankle_height, ahead)) < allowed;
}

static void assert_stays(const Clip *c, int from, int to, int side, double step)
{
    Contact k = {0};
    float at[3];
    for (int i = from; i < to; i++) {
        foot_at(c, i * step, side, at);
        if (fabsf(at[1] - ankle_height) > 6e-4f)
            continue;
        if (k.has_flat && distance(at, k.flat) >= allowed)
            fail_msg("%s: the %s foot slides by %g at %g", c->name, side ? "left" : "right",
                     (double)distance(at, k.flat), i * step);
        if (!k.has_flat)
            memcpy(k.flat, at, sizeof at);
        k.has_flat = true;
    }
    if (!k.has_flat)
        fail_msg("%s: a foot bears weight and is never flat, %g to %g", c->name, from * step,
                 to * step);
    for (int i = from; i < to; i++) {
        foot_at(c, i * step, side, at);
        if (!turns_about(at, k.flat, heel) && !turns_about(at, k.flat, ball))
            fail_msg("%s: the %s foot leaves its place at %g", c->name, side ? "left" : "right",
                     i * step);
    }
}

static bool bears(const Clip *c, int i, int side)
{
    return clip_body(c, i / (double)FINE).is_grounded[side];
}

/* Each time the foot bears weight, from its touching down on. */
static int follow_foot(const Clip *c, int side)
{
    int contacts = 0, i = 0;
    while (c->loops && bears(c, i - 1, side) && i > -FINE)
        i--;
    int end = i + FINE + !c->loops;
    for (; i < end; i++) {
        int to = i;
        while (to < i + FINE + 1 && (c->loops || to < end) && bears(c, to, side))
            to++;
        if (to == i)
            continue;
        assert_stays(c, i, to, side, 1.0 / FINE);
        contacts++;
        i = to;
    }
    return contacts;
}

static void planted_feet_stay_where_they_are(void **state)
{
    (void)state;
    static const int contacts[CLIPS] = {1, 1, 1, 2, 1, 1, 1, 1, 2, 1}; /* a lunge has more */
    for (int k = 0; k < CLIPS; k++) {
        Clip c = opened(k);
        assert_in_range(follow_foot(&c, 0), contacts[k], contacts[k]);
        assert_in_range(follow_foot(&c, 1), contacts[k], contacts[k] + (k == 4 ? 2 : 0));
    }
}

/* ---- bodies ---------------------------------------------------------------------- */

static const int bones[][2] = {
    {JOINT_R_HIP, JOINT_R_KNEE},       {JOINT_R_KNEE, JOINT_R_ANKLE},
    {JOINT_L_HIP, JOINT_L_KNEE},       {JOINT_L_KNEE, JOINT_L_ANKLE},
    {JOINT_R_SHOULDER, JOINT_R_ELBOW}, {JOINT_R_ELBOW, JOINT_R_WRIST},
    {JOINT_L_SHOULDER, JOINT_L_ELBOW}, {JOINT_L_ELBOW, JOINT_L_WRIST},
    {JOINT_R_HIP, JOINT_L_HIP},        {JOINT_R_SHOULDER, JOINT_L_SHOULDER},
    {JOINT_R_EAR, JOINT_L_EAR},        {JOINT_NOSE, JOINT_R_EYE}};
enum { BONES = sizeof bones / sizeof *bones };

static void assert_bones(const Clip *c, const Body *b, int i, int n)
{
    for (int k = 0; k < BONES; k++) {
        float is = distance(b->joint[bones[k][0]], b->joint[bones[k][1]]);
        float was = distance(c->body[0].joint[bones[k][0]], c->body[0].joint[bones[k][1]]);
        if (!(fabsf(is - was) <= 0.02f * was + 2e-4f)) /* files are rounded to 1e-4 */
            fail_msg("%s, frame %d of %d: %s is %g long, not %g", c->name, i, n,
                     joint_name(bones[k][1]), (double)is, (double)was);
    }
}

static void bones_keep_their_length_for_every_number_of_frames(void **state)
{
    (void)state;
    for (int k = 0; k < CLIPS; k++) {
        Clip c = opened(k);
        for (int n = FEWEST; n <= MOST; n++) {
            for (int i = 0; i < n; i++) {
                Body b = clip_frame(&c, i, n);
                assert_bones(&c, &b, i, n);
            }
        }
    }
}

static void nothing_is_below_the_floor_whatever_the_build(void **state)
{
    (void)state;
    for (int k = 0; k < CLIPS * 6; k++) {
        Clip c = opened(k / 6);
        Proportions p;
        Err err = {0};
        assert_true(proportions_named(&p, &c, build_name(k % 6), 0, &err));
        for (int i = 0; i < FINE; i++) {
            Body b = clip_body(&c, i / (double)(FINE - 1));
            b = body_shaped(&b, &c.rest, &p);
            for (int j = 0; j < JOINTS; j++)
                if (!(b.joint[j][1] >= 0))
                    fail_msg("%s at %g, %s: %s is at %g", c.name, i / (double)(FINE - 1),
                             build_name(k % 6), joint_name(j), (double)b.joint[j][1]);
        }
    }
}

static void assert_seen(const Pose *p, const char *name)
{
    for (int j = 0; j < JOINTS; j++) {
        const Keypoint *q = &p->joint[j];
        if (!isfinite(q->x) || !isfinite(q->y) || !isfinite(q->z) || fabsf(q->x) > 200 ||
            fabsf(q->y) > 250)
            fail_msg("%s: %s is at %g, %g", name, joint_name(j), (double)q->x, (double)q->y);
    }
}

static void joints_are_somewhere_from_all_eight_sides(void **state)
{
    (void)state;
    for (int k = 0; k < CLIPS * 16; k++) {
        Clip c = opened(k / 16);
        View v = {.yaw = 45.0f * (float)(k % 8), .pitch = k % 16 < 8 ? 0 : 30, .scale = 100};
        Proportions p = proportions_usual(&c);
        Pose pose[MOST];
        for (int n = FEWEST; n <= MOST; n += 4) {
            clip_poses(&c, &p, &v, n, pose);
            for (int i = 0; i < n; i++)
                assert_seen(&pose[i], c.name);
        }
    }
}

/* Frames that lie close in time lie close in space: no joint flips over. */
static void nothing_jumps_between_two_moments(void **state)
{
    (void)state;
    for (int k = 0; k < CLIPS; k++) {
        Clip c = opened(k);
        double seconds = c.frames / c.fps;
        for (int i = 1; i <= FINE; i++) {
            Body a = clip_body(&c, (i - 1.0) / FINE), b = clip_body(&c, (double)i / FINE);
            double speed = (double)change(&a, &b) * FINE / seconds;
            if (!(speed <
                  20)) /* heights a second: a whip-like hand; a knee that flips has 50 */
                fail_msg("%s: %g heights a second at %g", c.name, speed, i / (double)FINE);
        }
    }
}

/* ---- what each of them is -------------------------------------------------------- */

static void each_clip_is_what_its_name_says(void **state)
{
    (void)state;
    Clip crouch = opened(5), defend = opened(6), death = opened(7), roll = opened(8),
         cheer = opened(9);
    Body low = clip_body(&crouch, 1), guard = clip_body(&defend, 1),
         dead = clip_body(&death, 1), over = clip_body(&roll, 0.42),
         up = clip_body(&cheer, 0.42);
    assert_true(low.joint[JOINT_NECK][1] < 0.6f && low.is_grounded[0] && low.is_grounded[1]);
    assert_true(guard.joint[JOINT_L_WRIST][1] > guard.joint[JOINT_NECK][1]);
    assert_true(guard.joint[JOINT_L_WRIST][2] > guard.joint[JOINT_NOSE][2]);
    for (int j = 0; j < JOINTS; j++)
        assert_true(dead.joint[j][1] < 0.2f);
    assert_true(over.joint[JOINT_NECK][1] < over.joint[JOINT_R_HIP][1] - 0.15f);
    assert_true(up.joint[JOINT_R_WRIST][1] > 1.1f && up.joint[JOINT_L_WRIST][1] > 1.1f);
    assert_false(up.is_grounded[0] || up.is_grounded[1]);
    float far[3];
    clip_root(&roll, 1, far);
    assert_true(fabsf(far[2] - roll.travel[2]) < 1e-6f);
}

static void the_way_of_a_loop_goes_on_and_on(void **state)
{
    (void)state;
    Clip c = opened(1);
    float a[3], b[3], d[3];
    clip_root(&c, 0.25, a);
    clip_root(&c, 3.25, b);
    clip_root(&c, -0.75, d);
    assert_true(fabsf(a[2] - 0.25f * c.travel[2]) < 2e-4f);
    assert_true(fabsf(b[2] - a[2] - 3 * c.travel[2]) < 1e-5f);
    assert_true(fabsf(a[2] - d[2] - c.travel[2]) < 1e-5f);
}

/* With the pace of its legs a figure of any build walks without sliding. */
static void steps_are_as_long_as_legs_allow(void **state)
{
    (void)state;
    Clip c = opened(1);
    Proportions p = proportions_for_head(&c, 0.4f);
    float pace = proportions_pace(&c.rest, &p), root[3], first[3] = {0};
    int flat = 0;
    assert_true(pace < 0.7f && pace > 0.3f);
    for (int i = 0; i < FINE; i++) {
        Body usual = clip_body(&c, i / (double)FINE), b = body_shaped(&usual, &c.rest, &p);
        clip_root(&c, i / (double)FINE, root);
        for (int j = 0; j < 3; j++)
            root[j] *= pace;
        b = body_moved(&b, root);
        if (!usual.is_grounded[0] ||
            fabsf(usual.joint[JOINT_R_ANKLE][1] - ankle_height) > 6e-4f)
            continue;
        if (!flat++)
            memcpy(first, b.joint[JOINT_R_ANKLE], sizeof first);
        /* hips of another breadth turn with the pelvis and hand a little on */
        assert_true(distance(b.joint[JOINT_R_ANKLE], first) < 1.5f * allowed);
    }
    assert_true(flat > FINE / 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clips_are_as_long_as_games_have_them),
        cmocka_unit_test(durations_add_up_whatever_the_number_of_frames),
        cmocka_unit_test(a_blow_waits_drawn_back_and_strikes_in_a_moment),
        cmocka_unit_test(phases_rise_and_what_is_played_once_reaches_its_end),
        cmocka_unit_test(the_last_frame_of_a_loop_is_as_near_to_the_first_as_neighbours_are),
        cmocka_unit_test(planted_feet_stay_where_they_are),
        cmocka_unit_test(bones_keep_their_length_for_every_number_of_frames),
        cmocka_unit_test(nothing_is_below_the_floor_whatever_the_build),
        cmocka_unit_test(joints_are_somewhere_from_all_eight_sides),
        cmocka_unit_test(nothing_jumps_between_two_moments),
        cmocka_unit_test(each_clip_is_what_its_name_says),
        cmocka_unit_test(the_way_of_a_loop_goes_on_and_on),
        cmocka_unit_test(steps_are_as_long_as_legs_allow),
    };
    return cmocka_run_group_tests(tests, take_arena, give_arena);
}
