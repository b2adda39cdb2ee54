/* SPDX-License-Identifier: MIT */
#include "sheet/internal.h"

#include <string.h>

/* How cells lie in pages of one width. */
typedef struct Layout {
    int columns, rows; /* that a page may have */
    int step_x, step_y, pad;
    int *used; /* rows of each page */
    int pages;
} Layout;

static bool plan(Layout *l, const Sheet *s, const SheetOptions *o, Err *err)
{
    int most = o->most_side > 0 ? o->most_side : SHEET_MOST_SIDE, longest = 0;
    l->step_x = s->cell_w + o->pad;
    l->step_y = s->cell_h + o->pad;
    l->pad = o->pad;
    int columns = (most - o->pad) / l->step_x;
    l->rows = (most - o->pad) / l->step_y;
    if (columns < 1 || l->rows < 1)
        return err_set(err, ERR_INPUT,
                       "a cell would be %d x %d pixels, but a page of the sheet has at most %d "
                       "on a side: use smaller frames, or smaller cells",
                       s->cell_w, s->cell_h, most);
    for (int c = 0; c < s->clip_count; c++)
        longest = (int)max64(longest, s->clips[c].count);
    columns = (int)min64(columns, longest);
    l->columns = o->columns > 0 ? (int)min64(columns, o->columns) : columns;
    return true;
}

static void begin_page(Layout *l)
{
    l->used[l->pages++] = 0;
}

/* The cells of a clip, row by row.  It begins a page if it does not fit into
 * what is left of this one; what is longer than a page goes on in the next. */
static void place_clip(Layout *l, Rect *places, int *page, int count, Rect cell)
{
    int64_t rows = div_up(count, l->columns);
    if (l->pages == 0 || (l->used[l->pages - 1] > 0 && l->used[l->pages - 1] + rows > l->rows))
        begin_page(l);
    for (int i = 0; i < count; i++) {
        int column = i % l->columns;
        if (column == 0 && l->used[l->pages - 1] == l->rows)
            begin_page(l);
        if (column == 0)
            l->used[l->pages - 1]++;
        page[i] = l->pages - 1;
        places[i] = (Rect){l->pad + column * l->step_x,
                           l->pad + (l->used[l->pages - 1] - 1) * l->step_y, cell.w, cell.h};
    }
}

static int within(int at, int size)
{
    return at < 0 ? 0 : at >= size ? size - 1 : at;
}

/* A cell, with its edges repeated around it. */
static void paint_cell(Image page, Image cell, Rect r, int extrude)
{
    for (int y = -extrude; y < r.h + extrude; y++) {
        const unsigned char *row = image_row(cell, within(y, r.h));
        memcpy(image_at(page, r.x, r.y + y), row, (size_t)r.w * 4);
        for (int x = 1; x <= extrude; x++) {
            memcpy(image_at(page, r.x - x, r.y + y), row, 4);
            memcpy(image_at(page, r.x + r.w - 1 + x, r.y + y), row + 4 * ((ptrdiff_t)r.w - 1),
                   4);
        }
    }
}

static bool paint(Sheet *s, Arena *a, const Layout *l, int extrude, Err *err)
{
    Image *pages = arena_zeros(a, (size_t)l->pages * sizeof *pages);
    if (pages == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for a sheet of %d pages", l->pages);
    for (int i = 0; i < l->pages; i++) {
        pages[i] = image_new(a, l->pad + l->columns * l->step_x,
                             l->pad + l->used[i] * l->step_y, 4, err);
        if (tensor_is_empty(pages[i]))
            return false;
        memset(pages[i].data, 0, tensor_bytes(pages[i]));
    }
    for (int i = 0; i < s->count; i++)
        paint_cell(pages[s->page[i]], s->cells[i], s->places[i], extrude);
    s->pages = pages;
    s->page_count = l->pages;
    return true;
}

bool pages_make(Sheet *s, Arena *a, const SheetOptions *o, Err *err)
{
    must(o->extrude >= 0 && 2 * o->extrude <= o->pad);
    size_t n = (size_t)s->count;
    Layout l = {0};
    if (!plan(&l, s, o, err))
        return false;
    Rect *places = arena_zeros(a, n * sizeof *places);
    int *page = arena_zeros(a, n * sizeof *page);
    l.used = arena_zeros(a, n * sizeof *l.used); /* no page is empty */
    if (places == NULL || page == NULL || l.used == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for a sheet of %d frames", s->count);
    for (int c = 0, at = 0; c < s->clip_count; at += s->clips[c++].count)
        place_clip(&l, places + at, page + at, s->clips[c].count,
                   (Rect){.w = s->cell_w, .h = s->cell_h});
    s->places = places;
    s->page = page;
    return paint(s, a, &l, o->extrude, err);
}
