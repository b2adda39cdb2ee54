/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "pose/heatmap.h"

enum { WIDE = 40, HIGH = 30, S = 8, G = 4 };
static unsigned char rgba[HIGH * WIDE * 4];
static float shown[S * S * 4], maps[G * G * JOINTS * HEATMAP_MAPS], side[2 * 2 * HEATMAP_SIDE];

static Tensor picture(void)
{
    return tensor_over(rgba, TENSOR_U8, SHAPE(HIGH, WIDE, 4));
}

static Tensor window(void)
{
    return tensor_over(shown, TENSOR_F32, SHAPE(1, S, S, 4));
}

/* One block of a colour; everything else is transparent, but not black. */
static void block(int left, int top, int right, int bottom, const unsigned char colour[4])
{
    memset(rgba, 200, sizeof rgba);
    for (int y = 0; y < HIGH; y++)
        for (int x = 0; x < WIDE; x++) {
            bool is_in = x >= left && x < right && y >= top && y < bottom;
            rgba[(y * WIDE + x) * 4 + 3] = 0;
            if (is_in)
                memcpy(rgba + (y * WIDE + x) * 4, colour, 4);
        }
}

static void views_are_squares_round_what_is_seen(void **state)
{
    (void)state;
    static const unsigned char white[4] = {255, 255, 255, 255};
    static const struct {
        int left, top, right, bottom;
        float x, y; /* the middle */
        float side; /* of the box */
    } rows[] = {
        {10, 5, 20, 25, 15, 15, 20},
        {0, 0, 40, 30, 20, 15, 40}, /* the view reaches beyond the picture */
        {39, 29, 40, 30, 39.5f, 29.5f, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        block(rows[i].left, rows[i].top, rows[i].right, rows[i].bottom, white);
        HeatmapView views[HEATMAP_VIEWS];
        Err err = {0};
        assert_true(heatmap_views(picture(), views, &err));
        for (int k = 0; k < HEATMAP_VIEWS; k++) {
            HeatmapView v = views[k];
            assert_float_equal(v.left + v.side / 2, rows[i].x, 1e-4);
            assert_float_equal(v.top + v.side / 2, rows[i].y, 1e-4);
            assert_true(v.side > rows[i].side * 1.05f && v.side < rows[i].side * 1.2f);
        }
    }
}

static void a_faint_haze_is_not_seen(void **state)
{
    (void)state;
    static const unsigned char haze[4] = {255, 255, 255, 8};
    block(0, 0, WIDE, HIGH, haze);
    HeatmapView views[HEATMAP_VIEWS];
    Err err = {0};
    assert_false(heatmap_views(picture(), views, &err));
    assert_int_equal(err.kind, ERR_INPUT);
}

/* A view that cuts pixels in fractions: every cell holds the share of it that
 * the block covers, times its alpha, and so do its colours. */
static void each_pixel_is_the_mean_of_its_footprint(void **state)
{
    (void)state;
    static const unsigned char colour[4] = {255, 102, 0, 51}; /* alpha a fifth */
    block(10, 5, 20, 15, colour);
    HeatmapView v = {7, 2, 16, false}; /* 2 pixels a cell; the block begins at cell 1.5 */
    heatmap_look(picture(), v, window());
    for (int y = 0; y < S; y++)
        for (int x = 0; x < S; x++) {
            float in_x = x == 1 || x == 6 ? 0.5f : x > 1 && x < 6 ? 1.0f : 0.0f;
            float in_y = y == 1 || y == 6 ? 0.5f : y > 1 && y < 6 ? 1.0f : 0.0f;
            const float *p = shown + (y * S + x) * 4;
            float a = in_x * in_y * 0.2f;
            assert_float_equal(p[0], a - 0.5f, 1e-5);
            assert_float_equal(p[1], a * 0.4f - 0.5f, 1e-5);
            assert_float_equal(p[2], -0.5f, 1e-5);
            assert_float_equal(p[3], a - 0.5f, 1e-5);
        }
}

static void beyond_the_picture_there_is_nothing(void **state)
{
    (void)state;
    static const unsigned char white[4] = {255, 255, 255, 255};
    block(0, 0, WIDE, HIGH, white);
    HeatmapView v = {-40, -30, 40, false}; /* touches the picture's corner */
    heatmap_look(picture(), v, window());
    for (int i = 0; i < S * S * 4; i++)
        assert_float_equal(shown[i], -0.5f, 1e-5);
    v = (HeatmapView){-20, -20, 40, false}; /* its lower right quarter is the picture's */
    heatmap_look(picture(), v, window());
    assert_float_equal(shown[(3 * S + 4) * 4], -0.5f, 1e-5);
    assert_float_equal(shown[(4 * S + 4) * 4], 0.5f, 1e-5);
}

static float *number(int joint, int cell, int which)
{
    return maps + (cell * JOINTS + joint) * HEATMAP_MAPS + which;
}

static JointsFound read_maps(HeatmapView v)
{
    return heatmap_read(tensor_over(maps, TENSOR_F32, SHAPE(1, G, G, JOINTS * HEATMAP_MAPS)),
                        tensor_over(side, TENSOR_F32, SHAPE(1, 2, 2, HEATMAP_SIDE)), v);
}

static void a_joint_is_the_mean_of_where_its_cells_point(void **state)
{
    (void)state;
    memset(maps, 0, sizeof maps);
    memset(side, 0, sizeof side);
    HeatmapView v = {100, 200, 40, false}; /* 10 pixels a cell */
    *number(JOINT_NECK, 6, 0) = 200;       /* cell (2, 1), beyond doubt */
    *number(JOINT_NECK, 6, 1) = 0.25f;
    *number(JOINT_NECK, 6, 2) = -0.5f;
    *number(JOINT_NECK, 6, 3) = 1.5f;
    *number(JOINT_NECK, 6, 4) = 3;
    *number(JOINT_NOSE, 0, 0) = *number(JOINT_NOSE, 3, 0) = 150; /* either corner above */
    Pose p = read_maps(v).pose;
    assert_float_equal(p.joint[JOINT_NECK].x, 127.5, 1e-3);
    assert_float_equal(p.joint[JOINT_NECK].y, 210, 1e-3);
    assert_float_equal(p.joint[JOINT_NECK].z, 15, 1e-3);
    assert_float_equal(p.joint[JOINT_NECK].c, 0.9525741f, 1e-5);
    assert_float_equal(p.joint[JOINT_NOSE].x, 120, 1e-3);
    assert_float_equal(p.joint[JOINT_NOSE].y, 205, 1e-3);
    assert_float_equal(p.joint[JOINT_L_ANKLE].x, 120, 1e-3); /* no idea: the middle */
    assert_float_equal(p.joint[JOINT_L_ANKLE].y, 220, 1e-3);
}

static void the_side_tells_where_a_figure_looks(void **state)
{
    (void)state;
    static const struct {
        float sine, cosine, figure, degrees, likely;
    } rows[] = {{0, 1, 0, 0, 0.5f}, {3, 0, 4, 90, 0.9820138f}, {-1, -1, -4, -135, 0.0179862f}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int k = 0; k < 4; k++) {
            side[k * HEATMAP_SIDE] = rows[i].sine * (float)k; /* only the mean counts */
            side[k * HEATMAP_SIDE + 1] = rows[i].cosine * (float)k;
            side[k * HEATMAP_SIDE + 2] = rows[i].figure;
        }
        JointsFound found = read_maps((HeatmapView){0, 0, 1, false});
        assert_float_equal(found.yaw_degrees, rows[i].degrees, 1e-3);
        assert_float_equal(found.figure, rows[i].likely, 1e-5);
    }
}

