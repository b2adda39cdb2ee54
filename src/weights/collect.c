/* SPDX-License-Identifier: MIT */
#include "weights/pickle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* From what a pickle built to a table of names. */
enum { DEEPEST = 16 };

typedef struct Walk {
    Weights *w;
    char name[LONGEST_NAME + 2];
    size_t size;
    Err *err;
} Walk;

Value *pickle_member(const Value *dict, const char *key)
{
    for (uint32_t i = 0; dict->kind == VALUE_DICT && i + 1 < dict->list.count; i += 2) {
        const Value *k = dict->list.item[i];
        if (k->kind == VALUE_TEXT && text_is(k->text, key))
            return dict->list.item[i + 1];
    }
    return NULL;
}

static bool put(Walk *k, const TensorClaim *claim)
{
    const StorageClaim *s = claim->storage;
    Layout l = {.type = s->type,
                .bytes = s->bytes + (size_t)s->from * tensor_type_size(s->type),
                .count = s->view_count,
                .from = claim->from,
                .rank = claim->rank};
    memcpy(l.dim, claim->dim, sizeof l.dim);
    memcpy(l.stride, claim->stride, sizeof l.stride);
    return weights_put(k->w, (Text){k->name, k->size}, &l, k->err);
}

/* Appends "." and the key to the name.  False if there is no such name. */
static bool enter(Walk *k, Text key)
{
    size_t dot = k->size > 0;
    if (key.size > LONGEST_NAME - k->size - dot)
        return err_set(k->err, ERR_FORMAT, "a tensor's name, '%s', is longer than %d",
                       text_shown(key).s, LONGEST_NAME);
    if (dot)
        k->name[k->size++] = '.';
    memcpy(k->name + k->size, key.at, key.size);
    k->size += key.size;
    return true;
}

static bool is_container(const Value *v)
{
    return v->kind == VALUE_DICT || v->kind == VALUE_LIST || v->kind == VALUE_TUPLE;
}

static bool visit(Walk *k, Value *v, int depth);

static bool visit_under(Walk *k, const Value *key, int64_t place, Value *v, int depth)
{
    char digits[24];
    Text text = {digits, 0};
    if (!is_container(v) && v->kind != VALUE_TENSOR)
        return true;
    if (key != NULL && key->kind == VALUE_TEXT)
        text = key->text;
    else if (key == NULL || key->kind == VALUE_INT)
        text.size = (size_t)snprintf(digits, sizeof digits, "%" PRId64,
                                     key != NULL ? key->number : place);
    else
        return true;
    size_t size = k->size;
    bool ok = enter(k, text) && visit(k, v, depth);
    k->size = size;
    return ok;
}

/* A container that comes again is listed where it came first, which also ends
 * cycles. */
static bool visit(Walk *k, Value *v, int depth)
{
    if (v->kind == VALUE_TENSOR)
        return put(k, v->tensor);
    if (!is_container(v) || v->is_seen)
        return true;
    if (depth >= DEEPEST)
        return err_set(k->err, ERR_FORMAT, "its values nest deeper than %d", DEEPEST);
    v->is_seen = true;
    uint32_t step = v->kind == VALUE_DICT ? 2 : 1;
    for (uint32_t i = 0; i + step <= v->list.count; i += step) {
        const Value *key = step == 2 ? v->list.item[i] : NULL;
        if (!visit_under(k, key, i, v->list.item[i + step - 1], depth + 1))
            return false;
    }
    return true;
}

static bool starts(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* Begins so, and goes on. */
static bool is_under(const char *name, const char *prefix)
{
    return starts(name, prefix) && name[strlen(prefix)] != '\0';
}

/* Cuts the first `n` characters off the names from `first` on. */
static void cut(Weights *w, size_t first, size_t n)
{
    for (size_t i = first; i < w->count; i++)
        memmove(w->items[i].name, w->items[i].name + n, strlen(w->items[i].name) - n + 1);
}

static bool all_under(const Weights *w, size_t first, const char *prefix)
{
    for (size_t i = first; i < w->count; i++)
        if (!is_under(w->items[i].name, prefix))
            return false;
    return first < w->count;
}

static bool is_training_state(const char *name)
{
    static const char *const members[] = {"optim",       "lr_sched", "sched",  "callbacks.",
                                          "loops.",      "rng",      "random", "scaler",
                                          "global_step", "epoch"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (starts(name, members[i]))
            return true;
    return false;
}

/* Leaves only the names from `first` on that begin so, without that. */
static void keep_under(Weights *w, size_t first, const char *prefix)
{
    size_t kept = first;
    for (size_t i = first; i < w->count; i++) {
        if (is_under(w->items[i].name, prefix))
            w->items[kept++] = w->items[i];
        else
            xfree(w->items[i].name);
    }
    w->count = kept;
    cut(w, first, strlen(prefix));
}

/* Looks through a dictionary that wraps the table, if nothing stands beside it
 * but the state of a training run.  (A flat "model.0.weight" is a name.) */
static void unwrap(Weights *w, size_t first, const Value *root)
{
    static const char *const wrappers[] = {"state_dict", "model_state_dict", "model", "params"};
    for (size_t j = 0; j < sizeof wrappers / sizeof *wrappers; j++) {
        char prefix[32];
        size_t inside = 0, beside = 0;
        const Value *wrapper = pickle_member(root, wrappers[j]);
        snprintf(prefix, sizeof prefix, "%s.", wrappers[j]);
        for (size_t i = first; i < w->count; i++) {
            bool is_inside = is_under(w->items[i].name, prefix);
            inside += is_inside;
            beside += !is_inside && !is_training_state(w->items[i].name);
        }
        if (wrapper != NULL && wrapper->kind == VALUE_DICT && inside > 0 && beside == 0) {
            keep_under(w, first, prefix);
            return;
        }
    }
}

bool pickle_collect(const Pickle *p, Weights *w, Err *err)
{
    size_t first = w->count;
    Walk k = {.w = w, .err = err};
    bool ok = p->root->kind == VALUE_TENSOR ? enter(&k, (Text){"tensor", 6}) : true;
    if (!ok || !visit(&k, p->root, 0))
        return false;
    unwrap(w, first, p->root);
    if (all_under(w, first, "module."))
        cut(w, first, strlen("module."));
    if (all_under(w, first, "_orig_mod."))
        cut(w, first, strlen("_orig_mod."));
    return w->count > first || err_set(err, ERR_FORMAT, "it holds no tensors");
}
