/* SPDX-License-Identifier: MIT */
#include "studios/studio.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool studio_goes_on(const StudioRun *talk, Err *err)
{
    if (talk->cancel == NULL || !atomic_load(talk->cancel))
        return true;
    return err_set(err, ERR_CANCELLED, "stopped");
}

/* ---- the table ------------------------------------------------------------------- */

const Param *studio_param(const Studio *s, const char *name, size_t n)
{
    for (int i = 0; i < s->param_count; i++)
        if (strlen(s->params[i].name) == n && memcmp(s->params[i].name, name, n) == 0)
            return &s->params[i];
    return NULL;
}

const char *studio_group(const Studio *s, int i)
{
    for (; i >= 0; i--)
        for (int g = 0; g < s->group_count; g++)
            if (strcmp(s->groups[g].first, s->params[i].name) == 0)
                return s->groups[g].heading;
    return NULL;
}

bool studio_flag(const Studio *s, const void *request, const char *name)
{
    const Param *p = studio_param(s, name, strlen(name));
    return p != NULL && p->type == PARAM_FLAG &&
           *(const bool *)((const char *)request + p->offset);
}

const char *param_value_name(const Param *p)
{
    static const char *const of_type[] = {
        [PARAM_TEXT] = "TEXT", [PARAM_WORDS] = "TEXT", [PARAM_LIST] = "LIST",
        [PARAM_PATH] = "PATH", [PARAM_PATHS] = "PATH", [PARAM_OUT] = "PATH",
        [PARAM_INT] = "N",     [PARAM_NUMBER] = "X",   [PARAM_SIZE] = "WxH",
        [PARAM_FLAG] = ""};
    return p->value != NULL ? p->value : of_type[p->type];
}

static bool has_default(const Param *p)
{
    return p->fallback != NULL && p->fallback[0] != '\0';
}

void studio_defaults(const Studio *s, void *request)
{
    Err err = {0};
    for (int i = 0; i < s->param_count; i++)
        if (has_default(&s->params[i]))
            must(param_set(&s->params[i], request, s->params[i].fallback, &err));
}

bool param_is_needed(const Param *p)
{
    return p->is_positional && p->fallback == NULL;
}

bool param_is_missing(const Param *p, const void *request)
{
    const void *at = (const char *)request + p->offset;
    if (!param_is_needed(p))
        return false;
    return p->type == PARAM_PATHS ? ((const Paths *)at)->count == 0
                                  : *(const char *const *)at == NULL;
}

void param_choices(char *to, size_t room, const char *choices)
{
    size_t n = 0;
    for (const char *c = choices; *c != '\0' && n + 3 < room; c++) {
        to[n++] = *c == '|' ? ',' : *c;
        if (*c == '|')
            to[n++] = ' ';
    }
    to[n] = '\0';
}

/* ---- values ---------------------------------------------------------------------- */

static bool within(const Param *p, double x)
{
    return p->most == 0 || (x >= p->least && x <= p->most);
}

/* "is 0; it must be 1 to 1000", or what kind of thing it must be. */
static bool refuse(const Param *p, const char *text, const char *what, Err *err)
{
    char range[64] = "";
    const char *before = what[0] == '\0' ? "" : p->type == PARAM_SIZE ? " " : ", ";
    if (p->most != 0)
        snprintf(range, sizeof range, "%s%.10g to %.10g", before, p->least, p->most);
    return err_set(err, ERR_INPUT, "is %.100s; it must be %s%s", text, what, range);
}

/* A whole number from the front of `text`; *end is what comes after it. */
static bool whole(const char *text, int64_t *n, const char **end)
{
    char *stop;
    if (strchr("+-0123456789", text[0]) == NULL || text[0] == '\0')
        return false;
    errno = 0;
    *n = strtoll(text, &stop, 10);
    *end = stop;
    return stop != text && errno == 0;
}

static bool set_int(const Param *p, void *to, const char *text, Err *err)
{
    int64_t n;
    const char *end;
    if (!whole(text, &n, &end) || *end != '\0')
        return refuse(p, text, "a whole number", err);
    if (!within(p, (double)n))
        return refuse(p, text, "", err);
    memcpy(to, &n, sizeof n);
    return true;
}

static bool set_number(const Param *p, void *to, const char *text, Err *err)
{
    char *end;
    double x = strtod(text, &end);
    bool is_plain = text[0] != '\0' && strspn(text, "+-.0123456789eE") == strlen(text);
    if (!is_plain || *end != '\0' || !isfinite(x))
        return refuse(p, text, "a number", err);
    if (!within(p, x))
        return refuse(p, text, "", err);
    memcpy(to, &x, sizeof x);
    return true;
}

static bool set_size(const Param *p, void *to, const char *text, Err *err)
{
    int64_t size[2];
    const char *end;
    bool is_size = whole(text, &size[0], &end) && (*end == 'x' || *end == 'X') &&
                   whole(end + 1, &size[1], &end) && *end == '\0';
    if (!is_size || !within(p, (double)size[0]) || !within(p, (double)size[1]))
        return refuse(p, text, "WIDTHxHEIGHT, as in 512x512, both", err);
    memcpy(to, size, sizeof size);
    return true;
}

