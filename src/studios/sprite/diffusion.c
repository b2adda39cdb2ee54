/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/data.h"
#include "diffusion/noise.h"

#include <stdio.h>
#include <string.h>

/* The diffusion method:
 *
 *   picture - key colour, frame - latent, context - reference net - bank
 *   action - pose pictures - pose guider - features
 *   noise - ( denoiser with bank, features, motion modules )*steps - decoder - frames
 *   frames - alpha
 *
 * Sprite Sheet Diffusion (arXiv 2412.03685) on Animate Anyone (2311.17117). */

/* ---- which model -------------------------------------------------------------------- */

/* Reads enough of the guider to know its kind. */
static bool guider_kind(const char *path, GuiderKind *kind, Err *err)
{
    Weights *g = weights_open(path, err);
    if (g == NULL)
        return false;
    bool plain = weights_index(g, "conv_in.weight") < weights_count(g) &&
                 weights_index(g, "conv_out.weight") < weights_count(g);
    bool pyramid = weights_index(g, "final_proj.weight") < weights_count(g) &&
                   weights_index(g, "scale") < weights_count(g);
    weights_close(g);
    *kind = pyramid ? GUIDER_PYRAMID : GUIDER_PLAIN;
    if (plain != pyramid)
        return true;
    return err_set(err, ERR_FORMAT,
                   "'%s' is no pose guider: a plain one has conv_in and conv_out, a "
                   "multi-resolution one final_proj and scale",
                   path);
}

static bool choose_family(Drawer *d, const SpriteRequest *q, Err *err)
{
    GuiderKind kind;
    if (!guider_kind(d->folder.guider, &kind, err))
        return false;
    if (is_given(q->family)) {
        if (!family_named(&d->family, q->family, err))
            return false;
    } else if (d->folder.family != NULL) {
        if (!family_read(&d->family, d->folder.family, err))
            return false;
    } else {
        family_of_guider(&d->family, kind);
    }
    if (d->family.guider == kind)
        return true;
    return err_set(
        err, ERR_INPUT,
        "family '%s' has a %s pose guider, but '%s' is a %s one: leave --family out, or "
        "name another",
        d->family.name, kind == GUIDER_PLAIN ? "multi-resolution" : "plain", d->folder.guider,
        kind == GUIDER_PLAIN ? "plain" : "multi-resolution");
}

/* What the person did not say is as the family has it. */
static void override_family(Drawer *d, const SpriteRequest *q)
{
    SpriteFamily *f = &d->family;
    f->steps = q->steps > 0 ? q->steps : f->steps;
    f->guidance = q->guidance > 0 ? q->guidance : f->guidance;
    f->context = q->context > 0 ? q->context : f->context;
    if (q->overlap > 0)
        f->overlap = q->overlap;
    else if (f->overlap >= f->context)
        f->overlap = f->context / 2;
    if (is_given(q->pose_style))
        snprintf(f->pose_style, sizeof f->pose_style, "%s", q->pose_style);
    d->canvas.width = (int)(q->size[0] > 0 ? q->size[0] : f->width);
    d->canvas.height = (int)(q->size[1] > 0 ? q->size[1] : f->height);
}

static bool find_folder(Drawer *d, const SpriteRequest *q, Err *err)
{
    char *embedded = NULL;
    const char *dir = q->model;
    if (!is_given(dir))
        dir = embedded = data_find("models/sprite-mini");
    if (dir == NULL)
        return err_set(err, ERR_INPUT,
                       "the embedded model is not where it was installed; say "
                       "where a model is with --model DIR");
    bool ok = folder_find(&d->folder, dir, err);
    xfree(embedded);
    return ok;
}

