/* SPDX-License-Identifier: MIT */
#include "models/srvgg.h"

#include <stdio.h>
#include <string.h>

enum { NAME = 64 };

/* ---- forward ------------------------------------------------------------------------- */

/* A pixel's channels (c, dy, dx) become a square, on top of the pixel's own colour. */
static void spread_pixel(float *to, int64_t row, const float *changes, const float *rgb,
                         int scale)
{
    for (int dy = 0; dy < scale; dy++)
        for (int dx = 0; dx < scale; dx++)
            for (int c = 0; c < 3; c++)
                to[dy * row + dx * 3 + c] = rgb[c] + changes[(c * scale + dy) * scale + dx];
}

Tensor srvgg_grow(Run *r, const Srvgg *m, Tensor rgb)
{
    if (run_stopped(r) || tensor_is_empty(rgb))
        return (Tensor){0};
    must(rgb.rank == 4 && rgb.dim[0] == 1 && rgb.dim[3] == 3);
    int64_t H = rgb.dim[1], W = rgb.dim[2], row = W * m->scale * 3;
    Tensor y = nn_new(r, SHAPE(1, H * m->scale, W * m->scale, 3));
    size_t floor = run_floor(r);
    Tensor x = rgb,
           room[2] = {nn_new(r, SHAPE(1, H, W, m->width)), nn_new(r, SHAPE(1, H, W, m->width))};
    for (int i = 0; i + 1 < m->convs && !run_stopped(r); i++)
        x = nn_conv(r, &m->conv[i], x, (With){.slope = m->slope[i], .into = room[i % 2]});
    x = nn_conv(r, &m->conv[m->convs - 1], x, (With){0});
    if (run_stopped(r))
        return (Tensor){0};
    for (int64_t i = 0; i < H * W; i++)
        spread_pixel(tensor_f32(y) + (i / W * m->scale * W + i % W) * m->scale * 3, row,
                     tensor_f32(x) + i * x.dim[3], tensor_f32(rgb) + i * 3, m->scale);
    run_drop(r, floor);
    return nn_tap(r, y, "image");
}

int64_t srvgg_bytes(const Srvgg *m, int64_t H, int64_t W)
{
    return 4 * H * W * (2 * m->width + (int64_t)2 * 3 * m->scale * m->scale);
}

/* ---- binding --------------------------------------------------------------------------- */

Weights *srvgg_view(const Weights *file)
{
    const char *nest = weights_nest(file, "body.0.weight");
    if (nest == NULL)
        return NULL;
    Weights *view = weights_new(weights_path(file));
    for (size_t i = 0; i < weights_count(file); i++)
        if (strncmp(weights_name(file, i), nest, strlen(nest)) == 0)
            weights_add(view, weights_name(file, i) + strlen(nest), weights_at(file, i));
    return view;
}

static Shape filters(Bind *b, int i)
{
    char name[NAME];
    snprintf(name, sizeof name, "body.%d.weight", 2 * i);
    return bind_shape(b, name);
}

static bool measure(Srvgg *m, Bind *b)
{
    m->width = filters(b, 0).dim[0];
    while (m->convs <= SRVGG_CONVS && filters(b, m->convs).rank == 4)
        m->convs++;
    int64_t last = m->convs > 0 ? filters(b, m->convs - 1).dim[0] : 0;
    for (m->scale = 1; m->scale < SRVGG_SCALE && 3 * m->scale * m->scale < last;)
        m->scale++;
    bool is_right = m->convs >= 2 && m->convs <= SRVGG_CONVS && m->width > 0 &&
                    m->width <= SRVGG_WIDTH && 3 * m->scale * m->scale == last;
    if (!is_right)
        binder_fail(b->binder, "an SRVGG of %d convolutions with %lld results is unknown",
                    m->convs, (long long)last);
    return is_right;
}

bool srvgg_bind(Srvgg *m, Bind *b)
{
    *m = (Srvgg){0};
    if (!measure(m, b))
        return false;
    m->conv = bind_take(b, (size_t)m->convs * sizeof *m->conv);
    m->slope = bind_take(b, (size_t)m->convs * sizeof *m->slope);
    for (int i = 0; i < m->convs && !bind_failed(b); i++) {
        char name[NAME];
        bool is_last = i + 1 == m->convs;
        snprintf(name, sizeof name, "body.%d", 2 * i);
        m->conv[i] = bind_conv(b, name, i > 0 ? m->width : 3,
                               is_last ? 3 * m->scale * m->scale : m->width, 3, 1);
        snprintf(name, sizeof name, "body.%d.weight", 2 * i + 1);
        m->slope[i] = is_last ? NULL : bind_numbers(b, name, SHAPE(m->width)).data;
    }
    return !bind_failed(b);
}
