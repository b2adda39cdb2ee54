/* SPDX-License-Identifier: MIT */
#include "cli/args.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANGE_ROOM = 64, FLAGS_MOST = 96 };

/* "--steps", or what help calls a positional: "PICTURE". */
static const char *called(const Param *p, char room[RANGE_ROOM])
{
    snprintf(room, RANGE_ROOM, "%s%s", p->is_positional ? "" : "--",
             p->is_positional ? p->value : p->name);
    return room;
}

static bool has_limits(const Param *p)
{
    return p->most != 0;
}

static bool within(const Param *p, double x)
{
    return !has_limits(p) || (x >= p->least && x <= p->most);
}

/* "; it must be 1 to 1000", or what kind of thing it must be. */
static bool refuse(const Param *p, const char *text, const char *what, Err *err)
{
    char name[RANGE_ROOM], range[RANGE_ROOM] = "";
    if (has_limits(p))
        snprintf(range, sizeof range, "%s%.10g to %.10g",
                 what[0] == '\0'         ? ""
                 : p->type == PARAM_SIZE ? " "
                                         : ", ",
                 p->least, p->most);
    return err_set(err, ERR_INPUT, "%s is %.100s; it must be %s%s", called(p, name), text, what,
                   range);
}

/* ---- values ---------------------------------------------------------------------- */

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

static bool is_choice(const char *choices, const char *text, size_t n)
{
    for (const char *c = choices; c != NULL; c = strchr(c, '|')) {
        c += *c == '|';
        if (strncmp(c, text, n) == 0 && (c[n] == '|' || c[n] == '\0'))
            return n > 0 && memchr(text, '|', n) == NULL;
    }
    return false;
}

void args_choices(char *to, size_t room, const char *choices)
{
    size_t n = 0;
    for (const char *c = choices; *c != '\0' && n + 3 < room; c++) {
        to[n++] = *c == '|' ? ',' : *c;
        if (*c == '|')
            to[n++] = ' ';
    }
    to[n] = '\0';
}

static bool set_text(const Param *p, void *to, const char *text, Err *err)
{
    char name[RANGE_ROOM], choices[300];
    if (text[0] == '\0')
        return err_set(err, ERR_INPUT, "%s is empty; give it %s", called(p, name),
                       p->value != NULL ? p->value : "a value");
    bool is_list = p->type == PARAM_LIST;
    for (const char *word = text; p->choices != NULL && word != NULL;) {
        size_t n = is_list ? strcspn(word, ",") : strlen(word);
        if (!is_choice(p->choices, word, n)) {
            args_choices(choices, sizeof choices, p->choices);
            return err_set(err, ERR_INPUT, "%s is '%.*s'; it must be %s: %s", called(p, name),
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
        return err_set(err, ERR_INPUT, "more than %d are given; run again with the rest",
                       PATHS_MOST);
    if (!set_text(p, &to->of[to->count], text, err))
        return false;
    to->count++;
    return true;
}

static bool set(const Param *p, void *request, const char *text, Err *err)
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
        *(bool *)to = strcmp(text, "true") == 0;
        return true;
    case PARAM_PATHS:
        return add_path(p, to, text, err);
    case PARAM_TEXT:
    case PARAM_LIST:
    case PARAM_PATH:
    case PARAM_OUT:
        return set_text(p, to, text, err);
    }
    return false;
}

/* ---- words ----------------------------------------------------------------------- */

static const Param *param_named(const Studio *s, const char *name, size_t n)
{
    for (int i = 0; i < s->param_count; i++) {
        const Param *p = &s->params[i];
        if (!p->is_positional && strlen(p->name) == n && memcmp(p->name, name, n) == 0)
            return p;
    }
    return NULL;
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
    const char *names[FLAGS_MOST + 2] = {"help"};
    char given[64];
    int count = 1;
    for (int i = 0; i < s->param_count && count < FLAGS_MOST; i++)
        if (!s->params[i].is_positional)
            names[count++] = s->params[i].name;
    snprintf(given, sizeof given, "%.*s", (int)min64((int64_t)n, 60), word + 2);
    const char *near = word[1] == '-' ? args_nearest(given, names) : NULL;
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
    const Param *p = word[1] == '-' ? param_named(s, word + 2, n) : NULL;
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

static bool set_defaults(const Studio *s, void *request, Err *err)
{
    for (int i = 0; i < s->param_count; i++) {
        const Param *p = &s->params[i];
        if (p->fallback != NULL && p->fallback[0] != '\0' && !set(p, request, p->fallback, err))
            return false;
    }
    return true;
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
                    word, s->example);
            if (!set(p, request, word, err))
                return false;
        }
    }
    return true;
}

bool args_read(const Studio *studio, int count, char *const *words, void *request, Err *err)
{
    int given = 0;
    must(set_defaults(studio, request, err));
    if (!read_words(studio, count, words, request, &given, err))
        return false;
    const Param *next = positional(studio, given);
    bool has_some = next != NULL && next->type == PARAM_PATHS &&
                    ((const Paths *)((const char *)request + next->offset))->count > 0;
    if (next != NULL && !has_some && (next->fallback == NULL || next->fallback[0] == '\0'))
        return err_set(err, ERR_INPUT, "no %s is given; begin with: %s", next->value,
                       studio->example);
    return true;
}

bool args_want_help(int count, char *const *words)
{
    for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
            return true;
    return false;
}

bool args_flag(const Studio *studio, const void *request, const char *name)
{
    const Param *p = param_named(studio, name, strlen(name));
    return p != NULL && p->type == PARAM_FLAG &&
           *(const bool *)((const char *)request + p->offset);
}

/* ---- slips ----------------------------------------------------------------------- */

enum { WORD = 32 };

/* How many letters must be added, dropped, changed or swapped with the next
 * to make b of a (Damerau's distance, of the first WORD letters). */
static int slips(const char *a, const char *b)
{
    int d[WORD + 1][WORD + 1];
    int n = (int)min64((int64_t)strlen(a), WORD), m = (int)min64((int64_t)strlen(b), WORD);
    for (int i = 0; i <= n; i++) {
        for (int j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            int change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            int drop = (int)min64(d[i - 1][j], d[i][j - 1]) + 1;
            d[i][j] = (int)min64(change, drop);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = (int)min64(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[n][m];
}

const char *args_nearest(const char *word, const char *const *names)
{
    const char *nearest = NULL;
    int allowed = strlen(word) < 5 ? 1 : strlen(word) < 9 ? 2 : 3, least = allowed + 1;
    for (; *names != NULL; names++) {
        int n = slips(word, *names);
        if (strlen(word) >= 3 && strncmp(word, *names, strlen(word)) == 0)
            n = 1; /* cut short */
        if (n < least) {
            least = n;
            nearest = *names;
        }
    }
    return nearest;
}
