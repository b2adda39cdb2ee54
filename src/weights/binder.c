/* SPDX-License-Identifier: MIT */
#include "weights/binder.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_ROOM = 1024 };

/* A full name on the stack. */
typedef struct Name {
    char s[NAME_ROOM];
} Name;

void binder_init(Binder *b, const Weights *w)
{
    *b = (Binder){0};
    binder_also(b, w);
}

void binder_also(Binder *b, const Weights *w)
{
    must(b->files < BINDER_FILES);
    b->file[b->files] = w;
    b->used[b->files++] = xalloc(weights_count(w), sizeof(bool));
}

void binder_release(Binder *b)
{
    for (int i = 0; i < b->files; i++)
        xfree(b->used[i]);
    for (size_t i = 0; i < b->missing_count; i++)
        xfree(b->missing[i]);
    xfree(b->missing);
    *b = (Binder){0};
}

/* prefix + the next of the alternatives in *names, which moves on; false after
 * the last. */
static bool next_name(const Binder *b, const char **names, Name *full)
{
    if (*names == NULL)
        return false;
    const char *bar = strchr(*names, '|');
    size_t n = bar != NULL ? (size_t)(bar - *names) : strlen(*names), at = strlen(b->prefix);
    must(at + n < NAME_ROOM);
    memcpy(full->s, b->prefix, at);
    memcpy(full->s + at, *names, n);
    full->s[at + n] = '\0';
    *names = bar != NULL ? bar + 1 : NULL;
    return true;
}

/* The tensor by its full name in the first file that has it. */
static Tensor look_up(const Binder *b, const char *full)
{
    for (int i = 0; i < b->files; i++) {
        Tensor t = weights_find(b->file[i], full);
        if (!tensor_is_empty(t))
            return t;
    }
    return (Tensor){0};
}

/* The first alternative that is there, with its full name; the first of all
 * names and the empty Tensor if none is. */
static Tensor find(const Binder *b, const char *names, Name *full)
{
    Name other;
    bool is_first = true;
    for (const char *rest = names; next_name(b, &rest, &other); is_first = false) {
        Tensor t = look_up(b, other.s);
        if (is_first || !tensor_is_empty(t))
            *full = other;
        if (!tensor_is_empty(t))
            return t;
    }
    return (Tensor){0};
}

static void mark_used(Binder *b, const char *full)
{
    for (int i = 0; i < b->files; i++) {
        size_t at = weights_index(b->file[i], full);
        if (at < weights_count(b->file[i]))
            b->used[i][at] = true;
    }
}

static bool has_under(const Binder *b, const char *prefix)
{
    for (int i = 0; i < b->files; i++)
        if (weights_has_under(b->file[i], prefix))
            return true;
    return false;
}

void binder_enter(Binder *b, const char *at)
{
    must(b->depth < BINDER_DEPTH);
    b->floor[b->depth++] = strlen(b->prefix);
    if (at[0] == '\0')
        return;
    Name full, chosen;
    bool is_first = true, is_there = false;
    for (const char *rest = at; !is_there && next_name(b, &rest, &full); is_first = false) {
        size_t n = strlen(full.s);
        must(n + 1 < NAME_ROOM);
        memcpy(full.s + n, ".", 2);
        is_there = has_under(b, full.s);
        if (is_first || is_there)
            chosen = full;
    }
    must(strlen(chosen.s) < sizeof b->prefix);
    memcpy(b->prefix, chosen.s, strlen(chosen.s) + 1);
}

void binder_leave(Binder *b)
{
    must(b->depth > 0);
    b->prefix[b->floor[--b->depth]] = '\0';
}

static void note_missing(Binder *b, const char *full)
{
    b->missing = xgrow(b->missing, b->missing_count + 1, sizeof *b->missing);
    b->missing[b->missing_count++] = xstrdup(full);
}

static bool is_floating(TensorType t)
{
    return t == TENSOR_F32 || t == TENSOR_F16 || t == TENSOR_BF16 || t == TENSOR_F64;
}

static Tensor mistaken(Binder *b, const char *full, Tensor found, Shape want)
{
    b->mistaken_count++;
    err_set(&b->first, ERR_FORMAT, "tensor '%s' is %s %s, wanted %s%s", full,
            tensor_type_name(found.type), shape_text(tensor_shape(found)).s,
            is_floating(found.type) ? "" : "floating point ", shape_text(want).s);
    return (Tensor){0};
}

/* The shape without the 1s at its end, but of at least two dims. */
static Shape as_linear(Shape s)
{
    while (s.rank > 2 && s.dim[s.rank - 1] == 1)
        s.dim[--s.rank] = 0;
    return s;
}

static Tensor take(Binder *b, const char *name, Shape want, bool is_linear)
{
    Name full;
    Tensor t = find(b, name, &full);
    b->wanted++;
    if (tensor_is_empty(t)) {
        note_missing(b, full.s);
        return t;
    }
    mark_used(b, full.s);
    Shape found = tensor_shape(t);
    bool is_right =
        is_linear ? shape_equal(as_linear(found), as_linear(want)) : shape_equal(found, want);
    if (!is_right || !is_floating(t.type))
        return mistaken(b, full.s, t, want);
    return tensor_over(t.data, t.type, want);
}

