/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#define REDZONE 64
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define REDZONE 0
#endif

enum { ALIGN = 64 };
static const size_t HUGE = (size_t)2 << 20;
static const size_t STEP = (size_t)32 << 20;     /* asked of the system at a time */
static const size_t ADDRESSES = (size_t)1 << 38; /* reserved, not used: 256 GiB */

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

bool arena_init(Arena *a, size_t limit, Err *err)
{
    *a = (Arena){.limit = limit == 0 || limit > ADDRESSES ? ADDRESSES : limit};
    size_t span = round_up(a->limit, STEP) + HUGE;
    void *p = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return err_set(err, ERR_MEMORY, "cannot reserve %zu MiB of addresses", span >> 20);
    a->base = p;
    return true;
}

void arena_release(Arena *a)
{
    if (a->base == NULL)
        return;
    UNPOISON(a->base, a->committed);
    munmap(a->base, round_up(a->limit, STEP) + HUGE);
    *a = (Arena){0};
}

static bool commit(Arena *a, size_t upto)
{
    if (upto <= a->committed)
        return true;
    size_t want = round_up(upto, STEP);
    void *from = a->base + a->committed;
    if (mprotect(from, want - a->committed, PROT_READ | PROT_WRITE) != 0)
        return false;
    madvise(from, want - a->committed, a->is_sparse ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
    POISON(from, want - a->committed);
    a->committed = want;
    return true;
}

void *arena_take(Arena *a, size_t size)
{
    if (a->base == NULL || size > a->limit)
        return NULL;
    /* big blocks start on a huge page as the address has it, not the offset */
    size_t align = size >= HUGE ? HUGE : ALIGN;
    size_t at =
        round_up((size_t)(uintptr_t)a->base + a->used, align) - (size_t)(uintptr_t)a->base;
    size_t end = at + round_up(size, ALIGN) + REDZONE;
    if (end > a->limit || !commit(a, end))
        return NULL;
    a->used = end;
    if (end > a->peak)
        a->peak = end;
    UNPOISON(a->base + at, size);
    return a->base + at;
}

void *arena_zeros(Arena *a, size_t size)
{
    void *p = arena_take(a, size);
    if (p != NULL)
        memset(p, 0, size);
    return p;
}

char *arena_strdup(Arena *a, const char *s)
{
    size_t n = strlen(s) + 1;
    char *p = arena_take(a, n);
    return p == NULL ? NULL : memcpy(p, s, n);
}

void arena_rewind(Arena *a, size_t mark)
{
    must(mark <= a->used);
    POISON(a->base + mark, a->used - mark);
    a->used = mark;
}

void arena_trim(Arena *a, size_t keep)
{
    uintptr_t base = (uintptr_t)a->base;
    size_t from = round_up(base + (keep > a->used ? keep : a->used), HUGE) - base;
    if (from < a->committed)
        madvise(a->base + from, a->committed - from, MADV_DONTNEED);
}
