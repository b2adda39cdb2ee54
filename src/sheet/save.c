/* SPDX-License-Identifier: MIT */
#include "sheet/sheet.h"

#include "base/file.h"
#include "base/json.h"
#include "media/animation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Json *rect_json(Rect r)
{
    Json *j = js_new_object();
    js_put_int(j, "x", r.x);
    js_put_int(j, "y", r.y);
    js_put_int(j, "w", r.w);
    js_put_int(j, "h", r.h);
    return j;
}

static Json *size_json(int w, int h)
{
    Json *j = js_new_object();
    js_put_int(j, "w", w);
    js_put_int(j, "h", h);
    return j;
}

typedef struct FrameName {
    char s[32];
} FrameName;

static FrameName frame_name(int i)
{
    FrameName n;
    snprintf(n.s, sizeof n.s, "frames/%04d.png", i);
    return n;
}

/* Whole milliseconds of frame i of a clip; what one loses the next makes up. */
static int64_t frame_ms(double fps, int i)
{
    return (int64_t)((i + 1) * 1000.0 / fps + 0.5) - (int64_t)(i * 1000.0 / fps + 0.5);
}

static Json *frames_json(const Sheet *s)
{
    Json *frames = js_new_array();
    int at = 0;
    for (int c = 0; c < s->clip_count; c++)
        for (int i = 0; i < s->clips[c].count; i++, at++) {
            Json *f = js_new_object();
            js_put_string(f, "filename", frame_name(at).s);
            js_put(f, "frame", rect_json(s->places[at]));
            js_put_bool(f, "rotated", false);
            js_put_bool(f, "trimmed", false);
            js_put(f, "spriteSourceSize", rect_json((Rect){0, 0, s->cell_w, s->cell_h}));
            js_put(f, "sourceSize", size_json(s->cell_w, s->cell_h));
            js_put_int(f, "duration", frame_ms(s->clips[c].fps, i));
            js_push(frames, f);
        }
    return frames;
}

static Json *tags_json(const Sheet *s)
{
    Json *tags = js_new_array();
    int at = 0;
    for (int c = 0; c < s->clip_count; c++) {
        Json *t = js_new_object();
        js_put_string(t, "name", s->clips[c].name);
        js_put_int(t, "from", at);
        at += s->clips[c].count;
        js_put_int(t, "to", at - 1);
        js_put_string(t, "direction", "forward");
        if (!s->clips[c].is_loop)
            js_put_string(t, "repeat", "1");
        js_push(tags, t);
    }
    return tags;
}

/* The pivot as Aseprite has it: a slice over the whole cell. */
static Json *slices_json(const Sheet *s)
{
    Json *pivot = js_new_object();
    js_put_int(pivot, "x", s->pivot_x);
    js_put_int(pivot, "y", s->pivot_y);
    Json *key = js_new_object();
    js_put_int(key, "frame", 0);
    js_put(key, "bounds", rect_json((Rect){0, 0, s->cell_w, s->cell_h}));
    js_put(key, "pivot", pivot);
    Json *keys = js_new_array();
    js_push(keys, key);
    Json *slice = js_new_object();
    js_put_string(slice, "name", "pivot");
    js_put_string(slice, "color", "#0000ffff");
    js_put(slice, "keys", keys);
    Json *slices = js_new_array();
    js_push(slices, slice);
    return slices;
}

static Json *sheet_json(const Sheet *s)
{
    Json *meta = js_new_object();
    js_put_string(meta, "app", "atelier");
    js_put_string(meta, "version", ATELIER_VERSION);
    js_put_string(meta, "image", "sheet.png");
    js_put_string(meta, "format", "RGBA8888");
    js_put(meta, "size", size_json(image_width(s->picture), image_height(s->picture)));
    js_put_string(meta, "scale", "1");
    js_put(meta, "frameTags", tags_json(s));
    js_put(meta, "slices", slices_json(s));
    Json *j = js_new_object();
    js_put(j, "frames", frames_json(s));
    js_put(j, "meta", meta);
    return j;
}

static bool save_json(const Sheet *s, const char *dir, Err *err)
{
    char *path = file_join(dir, "sheet.json");
    Json *j = sheet_json(s);
    bool ok = js_save(j, path, err);
    js_free(j);
    xfree(path);
    return ok;
}

static bool save_image(Image im, const char *dir, const char *name, const ImageText *texts,
                       int count, Err *err)
{
    char *path = file_join(dir, name);
    bool ok = image_save(im, path, texts, count, err);
    xfree(path);
    return ok;
}

/* The number of a frame's file, "0012.png"; -1 for other names. */
static int frame_number(const char *name)
{
    if (strspn(name, "0123456789") != 4 || strcmp(name + 4, ".png") != 0)
        return -1;
    return atoi(name);
}

static bool remove_frames_from(int count, const char *frames, Err *err)
{
    char **names;
    int n;
    bool ok = file_names(&names, &n, frames, err);
    for (int i = 0; ok && i < n; i++) {
        char *path = file_join(frames, names[i]);
        if (frame_number(names[i]) >= count && !file_is_dir(path))
            ok = file_remove(path, err);
        xfree(path);
    }
    file_names_free(names, n);
    return ok;
}

bool sheet_save_frames(const Image *frames, int count, const char *dir, Err *err)
{
    char *below = file_join(dir, "frames");
    bool ok = file_make_dirs(below, err);
    for (int i = 0; i < count && ok; i++)
        ok = save_image(frames[i], dir, frame_name(i).s, NULL, 0, err);
    ok = ok && remove_frames_from(count, below, err);
    xfree(below);
    return ok;
}

static bool save_gifs(const Sheet *s, const char *dir, Arena *scratch, Err *err)
{
    const Image *cells = s->cells;
    bool ok = true;
    for (int c = 0; c < s->clip_count && ok; cells += s->clips[c++].count) {
        const SheetClip *clip = &s->clips[c];
        char name[96];
        snprintf(name, sizeof name, "%s.gif", clip->name);
        char *path = file_join(dir, name);
        ok = gif_save(&(Animation){.frames = cells,
                                   .count = clip->count,
                                   .frame_ms = 1000 / clip->fps,
                                   .plays = clip->is_loop ? 0 : 1},
                      path, scratch, err);
        xfree(path);
    }
    return ok;
}

bool sheet_save(const Sheet *s, const char *dir, const ImageText *texts, int count,
                Arena *scratch, Err *err)
{
    return file_make_dirs(dir, err) &&
           save_image(s->picture, dir, "sheet.png", texts, count, err) &&
           save_json(s, dir, err) && sheet_save_frames(s->cells, s->count, dir, err) &&
           save_gifs(s, dir, scratch, err);
}
