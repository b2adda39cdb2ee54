/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include "media/animation.h"

#include <webp/demux.h>

/* What libwebp's own decoder sees in a file. */
typedef struct Shown {
    int count, plays, width, height;
    int ends_ms[8]; /* when frame i ends */
    Image frame[8];
} Shown;

static Shown decoded_moving(Arena *a, Bytes b)
{
    Err err = {0};
    Shown s = {0};
    WebPData data = {b.data, b.size};
    WebPAnimDecoder *d = WebPAnimDecoderNew(&data, NULL);
    WebPAnimInfo info;
    assert_non_null(d);
    assert_true(WebPAnimDecoderGetInfo(d, &info));
    s.width = (int)info.canvas_width;
    s.height = (int)info.canvas_height;
    s.plays = (int)info.loop_count;
    while (WebPAnimDecoderHasMoreFrames(d)) {
        uint8_t *pixels;
        assert_true(s.count < 8);
        assert_true(WebPAnimDecoderGetNext(d, &pixels, &s.ends_ms[s.count]));
        s.frame[s.count] = image_new(a, s.width, s.height, 4, &err);
        memcpy(s.frame[s.count].data, pixels, tensor_bytes(s.frame[s.count]));
        s.count++;
    }
    WebPAnimDecoderDelete(d);
    return s;
}

static Shown there_and_back(Arena *a, const Animation *m)
{
    Err err = {0};
    Bytes b;
    assert_true(webp_encode(a, &b, m, &err));
    return decoded_moving(a, b);
}

/* Colour 0 where nothing is seen, as cut out figures have it. */
static Image cut(Arena *a, int w, int h, int from)
{
    Image im = picture(a, w, h, 4);
    unsigned char *p = im.data;
    for (int i = 0; i < w * h; i++, p += 4) {
        p[0] = (unsigned char)(p[0] + from);
        if (p[3] < 90 || i % w < from)
            memset(p, 0, 4);
    }
    return im;
}

static void every_pixel_comes_back(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {2, 3}, {17, 16}, {64, 33}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Arena a = arena_for_test();
        int w = sizes[i][0], h = sizes[i][1];
        Image frames[4] = {cut(&a, w, h, 0), cut(&a, w, h, 1), cut(&a, w, h, 1),
                           cut(&a, w, h, w)};
        Shown s = there_and_back(
            &a, &(Animation){.frames = frames, .count = 4, .frame_ms = 100, .plays = 1});
        assert_int_equal(s.count, 4);
        assert_int_equal(s.plays, 1);
        assert_int_equal(s.width, w);
        assert_int_equal(s.height, h);
        for (int f = 0; f < 4; f++) {
            assert_same_image(s.frame[f], frames[f]);
            assert_int_equal(s.ends_ms[f], 100 * (f + 1));
        }
        arena_release(&a);
    }
}

static void rounded_times_add_up(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Image frames[6];
    for (int i = 0; i < 6; i++)
        frames[i] = cut(&a, 8, 8, i);
    Shown s =
        there_and_back(&a, &(Animation){.frames = frames, .count = 6, .frame_ms = 1000 / 12.0});
    assert_int_equal(s.plays, 0);
    for (int f = 0; f < 6; f++)
        assert_int_equal(s.ends_ms[f], (int)(1000.0 * (f + 1) / 12 + 0.5));
    double uneven[6] = {40, 250.5, 0.2, 17, 1, 3000};
    s = there_and_back(&a, &(Animation){.frames = frames, .count = 6, .ms = uneven});
    assert_int_equal(s.ends_ms[0], 40);
    assert_int_equal(s.ends_ms[1], 291); /* 290.5 */
    assert_int_equal(s.ends_ms[2], 292); /* no frame lasts nothing */
    arena_release(&a);
}

static void frames_without_alpha_are_opaque(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Image frames[2] = {picture(&a, 20, 10, 3), picture(&a, 20, 10, 3)};
    memset(frames[1].data, 7, 200);
    Shown s = there_and_back(&a, &(Animation){.frames = frames, .count = 2, .frame_ms = 50});
    for (int f = 0; f < 2; f++)
        for (int i = 0; i < 200; i++) {
            unsigned char *p = (unsigned char *)s.frame[f].data + 4 * (ptrdiff_t)i;
            assert_memory_equal(p, (unsigned char *)frames[f].data + 3 * (ptrdiff_t)i, 3);
            assert_int_equal(p[3], 255);
        }
    arena_release(&a);
}

/* The same refusals for each of the three, and the arena as it was. */
typedef bool (*Encode)(Arena *, Bytes *, const Animation *, Err *);
static const Encode encoders[] = {gif_encode, apng_encode, webp_encode};

static void frames_of_other_sizes_are_refused(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Image frames[2] = {picture(&a, 20, 10, 4), picture(&a, 21, 10, 4)};
    size_t before = a.used;
    for (int i = 0; i < 3; i++) {
        Err err = {0};
        Bytes b;
        assert_false(encoders[i](
            &a, &b, &(Animation){.frames = frames, .count = 2, .frame_ms = 50}, &err));
        assert_string_equal(err.text, "frame 1 is 21 x 10 pixels, but the first is 20 x 10");
        assert_int_equal(a.used, before);
    }
    arena_release(&a);
}

static void short_memory_is_a_refusal(void **state)
{
    (void)state;
    Arena big = arena_for_test();
    Image frames[2] = {cut(&big, 64, 64, 0), cut(&big, 64, 64, 3)};
    Animation m = {.frames = frames, .count = 2, .frame_ms = 50};
    for (int i = 1; i < 3; i++) {
        int refused = 0;
        for (size_t limit = 1; limit < 100000; limit += 9000) {
            Arena a;
            Err err = {0};
            Bytes b;
            assert_true(arena_init(&a, limit, &err));
            bool ok = encoders[i](&a, &b, &m, &err);
            assert_int_equal(ok, err.kind != ERR_MEMORY);
            refused += !ok;
            arena_release(&a);
        }
        assert_true(refused > 2 && refused < 11);
    }
    arena_release(&big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pixel_comes_back),
        cmocka_unit_test(rounded_times_add_up),
        cmocka_unit_test(frames_without_alpha_are_opaque),
        cmocka_unit_test(frames_of_other_sizes_are_refused),
        cmocka_unit_test(short_memory_is_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
