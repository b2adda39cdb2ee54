/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include <string.h>

/* ---- noise ----------------------------------------------------------------------------- */

static bool noise_from_file(PaintWork *w, Err *err)
{
    const Tensor to = w->latents;
    Weights *file = weights_open(w->q->noise, err);
    if (file == NULL)
        return false;
    Tensor t = weights_count(file) == 1 ? weights_at(file, 0) : weights_find(file, "noise");
    Shape want = SHAPE(to.dim[0], to.dim[3], to.dim[1], to.dim[2]);
    bool fits = !tensor_is_empty(t) && shape_equal(tensor_shape(t), want);
    Tensor f32 = fits ? tensor_as_f32(&w->scratch, t, err) : (Tensor){0};
    for (int64_t i = 0; i < to.dim[0] && !tensor_is_empty(f32); i++)
        noise_from_torch(tensor_rows(to, i, 1), tensor_f32(tensor_rows(f32, i, 1)));
    if (!fits)
        err_set(err, ERR_INPUT, "'%s' does not hold a tensor 'noise' of %s", w->q->noise,
                shape_text(want).s);
    weights_close(file);
    return !tensor_is_empty(f32);
}

bool paint_noise(PaintWork *w, NoiseSource *source, Err *err)
{
    size_t floor = w->scratch.used;
    bool is_given = w->q->noise != NULL && !w->pass.is_second;
    bool ok = w->run.is_idle ? true
              : is_given     ? noise_from_file(w, err)
                             : noise_source_draw(source, w->latents, &w->scratch, err);
    arena_rewind(&w->scratch, floor);
    if (ok && paint_begins_with_picture(w)) {
        w->noise = tensor_new(&w->job, TENSOR_F32, tensor_shape(w->latents), err);
        ok = !tensor_is_empty(w->noise);
        if (ok && !w->run.is_idle)
            memcpy(w->noise.data, w->latents.data, tensor_bytes(w->noise));
    }
    return ok && paint_dump(w, "noise", w->latents, err);
}

/* ---- the network ----------------------------------------------------------------------- */

/* What is not masked: nothing is, or a network of 9 channels sees it; it is put back after each
 * step (diffusers); the network is made to say it (AUTOMATIC1111). */
typedef enum { KEEP_NONE, KEEP_NOISED, KEEP_CLEAN } Keep;

typedef struct Denoiser {
    PaintWork *w;
    const UNet *unet;
    UNetContext *context; /* [texts] of w->rows */
    const Sampler *sampler;
    Keep keeps;
    bool is_in_turn; /* rows and pictures */
    Err *err;
} Denoiser;

/* What SDXL is told of the picture, [rows,6] in scratch: its height and width, where it was
 * cropped, what is wanted. */
static Tensor sizes(PaintWork *w)
{
    enum { NUMBERS = 6 };
    float h = (float)w->height, x = (float)w->width;
    const float row[NUMBERS] = {h, x, 0, 0, h, x};
    Tensor t = nn_new(&w->run, SHAPE(w->rows, NUMBERS));
    for (int64_t i = 0; i < w->rows && !tensor_is_empty(t); i++)
        memcpy(tensor_f32(t) + i * NUMBERS, row, sizeof row);
    return t;
}

/* Of all texts' rows, [rows-1+texts,...], those of text i, in scratch. */
static Tensor rows_of_text(PaintWork *w, Tensor all, int64_t i)
{
    if (w->rows == 1 || w->texts == 1)
        return tensor_rows(all, i, w->rows);
    Shape s = tensor_shape(all);
    s.dim[0] = w->rows;
    Tensor two = nn_new(&w->run, s);
    if (tensor_is_empty(two))
        return two;
    Tensor row = tensor_rows(all, 0, 1);
    memcpy(two.data, row.data, tensor_bytes(row));
    memcpy(tensor_rows(two, 1, 1).data, tensor_rows(all, 1 + i, 1).data, tensor_bytes(row));
    return two;
}

static Tensor last_rows(Tensor t, int64_t n)
{
    return tensor_is_empty(t) ? t : tensor_rows(t, t.dim[0] - n, n);
}

UNetContext *paint_contexts(PaintWork *w, const UNet *unet, const Trunk *trunk, int64_t rows)
{
    Run *r = &w->run;
    UNetContext *all = arena_zeros(&w->job, (size_t)w->texts * sizeof *all);
    bool ok = all != NULL || err_set(&r->err, ERR_MEMORY, "not enough memory for prompts");
    for (int64_t i = 0; i < w->texts && ok; i++) {
        size_t floor = run_floor(r);
        Tensor words = last_rows(rows_of_text(w, w->context, i), rows);
        ok = unet != NULL ? unet_context(r, unet, words, &w->job, &all[i])
                          : trunk_context(r, trunk, words, &w->job, &all[i]);
        if (ok && w->is_xl)
            ok = trunk_added(r, trunk, last_rows(rows_of_text(w, w->pooled, i), rows),
                             last_rows(sizes(w), rows), &w->job, &all[i]);
        run_drop(r, floor);
    }
    return ok ? all : NULL;
}

