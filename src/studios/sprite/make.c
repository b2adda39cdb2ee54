/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void work_warn(const Work *w, const char *fmt, ...)
{
    char line[512];
    if (w->talk->warn == NULL)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    w->talk->warn(w->talk->user, line);
}

bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

void work_progress(const Work *w, const char *stage, int64_t done, int64_t of)
{
    if (w->talk->progress != NULL)
        w->talk->progress(w->talk->user, stage, w->at * of + done, w->of * of);
}

static bool begin(Work *w, Err *err)
{
    if (!arena_init(&w->job, 0, err) || !arena_init(&w->scratch, 0, err) ||
        !kernels_named(&w->kernels, w->q->kernels, err))
        return false;
    w->run = (Run){.kernels = &w->kernels,
                   .pool = pool_new((int)w->q->threads),
                   .scratch = &w->scratch,
                   .cancel = w->talk->cancel};
    return true;
}

static void end(Work *w)
{
    pool_free(w->run.pool);
    arena_release(&w->job);
    arena_release(&w->scratch);
}

/* ---- one picture --------------------------------------------------------------------- */

/* Everything that was given is looked at before anything is written or takes
 * long. */
static bool look(Work *w, const Method *method, void *state, const char *path, Figure *figure,
                 Actions *actions, Err *err)
{
    Side sides[SIDES_MOST];
    if (!save_look(w, err) || !figure_read(figure, w, path, err) ||
        !method->meet(state, w, figure, err))
        return false;
    int count = method->sides(state, w, sides, err);
    if (count == 0 || !actions_open(actions, w, sides, count, err))
        return false;
    for (int i = 0; i < actions->count; i++)
        if (!method->look(state, w, &actions->of[i], err))
            return false;
    return true;
}

static bool make_folders(const Work *w, const char *out, Err *err)
{
    return (!is_given(out) || file_make_dirs(out, err)) &&
           (!is_given(w->q->dump) || file_make_dirs(w->q->dump, err));
}

static Image mirrored(Image im, Arena *a, Err *err)
{
    size_t c = (size_t)image_channels(im), n = (size_t)image_width(im);
    Image to = image_new(a, image_width(im), image_height(im), image_channels(im), err);
    for (int y = 0; !tensor_is_empty(to) && y < image_height(im); y++)
        for (size_t x = 0; x < n; x++)
            memcpy(image_row(to, y) + x * c, image_row(im, y) + (n - 1 - x) * c, c);
    return to;
}

static bool draw_action(Work *w, const Method *method, void *state, Action *m, Action *first,
                        Err *err)
{
    m->frame = arena_zeros(&w->job, (size_t)m->count * sizeof *m->frame);
    if (m->frame == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for the frames");
    if (m->side.mirror_of < 0)
        return method->draw(state, w, m, m->frame, err);
    const Action *other = &first[m->side.mirror_of];
    for (int64_t i = 0; i < m->count; i++) {
        m->frame[i] = mirrored(other->frame[i], &w->job, err);
        if (tensor_is_empty(m->frame[i]))
            return false;
        m->root[i] = image_width(m->frame[i]) - 1 - other->root[i];
    }
    return true;
}

static bool draw_or_recall(Work *w, const Method *method, void *state, Action *m, Action *first,
                           Err *err)
{
    bool is_kept = w->part != NULL && kept_recall(w, m);
    if (is_kept)
        return true;
    return draw_action(w, method, state, m, first, err) &&
           (w->part == NULL || kept_store(w, m, err));
}

static bool draw_actions(Work *w, const Method *method, void *state, Actions *actions, Err *err)
{
    Action *first = actions->of; /* of this animation */
    for (int i = 0; i < actions->count; i++) {
        Action *m = &actions->of[i];
        if (strcmp(m->side.name, actions->of[0].side.name) == 0)
            first = m;
        w->at = i;
        w->of = actions->count;
        if (!studio_goes_on(w->talk, err) || !draw_or_recall(w, method, state, m, first, err))
            return false;
    }
    return true;
}

static bool make(Work *w, const Method *method, void *state, const PictureTask *t, Err *err)
{
    Figure figure;
    Actions actions;
    char how[160];
    if (!look(w, method, state, t->picture, &figure, &actions, err) ||
        !make_folders(w, t->out, err) || !draw_actions(w, method, state, &actions, err))
        return false;
    method->describe(state, w, how, sizeof how);
    return w->q->raw ? save_raw(w, &actions, t->out, err)
                     : save_sheet(w, &actions, how, t->out, err);
}

/* ---- what it cost ---------------------------------------------------------------------- */

static void report(const Work *w, double began)
{
    if (w->talk->detail == NULL)
        return;
    char line[160];
    double whole = clock_now() - began;
    for (int i = 0; i < COST_KINDS; i++) {
        const Cost *c = &w->run.cost[i];
        snprintf(line, sizeof line,
                 "  %-26s %8.3f s   %9.1f GFLOP   %7.1f GFLOP/s   %lld calls",
                 cost_name((CostKind)i), c->seconds, c->flop * 1e-9,
                 c->seconds > 0 ? c->flop * 1e-9 / c->seconds : 0, (long long)c->calls);
        w->talk->detail(w->talk->user, line);
    }
    Cost all = run_cost(&w->run);
    snprintf(line, sizeof line, "%-28s %8.3f s, of which %.3f s in kernels, %s table",
             "whole run", whole, all.seconds, w->kernels.name);
    w->talk->detail(w->talk->user, line);
    snprintf(line, sizeof line, "%-28s %zu MiB of scratch, %zu MiB for the picture",
             "memory at most", w->scratch.peak >> 20, w->job.peak >> 20);
    w->talk->detail(w->talk->user, line);
}

/* ---- the whole way -------------------------------------------------------------------- */

bool picture_make(const SpriteRequest *q, const StudioRun *talk, const PictureTask *t, Err *err)
{
    double began = clock_now();
    Work w = {.q = q, .talk = talk, .part = t->part};
    const Method *method = method_chosen(q);
    void *state = xalloc(1, method->state);
    w.keeps_drift = method->keeps_drift && !q->in_place;
    bool ok = begin(&w, err) && method->open(state, &w, err) && make(&w, method, state, t, err);
    if (ok)
        report(&w, began);
    method->close(state);
    xfree(state);
    end(&w);
    return ok;
}
