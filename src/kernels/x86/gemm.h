/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_X86_GEMM_H
#define KERNELS_X86_GEMM_H
#include "kernels/internal.h"
#include "kernels/x86/epilogue.h"
#include "kernels/x86/simd.h"

/* The product that linear layers and convolutions share: rows of the left
 * side times a panel of NR columns of weights.
 *
 * The left side lies in lines of LINE channels, 64 bytes, so that rows which
 * are computed together lie next to each other whatever their stride was:
 *
 *   left[chunk][row][LINE]     chunk = channel / LINE
 *
 * A convolution adds, for each tap of its window, the rows a fixed distance
 * further on.  The weights of a panel follow the order of the sum,
 *
 *   panel[chunk][tap][channel of the chunk][NR]
 *
 * with the last chunk as short as the channels are; weights may be stored in 16
 * bits, and are then widened part by part.  Each sum runs over k in
 * that order by fused multiply-adds, however it is cut: no result depends on
 * the blocking. */
enum {
    LINE = 16,
    LINE_BYTES = LINE * sizeof(float),
    MR = VEC == 16 ? 12 : 6, /* rows computed together: their sums fill the registers */
    MAX_ROWS = 256,          /* rows of a block */
    KC = 192, /* terms summed at once: their part of a panel stays in the first cache */
    MAX_SPANS = MAX_ROWS,
    MAX_HALF_TAPS = 9, /* of weights stored in 16 bits */
};

/* Rows next to each other in the left side: at most MR. */
typedef struct Span {
    int32_t at; /* floats from the start of a chunk to the first row */
    int32_t rows;
    int64_t out; /* the first row's place in the result */
} Span;

/* What a sum walks through. */
typedef struct Walk {
    const float *left;
    int64_t chunk_stride; /* floats from chunk to chunk */
    const int32_t *tap;   /* floats from the window's first row to each tap's */
    int taps;
    const Span *span;
    int spans;
    TensorType store; /* of the weights */
    bool is_far;      /* the left side lies beyond the second cache: fetch it ahead */
} Walk;

/* Lines to fetch while computing, some after each LINE terms. */
typedef struct Ahead {
    const char *at;
    int lines;
} Ahead;

/* Sums of `rows` rows over whole chunks of `depth` channels; c [rows][NR]. */
VEC_INLINE void tile(int rows, const Walk *w, const float *left, int64_t chunks, int64_t depth,
                     const float *b, float *c, bool add, Ahead ahead)
{
    V sum[MR][2];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        sum[i][0] = add ? vec_load(c + i * NR) : vec_zero();
        sum[i][1] = add ? vec_load(c + i * NR + VEC) : vec_zero();
    }
    for (; chunks > 0; chunks--, left += w->chunk_stride)
        for (int t = 0; t < w->taps; t++) {
            const float *a = left + w->tap[t];
            if (w->is_far)
                for (int i = 0; i < rows; i++)
                    _mm_prefetch(a + w->chunk_stride + i * LINE, _MM_HINT_T0);
            for (int i = 0; i < ahead.lines; i++, ahead.at += LINE_BYTES)
                _mm_prefetch(ahead.at, _MM_HINT_T1);
#pragma GCC unroll 4
            for (int64_t k = 0; k < depth; k++, a++, b += NR) {
                V b0 = vec_load(b), b1 = vec_load(b + VEC);
#pragma GCC unroll 16
                for (int i = 0; i < rows; i++)
                    if (VEC == 16 && i < rows * 2 / 3) { /* what two loads a cycle allow */
                        sum[i][0] = vec_fma_spread(a + i * LINE, b0, sum[i][0]);
                        sum[i][1] = vec_fma_spread(a + i * LINE, b1, sum[i][1]);
                    } else {
                        V x = vec_set1(a[i * LINE]);
                        sum[i][0] = vec_fma(x, b0, sum[i][0]);
                        sum[i][1] = vec_fma(x, b1, sum[i][1]);
                    }
            }
        }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        vec_store(c + i * NR, sum[i][0]);
        vec_store(c + i * NR + VEC, sum[i][1]);
    }
}

