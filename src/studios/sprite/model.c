/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/log.h"
#include "media/resize.h"

#include <stdio.h>
#include <string.h>

/* ---- one network after the other ------------------------------------------------ */

/* A network while it is in memory: its files and its binder. */
typedef struct Loan {
    Weights *file[2];
    Binder binder;
    Bind bind;
    const char *what;
} Loan;

static void loan_end(Loan *l)
{
    binder_release(&l->binder);
    weights_close(l->file[0]);
    weights_close(l->file[1]);
    *l = (Loan){0};
}

/* Opens the files and makes ready to bind; `also` may be NULL. */
static bool loan_begin(Loan *l, SpriteModel *m, const char *what, const char *path,
                       const char *also, Err *err)
{
    *l = (Loan){.what = what};
    stage_begin(m);
    if (m->talk->progress != NULL)
        m->talk->progress(m->talk->user, "loading", 0, 0);
    l->file[0] = weights_open(path, err);
    if (l->file[0] == NULL)
        return false;
    binder_init(&l->binder, l->file[0]);
    if (also != NULL) {
        l->file[1] = weights_open(also, err);
        if (l->file[1] == NULL) {
            loan_end(l);
            return false;
        }
        binder_also(&l->binder, l->file[1]);
    }
    arena_rewind(&m->weights, 0);
    l->bind = (Bind){.binder = &l->binder,
                     .arena = &m->weights,
                     .kernels = m->run->kernels,
                     .pool = m->run->pool,
                     .cost = &m->run->cost[COST_PACK]};
    return true;
}

/* After binding: names what was missing, wrong or left over. */
static bool loan_bound(Loan *l, SpriteModel *m, const char *const *tolerated, Err *err)
{
    if (!binder_done(&l->binder, tolerated, err)) {
        err_prefix(err, "%s: ", l->what);
        loan_end(l);
        return false;
    }
    char text[96];
    snprintf(text, sizeof text, "load %s", l->what);
    stage_end(m, text);
    stage_begin(m);
    return true;
}

/* The run's failure becomes the caller's. */
static bool ran(const SpriteModel *m, Err *err)
{
    if (m->run->err.kind == ERR_NONE)
        return true;
    return err_set(err, m->run->err.kind, "%s", m->run->err.text);
}

static bool loan_close(Loan *l, SpriteModel *m, const char *what, Err *err)
{
    stage_end(m, what);
    loan_end(l);
    return ran(m, err);
}

void stage_begin(SpriteModel *m)
{
    m->stage_began = clock_now();
    m->stage_cost = run_cost(m->run);
}

void stage_end(SpriteModel *m, const char *what)
{
    if (m->talk->detail == NULL)
        return;
    Cost now = run_cost(m->run);
    double seconds = clock_now() - m->stage_began;
    double kernels = now.seconds - m->stage_cost.seconds;
    double flop = now.flop - m->stage_cost.flop;
    char line[160];
    if (flop > 0)
        snprintf(line, sizeof line,
                 "%-28s %8.3f s   %9.1f GFLOP   %7.1f GFLOP/s   %5.1f %% in kernels", what,
                 seconds, flop * 1e-9, flop * 1e-9 / seconds, 100 * kernels / seconds);
    else
        snprintf(line, sizeof line, "%-28s %8.3f s", what, seconds);
    m->talk->detail(m->talk->user, line);
}

/* ---- configurations ---------------------------------------------------------------- */

#define READ_CONFIG(path, reader, config, err)                                                 \
    do {                                                                                       \
        Json *j = js_load(path, err);                                                          \
        bool ok = j != NULL && reader(config, j, err);                                         \
        if (j != NULL && !ok)                                                                  \
            err_prefix(err, "'%s': ", path);                                                   \
        js_free(j);                                                                            \
        if (!ok)                                                                               \
            return false;                                                                      \
    } while (0)

bool model_init(SpriteModel *m, const SpriteFolder *folder, const SpriteFamily *family,
                Run *run, Arena *job, const StudioRun *talk, Err *err)
{
    *m = (SpriteModel){.folder = folder,
                       .family = family,
                       .run = run,
                       .job = job,
                       .talk = talk,
                       .unet_config = unet_config_sd15(),
                       .vae_config = vae_config_sd(),
                       .clip_config = clip_vision_config_l14()};
    if (!arena_init(&m->weights, 0, err))
        return false;
    if (folder->unet_config != NULL)
        READ_CONFIG(folder->unet_config, unet_config_read, &m->unet_config, err);
    if (folder->vae_config != NULL)
        READ_CONFIG(folder->vae_config, vae_config_read, &m->vae_config, err);
    if (folder->image_encoder_config != NULL)
        READ_CONFIG(folder->image_encoder_config, clip_vision_config_read, &m->clip_config,
                    err);
    if (m->unet_config.in != m->vae_config.latent || m->unet_config.out != m->vae_config.latent)
        return err_set(err, ERR_FORMAT,
                       "the UNet has %lld latent channels, the VAE has %lld: they "
                       "do not belong together",
                       (long long)m->unet_config.in, (long long)m->vae_config.latent);
    if (m->unet_config.context != m->clip_config.projection)
        return err_set(err, ERR_FORMAT,
                       "the UNet wants a context %lld wide, the image encoder "
                       "gives %lld: they do not belong together",
                       (long long)m->unet_config.context, (long long)m->clip_config.projection);
    return true;
}

