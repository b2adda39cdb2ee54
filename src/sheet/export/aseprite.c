/* SPDX-License-Identifier: MIT */
#include "sheet/export/internal.h"

#include "base/file.h"
#include "media/aseprite.h"

#include <stdio.h>

/* ---- JSON, as Aseprite exports it ------------------------------------------------------ */

static Json *tags_json(const Sheet *s, int page)
{
    Json *tags = js_new_array();
    int begin = export_page_begin(s, page);
    for (Span v = export_first(s, page); v.clip != NULL; v = export_next(s, page, v)) {
        Json *t = js_new_object();
        js_put_string(t, "name", v.clip->name);
        js_put_int(t, "from", v.from - begin);
        js_put_int(t, "to", v.to - begin);
        js_put_string(t, "direction", "forward");
        if (!v.clip->is_loop)
            js_put_string(t, "repeat", "1"); /* Aseprite writes this number as a text */
        js_push(tags, t);
    }
    return tags;
}

static bool pivot_moves(const Sheet *s, int i)
{
    return s->pivots[i].x != s->pivots[i - 1].x || s->pivots[i].y != s->pivots[i - 1].y;
}

/* The pivot as Aseprite has it: a slice over the whole cell, with a key where
 * it moves. */
static Json *slices_json(const Sheet *s, int page)
{
    Json *keys = js_new_array();
    int begin = export_page_begin(s, page);
    for (int i = begin; i < s->count && s->page[i] == page; i++) {
        if (i > begin && !pivot_moves(s, i))
            continue;
        Json *pivot = js_new_object(), *key = js_new_object();
        js_put_int(pivot, "x", s->pivots[i].x);
        js_put_int(pivot, "y", s->pivots[i].y);
        js_put_int(key, "frame", i - begin);
        js_put(key, "bounds", export_rect((Rect){0, 0, s->cell_w, s->cell_h}));
        js_put(key, "pivot", pivot);
        js_push(keys, key);
    }
    Json *slice = js_new_object(), *slices = js_new_array();
    js_put_string(slice, "name", "pivot");
    js_put_string(slice, "color", "#0000ffff");
    js_put(slice, "keys", keys);
    js_push(slices, slice);
    return slices;
}

static Json *layers_json(void)
{
    Json *layer = js_new_object(), *layers = js_new_array();
    js_put_string(layer, "name", "character");
    js_put_int(layer, "opacity", 255);
    js_put_string(layer, "blendMode", "normal");
    js_push(layers, layer);
    return layers;
}

static Json *sheet_json(const Sheet *s, int page, bool is_hash)
{
    Json *frames = is_hash ? js_new_object() : js_new_array();
    int begin = export_page_begin(s, page);
    for (int i = begin; i < s->count && s->page[i] == page; i++) {
        char name[32];
        Json *f = js_new_object();
        if (!is_hash) {
            snprintf(name, sizeof name, "frames/%04d.png", i);
            js_put_string(f, "filename", name);
        }
        export_put_place(f, s, i);
        js_put_int(f, "duration", s->ms[i]);
        snprintf(name, sizeof name, "%d", i - begin);
        if (is_hash)
            js_put(frames, name, f);
        else
            js_push(frames, f);
    }
    Json *meta = export_meta(s, page), *j = js_new_object();
    js_put(meta, "frameTags", tags_json(s, page));
    js_put(meta, "layers", layers_json());
    js_put(meta, "slices", slices_json(s, page));
    js_put(j, "frames", frames);
    js_put(j, "meta", meta);
    return j;
}

static bool save_pages(const Export *x, const char *end, bool is_hash)
{
    bool ok = true;
    for (int page = 0; ok && page < x->sheet->page_count; page++)
        ok = export_save_json(x, export_page_name(x->sheet, page, end).s,
                              sheet_json(x->sheet, page, is_hash));
    return ok;
}

bool export_json(const Export *x)
{
    return save_pages(x, ".json", false);
}

bool export_json_hash(const Export *x)
{
    return save_pages(x, "-hash.json", true);
}

/* ---- its own file ------------------------------------------------------------------------ */

bool export_aseprite(const Export *x)
{
    const Sheet *s = x->sheet;
    AsepriteTag *tags = xalloc((size_t)s->clip_count, sizeof *tags);
    for (Span v = export_first(s, -1); v.clip != NULL; v = export_next(s, -1, v))
        tags[v.clip - s->clips] =
            (AsepriteTag){v.clip->name, v.from, v.to, v.clip->is_loop ? 0 : 1};
    Aseprite file = {.frames = s->cells,
                     .count = s->count,
                     .ms = s->ms,
                     .pivots = s->pivots,
                     .tags = tags,
                     .tag_count = s->clip_count,
                     .palette = s->has_palette ? &s->palette : NULL};
    char *path = file_join(x->files->dir, "sheet.aseprite");
    bool ok = aseprite_save(&file, path, x->scratch, x->err);
    xfree(path);
    xfree(tags);
    if (ok)
        export_made(x, "sheet.aseprite");
    return ok;
}
