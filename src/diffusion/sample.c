/* SPDX-License-Identifier: MIT */
#include "diffusion/sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "diffusion/verdict.h"

/* The loop while it runs.  Sums are over the windows of one step. */
typedef struct {
    const SampleOptions *o;
    DenoiseFn denoise;
    void *net;
    Tensor latents; /* [F,h,w,C] */
    int64_t frame;  /* numbers in one: h * w * C */
    Windows windows;
    int *seen;           /* [F] how many windows show this frame */
    Tensor cond, uncond; /* [F,h,w,C]; uncond empty without guidance */
    Tensor part[3];      /* [N,h,w,C]: latents, cond and uncond of a window */
    Tensor fresh;        /* [F,h,w,C] noise for a step; empty if none draws */
    Arena *scratch;
} Loop;

/* Of `done` steps of this run, in a whole one. */
static bool is_guided(const SampleOptions *o, int step)
{
    return guidance_is_on(&o->guidance, step - o->first_step,
                          o->sampler->calls - o->first_step);
}

static bool is_ever(const SampleOptions *o, bool (*is)(const SampleOptions *, int))
{
    for (int i = o->first_step; i < o->sampler->calls; i++) {
        if (is(o, i))
            return true;
    }
    return false;
}

static bool draws(const SampleOptions *o, int step)
{
    return sampler_draws(o->sampler, step);
}

static Shape frames_shape(Tensor latents, int64_t frames)
{
    Shape s = tensor_shape(latents);
    s.dim[0] = frames;
    return s;
}

static bool plan_windows(Windows *w, const SampleOptions *o, int64_t F, Err *err)
{
    WindowRule rule = o->window;
    if (!rule.size)
        rule = (WindowRule){.size = (int)min64(F, INT32_MAX)};
    return windows_init(w, &rule, F, err);
}

static size_t bytes_up(size_t bytes)
{
    const size_t huge = (size_t)2 << 20;
    size_t unit = bytes > huge ? huge : 64;
    return (bytes + unit - 1) / unit * unit + unit;
}

size_t sample_scratch(const SampleOptions *o, Tensor latents)
{
    int64_t F = latents.dim[0];
    int64_t N = o->window.size ? min64(F, o->window.size) : F;
    size_t all = tensor_bytes(latents), part = all / (size_t)max64(F, 1) * (size_t)N;
    int sides = is_ever(o, is_guided) ? 2 : 1;
    int noises = is_ever(o, draws) ? 2 : 0; /* and as it is drawn */
    return (sides + noises) * bytes_up(all) + (1 + sides) * bytes_up(part) +
           sampler_room(o->sampler->config.sampler, tensor_count(latents));
}

static bool take_room(Loop *l, Arena *scratch, Err *err)
{
    Shape all = tensor_shape(l->latents), part = frames_shape(l->latents, l->windows.size);
    int sides = is_ever(l->o, is_guided) ? 2 : 1;
    l->cond = tensor_new(scratch, TENSOR_F32, all, err);
    if (sides == 2)
        l->uncond = tensor_new(scratch, TENSOR_F32, all, err);
    for (int i = 0; i < 1 + sides; i++)
        l->part[i] = tensor_new(scratch, TENSOR_F32, part, err);
    if (is_ever(l->o, draws))
        l->fresh = tensor_new(scratch, TENSOR_F32, all, err);
    l->scratch = scratch;
    return err->kind == ERR_NONE && sampler_start(l->o->sampler, l->o->first_step,
                                                  tensor_count(l->latents), scratch, err);
}

static void count_frames(Loop *l)
{
    l->seen = xalloc((size_t)l->latents.dim[0], sizeof *l->seen);
    for (int64_t i = 0; i < l->windows.count * l->windows.size; i++)
        l->seen[l->windows.frame[i]]++;
}

static void tap(const Loop *l, const char *name, int step, Tensor t)
{
    char full[32];
    if (!l->o->tap)
        return;
    if (step < 0)
        snprintf(full, sizeof full, "%s", name);
    else
        snprintf(full, sizeof full, "%s.%d", name, step);
    l->o->tap(l->o->tap_user, full, t);
}

static void add_frames(Loop *l, Tensor sum, Tensor part, const int64_t *frame)
{
    for (int64_t k = 0; k < l->windows.size; k++) {
        float *to = tensor_f32(sum) + frame[k] * l->frame;
        const float *from = tensor_f32(part) + k * l->frame;
        for (int64_t i = 0; i < l->frame; i++)
            to[i] += from[i];
    }
}

