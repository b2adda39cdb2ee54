/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>

/* Dijkstra from many seeds over the eight neighbours. */
static float edge(const Grid *g, int64_t a, int64_t b, bool is_diagonal, float sharp)
{
    float step = color_step(g->lab + 3 * a, g->lab + 3 * b);
    return (is_diagonal ? 1.41421356f : 1) * (1 + sharp * fminf(step, 1));
}

static void relax(float *distance, const Grid *g, Heap *heap, Entry e, float sharp)
{
    int x = e.at % g->size.w, y = e.at / g->size.w;
    for (int k = 0; k < 9; k++) {
        int u = x + k % 3 - 1, v = y + k / 3 - 1;
        if (k == 4 || u < 0 || v < 0 || u >= g->size.w || v >= g->size.h)
            continue;
        int64_t to = (int64_t)v * g->size.w + u;
        if (!g->solid[to])
            continue;
        float cost = e.cost + edge(g, e.at, to, k % 2 == 0, sharp);
        if (cost < distance[to]) {
            distance[to] = cost;
            heap_push(heap, (Entry){cost, (int32_t)to});
        }
    }
}

void geodesic(float *distance, const Grid *g, const unsigned char *seed, float sharp,
              Arena *scratch)
{
    size_t mark = scratch->used;
    int64_t n = size_count(g->size);
    /* a pixel is pushed at most once by each of its neighbours, and as a seed */
    Heap heap = {memory_take(scratch, 9 * n, sizeof(Entry)), 0};
    for (int64_t i = 0; i < n; i++) {
        distance[i] = INFINITY;
        if (seed[i]) {
            distance[i] = 0;
            heap_push(&heap, (Entry){0, (int32_t)i});
        }
    }
    while (heap.count > 0) {
        Entry e = heap_pop(&heap);
        if (e.cost <= distance[e.at])
            relax(distance, g, &heap, e, sharp);
    }
    arena_rewind(scratch, mark);
}
