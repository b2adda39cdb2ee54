/* SPDX-License-Identifier: MIT */
#include "../base/folder.h"

#include "media/image.h"
#include "pose/clip.h"
#include "pose/json.h"
#include "studios/pose.h"

#include <math.h>

/* The studio as whoever runs it sees it: parameters in, files and words out. */

typedef struct Heard {
    char said[20000];
    int made, frames;
    double seconds;
} Heard;

static void hear(void *user, const char *line)
{
    Heard *h = user;
    assert_true(strlen(line) < sizeof h->said);
    strcpy(h->said, line);
}

static void count_made(void *user, const char *path)
{
    Heard *h = user;
    assert_true(file_exists(path));
    h->made++;
}

static void count_frame(void *user, const StudioFrame *f)
{
    Heard *h = user;
    assert_int_equal(f->index, h->frames % f->count);
    h->frames++;
    h->seconds += f->seconds;
}

/* Runs it with "name", "value", ..., NULL. */
static bool run(Heard *h, Err *err, const char *const *words)
{
    void *request = xalloc(1, pose_studio.request_size);
    *h = (Heard){0};
    studio_defaults(&pose_studio, request);
    for (; *words != NULL; words += 2) {
        const Param *p = studio_param(&pose_studio, words[0], strlen(words[0]));
        assert_non_null(p);
        assert_true(param_set(p, request, words[1], err));
    }
    StudioRun talk = {.user = h, .say = hear, .made = count_made, .frame = count_frame};
    bool ok = pose_studio.run(request, &talk, err);
    xfree(request);
    return ok;
}

#define RUN(h, ...) run(h, &(Err){0}, (const char *const[]){__VA_ARGS__, NULL})

static Arena arena;

static Poses read_poses(const char *path)
{
    Poses p;
    Err err = {0};
    if (!poses_load(&p, path, &arena, &err))
        fail_msg("%s", err.text);
    return p;
}

static Image picture(const char *path)
{
    Err err = {0};
    Image im = image_load(&arena, path, &err);
    if (tensor_is_empty(im))
        fail_msg("%s", err.text);
    return im;
}

static void a_clip_becomes_pictures_json_and_a_gif(void **state)
{
    (void)state;
    Heard h;
    assert_true(RUN(&h, "subject", "attack", "out", "a", "size", "96x64"));
    assert_int_equal(h.made, 3);
    assert_int_equal(h.frames, 6);
    Poses p = read_poses("a/attack.json");
    Clip c;
    assert_true(clip_open(&c, "attack", &arena, &(Err){0}));
    assert_true(fabs(h.seconds - c.frames / c.fps) < 1e-6);
    assert_true(p.frames == 6 && p.has_depth && p.width == 96 && p.height == 64);
    Image first = picture("a/frames/0000.png"), last = picture("a/frames/0005.png");
    assert_true(image_width(first) == 96 && image_height(last) == 64);
    assert_true(file_exists("a/attack.gif") && !file_exists("a/frames/0006.png"));
}

/* Pictures are what the JSON says: on each joint there is the joint's colour. */
static void pictures_and_json_agree(void **state)
{
    (void)state;
    Heard h;
    assert_true(RUN(&h, "subject", "celebrate", "out", "a", "yaw", "s", "size", "200x200"));
    Poses p = read_poses("a/celebrate.json");
    Image im = picture("a/frames/0003.png");
    for (int i = 0; i < JOINTS; i++) {
        const Keypoint *k = &p.pose[3][0].joint[i];
        if (k->c == 0)
            continue;
        const unsigned char *at = image_at(im, (int)k->x, (int)k->y);
        assert_true(at[0] == 255 || at[1] == 255 || at[2] == 255);
    }
}

/* The lowest and highest y, and the widest from the middle, of a file. */
static void assert_within(const Poses *p)
{
    for (int i = 0; i < p->frames * JOINTS; i++) {
        const Keypoint *k = &p->pose[i / JOINTS][0].joint[i % JOINTS];
        assert_true(k->c == 0 || (k->x > 0 && k->y > 0 && k->x < p->width && k->y < p->height));
    }
}

