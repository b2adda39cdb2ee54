#ifndef TESTS_BASE_FOLDER_H
#define TESTS_BASE_FOLDER_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An empty folder to be in, so that paths are plain names; gone at the end.
 * For cmocka_run_group_tests, or for each test. */
static inline int folder_enter(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char *path = file_join(tmp != NULL ? tmp : "/tmp", "atelier-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    assert_int_equal(chmod(path, 0755), 0); /* so that others may look */
    assert_int_equal(chdir(path), 0);
    *state = path;
    return 0;
}

static inline int folder_remove(const char *path, const struct stat *st, int kind,
                                struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static inline int folder_leave(void **state)
{
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(nftw(*state, folder_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
    xfree(*state);
    return 0;
}

/* Files of a test are made and looked at without the functions that it tests. */
static inline void put_file(const char *path, const char *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static inline void assert_file_is(const char *path, const char *bytes, size_t size)
{
    char got[4096];
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("there is no '%s'", path);
    size_t n = fread(got, 1, sizeof got, f);
    fclose(f);
    assert_int_equal(n, size);
    assert_memory_equal(got, bytes, size);
}
#endif
