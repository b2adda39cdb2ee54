/* SPDX-License-Identifier: MIT */
#include "sheet/sheet.h"

#include "media/resize.h"

#include <stdlib.h>
#include <string.h>

/* The mean difference of two frames, colours times alpha. */
static double difference(Image a, Image b)
{
    must(shape_equal(tensor_shape(a), tensor_shape(b)));
    int channels = image_channels(a);
    int64_t n = a.dim[0] * a.dim[1], sum = 0;
    const unsigned char *p = a.data, *q = b.data;
    for (int64_t i = 0; i < n; i++, p += channels, q += channels) {
        int pa = channels == 4 ? p[3] : 255, qa = channels == 4 ? q[3] : 255;
        for (int c = 0; c < 3; c++)
            sum += abs(p[c] * pa - q[c] * qa);
        sum += (int64_t)255 * abs(pa - qa);
    }
    return (double)sum / (double)n;
}

double sheet_loop_jump(const Image *frames, int count)
{
    if (count < 3)
        return 1;
    double sum = 0;
    for (int i = 1; i < count; i++)
        sum += difference(frames[i - 1], frames[i]);
    double closing = difference(frames[count - 1], frames[0]), mean = sum / (count - 1);
    return mean > 0 ? closing / mean : 1;
}

/* A picture made to fit a cell. */
static Image fit(Arena *a, Image im, const GridOptions *o, Err *err)
{
    int64_t w = image_width(im), h = image_height(im);
    int64_t times = min64(o->cell_w / w, o->cell_h / h);
    if (times >= 1)
        return image_resize(a, im, (int)(w * times), (int)(h * times), RESIZE_NEAREST, err);
    bool is_wide = w * o->cell_h > h * o->cell_w;
    int64_t to_w = is_wide ? o->cell_w : max64(1, w * o->cell_h / h);
    int64_t to_h = is_wide ? max64(1, h * o->cell_w / w) : o->cell_h;
    return image_resize(a, im, (int)to_w, (int)to_h, RESIZE_LANCZOS, err);
}

static bool put(Arena *a, Image to, int x, int y, Image im, const GridOptions *o, Err *err)
{
    Image fitted = fit(a, im, o, err);
    Image flat = {0};
    if (!tensor_is_empty(fitted))
        flat = image_over(a, fitted, o->background, err);
    if (tensor_is_empty(flat))
        return false;
    x += (o->cell_w - image_width(flat)) / 2;
    y += (o->cell_h - image_height(flat)) / 2;
    for (int v = 0; v < image_height(flat); v++)
        memcpy(image_at(to, x, y + v), image_row(flat, v), (size_t)image_width(flat) * 3);
    return true;
}

Image sheet_grid(Arena *a, const Image *pictures, int count, const GridOptions *o, Err *err)
{
    must(count > 0 && o->columns > 0 && o->cell_w > 0 && o->cell_h > 0 && o->gap >= 0);
    int rows = (int)div_up(count, o->columns);
    Image to = image_new(a, o->columns * (o->cell_w + o->gap) - o->gap,
                         rows * (o->cell_h + o->gap) - o->gap, 3, err);
    if (tensor_is_empty(to))
        return to;
    unsigned char *p = to.data;
    for (int64_t i = to.dim[0] * to.dim[1]; i > 0; i--, p += 3)
        memcpy(p, &o->background, 3);
    size_t floor = a->used;
    for (int i = 0; i < count; i++) {
        int x = i % o->columns * (o->cell_w + o->gap),
            y = i / o->columns * (o->cell_h + o->gap);
        if (!tensor_is_empty(pictures[i]) && !put(a, to, x, y, pictures[i], o, err))
            return (Image){0};
        arena_rewind(a, floor);
    }
    return to;
}
