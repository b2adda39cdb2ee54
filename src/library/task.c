/* SPDX-License-Identifier: MIT */
#include "library/internal.h"

#include <string.h>

static const AtelierType types[] = {
    [PARAM_TEXT] = ATELIER_TEXT, [PARAM_WORDS] = ATELIER_TEXT,  [PARAM_LIST] = ATELIER_LIST,
    [PARAM_PATH] = ATELIER_PATH, [PARAM_PATHS] = ATELIER_PATHS, [PARAM_OUT] = ATELIER_OUT,
    [PARAM_INT] = ATELIER_INT,   [PARAM_SIZE] = ATELIER_SIZE,   [PARAM_NUMBER] = ATELIER_NUMBER,
    [PARAM_FLAG] = ATELIER_FLAG};

/* "walk|idle" as an array of words that ends with NULL, in one piece of memory. */
static char **new_choices(const char *choices)
{
    size_t count = 2;
    if (choices == NULL)
        return NULL;
    for (const char *c = choices; *c != '\0'; c++)
        count += *c == '|';
    char **words = xalloc(1, count * sizeof *words + strlen(choices) + 1);
    char *text = (char *)(words + count);
    memcpy(text, choices, strlen(choices) + 1);
    for (size_t i = 0; i + 1 < count; i++) {
        words[i] = text;
        text += strcspn(text, "|");
        if (*text == '|')
            *text++ = '\0';
    }
    return words;
}

static AtelierParam described(const Studio *s, int i, char **choices)
{
    const Param *p = &s->params[i];
    return (AtelierParam){.name = p->name,
                          .type = types[p->type],
                          .fallback = p->fallback != NULL ? p->fallback : "",
                          .least = p->least,
                          .most = p->most,
                          .unit = param_value_name(p),
                          .help = p->help,
                          .group = studio_group(s, i),
                          .choices = (const char *const *)choices,
                          .is_needed = param_is_needed(p)};
}

AtelierTask *atelier_task_new(const char *studio, AtelierError *error)
{
    Err err = {0};
    const char *near = NULL;
    const Studio *s = studios_named(studio, &near);
    if (s == NULL) {
        err_set(&err, ERR_INPUT, "there is no studio '%.60s'%s%s%s", studio,
                near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                near != NULL ? "'?" : "");
        fail(error, &err);
        return NULL;
    }
    AtelierTask *t = xalloc(1, sizeof *t);
    t->studio = s;
    t->params = xalloc((size_t)s->param_count, sizeof *t->params);
    t->choices = xalloc((size_t)s->param_count, sizeof *t->choices);
    t->values = xalloc((size_t)s->param_count, sizeof *t->values);
    for (int i = 0; i < s->param_count; i++) {
        t->choices[i] = new_choices(s->params[i].choices);
        t->params[i] = described(s, i, t->choices[i]);
        t->values[i].file = -1;
    }
    return t;
}

void atelier_task_free(AtelierTask *t)
{
    if (t == NULL)
        return;
    for (int i = 0; i < t->studio->param_count; i++) {
        value_release(&t->values[i]);
        xfree(t->choices[i]);
    }
    xfree(t->choices);
    xfree(t->params);
    xfree(t->values);
    xfree(t);
}

int atelier_param_count(const AtelierTask *t)
{
    return t->studio->param_count;
}

const AtelierParam *atelier_param(const AtelierTask *t, int i)
{
    return i >= 0 && i < t->studio->param_count ? &t->params[i] : NULL;
}

void atelier_on_progress(AtelierTask *t, AtelierOnProgress fn, void *user)
{
    t->on_progress = fn;
    t->progress_user = user;
}

void atelier_on_text(AtelierTask *t, AtelierOnText fn, void *user)
{
    t->on_text = fn;
    t->text_user = user;
}

void atelier_on_note(AtelierTask *t, AtelierOnText fn, void *user)
{
    t->on_note = fn;
    t->note_user = user;
}

void atelier_on_file(AtelierTask *t, AtelierOnFile fn, void *user)
{
    t->on_file = fn;
    t->file_user = user;
}

void atelier_on_frame(AtelierTask *t, AtelierOnFrame fn, void *user)
{
    t->on_frame = fn;
    t->frame_user = user;
}

void atelier_on_preview(AtelierTask *t, AtelierOnPreview fn, void *user)
{
    t->on_preview = fn;
    t->preview_user = user;
}
