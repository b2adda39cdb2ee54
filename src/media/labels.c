/* SPDX-License-Identifier: MIT */
#include "media/labels.h"
#include "media/internal.h"

#include "base/file.h"

#include <string.h>

Image labels_decode(Arena *a, const void *bytes, size_t size, const char *name, Err *err)
{
    static const unsigned char magic[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (size >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0)
        return png_decode_indices(a, (Source){bytes, size, name}, err);
    err_set(err, ERR_FORMAT, "'%s' is not a PNG; labels are an indexed one", name);
    return (Image){0};
}

Image labels_load(Arena *a, const char *path, Err *err)
{
    unsigned char *bytes;
    size_t size;
    if (!file_read(&bytes, &size, path, IMAGE_MAX_BYTES, err))
        return (Image){0};
    Image im = labels_decode(a, bytes, size, path, err);
    xfree(bytes);
    return im;
}

bool labels_save(Image labels, const unsigned char (*rgb)[3], int count, const char *path,
                 Err *err)
{
    Out o = {0};
    PngPalette palette = {.rgb = rgb[0], .colours = count};
    if (png_write(&o, labels, &palette, NULL, 0, err))
        return out_save(&o, path, err);
    out_release(&o);
    return false;
}
