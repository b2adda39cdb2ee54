/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/memory.h"
#include "paint/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What gives up the least speed comes first: rows in turn read the weights once more; lean
 * weights cost 5 to 15 %; bands compute most of the picture twice. */
static const PaintWay ways[] = {{false, false, 0}, {false, true, 0},  {true, false, 0},
                                {true, true, 0},   {true, true, 256}, {true, true, 128},
                                {true, true, 64},  {true, true, 32},  {true, true, 16}};
enum { WAYS = sizeof ways / sizeof *ways };

/* The program itself, its libraries and tables. */
static const size_t OWN = (size_t)32 << 20, MIB = (size_t)1 << 20;

PaintWay paint_way(const PaintWork *w, const PaintStage *stage)
{
    PaintWay way = ways[stage->way];
    const char *tile = w->q->tile_vae;
    if (tile != NULL && strcmp(tile, "off") == 0)
        way.band_rows = 0;
    if (tile != NULL && strcmp(tile, "on") == 0 && way.band_rows == 0)
        way.band_rows = 256;
    return way;
}

PaintStage *paint_stage(PaintWork *w, const char *what)
{
    PaintPlan *p = &w->plan;
    for (int i = 0; i < p->stages; i++)
        if (strcmp(p->stage[i].what, what) == 0)
            return &p->stage[i];
    must(p->stages < PAINT_STAGES);
    p->stage[p->stages] = (PaintStage){.what = what};
    return &p->stage[p->stages++];
}

static size_t sum(const PaintTake *t)
{
    return OWN + t->weights + t->work + t->job;
}

/* The stage that takes the most. */
static PaintStage *largest(PaintPlan *p)
{
    PaintStage *most = &p->stage[0];
    for (int i = 1; i < p->stages; i++)
        if (sum(&p->stage[i].planned) > sum(&most->planned))
            most = &p->stage[i];
    return most;
}

/* ---- stages that compute nothing --------------------------------------------------------- */

static bool begin(PaintWork *dry, const PaintWork *w, Err *err)
{
    Arena *const arenas[] = {&dry->job, &dry->scratch, &dry->weights};
    *dry = *w;
    for (int i = 0; i < 3; i++)
        *arenas[i] = (Arena){0};
    for (int i = 0; i < 3; i++) {
        if (!arena_init(arenas[i], 0, err))
            return false;
        arenas[i]->is_sparse = true;
    }
    dry->kernels = kernels_idle(&w->kernels);
    dry->run = (Run){.kernels = &dry->kernels,
                     .pool = w->run.pool,
                     .scratch = &dry->scratch,
                     .cancel = w->run.cancel,
                     .is_idle = true};
    for (int i = 0; i < dry->plan.stages; i++)
        dry->plan.stage[i].taken = (PaintTake){0};
    return true;
}

/* What they took becomes what is planned. */
static void learn(PaintPlan *p, const PaintPlan *dry, size_t job)
{
    *p = *dry;
    for (int i = 0; i < p->stages; i++) {
        PaintStage *s = &p->stage[i];
        s->planned = s->taken;
        s->planned.job += job;
        s->taken = (PaintTake){0};
    }
}

static bool walk(PaintWork *w, const PaintWords *words, Err *err)
{
    PaintWork *dry = xalloc(1, sizeof *dry);
    bool ok = begin(dry, w, err) && paint_words_encode(dry, words, err) &&
              paint_sample(dry, err) && paint_decode(dry, err);
    if (ok)
        learn(&w->plan, &dry->plan, w->job.used);
    arena_release(&dry->job);
    arena_release(&dry->scratch);
    arena_release(&dry->weights);
    xfree(dry);
    return ok;
}

/* ---- what fits --------------------------------------------------------------------------- */

static bool allow(PaintWork *w, Err *err)
{
    const char *asked = w->q->memory;
    if (asked == NULL)
        w->plan.most = memory_available();
    else if (!memory_read(&w->plan.most, asked))
        return err_set(err, ERR_INPUT,
                       "--memory is '%s'; it must be a number with M or G, as 512M or 4G",
                       asked);
    return true;
}

static bool refuse(const PaintWork *w, const PaintStage *s, Err *err)
{
    int wide = w->hires.scale > 0 ? w->hires.width : w->width;
    int high = w->hires.scale > 0 ? w->hires.height : w->height;
    size_t least = (sum(&s->planned) + MIB - 1) / MIB, most = w->plan.most / MIB;
    if (w->q->memory != NULL)
        return err_set(err, ERR_MEMORY,
                       "a picture of %dx%d needs %zu MiB at least, for the %s, and --memory "
                       "allows %zu: --memory %zuM would do, or a smaller --size",
                       wide, high, least, s->what, most, least);
    return err_set(err, ERR_MEMORY,
                   "a picture of %dx%d needs %zu MiB at least, for the %s, and %zu are "
                   "available: a smaller --size would do; --memory %zuM tries it nevertheless",
                   wide, high, least, s->what, most, least);
}

static bool fit(PaintWork *w, const PaintWords *words, Err *err)
{
    for (;;) {
        if (!walk(w, words, err))
            return false;
        PaintStage *s = largest(&w->plan);
        if (sum(&s->planned) <= w->plan.most)
            return true;
        if (s->way == WAYS - 1)
            return refuse(w, s, err);
        s->way++;
    }
}

bool paint_plan(PaintWork *w, const PaintWords *words, Err *err)
{
    char line[64];
    double began = clock_now();
    if (!allow(w, err) || !fit(w, words, err))
        return false;
    snprintf(line, sizeof line, "%-28s %8.3f s", "plan the memory", clock_now() - began);
    if (w->talk->detail != NULL)
        w->talk->detail(w->talk->user, line);
    return true;
}

/* ---- what came of it --------------------------------------------------------------------- */

static double mib(size_t bytes)
{
    return (double)bytes / (double)MIB;
}

void paint_plan_tell(const PaintWork *w)
{
    char line[200];
    size_t planned = 0, taken = 0;
    if (w->talk->detail == NULL)
        return;
    for (int i = 0; i < w->plan.stages; i++) {
        const PaintStage *s = &w->plan.stage[i];
        PaintWay way = paint_way(w, s);
        snprintf(line, sizeof line,
                 "memory for the %-18s %6.1f MiB planned, %6.1f taken: %.1f of weights%s, %.1f "
                 "of work",
                 s->what, mib(sum(&s->planned)), mib(sum(&s->taken)), mib(s->taken.weights),
                 way.is_lean ? " (lean)" : "", mib(s->taken.work));
        w->talk->detail(w->talk->user, line);
        planned = planned > sum(&s->planned) ? planned : sum(&s->planned);
        taken = taken > sum(&s->taken) ? taken : sum(&s->taken);
    }
    snprintf(line, sizeof line,
             "%-28s %6.1f MiB planned, %6.1f taken, %.1f held by the program at most", "memory",
             mib(planned), mib(taken), mib(memory_peak()));
    w->talk->detail(w->talk->user, line);
}
