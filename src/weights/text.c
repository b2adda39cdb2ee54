/* SPDX-License-Identifier: MIT */
#include "weights/internal.h"

#include <string.h>

bool text_is(Text t, const char *s)
{
    return strlen(s) == t.size && memcmp(t.at, s, t.size) == 0;
}

int text_compare(Text a, Text b)
{
    size_t n = a.size < b.size ? a.size : b.size;
    int d = n > 0 ? memcmp(a.at, b.at, n) : 0;
    return d != 0 ? d : (a.size > b.size) - (a.size < b.size);
}

bool text_equal(Text a, Text b)
{
    return text_compare(a, b) == 0;
}

bool text_is_name(Text t)
{
    bool is_plain = t.size > 0 && t.size <= LONGEST_NAME;
    for (size_t i = 0; is_plain && i < t.size; i++)
        is_plain = t.at[i] >= ' ' && t.at[i] <= '~';
    return is_plain;
}

/* Bytes of the character at `s`, or 0 if it is none.  (RFC 3629: no overlong
 * forms, no surrogates, nothing above U+10FFFF) */
static int utf8_size(const char *s)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *c = (const unsigned char *)s;
    if (c[0] < 0x80)
        return 1;
    int n = c[0] >> 5 == 6 ? 2 : c[0] >> 4 == 14 ? 3 : c[0] >> 3 == 30 ? 4 : 0;
    uint32_t code = c[0] & (0x7fu >> n);
    for (int i = 1; i < n; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c[i] & 0x3fu);
    }
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    return n == 0 || code < least[n] || code > 0x10ffff || is_surrogate ? 0 : n;
}

bool text_is_utf8(const char *s)
{
    for (int n = 0; *s != '\0'; s += n) {
        n = utf8_size(s);
        if (n == 0)
            return false;
    }
    return true;
}

Shown text_shown(Text t)
{
    static const char cut[] = "...";
    Shown shown = {{0}};
    size_t room = sizeof shown.s - sizeof cut;
    size_t n = t.size < room ? t.size : room;
    memset(shown.s, '?', n);
    for (size_t i = 0; i < n; i++)
        if (t.at[i] >= ' ' && t.at[i] <= '~')
            shown.s[i] = t.at[i];
    if (n < t.size)
        memcpy(shown.s + n, cut, sizeof cut);
    return shown;
}

uint16_t read_u16(const unsigned char *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

uint32_t read_u32(const unsigned char *at)
{
    return read_u16(at) | (uint32_t)read_u16(at + 2) << 16;
}

uint64_t read_u64(const unsigned char *at)
{
    return read_u32(at) | (uint64_t)read_u32(at + 4) << 32;
}
