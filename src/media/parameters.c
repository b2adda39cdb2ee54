/* SPDX-License-Identifier: MIT */
#include "media/parameters.h"

#include "base/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { PAIRS_LEAST = 3 };

static const char NEGATIVE[] = "Negative prompt:", FIRST[] = "Steps: ";

/* A stretch of the text, without spaces at its ends. */
typedef struct Piece {
    const char *s;
    size_t n;
} Piece;

static Piece trimmed(const char *s, size_t n)
{
    for (; n > 0 && isspace((unsigned char)*s); s++)
        n--;
    while (n > 0 && isspace((unsigned char)s[n - 1]))
        n--;
    return (Piece){s, n};
}

/* The next line at *at, which then leads past it; false after the last. */
static bool next_line(const char **at, Piece *line)
{
    if (*at == NULL)
        return false;
    const char *end = strchr(*at, '\n');
    *line = trimmed(*at, end != NULL ? (size_t)(end - *at) : strlen(*at));
    *at = end != NULL ? end + 1 : NULL;
    return true;
}

static bool begins(Piece line, const char *with)
{
    size_t n = strlen(with);
    return line.n >= n && memcmp(line.s, with, n) == 0;
}

/* ---- the settings ------------------------------------------------------------------------ */

static bool is_of_key(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || strchr("_ -/", c) != NULL;
}

/* Bytes of the string of JSON at s, if one stands there and a comma or the end behind it;
 * else 0. */
static size_t string_size(const char *s, const char *end)
{
    size_t n = 1, room = (size_t)(end - s);
    if (room < 2 || s[0] != '"')
        return 0;
    while (n < room && s[n] != '"')
        n += s[n] == '\\' ? 2 : 1;
    bool ends_well = n + 1 == room || (n + 1 < room && s[n + 1] == ',');
    return n < room && ends_well ? n + 1 : 0;
}

/* The next key at *at of the line that ends there, and a colon behind it, which *at then leads
 * past; false if there is none. */
static bool next_key(const char **at, const char *end, Piece *key)
{
    const char *from = *at;
    for (const char *s = from; s < end; s++) {
        if (*s == ':') {
            *key = trimmed(from, (size_t)(s - from));
            *at = s + 1;
            if (key->n > 0)
                return true;
        }
        if (!is_of_key(*s))
            from = s + 1;
    }
    return false;
}

/* The next "Key: value", likewise. */
static bool next_pair(const char **at, const char *end, Piece *key, Piece *value)
{
    if (!next_key(at, end, key))
        return false;
    const char *s = *at;
    while (s < end && *s == ' ')
        s++;
    size_t n = string_size(s, end);
    const char *comma = n > 0 || s == end ? NULL : memchr(s, ',', (size_t)(end - s));
    if (n == 0)
        n = comma != NULL ? (size_t)(comma - s) : (size_t)(end - s);
    *value = trimmed(s, n);
    *at = s + n < end ? s + n + 1 : end;
    return true;
}

static int count_pairs(Piece line)
{
    int count = 0;
    Piece key, value;
    for (const char *at = line.s; next_pair(&at, line.s + line.n, &key, &value);)
        count++;
    return count;
}

/* Where the settings lie; of no bytes if there are none. */
static Piece settings_of(const char *text)
{
    Piece line, last = {text, 0}, steps = last;
    while (next_line(&text, &line)) {
        last = line.n > 0 ? line : last;
        steps = begins(line, FIRST) && count_pairs(line) >= PAIRS_LEAST ? line : steps;
    }
    if (steps.n > 0)
        return steps;
    last.n = count_pairs(last) >= PAIRS_LEAST ? last.n : 0;
    return last;
}

static char *copied(Piece p, Arena *a)
{
    char *to = arena_take(a, p.n + 1);
    if (to == NULL)
        return NULL;
    memcpy(to, p.s, p.n);
    to[p.n] = '\0';
    return to;
}

/* What a string of JSON says; the piece itself if it is none. */
static char *value_of(Piece p, Arena *a)
{
    Err err = {0};
    char *kept = copied(p, a), *text;
    if (kept == NULL || p.n < 2 || kept[0] != '"' || kept[p.n - 1] != '"')
        return kept;
    text = xalloc(p.n + 3, 1);
    snprintf(text, p.n + 3, "[%s]", kept);
    Json *j = js_parse(text, p.n + 2, "", &err);
    const char *said = js_string(js_at(j, 0), NULL);
    if (said != NULL && js_count(j) == 1)
        kept = arena_strdup(a, said);
    js_free(j);
    xfree(text);
    return kept;
}

static bool read_pairs(Parameters *p, Piece line, Arena *a)
{
    Piece key, value;
    for (const char *at = line.s;
         p->count < PARAMETERS_MOST && next_pair(&at, line.s + line.n, &key, &value);
         p->count++) {
        ImageText pair = {copied(key, a), value_of(value, a)};
        if (pair.key == NULL || pair.value == NULL)
            return false;
        p->pair[p->count] = pair;
    }
    return true;
}

/* ---- the prompts ------------------------------------------------------------------------- */

/* A text that grows line by line, and where it ends. */
typedef struct Lines {
    char *text, *end;
} Lines;

static void add_line(Lines *to, Piece line)
{
    if (to->end > to->text)
        *to->end++ = '\n';
    memcpy(to->end, line.s, line.n);
    to->end += line.n;
    *to->end = '\0';
}

bool parameters_read(Parameters *p, const char *text, Arena *a)
{
    Piece line, settings = settings_of(text);
    size_t room = strlen(text) + 1;
    char *both[2] = {arena_zeros(a, room), arena_zeros(a, room)};
    Lines prompt = {both[0], both[0]}, negative = {both[1], both[1]}, *to = &prompt;
    *p = (Parameters){0};
    if (both[0] == NULL || both[1] == NULL || settings.n == 0 || !read_pairs(p, settings, a))
        return false;
    while (next_line(&text, &line) && line.s != settings.s) {
        if (begins(line, NEGATIVE)) {
            to = &negative;
            line = trimmed(line.s + strlen(NEGATIVE), line.n - strlen(NEGATIVE));
        }
        add_line(to, line);
    }
    p->prompt = prompt.text;
    p->negative = negative.text;
    return true;
}

const char *parameters_get(const Parameters *p, const char *key)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->pair[i].key, key) == 0)
            return p->pair[i].value;
    return NULL;
}

/* ---- writing ----------------------------------------------------------------------------- */

char *parameters_value(const char *value)
{
    if (strpbrk(value, ",:\n\"") == NULL)
        return xstrdup(value);
    Json *j = js_new_array();
    js_push_string(j, value);
    char *list = js_text(j, true); /* ["value"] */
    size_t n = strlen(list) - 2;
    memmove(list, list + 1, n);
    list[n] = '\0';
    js_free(j);
    return list;
}
