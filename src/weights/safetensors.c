/* SPDX-License-Identifier: MIT */
#include "weights/internal.h"

#include "base/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The format: an 8-byte length, a JSON header of that length that says each
 * tensor's type, shape and place, then the data, which the tensors must cover
 * without gaps or overlaps.  (github.com/huggingface/safetensors, README) */
enum { HEADER_LIMIT = 100 * 1000 * 1000 };

typedef struct Span {
    int64_t begin, end;
    const char *name;
} Span;

static bool type_named(const char *name, TensorType *type)
{
    static const struct {
        const char *name;
        TensorType type;
    } types[] = {
        {"F32", TENSOR_F32}, {"F16", TENSOR_F16},   {"BF16", TENSOR_BF16}, {"F64", TENSOR_F64},
        {"U8", TENSOR_U8},   {"I8", TENSOR_I8},     {"I16", TENSOR_I16},   {"I32", TENSOR_I32},
        {"I64", TENSOR_I64}, {"BOOL", TENSOR_BOOL},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0) {
            *type = types[i].type;
            return true;
        }
    return false;
}

static bool read_shape(Layout *l, const Json *shape, Err *err)
{
    if (!js_is_array(shape))
        return err_set(err, ERR_FORMAT, "it has no shape");
    if (js_count(shape) > TENSOR_DIMS)
        return err_set(err, ERR_FORMAT, "it has %zu dims, at most %d are supported",
                       js_count(shape), TENSOR_DIMS);
    l->rank = (int)js_count(shape);
    for (int i = 0; i < l->rank; i++) {
        l->dim[i] = js_int(js_at(shape, (size_t)i), -1);
        if (l->dim[i] < 0)
            return err_set(err, ERR_FORMAT, "its shape is not a row of whole numbers");
    }
    return true;
}

/* Fills the layout and the span from one member of the header. */
static bool read_entry(Layout *l, Span *span, const Json *entry, size_t data_size, Err *err)
{
    const Json *offsets = js_get(entry, "data_offsets");
    const char *type = js_string(js_get(entry, "dtype"), NULL);
    if (type == NULL)
        return err_set(err, ERR_FORMAT, "it has no dtype");
    if (!type_named(type, &l->type))
        return err_set(err, ERR_FORMAT,
                       strncmp(type, "F8_", 3) == 0
                           ? "its numbers have 8 bits (%s), which is not supported: get the "
                             "file with those of 16"
                           : "its type %s is not supported",
                       text_shown((Text){type, strlen(type)}).s);
    if (!read_shape(l, js_get(entry, "shape"), err))
        return false;
    span->begin = js_int(js_at(offsets, 0), -1);
    span->end = js_int(js_at(offsets, 1), -1);
    if (js_count(offsets) != 2 || span->begin < 0 || span->end < span->begin)
        return err_set(err, ERR_FORMAT, "its data_offsets are not [begin, end]");
    if ((uint64_t)span->end > data_size)
        return err_set(err, ERR_FORMAT,
                       "it ends at byte %" PRId64 " of %zu: the file is cut off or broken",
                       span->end, data_size);
    Shape shape = {.rank = l->rank};
    memcpy(shape.dim, l->dim, sizeof shape.dim);
    int64_t bytes;
    l->count = shape_count(shape);
    if (l->count < 0 ||
        __builtin_mul_overflow(l->count, (int64_t)tensor_type_size(l->type), &bytes) ||
        bytes != span->end - span->begin)
        return err_set(err, ERR_FORMAT, "%s of %s does not take %" PRId64 " bytes",
                       shape_text(shape).s, type, span->end - span->begin);
    layout_pack(l);
    return true;
}

static bool read_metadata(Weights *w, Json *metadata, Err *err)
{
    if (!js_is_object(metadata))
        return err_set(err, ERR_FORMAT, "its __metadata__ is not a table of texts");
    for (void *it = js_first(metadata); it != NULL; it = js_next(metadata, it)) {
        const char *value = js_string(js_value(it), NULL);
        if (value == NULL)
            return err_set(err, ERR_FORMAT, "its __metadata__ is not a table of texts");
        weights_put_metadata(w, js_key(it), value);
    }
    return true;
}

static int by_place(const void *pa, const void *pb)
{
    const Span *a = pa, *b = pb;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

/* The data belong to one tensor each, and none is left over. */
static bool check_cover(Span *spans, size_t count, size_t data_size, Err *err)
{
    qsort(spans, count, sizeof *spans, by_place);
    int64_t upto = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = spans[i].name;
        if (spans[i].begin != upto)
            return err_set(
                err, ERR_FORMAT, "tensor '%s' %s", text_shown((Text){name, strlen(name)}).s,
                spans[i].begin < upto ? "overlaps another" : "leaves a gap before it");
        upto = spans[i].end;
    }
    if ((uint64_t)upto != data_size)
        return err_set(err, ERR_FORMAT, "%" PRIu64 " bytes at the end belong to no tensor",
                       data_size - (uint64_t)upto);
    return true;
}

static bool read_header(Weights *w, Json *header, const unsigned char *data, size_t data_size,
                        Span *spans, Err *err)
{
    size_t count = 0;
    for (void *it = js_first(header); it != NULL; it = js_next(header, it)) {
        const char *name = js_key(it);
        if (strcmp(name, "__metadata__") == 0) {
            if (!read_metadata(w, js_value(it), err))
                return false;
            continue;
        }
        Layout l = {0};
        Text text = {name, strlen(name)};
        if (!read_entry(&l, &spans[count], js_value(it), data_size, err))
            return err_prefix(err, "tensor '%s': ", text_shown(text).s);
        spans[count].name = name;
        l.bytes = data + spans[count].begin;
        if (!weights_put(w, text, &l, err))
            return false;
        count++;
    }
    return check_cover(spans, count, data_size, err);
}

bool safetensors_read(Weights *w, const unsigned char *bytes, size_t size, Err *err)
{
    uint64_t length = size >= 8 ? read_u64(bytes) : 0;
    if (size < 8)
        return err_set(err, ERR_FORMAT, "the file is cut off after %zu bytes", size);
    if (length > HEADER_LIMIT)
        return err_set(err, ERR_FORMAT,
                       "its header claims %" PRIu64 " bytes, at most %d are allowed", length,
                       HEADER_LIMIT);
    if (length > size - 8)
        return err_set(err, ERR_FORMAT,
                       "the file is cut off: its header has %" PRIu64 " bytes, the file %zu",
                       length, size);
    Json *header = js_parse((const char *)bytes + 8, (size_t)length, "safetensors header", err);
    if (header == NULL)
        return false;
    bool ok = js_is_object(header);
    if (!ok)
        err_set(err, ERR_FORMAT, "its header is not a JSON object");
    size_t members = 0;
    for (void *it = ok ? js_first(header) : NULL; it != NULL; it = js_next(header, it))
        members++;
    Span *spans = xalloc(members, sizeof *spans);
    ok =
        ok && read_header(w, header, bytes + 8 + length, size - 8 - (size_t)length, spans, err);
    xfree(spans);
    js_free(header);
    return ok;
}
