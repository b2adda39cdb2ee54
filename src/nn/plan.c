/* SPDX-License-Identifier: MIT */
#include "nn/plan.h"

bool plan_open(Plan *p, const Run *like, Err *err)
{
    *p = (Plan){.kernels = kernels_idle(like->kernels)};
    p->run = (Run){.kernels = &p->kernels,
                   .pool = like->pool,
                   .scratch = &p->scratch,
                   .cancel = like->cancel,
                   .is_idle = true};
    if (!arena_init(&p->scratch, 0, err))
        return false;
    p->scratch.is_sparse = true;
    return true;
}

size_t plan_close(Plan *p)
{
    size_t peak = run_stopped(&p->run) ? 0 : p->scratch.peak;
    arena_release(&p->scratch);
    return peak;
}
