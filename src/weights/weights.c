/* SPDX-License-Identifier: MIT */
#include "weights/weights.h"

#include "weights/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Gathered tensors may take GATHER_TIMES the file, and a little. */
enum { GATHER_TIMES = 2, GATHER_SPARE = 1 << 20 };

Weights *weights_new(const char *path)
{
    Weights *w = xalloc(1, sizeof *w);
    w->path = xstrdup(path);
    w->kind = "memory";
    return w;
}

void weights_close(Weights *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->count; i++)
        xfree(w->items[i].name);
    for (size_t i = 0; i < w->metadata_count; i++)
        xfree(w->metadata[i]);
    for (size_t i = 0; i < w->map_count; i++)
        file_unmap(&w->maps[i]);
    arena_release(&w->own);
    xfree(w->metadata);
    xfree(w->sorted);
    xfree(w->items);
    xfree(w->maps);
    xfree(w->path);
    xfree(w);
}

static bool begins(const unsigned char *bytes, size_t size, const char *with)
{
    size_t n = strlen(with);
    return size >= n && memcmp(bytes, with, n) == 0;
}

/* In small or large letters, after blanks. */
static bool is_page(const unsigned char *bytes, size_t size)
{
    static const char *const tags[] = {"<!doctype", "<html", "<?xml"};
    size_t blank = 0;
    while (blank < size && blank < 64 && isspace(bytes[blank]))
        blank++;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        size_t n = strlen(tags[i]);
        if (size - blank >= n && strncasecmp((const char *)bytes + blank, tags[i], n) == 0)
            return true;
    }
    return false;
}

/* Files that people take for weights, by how they begin. */
static bool is_stranger(const unsigned char *bytes, size_t size, Err *err)
{
    static const struct {
        const char *begins, *is;
    } strangers[] = {
        {"version https://git-lfs", "a Git LFS pointer: the real file was not downloaded"},
        {"\x89PNG", "a PNG picture, not a file of weights"},
        {"\xff\xd8\xff", "a JPEG picture, not a file of weights"},
        {"RIFF", "a RIFF file, not a file of weights"},
        {"GGUF", "a GGUF file, which is not supported: get the safetensors"},
        {"\x89HDF", "an HDF5 file, which is not supported: get the safetensors"},
        {"\x93NUMPY", "a NumPy array, which is not supported: get the safetensors"},
        {"\x1f\x8b", "a gzip archive: unpack it first"},
        {"7z\xbc\xaf", "a 7z archive: unpack it first"},
        {"\x7f\x45LF", "a program, not a file of weights"},
    };
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        if (begins(bytes, size, strangers[i].begins))
            return !err_set(err, ERR_FORMAT, "this is %s", strangers[i].is);
    return is_page(bytes, size) &&
           !err_set(err, ERR_FORMAT, "this is a web page: the download went wrong");
}

static bool is_json(const unsigned char *bytes, size_t size)
{
    size_t at = 0;
    while (at < size && at < 64 &&
           (bytes[at] == ' ' || (bytes[at] >= '\t' && bytes[at] <= '\r')))
        at++;
    return at < size && bytes[at] == '{' && memchr(bytes, 0, size < 8 ? size : 8) == NULL;
}

/* safetensors begins with the length of its header, which is below 2^32 if it
 * is sound, and then a brace. */
static bool is_safetensors(const unsigned char *bytes, size_t size)
{
    return size > 8 && bytes[8] == '{' && read_u32(bytes + 4) == 0;
}

