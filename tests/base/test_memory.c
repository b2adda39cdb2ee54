/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/memory.h"

#include <string.h>

static const size_t MIB = (size_t)1 << 20;

static void amounts_are_read_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bytes;
    } good[] = {{"4G", (size_t)4 << 30},   {"512M", (size_t)512 << 20},
                {"1.5g", (size_t)3 << 29}, {"700000k", 700000 * 1024},
                {"1T", (size_t)1 << 40},   {"65536", 65536},
                {".5G", (size_t)1 << 29}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t bytes = 0;
        if (!memory_read(&bytes, good[i].text) || bytes != good[i].bytes)
            fail_msg("'%s' is read as %zu", good[i].text, bytes);
    }
}

static void what_is_no_amount_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",  "G",   "-1G", " 4G", "4 G", "4GB",   "4GG",
                                      "0", "0.1", "inf", "nan", "4P",  "1e12G", "4,5G"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t bytes = 7;
        if (memory_read(&bytes, bad[i]))
            fail_msg("'%s' is read as %zu", bad[i], bytes);
        assert_int_equal(bytes, 7);
    }
}

static void the_machine_tells_what_there_is(void **state)
{
    (void)state;
    size_t before = memory_peak();
    assert_true(memory_available() > MIB);
    assert_true(before > 0);
    Arena a;
    Err err = {0};
    assert_true(arena_init(&a, 0, &err));
    memset(arena_take(&a, 64 * MIB), 1, 64 * MIB);
    arena_release(&a);
    assert_true(memory_peak() >= before + 32 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_read_in_words),
        cmocka_unit_test(what_is_no_amount_is_refused),
        cmocka_unit_test(the_machine_tells_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
