/* SPDX-License-Identifier: MIT */
#include "gif_reader.h"

#include "media/animation.h"
#include "media/palette.h"

/* Frames of `colours` colours at random; index 0 is nothing if is_cut. */
static void make_frames(Arena *a, Image *frames, int count, int w, int h, int colours,
                        bool is_cut)
{
    Err err = {0};
    for (int f = 0; f < count; f++) {
        frames[f] = image_new(a, w, h, 4, &err);
        for (int i = 0; i < w * h; i++) {
            unsigned v = mixed((uint32_t)(i / 3 + 7919 * f)) % (unsigned)colours;
            unsigned char *p = (unsigned char *)frames[f].data + 4 * (ptrdiff_t)i;
            uint32_t rgb = mixed(v + 1);
            memcpy(p, &rgb, 3);
            p[3] = 255;
            if (v == 0 && is_cut)
                memset(p, 0, 4);
        }
    }
}

static GifRead there_and_back(Arena *a, const Animation *g)
{
    Err err = {0};
    Bytes b;
    assert_true(gif_encode(a, &b, g, &err));
    return gif_read(a, b.data, b.size);
}

static void few_colours_come_back_exactly(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    static const int colours[] = {2, 3, 4, 5, 8, 16, 17, 64, 128, 129, 200, 255, 256};
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        for (int is_cut = 0; is_cut < 2; is_cut++) {
            Image frames[3];
            make_frames(&a, frames, 3, 150, 90, colours[i], is_cut);
            GifRead g =
                there_and_back(&a, &(Animation){.frames = frames, .count = 3, .frame_ms = 100});
            assert_int_equal(g.count, 3);
            for (int f = 0; f < 3; f++)
                assert_same_image(g.shown[f], frames[f]);
            arena_rewind(&a, 0);
        }
    arena_release(&a);
}

static void every_length_of_data_ends_well(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    for (int w = 1; w < 300; w += 5) { /* code widths change within these */
        Image frame;
        make_frames(&a, &frame, 1, w, 1 + w / 20, 256, false);
        GifRead g =
            there_and_back(&a, &(Animation){.frames = &frame, .count = 1, .frame_ms = 20});
        assert_same_image(g.shown[0], frame);
        arena_rewind(&a, 0);
    }
    arena_release(&a);
}

static void flat_frames_and_empty_frames_are_fine(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Image frames[3];
    make_frames(&a, frames, 3, 400, 300, 2, false);
    memset(frames[0].data, 0, tensor_bytes(frames[0]));
    memset(frames[1].data, 255, tensor_bytes(frames[1]));
    GifRead g = there_and_back(&a, &(Animation){.frames = frames, .count = 3, .frame_ms = 50});
    for (int f = 0; f < 3; f++)
        assert_same_image(g.shown[f], frames[f]);
    g = there_and_back(&a, &(Animation){.frames = frames, .count = 1, .frame_ms = 50});
    assert_same_image(g.shown[0], frames[0]);
    arena_release(&a);
}

static void alpha_is_cut_at_128(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = image_new(&a, 256, 1, 4, &err);
    for (int x = 0; x < 256; x++)
        memcpy(image_at(im, x, 0), (unsigned char[]){50, 60, 70, (unsigned char)x}, 4);
    GifRead g = there_and_back(&a, &(Animation){.frames = &im, .count = 1, .frame_ms = 50});
    for (int x = 0; x < 256; x++)
        assert_int_equal(image_at(g.shown[0], x, 0)[3], x < 128 ? 0 : 255);
    arena_release(&a);
}

static void delays_add_up(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Image frames[24];
    make_frames(&a, frames, 24, 4, 4, 5, true);
    GifRead g = there_and_back(
        &a, &(Animation){.frames = frames, .count = 24, .frame_ms = 1000.0 / 12});
    int total = 0;
    for (int f = 0; f < 24; f++) {
        assert_in_range(g.delay[f], 8, 9);
        assert_int_equal(g.disposal[f], 2);
        total += g.delay[f];
    }
    assert_int_equal(total, 200);
    const double ms[] = {1, 14, 500, 700000};
    g = there_and_back(&a, &(Animation){.frames = frames, .count = 4, .ms = ms});
    assert_int_equal(g.delay[0], 2);
    assert_int_equal(g.delay[1], 2);
    assert_int_equal(g.delay[2], 48); /* pays back what the first two overdrew */
    assert_int_equal(g.delay[3], 65535);
    arena_release(&a);
}

static void loops_are_said_as_asked(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Image frame;
    make_frames(&a, &frame, 1, 4, 4, 3, true);
    for (int plays = 0; plays < 4; plays++) {
        Animation g = {.frames = &frame, .count = 1, .frame_ms = 50, .plays = plays};
        assert_int_equal(there_and_back(&a, &g).plays, plays);
    }
    arena_release(&a);
}

/* All 65536 pairs of red and green, twice.  Pillow's median cut
 * (Image.quantize(256, method=0, dither=0)) keeps these frames within 7.05
 * levels on average, and cares for nothing else; ours, which cares for what
 * the eye sees, must still do no worse. */
