/* SPDX-License-Identifier: MIT */
#include "media/internal.h"
#include "media/resize.h"

#include <math.h>
#include <string.h>

enum { SIDE = 8, VOTERS = SIDE * SIDE, SOLID = 128 };

/* The opaque pixels of a block; neighbours of one colour vote as one. */
typedef struct Block {
    int count, opaque, all;
    const unsigned char *pixel[VOTERS];
    float weight[VOTERS];
    Lab lab[VOTERS];
} Block;

static void add_voter(Block *k, const unsigned char *p)
{
    k->opaque++;
    if (k->count > 0 && memcmp(p, k->pixel[k->count - 1], 3) == 0) {
        k->weight[k->count - 1]++;
        return;
    }
    must(k->count < VOTERS);
    k->pixel[k->count] = p;
    k->weight[k->count] = 1;
    k->lab[k->count++] = lab_from_rgb(p);
}

static int edge(double from, double scale, int at)
{
    return (int)floor(from + at * scale + 0.5);
}

static void gather(Block *k, Image im, const VoteGrid *g, int x, int y)
{
    int x0 = edge(g->left, g->scale, x), x1 = edge(g->left, g->scale, x + 1);
    int y0 = edge(g->top, g->scale, y), y1 = edge(g->top, g->scale, y + 1);
    int step = (int)div_up(max64(x1 - x0, y1 - y0), SIDE);
    k->count = k->opaque = k->all = 0;
    for (int v = y0 + step / 2; v < y1; v += step)
        for (int u = x0 + step / 2; u < x1; u += step) {
            k->all++;
            if (u < 0 || v < 0 || u >= image_width(im) || v >= image_height(im))
                continue;
            const unsigned char *p = image_at(im, u, v);
            if (p[3] >= SOLID)
                add_voter(k, p);
        }
}

/* The sum of one's distances (their roots: what is far does not count more). */
static float loneliness(const Block *k, int one)
{
    float sum = 0;
    for (int i = 0; i < k->count; i++)
        sum += k->weight[i] * sqrtf(lab_distance(k->lab[i], k->lab[one]));
    return sum;
}

static const unsigned char *elected(const Block *k)
{
    int best = 0;
    float least = INFINITY;
    for (int i = 0; i < k->count && k->count > 1; i++) {
        float sum = loneliness(k, i);
        if (sum < least) {
            least = sum;
            best = i;
        }
    }
    return k->pixel[best];
}

Image image_vote(Arena *a, Image im, VoteGrid g, Err *err)
{
    must(image_channels(im) == 4 && g.scale >= 1);
    Image to = image_new(a, g.w, g.h, 4, err);
    Block *k = xalloc(1, sizeof *k);
    for (int y = 0; y < g.h && !tensor_is_empty(to); y++)
        for (int x = 0; x < g.w; x++) {
            unsigned char *p = image_at(to, x, y);
            memset(p, 0, 4);
            gather(k, im, &g, x, y);
            if (k->opaque == 0 || 2 * k->opaque < k->all)
                continue;
            memcpy(p, elected(k), 3);
            p[3] = 255;
        }
    xfree(k);
    return to;
}

/* ---- the grid that pixel art was drawn on -------------------------------------- */

static bool differ(const unsigned char *p, const unsigned char *q, int channels)
{
    bool is_nothing = channels == 4 && p[3] == 0 && q[3] == 0;
    return !is_nothing && memcmp(p, q, (size_t)channels) != 0;
}

static int common(int a, int b)
{
    while (b != 0) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Where lines of a grid are known to be along one axis. */
typedef struct Lines {
    int first, step; /* first -1: none yet; step 0: only one yet */
} Lines;

static void add_line(Lines *l, int at)
{
    if (l->first < 0)
        l->first = at;
    l->step = common(l->step, at > l->first ? at - l->first : l->first - at);
}

static void find_lines(Lines *across, Lines *down, Image im)
{
    int c = image_channels(im), w = image_width(im);
    for (int y = 0; y < image_height(im); y++)
        for (int x = 0; x < w; x++) {
            const unsigned char *p = image_at(im, x, y);
            if (x > 0 && across->step != 1 && differ(p, p - c, c))
                add_line(across, x);
            if (y > 0 && down->step != 1 && differ(p, p - (ptrdiff_t)w * c, c))
                add_line(down, y);
        }
}

int image_grid(const Image *frames, int count, int *left, int *top)
{
    Lines across = {-1, 0}, down = {-1, 0};
    for (int i = 0; i < count && across.step != 1 && down.step != 1; i++)
        find_lines(&across, &down, frames[i]);
    int side = common(across.step, down.step);
    side = side < 1 ? 1 : side;
    *left = across.first > 0 ? across.first % side : 0;
    *top = down.first > 0 ? down.first % side : 0;
    return side;
}
