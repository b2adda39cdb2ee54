/* SPDX-License-Identifier: MIT */
#include "studios/model/internal.h"

#include "base/file.h"
#include "base/json.h"
#include "models/clip_text.h"
#include "models/clip_vision.h"
#include "models/controlnet.h"
#include "models/pose_guider.h"
#include "models/pose_pyramid.h"
#include "models/unet.h"
#include "models/vae.h"
#include "paint/parts.h"
#include "weights/lora.h"

#include <stdio.h>
#include <string.h>

/* ---- which part it is ------------------------------------------------------------ */

static bool has(const Weights *w, const char *name)
{
    return weights_index(w, name) < weights_count(w);
}

static bool any_contains(const Weights *w, const char *what)
{
    for (size_t i = 0; i < weights_count(w); i++)
        if (strstr(weights_name(w, i), what) != NULL)
            return true;
    return false;
}

static PartKind unet_kind(const Weights *w)
{
    if (any_contains(w, "motion_modules."))
        return PART_DENOISER_MOTION;
    return has(w, "conv_out.weight") ? PART_DENOISER : PART_REFERENCE;
}

static PartKind recognise(const Weights *w)
{
    if (net_is_in(w, NET_CONTROL))
        return PART_CONTROL;
    if (has(w, "time_embedding.linear_1.weight") && has(w, "conv_in.weight"))
        return unet_kind(w);
    if (has(w, "final_proj.weight") && has(w, "scale"))
        return PART_PYRAMID;
    if (has(w, "encoder.conv_in.weight") || has(w, "decoder.conv_in.weight"))
        return PART_VAE;
    if (has(w, "vision_model.embeddings.class_embedding"))
        return PART_CLIP_VISION;
    if (has(w, "text_model.embeddings.token_embedding.weight"))
        return PART_TEXT;
    if (has(w, "conv_in.weight") && has(w, "conv_out.weight") && has(w, "blocks.0.weight"))
        return PART_GUIDER;
    if (any_contains(w, "motion_modules."))
        return PART_MOTION;
    return lora_is(w) ? PART_LORA : PART_UNKNOWN;
}

const char *part_name(PartKind kind)
{
    static const char *const names[PART_KINDS] = {"unknown",
                                                  "denoising UNet",
                                                  "denoising UNet with motion modules",
                                                  "reference UNet",
                                                  "motion modules",
                                                  "pose guider (plain)",
                                                  "pose guider (multi-resolution)",
                                                  "VAE",
                                                  "CLIP vision",
                                                  "UNet",
                                                  "ControlNet",
                                                  "text encoder",
                                                  "second text encoder",
                                                  "LoRA"};
    return names[kind];
}

bool part_is_whole(const Part *p)
{
    return p->missing.count == 0 && p->left.count == 0 && p->mistaken == 0 &&
           p->why.kind == ERR_NONE;
}

/* ---- its configuration ----------------------------------------------------------- */

static char *folder_of(const char *path)
{
    if (file_is_dir(path))
        return xstrdup(path);
    const char *slash = strrchr(path, '/');
    char *dir = xstrdup(slash == NULL ? "." : slash == path ? "/" : path);
    if (slash != NULL && slash != path)
        dir[slash - path] = '\0';
    return dir;
}

/* The first of `ways` that is there below the folder of `path`; NULL without
 * an error if none is. */
static Json *config_near(const char *path, const char *const *ways, Err *err)
{
    char *dir = folder_of(path);
    Json *config = NULL;
    for (bool is_there = false; !is_there && *ways != NULL; ways++) {
        char *file = file_join(dir, *ways);
        is_there = file_exists(file);
        if (is_there)
            config = js_load(file, err);
        xfree(file);
    }
    xfree(dir);
    return config;
}

static const char *const beside[] = {"config.json", NULL};
static const char *const of_unet[] = {
    "unet/config.json", "stable-diffusion-v1-5/unet/config.json", "config.json", NULL};

/* ---- binding it dry -------------------------------------------------------------- */

