#ifndef TESTS_MEDIA_PICTURES_H
#define TESTS_MEDIA_PICTURES_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "media/image.h"

/* What the tests of pictures share. */

/* An arena for a test; a failure here ends it. */
static inline Arena arena_for_test(void)
{
    Arena a;
    Err err = {0};
    assert_true(arena_init(&a, 0, &err));
    return a;
}

/* A number that looks like chance but is always the same. */
static inline uint32_t mixed(uint32_t v)
{
    v ^= v >> 16;
    v *= 0x7feb352du;
    v ^= v >> 15;
    v *= 0x846ca68bu;
    return v ^ v >> 16;
}

/* A picture with slopes, steps and noise; alpha, if any, from 0 to 255. */
static inline Image picture(Arena *a, int w, int h, int c)
{
    Err err = {0};
    Image im = image_new(a, w, h, c, &err);
    assert_non_null(im.data);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int i = 0; i < c; i++) {
                int slope = (x * (3 + i) + y * 5) % 256;
                int step = (x / 4 + y / 3) % 2 ? 200 : 30;
                int noise = (int)(mixed((uint32_t)(x + 1000 * y + 1000000 * i)) % 256);
                int kind = (x / 8 + y / 8 + i) % 3;
                image_at(im, x, y)[i] = (unsigned char)(kind == 0   ? slope
                                                        : kind == 1 ? step
                                                                    : noise);
            }
    return im;
}

static inline Image decoded(Arena *a, const void *bytes, size_t size)
{
    Err err = {0};
    Image im = image_decode(a, bytes, size, "test", &err);
    if (im.data == NULL)
        print_message("%s\n", err.text);
    assert_non_null(im.data);
    assert_int_equal(err.kind, ERR_NONE);
    return im;
}

/* The file is refused, with a sentence that holds `part`. */
static inline void assert_refused(const void *bytes, size_t size, const char *part)
{
    Arena a = arena_for_test();
    Err err = {0};
    Image im = image_decode(&a, bytes, size, "x.png", &err);
    assert_null(im.data);
    if (strstr(err.text, part) == NULL)
        print_message("'%s' lacks '%s'\n", err.text, part);
    assert_non_null(strstr(err.text, part));
    assert_int_equal(a.used, 0);
    arena_release(&a);
}

static inline void assert_same_image(Image a, Image b)
{
    assert_true(shape_equal(tensor_shape(a), tensor_shape(b)));
    assert_memory_equal(a.data, b.data, tensor_bytes(a));
}

/* A folder for files, and a path in it (valid until the next call). */
static inline const char *folder(void)
{
    static char dir[] = "/tmp/atelier-test-XXXXXX";
    static int is_made;
    if (!is_made)
        assert_non_null(mkdtemp(dir));
    is_made = 1;
    return dir;
}
static inline const char *path_in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder(), name);
    return path;
}

/* Removes the folder with the files in it. */
static inline int remove_folder(void **state)
{
    (void)state;
    char **names = NULL;
    int count = 0;
    Err err = {0};
    if (file_names(&names, &count, folder(), &err))
        for (int i = 0; i < count; i++)
            unlink(path_in_folder(names[i]));
    file_names_free(names, count);
    return rmdir(folder());
}
#endif