static void a_mirrored_view_is_read_back_the_right_way_round(void **state)
{
    (void)state;
    static const unsigned char white[4] = {255, 255, 255, 255};
    block(0, 0, 10, 10, white);
    heatmap_look(picture(), (HeatmapView){0, 0, 40, true}, window());
    assert_float_equal(shown[3], -0.5f, 1e-5);
    assert_float_equal(shown[(S - 1) * 4 + 3], 0.5f, 1e-5);
    memset(maps, 0, sizeof maps);
    memset(side, 0, sizeof side);
    *number(JOINT_L_WRIST, 3, 0) = 200; /* above, on the right */
    side[0] = side[1] = 1;
    JointsFound found = read_maps((HeatmapView){100, 200, 40, true});
    assert_float_equal(found.pose.joint[JOINT_R_WRIST].x, 105, 1e-3);
    assert_float_equal(found.pose.joint[JOINT_R_WRIST].y, 205, 1e-3);
    assert_float_equal(found.yaw_degrees, -45, 1e-3);
}

static void of_several_views_the_surer_count_more(void **state)
{
    (void)state;
    JointsFound views[2] = {{.yaw_degrees = 170, .figure = 1}, {.yaw_degrees = -150}};
    views[0].pose.joint[JOINT_NECK] = (Keypoint){10, 20, 30, 0.9f};
    views[1].pose.joint[JOINT_NECK] = (Keypoint){20, 40, 50, 0.1f};
    views[0].pose.joint[JOINT_NOSE] = (Keypoint){10, 20, 30, 0};
    views[1].pose.joint[JOINT_NOSE] = (Keypoint){20, 40, 50, 0};
    JointsFound found = heatmap_agreed(views, 2);
    Keypoint neck = found.pose.joint[JOINT_NECK], nose = found.pose.joint[JOINT_NOSE];
    assert_true(neck.x > 10 && neck.x < 10.3f && neck.y < 20.6f && neck.z < 30.6f);
    assert_float_equal(neck.c, 0.5, 1e-5);
    assert_float_equal(nose.x, 15, 1e-3); /* nobody knows: the mean */
    assert_float_equal(found.yaw_degrees, -170, 1e-3);
    assert_float_equal(found.figure, 0.5, 1e-5);
}

static void joints_that_are_guessed_are_missing(void **state)
{
    (void)state;
    Pose pose;
    JointsFound found = {.figure = 0.5f};
    found.pose.joint[JOINT_NECK] = (Keypoint){10, 20, 30, 0.2f};
    found.pose.joint[JOINT_NOSE] = (Keypoint){10, 20, 30, 0.19f};
    assert_true(joints_sure(&found, &pose));
    assert_memory_equal(&pose.joint[JOINT_NECK], &found.pose.joint[JOINT_NECK],
                        sizeof(Keypoint));
    assert_memory_equal(&pose.joint[JOINT_NOSE], &(Keypoint){0}, sizeof(Keypoint));
    found.figure = 0.49f;
    assert_false(joints_sure(&found, &pose));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_are_squares_round_what_is_seen),
        cmocka_unit_test(a_faint_haze_is_not_seen),
        cmocka_unit_test(each_pixel_is_the_mean_of_its_footprint),
        cmocka_unit_test(beyond_the_picture_there_is_nothing),
        cmocka_unit_test(a_joint_is_the_mean_of_where_its_cells_point),
        cmocka_unit_test(a_mirrored_view_is_read_back_the_right_way_round),
        cmocka_unit_test(of_several_views_the_surer_count_more),
        cmocka_unit_test(the_side_tells_where_a_figure_looks),
        cmocka_unit_test(joints_that_are_guessed_are_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
