/* SPDX-License-Identifier: MIT */
#include "upscale/upscale.h"

#include "media/color.h"

#include <math.h>
#include <string.h>

/* ---- cutting ----------------------------------------------------------------------------- */

enum { TILE_STEP = 4 }; /* sides are multiples of it, which the networks' folds divide */

static int64_t bytes_of(const Upscaler *u, int64_t w, int64_t h, int64_t side)
{
    return upscaler_bytes(u, min64(h, side + 2 * u->margin), min64(w, side + 2 * u->margin));
}

/* As even as can be. */
static Tiling cut(int w, int h, int64_t side)
{
    int64_t columns = div_up(w, side), rows = div_up(h, side);
    int64_t even = max64(div_up(w, columns), div_up(h, rows));
    even = min64(side, div_up(even, TILE_STEP) * TILE_STEP);
    return (Tiling){(int)even, (int)div_up(w, even), (int)div_up(h, even), 0};
}

Tiling tiling_for(const Upscaler *u, int w, int h, int64_t side)
{
    if (side == 0) {
        side = div_up(max64(w, h), TILE_STEP) * TILE_STEP;
        while (side > TILE_LEAST && bytes_of(u, w, h, side) > TILE_MEMORY)
            side = max64(TILE_LEAST, side * 7 / 8 / TILE_STEP * TILE_STEP);
    }
    Tiling t = cut(w, h, max64(TILE_LEAST, side / TILE_STEP * TILE_STEP));
    t.bytes = bytes_of(u, w, h, t.side);
    return t;
}

/* ---- what a network is given --------------------------------------------------------------
 */

/* Places beyond the right and lower border show those before it, as in a mirror. */
static int mirrored(int i, int count)
{
    int64_t back = 2 * ((int64_t)count - 1) - i;
    return i < count ? i : (int)max64(0, back);
}

/* The part of the picture in r, which may reach beyond it to the right and below; its colours,
 * or its alpha as a grey picture. */
static Tensor seen(Run *r, Image im, Rect part, bool is_alpha)
{
    Tensor x = nn_new(r, SHAPE(1, part.h, part.w, 3));
    if (tensor_is_empty(x))
        return x;
    float *to = tensor_f32(x), most = (float)image_most(im);
    for (int i = 0; i < part.h; i++)
        for (int j = 0; j < part.w; j++) {
            int u = mirrored(part.x + j, image_width(im));
            int v = mirrored(part.y + i, image_height(im));
            for (int c = 0; c < 3; c++)
                *to++ = (float)image_level(im, u, v, is_alpha ? 3 : c) / most;
        }
    return x;
}

/* The alpha of all its pixels, or -1 if they differ. */
static int flat_alpha(Image im, Rect part)
{
    unsigned alpha = image_level(im, part.x, part.y, 3);
    for (int i = 0; i < part.h; i++)
        for (int j = 0; j < part.w; j++)
            if (image_level(im, mirrored(part.x + j, image_width(im)),
                            mirrored(part.y + i, image_height(im)), 3) != alpha)
                return -1;
    return (int)alpha;
}

/* ---- what comes out ------------------------------------------------------------------------
 */

/* Whether the picture has no colour: then what comes out has none, either. */
static bool is_grey(Image im)
{
    for (int y = 0; y < image_height(im); y++)
        for (int x = 0; x < image_width(im); x++)
            if (image_level(im, x, y, 0) != image_level(im, x, y, 1) ||
                image_level(im, x, y, 0) != image_level(im, x, y, 2))
                return false;
    return true;
}

/* What becomes of the three that a network says of a pixel. */
typedef enum { AS_COLOUR, AS_GREY, AS_ALPHA } As;

static float within(float v)
{
    return v > 0 ? fminf(v, 1) : 0;
}