static bool diffusion_open(void *state, Work *w, Err *err)
{
    Drawer *d = state;
    const SpriteRequest *q = w->q;
    if (!arena_init(&d->step, 0, err) || !find_folder(d, q, err) || !choose_family(d, q, err) ||
        !model_init(&d->model, &d->folder, &d->family, &w->run, &w->job, w->talk, err))
        return false;
    override_family(d, q);
    d->model.batch_statistics = q->batch_statistics;
    d->model.crops_for_clip = strcmp(q->rules, "short") == 0;
    d->model.dump = is_given(q->dump) ? q->dump : NULL;
    int64_t f = vae_factor(&d->model.vae_config);
    if (d->canvas.width % f != 0 || d->canvas.height % f != 0)
        return err_set(err, ERR_INPUT,
                       "--size %dx%d: this model's frames are multiples of %lld "
                       "pixels; %lldx%lld would do",
                       d->canvas.width, d->canvas.height, (long long)f,
                       (long long)(d->canvas.width / f * f),
                       (long long)(d->canvas.height / f * f));
    return true;
}

static void diffusion_close(void *state)
{
    Drawer *d = state;
    model_release(&d->model);
    folder_release(&d->folder);
    arena_release(&d->step);
}

/* ---- the picture -------------------------------------------------------------------- */

static bool diffusion_meet(void *state, Work *w, Figure *f, Err *err)
{
    Drawer *d = state;
    d->model.latent = (Tensor){0}; /* not yet seen */
    /* a guider takes its pictures down to the size of the latents: by 8 */
    d->canvas.grow = 8.0f / (float)vae_factor(&d->model.vae_config);
    d->canvas.style = d->family.pose_style;
    d->canvas.filter = d->model.crops_for_clip ? RESIZE_BICUBIC : RESIZE_LANCZOS;
    return canvas_meet(&d->canvas, w, f, d->family.key, d->family.keys, err);
}

static int diffusion_sides(void *state, Work *w, Side *to, Err *err)
{
    (void)state;
    return canvas_sides(w->q, to, err);
}

/* The picture as the networks want it, once for all actions. */
bool drawer_see(Drawer *d, Work *w, Err *err)
{
    if (!tensor_is_empty(d->model.latent))
        return true;
    d->model.job = &w->job;
    return model_see(&d->model, d->canvas.frame, d->canvas.whole, err) &&
           model_reference(&d->model, err);
}

/* ---- poses -------------------------------------------------------------------------- */

/* Pictures of one size as numbers, [count,H,W,C]; empty with the reason. */
static Tensor numbers(Arena *a, const Image *pictures, int64_t count, Range range, Err *err)
{
    Image im = pictures[0];
    Tensor all =
        tensor_new(a, TENSOR_F32,
                   SHAPE(count, image_height(im), image_width(im), image_channels(im)), err);
    for (int64_t i = 0; i < count && !tensor_is_empty(all); i++) {
        size_t mark = a->used;
        Tensor one = image_to_f32(a, pictures[i], range, err);
        if (tensor_is_empty(one))
            return one;
        memcpy(tensor_rows(all, i, 1).data, one.data, tensor_bytes(one));
        arena_rewind(a, mark);
    }
    return all;
}

bool drawer_guide(Drawer *d, Work *w, const Image *pictures, const Image *frames, int64_t count,
                  Err *err)
{
    size_t floor = w->scratch.used;
    GuiderFrames seen = {0};
    Tensor all = numbers(&w->scratch, pictures, count, d->family.pose_range, err);
    bool ok = !tensor_is_empty(all);
    if (ok && frames != NULL) {
        seen.picture = numbers(&w->scratch, frames, count, RANGE_UNIT, err);
        seen.latents = d->latents;
        ok = !tensor_is_empty(seen.picture);
    }
    ok = ok && model_poses(&d->model, all, seen, err);
    arena_rewind(&w->scratch, floor);
    return ok;
}

static bool make_poses(Drawer *d, Work *w, const Action *m, Err *err)
{
    const Image *pictures = canvas_skeletons(&d->canvas, w, m, &d->step, err);
    return pictures != NULL && drawer_guide(d, w, pictures, NULL, m->count, err);
}

/* ---- noise to latents ---------------------------------------------------------------- */

