/* SPDX-License-Identifier: MIT */
#include "studios/paint/internal.h"

#include "base/digest.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>

enum { MODEL_DIGITS = 10, LORA_DIGITS = 12 };

static void hash_file(char to[MODEL_DIGITS + 1], const char *path)
{
    char hex[DIGEST_ROOM];
    Err err = {0};
    bool is_known = path != NULL && !file_is_dir(path) && file_sha256(hex, path, 0, &err);
    snprintf(to, MODEL_DIGITS + 1, "%.*s", MODEL_DIGITS, is_known ? hex : "");
}

/* Where the tensors of a .safetensors begin: a LoRA is known by what comes from there on, since
 * its header changes when it is described anew.  0 for other files. */
static size_t past_header(const char *path)
{
    FileMap m;
    Err err = {0};
    uint64_t size = 0;
    if (!file_name_ends(path, ".safetensors") || !file_map(&m, path, &err))
        return 0;
    for (int i = 7; i >= 0 && m.size >= 8; i--)
        size = size << 8 | m.data[i];
    file_unmap(&m);
    return (size_t)size + 8;
}

/* One more "name: hash" at the end of *text. */
static void add_lora(char **text, const char *word)
{
    char hex[DIGEST_ROOM];
    Err err = {0};
    size_t n, stem;
    (void)paint_lora_weight(word, &n);
    char *path = xstrdup(word);
    path[n] = '\0';
    if (file_sha256(hex, path, past_header(path), &err)) {
        const char *name = file_stem(path, &stem);
        size_t was = *text != NULL ? strlen(*text) : 0, room = was + stem + LORA_DIGITS + 5;
        *text = xgrow(*text, room, 1);
        snprintf(*text + was, room - was, "%s%.*s: %.*s", was > 0 ? ", " : "", (int)stem, name,
                 LORA_DIGITS, hex);
    }
    xfree(path);
}

void paint_hash(PaintHashes *h, const PaintRequest *q)
{
    hash_file(h->model, q->model != NULL ? q->model : q->unet);
    hash_file(h->vae, q->vae);
    for (int64_t i = 0; i < q->loras.count; i++)
        add_lora(&h->loras, q->loras.of[i]);
}

void paint_hashes_release(PaintHashes *h)
{
    xfree(h->loras);
    *h = (PaintHashes){0};
}
