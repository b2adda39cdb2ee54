/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "pose/json.h"

#include "arena.h"

static Poses parsed(const char *text)
{
    Poses p;
    Err err = {0};
    if (!poses_parse(&p, text, strlen(text), "test", &arena, &err))
        fail_msg("%s", err.text);
    return p;
}

static void assert_refused(const char *text, const char *why)
{
    Poses p;
    Err err = {0};
    if (poses_parse(&p, text, strlen(text), "test", &arena, &err))
        fail_msg("accepted: %.80s", text);
    if (!strstr(err.text, why))
        fail_msg("'%s' does not say '%s'", err.text, why);
}

/* A person of `points`, point i at (10 + i * step, 20 + i * step). */
static void add_person(char *text, int points, double step)
{
    strcat(text, "{\"pose_keypoints_2d\":[");
    for (int i = 0; i < points; i++)
        sprintf(text + strlen(text), "%s%g,%g,1", i ? "," : "", 10 + i * step, 20 + i * step);
    strcat(text, "]}");
}

static char *frame_of(int points, double step)
{
    static char text[4096];
    strcpy(text, "{\"version\":1.3,\"people\":[");
    add_person(text, points, step);
    strcat(text, "],\"canvas_width\":200,\"canvas_height\":100}");
    return text;
}

static void openpose_files_are_read(void **state)
{
    (void)state;
    Poses p = parsed(frame_of(18, 1));
    assert_int_equal(p.frames, 1);
    assert_int_equal(p.people[0], 1);
    assert_true(p.width == 200 && p.height == 100);
    for (int i = 0; i < JOINTS; i++) {
        const Keypoint *k = &p.pose[0][0].joint[i];
        assert_true(k->x == (float)(10 + i) && k->y == (float)(20 + i) && k->c == 1);
    }
}

static void arrays_are_frames(void **state)
{
    (void)state;
    char text[9000] = "[";
    for (int i = 0; i < 3; i++)
        strcat(strcat(text, i ? "," : ""), frame_of(18, i));
    Poses p = parsed(strcat(text, "]"));
    assert_int_equal(p.frames, 3);
    assert_true(p.pose[2][0].joint[5].x == 20);
}

static void lists_of_25_and_17_points_are_mapped(void **state)
{
    (void)state;
    Poses b = parsed(frame_of(25, 1)), c = parsed(frame_of(17, 1));
    assert_true(b.pose[0][0].joint[JOINT_L_WRIST].x == 17);
    assert_true(b.pose[0][0].joint[JOINT_R_HIP].x ==
                19); /* the middle of the hips is left out */
    assert_true(b.pose[0][0].joint[JOINT_L_EAR].x == 28);
    assert_true(c.pose[0][0].joint[JOINT_R_SHOULDER].x == 16);
    assert_true(c.pose[0][0].joint[JOINT_L_SHOULDER].x == 15);
    assert_true(c.pose[0][0].joint[JOINT_NECK].x == 15.5f);
    assert_true(c.pose[0][0].joint[JOINT_R_EYE].x == 12);
    assert_true(c.pose[0][0].joint[JOINT_L_ANKLE].x == 25);
}

static void the_editors_files_are_read(void **state)
{
    (void)state;
    char text[2048] = "{\"width\":64,\"height\":64,\"keypoints\":[[";
    for (int i = 0; i < 18; i++)
        sprintf(text + strlen(text), "%s%s", i ? "," : "", i == 3 ? "null" : "[30,40]");
    Poses p = parsed(strcat(text, "]]}"));
    assert_int_equal(p.people[0], 1);
    assert_true(p.width == 64);
    assert_true(p.pose[0][0].joint[2].y == 40 && p.pose[0][0].joint[2].c == 1);
    assert_true(p.pose[0][0].joint[3].c == 0);
}

static Poses with_point(const char *point)
{
    char text[2048] = "{\"canvas_width\":64,\"canvas_height\":64,\"people\":"
                      "[{\"pose_keypoints_2d\":[";
    strcat(text, point);
    for (int i = 1; i < 18; i++)
        strcat(text, ",30,40,0.5");
    return parsed(strcat(text, "]}]}"));
}

