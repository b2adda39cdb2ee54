/* SPDX-License-Identifier: MIT */
#include "weights/internal.h"

#include "base/json.h"
#include "base/utf8.h"

#include <string.h>

static const char *type_name(TensorType t)
{
    static const char *const names[TENSOR_TYPES] = {
        [TENSOR_F32] = "F32",   [TENSOR_F16] = "F16", [TENSOR_BF16] = "BF16",
        [TENSOR_F64] = "F64",   [TENSOR_U8] = "U8",   [TENSOR_I8] = "I8",
        [TENSOR_I16] = "I16",   [TENSOR_I32] = "I32", [TENSOR_I64] = "I64",
        [TENSOR_BOOL] = "BOOL",
    };
    return names[t];
}

static bool check_names(const char *const *names, size_t n, Err *err)
{
    Weights *seen = weights_new("");
    static char nothing;
    bool ok = n < MOST_TENSORS || err_set(err, ERR_INPUT, "there are too many tensors");
    for (size_t i = 0; ok && i < n; i++) {
        Text name = {names[i], strlen(names[i])};
        ok = text_is_name(name) && !text_is(name, "__metadata__") &&
             weights_index(seen, names[i]) == weights_count(seen);
        if (ok)
            weights_add(seen, names[i], tensor_over(&nothing, TENSOR_U8, (Shape){.rank = 0}));
        else
            err_set(err, ERR_INPUT, "no tensor can be called '%s', or two are",
                    text_shown(name).s);
    }
    weights_close(seen);
    return ok;
}

static void put_entry(Json *header, const char *name, Tensor t, size_t at)
{
    Json *entry = js_new_object(), *shape = js_new_array(), *offsets = js_new_array();
    js_put_string(entry, "dtype", type_name(t.type));
    for (int i = 0; i < t.rank; i++)
        js_push_int(shape, t.dim[i]);
    js_put(entry, "shape", shape);
    js_push_int(offsets, (int64_t)at);
    js_push_int(offsets, (int64_t)(at + tensor_bytes(t)));
    js_put(entry, "data_offsets", offsets);
    js_put(header, name, entry);
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

bool weights_save_safetensors(const char *path, const char *const *names, const Tensor *tensors,
                              size_t n, const char *const *metadata, Err *err)
{
    if (!check_names(names, n, err))
        return err_prefix(err, "cannot write '%s': ", path);
    Json *header = js_new_object();
    FilePart *parts = xalloc(n + 1, sizeof *parts);
    unsigned char *head = NULL;
    size_t at = 0, count = 1;
    bool ok = put_metadata(header, metadata, err);
    for (size_t width = 8; ok && width > 0; width /= 2)
        for (size_t i = 0; i < n; i++) {
            if (tensor_type_size(tensors[i].type) != width)
                continue;
            must(!tensor_is_empty(tensors[i]));
            put_entry(header, names[i], tensors[i], at);
            parts[count] = (FilePart){tensors[i].data, tensor_bytes(tensors[i])};
            at += parts[count++].size;
        }
    if (ok) {
        head = pack_header(header, &parts[0].size);
        parts[0].bytes = head;
        ok = file_save_parts(path, parts, count, err);
    }
    xfree(head);
    xfree(parts);
    js_free(header);
    return ok;
}
