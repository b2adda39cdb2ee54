/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernels/x86/conv.h"
#include "kernels/x86/epilogue.h"
#include "kernels/x86/pack.h"
#include "kernels/x86/strip.h"

/* Any convolution as the product of gemm.h, without building its matrix: the
 * taps of the window walk through a strip of the input.
 *
 * Packed: panels [chunk][tap][channel][NR], zero past O.  A tile of work is a
 * block of output places times some panels. */
enum { BLOCK_PLACES = 192, BLOCK_COLUMNS = 64, STRIP_BYTES = 512 * 1024, STRIP_LINES = 4096 };

typedef struct Plan {
    Grid grid;
    Strip strip;
    int64_t OH, OW, panels, groups, group_panels;
    int64_t depth; /* channels of a strip */
    size_t strip_bytes, slot_bytes, tap_bytes;
} Plan;

static bool is_pointwise(ConvShape s)
{
    return s.kh == 1 && s.kw == 1 && s.stride == 1 && s.pad_top == 0 && s.pad_left == 0 &&
           s.pad_bottom == 0 && s.pad_right == 0;
}

static Strip strip_of(ConvShape s, const Grid *g)
{
    return strip_for(g->images, (g->rows - 1) * s.stride + s.kh,
                     (g->columns - 1) * s.stride + s.kw, s.stride);
}

static Plan plan_for(ConvShape s, int64_t N, int64_t H, int64_t W, int threads)
{
    Plan p = {.OH = conv_out_height(s, H), .OW = conv_out_width(s, W)};
    int64_t places = BLOCK_PLACES;
    do {
        int64_t columns = s.kh == 1 && s.kw == 1 ? places : min64(places, BLOCK_COLUMNS);
        p.grid = grid_for(N, p.OH, p.OW, places, columns);
        p.strip = strip_of(s, &p.grid);
        places /= 2;
    } while (p.strip.chunk_lines > STRIP_LINES && places >= MR);
    int64_t chunks = max64(1, STRIP_BYTES / (int64_t)strip_bytes(&p.strip, 1));
    p.depth = min64(s.C, chunks * LINE);
    p.panels = div_up(s.O, NR);
    int64_t wanted = div_up(4 * (int64_t)threads, grid_blocks(&p.grid));
    p.group_panels = max64(1, min64(512 / NR, p.panels / wanted));
    p.groups = div_up(p.panels, p.group_panels);
    p.tap_bytes = round64(sizeof(int32_t) * (size_t)(s.kh * s.kw));
    p.strip_bytes = strip_bytes(&p.strip, div_up(p.depth, LINE));
    int64_t sums = (p.depth < s.C ? p.group_panels : 1) * NR;
    sums *= p.grid.images * p.grid.rows * p.grid.columns;
    p.slot_bytes = p.strip_bytes + round64(sizeof(float) * (size_t)sums);
    return p;
}

/* Weights of large windows are widened at once, when they are packed. */
static TensorType stored(ConvShape s)
{
    return s.kh * s.kw <= MAX_HALF_TAPS ? s.store : TENSOR_F32;
}

size_t OVERLAY(panels_packed)(ConvShape s)
{
    size_t numbers = (size_t)(div_up(s.O, NR) * NR * s.C * s.kh * s.kw);
    return round64(tensor_type_size(stored(s)) * numbers);
}

typedef struct {
    ConvShape s;
    Tensor w;
    char *to;
} Packing;

/* The taps of `count` channels of one output, which lie one after the other:
 * to[tap][channel][NR]. */
static void pack_output(char *to, TensorType store, const char *from, TensorType type,
                        int64_t count, int64_t taps)
{
    size_t size = tensor_type_size(store), from_size = tensor_type_size(type);
    for (int64_t c = 0; c < count; c++)
        for (int64_t t = 0; t < taps; t++, from += from_size)
            pack_column(to + (size_t)((t * count + c) * NR) * size, store, from, type, 1);
}

void OVERLAY(panels_pack_part)(char *to, ConvShape s, Tensor w, int64_t panel, int64_t channel,
                               int64_t count)
{
    TensorType store = stored(s);
    int64_t taps = (int64_t)s.kh * s.kw;
    size_t size = tensor_type_size(store), from_size = tensor_type_size(w.type);
    memset(to, 0, (size_t)(count * taps * NR) * size);
    for (int64_t j = 0; j < min64(NR, s.O - panel * NR); j++) {
        int64_t first = ((panel * NR + j) * s.C + channel) * taps;
        pack_output(to + (size_t)j * size, store,
                    (const char *)w.data + (size_t)first * from_size, w.type, count, taps);
    }
}

