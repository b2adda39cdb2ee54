/* SPDX-License-Identifier: MIT */
#include "golden.h"

#include "../base/folder.h"
#include "../media/apart.h"
#include "media/image.h"
#include "media/resize.h"
#include "studios/upscale.h"
#include "upscale/upscale.h"

#include <math.h>
#include <stdlib.h>

/* The studio as whoever runs it sees it: parameters in, files and words out. */

typedef struct Heard {
    int made, warned;
    int64_t done, of; /* of the progress, last told */
    bool ran_back;
    char warning[512], path[512];
} Heard;

static void hear_made(void *user, const char *path)
{
    Heard *h = user;
    assert_true(file_exists(path));
    snprintf(h->path, sizeof h->path, "%s", path);
    h->made++;
}

static void hear_warning(void *user, const char *line)
{
    Heard *h = user;
    snprintf(h->warning, sizeof h->warning, "%s", line);
    h->warned++;
}

static void hear_progress(void *user, const char *stage, int64_t done, int64_t of)
{
    Heard *h = user;
    if (strcmp(stage, "upscaling") != 0)
        return;
    h->ran_back = h->ran_back || (of == h->of && done < h->done && h->done != h->of);
    h->done = done;
    h->of = of;
}

static bool run(Heard *h, Err *err, const char *const *words)
{
    void *request = xalloc(1, upscale_studio.request_size);
    *h = (Heard){0};
    studio_defaults(&upscale_studio, request);
    for (; *words != NULL; words += 2) {
        const Param *p = studio_param(&upscale_studio, words[0], strlen(words[0]));
        assert_non_null(p);
        assert_true(param_set(p, request, words[1], err));
    }
    StudioRun talk = {
        .user = h, .made = hear_made, .warn = hear_warning, .progress = hear_progress};
    bool ok = upscale_studio.run(request, &talk, err);
    xfree(request);
    return ok;
}

static void run_well(Heard *h, const char *const *words)
{
    Err err = {0};
    if (!run(h, &err, words))
        fail_msg("%s", err.text);
}

