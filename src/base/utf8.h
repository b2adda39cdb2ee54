#ifndef BASE_UTF8_H
#define BASE_UTF8_H
#include "base/base.h"

/* Bytes that are characters, and bytes that are none.  (RFC 3629: no overlong
 * forms, no surrogates, nothing above U+10FFFF)  Names of files may hold any. */

/* Bytes of the character at `s`, or 0 if it is none; 1 for the closing zero. */
int utf8_size(const char *s);

bool utf8_is_valid(const char *s);

/* A copy with U+FFFD for each byte that belongs to no character.  Free with
 * xfree. */
char *utf8_mended(const char *s) MUST_USE;
#endif
