/* SPDX-License-Identifier: MIT */
#include "puppet/crumbs.h"

#include "puppet/internal.h"

#include <string.h>

static const float CRUMB = .002f;
enum { WORK = 32, FLOOR = 4096 }; /* bytes a pixel, and what alignment may take */

typedef struct Pieces {
    Size size;
    int32_t *of;     /* [h*w] 1 to count; 0: nothing */
    int64_t *pixels; /* [count+1]; [0]: of all */
    unsigned char *is_held;
    int count;
} Pieces;

static bool find_pieces(Pieces *p, Tensor frame, Tensor part, Arena *scratch, Err *err)
{
    const unsigned char *rgba = frame.data, *label = part.data;
    p->size = (Size){(int)frame.dim[1], (int)frame.dim[0]};
    int64_t n = size_count(p->size);
    if (!memory_reserve(scratch, (size_t)n * WORK + FLOOR, err))
        return false;
    p->of = memory_take(scratch, n, sizeof *p->of);
    unsigned char *seen = memory_take(scratch, n, 1);
    for (int64_t i = 0; i < n; i++)
        seen[i] = rgba[4 * i + 3] > 0;
    p->count = mask_pieces(p->of, seen, p->size, scratch);
    p->pixels = memory_zeros(scratch, p->count + 1, sizeof *p->pixels);
    p->is_held = memory_zeros(scratch, p->count + 1, 1);
    for (int64_t i = 0; i < n; i++) {
        if (!seen[i])
            continue;
        p->pixels[0]++;
        p->pixels[p->of[i]]++;
        p->is_held[p->of[i]] |=
            label != NULL && (label[i] == PUPPET_HELD_R || label[i] == PUPPET_HELD_L);
    }
    return true;
}

bool crumbs_share(Tensor drawing, float *share, Arena *scratch, Err *err)
{
    size_t mark = scratch->used;
    Pieces p;
    if (!find_pieces(&p, drawing, (Tensor){0}, scratch, err))
        return false;
    *share = CRUMB;
    for (int k = 1; k <= p.count; k++) {
        float of = (float)p.pixels[k] / (float)p.pixels[0];
        *share = of < *share ? of : *share;
    }
    arena_rewind(scratch, mark);
    return true;
}

bool crumbs_sweep(Tensor frame, Tensor part, float share, Arena *scratch, Err *err)
{
    size_t mark = scratch->used;
    Pieces p;
    if (!find_pieces(&p, frame, part, scratch, err))
        return false;
    float least = share * (float)p.pixels[0];
    unsigned char *rgba = frame.data;
    for (int64_t i = 0; i < size_count(p.size); i++) {
        int k = p.of[i];
        if (k > 0 && !p.is_held[k] && (float)p.pixels[k] < least)
            memset(rgba + 4 * i, 0, 4);
    }
    arena_rewind(scratch, mark);
    return true;
}