static void bind_unet(Bind *b, PartKind kind, const Json *config, Err *err)
{
    UNet *m = xalloc(1, sizeof *m);
    UNetConfig c = unet_config_sd15();
    UNetParts parts = {.text = kind == PART_UNET,
                       .motion = kind == PART_DENOISER_MOTION || kind == PART_MOTION,
                       .reference = kind == PART_REFERENCE};
    if (config == NULL || unet_config_read(&c, config, err))
        (void)!unet_bind(m, b, &c, parts);
    xfree(m);
}

static VaeParts halves(const Weights *w)
{
    return (VaeParts){weights_has_under(w, "encoder."), weights_has_under(w, "decoder.")};
}

static void bind_vae(Bind *b, const Weights *w, const Json *config, Err *err)
{
    Vae *m = xalloc(1, sizeof *m);
    VaeConfig c = vae_config_sd();
    if (config == NULL || vae_config_read(&c, config, err))
        (void)!vae_bind(m, b, &c, halves(w));
    xfree(m);
}

static void bind_clip(Bind *b, const Json *config, Err *err)
{
    ClipVision *m = xalloc(1, sizeof *m);
    ClipVisionConfig c = clip_vision_config_l14();
    if (config == NULL || clip_vision_config_read(&c, config, err))
        (void)!clip_vision_bind(m, b, &c);
    xfree(m);
}

static void bind_control(Bind *b, const Json *config, Err *err)
{
    ControlNet *m = xalloc(1, sizeof *m);
    UNetConfig c;
    if (unet_config_read(&c, config, err))
        (void)!controlnet_bind(m, b, &c);
    xfree(m);
}

static void bind_text(Bind *b, const Json *config, Err *err)
{
    ClipText *m = xalloc(1, sizeof *m);
    ClipTextConfig c;
    if (clip_text_config_read(&c, config, err))
        (void)!clip_text_bind(m, b, &c);
    xfree(m);
}

static void bind_guider(Bind *b, PartKind kind)
{
    enum { PUBLISHED_HEADS = 16 };
    PoseGuider *plain = xalloc(1, sizeof *plain);
    PosePyramid *pyramid = xalloc(1, sizeof *pyramid);
    if (kind == PART_GUIDER)
        (void)!pose_guider_bind(plain, b);
    else
        (void)!pose_pyramid_bind(pyramid, b, PUBLISHED_HEADS);
    xfree(plain);
    xfree(pyramid);
}

static bool is_unet(PartKind kind)
{
    return kind == PART_UNET || kind == PART_DENOISER || kind == PART_DENOISER_MOTION ||
           kind == PART_REFERENCE || kind == PART_MOTION;
}

static void bind(Bind *b, const Part *p, const Weights *w, const Json *config, Err *err)
{
    if (is_unet(p->kind))
        bind_unet(b, p->kind, config, err);
    else if (p->kind == PART_VAE)
        bind_vae(b, w, config, err);
    else if (p->kind == PART_CLIP_VISION)
        bind_clip(b, config, err);
    else if (p->kind == PART_TEXT || p->kind == PART_TEXT2)
        bind_text(b, config, err);
    else if (p->kind == PART_CONTROL)
        bind_control(b, config, err);
    else
        bind_guider(b, p->kind);
}

static void keep(PartNames *to, const char *name)
{
    to->name = xgrow(to->name, to->count + 1, sizeof *to->name);
    to->name[to->count++] = xstrdup(name);
}

/* What its network lets be left over. */
static const char *const *unread(PartKind kind, const Weights *w)
{
    if (is_unet(kind))
        return unet_unread();
    if (kind == PART_VAE)
        return vae_unread(halves(w));
    if (kind == PART_CLIP_VISION)
        return clip_vision_unread();
    if (kind == PART_TEXT || kind == PART_TEXT2)
        return clip_text_unread();
    return kind == PART_PYRAMID ? pose_pyramid_unread() : NULL;
}

/* A name that no file has. */
static const char REHEARSAL[] = "\001";

