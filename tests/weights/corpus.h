#ifndef TESTS_CORPUS_H
#define TESTS_CORPUS_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Paths into tests/corpus, whose folder meson gives in CORPUS. */
typedef struct Path {
    char s[1024];
} Path;

static inline Path corpus(const char *folder, const char *name)
{
    Path p;
    const char *root = getenv("CORPUS");
    assert_non_null(root);
    int n = snprintf(p.s, sizeof p.s, "%s/%s/%s", root, folder, name);
    assert_in_range(n, 1, sizeof p.s - 1);
    return p;
}
#endif
