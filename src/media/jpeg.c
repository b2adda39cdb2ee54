/* SPDX-License-Identifier: MIT */
#include "media/internal.h"

#include <string.h>
#include <turbojpeg.h>

/* What the markers of a JPEG say, found before it is decoded. */
typedef struct Markers {
    unsigned w, h;
    Bytes exif;    /* the first, if any */
    bool is_adobe; /* then CMYK is stored inverted */
    bool is_whole; /* it ends with an end marker */
} Markers;

enum { SOI = 0xd8, EOI = 0xd9, SOS = 0xda, APP1 = 0xe1, APP14 = 0xee, TEM = 0x01 };

static unsigned u16(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static bool is_frame_header(int m)
{
    return m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 && m != 0xcc;
}

static void note_segment(Markers *k, int marker, const unsigned char *p, size_t n)
{
    if (is_frame_header(marker) && n >= 5 && k->w == 0) {
        k->h = u16(p + 1);
        k->w = u16(p + 3);
    } else if (marker == APP1 && n > 6 && memcmp(p, "Exif\0", 6) == 0 && k->exif.data == NULL) {
        k->exif = (Bytes){p + 6, n - 6};
    } else if (marker == APP14 && n >= 12 && memcmp(p, "Adobe", 5) == 0) {
        k->is_adobe = true;
    }
}

/* The first marker at or after `at`, past fill bytes and, after a scan header,
 * past coded data: a 0xff that is followed by neither 0 nor a restart. */
static size_t next_marker(Source s, size_t at)
{
    for (; at + 1 < s.size; at++) {
        int m = s.bytes[at + 1];
        if (s.bytes[at] == 0xff && m != 0 && m != 0xff && m != TEM && !(m >= 0xd0 && m <= 0xd7))
            return at;
    }
    return s.size;
}

static Markers read_markers(Source s)
{
    Markers k = {0};
    for (size_t at = 2; (at = next_marker(s, at)) < s.size;) {
        int marker = s.bytes[at + 1];
        at += 2;
        if (marker == EOI) {
            k.is_whole = true;
            break;
        }
        if (marker == SOI)
            continue;
        if (s.size - at < 2)
            break;
        size_t n = u16(s.bytes + at);
        if (n < 2 || n > s.size - at)
            break;
        note_segment(&k, marker, s.bytes + at + 2, n - 2);
        at += n;
    }
    return k;
}

/* Where the pixel (x,y) of the upright picture lies in the stored one. */
static void stored_place(int orientation, int w, int h, int x, int y, int *sx, int *sy)
{
    bool swaps = orientation >= 5;
    int u = swaps ? y : x, v = swaps ? x : y;
    bool mirrors_x =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool mirrors_y =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    *sx = mirrors_x ? w - 1 - u : u;
    *sy = mirrors_y ? h - 1 - v : v;
}

static void turn_upright(Image to, Image from, int orientation)
{
    int w = image_width(from), h = image_height(from);
    for (int y = 0; y < image_height(to); y++)
        for (int x = 0; x < image_width(to); x++) {
            int sx, sy;
            stored_place(orientation, w, h, x, y, &sx, &sy);
            memcpy(image_at(to, x, y), image_at(from, sx, sy), 3);
        }
}

static void cmyk_to_rgb(unsigned char *rgb, const unsigned char *cmyk, size_t n, bool is_adobe)
{
    for (size_t i = 0; i < n; i++) {
        int flip = is_adobe ? 0 : 255;
        int k = cmyk[4 * i + 3] ^ flip;
        for (size_t c = 0; c < 3; c++)
            rgb[3 * i + c] = (unsigned char)(((cmyk[4 * i + c] ^ flip) * k + 127) / 255);
    }
}

/* libjpeg decodes what it can and warns; these warnings lose no pixels. */
static bool is_harmless(const char *warning)
{
    return strstr(warning, "extraneous bytes") != NULL || strstr(warning, "Adobe") != NULL ||
           strstr(warning, "SOS parameters") != NULL;
}

static bool decode_into(tjhandle tj, Source s, void *to, int w, int h, int format, Err *err)
{
    if (tjDecompress2(tj, s.bytes, s.size, to, w, 0, h, format, TJFLAG_LIMITSCANS) == 0)
        return true;
    const char *why = tjGetErrorStr2(tj);
    if (tjGetErrorCode(tj) == TJERR_WARNING && is_harmless(why))
        return true;
    return err_set(err, ERR_FORMAT, "'%s' is damaged: %s", s.name, why);
}

static Image decode(Arena *a, tjhandle tj, Source s, const Markers *k, Err *err)
{
    int w = 0, h = 0, sampling = 0, space = 0;
    if (tjDecompressHeader3(tj, s.bytes, s.size, &w, &h, &sampling, &space) != 0) {
        err_set(err, ERR_FORMAT, "'%s' is damaged: %s", s.name, tjGetErrorStr2(tj));
        return (Image){0};
    }
    if (!source_size_allowed(s, (uint64_t)w, (uint64_t)h, err))
        return (Image){0};
    Image im = image_new(a, w, h, 3, err);
    if (tensor_is_empty(im))
        return im;
    size_t floor = a->used;
    bool is_cmyk = space == TJCS_CMYK || space == TJCS_YCCK;
    Image stored = is_cmyk ? image_new(a, w, h, 4, err) : im;
    if (tensor_is_empty(stored) ||
        !decode_into(tj, s, stored.data, w, h, is_cmyk ? TJPF_CMYK : TJPF_RGB, err))
        return (Image){0};
    if (is_cmyk)
        cmyk_to_rgb(im.data, stored.data, (size_t)w * (size_t)h, k->is_adobe);
    arena_rewind(a, floor);
    return im;
}

Image jpeg_decode(Arena *a, Source s, Err *err)
{
    Markers k = read_markers(s);
    if (k.w > 0 && k.h > 0 && !source_size_allowed(s, k.w, k.h, err))
        return (Image){0};
    if (!k.is_whole) {
        err_set(err, ERR_FORMAT, "'%s' is damaged: the file is cut short", s.name);
        return (Image){0};
    }
    tjhandle tj = tjInitDecompress();
    must(tj != NULL);
    Image im = decode(a, tj, s, &k, err);
    tjDestroy(tj);
    int orientation = exif_orientation(k.exif);
    if (tensor_is_empty(im) || orientation == 1)
        return im;
    bool swaps = orientation >= 5;
    int w = image_width(im), h = image_height(im);
    Image upright = image_new(a, swaps ? h : w, swaps ? w : h, 3, err);
    if (!tensor_is_empty(upright))
        turn_upright(upright, im, orientation);
    return upright;
}

char *jpeg_find_text(Source s, const char *key, Arena *a)
{
    return exif_text(read_markers(s).exif, key, a);
}