static float height_of(const Poses *p)
{
    const Keypoint *k = p->pose[0][0].joint;
    return k[JOINT_R_ANKLE].y - k[JOINT_NECK].y;
}

static void eight_sides_are_eight_folders_of_one_scale(void **state)
{
    (void)state;
    Heard h;
    float first = 0;
    assert_true(RUN(&h, "subject", "death", "out", "a", "directions", "8", "size", "80x120"));
    assert_int_equal(h.made, 24);
    assert_int_equal(h.frames, 56);
    for (int i = 0; i < 8; i++) {
        char path[32];
        snprintf(path, sizeof path, "a/%s/death.json", yaw_name(i));
        Poses p = read_poses(path);
        assert_within(&p);
        first = i == 0 ? height_of(&p) : first;
        assert_true(fabsf(height_of(&p) - first) < 0.01f);
    }
    Poses s = read_poses("a/s/death.json"), n = read_poses("a/n/death.json");
    assert_true(s.pose[0][0].joint[JOINT_NOSE].c > 0 && n.pose[0][0].joint[JOINT_NOSE].c == 0);
}

static void every_clip_and_build_stays_in_its_picture(void **state)
{
    (void)state;
    Heard h;
    for (int k = 0; clip_name(k) != NULL; k++) {
        char path[40];
        size_t floor = arena.used;
        assert_true(RUN(&h, "subject", clip_name(k), "out", "a", "build", build_name(k % 6),
                        "size", k % 2 ? "64x128" : "128x64", "travel", "true", "yaw", "90"));
        snprintf(path, sizeof path, "a/%s.json", clip_name(k));
        Poses p = read_poses(path);
        assert_within(&p);
        arena_rewind(&arena, floor);
    }
}

static void a_walk_that_travels_keeps_its_feet_where_they_are(void **state)
{
    (void)state;
    Heard h;
    assert_true(RUN(&h, "subject", "walk", "out", "a", "travel", "true", "yaw", "90", "frames",
                    "24", "size", "1000x500", "build", "child"));
    Poses p = read_poses("a/walk.json");
    float flat = p.pose[4][0].joint[JOINT_R_ANKLE].x, height = 400;
    for (int f = 4; f < 9; f++) /* the right foot is flat from a tenth to four tenths */
        assert_true(fabsf(p.pose[f][0].joint[JOINT_R_ANKLE].x - flat) < 0.01f * height);
    assert_true(p.pose[23][0].joint[JOINT_NECK].x > p.pose[0][0].joint[JOINT_NECK].x + 100);
    assert_true(RUN(&h, "subject", "walk", "out", "a", "yaw", "90", "frames", "24"));
    p = read_poses("a/walk.json");
    assert_true(fabsf(p.pose[23][0].joint[JOINT_NECK].x - p.pose[0][0].joint[JOINT_NECK].x) <
                6);
}

static void a_child_is_smaller_beside_a_usual_figure(void **state)
{
    (void)state;
    Heard h;
    assert_true(RUN(&h, "subject", "idle", "out", "a"));
    assert_true(RUN(&h, "subject", "idle", "out", "b", "height", "0.5"));
    Poses a = read_poses("a/idle.json"), b = read_poses("b/idle.json");
    assert_true(fabsf(height_of(&b) / height_of(&a) - 0.5f) < 0.01f);
}

