/* SPDX-License-Identifier: MIT */
#include "sheet/paper.h"

#include "sheet/internal.h"
#include "sheet/matte.h"

#include <string.h>

/* What is known of a pixel. */
enum { NEAR = 1, FREE = 2, REACHED = 4 };

/* How far from the flood an edge may lie; INSIDE stands for all beyond. */
enum { EDGE = 2, INSIDE = EDGE + 1 };

typedef struct Paper {
    Image im;
    int w, h;
    Ground ground;
    int brush;            /* its reach: 0 is one pixel wide, 1 three */
    unsigned char *known; /* [h*w] */
    unsigned char *depth; /* [h*w] steps from the flood, 0 to INSIDE */
    int32_t *queue;       /* [h*w] places y * w + x, each once */
    int64_t end;          /* of the queue */
} Paper;

bool paper_is_flat(Image im)
{
    Ground g;
    return ground_guess(&g, im) >= 0.6;
}

/* Whether all of `what` is set in the brush's square; outside the picture it
 * is. */
static bool brush_is_on(const Paper *p, int x, int y, int what)
{
    int b = p->brush;
    for (int v = y > b ? y - b : 0; v <= y + b && v < p->h; v++)
        for (int u = x > b ? x - b : 0; u <= x + b && u < p->w; u++)
            if (!(p->known[v * p->w + u] & what))
                return false;
    return true;
}

static void find_near(Paper *p)
{
    for (int y = 0; y < p->h; y++)
        for (int x = 0; x < p->w; x++)
            if (colour_distance(image_at(p->im, x, y), p->ground.key) <= p->ground.noise)
                p->known[y * p->w + x] = NEAR;
    for (int y = 0; y < p->h; y++)
        for (int x = 0; x < p->w; x++)
            if (brush_is_on(p, x, y, NEAR))
                p->known[y * p->w + x] |= FREE;
}

static void reach(Paper *p, int x, int y, int what)
{
    if (x < 0 || y < 0 || x >= p->w || y >= p->h)
        return;
    int32_t at = y * p->w + x;
    if (!(p->known[at] & what) || (p->known[at] & REACHED))
        return;
    p->known[at] |= REACHED;
    p->queue[p->end++] = at;
}

/* Goes on through what has `what`, from the whole queue, for some rounds. */
static void spread(Paper *p, int what, int64_t rounds)
{
    for (int64_t from = 0; rounds > 0 && from < p->end; rounds--) {
        int64_t until = p->end;
        for (; from < until; from++) {
            int x = p->queue[from] % p->w, y = p->queue[from] / p->w;
            reach(p, x - 1, y, what);
            reach(p, x + 1, y, what);
            reach(p, x, y - 1, what);
            reach(p, x, y + 1, what);
        }
    }
}

static void take_all(Paper *p)
{
    for (int64_t i = 0; i < (int64_t)p->w * p->h; i++)
        if (p->known[i] & NEAR)
            p->known[i] |= REACHED;
}

static void flood(Paper *p)
{
    for (int x = 0; x < p->w; x++) {
        reach(p, x, 0, FREE);
        reach(p, x, p->h - 1, FREE);
    }
    for (int y = 0; y < p->h; y++) {
        reach(p, 0, y, FREE);
        reach(p, p->w - 1, y, FREE);
    }
    spread(p, FREE, (int64_t)p->w * p->h);
    /* to a brush's corner it is two reaches; the rest is for wedges between strokes */
    spread(p, NEAR, 6 * p->brush);
}

/* The least depth around (x,y), itself left out. */
static int least_around(const Paper *p, int x, int y)
{
    int least = INSIDE;
    for (int v = y > 0 ? y - 1 : 0; v <= y + 1 && v < p->h; v++)
        for (int u = x > 0 ? x - 1 : 0; u <= x + 1 && u < p->w; u++)
            if ((u != x || v != y) && p->depth[v * p->w + u] < least)
                least = p->depth[v * p->w + u];
    return least;
}

static void find_depth(Paper *p)
{
    for (int64_t i = 0; i < (int64_t)p->w * p->h; i++)
        p->depth[i] = p->known[i] & REACHED ? 0 : INSIDE;
    for (int d = 1; d <= EDGE; d++)
        for (int y = 0; y < p->h; y++)
            for (int x = 0; x < p->w; x++)
                if (p->depth[y * p->w + x] > d && least_around(p, x, y) == d - 1)
                    p->depth[y * p->w + x] = (unsigned char)d;
}

