/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include <turbojpeg.h>
#include <webp/encode.h>

/* JPEG and WebP, made here by their own libraries. */

enum { W = 48, H = 32 };

typedef struct File {
    unsigned char *bytes;
    size_t size;
} File;

static File jpeg_of(const unsigned char *pixels, int format)
{
    tjhandle tj = tjInitCompress();
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    int space = format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444;
    assert_int_equal(tjCompress2(tj, pixels, W, 0, H, format, &bytes, &size, space, 100, 0), 0);
    tjDestroy(tj);
    return (File){bytes, size};
}

static void slope(unsigned char *rgb, int x, int y)
{
    rgb[0] = (unsigned char)(5 * x);
    rgb[1] = (unsigned char)(7 * y);
    rgb[2] = (unsigned char)(255 - 2 * x - 2 * y);
}

/* Quality 100 rounds each of 64 coefficients by at most half a level, and
 * colours twice more: 3 levels is ample for slopes. */
static void assert_near(const unsigned char *got, const unsigned char *want, int allowed)
{
    for (int c = 0; c < 3; c++)
        assert_in_range(got[c] + allowed - want[c], 0, 2 * allowed);
}

static void a_jpeg_is_read(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    static unsigned char pixels[H][W][3];
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            slope(pixels[y][x], x, y);
    File f = jpeg_of(&pixels[0][0][0], TJPF_RGB);
    Image im = decoded(&a, f.bytes, f.size);
    assert_int_equal(image_width(im), W);
    assert_int_equal(image_height(im), H);
    assert_int_equal(image_channels(im), 3);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            assert_near(image_at(im, x, y), pixels[y][x], 3);
    tjFree(f.bytes);
    arena_release(&a);
}

static void a_grey_jpeg_becomes_rgb(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    static unsigned char pixels[H][W];
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            pixels[y][x] = (unsigned char)(4 * x);
    File f = jpeg_of(&pixels[0][0], TJPF_GRAY);
    Image im = decoded(&a, f.bytes, f.size);
    assert_int_equal(image_channels(im), 3);
    unsigned char v = pixels[9][20];
    assert_near(image_at(im, 20, 9), (unsigned char[]){v, v, v}, 2);
    tjFree(f.bytes);
    arena_release(&a);
}

static void a_cmyk_jpeg_becomes_rgb(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    static unsigned char pixels[H][W][4]; /* Adobe's: 255 is no ink */
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            slope(pixels[y][x], x, y);
            pixels[y][x][3] = (unsigned char)(255 - 3 * y);
        }
    File f = jpeg_of(&pixels[0][0][0], TJPF_CMYK);
    Image im = decoded(&a, f.bytes, f.size);
    assert_int_equal(image_channels(im), 3);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            unsigned char want[3], *p = pixels[y][x];
            for (int c = 0; c < 3; c++)
                want[c] = (unsigned char)(p[c] * p[3] / 255);
            assert_near(image_at(im, x, y), want, 4);
        }
    tjFree(f.bytes);
    arena_release(&a);
}

/* A JPEG with an EXIF block that says only which way is up. */
static File with_orientation(File f, int orientation, bool is_big)
{
    enum { BLOCK = 36 };
    unsigned char little[26] = {'I',
                                'I',
                                42,
                                0,
                                8,
                                0,
                                0,
                                0,
                                1,
                                0,
                                0x12,
                                0x01,
                                3,
                                0,
                                1,
                                0,
                                0,
                                0,
                                (unsigned char)orientation};
    unsigned char big[26] = {'M',  'M',  0, 42, 0, 0, 0, 8, 0, 1,
                             0x01, 0x12, 0, 3,  0, 0, 0, 1, 0, (unsigned char)orientation};
    File g = {test_malloc(f.size + BLOCK), f.size + BLOCK};
    memcpy(g.bytes, f.bytes, 2);
    memcpy(g.bytes + 2,
           "\xff\xe1\x00\x22"
           "Exif\0",
           10);
    memcpy(g.bytes + 12, is_big ? big : little, 26);
    memcpy(g.bytes + 2 + BLOCK, f.bytes + 2, f.size - 2);
    return g;
}

