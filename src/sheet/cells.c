/* SPDX-License-Identifier: MIT */
#include "sheet/internal.h"

#include "media/resize.h"

#include <math.h>
#include <string.h>

/* How frames become cells: `crop`, in moved frames, is seen as w x h pixels of
 * `scale`, whose top left lies at x, y of a cell. */
typedef struct Fit {
    Rect crop;
    double scale;
    int x, y, w, h, cell_w, cell_h;
} Fit;

static int room_for_outline(const SheetOptions *o)
{
    return o->has_outline ? 1 : 0;
}

static Fit fit_as_it_is(Rect crop, const SheetOptions *o)
{
    int edge = room_for_outline(o);
    return (Fit){crop, 1, edge, edge, crop.w, crop.h, crop.w + 2 * edge, crop.h + 2 * edge};
}

/* The side of the pixels that the art is drawn with, if all frames move by
 * whole ones; 1 else. */
static int pixel_side(const Stance *s, int count, Image *frames, int *left, int *top)
{
    for (int i = 0; i < count; i++)
        frames[i] = *s[i].frame;
    int side = image_grid(frames, count, left, top);
    for (int i = 1; i < count; i++)
        if ((s[i].right - s[0].right) % side != 0 || (s[i].down - s[0].down) % side != 0)
            return 1;
    *left += s[0].right;
    *top += s[0].down;
    return side;
}

/* Down to the line of a grid before `at`. */
static int line_before(int at, int first, int side)
{
    return at - ((at - first) % side + side) % side;
}

/* The crop in a square of o->cell: as large as it fits, its feet at the foot. */
static Fit fit_in_cell(Rect crop, const Stance *s, int count, Image *frames,
                       const SheetOptions *o)
{
    enum { LEAST_HEIGHT = 8 }; /* less is no figure, but one that is a square itself */
    int edge = room_for_outline(o), inner = o->cell - 2 * edge, left, top;
    Fit f = {.crop = crop, .scale = 1, .cell_w = o->cell, .cell_h = o->cell};
    if (crop.w > inner || crop.h > inner) {
        int side = pixel_side(s, count, frames, &left, &top);
        Rect r = crop;
        if (side > 1) {
            r.x = line_before(crop.x, left, side);
            r.y = line_before(crop.y, top, side);
            r.w = (int)div_up(crop.x + crop.w - r.x, side) * side;
            r.h = (int)div_up(crop.y + crop.h - r.y, side) * side;
        }
        if (side > 1 && r.h / side >= LEAST_HEIGHT && r.w <= inner * side &&
            r.h <= inner * side) {
            f.crop = r;
            f.scale = side;
        } else {
            f.scale = fmax(crop.w, crop.h) / inner;
        }
    }
    f.w = (int)min64(inner, (int64_t)ceil(f.crop.w / f.scale - 1e-9));
    f.h = (int)min64(inner, (int64_t)ceil(f.crop.h / f.scale - 1e-9));
    f.x = (o->cell - f.w) / 2;
    f.y = o->cell - edge - f.h;
    return f;
}

/* The middle of frame pixel column x, or the row of the edge y, in a cell. */
static int cell_x(const Fit *f, int x)
{
    return f->x + (int)floor((x + 0.5 - f->crop.x) / f->scale);
}
static int cell_y(const Fit *f, int y)
{
    return f->y + f->h - (int)floor((f->crop.y + f->crop.h - y) / f->scale + 0.5);
}

static Image shrunk(Arena *a, Image rgba, const Stance *s, const Fit *f, Err *err)
{
    /* feet stay at the edge of a pixel: what is left over goes to the top */
    double bottom = f->crop.y - s->down + f->crop.h;
    VoteGrid g = {.left = f->crop.x - s->right,
                  .top = bottom - f->h * f->scale,
                  .scale = f->scale,
                  .w = f->w,
                  .h = f->h};
    return image_vote(a, rgba, g, err);
}

static bool fill_cell(Image *cell, Arena *a, const Stance *s, const Fit *f, Err *err)
{
    *cell = image_new(a, f->cell_w, f->cell_h, 4, err);
    if (tensor_is_empty(*cell))
        return false;
    memset(cell->data, 0, tensor_bytes(*cell));
    size_t floor = a->used;
    Image im = *s->frame;
    if (image_channels(im) == 3)
        im = image_to_rgba(a, im, err);
    if (!tensor_is_empty(im)) {
        Rect r = {f->crop.x - s->right, f->crop.y - s->down, f->crop.w, f->crop.h};
        im = f->scale > 1 ? shrunk(a, im, s, f, err) : image_crop(a, im, r, (Rgb){0}, err);
    }
    for (int y = 0; y < f->h && !tensor_is_empty(im); y++)
        memcpy(image_at(*cell, f->x, f->y + y), image_row(im, y), (size_t)f->w * 4);
    arena_rewind(a, floor);
    return !tensor_is_empty(im);
}

/* ---- outline, few colours ------------------------------------------------------------ */

static bool is_solid(Image im, int x, int y)
{
    return x >= 0 && y >= 0 && x < image_width(im) && y < image_height(im) &&
           image_at(im, x, y)[3] >= PALETTE_OPAQUE;
}

