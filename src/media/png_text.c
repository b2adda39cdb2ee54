/* SPDX-License-Identifier: MIT */
#include "media/image.h"

#include "base/file.h"
#include "base/utf8.h"

#include <string.h>

enum { HEAD = 8, CHUNK = 12, TEXT_MAX = 1 << 20 };

static uint32_t u32be(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Past the next zero byte; NULL if there is none. */
static const unsigned char *past_zero(const unsigned char *p, const unsigned char *end)
{
    p = memchr(p, 0, (size_t)(end - p));
    return p == NULL ? NULL : p + 1;
}

/* Where the text of an iTXt begins, after its key; NULL if it is compressed. */
static const unsigned char *past_language(const unsigned char *p, const unsigned char *end)
{
    if (end - p < 2 || p[0] != 0)
        return NULL;
    p = past_zero(p + 2, end);
    return p == NULL ? NULL : past_zero(p, end);
}

/* tEXt is Latin-1; what looks like UTF-8 is taken for it, since many write it so. */
static char *as_utf8(const unsigned char *p, size_t n, Arena *a)
{
    char *to = arena_take(a, 2 * n + 1);
    size_t k = 0;
    if (to == NULL)
        return NULL;
    memcpy(to, p, n);
    to[n] = '\0';
    if (strlen(to) == n && utf8_is_valid(to))
        return to;
    for (size_t i = 0; i < n && p[i] != 0; i++) {
        if (p[i] >= 0x80)
            to[k++] = (char)(0xC0 | p[i] >> 6);
        to[k++] = (char)(p[i] < 0x80 ? p[i] : 0x80 | (p[i] & 0x3F));
    }
    to[k] = '\0';
    return to;
}

/* The text of a chunk, if it is one with that key. */
static char *text_of(const unsigned char *chunk, size_t n, const char *key, Arena *a)
{
    const unsigned char *data = chunk + HEAD, *end = data + n, *text = past_zero(data, end);
    bool is_wide = memcmp(chunk + 4, "iTXt", 4) == 0;
    if ((!is_wide && memcmp(chunk + 4, "tEXt", 4) != 0) || n > TEXT_MAX || text == NULL ||
        strcmp((const char *)data, key) != 0)
        return NULL;
    if (is_wide)
        text = past_language(text, end);
    return text == NULL ? NULL : as_utf8(text, (size_t)(end - text), a);
}

bool image_text(char **text, const char *path, const char *key, Arena *a, Err *err)
{
    static const unsigned char sign[HEAD] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    unsigned char *bytes = NULL;
    size_t size = 0;
    *text = NULL;
    if (!file_read(&bytes, &size, path, IMAGE_MAX_BYTES, err))
        return false;
    bool is_png = size >= HEAD && memcmp(bytes, sign, HEAD) == 0;
    for (size_t at = HEAD; is_png && *text == NULL && size - at >= CHUNK;) {
        size_t n = u32be(bytes + at);
        if (n > size - at - CHUNK)
            break;
        *text = text_of(bytes + at, n, key, a);
        at += n + CHUNK;
    }
    xfree(bytes);
    return true;
}