static void run_refused(const char *part, const char *const *words)
{
    Heard h;
    Err err = {0};
    assert_false(run(&h, &err, words));
    if (strstr(err.text, part) == NULL)
        fail_msg("'%s' lacks '%s'", err.text, part);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define RUN(h, ...) run_well(h, WORDS(__VA_ARGS__))
#define REFUSED(part, ...) run_refused(part, WORDS(__VA_ARGS__))

static Arena arena;

/* ---- networks -----------------------------------------------------------------------------
 */

/* A network of the goldens as a file.  Its last layer is made stronger, and lies around middle
 * grey, so that what comes out is a picture of all shades. */
static const char *network(const char *name, const char *last, float strength)
{
    static char file[64];
    char keys[64], weight[64], bias[64];
    Err err = {0};
    snprintf(keys, sizeof keys, "upscale/%s.keys", name);
    snprintf(file, sizeof file, "%s.safetensors", name);
    snprintf(weight, sizeof weight, "%s.weight", last);
    snprintf(bias, sizeof bias, "%s.bias", last);
    Weights *w = named_weights(&arena, keys, "up.", NULL);
    size_t n = weights_count(w);
    const char **names = xalloc(n, sizeof *names);
    Tensor *tensors = xalloc(n, sizeof *tensors);
    for (size_t i = 0; i < n; i++) {
        names[i] = weights_name(w, i);
        tensors[i] = weights_at(w, i);
        for (int64_t j = 0; j < tensor_count(tensors[i]); j++)
            if (strcmp(names[i], weight) == 0)
                tensor_f32(tensors[i])[j] *= strength;
            else if (strcmp(names[i], bias) == 0)
                tensor_f32(tensors[i])[j] += 0.5f;
    }
    assert_true(weights_save_safetensors(file, names, tensors, n, NULL, &err));
    xfree(names);
    xfree(tensors);
    weights_close(w);
    return file;
}

/* Soft slopes, edges and fine noise: what photographs have. */
static Image photo(int w, int h, int channels)
{
    Err err = {0};
    Image im = image_new(&arena, w, h, channels, &err);
    uint32_t seed = 1;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int c = 0; c < channels; c++) {
                seed = seed * 1664525u + 1013904223u;
                double wave = 60 * sin(x * 0.05 + c) + 50 * cos(y * 0.08 - x * 0.02);
                int edge = (x - w / 2) * (x - w / 2) + (y - h / 2) * (y - h / 2) < w * h / 16;
                int v = 128 + (int)wave + (edge ? 60 : -20) + (int)(seed >> 29);
                image_at(im, x, y)[c] = (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
    return im;
}

static const char *photo_file(const char *name, Image im)
{
    Err err = {0};
    assert_true(image_save(im, name, NULL, 0, &err));
    return name;
}

static Image loaded(const char *path)
{
    Err err = {0};
    Image im = image_load(&arena, path, &err);
    if (im.data == NULL)
        fail_msg("%s", err.text);
    return im;
}

/* How many of the 256 levels occur. */
static int levels(Image im)
{
    bool seen[256] = {false};
    int count = 0;
    for (int64_t i = 0; i < tensor_count(im); i++)
        seen[((unsigned char *)im.data)[i]] = true;
    for (int i = 0; i < 256; i++)
        count += seen[i];
    return count;
}

/* ---- tests ----------------------------------------------------------------------------------
 */

static void tiles_leave_no_seam(void **state)
{
    (void)state;
    static const struct {
        const char *name, *last;
        float strength;
        int scale;
    } nets[] = {{"x4", "conv_last", 60, 4},
                {"x2", "conv_last", 60, 2},
                {"compact4", "body.8", 3, 4},
                {"compact2", "body.4", 3, 2}};
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        Heard h;
        const char *net = network(nets[i].name, nets[i].last, nets[i].strength);
        const char *in = photo_file("photo.png", photo(187, 50, 3));
        const char *whole = "whole.png", *tiled = "tiled.png";
        RUN(&h, "model", net, "picture", in, "out", whole, "tile", "1000");
        RUN(&h, "model", net, "picture", in, "out", tiled, "tile", "36");
        assert_int_equal(h.done, h.of);
        assert_false(h.ran_back);
        Image a = loaded(whole), b = loaded(tiled);
        assert_int_equal(image_width(a), 187 * nets[i].scale);
        assert_int_equal(image_height(a), 50 * nets[i].scale);
        assert_true(levels(a) > 100);
        assert_in_range(largest_difference(a, b), 0, 1);
        arena_rewind(&arena, 0);
    }
}

static void any_size_can_be_made_larger(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {1, 40}, {3, 2}, {37, 33}, {70, 5}};
    const char *names[] = {"x2", "x4"};
    for (int n = 0; n < 2; n++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            Heard h;
            const char *net = network(names[n], "conv_last", 1), *to = "to.png";
            int w = sizes[i][0], scale = n == 0 ? 2 : 4;
            const char *in = photo_file("in.png", photo(w, sizes[i][1], 3 + n));
            RUN(&h, "model", net, "picture", in, "out", to, "tile", "32");
            Image im = loaded(to);
            assert_int_equal(image_width(im), w * scale);
            assert_int_equal(image_height(im), sizes[i][1] * scale);
            assert_int_equal(image_channels(im), 3 + n);
            arena_rewind(&arena, 0);
        }
}