static void every_format_becomes_every_other(void **state)
{
    (void)state;
    static const char *const formats[] = {"openpose", "comfyui", "editor"};
    static const char *const files[] = {"a/walk.json", "a/walk.json", "a/keypoints"};
    Heard h;
    for (int k = 0; k < 9; k++) {
        assert_true(RUN(&h, "subject", "walk", "out", "a", "format", formats[k / 3]));
        Poses was = read_poses(files[k / 3]);
        assert_true(RUN(&h, "subject", files[k / 3], "out", "b", "format", formats[k % 3]));
        assert_int_equal(h.frames, 8);
        Poses is = read_poses(k % 3 < 2 ? k / 3 < 2 ? "b/walk.json" : "b/keypoints.json"
                                        : "b/keypoints");
        assert_true(is.frames == 8 && is.width == 256 && is.height == 256);
        for (int i = 0; i < 8 * JOINTS; i++) {
            const Keypoint *x = &was.pose[i / JOINTS][0].joint[i % JOINTS];
            const Keypoint *y = &is.pose[i / JOINTS][0].joint[i % JOINTS];
            assert_true(x->x == y->x && x->y == y->y && x->c == y->c);
        }
        folder_remove("b/walk.json", NULL, 0, NULL);
    }
}

static void files_are_drawn_as_large_as_one_says(void **state)
{
    (void)state;
    Heard h;
    assert_true(RUN(&h, "subject", "run", "out", "a", "size", "60x90"));
    assert_true(RUN(&h, "subject", "a/run.json", "out", "b", "frames", "3", "size", "30x30"));
    assert_int_equal(h.frames, 3);
    assert_int_equal(image_width(picture("b/frames/0002.png")), 30);
    assert_int_equal(read_poses("b/run.json").frames, 3);
}

static void assert_refused(const char *why, const char *const *words)
{
    Heard h;
    Err err = {0};
    assert_false(run(&h, &err, words));
    if (strstr(err.text, why) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, why);
    assert_int_equal(h.made, 0);
}
#define REFUSED(why, ...) assert_refused(why, (const char *const[]){__VA_ARGS__, NULL})

static void what_cannot_be_drawn_is_refused_before_anything_is_written(void **state)
{
    (void)state;
    put_file("bad.json", "{\"people\":7}", 12);
    put_file("bad.png", "no picture", 10);
    put_file("none.json", "{}", 2);
    REFUSED("neither a file nor a clip (there are: idle, walk", "subject", "dance", "out", "c");
    REFUSED("there are no poses", "subject", "bad.json", "out", "c");
    REFUSED("there are no poses", "subject", "none.json", "out", "c");
    REFUSED("'bad.png'", "subject", "bad.png", "out", "c");
    REFUSED("--yaw is 'up'", "subject", "walk", "yaw", "up", "out", "c");
    REFUSED("are more than 1 GiB: ask for fewer", "subject", "walk", "size", "4096x4096",
            "frames", "4096", "out", "c");
    assert_false(file_exists("c"));
}

static void a_run_that_is_stopped_says_so(void **state)
{
    (void)state;
    atomic_bool cancel = true;
    StudioRun talk = {.cancel = &cancel};
    Err err = {0};
    void *request = xalloc(1, pose_studio.request_size);
    studio_defaults(&pose_studio, request);
    assert_true(param_set(studio_param(&pose_studio, "subject", 7), request, "walk", &err));
    assert_true(param_set(studio_param(&pose_studio, "out", 3), request, "c", &err));
    assert_false(pose_studio.run(request, &talk, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    assert_false(file_exists("c"));
    xfree(request);
}

static int enter(void **state)
{
    return arena_init(&arena, 1 << 28, &(Err){0}) ? folder_enter(state) : -1;
}

static int leave(void **state)
{
    arena_release(&arena);
    return folder_leave(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clip_becomes_pictures_json_and_a_gif),
        cmocka_unit_test(pictures_and_json_agree),
        cmocka_unit_test(eight_sides_are_eight_folders_of_one_scale),
        cmocka_unit_test(every_clip_and_build_stays_in_its_picture),
        cmocka_unit_test(a_walk_that_travels_keeps_its_feet_where_they_are),
        cmocka_unit_test(a_child_is_smaller_beside_a_usual_figure),
        cmocka_unit_test(every_format_becomes_every_other),
        cmocka_unit_test(files_are_drawn_as_large_as_one_says),
        cmocka_unit_test(what_cannot_be_drawn_is_refused_before_anything_is_written),
        cmocka_unit_test(a_run_that_is_stopped_says_so),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