FileKind file_kind(const unsigned char *bytes, size_t size, Err *err)
{
    if (is_safetensors(bytes, size))
        return FILE_SAFETENSORS;
    if (begins(bytes, size, "PK\x03\x04") || begins(bytes, size, "PK\x05\x06"))
        return FILE_ZIP;
    if (size >= 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
        return FILE_PICKLE;
    if (is_json(bytes, size))
        return FILE_JSON;
    if (is_stranger(bytes, size, err))
        return FILE_OTHER;
    if (size >= 8 && (bytes[7] == 0 || (size > 8 && bytes[8] == '{')))
        return FILE_SAFETENSORS; /* not a sound one, and its reader says why */
    if (size == 0)
        err_set(err, ERR_FORMAT, "the file is empty");
    err_set(err, ERR_FORMAT, "not a file of weights: neither safetensors nor a torch file");
    return FILE_OTHER;
}

static bool read_bytes(Weights *w, const unsigned char *bytes, size_t size, Err *err)
{
    w->own_limit += size * GATHER_TIMES + GATHER_SPARE;
    switch (file_kind(bytes, size, err)) {
    case FILE_SAFETENSORS:
        w->kind = "safetensors";
        return safetensors_read(w, bytes, size, err);
    case FILE_ZIP:
        w->kind = "torch zip";
        return torch_zip_read(w, bytes, size, err);
    case FILE_PICKLE:
        w->kind = "torch legacy";
        return torch_legacy_read(w, bytes, size, err);
    case FILE_JSON:
        return index_read(w, bytes, size, err);
    case FILE_OTHER:
        break;
    }
    return false;
}

static FileMap *add_map(Weights *w)
{
    w->maps = xgrow(w->maps, w->map_count + 1, sizeof *w->maps);
    FileMap *map = &w->maps[w->map_count++];
    *map = (FileMap){0};
    return map;
}

bool weights_read_file(Weights *w, const char *path, Err *err)
{
    Err why = {0};
    FileMap map;
    if (!file_map(&map, path, err))
        return false;
    *add_map(w) = map;
    if (read_bytes(w, map.data, map.size, &why))
        return true;
    err_prefix(&why, "'%s': ", path);
    return err_set(err, why.kind, "%s", why.text);
}

/* The one file of a diffusers or transformers folder: of the first tier of
 * which there is any. */
static char *file_of_folder(const char *dir, Err *err)
{
    enum { TIERS = 4 };
    static const char *const tiers[TIERS][5] = {
        {"model.safetensors", "diffusion_pytorch_model.safetensors",
         "model.safetensors.index.json", "diffusion_pytorch_model.safetensors.index.json"},
        {"model.fp16.safetensors", "diffusion_pytorch_model.fp16.safetensors",
         "model.safetensors.index.fp16.json",
         "diffusion_pytorch_model.safetensors.index.fp16.json"},
        {"pytorch_model.bin", "diffusion_pytorch_model.bin", "pytorch_model.bin.index.json",
         "diffusion_pytorch_model.bin.index.json"},
        {"pytorch_model.fp16.bin", "diffusion_pytorch_model.fp16.bin",
         "pytorch_model.bin.index.fp16.json", "diffusion_pytorch_model.bin.index.fp16.json"},
    };
    for (int tier = 0; tier < TIERS; tier++) {
        char *found = NULL;
        for (const char *const *name = tiers[tier]; *name != NULL; name++) {
            char *path = file_join(dir, *name);
            if (!file_exists(path)) {
                xfree(path);
            } else if (found == NULL) {
                found = path;
            } else {
                err_set(err, ERR_INPUT, "'%s' holds more than one file of weights: name one",
                        dir);
                xfree(path);
                xfree(found);
                return NULL;
            }
        }
        if (found != NULL)
            return found;
    }
    err_set(err, ERR_INPUT, "'%s' holds no file of weights: looked for %s, %s, %s and %s", dir,
            tiers[0][0], tiers[0][1], tiers[2][0], tiers[2][1]);
    return NULL;
}

Weights *weights_open(const char *path, Err *err)
{
    char *file = file_is_dir(path) ? file_of_folder(path, err) : xstrdup(path);
    if (file == NULL)
        return NULL;
    Weights *w = weights_new(file);
    xfree(file);
    if (weights_read_file(w, w->path, err)) {
        if (weights_seal(w, err))
            return w;
        err_prefix(err, "'%s': ", w->path);
    }
    weights_close(w);
    return NULL;
}

Weights *weights_from_memory(const void *bytes, size_t size, const char *path, Err *err)
{
    Weights *w = weights_new(path);
    *add_map(w) = (FileMap){.data = bytes, .size = size};
    if (read_bytes(w, bytes, size, err) && weights_seal(w, err))
        return w;
    err_prefix(err, "'%s': ", path);
    weights_close(w);
    return NULL;
}

typedef struct Ordered {
    const char *name;
    uint32_t at;
} Ordered;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const Ordered *)a)->name, ((const Ordered *)b)->name);
}

bool weights_seal(Weights *w, Err *err)
{
    Ordered *order = xalloc(w->count, sizeof *order);
    for (size_t i = 0; i < w->count; i++)
        order[i] = (Ordered){w->items[i].name, (uint32_t)i};
    qsort(order, w->count, sizeof *order, by_name);
    w->sorted = xgrow(w->sorted, w->count, sizeof *w->sorted);
    bool ok = true;
    for (size_t i = 0; i < w->count; i++) {
        w->sorted[i] = order[i].at;
        if (i > 0 && strcmp(order[i].name, order[i - 1].name) == 0)
            ok = err_set(err, ERR_FORMAT, "tensor '%s' comes twice", order[i].name);
    }
    xfree(order);
    return ok;
}