/* A network that only repeats pixels shows what is done around it. */
static const char *repeater(void)
{
    static float zeros[12 * 16 * 9];
    Err err = {0};
    const char *names[] = {"body.0.weight", "body.0.bias", "body.1.weight", "body.2.weight",
                           "body.2.bias"};
    Tensor tensors[] = {tensor_over(zeros, TENSOR_F32, SHAPE(16, 3, 3, 3)),
                        tensor_over(zeros, TENSOR_F32, SHAPE(16)),
                        tensor_over(zeros, TENSOR_F32, SHAPE(16)),
                        tensor_over(zeros, TENSOR_F32, SHAPE(12, 16, 3, 3)),
                        tensor_over(zeros, TENSOR_F32, SHAPE(12))};
    const char *path = "repeater.safetensors";
    assert_true(weights_save_safetensors(path, names, tensors, 5, NULL, &err));
    return path;
}

static void colours_and_alpha_come_through(void **state)
{
    (void)state;
    Heard h;
    Err err = {0};
    Image im = photo(50, 41, 4);
    for (int i = 0; i < 50 * 41; i++) /* never nothing: such have their neighbours' colours */
        image_at(im, i % 50, i / 50)[3] |= 1;
    const char *in = photo_file("alpha.png", im), *to = "to.png";
    RUN(&h, "model", repeater(), "picture", in, "out", to, "tile", "32");
    assert_int_equal(
        largest_difference(loaded(to), image_resize(&arena, im, 100, 82, RESIZE_NEAREST, &err)),
        0);
}

/* Levels that need all 16 bits. */
static Image deep_photo(int w, int h, int channels)
{
    Err err = {0};
    Image im = image_to_deep(&arena, photo(w, h, channels), &err);
    for (int64_t i = 0; i < tensor_count(im); i++)
        ((uint16_t *)im.data)[i] ^= (uint16_t)(i * 37 % 251 | 1); /* alpha never 0 */
    return im;
}

static Image loaded_deep(const char *path)
{
    Err err = {0};
    Image im = image_load_deep(&arena, path, &err);
    if (im.data == NULL)
        fail_msg("%s", err.text);
    return im;
}

static void sixteen_bits_stay_sixteen(void **state)
{
    (void)state;
    for (int channels = 3; channels <= 4; channels++) {
        Heard h;
        Err err = {0};
        Image im = deep_photo(50, 41, channels);
        const char *in = photo_file("deep.png", im), *to = "to.png";
        RUN(&h, "model", repeater(), "picture", in, "out", to, "tile", "32");
        Image expected = image_resize(&arena, im, 100, 82, RESIZE_NEAREST, &err);
        Image y = loaded_deep(to);
        assert_true(image_is_deep(y) && tensor_bytes(y) == tensor_bytes(expected));
        assert_memory_equal(y.data, expected.data, tensor_bytes(y));
        RUN(&h, "model", repeater(), "picture", in, "out", to, "bits", "8");
        assert_false(image_is_deep(loaded_deep(to)));
        RUN(&h, "model", repeater(), "picture", in, "out", to, "scale", "1");
        Image back = loaded_deep(to); /* every pixel twice, and the middle of the two again */
        assert_true(image_is_deep(back) && tensor_bytes(back) == tensor_bytes(im));
        RUN(&h, "model", repeater(), "picture", in, "out", "to.webp", "quality", "100");
        Image shallow = image_to_shallow(&arena, expected, &err);
        assert_int_equal(largest_difference(loaded("to.webp"), shallow), 0);
    }
}

static void more_bits_may_be_asked_for(void **state)
{
    (void)state;
    Heard h;
    Err err = {0};
    Image im = photo(30, 20, 3);
    const char *in = photo_file("in.png", im), *to = "to.png";
    const char *net = network("x4", "conv_last", 10);
    RUN(&h, "model", net, "picture", in, "out", "eight.png");
    RUN(&h, "model", net, "picture", in, "out", to, "bits", "16");
    Image y = loaded_deep(to);
    int between = 0;
    for (int64_t i = 0; i < tensor_count(y); i++)
        between += ((uint16_t *)y.data)[i] % 257 != 0;
    assert_true(image_is_deep(y) && between > tensor_count(y) / 2);
    Image shallow = image_to_shallow(&arena, y, &err); /* rounded twice */
    assert_in_range(largest_difference(shallow, loaded("eight.png")), 0, 1);
}

