/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "media/color.h"

static Image decode_one(PaintWork *w, const Vae *vae, int64_t i, Err *err)
{
    Run *r = &w->run;
    size_t floor = run_floor(r);
    Image im = {0};
    Tensor rgb = vae_decode(r, vae, tensor_rows(w->latents, i, 1));
    if (paint_ran(w, err) && paint_is_sound(rgb, &w->parts.vae, "VAE decoder", err))
        im = image_from_f32(&w->job, tensor_reshape(rgb, SHAPE(w->height, w->width, 3)),
                            RANGE_SIGNED, TO_U8_ROUNDED, err);
    bool ok = !tensor_is_empty(im) && (w->pictures > 1 || paint_dump(w, "image", rgb, err));
    run_drop(r, floor);
    if (ok && !tensor_is_empty(w->mask))
        return paint_over(w, im, err);
    return ok ? im : (Image){0};
}

bool paint_decode(PaintWork *w, Err *err)
{
    PaintLoan l;
    Vae vae;
    const VaeParts half = {.decoder = true};
    w->picture = arena_zeros(&w->job, (size_t)w->pictures * sizeof *w->picture);
    must(w->picture != NULL);
    paint_loan_begin(&l, w, "VAE decoder", NET_VAE, w->parts.vae.weights);
    (void)!vae_bind(&vae, &l.bind, &w->vae, half);
    if (!paint_loan_bound(&l, vae_unread(half), err))
        return false;
    bool ok = true;
    for (int64_t i = 0; i < w->pictures && ok; i++) {
        paint_progress(w, "decoding", i, w->pictures);
        w->picture[i] = decode_one(w, &vae, i, err);
        ok = !tensor_is_empty(w->picture[i]);
    }
    return paint_loan_end(&l, "decode the pictures", err) && ok;
}
