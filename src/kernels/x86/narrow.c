/* SPDX-License-Identifier: MIT */
#include "kernels/x86/conv.h"
#include "kernels/x86/epilogue.h"
#include "kernels/x86/strip.h"

/* Convolutions to a few outputs (pixels, latents), which would leave most of
 * a panel empty: here the lanes are input channels.
 *
 * Packed: [chunk][tap][output][LINE], zero past C.  A tile of work is a block
 * of output places. */
enum {
    BLOCK_PLACES = 256,
    BLOCK_COLUMNS = 32,
    STRIP_BYTES = 512 * 1024,
    TOGETHER = 4,               /* outputs summed together */
    PLACES = VEC == 16 ? 6 : 2, /* places summed together */
};

typedef struct Plan {
    Grid grid;
    Strip strip;
    int64_t OH, OW;
    int64_t depth; /* channels of a strip */
    size_t strip_bytes, slot_bytes, tap_bytes;
} Plan;

static Plan plan_for(ConvShape s, int64_t N, int64_t H, int64_t W)
{
    Plan p = {.OH = conv_out_height(s, H), .OW = conv_out_width(s, W)};
    p.grid = grid_for(N, p.OH, p.OW, BLOCK_PLACES, BLOCK_COLUMNS);
    p.strip = strip_for(p.grid.images, (p.grid.rows - 1) * s.stride + s.kh,
                        (p.grid.columns - 1) * s.stride + s.kw, s.stride);
    int64_t chunks = max64(1, STRIP_BYTES / (int64_t)strip_bytes(&p.strip, 1));
    p.depth = min64(s.C, chunks * LINE);
    p.tap_bytes = round64(sizeof(int32_t) * (size_t)(s.kh * s.kw));
    p.strip_bytes = strip_bytes(&p.strip, div_up(p.depth, LINE));
    int64_t places = p.grid.images * p.grid.rows * p.grid.columns;
    p.slot_bytes = p.strip_bytes + round64(sizeof(float) * (size_t)(places * NR));
    return p;
}

static size_t packed(ConvShape s)
{
    return sizeof(float) * (size_t)(div_up(s.C, LINE) * LINE * s.kh * s.kw * s.O);
}

static void pack(Job *job, ConvShape s, Tensor w, void *packed)
{
    (void)job;
    int64_t taps = (int64_t)s.kh * s.kw;
    size_t size = tensor_type_size(w.type);
    float *to = packed;
    for (int64_t c = 0; c < s.C; c += LINE)
        for (int64_t t = 0; t < taps; t++)
            for (int64_t o = 0; o < s.O; o++)
                for (int64_t i = c; i < c + LINE; i++, to++) {
                    *to = 0;
                    if (i < s.C)
                        tensor_read_f32(to,
                                        (const char *)w.data +
                                            (size_t)((o * s.C + i) * taps + t) * size,
                                        w.type, 1);
                }
}

static size_t scratch(ConvShape s, int64_t N, int64_t H, int64_t W, int threads)
{
    Plan p = plan_for(s, N, H, W);
    return p.tap_bytes + (size_t)threads * p.slot_bytes;
}

typedef struct {
    ConvShape s;
    const ConvArgs *a;
    Plan plan;
    const int32_t *tap;
    char *slots;
} Narrow;

/* c[place][NR] += the sums of `outputs` outputs at `places` places of a row,
 * over the strip's chunks. */
VEC_INLINE void sums(const Narrow *n, const float *strip, int64_t chunks, const float *w,
                     int outputs, int places, float *c)
{
    int64_t taps = (int64_t)n->s.kh * n->s.kw, chunk_stride = n->plan.strip.chunk_lines * LINE;
    V sum[PLACES][TOGETHER];
#pragma GCC unroll 8
    for (int i = 0; i < places; i++)
#pragma GCC unroll 8
        for (int o = 0; o < outputs; o++)
            sum[i][o] = vec_zero();
    for (int64_t chunk = 0; chunk < chunks; chunk++)
        for (int64_t t = 0; t < taps; t++, w += n->s.O * LINE) {
            const float *x = strip + chunk * chunk_stride + n->tap[t];
            for (int j = 0; j < LINE; j += VEC)
#pragma GCC unroll 8
                for (int i = 0; i < places; i++) {
                    V v = vec_load(x + i * LINE + j);
#pragma GCC unroll 8
                    for (int o = 0; o < outputs; o++)
                        sum[i][o] = vec_fma(v, vec_load(w + o * LINE + j), sum[i][o]);
                }
        }
#pragma GCC unroll 8
    for (int i = 0; i < places; i++)
#pragma GCC unroll 8
        for (int o = 0; o < outputs; o++)
            c[i * NR + o] += vec_sum(sum[i][o]);
}

