#ifndef NN_PLAN_H
#define NN_PLAN_H
#include "nn/run.h"

/* How much memory a pass will take, told by a pass that computes nothing: the
 * same calls in the same order, over addresses that are never touched.
 *
 *   Plan p;
 *   if (plan_open(&p, run, err)) {
 *       Tensor x = nn_new(&p.run, shape);
 *       network_forward(&p.run, &network, x);
 *   }
 *   size_t bytes = plan_close(&p);
 *
 * The bytes are right within 2 MiB.  Numbers of a planned Tensor mean nothing.
 * A network that is not in memory yet is bound by a Bind that is idle (nn/bind.h),
 * into an arena that is sparse. */
typedef struct Plan {
    Run run; /* use this */
    Kernels kernels;
    Arena scratch;
} Plan;

/* As `like` would compute: the same kernels, on as many threads. */
bool plan_open(Plan *p, const Run *like, Err *err) MUST_USE;
/* The most scratch that was taken; 0 if the pass failed, with the reason in
 * p->run.err. */
size_t plan_close(Plan *p);
#endif
