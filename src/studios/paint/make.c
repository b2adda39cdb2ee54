/* SPDX-License-Identifier: MIT */
#include "studios/paint/internal.h"

#include "base/file.h"
#include "base/log.h"
#include "media/still.h"

#include <stdio.h>

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

static bool make(PaintWork *w, Err *err)
{
    if (w->q->prompt == NULL)
        return err_set(err, ERR_INPUT,
                       "nothing says what the picture shows: give a prompt, or a picture to be "
                       "made again with --from");
    if (paint_is_written(w->q) &&
        !(still_is_known(w->q->out, err) && file_may_write(w->q->out, err)))
        return false;
    return paint_open(w, err) && paint_look(w, err) && paint_settle(w, err) &&
           paint_frame(w, err) && paint_controls_open(w, err) && paint_controls_see(w, err) &&
           make_folders(w, err) && paint_words(w, err) && studio_goes_on(w->talk, err) &&
           paint_sample(w, err) && studio_goes_on(w->talk, err) && paint_decode(w, err) &&
           paint_save(w, err);
}

bool paint_make(const Studio *studio, const PaintRequest *asked, const StudioRun *talk,
                Err *err)
{
    double began = clock_now();
    PaintRequest *q = xalloc(1, sizeof *q);
    *q = *asked;
    PaintWork w = {.studio = studio, .q = q, .talk = talk};
    bool ok =
        paint_begin(&w, err) && paint_again(studio, q, talk, &w.job, err) && make(&w, err);
    if (ok)
        report(&w, began);
    paint_end(&w);
    xfree(q);
    return ok;
}