static bool noise_from_file(Drawer *d, Work *w, Err *err)
{
    Weights *file = weights_open(w->q->noise, err);
    if (file == NULL)
        return false;
    Tensor t = weights_count(file) == 1 ? weights_at(file, 0) : weights_find(file, "noise");
    Tensor f32 = tensor_is_empty(t) ? t : tensor_as_f32(&w->scratch, t, err);
    bool fits = !tensor_is_empty(f32) && tensor_count(f32) == tensor_count(d->latents);
    if (fits)
        noise_from_torch(d->latents, tensor_f32(f32));
    else
        err_set(err, ERR_INPUT,
                "'%s' does not hold a tensor 'noise' of [1,%lld,%lld,%lld,%lld]", w->q->noise,
                (long long)d->latents.dim[3], (long long)d->latents.dim[0],
                (long long)d->latents.dim[1], (long long)d->latents.dim[2]);
    weights_close(file);
    return fits;
}

/* Without motion modules nothing ties the frames together but their noise, so
 * all begin with the same. */
static bool draw_noise(Drawer *d, Work *w, Err *err)
{
    Chance chance;
    chance_seed(&chance, (uint64_t)w->q->seed);
    return d->folder.motion != NULL ? noise_draw(&chance, d->latents, &w->scratch, err)
                                    : noise_draw_alike(&chance, d->latents, &w->scratch, err);
}

static bool make_noise(Drawer *d, Work *w, int64_t count, Err *err)
{
    int64_t f = vae_factor(&d->model.vae_config);
    d->latents = tensor_new(
        &d->step, TENSOR_F32,
        SHAPE(count, d->canvas.height / f, d->canvas.width / f, d->model.vae_config.latent),
        err);
    if (tensor_is_empty(d->latents))
        return false;
    size_t floor = w->scratch.used;
    bool ok = is_given(w->q->noise) ? noise_from_file(d, w, err) : draw_noise(d, w, err);
    arena_rewind(&w->scratch, floor);
    return ok;
}

/* What the sampler calls back with. */
typedef struct Sampling {
    Drawer *d;
    Work *w;
    Err *err;
} Sampling;

static void sampled(void *user, int done, int steps, Tensor latents)
{
    (void)latents;
    const Sampling *s = user;
    work_progress(s->w, "drawing", done, steps);
}

/* Dumps what the sampler shows, but the latents of each step. */
static void tapped(void *user, const char *name, Tensor t)
{
    const Sampling *s = user;
    if (strncmp(name, "latents.", 8) != 0)
        (void)!dump_tensor(s->d->model.dump, name, t, true, &s->w->scratch, s->err);
}

bool drawer_sample(Drawer *d, Work *w, bool loops, Tensor noise, Err *err)
{
    Sampler sampler = {0};
    Err doubt = {0};
    Sampling s = {d, w, err};
    if (!sampler_init(&sampler, &d->family.scheduler, (int)d->family.steps, err))
        return false;
    const char *window = w->q->window;
    int first = tensor_is_empty(noise) ? 0 : sampler_first(&sampler, refine_strength(w->q));
    if (!tensor_is_empty(noise))
        sampler_add_noise(&sampler, first, tensor_f32(d->latents), tensor_f32(noise),
                          tensor_count(noise));
    SampleOptions o = {
        .sampler = &sampler,
        .first_step = first,
        .guidance = {.scale = d->family.guidance},
        .window = {.size = (int)d->family.context,
                   .overlap = (int)d->family.overlap,
                   .stride = 1,
                   .is_open = strcmp(window, "auto") == 0 ? !loops : *window == 'o'},
        .stop = w->talk->cancel,
        .doubt = &doubt,
        .progress = sampled,
        .progress_user = &s,
        .tap = tapped,
        .tap_user = &s};
    bool ok = model_sample(&d->model, o, d->latents, err) && err->kind == ERR_NONE;
    sampler_release(&sampler);
    if (ok && doubt.kind != ERR_NONE)
        work_warn(w, "warning: %s; expect noise", doubt.text);
    return ok;
}