static bool ask(Loop *l, int step, const int64_t *frame, Err *err)
{
    if (l->o->stop && atomic_load_explicit(l->o->stop, memory_order_relaxed))
        return err_set(err, ERR_CANCELLED, "cancelled");
    for (int64_t k = 0; k < l->windows.size; k++)
        memcpy(tensor_f32(l->part[0]) + k * l->frame,
               tensor_f32(l->latents) + frame[k] * l->frame, (size_t)l->frame * sizeof(float));
    sampler_scale(l->o->sampler, step, tensor_f32(l->part[0]), tensor_f32(l->part[0]),
                  tensor_count(l->part[0]));
    int first = l->o->first_step;
    DenoiseCall call = {.step = step,
                        .done = step - first,
                        .total = l->o->sampler->calls - first,
                        .t = l->o->sampler->time[step],
                        .frames = l->windows.size,
                        .frame = frame,
                        .latents = l->part[0],
                        .cond = l->part[1],
                        .uncond = is_guided(l->o, step) ? l->part[2] : (Tensor){0}};
    if (!l->denoise(l->net, &call, err))
        return err_set(err, ERR_INPUT, "the network failed at step %d", step);
    add_frames(l, l->cond, l->part[1], frame);
    if (is_guided(l->o, step))
        add_frames(l, l->uncond, l->part[2], frame);
    return true;
}

static void clear(Tensor t)
{
    if (!tensor_is_empty(t))
        memset(t.data, 0, tensor_bytes(t));
}

static void average(const Loop *l, Tensor sum)
{
    for (int64_t f = 0; f < sum.dim[0]; f++) {
        float *x = tensor_f32(sum) + f * l->frame;
        for (int64_t i = 0; i < l->frame; i++)
            x[i] /= (float)l->seen[f];
    }
}

static void guide(const Loop *l)
{
    for (int64_t f = 0; f < l->cond.dim[0]; f++) {
        float *cond = tensor_f32(l->cond) + f * l->frame;
        guidance_mix(&l->o->guidance, cond, tensor_f32(l->uncond) + f * l->frame, cond,
                     l->frame);
    }
}

/* The prediction for all frames, into l->cond. */
static bool predict(Loop *l, int step, Err *err)
{
    clear(l->cond);
    clear(l->uncond);
    for (int64_t i = 0; i < l->windows.count; i++) {
        if (!ask(l, step, windows_at(&l->windows, i), err))
            return false;
    }
    average(l, l->cond);
    if (is_guided(l->o, step)) {
        average(l, l->uncond);
        guide(l);
    }
    return true;
}

/* A sum of squares: not finite if anything in it is not. */
static bool is_finite(Tensor t)
{
    double sum = 0;
    const float *x = tensor_f32(t);
    for (int64_t i = 0, n = tensor_count(t); i < n; i++)
        sum += (double)x[i] * x[i];
    return isfinite(sum);
}

static bool judge(const Loop *l, int step, Err *err)
{
    const Sampler *sampler = l->o->sampler;
    if (!is_finite(l->cond))
        return err_set(err, ERR_INPUT,
                       "what the network says at step %d is not a number: its weights are "
                       "damaged, or those of another model",
                       step + 1);
    if (l->o->doubt == NULL || step || sampler->config.prediction_type != PREDICTS_V ||
        sampler->at[0].picture > 0.03f)
        return true;
    const int64_t *dim = l->latents.dim;
    Verdict verdict;
    (void)!verdict_on_v(&verdict, tensor_f32(l->latents), tensor_f32(l->cond), dim[0], dim[1],
                        dim[2], dim[3], l->o->doubt);
    return true;
}

static bool move(const Loop *l, int step, Err *err)
{
    const SampleOptions *o = l->o;
    const float *fresh = NULL;
    if (draws(o, step)) {
        if (!noise_source_draw(o->noise, l->fresh, l->scratch, err))
            return false;
        fresh = tensor_f32(l->fresh);
    }
    sampler_step(o->sampler, step, tensor_f32(l->latents), tensor_f32(l->cond), fresh);
    if (o->after)
        o->after(o->after_user, step, l->latents);
    return true;
}

static bool run(Loop *l, Err *err)
{
    const SampleOptions *o = l->o;
    int calls = o->sampler->calls;
    tap(l, "noise", -1, l->latents);
    for (int step = o->first_step; step < calls; step++) {
        if (!predict(l, step, err) || !judge(l, step, err))
            return false;
        tap(l, "pred", step, l->cond);
        if (o->said)
            o->said(o->said_user, step, l->latents, l->cond);
        if (!move(l, step, err))
            return false;
        tap(l, "latents", step, l->latents);
        if (o->progress)
            o->progress(o->progress_user, step + 1 - o->first_step, calls - o->first_step,
                        l->latents);
    }
    tap(l, "latents", -1, l->latents);
    return true;
}

bool sample_run(const SampleOptions *o, DenoiseFn denoise, void *net, Tensor latents,
                Arena *scratch, Err *err)
{
    must(latents.type == TENSOR_F32 && latents.rank == 4 && tensor_count(latents) > 0);
    must(o->first_step >= 0 && o->first_step < o->sampler->calls && err->kind == ERR_NONE);
    must(o->noise || !is_ever(o, draws));
    size_t floor = scratch->used;
    Loop l = {.o = o, .denoise = denoise, .net = net, .latents = latents};
    l.frame = tensor_count(latents) / latents.dim[0];
    bool ok = plan_windows(&l.windows, o, latents.dim[0], err) && take_room(&l, scratch, err);
    if (ok) {
        count_frames(&l);
        ok = run(&l, err);
    }
    xfree(l.seen);
    windows_release(&l.windows);
    arena_rewind(scratch, floor);
    return ok;
}