static bool prepare(Denoiser *d, Err *err)
{
    PaintWork *w = d->w;
    const UNetConfig *c = &d->unet->trunk.config;
    int64_t numbers = 6 * c->number_width;
    if (w->is_xl && w->pooled.dim[1] + numbers != c->added)
        return err_set(
            err, ERR_INPUT,
            "the UNet wants a pooled vector %lld wide, the second text encoder gives "
            "%lld: they do not belong together",
            (long long)(c->added - numbers), (long long)w->pooled.dim[1]);
    d->context = paint_contexts(w, d->unet, &d->unet->trunk, w->rows);
    return paint_ran(w, err) && d->context != NULL;
}

Tensor paint_rows(Run *r, Tensor latents, int64_t rows)
{
    if (rows == 1 || tensor_is_empty(latents))
        return latents;
    Shape s = tensor_shape(latents);
    s.dim[0] *= rows;
    Tensor all = nn_new(r, s);
    for (int64_t i = 0; i < rows && !tensor_is_empty(all); i++)
        memcpy((char *)all.data + (size_t)i * tensor_bytes(latents), latents.data,
               tensor_bytes(latents));
    return all;
}

/* Some pictures of the call: one row of them, or (-1) all at once, so that the weights are read
 * once. */
static void ask_row(const Denoiser *d, const DenoiseCall *call, int64_t from, int64_t count,
                    int64_t row)
{
    PaintWork *w = d->w;
    Run *r = &w->run;
    size_t floor = run_floor(r);
    UNetContext context = paint_context_row(&d->context[w->texts > 1 ? from : 0], row);
    Tensor x = tensor_rows(call->latents, from, count), shown = x;
    if (w->parts.is_inpaint)
        shown = nn_concat(r, x, tensor_rows(w->beside, from, count));
    UNetInput in = {.latents = paint_rows(r, shown, row < 0 ? w->rows : 1),
                    .t = call->t,
                    .guidance = (float)w->guidance,
                    .frames = count,
                    .context = &context};
    UNetControl sum;
    in.control = paint_controls_say(w, &(PaintAsk){call, x, from, row}, &in, &sum);
    Tensor out = unet_forward(r, d->unet, &in);
    for (int64_t i = 0; i < in.latents.dim[0] / count && !run_stopped(r); i++) {
        bool is_cond = max64(row, 0) + i == w->rows - 1;
        Tensor to = tensor_rows(is_cond ? call->cond : call->uncond, from, count);
        memcpy(to.data, tensor_rows(out, i * count, count).data, tensor_bytes(to));
    }
    run_drop(r, floor);
}

static void ask(const Denoiser *d, const DenoiseCall *call, int64_t from, int64_t count)
{
    if (!d->is_in_turn || d->w->rows == 1) {
        ask_row(d, call, from, count, -1);
        return;
    }
    for (int64_t i = 0; i < d->w->rows; i++)
        ask_row(d, call, from, count, i);
}

static void insist(const Denoiser *d, const DenoiseCall *call)
{
    paint_insist(d->w, d->sampler, call->step, call->latents, call->cond, 0);
    if (!tensor_is_empty(call->uncond))
        paint_insist(d->w, d->sampler, call->step, call->latents, call->uncond, 0);
}

/* As many pictures at once as have the pixels of one of 512 x 512; if they read and see the
 * same. */
static int64_t at_once(const Denoiser *d)
{
    const Tensor x = d->w->latents;
    if (d->w->controls > 0 || d->w->texts > 1 || d->is_in_turn)
        return 1;
    return min64(max64(64 * 64 / (x.dim[1] * x.dim[2]), 1), x.dim[0]);
}

static bool denoise(void *net, const DenoiseCall *call, Err *err)
{
    Denoiser *d = net;
    for (int64_t i = 0; i < call->frames; i += at_once(d))
        ask(d, call, i, min64(at_once(d), call->frames - i));
    if (d->keeps == KEEP_CLEAN && paint_ran(d->w, err))
        insist(d, call);
    return paint_ran(d->w, err);
}

/* ---- the loop -------------------------------------------------------------------------- */

static void sampled(void *user, int done, int steps, Tensor latents)
{
    (void)latents;
    const PaintWork *w = ((const Denoiser *)user)->w;
    paint_progress(w, w->pass.is_second ? "painting larger" : "painting", done, steps);
}

/* Dumps what the sampler shows, but the latents of each step and the scaled noise. */
static void tapped(void *user, const char *name, Tensor t)
{
    const Denoiser *d = user;
    if (strncmp(name, "latents.", 8) != 0 && strcmp(name, "noise") != 0)
        (void)!paint_dump(d->w, name, t, d->err);
}

static void look(void *user, int step, Tensor latents, Tensor said)
{
    const Denoiser *d = user;
    (void)!paint_preview(d->w, d->sampler, step, latents, said, d->err);
}

static void put_back(void *user, int step, Tensor latents)
{
    const Denoiser *d = user;
    (void)!paint_keep(d->w, d->sampler, step + 1, latents, d->err);
}