void model_release(SpriteModel *m)
{
    arena_release(&m->weights);
}

/* ---- the reference picture ------------------------------------------------------------ */

bool model_encode(SpriteModel *m, const Image *frames, int64_t count, Tensor *latents, Err *err)
{
    Loan l;
    Vae vae;
    int64_t f = vae_factor(&m->vae_config);
    if (!loan_begin(&l, m, "VAE encoder", m->folder->vae, NULL, err))
        return false;
    const VaeParts half = {.encoder = true};
    (void)!vae_bind(&vae, &l.bind, &m->vae_config, half);
    if (!loan_bound(&l, m, vae_unread(half), err))
        return false;
    *latents = tensor_new(m->job, TENSOR_F32,
                          SHAPE(count, image_height(frames[0]) / f, image_width(frames[0]) / f,
                                m->vae_config.latent),
                          &m->run->err);
    for (int64_t i = 0; i < count && !run_stopped(m->run); i++) {
        size_t floor = run_floor(m->run);
        Tensor rgb = image_to_f32(m->run->scratch, frames[i], RANGE_SIGNED, &m->run->err);
        if (!tensor_is_empty(rgb))
            rgb = tensor_reshape(rgb, SHAPE(1, rgb.dim[0], rgb.dim[1], 3));
        Tensor one = vae_encode(m->run, &vae, rgb, (Tensor){0});
        if (!tensor_is_empty(one))
            memcpy(tensor_rows(*latents, i, 1).data, one.data, tensor_bytes(one));
        run_drop(m->run, floor);
    }
    return loan_close(&l, m, count > 1 ? "encode the frames" : "encode the picture", err);
}

/* The picture at CLIP's size: squashed, or its shortest side fitted and the
 * middle cut out, as CLIP's own processor does. */
static Image clip_square(SpriteModel *m, Image whole)
{
    Run *r = m->run;
    int side = (int)m->clip_config.side, w = image_width(whole), h = image_height(whole);
    if (!m->crops_for_clip || w == h)
        return image_resize(r->scratch, whole, side, side, RESIZE_BICUBIC, &r->err);
    int wide = w > h ? (int)((int64_t)side * w / h) : side;
    int high = h > w ? (int)((int64_t)side * h / w) : side;
    Image fitted = image_resize(r->scratch, whole, wide, high, RESIZE_BICUBIC, &r->err);
    if (tensor_is_empty(fitted))
        return fitted;
    Rect middle = {(wide - side) / 2, (high - side) / 2, side, side};
    return image_crop(r->scratch, fitted, middle, (Rgb){0, 0, 0}, &r->err);
}

/* CLIP's mean and spread, from its own preprocessor. */
static Tensor clip_pixels(SpriteModel *m, Image whole)
{
    static const float mean[] = {0.48145466f, 0.4578275f, 0.40821073f};
    static const float spread[] = {0.26862954f, 0.26130258f, 0.27577711f};
    Run *r = m->run;
    int side = (int)m->clip_config.side;
    Image small = clip_square(m, whole);
    Tensor x =
        tensor_is_empty(small) ? small : image_to_f32(r->scratch, small, RANGE_UNIT, &r->err);
    if (tensor_is_empty(x))
        return x;
    for (int64_t i = 0; i < tensor_count(x); i++)
        tensor_f32(x)[i] = (tensor_f32(x)[i] - mean[i % 3]) / spread[i % 3];
    return tensor_reshape(x, SHAPE(1, side, side, 3));
}

static bool embed(SpriteModel *m, Image whole, Err *err)
{
    Loan l;
    if (!loan_begin(&l, m, "image encoder", m->folder->image_encoder, NULL, err))
        return false;
    ClipVision *clip = arena_take(&m->weights, sizeof *clip);
    must(clip != NULL);
    (void)!clip_vision_bind(clip, &l.bind, &m->clip_config);
    if (!loan_bound(&l, m, clip_vision_unread(), err))
        return false;
    size_t floor = run_floor(m->run);
    Tensor e = clip_vision_embed(m->run, clip, clip_pixels(m, whole));
    m->context = nn_save(m->run, m->job, e);
    if (!tensor_is_empty(m->context))
        m->context = tensor_reshape(m->context, SHAPE(1, 1, m->unet_config.context));
    run_drop(m->run, floor);
    return loan_close(&l, m, "embed the picture", err);
}

