/* SPDX-License-Identifier: MIT */
#include "media/image.h"
#include "media/internal.h"

#include "base/file.h"

#include <inttypes.h>
#include <string.h>

Image image_new(Arena *a, int w, int h, int c, Err *err)
{
    must(w > 0 && h > 0 && (c == 1 || c == 3 || c == 4));
    return tensor_new(a, TENSOR_U8, SHAPE(h, w, c), err);
}

Image image_new_like(Arena *a, Image like, int w, int h, Err *err)
{
    return tensor_new(a, like.type, SHAPE(h, w, like.dim[2]), err);
}

Image image_to_deep(Arena *a, Image im, Err *err)
{
    if (image_is_deep(im))
        return im;
    Image to = tensor_new(a, TENSOR_U16, tensor_shape(im), err);
    for (int64_t i = 0; i < tensor_count(to); i++)
        ((uint16_t *)to.data)[i] = (uint16_t)(((const unsigned char *)im.data)[i] * 257);
    return to;
}

Image image_to_shallow(Arena *a, Image im, Err *err)
{
    if (!image_is_deep(im))
        return im;
    Image to = tensor_new(a, TENSOR_U8, tensor_shape(im), err);
    for (int64_t i = 0; i < tensor_count(to); i++)
        ((unsigned char *)to.data)[i] =
            (unsigned char)((((const uint16_t *)im.data)[i] * 255u + 32895u) >> 16);
    return to;
}

bool source_size_allowed(Source s, uint64_t w, uint64_t h, Err *err)
{
    if (w == 0 || h == 0)
        return err_set(err, ERR_FORMAT, "'%s' is damaged: it has no pixels", s.name);
    if (w > IMAGE_MAX_SIDE || h > IMAGE_MAX_SIDE)
        return err_set(err, ERR_FORMAT,
                       "'%s' is %" PRIu64 " x %" PRIu64
                       " pixels; at most %d on a side are read",
                       s.name, w, h, IMAGE_MAX_SIDE);
    if (w * h > IMAGE_MAX_PIXELS)
        return err_set(err, ERR_FORMAT,
                       "'%s' is %" PRIu64 " x %" PRIu64
                       " pixels; at most %d million in all are read",
                       s.name, w, h, IMAGE_MAX_PIXELS / 1000000);
    return true;
}

static bool starts(Source s, size_t at, const char *magic, size_t n)
{
    return s.size >= at + n && memcmp(s.bytes + at, magic, n) == 0;
}

SourceKind source_kind(Source s)
{
    if (starts(s, 0, "\x89PNG\r\n\x1a\n", 8))
        return SOURCE_PNG;
    if (starts(s, 0, "\xff\xd8\xff", 3))
        return SOURCE_JPEG;
    return starts(s, 0, "RIFF", 4) && starts(s, 8, "WEBP", 4) ? SOURCE_WEBP : SOURCE_UNKNOWN;
}

static Image decode(Arena *a, Source s, bool is_deep, Err *err)
{
    size_t floor = a->used;
    Image im = {0};
    switch (source_kind(s)) {
    case SOURCE_PNG:
        im = is_deep ? png_decode_deep(a, s, err) : png_decode(a, s, err);
        break;
    case SOURCE_JPEG:
        im = jpeg_decode(a, s, err);
        break;
    case SOURCE_WEBP:
        im = webp_decode(a, s, err);
        break;
    case SOURCE_UNKNOWN:
        err_set(err, ERR_FORMAT,
                s.size == 0 ? "'%s' is empty" : "'%s' is not a PNG, JPEG or WebP picture",
                s.name);
    }
    if (tensor_is_empty(im))
        arena_rewind(a, floor);
    return im;
}

Image image_decode(Arena *a, const void *bytes, size_t size, const char *name, Err *err)
{
    return decode(a, (Source){bytes, size, name}, false, err);
}

static Image load(Arena *a, const char *path, bool is_deep, Err *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    if (!file_read(&bytes, &size, path, IMAGE_MAX_BYTES, err))
        return (Image){0};
    Image im = decode(a, (Source){bytes, size, path}, is_deep, err);
    xfree(bytes);
    return im;
}

Image image_load(Arena *a, const char *path, Err *err)
{
    return load(a, path, false, err);
}

Image image_load_deep(Arena *a, const char *path, Err *err)
{
    return load(a, path, true, err);
}

bool image_save(Image im, const char *path, const ImageText *texts, int count, Err *err)
{
    Out o = {0};
    bool ok = png_write(&o, im, NULL, texts, count, err);
    if (!ok) {
        out_release(&o);
        return false;
    }
    return out_save(&o, path, err);
}

bool image_encode(Arena *a, Bytes *out, Image im, const ImageText *texts, int count, Err *err)
{
    Out o = {0};
    if (!png_write(&o, im, NULL, texts, count, err)) {
        out_release(&o);
        return false;
    }
    return out_keep(&o, a, out, err);
}
