/* SPDX-License-Identifier: MIT */
#include "text/internal.h"

#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"

bool rune_is_letter(int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}

bool rune_is_number(int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    return k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO;
}

bool rune_is_space(int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    return (c >= '\t' && c <= '\r') || c == 0x85 ||
           (k >= UTF8PROC_CATEGORY_ZS && k <= UTF8PROC_CATEGORY_ZP);
}

int rune_write(unsigned char to[4], int32_t c)
{
    return (int)utf8proc_encode_char(c, to);
}

int32_t rune_read(const char *s)
{
    utf8proc_int32_t c;
    utf8proc_iterate((const utf8proc_uint8_t *)s, 4, &c);
    return c;
}

/* The one letter that has two in lower case is I with a dot above. */
static int lower(int32_t to[2], int32_t c)
{
    to[0] = c == 0x130 ? 'i' : utf8proc_tolower(c);
    to[1] = 0x307;
    return c == 0x130 ? 2 : 1;
}

static int64_t composed(int32_t **to, const char *text)
{
    const utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
    utf8proc_ssize_t size = (utf8proc_ssize_t)strlen(text);
    utf8proc_ssize_t n = utf8proc_decompose(bytes, size, NULL, 0, how);
    must(n >= 0); /* the text is valid */
    *to = xalloc((size_t)n + 1, sizeof(int32_t));
    n = utf8proc_decompose(bytes, size, *to, n, how);
    n = utf8proc_normalize_utf32(*to, n, how);
    must(n >= 0);
    return n;
}

void runes_clean(Runes *r, const char *text)
{
    char *valid = utf8_mended(text);
    int32_t *from;
    int64_t n = composed(&from, valid);
    xfree(valid);
    *r = (Runes){.at = xalloc(2 * (size_t)n + 1, sizeof(int32_t))};
    for (int64_t i = 0; i < n; i++) {
        if (!rune_is_space(from[i]))
            r->count += lower(r->at + r->count, from[i]);
        else if (r->count > 0 && r->at[r->count - 1] != ' ')
            r->at[r->count++] = ' ';
    }
    if (r->count > 0 && r->at[r->count - 1] == ' ')
        r->count--;
    xfree(from);
}

void runes_release(Runes *r)
{
    xfree(r->at);
    *r = (Runes){0};
}
