/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_SPAN_H
#define KERNELS_SPAN_H
#include "base/pool.h"

/* Loops cut into spans of `step` for the pool: from <= i < to.  The cut does
 * not depend on the number of threads. */
typedef void (*SpanFn)(const void *args, int64_t from, int64_t to);

typedef struct Spans {
    SpanFn fn;
    const void *args;
    int64_t n, step;
} Spans;

static inline void span_tile(void *job, int64_t tile, int worker)
{
    (void)worker;
    const Spans *s = job;
    int64_t from = tile * s->step;
    s->fn(s->args, from, min64(s->n, from + s->step));
}

static inline void for_spans(Pool *pool, int64_t n, int64_t step, SpanFn fn, const void *args)
{
    Spans s = {fn, args, n, step};
    pool_run(pool, div_up(n, step), span_tile, &s);
}

/* Rows of C numbers for a span of about 16 K numbers. */
static inline int64_t span_rows(int64_t C)
{
    return max64(1, 16384 / max64(1, C));
}
#endif
