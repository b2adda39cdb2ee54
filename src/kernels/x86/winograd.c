/* SPDX-License-Identifier: MIT */
#include "kernels/x86/conv.h"
#include "kernels/x86/epilogue.h"
#include "kernels/x86/strip.h"

/* Winograd's F(4x4,3x3): a tile of 4x4 outputs costs 36 products for each
 * pair of channels instead of 144 (Lavin and Gray, arXiv:1509.09308).
 *
 *   y = A^T [ (G g G^T) . (B^T d B) ] A       d: 6x6 inputs, g: 3x3 weights
 *
 * at the points 0, P, -P, Q, -Q and infinity.  With 5/8 and 3/2 the errors are
 * half of those with the usual 1 and 2: the powers of Q stay small.
 *
 * The product in the middle is, for each of the POINTS places, a matrix
 * product over channels: left[tile][C] x panel[C][NR].
 *
 * Packed: [group of panels][point][panel][C][NR].  A piece of work is a block
 * of tiles times some groups; its transformed inputs, and the sums of one
 * group, lie in the worker's slot. */
enum {
    POINTS = 36,
    BLOCK_TILES = 144,
    BLOCK_COLUMNS = 16,
    GROUP = 128 / NR, /* panels whose sums wait together */
    STRIP_CHUNKS = 4,
    SPREAD = LINE, /* floats that keep points from sharing a cache's sets */
};

#define P 0.625
#define Q 1.5

typedef struct Plan {
    Grid grid; /* of tiles */
    Strip strip;
    int64_t OH, OW, panels;
    int64_t pieces, piece_panels;      /* of the outputs: whole groups */
    int64_t tiles;                     /* of a block */
    int64_t point_floats, sums_floats; /* from point to point: of inputs, of sums */
    size_t strip_bytes, left_bytes, slot_bytes;
} Plan;

static Plan plan_for(ConvShape s, int64_t N, int64_t H, int64_t W, int threads)
{
    Plan p = {.OH = conv_out_height(s, H), .OW = conv_out_width(s, W)};
    p.grid = grid_for(N, div_up(p.OH, 4), div_up(p.OW, 4), BLOCK_TILES, BLOCK_COLUMNS);
    p.strip = strip_for(p.grid.images, 4 * p.grid.rows + 2, 4 * p.grid.columns + 2, 1);
    p.tiles = p.grid.images * p.grid.rows * p.grid.columns;
    p.panels = div_up(s.O, NR);
    int64_t wanted = div_up(3 * (int64_t)threads, grid_blocks(&p.grid));
    p.piece_panels = div_up(div_up(p.panels, GROUP), wanted) * GROUP;
    p.pieces = div_up(p.panels, p.piece_panels);
    p.point_floats = div_up(s.C, LINE) * p.tiles * LINE + SPREAD;
    p.sums_floats = p.tiles * NR + SPREAD;
    p.strip_bytes = strip_bytes(&p.strip, min64(STRIP_CHUNKS, div_up(s.C, LINE)));
    p.left_bytes = round64(sizeof(float) * (size_t)(POINTS * p.point_floats));
    p.slot_bytes = p.strip_bytes + p.left_bytes;
    p.slot_bytes += round64(sizeof(float) * (size_t)(GROUP * POINTS * p.sums_floats));
    return p;
}

static size_t packed(ConvShape s)
{
    return sizeof(float) * (size_t)(POINTS * div_up(s.O, NR) * NR * s.C);
}

/* u = G g G^T */
static void transform_weight(float u[POINTS], const float g[9])
{
    const double p = 1 / (2 * P * P * (P * P - Q * Q)), q = 1 / (2 * Q * Q * (Q * Q - P * P));
    const double G[6][3] = {{1 / (P * P * Q * Q), 0, 0}, {p, p * P, p * P * P},
                            {p, -p * P, p * P * P},      {q, q * Q, q * Q * Q},
                            {q, -q * Q, q * Q * Q},      {0, 0, 1}};
    double t[6][3];
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 3; j++)
            t[i][j] = G[i][0] * g[j] + G[i][1] * g[3 + j] + G[i][2] * g[6 + j];
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++)
            u[i * 6 + j] = (float)(t[i][0] * G[j][0] + t[i][1] * G[j][1] + t[i][2] * G[j][2]);
}

typedef struct {
    ConvShape s;
    Tensor w;
    float *to;
} Packing;

