/* SPDX-License-Identifier: MIT */
#include "weights/internal.h"

#include <inttypes.h>
#include <string.h>

static Shape shape_of(const Layout *l)
{
    Shape s = {.rank = l->rank};
    memcpy(s.dim, l->dim, sizeof s.dim);
    return s;
}

void layout_pack(Layout *l)
{
    int64_t step = 1;
    for (int i = l->rank - 1; i >= 0; i--) {
        l->stride[i] = step;
        step *= l->dim[i] > 0 ? l->dim[i] : 1;
    }
}

static bool is_packed(const Layout *l)
{
    int64_t step = 1;
    for (int i = l->rank - 1; i >= 0; i--) {
        if (l->dim[i] != 1 && l->stride[i] != step)
            return false;
        step *= l->dim[i];
    }
    return true;
}

/* The farthest element, counted from l->from; -1 if it is beyond counting. */
static int64_t reach(const Layout *l)
{
    int64_t far = 0, step;
    for (int i = 0; i < l->rank; i++)
        if (__builtin_mul_overflow(l->dim[i] - 1, l->stride[i], &step) ||
            __builtin_add_overflow(far, step, &far))
            return -1;
    return far;
}

/* Whether every element lies in the storage. */
static bool fits(const Layout *l, const char *name, int64_t count, Err *err)
{
    int64_t last;
    if (l->from < 0 || l->from > l->count)
        return err_set(err, ERR_FORMAT,
                       "tensor '%s' begins at element %" PRId64 " of a storage of %" PRId64,
                       name, l->from, l->count);
    for (int i = 0; i < l->rank; i++)
        if (l->stride[i] < 0)
            return err_set(err, ERR_FORMAT, "tensor '%s' has a negative stride", name);
    if (count == 0)
        return true;
    int64_t far = reach(l);
    if (far < 0 || __builtin_add_overflow(l->from, far, &last) || last >= l->count)
        return err_set(err, ERR_FORMAT,
                       "tensor '%s' %s reaches out of its storage of %" PRId64 " elements",
                       name, shape_text(shape_of(l)).s, l->count);
    return true;
}

/* Copies elements one by one, in row-major order. */
static void copy(unsigned char *to, const Layout *l, int64_t count)
{
    size_t size = tensor_type_size(l->type);
    int64_t at[TENSOR_DIMS] = {0}, from = l->from;
    for (int64_t n = 0; n < count; n++) {
        memcpy(to + (size_t)n * size, l->bytes + (size_t)from * size, size);
        for (int i = l->rank - 1; i >= 0; i--) {
            from += l->stride[i];
            if (++at[i] < l->dim[i])
                break;
            from -= l->stride[i] * l->dim[i];
            at[i] = 0;
        }
    }
}

static void *gather(Weights *w, const char *name, const Layout *l, int64_t count, Err *err)
{
    size_t size = tensor_type_size(l->type), bytes;
    void *to = NULL;
    if (__builtin_mul_overflow((size_t)count, size, &bytes) ||
        bytes > w->own_limit - w->own_used) {
        err_set(err, ERR_FORMAT,
                "tensor '%s' %s is laid out so that copies would outgrow the file", name,
                shape_text(shape_of(l)).s);
        return NULL;
    }
    if (w->own.base == NULL && !arena_init(&w->own, 0, err))
        return NULL;
    to = arena_take(&w->own, bytes);
    if (to == NULL) {
        err_set(err, ERR_MEMORY, "no memory for tensor '%s' %s", name,
                shape_text(shape_of(l)).s);
        return NULL;
    }
    w->own_used += bytes;
    if (is_packed(l))
        memcpy(to, l->bytes + (size_t)l->from * size, bytes);
    else
        copy(to, l, count);
    return to;
}

static bool check_name(Text name, Err *err)
{
    if (!text_is_name(name))
        return err_set(err, ERR_FORMAT,
                       "tensor name '%s' is not 1 to %d characters of plain text",
                       text_shown(name).s, LONGEST_NAME);
    return true;
}

bool weights_put(Weights *w, Text name, const Layout *l, Err *err)
{
    static _Alignas(64) unsigned char nothing[64];
    if (!check_name(name, err))
        return false;
    Shown shown = text_shown(name);
    if (w->count >= MOST_TENSORS)
        return err_set(err, ERR_FORMAT, "there are more than %d tensors", MOST_TENSORS);
    int64_t count = shape_count(shape_of(l));
    if (count < 0)
        return err_set(err, ERR_FORMAT, "tensor '%s' has the impossible shape %s", shown.s,
                       shape_text(shape_of(l)).s);
    if (!fits(l, shown.s, count, err))
        return false;
    const unsigned char *data = l->bytes + (size_t)l->from * tensor_type_size(l->type);
    bool is_aligned = (uintptr_t)data % tensor_type_size(l->type) == 0;
    void *numbers = (void *)(uintptr_t)data;
    if (count == 0)
        numbers = nothing;
    else if (!is_aligned || !is_packed(l))
        numbers = gather(w, shown.s, l, count, err);
    if (numbers == NULL)
        return false;
    weights_append(w, name, tensor_over(numbers, l->type, shape_of(l)));
    return true;
}
