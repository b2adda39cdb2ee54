/* SPDX-License-Identifier: MIT */
#include "weights/internal.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

/* An index of shards: {"weight_map": {"name": "model-00001-of-00002.safetensors",
 * ...}}.  The shards lie beside the index. */

static bool is_plain_file(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL &&
           strlen(name) <= 255;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The differing files of the map, ordered.  They belong to the document. */
static bool list_shards(Json *map, const char ***shards, size_t *count, Err *err)
{
    size_t n = 0;
    for (void *it = js_first(map); it != NULL; it = js_next(map, it)) {
        const char *file = js_string(js_value(it), "");
        if (!is_plain_file(file))
            return err_set(err, ERR_FORMAT, "its shard '%s' is not a file beside it",
                           text_shown((Text){file, strlen(file)}).s);
        if ((n & (n - 1)) == 0)
            *shards = xgrow(*shards, n > 0 ? n * 2 : 1, sizeof **shards);
        (*shards)[n++] = file;
    }
    if (n == 0)
        return err_set(err, ERR_FORMAT, "its weight_map is empty");
    qsort(*shards, n, sizeof **shards, by_text);
    for (size_t i = 0; i < n; i++)
        if (*count == 0 || strcmp((*shards)[*count - 1], (*shards)[i]) != 0)
            (*shards)[(*count)++] = (*shards)[i];
    if (*count > MOST_SHARDS)
        return err_set(err, ERR_FORMAT, "it has %zu shards, at most %d are allowed", *count,
                       MOST_SHARDS);
    return true;
}

static bool read_shards(Weights *w, const char *const *shards, size_t count, Err *err)
{
    const char *slash = strrchr(w->path, '/');
    size_t n = slash != NULL ? (size_t)(slash - w->path) + 1 : 0;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        char *path = xalloc(n + strlen(shards[i]) + 1, 1);
        memcpy(path, w->path, n);
        memcpy(path + n, shards[i], strlen(shards[i]) + 1);
        w->is_shard = true;
        ok = weights_read_file(w, path, err);
        xfree(path);
    }
    return ok;
}

/* What the index promises is there. */
static bool check_map(Weights *w, Json *map, Err *err)
{
    if (!weights_seal(w, err))
        return false;
    for (void *it = js_first(map); it != NULL; it = js_next(map, it))
        if (weights_index(w, js_key(it)) == weights_count(w))
            return err_set(err, ERR_FORMAT, "it promises tensor '%s', which no shard has",
                           text_shown((Text){js_key(it), strlen(js_key(it))}).s);
    return true;
}

bool index_read(Weights *w, const unsigned char *bytes, size_t size, Err *err)
{
    if (w->is_shard || w->maps[0].is_mapped == false)
        return err_set(err, ERR_FORMAT, "an index of shards cannot be read here");
    Json *index = js_parse((const char *)bytes, size, "index of shards", err);
    if (index == NULL)
        return false;
    Json *map = js_get(index, "weight_map");
    const char **shards = NULL;
    size_t count = 0;
    bool ok = js_is_object(map) ||
              err_set(err, ERR_FORMAT, "this JSON has no weight_map: it is no index of shards");
    ok = ok && list_shards(map, &shards, &count, err) && read_shards(w, shards, count, err) &&
         check_map(w, map, err);
    if (ok)
        w->kind = strcmp(w->kind, "safetensors") == 0 ? "safetensors shards" : "torch shards";
    xfree(shards);
    js_free(index);
    return ok;
}
