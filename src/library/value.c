/* SPDX-License-Identifier: MIT */
#include "library/internal.h"

#include "base/text.h"
#include "media/image.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

Plain plain_enter(void)
{
    Plain p = {.plain = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
    must(p.plain != NULL);
    p.was = uselocale(p.plain);
    return p;
}

void plain_leave(Plain p)
{
    uselocale(p.was);
    freelocale(p.plain);
}

void value_release(Value *v)
{
    for (int i = 0; i < v->count; i++)
        xfree(v->text[i]);
    xfree(v->text);
    if (v->file >= 0)
        close(v->file);
    *v = (Value){.file = -1};
}

static void append(Value *v, const char *text)
{
    v->text = xgrow(v->text, (size_t)v->count + 1, sizeof *v->text);
    v->text[v->count++] = xstrdup(text);
}

/* "" as what is to be written: nothing is. */
static bool is_nothing(const Param *p, const char *text)
{
    return p->type == PARAM_OUT && text[0] == '\0';
}

bool value_put(const Param *p, const Value *v, void *request, Err *err)
{
    for (int i = 0; i < v->count; i++) {
        const char *text = v->text[i];
        if (is_nothing(p, text))
            memcpy((char *)request + p->offset, &text, sizeof text);
        else if (!param_set(p, request, text, err))
            return err_prefix(err, "'%s' ", p->name);
    }
    return true;
}

/* ---- finding and checking -------------------------------------------------------------- */

static bool unknown(const Studio *s, const char *name, Err *err)
{
    const char **names = xalloc((size_t)s->param_count + 1, sizeof *names);
    for (int i = 0; i < s->param_count; i++)
        names[i] = s->params[i].name;
    const char *near = text_nearest(name, names);
    xfree(names);
    if (near != NULL)
        return err_set(err, ERR_INPUT, "there is no parameter '%.60s'; did you mean '%s'?",
                       name, near);
    return err_set(err, ERR_INPUT, "studio '%s' has no parameter '%.60s'", s->name, name);
}

static const Param *find(const AtelierTask *t, const char *name, Err *err)
{
    const Param *p = studio_param(t->studio, name, strlen(name));
    if (p == NULL)
        unknown(t->studio, name, err);
    return p;
}

static Value *value_of(const AtelierTask *t, const Param *p)
{
    return &t->values[p - t->studio->params];
}

/* Whether the studio would take it. */
static bool check(const AtelierTask *t, const Param *p, const char *text, Err *err)
{
    if (is_nothing(p, text))
        return true;
    Plain plain = plain_enter();
    void *request = xalloc(1, t->studio->request_size);
    bool ok = param_set(p, request, text, err) || err_prefix(err, "'%s' ", p->name);
    xfree(request);
    plain_leave(plain);
    return ok;
}

static bool set(AtelierTask *t, const Param *p, const char *text, Err *err)
{
    if (!check(t, p, text, err))
        return false;
    char *copy = xstrdup(text); /* it may be the value that goes */
    value_release(value_of(t, p));
    append(value_of(t, p), copy);
    xfree(copy);
    return true;
}

/* ---- texts and numbers ------------------------------------------------------------------ */

bool atelier_set(AtelierTask *t, const char *name, const char *text, AtelierError *error)
{
    Err err = {0};
    const Param *p = find(t, name, &err);
    if (p == NULL || (text != NULL && !set(t, p, text, &err)))
        return fail(error, &err);
    if (text == NULL)
        value_release(value_of(t, p));
    return true;
}

bool atelier_add(AtelierTask *t, const char *name, const char *path, AtelierError *error)
{
    Err err = {0};
    const Param *p = find(t, name, &err);
    if (p != NULL && p->type != PARAM_PATHS)
        err_set(&err, ERR_INPUT, "'%s' is one value: set it", name);
    if (err.kind != ERR_NONE || !check(t, p, path, &err))
        return fail(error, &err);
    append(value_of(t, p), path);
    return true;
}

/* A value that is no text yet, where a value of that type may be. */
static bool set_typed(AtelierTask *t, const char *name, ParamType type, const char *text,
                      AtelierError *error)
{
    static const char *const what[] = {[PARAM_INT] = "whole number",
                                       [PARAM_NUMBER] = "number",
                                       [PARAM_SIZE] = "size",
                                       [PARAM_FLAG] = "flag"};
    Err err = {0};
    const Param *p = find(t, name, &err);
    bool fits =
        p != NULL && (p->type == type || (type == PARAM_INT && p->type == PARAM_NUMBER));
    if (p != NULL && !fits)
        err_set(&err, ERR_INPUT, "'%s' is no %s", name, what[type]);
    return (fits && set(t, p, text, &err)) || fail(error, &err);
}

bool atelier_set_int(AtelierTask *t, const char *name, int64_t value, AtelierError *error)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    return set_typed(t, name, PARAM_INT, text, error);
}

