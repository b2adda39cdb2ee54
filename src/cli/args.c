/* SPDX-License-Identifier: MIT */
#include "cli/args.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { NAME_ROOM = 64, FLAGS_MOST = 96 };

/* "--steps", or what help calls a positional: "PICTURE". */
static const char *called(const Param *p, char room[NAME_ROOM])
{
    snprintf(room, NAME_ROOM, "%s%s", p->is_positional ? "" : "--",
             p->is_positional ? p->value : p->name);
    return room;
}

static bool set(const Param *p, void *request, const char *text, Err *err)
{
    char name[NAME_ROOM];
    return param_set(p, request, text, err) || err_prefix(err, "%s ", called(p, name));
}

/* ---- words ----------------------------------------------------------------------- */

static const Param *flag_named(const Studio *s, const char *name, size_t n)
{
    const Param *p = studio_param(s, name, n);
    return p == NULL || p->is_positional ? NULL : p;
}

/* What the at-th word without a flag is; a list of paths takes all that follow. */
static const Param *positional(const Studio *s, int at)
{
    for (int i = 0; i < s->param_count; i++) {
        const Param *p = &s->params[i];
        if (p->is_positional && (at-- == 0 || p->type == PARAM_PATHS))
            return p;
    }
    return NULL;
}

static bool unknown_flag(const Studio *s, const char *word, size_t n, Err *err)
{
    const char *names[FLAGS_MOST + 1] = {NULL};
    char given[64];
    int count = 0;
    for (int i = 0; i < args_count(s) && count < FLAGS_MOST; i++)
        if (!args_at(s, i)->is_positional)
            names[count++] = args_at(s, i)->name;
    snprintf(given, sizeof given, "%.*s", (int)min64((int64_t)n, 60), word + 2);
    const char *near = word[1] == '-' ? text_nearest(given, names) : NULL;
    if (near != NULL)
        return err_set(err, ERR_INPUT, "there is no flag --%s; did you mean --%s?", given,
                       near);
    return err_set(err, ERR_INPUT, "there is no flag %.60s; 'atelier %s --help' lists them all",
                   word, s->name);
}

/* words[*i] is a flag; takes the next word too if that is its value. */
static bool read_flag(const Studio *s, int count, char *const *words, int *i, void *request,
                      Err *err)
{
    const char *word = words[*i], *equals = strchr(word, '=');
    size_t n = (equals != NULL ? (size_t)(equals - word) : strlen(word)) - 2;
    const Param *p = word[1] == '-' ? flag_named(s, word + 2, n) : NULL;
    if (strcmp(word, "-o") == 0)
        p = flag_named(s, "out", 3);
    if (p == NULL)
        return unknown_flag(s, word, n, err);
    if (p->type == PARAM_FLAG) {
        if (equals != NULL)
            return err_set(err, ERR_INPUT,
                           "--%s takes no value; leave it out if it is not meant", p->name);
        return set(p, request, "true", err);
    }
    if (equals != NULL)
        return set(p, request, equals + 1, err);
    if (*i + 1 >= count)
        return err_set(err, ERR_INPUT, "--%s wants a value: --%s %s", p->name, p->name,
                       p->value);
    const char *value = words[++*i];
    if (strncmp(value, "--", 2) == 0)
        return err_set(
            err, ERR_INPUT,
            "--%s wants a value, but '%.60s' follows; if that is meant, write --%s=%.60s",
            p->name, value, p->name, value);
    return set(p, request, value, err);
}

static bool read_words(const Studio *s, int count, char *const *words, void *request,
                       int *given, Err *err)
{
    bool takes_flags = true;
    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        if (takes_flags && strcmp(word, "--") == 0) {
            takes_flags = false;
        } else if (takes_flags && word[0] == '-' && word[1] != '\0') {
            if (!read_flag(s, count, words, &i, request, err))
                return false;
        } else {
            const Param *p = positional(s, (*given)++);
            if (p == NULL)
                return err_set(
                    err, ERR_INPUT,
                    "'%.100s' is one word too many; values of flags follow their flag, "
                    "as in: %s",
                    word, s->examples[0].command);
            if (!set(p, request, word, err))
                return false;
        }
    }
    return true;
}

bool args_read(const Studio *studio, int count, char *const *words, void *request, Err *err)
{
    int given = 0;
    studio_defaults(studio, request);
    if (!read_words(studio, count, words, request, &given, err))
        return false;
    for (int i = 0; i < studio->param_count; i++)
        if (param_is_missing(&studio->params[i], request))
            return err_set(err, ERR_INPUT, "no %s is given; begin with: %s",
                           param_value_name(&studio->params[i]), studio->examples[0].command);
    return true;
}

bool args_want_help(int count, char *const *words)
{
    for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
            return true;
    return false;
}

int args_take_show(const Studio *studio, int count, char *const *words, char **rest,
                   const char **how)
{
    static const char flag[] = "--" ARGS_SHOW;
    size_t n = sizeof flag - 1;
    int left = 0;
    bool takes_flags = studio_param(studio, "out", 3) != NULL;
    *how = NULL;
    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        takes_flags = takes_flags && strcmp(word, "--") != 0;
        bool is_show =
            takes_flags && strncmp(word, flag, n) == 0 && strchr("=", word[n]) != NULL;
        if (is_show)
            *how = word[n] == '=' ? word + n + 1 : "auto";
        else
            rest[left++] = words[i];
    }
    return left;
}
