/* SPDX-License-Identifier: MIT */
#include "sheet/export/internal.h"

#include <math.h>
#include <stdio.h>

/* frames.json: our own words, for those who write an importer.  Pixels count
 * from the top left; a pivot is in its cell.
 *
 *   cell        w, h; scale: pixels of a frame for one of a cell; inPlace
 *   pages       image, w, h
 *   palette     "#rrggbb", if there is one
 *   clips       name, direction, from, to (frames, inclusive), loop, fps;
 *               contact: the first row below its standing feet;
 *               loopJump: 1 if it closes as smoothly as it runs
 *   frames      name, page, x, y, w, h, ms, pivot, grounded;
 *               moved: pixels that the body is right of where the clip began
 *   provenance  what made it */

static Json *cell_json(const Sheet *s)
{
    Json *j = export_size(s->cell_w, s->cell_h);
    js_put_number(j, "scale", s->scale);
    js_put_bool(j, "inPlace", s->in_place);
    return j;
}

static Json *pages_json(const Sheet *s)
{
    Json *pages = js_new_array();
    for (int i = 0; i < s->page_count; i++) {
        Json *p = js_new_object();
        js_put_string(p, "image", export_page_name(s, i, ".png").s);
        js_put_int(p, "w", image_width(s->pages[i]));
        js_put_int(p, "h", image_height(s->pages[i]));
        js_push(pages, p);
    }
    return pages;
}

static Json *palette_json(const Palette *p)
{
    Json *colours = js_new_array();
    for (int i = 0; i < p->count; i++) {
        char text[8];
        snprintf(text, sizeof text, "#%02x%02x%02x", p->rgb[i][0], p->rgb[i][1], p->rgb[i][2]);
        js_push_string(colours, text);
    }
    return colours;
}

static bool stands(Span v, int i)
{
    return v.clip->grounded == NULL || v.clip->grounded[i - v.begin];
}

/* The lowest row below the opaque part of a clip's standing frames. */
static int contact(const Sheet *s, Span v)
{
    int row = s->pivots[v.begin].y, lowest = -1;
    for (int i = v.from; i <= v.to; i++) {
        Rect r = image_bounds(s->cells[i], 128);
        if (stands(v, i) && r.w > 0 && r.y + r.h > lowest)
            lowest = r.y + r.h;
    }
    return lowest < 0 ? row : lowest;
}

static Json *clips_json(const Sheet *s)
{
    Json *clips = js_new_array();
    for (Span v = export_first(s, -1); v.clip != NULL; v = export_next(s, -1, v)) {
        Json *c = js_new_object();
        js_put_string(c, "name", v.clip->name);
        if (v.clip->direction != NULL)
            js_put_string(c, "direction", v.clip->direction);
        js_put_int(c, "from", v.from);
        js_put_int(c, "to", v.to);
        js_put_bool(c, "loop", v.clip->is_loop);
        js_put_number(c, "fps", v.clip->fps);
        js_put_int(c, "contact", contact(s, v));
        double jump = sheet_loop_jump(s->cells + v.from, v.clip->count);
        js_put_number(c, "loopJump", floor(jump * 1000 + 0.5) / 1000);
        js_push(clips, c);
    }
    return clips;
}

static Json *frame_json(const Sheet *s, Span v, int i)
{
    Json *f = js_new_object(), *pivot = js_new_object();
    js_put_string(f, "name", export_frame_name(v.clip, i - v.begin, "").s);
    js_put_int(f, "page", s->page[i]);
    js_put_int(f, "x", s->places[i].x);
    js_put_int(f, "y", s->places[i].y);
    js_put_int(f, "w", s->places[i].w);
    js_put_int(f, "h", s->places[i].h);
    js_put_int(f, "ms", s->ms[i]);
    js_put_int(pivot, "x", s->pivots[i].x);
    js_put_int(pivot, "y", s->pivots[i].y);
    js_put(f, "pivot", pivot);
    js_put_bool(f, "grounded", stands(v, i));
    js_put_int(f, "moved", s->moved[i]);
    return f;
}

bool export_frames(const Export *x)
{
    const Sheet *s = x->sheet;
    Json *j = js_new_object(), *frames = js_new_array(), *provenance = js_new_object();
    js_put(j, "cell", cell_json(s));
    js_put(j, "pages", pages_json(s));
    if (s->has_palette)
        js_put(j, "palette", palette_json(&s->palette));
    js_put(j, "clips", clips_json(s));
    for (Span v = export_first(s, -1); v.clip != NULL; v = export_next(s, -1, v))
        for (int i = v.from; i <= v.to; i++)
            js_push(frames, frame_json(s, v, i));
    js_put(j, "frames", frames);
    for (int i = 0; i < x->files->text_count; i++)
        js_put_string(provenance, x->files->texts[i].key, x->files->texts[i].value);
    js_put(j, "provenance", provenance);
    return export_save_json(x, "frames.json", j);
}
