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
 * Packed: transformed, [panel][point][C][NR], unless that takes too much memory,
 * 4 times the weights.  Then they are packed as for a direct convolution and
 * transformed when they are used, DEPTH channels of a group of panels at a time,
 * into the second cache: as much work as 6 more tiles.
 *
 * A piece of work is a block of tiles times a group of panels.  Where there are
 * few blocks, their inputs are transformed beforehand, for all pieces; else a
 * piece transforms its own and goes through all groups. */
enum {
    POINTS = 36,
    BLOCK_TILES = 144,
    BLOCK_COLUMNS = 16,
    GROUP_COLUMNS = 64, /* outputs whose sums wait together, at most */
    DEPTH = 64,
    PACKED_MOST = 1280 * 640, /* pairs of channels whose weights are packed transformed */
    STRIP_CHUNKS = 4,
    SHARED_FLOATS = 24 << 20,
    SPREAD = LINE, /* floats that keep points from sharing a cache's sets */
};

#define P 0.625
#define Q 1.5

static bool packs_transformed(ConvShape s)
{
    return !s.is_lean && s.C * s.O <= PACKED_MOST;
}

typedef struct Plan {
    Grid grid; /* of tiles */
    Strip strip;
    int64_t OH, OW, panels;
    int64_t groups, group_panels;
    int64_t tiles;                     /* of a block */
    int64_t point_floats, sums_floats; /* from point to point: of inputs, of sums, */
    int64_t depth, weight_floats;      /* channels summed at once; of their weights */
    bool shared;                       /* inputs are transformed beforehand */
    size_t strip_bytes, left_bytes, sums_bytes, weight_bytes, slot_bytes;
} Plan;

/* Small enough that no thread waits long for the last piece of another. */
static int64_t panels_of_a_group(int64_t panels, int64_t blocks, int threads)
{
    int64_t n = min64(panels, GROUP_COLUMNS / NR);
    while (n > 1 && blocks * div_up(panels, n) < 8 * (int64_t)threads)
        n--;
    return n;
}

static Plan plan_for(ConvShape s, int64_t N, int64_t H, int64_t W, int threads)
{
    Plan p = {.OH = conv_out_height(s, H), .OW = conv_out_width(s, W)};
    p.grid = grid_for(N, div_up(p.OH, 4), div_up(p.OW, 4), BLOCK_TILES, BLOCK_COLUMNS);
    p.strip = strip_for(p.grid.images, 4 * p.grid.rows + 2, 4 * p.grid.columns + 2, 1);
    p.tiles = p.grid.images * p.grid.rows * p.grid.columns;
    p.panels = div_up(s.O, NR);
    p.point_floats = div_up(s.C, LINE) * p.tiles * LINE + SPREAD;
    p.sums_floats = p.tiles * NR + SPREAD;
    int64_t blocks = grid_blocks(&p.grid);
    p.shared =
        blocks < 6 * (int64_t)threads && blocks * POINTS * p.point_floats <= SHARED_FLOATS;
    p.group_panels = p.shared ? panels_of_a_group(p.panels, blocks, threads)
                              : min64(p.panels, GROUP_COLUMNS / NR);
    p.groups = div_up(p.panels, p.group_panels);
    p.depth = packs_transformed(s) ? s.C : DEPTH;
    p.weight_floats = p.depth * NR + (packs_transformed(s) ? 0 : SPREAD);
    p.strip_bytes = strip_bytes(&p.strip, min64(STRIP_CHUNKS, div_up(s.C, LINE)));
    p.left_bytes = round64(sizeof(float) * (size_t)(POINTS * p.point_floats));
    p.sums_bytes = sizeof(float) * (size_t)(p.group_panels * POINTS * p.sums_floats);
    p.weight_bytes = packs_transformed(s)
                         ? 0
                         : sizeof(float) * (size_t)(p.group_panels * POINTS * p.weight_floats);
    p.slot_bytes =
        p.strip_bytes + p.sums_bytes + p.weight_bytes + (p.shared ? 0 : p.left_bytes);
    return p;
}

static size_t scratch(ConvShape s, int64_t N, int64_t H, int64_t W, int threads)
{
    Plan p = plan_for(s, N, H, W, threads);
    return (size_t)threads * p.slot_bytes +
           (p.shared ? (size_t)grid_blocks(&p.grid) * p.left_bytes : 0);
}