static void many_colours_keep_close(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image frames[2];
    for (int f = 0; f < 2; f++) {
        frames[f] = image_new(&a, 256, 256, 3, &err);
        for (int y = 0; y < 256; y++)
            for (int x = 0; x < 256; x++)
                memcpy(image_at(frames[f], x, y),
                       (unsigned char[]){(unsigned char)x, (unsigned char)y,
                                         (unsigned char)(x + y + 60 * f)},
                       3);
    }
    GifRead g = there_and_back(&a, &(Animation){.frames = frames, .count = 2, .frame_ms = 50});
    double sum = 0;
    for (int f = 0; f < 2; f++)
        for (int y = 0; y < 256; y++)
            for (int x = 0; x < 256; x++)
                for (int c = 0; c < 3; c++)
                    sum += abs(image_at(frames[f], x, y)[c] - image_at(g.shown[f], x, y)[c]);
    assert_true(sum / (2 * 65536 * 3) < 7.05);
    arena_release(&a);
}

/* A blue eye of 16 pixels in a picture of 60000 noisy browns, in 32 colours. */
static void small_vivid_things_keep_their_colour(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = image_new(&a, 300, 200, 3, &err);
    for (int y = 0; y < 200; y++)
        for (int x = 0; x < 300; x++) {
            bool is_eye = x / 4 == 30 && y / 4 == 20;
            unsigned char v = (unsigned char)(60 + mixed((uint32_t)(x + 300 * y)) % 120);
            memcpy(image_at(im, x, y),
                   is_eye ? (unsigned char[]){60, 120, 200}
                          : (unsigned char[]){(unsigned char)(v + x / 4),
                                              (unsigned char)(v + y / 8),
                                              (unsigned char)(v / 2 + x / 9)},
                   3);
        }
    Palette p;
    assert_true(palette_make(&p, &a, &im, 1, 32, &err));
    assert_int_equal(p.count, 32);
    assert_false(p.is_exact);
    Image indices = palette_apply(&a, &p, palette_memo(&a, &err), im, &err);
    const unsigned char *eye = p.rgb[*image_at(indices, 121, 81)];
    assert_in_range(eye[0], 55, 65);
    assert_in_range(eye[1], 115, 125);
    assert_in_range(eye[2], 195, 205);
    arena_release(&a);
}

static void a_gif_is_saved_and_its_scratch_given_back(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image frames[2];
    make_frames(&a, frames, 2, 30, 30, 9, true);
    size_t before = a.used;
    Animation g = {.frames = frames, .count = 2, .frame_ms = 50};
    assert_true(gif_save(&g, path_in_folder("a.gif"), &a, &err));
    assert_int_equal(a.used, before);
    unsigned char *bytes = NULL;
    size_t size = 0;
    assert_true(file_read(&bytes, &size, path_in_folder("a.gif"), 1 << 20, &err));
    GifRead back = gif_read(&a, bytes, size);
    assert_same_image(back.shown[1], frames[1]);
    xfree(bytes);
    arena_release(&a);
}

static void frames_of_two_sizes_are_refused(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image frames[2] = {picture(&a, 8, 8, 4), picture(&a, 8, 9, 4)};
    Bytes b;
    assert_false(
        gif_encode(&a, &b, &(Animation){.frames = frames, .count = 2, .frame_ms = 9}, &err));
    assert_string_equal(err.text, "frame 1 is 8 x 9 pixels, but the first is 8 x 8");
    arena_release(&a);
}

static void short_memory_is_a_refusal(void **state)
{
    (void)state;
    Arena big = arena_for_test(), a;
    Image frame;
    make_frames(&big, &frame, 1, 64, 64, 300, true);
    int refused = 0;
    for (size_t mib = 0; mib < 32; mib++) {
        Err err = {0};
        Bytes b;
        assert_true(arena_init(&a, (mib << 20) + 4096, &err));
        bool ok =
            gif_encode(&a, &b, &(Animation){.frames = &frame, .count = 1, .frame_ms = 9}, &err);
        assert_int_equal(ok, err.kind != ERR_MEMORY);
        refused += !ok;
        arena_release(&a);
    }
    assert_true(refused > 4 && refused < 32);
    arena_release(&big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_colours_come_back_exactly),
        cmocka_unit_test(every_length_of_data_ends_well),
        cmocka_unit_test(flat_frames_and_empty_frames_are_fine),
        cmocka_unit_test(alpha_is_cut_at_128),
        cmocka_unit_test(delays_add_up),
        cmocka_unit_test(loops_are_said_as_asked),
        cmocka_unit_test(many_colours_keep_close),
        cmocka_unit_test(small_vivid_things_keep_their_colour),
        cmocka_unit_test(a_gif_is_saved_and_its_scratch_given_back),
        cmocka_unit_test(frames_of_two_sizes_are_refused),
        cmocka_unit_test(short_memory_is_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
