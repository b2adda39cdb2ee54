/* SPDX-License-Identifier: MIT */
#include "paint_models.h"

#include "golden.h"
#include "base/file.h"
#include "media/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* What is not masked comes out byte for byte, whatever is painted and however.  The tests are
 * in the folder of the models, so that files are called by their names. */

enum { FLAGS = 12, ROOM = 16 };

static Image loaded(Arena *a, const char *path)
{
    Err err = {0};
    Image im = image_load(a, path, &err);
    if (tensor_is_empty(im))
        fail_msg("%s", err.text);
    return im;
}

/* Every pixel outside of the mask is the picture's own, alpha and all, and most of those inside
 * are not; the picture lies `left` and `top` of what came out. */
static void assert_kept(const char *path, const char *init, int left, int top)
{
    Arena a;
    Err err = {0};
    assert_true(arena_init(&a, 0, &err));
    Image was = loaded(&a, init), is = loaded(&a, path), mask = loaded(&a, "mask.png");
    int masked = 0, changed = 0;
    size_t pixel = (size_t)image_channels(was);
    assert_int_equal(image_channels(is), image_channels(was));
    for (int y = 0; y < image_height(was); y++)
        for (int x = 0; x < image_width(was); x++) {
            bool is_open = *image_at(mask, x, y) != 0;
            bool same =
                memcmp(image_at(was, x, y), image_at(is, x + left, y + top), pixel) == 0;
            masked += is_open;
            changed += !same;
            if (!same && !is_open)
                fail_msg("'%s': pixel %d,%d is not masked and has changed", init, x, y);
        }
    if (changed <= masked / 2)
        fail_msg("'%s': of %d masked pixels only %d have changed", init, masked, changed);
    arena_release(&a);
}

/* White in its left upper part, as large as the picture; an L, so that it is no rectangle. */
static void make_mask(const char *init)
{
    Arena a;
    Err err = {0};
    assert_true(arena_init(&a, 0, &err));
    Image im = loaded(&a, init);
    int w = image_width(im), h = image_height(im);
    Image mask = image_new(&a, w, h, 1, &err);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            *image_at(mask, x, y) =
                x < w * 2 / 3 && y < h * 2 / 3 && (x < w / 2 || y < h / 2) ? 255 : 0;
    assert_true(image_save(mask, "mask.png", NULL, 0, &err));
    arena_release(&a);
}

static void painted(const char *model, const char *init, const Flag *more)
{
    Err err = {0};
    Flag flags[ROOM + FLAGS] = {{"prompt", "a cat"},  {"model", model}, {"init", init},
                                {"mask", "mask.png"}, {"steps", "2"},   {"size", "32x24"},
                                {"sampler", "ddim"},  {"threads", "1"}, {"guidance", "1"},
                                {"out", "out.png"}};
    int n = 10;
    for (; more != NULL && more->name != NULL; more++)
        flags[n++] = *more;
    make_mask(init);
    if (!paint_with(flags, &(StudioRun){0}, &err))
        fail_msg("%s", err.text);
}

static void no_pixel_changes_outside_of_the_mask(void **state)
{
    (void)state;
    static const Flag ways[][FLAGS] = {
        {{"mask-blur", "0"}},
        {{"mask-blur", "2"}},
        {{"keep", "clean"}, {"mask-blur", "1"}},
        {{"fill", "bleed"}, {"strength", "0.7"}, {"mask-blur", "0"}},
        {{"fill", "noise"}, {"strength", "0.7"}, {"mask-blur", "0"}},
        {{"fill", "zeros"}, {"strength", "0.7"}, {"mask-blur", "0"}},
        {{"only-masked", "true"}, {"padding", "4"}, {"mask-blur", "1"}},
        {{"only-masked", "true"}, {"padding", "0"}, {"mask-blur", "0"}},
    };
    static const char *const models[] = {"sd1", "inpaint"};
    for (int m = 0; m < 2; m++)
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            painted(models[m], "odd.png", ways[i]);
            assert_kept("out.png", "odd.png", 0, 0);
        }
}

