/* SPDX-License-Identifier: MIT */
#ifndef TESTS_KERNELS_TABLES_H
#define TESTS_KERNELS_TABLES_H
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernels/kernels.h"

/* What the tests of every kernel share: the tables of this machine, numbers
 * between fences, and comparisons that name the worst place. */

enum { TABLES = 3, FENCE = 16 };

/* Every table that this machine can run, the meaning first; returns how many. */
static inline int tables_here(Kernels table[TABLES])
{
    static const char *const names[] = {"ref", "avx2", "avx512"};
    int n = 0;
    for (int i = 0; i < TABLES; i++) {
        Err err = {0};
        if (kernels_named(&table[n], names[i], &err))
            n++;
    }
    return n;
}

/* ---- numbers ------------------------------------------------------------------------ */

/* n numbers: the byte after the last one is unreadable, and FENCE numbers
 * before the first one hold a pattern that fenced_free looks at.  NaN at
 * first, so that a number that was never computed is found. */
typedef struct Fenced {
    float *at;
    int64_t n;
    void *map;
    size_t bytes;
} Fenced;

static inline Fenced fenced(int64_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), need = (size_t)(n + FENCE) * sizeof(float);
    size_t bytes = (need + page - 1) / page * page;
    unsigned char *map =
        mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true((void *)map != MAP_FAILED);
    assert_int_equal(mprotect(map + bytes, page, PROT_NONE), 0);
    Fenced f = {(float *)(void *)(map + bytes) - n, n, map, bytes + page};
    for (int i = 1; i <= FENCE; i++)
        f.at[-i] = (float)i * 0.123f;
    memset(f.at, 0xff, (size_t)n * sizeof(float));
    return f;
}

static inline void fenced_free(Fenced f)
{
    for (int i = 1; i <= FENCE; i++)
        assert_true(f.at[-i] == (float)i * 0.123f);
    munmap(f.map, f.bytes);
}

/* Numbers of about a normal distribution; the same for the same seed. */
static inline Fenced fenced_noise(int64_t n, uint64_t seed)
{
    Fenced f = fenced(n);
    uint64_t s = seed * 0x9e3779b97f4a7c15u + 1;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int k = 0; k < 4; k++) {
            s = s * 6364136223846793005u + 1442695040888963407u;
            sum += (double)(s >> 40) / (double)(1 << 24) - 0.5;
        }
        f.at[i] = (float)(sum * 1.7320508);
    }
    return f;
}

static inline Fenced fenced_copy(Fenced from)
{
    Fenced f = fenced(from.n);
    memcpy(f.at, from.at, (size_t)from.n * sizeof(float));
    return f;
}

/* Scratch of exactly `bytes`, at a 64-byte boundary. */
static inline Fenced fenced_scratch(size_t bytes)
{
    assert_int_equal(bytes % 64, 0);
    return fenced((int64_t)(bytes / sizeof(float)));
}

/* The same on every machine. */
static inline uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}
static inline int64_t random_below(uint32_t *seed, int64_t n)
{
    return random_next(seed) % (uint32_t)n;
}

/* Numbers in -1..1; the seed moves on. */
static inline Fenced fenced_random(int64_t n, uint32_t *seed)
{
    Fenced f = fenced(n);
    for (int64_t i = 0; i < n; i++)
        f.at[i] = (float)random_next(seed) / (float)(1 << 23) - 1;
    return f;
}

/* ---- comparisons -------------------------------------------------------------------- */

/* Each rounding of a sum of n products of numbers below 1 errs by half an eps
 * of the sum so far: about sqrt(k) / 3, and up to the result.  In all 0.07 eps
 * n rms, and 0.2 eps sqrt(n) times the result; 5 sigma of both, and a few eps
 * of the result for the activation. */
static inline float sum_tolerance(int64_t terms, float result)
{
    float n = (float)terms;
    return 1.2e-7f * (0.4f * n + 8 + (4 + sqrtf(n)) * fabsf(result));
}

/* |got - want| <= allowed + relative * |want|, else the worst place is named. */
static inline void assert_near(const char *what, const float *got, const float *want, int64_t n,
                               double allowed, double relative)
{
    int64_t worst = -1;
    double by = 1;
    for (int64_t i = 0; i < n; i++) {
        double off = fabs((double)got[i] - (double)want[i]);
        double over = off / (allowed + relative * fabs((double)want[i]) + 1e-300);
        if (!(over <= by)) {
            worst = i;
            by = over;
            if (isnan(over))
                break;
        }
    }
    if (worst >= 0)
        fail_msg("%s: number %ld is %.9g, wanted %.9g (%.2g times what is allowed)", what,
                 (long)worst, (double)got[worst], (double)want[worst], by);
}

static inline void assert_same(const char *what, const float *got, const float *want, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (memcmp(&got[i], &want[i], sizeof(float)) != 0)
            fail_msg("%s: number %ld is %.9g, wanted exactly %.9g", what, (long)i,
                     (double)got[i], (double)want[i]);
}
#endif