static void pack_panel(void *job, int64_t panel, int worker)
{
    (void)worker;
    const Packing *p = job;
    int64_t C = p->s.C, panels = div_up(p->s.O, NR), group = panel / GROUP * GROUP;
    int64_t point = min64(GROUP, panels - group) * C * NR;
    float *to = p->to + group * POINTS * C * NR + (panel - group) * C * NR;
    size_t size = tensor_type_size(p->w.type);
    for (int64_t j = 0; j < NR; j++)
        for (int64_t c = 0; c < C; c++) {
            float g[9] = {0}, u[POINTS];
            int64_t o = panel * NR + j;
            if (o < p->s.O)
                tensor_read_f32(g, (const char *)p->w.data + (size_t)((o * C + c) * 9) * size,
                                p->w.type, 9);
            transform_weight(u, g);
            for (int z = 0; z < POINTS; z++)
                to[z * point + c * NR + j] = u[z];
        }
}

static void pack(Job *job, ConvShape s, Tensor w, void *packed)
{
    pool_run(job->pool, div_up(s.O, NR), pack_panel, &(Packing){s, w, packed});
}

static size_t scratch(ConvShape s, int64_t N, int64_t H, int64_t W, int threads)
{
    return (size_t)threads * plan_for(s, N, H, W, threads).slot_bytes;
}

typedef struct {
    ConvShape s;
    const ConvArgs *a;
    Plan plan;
    char *slots;
} Winograd;

/* out = B^T d */
VEC_INLINE void transform_input(V out[6], const V d[6])
{
    const V pp = vec_set1((float)(P * P)), qq = vec_set1((float)(Q * Q)),
            p = vec_set1((float)P), q = vec_set1((float)Q);
    const V sum = vec_set1((float)(P * P + Q * Q)), product = vec_set1((float)(P * P * Q * Q));
    V even = vec_fnma(qq, d[2], d[4]), odd = vec_fnma(qq, d[1], d[3]);
    out[0] = vec_fma(product, d[0], vec_fnma(sum, d[2], d[4]));
    out[1] = vec_fma(p, odd, even);
    out[2] = vec_fnma(p, odd, even);
    even = vec_fnma(pp, d[2], d[4]);
    odd = vec_fnma(pp, d[1], d[3]);
    out[3] = vec_fma(q, odd, even);
    out[4] = vec_fnma(q, odd, even);
    out[5] = vec_fma(product, d[1], vec_fnma(sum, d[3], d[5]));
}

/* out = A^T m */
VEC_INLINE void transform_output(V out[4], const V m[6])
{
    V even_p = vec_add(m[1], m[2]), odd_p = vec_sub(m[1], m[2]);
    V even_q = vec_add(m[3], m[4]), odd_q = vec_sub(m[3], m[4]);
    out[0] = vec_add(m[0], vec_add(even_p, even_q));
    out[1] = vec_fma(vec_set1((float)P), odd_p, vec_mul(vec_set1((float)Q), odd_q));
    out[2] =
        vec_fma(vec_set1((float)(P * P)), even_p, vec_mul(vec_set1((float)(Q * Q)), even_q));
    out[3] = vec_fma(vec_set1((float)(P * P * P)), odd_p,
                     vec_fma(vec_set1((float)(Q * Q * Q)), odd_q, m[5]));
}

/* VEC channels of one tile: 6x6 lines `row` floats apart to one line for
 * each point. */
static void input_tile(float *to, int64_t point_floats, const float *from, int64_t row)
{
    V t[6][6];
    for (int j = 0; j < 6; j++) {
        V d[6], out[6];
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++)
            d[i] = vec_load(from + i * row + j * LINE);
        transform_input(out, d);
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++)
            t[i][j] = out[i];
    }
    for (int i = 0; i < 6; i++) {
        V out[6];
        transform_input(out, t[i]);
#pragma GCC unroll 6
        for (int j = 0; j < 6; j++)
            vec_store(to + (i * 6 + j) * point_floats, out[j]);
    }
}

/* All channels of a block's tiles: left[point][chunk][tile][LINE]. */
static void input_block(const Winograd *v, Corner at, float *strip, float *left)
{
    const Plan *p = &v->plan;
    int64_t C = v->s.C, row = p->strip.row_lines * LINE;
    Corner in = {at.n, at.y * 4 - v->s.pad_top, at.x * 4 - v->s.pad_left};
    for (int64_t c = 0; c < C; c += LINE) {
        if (c % (STRIP_CHUNKS * LINE) == 0)
            strip_fill(&p->strip, strip, v->a, C, in, c, min64(STRIP_CHUNKS * LINE, C - c));
        const float *lines = strip + c / LINE % STRIP_CHUNKS * p->strip.chunk_lines * LINE;
        float *to = left + c / LINE * p->tiles * LINE;
        for (int64_t n = 0; n < p->grid.images; n++)
            for (int64_t y = 0; y < p->grid.rows; y++)
                for (int64_t x = 0; x < p->grid.columns; x++, to += LINE)
                    for (int j = 0; j < LINE; j += VEC)
                        input_tile(to + j, p->point_floats,
                                   lines + strip_at(&p->strip, n, 4 * y, 4 * x) + j, row);
    }
}