static void put_pixel(Image to, int x, int y, const float *rgb, As as)
{
    const float most = (float)image_most(to), r = within(rgb[0]), g = within(rgb[1]);
    const float all[3] = {r, g, within(rgb[2])};
    const float luma = 0.299f * r + 0.587f * g + 0.114f * all[2];
    if (as == AS_ALPHA)
        image_set_level(to, x, y, 3, (unsigned)(luma * most + 0.5f));
    for (int c = 0; c < 3 && as != AS_ALPHA; c++)
        image_set_level(to, x, y, c, (unsigned)((as == AS_GREY ? luma : all[c]) * most + 0.5f));
}

/* A tile: where it goes, and what is seen for it, in pixels of the small picture. */
typedef struct Tile {
    Rect core, seen;
} Tile;

static Tile tile_at(const Tiling *t, const Upscaler *u, Image im, int index)
{
    int w = image_width(im), h = image_height(im), side = t->side;
    int x = index % t->columns * side, y = index / t->columns * side;
    Tile tile = {.core = {x, y, (int)min64(side, w - x), (int)min64(side, h - y)}};
    int left = (int)max64(0, x - u->margin), top = (int)max64(0, y - u->margin);
    int right = (int)min64(w, x + tile.core.w + u->margin);
    int bottom = (int)min64(h, y + tile.core.h + u->margin);
    tile.seen = (Rect){left, top, (int)div_up(right - left, u->step) * u->step,
                       (int)div_up(bottom - top, u->step) * u->step};
    return tile;
}

static void put(Image to, const Tile *tile, int scale, Tensor y, As as)
{
    int64_t left = (int64_t)(tile->core.x - tile->seen.x) * scale;
    int64_t top = (int64_t)(tile->core.y - tile->seen.y) * scale;
    for (int i = 0; i < tile->core.h * scale; i++) {
        const float *from = tensor_f32(y) + ((top + i) * y.dim[2] + left) * 3;
        for (int j = 0; j < tile->core.w * scale; j++, from += 3)
            put_pixel(to, tile->core.x * scale + j, tile->core.y * scale + i, from, as);
    }
}

static void put_flat_alpha(Image to, const Tile *tile, int scale, int alpha)
{
    for (int i = 0; i < tile->core.h * scale; i++)
        for (int j = 0; j < tile->core.w * scale; j++)
            image_set_level(to, tile->core.x * scale + j, tile->core.y * scale + i, 3,
                            (unsigned)alpha);
}

/* ---- colours under what is transparent -----------------------------------------------------
 */

enum { SPREAD_ROUNDS = 32 };

/* Gives a pixel the mean colour of the neighbours that have one; false if none has. */
static bool mean_colour(Image im, const unsigned char *known, int x, int y)
{
    unsigned sum[3] = {0}, count = 0;
    int w = image_width(im), h = image_height(im);
    for (int i = y > 0 ? y - 1 : 0; i <= y + 1 && i < h; i++)
        for (int j = x > 0 ? x - 1 : 0; j <= x + 1 && j < w; j++)
            if (known[(ptrdiff_t)i * w + j] == 1) {
                for (int c = 0; c < 3; c++)
                    sum[c] += image_level(im, j, i, c);
                count++;
            }
    for (int c = 0; c < 3 && count > 0; c++)
        image_set_level(im, x, y, c, (sum[c] + count / 2) / count);
    return count > 0;
}

/* One pixel further around all that is known.  True if anything was. */
static bool spread_once(Image im, unsigned char *known)
{
    enum { UNKNOWN, KNOWN, NEW };
    int w = image_width(im), h = image_height(im);
    bool any = false;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            unsigned char *state = &known[(ptrdiff_t)y * w + x];
            if (*state == UNKNOWN && mean_colour(im, known, x, y)) {
                *state = NEW;
                any = true;
            }
        }
    for (ptrdiff_t i = 0; i < (ptrdiff_t)w * h; i++)
        if (known[i] == NEW)
            known[i] = KNOWN;
    return any;
}

