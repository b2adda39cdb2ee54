/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "base/file.h"
#include "media/resize.h"
#include "upscale/upscale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what is asked for --------------------------------------------------------------------
 */

/* What says something about a second pass that is not asked for. */
static const char *lonely(const PaintRequest *q)
{
    return q->hires_strength > 0 ? "hires-strength"
           : q->hires_steps > 0  ? "hires-steps"
           : q->hires_model      ? "hires-model"
                                 : NULL;
}

static bool read_scale(const char *text, double *scale, Err *err)
{
    enum { LEAST = 1, MOST = 4 };
    int n = 0;
    bool ok = sscanf(text, "%lf%n", scale, &n) == 1;
    ok = ok && (text[n] == '\0' || strcmp(text + n, "x") == 0);
    return (ok && *scale > LEAST && *scale <= MOST) ||
           err_set(
               err, ERR_INPUT,
               "--hires is '%.60s'; it must be how many times larger, as 2x, more than %d, at "
               "most %d",
               text, LEAST, MOST);
}

bool paint_hires_settle(PaintWork *w, Err *err)
{
    enum { SIDE_MOST = 4096 };
    const double over_latents = 0.7, over_pixels = 0.5;
    const PaintRequest *q = w->q;
    PaintHires *h = &w->hires;
    if (q->hires == NULL)
        return lonely(q) == NULL ||
               err_set(err, ERR_INPUT,
                       "--%s is for a second, larger pass: ask for that with --hires 2x",
                       lonely(q));
    if (q->init != NULL)
        return err_set(err, ERR_INPUT,
                       "--hires goes over a picture that was made of words alone; with --init, "
                       "name the larger --size");
    if (!read_scale(q->hires, &h->scale, err))
        return false;
    int f = (int)vae_factor(&w->vae);
    h->width = (int)(w->width * h->scale) / f * f;
    h->height = (int)(w->height * h->scale) / f * f;
    if (h->width > SIDE_MOST || h->height > SIDE_MOST)
        return err_set(err, ERR_INPUT,
                       "--hires %s of %dx%d is %dx%d; at most %dx%d are painted", q->hires,
                       w->width, w->height, h->width, h->height, SIDE_MOST, SIDE_MOST);
    h->is_latent = q->hires_model == NULL && strncmp(q->hires_by, "latent", 6) == 0;
    h->steps = q->hires_steps > 0 ? (int)q->hires_steps : w->steps;
    h->strength = q->hires_strength > 0 ? q->hires_strength
                  : h->is_latent        ? over_latents
                                        : over_pixels;
    return true;
}

/* ---- networks that make pictures larger ----------------------------------------------------
 */

static void on_progress(void *user, int64_t done, int64_t of)
{
    paint_progress(user, "upscaling", done, of);
}

/* The side of tiles that take no more than half of what is allowed: the rest holds the network
 * and the pictures. */
static int64_t tile_of(const PaintWork *w, const Upscaler *u, Image im)
{
    int64_t most = min64(TILE_MEMORY, (int64_t)(w->plan.most / 2));
    int64_t side = max64(image_width(im), image_height(im));
    while (side > TILE_LEAST &&
           tiling_for(u, image_width(im), image_height(im), side).bytes > most)
        side = max64(TILE_LEAST, side * 7 / 8);
    return max64(TILE_LEAST, side);
}

/* Each of w->picture by it, `times` larger in place of its own scale if that is not 0. */
static bool grow(PaintWork *w, const Upscaler *u, double times, Err *err)
{
    for (int64_t i = 0; i < w->pictures; i++) {
        Image im = w->picture[i];
        double width = image_width(im), height = image_height(im), most = u->scale;
        if (width * height * most * most > UPSCALE_MOST)
            return err_set(
                err, ERR_INPUT,
                "%.0f x %.0f pixels are too many to be made %d times larger; at most %d "
                "million in all are made",
                width, height, u->scale, UPSCALE_MOST / 1000000);
        im = upscaled(&w->job, &w->run, u, im, tile_of(w, u, im), (UpscaleTold){on_progress, w},
                      err);
        if (!tensor_is_empty(im) && times > 0)
            im =
                image_resize(&w->job, im, w->hires.width, w->hires.height, RESIZE_LANCZOS, err);
        if (tensor_is_empty(im))
            return false;
        w->picture[i] = im;
    }
    return true;
}

static bool grow_by(PaintWork *w, const char *model, double times, Err *err)
{
    Upscaler u;
    paint_progress(w, "loading", 0, 0);
    arena_rewind(&w->weights, 0);
    if (!upscaler_open(&u, model, &w->kernels, w->run.pool, err))
        return false;
    bool ok = grow(w, &u, times, err);
    upscaler_close(&u);
    return ok;
}

bool paint_upscale(PaintWork *w, Err *err)
{
    return w->q->upscale == NULL || grow_by(w, w->q->upscale, 0, err);
}

/* ---- what the second pass begins with -------------------------------------------------------
 */

static bool grow_pictures(PaintWork *w, Err *err)
{
    if (!paint_decode(w, err))
        return false;
    w->frames = w->picture;
    if (w->run.is_idle)
        return true;
    if (w->q->hires_model != NULL)
        return grow_by(w, w->q->hires_model, w->hires.scale, err);
    for (int64_t i = 0; i < w->pictures; i++) {
        w->picture[i] = image_resize(&w->job, w->picture[i], w->hires.width, w->hires.height,
                                     RESIZE_LANCZOS, err);
        if (tensor_is_empty(w->picture[i]))
            return false;
    }
    return true;
}

static bool grow_latents(PaintWork *w, Err *err)
{
    Run *r = &w->run;
    size_t floor = run_floor(r);
    int64_t f = vae_factor(&w->vae), high = w->hires.height / f, wide = w->hires.width / f;
    Tensor z = strcmp(w->q->hires_by, "latent") == 0 ? nn_stretch(r, w->latents, high, wide)
                                                     : nn_grow(r, w->latents, high, wide);
    w->seen = nn_save(r, &w->job, z);
    run_drop(r, floor);
    return paint_ran(w, err);
}

bool paint_hires_begin(PaintWork *w, Err *err)
{
    const PaintHires *h = &w->hires;
    if (!(h->is_latent ? grow_latents(w, err) : grow_pictures(w, err)))
        return false;
    w->width = h->width;
    w->height = h->height;
    w->pass = (PaintPass){.steps = h->steps, .strength = h->strength, .is_second = true};
    if (w->run.is_idle)
        return h->is_latent || paint_picture_room(w, err);
    return paint_controls_see(w, err);
}