static void keep_names(Part *p, const Binder *b, const Weights *w)
{
    const char *name;
    for (size_t i = 1; (name = binder_missing(b, i)) != NULL; i++)
        if (p->kind != PART_MOTION || strstr(name, "motion_modules.") != NULL)
            keep(&p->missing, name);
    for (size_t at = 0; (name = binder_left(b, unread(p->kind, w), &at)) != NULL;)
        keep(&p->left, name);
    p->mistaken = b->mistaken_count;
    p->why = b->first;
}

/* After a first tensor that is missing, a Binder still takes note of names and
 * shapes, but nothing is read, packed or allocated for what it finds. */
static void bind_dry(Part *p, const Weights *w, const Json *config)
{
    Binder binder;
    Arena none;
    Kernels kernels = kernels_for(KERNELS_REF);
    if (!arena_init(&none, 0, &p->why))
        return;
    binder_init(&binder, w);
    (void)!tensor_is_empty(binder_take(&binder, REHEARSAL, SHAPE(1)));
    Bind b = {.binder = &binder, .arena = &none, .kernels = &kernels};
    bind(&b, p, w, config, &p->why);
    if (p->why.kind == ERR_NONE)
        keep_names(p, &binder, w);
    binder_release(&binder);
    arena_release(&none);
}

/* The network that tells its own sizes; NETS for what has a fixed one, or none. */
static Net net_of(PartKind kind)
{
    if (kind == PART_VAE)
        return NET_VAE;
    if (kind == PART_TEXT || kind == PART_TEXT2)
        return NET_TEXT;
    if (kind == PART_CONTROL)
        return NET_CONTROL;
    return is_unet(kind) && kind != PART_MOTION ? NET_UNET : NETS;
}

static void look(Part *p, const Weights *w, Json *config, int64_t context)
{
    if (config == NULL && net_of(p->kind) < NETS && p->why.kind == ERR_NONE)
        config = config_told(net_of(p->kind), w, context);
    if (p->why.kind == ERR_NONE)
        bind_dry(p, w, config);
    js_free(config);
}

/* By name alone it might be a sprite model's; in folders of diffusers it is not. */
static bool is_in_diffusers(const char *path)
{
    const char *slash = strrchr(path, '/');
    return file_is_dir(path) && strcmp(slash != NULL ? slash + 1 : path, "unet") == 0;
}

static void look_at_lora(Part *p, const char *path)
{
    Lora *lora = lora_open(path, 1, &p->why);
    if (lora == NULL)
        return;
    p->layers = lora_count(lora);
    p->family = lora_family(lora);
    lora_close(lora);
}

void part_look(Part *p, const Weights *weights, const char *path)
{
    *p = (Part){.kind = recognise(weights)};
    if (p->kind == PART_DENOISER && is_in_diffusers(path))
        p->kind = PART_UNET;
    if (p->kind == PART_LORA)
        look_at_lora(p, path);
    if (p->kind == PART_UNKNOWN || p->kind == PART_LORA)
        return;
    Json *config = NULL;
    if (is_unet(p->kind))
        config = config_near(path, of_unet, &p->why);
    else if (p->kind == PART_VAE || p->kind == PART_CLIP_VISION || p->kind == PART_TEXT ||
             p->kind == PART_CONTROL)
        config = config_near(path, beside, &p->why);
    look(p, weights, config, 0);
}

enum { REFINER_CONTEXT = 1280 };

void part_look_net(Part *p, const Weights *view, Net net, int64_t context)
{
    static const PartKind kinds[NETS] = {PART_UNET, PART_CONTROL, PART_VAE, PART_TEXT,
                                         PART_TEXT2};
    *p = (Part){.kind = kinds[net]};
    if (net == NET_UNET && context == REFINER_CONTEXT)
        err_set(&p->why, ERR_FORMAT,
                "a refiner, which only goes over pictures of the base model, is not supported");
    look(p, view, NULL, context);
}

static void names_release(PartNames *n)
{
    for (size_t i = 0; i < n->count; i++)
        xfree(n->name[i]);
    xfree(n->name);
}

void part_release(Part *p)
{
    names_release(&p->missing);
    names_release(&p->left);
    *p = (Part){0};
}
