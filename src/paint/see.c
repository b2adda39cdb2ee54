/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "media/color.h"
#include "media/resize.h"

#include <stdio.h>
#include <string.h>

enum { PAINTED = 255, BRIGHT = 128 };

/* ---- what is given --------------------------------------------------------------------- */

/* Luma as Pillow has it, then all or nothing: 255 where there is to be painted. */
static Image binary(PaintWork *w, Image rgb, Err *err)
{
    Image mask = image_new(&w->job, image_width(rgb), image_height(rgb), 1, err);
    for (int64_t i = 0; i < tensor_count(mask); i++) {
        const unsigned char *p = (unsigned char *)rgb.data + i * 3;
        int luma = (p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 0x8000) >> 16;
        ((unsigned char *)mask.data)[i] = luma >= BRIGHT ? PAINTED : 0;
    }
    return mask;
}

static bool read_mask(PaintWork *w, Err *err)
{
    Image im = image_load(&w->job, w->q->mask, err);
    Image rgb = tensor_is_empty(im) ? im : image_over(&w->job, im, (Rgb){0, 0, 0}, err);
    if (tensor_is_empty(rgb))
        return false;
    if (image_width(im) != image_width(w->init) || image_height(im) != image_height(w->init))
        return err_set(err, ERR_INPUT, "--mask is %dx%d, --init is %dx%d; they must be alike",
                       image_width(im), image_height(im), image_width(w->init),
                       image_height(w->init));
    w->mask = binary(w, rgb, err);
    return !tensor_is_empty(w->mask);
}

/* "64", or left, top, right, bottom: "0,0,128,0". */
static bool read_borders(const char *text, int to[4], Err *err)
{
    int n = 0;
    int got = sscanf(text, "%5d%n,%5d,%5d,%5d%n", &to[0], &n, &to[1], &to[2], &to[3], &n);
    if (got == 1)
        to[1] = to[2] = to[3] = to[0];
    bool ok = (got == 1 || got == 4) && text[n] == '\0';
    for (int i = 0; i < 4 && ok; i++)
        ok = to[i] >= 0 && to[i] <= 4096;
    if (!ok || to[0] + to[1] + to[2] + to[3] == 0)
        return err_set(err, ERR_INPUT,
                       "--outpaint is '%.60s'; it must be pixels on all sides, or on the left, "
                       "top, right and bottom, as 0,0,128,0",
                       text);
    return true;
}

/* The picture with its borders, which are opaque, where it has alpha. */
static bool border_given(PaintWork *w, Rect all, Err *err)
{
    if (image_channels(w->given) == 3) {
        w->given = w->init;
        return true;
    }
    Image old = w->given;
    w->given = image_to_rgba(&w->job, w->init, err);
    for (int y = 0; y < image_height(old) && !tensor_is_empty(w->given); y++)
        memcpy(image_at(w->given, -all.x, y - all.y), image_row(old, y),
               (size_t)image_width(old) * 4);
    return !tensor_is_empty(w->given);
}

/* A larger picture with the former in it; what is new is to be painted. */
static bool add_borders(PaintWork *w, Err *err)
{
    int b[4];
    if (!read_borders(w->q->outpaint, b, err))
        return false;
    Image old = w->init, old_mask = w->mask;
    Rect all = {-b[0], -b[1], image_width(old) + b[0] + b[2], image_height(old) + b[1] + b[3]};
    w->init = image_crop(&w->job, old, all, (Rgb){0, 0, 0}, err);
    w->mask = image_new(&w->job, all.w, all.h, 1, err);
    if (tensor_is_empty(w->init) || tensor_is_empty(w->mask))
        return false;
    memset(w->mask.data, PAINTED, tensor_bytes(w->mask));
    for (int y = 0; y < image_height(old); y++) {
        unsigned char *to = image_at(w->mask, b[0], b[1] + y);
        if (tensor_is_empty(old_mask))
            memset(to, 0, (size_t)image_width(old));
        else
            memcpy(to, image_row(old_mask, y), (size_t)image_width(old));
    }
    return paint_bleed(w->init, w->mask, &w->scratch, err) && border_given(w, all, err);
}

static Rect bounds(Image mask)
{
    int x0 = image_width(mask), y0 = image_height(mask), x1 = -1, y1 = -1;
    for (int y = 0; y < image_height(mask); y++)
        for (int x = 0; x < image_width(mask); x++)
            if (*image_at(mask, x, y) != 0) {
                x0 = x < x0 ? x : x0;
                x1 = x > x1 ? x : x1;
                y0 = y < y0 ? y : y0;
                y1 = y;
            }
    return (Rect){x0, y0, x1 - x0 + 1, y1 - y0 + 1};
}

