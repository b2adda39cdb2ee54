/* SPDX-License-Identifier: MIT */
#include "media/labels.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const unsigned char colours[5][3] = {
    {0, 0, 0}, {9, 9, 9}, {9, 9, 9}, {255, 0, 0}, {1, 2, 3}};

static void labels_come_back_though_their_colours_are_alike(void **state)
{
    (void)state;
    Arena a;
    Err err = {0};
    char path[] = "labels-XXXXXX";
    assert_true(arena_init(&a, 0, &err));
    assert_true(close(mkstemp(path)) == 0);
    Image im = image_new(&a, 7, 5, 1, &err);
    for (int i = 0; i < 35; i++)
        ((unsigned char *)im.data)[i] = (unsigned char)(i % 5);
    assert_true(labels_save(im, colours, 5, path, &err));
    Image back = labels_load(&a, path, &err);
    assert_int_equal(image_channels(back), 1);
    assert_int_equal(image_width(back), 7);
    assert_memory_equal(back.data, im.data, 35);
    assert_true(file_remove(path, &err));
    arena_release(&a);
}

static void what_is_no_picture_of_labels_is_refused(void **state)
{
    (void)state;
    Arena a;
    Bytes png;
    Err err = {0};
    assert_true(arena_init(&a, 0, &err));
    Image rgb = image_new(&a, 2, 2, 3, &err);
    memset(rgb.data, 7, 12);
    assert_true(image_encode(&a, &png, rgb, NULL, 0, &err));
    assert_true(tensor_is_empty(labels_decode(&a, png.data, png.size, "x.png", &err)));
    assert_string_equal(
        err.text,
        "'x.png' is a PNG of colours; it must be an indexed one, an index for each label");
    err = (Err){0};
    assert_true(tensor_is_empty(labels_decode(&a, "GIF89a", 6, "x.gif", &err)));
    assert_string_equal(err.text, "'x.gif' is not a PNG; labels are an indexed one");
    err = (Err){0};
    assert_true(tensor_is_empty(labels_decode(&a, png.data, 20, "x.png", &err)));
    assert_string_equal(err.text, "'x.png' is damaged: the file is cut short");
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_come_back_though_their_colours_are_alike),
        cmocka_unit_test(what_is_no_picture_of_labels_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