Tensor binder_take(Binder *b, const char *name, Shape want)
{
    return take(b, name, want, false);
}

Tensor binder_take_either(Binder *b, const char *name, const char *other, Shape want)
{
    Name both;
    int n = snprintf(both.s, sizeof both.s, "%s|%s", name, other);
    must(n > 0 && n < NAME_ROOM);
    return take(b, both.s, want, false);
}

Tensor binder_take_linear(Binder *b, const char *name, Shape want)
{
    return take(b, name, want, true);
}

Tensor binder_take_any(Binder *b, const char *name)
{
    Name full;
    Tensor t = find(b, name, &full);
    if (!tensor_is_empty(t))
        mark_used(b, full.s);
    return t;
}

Tensor binder_peek(const Binder *b, const char *name)
{
    Name full;
    return find(b, name, &full);
}

bool binder_has(const Binder *b, const char *name)
{
    return !tensor_is_empty(binder_peek(b, name));
}

void binder_fail(Binder *b, const char *fmt, ...)
{
    char text[sizeof b->first.text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    err_set(&b->first, ERR_FORMAT, "%s", text);
}

bool binder_ok(const Binder *b)
{
    return b->first.kind == ERR_NONE && b->missing_count == 0;
}

/* Whether `name` is `pattern`, where * stands for anything.  Goes back to the
 * last star only, so the time is at most their product. */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL, *from = NULL;
    while (*name != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            from = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star + 1;
            name = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool is_tolerated(const char *name, const char *const *patterns)
{
    for (; patterns != NULL && *patterns != NULL; patterns++)
        if (matches(*patterns, name))
            return true;
    return false;
}

const char *binder_missing(const Binder *b, size_t i)
{
    return i < b->missing_count ? b->missing[i] : NULL;
}

const char *binder_left(const Binder *b, const char *const *tolerated, size_t *at)
{
    size_t from = 0;
    for (int i = 0; i < b->files; i++) {
        size_t count = weights_count(b->file[i]);
        for (size_t j = *at > from ? *at - from : 0; j < count; j++) {
            *at = from + j + 1;
            const char *name = weights_name(b->file[i], j);
            if (!b->used[i][j] && !is_tolerated(name, tolerated))
                return name;
        }
        from += count;
    }
    return NULL;
}

/* "'a.pth'" or "'a.pth' and 'b.pth'". */
static void say_files(const Binder *b, char *text, size_t room)
{
    size_t n = 0;
    for (int i = 0; i < b->files && n < room; i++)
        n += (size_t)snprintf(text + n, room - n, "%s'%s'", i > 0 ? " and " : "",
                              weights_path(b->file[i]));
}

static bool say_missing(const Binder *b, const char *files, Err *err)
{
    const char *first = b->missing[0];
    size_t n = b->missing_count;
    if (n == 1)
        return err_set(err, ERR_FORMAT, "%s: tensor '%s' is missing", files, first);
    if ((int64_t)n == b->wanted)
        return err_set(err, ERR_FORMAT, "%s: none of %zu tensors is there, the first is '%s'",
                       files, n, first);
    return err_set(err, ERR_FORMAT,
                   "%s: %zu of %" PRId64 " tensors are missing, the first is '%s'", files, n,
                   b->wanted, first);
}

static bool say_mistaken(const Binder *b, const char *files, Err *err)
{
    size_t more = b->mistaken_count > 1 ? b->mistaken_count - 1 : 0;
    if (more == 0)
        return err_set(err, b->first.kind, "%s: %s", files, b->first.text);
    return err_set(err, b->first.kind, "%s: %s; and %zu more %s another shape or type", files,
                   b->first.text, more, more == 1 ? "has" : "have");
}

static bool say_left(const Binder *b, const char *files, const char *const *tolerated, Err *err)
{
    enum { SAID = 3 };
    char names[360] = "";
    size_t at = 0, left = 0, n = 0;
    for (const char *name; (name = binder_left(b, tolerated, &at)) != NULL; left++)
        if (left < SAID && n < sizeof names)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s'%.110s'", n > 0 ? ", " : "",
                                  name);
    if (left == 0)
        return true;
    return err_set(err, ERR_FORMAT, "%s: %zu %s to nothing: %s%s", files, left,
                   left == 1 ? "tensor belongs" : "tensors belong", names,
                   left > SAID ? ", ..." : "");
}

bool binder_done(Binder *b, const char *const *tolerated, Err *err)
{
    char files[200];
    must(b->depth == 0);
    say_files(b, files, sizeof files);
    if (b->missing_count > 0)
        return say_missing(b, files, err);
    if (b->first.kind != ERR_NONE)
        return say_mistaken(b, files, err);
    return say_left(b, files, tolerated, err);
}
