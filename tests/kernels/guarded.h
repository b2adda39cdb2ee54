/* SPDX-License-Identifier: MIT */
#ifndef TESTS_KERNELS_GUARDED_H
#define TESTS_KERNELS_GUARDED_H
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernels/kernels.h"

/* Memory that ends where a page that nobody may touch begins: one float read
 * or written too far ends the test.  Filled with NaN, so that a number that
 * was never computed is found. */
typedef struct Guarded {
    float *p; /* `count` floats up to the guard */
    int64_t count;
    void *map;
    size_t size;
} Guarded;

static inline Guarded guarded(int64_t count)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = (size_t)count * sizeof(float), whole = (bytes + page) / page * page;
    Guarded g = {.count = count, .size = whole + page};
    g.map = mmap(NULL, g.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g.map != MAP_FAILED);
    assert_int_equal(mprotect((char *)g.map + whole, page, PROT_NONE), 0);
    g.p = (float *)((char *)g.map + whole - bytes);
    memset(g.p, 0xff, bytes);
    return g;
}

static inline void guarded_end(Guarded *g)
{
    munmap(g->map, g->size);
    *g = (Guarded){0};
}

/* The same numbers on every machine. */
static inline uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}
static inline int64_t random_below(uint32_t *seed, int64_t n)
{
    return random_next(seed) % (uint32_t)n;
}
static inline float random_float(uint32_t *seed) /* -1..1 */
{
    return (float)random_next(seed) / (float)(1 << 23) - 1;
}

static inline Guarded guarded_random(int64_t count, uint32_t *seed)
{
    Guarded g = guarded(count);
    for (int64_t i = 0; i < count; i++)
        g.p[i] = random_float(seed);
    return g;
}

/* The faster tables that this machine can run; returns how many. */
static inline int overlays(Kernels k[2])
{
    int n = 0;
    for (int mask = KERNELS_AVX2; mask <= KERNELS_AVX512; mask *= 2) {
        k[n] = kernels_for(mask);
        if (strcmp(k[n].name, "ref") != 0)
            n++;
    }
    return n;
}

/* Each rounding of a sum of n products of numbers below 1 errs by half an eps
 * of the sum so far: about sqrt(k) / 3, and up to the result.  In all 0.07 eps
 * n rms, and 0.2 eps sqrt(n) times the result; 5 sigma of both, and a few eps
 * of the result for the activation. */
static inline float sum_tolerance(int64_t terms, float result)
{
    float n = (float)terms;
    return 1.2e-7f * (0.4f * n + 8 + (4 + sqrtf(n)) * fabsf(result));
}
#endif
