/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include "media/palette.h"

#include <png.h>

/* The other side is libpng, driven here without the room's own code. */

enum { W = 13, H = 11 };

typedef struct Kind {
    int type, depth;
    bool has_key; /* a transparent colour, or alphas of a palette */
} Kind;

static const Kind kinds[] = {
    {PNG_COLOR_TYPE_GRAY, 1, false},       {PNG_COLOR_TYPE_GRAY, 2, false},
    {PNG_COLOR_TYPE_GRAY, 4, false},       {PNG_COLOR_TYPE_GRAY, 8, false},
    {PNG_COLOR_TYPE_GRAY, 16, false},      {PNG_COLOR_TYPE_GRAY, 2, true},
    {PNG_COLOR_TYPE_GRAY, 8, true},        {PNG_COLOR_TYPE_GRAY, 16, true},
    {PNG_COLOR_TYPE_RGB, 8, false},        {PNG_COLOR_TYPE_RGB, 16, false},
    {PNG_COLOR_TYPE_RGB, 8, true},         {PNG_COLOR_TYPE_RGB, 16, true},
    {PNG_COLOR_TYPE_PALETTE, 1, false},    {PNG_COLOR_TYPE_PALETTE, 2, true},
    {PNG_COLOR_TYPE_PALETTE, 4, false},    {PNG_COLOR_TYPE_PALETTE, 8, true},
    {PNG_COLOR_TYPE_GRAY_ALPHA, 8, false}, {PNG_COLOR_TYPE_GRAY_ALPHA, 16, false},
    {PNG_COLOR_TYPE_RGB_ALPHA, 8, false},  {PNG_COLOR_TYPE_RGB_ALPHA, 16, false},
};

static int samples_of(Kind k)
{
    static const int samples[] = {[PNG_COLOR_TYPE_GRAY] = 1,
                                  [PNG_COLOR_TYPE_RGB] = 3,
                                  [PNG_COLOR_TYPE_PALETTE] = 1,
                                  [PNG_COLOR_TYPE_GRAY_ALPHA] = 2,
                                  [PNG_COLOR_TYPE_RGB_ALPHA] = 4};
    return samples[k.type];
}

static unsigned sample(Kind k, int x, int y, int c)
{
    return mixed((uint32_t)(x + 100 * y + 10000 * c)) >> 8 & ((1u << k.depth) - 1);
}

static void set_bits(unsigned char *row, int at, int depth, unsigned v)
{
    if (depth == 16) {
        row[2 * at] = (unsigned char)(v >> 8);
        row[2 * at + 1] = (unsigned char)v;
    } else {
        int bit = at * depth;
        row[bit / 8] = (unsigned char)(row[bit / 8] | v << (8 - depth - bit % 8));
    }
}

typedef struct File {
    unsigned char bytes[1 << 16];
    size_t size;
} File;

static void put(png_structp p, png_bytep from, size_t n)
{
    File *f = png_get_io_ptr(p);
    assert_true(f->size + n <= sizeof f->bytes);
    memcpy(f->bytes + f->size, from, n);
    f->size += n;
}

static png_color palette_colour(int i)
{
    return (png_color){(unsigned char)(i * 37), (unsigned char)(255 - i),
                       (unsigned char)(i * 11)};
}

static void set_key(png_structp p, png_infop info, Kind k)
{
    unsigned char alphas[3] = {0, 100, 200};
    png_color_16 key = {.red = (png_uint_16)sample(k, 1, 1, 0),
                        .green = (png_uint_16)sample(k, 1, 1, 1),
                        .blue = (png_uint_16)sample(k, 1, 1, 2),
                        .gray = (png_uint_16)sample(k, 1, 1, 0)};
    if (k.type == PNG_COLOR_TYPE_PALETTE)
        png_set_tRNS(p, info, alphas, 3, NULL);
    else
        png_set_tRNS(p, info, NULL, 0, &key);
}

