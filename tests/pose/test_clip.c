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

static Clip opened(const char *name)
{
    Clip c;
    Err err = {0};
    if (!clip_open(&c, name, &arena, &err))
        fail_msg("%s", err.text);
    return c;
}

static float distance(const float *a, const float *b)
{
    return sqrtf((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                 (a[2] - b[2]) * (a[2] - b[2]));
}

static void assert_close(float got, float want, float allowed)
{
    if (!(fabsf(got - want) <= allowed))
        fail_msg("%g, not %g (allowed %g)", (double)got, (double)want, (double)allowed);
}

static void a_clip_sampled_at_its_own_frames_is_itself(void **state)
{
    (void)state;
    Clip c = opened("walk");
    for (int f = 0; f < c.frames; f++) {
        Body b = clip_frame(&c, f, c.frames);
        for (int i = 0; i < JOINTS * 3; i++)
            assert_close(b.joint[i / 3][i % 3], c.body[f].joint[i / 3][i % 3], 1e-6f);
        assert_memory_equal(b.is_grounded, c.body[f].is_grounded, sizeof b.is_grounded);
    }
}

static void any_phase_of_a_loop_will_do(void **state)
{
    (void)state;
    Clip c = opened("walk");
    Body a = clip_body(&c, 0.3), b = clip_body(&c, 7.3), d = clip_body(&c, -2.7);
    for (int i = 0; i < JOINTS * 3; i++) {
        assert_close(a.joint[i / 3][i % 3], b.joint[i / 3][i % 3], 1e-5f);
        assert_close(a.joint[i / 3][i % 3], d.joint[i / 3][i % 3], 1e-5f);
    }
}

static void walking_always_has_a_foot_on_the_floor_and_halves_mirror(void **state)
{
    (void)state;
    Clip c = opened("walk");
    for (int f = 0; f < c.frames; f++) {
        const Body *b = &c.body[f], *half = &c.body[(f + c.frames / 2) % c.frames];
        assert_true(b->is_grounded[0] || b->is_grounded[1]);
        for (int i = 0; i < JOINTS; i++) {
            const float *m = half->joint[joint_mirrored(i)];
            assert_close(b->joint[i][0], -m[0], 2.1e-4f);
            assert_close(b->joint[i][1], m[1], 2.1e-4f);
            assert_close(b->joint[i][2], m[2], 2.1e-4f);
        }
    }
}

static void arms_swing_against_the_legs(void **state)
{
    (void)state;
    Clip c = opened("walk");
    const Body *b = &c.body[0]; /* the right foot touches down */
    assert_true(b->joint[JOINT_R_ANKLE][2] > b->joint[JOINT_L_ANKLE][2] + 0.2f);
    assert_true(b->joint[JOINT_R_WRIST][2] < b->joint[JOINT_L_WRIST][2] - 0.1f);
    assert_true(b->joint[JOINT_R_HIP][2] > b->joint[JOINT_L_HIP][2]);
    assert_true(b->joint[JOINT_R_SHOULDER][2] < b->joint[JOINT_L_SHOULDER][2]);
}

static Pose seen(const Clip *c, float yaw, float pitch)
{
    View v = {.yaw = yaw, .pitch = pitch, .floor_y = 100, .center_x = 50, .scale = 80};
    return body_pose(&c->body[0], &v);
}

/* Its own right is on our left when it faces us, and turning to 90 degrees
 * it looks to our right. */
static void yaw_turns_the_figure_as_said(void **state)
{
    (void)state;
    Clip c = opened("idle");
    Pose s = seen(&c, 0, 0), e = seen(&c, 90, 0), n = seen(&c, 180, 0), w = seen(&c, 270, 0);
    assert_true(s.joint[JOINT_R_SHOULDER].x < s.joint[JOINT_L_SHOULDER].x);
    assert_true(n.joint[JOINT_R_SHOULDER].x > n.joint[JOINT_L_SHOULDER].x);
    assert_true(e.joint[JOINT_NOSE].x > e.joint[JOINT_NECK].x + 2);
    assert_true(w.joint[JOINT_NOSE].x < w.joint[JOINT_NECK].x - 2);
    assert_true(e.joint[JOINT_R_SHOULDER].z > e.joint[JOINT_L_SHOULDER].z);
    assert_true(s.joint[JOINT_NOSE].y < s.joint[JOINT_R_ANKLE].y);
}

static void what_is_turned_away_of_the_face_is_hidden(void **state)
{
    (void)state;
    static const struct {
        float yaw;
        const char *seen; /* nose, r eye, l eye, r ear, l ear */
    } faces[] = {{0, "11111"},   {45, "11111"},  {90, "11010"},  {135, "00011"},
                 {180, "00011"}, {225, "00011"}, {270, "10101"}, {315, "11111"}};
    static const int joints[] = {JOINT_NOSE, JOINT_R_EYE, JOINT_L_EYE, JOINT_R_EAR,
                                 JOINT_L_EAR};
    Clip c = opened("idle");
    for (int k = 0; k < 8; k++) {
        Pose p = seen(&c, faces[k].yaw, 0);
        for (int i = 0; i < 5; i++) {
            if ((p.joint[joints[i]].c > 0) != (faces[k].seen[i] == '1'))
                fail_msg("yaw %g: %s", (double)faces[k].yaw, joint_name(joints[i]));
        }
        assert_true(p.joint[JOINT_L_WRIST].c == 1);
    }
}

static void from_above_feet_that_are_nearer_are_lower(void **state)
{
    (void)state;
    Clip c = opened("walk");
    Pose level = seen(&c, 0, 0), above = seen(&c, 0, 30);
    float near = above.joint[JOINT_R_ANKLE].y - level.joint[JOINT_R_ANKLE].y;
    float far = above.joint[JOINT_L_ANKLE].y - level.joint[JOINT_L_ANKLE].y;
    assert_true(near > far + 5);
    assert_true(above.joint[JOINT_NECK].y > level.joint[JOINT_NECK].y + 5);
}

static void a_fitted_figure_fills_its_box(void **state)
{
    (void)state;
    Clip c = opened("idle");
    View v = view_fitted(0, 0, 20, 220, 64);
    Pose p = body_pose(&c.body[0], &v);
    assert_close(p.joint[JOINT_R_ANKLE].y, 220 - 200 * 0.045f, 0.1f);
    assert_close((p.joint[JOINT_R_ANKLE].x + p.joint[JOINT_L_ANKLE].x) / 2, 64, 2);
    assert_true(p.joint[JOINT_R_EYE].y > 20 && p.joint[JOINT_R_EYE].y < 46); /* in the head */
    View from_above = view_fitted(0, 40, 20, 220, 64);
    assert_true(from_above.scale > v.scale && from_above.scale < 1.4f * v.scale);
}

static void usual_proportions_change_nothing(void **state)
{
    (void)state;
    Clip c = opened("walk");
    Proportions usual = proportions_usual(&c);
    for (int f = 0; f < c.frames; f++) {
        Body b = body_shaped(&c.body[f], &c.rest, &usual);
        for (int i = 0; i < JOINTS; i++)
            assert_true(distance(b.joint[i], c.body[f].joint[i]) < 1e-5f);
    }
}

static void a_chibi_is_as_high_but_mostly_head(void **state)
{
    (void)state;
    Clip c = opened("idle");
    Proportions p = proportions_for_head(&c, 0.45f);
    const Body *b = &c.body[0];
    Body s = body_shaped(b, &c.rest, &p);
    assert_true(s.joint[JOINT_NECK][1] > 0.48f && s.joint[JOINT_NECK][1] < 0.55f);
    float eyes = s.joint[JOINT_R_EYE][1];
    assert_true(eyes > 0.70f && eyes < 0.90f); /* where they are in a head of 0.55..1 */
    float before = distance(b->joint[JOINT_R_EAR], b->joint[JOINT_L_EAR]);
    float after = distance(s.joint[JOINT_R_EAR], s.joint[JOINT_L_EAR]);
    assert_close(after / before, 0.45f / 0.13f * p.face, 1e-3f);
    assert_true(after < 0.45f); /* the ears are still on the head */
    Proportions most = proportions_for_head(&c, 9), least = proportions_for_head(&c, -1);
    assert_true(most.head == 0.7f && least.head == 0.05f);
}

static Proportions built(const Clip *c, const char *build, float head)
{
    Proportions p;
    Err err = {0};
    if (!proportions_named(&p, c, build, head, &err))
        fail_msg("%s", err.text);
    return p;
}

static float span_of(const Body *b, int i, int k)
{
    return distance(b->joint[i], b->joint[k]);
}

static void builds_are_what_their_names_say(void **state)
{
    (void)state;
    Clip c = opened("idle");
    Body body[8];
    char names[64] = "";
    int n = 0;
    for (; build_name(n); n++) {
        strcat(strcat(names, n > 0 ? "|" : ""), build_name(n));
        Proportions p = built(&c, build_name(n), 0);
        body[n] = body_shaped(&c.body[0], &c.rest, &p);
        assert_close(body[n].joint[JOINT_R_ANKLE][1], 0.045f, 0.03f);
    }
    assert_string_equal(names, BUILDS);
    const Body *normal = &body[0], *thin = &body[1], *strong = &body[2], *heavy = &body[3],
               *child = &body[4], *chibi = &body[5];
    assert_true(distance(normal->joint[JOINT_R_WRIST], c.body[0].joint[JOINT_R_WRIST]) < 1e-5f);
    assert_true(span_of(thin, JOINT_R_HIP, JOINT_L_HIP) <
                0.9f * span_of(normal, JOINT_R_HIP, JOINT_L_HIP));
    assert_true(span_of(strong, JOINT_R_SHOULDER, JOINT_L_SHOULDER) >
                1.3f * span_of(normal, JOINT_R_SHOULDER, JOINT_L_SHOULDER));
    assert_true(span_of(heavy, JOINT_R_HIP, JOINT_L_HIP) >
                1.4f * span_of(normal, JOINT_R_HIP, JOINT_L_HIP));
    assert_true(child->joint[JOINT_NECK][1] < normal->joint[JOINT_NECK][1] - 0.02f);
    assert_true(chibi->joint[JOINT_NECK][1] < child->joint[JOINT_NECK][1] - 0.1f);
}

static void a_build_takes_another_head_and_another_height(void **state)
{
    (void)state;
    Clip c = opened("idle");
    assert_true(built(&c, "heavy", 0.3f).head == 0.3f);
    Proportions p = proportions_usual(&c);
    float pace = proportions_pace(&c.rest, &p);
    p.height = 0.5f;
    Body b = body_shaped(&c.body[0], &c.rest, &p);
    for (int i = 0; i < JOINTS * 3; i++)
        assert_close(b.joint[i / 3][i % 3], c.body[0].joint[i / 3][i % 3] / 2, 1e-5f);
    assert_close(proportions_pace(&c.rest, &p), pace / 2, 1e-6f);
    View v = view_fitted(0, 0, 100, 300, 150);
    assert_close(clip_reach(&c, &p, &v, 8).top, 200, 200 * 0.03f);
}

static void an_unknown_build_is_refused_with_those_there_are(void **state)
{
    (void)state;
    Clip c = opened("idle");
    Proportions p;
    Err err = {0};
    assert_false(proportions_named(&p, &c, "round", 0, &err));
    assert_non_null(strstr(err.text, "no build is called 'round'"));
    assert_non_null(strstr(err.text, "thin"));
    assert_non_null(strstr(err.text, "chibi"));
    assert_null(build_name(99));
}

static void what_stands_on_the_floor_stays_there_whatever_the_proportions(void **state)
{
    (void)state;
    Clip c = opened("walk");
    for (int k = 0; k < 4; k++) {
        Proportions p = proportions_for_head(&c, 0.1f + 0.12f * (float)k);
        float factor = p.legs * (1 - p.head) / c.rest.hip;
        for (int f = 0; f < c.frames; f++) {
            Body b = body_shaped(&c.body[f], &c.rest, &p);
            for (int side = 0; side < 2; side++) {
                int ankle = side ? JOINT_L_ANKLE : JOINT_R_ANKLE;
                /* hips keep their own factor, which a tilted pelvis hands on */
                assert_close(b.joint[ankle][1], factor * c.body[f].joint[ankle][1], 4e-3f);
            }
        }
    }
}

static void what_is_played_once_ends_at_its_end(void **state)
{
    (void)state;
    Clip c = opened("jump");
    Body last = clip_frame(&c, 7, 8), past = clip_body(&c, 3), before = clip_body(&c, -1);
    assert_memory_equal(last.joint, c.body[c.frames - 1].joint, sizeof last.joint);
    assert_memory_equal(past.joint, last.joint, sizeof last.joint);
    assert_memory_equal(before.joint, c.body[0].joint, sizeof last.joint);
}

static void a_jump_reaches_higher_than_standing(void **state)
{
    (void)state;
    Clip idle = opened("idle"), leap = opened("jump");
    Proportions p = proportions_usual(&idle);
    View v = view_fitted(0, 0, 100, 300, 150);
    Reach low = clip_reach(&idle, &p, &v, 8), high = clip_reach(&leap, &p, &v, 8);
    assert_close(low.top, 100, 200 * 0.03f); /* the top of the head, about */
    assert_close(low.bottom, 300, 200 * 0.02f);
    assert_true(high.top < low.top - 20);
    assert_close(high.bottom, low.bottom, 200 * 0.02f);
    assert_true(low.left < 150 - 0.1f * 200 && low.right > 150 + 0.1f * 200);
}

static void a_run_leaves_the_floor_and_a_jump_does_once(void **state)
{
    (void)state;
    Clip c = opened("run"), leap = opened("jump");
    int flying = 0, takeoffs = 0;
    for (int f = 0; f < c.frames; f++)
        flying += !c.body[f].is_grounded[0] && !c.body[f].is_grounded[1];
    assert_in_range(flying, 6, 14);
    for (int f = 1; f < leap.frames; f++)
        takeoffs += leap.body[f - 1].is_grounded[0] && !leap.body[f].is_grounded[0];
    assert_int_equal(takeoffs, 1);
    assert_true(leap.body[0].is_grounded[0] && leap.body[leap.frames - 1].is_grounded[1]);
    assert_false(leap.loops);
}

static void directions_have_names(void **state)
{
    (void)state;
    float yaw;
    assert_true(yaw_named("s", &yaw) && yaw == 0);
    assert_true(yaw_named("e", &yaw) && yaw == 90);
    assert_true(yaw_named("sw", &yaw) && yaw == 315);
    assert_false(yaw_named("up", &yaw));
    assert_true(yaw_read("ne", &yaw) && yaw == 135);
    assert_true(yaw_read("-22.5", &yaw) && yaw == -22.5f);
    static const char *const bad[] = {"", "up", "12x", "361", "nan", "1e9"};
    for (int i = 0; i < 6; i++)
        assert_false(yaw_read(bad[i], &yaw));
    for (int i = 0; i < 8; i++)
        assert_true(yaw_named(yaw_name(i), &yaw) && yaw == 45.0f * (float)i);
}

static void an_unknown_clip_is_refused_with_those_there_are(void **state)
{
    (void)state;
    Clip c;
    Err err = {0};
    assert_false(clip_open(&c, "moonwalk", &arena, &err));
    assert_non_null(strstr(err.text, "no clip is called 'moonwalk'"));
    assert_non_null(strstr(err.text, "idle"));
    assert_non_null(strstr(err.text, "walk"));
    assert_null(clip_name(99));
}

#define REST "\"rest\":{\"hip\":0.5,\"neck\":0.8,\"chin\":0.9}"
#define NAMES                                                                                  \
    "\"joints\":[\"nose\",\"neck\",\"r_shoulder\",\"r_elbow\",\"r_wrist\",\"l_shoulder\","     \
    "\"l_elbow\",\"l_wrist\",\"r_hip\",\"r_knee\",\"r_ankle\",\"l_hip\",\"l_knee\",\"l_"       \
    "ankle\","                                                                                 \
    "\"r_eye\",\"l_eye\",\"r_ear\",\"l_ear\"]"
#define PLAY(text)                                                                             \
    "{" REST ",\"travel\":[0,0,0]," NAMES                                                      \
    ",\"track\":[[]],\"root\":[[]],\"grounded\":[[]],\"play\":" text "}"
static void clips_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"{", "not valid JSON"},
        {"[]", "equally long"},
        {"{\"track\":[[]],\"root\":[],\"grounded\":[[]]}", "equally long"},
        {"{\"track\":[[]],\"root\":[[]],\"grounded\":[[]]}", "'rest'"},
        {"{" REST ",\"travel\":[1],\"track\":[[]],\"root\":[[]],\"grounded\":[[]]}",
         "three numbers"},
        {"{" REST ",\"travel\":[0,0,1e9],\"track\":[[]],\"root\":[[]],"
         "\"grounded\":[[]]}",
         "within 100"},
        {"{" REST ",\"travel\":[0,0,0],\"joints\":[\"nose\"],\"track\":[[]],"
         "\"root\":[[]],\"grounded\":[[]]}",
         "18 names"},
        {PLAY("{}"), "1..64 'ms'"},
        {PLAY("{\"ms\":[]}"), "1..64 'ms'"},
        {PLAY("{\"ms\":[100,0]}"), "whole numbers"},
        {PLAY("{\"ms\":[100,1e9]}"), "whole numbers"},
        {PLAY("{\"ms\":[100],\"phase\":[0,1]}"), "as many 'phase'"},
        {PLAY("{\"ms\":[9,9],\"phase\":[0,0]}"), "rise from 0 to 1"},
        {PLAY("{\"ms\":[9,9],\"phase\":[0,\"x\"]}"), "rise from 0 to 1"},
        {PLAY("{\"ms\":[9,9],\"phase\":[0,0.5]}"), "end at 1"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Clip c;
        Err err = {0};
        assert_false(clip_parse(&c, bad[i][0], strlen(bad[i][0]), "bad", &arena, &err));
        if (!strstr(err.text, bad[i][1]))
            fail_msg("'%s' does not say '%s'", err.text, bad[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clip_sampled_at_its_own_frames_is_itself),
        cmocka_unit_test(any_phase_of_a_loop_will_do),
        cmocka_unit_test(walking_always_has_a_foot_on_the_floor_and_halves_mirror),
        cmocka_unit_test(arms_swing_against_the_legs),
        cmocka_unit_test(yaw_turns_the_figure_as_said),
        cmocka_unit_test(what_is_turned_away_of_the_face_is_hidden),
        cmocka_unit_test(from_above_feet_that_are_nearer_are_lower),
        cmocka_unit_test(a_fitted_figure_fills_its_box),
        cmocka_unit_test(usual_proportions_change_nothing),
        cmocka_unit_test(a_chibi_is_as_high_but_mostly_head),
        cmocka_unit_test(builds_are_what_their_names_say),
        cmocka_unit_test(a_build_takes_another_head_and_another_height),
        cmocka_unit_test(an_unknown_build_is_refused_with_those_there_are),
        cmocka_unit_test(what_stands_on_the_floor_stays_there_whatever_the_proportions),
        cmocka_unit_test(what_is_played_once_ends_at_its_end),
        cmocka_unit_test(a_jump_reaches_higher_than_standing),
        cmocka_unit_test(a_run_leaves_the_floor_and_a_jump_does_once),
        cmocka_unit_test(directions_have_names),
        cmocka_unit_test(an_unknown_clip_is_refused_with_those_there_are),
        cmocka_unit_test(clips_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, take_arena, give_arena);
}
