/* SPDX-License-Identifier: MIT */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool err_set(Err *err, ErrKind kind, const char *fmt, ...)
{
    if (err == NULL || err->kind != ERR_NONE)
        return false;
    err->kind = kind;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    return false;
}

bool err_prefix(Err *err, const char *fmt, ...)
{
    if (err == NULL || err->kind == ERR_NONE)
        return false;
    char was[sizeof err->text];
    memcpy(was, err->text, sizeof was);
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof err->text) {
        size_t room = sizeof err->text - (size_t)n;
        size_t len = strnlen(was, room - 1);
        memcpy(err->text + n, was, len);
        err->text[(size_t)n + len] = '\0';
    }
    return false;
}

_Noreturn void must_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "atelier: bug: %s:%d: %s\n", file, line, cond);
    abort();
}

void *xalloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    must(p != NULL);
    return p;
}

void *xgrow(void *p, size_t count, size_t size)
{
    must(size == 0 || count <= SIZE_MAX / size);
    void *q = realloc(p, count && size ? count * size : 1);
    must(q != NULL);
    return q;
}

char *xstrdup(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(xalloc(n, 1), s, n);
}

void xfree(void *p)
{
    free(p);
}
