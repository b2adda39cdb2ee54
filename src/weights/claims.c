/* SPDX-License-Identifier: MIT */
#include "weights/pickle.h"

#include <inttypes.h>
#include <string.h>

/* What torch writes into pickles: calls that rebuild tensors, storage classes,
 * persistent ids of storages.  (torch/_utils.py, torch/serialization.py) */

static const struct {
    const char *module, *name;
    CallKind call;
} callables[] = {
    {"torch._utils", "_rebuild_tensor_v2", CALL_TENSOR},
    {"torch._utils", "_rebuild_tensor", CALL_TENSOR},
    {"torch._utils", "_rebuild_parameter", CALL_FIRST},
    {"torch._utils", "_rebuild_parameter_with_state", CALL_FIRST},
    {"collections", "OrderedDict", CALL_DICT},
    {"collections", "defaultdict", CALL_DICT},
    {"torch.nn.modules.container", "ParameterDict", CALL_OBJECT},
    {"torch", "Size", CALL_INERT},
    {"torch", "device", CALL_INERT},
    {"builtins", "set", CALL_INERT},
    {"__builtin__", "set", CALL_INERT},
    {"_codecs", "encode", CALL_INERT},
    {"numpy", "dtype", CALL_INERT},
    {"numpy.core.multiarray", "scalar", CALL_INERT},
    {"numpy._core.multiarray", "scalar", CALL_INERT},
};

static const struct {
    const char *name;
    TensorType type;
} storages[] = {
    {"FloatStorage", TENSOR_F32},     {"HalfStorage", TENSOR_F16},
    {"BFloat16Storage", TENSOR_BF16}, {"DoubleStorage", TENSOR_F64},
    {"ByteStorage", TENSOR_U8},       {"CharStorage", TENSOR_I8},
    {"ShortStorage", TENSOR_I16},     {"IntStorage", TENSOR_I32},
    {"LongStorage", TENSOR_I64},      {"BoolStorage", TENSOR_BOOL},
};

void global_classify(Global *g)
{
    g->call = CALL_NOTHING;
    g->type = -1;
    for (size_t i = 0; i < sizeof callables / sizeof *callables; i++)
        if (text_is(g->module, callables[i].module) && text_is(g->name, callables[i].name))
            g->call = callables[i].call;
    if (!text_is(g->module, "torch") && !text_is(g->module, "torch.cuda"))
        return;
    for (size_t i = 0; i < sizeof storages / sizeof *storages; i++)
        if (text_is(g->name, storages[i].name))
            g->type = (int)storages[i].type;
}

static Value *refuse(Err *err, const char *why)
{
    err_set(err, ERR_FORMAT, "its pickle rebuilds a tensor from %s", why);
    return NULL;
}

static const Value *item(const Value *list, uint32_t i)
{
    return list->list.item[i];
}

/* A tuple of whole numbers. */
static bool read_row(const Value *row, int64_t *to, int *count)
{
    if (row->kind != VALUE_TUPLE && row->kind != VALUE_LIST)
        return false;
    if (row->list.count > TENSOR_DIMS)
        return false;
    for (uint32_t i = 0; i < row->list.count; i++) {
        if (item(row, i)->kind != VALUE_INT)
            return false;
        to[i] = item(row, i)->number;
    }
    *count = (int)row->list.count;
    return true;
}

/* (storage, offset, size, stride, ...) */
static Value *rebuild_tensor(Pickle *p, const Value *args, Err *err)
{
    if (args->list.count < 4 || item(args, 0)->kind != VALUE_STORAGE ||
        item(args, 1)->kind != VALUE_INT)
        return refuse(err, "something else than a storage, an offset, a size and strides");
    int dims = 0, strides = 0;
    TensorClaim *claim = pickle_take(p, sizeof *claim);
    Value *v = value_new(p, VALUE_TENSOR, err);
    if (claim == NULL || v == NULL)
        return refuse(err, "too many parts");
    *claim = (TensorClaim){.storage = item(args, 0)->storage, .from = item(args, 1)->number};
    if (!read_row(item(args, 2), claim->dim, &dims) ||
        !read_row(item(args, 3), claim->stride, &strides) || dims != strides)
        return refuse(err, "a size and strides that are not up to 5 whole numbers each");
    claim->rank = dims;
    v->tensor = claim;
    return v;
}

