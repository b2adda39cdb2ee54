/* SPDX-License-Identifier: MIT */
#include "studios/paint/internal.h"

#include "base/file.h"
#include "base/log.h"
#include "media/still.h"

#include <stdio.h>

void paint_progress(const PaintWork *w, const char *stage, int64_t done, int64_t of)
{
    if (w->talk->progress != NULL)
        w->talk->progress(w->talk->user, stage, done, of);
}

bool paint_ran(const PaintWork *w, Err *err)
{
    if (w->run.err.kind == ERR_NONE)
        return true;
    return err_set(err, w->run.err.kind, "%s", w->run.err.text);
}

static bool begin(PaintWork *w, Err *err)
{
    if (!arena_init(&w->job, 0, err) || !arena_init(&w->scratch, 0, err) ||
        !arena_init(&w->weights, 0, err) || !kernels_named(&w->kernels, w->q->kernels, err))
        return false;
    w->run = (Run){.kernels = &w->kernels,
                   .pool = pool_new((int)w->q->threads),
                   .scratch = &w->scratch,
                   .cancel = w->talk->cancel};
    return true;
}

static void end(PaintWork *w)
{
    pool_free(w->run.pool);
    paint_controls_close(w);
    paint_loras_close(&w->loras);
    paint_parts_close(&w->parts);
    arena_release(&w->weights);
    arena_release(&w->scratch);
    arena_release(&w->job);
}

static bool open_parts(PaintWork *w, Err *err)
{
    const PaintRequest *q = w->q;
    PaintNamed named = {.model = q->model,
                        .unet = q->unet,
                        .vae = q->vae,
                        .text_encoder = q->text_encoder,
                        .text_encoder_2 = q->text_encoder_2};
    if (q->model == NULL && q->unet == NULL)
        return err_set(err, ERR_INPUT,
                       "no model is named: --model takes a folder of diffusers or one file");
    if (!paint_parts_open(&w->parts, &named, err))
        return false;
    for (int64_t i = 0; i < q->loras.count; i++) {
        PaintLine said;
        if (!paint_lora_add(&w->loras, q->loras.of[i], &w->parts, &said, err))
            return false;
        if (w->talk->say != NULL)
            w->talk->say(w->talk->user, said.s);
    }
    return true;
}

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
    snprintf(line, sizeof line,
             "%-28s %8.3f s, of which %.3f s in kernels, %s table; %zu MiB at most",
             "whole run", clock_now() - began, all.seconds, w->kernels.name,
             (w->scratch.peak + w->job.peak + w->weights.peak) >> 20);
    w->talk->detail(w->talk->user, line);
}

static bool make(PaintWork *w, Err *err)
{
    if (w->q->prompt == NULL)
        return err_set(err, ERR_INPUT,
                       "nothing says what the picture shows: give a prompt, or a picture to be "
                       "made again with --from");
    return still_is_known(w->q->out, err) && open_parts(w, err) && paint_look(w, err) &&
           paint_settle(w, err) && paint_frame(w, err) && paint_controls_open(w, err) &&
           paint_controls_see(w, err) && make_folders(w, err) && paint_words(w, err) &&
           studio_goes_on(w->talk, err) && paint_sample(w, err) &&
           studio_goes_on(w->talk, err) && paint_decode(w, err) && paint_save(w, err);
}

bool paint_make(const Studio *studio, const PaintRequest *asked, const StudioRun *talk,
                Err *err)
{
    double began = clock_now();
    PaintRequest *q = xalloc(1, sizeof *q);
    *q = *asked;
    PaintWork w = {.studio = studio, .q = q, .talk = talk};
    bool ok = begin(&w, err) && paint_again(studio, q, &w.job, err) && make(&w, err);
    if (ok)
        report(&w, began);
    end(&w);
    xfree(q);
    return ok;
}
