/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "pose/draw.h"

#include "../diffusion/golden.h"
#include "drawn.h"

enum { MOST = 1100 * 1900 * 3 };
static unsigned char picture[MOST], wanted[MOST];

static Tensor canvas(int64_t width, int64_t height)
{
    return tensor_over(picture, TENSOR_U8, SHAPE(height, width, 3));
}

static Pose golden_pose(const Golden *g, const char *name)
{
    char full[64];
    int64_t n;
    Pose p;
    snprintf(full, sizeof full, "%s.joints", name);
    const unsigned char *joints = golden_at(g, full, &n);
    assert_int_equal(n, JOINTS * 3);
    for (int i = 0; i < JOINTS; i++) {
        float v[3];
        memcpy(v, joints + sizeof v * (size_t)i, sizeof v);
        p.joint[i] = (Keypoint){v[0], v[1], 0, v[2]};
    }
    return p;
}

/* The runs of the golden file as a picture. */
static void unroll(const Golden *g, const char *name)
{
    char full[64];
    int64_t n, colours, at = 0;
    snprintf(full, sizeof full, "%s.len", name);
    const unsigned char *length = golden_at(g, full, &n);
    snprintf(full, sizeof full, "%s.val", name);
    const unsigned char *value = golden_at(g, full, &n);
    const unsigned char *palette = golden_at(g, "palette", &colours);
    for (int64_t i = 0; i < n; i++) {
        for (int k = 0; k < length[i]; k++)
            memcpy(wanted + 3 * at++, palette + 3 * value[i], 3);
    }
}

static void skeletons_are_drawn_as_opencv_draws_them(void **state)
{
    (void)state;
    static const int sizes[][2] = {{512, 512}, {128, 128}, {96, 128}, {300, 200}, {64, 64}};
    Golden g = golden_open("drawing/skeletons.safetensors");
    int drawn = 0;
    for (int k = 0; k < 12 * 5; k++) {
        int w = sizes[k % 5][0], h = sizes[k % 5][1];
        char name[32], probe[64];
        snprintf(name, sizeof name, "%02d.%dx%d", k / 5, w, h);
        snprintf(probe, sizeof probe, "%s.len", name);
        if (!golden_has(&g, probe))
            continue;
        Pose p = golden_pose(&g, name);
        unroll(&g, name);
        pose_picture(canvas(w, h), &p, 1, pose_style("controlnet"));
        for (int i = 0; i < w * h * 3; i++) {
            if (picture[i] != wanted[i])
                fail_msg("%s differs at (%d,%d)", name, i / 3 % w, i / 3 / w);
        }
        drawn++;
    }
    assert_int_equal(drawn, 12 * 4 + 5);
    golden_close(&g);
}

/* The generator of make_drawn.py. */
static uint32_t next_number(uint32_t *state, uint32_t limit)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % limit;
}

static Pose random_pose(int k, int w, int h)
{
    Pose p;
    uint32_t state = (uint32_t)k + 1;
    int reach = k % 3 ? 1 : 3;
    for (int i = 0; i < JOINTS; i++) {
        float x = (float)next_number(&state, (uint32_t)(8 * w * reach)) / 8;
        float y = (float)next_number(&state, (uint32_t)(8 * h * reach)) / 8;
        p.joint[i] =
            (Keypoint){x - (float)(w * (reach - 1)) / 2, y - (float)(h * (reach - 1)) / 2, 0,
                       next_number(&state, 8) > 0};
    }
    return p;
}

static uint64_t hash(const unsigned char *bytes, int64_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int64_t i = 0; i < n; i++)
        h = (h ^ bytes[i]) * 0x100000001b3u;
    return h;
}

static void random_skeletons_of_many_sizes_too(void **state)
{
    (void)state;
    for (int s = 0; s < DRAWN_SIZES; s++) {
        int w = drawn_size[s][0], h = drawn_size[s][1];
        for (int k = 0; k < DRAWN_EACH; k++) {
            Pose p = random_pose(s * DRAWN_EACH + k, w, h);
            pose_picture(canvas(w, h), &p, 1, pose_style("controlnet"));
            if (hash(picture, (int64_t)w * h * 3) != drawn_hash[s][k])
                fail_msg("%dx%d, skeleton %d differs", w, h, k);
        }
    }
}

static Pose upright(void)
{
    Pose p = {0};
    p.joint[JOINT_NECK] = (Keypoint){32, 20, 0, 1};
    p.joint[JOINT_R_HIP] = (Keypoint){28, 40, 0, 1};
    p.joint[JOINT_L_SHOULDER] = (Keypoint){40, 20, 0, 1};
    return p;
}

static const unsigned char *pixel(int x, int y)
{
    return picture + (y * 64 + x) * 3;
}

static void styles_differ_in_what_their_networks_have_seen(void **state)
{
    (void)state;
    static const unsigned char plain[3] = {0, 153, 0}, ssd[3] = {0, 153, 153};
    Pose p = upright();
    pose_picture(canvas(64, 64), &p, 1, pose_style("controlnet"));
    assert_memory_equal(pixel(30, 30), plain, 3);
    pose_picture(canvas(64, 64), &p, 1, pose_style("ssd"));
    assert_memory_equal(pixel(30, 30), ssd, 3);
    assert_null(pose_style("rainbow"));
}

