/* SPDX-License-Identifier: MIT */
#include "nn/run.h"

#include <string.h>

bool run_stopped(Run *r)
{
    if (r->cancel != NULL && atomic_load_explicit(r->cancel, memory_order_relaxed))
        err_set(&r->err, ERR_CANCELLED, "cancelled");
    return r->err.kind != ERR_NONE;
}

size_t run_floor(const Run *r)
{
    return r->scratch->used;
}

void run_drop(Run *r, size_t floor)
{
    arena_rewind(r->scratch, floor);
}

Tensor run_keep(Run *r, size_t floor, Tensor x)
{
    if (tensor_is_empty(x) || run_stopped(r)) {
        run_drop(r, floor);
        return (Tensor){0};
    }
    /* x lies above the floor, in memory that stays ours until it is poisoned:
     * take its new place first, so that both are readable while it moves. */
    size_t bytes = tensor_bytes(x);
    size_t used = r->scratch->used;
    r->scratch->used = floor;
    void *to = arena_take(r->scratch, bytes);
    must(to != NULL && to <= x.data);
    if (!r->is_idle)
        memmove(to, x.data, bytes);
    size_t end = r->scratch->used;
    r->scratch->used = used > end ? used : end;
    arena_rewind(r->scratch, end);
    x.data = to;
    return x;
}

Cost run_cost(const Run *r)
{
    Cost all = {0};
    for (int i = 0; i < COST_KINDS; i++) {
        all.seconds += r->cost[i].seconds;
        all.flop += r->cost[i].flop;
        all.calls += r->cost[i].calls;
    }
    return all;
}

const char *cost_name(CostKind kind)
{
    static const char *const names[COST_KINDS] = {"convolution", "linear", "attention",
                                                  "norm",        "other",  "packing weights"};
    return names[kind];
}
