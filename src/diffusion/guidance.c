/* SPDX-License-Identifier: MIT */
#include "diffusion/guidance.h"

#include <math.h>

bool guidance_is_on(const Guidance *g, int done, int total)
{
    bool is_always = g->from <= 0 && g->until <= 0;
    double way = (double)done / total;
    return g->scale > 1 && (is_always || (way >= g->from && way < g->until));
}

/* Sums that give a spread. */
typedef struct Sums {
    double x, xx;
} Sums;

static void add(Sums *s, float x)
{
    s->x += (double)x;
    s->xx += (double)x * (double)x;
}

static double spread(const Sums *s, int64_t n)
{
    double mean = s->x / (double)n;
    return sqrt(fmax(0, s->xx / (double)n - mean * mean));
}

void guidance_mix(const Guidance *g, float *out, const float *uncond, const float *cond,
                  int64_t n)
{
    float scale = (float)g->scale;
    Sums before = {0}, after = {0};
    for (int64_t i = 0; i < n; i++) {
        float c = cond[i];
        out[i] = uncond[i] + scale * (c - uncond[i]);
        add(&before, c);
        add(&after, out[i]);
    }
    double wide = spread(&after, n);
    if (g->rescale <= 0 || wide <= 0)
        return;
    float share = (float)(g->rescale * spread(&before, n) / wide + 1 - g->rescale);
    for (int64_t i = 0; i < n; i++)
        out[i] *= share;
}
