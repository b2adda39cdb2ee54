/* SPDX-License-Identifier: MIT */
#include "media/internal.h"

#include "base/file.h"
#include "base/utf8.h"

#include <string.h>

char *text_from_bytes(Bytes b, Arena *a)
{
    size_t n = b.size > 0 ? strnlen((const char *)b.data, b.size) : 0, k = 0;
    char *to = arena_take(a, 2 * n + 1);
    if (to == NULL)
        return NULL;
    memcpy(to, n > 0 ? b.data : (const unsigned char *)"", n);
    to[n] = '\0';
    if (utf8_is_valid(to))
        return to;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = b.data[i];
        if (c >= 0x80)
            to[k++] = (char)(0xc0 | c >> 6);
        to[k++] = (char)(c < 0x80 ? c : 0x80 | (c & 0x3f));
    }
    to[k] = '\0';
    return to;
}

char *image_text_decode(const void *bytes, size_t size, const char *key, Arena *a)
{
    Source s = {bytes, size, ""};
    switch (source_kind(s)) {
    case SOURCE_PNG:
        return png_find_text(s, key, a);
    case SOURCE_JPEG:
        return jpeg_find_text(s, key, a);
    case SOURCE_WEBP:
        return webp_find_text(s, key, a);
    case SOURCE_UNKNOWN:
        break;
    }
    return NULL;
}

bool image_text(char **text, const char *path, const char *key, Arena *a, Err *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    *text = NULL;
    if (!file_read(&bytes, &size, path, IMAGE_MAX_BYTES, err))
        return false;
    *text = image_text_decode(bytes, size, key, a);
    xfree(bytes);
    return true;
}
