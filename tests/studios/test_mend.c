/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* A mender whose weights come from their names changes much, and nothing in
 * particular: what is asked here is where it may, not whether it helps. */
static const MenderConfig tiny = {{16, 24, 32}, 8, 2, 8};

enum { FRAMES = 3 };

typedef struct Scene {
    Bench *bench;
    Weights *weights;
    Mender mender;
    Image frames[FRAMES], mended[FRAMES];
    Tensor parts[FRAMES];
    Pose poses[FRAMES];
    MendJob job;
} Scene;

static Image blank(Scene *s, int w, int h)
{
    Image im = image_new(&s->bench->arena, w, h, 4, &s->bench->run.err);
    assert_false(tensor_is_empty(im));
    memset(im.data, 0, tensor_bytes(im));
    return im;
}

/* An upright figure of two colours, in the middle of w x h. */
static void draw_figure(Image im)
{
    static const unsigned char red[4] = {200, 40, 40, 255}, blue[4] = {30, 60, 180, 255};
    int w = image_width(im), h = image_height(im);
    for (int y = h / 10; y < h - h / 10; y++)
        for (int x = w / 3; x < w - w / 3; x++)
            memcpy(image_at(im, x, y), y < h / 2 ? red : blue, 4);
}

static Pose figure_pose(int w, int h)
{
    Pose p = {0};
    for (int i = 0; i < JOINTS; i++)
        p.joint[i] = (Keypoint){(float)(w * (i % 3 + 1)) / 4, (float)(h * (i + 2)) / 22, 0, 1};
    return p;
}

static Scene *scene_new(int w, int h)
{
    Scene *s = xalloc(1, sizeof *s);
    s->bench = bench_new("best");
    s->weights = named_weights(&s->bench->arena, "mender/tiny.keys", "mender.", NULL);
    tensor_f32(weights_find(s->weights, "tail1.bias"))[4] = 1; /* trust all, by about .7 */
    Binder binder;
    binder_init(&binder, s->weights);
    Bind bind = bench_bind(s->bench, &binder);
    assert_true(mender_bind(&s->mender, &bind, &tiny));
    binder_release(&binder);
    for (int i = 0; i < FRAMES; i++) {
        s->frames[i] = blank(s, w, h);
        draw_figure(s->frames[i]);
        s->parts[i] = tensor_new(&s->bench->arena, TENSOR_U8, SHAPE(h, w), &s->bench->run.err);
        memset(s->parts[i].data, PUPPET_TORSO, tensor_bytes(s->parts[i]));
        s->poses[i] = figure_pose(w, h);
    }
    Image drawing = blank(s, w, h);
    draw_figure(drawing);
    s->job = (MendJob){.mender = &s->mender,
                       .drawing = drawing,
                       .frames = s->frames,
                       .parts = s->parts,
                       .poses = s->poses,
                       .count = FRAMES,
                       .strength = 1};
    return s;
}

static void scene_free(Scene *s)
{
    weights_close(s->weights);
    bench_free(s->bench);
    xfree(s);
}

static void mend(Scene *s)
{
    Err err = {0};
    size_t before = s->bench->scratch.used;
    if (!mend_frames(&s->bench->run, &s->job, s->mended, &s->bench->arena, &err))
        fail_msg("%s", err.text);
    assert_int_equal(s->bench->scratch.used, before);
}

static bool is_same_pixel(Image a, Image b, int x, int y)
{
    return memcmp(image_at(a, x, y), image_at(b, x, y), 4) == 0;
}

static int changed(const Scene *s, int i)
{
    int n = 0;
    for (int y = 0; y < image_height(s->frames[i]); y++)
        for (int x = 0; x < image_width(s->frames[i]); x++)
            n += !is_same_pixel(s->frames[i], s->mended[i], x, y);
    return n;
}

static const struct {
    int w, h;
} sizes[] = {{1, 1}, {16, 16}, {32, 32}, {40, 64}, {64, 64}, {96, 50}, {97, 130}, {300, 200}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void frames_of_any_size_are_mended_and_keep_it(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        Scene *s = scene_new(sizes[i].w, sizes[i].h);
        mend(s);
        for (int k = 0; k < FRAMES; k++) {
            assert_true(shape_equal(tensor_shape(s->mended[k]), tensor_shape(s->frames[k])));
            if (sizes[i].w > 1 && sizes[i].w <= 96) /* not in colours that are there already */
                assert_true(changed(s, k) > 0);
        }
        scene_free(s);
    }
}

