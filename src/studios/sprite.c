/* SPDX-License-Identifier: MIT */
#include "studios/sprite.h"

#include "studios/sprite/internal.h"

#include "base/data.h"
#include "base/file.h"
#include "base/log.h"
#include "diffusion/noise.h"
#include "pose/outline.h"
#include "sheet/matte.h"
#include "sheet/sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One request on its way through the house. */
typedef struct Work {
    const SpriteRequest *q;
    const StudioRun *talk;
    Err *err;
    SpriteFolder folder;
    SpriteFamily family;
    Arena job, scratch;
    Kernels kernels;
    Run run;
    SpriteModel model;

    int width, height; /* of a frame */
    bool has_alpha;    /* the picture came with a matte */
    Rgb key;           /* what lies behind the character */
    Image own;         /* the picture as it came, if has_alpha */
    Image whole;       /* over the key, in the frame's aspect, at its own size */
    Image frame;       /* the same at the frame's size */
    Outline figure;    /* where the character stands in the frame */
    PoseFrames poses;
    Tensor latents; /* [F,h,w,Z] */
    Tensor decoded; /* [F,H,W,3] in 0..1 */
} Work;

static void say(const Work *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say(const Work *w, const char *fmt, ...)
{
    char line[512];
    if (w->talk->say == NULL)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    w->talk->say(w->talk->user, line);
}

/* The person gave a value: the command line leaves an empty text where none was. */
static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

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

static bool choose_family(Work *w)
{
    GuiderKind kind;
    if (!guider_kind(w->folder.guider, &kind, w->err))
        return false;
    if (given(w->q->family)) {
        if (!family_named(&w->family, w->q->family, w->err))
            return false;
    } else if (w->folder.family != NULL) {
        if (!family_read(&w->family, w->folder.family, w->err))
            return false;
    } else {
        family_of_guider(&w->family, kind);
    }
    if (w->family.guider == kind)
        return true;
    return err_set(
        w->err, ERR_INPUT,
        "family '%s' has a %s pose guider, but '%s' is a %s one: leave --family out, or "
        "name another",
        w->family.name, kind == GUIDER_PLAIN ? "multi-resolution" : "plain", w->folder.guider,
        kind == GUIDER_PLAIN ? "plain" : "multi-resolution");
}

/* What the person did not say is as the family has it. */
static void override_family(Work *w)
{
    const SpriteRequest *q = w->q;
    SpriteFamily *f = &w->family;
    f->steps = q->steps > 0 ? q->steps : f->steps;
    f->guidance = q->guidance > 0 ? q->guidance : f->guidance;
    f->context = q->context > 0 ? q->context : f->context;
    if (q->overlap > 0)
        f->overlap = q->overlap;
    else if (f->overlap >= f->context)
        f->overlap = f->context / 2;
    w->width = (int)(q->size[0] > 0 ? q->size[0] : f->width);
    w->height = (int)(q->size[1] > 0 ? q->size[1] : f->height);
}

static bool open_model(Work *w)
{
    char *embedded = NULL;
    const char *dir = w->q->model;
    if (!given(dir))
        dir = embedded = data_find("models/sprite-mini");
    if (dir == NULL)
        return err_set(w->err, ERR_INPUT,
                       "the embedded model is not where it was installed; say "
                       "where a model is with --model DIR");
    bool ok = folder_find(&w->folder, dir, w->err);
    xfree(embedded);
    if (!ok || !choose_family(w) ||
        !model_init(&w->model, &w->folder, &w->family, &w->run, &w->job, w->talk, w->err))
        return false;
    override_family(w);
    w->model.batch_statistics = w->q->batch_statistics;
    w->model.crops_for_clip = strcmp(w->q->rules, "short") == 0;
    int64_t f = vae_factor(&w->model.vae_config);
    if (w->width % f != 0 || w->height % f != 0)
        return err_set(w->err, ERR_INPUT,
                       "--size %dx%d: this model's frames are multiples of %lld "
                       "pixels; %lldx%lld would do",
                       w->width, w->height, (long long)f, (long long)(w->width / f * f),
                       (long long)(w->height / f * f));
    return true;
}

/* ---- the picture --------------------------------------------------------------------------
 */

/* The part of the picture that becomes the frame: the character four fifths
 * as high as the frame (or two thirds as wide), its feet near the ground line
 * that such models were trained with. */
static Rect standing_frame(const Work *w, Rect box)
{
    double scale = w->height * 0.78 / box.h;
    if (box.w * scale > w->width * 0.66)
        scale = w->width * 0.66 / box.w;
    Rect r = {.w = (int)(w->width / scale + 0.5), .h = (int)(w->height / scale + 0.5)};
    r.x = box.x + box.w / 2 - r.w / 2;
    r.y = box.y + box.h - (int)(r.h * 0.94 + 0.5);
    return r;
}

static Rgb background(const Work *w, Image im)
{
    if (w->family.keys > 0 || !w->q->raw)
        return matte_choose_key(im, w->family.key, w->family.keys);
    return (Rgb){0, 0, 0};
}

/* The colour of an opaque picture's corners, for padding. */
static Rgb corner(Image im)
{
    const unsigned char *c = image_at(im, 0, 0);
    return (Rgb){c[0], c[1], c[2]};
}

/* Where the character stands: known by its alpha, else taken to fill the frame
 * as framed characters do. */
static void place_figure(Work *w, Image im, Rect part)
{
    float sx = (float)w->width / (float)part.w, sy = (float)w->height / (float)part.h;
    Outline o = {.left = (float)part.x + 0.2f * (float)part.w,
                 .right = (float)part.x + 0.8f * (float)part.w,
                 .top = (float)part.y + 0.1f * (float)part.h,
                 .bottom = (float)part.y + 0.94f * (float)part.h,
                 .head = 0.2f};
    o.crown = o.top;
    if (w->has_alpha)
        (void)!outline_find(&o, im);
    w->figure = (Outline){.left = (o.left - (float)part.x) * sx,
                          .right = (o.right - (float)part.x) * sx,
                          .top = (o.top - (float)part.y) * sy,
                          .bottom = (o.bottom - (float)part.y) * sy,
                          .crown = (o.crown - (float)part.y) * sy,
                          .head = w->q->head > 0 ? (float)w->q->head : o.head};
}

static bool frame_picture(Work *w, Image im)
{
    Arena *a = &w->job;
    w->has_alpha = image_is_see_through(im);
    w->own = w->has_alpha ? im : (Image){0};
    w->key = w->has_alpha ? background(w, im) : corner(im);
    Rect all = {0, 0, image_width(im), image_height(im)};
    Rect part = all, box = image_bounds(im, 128);
    if (w->has_alpha && box.w == 0)
        return err_set(w->err, ERR_INPUT,
                       "'%s' is wholly transparent: there is no character in it",
                       w->q->picture);
    if (!w->q->raw)
        part = w->has_alpha ? standing_frame(w, box) : image_frame(im, w->width, w->height);
    Image over = image_over(a, im, w->key, w->err);
    if (tensor_is_empty(over))
        return false;
    w->whole = image_crop(a, over, part, w->key, w->err);
    if (tensor_is_empty(w->whole))
        return false;
    w->frame = image_resize(a, w->whole, w->width, w->height, RESIZE_LANCZOS, w->err);
    place_figure(w, im, part);
    return !tensor_is_empty(w->frame);
}

static bool read_picture(Work *w)
{
    Image im = image_load(&w->job, w->q->picture, w->err);
    return !tensor_is_empty(im) && frame_picture(w, im);
}

/* ---- poses ---------------------------------------------------------------------------------
 */

static bool make_poses(Work *w)
{
    /* a guider takes its pictures down to the size of the latents: by 8 */
    float grow = 8.0f / (float)vae_factor(&w->model.vae_config);
    PoseRequest q = {
        .path = given(w->q->poses) ? w->q->poses : NULL,
        .animation = w->q->animation,
        .frames = w->q->frames,
        .yaw = w->q->yaw,
        .pitch = w->q->pitch,
        .head = w->figure.head,
        .style = w->family.pose_style,
        .filter = w->model.crops_for_clip ? RESIZE_BICUBIC : RESIZE_LANCZOS,
        .width = (int)((float)w->width * grow),
        .height = (int)((float)w->height * grow),
        .top = w->figure.crown * grow,
        .bottom = w->figure.bottom * grow,
        .center_x = (w->figure.left + w->figure.right) / 2 * grow,
    };
    return poses_make(&w->poses, &q, &w->job, &w->scratch, w->err);
}

static bool guide(Work *w)
{
    size_t floor = w->scratch.used;
    Image first = w->poses.picture[0];
    Tensor all =
        tensor_new(&w->scratch, TENSOR_F32,
                   SHAPE(w->poses.count, image_height(first), image_width(first), 3), w->err);
    if (tensor_is_empty(all))
        return false;
    for (int64_t i = 0; i < w->poses.count; i++) {
        size_t mark = w->scratch.used;
        Tensor one =
            image_to_f32(&w->scratch, w->poses.picture[i], w->family.pose_range, w->err);
        if (tensor_is_empty(one))
            return false;
        memcpy(tensor_rows(all, i, 1).data, one.data, tensor_bytes(one));
        arena_rewind(&w->scratch, mark);
    }
    bool ok = model_poses(&w->model, all, w->err);
    arena_rewind(&w->scratch, floor);
    return ok;
}

/* ---- noise to latents
 * -------------------------------------------------------------------------- */

static bool noise_from_file(Work *w)
{
    Weights *file = weights_open(w->q->noise, w->err);
    if (file == NULL)
        return false;
    Tensor t = weights_count(file) == 1 ? weights_at(file, 0) : weights_find(file, "noise");
    Tensor f32 = tensor_is_empty(t) ? t : tensor_as_f32(&w->scratch, t, w->err);
    bool fits = !tensor_is_empty(f32) && tensor_count(f32) == tensor_count(w->latents);
    if (fits)
        noise_from_torch(w->latents, tensor_f32(f32));
    else
        err_set(w->err, ERR_INPUT,
                "'%s' does not hold a tensor 'noise' of [1,%lld,%lld,%lld,%lld]", w->q->noise,
                (long long)w->latents.dim[3], (long long)w->latents.dim[0],
                (long long)w->latents.dim[1], (long long)w->latents.dim[2]);
    weights_close(file);
    return fits;
}

/* Without motion modules nothing ties the frames together but their noise, so
 * all begin with the same. */
static bool draw_noise(Work *w)
{
    Chance chance;
    chance_seed(&chance, (uint64_t)w->q->seed);
    if (w->folder.motion != NULL)
        return noise_draw(&chance, w->latents, &w->scratch, w->err);
    Tensor first = tensor_rows(w->latents, 0, 1);
    if (!noise_draw(&chance, first, &w->scratch, w->err))
        return false;
    for (int64_t i = 1; i < w->latents.dim[0]; i++)
        memcpy(tensor_rows(w->latents, i, 1).data, first.data, tensor_bytes(first));
    return true;
}

static bool make_noise(Work *w)
{
    int64_t f = vae_factor(&w->model.vae_config);
    w->latents = tensor_new(
        &w->job, TENSOR_F32,
        SHAPE(w->poses.count, w->height / f, w->width / f, w->model.vae_config.latent), w->err);
    if (tensor_is_empty(w->latents))
        return false;
    size_t floor = w->scratch.used;
    bool ok = given(w->q->noise) ? noise_from_file(w) : draw_noise(w);
    arena_rewind(&w->scratch, floor);
    return ok;
}

static void sampled(void *user, int done, int steps, Tensor latents)
{
    (void)latents;
    const Work *w = user;
    if (w->talk->progress != NULL)
        w->talk->progress(w->talk->user, "drawing", done, steps);
}

/* Dumps what the sampler shows, but the latents of each step. */
static void tapped(void *user, const char *name, Tensor t)
{
    Work *w = user;
    if (strncmp(name, "latents.", 8) != 0)
        (void)!dump_tensor(w->model.dump, name, t, true, &w->scratch, w->err);
}

static bool sample(Work *w)
{
    Ddim ddim = {0};
    Err doubt = {0};
    if (!ddim_init(&ddim, &w->family.ddim, (int)w->family.steps, w->err))
        return false;
    bool is_open = strcmp(w->q->window, "open") == 0 ||
                   (strcmp(w->q->window, "auto") == 0 && !w->poses.loops);
    SampleOptions o = {.ddim = &ddim,
                       .guidance = (float)w->family.guidance,
                       .window = {.size = (int)w->family.context,
                                  .overlap = (int)w->family.overlap,
                                  .stride = 1,
                                  .is_open = is_open},
                       .stop = w->talk->cancel,
                       .doubt = &doubt,
                       .progress = sampled,
                       .progress_user = w,
                       .tap = tapped,
                       .tap_user = w};
    bool ok = model_sample(&w->model, o, w->latents, w->err) && w->err->kind == ERR_NONE;
    ddim_release(&ddim);
    if (ok && doubt.kind != ERR_NONE)
        say(w, "warning: %s; expect noise", doubt.text);
    return ok;
}

/* ---- out
 * ------------------------------------------------------------------------------------------ */

/* -1..1 to 0..1, clamped: what pictures are made of. */
static void to_unit(Tensor decoded)
{
    for (int64_t i = 0; i < tensor_count(decoded); i++) {
        float v = tensor_f32(decoded)[i] * 0.5f + 0.5f;
        tensor_f32(decoded)[i] = v < 0 ? 0 : v > 1 ? 1 : v;
    }
}

static bool dump_stages(Work *w)
{
    const SpriteModel *m = &w->model;
    Arena *a = &w->scratch;
    if (m->dump == NULL)
        return true;
    bool ok = dump_tensor(m->dump, "reference", m->latent, false, a, w->err) &&
              dump_tensor(m->dump, "context", m->context, false, a, w->err) &&
              dump_tensor(m->dump, "image", w->decoded, true, a, w->err);
    for (int i = 0; ok && i <= UNET_BLOCKS; i++) {
        char name[32];
        snprintf(name, sizeof name, i == 0 ? "pose" : "pose.%d", i);
        ok = dump_tensor(m->dump, name, m->pose[i], true, a, w->err);
    }
    for (int i = 0; ok && i < UNET_ATTENTIONS && !tensor_is_empty(m->tokens.of[i]); i++) {
        char name[128];
        snprintf(name, sizeof name, "bank.%s", m->path[i].s);
        ok = dump_tensor(m->dump, name, m->tokens.of[i], false, a, w->err);
    }
    return ok;
}

static Image frame_at(Work *w, int64_t i, ToU8 how)
{
    Tensor one = tensor_rows(w->decoded, i, 1);
    return image_from_f32(&w->job, tensor_reshape(one, SHAPE(one.dim[1], one.dim[2], 3)),
                          RANGE_UNIT, how, w->err);
}

static Image *new_frames(Work *w)
{
    Image *frames = arena_zeros(&w->job, (size_t)w->poses.count * sizeof *frames);
    if (frames == NULL)
        err_set(w->err, ERR_MEMORY, "not enough memory for the frames");
    return frames;
}

/* The frames exactly as the model made them, to bytes as its scripts do. */
static bool save_raw(Work *w)
{
    Image *frames = new_frames(w);
    if (frames == NULL)
        return false;
    for (int64_t i = 0; i < w->poses.count; i++) {
        frames[i] = frame_at(w, i, TO_U8_CUT);
        if (tensor_is_empty(frames[i]))
            return false;
    }
    if (!sheet_save_frames(frames, (int)w->poses.count, w->q->out, w->err))
        return false;
    tell_made(w->talk, w->q->out, "frames");
    return true;
}

static const char *clip_title(const Work *w)
{
    return given(w->q->poses) ? "clip" : w->q->animation;
}

static bool save_sheet(Work *w)
{
    Image *frames = new_frames(w);
    if (frames == NULL)
        return false;
    for (int64_t i = 0; i < w->poses.count; i++) {
        Image im = frame_at(w, i, TO_U8_ROUNDED);
        if (!tensor_is_empty(im))
            frames[i] = matte_cut(&w->job, im,
                                  &(MatteOptions){.key = w->key, .character = w->own}, w->err);
        if (tensor_is_empty(frames[i]))
            return false;
    }
    SheetClip clip = {.name = clip_title(w),
                      .frames = frames,
                      .count = (int)w->poses.count,
                      .fps = w->poses.fps,
                      .is_loop = w->poses.loops,
                      .grounded = w->poses.grounded};
    Sheet sheet;
    char settings[160];
    snprintf(settings, sizeof settings,
             "family %s, %s, %lld frames, %lld steps, guidance %g, seed %lld", w->family.name,
             clip.name, (long long)w->poses.count, (long long)w->family.steps,
             w->family.guidance, (long long)w->q->seed);
    ImageText text = {"Software", "atelier " ATELIER_VERSION};
    ImageText texts[] = {text, {"Comment", settings}};
    SheetOptions options = {.pad = 2};
    char gif[80];
    snprintf(gif, sizeof gif, "%s.gif", clip.name);
    if (!sheet_make(&sheet, &w->job, &clip, 1, &options, w->err))
        return false;
    tell_frames(w->talk, &sheet);
    if (!given(w->q->out))
        return true;
    if (!sheet_save(&sheet, w->q->out, texts, 2, &w->scratch, w->err))
        return false;
    tell_made(w->talk, w->q->out, "sheet.png");
    tell_made(w->talk, w->q->out, gif);
    return true;
}

static bool save(Work *w)
{
    return dump_stages(w) && (w->q->raw ? save_raw(w) : save_sheet(w));
}

/* ---- the whole way
 * ------------------------------------------------------------------------------------ */

static bool prepare(Work *w)
{
    if (!arena_init(&w->job, 0, w->err) || !arena_init(&w->scratch, 0, w->err) ||
        !kernels_named(&w->kernels, w->q->kernels, w->err))
        return false;
    w->run = (Run){.kernels = &w->kernels,
                   .pool = pool_new((int)w->q->threads),
                   .scratch = &w->scratch,
                   .cancel = w->talk->cancel};
    return true;
}

/* All that was given is looked at before anything is written or takes long. */
static bool look(Work *w)
{
    return open_model(w) && read_picture(w) && make_poses(w) && make_noise(w);
}

static bool make_folders(Work *w)
{
    if (given(w->q->out) && !file_make_dirs(w->q->out, w->err))
        return false;
    if (!given(w->q->dump))
        return true;
    w->model.dump = w->q->dump;
    return file_make_dirs(w->q->dump, w->err);
}

static bool compute(Work *w)
{
    if (!model_see(&w->model, w->frame, w->whole, w->err) ||
        !model_reference(&w->model, w->err) || !guide(w) || !sample(w) ||
        !model_decode(&w->model, w->latents, &w->decoded, w->err))
        return false;
    to_unit(w->decoded);
    return true;
}

static void report(Work *w, double began)
{
    if (w->talk->detail == NULL)
        return;
    char line[160];
    double whole = clock_now() - began;
    for (int i = 0; i < COST_KINDS; i++) {
        const Cost *c = &w->run.cost[i];
        snprintf(line, sizeof line,
                 "  %-26s %8.3f s   %9.1f GFLOP   %7.1f GFLOP/s   %lld calls",
                 cost_name((CostKind)i), c->seconds, c->flop * 1e-9,
                 c->seconds > 0 ? c->flop * 1e-9 / c->seconds : 0, (long long)c->calls);
        w->talk->detail(w->talk->user, line);
    }
    Cost all = run_cost(&w->run);
    snprintf(line, sizeof line, "%-28s %8.3f s, of which %.3f s in kernels, %s table",
             "whole run", whole, all.seconds, w->kernels.name);
    w->talk->detail(w->talk->user, line);
    snprintf(line, sizeof line,
             "%-28s %zu MiB of weights, %zu MiB of scratch, %zu MiB for the job",
             "memory at most", w->model.weights.peak >> 20, w->scratch.peak >> 20,
             w->job.peak >> 20);
    w->talk->detail(w->talk->user, line);
}

static bool sprite_run(const void *request, const StudioRun *talk, Err *err)
{
    double began = clock_now();
    Work w = {.q = request, .talk = talk, .err = err};
    bool ok = prepare(&w) && look(&w) && make_folders(&w) && compute(&w) && save(&w);
    if (ok)
        report(&w, began);
    model_release(&w.model);
    pool_free(w.run.pool);
    folder_release(&w.folder);
    arena_release(&w.job);
    arena_release(&w.scratch);
    return ok;
}

#define AT(field) offsetof(SpriteRequest, field)

static const Param params[] = {
    {"picture", PARAM_PATH, AT(picture), NULL, 0, 0, "PICTURE",
     "the character: PNG, JPEG or WebP; with alpha its background is transparent", NULL, true},
    {"out", PARAM_OUT, AT(out), "out", 0, 0, "DIR", "where sheet.png, the GIF and frames/ go",
     NULL, false},
    {"animation", PARAM_TEXT, AT(animation), "walk", 0, 0, "NAME", "what the character does",
     "walk|idle|run|jump|attack", false},
    {"frames", PARAM_INT, AT(frames), "", 1, 4096, "N",
     "frames of the animation (default: 8, or all of --poses)", NULL, false},
    {"yaw", PARAM_NUMBER, AT(yaw), "45", -360, 360, "DEGREES",
     "the side it is seen from: 0 faces us, 90 our right", NULL, false},
    {"pitch", PARAM_NUMBER, AT(pitch), "0", -80, 80, "DEGREES", "0 level, 30 from above", NULL,
     false},
    {"head", PARAM_NUMBER, AT(head), "", 0.05, 0.7, "SHARE",
     "how much of its height is head, chin to top (default: guessed from the outline)", NULL,
     false},
    {"poses", PARAM_PATH, AT(poses), "", 0, 0, "PATH",
     "own poses instead: a folder of pose pictures, or OpenPose JSON (file or folder)", NULL,
     false},
    {"model", PARAM_PATH, AT(model), "", 0, 0, "DIR",
     "Animate Anyone / Sprite Sheet Diffusion weights (default: the embedded small model)",
     NULL, false},
    {"family", PARAM_TEXT, AT(family), "", 0, 0, "NAME",
     "the kind of model, if its folder does not say: animate-anyone, sprite-sheet-diffusion, "
     "sprite-sheet-diffusion-plain",
     NULL, false},
    {"size", PARAM_SIZE, AT(size), "", 8, 4096, "WxH",
     "of a frame, in pixels (default: the model's, 512x512 or 64x64)", NULL, false},
    {"steps", PARAM_INT, AT(steps), "", 1, 1000, "N",
     "of the sampler (default: the model's; 25 for published ones)", NULL, false},
    {"guidance", PARAM_NUMBER, AT(guidance), "", 0.01, 100, "X",
     "how closely to follow the picture (default: the model's; 3.5 for published ones)", NULL,
     false},
    {"seed", PARAM_INT, AT(seed), "42", 0, 4294967295.0, "N",
     "of the noise; the same as torch's", NULL, false},
    {"context", PARAM_INT, AT(context), "", 1, 4096, "N",
     "frames seen together by the motion modules (default: 24, or 16)", NULL, false},
    {"overlap", PARAM_INT, AT(overlap), "", 0, 4095, "N",
     "frames shared by neighbouring windows (default: 4)", NULL, false},
    {"window", PARAM_TEXT, AT(window), "auto", 0, 0, "KIND",
     "closed: windows wrap, for loops; open: for what happens once; auto: as the animation is",
     "auto|closed|open", false},
    {"batch-statistics", PARAM_FLAG, AT(batch_statistics), "", 0, 0, NULL,
     "a multi-resolution guider normalises by its input, as the published scripts do", NULL,
     false},
    {"rules", PARAM_TEXT, AT(rules), "long", 0, 0, "WHOSE",
     "how Moore's scripts resize pictures: long (pose2img, pose2vid_long), or short (pose2vid: "
     "CLIP sees the middle, poses are bicubic)",
     "long|short", false},
    {"noise", PARAM_PATH, AT(noise), "", 0, 0, "FILE",
     "safetensors with the tensor 'noise' [1,C,F,h,w] instead of the seed's", NULL, false},
    {"raw", PARAM_FLAG, AT(raw), "", 0, 0, NULL,
     "frames exactly as the model makes them: no cutting out, no padding, no sheet", NULL,
     false},
    {"dump", PARAM_OUT, AT(dump), "", 0, 0, "DIR", "writes every stage as safetensors", NULL,
     false},
    {"threads", PARAM_INT, AT(threads), "0", 0, 256, "N", "0: one for each core", NULL, false},
    {"kernels", PARAM_TEXT, AT(kernels), "best", 0, 0, "TABLE", "which kernels compute",
     "best|ref|avx2|avx512", false},
    {"verbose", PARAM_FLAG, AT(verbose), "", 0, 0, NULL, "prints each stage's time and speed",
     NULL, false},
};

static const ParamGroup groups[] = {
    {"out", "What comes out"},
    {"animation", "What the character does"},
    {"model", "The model"},
    {"batch-statistics", "For comparing with other implementations"},
    {"threads", "The machine"},
};

const Studio sprite_studio = {
    .name = "sprite",
    .summary = "one picture of a character to an animated sprite sheet",
    .examples = {{"atelier sprite knight.png --animation walk --out out/knight",
                  "a walking knight: sheet, GIF and frames"},
                 {"atelier sprite knight.png --animation attack --yaw 90 --frames 12",
                  "a blow, seen from the side, into out/"},
                 {"atelier sprite knight.png --poses dance.json --out out/dance",
                  "poses of your own, as OpenPose writes them"}},
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .groups = groups,
    .group_count = sizeof groups / sizeof *groups,
    .request_size = sizeof(SpriteRequest),
    .run = sprite_run,
};