static bool check(const PaintWork *w, Err *err)
{
    const PaintRequest *q = w->q;
    bool has_mask = q->mask != NULL || q->outpaint != NULL;
    const char *lonely = q->mask != NULL       ? "mask"
                         : q->outpaint != NULL ? "outpaint"
                         : q->strength > 0     ? "strength"
                         : q->only_masked      ? "only-masked"
                                               : NULL;
    if (q->init == NULL && lonely != NULL)
        return err_set(err, ERR_INPUT,
                       "--%s says what to do with a picture: give it with --init", lonely);
    if (q->only_masked && !has_mask)
        return err_set(err, ERR_INPUT, "--only-masked needs a --mask");
    return true;
}

bool paint_look(PaintWork *w, Err *err)
{
    const PaintRequest *q = w->q;
    if (!check(w, err) || q->init == NULL)
        return err->kind == ERR_NONE;
    Image im = image_load(&w->job, q->init, err);
    w->given = im;
    w->init = tensor_is_empty(im) ? im : image_over(&w->job, im, (Rgb){255, 255, 255}, err);
    if (tensor_is_empty(w->init) || (q->mask != NULL && !read_mask(w, err)) ||
        (q->outpaint != NULL && !add_borders(w, err)))
        return false;
    w->part = (Rect){0, 0, image_width(w->init), image_height(w->init)};
    if (!tensor_is_empty(w->mask) && bounds(w->mask).w <= 0)
        return err_set(err, ERR_INPUT,
                       "'%s' is black: white says where the picture is painted anew", q->mask);
    return true;
}

/* ---- the part that is painted, at the size at which it is ------------------------------ */

static int within(int64_t x, int64_t most)
{
    return (int)max64(0, min64(x, most));
}

/* The mask's bounds and some more, of the aspect that is painted, if there is room. */
static Rect part_of(const PaintWork *w)
{
    int W = image_width(w->init), H = image_height(w->init);
    int64_t pad = w->q->padding;
    Rect b = bounds(w->mask);
    int64_t wide = min64(b.w + 2 * pad, W), high = min64(b.h + 2 * pad, H);
    if (wide * w->height > high * w->width)
        high = min64(div_up(wide * w->height, w->width), H);
    else
        wide = min64(div_up(high * w->width, w->height), W);
    return (Rect){within(b.x + (b.w - wide) / 2, W - wide),
                  within(b.y + (b.h - high) / 2, H - high), (int)wide, (int)high};
}

static Image scaled(PaintWork *w, Image im, Rect part, ResizeFilter filter, Err *err)
{
    Image to = image_new(&w->scratch, part.w, part.h, image_channels(im), err);
    size_t c = (size_t)image_channels(im);
    for (int y = 0; y < part.h && !tensor_is_empty(to); y++)
        memcpy(image_row(to, y), image_at(im, part.x, part.y + y), (size_t)part.w * c);
    return tensor_is_empty(to) ? to
                               : image_resize(&w->job, to, w->width, w->height, filter, err);
}

bool paint_frame(PaintWork *w, Err *err)
{
    bool is_masked = !tensor_is_empty(w->mask);
    if (tensor_is_empty(w->init))
        return true;
    if (w->q->only_masked)
        w->part = part_of(w);
    size_t floor = w->scratch.used;
    w->frame = scaled(w, w->init, w->part, RESIZE_LANCZOS, err);
    if (is_masked)
        w->frame_mask = scaled(w, w->mask, w->part, RESIZE_NEAREST, err);
    bool ok = err->kind == ERR_NONE;
    if (ok && is_masked && strcmp(w->q->fill, "bleed") == 0)
        ok = paint_bleed(w->frame, w->frame_mask, &w->scratch, err);
    arena_rewind(&w->scratch, floor);
    return ok;
}

/* ---- to latents ------------------------------------------------------------------------ */

/* Holes in the grey of 0, where the mask is, or everywhere if there is none. */
static void cut_holes(const PaintWork *w, Tensor rgb)
{
    const unsigned char *mask = w->frame_mask.data;
    for (int64_t i = 0; i < tensor_count(rgb); i++)
        if (mask == NULL || mask[i / 3] != 0)
            tensor_f32(rgb)[i] = 0;
}

/* The picture as the VAE sees it, [1,H,W,3] in scratch; empty if the run has failed. */
static Tensor numbers(PaintWork *w, Image im, bool has_holes)
{
    Run *r = &w->run;
    if (r->is_idle)
        return nn_new(r, SHAPE(1, w->height, w->width, 3));
    Tensor rgb = image_to_f32(r->scratch, im, RANGE_SIGNED, &r->err);
    if (tensor_is_empty(rgb))
        return rgb;
    if (has_holes)
        cut_holes(w, rgb);
    return tensor_reshape(rgb, SHAPE(1, w->height, w->width, 3));
}

