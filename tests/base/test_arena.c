/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { IS_SANITIZED = true };
#else
enum { IS_SANITIZED = false };
#endif

static const size_t MIB = (size_t)1 << 20;

static Arena arena_of(size_t limit)
{
    Arena a;
    Err err = {0};
    if (!arena_init(&a, limit, &err))
        fail_msg("%s", err.text);
    return a;
}

/* Bytes of this block, and of no other. */
static void fill(unsigned char *p, size_t size, int k)
{
    memset(p, 1 + k % 255, size);
}

static bool is_filled(const unsigned char *p, size_t size, int k)
{
    for (size_t i = 0; i < size; i++)
        if (p[i] != 1 + k % 255)
            return false;
    return true;
}

static bool is_zero(const unsigned char *p, size_t size)
{
    while (size > 0 && p[size - 1] == 0)
        size--;
    return size == 0;
}

static void a_fresh_arena_has_taken_nothing(void **state)
{
    (void)state;
    Arena a = arena_of(0);
    assert_int_equal(a.used, 0);
    assert_int_equal(a.committed, 0);
    assert_int_equal(a.peak, 0);
    assert_true(a.limit >= (size_t)1 << 32);
    arena_release(&a);
}

static void blocks_begin_at_their_boundary(void **state)
{
    (void)state;
    static const size_t sizes[] = {1,     63,    64,   65,       127,  4096,
                                   70000, 12345, 5000, 2u << 20, 3333, (2u << 20) + 1};
    Arena a = arena_of(0);
    for (int turn = 0; turn < 3; turn++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            void *p = arena_take(&a, sizes[i]);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % (sizes[i] >= 2 * MIB ? 2 * MIB : 64), 0);
        }
    arena_release(&a);
}

static void blocks_do_not_overlap_and_never_move(void **state)
{
    (void)state;
    enum { BLOCKS = 400 };
    static unsigned char *p[BLOCKS];
    Arena a = arena_of(0);
    for (int i = 0; i < BLOCKS; i++) {
        size_t size = (size_t)i * 977 % 300000;
        p[i] = arena_take(&a, size); /* 60 MB in all: the arena grows meanwhile */
        assert_non_null(p[i]);
        fill(p[i], size, i);
    }
    assert_true(a.used > 32 * MIB);
    for (int i = 0; i < BLOCKS; i++)
        assert_true(is_filled(p[i], (size_t)i * 977 % 300000, i));
    arena_release(&a);
}

static void zeros_are_zero_where_others_were_before(void **state)
{
    (void)state;
    enum { SIZE = 100000 };
    Arena a = arena_of(0);
    fill(arena_take(&a, SIZE), SIZE, 76);
    arena_rewind(&a, 0);
    const unsigned char *p = arena_zeros(&a, SIZE);
    assert_non_null(p);
    for (int i = 0; i < SIZE; i++)
        assert_int_equal(p[i], 0);
    arena_release(&a);
}

static void a_copied_string_is_its_own(void **state)
{
    (void)state;
    char word[] = "knight";
    Arena a = arena_of(0);
    fill(arena_take(&a, 1000), 1000, 76);
    arena_rewind(&a, 0);
    char *copy = arena_strdup(&a, word), *empty = arena_strdup(&a, "");
    word[0] = 'n';
    assert_string_equal(copy, "knight");
    assert_string_equal(empty, "");
    arena_release(&a);
}

static void what_is_rewound_is_taken_again(void **state)
{
    (void)state;
    Arena a = arena_of(0);
    unsigned char *kept = arena_take(&a, 1000);
    fill(kept, 1000, 1);
    size_t mark = a.used;
    void *first = arena_take(&a, 500), *second = arena_take(&a, 3 * MIB);
    size_t most = a.used;
    arena_rewind(&a, mark);
    assert_int_equal(a.used, mark);
    assert_int_equal(a.peak, most);
    assert_ptr_equal(arena_take(&a, 500), first);
    assert_int_equal(a.peak, most); /* still the most there ever was */
    assert_ptr_equal(arena_take(&a, 3 * MIB), second);
    fill(first, 500, 2);
    assert_true(is_filled(kept, 1000, 1));
    arena_rewind(&a, a.used);
    assert_int_equal(a.used, most);
    arena_release(&a);
}

