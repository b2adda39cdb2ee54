/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H
#include "kernels/kernels.h"

/* What bench/kernels measures, and with what.
 *
 * A Work is one call of one kernel.  A Runner is something prepared that can
 * be run again and again: our kernel, or the yardstick's (oneDNN, which is
 * linked nowhere else).  A Runner whose run is NULL cannot compute the work. */

typedef enum { WORK_CONV, WORK_LINEAR, WORK_ATTENTION } WorkKind;

typedef struct Work {
    WorkKind kind;
    int64_t N, H, W; /* pictures and their sides; LINEAR: N rows */
    int64_t C, O;    /* channels; ATTENTION: heads, their width */
    int64_t T, S;    /* ATTENTION: queries, keys */
    int kernel;      /* CONV: 1 or 3 */
    bool depthwise;
    bool frames; /* ATTENTION: the T rows of a batch are H*W pixels apart */
} Work;

typedef struct Runner {
    void (*run)(void *self);
    void (*end)(void *self);
    void *self;
    char how[32]; /* "direct", "winograd", ... */
} Runner;

/* Operations of a work, a multiplication and its addition being two, as a
 * direct computation counts them. */
double work_flop(const Work *s);

/* "conv3x3.320.320.64.n2" */
typedef struct WorkName {
    char text[64];
} WorkName;
WorkName work_name(const Work *s);

/* The works of SD1.5 that we watch; returns how many. */
int works_watched(const Work **works);

/* Ours, over numbers of its own; k and pool must outlive it. */
Runner ours(const Kernels *k, Pool *pool, const Work *s);

/* The same by the yardstick: its direct method, or its Winograd.
 * yardstick_open comes first, once in a process. */
bool yardstick_open(int threads, bool only_avx2);
Runner yardstick(const Work *s, bool winograd);

/* Stable Diffusion 1.5 with noise for weights: a step (two UNet rows, latents
 * of 64x64, 77 tokens), and a decode to 512x512. */
Runner sd15_step(const Kernels *k, Pool *pool);
Runner sd15_decode(const Kernels *k, Pool *pool);

/* Operations per second of register-resident f32 FMA loops on all threads of
 * the pool: P, the ceiling.  Takes some milliseconds. */
double peak_now(Pool *pool, bool avx512);

/* Zeroed memory at a 64-byte boundary, and noise in it. */
void *bench_memory(size_t bytes);
float *bench_noise(int64_t n, float size);

double bench_seconds(void);
double bench_median(double *v, int n);
#endif
