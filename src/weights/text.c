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
