/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "base/log.h"

#include <stdio.h>

static void tell(const PaintLoan *l, const char *what)
{
    const StudioRun *talk = l->w->talk;
    if (talk->detail == NULL || l->w->run.is_idle)
        return;
    char line[128];
    snprintf(line, sizeof line, "%-28s %8.3f s", what, clock_now() - l->began);
    talk->detail(talk->user, line);
}

static void ready(PaintLoan *l, const char *what, const Weights *from)
{
    PaintWork *w = l->w;
    l->what = what;
    l->began = clock_now();
    paint_progress(w, "loading", 0, 0);
    binder_init(&l->binder, from);
    l->bind = (Bind){.binder = &l->binder,
                     .arena = &w->weights,
                     .kernels = w->run.kernels,
                     .pool = w->run.pool,
                     .cost = &w->run.cost[COST_PACK],
                     .is_idle = w->run.is_idle};
}

void paint_loan_begin(PaintLoan *l, PaintWork *w, const char *what, Net net,
                      const Weights *from)
{
    *l = (PaintLoan){.w = w, .stage = paint_stage(w, what)};
    arena_rewind(&w->weights, 0);
    arena_trim(&w->scratch, l->stage->planned.work);
    w->weights.peak = 0;
    w->scratch.peak = w->scratch.used;
    ready(l, what, from);
    l->binder.patches = &w->loras.patches[net];
    l->bind.is_lean = paint_way(w, l->stage).is_lean;
}

void paint_loan_beside(PaintLoan *l, PaintWork *w, const char *what, const Weights *from)
{
    *l = (PaintLoan){.w = w};
    ready(l, what, from);
    l->bind.is_lean = paint_way(w, paint_stage(w, "UNet")).is_lean;
}

bool paint_loan_bound(PaintLoan *l, const char *const *tolerated, Err *err)
{
    if (!binder_done(&l->binder, tolerated, err)) {
        err_prefix(err, "%s: ", l->what);
        binder_release(&l->binder);
        return false;
    }
    if (!l->w->run.is_idle) {
        weights_drop_all(l->binder.file[0]);
        arena_trim(&l->w->weights, 0);
    }
    char text[96];
    snprintf(text, sizeof text, "load %s", l->what);
    tell(l, text);
    l->began = clock_now();
    return true;
}

/* The most of all times that the network was in memory. */
static void note(const PaintLoan *l)
{
    const PaintWork *w = l->w;
    PaintTake *t = &l->stage->taken;
    t->weights = (size_t)max64((int64_t)t->weights, (int64_t)w->weights.peak);
    t->work = (size_t)max64((int64_t)t->work, (int64_t)w->scratch.peak);
    t->job = (size_t)max64((int64_t)t->job, (int64_t)w->job.peak);
}

bool paint_loan_end(PaintLoan *l, const char *what, Err *err)
{
    if (l->stage != NULL)
        note(l);
    tell(l, what);
    binder_release(&l->binder);
    return paint_ran(l->w, err);
}
