/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "base/file.h"

#include <math.h>
#include <string.h>

/* ---- configurations -------------------------------------------------------------------- */

static bool read_nets(PaintWork *w, Err *err)
{
    const PaintParts *p = &w->parts;
    if (!unet_config_read(&w->unet, p->unet.config, err))
        return err_prefix(err, "the configuration of '%s': ", weights_path(p->unet.weights));
    if (!vae_config_read(&w->vae, p->vae.config, err))
        return err_prefix(err, "the configuration of '%s': ", weights_path(p->vae.weights));
    if (w->unet.out != w->vae.latent)
        return err_set(
            err, ERR_INPUT,
            "the UNet has %lld latent channels, the VAE has %lld: they do not belong "
            "together",
            (long long)w->unet.out, (long long)w->vae.latent);
    if ((w->q->preview || paint_is_quick(w)) && w->vae.latent != LATENT_CHANNELS)
        return err_set(err, ERR_INPUT,
                       "latents of %lld channels can only be seen by their VAE: leave out "
                       "--preview and --decoder",
                       (long long)w->vae.latent);
    if (p->is_inpaint && w->q->init == NULL)
        return err_set(err, ERR_INPUT,
                       "'%s' is for inpainting: give it a picture with --init, and a --mask",
                       weights_path(p->unet.weights));
    w->is_xl = w->unet.added > 0;
    if (w->is_xl != (p->text2.weights != NULL))
        return err_set(err, ERR_INPUT,
                       w->is_xl
                           ? "the UNet is told a pooled vector, but there is no second text "
                             "encoder to make one"
                           : "there is a second text encoder, but the UNet has no use for "
                             "its pooled vector");
    return true;
}

/* ---- the sampler ----------------------------------------------------------------------- */

static Json *flags_of(const PaintRequest *q)
{
    Json *j = js_new_object();
    if (q->spacing != NULL)
        js_put_string(j, "timestep_spacing", q->spacing);
    if (q->prediction != NULL)
        js_put_string(j, "prediction_type", q->prediction);
    for (int i = 0; q->sigmas != NULL && sigmas_name(i) != NULL; i++)
        if (strcmp(sigmas_name(i), "spaced") != 0) {
            char key[64] = "use_";
            strncat(key, sigmas_name(i), 40);
            js_put_bool(j, strcat(key, "_sigmas"), strcmp(q->sigmas, sigmas_name(i)) == 0);
        }
    return j;
}

/* Who leads the published model of such a size, where no file says it. */
static const char *usual_sampler(const PaintWork *w)
{
    enum { SD2_CONTEXT = 1024 };
    if (w->is_xl)
        return "euler";
    return w->parts.context == SD2_CONTEXT ? "ddim" : "pndm";
}

static bool choose_sampler(PaintWork *w, Err *err)
{
    const PaintRequest *q = w->q;
    const Json *file = w->parts.scheduler;
    if (file != NULL) {
        if (!scheduler_config_from(&w->scheduler, file, q->sampler, err))
            return false;
    } else {
        const char *name = q->sampler != NULL ? q->sampler : usual_sampler(w);
        w->scheduler = scheduler_config_sd(sampler_find(name));
        if (w->parts.predicts_v)
            w->scheduler.prediction_type = PREDICTS_V;
    }
    Json *flags = flags_of(q);
    bool ok = scheduler_config_set(&w->scheduler, flags, err);
    js_free(flags);
    w->scheduler.eta = q->eta;
    return ok;
}

/* ---- what is not given ----------------------------------------------------------------- */

/* As it is given, but no more pixels than twice what the model was trained with. */
static void size_of_init(const PaintWork *w, int64_t side, int64_t f, int64_t to[2])
{
    double wide = image_width(w->init), high = image_height(w->init);
    double most = 2.0 * (double)side * (double)side, area = wide * high;
    double scale = w->q->only_masked || area > most ? sqrt((double)(side * side) / area) : 1;
    to[0] = max64((int64_t)(wide * scale) / f, 1) * f;
    to[1] = max64((int64_t)(high * scale) / f, 1) * f;
}

static bool choose_size(PaintWork *w, Err *err)
{
    enum { XL_SIDE = 1024, V_SIDE = 768, SIDE = 512 };
    int64_t f = vae_factor(&w->vae), most = (int64_t)1 << (w->unet.blocks - 1);
    const int64_t *asked = w->q->size;
    int64_t given[2], side = js_int(js_get(w->parts.unet.config, "sample_size"), 0) * f;
    if (side <= 0 || side > 4096)
        side = w->is_xl ? XL_SIDE : w->parts.predicts_v ? V_SIDE : SIDE;
    given[0] = given[1] = side;
    if (asked[0] == 0 && !tensor_is_empty(w->init))
        size_of_init(w, side, f, given);
    w->width = (int)(asked[0] > 0 ? asked[0] : given[0]);
    w->height = (int)(asked[0] > 0 ? asked[1] : given[1]);
    if (w->width % f != 0 || w->height % f != 0)
        return err_set(
            err, ERR_INPUT, "--size is %dx%d; both must be multiples of %lld, as %lldx%lld",
            w->width, w->height, (long long)f, (long long)max64(div_up(w->width, f) * f, f),
            (long long)max64(div_up(w->height, f) * f, f));
    if (w->width / f < most || w->height / f < most)
        return err_set(err, ERR_INPUT, "--size is %dx%d; this model needs %lldx%lld at least",
                       w->width, w->height, (long long)(most * f), (long long)(most * f));
    return true;
}

static void choose_guidance(PaintWork *w)
{
    const double of_xl = 5, usual = 7.5, distilled = 1; /* as diffusers' pipelines */
    bool is_lcm = strcmp(sampler_name(w->scheduler.sampler), "lcm") == 0;
    double own = w->is_xl ? of_xl : usual;
    w->guidance = w->q->guidance;
    if (w->guidance == 0)
        w->guidance = is_lcm && w->unet.guidance_width == 0 ? distilled : own;
    w->rows = w->guidance > 1 && w->unet.guidance_width == 0 ? 2 : 1;
}

/* Models of XL say it in their index; those of one file are as the published ones. */
static bool read_index(PaintWork *w, Err *err)
{
    w->zeros = w->is_xl && w->q->negative == NULL;
    char *path = w->q->model != NULL ? file_join(w->q->model, "model_index.json") : NULL;
    bool ok = true;
    if (w->zeros && path != NULL && file_exists(path)) {
        Json *j = js_load(path, err);
        ok = j != NULL;
        w->zeros = js_bool(js_get(j, "force_zeros_for_empty_prompt"), true);
        js_free(j);
    }
    xfree(path);
    return ok;
}

bool paint_settle(PaintWork *w, Err *err)
{
    const int usual = 20, distilled = 4;
    const PaintRequest *q = w->q;
    if (!read_nets(w, err) || !choose_sampler(w, err) || !choose_size(w, err) ||
        !read_index(w, err))
        return false;
    bool is_lcm = strcmp(sampler_name(w->scheduler.sampler), "lcm") == 0;
    w->steps = q->steps > 0 ? (int)q->steps : is_lcm ? distilled : usual;
    w->pictures = max64(q->batch, 1);
    const double redrawn = 0.8, masked = 1; /* as diffusers' pipelines */
    w->strength = q->strength > 0 ? q->strength : tensor_is_empty(w->mask) ? redrawn : masked;
    choose_guidance(w);
    w->first[0] = w->width;
    w->first[1] = w->height;
    w->pass = (PaintPass){.steps = w->steps, .strength = w->strength};
    return paint_hires_settle(w, err);
}
