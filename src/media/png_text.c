/* SPDX-License-Identifier: MIT */
#include "media/internal.h"

#include <string.h>
#include <zlib.h>

enum { SIGN = 8, HEAD = 8, CHUNK = 12 };

static uint32_t u32be(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* What is left of `b` past its next zero byte; nothing if there is none. */
static Bytes past_zero(Bytes b)
{
    const unsigned char *p = b.size > 0 ? memchr(b.data, 0, b.size) : NULL;
    return p == NULL ? (Bytes){0} : (Bytes){p + 1, b.size - (size_t)(p + 1 - b.data)};
}

static Bytes past(Bytes b, size_t n)
{
    return b.size < n ? (Bytes){0} : (Bytes){b.data + n, b.size - n};
}

/* Packed text; NULL if it is damaged, or larger than any text is. */
static char *unpacked(Bytes b, Arena *a)
{
    uLongf size = TEXT_MOST;
    unsigned char *bytes = xalloc(TEXT_MOST, 1);
    bool ok = uncompress(bytes, &size, b.data, b.size) == Z_OK;
    char *text = ok ? text_from_bytes((Bytes){bytes, size}, a) : NULL;
    xfree(bytes);
    return text;
}

/* The text of a chunk that has one under that key; NULL if it has not.
 * (PNG, 11.3.4)  The keys that are asked for end within it: past_zero says so. */
static char *text_of(const char *type, Bytes data, const char *key, Arena *a)
{
    bool is_plain = memcmp(type, "tEXt", 4) == 0, is_wide = memcmp(type, "iTXt", 4) == 0;
    bool is_packed = memcmp(type, "zTXt", 4) == 0;
    Bytes text = past_zero(data);
    if (!(is_plain || is_wide || is_packed) || data.size > TEXT_MOST || text.data == NULL ||
        strcmp((const char *)data.data, key) != 0)
        return NULL;
    if (is_wide) {
        is_packed = text.size > 0 && text.data[0] == 1;
        text = past_zero(past_zero(past(text, 2)));
    } else if (is_packed) {
        text = past(text, 1);
    }
    if (text.data == NULL)
        return NULL;
    return is_packed ? unpacked(text, a) : text_from_bytes(text, a);
}

char *png_find_text(Source s, const char *key, Arena *a)
{
    for (size_t at = SIGN; s.size >= CHUNK && at <= s.size - CHUNK;) {
        size_t n = u32be(s.bytes + at);
        if (n > s.size - at - CHUNK)
            break;
        char *text =
            text_of((const char *)s.bytes + at + 4, (Bytes){s.bytes + at + HEAD, n}, key, a);
        if (text != NULL)
            return text;
        at += n + CHUNK;
    }
    return NULL;
}
