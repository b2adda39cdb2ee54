/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>

/* Dijkstra from many seeds over the eight neighbours, with a binary heap. */
typedef struct Entry {
    float cost;
    int32_t at;
} Entry;
typedef struct Heap {
    Entry *entry;
    int64_t count;
} Heap;

static void heap_push(Heap *h, Entry e)
{
    int64_t i = h->count++;
    while (i > 0 && h->entry[(i - 1) / 2].cost > e.cost) {
        h->entry[i] = h->entry[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->entry[i] = e;
}

static Entry heap_pop(Heap *h)
{
    Entry top = h->entry[0], last = h->entry[--h->count];
    int64_t i = 0;
    for (;;) {
        int64_t child = 2 * i + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->entry[child + 1].cost < h->entry[child].cost)
            child++;
        if (h->entry[child].cost >= last.cost)
            break;
        h->entry[i] = h->entry[child];
        i = child;
    }
    h->entry[i] = last;
    return top;
}

static float edge(const Grid *g, int64_t a, int64_t b, bool is_diagonal)
{
    float step = color_step(g->lab + 3 * a, g->lab + 3 * b);
    return (is_diagonal ? 1.41421356f : 1) * (1 + fminf(step, 1));
}

static void relax(float *distance, const Grid *g, Heap *heap, Entry e)
{
    int x = e.at % g->size.w, y = e.at / g->size.w;
    for (int k = 0; k < 9; k++) {
        int u = x + k % 3 - 1, v = y + k / 3 - 1;
        if (k == 4 || u < 0 || v < 0 || u >= g->size.w || v >= g->size.h)
            continue;
        int64_t to = (int64_t)v * g->size.w + u;
        if (!g->solid[to])
            continue;
        float cost = e.cost + edge(g, e.at, to, k % 2 == 0);
        if (cost < distance[to]) {
            distance[to] = cost;
            heap_push(heap, (Entry){cost, (int32_t)to});
        }
    }
}

void geodesic(float *distance, const Grid *g, const unsigned char *seed, Arena *scratch)
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
            relax(distance, g, &heap, e);
    }
    arena_rewind(scratch, mark);
}