/* A copy whose transparent pixels have the colours of those around them. */
static Image with_colours_spread(Arena *a, Image im, Err *err)
{
    Image to = image_new_like(a, im, image_width(im), image_height(im), err);
    size_t floor = a->used;
    int64_t pixels = im.dim[0] * im.dim[1];
    unsigned char *known = tensor_is_empty(to) ? NULL : arena_take(a, (size_t)pixels);
    if (known == NULL) {
        err_set(err, ERR_MEMORY, "not enough memory for the colours of a picture");
        return (Image){0};
    }
    memcpy(to.data, im.data, tensor_bytes(to));
    for (int64_t i = 0; i < pixels; i++)
        known[i] = image_level(im, (int)(i % im.dim[1]), (int)(i / im.dim[1]), 3) > 0;
    for (int i = 0; i < SPREAD_ROUNDS && spread_once(to, known); i++)
        continue;
    arena_rewind(a, floor);
    return to;
}

/* ---- the whole ------------------------------------------------------------------------------
 */

typedef struct Work {
    Run *r;
    const Upscaler *u;
    UpscaleTold told;
    int64_t done, of;
    As colours;
} Work;

static void tell(Work *w, int64_t stages)
{
    w->done += stages;
    if (w->told.progress != NULL)
        w->told.progress(w->told.user, min64(w->done, w->of), w->of);
}

static void on_tap(void *user, const char *name, Tensor x)
{
    (void)x;
    if (strncmp(name, "body.", 5) == 0)
        tell(user, 1);
}

static bool pass(Work *w, Image im, Image to, const Tile *tile, As as)
{
    int64_t end = w->done + w->u->stages;
    size_t floor = run_floor(w->r);
    Tensor y = upscaler_grow(w->r, w->u, seen(w->r, im, tile->seen, as == AS_ALPHA));
    if (!tensor_is_empty(y))
        put(to, tile, w->u->scale, y, as);
    run_drop(w->r, floor);
    tell(w, end - w->done);
    return !run_stopped(w->r);
}

static bool make_tile(Work *w, Image im, Image to, const Tile *tile)
{
    if (!pass(w, im, to, tile, w->colours))
        return false;
    if (image_channels(im) != 4)
        return true;
    int flat = flat_alpha(im, tile->seen);
    if (flat < 0)
        return pass(w, im, to, tile, AS_ALPHA);
    put_flat_alpha(to, tile, w->u->scale, flat);
    tell(w, w->u->stages);
    return true;
}

Image upscaled(Arena *a, Run *r, const Upscaler *u, Image im, int64_t tile, UpscaleTold told,
               Err *err)
{
    int channels = image_channels(im);
    Tiling t = tiling_for(u, image_width(im), image_height(im), tile);
    size_t start = a->used;
    Image to =
        image_new_like(a, im, image_width(im) * u->scale, image_height(im) * u->scale, err);
    size_t floor = a->used;
    if (channels == 4 && !tensor_is_empty(to))
        im = with_colours_spread(a, im, err);
    Work w = {.r = r, .u = u, .told = told, .colours = AS_COLOUR};
    if (!tensor_is_empty(im) && is_grey(im))
        w.colours = AS_GREY;
    w.of = (int64_t)t.columns * t.rows * u->stages * (channels == 4 ? 2 : 1);
    TapFn tap = r->tap;
    r->tap = on_tap;
    r->tap_user = &w;
    bool ok = !tensor_is_empty(to) && !tensor_is_empty(im);
    for (int i = 0; ok && i < t.columns * t.rows; i++) {
        Tile part = tile_at(&t, u, im, i);
        ok = make_tile(&w, im, to, &part);
    }
    r->tap = tap;
    if (r->err.kind != ERR_NONE)
        err_set(err, r->err.kind, "%s", r->err.text);
    arena_rewind(a, ok ? floor : start);
    return ok ? to : (Image){0};
}
