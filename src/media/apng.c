/* SPDX-License-Identifier: MIT */
#include "media/animation.h"
#include "media/internal.h"

#include <string.h>
#include <zlib.h>

/* Animated PNG: a PNG whose further frames lie in chunks of their own.
 *
 *   IHDR  acTL  fcTL IDAT*  ( fcTL fdAT* )*  IEND
 *
 * Pixels are compressed by the PNG writer; what lies in its IDAT chunks is
 * taken over.  (PNG specification, third edition, section 11.3.4) */

static uint32_t u32be(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A chunk is written by its name and length, its bytes, and its checksum. */
static size_t begin_chunk(Out *o, const char *name, size_t length)
{
    out_u32be(o, (uint32_t)length);
    size_t at = o->size;
    out_put(o, name, 4);
    return at;
}

static void end_chunk(Out *o, size_t at)
{
    if (!o->is_full)
        out_u32be(o, (uint32_t)crc32(0, o->data + at, (uInt)(o->size - at)));
}

static void put_count(Out *o, const Animation *m)
{
    size_t at = begin_chunk(o, "acTL", 8);
    out_u32be(o, (uint32_t)m->count);
    out_u32be(o, (uint32_t)m->plays);
    end_chunk(o, at);
}

/* Where the next frame lies and how long it lasts: it replaces what was there
 * and stays. */
static void put_control(Out *o, uint32_t number, Rect r, int ms)
{
    enum { MS_A_SECOND = 1000 };
    size_t at = begin_chunk(o, "fcTL", 26);
    out_u32be(o, number);
    out_u32be(o, (uint32_t)r.w);
    out_u32be(o, (uint32_t)r.h);
    out_u32be(o, (uint32_t)r.x);
    out_u32be(o, (uint32_t)r.y);
    out_byte(o, ms >> 8);
    out_byte(o, ms & 255);
    out_byte(o, MS_A_SECOND >> 8);
    out_byte(o, MS_A_SECOND & 255);
    out_byte(o, 0);
    out_byte(o, 0);
    end_chunk(o, at);
}

enum { SIGNATURE = 8, HEADER = 12 + 13 };

/* The pixels of a PNG: IDAT as they are for the first frame, else as fdAT. */
static void put_pixels(Out *o, const Out *png, bool is_first, uint32_t *number)
{
    for (size_t at = SIGNATURE + HEADER; at < png->size;) {
        uint32_t n = u32be(png->data + at);
        if (memcmp(png->data + at + 4, "IDAT", 4) == 0 && is_first) {
            out_put(o, png->data + at, n + 12);
        } else if (memcmp(png->data + at + 4, "IDAT", 4) == 0) {
            size_t chunk = begin_chunk(o, "fdAT", n + 4);
            out_u32be(o, (*number)++);
            out_put(o, png->data + at + 8, n);
            end_chunk(o, chunk);
        }
        at += n + 12;
    }
}

static bool put_frame(Out *o, const Animation *m, int i, uint32_t *number, Arena *scratch,
                      Err *err)
{
    Image im = image_to_rgba(scratch, m->frames[i], err), before = im;
    if (i > 0 && !tensor_is_empty(im))
        before = image_to_rgba(scratch, m->frames[i - 1], err);
    if (tensor_is_empty(im) || tensor_is_empty(before))
        return false;
    Rect r = {0, 0, image_width(im), image_height(im)};
    if (i > 0)
        r = animation_change(before, im);
    Image part = image_crop(scratch, im, r, (Rgb){0}, err);
    Out png = {0};
    bool ok =
        !tensor_is_empty(part) && png_write(&png, part, NULL, NULL, 0, err) &&
        (!png.is_full || err_set(err, ERR_MEMORY, "frame %d is too large to be written", i));
    if (ok && i == 0) {
        out_put(o, png.data, SIGNATURE + HEADER);
        put_count(o, m);
    }
    if (ok) {
        put_control(o, (*number)++, r, animation_ms(m, i));
        put_pixels(o, &png, i == 0, number);
    }
    out_release(&png);
    return ok;
}

static bool write_apng(Out *o, const Animation *m, Arena *scratch, Err *err)
{
    uint32_t number = 0;
    bool ok = animation_fits(m, err);
    for (int i = 0; ok && i < m->count; i++) {
        size_t floor = scratch->used;
        ok = put_frame(o, m, i, &number, scratch, err);
        arena_rewind(scratch, floor);
    }
    if (ok)
        end_chunk(o, begin_chunk(o, "IEND", 0));
    else
        out_release(o);
    return ok;
}

bool apng_save(const Animation *m, const char *path, Arena *scratch, Err *err)
{
    Out o = {0};
    return write_apng(&o, m, scratch, err) && out_save(&o, path, err);
}

bool apng_encode(Arena *a, Bytes *out, const Animation *m, Err *err)
{
    Out o = {0};
    return write_apng(&o, m, a, err) && out_keep(&o, a, out, err);
}
