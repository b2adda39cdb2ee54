/* SPDX-License-Identifier: MIT */
#include "studios/paint/internal.h"

#include "base/file.h"
#include "base/log.h"
#include "media/still.h"

#include <stdio.h>
#include <string.h>

static bool make_folders(const PaintWork *w, Err *err)
{
    return w->q->dump == NULL || file_make_dirs(w->q->dump, err);
}

static void report(const PaintWork *w, double began)
{
    char line[160];
    if (w->talk->detail == NULL)
        return;
    Cost all = run_cost(&w->run);
    snprintf(line, sizeof line, "%-28s %8.3f s, of which %.3f s in kernels, %s table",
             "whole run", clock_now() - began, all.seconds, w->kernels.name);
    w->talk->detail(w->talk->user, line);
    paint_plan_tell(w);
}

static bool preview_is_clear(const PaintWork *w, Err *err)
{
    const char *path = w->preview_path;
    if (path == NULL)
        return true;
    if (!file_name_ends(path, ".png"))
        return err_set(err, ERR_INPUT, "--preview-file is '%.200s'; previews are PNG", path);
    return file_may_write(path, err);
}

static bool make(PaintWork *w, Err *err)
{
    if (w->q->prompt == NULL)
        return err_set(err, ERR_INPUT,
                       "nothing says what the picture shows: give a prompt, or a picture to be "
                       "made again with --from");
    if (paint_is_written(w->q) &&
        !(still_is_known(w->q->out, err) && file_may_write(w->q->out, err)))
        return false;
    return preview_is_clear(w, err) && paint_open(w, err) && paint_look(w, err) &&
           paint_settle(w, err) && paint_frame(w, err) && paint_controls_open(w, err) &&
           paint_controls_see(w, err) && make_folders(w, err) && paint_words(w, err) &&
           studio_goes_on(w->talk, err) && paint_sample(w, err) &&
           studio_goes_on(w->talk, err) && paint_decode(w, err) && paint_upscale(w, err) &&
           paint_save(w, err);
}

/* Where previews go: as named, or where nobody else sees them beside the picture, for the time
 * being. */
static void choose_preview(PaintWork *w, PaintRequest *q, char *beside, size_t room)
{
    q->preview = q->preview || q->preview_file != NULL;
    w->preview_path = q->preview_file;
    if (!q->preview || q->preview_file != NULL || w->talk->preview != NULL ||
        !paint_is_written(q))
        return;
    size_t n;
    const char *name = file_stem(q->out, &n);
    snprintf(beside, room, "%.*s%.*s.preview.png", (int)(name - q->out), q->out, (int)n, name);
    w->preview_path = beside;
}

static void remove_preview(const PaintWork *w)
{
    Err none = {0};
    if (w->q->preview_file == NULL && w->preview_path != NULL && w->previews > 0)
        (void)!file_remove(w->preview_path, &none);
}

bool paint_make(const Studio *studio, const PaintRequest *asked, const StudioRun *talk,
                Err *err)
{
    double began = clock_now();
    PaintRequest *q = xalloc(1, sizeof *q);
    *q = *asked;
    PaintWork w = {.studio = studio, .q = q, .talk = talk};
    char beside[4200];
    choose_preview(&w, q, beside, sizeof beside);
    bool ok =
        paint_begin(&w, err) && paint_again(studio, q, talk, &w.job, err) && make(&w, err);
    if (ok)
        report(&w, began);
    remove_preview(&w);
    paint_end(&w);
    xfree(q);
    return ok;
}