bool model_see(SpriteModel *m, Image frame, Image whole, Err *err)
{
    return model_encode(m, &frame, 1, &m->latent, err) && embed(m, whole, err);
}

/* ---- the UNets --------------------------------------------------------------------------- */

static UNet *unet_on_loan(Loan *l, SpriteModel *m, UNetParts parts, Err *err)
{
    UNet *unet = arena_take(&m->weights, sizeof *unet);
    must(unet != NULL);
    (void)!unet_bind(unet, &l->bind, &m->unet_config, parts);
    return loan_bound(l, m, unet_unread(), err) ? unet : NULL;
}

bool model_reference(SpriteModel *m, Err *err)
{
    Loan l;
    if (!loan_begin(&l, m, "reference UNet", m->folder->reference, NULL, err))
        return false;
    UNet *unet = unet_on_loan(&l, m, (UNetParts){.reference = true}, err);
    if (unet == NULL)
        return false;
    UNetContext context;
    (void)!(unet_context(m->run, unet, m->context, m->job, &context) &&
            unet_reference(m->run, unet, m->latent, &context, m->job, &m->tokens));
    for (int i = 0; i < unet->trunk.attentions; i++)
        m->path[i] = unet_attention_path(unet, i);
    return loan_close(&l, m, "reference net", err);
}

static bool pose_plain(SpriteModel *m, Loan *l, Tensor pictures, GuiderFrames frames, Err *err)
{
    PoseGuider guider;
    (void)!pose_guider_bind(&guider, &l->bind);
    if (!loan_bound(l, m, NULL, err))
        return false;
    int64_t Z = guider.sees_frames ? guider.latent_in.shape.C : m->vae_config.latent;
    if (Z != m->vae_config.latent) {
        loan_end(l);
        return err_set(err, ERR_FORMAT,
                       "the pose guider wants %lld latent channels, the VAE has %lld: they do "
                       "not belong together",
                       (long long)Z, (long long)m->vae_config.latent);
    }
    m->pose[0] = nn_save(m->run, m->job, pose_guider_embed(m->run, &guider, pictures, frames));
    return true;
}

static bool pose_pyramid(SpriteModel *m, Loan *l, Tensor pictures, Err *err)
{
    PosePyramid pyramid;
    Tensor levels[PYRAMID_LEVELS];
    (void)!pose_pyramid_bind(&pyramid, &l->bind, 16);
    if (!loan_bound(l, m, pose_pyramid_unread(), err))
        return false;
    pyramid.batch_statistics = m->batch_statistics;
    if (pose_pyramid_embed(m->run, &pyramid, pictures, levels))
        for (int i = 0; i < PYRAMID_LEVELS; i++)
            m->pose[i] = nn_save(m->run, m->job, levels[i]);
    return true;
}

bool model_poses(SpriteModel *m, Tensor pictures, GuiderFrames frames, Err *err)
{
    Loan l;
    if (!loan_begin(&l, m, "pose guider", m->folder->guider, NULL, err))
        return false;
    size_t floor = run_floor(m->run);
    bool is_plain = m->family->guider == GUIDER_PLAIN;
    if (!(is_plain ? pose_plain(m, &l, pictures, frames, err)
                   : pose_pyramid(m, &l, pictures, err)))
        return false;
    run_drop(m->run, floor);
    if (!loan_close(&l, m, "pose features", err))
        return false;
    if (m->pose[0].dim[3] != m->unet_config.width[0])
        return err_set(err, ERR_FORMAT,
                       "the pose guider gives %lld channels, the UNet wants %lld: they do not "
                       "belong together",
                       (long long)m->pose[0].dim[3], (long long)m->unet_config.width[0]);
    return true;
}

typedef struct Denoiser {
    SpriteModel *m;
    UNet *unet;
    UNetContext context; /* rows [unconditional, conditional], or the latter */
    UNetBank bank;
    int64_t rows;
} Denoiser;

/* Frames of a feature in the order of a window. */
static Tensor gather(Run *r, Tensor all, const DenoiseCall *call)
{
    if (tensor_is_empty(all))
        return all;
    Tensor some = nn_new(r, SHAPE(call->frames, all.dim[1], all.dim[2], all.dim[3]));
    if (tensor_is_empty(some))
        return some;
    size_t frame = tensor_bytes(all) / (size_t)all.dim[0];
    for (int64_t i = 0; i < call->frames; i++)
        memcpy((char *)some.data + (size_t)i * frame,
               (const char *)all.data + (size_t)call->frame[i] * frame, frame);
    return some;
}

