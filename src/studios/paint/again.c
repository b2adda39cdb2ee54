/* SPDX-License-Identifier: MIT */
#include "studios/paint/internal.h"

#include "media/parameters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a picture was made of, where the person has not said otherwise. */
typedef struct Again {
    const Studio *studio;
    const void *defaults;
    PaintRequest *q;
    const StudioRun *talk;
    Arena *job;
} Again;

static bool is_given(const Again *g, const Param *p)
{
    static const size_t sizes[] = {
        [PARAM_TEXT] = sizeof(char *),      [PARAM_WORDS] = sizeof(char *),
        [PARAM_LIST] = sizeof(char *),      [PARAM_PATH] = sizeof(char *),
        [PARAM_PATHS] = sizeof(int64_t),    [PARAM_OUT] = sizeof(char *),
        [PARAM_INT] = sizeof(int64_t),      [PARAM_NUMBER] = sizeof(double),
        [PARAM_SIZE] = 2 * sizeof(int64_t), [PARAM_FLAG] = sizeof(bool)};
    return memcmp((const char *)g->q + p->offset, (const char *)g->defaults + p->offset,
                  sizes[p->type]) != 0;
}

/* A value that is not given. */
static bool take(const Again *g, const Param *p, const char *value, Err *err)
{
    char *kept = arena_strdup(g->job, value);
    if (kept == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for a picture's settings");
    if (kept[0] == '\0' && p->type != PARAM_WORDS)
        return true;
    return param_set(p, g->q, kept, err) || err_prefix(err, "its --%s ", p->name);
}

static const Param *wanted(const Again *g, const char *name)
{
    const Param *p = studio_param(g->studio, name, strlen(name));
    return p == NULL || p->type == PARAM_OUT || is_given(g, p) ? NULL : p;
}

/* ---- our own settings ------------------------------------------------------------------ */

static bool take_value(const Again *g, const char *name, const Json *value, Err *err)
{
    char number[40] = "";
    const Param *p = wanted(g, name);
    if (p == NULL || js_is_null(value))
        return true;
    for (size_t i = 0; i < js_count(value); i++)
        if (!take(g, p, js_string(js_at(value, i), ""), err))
            return false;
    if (js_is_array(value))
        return true;
    if (js_is_number(value))
        snprintf(number, sizeof number, "%.17g", js_number(value, 0));
    else if (p->type == PARAM_FLAG)
        snprintf(number, sizeof number, "%s", js_bool(value, false) ? "true" : "false");
    return take(g, p, js_string(value, number), err);
}

static bool take_ours(const Again *g, const char *text, const char *path, Err *err)
{
    Json *j = js_parse(text, strlen(text), path, err);
    bool ok = j != NULL;
    for (void *it = js_first(j); it != NULL && ok; it = js_next(j, it))
        ok = take_value(g, js_key(it), js_value(it), err);
    js_free(j);
    return ok;
}

/* ---- the web UI's ---------------------------------------------------------------------- */

/* NULL for a word that we do not have: then it is as the model is used best. */
static const char *our_word(const char *name, const char *theirs)
{
    if (strcmp(name, "sampler") == 0) {
        const SamplerKind *kind = sampler_find(strcmp(theirs, "PLMS") == 0 ? "pndm" : theirs);
        return kind == NULL ? NULL : sampler_name(kind);
    }
    if (strcmp(name, "sigmas") == 0)
        return strcmp(theirs, "Karras") == 0        ? "karras"
               : strcmp(theirs, "Exponential") == 0 ? "exponential"
                                                    : NULL;
    if (strcmp(name, "hires-by") == 0)
        return paint_upscaler(theirs);
    if (strcmp(name, "only-masked") == 0)
        return strcmp(theirs, "Only masked") == 0 ? "true" : NULL;
    return theirs;
}

static void warn(const Again *g, const char *fmt, const char *what)
{
    PaintLine line;
    if (g->talk->warn == NULL)
        return;
    snprintf(line.s, sizeof line.s, fmt, what);
    g->talk->warn(g->talk->user, line.s);
}

typedef struct TheirPair {
    const char *theirs, *ours;
} TheirPair;

static bool take_pairs(const Again *g, const Parameters *said, const TheirPair *pairs, Err *err)
{
    for (; pairs->theirs != NULL; pairs++) {
        const Param *p = wanted(g, pairs->ours);
        const char *value = parameters_get(said, pairs->theirs);
        const char *ours = p == NULL || value == NULL ? NULL : our_word(pairs->ours, value);
        if (ours != NULL && !take(g, p, ours, err))
            return false;
        if (value != NULL && ours == NULL && p != NULL && strcmp(p->name, "sampler") == 0)
            warn(g, "its sampler '%.100s' is not known here: --sampler names another", value);
        if (value != NULL && ours == NULL && p != NULL && strcmp(p->name, "hires-by") == 0 &&
            g->q->hires_model == NULL)
            warn(g, "it was made larger by '%.100s': give that file with --hires-model", value);
    }
    return true;
}

/* Without a word they took a graphics card's noise. */
static const char *their_rng(const Parameters *said)
{
    const char *rng = parameters_get(said, "RNG");
    return rng != NULL && strcmp(rng, "CPU") == 0 ? "cpu" : "cuda";
}

/* What they say of a picture to begin with holds only if there is one. */
static bool take_settings(const Again *g, const Parameters *said, Err *err)
{
    static const TheirPair always[] = {{"Steps", "steps"},
                                       {"Sampler", "sampler"},
                                       {"CFG scale", "guidance"},
                                       {"Seed", "seed"},
                                       {"Size", "size"},
                                       {"Clip skip", "clip-skip"},
                                       {"Schedule type", "sigmas"},
                                       {NULL, NULL}};
    static const TheirPair begun[] = {{"Denoising strength", "strength"}, {NULL, NULL}};
    static const TheirPair larger[] = {{"Hires upscale", "hires"},
                                       {"Hires steps", "hires-steps"},
                                       {"Hires upscaler", "hires-by"},
                                       {"Denoising strength", "hires-strength"},
                                       {NULL, NULL}};
    static const TheirPair masked[] = {{"Mask blur", "mask-blur"},
                                       {"Masked area padding", "padding"},
                                       {"Inpaint area", "only-masked"},
                                       {NULL, NULL}};
    bool is_larger = g->q->init == NULL && parameters_get(said, "Hires upscale") != NULL;
    const Param *rng = wanted(g, "rng");
    return take_pairs(g, said, always, err) &&
           (rng == NULL || take(g, rng, their_rng(said), err)) &&
           (g->q->init == NULL || take_pairs(g, said, begun, err)) &&
           (!is_larger || take_pairs(g, said, larger, err)) &&
           (g->q->mask == NULL || take_pairs(g, said, masked, err));
}

/* Where the next "<lora:NAME:WEIGHT>" begins, and past which letter it ends; NULL if there is
 * none.  Other networks are named so, too. */
static char *next_tag(char *text, char **end)
{
    static const char *const kinds[] = {"<lora:", "<lyco:", "<hypernet:"};
    for (char *at = strchr(text, '<'); at != NULL; at = strchr(at + 1, '<'))
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (strncmp(at, kinds[i], strlen(kinds[i])) == 0) {
                *end = strchr(at, '>');
                return *end != NULL ? at : NULL;
            }
    return NULL;
}

/* In the web UI LoRAs are part of the prompt, here they are flags. */
static void take_tags_out(const Again *g, char *prompt)
{
    char *end;
    for (char *at = prompt; (at = next_tag(at, &end)) != NULL;) {
        *end = '\0';
        if (g->q->loras.count == 0)
            warn(g, "it was made with '%.200s': give that file with --lora", at + 1);
        memmove(at, end + 1, strlen(end + 1) + 1);
    }
}

static bool names_model(const Again *g, const Parameters *said, Err *err)
{
    const char *model = parameters_get(said, "Model");
    const char *hash = parameters_get(said, "Model hash");
    if (model == NULL || g->q->model != NULL || g->q->unet != NULL)
        return true;
    return err_set(err, ERR_INPUT,
                   "it was made with the model '%.150s'%s%.20s: give its file with --model",
                   model, hash != NULL ? ", hash " : "", hash != NULL ? hash : "");
}

static bool take_theirs(const Again *g, const char *text, Err *err)
{
    Parameters said;
    const Param *prompt = wanted(g, "prompt"), *negative = wanted(g, "negative");
    if (!parameters_read(&said, text, g->job))
        return err_set(err, ERR_INPUT,
                       "its text is not as the web UI writes it: it has no line of settings");
    char *kept = arena_strdup(g->job, said.prompt);
    if (kept == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for a picture's settings");
    take_tags_out(g, kept);
    return names_model(g, &said, err) && take_settings(g, &said, err) &&
           (prompt == NULL || take(g, prompt, kept, err)) &&
           (negative == NULL || take(g, negative, said.negative, err));
}

bool paint_again(const Studio *studio, PaintRequest *q, const StudioRun *talk, Arena *job,
                 Err *err)
{
    char *ours, *theirs = NULL;
    const char *path = q->again;
    if (path == NULL)
        return true;
    if (!image_text(&ours, path, "atelier", job, err) ||
        (ours == NULL && !image_text(&theirs, path, "parameters", job, err)))
        return false;
    if (ours == NULL && theirs == NULL)
        return err_set(err, ERR_INPUT,
                       "--from: '%.200s' does not say what it was made of: it is no picture of "
                       "atelier or of the web UI, or was saved without its texts",
                       path);
    void *defaults = xalloc(1, studio->request_size);
    studio_defaults(studio, defaults);
    const Again g = {studio, defaults, q, talk, job};
    bool ok = ours != NULL ? take_ours(&g, ours, path, err) : take_theirs(&g, theirs, err);
    xfree(defaults);
    return ok || err_prefix(err, "--from '%.100s': ", path);
}