/* VEC outputs of one tile, as far as they lie in the picture. */
static void output_tile(const Winograd *v, const Out *out, Corner at, int64_t o, V bias,
                        const float *sums)
{
    const Plan *p = &v->plan;
    V t[4][6];
    for (int j = 0; j < 6; j++) {
        V m[6], y[4];
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++)
            m[i] = vec_load(sums + (i * 6 + j) * p->sums_floats);
        transform_output(y, m);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
            t[i][j] = y[i];
    }
    int64_t rows = min64(4, p->OH - at.y), columns = min64(4, p->OW - at.x);
    for (int64_t i = 0; i < rows; i++) {
        V y[4];
        transform_output(y, t[i]);
        int64_t m = (at.n * p->OH + at.y + i) * p->OW + at.x;
        for (int64_t j = 0; j < columns; j++)
            out_write(out, m + j, o, vec_add(y[j], bias));
    }
}

/* All outputs of the panels [first, last): a tile's channels one after the
 * other, so that each pixel is written in one go. */
static void output_block(const Winograd *v, Corner at, int64_t first, int64_t last,
                         const float *sums)
{
    const Plan *p = &v->plan;
    const Grid *g = &p->grid;
    Out out = {v->a->y, v->s.O, v->s.O, &v->a->epilogue, false};
    for (int64_t t = 0; t < p->tiles; t++) {
        int64_t n = at.n + t / (g->rows * g->columns);
        Corner tile = {n, 4 * (at.y + t / g->columns % g->rows), 4 * (at.x + t % g->columns)};
        if (n >= v->a->N || tile.y >= p->OH || tile.x >= p->OW)
            continue;
        for (int64_t o = first * NR; o < min64(last * NR, out.O); o += VEC) {
            V bias = out_bias(&out, o);
            if (out.e->image_bias)
                bias =
                    vec_add(bias, out_image_bias(&out, image_of(out.e, n * p->OH * p->OW), o));
            const float *m =
                sums + (o / NR - first) * POINTS * p->sums_floats + t * NR + o % NR;
            output_tile(v, &out, tile, o, bias, m);
        }
    }
}

/* The products of a group of panels, and their results. */
static void group_block(const Winograd *v, Corner at, int64_t first, const float *left,
                        float *sums)
{
    const Plan *p = &v->plan;
    int64_t C = v->s.C, last = min64(p->panels, first + GROUP);
    const float *b = (const float *)v->a->packed + first * POINTS * C * NR;
    Span span[MAX_SPANS];
    Walk w = {.chunk_stride = p->tiles * LINE, .tap = &(int32_t){0}, .taps = 1};
    w.span = span;
    w.spans = spans_cut(span, 0, 0, p->tiles);
    for (int z = 0; z < POINTS; z++) {
        w.left = left + z * p->point_floats;
        for (int64_t n = first; n < last; n++, b += C * NR)
            panel_sum(&w, C, b,
                      (Sums){.c = sums + ((n - first) * POINTS + z) * p->sums_floats});
    }
    output_block(v, at, first, last, sums);
}

static void piece(void *job, int64_t index, int worker)
{
    const Winograd *v = job;
    const Plan *p = &v->plan;
    int64_t blocks = grid_blocks(&p->grid), first = index / blocks * p->piece_panels;
    Corner at = grid_corner(&p->grid, index % blocks);
    char *slot = v->slots + (size_t)worker * p->slot_bytes;
    float *left = (float *)(slot + p->strip_bytes);
    float *sums = (float *)(slot + p->strip_bytes + p->left_bytes);
    input_block(v, at, (float *)slot, left);
    for (int64_t n = first; n < min64(p->panels, first + p->piece_panels); n += GROUP)
        group_block(v, at, n, left, sums);
}

static void run(Job *job, ConvShape s, const ConvArgs *a)
{
    Winograd v = {s, a, plan_for(s, a->N, a->H, a->W, pool_threads(job->pool)), job->scratch};
    pool_run(job->pool, grid_blocks(&v.plan.grid) * v.plan.pieces, piece, &v);
}

const ConvMethod OVERLAY(conv_winograd) = {"winograd", packed, pack, scratch, run};
