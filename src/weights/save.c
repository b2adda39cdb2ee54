/* SPDX-License-Identifier: MIT */
#include "weights/internal.h"

#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"

#include <string.h>

static const char *type_name(TensorType t)
{
    static const char *const names[TENSOR_TYPES] = {
        [TENSOR_F32] = "F32", [TENSOR_F16] = "F16",   [TENSOR_BF16] = "BF16",
        [TENSOR_F64] = "F64", [TENSOR_U8] = "U8",     [TENSOR_I8] = "I8",
        [TENSOR_I16] = "I16", [TENSOR_U16] = "U16",   [TENSOR_I32] = "I32",
        [TENSOR_I64] = "I64", [TENSOR_BOOL] = "BOOL",
    };
    return names[t];
}

static bool check_names(const WeightsOut *list, size_t n, Err *err)
{
    Weights *seen = weights_new("");
    static char nothing;
    bool ok = n < MOST_TENSORS || err_set(err, ERR_INPUT, "there are too many tensors");
    for (size_t i = 0; ok && i < n; i++) {
        Text name = {list[i].name, strlen(list[i].name)};
        ok = text_is_name(name) && !text_is(name, "__metadata__") &&
             weights_index(seen, list[i].name) == weights_count(seen);
        if (ok)
            weights_add(seen, list[i].name,
                        tensor_over(&nothing, TENSOR_U8, (Shape){.rank = 0}));
        else
            err_set(err, ERR_INPUT, "no tensor can be called '%s', or two are",
                    text_shown(name).s);
    }
    weights_close(seen);
    return ok;
}

static size_t bytes_of(const WeightsOut *t)
{
    return (size_t)shape_count(t->shape) * tensor_type_size(t->type);
}

static void put_entry(Json *header, const WeightsOut *t, size_t at)
{
    Json *entry = js_new_object(), *shape = js_new_array(), *offsets = js_new_array();
    js_put_string(entry, "dtype", type_name(t->type));
    for (int i = 0; i < t->shape.rank; i++)
        js_push_int(shape, t->shape.dim[i]);
    js_put(entry, "shape", shape);
    js_push_int(offsets, (int64_t)at);
    js_push_int(offsets, (int64_t)(at + bytes_of(t)));
    js_put(entry, "data_offsets", offsets);
    js_put(header, t->name, entry);
}

static bool put_metadata(Json *header, const char *const *metadata, Err *err)
{
    if (metadata == NULL)
        return true;
    Json *table = js_new_object();
    js_put(header, "__metadata__", table);
    for (; metadata[0] != NULL; metadata += 2)
        if (!utf8_is_valid(metadata[0]) || !utf8_is_valid(metadata[1]))
            return err_set(err, ERR_INPUT, "the metadata '%s' are not UTF-8",
                           text_shown((Text){metadata[0], strlen(metadata[0])}).s);
        else
            js_put_string(table, metadata[0], metadata[1]);
    return true;
}

/* The header's bytes: its length, its text, spaces up to a multiple of 8. */
static unsigned char *pack_header(const Json *header, size_t *size)
{
    char *text = js_text(header, true);
    size_t n = strlen(text), padded = (n + 7) / 8 * 8;
    unsigned char *bytes = xalloc(8 + padded, 1);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(padded >> (8 * i));
    memset(bytes + 8, ' ', padded);
    memcpy(bytes + 8, text, n);
    xfree(text);
    *size = 8 + padded;
    return bytes;
}

/* ---- numbers --------------------------------------------------------------------- */

enum { AT_ONCE = 1 << 16 }; /* numbers in hand */

typedef struct Sink {
    FileOut out;
    float numbers[AT_ONCE];
    uint16_t halves[AT_ONCE];
    Err *err;
} Sink;

/* `n` numbers of type `from` as numbers of type `to`. */
static bool put_numbers(Sink *s, TensorType to, const unsigned char *at, TensorType from,
                        int64_t n)
{
    if (to == from)
        return file_put(&s->out, at, (size_t)n * tensor_type_size(from), s->err);
    bool ok = true;
    for (int64_t done = 0; ok && done < n; done += AT_ONCE) {
        int64_t some = min64(n - done, AT_ONCE);
        tensor_read_f32(s->numbers, at + (size_t)done * tensor_type_size(from), from, some);
        if (to != TENSOR_F32)
            tensor_write(s->halves, to, s->numbers, some);
        ok = file_put(&s->out, to == TENSOR_F32 ? (void *)s->numbers : s->halves,
                      (size_t)some * tensor_type_size(to), s->err);
    }
    return ok;
}