/* Taking the same again after each rewind asks nothing more of the system. */
static void a_rewound_arena_keeps_its_memory(void **state)
{
    (void)state;
    Arena a = arena_of(0);
    assert_non_null(arena_take(&a, 40 * MIB));
    size_t committed = a.committed;
    assert_in_range(committed, 40 * MIB, 80 * MIB);
    for (int i = 0; i < 10; i++) {
        arena_rewind(&a, 0);
        assert_non_null(arena_take(&a, 40 * MIB));
    }
    assert_int_equal(a.committed, committed);
    arena_release(&a);
}

/* Pages that the system was given come back as zeros. */
static void trimming_gives_pages_back_but_those_in_use_or_kept(void **state)
{
    (void)state;
    Arena a = arena_of(0);
    unsigned char *used = arena_take(&a, MIB);
    size_t mark = a.used;
    unsigned char *kept = arena_take(&a, 16 * MIB);
    fill(used, MIB, 1);
    fill(kept, 16 * MIB, 2);
    arena_rewind(&a, mark);
    arena_trim(&a, 8 * MIB);
    assert_true(is_filled(used, MIB, 1));
    kept = arena_take(&a, 16 * MIB);
    assert_true(is_filled(kept, 4 * MIB, 2));
    assert_true(is_zero(kept + 12 * MIB, 4 * MIB));
    fill(kept, 16 * MIB, 3);
    arena_trim(&a, 0);
    assert_true(is_filled(kept, 16 * MIB, 3));
    arena_release(&a);
}

static void the_limit_is_kept(void **state)
{
    (void)state;
    enum { LIMIT = 100000 };
    Arena a = arena_of(LIMIT);
    assert_null(arena_take(&a, LIMIT + 1));
    assert_null(arena_take(&a, SIZE_MAX));
    assert_null(arena_take(&a, SIZE_MAX - 63));
    assert_null(arena_zeros(&a, SIZE_MAX));
    assert_int_equal(a.used, 0);
    int blocks = 0;
    while (arena_take(&a, 1000) != NULL)
        blocks++;
    assert_in_range(blocks, LIMIT / 1200, LIMIT / 1000); /* edges and red zones take some */
    assert_true(a.used <= LIMIT);
    size_t used = a.used;
    assert_null(arena_take(&a, 1000));
    assert_int_equal(a.used, used); /* a refusal takes nothing */
    arena_rewind(&a, 0);
    assert_non_null(arena_take(&a, 1000));
    arena_release(&a);
}

static void a_string_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    char word[2000];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    Arena a = arena_of(1024);
    assert_null(arena_strdup(&a, word));
    word[500] = '\0';
    assert_string_equal(arena_strdup(&a, word), word);
    arena_release(&a);
}

/* Huge blocks are padded to their boundary: even so they stay in the limit. */
static void a_big_block_stays_within_the_limit(void **state)
{
    (void)state;
    for (size_t limit = 2 * MIB; limit <= 8 * MIB; limit += MIB / 2) {
        Arena a = arena_of(limit);
        assert_non_null(arena_take(&a, 64));
        unsigned char *big = arena_take(&a, 2 * MIB);
        if (big != NULL)
            fill(big, 2 * MIB, 5);
        else
            assert_true(limit < 4 * MIB + 128); /* the way to the boundary is below 2 MiB */
        assert_true(a.used <= limit);
        arena_release(&a);
    }
}

/* Lets this process have so much more writable memory; false if this system
 * does not hold it to that. */
static bool hold_data_to(rlim_t bytes, struct rlimit *before)
{
    struct rlimit held;
    assert_int_equal(getrlimit(RLIMIT_DATA, before), 0);
    held = *before;
    held.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_DATA, &held), 0);
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return true;
    munmap(p, bytes);
    setrlimit(RLIMIT_DATA, before);
    return false;
}

static void a_machine_that_has_no_more_is_a_refusal(void **state)
{
    (void)state;
    struct rlimit before;
    Arena a = arena_of(0);
    unsigned char *kept = arena_take(&a, 1000);
    fill(kept, 1000, 9);
    size_t used = a.used, committed = a.committed;
    /* a sanitizer's own memory counts too */
    if (IS_SANITIZED || !hold_data_to(256 * MIB, &before)) {
        arena_release(&a);
        skip();
    }
    void *big = arena_take(&a, 512 * MIB);
    setrlimit(RLIMIT_DATA, &before);
    assert_null(big);
    assert_int_equal(a.used, used);
    assert_int_equal(a.committed, committed);
    assert_true(is_filled(kept, 1000, 9));
    assert_non_null(arena_take(&a, 512 * MIB)); /* not touched, so nothing is used */
    arena_release(&a);
}

