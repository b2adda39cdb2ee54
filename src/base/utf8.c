/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <string.h>

int utf8_size(const char *s)
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

bool utf8_is_valid(const char *s)
{
    for (int n = 0; *s != '\0'; s += n) {
        n = utf8_size(s);
        if (n == 0)
            return false;
    }
    return true;
}

char *utf8_mended(const char *s)
{
    static const char stranger[] = "\xef\xbf\xbd";
    char *mended = xalloc(3 * strlen(s) + 1, 1), *to = mended;
    while (*s != '\0') {
        int n = utf8_size(s);
        memcpy(to, n > 0 ? s : stranger, n > 0 ? (size_t)n : 3);
        to += n > 0 ? n : 3;
        s += n > 0 ? n : 1;
    }
    return mended;
}
