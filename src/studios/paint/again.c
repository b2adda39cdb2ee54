/* SPDX-License-Identifier: MIT */
#include "studios/paint/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a picture was made of, where the person has not said otherwise. */
typedef struct Again {
    const Studio *studio;
    const void *defaults;
    PaintRequest *q;
    Arena *job;
} Again;

static bool is_given(const Again *g, const Param *p)
{
    static const size_t sizes[] = {
        [PARAM_TEXT] = sizeof(char *),   [PARAM_LIST] = sizeof(char *),
        [PARAM_PATH] = sizeof(char *),   [PARAM_PATHS] = sizeof(int64_t),
        [PARAM_OUT] = sizeof(char *),    [PARAM_INT] = sizeof(int64_t),
        [PARAM_NUMBER] = sizeof(double), [PARAM_SIZE] = 2 * sizeof(int64_t),
        [PARAM_FLAG] = sizeof(bool)};
    return memcmp((const char *)g->q + p->offset, (const char *)g->defaults + p->offset,
                  sizes[p->type]) != 0;
}

static bool take(const Again *g, const char *name, const char *value, Err *err)
{
    const Param *p = studio_param(g->studio, name, strlen(name));
    char *kept = arena_strdup(g->job, value);
    if (kept == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for a picture's settings");
    if (p == NULL || p->type == PARAM_OUT || kept[0] == '\0')
        return true;
    return param_set(p, g->q, kept, err) || err_prefix(err, "its --%s ", name);
}

/* ---- our own settings ------------------------------------------------------------------ */

static bool take_value(const Again *g, const char *name, const Json *value, Err *err)
{
    char number[40] = "";
    const Param *p = studio_param(g->studio, name, strlen(name));
    if (p == NULL || is_given(g, p))
        return true;
    for (size_t i = 0; i < js_count(value); i++)
        if (!take(g, name, js_string(js_at(value, i), ""), err))
            return false;
    if (js_is_number(value))
        snprintf(number, sizeof number, "%.17g", js_number(value, 0));
    else if (p->type == PARAM_FLAG)
        snprintf(number, sizeof number, "%s", js_bool(value, false) ? "true" : "false");
    return take(g, name, js_string(value, number), err);
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

/* The value after "Key: " in the last line, up to the next comma. */
static bool value_of(const char *line, const char *key, char *to, size_t room)
{
    size_t n = strlen(key);
    for (const char *s = line; s != NULL; s = strchr(s, ',')) {
        s += strspn(s, ", ");
        if (strncmp(s, key, n) == 0 && s[n] == ':') {
            s += n + 1 + strspn(s + n + 1, " ");
            snprintf(to, room, "%.*s", (int)strcspn(s, ","), s);
            return true;
        }
    }
    return false;
}

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
    return theirs;
}

static bool take_theirs(const Again *g, char *text, Err *err)
{
    static const char *const pairs[][2] = {
        {"Steps", "steps"},         {"Sampler", "sampler"}, {"CFG scale", "guidance"},
        {"Seed", "seed"},           {"Size", "size"},       {"Clip skip", "clip-skip"},
        {"Schedule type", "sigmas"}};
    char value[64], *last = strrchr(text, '\n');
    last = last == NULL ? text : last;
    char *line = last + (*last == '\n');
    bool ok = true;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && ok; i++) {
        const Param *p = studio_param(g->studio, pairs[i][1], strlen(pairs[i][1]));
        if (is_given(g, p) || !value_of(line, pairs[i][0], value, sizeof value))
            continue;
        const char *ours = our_word(pairs[i][1], value);
        ok = ours == NULL || take(g, pairs[i][1], ours, err);
    }
    *last = '\0';
    char *negative = strstr(text, "\nNegative prompt: ");
    if (negative != NULL) {
        *negative = '\0';
        negative += strlen("\nNegative prompt: ");
        ok = ok && (g->q->negative != NULL || take(g, "negative", negative, err));
    }
    return ok && (g->q->prompt != NULL || take(g, "prompt", text, err));
}

bool paint_again(const Studio *studio, PaintRequest *q, Arena *job, Err *err)
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
                       "--from: '%.200s' does not say what it was made of: it is no PNG of "
                       "atelier or of the web UI, or was saved without its texts",
                       path);
    void *defaults = xalloc(1, studio->request_size);
    studio_defaults(studio, defaults);
    const Again g = {studio, defaults, q, job};
    bool ok = ours != NULL ? take_ours(&g, ours, path, err) : take_theirs(&g, theirs, err);
    xfree(defaults);
    return ok || err_prefix(err, "--from '%.100s': ", path);
}