static bool set_flag(void *to, const char *text, Err *err)
{
    bool is_on = strcmp(text, "true") == 0;
    if (!is_on && strcmp(text, "false") != 0)
        return err_set(err, ERR_INPUT, "is '%.100s'; it must be true or false", text);
    memcpy(to, &is_on, sizeof is_on);
    return true;
}

static bool is_choice(const char *choices, const char *text, size_t n)
{
    for (const char *c = choices; c != NULL; c = strchr(c, '|')) {
        c += *c == '|';
        if (strncmp(c, text, n) == 0 && (c[n] == '|' || c[n] == '\0'))
            return n > 0 && memchr(text, '|', n) == NULL;
    }
    return false;
}

static bool set_text(const Param *p, void *to, const char *text, Err *err)
{
    char choices[400];
    if (text[0] == '\0' && p->type != PARAM_WORDS)
        return err_set(err, ERR_INPUT, "is empty; give it %s",
                       p->value != NULL ? p->value : "a value");
    bool is_list = p->type == PARAM_LIST;
    for (const char *word = text; p->choices != NULL && word != NULL;) {
        size_t n = is_list ? strcspn(word, ",") : strlen(word);
        if (!is_choice(p->choices, word, n)) {
            param_choices(choices, sizeof choices, p->choices);
            return err_set(err, ERR_INPUT, "is '%.*s'; it must be %s: %s",
                           (int)min64((int64_t)n, 100), word,
                           is_list ? "some of, with commas between them" : "one of", choices);
        }
        word = word[n] == ',' ? word + n + 1 : NULL;
    }
    memcpy(to, &text, sizeof text);
    return true;
}

static bool add_path(const Param *p, Paths *to, const char *text, Err *err)
{
    if (to->count == PATHS_MOST)
        return err_set(err, ERR_INPUT, "is given more than %d times; run again with the rest",
                       PATHS_MOST);
    if (!set_text(p, &to->of[to->count], text, err))
        return false;
    to->count++;
    return true;
}

bool param_set(const Param *p, void *request, const char *text, Err *err)
{
    void *to = (char *)request + p->offset;
    switch (p->type) {
    case PARAM_INT:
        return set_int(p, to, text, err);
    case PARAM_NUMBER:
        return set_number(p, to, text, err);
    case PARAM_SIZE:
        return set_size(p, to, text, err);
    case PARAM_FLAG:
        return set_flag(to, text, err);
    case PARAM_PATHS:
        return add_path(p, to, text, err);
    case PARAM_TEXT:
    case PARAM_WORDS:
    case PARAM_LIST:
    case PARAM_PATH:
    case PARAM_OUT:
        return set_text(p, to, text, err);
    }
    return false;
}

/* ---- a request as text ----------------------------------------------------------- */

static bool is_among(const char *name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* "name=value\n" at the end of *text. */
static void add_line(char **text, const char *name, const char *value)
{
    size_t was = *text == NULL ? 0 : strlen(*text), n = strlen(name) + strlen(value) + 3;
    *text = xgrow(*text, was + n, 1);
    snprintf(*text + was, n, "%s=%s\n", name, value);
}

static void add_param(char **text, const Param *p, const void *request)
{
    const void *at = (const char *)request + p->offset;
    const int64_t *whole_numbers = at;
    char number[64] = "";
    switch (p->type) {
    case PARAM_INT:
        if (whole_numbers[0] != 0)
            snprintf(number, sizeof number, "%lld", (long long)whole_numbers[0]);
        break;
    case PARAM_SIZE:
        if (whole_numbers[0] != 0)
            snprintf(number, sizeof number, "%lldx%lld", (long long)whole_numbers[0],
                     (long long)whole_numbers[1]);
        break;
    case PARAM_NUMBER:
        if (*(const double *)at != 0)
            snprintf(number, sizeof number, "%.17g", *(const double *)at);
        break;
    case PARAM_FLAG:
        snprintf(number, sizeof number, "%s", *(const bool *)at ? "true" : "");
        break;
    case PARAM_PATHS:
        for (int64_t i = 0; i < ((const Paths *)at)->count; i++)
            add_line(text, p->name, ((const Paths *)at)->of[i]);
        return;
    case PARAM_TEXT:
    case PARAM_WORDS:
    case PARAM_LIST:
    case PARAM_PATH:
    case PARAM_OUT:
        if (*(const char *const *)at != NULL && **(const char *const *)at != '\0')
            add_line(text, p->name, *(const char *const *)at);
        return;
    }
    if (number[0] != '\0')
        add_line(text, p->name, number);
}

char *studio_settings(const Studio *s, const void *request, const char *const *without)
{
    char *text = xstrdup("");
    for (int i = 0; i < s->param_count; i++)
        if (!is_among(s->params[i].name, without))
            add_param(&text, &s->params[i], request);
    return text;
}