/* What a network makes of grey need not be grey; its luma is what comes out. */
static void a_picture_without_colour_gets_none(void **state)
{
    (void)state;
    Heard h;
    Image im = photo(90, 10, 3);
    for (int i = 0; i < 90 * 10; i++)
        memset(image_at(im, i % 90, i / 90), *image_at(im, i % 90, i / 90), 3);
    const char *net = network("x4", "conv_last", 60), *to = "to.png";
    RUN(&h, "model", net, "picture", photo_file("grey.png", im), "out", to);
    Image y = loaded(to);
    image_at(im, 0, 0)[0] ^= 1; /* no longer grey: the network sees this 40 pixels far */
    RUN(&h, "model", net, "picture", photo_file("colour.png", im), "out", "large.png");
    Image colour = loaded("large.png");
    int coloured = 0;
    for (int i = 0; i < 40 * 360; i++) {
        const unsigned char *g = image_at(y, i % 360, i / 360);
        const unsigned char *c = image_at(colour, i % 360, i / 360);
        double luma = 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2];
        assert_true(g[0] == g[1] && g[0] == g[2]);
        coloured += c[0] != c[1];
        if (i % 360 > 4 * 40)
            assert_in_range((int)fabs(luma - g[0]), 0, 1);
    }
    assert_true(coloured > 1000);
}

static void what_is_transparent_takes_the_colours_beside_it(void **state)
{
    (void)state;
    Heard h;
    Err err = {0};
    Image im = image_new(&arena, 12, 9, 4, &err);
    for (int i = 0; i < 12 * 9; i++)
        memcpy(image_at(im, i % 12, i / 12),
               i % 12 < 6 ? (unsigned char[]){200, 40, 90, 255} : (unsigned char[]){0, 0, 0, 0},
               4);
    const char *in = photo_file("half.png", im), *to = "to.png";
    RUN(&h, "model", repeater(), "picture", in, "out", to);
    Image y = loaded(to);
    for (int i = 0; i < 24 * 18; i++) {
        const unsigned char *v = image_at(y, i % 24, i / 24);
        assert_memory_equal(v, ((unsigned char[]){200, 40, 90}), 3);
        assert_int_equal(v[3], i % 24 < 12 ? 255 : 0);
    }
}

static void another_scale_is_resized_to(void **state)
{
    (void)state;
    static const struct {
        const char *scale;
        int w, h;
    } cases[] = {{"3", 60, 33}, {"1.5", 30, 17}, {"0.5", 10, 6}, {"2", 40, 22}};
    const char *in = photo_file("small.png", photo(20, 11, 3));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Heard h;
        const char *to = "to.png";
        RUN(&h, "model", repeater(), "picture", in, "out", to, "scale", cases[i].scale);
        assert_int_equal(image_width(loaded(to)), cases[i].w);
        assert_int_equal(image_height(loaded(to)), cases[i].h);
    }
}

static void several_pictures_go_to_a_folder_and_one_bad_one_stops_none(void **state)
{
    (void)state;
    Heard h;
    Err err = {0};
    const char *a = photo_file("a.png", photo(20, 11, 3)), *b = "b.png";
    const char *c = photo_file("c.png", photo(9, 11, 3)), *to = "large";
    assert_true(file_save(b, "no picture", 10, &err));
    assert_false(
        run(&h, &err,
            WORDS("model", repeater(), "picture", a, "picture", b, "picture", c, "out", to)));
    assert_string_equal(err.text, "1 of 3 pictures were not made larger");
    assert_int_equal(h.warned, 1);
    assert_non_null(strstr(h.warning, "b.png' is not a PNG"));
    assert_int_equal(h.made, 2);
    assert_int_equal(image_width(loaded("large/a_2x.png")), 40);
    assert_int_equal(image_width(loaded("large/c_2x.png")), 18);
}