static void without_strength_every_byte_stays(void **state)
{
    (void)state;
    Scene *s = scene_new(64, 64);
    s->job.strength = 0;
    mend(s);
    for (int k = 0; k < FRAMES; k++)
        assert_int_equal(changed(s, k), 0);
    scene_free(s);
}

static void less_strength_changes_fewer_pixels(void **state)
{
    (void)state;
    Scene *s = scene_new(64, 64);
    mend(s);
    int all = changed(s, 0);
    s->job.strength = 0.42; /* .73 is asked of what is trusted about so */
    mend(s);
    assert_in_range(changed(s, 0), 1, all - 1);
    scene_free(s);
}

static void held_things_keep_every_byte(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        Scene *s = scene_new(sizes[i].w, sizes[i].h);
        int w = sizes[i].w, h = sizes[i].h;
        unsigned char *parts = s->parts[1].data;
        for (int y = 0; y < h; y++)
            for (int x = w / 2; x < w; x++)
                parts[y * w + x] = y % 2 == 0 ? PUPPET_HELD_L : PUPPET_HELD_R;
        mend(s);
        for (int y = 0; y < h; y++)
            for (int x = w / 2; x < w; x++)
                assert_true(is_same_pixel(s->frames[1], s->mended[1], x, y));
        scene_free(s);
    }
}

static void pixel_art_keeps_its_colours_and_hard_edges(void **state)
{
    (void)state;
    for (int i = 1; i < SIZES; i++) {
        Scene *s = scene_new(sizes[i].w, sizes[i].h);
        s->job.is_pixel_art = true;
        mend(s);
        for (int64_t p = 0; p < tensor_count(s->mended[0]) / 4; p++) {
            const unsigned char *c = (const unsigned char *)s->mended[0].data + 4 * p;
            assert_true(c[3] == 0 || c[3] == 255);
            assert_true(c[3] == 0 || (c[0] == 200 && c[1] == 40 && c[2] == 40) ||
                        (c[0] == 30 && c[1] == 60 && c[2] == 180));
        }
        scene_free(s);
    }
}

static void what_is_new_in_a_large_frame_has_the_colours_of_the_drawing(void **state)
{
    (void)state;
    Scene *s = scene_new(300, 200);
    mend(s);
    assert_true(changed(s, 0) > 0);
    for (int64_t p = 0; p < tensor_count(s->mended[0]) / 4; p++) {
        const unsigned char *c = (const unsigned char *)s->mended[0].data + 4 * p;
        assert_true(c[3] == 0 || (c[0] == 200 && c[1] == 40 && c[2] == 40) ||
                    (c[0] == 30 && c[1] == 60 && c[2] == 180));
    }
    scene_free(s);
}

static void still_frames_are_mended_alike(void **state)
{
    (void)state;
    Scene *s = scene_new(300, 200);
    mend(s);
    for (int k = 1; k < FRAMES; k++)
        assert_memory_equal(s->mended[0].data, s->mended[k].data, tensor_bytes(s->mended[0]));
    scene_free(s);
}

/* A corner moves; the mender sees other frames, but what stands still stays. */
static void what_stands_still_does_not_flicker(void **state)
{
    (void)state;
    enum { SIDE = 64, MOVED = 12, REACH = 3 };
    Scene *s = scene_new(SIDE, SIDE);
    for (int k = 1; k < FRAMES; k++)
        for (int y = 0; y < MOVED; y++)
            for (int x = 0; x < MOVED; x++)
                memset(image_at(s->frames[k], x, y), 80 * k, 4);
    mend(s);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            if (x >= MOVED + REACH || y >= MOVED + REACH) {
                assert_true(is_same_pixel(s->mended[0], s->mended[1], x, y));
                assert_true(is_same_pixel(s->mended[0], s->mended[2], x, y));
            }
    s->job.frames++;
    s->job.count = 1;
    Image alone[FRAMES];
    memcpy(alone, s->mended, sizeof alone);
    mend(s); /* the second frame by itself is mended otherwise: it was held still */
    assert_memory_not_equal(alone[1].data, s->mended[0].data, tensor_bytes(alone[1]));
    scene_free(s);
}