VEC_INLINE void sums_of(const Narrow *n, const float *strip, int64_t chunks, const float *w,
                        int64_t outputs, int places, float *c)
{
    switch (outputs) {
    case 1:
        sums(n, strip, chunks, w, 1, places, c);
        break;
    case 2:
        sums(n, strip, chunks, w, 2, places, c);
        break;
    case 3:
        sums(n, strip, chunks, w, 3, places, c);
        break;
    default:
        sums(n, strip, chunks, w, 4, places, c);
    }
}

/* The same for all outputs and a whole row of places. */
static void sums_row(const Narrow *n, const float *strip, int64_t chunks, const float *w,
                     int64_t places, float *c)
{
    for (int64_t o = 0; o < n->s.O; o += TOGETHER) {
        int64_t i = 0, outputs = min64(TOGETHER, n->s.O - o);
        for (; i + PLACES <= places; i += PLACES)
            sums_of(n, strip + i * LINE, chunks, w + o * LINE, outputs, PLACES, c + i * NR + o);
        for (; i + 2 <= places; i += 2)
            sums_of(n, strip + i * LINE, chunks, w + o * LINE, outputs, 2, c + i * NR + o);
        for (; i < places; i++)
            sums_of(n, strip + i * LINE, chunks, w + o * LINE, outputs, 1, c + i * NR + o);
    }
}

static void block(void *job, int64_t index, int worker)
{
    const Narrow *n = job;
    const Plan *p = &n->plan;
    ConvShape s = n->s;
    Corner at = grid_corner(&p->grid, index);
    Corner in = {at.n, at.y * s.stride - s.pad_top, at.x * s.stride - s.pad_left};
    int64_t images = min64(p->grid.images, n->a->N - at.n);
    int64_t rows = min64(p->grid.rows, p->OH - at.y);
    int64_t columns = min64(p->grid.columns, p->OW - at.x);
    float *strip = (float *)(n->slots + (size_t)worker * p->slot_bytes);
    float *c = strip + p->strip_bytes / sizeof(float);
    Out out = out_for(n->a->y, 0, conv_ldy(s, n->a), s.O, &n->a->epilogue, false);
    for (int64_t i = 0; i < images * rows * columns * NR; i++)
        c[i] = 0;
    for (int64_t k = 0; k < s.C; k += p->depth) {
        int64_t depth = min64(p->depth, s.C - k);
        const float *w = (const float *)n->a->packed + k * s.kh * s.kw * s.O;
        strip_fill(&p->strip, strip, n->a, s.C, in, k, depth);
        for (int64_t i = 0; i < images * rows; i++) {
            int64_t row = (at.n + i / rows) * p->OH + at.y + i % rows;
            float *sum = c + i * columns * NR;
            sums_row(n, strip + strip_at(&p->strip, i / rows, i % rows, 0), div_up(depth, LINE),
                     w, columns, sum);
            if (k + depth == s.C)
                out_rows(&out, row * p->OW + at.x, columns, 0, sum);
        }
    }
}

static void run(Job *job, ConvShape s, const ConvArgs *a)
{
    Narrow n = {.s = s, .a = a, .plan = plan_for(s, a->N, a->H, a->W)};
    int32_t *tap = job->scratch;
    for (int ky = 0; ky < s.kh; ky++)
        for (int kx = 0; kx < s.kw; kx++)
            tap[ky * s.kw + kx] = (int32_t)strip_tap(&n.plan.strip, ky, kx);
    n.tap = tap;
    n.slots = (char *)job->scratch + n.plan.tap_bytes;
    pool_run(job->pool, grid_blocks(&n.plan.grid), block, &n);
}

const ConvMethod OVERLAY(conv_narrow) = {"narrow", packed, pack, scratch, run};