typedef void (*Tile)(const Walk *w, const float *left, int64_t chunks, int64_t depth,
                     const float *b, float *c, bool add, Ahead ahead);
#define TILE(rows)                                                                             \
    static __attribute__((noinline)) void tile_##rows(                                         \
        const Walk *w, const float *left, int64_t chunks, int64_t depth, const float *b,       \
        float *c, bool add, Ahead ahead)                                                       \
    {                                                                                          \
        tile(rows, w, left, chunks, depth, b, c, add, ahead);                                  \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
#if VEC == 16
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
#endif

static const Tile tiles[MR + 1] = {
    NULL,   tile_1, tile_2, tile_3,  tile_4,  tile_5,  tile_6,
#if VEC == 16
    tile_7, tile_8, tile_9, tile_10, tile_11, tile_12,
#endif
};

/* Where a panel's sums go. */
typedef struct Sums {
    float *c;       /* [rows of all spans][NR] */
    bool add;       /* to what is there */
    const Out *out; /* once complete, from there to the result; NULL: not yet */
    int64_t panel;
} Sums;

/* `count` numbers of 16 bits, a multiple of VEC, as f32. */
static __attribute__((noinline)) void widen(float *to, const uint16_t *from, TensorType type,
                                            int64_t count)
{
    if (type == TENSOR_F16)
        for (int64_t i = 0; i < count; i += VEC)
            vec_store(to + i, vec_load_f16(from + i));
    else
        for (int64_t i = 0; i < count; i += VEC)
            vec_store(to + i, vec_load_bf16(from + i));
}

/* left * weights for all rows of the spans, over `count` channels.  Results
 * are written span by span: the stores drain while the next is computed. */
static inline void panel_sum(const Walk *w, int64_t count, const void *weights, Sums s)
{
    _Alignas(64) float wide[(KC + LINE * MAX_HALF_TAPS) * NR];
    const size_t size = tensor_type_size(w->store);
    const int64_t parts = div_up(count * w->taps, KC);
    const int64_t step = max64(1, div_up(count / LINE, parts)) * LINE;
    const char *b = weights;
    for (int64_t k = 0; k < count;) {
        int64_t whole = min64(step, (count - k) / LINE * LINE);
        int64_t depth = whole > 0 ? LINE : count - k;
        int64_t chunks = whole > 0 ? whole / LINE : 1;
        int64_t steps = chunks * w->taps, numbers = steps * depth * NR;
        const float *left = w->left + k / LINE * w->chunk_stride;
        const float *panel = (const void *)b;
        if (w->store != TENSOR_F32) {
            widen(wide, (const void *)b, w->store, numbers);
            panel = wide;
        }
        b += (size_t)numbers * size;
        bool complete = s.out && k + chunks * depth == count;
        /* the next part of the weights, in equal shares by all spans */
        int64_t lines = div_up(NR * (int64_t)size / (int64_t)sizeof(float), w->spans);
        Ahead ahead = {b, (int)lines};
        float *c = s.c;
        for (const Span *span = w->span; span < w->span + w->spans; span++) {
            tiles[span->rows](w, left + span->at, chunks, depth, panel, c, s.add || k > 0,
                              ahead);
            ahead.at += steps * lines * LINE_BYTES;
            if (complete)
                out_rows(s.out, span->out, span->rows, s.panel, c);
            c += span->rows * NR;
        }
        k += chunks * depth;
    }
}

/* Cuts `rows` rows that lie next to each other from `at` on, and from `out`
 * on in the result, into even spans; returns how many. */
static inline int spans_cut(Span *span, int64_t at, int64_t out, int64_t rows)
{
    int64_t n = div_up(rows, MR), done = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t upto = rows * (i + 1) / n;
        span[i] = (Span){(int32_t)(at + done * LINE), (int32_t)(upto - done), out + done};
        done = upto;
    }
    return (int)n;
}
#endif