static Tensor rows_of(Run *r, Tensor latents, int64_t rows)
{
    if (rows == 1)
        return latents;
    Tensor all =
        nn_new(r, SHAPE(rows * latents.dim[0], latents.dim[1], latents.dim[2], latents.dim[3]));
    for (int64_t i = 0; i < rows && !tensor_is_empty(all); i++)
        memcpy((char *)all.data + (size_t)i * tensor_bytes(latents), latents.data,
               tensor_bytes(latents));
    return all;
}

static bool denoise(void *net, const DenoiseCall *call, Err *err)
{
    Denoiser *d = net;
    Run *r = d->m->run;
    size_t floor = run_floor(r);
    UNetInput in = {.latents = rows_of(r, call->latents, d->rows),
                    .t = call->t,
                    .frames = call->frames,
                    .context = &d->context,
                    .bank = &d->bank,
                    .bank_from_row = d->rows - 1};
    for (int i = 0; i <= UNET_BLOCKS; i++)
        in.pose[i] = gather(r, d->m->pose[i], call);
    Tensor out = unet_forward(r, d->unet, &in);
    if (!run_stopped(r)) {
        if (d->rows == 2)
            memcpy(call->uncond.data, out.data, tensor_bytes(call->uncond));
        memcpy(call->cond.data,
               (const char *)out.data + (size_t)(d->rows - 1) * tensor_bytes(call->cond),
               tensor_bytes(call->cond));
    }
    run_drop(r, floor);
    return ran(d->m, err);
}

/* Context rows: zeros for the unconditional one. */
static Tensor context_rows(SpriteModel *m, int64_t rows)
{
    int64_t D = m->unet_config.context;
    Tensor c = nn_new(m->run, SHAPE(rows, 1, D));
    if (!tensor_is_empty(c)) {
        memset(c.data, 0, tensor_bytes(c));
        memcpy(tensor_f32(c) + (rows - 1) * D, m->context.data, (size_t)D * sizeof(float));
    }
    return c;
}

static bool prepare(Denoiser *d, Err *err)
{
    SpriteModel *m = d->m;
    size_t floor = run_floor(m->run);
    Tensor c = context_rows(m, d->rows);
    (void)!(!tensor_is_empty(c) && unet_context(m->run, d->unet, c, m->job, &d->context) &&
            unet_bank_project(m->run, d->unet, &m->tokens, m->job, &d->bank));
    run_drop(m->run, floor);
    return ran(m, err);
}

bool model_sample(SpriteModel *m, SampleOptions o, Tensor latents, Err *err)
{
    /* a single frame is a picture: motion modules would still change it */
    bool moves = latents.dim[0] > 1 && m->folder->motion != NULL;
    Loan l;
    if (!loan_begin(&l, m, moves ? "denoising UNet with motion" : "denoising UNet",
                    m->folder->denoising, moves ? m->folder->motion : NULL, err))
        return false;
    Denoiser d = {.m = m, .rows = o.guidance.scale > 1 ? 2 : 1};
    d.unet = unet_on_loan(&l, m, (UNetParts){.motion = moves}, err);
    if (d.unet == NULL)
        return false;
    bool ok = true;
    if (moves && o.window.size > d.unet->trunk.config.motion_frames)
        ok = err_set(err, ERR_INPUT,
                     "--context is %d; these motion modules see at most %lld frames",
                     o.window.size, (long long)d.unet->trunk.config.motion_frames);
    ok = ok && prepare(&d, err) && sample_run(&o, denoise, &d, latents, m->run->scratch, err);
    return loan_close(&l, m, "sampling", err) && ok;
}

/* ---- back to pictures ----------------------------------------------------------------------
 */

bool model_decode(SpriteModel *m, Tensor latents, Tensor *pictures, Err *err)
{
    Loan l;
    Vae vae;
    int64_t F = latents.dim[0], f = vae_factor(&m->vae_config);
    if (!loan_begin(&l, m, "VAE decoder", m->folder->vae, NULL, err))
        return false;
    const VaeParts half = {.decoder = true};
    (void)!vae_bind(&vae, &l.bind, &m->vae_config, half);
    if (!loan_bound(&l, m, vae_unread(half), err))
        return false;
    *pictures = tensor_new(m->job, TENSOR_F32,
                           SHAPE(F, latents.dim[1] * f, latents.dim[2] * f, 3), &m->run->err);
    for (int64_t i = 0; i < F && !run_stopped(m->run); i++) {
        if (m->talk->progress != NULL)
            m->talk->progress(m->talk->user, "decoding", i, F);
        size_t floor = run_floor(m->run);
        Tensor one = vae_decode(m->run, &vae, tensor_rows(latents, i, 1));
        if (!tensor_is_empty(one))
            memcpy(tensor_rows(*pictures, i, 1).data, one.data, tensor_bytes(one));
        run_drop(m->run, floor);
    }
    return loan_close(&l, m, "decode the frames", err);
}