static void short_addresses_are_a_refusal(void **state)
{
    (void)state;
    if (IS_SANITIZED)
        skip(); /* its shadow has most of the addresses */
    struct rlimit before, held;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    held = before;
    held.rlim_cur = 1024 * MIB;
    assert_int_equal(setrlimit(RLIMIT_AS, &held), 0);
    Arena a;
    Err err = {0};
    bool ok = arena_init(&a, 0, &err);
    void *p = arena_take(&a, 1);
    setrlimit(RLIMIT_AS, &before);
    assert_false(ok);
    assert_null(p);
    assert_int_equal(err.kind, ERR_MEMORY);
    assert_string_equal(err.text, "cannot reserve 262146 MiB of addresses");
    arena_release(&a);
}

static void a_released_arena_gives_nothing(void **state)
{
    (void)state;
    Arena a = arena_of(0);
    assert_non_null(arena_take(&a, 100));
    arena_release(&a);
    assert_null(arena_take(&a, 1));
    arena_release(&a); /* twice is once */
}

static void a_mark_that_was_never_reached_is_a_bug(void **state)
{
    (void)state;
    Arena a = arena_of(0);
    assert_non_null(arena_take(&a, 100));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        (void)!freopen("/dev/null", "w", stderr);
        signal(SIGABRT, SIG_DFL);
        arena_rewind(&a, a.used + 64);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    arena_release(&a);
}

#if defined(__SANITIZE_ADDRESS__)
static void what_is_not_taken_is_poisoned(void **state)
{
    (void)state;
    enum { SIZE = 1001 };
    Arena a = arena_of(0);
    unsigned char *kept = arena_take(&a, SIZE);
    size_t mark = a.used;
    unsigned char *p = arena_take(&a, SIZE), *next = arena_take(&a, SIZE);
    assert_null(__asan_region_is_poisoned(p, SIZE));
    assert_true(__asan_address_is_poisoned(p + SIZE)); /* one byte too far */
    assert_true(__asan_address_is_poisoned(next - 1));
    arena_rewind(&a, mark);
    for (int i = 0; i < SIZE; i++) {
        assert_true(__asan_address_is_poisoned(p + i));
        assert_true(__asan_address_is_poisoned(next + i));
        assert_false(__asan_address_is_poisoned(kept + i));
    }
    assert_ptr_equal(arena_take(&a, 64), p);
    assert_non_null(arena_take(&a, 64));
    assert_null(__asan_region_is_poisoned(p, 64));
    assert_true(__asan_address_is_poisoned(p + 64)); /* between blocks that fit exactly */
    arena_release(&a);
}

/* Whoever is given these addresses next may use them. */
static void a_released_arena_leaves_no_poison(void **state)
{
    (void)state;
    Arena a = arena_of(MIB);
    unsigned char *p = arena_take(&a, 1000);
    arena_rewind(&a, 0);
    arena_release(&a);
    assert_null(__asan_region_is_poisoned(p, 1000));
}
#else
static void what_is_not_taken_is_poisoned(void **state)
{
    (void)state;
    skip();
}

static void a_released_arena_leaves_no_poison(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_arena_has_taken_nothing),
        cmocka_unit_test(blocks_begin_at_their_boundary),
        cmocka_unit_test(blocks_do_not_overlap_and_never_move),
        cmocka_unit_test(zeros_are_zero_where_others_were_before),
        cmocka_unit_test(a_copied_string_is_its_own),
        cmocka_unit_test(what_is_rewound_is_taken_again),
        cmocka_unit_test(a_rewound_arena_keeps_its_memory),
        cmocka_unit_test(trimming_gives_pages_back_but_those_in_use_or_kept),
        cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(a_string_that_does_not_fit_is_refused),
        cmocka_unit_test(a_big_block_stays_within_the_limit),
        cmocka_unit_test(a_machine_that_has_no_more_is_a_refusal),
        cmocka_unit_test(short_addresses_are_a_refusal),
        cmocka_unit_test(a_released_arena_gives_nothing),
        cmocka_unit_test(a_mark_that_was_never_reached_is_a_bug),
        cmocka_unit_test(what_is_not_taken_is_poisoned),
        cmocka_unit_test(a_released_arena_leaves_no_poison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