/* The first place in the order whose name is not before `name`. */
static size_t place(const Weights *w, const char *name)
{
    size_t lo = 0, hi = w->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(w->items[w->sorted[mid]].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void weights_add(Weights *w, const char *name, Tensor t)
{
    must(!tensor_is_empty(t) && weights_index(w, name) == w->count && w->count < MOST_TENSORS);
    size_t at = place(w, name);
    w->sorted = xgrow(w->sorted, w->count + 1, sizeof *w->sorted);
    memmove(w->sorted + at + 1, w->sorted + at, (w->count - at) * sizeof *w->sorted);
    w->sorted[at] = (uint32_t)w->count;
    weights_append(w, (Text){name, strlen(name)}, t);
}

void weights_append(Weights *w, Text name, Tensor t)
{
    if ((w->count & (w->count - 1)) == 0)
        w->items = xgrow(w->items, w->count > 0 ? w->count * 2 : 1, sizeof *w->items);
    char *copied = xalloc(name.size + 1, 1);
    memcpy(copied, name.at, name.size);
    w->items[w->count++] = (Item){copied, t};
}

void weights_put_metadata(Weights *w, const char *key, const char *value)
{
    w->metadata = xgrow(w->metadata, w->metadata_count + 2, sizeof *w->metadata);
    w->metadata[w->metadata_count++] = xstrdup(key);
    w->metadata[w->metadata_count++] = xstrdup(value);
}

const char *weights_path(const Weights *w)
{
    return w->path;
}

const char *weights_kind(const Weights *w)
{
    return w->kind;
}

size_t weights_count(const Weights *w)
{
    return w->count;
}

const char *weights_name(const Weights *w, size_t i)
{
    must(i < w->count);
    return w->items[i].name;
}

Tensor weights_at(const Weights *w, size_t i)
{
    must(i < w->count);
    return w->items[i].tensor;
}

size_t weights_index(const Weights *w, const char *name)
{
    size_t at = place(w, name);
    bool is_there = at < w->count && strcmp(w->items[w->sorted[at]].name, name) == 0;
    return is_there ? w->sorted[at] : w->count;
}

Tensor weights_find(const Weights *w, const char *name)
{
    size_t i = weights_index(w, name);
    return i < w->count ? w->items[i].tensor : (Tensor){0};
}

const char *weights_nest(const Weights *w, const char *name)
{
    static const char *const nests[] = {"params_ema.", "params.", ""};
    char full[1024];
    for (size_t i = 0; i < sizeof nests / sizeof *nests; i++) {
        snprintf(full, sizeof full, "%s%s", nests[i], name);
        if (weights_index(w, full) < weights_count(w))
            return nests[i];
    }
    return NULL;
}

bool weights_has_under(const Weights *w, const char *prefix)
{
    size_t at = place(w, prefix);
    return at < w->count && strncmp(w->items[w->sorted[at]].name, prefix, strlen(prefix)) == 0;
}

int64_t weights_total(const Weights *w)
{
    int64_t total = 0;
    for (size_t i = 0; i < w->count; i++)
        total += tensor_count(w->items[i].tensor);
    return total;
}

const char *weights_metadata(const Weights *w, const char *key)
{
    for (size_t i = 0; i < w->metadata_count; i += 2)
        if (strcmp(w->metadata[i], key) == 0)
            return w->metadata[i + 1];
    return w->of != NULL ? weights_metadata(w->of, key) : NULL;
}

void weights_drop(const Weights *w, Tensor t)
{
    const unsigned char *from = t.data;
    if (w->of != NULL)
        weights_drop(w->of, t);
    for (size_t i = 0; from != NULL && i < w->map_count; i++) {
        const FileMap *map = &w->maps[i];
        if (from >= map->data && from < map->data + map->size)
            file_map_drop(map, from, tensor_bytes(t));
    }
}

void weights_drop_all(const Weights *w)
{
    if (w->of != NULL)
        weights_drop_all(w->of);
    for (size_t i = 0; i < w->map_count; i++)
        file_map_drop(&w->maps[i], w->maps[i].data, w->maps[i].size);
}

bool weights_is_from(const Weights *w, const char *path)
{
    bool is = w->of != NULL && weights_is_from(w->of, path);
    for (size_t i = 0; !is && i < w->map_count; i++)
        is = file_map_is(&w->maps[i], path);
    return is;
}
