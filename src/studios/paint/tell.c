/* SPDX-License-Identifier: MIT */
#include "studios/paint/internal.h"

#include "base/file.h"
#include "media/parameters.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- a growing text -------------------------------------------------------------------- */

typedef struct Text {
    char *s;
    size_t n;
} Text;

static void add(Text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void add(Text *t, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    size_t more = (size_t)vsnprintf(NULL, 0, fmt, args);
    t->s = xgrow(t->s, t->n + more + 1, 1);
    vsnprintf(t->s + t->n, more + 1, fmt, again);
    t->n += more;
    va_end(again);
    va_end(args);
}

/* ---- as AUTOMATIC1111's web UI writes it ----------------------------------------------- */

static const char *their_sampler(const char *ours)
{
    static const char *const names[][2] = {
        {"ddim", "DDIM"},   {"ddpm", "DDPM"},       {"pndm", "PLMS"},
        {"euler", "Euler"}, {"euler_a", "Euler a"}, {"dpm++2m", "DPM++ 2M"},
        {"unipc", "UniPC"}, {"lcm", "LCM"},         {"dpm++2m_karras", "DPM++ 2M"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], ours) == 0)
            return names[i][1];
    return ours;
}

static void add_value(Text *t, const char *name, const char *value)
{
    char *as = parameters_value(value);
    add(t, ", %s: %s", name, as);
    xfree(as);
}

/* "v1-5" of "models/v1-5.safetensors"; a folder's name is its whole one. */
static void add_stem(Text *t, const char *key, const char *path)
{
    size_t n;
    const char *name = file_stem(path, &n);
    char *kept = xstrdup(name[0] != '\0' ? name : path);
    if (name[0] != '\0' && !file_is_dir(path))
        kept[n] = '\0';
    add_value(t, key, kept);
    xfree(kept);
}

static void add_model(Text *t, const PaintRequest *q, const PaintHashes *h)
{
    if (h->model[0] != '\0')
        add_value(t, "Model hash", h->model);
    add_stem(t, "Model", q->model != NULL ? q->model : q->unet);
    if (h->vae[0] != '\0') {
        const char *slash = strrchr(q->vae, '/');
        add_value(t, "VAE hash", h->vae);
        add_value(t, "VAE", slash != NULL ? slash + 1 : q->vae);
    }
}

/* In the web UI LoRAs are part of the prompt. */
static void add_loras(Text *t, const PaintRequest *q)
{
    for (int64_t i = 0; i < q->loras.count; i++) {
        size_t path, n;
        double weight = paint_lora_weight(q->loras.of[i], &path);
        char *file = xstrdup(q->loras.of[i]);
        file[path] = '\0';
        const char *name = file_stem(file, &n);
        add(t, " <lora:%.*s:%g>", (int)n, name, weight);
        xfree(file);
    }
}

static void add_sampler(Text *t, const PaintWork *w)
{
    const SigmaRule s = w->scheduler.sigmas;
    add(t, "Steps: %d, Sampler: %s", w->steps,
        their_sampler(sampler_name(w->scheduler.sampler)));
    if (s != SIGMAS_SPACED)
        add(t, ", Schedule type: %s", s == SIGMAS_KARRAS ? "Karras" : "Exponential");
}

/* As the web UI calls what makes latents or pictures larger. */
static const struct {
    const char *ours, *theirs;
} upscalers[] = {
    {"latent", "Latent"}, {"latent-nearest", "Latent (nearest)"}, {"lanczos", "Lanczos"}};

const char *paint_upscaler(const char *theirs)
{
    for (size_t i = 0; i < sizeof upscalers / sizeof *upscalers; i++)
        if (strcmp(upscalers[i].theirs, theirs) == 0)
            return upscalers[i].ours;
    return NULL;
}

static const char *their_upscaler(const char *ours)
{
    for (size_t i = 0; i < sizeof upscalers / sizeof *upscalers; i++)
        if (strcmp(upscalers[i].ours, ours) == 0)
            return upscalers[i].theirs;
    return ours;
}

static void add_hires(Text *t, const PaintWork *w)
{
    const PaintRequest *q = w->q;
    if (w->hires.scale > 0) {
        add(t, ", Denoising strength: %g, Hires upscale: %g", w->hires.strength,
            w->hires.scale);
        if (w->hires.steps != w->steps)
            add(t, ", Hires steps: %d", w->hires.steps);
        if (q->hires_model != NULL)
            add_stem(t, "Hires upscaler", q->hires_model);
        else
            add_value(t, "Hires upscaler", their_upscaler(q->hires_by));
    }
    if (q->upscale != NULL)
        add_stem(t, "Postprocess upscaler", q->upscale);
}

