/* SPDX-License-Identifier: MIT */
#include "text/frame_words.h"

#include <string.h>

/* What the build made of data/text (tools/embed.py). */
struct Embedded {
    const char *name;
    const unsigned char *bytes;
    size_t size;
};
extern const struct Embedded frame_words_table[];

/* ---- reading --------------------------------------------------------------------------- */

typedef enum { IS_TEXT, IS_TEXTS, IS_NAMED_TEXTS, IS_NAMED_LISTS } Form;

static const struct {
    const char *name;
    Form form;
    const char *should;
} members[] = {{"subject", IS_TEXT, "a text"},
               {"negative", IS_TEXT, "a text"},
               {"tags", IS_TEXTS, "a list of texts"},
               {"sides", IS_NAMED_TEXTS, "texts by the names of sides"},
               {"animations", IS_NAMED_LISTS, "lists of texts by the names of animations"}};

static bool are_texts(const Json *list)
{
    for (size_t i = 0; js_is_array(list) && i < js_count(list); i++)
        if (!js_is_string(js_at(list, i)))
            return false;
    return js_is_array(list);
}

static bool has_form(Json *j, Form form)
{
    if (form == IS_TEXT)
        return js_is_string(j);
    if (form == IS_TEXTS)
        return are_texts(j);
    for (void *it = js_is_object(j) ? js_first(j) : NULL; it != NULL; it = js_next(j, it))
        if (form == IS_NAMED_TEXTS ? !js_is_string(js_value(it)) : !are_texts(js_value(it)))
            return false;
    return js_is_object(j);
}

static bool check_member(const char *name, Json *j, Err *err)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (strcmp(name, members[i].name) == 0)
            return has_form(j, members[i].form) ||
                   err_set(err, ERR_FORMAT, "'%s' should be %s", name, members[i].should);
    return err_set(err, ERR_FORMAT,
                   "'%.60s' is none of subject, negative, tags, sides and animations", name);
}

static bool check(Json *j, Err *err)
{
    if (!js_is_object(j))
        return err_set(err, ERR_FORMAT,
                       "it should be an object with animations, tags and so on");
    for (void *it = js_first(j); it != NULL; it = js_next(j, it))
        if (!check_member(js_key(it), js_value(it), err))
            return false;
    return true;
}

static bool open_usual(FrameWords *w, Err *err)
{
    const struct Embedded *e = &frame_words_table[0];
    *w = (FrameWords){.usual = js_parse((const char *)e->bytes, e->size, e->name, err)};
    return w->usual != NULL;
}

static bool take(FrameWords *w, Json *own, const char *name, Err *err)
{
    w->own = own;
    if (own != NULL && check(own, err))
        return true;
    if (own != NULL)
        err_prefix(err, "'%s': ", name);
    frame_words_close(w);
    return false;
}

bool frame_words_open(FrameWords *w, const char *path, Err *err)
{
    return open_usual(w, err) && (path == NULL || take(w, js_load(path, err), path, err));
}

bool frame_words_parse(FrameWords *w, const char *text, size_t size, const char *name, Err *err)
{
    return open_usual(w, err) && take(w, js_parse(text, size, name, err), name, err);
}

void frame_words_close(FrameWords *w)
{
    js_free(w->own);
    js_free(w->usual);
    *w = (FrameWords){0};
}

/* ---- saying ---------------------------------------------------------------------------- */

/* A member, or a member of that; from the person's own file, else the usual. */
static Json *find(const FrameWords *w, const char *name, const char *in)
{
    Json *j = js_get(w->own, name);
    if (in != NULL)
        j = js_get(j, in);
    if (!js_is_null(j))
        return j;
    j = js_get(w->usual, name);
    return in != NULL ? js_get(j, in) : j;
}

typedef struct Saying {
    char *text;
    size_t size;
} Saying;

static void add(Saying *s, const char *text, size_t n)
{
    s->text = xgrow(s->text, s->size + n + 1, 1);
    memcpy(s->text + s->size, text, n);
    s->size += n;
    s->text[s->size] = '\0';
}

/* One more, after a comma if there is something already. */
static void say(Saying *s, const char *words, const char *background)
{
    static const char place[] = "{background}";
    if (words == NULL || words[0] == '\0')
        return;
    if (s->size > 0)
        add(s, ", ", 2);
    for (const char *at; (at = strstr(words, place)) != NULL; words = at + strlen(place)) {
        add(s, words, (size_t)(at - words));
        add(s, background, strlen(background));
    }
    add(s, words, strlen(words));
}

char *frame_words_prompt(const FrameWords *w, const FrameAsk *ask)
{
    Saying s = {0};
    const Json *words = find(w, "animations", ask->animation), *tags = find(w, "tags", NULL);
    int64_t n = js_is_null(words) ? 0 : (int64_t)js_count(words);
    add(&s, "", 0);
    say(&s, ask->subject != NULL ? ask->subject : js_string(find(w, "subject", NULL), ""), "");
    if (n > 0)
        say(&s, js_string(js_at(words, (size_t)(ask->frame * n / ask->frames)), ""), "");
    say(&s, js_string(find(w, "sides", ask->side), ""), "");
    for (size_t i = 0; i < js_count(tags); i++)
        say(&s, js_string(js_at(tags, i), ""), ask->background);
    return s.text;
}

const char *frame_words_negative(const FrameWords *w)
{
    return js_string(find(w, "negative", NULL), "");
}
