/* SPDX-License-Identifier: MIT */
#include "library/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- what the studio tells, to the callbacks ------------------------------------------- */

static void tell_progress(void *user, const char *stage, int64_t done, int64_t of)
{
    const AtelierTask *t = user;
    t->on_progress(t->progress_user, stage, done, of);
}

static void tell_text(void *user, const char *line)
{
    const AtelierTask *t = user;
    t->on_text(t->text_user, line);
}

static void tell_note(void *user, const char *line)
{
    const AtelierTask *t = user;
    t->on_note(t->note_user, line);
}

static void tell_file(void *user, const char *path)
{
    const AtelierTask *t = user;
    t->on_file(t->file_user, path);
}

static void tell_frame(void *user, const StudioFrame *f)
{
    const AtelierTask *t = user;
    AtelierFrame frame = {.clip = f->clip,
                          .index = f->index,
                          .count = f->count,
                          .seconds = f->seconds,
                          .is_loop = f->is_loop,
                          .pivot_x = f->pivot_x,
                          .pivot_y = f->pivot_y,
                          .pixels = {.width = f->width,
                                     .height = f->height,
                                     .stride = (size_t)f->width * 4,
                                     .rgba = f->rgba}};
    t->on_frame(t->frame_user, &frame);
}

static void tell_preview(void *user, const StudioPreview *p)
{
    const AtelierTask *t = user;
    AtelierPreview preview = {.done = p->done,
                              .total = p->of,
                              .pixels = {.width = p->width,
                                         .height = p->height,
                                         .stride = (size_t)p->width * 4,
                                         .rgba = p->rgba}};
    t->on_preview(t->preview_user, &preview);
}

static StudioRun talk(AtelierTask *t, const void *request)
{
    bool is_verbose = studio_flag(t->studio, request, "verbose");
    return (StudioRun){.user = t,
                       .progress = t->on_progress != NULL ? tell_progress : NULL,
                       .say = t->on_text != NULL ? tell_text : NULL,
                       .warn = t->on_note != NULL ? tell_note : NULL,
                       .detail = t->on_note != NULL && is_verbose ? tell_note : NULL,
                       .made = t->on_file != NULL ? tell_file : NULL,
                       .frame = t->on_frame != NULL ? tell_frame : NULL,
                       .preview = t->on_preview != NULL ? tell_preview : NULL,
                       .cancel = &t->cancel};
}

/* ---- the request ---------------------------------------------------------------------------
 */

static bool fill(const AtelierTask *t, void *request, Err *err)
{
    const Studio *s = t->studio;
    studio_defaults(s, request);
    for (int i = 0; i < s->param_count; i++) {
        if (!value_put(&s->params[i], &t->values[i], request, err))
            return false;
        if (param_is_missing(&s->params[i], request))
            return err_set(err, ERR_INPUT, "'%s' is not set, and '%s' needs it",
                           s->params[i].name, s->name);
    }
    return true;
}

/* A file in memory has a name that says nothing: the parameter's says more. */
static void name_memory(const AtelierTask *t, Err *err)
{
    for (int i = 0; i < t->studio->param_count; i++) {
        const Value *v = &t->values[i];
        char *at = v->file >= 0 ? strstr(err->text, v->text[0]) : NULL;
        size_t n = at != NULL ? strlen(v->text[0]) : 0;
        if (at == NULL || isdigit((unsigned char)at[n]))
            continue;
        char after[sizeof err->text];
        snprintf(after, sizeof after, "%s", at + n);
        snprintf(at, sizeof err->text - (size_t)(at - err->text), "%s%s", t->params[i].name,
                 after);
    }
}

bool atelier_run(AtelierTask *t, AtelierError *error)
{
    Err err = {0};
    if (atomic_exchange(&t->is_running, true)) {
        err_set(&err, ERR_INPUT, "this task runs already: make another one");
        return fail(error, &err);
    }
    Plain plain = plain_enter();
    void *request = xalloc(1, t->studio->request_size);
    bool ok = fill(t, request, &err);
    if (ok && atomic_load(&t->cancel))
        ok = err_set(&err, ERR_CANCELLED, "stopped");
    if (ok) {
        StudioRun run = talk(t, request);
        ok = t->studio->run(request, &run, &err);
    }
    xfree(request);
    plain_leave(plain);
    name_memory(t, &err);
    atomic_store(&t->cancel, false);
    atomic_store(&t->is_running, false);
    return ok || fail(error, &err);
}

void atelier_cancel(AtelierTask *t)
{
    atomic_store(&t->cancel, true);
}
