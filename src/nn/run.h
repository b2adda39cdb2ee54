#ifndef NN_RUN_H
#define NN_RUN_H
#include "base/arena.h"
#include "kernels/kernels.h"

#include <stdatomic.h>

/* One pass in flight: what it computes with, where, and how it has fared.
 *
 * The first failure stays in r->err, and every later nn_ call returns an
 * empty Tensor at once, so a forward function reads like its diagram and its
 * caller asks once.  Cancelling takes the same path.  A Run belongs to one
 * thread; networks may be shared by many Runs. */

/* What a kind of kernel has cost so far. */
typedef enum {
    COST_CONV,
    COST_LINEAR,
    COST_ATTENTION,
    COST_NORM,
    COST_OTHER,
    COST_PACK, /* of weights, when a network is bound */
    COST_KINDS
} CostKind;

typedef struct Cost {
    double seconds;
    double flop; /* counted as direct convolution */
    int64_t calls;
} Cost;

/* Sees each tensor that a forward function names.  `name` is "down.0" or so. */
typedef void (*TapFn)(void *user, const char *name, Tensor x);

typedef struct Run {
    const Kernels *kernels;
    Pool *pool;
    Arena *scratch;
    const atomic_bool *cancel; /* NULL: cannot be cancelled */
    TapFn tap;                 /* NULL: nobody looks */
    void *tap_user;
    bool is_idle; /* nothing is computed: nn/plan.h */
    Cost cost[COST_KINDS];
    Err err;
} Run;

/* True if the Run has failed or has been cancelled (which is noted then). */
bool run_stopped(Run *r);

/* The mark to which scratch is rewound: what was made since then is gone. */
size_t run_floor(const Run *r);
void run_drop(Run *r, size_t floor);

/* Drops all that was made since `floor` but x, which moves down there. */
Tensor run_keep(Run *r, size_t floor, Tensor x);

/* Seconds spent in kernels, and their direct floating-point operations. */
Cost run_cost(const Run *r);
const char *cost_name(CostKind kind);
#endif