static void nothing_is_mended_where_nothing_is_seen(void **state)
{
    (void)state;
    Scene *s = scene_new(200, 200);
    for (int k = 0; k < FRAMES; k++)
        memset(s->frames[k].data, 0, tensor_bytes(s->frames[k]));
    s->job.x = s->job.y = 1000; /* the drawing lies elsewhere */
    mend(s);
    for (int y = 0; y < 60; y++) /* far from all that is seen */
        for (int x = 100; x < 200; x++)
            assert_true(is_same_pixel(s->frames[0], s->mended[0], x, y));
    scene_free(s);
}

static void short_memory_is_refused_with_a_sentence(void **state)
{
    (void)state;
    Scene *s = scene_new(64, 64);
    mend(s);
    size_t peak = s->bench->scratch.peak;
    for (int i = 0; i < 40; i++) {
        arena_rewind(&s->bench->scratch, 0);
        s->bench->scratch.limit = peak * (size_t)i / 40;
        Run r = s->bench->run;
        Err err = {0};
        assert_false(mend_frames(&r, &s->job, s->mended, &s->bench->arena, &err));
        assert_int_equal(err.kind, ERR_MEMORY);
        assert_true(err.text[0] != '\0');
    }
    scene_free(s);
}

static void cancelling_ends_it(void **state)
{
    (void)state;
    static const atomic_bool pressed = true;
    Scene *s = scene_new(64, 64);
    s->bench->run.cancel = &pressed;
    Err err = {0};
    assert_false(mend_frames(&s->bench->run, &s->job, s->mended, &s->bench->arena, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    scene_free(s);
}

static void a_folder_that_holds_no_mender_is_refused_by_name(void **state)
{
    (void)state;
    Bench *b = bench_new("ref");
    Mender m;
    Err err = {0};
    assert_false(mender_load(&m, "no/such/folder", &b->arena, &b->run, &err));
    assert_non_null(strstr(err.text, "no/such/folder"));

    char dir[] = "/tmp/atelier-test-XXXXXX";
    assert_non_null(mkdtemp(dir));
    char *config = file_join(dir, "config.json"),
         *weights = file_join(dir, "mender.safetensors");
    static const char bad[] = "{\"width\":[8,8]}", good[] = "{\"width\":[8,8,8],\"tail\":8,"
                                                            "\"heads\":1,\"groups\":1}";
    err = (Err){0};
    assert_true(file_save(config, bad, sizeof bad - 1, &err));
    assert_false(mender_load(&m, dir, &b->arena, &b->run, &err));
    assert_non_null(strstr(err.text, "config.json"));

    err = (Err){0};
    assert_true(file_save(config, good, sizeof good - 1, &err));
    assert_false(mender_load(&m, dir, &b->arena, &b->run, &err));
    assert_non_null(strstr(err.text, "mender.safetensors"));

    const char *name = "stray";
    Tensor t = named_values(&b->arena, name, SHAPE(1), 1);
    err = (Err){0};
    assert_true(weights_save_safetensors(weights, &name, &t, 1, NULL, &err));
    assert_false(mender_load(&m, dir, &b->arena, &b->run, &err));
    assert_non_null(strstr(err.text, "mender.safetensors"));
    remove(config);
    remove(weights);
    rmdir(dir);
    xfree(config);
    xfree(weights);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_any_size_are_mended_and_keep_it),
        cmocka_unit_test(without_strength_every_byte_stays),
        cmocka_unit_test(less_strength_changes_fewer_pixels),
        cmocka_unit_test(held_things_keep_every_byte),
        cmocka_unit_test(pixel_art_keeps_its_colours_and_hard_edges),
        cmocka_unit_test(what_is_new_in_a_large_frame_has_the_colours_of_the_drawing),
        cmocka_unit_test(still_frames_are_mended_alike),
        cmocka_unit_test(what_stands_still_does_not_flicker),
        cmocka_unit_test(nothing_is_mended_where_nothing_is_seen),
        cmocka_unit_test(short_memory_is_refused_with_a_sentence),
        cmocka_unit_test(cancelling_ends_it),
        cmocka_unit_test(a_folder_that_holds_no_mender_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