/* The mix of paper and a colour deeper in that explains (x,y): of those that
 * fit, the one with the least alpha.  A pixel with more ink beside it on the
 * paper's side is on the inner side of a line: no mix. */
static Mix edge_mix(const Paper *p, int x, int y)
{
    const unsigned char *c = image_at(p->im, x, y);
    Mix best = {.alpha = 1, .figure = c};
    int depth = p->depth[y * p->w + x], own = colour_distance(c, p->ground.key);
    float fits = 12 + 1.5f * (float)p->ground.noise;
    for (int v = y > EDGE ? y - EDGE : 0; v <= y + EDGE && v < p->h; v++)
        for (int u = x > EDGE ? x - EDGE : 0; u <= x + EDGE && u < p->w; u++) {
            const unsigned char *f = image_at(p->im, u, v);
            bool has_more = colour_distance(f, p->ground.key) > own;
            int there = p->depth[v * p->w + u];
            if (has_more && there > 0 && there < depth)
                return (Mix){.alpha = 1, .figure = c};
            Mix m = mix_of(c, p->ground.key, f);
            if (has_more && there > depth && m.misfit <= fits && m.alpha < best.alpha)
                best = m;
        }
    return best;
}

static void cut(const Paper *p, Image to, bool is_hard)
{
    for (int y = 0; y < p->h; y++)
        for (int x = 0; x < p->w; x++) {
            int depth = p->depth[y * p->w + x];
            unsigned char *q = image_at(to, x, y);
            if (depth == 0)
                memset(q, 0, 4);
            if (depth == 0 || depth == INSIDE || is_hard)
                continue;
            Mix m = edge_mix(p, x, y);
            mix_undo(q, image_at(p->im, x, y), p->ground.key, m);
            q[3] = (unsigned char)(m.alpha * 255 + 0.5f);
        }
}

/* Small, and of few colours. */
static bool is_pixel_art(Image im)
{
    enum { SIDE = 128, COLOURS = 64 };
    unsigned char seen[COLOURS][3];
    int count = 0;
    if (image_width(im) > SIDE || image_height(im) > SIDE)
        return false;
    for (int y = 0; y < image_height(im); y++)
        for (int x = 0; x < image_width(im); x++) {
            int i = 0;
            while (i < count && memcmp(seen[i], image_at(im, x, y), 3) != 0)
                i++;
            if (i == COLOURS)
                return false;
            if (i == count)
                memcpy(seen[count++], image_at(im, x, y), 3);
        }
    return true;
}

static bool is_saturated(Rgb k)
{
    int high = k.r > k.g ? k.r : k.g, low = k.r < k.g ? k.r : k.g;
    high = k.b > high ? k.b : high;
    low = k.b < low ? k.b : low;
    return high - low > 128;
}

/* All of it if `holes`, else what can be reached from the border. */
static void cut_paper(Paper *p, Image to, bool is_hard, bool holes)
{
    if (is_hard)
        p->ground.noise = 2;
    find_near(p);
    if (holes)
        take_all(p);
    else
        flood(p);
    find_depth(p);
    cut(p, to, is_hard);
}

Image paper_cut(Arena *a, Image im, Err *err)
{
    Ground ground;
    ground_guess(&ground, im);
    bool is_hard = is_pixel_art(im), holes = is_saturated(ground.key);
    if (holes && !is_hard)
        return matte_cut(a, im, &(MatteOptions){.key = ground.key}, err);
    Image to = image_to_rgba(a, im, err);
    if (tensor_is_empty(to))
        return to;
    size_t floor = a->used, n = (size_t)(im.dim[0] * im.dim[1]);
    int w = image_width(im), h = image_height(im), shorter = w < h ? w : h;
    Paper p = {.im = im, .w = w, .h = h, .ground = ground};
    p.brush = shorter < 256 ? 0 : shorter < 1024 ? 1 : 2;
    p.known = arena_zeros(a, n);
    p.depth = arena_take(a, n);
    p.queue = arena_take(a, n * sizeof *p.queue);
    bool ok = p.known != NULL && p.depth != NULL && p.queue != NULL;
    if (ok)
        cut_paper(&p, to, is_hard, holes);
    else
        err_set(err, ERR_MEMORY, "not enough memory to cut out the character");
    arena_rewind(a, floor);
    return ok && (is_hard || islands_drop(a, to, 1.0 / 1000, err)) ? to : (Image){0};
}
