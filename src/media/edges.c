/* SPDX-License-Identifier: MIT */
#include "media/edges.h"

#include <stdlib.h>
#include <string.h>

/* ---- canny: slopes -------------------------------------------------------------- */

typedef struct Slope {
    int16_t dx, dy;
    int steep; /* |dx| + |dy| */
} Slope;

typedef enum { MARK_EDGE = 1, MARK_COUNTS, MARK_NOTHING = 0 } Mark;

/* Rows of slopes and marks have one more pixel, of nothing, on every side. */
typedef struct Canny {
    Image im;
    int low, high;
    Slope *row[3]; /* above, here, below; at the pixel 0 */
    unsigned char *mark;
    ptrdiff_t stride;
    int32_t *stack; /* places in `mark` from which edges are followed */
    int64_t depth;
} Canny;

/* `from` holds the three rows at one channel; left, x and right are offsets. */
static Slope slope_of(const unsigned char *const from[3], int left, int x, int right)
{
    int dx = from[0][right] - from[0][left] + 2 * (from[1][right] - from[1][left]) +
             from[2][right] - from[2][left];
    int dy = from[2][left] - from[0][left] + 2 * (from[2][x] - from[0][x]) + from[2][right] -
             from[0][right];
    return (Slope){(int16_t)dx, (int16_t)dy, abs(dx) + abs(dy)};
}

static int clamp(int i, int count)
{
    return i < 0 ? 0 : i < count ? i : count - 1;
}

/* The slopes of row y; flat outside the picture. */
static void slope_row(const Canny *k, Slope *to, int y)
{
    int w = image_width(k->im), h = image_height(k->im), channels = image_channels(k->im);
    memset(to - 1, 0, (size_t)(w + 2) * sizeof *to);
    if (y < 0 || y >= h)
        return;
    for (int x = 0; x < w; x++) {
        int left = clamp(x - 1, w) * channels, right = clamp(x + 1, w) * channels;
        for (int c = 0; c < channels; c++) {
            const unsigned char *rows[3];
            for (int i = 0; i < 3; i++)
                rows[i] = image_row(k->im, clamp(y + i - 1, h)) + c;
            Slope s = slope_of(rows, left, x * channels, right);
            if (s.steep > to[x].steep)
                to[x] = s;
        }
    }
}

/* ---- canny: edges --------------------------------------------------------------- */

/* Whether a slope is the top of its ridge.  Equal neighbours on one side do not
 * hinder along rows and columns, so that of two the first remains. */
static bool is_top(const Canny *k, int x)
{
    enum { DIGITS = 15, TAN_22 = 13573 }; /* tan(22.5 degrees) * 2^DIGITS */
    const Slope s = k->row[1][x];
    const Slope *up = k->row[0] + x, *down = k->row[2] + x;
    int64_t across = (int64_t)abs(s.dx) * TAN_22;
    int64_t along = (int64_t)abs(s.dy) << DIGITS;
    if (along < across)
        return s.steep > k->row[1][x - 1].steep && s.steep >= k->row[1][x + 1].steep;
    if (along > across + ((int64_t)abs(s.dx) << (DIGITS + 1)))
        return s.steep > up->steep && s.steep >= down->steep;
    int side = (s.dx ^ s.dy) < 0 ? -1 : 1;
    return s.steep > up[-side].steep && s.steep > down[side].steep;
}

static void push(Canny *k, ptrdiff_t at)
{
    k->mark[at] = MARK_EDGE;
    k->stack[k->depth++] = (int32_t)at;
}

static void mark_row(Canny *k, int y)
{
    ptrdiff_t at = (y + 1) * k->stride + 1;
    for (int x = 0; x < image_width(k->im); x++) {
        int steep = k->row[1][x].steep;
        if (steep <= k->low || !is_top(k, x))
            continue;
        if (steep > k->high)
            push(k, at + x);
        else
            k->mark[at + x] = MARK_COUNTS;
    }
}

static void follow(Canny *k)
{
    while (k->depth > 0) {
        ptrdiff_t at = k->stack[--k->depth];
        for (ptrdiff_t y = -k->stride; y <= k->stride; y += k->stride)
            for (ptrdiff_t x = -1; x <= 1; x++)
                if (k->mark[at + y + x] == MARK_COUNTS)
                    push(k, at + y + x);
    }
}

static void find_edges(Canny *k)
{
    slope_row(k, k->row[0], -1);
    slope_row(k, k->row[1], 0);
    for (int y = 0; y < image_height(k->im); y++) {
        slope_row(k, k->row[2], y + 1);
        mark_row(k, y);
        Slope *above = k->row[0];
        k->row[0] = k->row[1];
        k->row[1] = k->row[2];
        k->row[2] = above;
    }
    follow(k);
}

static bool canny_room(Canny *k, Arena *a)
{
    int64_t w = image_width(k->im), h = image_height(k->im);
    k->stride = (ptrdiff_t)w + 2;
    k->mark = arena_zeros(a, (size_t)((w + 2) * (h + 2)));
    k->stack = arena_take(a, (size_t)(w * h) * sizeof *k->stack);
    for (int i = 0; i < 3; i++) {
        Slope *row = arena_take(a, (size_t)(w + 2) * sizeof *row);
        if (row == NULL)
            return false;
        k->row[i] = row + 1;
    }
    return k->mark != NULL && k->stack != NULL;
}

static void paint_dot(Image to, int x, int y, bool is_white)
{
    memset(image_at(to, x, y), is_white ? 255 : 0, 3);
}

Image image_canny(Arena *a, Image im, int low, int high, Err *err)
{
    must(image_channels(im) == 1 || image_channels(im) == 3);
    size_t start = a->used;
    int w = image_width(im), h = image_height(im);
    Canny k = {.im = im, .low = low < high ? low : high, .high = low < high ? high : low};
    Image to = image_new(a, w, h, 3, err);
    size_t floor = a->used;
    if (tensor_is_empty(to))
        return to;
    if (!canny_room(&k, a)) {
        arena_rewind(a, start);
        err_set(err, ERR_MEMORY, "not enough memory to find the edges of %d x %d pixels", w, h);
        return (Image){0};
    }
    find_edges(&k);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            paint_dot(to, x, y, k.mark[(y + 1) * k.stride + x + 1] == MARK_EDGE);
    arena_rewind(a, floor);
    return to;
}

/* ---- scribble ------------------------------------------------------------------- */

Image image_scribble(Arena *a, Image im, Err *err)
{
    enum { DARK = 127 };
    int channels = image_channels(im);
    must(channels == 1 || channels == 3);
    Image to = image_new(a, image_width(im), image_height(im), 3, err);
    if (tensor_is_empty(to))
        return to;
    for (int y = 0; y < image_height(im); y++)
        for (int x = 0; x < image_width(im); x++) {
            bool is_dark = false;
            for (int c = 0; c < channels; c++)
                is_dark |= image_at(im, x, y)[c] < DARK;
            paint_dot(to, x, y, is_dark);
        }
    return to;
}