/* OrderedDict() or OrderedDict([(key, value), ...]), as Python 2 wrote it. */
static Value *rebuild_dict(Pickle *p, const Value *args, Err *err)
{
    Value *v = value_new(p, VALUE_DICT, err);
    const Value *pairs = args->list.count > 0 ? item(args, 0) : NULL;
    if (v == NULL || pairs == NULL || pairs->kind != VALUE_LIST || pairs->list.count == 0)
        return v;
    uint32_t count = pairs->list.count;
    v->list.item = pickle_take(p, (size_t)count * 2 * sizeof(Value *));
    if (v->list.item == NULL)
        return refuse(err, "too many parts");
    v->list.room = v->list.count = count * 2;
    for (uint32_t i = 0; i < count; i++) {
        const Value *pair = item(pairs, i);
        if ((pair->kind != VALUE_TUPLE && pair->kind != VALUE_LIST) || pair->list.count != 2) {
            err_set(err, ERR_FORMAT, "its pickle makes a dictionary of what are no pairs");
            return NULL;
        }
        memcpy(v->list.item + (size_t)i * 2, pair->list.item, 2 * sizeof(Value *));
    }
    return v;
}

static Value *rebuild_first(const Value *args, Err *err)
{
    if (args->list.count == 0 || item(args, 0)->kind != VALUE_TENSOR)
        return refuse(err, "a parameter that holds no tensor");
    return args->list.item[0];
}

Value *global_call(Pickle *p, const Value *callee, Value *args, Err *err)
{
    if (callee->kind != VALUE_GLOBAL) {
        err_set(err, ERR_FORMAT, "its pickle calls what is no function");
        return NULL;
    }
    const Global *g = callee->global;
    if (args == NULL || g->call == CALL_NOTHING || g->call == CALL_OBJECT) {
        err_set(
            err, ERR_FORMAT,
            "its pickle wants to run '%s.%s', which a table of tensors does not need: refused",
            text_shown(g->module).s, text_shown(g->name).s);
        return NULL;
    }
    if (args->kind != VALUE_TUPLE) {
        err_set(err, ERR_FORMAT, "its pickle calls '%s.%s' without arguments",
                text_shown(g->module).s, text_shown(g->name).s);
        return NULL;
    }
    switch (g->call) {
    case CALL_TENSOR:
        return rebuild_tensor(p, args, err);
    case CALL_FIRST:
        return rebuild_first(args, err);
    case CALL_DICT:
        return rebuild_dict(p, args, err);
    case CALL_INERT:
    case CALL_OBJECT:
    case CALL_NOTHING:
        break;
    }
    return value_new(p, VALUE_INERT, err);
}

/* ('storage', class, key, location, count[, view]), where view is None or
 * (key, from, count). */
static bool read_id(StorageClaim *claim, const Value *id, Err *err)
{
    bool is_tuple = id->kind == VALUE_TUPLE && id->list.count >= 5;
    if (!is_tuple || item(id, 0)->kind != VALUE_TEXT ||
        !text_is(item(id, 0)->text, "storage") || item(id, 1)->kind != VALUE_GLOBAL ||
        item(id, 2)->kind != VALUE_TEXT || item(id, 4)->kind != VALUE_INT ||
        item(id, 4)->number < 0)
        return err_set(err, ERR_FORMAT, "its pickle refers to something that is no storage");
    const Global *g = item(id, 1)->global;
    if (g->type < 0)
        return err_set(err, ERR_FORMAT, "storages of type '%s.%s' are not supported",
                       text_shown(g->module).s, text_shown(g->name).s);
    claim->type = (TensorType)g->type;
    claim->key = item(id, 2)->text;
    claim->count = claim->view_count = item(id, 4)->number;
    const Value *view = id->list.count > 5 ? item(id, 5) : NULL;
    if (view == NULL || view->kind == VALUE_NONE)
        return true;
    if (view->kind != VALUE_TUPLE || view->list.count != 3 ||
        item(view, 1)->kind != VALUE_INT || item(view, 2)->kind != VALUE_INT)
        return err_set(err, ERR_FORMAT, "its pickle refers to a broken view of a storage");
    claim->from = item(view, 1)->number;
    claim->view_count = item(view, 2)->number;
    if (claim->from < 0 || claim->view_count < 0 || claim->from > claim->count ||
        claim->view_count > claim->count - claim->from)
        return err_set(err, ERR_FORMAT, "a view reaches out of storage '%s'",
                       text_shown(claim->key).s);
    return true;
}

Value *storage_claim(Pickle *p, const Value *id, Err *err)
{
    StorageClaim *claim = pickle_take(p, sizeof *claim);
    Value *v = value_new(p, VALUE_STORAGE, err);
    if (claim == NULL || v == NULL) {
        err_set(err, ERR_FORMAT, "its pickle holds too many values");
        return NULL;
    }
    *claim = (StorageClaim){.next = p->storages};
    if (!read_id(claim, id, err))
        return NULL;
    p->storages = claim;
    v->storage = claim;
    return v;
}
