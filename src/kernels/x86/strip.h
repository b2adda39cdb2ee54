/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_X86_STRIP_H
#define KERNELS_X86_STRIP_H
#include "kernels/x86/gemm.h"
#include "kernels/x86/vmath.h"

/* A strip: the piece of the input that a block of outputs looks at, with its
 * padding, normed and activated, in lines of LINE channels:
 *
 *   [chunk][image][row][column % stride][column / stride][LINE]
 *
 * so that the inputs of neighbouring outputs lie next to each other. */
typedef struct Strip {
    int64_t images, rows, columns; /* input, with padding */
    int64_t stride, phase;         /* lines of a phase */
    int64_t row_lines, chunk_lines;
} Strip;

static inline Strip strip_for(int64_t images, int64_t rows, int64_t columns, int64_t stride)
{
    Strip s = {images, rows, columns, stride, .phase = div_up(columns, stride)};
    s.row_lines = s.phase * stride;
    s.chunk_lines =
        images * rows * s.row_lines | 1; /* odd: chunks spread over a cache's sets */
    return s;
}

static inline size_t strip_bytes(const Strip *s, int64_t chunks)
{
    return (size_t)(s->chunk_lines * chunks * LINE) * sizeof(float);
}

/* Floats to the line of a window's place, and to an output's first line. */
static inline int64_t strip_tap(const Strip *s, int64_t ky, int64_t kx)
{
    return (ky * s->row_lines + kx % s->stride * s->phase + kx / s->stride) * LINE;
}
static inline int64_t strip_at(const Strip *s, int64_t image, int64_t oy, int64_t ox)
{
    return ((image * s->rows + oy * s->stride) * s->row_lines + ox) * LINE;
}

/* Where a strip begins in the input; y and x may lie outside. */
typedef struct Corner {
    int64_t n, y, x;
} Corner;

/* Channels [channel, channel + count) of a pixel to their lines; `channel`
 * is a multiple of LINE. */
VEC_INLINE void strip_pixel(float *to, int64_t chunk_stride, const float *x, int64_t count,
                            const float *scale, const float *shift, Act act)
{
    for (int64_t c = 0; c < count; c += LINE, to += chunk_stride)
        for (int j = 0; j < LINE; j += VEC) {
            int64_t left = count - c - j, at = c + j;
            V v = left >= VEC ? vec_load(x + at) : vec_load_part(x + at, left);
            if (scale && left >= VEC)
                v = vec_act(vec_fma(v, vec_load(scale + at), vec_load(shift + at)), act);
            else if (scale)
                v = vec_act(vec_fma(v, vec_load_part(scale + at, left),
                                    vec_load_part(shift + at, left)),
                            act);
            vec_store(to + j, v);
        }
}

static inline void strip_zero(float *to, int64_t chunk_stride, int64_t count)
{
    for (int64_t c = 0; c < count; c += LINE, to += chunk_stride)
        for (int j = 0; j < LINE; j += VEC)
            vec_store(to + j, vec_zero());
}

/* Fills `to` with channels [channel, channel + count) of C. */
static inline void strip_fill(const Strip *s, float *to, const ConvArgs *a, int64_t C,
                              Corner corner, int64_t channel, int64_t count)
{
    int64_t chunk_stride = s->chunk_lines * LINE, ldx = a->ldx ? a->ldx : C;
    for (int64_t i = 0; i < s->images * s->rows; i++) {
        int64_t n = corner.n + i / s->rows, y = corner.y + i % s->rows;
        bool outside = n >= a->N || y < 0 || y >= a->H;
        const float *row = outside ? NULL : a->x + (n * a->H + y) * a->W * ldx + channel;
        const float *scale = a->scale && row ? a->scale + n * C + channel : NULL;
        const float *shift = scale ? a->shift + n * C + channel : NULL;
        for (int64_t j = 0; j < s->columns; j++) {
            int64_t x = corner.x + j;
            float *line =
                to + (i * s->row_lines + j % s->stride * s->phase + j / s->stride) * LINE;
            if (row == NULL || x < 0 || x >= a->W)
                strip_zero(line, chunk_stride, count);
            else
                strip_pixel(line, chunk_stride, row + x * ldx, count, scale, shift, a->pre_act);
        }
    }
}

/* How a picture of outputs is cut into blocks. */
typedef struct Grid {
    int64_t images, rows, columns; /* of a block, at most */
    int64_t n, y, x;               /* blocks in each direction */
} Grid;

/* Blocks of at most `most` places and `columns` columns, as even as can be;
 * several images share a block if they fit whole. */
static inline Grid grid_for(int64_t N, int64_t H, int64_t W, int64_t most, int64_t columns)
{
    Grid g = {.x = div_up(W, min64(columns, most)), .images = 1};
    g.columns = div_up(W, g.x);
    g.y = div_up(H, max64(1, most / g.columns));
    g.rows = div_up(H, g.y);
    if (g.x == 1 && g.y == 1)
        g.images = max64(1, min64(N, most / (H * W)));
    g.n = div_up(N, g.images);
    g.images = div_up(N, g.n);
    return g;
}

static inline int64_t grid_blocks(const Grid *g)
{
    return g->n * g->y * g->x;
}

/* The first place of a block. */
static inline Corner grid_corner(const Grid *g, int64_t block)
{
    return (Corner){block / (g->y * g->x) * g->images, block / g->x % g->y * g->rows,
                    block % g->x * g->columns};
}
#endif