static void write_file(File *f, Kind k, int interlace)
{
    unsigned char data[H][W * 8] = {{0}};
    unsigned char *rows[H];
    int samples = samples_of(k);
    for (int y = 0; y < H; y++) {
        rows[y] = data[y];
        for (int x = 0; x < W; x++)
            for (int c = 0; c < samples; c++)
                set_bits(data[y], x * samples + c, k.depth, sample(k, x, y, c));
    }
    f->size = 0;
    png_structp p = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(p);
    png_set_write_fn(p, f, put, NULL);
    png_set_IHDR(p, info, W, H, k.depth, k.type, interlace, 0, 0);
    png_set_gAMA(p, info, 0.3); /* not to be heeded */
    png_color colours[256];
    for (int i = 0; i < 256; i++)
        colours[i] = palette_colour(i);
    if (k.type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(p, info, colours, 1 << k.depth);
    if (k.has_key)
        set_key(p, info, k);
    png_write_info(p, info);
    png_write_image(p, rows);
    png_write_end(p, info);
    png_destroy_write_struct(&p, &info);
}

static int in_eight_bits(Kind k, unsigned v)
{
    double most = (1u << k.depth) - 1;
    return (int)(v * 255 / most + 0.5);
}

static void expect(unsigned char *rgba, Kind k, int x, int y)
{
    unsigned s[4];
    for (int c = 0; c < 4; c++)
        s[c] = sample(k, x, y, c);
    bool is_grey = k.type == PNG_COLOR_TYPE_GRAY || k.type == PNG_COLOR_TYPE_GRAY_ALPHA;
    rgba[3] = 255;
    if (k.type == PNG_COLOR_TYPE_PALETTE) {
        png_color c = palette_colour((int)s[0]);
        memcpy(rgba, (unsigned char[]){c.red, c.green, c.blue}, 3);
        rgba[3] = (unsigned char)(k.has_key && s[0] < 3 ? s[0] * 100 : 255);
        return;
    }
    bool is_key = k.has_key;
    for (int c = 0; c < 3; c++) {
        rgba[c] = (unsigned char)in_eight_bits(k, s[is_grey ? 0 : c]);
        is_key = is_key && s[is_grey ? 0 : c] == sample(k, 1, 1, is_grey ? 0 : c);
    }
    if (k.type & PNG_COLOR_MASK_ALPHA)
        rgba[3] = (unsigned char)in_eight_bits(k, s[is_grey ? 1 : 3]);
    else if (is_key)
        rgba[3] = 0;
}

static void every_kind_of_png_is_read(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    static File f;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int interlace = 0; interlace < 2; interlace++) {
            Kind k = kinds[i];
            write_file(&f, k, interlace);
            Image im = decoded(&a, f.bytes, f.size);
            bool has_alpha = k.has_key || (k.type & PNG_COLOR_MASK_ALPHA);
            assert_int_equal(image_width(im), W);
            assert_int_equal(image_height(im), H);
            assert_int_equal(image_channels(im), has_alpha ? 4 : 3);
            for (int y = 0; y < H; y++)
                for (int x = 0; x < W; x++) {
                    unsigned char want[4];
                    expect(want, k, x, y);
                    assert_memory_equal(image_at(im, x, y), want, has_alpha ? 4 : 3);
                }
            arena_rewind(&a, 0);
        }
    arena_release(&a);
}

/* Reads with libpng's other interface. */
static void assert_png_file(const char *path, Image want)
{
    png_image p = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_file(&p, path));
    p.format = image_channels(want) == 4 ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
    assert_int_equal(p.width, image_width(want));
    assert_int_equal(p.height, image_height(want));
    unsigned char *pixels = test_malloc(PNG_IMAGE_SIZE(p));
    assert_true(png_image_finish_read(&p, NULL, pixels, 0, NULL));
    assert_memory_equal(pixels, want.data, tensor_bytes(want));
    test_free(pixels);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    const char *path = path_in_folder("back.png");
    for (int c = 3; c <= 4; c++) {
        Image im = picture(&a, 33, 17, c);
        assert_true(image_save(im, path, NULL, 0, &err));
        assert_png_file(path, im);
        Image back = image_load(&a, path, &err);
        assert_same_image(im, back);
        Bytes bytes;
        assert_true(image_encode(&a, &bytes, im, NULL, 0, &err));
        assert_same_image(im, decoded(&a, bytes.data, bytes.size));
    }
    arena_release(&a);
}

/* What a file of 16 bits has in a channel, 3 being alpha. */
static unsigned deep_level(Kind k, int x, int y, int c)
{
    bool is_grey = k.type == PNG_COLOR_TYPE_GRAY || k.type == PNG_COLOR_TYPE_GRAY_ALPHA;
    if (c < 3)
        return sample(k, x, y, is_grey ? 0 : c);
    if (k.type & PNG_COLOR_MASK_ALPHA)
        return sample(k, x, y, is_grey ? 1 : 3);
    bool is_key = true;
    for (int i = 0; i < (is_grey ? 1 : 3); i++)
        is_key = is_key && sample(k, x, y, i) == sample(k, 1, 1, i);
    return is_key ? 0 : 65535;
}