/* Noise, or the picture with some of it; the call to begin with. */
static int begin(PaintWork *w, const Sampler *s)
{
    float *x = tensor_f32(w->latents);
    bool is_masked = !tensor_is_empty(w->frame_mask) || w->parts.is_inpaint;
    int64_t n = tensor_count(w->latents);
    bool is_noise = tensor_is_empty(w->seen) || (is_masked && w->strength >= 1);
    int first = paint_begins_with_picture(w) ? sampler_first(s, w->pass.strength) : 0;
    if (is_noise) {
        for (int64_t i = 0; i < n; i++)
            x[i] *= s->start_scale;
        return first;
    }
    memcpy(x, w->seen.data, tensor_bytes(w->seen));
    sampler_add_noise(s, first, x, tensor_f32(w->noise), n);
    return first;
}

/* For a plan: the room of the loop, and one question. */
static bool step_idly(Denoiser *d, const SampleOptions *o, Err *err)
{
    Run *r = &d->w->run;
    Tensor x = d->w->latents;
    DenoiseCall call = {.frames = at_once(d), .total = 1, .latents = x, .cond = x, .uncond = x};
    if (arena_take(r->scratch, sample_scratch(o, x)) == NULL)
        return err_set(err, ERR_MEMORY, "not enough addresses for %lld pictures",
                       (long long)d->w->pictures);
    ask(d, &call, 0, call.frames);
    paint_preview_idly(d->w);
    return paint_ran(d->w, err);
}

static bool walk(Denoiser *d, Sampler *sampler, NoiseSource *noise, Err *err)
{
    PaintWork *w = d->w;
    SampleOptions o = {
        .sampler = sampler,
        .guidance = {.scale = w->rows == 2 ? w->guidance : 1, .rescale = w->q->rescale},
        .noise = noise,
        .said = look,
        .said_user = d,
        .after = d->keeps == KEEP_NOISED ? put_back : NULL,
        .after_user = d,
        .stop = w->talk->cancel,
        .progress = sampled,
        .progress_user = d,
        .tap = tapped,
        .tap_user = d};
    if (w->run.is_idle)
        return step_idly(d, &o, err);
    o.first_step = begin(w, sampler);
    sampled(d, 0, sampler->calls - o.first_step, (Tensor){0});
    return sample_run(&o, denoise, d, w->latents, &w->scratch, err) && err->kind == ERR_NONE;
}

static bool sample(PaintWork *w, Sampler *sampler, NoiseSource *noise, Err *err)
{
    PaintLoan l;
    int64_t f = vae_factor(&w->vae);
    Shape s = SHAPE(w->pictures, w->height / f, w->width / f, w->vae.latent);
    bool sees = !w->pass.is_second || !w->hires.is_latent; /* else latents are there */
    w->latents = tensor_new(&w->job, TENSOR_F32, s, err);
    if (tensor_is_empty(w->latents) ||
        !(sees ? paint_see(w, noise, err) : paint_noise(w, noise, err)))
        return false;
    paint_loan_begin(&l, w, "UNet", NET_UNET, w->parts.unet.weights);
    UNet *unet = arena_take(&w->weights, sizeof *unet);
    must(unet != NULL);
    (void)!unet_bind(unet, &l.bind, &w->unet, (UNetParts){.text = true});
    if (!paint_loan_bound(&l, unet_unread(), err))
        return false;
    bool keeps = !tensor_is_empty(w->frame_mask) && !w->parts.is_inpaint;
    Denoiser d = {.w = w,
                  .unet = unet,
                  .sampler = sampler,
                  .keeps = !keeps                             ? KEEP_NONE
                           : strcmp(w->q->keep, "clean") == 0 ? KEEP_CLEAN
                                                              : KEEP_NOISED,
                  .is_in_turn = paint_way(w, l.stage).is_in_turn,
                  .err = err};
    bool ok = prepare(&d, err) && paint_controls_bind(w, err) && paint_preview_bind(w, err) &&
              walk(&d, sampler, noise, err);
    return paint_loan_end(&l, "sampling", err) && ok;
}

static bool walk_once(PaintWork *w, Err *err)
{
    Sampler sampler = {0};
    NoiseSource noise = {0};
    const char *rng = w->q->rng;
    if (!sampler_init(&sampler, &w->scheduler, w->pass.steps, err))
        return false;
    noise_source_init(&noise, rng != NULL && strcmp(rng, "cuda") == 0 ? NOISE_CUDA : NOISE_CPU,
                      (uint64_t)w->q->seed, w->pictures);
    if (w->one_noise)
        noise_source_share(&noise);
    bool ok = sample(w, &sampler, &noise, err);
    noise_source_release(&noise);
    sampler_release(&sampler);
    return ok;
}

bool paint_sample(PaintWork *w, Err *err)
{
    if (!walk_once(w, err))
        return false;
    return w->hires.scale == 0 ||
           (studio_goes_on(w->talk, err) && paint_hires_begin(w, err) && walk_once(w, err));
}
