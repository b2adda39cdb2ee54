/* SPDX-License-Identifier: MIT */
#include "studios/paint/internal.h"

#include "base/file.h"

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

/* A value between commas: in quotes, if it has signs of the list in it. */
static void add_value(Text *t, const char *name, const char *value)
{
    if (strpbrk(value, ",:\n\"") == NULL) {
        add(t, ", %s: %s", name, value);
        return;
    }
    Json *j = js_new_array();
    js_push_string(j, value);
    char *quoted = js_text(j, true); /* ["value"] */
    add(t, ", %s: %.*s", name, (int)strlen(quoted) - 2, quoted + 1);
    xfree(quoted);
    js_free(j);
}

/* "v1-5" of "models/v1-5.safetensors". */
static void add_model(Text *t, const PaintRequest *q)
{
    char name[256];
    const char *path = q->model != NULL ? q->model : q->unet, *slash = strrchr(path, '/');
    snprintf(name, sizeof name, "%s", slash != NULL && slash[1] != '\0' ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name && !file_is_dir(path))
        *dot = '\0';
    add_value(t, "Model", name);
}

static void add_sampler(Text *t, const PaintWork *w)
{
    const SigmaRule s = w->scheduler.sigmas;
    add(t, "Steps: %d, Sampler: %s", w->steps,
        their_sampler(sampler_name(w->scheduler.sampler)));
    if (s != SIGMAS_SPACED)
        add(t, ", Schedule type: %s", s == SIGMAS_KARRAS ? "Karras" : "Exponential");
}

char *paint_parameters(const PaintWork *w, int64_t i)
{
    const PaintRequest *q = w->q;
    Text t = {0};
    add(&t, "%s\n", q->prompt);
    if (q->negative != NULL)
        add(&t, "Negative prompt: %s\n", q->negative);
    add_sampler(&t, w);
    add(&t, ", CFG scale: %g, Seed: %lld, Size: %dx%d", w->guidance, (long long)(q->seed + i),
        w->width, w->height);
    add_model(&t, q);
    if (!tensor_is_empty(w->init))
        add(&t, ", Denoising strength: %g", w->strength);
    if (q->clip_skip > 1)
        add(&t, ", Clip skip: %lld", (long long)q->clip_skip);
    if (strcmp(q->rng, "cpu") == 0)
        add(&t, ", RNG: CPU");
    if (!tensor_is_empty(w->mask) && q->mask_blur > 0)
        add(&t, ", Mask blur: %lld", (long long)q->mask_blur);
    if (q->only_masked)
        add(&t, ", Inpaint area: Only masked, Masked area padding: %lld",
            (long long)q->padding);
    add(&t, ", Version: atelier " ATELIER_VERSION);
    return t.s;
}

/* ---- as we read it --------------------------------------------------------------------- */

static bool is_of_the_machine(const char *name)
{
    static const char *const names[] = {"out",   "dump",    "threads", "kernels",
                                        "batch", "verbose", "from",    NULL};
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
    const char *text = p->type == PARAM_TEXT || p->type == PARAM_PATH || p->type == PARAM_LIST
                           ? *(const char *const *)at
                           : NULL;
    const int64_t *whole = at;
    char size[64];
    if (p->type == PARAM_PATHS && ((const Paths *)at)->count > 0)
        js_put(j, p->name, js_of(at));
    else if (text != NULL)
        js_put_string(j, p->name, text);
    else if (p->type == PARAM_INT)
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
    of->size[0] = w->width;
    of->size[1] = w->height;
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
