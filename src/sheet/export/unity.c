/* SPDX-License-Identifier: MIT */
#include "sheet/export/internal.h"

/* Unity: rectangles and pivots from the bottom left, for the editor script that
 * lies beside this file and is written along. */

struct Embedded {
    const char *name;
    const unsigned char *bytes;
    size_t size;
};
extern const struct Embedded unity_script[];

static Json *sprite(const Sheet *s, Span v, int i, int page_h)
{
    Rect r = s->places[i];
    Json *j = js_new_object();
    js_put_string(j, "name", export_frame_name(v.clip, i - v.begin, "").s);
    js_put_int(j, "x", r.x);
    js_put_int(j, "y", page_h - r.y - r.h);
    js_put_int(j, "width", r.w);
    js_put_int(j, "height", r.h);
    js_put_number(j, "pivotX", (double)s->pivots[i].x / r.w);
    js_put_number(j, "pivotY", (double)(r.h - s->pivots[i].y) / r.h);
    return j;
}

/* The import limit that holds a page: a power of two. */
static int limit_for(Image page)
{
    int limit = 32;
    while (limit < image_width(page) || limit < image_height(page))
        limit *= 2;
    return limit;
}

static Json *page_json(const Sheet *s, int page)
{
    Json *j = js_new_object(), *sprites = js_new_array();
    js_put_int(j, "maxTextureSize", limit_for(s->pages[page]));
    js_put_bool(j, "sharp", export_is_sharp(s));
    for (Span v = export_first(s, page); v.clip != NULL; v = export_next(s, page, v))
        for (int i = v.from; i <= v.to; i++)
            js_push(sprites, sprite(s, v, i, image_height(s->pages[page])));
    js_put(j, "sprites", sprites);
    return j;
}

bool export_unity(const Export *x)
{
    bool ok =
        export_save_text(x, "SpritesheetPostprocessor.cs", (const char *)unity_script[0].bytes);
    for (int page = 0; ok && page < x->sheet->page_count; page++)
        ok = export_save_json(x, export_page_name(x->sheet, page, "-unity.json").s,
                              page_json(x->sheet, page));
    return ok;
}