/* ---- out ----------------------------------------------------------------------------- */

bool drawer_decode(Drawer *d, Err *err)
{
    if (!model_decode(&d->model, d->latents, &d->decoded, err))
        return false;
    float *x = tensor_f32(d->decoded);
    for (int64_t i = 0; i < tensor_count(d->decoded); i++) {
        float v = x[i] * 0.5f + 0.5f;
        x[i] = v < 0 ? 0 : v > 1 ? 1 : v;
    }
    return true;
}

static bool dump_stages(const Drawer *d, Work *w, Err *err)
{
    const SpriteModel *m = &d->model;
    Arena *a = &w->scratch;
    if (m->dump == NULL)
        return true;
    bool ok = dump_tensor(m->dump, "reference", m->latent, false, a, err) &&
              dump_tensor(m->dump, "context", m->context, false, a, err) &&
              dump_tensor(m->dump, "image", d->decoded, true, a, err);
    for (int i = 0; ok && i <= UNET_BLOCKS; i++) {
        char name[32];
        snprintf(name, sizeof name, i == 0 ? "pose" : "pose.%d", i);
        ok = dump_tensor(m->dump, name, m->pose[i], true, a, err);
    }
    for (int i = 0; ok && i < UNET_ATTENTIONS && !tensor_is_empty(m->tokens.of[i]); i++) {
        char name[128];
        snprintf(name, sizeof name, "bank.%s", m->path[i].s);
        ok = dump_tensor(m->dump, name, m->tokens.of[i], false, a, err);
    }
    return ok;
}

/* Raw: as the model made it, to bytes as its scripts do.  Else cut out. */
static Image finish(const Drawer *d, Work *w, int64_t i, Err *err)
{
    Tensor one = tensor_rows(d->decoded, i, 1);
    bool is_raw = w->q->raw;
    Image im = image_from_f32(&w->job, tensor_reshape(one, SHAPE(one.dim[1], one.dim[2], 3)),
                              RANGE_UNIT, is_raw ? TO_U8_CUT : TO_U8_ROUNDED, err);
    if (tensor_is_empty(im) || is_raw)
        return im;
    return canvas_cut(&d->canvas, im, &w->job, err);
}

static bool diffusion_look(void *state, Work *w, const Action *m, Err *err)
{
    Drawer *d = state;
    size_t floor = w->scratch.used;
    arena_rewind(&d->step, 0);
    bool ok = make_noise(d, w, m->count, err) &&
              canvas_skeletons(&d->canvas, w, m, &d->step, err) != NULL;
    arena_rewind(&w->scratch, floor);
    return ok;
}

static bool diffusion_draw(void *state, Work *w, const Action *m, Image *frames, Err *err)
{
    Drawer *d = state;
    if (!drawer_see(d, w, err))
        return false;
    arena_rewind(&d->step, 0);
    d->model.job = &d->step;
    if (!make_noise(d, w, m->count, err) || !make_poses(d, w, m, err) ||
        !drawer_sample(d, w, m->loops, (Tensor){0}, err) || !drawer_decode(d, err))
        return false;
    for (int64_t i = 0; i < m->count; i++) {
        m->root[i] = d->canvas.width / 2;
        frames[i] = finish(d, w, i, err);
        if (tensor_is_empty(frames[i]))
            return false;
    }
    return dump_stages(d, w, err);
}

static void diffusion_describe(const void *state, const Work *w, char *to, size_t room)
{
    const Drawer *d = state;
    snprintf(to, room, "family %s, %lld steps, guidance %g, seed %lld", d->family.name,
             (long long)d->family.steps, d->family.guidance, (long long)w->q->seed);
}

const Method method_diffusion = {.name = "diffusion",
                                 .state = sizeof(Drawer),
                                 .open = diffusion_open,
                                 .meet = diffusion_meet,
                                 .sides = diffusion_sides,
                                 .look = diffusion_look,
                                 .draw = diffusion_draw,
                                 .describe = diffusion_describe,
                                 .close = diffusion_close};
