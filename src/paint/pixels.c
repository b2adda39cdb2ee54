/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "media/color.h"

static Tensor decode(PaintWork *w, const Vae *vae, int64_t band_rows, Tensor latents)
{
    return band_rows == 0 ? vae_decode(&w->run, vae, latents)
                          : vae_decode_bands(&w->run, vae, latents, band_rows);
}

static Image decode_one(PaintWork *w, const Vae *vae, int64_t band_rows, int64_t i, Err *err)
{
    Run *r = &w->run;
    size_t floor = run_floor(r);
    Image im = {0};
    Tensor rgb = decode(w, vae, band_rows, tensor_rows(w->latents, i, 1));
    if (paint_ran(w, err) && paint_is_sound(rgb, &w->parts.vae, "VAE decoder", err))
        im = image_from_f32(&w->job, tensor_reshape(rgb, SHAPE(w->height, w->width, 3)),
                            RANGE_SIGNED, TO_U8_ROUNDED, err);
    bool ok = !tensor_is_empty(im) && (w->pictures > 1 || paint_dump(w, "image", rgb, err));
    run_drop(r, floor);
    if (ok && !tensor_is_empty(w->mask))
        return paint_over(w, im, err);
    return ok ? im : (Image){0};
}

bool paint_picture_room(PaintWork *w, Err *err)
{
    size_t bytes = (size_t)w->width * (size_t)w->height * 3, over = 0;
    if (!tensor_is_empty(w->mask)) { /* paint_over */
        bytes += tensor_bytes(w->init);
        over = (2 * sizeof(float) + 3) * tensor_bytes(w->mask);
    }
    size_t floor = run_floor(&w->run);
    void *blend = arena_take(&w->scratch, over);
    run_drop(&w->run, floor);
    if (blend == NULL || arena_take(&w->job, (size_t)w->pictures * bytes) == NULL)
        return err_set(err, ERR_MEMORY, "not enough addresses for %lld pictures",
                       (long long)w->pictures);
    return paint_ran(w, err);
}

/* For a plan: the first, and room for all. */
static bool decode_idly(PaintWork *w, const Vae *vae, int64_t band_rows, Err *err)
{
    size_t floor = run_floor(&w->run);
    (void)decode(w, vae, band_rows, tensor_rows(w->latents, 0, 1));
    run_drop(&w->run, floor);
    return paint_picture_room(w, err);
}

bool paint_decode(PaintWork *w, Err *err)
{
    PaintLoan l;
    Vae vae;
    const VaeParts half = {.decoder = true};
    w->picture = arena_zeros(&w->job, (size_t)w->pictures * sizeof *w->picture);
    must(w->picture != NULL);
    if (paint_is_quick(w))
        return paint_decode_quick(w, err);
    paint_loan_begin(&l, w, "VAE decoder", NET_VAE, w->parts.vae.weights);
    (void)!vae_bind(&vae, &l.bind, &w->vae, half);
    if (!paint_loan_bound(&l, vae_unread(half), err))
        return false;
    int64_t band_rows = paint_way(w, l.stage).band_rows;
    bool ok = !w->run.is_idle || decode_idly(w, &vae, band_rows, err);
    for (int64_t i = 0; i < w->pictures && ok && !w->run.is_idle; i++) {
        paint_progress(w, "decoding", i, w->pictures);
        w->picture[i] = decode_one(w, &vae, band_rows, i, err);
        ok = !tensor_is_empty(w->picture[i]);
    }
    return paint_loan_end(&l, "decode the pictures", err) && ok;
}
