/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "media/color.h"
#include "media/resize.h"
#include "models/preview.h"

#include <math.h>
#include <string.h>

/* ---- a tiny decoder --------------------------------------------------------------------- */

bool paint_is_quick(const PaintWork *w)
{
    return w->q->decoder != NULL && strcmp(w->q->decoder, "full") != 0;
}

bool paint_tiny_open(PaintWork *w, Err *err)
{
    const PaintRequest *q = w->q;
    bool decodes = paint_is_quick(w) && strcmp(q->decoder, "taesd") == 0;
    if (q->taesd == NULL)
        return !decodes ||
               err_set(err, ERR_INPUT, "--decoder taesd needs its weights: --taesd FILE");
    if (!decodes && !q->preview)
        return err_set(err, ERR_INPUT,
                       "--taesd is for --preview, or for the picture with --decoder taesd");
    w->tiny_file = weights_open(q->taesd, err);
    if (w->tiny_file == NULL)
        return false;
    Tensor in = weights_find(w->tiny_file, "decoder.layers.0.weight");
    if (tensor_is_empty(in))
        in = weights_find(w->tiny_file, "1.weight");
    if (in.rank != 4)
        return paint_wrong(w->tiny_file, "decoder of TAESD", err);
    if (in.dim[1] != LATENT_CHANNELS)
        return err_set(
            err, ERR_INPUT,
            "'%s' is for latents of %lld channels; Stable Diffusion 1, 2 and XL have %d",
            q->taesd, (long long)in.dim[1], LATENT_CHANNELS);
    return true;
}

/* In w->weights. */
static Taesd *bind_tiny(PaintWork *w, PaintLoan *l, Err *err)
{
    const TaesdParts half = {.decoder = true};
    Taesd *m = arena_take(&w->weights, sizeof *m);
    must(m != NULL);
    (void)!taesd_bind(m, &l->bind, half);
    return paint_loan_bound(l, taesd_unread(half), err) ? m : NULL;
}

/* ---- one picture ------------------------------------------------------------------------- */

/* latents[1,h,w,4] to RGB, in scratch; one pixel for each latent without a decoder. */
static Image glance(PaintWork *w, const Taesd *tiny, Tensor latents, Err *err)
{
    Run *r = &w->run;
    const Preview *linear = w->is_xl ? &preview_xl : &preview_sd;
    Tensor rgb =
        tiny != NULL ? taesd_decode(r, tiny, latents) : preview_rgb(r, linear, latents);
    if (!paint_ran(w, err))
        return (Image){0};
    return image_from_f32(r->scratch, tensor_reshape(rgb, SHAPE(rgb.dim[1], rgb.dim[2], 3)),
                          RANGE_SIGNED, TO_U8_ROUNDED, err);
}

static Image decoded(PaintWork *w, const Taesd *tiny, int64_t i, Err *err)
{
    size_t floor = run_floor(&w->run);
    Image im = glance(w, tiny, tensor_rows(w->latents, i, 1), err);
    if (!tensor_is_empty(im))
        im = image_resize(&w->job, im, w->width, w->height, RESIZE_BICUBIC, err);
    run_drop(&w->run, floor);
    return tensor_is_empty(im) || tensor_is_empty(w->mask) ? im : paint_over(w, im, err);
}

/* For a plan: the first. */
static void decode_idly(PaintWork *w, const Taesd *tiny)
{
    size_t floor = run_floor(&w->run);
    if (tiny != NULL)
        (void)taesd_decode(&w->run, tiny, tensor_rows(w->latents, 0, 1));
    run_drop(&w->run, floor);
}

static bool decode_all(PaintWork *w, const Taesd *tiny, Err *err)
{
    bool ok = true;
    if (w->run.is_idle) {
        decode_idly(w, tiny);
        return paint_picture_room(w, err);
    }
    for (int64_t i = 0; i < w->pictures && ok; i++) {
        paint_progress(w, "decoding", i, w->pictures);
        w->picture[i] = decoded(w, tiny, i, err);
        ok = !tensor_is_empty(w->picture[i]);
    }
    return ok;
}