static void pack_panel(void *job, int64_t panel, int worker)
{
    (void)worker;
    const Packing *p = job;
    int64_t C = p->s.C, step = (int64_t)p->s.kh * p->s.kw * NR;
    size_t size = (size_t)step * tensor_type_size(stored(p->s));
    for (int64_t c = 0; c < C; c += LINE)
        OVERLAY(panels_pack_part)
    (p->to + (size_t)(panel * C + c) * size, p->s, p->w, panel, c, min64(LINE, C - c));
}

void OVERLAY(panels_pack)(Job *job, ConvShape s, Tensor w, void *packed)
{
    must(s.store == TENSOR_F32 || s.store == w.type);
    pool_run(job->pool, div_up(s.O, NR), pack_panel, &(Packing){s, w, packed});
}

typedef struct {
    ConvShape s;
    ConvArgs a;
    Plan plan;
    const int32_t *tap;
    char *slots;
} Direct;

/* The rows of a block that are computed together; returns how many spans. */
static int block_spans(const Direct *d, Corner at, Span *span)
{
    const Plan *p = &d->plan;
    int64_t columns = min64(p->grid.columns, p->OW - at.x);
    int spans = 0;
    for (int64_t n = 0; n < min64(p->grid.images, d->a.N - at.n); n++)
        for (int64_t y = 0; y < min64(p->grid.rows, p->OH - at.y); y++)
            spans += spans_cut(span + spans, strip_at(&p->strip, n, y, 0),
                               ((at.n + n) * p->OH + at.y + y) * p->OW + at.x, columns);
    return spans;
}

static void block(void *job, int64_t index, int worker)
{
    const Direct *d = job;
    const Plan *p = &d->plan;
    ConvShape s = d->s;
    int64_t blocks = grid_blocks(&p->grid), taps = (int64_t)s.kh * s.kw;
    int64_t first = index / blocks * p->group_panels;
    int64_t last = min64(p->panels, first + p->group_panels);
    Corner at = grid_corner(&p->grid, index % blocks);
    Corner in = {at.n, at.y * s.stride - s.pad_top, at.x * s.stride - s.pad_left};
    float *strip = (float *)(d->slots + (size_t)worker * p->slot_bytes);
    float *sums = strip + p->strip_bytes / sizeof(float);
    Out out =
        out_for(d->a.y, d->a.N * p->OH * p->OW, conv_ldy(s, &d->a), s.O, &d->a.epilogue, false);
    Span span[MAX_SPANS];
    Walk w = {.left = strip, .chunk_stride = p->strip.chunk_lines * LINE, .tap = d->tap};
    w.taps = (int)taps;
    w.span = span;
    w.spans = block_spans(d, at, span);
    w.store = stored(s);
    size_t size = tensor_type_size(w.store);
    int64_t places = p->grid.images * p->grid.rows * p->grid.columns;
    for (int64_t k = 0; k < s.C; k += p->depth) {
        int64_t depth = min64(p->depth, s.C - k);
        strip_fill(&p->strip, strip, &d->a, s.C, in, k, depth);
        for (int64_t n = first; n < last; n++) {
            Sums c = {sums, k > 0, k + depth == s.C ? &out : NULL, n};
            if (p->depth < s.C)
                c.c += (n - first) * places * NR;
            size_t before = (size_t)((n * s.C + k) * taps * NR) * size;
            panel_sum(&w, depth, (const char *)d->a.packed + before, c);
        }
    }
    out_done(&out);
}

/* A pointwise convolution does not see rows: its pictures are one row. */
static void flatten(ConvShape s, int64_t *H, int64_t *W)
{
    if (is_pointwise(s)) {
        *W *= *H;
        *H = 1;
    }
}

static size_t scratch(ConvShape s, int64_t N, int64_t H, int64_t W, int threads)
{
    flatten(s, &H, &W);
    Plan p = plan_for(s, N, H, W, threads);
    return p.tap_bytes + (size_t)threads * p.slot_bytes;
}

static void run(Job *job, ConvShape s, const ConvArgs *a)
{
    Direct d = {.s = s, .a = *a};
    flatten(s, &d.a.H, &d.a.W);
    d.plan = plan_for(s, a->N, d.a.H, d.a.W, pool_threads(job->pool));
    int32_t *tap = job->scratch;
    for (int ky = 0; ky < s.kh; ky++)
        for (int kx = 0; kx < s.kw; kx++)
            tap[ky * s.kw + kx] = (int32_t)strip_tap(&d.plan.strip, ky, kx);
    d.tap = tap;
    d.slots = (char *)job->scratch + d.plan.tap_bytes;
    pool_run(job->pool, grid_blocks(&d.plan.grid) * d.plan.groups, block, &d);
}

const ConvMethod OVERLAY(conv_direct) = {"direct", OVERLAY(panels_packed), OVERLAY(panels_pack),
                                         scratch, run};
