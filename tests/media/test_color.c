/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include "media/color.h"

#include <math.h>

static void over_a_colour_alpha_is_rounded_right(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = image_new(&a, 256, 256, 4, &err);
    for (int alpha = 0; alpha < 256; alpha++)
        for (int v = 0; v < 256; v++)
            memcpy(image_at(im, v, alpha),
                   (unsigned char[]){(unsigned char)v, (unsigned char)(255 - v), 17,
                                     (unsigned char)alpha},
                   4);
    Image to = image_over(&a, im, (Rgb){10, 200, 255}, &err);
    for (int alpha = 0; alpha < 256; alpha++)
        for (int v = 0; v < 256; v++) {
            double t = alpha / 255.0;
            const unsigned char *p = image_at(to, v, alpha);
            assert_int_equal(p[0], lround(v * t + 10 * (1 - t)));
            assert_int_equal(p[1], lround((255 - v) * t + 200 * (1 - t)));
            assert_int_equal(p[2], lround(17 * t + 255 * (1 - t)));
        }
    arena_release(&a);
}

static void channels_are_added_and_dropped(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = picture(&a, 9, 7, 3);
    Image rgba = image_to_rgba(&a, im, &err);
    assert_int_equal(image_at(rgba, 8, 6)[3], 255);
    assert_memory_equal(image_at(rgba, 8, 6), image_at(im, 8, 6), 3);
    assert_same_image(image_to_rgb(&a, rgba, &err), im);
    assert_false(image_is_see_through(im));
    assert_false(image_is_see_through(rgba));
    image_at(rgba, 3, 3)[3] = 254;
    assert_true(image_is_see_through(rgba));
    arena_release(&a);
}

static void padding_comes_off_again(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    static const int aspects[][2] = {{1, 1}, {16, 9}, {9, 16}, {3, 2}};
    static const int sizes[][2] = {{20, 31}, {31, 20}, {1, 50}, {17, 17}};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            Image im = picture(&a, sizes[j][0], sizes[j][1], 3 + (i + j) % 2);
            Rect r = image_frame(im, aspects[i][0], aspects[i][1]);
            /* within the pixel that whole numbers cost */
            assert_true(abs(r.w * aspects[i][1] - r.h * aspects[i][0]) <
                        aspects[i][0] + aspects[i][1]);
            Image padded = image_crop(&a, im, r, (Rgb){1, 2, 3}, &err);
            assert_int_equal(image_width(padded), r.w);
            Rect back = {-r.x, -r.y, image_width(im), image_height(im)};
            assert_same_image(image_crop(&a, padded, back, (Rgb){0}, &err), im);
            arena_rewind(&a, 0);
        }
    arena_release(&a);
}

static void outside_the_picture_lies_the_colour(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image rgb = picture(&a, 4, 4, 3), rgba = picture(&a, 4, 4, 4);
    Image to = image_crop(&a, rgb, (Rect){2, -1, 4, 3}, (Rgb){9, 8, 7}, &err);
    assert_memory_equal(image_at(to, 0, 0), ((unsigned char[]){9, 8, 7}), 3);
    assert_memory_equal(image_at(to, 2, 1), ((unsigned char[]){9, 8, 7}), 3);
    assert_memory_equal(image_at(to, 1, 1), image_at(rgb, 3, 0), 3);
    to = image_crop(&a, rgba, (Rect){100, 100, 2, 2}, (Rgb){9, 8, 7}, &err);
    assert_memory_equal(image_at(to, 1, 1), ((unsigned char[]){0, 0, 0, 0}), 4);
    arena_release(&a);
}

static void bounds_hold_what_counts(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = image_new(&a, 40, 30, 4, &err);
    memset(im.data, 0, tensor_bytes(im));
    Rect r = image_bounds(im, 1);
    assert_int_equal(r.w, 0);
    image_at(im, 5, 7)[3] = 200;
    image_at(im, 33, 20)[3] = 200;
    image_at(im, 39, 29)[3] = 10;
    r = image_bounds(im, 128);
    assert_true(r.x == 5 && r.y == 7 && r.w == 29 && r.h == 14);
    r = image_bounds(im, 1);
    assert_true(r.x == 5 && r.y == 7 && r.w == 35 && r.h == 23);
    r = image_bounds(picture(&a, 8, 6, 3), 128);
    assert_true(r.x == 0 && r.y == 0 && r.w == 8 && r.h == 6);
    arena_release(&a);
}

static void every_byte_survives_f32(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = image_new(&a, 256, 1, 3, &err);
    for (int i = 0; i < 768; i++)
        ((unsigned char *)im.data)[i] = (unsigned char)(i / 3);
    for (int range = RANGE_UNIT; range <= RANGE_SIGNED; range++) {
        Tensor t = image_to_f32(&a, im, (Range)range, &err);
        assert_true(tensor_f32(t)[0] == (range == RANGE_SIGNED ? -1.0f : 0.0f));
        assert_true(tensor_f32(t)[767] == 1.0f);
        assert_same_image(image_from_f32(&a, t, (Range)range, TO_U8_ROUNDED, &err), im);
    }
    /* in f32, step by step, as numpy has it */
    Tensor t = image_to_f32(&a, im, RANGE_SIGNED, &err);
    volatile float v = 100.0f / 255.0f;
    v = 2.0f * v;
    assert_true(tensor_f32(t)[300] == v - 1.0f);
    arena_release(&a);
}

static void numbers_out_of_range_are_clamped_and_cut(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    float numbers[] = {-3, 2, NAN, 0.5f, 0.999f, INFINITY};
    Tensor t = tensor_over(numbers, TENSOR_F32, SHAPE(1, 2, 3));
    Image cut = image_from_f32(&a, t, RANGE_UNIT, TO_U8_CUT, &err);
    Image rounded = image_from_f32(&a, t, RANGE_UNIT, TO_U8_ROUNDED, &err);
    assert_memory_equal(cut.data, ((unsigned char[]){0, 255, 0, 127, 254, 255}), 6);
    assert_memory_equal(rounded.data, ((unsigned char[]){0, 255, 0, 128, 255, 255}), 6);
    Image is_signed = image_from_f32(&a, t, RANGE_SIGNED, TO_U8_CUT, &err);
    assert_memory_equal(is_signed.data, ((unsigned char[]){0, 255, 0, 191, 254, 255}), 6);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_a_colour_alpha_is_rounded_right),
        cmocka_unit_test(channels_are_added_and_dropped),
        cmocka_unit_test(padding_comes_off_again),
        cmocka_unit_test(outside_the_picture_lies_the_colour),
        cmocka_unit_test(bounds_hold_what_counts),
        cmocka_unit_test(every_byte_survives_f32),
        cmocka_unit_test(numbers_out_of_range_are_clamped_and_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
