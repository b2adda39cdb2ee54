/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "diffusion/window.h"

static Windows made(WindowRule rule, int64_t F)
{
    Windows w;
    Err err = {0};
    if (!windows_init(&w, &rule, F, &err))
        fail_msg("%s", err.text);
    return w;
}

/* Each window runs from `start` by one, wrapping at F. */
static void assert_starts(Windows *w, int64_t F, const int64_t *start, int64_t count)
{
    assert_int_equal(w->count, count);
    for (int64_t i = 0; i < count; i++) {
        for (int64_t k = 0; k < w->size; k++)
            assert_int_equal(windows_at(w, i)[k], (start[i] + k) % F);
    }
    windows_release(w);
}

static void few_frames_are_one_window(void **state)
{
    (void)state;
    Windows w = made((WindowRule){.size = 16, .overlap = 4}, 10);
    assert_int_equal(w.size, 10);
    assert_starts(&w, 10, (int64_t[]){0}, 1);
    w = made((WindowRule){.size = 16, .overlap = 4, .is_open = true}, 16);
    assert_starts(&w, 16, (int64_t[]){0}, 1);
}

static void closed_windows_are_those_of_moore(void **state)
{
    (void)state;
    Windows w = made((WindowRule){.size = 16, .overlap = 4, .stride = 1}, 24);
    assert_starts(&w, 24, (int64_t[]){0, 12}, 2);
    w = made((WindowRule){.size = 24, .overlap = 4, .stride = 1}, 30);
    assert_starts(&w, 30, (int64_t[]){0, 20}, 2);
    w = made((WindowRule){.size = 24, .overlap = 4, .stride = 1}, 48);
    assert_starts(&w, 48, (int64_t[]){0, 20, 40}, 3);
}

/* uniform(step = 3, num_frames = 20, context_size = 8, stride 2, overlap 2):
 * the halves of 3 are 0.75, so all starts move by 15. */
static void strides_and_turns_are_those_of_moore(void **state)
{
    (void)state;
    Windows w = made((WindowRule){.size = 8, .overlap = 2, .stride = 2, .turn = 3}, 20);
    assert_int_equal(w.count, 6);
    static const int64_t first[6] = {15, 1, 7, 13, 16, 10};
    static const int64_t last[6] = {2, 8, 14, 0, 10, 4};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(windows_at(&w, i)[0], first[i]);
        assert_int_equal(windows_at(&w, i)[7], last[i]);
    }
    windows_release(&w);
}

static void open_windows_stay_inside(void **state)
{
    (void)state;
    Windows w = made((WindowRule){.size = 16, .overlap = 4, .is_open = true}, 24);
    assert_starts(&w, 24, (int64_t[]){0, 8}, 2);
    w = made((WindowRule){.size = 16, .overlap = 4, .is_open = true}, 33);
    assert_starts(&w, 33, (int64_t[]){0, 12, 17}, 3);
    w = made((WindowRule){.size = 16, .overlap = 4, .is_open = true}, 28);
    assert_starts(&w, 28, (int64_t[]){0, 12}, 2);
}

static void every_frame_is_seen_and_none_outside(void **state)
{
    (void)state;
    for (int64_t F = 1; F < 70; F++) {
        for (int k = 0; k < 5 * 4 * 2; k++) {
            WindowRule rule = {.size = 1 + k % 5 * 5, .stride = 1, .is_open = k / 20};
            rule.overlap = k / 5 % 4 * 2;
            if (rule.overlap >= rule.size)
                continue;
            Windows w = made(rule, F);
            bool seen[70] = {false};
            for (int64_t i = 0; i < w.count * w.size; i++) {
                assert_true(w.frame[i] >= 0 && w.frame[i] < F);
                seen[w.frame[i]] = true;
            }
            for (int64_t f = 0; f < F; f++)
                assert_true(seen[f]);
            windows_release(&w);
        }
    }
}

static void senseless_rules_are_refused(void **state)
{
    (void)state;
    static const struct {
        WindowRule rule;
        int64_t F;
        const char *why;
    } bad[] = {{{.size = 16, .overlap = 16}, 24, "overlap must be smaller"},
               {{.size = 0}, 24, "windows of 0 frames"},
               {{.size = 8, .overlap = -1}, 24, "overlap"},
               {{.size = 8, .stride = 60}, 24, "stride 60"},
               {{.size = 8, .turn = -2}, 24, "turn -2"},
               {{.size = 8}, 0, "0 frames"},
               {{.size = 8}, 100000, "100000 frames"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Windows w;
        Err err = {0};
        assert_false(windows_init(&w, &bad[i].rule, bad[i].F, &err));
        if (!strstr(err.text, bad[i].why))
            fail_msg("'%s' does not say '%s'", err.text, bad[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_frames_are_one_window),
        cmocka_unit_test(closed_windows_are_those_of_moore),
        cmocka_unit_test(strides_and_turns_are_those_of_moore),
        cmocka_unit_test(open_windows_stay_inside),
        cmocka_unit_test(every_frame_is_seen_and_none_outside),
        cmocka_unit_test(senseless_rules_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
