/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include <turbojpeg.h>
#include <webp/encode.h>

/* Files that mean harm, or were cut short on the way. */

typedef struct File {
    unsigned char bytes[8192];
    size_t size;
} File;

static void keep(File *f, const void *bytes, size_t size)
{
    assert_true(size > 0 && size <= sizeof f->bytes);
    memcpy(f->bytes, bytes, size);
    f->size = size;
}

static void make_png(File *f, int channels)
{
    Arena a = arena_for_test();
    Err err = {0};
    Bytes b;
    assert_true(image_encode(&a, &b, picture(&a, 16, 12, channels), NULL, 0, &err));
    keep(f, b.data, b.size);
    arena_release(&a);
}

static void make_jpeg(File *f, int flags)
{
    Arena a = arena_for_test();
    tjhandle tj = tjInitCompress();
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    Image im = picture(&a, 40, 24, 3);
    assert_int_equal(
        tjCompress2(tj, im.data, 40, 0, 24, TJPF_RGB, &bytes, &size, TJSAMP_420, 60, flags), 0);
    keep(f, bytes, size);
    tjFree(bytes);
    tjDestroy(tj);
    arena_release(&a);
}

static void make_webp(File *f, int is_lossless)
{
    Arena a = arena_for_test();
    uint8_t *bytes = NULL;
    Image im = picture(&a, 24, 16, 4);
    size_t size = is_lossless ? WebPEncodeLosslessRGBA(im.data, 24, 16, 96, &bytes)
                              : WebPEncodeRGBA(im.data, 24, 16, 96, 60, &bytes);
    keep(f, bytes, size);
    WebPFree(bytes);
    arena_release(&a);
}

typedef struct Maker {
    void (*make)(File *f, int how);
    int how;
} Maker;
static const Maker makers[] = {{make_png, 3},  {make_png, 4},
                               {make_jpeg, 0}, {make_jpeg, TJFLAG_PROGRESSIVE},
                               {make_webp, 0}, {make_webp, 1}};
enum { MAKERS = sizeof makers / sizeof *makers };

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    static File f;
    for (int i = 0; i < MAKERS; i++) {
        makers[i].make(&f, makers[i].how);
        Arena a = arena_for_test();
        decoded(&a, f.bytes, f.size);
        arena_release(&a);
        for (size_t n = 0; n < f.size; n++) {
            unsigned char *exact = malloc(n > 0 ? n : 1); /* so that ASan sees the end */
            assert_non_null(exact);
            memcpy(exact, f.bytes, n);
            assert_refused(exact, n, n == 0 ? "is empty" : "'x.png' is ");
            free(exact);
        }
    }
}

/* The end marker is there, but a third of the coded picture is not. */
static void a_jpeg_with_a_hole_is_refused(void **state)
{
    (void)state;
    static File f;
    make_jpeg(&f, 0);
    size_t tail = 2, hole = f.size / 3, from = f.size - tail - hole;
    memmove(f.bytes + from, f.bytes + from + hole, tail);
    assert_refused(f.bytes, f.size - hole,
                   "'x.png' is damaged: Corrupt JPEG data: premature end");
}

/* Any answer will do that is a picture or a sentence; sanitizers look on. */
static void no_changed_byte_does_harm(void **state)
{
    (void)state;
    static File f;
    Arena a = arena_for_test();
    int refused = 0;
    for (int i = 0; i < MAKERS; i++) {
        makers[i].make(&f, makers[i].how);
        for (size_t n = 0; n < f.size; n++)
            for (int change = 0; change < 3; change++) {
                unsigned char was = f.bytes[n];
                unsigned other = change == 0   ? was ^ 255u
                                 : change == 1 ? was + 1u
                                               : mixed((uint32_t)n);
                f.bytes[n] = (unsigned char)other;
                Err err = {0};
                Image im = image_decode(&a, f.bytes, f.size, "x", &err);
                assert_int_equal(im.data == NULL, err.kind != ERR_NONE);
                refused += im.data == NULL;
                f.bytes[n] = was;
                arena_rewind(&a, 0);
            }
    }
    assert_true(refused > 1000); /* each byte of a PNG lies under a checksum */
    arena_release(&a);
}

