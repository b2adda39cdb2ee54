/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "base/log.h"

#include <stdio.h>

static void tell(const PaintLoan *l, const char *what)
{
    const StudioRun *talk = l->w->talk;
    if (talk->detail == NULL)
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
    l->bind =
        (Bind){&l->binder, &w->weights, w->run.kernels, w->run.pool, &w->run.cost[COST_PACK]};
}

void paint_loan_begin(PaintLoan *l, PaintWork *w, const char *what, Net net,
                      const Weights *from)
{
    *l = (PaintLoan){.w = w};
    arena_rewind(&w->weights, 0);
    ready(l, what, from);
    l->binder.patches = &w->loras.patches[net];
}

void paint_loan_beside(PaintLoan *l, PaintWork *w, const char *what, const Weights *from)
{
    *l = (PaintLoan){.w = w};
    ready(l, what, from);
}

bool paint_loan_bound(PaintLoan *l, const char *const *tolerated, Err *err)
{
    if (!binder_done(&l->binder, tolerated, err)) {
        err_prefix(err, "%s: ", l->what);
        binder_release(&l->binder);
        return false;
    }
    char text[96];
    snprintf(text, sizeof text, "load %s", l->what);
    tell(l, text);
    l->began = clock_now();
    return true;
}

bool paint_loan_end(PaintLoan *l, const char *what, Err *err)
{
    tell(l, what);
    binder_release(&l->binder);
    return paint_ran(l->w, err);
}