/* u = G g */
VEC_INLINE void transform_weight(V u[6], V g0, V g1, V g2)
{
    const double p = 1 / (2 * P * P * (P * P - Q * Q)), q = 1 / (2 * Q * Q * (Q * Q - P * P));
    V even = vec_fma(vec_set1((float)(p * P * P)), g2, vec_mul(vec_set1((float)p), g0));
    V odd = vec_mul(vec_set1((float)(p * P)), g1);
    u[0] = vec_mul(vec_set1((float)(1 / (P * P * Q * Q))), g0);
    u[1] = vec_add(even, odd);
    u[2] = vec_sub(even, odd);
    even = vec_fma(vec_set1((float)(q * Q * Q)), g2, vec_mul(vec_set1((float)q), g0));
    odd = vec_mul(vec_set1((float)(q * Q)), g1);
    u[3] = vec_add(even, odd);
    u[4] = vec_sub(even, odd);
    u[5] = g2;
}

/* VEC weights of a panel from `g` on, their taps `tap` floats apart. */
VEC_INLINE void weight_vector(float *to, int64_t point_floats, const float *g, int64_t tap)
{
    V t[6][3];
#pragma GCC unroll 3
    for (int j = 0; j < 3; j++) {
        V u[6];
        transform_weight(u, vec_load(g + j * tap), vec_load(g + (3 + j) * tap),
                         vec_load(g + (6 + j) * tap));
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++)
            t[i][j] = u[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) {
        V u[6];
        transform_weight(u, t[i][0], t[i][1], t[i][2]);
#pragma GCC unroll 6
        for (int j = 0; j < 6; j++)
            vec_store(to + (i * 6 + j) * point_floats, u[j]);
    }
}

/* `count` channels of a panel that is packed for a direct convolution, to
 * to[point][channel][NR]. */
static void weight_panel(float *to, int64_t point_floats, const char *from, TensorType type,
                         int64_t count)
{
    _Alignas(64) float wide[9 * LINE * NR];
    for (int64_t c = 0; c < count; c += LINE) {
        int64_t part = min64(LINE, count - c);
        const float *g = (const void *)from;
        if (type != TENSOR_F32) {
            widen(wide, (const void *)from, type, 9 * part * NR);
            g = wide;
        }
        from += (size_t)(9 * part * NR) * tensor_type_size(type);
        for (int64_t i = 0; i < part; i++)
            for (int j = 0; j < NR; j += VEC)
                weight_vector(to + (c + i) * NR + j, point_floats, g + i * NR + j, part * NR);
    }
}

static size_t packed(ConvShape s)
{
    if (!packs_transformed(s))
        return OVERLAY(panels_packed)(s);
    return sizeof(float) * (size_t)(POINTS * div_up(s.O, NR) * NR * s.C);
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
    float *to = p->to + panel * POINTS * p->s.C * NR;
    float part[9 * LINE * NR];
    for (int64_t c = 0; c < p->s.C; c += LINE) {
        int64_t count = min64(LINE, p->s.C - c);
        OVERLAY(panels_pack_part)((char *)part, p->s, p->w, panel, c, count);
        weight_panel(to + c * NR, p->s.C * NR, (const char *)part, TENSOR_F32, count);
    }
}

static void pack(Job *job, ConvShape s, Tensor w, void *packed)
{
    if (!packs_transformed(s)) {
        OVERLAY(panels_pack)(job, s, w, packed);
        return;
    }
    s.store = TENSOR_F32;
    pool_run(job->pool, div_up(s.O, NR), pack_panel, &(Packing){s, w, packed});
}