static void what_cannot_be_done_is_refused_with_the_reason(void **state)
{
    (void)state;
    Err err = {0};
    const char *in = photo_file("in.png", photo(20, 11, 3));
    REFUSED("no network is named", "picture", in);
    char *golden = golden_path("upscale/x4.safetensors");
    REFUSED("holds no upscaler that is known", "picture", in, "model", golden);
    xfree(golden);
    REFUSED("names no kind of picture that is written", "picture", in, "model", repeater(),
            "out", "x.gif");
    REFUSED("two pictures are called 'in'", "picture", in, "picture", in, "model", repeater());
    const char *large = photo_file("large.png", photo(4000, 4000, 3));
    REFUSED("would become 64000 x 64000 pixels", "picture", large, "model", repeater(), "scale",
            "16");
    const char *net = "broken.safetensors";
    assert_true(file_save(net, "abc", 3, &err));
    REFUSED("broken.safetensors", "picture", in, "model", net);
}

static void a_stopped_run_writes_nothing(void **state)
{
    (void)state;
    Upscaler u;
    Err err = {0};
    Kernels kernels = kernels_for(KERNELS_BEST);
    atomic_bool cancel = true;
    Arena scratch;
    assert_true(arena_init(&scratch, 0, &err));
    assert_true(upscaler_open(&u, repeater(), &kernels, NULL, &err));
    Run r = {.kernels = &kernels, .scratch = &scratch, .cancel = &cancel};
    Image im = photo(30, 30, 3);
    size_t used = arena.used;
    assert_true(tensor_is_empty(upscaled(&arena, &r, &u, im, 0, (UpscaleTold){0}, &err)));
    assert_int_equal(err.kind, ERR_CANCELLED);
    assert_int_equal(arena.used, used);
    upscaler_close(&u);
    arena_release(&scratch);
}

static void tiles_are_as_large_as_memory_allows(void **state)
{
    (void)state;
    Upscaler u = {.kind = UPSCALER_RRDB, .scale = 4, .step = 1, .margin = 64};
    u.rrdb = (Rrdb){.width = 64, .growth = 32, .blocks = 23, .ups = 2, .fold = 1};
    for (int side = 16; side <= 8192; side *= 2) {
        Tiling t = tiling_for(&u, side, side / 2, 0);
        assert_true(t.bytes <= TILE_MEMORY);
        assert_true((int64_t)t.columns * t.side >= side &&
                    (int64_t)t.rows * t.side >= side / 2);
        assert_true(t.columns == 1 || t.bytes > TILE_MEMORY / 2);
    }
    assert_int_equal(tiling_for(&u, 512, 512, 0).columns, 1);
}

static int begin(void **state)
{
    Err err = {0};
    return arena_init(&arena, 0, &err) ? folder_enter(state) : 1;
}

static int end(void **state)
{
    arena_release(&arena);
    return folder_leave(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_leave_no_seam),
        cmocka_unit_test(any_size_can_be_made_larger),
        cmocka_unit_test(colours_and_alpha_come_through),
        cmocka_unit_test(sixteen_bits_stay_sixteen),
        cmocka_unit_test(more_bits_may_be_asked_for),
        cmocka_unit_test(a_picture_without_colour_gets_none),
        cmocka_unit_test(what_is_transparent_takes_the_colours_beside_it),
        cmocka_unit_test(another_scale_is_resized_to),
        cmocka_unit_test(several_pictures_go_to_a_folder_and_one_bad_one_stops_none),
        cmocka_unit_test(what_cannot_be_done_is_refused_with_the_reason),
        cmocka_unit_test(a_stopped_run_writes_nothing),
        cmocka_unit_test(tiles_are_as_large_as_memory_allows),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