/* A draw of the posterior for each picture of the batch. */
static bool encode(PaintWork *w, const Vae *vae, bool has_holes, NoiseSource *noise, Tensor *to,
                   Err *err)
{
    Run *r = &w->run;
    Shape s = tensor_shape(w->latents);
    size_t floor = run_floor(r);
    *to = tensor_new(&w->job, TENSOR_F32, s, err);
    Tensor drawn = nn_new(r, s);
    bool ok = err->kind == ERR_NONE && paint_ran(w, err) &&
              (r->is_idle || noise_source_draw(noise, drawn, r->scratch, err));
    for (int64_t i = 0; i < w->pictures && ok; i++) {
        size_t mark = run_floor(r);
        Tensor rgb = numbers(w, w->frames != NULL ? w->frames[i] : w->frame, has_holes);
        Tensor z = vae_encode(r, vae, rgb, tensor_rows(drawn, i, 1));
        ok = paint_ran(w, err) &&
             (r->is_idle || paint_is_sound(z, &w->parts.vae, "VAE encoder", err));
        if (ok)
            memcpy(tensor_rows(*to, i, 1).data, z.data, tensor_bytes(z));
        run_drop(r, mark);
    }
    run_drop(r, floor);
    return ok;
}

/* Where there is to be painted: 1, [h,w]; the top left pixel of each square decides. */
static bool latent_mask(PaintWork *w, Err *err)
{
    int64_t f = vae_factor(&w->vae), h = w->latents.dim[1], wide = w->latents.dim[2];
    w->opens = tensor_new(&w->job, TENSOR_F32, SHAPE(h, wide), err);
    for (int64_t i = 0; i < h * wide && !tensor_is_empty(w->opens); i++)
        tensor_f32(w->opens)[i] =
            tensor_is_empty(w->frame_mask) ||
            *image_at(w->frame_mask, (int)(i % wide * f), (int)(i / wide * f)) != 0;
    return !tensor_is_empty(w->opens);
}

/* For networks of 9 channels: the mask, and the masked picture's latents [pictures,h,w,1+Z]. */
static bool make_beside(PaintWork *w, Tensor masked, Err *err)
{
    int64_t Z = w->vae.latent, n = w->latents.dim[1] * w->latents.dim[2];
    w->beside =
        tensor_new(&w->job, TENSOR_F32,
                   SHAPE(w->pictures, w->latents.dim[1], w->latents.dim[2], 1 + Z), err);
    for (int64_t i = 0; i < w->pictures * n && !tensor_is_empty(w->beside); i++) {
        float *to = tensor_f32(w->beside) + i * (1 + Z);
        to[0] = tensor_f32(w->opens)[i % n];
        memcpy(to + 1, tensor_f32(masked) + i * Z, (size_t)Z * sizeof(float));
    }
    return !tensor_is_empty(w->beside);
}

/* What lies under the mask to begin with, if it is not the picture: the noise that is added to
 * it, too, or nothing, as AUTOMATIC1111 has it. */
static void fill_latents(PaintWork *w)
{
    bool is_zeros = strcmp(w->q->fill, "zeros") == 0;
    if (tensor_is_empty(w->frame_mask) || (!is_zeros && strcmp(w->q->fill, "noise") != 0))
        return;
    int64_t Z = w->vae.latent, n = w->seen.dim[1] * w->seen.dim[2];
    for (int64_t i = 0; i < tensor_count(w->seen); i++)
        if (tensor_f32(w->opens)[i / Z % n] != 0)
            tensor_f32(w->seen)[i] = is_zeros ? 0 : tensor_f32(w->noise)[i];
}

static bool see_all(PaintWork *w, const Vae *vae, NoiseSource *noise, Err *err)
{
    Tensor masked = {0};
    bool is_all_new = w->parts.is_inpaint && w->strength >= 1;
    if (!latent_mask(w, err) || (!is_all_new && !encode(w, vae, false, noise, &w->seen, err)) ||
        !paint_noise(w, noise, err))
        return false;
    /* diffusers draws for the masked picture even where nobody looks at it */
    if (!tensor_is_empty(w->frame_mask) || w->parts.is_inpaint) {
        if (!encode(w, vae, true, noise, &masked, err) ||
            (w->parts.is_inpaint && !make_beside(w, masked, err)))
            return false;
    }
    if (!tensor_is_empty(w->seen))
        fill_latents(w);
    return true;
}

bool paint_see(PaintWork *w, NoiseSource *noise, Err *err)
{
    PaintLoan l;
    Vae vae;
    const VaeParts half = {.encoder = true};
    if (!paint_begins_with_picture(w))
        return paint_noise(w, noise, err);
    paint_loan_begin(&l, w, "VAE encoder", NET_VAE, w->parts.vae.weights);
    (void)!vae_bind(&vae, &l.bind, &w->vae, half);
    if (!paint_loan_bound(&l, vae_unread(half), err))
        return false;
    bool ok = see_all(w, &vae, noise, err);
    return paint_loan_end(&l, "encode the picture", err) && ok &&
           paint_dump(w, "init", w->seen, err);
}