static void points_are_missing_in_four_ways(void **state)
{
    (void)state;
    static const char *const missing[] = {"5,5,0", "0,0,1", "-1,-1,1", "null,null,null"};
    for (int i = 0; i < 4; i++) {
        Poses p = with_point(missing[i]);
        assert_true(p.pose[0][0].joint[0].c == 0);
        assert_true(p.pose[0][0].joint[1].c == 0.5f);
    }
    assert_true(with_point("5,5,null").pose[0][0].joint[0].c == 1);
    assert_true(with_point("0,5,1").pose[0][0].joint[0].c == 1);
}

static void shares_of_the_canvas_become_pixels(void **state)
{
    (void)state;
    char text[2048] = "{\"canvas_width\":200,\"canvas_height\":100,\"people\":"
                      "[{\"pose_keypoints_2d\":[1,1,1";
    for (int i = 1; i < 18; i++)
        strcat(text, ",0.5,0.25,1");
    Poses p = parsed(strcat(text, "]}]}"));
    assert_true(p.pose[0][0].joint[0].x == 200 && p.pose[0][0].joint[0].y == 100);
    assert_true(p.pose[0][0].joint[1].x == 100 && p.pose[0][0].joint[1].y == 25);
}

static void a_point_beyond_one_pixel_is_no_share(void **state)
{
    (void)state;
    Poses p = with_point("1.5,0.5,1");
    assert_true(p.pose[0][0].joint[0].x == 1.5f && p.pose[0][0].joint[1].x == 30);
    char text[2048] = "{\"canvas_width\":64,\"canvas_height\":64,\"people\":"
                      "[{\"pose_keypoints_2d\":[1.5,0.5,1";
    for (int i = 1; i < 18; i++)
        strcat(text, ",0.5,0.25,1");
    p = parsed(strcat(text, "]}]}"));
    assert_true(p.pose[0][0].joint[0].x == 1.5f && p.pose[0][0].joint[1].y == 0.25f);
}

static void poses_are_stretched_to_the_picture(void **state)
{
    (void)state;
    Poses p = parsed(frame_of(18, 1));
    poses_scale(&p, 100, 100);
    assert_true(p.pose[0][0].joint[0].x == 5 && p.pose[0][0].joint[0].y == 20);
    assert_true(p.width == 100);
}

static void a_canvas_that_is_not_stated_is_guessed(void **state)
{
    (void)state;
    char text[4096] = "{\"people\":[";
    add_person(text, 18, 2);
    Poses p = parsed(strcat(text, "]}"));
    assert_true(p.width == 0);
    poses_scale(&p, 88, 108); /* the last joint is at (44,54) */
    assert_true(p.pose[0][0].joint[17].x == 88 && p.pose[0][0].joint[17].y == 108);
}

static void frames_on_other_canvases_are_brought_to_the_first(void **state)
{
    (void)state;
    char text[9000] = "[", second[4096];
    strcat(text, frame_of(18, 1));
    strcpy(second, ",{\"canvas_width\":400,\"canvas_height\":400,\"people\":[");
    add_person(second, 18, 1);
    Poses p = parsed(strcat(strcat(text, second), "]}]"));
    assert_true(p.pose[1][0].joint[0].x == 5 && p.pose[1][0].joint[0].y == 5);
}

static void the_largest_person_is_the_main_one(void **state)
{
    (void)state;
    char text[8000] = "{\"people\":[";
    add_person(text, 18, 1);
    strcat(text, ",");
    add_person(text, 18, 3);
    strcat(text, ",{\"face_keypoints_2d\":[]}");
    Poses p = parsed(strcat(text, "]}"));
    assert_int_equal(p.people[0], 3);
    assert_ptr_equal(poses_main(&p, 0), &p.pose[0][1]);
    p = parsed("{\"people\":[]}");
    assert_null(poses_main(&p, 0));
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    char text[9000] = "[";
    for (int i = 0; i < 3; i++)
        strcat(strcat(text, i ? "," : ""), frame_of(18, 0.125 * i));
    Poses p = parsed(strcat(text, "]"));
    p.pose[1][0].joint[4].c = 0;
    char *written = poses_text(&p, POSES_OPENPOSE);
    Poses back = parsed(written);
    assert_int_equal(back.frames, 3);
    assert_true(back.width == 200);
    for (int f = 0; f < 3; f++) {
        for (int i = 0; i < JOINTS; i++) {
            const Keypoint *a = &p.pose[f][0].joint[i], *b = &back.pose[f][0].joint[i];
            assert_true(a->c == b->c && (a->c == 0 || (a->x == b->x && a->y == b->y)));
        }
    }
    p.frames = 1;
    char *one = poses_text(&p, POSES_OPENPOSE);
    assert_int_equal(one[0], '{');
    xfree(one);
    xfree(written);
}

