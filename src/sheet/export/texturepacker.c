/* SPDX-License-Identifier: MIT */
#include "sheet/export/internal.h"

/* The hash form of TexturePacker, and what PixiJS and Phaser make of it. */

/* Frames of a page by name, each with its pivot under `pivot`. */
static Json *frames_by_name(const Sheet *s, int page, const char *pivot)
{
    Json *frames = js_new_object();
    for (Span v = export_first(s, page); v.clip != NULL; v = export_next(s, page, v))
        for (int i = v.from; i <= v.to; i++) {
            Json *f = js_new_object();
            export_put_place(f, s, i);
            js_put(f, pivot, export_anchor(s, i));
            js_put(frames, export_frame_name(v.clip, i - v.begin, ".png").s, f);
        }
    return frames;
}

bool export_texturepacker(const Export *x)
{
    bool ok = true;
    for (int page = 0; ok && page < x->sheet->page_count; page++) {
        Json *j = js_new_object();
        js_put(j, "frames", frames_by_name(x->sheet, page, "pivot"));
        js_put(j, "meta", export_meta(x->sheet, page));
        ok = export_save_json(x, export_page_name(x->sheet, page, "-texturepacker.json").s, j);
    }
    return ok;
}

/* ---- PixiJS ------------------------------------------------------------------------------ */

static Json *animations(const Sheet *s, int page)
{
    Json *all = js_new_object();
    for (Span v = export_first(s, page); v.clip != NULL; v = export_next(s, page, v)) {
        Json *names = js_new_array();
        for (int i = v.from; i <= v.to; i++)
            js_push_string(names, export_frame_name(v.clip, i - v.begin, ".png").s);
        js_put(all, v.clip->name, names);
    }
    return all;
}

/* The first page names the others, which are loaded with it. */
static void put_other_pages(Json *meta, const Sheet *s)
{
    Json *others = js_new_array();
    for (int page = 1; page < s->page_count; page++)
        js_push_string(others, export_page_name(s, page, "-pixi.json").s);
    js_put(meta, "related_multi_packs", others);
}

bool export_pixi(const Export *x)
{
    bool ok = true;
    for (int page = 0; ok && page < x->sheet->page_count; page++) {
        Json *j = js_new_object(), *meta = export_meta(x->sheet, page);
        if (page == 0 && x->sheet->page_count > 1)
            put_other_pages(meta, x->sheet);
        js_put(j, "frames", frames_by_name(x->sheet, page, "anchor"));
        js_put(j, "animations", animations(x->sheet, page));
        js_put(j, "meta", meta);
        ok = export_save_json(x, export_page_name(x->sheet, page, "-pixi.json").s, j);
    }
    return ok;
}

/* ---- Phaser ------------------------------------------------------------------------------ */

/* One element of "textures": a page. */
static Json *texture(const Sheet *s, int page)
{
    Json *t = js_new_object(), *frames = js_new_array();
    js_put_string(t, "image", export_page_name(s, page, ".png").s);
    js_put_string(t, "format", "RGBA8888");
    js_put(t, "size", export_size(image_width(s->pages[page]), image_height(s->pages[page])));
    js_put_int(t, "scale", 1);
    for (Span v = export_first(s, page); v.clip != NULL; v = export_next(s, page, v))
        for (int i = v.from; i <= v.to; i++) {
            Json *f = js_new_object();
            js_put_string(f, "filename", export_frame_name(v.clip, i - v.begin, ".png").s);
            export_put_place(f, s, i);
            js_put(f, "pivot", export_anchor(s, i));
            js_push(frames, f);
        }
    js_put(t, "frames", frames);
    return t;
}

static Json *phaser_animation(const Sheet *s, Span v)
{
    Json *a = js_new_object(), *frames = js_new_array();
    js_put_string(a, "key", v.clip->name);
    js_put_string(a, "type", "frame");
    for (int i = v.from; i <= v.to; i++) {
        Json *f = js_new_object();
        js_put_string(f, "key", "sheet");
        js_put_string(f, "frame", export_frame_name(v.clip, i - v.begin, ".png").s);
        js_put_int(f, "duration", s->ms[i]);
        js_push(frames, f);
    }
    js_put(a, "frames", frames);
    js_put_number(a, "frameRate", v.clip->fps);
    js_put_int(a, "repeat", v.clip->is_loop ? -1 : 0);
    return a;
}

/* The atlas is loaded under the key "sheet", which animations name. */
bool export_phaser(const Export *x)
{
    const Sheet *s = x->sheet;
    Json *textures = js_new_array(), *meta = js_new_object(), *atlas = js_new_object();
    for (int page = 0; page < s->page_count; page++)
        js_push(textures, texture(s, page));
    js_put_string(meta, "app", "atelier");
    js_put_string(meta, "version", "1.0");
    js_put(atlas, "textures", textures);
    js_put(atlas, "meta", meta);
    Json *list = js_new_array(), *anims = js_new_object();
    for (Span v = export_first(s, -1); v.clip != NULL; v = export_next(s, -1, v))
        js_push(list, phaser_animation(s, v));
    js_put(anims, "anims", list);
    js_put_int(anims, "globalTimeScale", 1);
    bool ok = export_save_json(x, "sheet-phaser.json", atlas);
    return export_save_json(x, "sheet-phaser-anims.json", anims) && ok;
}