bool atelier_set_number(AtelierTask *t, const char *name, double value, AtelierError *error)
{
    char text[32];
    Plain plain = plain_enter();
    snprintf(text, sizeof text, "%.17g", value);
    plain_leave(plain);
    return set_typed(t, name, PARAM_NUMBER, text, error);
}

bool atelier_set_flag(AtelierTask *t, const char *name, bool value, AtelierError *error)
{
    return set_typed(t, name, PARAM_FLAG, value ? "true" : "false", error);
}

bool atelier_set_size(AtelierTask *t, const char *name, int64_t width, int64_t height,
                      AtelierError *error)
{
    char text[64];
    snprintf(text, sizeof text, "%" PRId64 "x%" PRId64, width, height);
    return set_typed(t, name, PARAM_SIZE, text, error);
}

const char *atelier_get(const AtelierTask *t, const char *name)
{
    const Param *p = studio_param(t->studio, name, strlen(name));
    if (p == NULL)
        return NULL;
    const Value *v = value_of(t, p);
    return v->count > 0 ? v->text[0] : p->fallback != NULL ? p->fallback : "";
}

/* ---- files in memory --------------------------------------------------------------------- */

static bool write_all(int file, const unsigned char *bytes, size_t size, Err *err)
{
    while (size > 0) {
        ssize_t n = write(file, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_set(err, ERR_MEMORY, "cannot fill a file in memory: %s",
                           strerror(errno));
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* The studio reads it by a name as it reads every file. */
static bool set_file(AtelierTask *t, const Param *p, const void *bytes, size_t size, Err *err)
{
    char path[64];
    int file = memfd_create("atelier", MFD_CLOEXEC);
    if (file < 0)
        return err_set(err, ERR_MEMORY, "cannot make a file in memory: %s", strerror(errno));
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (!write_all(file, bytes, size, err) || !set(t, p, path, err)) {
        close(file);
        return false;
    }
    value_of(t, p)->file = file;
    return true;
}

static const Param *find_path(const AtelierTask *t, const char *name, Err *err)
{
    const Param *p = find(t, name, err);
    bool may_be_file = p != NULL && (p->type == PARAM_PATH || p->type == PARAM_PATHS ||
                                     (p->type == PARAM_TEXT && p->is_positional));
    if (p == NULL || (may_be_file && p->choices == NULL))
        return p;
    err_set(err, ERR_INPUT, "'%s' is no file to be read", name);
    return NULL;
}

bool atelier_set_bytes(AtelierTask *t, const char *name, const void *bytes, size_t size,
                       AtelierError *error)
{
    Err err = {0};
    const Param *p = find_path(t, name, &err);
    return (p != NULL && set_file(t, p, bytes, size, &err)) || fail(error, &err);
}

/* [height,width,4] without a stride, in the arena. */
static Image gather(Arena *a, const AtelierPixels *in, Err *err)
{
    size_t row = (size_t)in->width * 4, stride = in->stride == 0 ? row : in->stride;
    if (in->width < 1 || in->height < 1 || in->width > IMAGE_MAX_SIDE ||
        in->height > IMAGE_MAX_SIDE || stride < row || in->rgba == NULL) {
        err_set(err, ERR_INPUT,
                "pixels of %dx%d, %zu bytes a row, are no picture; a side may be 1 to %d",
                in->width, in->height, stride, IMAGE_MAX_SIDE);
        return (Image){0};
    }
    Image im = image_new(a, in->width, in->height, 4, err);
    for (int y = 0; y < in->height && !tensor_is_empty(im); y++)
        memcpy(image_row(im, y), in->rgba + (size_t)y * stride, row);
    return im;
}

bool atelier_set_pixels(AtelierTask *t, const char *name, const AtelierPixels *pixels,
                        AtelierError *error)
{
    Err err = {0};
    Arena a = {0};
    Bytes png;
    const Param *p = find_path(t, name, &err);
    bool ok = p != NULL && arena_init(&a, 0, &err);
    Image im = ok ? gather(&a, pixels, &err) : (Image){0};
    ok = !tensor_is_empty(im) && image_encode(&a, &png, im, NULL, 0, &err) &&
         set_file(t, p, png.data, png.size, &err);
    arena_release(&a);
    return ok || fail(error, &err);
}