/* A figure that faces us: what is on the left of the picture is green and cyan. */
static void the_older_sticks_have_six_colours(void **state)
{
    (void)state;
    static const struct {
        int joint, x, y;
    } at[] = {{JOINT_NECK, 32, 20},    {JOINT_R_SHOULDER, 24, 22}, {JOINT_R_WRIST, 18, 40},
              {JOINT_R_ELBOW, 20, 30}, {JOINT_L_SHOULDER, 40, 22}, {JOINT_L_ELBOW, 44, 30},
              {JOINT_R_HIP, 28, 40},   {JOINT_R_KNEE, 26, 50},     {JOINT_L_HIP, 36, 40},
              {JOINT_L_KNEE, 38, 50},  {JOINT_NOSE, 32, 8}};
    static const struct {
        int x, y;
        unsigned char rgb[3];
    } seen[] = {{32, 14, {255, 255, 0}}, {32, 8, {255, 255, 0}},  {32, 30, {255, 0, 255}},
                {22, 26, {0, 255, 0}},   {19, 35, {0, 255, 0}},   {42, 26, {255, 0, 0}},
                {27, 45, {0, 255, 255}}, {37, 45, {255, 128, 0}}, {32, 20, {255, 0, 255}},
                {10, 10, {0, 0, 0}},     {32, 50, {0, 0, 0}}};
    Pose p = {0};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        p.joint[at[i].joint] = (Keypoint){(float)at[i].x, (float)at[i].y, 0, 1};
    pose_picture(canvas(64, 64), &p, 1, pose_style("stick"));
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
        assert_memory_equal(pixel(seen[i].x, seen[i].y), seen[i].rgb, 3);
}

static void a_hidden_joint_takes_its_limbs_along(void **state)
{
    (void)state;
    static const unsigned char black[3] = {0, 0, 0};
    Pose p = upright();
    p.joint[JOINT_R_HIP].c = 0;
    pose_picture(canvas(64, 64), &p, 1, pose_style("controlnet"));
    assert_memory_equal(pixel(30, 30), black, 3);
    assert_memory_equal(pixel(28, 40), black, 3);
}

static void people_are_drawn_over_what_is_there(void **state)
{
    (void)state;
    Pose p[2] = {upright(), upright()};
    for (int i = 0; i < JOINTS; i++)
        p[1].joint[i].x += 15;
    memset(picture, 7, sizeof picture);
    pose_draw(canvas(64, 64), p, 2, pose_style("controlnet"));
    assert_int_equal(pixel(0, 0)[0], 7);
    assert_int_equal(pixel(30, 30)[1], 153);
    assert_int_equal(pixel(45, 30)[1], 153);
}

/* Files may say anything; only the pixels inside may be touched. */
static void joints_anywhere_do_no_harm(void **state)
{
    (void)state;
    static const float wild[] = {-1e30f,   1e30f, NAN, INFINITY, -65536, 65536, -40000,
                                 30000.7f, -1,    0,   63,       64,     0.5f,  1e-30f};
    enum { WILD = sizeof wild / sizeof *wild };
    for (int k = 0; k < WILD * WILD; k++) {
        Pose p;
        for (int i = 0; i < JOINTS; i++)
            p.joint[i] =
                (Keypoint){wild[(k + i) % WILD], wild[(k / WILD + 3 * i) % WILD], 0, 1};
        memset(picture, 9, sizeof picture);
        pose_picture(canvas(63, 11), &p, 1, pose_style(k % 2 ? "controlnet" : "stick"));
        for (int i = 63 * 11 * 3; i < 63 * 11 * 3 + 4096; i++)
            assert_int_equal(picture[i], 9);
    }
}

static void mirroring_exchanges_the_sides(void **state)
{
    (void)state;
    Pose p = upright(), m = pose_mirrored(&p, 64);
    assert_true(m.joint[JOINT_L_HIP].x == 36 && m.joint[JOINT_L_HIP].c == 1);
    assert_true(m.joint[JOINT_R_SHOULDER].x == 24);
    assert_true(m.joint[JOINT_R_HIP].c == 0);
    Pose back = pose_mirrored(&m, 64);
    assert_memory_equal(&back, &p, sizeof p);
    for (int i = 0; i < JOINTS; i++) {
        assert_int_equal(joint_mirrored(joint_mirrored(i)), i);
        assert_int_equal(joint_named(joint_name(i)), i);
    }
    assert_int_equal(joint_named("tail"), -1);
}

static void bounds_hold_the_joints_that_are_there(void **state)
{
    (void)state;
    Pose p = upright(), none = {0};
    float l, t, r, b;
    assert_true(pose_bounds(&p, &l, &t, &r, &b));
    assert_true(l == 28 && t == 20 && r == 40 && b == 40);
    assert_false(pose_bounds(&none, &l, &t, &r, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skeletons_are_drawn_as_opencv_draws_them),
        cmocka_unit_test(random_skeletons_of_many_sizes_too),
        cmocka_unit_test(styles_differ_in_what_their_networks_have_seen),
        cmocka_unit_test(the_older_sticks_have_six_colours),
        cmocka_unit_test(a_hidden_joint_takes_its_limbs_along),
        cmocka_unit_test(people_are_drawn_over_what_is_there),
        cmocka_unit_test(joints_anywhere_do_no_harm),
        cmocka_unit_test(mirroring_exchanges_the_sides),
        cmocka_unit_test(bounds_hold_the_joints_that_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
