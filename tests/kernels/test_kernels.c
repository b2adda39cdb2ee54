/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/kernels.h"

static void finds_the_meaning_and_the_best_table_by_name(void **state)
{
    (void)state;
    Kernels k;
    Err err = {0};
    assert_true(kernels_named(&k, "ref", &err));
    assert_string_equal(k.name, "ref");
    assert_true(kernels_named(&k, "best", &err));
    assert_string_equal(k.name, kernels_for(KERNELS_BEST).name);
}

static void says_which_tables_work_here(void **state)
{
    (void)state;
    Kernels k;
    Err err = {0};
    assert_false(kernels_named(&k, "neon", &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "no kernels 'neon' on this machine: choose one of ref"));
    assert_non_null(strstr(err.text, "best"));
}

static void lays_no_faster_variant_over_the_meaning_unless_allowed(void **state)
{
    (void)state;
    assert_string_equal(kernels_for(KERNELS_REF).name, "ref");
    assert_string_not_equal(kernels_for(KERNELS_AVX2).name, "avx512");
}

/* A table holds pointers only, between its name and its end. */
static void fills_every_entry_of_every_table(void **state)
{
    (void)state;
    for (int mask = KERNELS_REF; mask <= (KERNELS_AVX2 | KERNELS_AVX512); mask++) {
        Kernels k = kernels_for(mask);
        void *entry[sizeof k / sizeof(void *)];
        memcpy(entry, &k, sizeof k);
        for (size_t i = 0; i < sizeof entry / sizeof *entry; i++)
            assert_non_null(entry[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_meaning_and_the_best_table_by_name),
        cmocka_unit_test(says_which_tables_work_here),
        cmocka_unit_test(lays_no_faster_variant_over_the_meaning_unless_allowed),
        cmocka_unit_test(fills_every_entry_of_every_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
