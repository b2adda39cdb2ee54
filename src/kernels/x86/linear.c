/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernels/internal.h"
#include "kernels/x86/epilogue.h"
#include "kernels/x86/gemm.h"
#include "kernels/x86/pack.h"
#include "kernels/x86/simd.h"

/* Packed: panels [I][NR] of columns, zero past O.  With GEGLU a panel holds
 * VEC values and their VEC gates.
 *
 * A tile of work is a block of rows times some panels.  Its rows are copied
 * to lines, as many channels at once as stay in the second cache; sums that
 * are not complete wait in `sums`.  If there are so few rows that several
 * tiles share a block, all rows are copied beforehand. */
enum { BLOCK_FLOATS = 128 * 1024, SHARED_FLOATS = 16 << 20 };

typedef struct Plan {
    int64_t panels, panel_columns;
    int64_t blocks, block_rows;    /* of rows */
    int64_t groups, group_panels;  /* of panels */
    int64_t depth;                 /* channels summed at once */
    bool shared;                   /* rows are copied beforehand */
    size_t left_bytes, slot_bytes; /* of a block's lines; of a worker */
} Plan;

/* Floats from chunk to chunk: an odd number of lines, so that the chunks of a
 * row spread over a cache's sets. */
static int64_t chunk_stride(int64_t rows)
{
    return (rows | 1) * LINE;
}

static Plan plan_for(LinearShape s, int64_t M, int threads)
{
    Plan p = {.panel_columns = s.geglu ? VEC : NR};
    p.panels = div_up(s.O, p.panel_columns);
    p.blocks = div_up(M, M <= 144 ? 144 : 96);
    p.block_rows = div_up(M, p.blocks);
    p.depth = min64(s.I, max64(BLOCK_FLOATS / p.block_rows, LINE) / LINE * LINE);
    int64_t wanted = div_up(6 * (int64_t)threads, p.blocks);
    p.group_panels = max64(1, min64(512 / NR, p.panels / wanted));
    p.groups = div_up(p.panels, p.group_panels);
    p.shared = p.groups > 1 && p.blocks < 6 * (int64_t)threads && M * s.I <= SHARED_FLOATS;
    int64_t lines = div_up(p.shared ? s.I : p.depth, LINE) * chunk_stride(p.block_rows);
    p.left_bytes = round64(sizeof(float) * (size_t)lines);
    size_t sums = (size_t)(p.depth < s.I ? p.group_panels : 1);
    p.slot_bytes = round64(sums * sizeof(float) * NR * (size_t)p.block_rows);
    p.slot_bytes += p.shared ? 0 : p.left_bytes;
    return p;
}

static size_t scratch_for(const Plan *p, int threads)
{
    return (size_t)threads * p->slot_bytes +
           (p->shared ? (size_t)p->blocks * p->left_bytes : 0);
}

static size_t packed(LinearShape s)
{
    int64_t panels = div_up(s.O, s.geglu ? VEC : NR);
    return round64(tensor_type_size(s.store) * (size_t)(panels * s.I * NR));
}

typedef struct {
    LinearShape s;
    Tensor w;
    char *to;
} Packing;

/* Columns of NR rows of the weight, in its own type or as f32. */
static void pack_panel(void *job, int64_t panel, int worker)
{
    (void)worker;
    const Packing *p = job;
    int64_t I = p->s.I, O = p->s.O;
    size_t from_size = tensor_type_size(p->w.type), size = tensor_type_size(p->s.store);
    char *to = p->to + (size_t)(panel * I * NR) * size;
    memset(to, 0, (size_t)(I * NR) * size);
    for (int64_t i = 0; i < I; i += LINE)
        for (int64_t j = 0; j < NR; j++) {
            int64_t o = p->s.geglu ? panel * VEC + j % VEC : panel * NR + j;
            int64_t row = p->s.geglu && j >= VEC ? O + o : o;
            if (o < O)
                pack_column(to + (size_t)(i * NR + j) * size, p->s.store,
                            (const char *)p->w.data + (size_t)(row * I + i) * from_size,
                            p->w.type, min64(LINE, I - i));
        }
}