static bool touches(Image im, int x, int y)
{
    return is_solid(im, x - 1, y) || is_solid(im, x + 1, y) || is_solid(im, x, y - 1) ||
           is_solid(im, x, y + 1);
}

/* Pixels that touch the figure by a side become the outline; what was half
 * transparent there is covered. */
static bool draw_outline(Image cell, Rgb colour, Arena *scratch, Err *err)
{
    size_t floor = scratch->used;
    Image before = image_to_rgba(scratch, cell, err);
    bool ok = !tensor_is_empty(before);
    for (int y = 0; ok && y < image_height(cell); y++)
        for (int x = 0; x < image_width(cell); x++)
            if (!is_solid(before, x, y) && touches(before, x, y))
                memcpy(image_at(cell, x, y),
                       (unsigned char[]){colour.r, colour.g, colour.b, 255}, 4);
    arena_rewind(scratch, floor);
    return ok;
}

static bool has_nothing(Image cell)
{
    const unsigned char *p = cell.data;
    for (int64_t i = cell.dim[0] * cell.dim[1]; i > 0; i--, p += 4)
        if (p[3] < PALETTE_OPAQUE)
            return true;
    return false;
}

static bool choose_palette(Sheet *s, Arena *a, const SheetOptions *o, Err *err)
{
    if (o->palette != NULL) {
        s->palette = *o->palette;
        return true;
    }
    bool some_nothing = false;
    for (int i = 0; i < s->count && !some_nothing; i++)
        some_nothing = has_nothing(s->cells[i]);
    int most = (int)min64(PALETTE_MOST, o->colors + (some_nothing ? 1 : 0));
    return palette_make(&s->palette, a, s->cells, s->count, most, err);
}

/* A cell in the palette's colours, alpha 0 or 255. */
static bool recolour(Image cell, const Palette *p, unsigned char *known, Arena *a, Err *err)
{
    size_t floor = a->used;
    Image index = palette_apply(a, p, known, cell, err);
    bool ok = !tensor_is_empty(index);
    const unsigned char *from = index.data;
    unsigned char *to = cell.data;
    for (int64_t i = cell.dim[0] * cell.dim[1]; ok && i > 0; i--, from++, to += 4) {
        bool is_nothing = to[3] < PALETTE_OPAQUE;
        memcpy(to, is_nothing ? (const unsigned char[3]){0} : p->rgb[*from], 3);
        to[3] = is_nothing ? 0 : 255;
    }
    arena_rewind(a, floor);
    return ok;
}

static bool limit_colours(Sheet *s, Arena *a, const SheetOptions *o, Err *err)
{
    if (!choose_palette(s, a, o, err))
        return false;
    s->has_palette = true;
    Palette p = s->palette;
    p.is_see_through = true;
    size_t floor = a->used;
    unsigned char *known = palette_memo(a, err);
    bool ok = known != NULL;
    for (int i = 0; i < s->count && ok; i++)
        ok = recolour(s->cells[i], &p, known, a, err);
    arena_rewind(a, floor);
    return ok;
}

/* ---- all ------------------------------------------------------------------------------- */

static void find_pivots(const Sheet *s, Spot *pivots, int *moved, const Stance *stances,
                        int ground, const Fit *f)
{
    for (int c = 0, at = 0; c < s->clip_count; at += s->clips[c++].count)
        for (int i = at; i < at + s->clips[c].count; i++) {
            const Stance *k = &stances[i];
            pivots[i] = (Spot){cell_x(f, k->root + k->right), cell_y(f, ground + 1)};
            moved[i] = (int)floor((k->root - stances[at].root) / f->scale + 0.5);
        }
}

bool cells_make(Sheet *s, Arena *a, const Stance *stances, int ground, const SheetOptions *o,
                Err *err)
{
    size_t n = (size_t)s->count;
    Image *cells = arena_zeros(a, n * sizeof *cells);
    Spot *pivots = arena_zeros(a, n * sizeof *pivots);
    int *moved = arena_zeros(a, n * sizeof *moved);
    if (cells == NULL || pivots == NULL || moved == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for a sheet of %d frames", s->count);
    Rect crop = feet_crop(stances, s->count, o->keeps_frame);
    if (crop.w == 0)
        return err_set(err, ERR_INPUT, "every frame is empty: nothing was left of the figure");
    Fit f =
        o->cell > 0 ? fit_in_cell(crop, stances, s->count, cells, o) : fit_as_it_is(crop, o);
    for (int i = 0; i < s->count; i++)
        if (!fill_cell(&cells[i], a, &stances[i], &f, err) ||
            (o->has_outline && !draw_outline(cells[i], o->outline, a, err)))
            return false;
    find_pivots(s, pivots, moved, stances, ground, &f);
    s->cells = cells;
    s->pivots = pivots;
    s->moved = moved;
    s->cell_w = f.cell_w;
    s->cell_h = f.cell_h;
    s->scale = f.scale;
    return (o->colors == 0 && o->palette == NULL) || limit_colours(s, a, o, err);
}