/* A person of 18 points: 2d at (10 + i, 20 + i) if flat; 3d one further, i deep. */
static void add_deep(char *text, bool has_flat)
{
    strcat(text, "{");
    if (has_flat) {
        add_person(text, 18, 1);
        memmove(strrchr(text, '{'), strrchr(text, '{') + 1, strlen(strrchr(text, '{')));
        text[strlen(text) - 1] = ',';
    }
    strcat(text, "\"pose_keypoints_3d\":[");
    for (int i = 0; i < 18; i++)
        sprintf(text + strlen(text), "%s%d,%d,%d,%d", i ? "," : "", 11 + i, 21 + i, i - 9,
                i != 3);
    strcat(text, "]}");
}

static void depth_is_read_where_it_is_known(void **state)
{
    (void)state;
    char text[8000] = "{\"canvas_width\":64,\"canvas_height\":64,\"people\":[";
    add_deep(text, false);
    Poses p = parsed(strcat(text, "]}"));
    assert_true(p.has_depth);
    assert_true(p.pose[0][0].joint[7].x == 18 && p.pose[0][0].joint[7].y == 28);
    assert_true(p.pose[0][0].joint[7].z == -2 && p.pose[0][0].joint[7].c == 1);
    assert_true(p.pose[0][0].joint[3].c == 0);
    poses_scale(&p, 32, 128);
    assert_true(p.pose[0][0].joint[7].z == -4); /* as the height is stretched */
}

static void points_lie_where_2d_says_and_as_deep_as_3d_says(void **state)
{
    (void)state;
    char text[8000] = "{\"people\":[";
    add_deep(text, true);
    Poses p = parsed(strcat(text, "]}"));
    assert_true(p.has_depth);
    assert_true(p.pose[0][0].joint[7].x == 17 && p.pose[0][0].joint[7].z == -2);
    assert_true(p.pose[0][0].joint[3].x == 13 && p.pose[0][0].joint[3].c == 1);
    char two[8000] = "{\"people\":[";
    add_deep(two, true);
    strcat(two, ",");
    add_person(two, 18, 1);
    p = parsed(strcat(two, "]}"));
    assert_false(p.has_depth); /* of one of them it is not known */
    assert_true(p.pose[0][0].joint[7].z == -2 && p.pose[0][1].joint[7].z == 0);
    assert_false(parsed("{\"people\":[]}").has_depth);
}

static Poses written_and_read(const Poses *p, PosesFormat format, char *text, size_t room)
{
    char *written = poses_text(p, format);
    assert_true(strlen(written) < room);
    strcpy(text, written);
    xfree(written);
    return parsed(text);
}

static void every_format_is_read_back(void **state)
{
    (void)state;
    char text[9000] = "{\"canvas_width\":64,\"canvas_height\":48,\"people\":[", out[9000];
    add_deep(text, false);
    Poses p = parsed(strcat(text, "]}"));
    for (int k = 0; k < 3; k++) {
        static const char *const names[] = {"openpose", "comfyui", "editor"};
        PosesFormat format;
        assert_true(poses_format(&format, names[k]));
        Poses back = written_and_read(&p, format, out, sizeof out);
        assert_int_equal(out[0], format == POSES_COMFYUI ? '[' : '{');
        assert_true(back.frames == 1 && back.people[0] == 1);
        assert_true(back.width == 64 && back.height == 48);
        assert_true(back.has_depth == (format != POSES_EDITOR));
        for (int i = 0; i < JOINTS; i++) {
            const Keypoint *a = &p.pose[0][0].joint[i], *b = &back.pose[0][0].joint[i];
            assert_true(a->x == b->x && a->y == b->y && a->c == b->c);
            assert_true(b->z == (format == POSES_EDITOR ? 0 : a->z));
        }
    }
    PosesFormat none;
    assert_false(poses_format(&none, "bvh"));
}

