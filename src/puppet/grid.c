/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>

enum { GRID_SIDE = 160, FAINT = 24 };

const float *grid_lab(const Grid *g, Point p)
{
    int x = (int)floorf(p.x), y = (int)floorf(p.y);
    if (x < 0 || y < 0 || x >= g->size.w || y >= g->size.h)
        return NULL;
    int64_t i = (int64_t)y * g->size.w + x;
    return g->solid[i] ? g->lab + 3 * i : NULL;
}

/* The mean colour of the figure's pixels in a box; false if they are less than a quarter. */
static bool box_mean(const unsigned char *rgba, Size s, int x0, int y0, int side,
                     unsigned char to[4])
{
    int sum[3] = {0}, count = 0, all = 0;
    for (int y = y0; y < y0 + side && y < s.h; y++) {
        for (int x = x0; x < x0 + side && x < s.w; x++, all++) {
            const unsigned char *c = rgba + 4 * ((int64_t)y * s.w + x);
            if (c[3] <= FAINT)
                continue;
            count++;
            for (int ch = 0; ch < 3; ch++)
                sum[ch] += c[ch];
        }
    }
    for (int ch = 0; ch < 3; ch++)
        to[ch] = (unsigned char)(count ? sum[ch] / count : 0);
    to[3] = 255;
    return count > 0 && 4 * count >= all;
}

int grid_step(Size s)
{
    int longer = s.w > s.h ? s.w : s.h;
    return (longer + GRID_SIDE - 1) / GRID_SIDE;
}

bool grid_make(Grid *g, const unsigned char *rgba, Size s, Arena *scratch)
{
    int step = grid_step(s);
    g->size = (Size){(s.w + step - 1) / step, (s.h + step - 1) / step};
    g->scale = 1 / (float)step;
    int64_t n = size_count(g->size);
    g->solid = memory_take(scratch, n, 1);
    g->label = memory_zeros(scratch, n, 1);
    g->under = memory_zeros(scratch, n, 1);
    g->is_head = memory_zeros(scratch, n, 1);
    g->lab = memory_take(scratch, 3 * n, sizeof *g->lab);
    unsigned char *small = memory_take(scratch, n, 4);
    bool is_any = false;
    for (int64_t i = 0; i < n; i++) {
        int x = (int)(i % g->size.w) * step, y = (int)(i / g->size.w) * step;
        g->solid[i] = box_mean(rgba, s, x, y, step, small + 4 * i);
        is_any = is_any || g->solid[i];
    }
    color_lab(g->lab, small, n);
    return is_any;
}