static void a_small_png_cannot_claim_a_huge_picture(void **state)
{
    (void)state;
    unsigned char png[50] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x01\x86\xa0\0\x01\x86\xa0\x08\x06";
    assert_refused(png, sizeof png,
                   "'x.png' is 100000 x 100000 pixels; at most 8192 on a side are read");
    memcpy(png + 16, "\0\0\x20\0\0\0\x1f\xff", 8);
    assert_refused(png, sizeof png,
                   "'x.png' is 8192 x 8191 pixels; at most 40 million in all are read");
    memcpy(png + 16, "\0\0\0\0\0\0\0\1", 8);
    assert_refused(png, sizeof png, "'x.png' is damaged: it has no pixels");
    memcpy(png + 12, "iDAT", 4);
    assert_refused(png, sizeof png, "does not begin with a header");
}

static void a_small_jpeg_cannot_claim_a_huge_picture(void **state)
{
    (void)state;
    static File f;
    make_jpeg(&f, 0);
    size_t at = 2;
    while (!(f.bytes[at] == 0xff && f.bytes[at + 1] == 0xc0))
        at++;
    memcpy(f.bytes + at + 5, "\xff\xff\xff\xff", 4);
    assert_refused(f.bytes, f.size, "is 65535 x 65535 pixels; at most 8192");
    memcpy(f.bytes + at + 5, "\0\0\0\0", 4);
    assert_refused(f.bytes, f.size, "is damaged");
}

static void a_small_webp_cannot_claim_a_huge_picture(void **state)
{
    (void)state;
    /* VP8L: a signature, then 14 bits of width - 1 and of height - 1 */
    unsigned char webp[64] = "RIFF\x38\0\0\0WEBPVP8L\x2c\0\0\0\x2f\xff\xff\xff\x0f";
    assert_refused(webp, sizeof webp, "is 16384 x 16384 pixels; at most 8192");
}

static void a_moving_webp_is_refused(void **state)
{
    (void)state;
    /* VP8X with the animation flag, 1 x 1, an empty ANIM */
    unsigned char webp[44] =
        "RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\0\0\0\0\0\0ANIM\x06\0\0\0";
    assert_refused(webp, sizeof webp, "is an animated WebP: give one still picture");
}

static void what_is_no_picture_is_said(void **state)
{
    (void)state;
    unsigned char noise[400];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)mixed((uint32_t)i);
    assert_refused("", 0, "'x.png' is empty");
    assert_refused(noise, sizeof noise, "'x.png' is not a PNG, JPEG or WebP picture");
    assert_refused("GIF89a......", 12, "is not a PNG, JPEG or WebP");
    memcpy(noise, "\x89PNG\r\n\x1a\n", 8);
    assert_refused(noise, sizeof noise, "'x.png' is damaged");
    memcpy(noise, "\xff\xd8\xff\xe0", 4);
    assert_refused(noise, sizeof noise, "'x.png' is damaged");
    memcpy(noise, "RIFF\x88\x01\0\0WEBPVP8 ", 16);
    assert_refused(noise, sizeof noise, "'x.png' is damaged");
}

/* A name says nothing; content does. */
static void a_jpeg_named_png_is_read(void **state)
{
    (void)state;
    static File f;
    make_jpeg(&f, 0);
    Arena a = arena_for_test();
    Err err = {0};
    const char *path = path_in_folder("photo.png");
    assert_true(file_save(path, f.bytes, f.size, &err));
    assert_int_equal(image_width(image_load(&a, path, &err)), 40);
    arena_release(&a);
}

static void a_folder_is_no_picture(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    assert_null(image_load(&a, folder(), &err).data);
    assert_int_equal(err.kind, ERR_IO);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_jpeg_with_a_hole_is_refused),
        cmocka_unit_test(no_changed_byte_does_harm),
        cmocka_unit_test(a_small_png_cannot_claim_a_huge_picture),
        cmocka_unit_test(a_small_jpeg_cannot_claim_a_huge_picture),
        cmocka_unit_test(a_small_webp_cannot_claim_a_huge_picture),
        cmocka_unit_test(a_moving_webp_is_refused),
        cmocka_unit_test(what_is_no_picture_is_said),
        cmocka_unit_test(a_jpeg_named_png_is_read),
        cmocka_unit_test(a_folder_is_no_picture),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