static void pack(Job *job, LinearShape s, Tensor w, void *packed)
{
    int64_t panels = div_up(s.O, s.geglu ? VEC : NR);
    must(s.store == TENSOR_F32 || s.store == w.type);
    pool_run(job->pool, panels, pack_panel, &(Packing){s, w, packed});
}

static size_t scratch(LinearShape s, int64_t M, int threads)
{
    Plan p = plan_for(s, M, threads);
    return M > 0 ? scratch_for(&p, threads) : 0;
}

typedef struct {
    LinearShape s;
    const LinearArgs *a;
    Plan plan;
    char *scratch, *slots;
} Linear;

/* `rows` rows of `count` channels to lines: left[chunk][row][LINE]. */
static void copy_lines(float *left, const float *x, int64_t ldx, int64_t rows, int64_t count)
{
    for (int64_t m = 0; m < rows; m++, x += ldx, left += LINE)
        for (int64_t c = 0; c < count; c += VEC) {
            float *to = left + c / LINE * chunk_stride(rows) + c % LINE;
            vec_store(to, c + VEC <= count ? vec_load(x + c) : vec_load_part(x + c, count - c));
        }
}

static float *shared_lines(const Linear *l, int64_t block)
{
    return (float *)(l->scratch + (size_t)block * l->plan.left_bytes);
}

static void copy_block(void *job, int64_t block, int worker)
{
    (void)worker;
    const Linear *l = job;
    int64_t row = block * l->plan.block_rows, rows = min64(l->plan.block_rows, l->a->M - row);
    copy_lines(shared_lines(l, block), l->a->x + row * l->a->ldx, l->a->ldx, rows, l->s.I);
}

static void tile_of_work(void *job, int64_t index, int worker)
{
    const Linear *l = job;
    const Plan *p = &l->plan;
    const LinearArgs *a = l->a;
    int64_t I = l->s.I, block = index % p->blocks, row = block * p->block_rows;
    int64_t rows = min64(p->block_rows, a->M - row), stride = chunk_stride(rows);
    int64_t first = index / p->blocks * p->group_panels;
    int64_t last = min64(p->panels, first + p->group_panels);
    float *sums = (float *)(l->slots + (size_t)worker * p->slot_bytes);
    float *left = p->shared ? shared_lines(l, block)
                            : sums + (p->slot_bytes - p->left_bytes) / sizeof(float);
    Span span[MAX_SPANS];
    Walk w = {.left = left, .chunk_stride = stride, .tap = &(int32_t){0}, .taps = 1};
    w.span = span;
    w.spans = spans_cut(span, 0, row, rows);
    w.store = l->s.store;
    w.is_far = p->shared;
    Out out = out_for(a->y, a->M, a->ldy, l->s.O, &a->epilogue, l->s.geglu);
    size_t size = tensor_type_size(w.store);
    for (int64_t k = 0; k < I; k += p->depth) {
        int64_t depth = min64(p->depth, I - k);
        if (p->shared)
            w.left = left + k / LINE * stride;
        else
            copy_lines(left, a->x + row * a->ldx + k, a->ldx, rows, depth);
        for (int64_t n = first; n < last; n++) {
            Sums c = {sums, k > 0, k + depth == I ? &out : NULL, n};
            if (p->depth < I)
                c.c += (n - first) * rows * NR;
            const char *b = (const char *)a->packed + (size_t)((n * I + k) * NR) * size;
            panel_sum(&w, depth, b, c);
        }
    }
    out_done(&out);
}

static void linear(Job *job, LinearShape s, const LinearArgs *a)
{
    if (a->M <= 0)
        return;
    Linear l = {s, a, plan_for(s, a->M, pool_threads(job->pool)), job->scratch, job->scratch};
    if (l.plan.shared) {
        l.slots += (size_t)l.plan.blocks * l.plan.left_bytes;
        pool_run(job->pool, l.plan.blocks, copy_block, &l);
    }
    pool_run(job->pool, l.plan.blocks * l.plan.groups, tile_of_work, &l);
}

void OVERLAY(linear)(Kernels *k)
{
    k->linear_packed = packed;
    k->linear_pack = pack;
    k->linear_scratch = scratch;
    k->linear = linear;
}