static void no_pixel_changes_within_new_borders(void **state)
{
    (void)state;
    static const char *const models[] = {"sd1", "inpaint"};
    static const char *const inits[] = {"odd.png", "odd-alpha.png"};
    for (int m = 0; m < 2; m++)
        for (int i = 0; i < 2; i++) {
            painted(models[m], inits[i],
                    (const Flag[]){{"outpaint", "9,7,3,0"}, {"mask-blur", "0"}, {0}});
            assert_kept("out.png", inits[i], 9, 7);
        }
}

static void each_picture_of_several_is_kept(void **state)
{
    (void)state;
    painted("sd1", "odd.png",
            (const Flag[]){{"batch", "2"}, {"mask-blur", "0"}, {"sampler", "euler_a"}, {0}});
    assert_kept("out-1.png", "odd.png", 0, 0);
    assert_kept("out-2.png", "odd.png", 0, 0);
}

/* Of 9 x 11 pixels each: grey, indexed, of 1 and 16 bits, with alpha, JPEG and WebP. */
static void pictures_of_every_kind_are_kept(void **state)
{
    (void)state;
    static const char *const inits[] = {"grey.png", "grey16.png", "bits.png",   "palette.png",
                                        "rgba.png", "rgb.png",    "photo.jpg",  "grey.jpg",
                                        "cmyk.jpg", "lossy.webp", "alpha.webp", "palette4.png"};
    for (size_t i = 0; i < sizeof inits / sizeof *inits; i++) {
        char path[800];
        char *corpus = golden_path("../media/corpus");
        snprintf(path, sizeof path, "%s/%s", corpus, inits[i]);
        painted("sd1", path, (const Flag[]){{"mask-blur", i % 2 ? "0" : "1"}, {0}});
        assert_kept("out.png", path, 0, 0);
        xfree(corpus);
    }
}

/* Where the mask is soft, what was painted lies over what was there; it is opaque itself. */
static void what_is_painted_is_opaque(void **state)
{
    (void)state;
    Arena a;
    Err err = {0};
    painted("sd1", "odd-alpha.png", (const Flag[]){{"mask-blur", "0"}, {0}});
    assert_true(arena_init(&a, 0, &err));
    Image is = loaded(&a, "out.png"), mask = loaded(&a, "mask.png");
    for (int y = 0; y < image_height(is); y++)
        for (int x = 0; x < image_width(is); x++)
            if (*image_at(mask, x, y) != 0)
                assert_int_equal(image_at(is, x, y)[3], 255);
    arena_release(&a);
}

/* ---- setting up -------------------------------------------------------------------------- */

/* Of sizes that nothing divides: colours of all kinds, and every alpha. */
static void save_odd(const char *path, int channels)
{
    enum { WIDE = 37, HIGH = 29 };
    static unsigned char pixels[WIDE * HIGH * 4];
    Err err = {0};
    for (int i = 0; i < WIDE * HIGH * channels; i++)
        pixels[i] = (unsigned char)(i * 89 % 251 + i / 97 % 5);
    assert_true(image_save(tensor_over(pixels, TENSOR_U8, SHAPE(HIGH, WIDE, channels)), path,
                           NULL, 0, &err));
}

static int set_up(void **state)
{
    (void)state;
    models_make();
    assert_int_equal(chdir(in_folder(".")), 0);
    save_odd("odd.png", 3);
    save_odd("odd-alpha.png", 4);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(chdir("/"), 0);
    models_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_pixel_changes_outside_of_the_mask),
        cmocka_unit_test(no_pixel_changes_within_new_borders),
        cmocka_unit_test(each_picture_of_several_is_kept),
        cmocka_unit_test(pictures_of_every_kind_are_kept),
        cmocka_unit_test(what_is_painted_is_opaque),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