char *paint_parameters(const PaintWork *w, const PaintHashes *h, int64_t i)
{
    const PaintRequest *q = w->q;
    Text t = {0};
    add(&t, "%s", q->prompt);
    add_loras(&t, q);
    add(&t, "\n");
    if (q->negative != NULL && q->negative[0] != '\0')
        add(&t, "Negative prompt: %s\n", q->negative);
    add_sampler(&t, w);
    add(&t, ", CFG scale: %g, Seed: %lld, Size: %dx%d", w->guidance, (long long)(q->seed + i),
        w->first[0], w->first[1]);
    add_model(&t, q, h);
    if (!tensor_is_empty(w->init))
        add(&t, ", Denoising strength: %g", w->strength);
    add_hires(&t, w);
    if (q->clip_skip > 1)
        add(&t, ", Clip skip: %lld", (long long)q->clip_skip);
    if (strcmp(q->rng, "cpu") == 0)
        add(&t, ", RNG: CPU");
    if (!tensor_is_empty(w->mask) && q->mask_blur > 0)
        add(&t, ", Mask blur: %lld", (long long)q->mask_blur);
    if (q->only_masked)
        add(&t, ", Inpaint area: Only masked, Masked area padding: %lld",
            (long long)q->padding);
    if (h->loras != NULL)
        add_value(&t, "Lora hashes", h->loras);
    add(&t, ", Version: atelier " ATELIER_VERSION);
    return t.s;
}

/* ---- as we read it --------------------------------------------------------------------- */

static bool is_of_the_machine(const char *name)
{
    static const char *const names[] = {
        "out",     "dump", "memory",  "tile-vae",      "threads",      "kernels", "batch",
        "verbose", "from", "preview", "preview-every", "preview-file", NULL};
    for (const char *const *n = names; *n != NULL; n++)
        if (strcmp(*n, name) == 0)
            return true;
    return false;
}

static Json *js_of(const Paths *p)
{
    Json *j = js_new_array();
    for (int64_t i = 0; i < p->count; i++)
        js_push_string(j, p->of[i]);
    return j;
}

static void put(Json *j, const Param *p, const void *request)
{
    const void *at = (const char *)request + p->offset;
    const char *text = p->type == PARAM_TEXT || p->type == PARAM_WORDS ||
                               p->type == PARAM_PATH || p->type == PARAM_LIST
                           ? *(const char *const *)at
                           : NULL;
    const int64_t *whole = at;
    char size[64];
    if (p->type == PARAM_PATHS && ((const Paths *)at)->count > 0)
        js_put(j, p->name, js_of(at));
    else if (text != NULL)
        js_put_string(j, p->name, text);
    else if (p->type == PARAM_INT && (whole[0] != 0 || p->fallback[0] != '\0'))
        js_put_int(j, p->name, whole[0]);
    else if (p->type == PARAM_NUMBER && *(const double *)at != 0)
        js_put_number(j, p->name, *(const double *)at);
    else if (p->type == PARAM_FLAG && *(const bool *)at)
        js_put_bool(j, p->name, true);
    else if (p->type == PARAM_SIZE && whole[0] > 0) {
        snprintf(size, sizeof size, "%lldx%lld", (long long)whole[0], (long long)whole[1]);
        js_put_string(j, p->name, size);
    }
}

char *paint_settings(const PaintWork *w, int64_t i)
{
    PaintRequest *of = xalloc(1, sizeof *of);
    *of = *w->q;
    of->seed += i;
    of->steps = w->steps;
    of->guidance = w->guidance;
    of->size[0] = w->first[0];
    of->size[1] = w->first[1];
    of->hires_strength = w->hires.strength;
    of->hires_steps = w->hires.steps;
    of->sampler = sampler_name(w->scheduler.sampler);
    of->strength = tensor_is_empty(w->init) ? 0 : w->strength;
    Json *j = js_new_object();
    for (int k = 0; k < w->studio->param_count; k++)
        if (!is_of_the_machine(w->studio->params[k].name))
            put(j, &w->studio->params[k], of);
    char *text = js_text(j, true);
    js_free(j);
    xfree(of);
    return text;
}