static void sixteen_bits_stay_where_they_are_asked_for(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    static File f;
    const char *path = path_in_folder("deep.png");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        Kind k = kinds[i];
        write_file(&f, k, 0);
        assert_true(file_save(path, f.bytes, f.size, &err));
        Image im = image_load_deep(&a, path, &err), shallow = image_load(&a, path, &err);
        assert_int_equal(image_is_deep(im), k.depth == 16);
        assert_same_image(image_to_shallow(&a, im, &err), shallow);
        for (int at = 0; at < W * H * image_channels(im) && k.depth == 16; at++) {
            int c = at % image_channels(im), x = at / image_channels(im) % W;
            int y = at / image_channels(im) / W;
            assert_int_equal(image_level(im, x, y, c), deep_level(k, x, y, c));
        }
        assert_true(image_save(im, path, NULL, 0, &err));
        Image back = image_load_deep(&a, path, &err);
        assert_int_equal(back.type, im.type);
        assert_memory_equal(back.data, im.data, tensor_bytes(im));
        assert_same_image(image_to_shallow(&a, image_to_deep(&a, shallow, &err), &err),
                          shallow);
        arena_rewind(&a, 0);
    }
    arena_release(&a);
}

static const char *text_of(png_infop info, png_structp p, const char *key)
{
    png_textp texts;
    int count = png_get_text(p, info, &texts, NULL);
    for (int i = 0; i < count; i++)
        if (strcmp(texts[i].key, key) == 0)
            return texts[i].text;
    return "(missing)";
}

static void texts_travel_in_the_file(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    const char *path = path_in_folder("texts.png");
    const ImageText texts[] = {{"parameters", "a cat, seed 7"},
                               {"Title", "\xc3\xbc"
                                         "ber"},
                               {"Empty", ""}};
    assert_true(image_save(picture(&a, 4, 4, 3), path, texts, 3, &err));
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    png_structp p = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(p);
    png_init_io(p, f);
    png_read_info(p, info);
    assert_string_equal(text_of(info, p, "parameters"), "a cat, seed 7");
    assert_string_equal(text_of(info, p, "Title"), "\xc3\xbc"
                                                   "ber");
    assert_string_equal(text_of(info, p, "Empty"), "");
    png_destroy_read_struct(&p, &info, NULL);
    fclose(f);
    arena_release(&a);
}

static void the_same_picture_gives_the_same_bytes(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Bytes one, two;
    assert_true(image_encode(&a, &one, picture(&a, 20, 20, 4), NULL, 0, &err));
    assert_true(image_encode(&a, &two, picture(&a, 20, 20, 4), NULL, 0, &err));
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, one.size);
    arena_release(&a);
}

static void few_colours_become_an_indexed_png(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    const char *path = path_in_folder("indexed.png");
    Image im = image_new(&a, 30, 20, 4, &err);
    for (int i = 0; i < 600; i++) {
        unsigned char *p = (unsigned char *)im.data + 4 * (ptrdiff_t)i;
        unsigned v = (unsigned)i % 41;
        memcpy(p, (unsigned char[]){(unsigned char)(v * 6), (unsigned char)(200 - v), 9, 255},
               4);
        if (v == 0)
            memset(p, 0, 4);
    }
    assert_true(image_save_indexed(im, path, 256, &a, &err));
    assert_same_image(im, image_load(&a, path, &err));
    unsigned char *bytes = NULL;
    size_t size = 0;
    assert_true(file_read(&bytes, &size, path, 1 << 20, &err));
    assert_int_equal(bytes[25], PNG_COLOR_TYPE_PALETTE);
    xfree(bytes);
    arena_release(&a);
}

static void a_folder_that_is_not_there_is_said(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    assert_false(image_save(picture(&a, 4, 4, 3), "/nowhere/at/all.png", NULL, 0, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.text, "/nowhere/at/all.png"));
    Err other = {0};
    assert_null(image_load(&a, "/nowhere/at/all.png", &other).data);
    assert_int_equal(other.kind, ERR_IO);
    arena_release(&a);
}

static void short_memory_is_a_refusal(void **state)
{
    (void)state;
    Arena a = arena_for_test(), small;
    Err err = {0};
    Bytes bytes;
    assert_true(image_encode(&a, &bytes, picture(&a, 100, 100, 4), NULL, 0, &err));
    assert_true(arena_init(&small, 20000, &err));
    assert_null(image_decode(&small, bytes.data, bytes.size, "x.png", &err).data);
    assert_int_equal(err.kind, ERR_MEMORY);
    assert_int_equal(small.used, 0);
    arena_release(&small);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_png_is_read),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(sixteen_bits_stay_where_they_are_asked_for),
        cmocka_unit_test(texts_travel_in_the_file),
        cmocka_unit_test(the_same_picture_gives_the_same_bytes),
        cmocka_unit_test(few_colours_become_an_indexed_png),
        cmocka_unit_test(a_folder_that_is_not_there_is_said),
        cmocka_unit_test(short_memory_is_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
