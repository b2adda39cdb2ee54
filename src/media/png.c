/* SPDX-License-Identifier: MIT */
#include "media/internal.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

/* libpng reports errors by a jump.  Everything that must survive one lies in
 * a struct outside the function that calls setjmp. */

enum { CHUNK_MAX = 8 << 20, CHUNKS_MAX = 256 };

typedef struct Reading {
    Source s;
    size_t at;
    Arena *a;
    Image image;
    bool is_indexed; /* indices as they are, instead of their colours */
    bool is_deep;    /* 16 bits as they are, instead of 8 */
    Err *err;
} Reading;

static void on_read_error(png_structp p, png_const_charp text)
{
    Reading *r = png_get_error_ptr(p);
    err_set(r->err, ERR_FORMAT, "'%s' is damaged: %s", r->s.name, text);
    png_longjmp(p, 1);
}

static void on_warning(png_structp p, png_const_charp text)
{
    (void)p;
    (void)text;
}

static void on_read(png_structp p, png_bytep to, size_t n)
{
    Reading *r = png_get_io_ptr(p);
    if (n > r->s.size - r->at)
        png_error(p, "the file is cut short");
    memcpy(to, r->s.bytes + r->at, n);
    r->at += n;
}

static uint32_t u32be(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The order of bytes in a number here is not the file's. */
static bool must_swap(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 1;
}

/* Any colour type as RGB or RGBA, of 8 bits if 16 are not wanted. */
static void ask_for_colours(png_structp p, bool is_deep)
{
    png_set_expand(p);
    if (!is_deep)
        png_set_scale_16(p);
    else if (must_swap())
        png_set_swap(p);
    png_set_gray_to_rgb(p);
    png_set_interlace_handling(p);
}

/* Indices (or shades of grey) as bytes. */
static void ask_for_indices(png_structp p, png_infop info, const Reading *r)
{
    int type = png_get_color_type(p, info);
    if ((type != PNG_COLOR_TYPE_PALETTE && type != PNG_COLOR_TYPE_GRAY) ||
        png_get_bit_depth(p, info) > 8) {
        err_set(r->err, ERR_FORMAT,
                "'%s' is a PNG of colours; it must be an indexed one, an index for each label",
                r->s.name);
        png_longjmp(p, 1);
    }
    png_set_packing(p);
    png_set_interlace_handling(p);
}

static unsigned char *row_of(Image im, int y)
{
    return (unsigned char *)im.data + (size_t)y * (tensor_bytes(im) / (size_t)im.dim[0]);
}

static bool read_pixels(png_structp p, png_infop info, Reading *r)
{
    if (setjmp(png_jmpbuf(p)) != 0)
        return false;
    png_set_read_fn(p, r, on_read);
    png_set_user_limits(p, IMAGE_MAX_SIDE, IMAGE_MAX_SIDE);
    png_set_chunk_malloc_max(p, CHUNK_MAX);
    png_set_chunk_cache_max(p, CHUNKS_MAX);
    png_read_info(p, info);
    if (r->is_indexed)
        ask_for_indices(p, info, r);
    else
        ask_for_colours(p, r->is_deep);
    png_read_update_info(p, info);
    uint32_t w = png_get_image_width(p, info), h = png_get_image_height(p, info);
    int c = png_get_channels(p, info);
    if (!source_size_allowed(r->s, w, h, r->err))
        return false;
    TensorType type = png_get_bit_depth(p, info) == 16 ? TENSOR_U16 : TENSOR_U8;
    must(png_get_rowbytes(p, info) == (size_t)w * (size_t)c * tensor_type_size(type));
    r->image = tensor_new(r->a, type, SHAPE(h, w, c), r->err);
    if (tensor_is_empty(r->image))
        return false;
    png_bytepp rows = arena_take(r->a, h * sizeof *rows);
    if (rows == NULL)
        return err_set(r->err, ERR_MEMORY, "not enough memory to read '%s'", r->s.name);
    for (uint32_t y = 0; y < h; y++)
        rows[y] = row_of(r->image, (int)y);
    png_read_image(p, rows);
    png_read_end(p, NULL);
    return true;
}

static Image decode(Reading r)
{
    Source s = r.s;
    Err *err = r.err;
    enum { IHDR_END = 33 };
    if (s.size < IHDR_END) {
        err_set(err, ERR_FORMAT, "'%s' is damaged: the file is cut short", s.name);
        return (Image){0};
    }
    if (memcmp(s.bytes + 12, "IHDR", 4) != 0) {
        err_set(err, ERR_FORMAT, "'%s' is damaged: it does not begin with a header", s.name);
        return (Image){0};
    }
    if (!source_size_allowed(s, u32be(s.bytes + 16), u32be(s.bytes + 20), err))
        return (Image){0};
    png_structp p =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_read_error, on_warning);
    png_infop info = p == NULL ? NULL : png_create_info_struct(p);
    must(info != NULL);
    bool ok = read_pixels(p, info, &r);
    png_destroy_read_struct(&p, &info, NULL);
    return ok ? r.image : (Image){0};
}

