/* SPDX-License-Identifier: MIT */
#include "apart.h"
#include "pictures.h"

#include "media/color.h"
#include "media/still.h"

/* Sizes of soft pictures, among them odd ones: JPEG and WebP halve colours. */
static Image soft(Arena *a, int w, int h, int channels)
{
    Err err = {0};
    Image im = image_new(a, w, h, channels, &err);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int c = 0; c < channels; c++)
                image_at(im, x, y)[c] = (unsigned char)(60 + 2 * x + y + 20 * c);
    return im;
}

static Image written(Arena *a, Image im, const char *name, int quality)
{
    Err err = {0};
    if (!still_save(im, path_in_folder(name), (StillOptions){.quality = quality}, a, &err))
        fail_msg("%s", err.text);
    Image back = image_load(a, path_in_folder(name), &err);
    assert_non_null(back.data);
    return back;
}

static void exact_kinds_come_back_as_they_were(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    static const char *const names[] = {"x.png", "x.PNG", "x.webp"};
    for (int i = 0; i < 3; i++)
        for (int c = 3; c <= 4; c++) {
            Image im = picture(&a, 37, 21, c);
            assert_same_image(written(&a, im, names[i], STILL_EXACT), im);
        }
    arena_release(&a);
}

/* The formats promise no bound; on soft pictures a quality of 90 is far within this. */
static void the_others_come_back_nearly(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    static const char *const names[] = {"x.jpg", "x.jpeg", "x.JPG", "x.webp"};
    for (int i = 0; i < 4; i++)
        for (int quality = 80; quality <= 95; quality += 15) {
            Image im = soft(&a, 37, 21, 3);
            assert_in_range(largest_difference(written(&a, im, names[i], quality), im), 0, 12);
        }
    Image im = soft(&a, 37, 21, 4), back = written(&a, im, "y.webp", 90);
    assert_int_equal(image_channels(back), 4);
    arena_release(&a);
}

static void less_quality_takes_fewer_bytes(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = picture(&a, 120, 90, 3);
    static const char *const names[] = {"x.jpg", "x.webp"};
    for (int i = 0; i < 2; i++) {
        size_t size[2];
        for (int j = 0; j < 2; j++) {
            FileMap m;
            written(&a, im, names[i], j == 0 ? 30 : 90);
            assert_true(file_map(&m, path_in_folder(names[i]), &err));
            size[j] = m.size;
            file_unmap(&m);
        }
        assert_true(size[0] < size[1]);
    }
    arena_release(&a);
}

static void a_jpeg_shows_what_is_transparent_as_white(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = image_new(&a, 24, 24, 4, &err);
    memset(im.data, 0, tensor_bytes(im));
    Image back = written(&a, im, "x.jpg", 95);
    for (int64_t i = 0; i < tensor_count(back); i++)
        assert_in_range(((unsigned char *)back.data)[i], 253, 255);
    arena_release(&a);
}

static void other_endings_are_refused(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Image im = picture(&a, 4, 4, 3);
    static const char *const names[] = {"x.gif", "x", ".png", "png", "x.png.txt"};
    for (int i = 0; i < 5; i++) {
        Err err = {0};
        bool is_hidden = i == 2; /* a name that is nothing but its ending */
        assert_int_equal(still_is_known(names[i], &err), false);
        assert_non_null(strstr(err.text, "must end in .png, .webp or .jpg"));
        if (!is_hidden)
            assert_false(still_save(im, path_in_folder(names[i]), (StillOptions){.quality = 90},
                                    &a, &err));
    }
    arena_release(&a);
}

static void too_large_a_webp_is_refused(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = image_new(&a, 16384, 1, 3, &err);
    memset(im.data, 9, tensor_bytes(im));
    assert_false(
        still_save(im, path_in_folder("x.webp"), (StillOptions){.quality = 90}, &a, &err));
    assert_non_null(strstr(err.text, "at most 16383 pixels on a side"));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_kinds_come_back_as_they_were),
        cmocka_unit_test(the_others_come_back_nearly),
        cmocka_unit_test(less_quality_takes_fewer_bytes),
        cmocka_unit_test(a_jpeg_shows_what_is_transparent_as_white),
        cmocka_unit_test(other_endings_are_refused),
        cmocka_unit_test(too_large_a_webp_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