bool paint_decode_quick(PaintWork *w, Err *err)
{
    PaintLoan l;
    if (strcmp(w->q->decoder, "linear") == 0)
        return decode_all(w, NULL, err);
    paint_loan_begin(&l, w, "TAESD", NET_VAE, w->tiny_file);
    const Taesd *tiny = bind_tiny(w, &l, err);
    if (tiny == NULL)
        return false;
    bool ok = decode_all(w, tiny, err);
    return paint_loan_end(&l, "decode the pictures", err) && ok;
}

/* ---- on the way ---------------------------------------------------------------------------
 */

enum { PREVIEW_SIDE = 512 }; /* of all pictures together, at most */

bool paint_preview_bind(PaintWork *w, Err *err)
{
    PaintLoan l;
    w->tiny = NULL;
    if (!w->q->preview || w->tiny_file == NULL)
        return true;
    paint_loan_beside(&l, w, "TAESD", w->tiny_file);
    w->tiny = bind_tiny(w, &l, err);
    return w->tiny != NULL && paint_loan_end(&l, "ready for previews", err);
}

void paint_preview_idly(PaintWork *w)
{
    if (w->q->preview)
        decode_idly(w, w->tiny);
}

/* The pictures of a batch, as nearly in a square as can be. */
static Image sheet(PaintWork *w, Tensor latents, Err *err)
{
    int columns = (int)ceil(sqrt((double)w->pictures));
    int rows = (int)div_up(w->pictures, columns);
    double scale = fmin(1, fmin((double)PREVIEW_SIDE / (w->width * columns),
                                (double)PREVIEW_SIDE / (w->height * rows)));
    int wide = (int)fmax(1, w->width * scale), high = (int)fmax(1, w->height * scale);
    Image to = image_new(&w->scratch, wide * columns, high * rows, 4, err);
    if (tensor_is_empty(to))
        return to;
    memset(to.data, 0, tensor_bytes(to));
    for (int64_t i = 0; i < w->pictures; i++) {
        size_t floor = run_floor(&w->run);
        Image im = glance(w, w->tiny, tensor_rows(latents, i, 1), err);
        if (!tensor_is_empty(im))
            im = image_resize(&w->scratch, im, wide, high, RESIZE_BICUBIC, err);
        if (!tensor_is_empty(im))
            im = image_to_rgba(&w->scratch, im, err);
        if (tensor_is_empty(im))
            return im;
        int x = (int)(i % columns) * wide, y = (int)(i / columns) * high;
        for (int k = 0; k < high; k++)
            memcpy(image_at(to, x, y + k), image_row(im, k), (size_t)wide * 4);
        run_drop(&w->run, floor);
    }
    return to;
}

static bool tell(PaintWork *w, Image im, int done, int of, Err *err)
{
    const StudioPreview seen = {.done = done,
                                .of = of,
                                .width = image_width(im),
                                .height = image_height(im),
                                .rgba = im.data};
    if (w->talk->preview != NULL)
        w->talk->preview(w->talk->user, &seen);
    w->previews++;
    return w->preview_path == NULL || image_save(im, w->preview_path, NULL, 0, err);
}

bool paint_preview(PaintWork *w, const Sampler *s, int step, Tensor x, Tensor said, Err *err)
{
    int every = (int)max64(1, w->q->preview_every), done = step - s->first + 1;
    int of = s->calls - s->first;
    if (!w->q->preview || (done % every != 0 && done != of))
        return true;
    size_t floor = w->scratch.used;
    Tensor x0 = tensor_new(&w->scratch, TENSOR_F32, tensor_shape(x), err);
    if (tensor_is_empty(x0))
        return false;
    sampler_x0(s, step, tensor_f32(x0), tensor_f32(x), tensor_f32(said), tensor_count(x));
    Image im = sheet(w, x0, err);
    bool ok = !tensor_is_empty(im) && tell(w, im, done, of, err);
    arena_rewind(&w->scratch, floor);
    return ok;
}