/* Row by row of what comes out, which is a column of the piece. */
static bool put_transposed(Sink *s, const WeightsOut *t)
{
    const Tensor piece = t->piece[0];
    int64_t rows = t->shape.dim[0], columns = t->shape.dim[1];
    size_t size = tensor_type_size(piece.type);
    unsigned char *row = xalloc((size_t)columns, size);
    bool ok = true;
    for (int64_t i = 0; ok && i < rows; i++) {
        for (int64_t j = 0; j < columns; j++)
            memcpy(row + (size_t)j * size,
                   (const unsigned char *)piece.data + (size_t)(j * rows + i) * size, size);
        ok = put_numbers(s, t->type, row, piece.type, columns);
    }
    xfree(row);
    return ok;
}

static bool put_tensor(Sink *s, const WeightsOut *t)
{
    bool ok = true;
    if (t->is_transposed)
        return put_transposed(s, t);
    for (int i = 0; ok && i < WEIGHTS_PIECES && !tensor_is_empty(t->piece[i]); i++)
        ok = put_numbers(s, t->type, t->piece[i].data, t->piece[i].type,
                         tensor_count(t->piece[i]));
    return ok;
}

static bool told(const WeightsTell *tell, const WeightsOut *t, size_t at, size_t of, Err *err)
{
    bool goes_on = true;
    for (int i = 0; tell != NULL && goes_on && i < WEIGHTS_PIECES; i++)
        if (!tensor_is_empty(t->piece[i]))
            goes_on = tell->written(tell->user, at, of, t->piece[i]);
    return goes_on || err_set(err, ERR_CANCELLED, "stopped");
}

/* In the order of the header: the widest types first. */
static bool put_all(Sink *s, const WeightsOut *const *order, size_t n, const WeightsTell *tell)
{
    size_t of = 0, at = 0;
    bool ok = true;
    for (size_t i = 0; i < n; i++)
        of += bytes_of(order[i]);
    for (size_t i = 0; ok && i < n; i++) {
        ok = put_tensor(s, order[i]);
        at += bytes_of(order[i]);
        ok = ok && told(tell, order[i], at, of, s->err);
    }
    return ok;
}

/* ---- files ----------------------------------------------------------------------- */

static void check_sizes(const WeightsOut *t)
{
    int64_t n = 0;
    for (int i = 0; i < WEIGHTS_PIECES && !tensor_is_empty(t->piece[i]); i++) {
        must(t->type == t->piece[i].type || t->type == TENSOR_F32 || t->type == TENSOR_F16 ||
             t->type == TENSOR_BF16);
        n += tensor_count(t->piece[i]);
    }
    must(!tensor_is_empty(t->piece[0]) && n == shape_count(t->shape));
}

static bool write_file(const char *path, FilePart head, const WeightsOut *const *order,
                       size_t n, const WeightsTell *tell, Err *err)
{
    Sink *s = xalloc(1, sizeof *s);
    s->err = err;
    bool ok = file_begin(&s->out, path, err) && file_put(&s->out, head.bytes, head.size, err) &&
              put_all(s, order, n, tell);
    ok = file_end(&s->out, ok, err);
    xfree(s);
    return ok;
}

bool weights_write(const char *path, const WeightsOut *list, size_t n,
                   const char *const *metadata, const WeightsTell *tell, Err *err)
{
    if (!check_names(list, n, err))
        return err_prefix(err, "cannot write '%s': ", path);
    Json *header = js_new_object();
    const WeightsOut **order = xalloc(n, sizeof *order);
    size_t at = 0, count = 0, size = 0;
    bool ok = put_metadata(header, metadata, err);
    for (size_t width = 8; ok && width > 0; width /= 2)
        for (size_t i = 0; i < n; i++) {
            if (tensor_type_size(list[i].type) != width)
                continue;
            check_sizes(&list[i]);
            put_entry(header, &list[i], at);
            at += bytes_of(&list[i]);
            order[count++] = &list[i];
        }
    unsigned char *head = ok ? pack_header(header, &size) : NULL;
    ok = ok && write_file(path, (FilePart){head, size}, order, count, tell, err);
    xfree(head);
    xfree(order);
    js_free(header);
    return ok;
}

bool weights_save_safetensors(const char *path, const char *const *names, const Tensor *tensors,
                              size_t n, const char *const *metadata, Err *err)
{
    WeightsOut *list = xalloc(n, sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = (WeightsOut){.name = names[i],
                               .type = tensors[i].type,
                               .shape = tensor_shape(tensors[i]),
                               .piece = {tensors[i]}};
    bool ok = weights_write(path, list, n, metadata, NULL, err);
    xfree(list);
    return ok;
}
