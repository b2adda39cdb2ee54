/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>
#include <string.h>

/* What a way costs besides its edges, a cell of the grid; steps that are grain, not edges. */
static const float PLAIN = .03f, GRAIN = .02f;

typedef struct Spread {
    const Grid *grid;
    const unsigned char *rgba;
    Size size;
    float plain; /* cost of a pixel without an edge */
    unsigned char *label;
    float *cost; /* of the way from a core; INFINITY where none was found yet */
    Heap heap;
} Spread;

static int64_t cell_at(const Grid *g, Size s, int64_t i)
{
    int x = (int)((float)(i % s.w) * g->scale + .001f);
    int y = (int)((float)(i / s.w) * g->scale + .001f);
    return (int64_t)y * g->size.w + x;
}

/* Among cells of the same kind only, as far as the figure goes. */
static bool is_inner(const Grid *g, int64_t i)
{
    int x = (int)(i % g->size.w), y = (int)(i / g->size.w);
    for (int k = 0; k < 9; k++) {
        int u = x + k % 3 - 1, v = y + k / 3 - 1;
        int64_t to = (int64_t)v * g->size.w + u;
        if (u >= 0 && v >= 0 && u < g->size.w && v < g->size.h && g->solid[to] &&
            g->label[to] != g->label[i])
            return false;
    }
    return true;
}

/* Cores are inner cells; and cells of what is so thin that it has none nearby. */
static void find_cores(const Grid *g, unsigned char *core, Arena *scratch)
{
    size_t mark = scratch->used;
    int64_t n = size_count(g->size);
    unsigned char *near = memory_take(scratch, n, 1), *mine = memory_take(scratch, n, 1);
    memset(core, 0, (size_t)n);
    for (int part = PUPPET_TORSO; part < PUPPET_PARTS; part++) {
        for (int64_t i = 0; i < n; i++)
            mine[i] = g->solid[i] && g->label[i] == part && is_inner(g, i);
        mask_grow(near, mine, g->size, 1, scratch);
        for (int64_t i = 0; i < n; i++)
            core[i] |= mine[i] || (g->solid[i] && g->label[i] == part && !near[i]);
    }
    arena_rewind(scratch, mark);
}

static float way(const Spread *s, int64_t a, int64_t b, bool is_diagonal)
{
    float edge = fmaxf(rgb_step(s->rgba + 4 * a, s->rgba + 4 * b) - GRAIN, 0);
    return (is_diagonal ? 1.41421356f : 1) * s->plain + edge;
}

/* From a pixel to those around it that are reached more cheaply so. */
static void relax(Spread *s, Entry e)
{
    int x = e.at % s->size.w, y = e.at / s->size.w;
    for (int k = 0; k < 9; k++) {
        int u = x + k % 3 - 1, v = y + k / 3 - 1;
        int64_t to = (int64_t)v * s->size.w + u;
        if (k == 4 || u < 0 || v < 0 || u >= s->size.w || v >= s->size.h ||
            s->cost[to] <= e.cost)
            continue;
        float cost = e.cost + way(s, e.at, to, k % 2 == 0);
        if (cost < s->cost[to]) {
            s->cost[to] = cost;
            s->label[to] = s->label[e.at];
            heap_push(&s->heap, (Entry){cost, (int32_t)to});
        }
    }
}

/* Pixels of cores cost nothing; those off the figure are never reached (-1). */
static void begin(Spread *s, const unsigned char *core, const int32_t *nearest,
                  unsigned char *under)
{
    for (int64_t i = 0; i < size_count(s->size); i++) {
        int64_t cell = cell_at(s->grid, s->size, i), at = nearest[cell];
        bool is_there = s->rgba[4 * i + 3] > 0;
        s->label[i] = is_there ? s->grid->label[at] : PUPPET_NONE;
        under[i] = is_there ? s->grid->under[at] : PUPPET_NONE;
        s->cost[i] = !is_there ? -1 : core[cell] ? 0 : INFINITY;
    }
}

/* A core's pixels beside what is open. */
static bool is_front(const Spread *s, int64_t i)
{
    int x = (int)(i % s->size.w), y = (int)(i / s->size.w);
    for (int k = 0; k < 9 && s->cost[i] == 0; k++) {
        int u = x + k % 3 - 1, v = y + k / 3 - 1;
        if (u >= 0 && v >= 0 && u < s->size.w && v < s->size.h &&
            isinf(s->cost[(int64_t)v * s->size.w + u]))
            return true;
    }
    return false;
}

void spread(const Grid *g, const unsigned char *rgba, Size size, unsigned char *label,
            unsigned char *under, Arena *scratch)
{
    size_t mark = scratch->used;
    int64_t n = size_count(size), cells = size_count(g->size);
    Spread s = {
        .grid = g, .rgba = rgba, .size = size, .plain = PLAIN * g->scale, .label = label};
    int32_t *nearest = memory_take(scratch, cells, sizeof *nearest);
    unsigned char *core = memory_take(scratch, cells, 1);
    mask_nearest(nearest, g->solid, g->size, 1);
    if (g->scale < 1)
        find_cores(g, core, scratch);
    else
        memset(core, 1, (size_t)cells);
    s.cost = memory_take(scratch, n, sizeof *s.cost);
    s.heap.entry = memory_take(scratch, 9 * n, sizeof(Entry));
    begin(&s, core, nearest, under);
    for (int64_t i = 0; i < n; i++) {
        if (is_front(&s, i))
            heap_push(&s.heap, (Entry){0, (int32_t)i});
    }
    while (s.heap.count > 0) {
        Entry e = heap_pop(&s.heap);
        if (e.cost <= s.cost[e.at])
            relax(&s, e);
    }
    arena_rewind(scratch, mark);
}