/* Programs look these up and fail if they are not there. */
static void formats_have_the_members_their_programs_look_up(void **state)
{
    (void)state;
    char out[9000];
    Poses p = parsed(frame_of(18, 1));
    p.pose[0][0].joint[17].c = 0;
    (void)written_and_read(&p, POSES_COMFYUI, out, sizeof out);
    assert_non_null(strstr(out, "\"hand_left_keypoints_2d\":[]"));
    assert_non_null(strstr(out, "\"canvas_width\":200,\"canvas_height\":100}"));
    assert_null(strstr(out, "pose_keypoints_3d"));
    (void)written_and_read(&p, POSES_EDITOR, out, sizeof out);
    assert_non_null(strstr(out, "\"keypoints\":[[[10"));
    assert_non_null(strstr(out, "[-1"));
    assert_non_null(strstr(out, "\"width\":200,\"height\":100}"));
}

static void one_frame_can_be_taken_out(void **state)
{
    (void)state;
    char text[9000] = "[";
    for (int i = 0; i < 3; i++)
        strcat(strcat(text, i ? "," : ""), frame_of(18, i));
    Poses p = parsed(strcat(text, "]")), one = poses_frame(&p, 2);
    assert_int_equal(one.frames, 1);
    assert_true(poses_main(&one, 0)->joint[5].x == 20 && one.width == 200);
}

/* Writes the text as a file and loads its figure for a picture of 400 x 100. */
static bool figure_of(const char *text, Pose *figure, bool *has_depth, Err *err)
{
    char path[] = "joints_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    size_t floor = arena.used;
    bool ok = pose_load(figure, has_depth, path, 400, 100, &arena, err);
    assert_int_equal(arena.used, floor);
    unlink(path);
    return ok;
}

static void joints_are_brought_to_the_pixels_of_a_picture(void **state)
{
    (void)state;
    Pose figure;
    bool has_depth;
    Err err = {0};
    assert_true(figure_of(frame_of(18, 1), &figure, &has_depth, &err)); /* on 200 x 100 */
    assert_true(figure.joint[1].x == 22 && figure.joint[1].y == 21 && !has_depth);
    char text[8000] = "{\"people\":[";
    add_deep(text, true);
    assert_true(figure_of(strcat(text, "]}"), &figure, &has_depth, &err)); /* no canvas */
    assert_true(figure.joint[1].x == 11 && figure.joint[1].y == 21 && has_depth);
    strcpy(text, "{\"people\":[{\"pose_keypoints_2d\":[1,1,1");
    for (int i = 1; i < 18; i++)
        strcat(text, ",0.5,0.25,1");
    assert_true(figure_of(strcat(text, "]}]}"), &figure, &has_depth, &err)); /* shares */
    assert_true(figure.joint[1].x == 200 && figure.joint[1].y == 25);
}

static void joints_of_nobody_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"{\"people\":[]}", "there is nobody in it"},
                                         {"{\"people\":[{}]}", "there is nobody in it"},
                                         {"[{\"people\":[]},{\"people\":[]}]", "2 frames"},
                                         {"{\"people\":[", "not valid JSON"}};
    Pose figure;
    bool has_depth;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err err = {0};
        assert_false(figure_of(bad[i][0], &figure, &has_depth, &err));
        assert_false(has_depth);
        if (!strstr(err.text, bad[i][1]))
            fail_msg("'%s' does not say '%s'", err.text, bad[i][1]);
    }
}

static void a_folder_is_read_in_the_order_of_its_numbers(void **state)
{
    (void)state;
    char dir[] = "poses_XXXXXX";
    Err err = {0};
    assert_non_null(mkdtemp(dir));
    static const char *const names[] = {"frame_10.json", "frame_2.json", "frame_1.json",
                                        "notes.txt"};
    for (int i = 0; i < 4; i++) {
        char *path = file_join(dir, names[i]), *text = frame_of(18, 10 + i);
        assert_true(file_save(path, text, strlen(text), &err));
        xfree(path);
    }
    Poses p;
    assert_true(poses_load(&p, dir, &arena, &err));
    assert_int_equal(p.frames, 3);
    assert_true(p.pose[0][0].joint[1].x == 22); /* frame_1 */
    assert_true(p.pose[1][0].joint[1].x == 21);
    assert_true(p.pose[2][0].joint[1].x == 20);
    for (int i = 0; i < 4; i++) {
        char *path = file_join(dir, names[i]);
        unlink(path);
        xfree(path);
    }
    assert_false(poses_load(&p, dir, &arena, &err));
    assert_non_null(strstr(err.text, "no file of poses"));
    rmdir(dir);
}

