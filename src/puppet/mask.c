/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <string.h>

/* Along one line of pixels `stride` apart. */
static void grow_line(unsigned char *to, const unsigned char *from, int64_t count,
                      int64_t stride, int by)
{
    int64_t last = -by - 1, next = 0;
    for (int64_t k = 0; k < count; k++) {
        for (; next < count && next <= k + by; next++)
            last = from[next * stride] ? next : last;
        to[k * stride] = last >= k - by;
    }
}

void mask_grow(unsigned char *to, const unsigned char *from, Size s, int by, Arena *scratch)
{
    size_t mark = scratch->used;
    unsigned char *wide = memory_take(scratch, size_count(s), 1);
    for (int y = 0; y < s.h; y++)
        grow_line(wide + (int64_t)y * s.w, from + (int64_t)y * s.w, s.w, 1, by);
    for (int x = 0; x < s.w; x++)
        grow_line(to + x, wide + x, s.h, s.w, by);
    arena_rewind(scratch, mark);
}

void mask_fill_rows(unsigned char *mask, const unsigned char *allowed, Size s)
{
    for (int y = 0; y < s.h; y++) {
        unsigned char *row = mask + (int64_t)y * s.w;
        int first = 0, last = s.w - 1;
        while (first < s.w && !row[first])
            first++;
        while (last > first && !row[last])
            last--;
        for (int x = first; x < last; x++)
            row[x] |= allowed[(int64_t)y * s.w + x];
    }
}

int mask_neighbours(int64_t *to, int64_t i, Size s)
{
    int x = (int)(i % s.w), n = 0;
    if (x > 0)
        to[n++] = i - 1;
    if (x < s.w - 1)
        to[n++] = i + 1;
    if (i >= s.w)
        to[n++] = i - s.w;
    if (i + s.w < size_count(s))
        to[n++] = i + s.w;
    return n;
}

static void flood(int32_t *piece, const unsigned char *mask, Size s, int32_t *stack, int64_t at)
{
    int64_t depth = 0;
    stack[depth++] = (int32_t)at;
    while (depth > 0) {
        int64_t i = stack[--depth], next[4];
        for (int k = 0, n = mask_neighbours(next, i, s); k < n; k++) {
            if (mask[next[k]] && piece[next[k]] == 0) {
                piece[next[k]] = piece[i];
                stack[depth++] = (int32_t)next[k];
            }
        }
    }
}

int mask_pieces(int32_t *piece, const unsigned char *mask, Size s, Arena *scratch)
{
    size_t mark = scratch->used;
    int64_t n = size_count(s);
    int32_t *stack = memory_take(scratch, n, sizeof *stack);
    memset(piece, 0, (size_t)n * sizeof *piece);
    int count = 0;
    for (int64_t i = 0; i < n; i++) {
        if (mask[i] && piece[i] == 0) {
            piece[i] = ++count;
            flood(piece, mask, s, stack, i);
        }
    }
    arena_rewind(scratch, mark);
    return count;
}

/* Vector propagation over two passes of four neighbours each way (8SED): right to a
 * fraction of a pixel, which is enough for choosing a colour. */
typedef struct Nearest {
    int32_t *to;
    Size size;
    float tall;
} Nearest;

static float far_is(const Nearest *n, int x, int y, int32_t at)
{
    float dx = (float)(at % n->size.w - x), dy = (float)(at / n->size.w - y) * n->tall;
    return dx * dx + dy * dy;
}

static void consider(const Nearest *n, int x, int y, int dx, int dy)
{
    int u = x + dx, v = y + dy;
    if (u < 0 || v < 0 || u >= n->size.w || v >= n->size.h)
        return;
    int32_t at = n->to[(int64_t)v * n->size.w + u];
    int32_t *mine = &n->to[(int64_t)y * n->size.w + x];
    if (at >= 0 && (*mine < 0 || far_is(n, x, y, at) < far_is(n, x, y, *mine)))
        *mine = at;
}

void mask_nearest(int32_t *nearest, const unsigned char *have, Size s, float tall)
{
    Nearest n = {nearest, s, tall};
    for (int64_t i = 0; i < size_count(s); i++)
        nearest[i] = have[i] ? (int32_t)i : -1;
    for (int pass = 0; pass < 2; pass++) {
        for (int row = 0; row < s.h; row++) {
            int d = pass ? 1 : -1, y = pass ? s.h - 1 - row : row;
            for (int x = 0; x < s.w; x++) {
                consider(&n, x, y, -1, 0);
                for (int k = -1; k <= 1; k++)
                    consider(&n, x, y, k, d);
            }
            for (int x = s.w - 1; x >= 0; x--)
                consider(&n, x, y, 1, 0);
        }
    }
}