/* The letter of the corner's colour. */
static char colour_at(Image im, bool is_right, bool is_bottom)
{
    const unsigned char *p =
        image_at(im, is_right ? image_width(im) - 3 : 2, is_bottom ? image_height(im) - 3 : 2);
    return p[0] > 128 ? (p[1] > 128 ? 'w' : 'r') : p[1] > 128 ? 'g' : 'b';
}

static void pictures_are_turned_upright(void **state)
{
    (void)state;
    /* stored corners: red green / blue white; EXIF 2.3 says for each value
     * where row 0 and column 0 belong; read off: top left, top right, bottom
     * left, bottom right */
    static const char *const upright[] = {"",     "rgbw", "grwb", "wbgr", "bwrg",
                                          "rbgw", "brwg", "wgbr", "gwrb"};
    static unsigned char pixels[H][W][3];
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            bool right = x >= W / 2, bottom = y >= H / 2;
            pixels[y][x][0] = right == bottom ? 255 : 0;
            pixels[y][x][1] = right ? 255 : 0;
            pixels[y][x][2] = bottom ? 255 : 0;
        }
    File f = jpeg_of(&pixels[0][0][0], TJPF_RGB);
    Arena a = arena_for_test();
    for (int o = 1; o <= 8; o++)
        for (int big = 0; big < 2; big++) {
            File g = with_orientation(f, o, big);
            Image im = decoded(&a, g.bytes, g.size);
            assert_int_equal(image_width(im), o >= 5 ? H : W);
            assert_int_equal(image_height(im), o >= 5 ? W : H);
            for (int corner = 0; corner < 4; corner++)
                assert_int_equal(colour_at(im, corner % 2, corner / 2), upright[o][corner]);
            test_free(g.bytes);
        }
    for (int o = 0; o <= 9; o += 9) { /* no such orientation: as it lies */
        File g = with_orientation(f, o, false);
        assert_int_equal(image_width(decoded(&a, g.bytes, g.size)), W);
        test_free(g.bytes);
    }
    tjFree(f.bytes);
    arena_release(&a);
}

static void a_lossless_webp_is_read_exactly(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    for (int c = 3; c <= 4; c++) {
        Image im = picture(&a, W, H, c);
        for (int i = 0; i < W * H && c == 4; i++) /* the encoder drops hidden colours */
            ((unsigned char *)im.data)[4 * i + 3] |= 1;
        uint8_t *bytes = NULL;
        size_t size = c == 4 ? WebPEncodeLosslessRGBA(im.data, W, H, W * 4, &bytes)
                             : WebPEncodeLosslessRGB(im.data, W, H, W * 3, &bytes);
        assert_true(size > 0);
        assert_same_image(decoded(&a, bytes, size), im);
        WebPFree(bytes);
    }
    arena_release(&a);
}

static void a_lossy_webp_is_read(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    static unsigned char pixels[H][W][3];
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            slope(pixels[y][x], x, y);
    uint8_t *bytes = NULL;
    size_t size = WebPEncodeRGB(&pixels[0][0][0], W, H, W * 3, 95, &bytes);
    Image im = decoded(&a, bytes, size);
    assert_int_equal(image_channels(im), 3);
    double sum = 0;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int c = 0; c < 3; c++)
                sum += abs(image_at(im, x, y)[c] - pixels[y][x][c]);
    /* chroma is halved: slopes of 7 a pixel come back within 5 on average */
    assert_true(sum / (W * H * 3) < 5);
    WebPFree(bytes);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jpeg_is_read),
        cmocka_unit_test(a_grey_jpeg_becomes_rgb),
        cmocka_unit_test(a_cmyk_jpeg_becomes_rgb),
        cmocka_unit_test(pictures_are_turned_upright),
        cmocka_unit_test(a_lossless_webp_is_read_exactly),
        cmocka_unit_test(a_lossy_webp_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