Image png_decode(Arena *a, Source s, Err *err)
{
    return decode((Reading){.s = s, .a = a, .err = err});
}

Image png_decode_deep(Arena *a, Source s, Err *err)
{
    return decode((Reading){.s = s, .a = a, .is_deep = true, .err = err});
}

Image png_decode_indices(Arena *a, Source s, Err *err)
{
    return decode((Reading){.s = s, .a = a, .is_indexed = true, .err = err});
}

typedef struct Writing {
    Out *out;
    Err *err;
} Writing;

static void on_write_error(png_structp p, png_const_charp text)
{
    Writing *w = png_get_error_ptr(p);
    err_set(w->err, ERR_INPUT, "cannot write a PNG: %s", text);
    png_longjmp(p, 1);
}

static void on_write(png_structp p, png_bytep from, size_t n)
{
    Writing *w = png_get_io_ptr(p);
    out_put(w->out, from, n);
}

static void on_flush(png_structp p)
{
    (void)p;
}

static bool is_ascii(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s > 126)
            return false;
    return true;
}

static void put_text(png_structp p, png_infop info, ImageText t)
{
    bool plain = is_ascii(t.value);
    char key[80];
    snprintf(key, sizeof key, "%s", t.key);
    char *value = xstrdup(t.value);
    char none[] = "";
    png_text text = {.compression =
                         plain ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE,
                     .key = key,
                     .text = value,
                     .text_length = plain ? strlen(value) : 0,
                     .itxt_length = plain ? 0 : strlen(value),
                     .lang = none,
                     .lang_key = none};
    png_set_text(p, info, &text, 1);
    xfree(value);
}

static void put_palette(png_structp p, png_infop info, const PngPalette *palette)
{
    png_color colours[256];
    must(palette->colours > 0 && palette->colours <= 256);
    for (int i = 0; i < palette->colours; i++) {
        const unsigned char *c = palette->rgb + 3 * (ptrdiff_t)i;
        colours[i] = (png_color){c[0], c[1], c[2]};
    }
    png_set_PLTE(p, info, colours, palette->colours);
    if (palette->alphas > 0)
        png_set_tRNS(p, info, palette->alpha, palette->alphas, NULL);
}

static int colour_type(Image im, const PngPalette *palette)
{
    if (palette != NULL)
        return PNG_COLOR_TYPE_PALETTE;
    switch (image_channels(im)) {
    case 1:
        return PNG_COLOR_TYPE_GRAY;
    case 3:
        return PNG_COLOR_TYPE_RGB;
    default:
        return PNG_COLOR_TYPE_RGB_ALPHA;
    }
}

static bool write_pixels(png_structp p, png_infop info, Image im, const PngPalette *palette,
                         const ImageText *texts, int count)
{
    if (setjmp(png_jmpbuf(p)) != 0)
        return false;
    png_set_IHDR(p, info, (png_uint_32)image_width(im), (png_uint_32)image_height(im),
                 image_is_deep(im) ? 16 : 8, colour_type(im, palette), PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (palette != NULL)
        put_palette(p, info, palette);
    for (int i = 0; i < count; i++)
        put_text(p, info, texts[i]);
    png_write_info(p, info);
    if (image_is_deep(im) && must_swap())
        png_set_swap(p);
    for (int y = 0; y < image_height(im); y++)
        png_write_row(p, row_of(im, y));
    png_write_end(p, info);
    return true;
}

bool png_write(Out *o, Image im, const PngPalette *palette, const ImageText *texts, int count,
               Err *err)
{
    must((im.type == TENSOR_U8 || image_is_deep(im)) && im.rank == 3 && tensor_count(im) > 0);
    must(palette == NULL || image_channels(im) == 1);
    Writing w = {o, err};
    png_structp p =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, on_write_error, on_warning);
    png_infop info = p == NULL ? NULL : png_create_info_struct(p);
    must(info != NULL);
    png_set_write_fn(p, &w, on_write, on_flush);
    bool ok = write_pixels(p, info, im, palette, texts, count);
    png_destroy_write_struct(&p, &info);
    return ok;
}
