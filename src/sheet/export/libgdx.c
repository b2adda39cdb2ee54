/* SPDX-License-Identifier: MIT */
#include "sheet/export/internal.h"

/* LibGDX: the older text form of TextureAtlas, which every version reads.  A
 * clip is a region with an index for each frame, so findRegions("walk_s") gives
 * them in order. */

static void add_page(Text *t, const Sheet *s, int page, bool is_sharp)
{
    const char *filter = is_sharp ? "Nearest" : "Linear";
    text_add(t, "\n%s\n", export_page_name(s, page, ".png").s);
    text_add(t, "size: %d,%d\n", image_width(s->pages[page]), image_height(s->pages[page]));
    text_add(t, "format: RGBA8888\nfilter: %s,%s\nrepeat: none\n", filter, filter);
}

static void add_region(Text *t, const Sheet *s, Span v, int i)
{
    Rect r = s->places[i];
    text_add(t, "%s\n  rotate: false\n  xy: %d, %d\n", v.clip->name, r.x, r.y);
    text_add(t, "  size: %d, %d\n  orig: %d, %d\n", r.w, r.h, r.w, r.h);
    text_add(t, "  offset: 0, 0\n  index: %d\n", i - v.begin);
}

bool export_libgdx(const Export *x)
{
    const Sheet *s = x->sheet;
    bool is_sharp = export_is_sharp(s);
    Text t = {0};
    for (int page = 0; page < s->page_count; page++) {
        add_page(&t, s, page, is_sharp);
        for (Span v = export_first(s, page); v.clip != NULL; v = export_next(s, page, v))
            for (int i = v.from; i <= v.to; i++)
                add_region(&t, s, v, i);
    }
    return export_save_grown(x, "sheet.atlas", &t);
}