typedef struct {
    ConvShape s;
    const ConvArgs *a;
    Plan plan;
    char *shared, *slots;
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

/* The channels [first, last) of a block's tiles: left[point][chunk][tile][LINE]. */
static void input_block(const Winograd *v, Corner at, int64_t first, int64_t last, float *strip,
                        float *left)
{
    const Plan *p = &v->plan;
    int64_t row = p->strip.row_lines * LINE;
    Corner in = {at.n, at.y * 4 - v->s.pad_top, at.x * 4 - v->s.pad_left};
    for (int64_t c = first; c < last; c += LINE) {
        if (c % (STRIP_CHUNKS * LINE) == 0)
            strip_fill(&p->strip, strip, v->a, v->s.C, in, c,
                       min64(STRIP_CHUNKS * LINE, last - c));
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
    Out out = out_by_vectors(v->a->y, v->a->N * p->OH * p->OW, conv_ldy(v->s, v->a), v->s.O,
                             &v->a->epilogue);
    for (int64_t t = 0; t < p->tiles; t++) {
        int64_t n = at.n + t / (g->rows * g->columns);
        Corner tile = {n, 4 * (at.y + t / g->columns % g->rows), 4 * (at.x + t % g->columns)};
        if (n >= v->a->N || tile.y >= p->OH || tile.x >= p->OW)
            continue;
        for (int64_t o = first * NR; o < min64(last * NR, out.O); o += VEC) {
            V bias = out_biases(&out, n * p->OH * p->OW, o);
            const float *m =
                sums + (o / NR - first) * POINTS * p->sums_floats + t * NR + o % NR;
            output_tile(v, &out, tile, o, bias, m);
        }
    }
    out_done(&out);
}

/* The weights of the panels [first, last), channels from k on, transformed:
 * [panel][point], weight_floats apart, [channel][NR]. */
static const float *group_weights(const Winograd *v, int64_t first, int64_t last, int64_t k,
                                  int64_t depth, float *weights)
{
    const Plan *p = &v->plan;
    if (packs_transformed(v->s))
        return (const float *)v->a->packed + first * POINTS * p->weight_floats;
    size_t size = 9 * NR * tensor_type_size(v->s.store);
    for (int64_t n = first; n < last; n++)
        weight_panel(weights + (n - first) * POINTS * p->weight_floats, p->weight_floats,
                     (const char *)v->a->packed + (size_t)(n * v->s.C + k) * size, v->s.store,
                     depth);
    return weights;
}

/* The products of a group of panels, and their results. */
static void group_block(const Winograd *v, Corner at, int64_t group, const float *left,
                        float *sums, float *weights)
{
    const Plan *p = &v->plan;
    int64_t first = group * p->group_panels, last = min64(p->panels, first + p->group_panels);
    Span span[MAX_SPANS];
    Walk w = {.chunk_stride = p->tiles * LINE, .tap = &(int32_t){0}, .taps = 1};
    w.span = span;
    w.spans = spans_cut(span, 0, 0, p->tiles);
    w.is_far = true;
    for (int64_t k = 0; k < v->s.C; k += p->depth) {
        int64_t depth = min64(p->depth, v->s.C - k);
        const float *b = group_weights(v, first, last, k, depth, weights);
        for (int z = 0; z < POINTS; z++, b += p->weight_floats) {
            w.left = left + z * p->point_floats + k / LINE * w.chunk_stride;
            for (int64_t n = 0; n < last - first; n++)
                panel_sum(&w, depth, b + n * POINTS * p->weight_floats,
                          (Sums){.c = sums + (n * POINTS + z) * p->sums_floats, .add = k > 0});
        }
    }
    output_block(v, at, first, last, sums);
}

/* Some chunks of a block's inputs. */
static void input_piece(void *job, int64_t index, int worker)
{
    const Winograd *v = job;
    const Plan *p = &v->plan;
    int64_t blocks = grid_blocks(&p->grid), block = index % blocks;
    int64_t channel = index / blocks * STRIP_CHUNKS * LINE;
    float *left = (float *)(v->shared + (size_t)block * p->left_bytes);
    input_block(v, grid_corner(&p->grid, block), channel,
                min64(v->s.C, channel + STRIP_CHUNKS * LINE),
                (float *)(v->slots + (size_t)worker * p->slot_bytes), left);
}

static void piece(void *job, int64_t index, int worker)
{
    const Winograd *v = job;
    const Plan *p = &v->plan;
    int64_t blocks = grid_blocks(&p->grid), block = index % blocks;
    Corner at = grid_corner(&p->grid, block);
    float *strip = (float *)(v->slots + (size_t)worker * p->slot_bytes);
    float *sums = strip + p->strip_bytes / sizeof(float);
    float *weights = sums + p->sums_bytes / sizeof(float);
    float *left = weights + p->weight_bytes / sizeof(float);
    if (p->shared) {
        left = (float *)(v->shared + (size_t)block * p->left_bytes);
        group_block(v, at, index / blocks, left, sums, weights);
        return;
    }
    input_block(v, at, 0, v->s.C, strip, left);
    for (int64_t g = 0; g < p->groups; g++)
        group_block(v, at, g, left, sums, weights);
}

static void run(Job *job, ConvShape s, const ConvArgs *a)
{
    Winograd v = {.s = s, .a = a};
    v.plan = plan_for(s, a->N, a->H, a->W, pool_threads(job->pool));
    int64_t blocks = grid_blocks(&v.plan.grid);
    v.shared = job->scratch;
    v.slots = v.shared + (v.plan.shared ? (size_t)blocks * v.plan.left_bytes : 0);
    if (v.plan.shared)
        pool_run(job->pool, blocks * div_up(s.C, STRIP_CHUNKS * LINE), input_piece, &v);
    pool_run(job->pool, blocks * (v.plan.shared ? v.plan.groups : 1), piece, &v);
}

const ConvMethod OVERLAY(conv_winograd) = {"winograd", packed, pack, scratch, run};
