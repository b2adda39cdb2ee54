/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

bool paint_begins_with_picture(const PaintWork *w)
{
    return !tensor_is_empty(w->init) || w->frames != NULL || w->pass.is_second;
}

void paint_progress(const PaintWork *w, const char *stage, int64_t done, int64_t of)
{
    if (w->talk->progress != NULL && !w->run.is_idle)
        w->talk->progress(w->talk->user, stage, done, of);
}

bool paint_ran(const PaintWork *w, Err *err)
{
    if (w->run.err.kind == ERR_NONE)
        return true;
    return err_set(err, w->run.err.kind, "%s", w->run.err.text);
}

bool paint_begin(PaintWork *w, Err *err)
{
    if (!arena_init(&w->job, 0, err) || !arena_init(&w->scratch, 0, err) ||
        !arena_init(&w->weights, 0, err) || !kernels_named(&w->kernels, w->q->kernels, err))
        return false;
    w->run = (Run){.kernels = &w->kernels,
                   .pool = w->lent != NULL ? w->lent : pool_new((int)w->q->threads),
                   .scratch = &w->scratch,
                   .cancel = w->talk->cancel};
    return true;
}

void paint_end(PaintWork *w)
{
    if (w->lent == NULL)
        pool_free(w->run.pool);
    paint_controls_close(w);
    paint_loras_close(&w->loras);
    weights_close(w->tiny_file);
    paint_parts_close(&w->parts);
    arena_release(&w->weights);
    arena_release(&w->scratch);
    arena_release(&w->job);
}

bool paint_open(PaintWork *w, Err *err)
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
    return paint_tiny_open(w, err);
}