static void too_many_are_refused(void **state)
{
    (void)state;
    char *text = xalloc(1, 1 << 20);
    strcpy(text, "{\"people\":[");
    for (int i = 0; i < 65; i++)
        strcat(strcat(text, i ? "," : ""), "{}");
    assert_refused(strcat(text, "]}"), "more than 64 people");
    text[0] = '[';
    for (int i = 0; i < 4097; i++)
        memcpy(text + 1 + 3 * i, "{},", 3);
    strcpy(text + 3 * 4097, "]"); /* over the last comma */
    assert_refused(text, "4097 frames");
    xfree(text);
}

static void what_is_no_pose_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "test"},
        {"{\"people\":[{\"pose_keypoints_2d\":[NaN]}]}", "test"},
        {"{\"people\":[{\"pose_keypoints_2d\":[1e999,1,1]}]}", "test"},
        {"[]", "0 frames"},
        {"3", "there are no poses"},
        {"{}", "there are no poses"},
        {"[[]]", "there are no poses"},
        {"{\"people\":{}}", "there are no poses"},
        {"{\"people\":[7]}", "a person should be an object"},
        {"{\"people\":[{\"pose_keypoints_2d\":[1,2,3]}]}", "1 points, not 18"},
        {"{\"people\":[{\"pose_keypoints_2d\":[1,2]}]}", "2 numbers"},
        {"{\"people\":[{\"pose_keypoints_2d\":7}]}", "0 points"},
        {"{\"people\":[{\"pose_keypoints_3d\":[1,2,3]}]}", "3 numbers, not 72, 100 or 68"},
        {"{\"people\":[{\"pose_keypoints_3d\":[1,2,3,4]}]}",
         "'pose_keypoints_3d': a person has 1"},
        {"{\"people\":[{\"pose_keypoints_3d\":[1,2,\"z\",4]}]}", "not a number"},
        {"{\"people\":[{\"pose_keypoints_2d\":[\"a\",2,3]}]}", "not a number"},
        {"{\"people\":[{\"pose_keypoints_2d\":[1e300,2,3]}]}", "not a number"},
        {"{\"people\":[],\"canvas_width\":-4,\"canvas_height\":4}", "width is not a number"},
        {"{\"people\":[],\"width\":4,\"height\":\"x\"}", "height is not a number"},
        {"{\"people\":[],\"width\":1e12,\"height\":4}", "width is not a number"},
        {"{\"keypoints\":[[7]]}", "a point should be [x,y]"},
        {"{\"keypoints\":[[[1,2,3,4]]]}", "a point should be [x,y]"},
        {"[{\"people\":[]},{}]", "frame 1: there are no poses"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i][0], bad[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openpose_files_are_read),
        cmocka_unit_test(arrays_are_frames),
        cmocka_unit_test(lists_of_25_and_17_points_are_mapped),
        cmocka_unit_test(the_editors_files_are_read),
        cmocka_unit_test(points_are_missing_in_four_ways),
        cmocka_unit_test(shares_of_the_canvas_become_pixels),
        cmocka_unit_test(a_point_beyond_one_pixel_is_no_share),
        cmocka_unit_test(poses_are_stretched_to_the_picture),
        cmocka_unit_test(a_canvas_that_is_not_stated_is_guessed),
        cmocka_unit_test(frames_on_other_canvases_are_brought_to_the_first),
        cmocka_unit_test(the_largest_person_is_the_main_one),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(depth_is_read_where_it_is_known),
        cmocka_unit_test(points_lie_where_2d_says_and_as_deep_as_3d_says),
        cmocka_unit_test(every_format_is_read_back),
        cmocka_unit_test(formats_have_the_members_their_programs_look_up),
        cmocka_unit_test(one_frame_can_be_taken_out),
        cmocka_unit_test(joints_are_brought_to_the_pixels_of_a_picture),
        cmocka_unit_test(joints_of_nobody_are_refused),
        cmocka_unit_test(a_folder_is_read_in_the_order_of_its_numbers),
        cmocka_unit_test(too_many_are_refused),
        cmocka_unit_test(what_is_no_pose_is_refused),
    };
    return cmocka_run_group_tests(tests, take_arena, give_arena);
}
