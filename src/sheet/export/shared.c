/* SPDX-License-Identifier: MIT */
#include "sheet/export/internal.h"

#include "base/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

ExportName export_page_name(const Sheet *s, int page, const char *end)
{
    ExportName n;
    if (s->page_count == 1)
        snprintf(n.s, sizeof n.s, "sheet%s", end);
    else
        snprintf(n.s, sizeof n.s, "sheet-%d%s", page, end);
    return n;
}

ExportName export_frame_name(const SheetClip *clip, int i, const char *end)
{
    ExportName n;
    snprintf(n.s, sizeof n.s, "%s_%02d%s", clip->name, i, end);
    return n;
}

/* The run of a clip, which begins at frame `begin`, in a page; none if no frame
 * of it is there. */
static Span span_of(const Sheet *s, int page, int clip, int begin)
{
    Span v = {NULL, begin, -1, -1};
    for (int i = begin; i < begin + s->clips[clip].count; i++) {
        if (page >= 0 && s->page[i] != page)
            continue;
        v.clip = &s->clips[clip];
        v.from = v.from < 0 ? i : v.from;
        v.to = i;
    }
    return v;
}

static Span find_span(const Sheet *s, int page, int clip, int begin)
{
    for (; clip < s->clip_count; begin += s->clips[clip++].count) {
        Span v = span_of(s, page, clip, begin);
        if (v.clip != NULL)
            return v;
    }
    return (Span){0};
}

Span export_first(const Sheet *s, int page)
{
    return find_span(s, page, 0, 0);
}

Span export_next(const Sheet *s, int page, Span v)
{
    return find_span(s, page, (int)(v.clip - s->clips) + 1, v.begin + v.clip->count);
}

int export_page_begin(const Sheet *s, int page)
{
    int i = 0;
    while (s->page[i] != page)
        i++;
    return i;
}

bool export_is_sharp(const Sheet *s)
{
    for (int i = 0; i < s->count; i++) {
        const unsigned char *p = s->cells[i].data;
        for (size_t n = tensor_bytes(s->cells[i]), at = 3; at < n; at += 4)
            if (p[at] != 0 && p[at] != 255)
                return false;
    }
    return true;
}

Json *export_rect(Rect r)
{
    Json *j = js_new_object();
    js_put_int(j, "x", r.x);
    js_put_int(j, "y", r.y);
    js_put_int(j, "w", r.w);
    js_put_int(j, "h", r.h);
    return j;
}

Json *export_size(int w, int h)
{
    Json *j = js_new_object();
    js_put_int(j, "w", w);
    js_put_int(j, "h", h);
    return j;
}

Json *export_point(double x, double y)
{
    Json *j = js_new_object();
    js_put_number(j, "x", x);
    js_put_number(j, "y", y);
    return j;
}

Json *export_anchor(const Sheet *s, int frame)
{
    return export_point((double)s->pivots[frame].x / s->cell_w,
                        (double)s->pivots[frame].y / s->cell_h);
}

void export_put_place(Json *to, const Sheet *s, int frame)
{
    js_put(to, "frame", export_rect(s->places[frame]));
    js_put_bool(to, "rotated", false);
    js_put_bool(to, "trimmed", false);
    js_put(to, "spriteSourceSize", export_rect((Rect){0, 0, s->cell_w, s->cell_h}));
    js_put(to, "sourceSize", export_size(s->cell_w, s->cell_h));
}

Json *export_meta(const Sheet *s, int page)
{
    Image im = s->pages[page];
    Json *meta = js_new_object();
    js_put_string(meta, "app", "atelier");
    js_put_string(meta, "version", "1.0");
    js_put_string(meta, "image", export_page_name(s, page, ".png").s);
    js_put_string(meta, "format", "RGBA8888");
    js_put(meta, "size", export_size(image_width(im), image_height(im)));
    js_put_string(meta, "scale", "1");
    return meta;
}

void export_made(const Export *x, const char *name)
{
    if (x->files->made != NULL)
        x->files->made(x->files->user, name);
}

bool export_save_json(const Export *x, const char *name, Json *j)
{
    char *path = file_join(x->files->dir, name);
    bool ok = js_save(j, path, x->err);
    js_free(j);
    xfree(path);
    if (ok)
        export_made(x, name);
    return ok;
}

bool export_save_text(const Export *x, const char *name, const char *text)
{
    char *path = file_join(x->files->dir, name);
    bool ok = file_save(path, text, strlen(text), x->err);
    xfree(path);
    if (ok)
        export_made(x, name);
    return ok;
}

void text_add(Text *t, const char *fmt, ...)
{
    enum { LINE = 512 };
    if (t->room < t->size + LINE) {
        t->room = 2 * t->size + 2 * (size_t)LINE;
        t->s = xgrow(t->s, t->room, 1);
    }
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(t->s + t->size, LINE, fmt, args);
    va_end(args);
    must(n >= 0 && n < LINE);
    t->size += (size_t)n;
}

bool export_save_grown(const Export *x, const char *name, Text *t)
{
    bool ok = export_save_text(x, name, t->s);
    xfree(t->s);
    *t = (Text){0};
    return ok;
}
