/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

void heap_push(Heap *h, Entry e)
{
    int64_t i = h->count++;
    while (i > 0 && h->entry[(i - 1) / 2].cost > e.cost) {
        h->entry[i] = h->entry[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->entry[i] = e;
}

Entry heap_pop(Heap *h)
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
