/* SPDX-License-Identifier: MIT */
#include "kernels/internal.h"

#include <string.h>

#include "kernels/x86/transpose.h"
#include "kernels/x86/vmath.h"

/* Attention with the queries in the lanes.
 *
 * A panel of 2 VEC queries is turned to q[d][lanes].  A score is then a key's
 * number spread over a register times a row of q, the maximum and the sum of
 * a query stay in its lane, and the output o[d][lanes] grows by a value's
 * number times a row of weights: no lane is wasted, whatever d is.
 *
 * Keys and values of a head are packed so that both products read forwards:
 * keys in groups of up to WIDE as [d][group], values in chunks of up to WIDE
 * columns as [S][chunk].  WIDE x 2 sums, two rows and one spread number fill
 * the registers.
 *
 * Weights are 2^(score - most), where `most` is the maximum of the first
 * block of keys: the products start at -most and nothing is rescaled, unless
 * the sum of a later block passes LIMIT; then that block is done again under
 * its own maximum.  The result is the same softmax. */
enum {
    WIDE = (VECS - 4) / 2,
    LANES = 2 * VEC,
    PANELS = 4, /* of a tile */
    QUERIES = PANELS * LANES,
    GROUPS = 10, /* of keys in a block, at most */
    BLOCK = GROUPS * WIDE
};
#define LIMIT 0x1p64f

/* Packed keys and values of one head. */
typedef struct {
    const float *k, *v;
    int64_t S;
    int64_t group; /* keys in a group */
    int64_t v_row; /* values where they were, rows so far apart; 0: packed */
    bool is_causal;
} Bank;

/* q, o [d][vectors * VEC] */
typedef struct {
    float *q, *o;
    int64_t first; /* query */
    int vectors;
    bool started;
    float most[LANES], sum[LANES];
} Panel;

typedef struct {
    const AttentionArgs *a;
    int64_t chunk; /* columns in a chunk of values */
    float *bank;   /* packed bank, heads in turn */
    float *shared; /* packed keys and values of batches [first, ...) */
    int64_t first;
    int64_t pairs; /* (batch, head) pairs in a tile that packs for itself */
    unsigned char *workers;
    size_t worker_bytes;
} Attention;

/* n in equal pieces of at most `most`. */
static int64_t even(int64_t n, int64_t most)
{
    return n <= 0 ? 1 : div_up(n, div_up(n, most));
}

/* to[c][lane] = from[lane][c] * factor, for `rows` lanes of which `lanes` are
 * stored; rows of `to` are `ld` apart. */
static void turn(float *to, int64_t ld, int64_t lanes, const float *from, int64_t row,
                 int64_t rows, int64_t columns, float factor)
{
    V r[VEC], by = vec_set1(factor);
    for (int64_t c = 0; c < columns; c += VEC) {
        if (rows >= VEC && columns - c >= VEC)
            for (int64_t i = 0; i < VEC; i++)
                r[i] = vec_mul(vec_load(from + i * row + c), by);
        else if (columns - c >= VEC)
            for (int64_t i = 0; i < VEC; i++)
                r[i] = i < rows ? vec_mul(vec_load(from + i * row + c), by) : vec_zero();
        else
            for (int64_t i = 0; i < VEC; i++)
                r[i] = i < rows ? vec_mul(vec_load_part(from + i * row + c, columns - c), by)
                                : vec_zero();
        transpose(r);
        for (int64_t i = 0; i < VEC && c + i < columns; i++)
            vec_store_part(to + (c + i) * ld, r[i], lanes);
    }
}

static size_t packed_numbers(int64_t S, int64_t d)
{
    return round64((size_t)(S * d) * sizeof(float)) / sizeof(float);
}

static Bank bank_at(float *to, int64_t S, int64_t d)
{
    return (Bank){to, to + packed_numbers(S, d), S, even(S, WIDE), 0, false};
}

/* Packs S rows of keys and values, `row` apart. */
static void pack_keys(const Bank *bank, float *to, const float *k, int64_t row, int64_t d)
{
    for (int64_t s = 0; s < bank->S; s += bank->group) {
        int64_t n = min64(bank->group, bank->S - s);
        turn(to + s * d, n, n, k + s * row, row, n, d, 1);
    }
}

static void pack(float *to, const float *k, const float *v, int64_t row, int64_t S, int64_t d,
                 int64_t chunk)
{
    Bank bank = bank_at(to, S, d);
    pack_keys(&bank, to, k, row, d);
    float *to_v = to + packed_numbers(S, d);
    for (int64_t s = 0; s < S; s++)
        for (int64_t c = 0; c < d; c += chunk) {
            int64_t n = min64(chunk, d - c);
            vec_store_part(to_v + c * S + s * n, vec_load_part(v + s * row + c, n), n);
        }
}

/* sum += *x * row.  Read by the multiplications themselves (`direct`), x costs
 * the front end less and the loads more; a load a cycle is to spare. */
VEC_INLINE void add_product(V sum[2], int vectors, bool direct, const float *x, const V row[2])
{
    if (VEC == 16 && direct) {
        sum[0] = vec_fma_spread(x, row[0], sum[0]);
        if (vectors == 2)
            sum[1] = vec_fma_spread(x, row[1], sum[1]);
    } else {
        V spread = vec_set1(*x);
        sum[0] = vec_fma(spread, row[0], sum[0]);
        if (vectors == 2)
            sum[1] = vec_fma(spread, row[1], sum[1]);
    }
}

/* How many of `width` numbers are read so. */
VEC_INLINE int read_directly(int width, int vectors)
{
    return vectors == 1 ? width : width * 2 / 3;
}

/* p[width][vectors * VEC] = start + k . q */
VEC_INLINE void score(int width, int vectors, float *p, const float *q, const float *k,
                      int64_t d, const float *start)
{
    V sum[WIDE][2];
#pragma GCC unroll 16
    for (int i = 0; i < width; i++)
#pragma GCC unroll 16
        for (int j = 0; j < vectors; j++)
            sum[i][j] = vec_load(start + j * VEC);
    for (int64_t c = 0; c < d; c++) {
        V row[2];
#pragma GCC unroll 16
        for (int j = 0; j < vectors; j++)
            row[j] = vec_load(q + (c * vectors + j) * VEC);
#pragma GCC unroll 16
        for (int i = 0; i < width; i++)
            add_product(sum[i], vectors, i < read_directly(width, vectors), k + c * width + i,
                        row);
    }
#pragma GCC unroll 16
    for (int i = 0; i < width; i++)
#pragma GCC unroll 16
        for (int j = 0; j < vectors; j++)
            vec_store(p + (i * vectors + j) * VEC, sum[i][j]);
}

/* o[width][vectors * VEC] += v^T p, over `keys` rows of v[width] and p */
VEC_INLINE void weigh(int width, int vectors, float *o, const float *p, const float *v,
                      int64_t v_row, int64_t keys)
{
    V sum[WIDE][2];
#pragma GCC unroll 16
    for (int i = 0; i < width; i++)
#pragma GCC unroll 16
        for (int j = 0; j < vectors; j++)
            sum[i][j] = vec_load(o + (i * vectors + j) * VEC);
    for (int64_t s = 0; s < keys; s++) {
        V row[2];
#pragma GCC unroll 16
        for (int j = 0; j < vectors; j++)
            row[j] = vec_load(p + (s * vectors + j) * VEC);
#pragma GCC unroll 16
        for (int i = 0; i < width; i++)
            add_product(sum[i], vectors, i < read_directly(width, vectors), v + s * v_row + i,
                        row);
    }
#pragma GCC unroll 16
    for (int i = 0; i < width; i++)
#pragma GCC unroll 16
        for (int j = 0; j < vectors; j++)
            vec_store(o + (i * vectors + j) * VEC, sum[i][j]);
}

/* The two products for each width, with one and with two vectors of queries. */
typedef void (*ScoreFn)(float *p, const float *q, const float *k, int64_t d,
                        const float *start);
typedef void (*WeighFn)(float *o, const float *p, const float *v, int64_t v_row, int64_t keys);

#define PRODUCTS(width, vectors)                                                               \
    static void score_##width##_##vectors(float *p, const float *q, const float *k, int64_t d, \
                                          const float *start)                                  \
    {                                                                                          \
        score(width, vectors, p, q, k, d, start);                                              \
    }                                                                                          \
    static void weigh_##width##_##vectors(float *o, const float *p, const float *v,            \
                                          int64_t v_row, int64_t keys)                         \
    {                                                                                          \
        weigh(width, vectors, o, p, v, v_row, keys);                                           \
    }
#if VEC == 16
#define EACH_WIDTH(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#else
#define EACH_WIDTH(X) X(1) X(2) X(3) X(4) X(5) X(6)
#endif
#define BOTH_PRODUCTS(width) PRODUCTS(width, 1) PRODUCTS(width, 2)
EACH_WIDTH(BOTH_PRODUCTS)

#define SCORE_ROW(width) {score_##width##_1, score_##width##_2},
#define WEIGH_ROW(width) {weigh_##width##_1, weigh_##width##_2},
static const ScoreFn score_fn[WIDE][2] = {EACH_WIDTH(SCORE_ROW)};
static const WeighFn weigh_fn[WIDE][2] = {EACH_WIDTH(WEIGH_ROW)};

/* Keys after a query count for nothing. */
static void hide(const Panel *panel, int64_t from, int64_t keys, float *p)
{
    int64_t lanes = panel->vectors * VEC;
    for (int64_t s = max64(0, panel->first + 1 - from); s < keys; s++)
        for (int64_t i = 0; i < min64(lanes, from + s - panel->first); i++)
            p[s * lanes + i] = -INFINITY;
}

/* p[keys][lanes] = start + the scores of keys [from, from + keys) */
static void score_block(const Panel *panel, const Bank *bank, int64_t d, int64_t from,
                        int64_t keys, const float *start, float *p)
{
    for (int64_t s = 0; s < keys; s += bank->group) {
        int64_t n = min64(bank->group, keys - s);
        score_fn[n - 1][panel->vectors - 1](p + s * panel->vectors * VEC, panel->q,
                                            bank->k + (from + s) * d, d, start);
    }
    if (bank->is_causal)
        hide(panel, from, keys, p);
}

/* p becomes 2^(p - less); returns the sums in sum[lanes]. */
VEC_INLINE void exp_block(float *p, int64_t keys, int vectors, const float *less, float *sum)
{
    V total[2] = {vec_zero(), vec_zero()};
    for (int64_t s = 0; s < keys; s++)
        for (int j = 0; j < vectors; j++) {
            float *at = p + (s * vectors + j) * VEC;
            V x = vec_load(at);
            V e = vec_exp2(less ? vec_sub(x, vec_load(less + j * VEC)) : x);
            vec_store(at, e);
            total[j] = vec_add(total[j], e);
        }
    for (int j = 0; j < vectors; j++)
        vec_store(sum + j * VEC, total[j]);
}

/* Scores and exponentials under the panel's old maximum.  False if a sum
 * passes the limit: then nothing has happened to the panel. */
static bool block_below(Panel *panel, const Bank *bank, int64_t d, int64_t from, int64_t keys,
                        float *p)
{
    float start[LANES], sum[LANES];
    for (int i = 0; i < panel->vectors * VEC; i++)
        start[i] = -panel->most[i];
    score_block(panel, bank, d, from, keys, start, p);
    if (panel->vectors == 2)
        exp_block(p, keys, 2, NULL, sum);
    else
        exp_block(p, keys, 1, NULL, sum);
    for (int i = 0; i < panel->vectors * VEC; i++)
        if (!(sum[i] < LIMIT))
            return false;
    for (int i = 0; i < panel->vectors * VEC; i++)
        panel->sum[i] += sum[i];
    return true;
}

/* The same under the maximum of this block and all before it, to which the
 * panel is brought. */
static void block_above(Panel *panel, const Bank *bank, int64_t d, int64_t from, int64_t keys,
                        float *p)
{
    static const float zero[LANES] = {0};
    float sum[LANES];
    score_block(panel, bank, d, from, keys, zero, p);
    for (int j = 0; j < panel->vectors; j++) {
        V before = vec_load(panel->most + j * VEC), most = before;
        for (int64_t s = 0; s < keys; s++)
            most = vec_max(most, vec_load(p + (s * panel->vectors + j) * VEC));
        V by = panel->started ? vec_exp2(vec_sub(before, most)) : vec_zero();
        vec_store(panel->most + j * VEC, most);
        vec_store(panel->sum + j * VEC, vec_mul(vec_load(panel->sum + j * VEC), by));
        for (int64_t c = 0; c < d; c++) {
            float *o = panel->o + (c * panel->vectors + j) * VEC;
            vec_store(o, panel->started ? vec_mul(vec_load(o), by) : vec_zero());
        }
    }
    exp_block(p, keys, panel->vectors, panel->most, sum);
    for (int i = 0; i < panel->vectors * VEC; i++)
        panel->sum[i] += sum[i];
    panel->started = true;
}

/* Keys and values [from, from + keys) of the bank into the panel. */
static void step(Panel *panel, const Bank *bank, int64_t d, int64_t chunk, int64_t from,
                 int64_t keys, float *p)
{
    if (!panel->started || !block_below(panel, bank, d, from, keys, p))
        block_above(panel, bank, d, from, keys, p);
    for (int64_t c = 0; c < d; c += chunk) {
        int64_t n = min64(chunk, d - c), row = bank->v_row > 0 ? bank->v_row : n;
        const float *v = bank->v + (bank->v_row > 0 ? c : c * bank->S) + from * row;
        weigh_fn[n - 1][panel->vectors - 1](panel->o + c * panel->vectors * VEC, p, v, row,
                                            keys);
    }
}

static void panel_open(Panel *panel, const AttentionArgs *a, const float *q, int64_t queries)
{
    int64_t lanes = queries > VEC ? LANES : VEC;
    panel->vectors = (int)(lanes / VEC);
    panel->started = false;
    for (int i = 0; i < LANES; i++) {
        panel->most[i] = -INFINITY;
        panel->sum[i] = 0;
    }
    for (int64_t t = 0; t < lanes; t += VEC)
        turn(panel->q + t, lanes, VEC, q + t * a->q_row, a->q_row, queries - t, a->d,
             a->scale * 1.44269504f);
}

VEC_INLINE void store_rows(float *to, int64_t row, const V r[VEC], int64_t rows,
                           int64_t columns)
{
    if (rows >= VEC && columns >= VEC)
        for (int64_t i = 0; i < VEC; i++)
            vec_store(to + i * row, r[i]);
    else
        for (int64_t i = 0; i < VEC && i < rows; i++)
            vec_store_part(to + i * row, r[i], columns);
}

/* out[query] = o / sum, for the panel's queries */
static void panel_close(const Panel *panel, const AttentionArgs *a, float *out, int64_t queries)
{
    int64_t lanes = panel->vectors * VEC;
    V r[VEC];
    for (int64_t t = 0; t < queries; t += VEC) {
        V by = vec_div(vec_set1(1), vec_load(panel->sum + t));
        for (int64_t c = 0; c < a->d; c += VEC) {
            for (int64_t i = 0; i < VEC; i++)
                r[i] = c + i < a->d ? vec_mul(vec_load(panel->o + (c + i) * lanes + t), by)
                                    : vec_zero();
            transpose(r);
            store_rows(out + t * a->out_row + c, a->out_row, r, queries - t, a->d - c);
        }
    }
}

/* A worker's memory: weights of a block, panels, keys and values packed for
 * itself. */
static size_t panel_numbers(int64_t d)
{
    return (size_t)d * LANES;
}
static bool packs_itself(const AttentionArgs *a)
{
    return a->T <= QUERIES;
}
static size_t worker_numbers(const AttentionArgs *a)
{
    return BLOCK * LANES + 2 * PANELS * panel_numbers(a->d) +
           (packs_itself(a) ? packed_numbers(a->S, a->d) : 0);
}

/* Queries [from, to) of head h of batch b, own keys and values in `own`. */
static void attend(const Attention *j, float *memory, int64_t b, int64_t h, int64_t from,
                   int64_t to, const Bank *own)
{
    const AttentionArgs *a = j->a;
    const float *q = a->q + b / a->inner * a->q_outer + b % a->inner * a->q_inner + h * a->d;
    float *out = a->out + b / a->inner * a->out_outer + b % a->inner * a->out_inner + h * a->d;
    Panel panel[PANELS];
    int64_t panels = div_up(to - from, LANES);
    for (int64_t i = 0; i < panels; i++) {
        int64_t t = from + i * LANES;
        panel[i].q = memory + BLOCK * LANES + 2 * (size_t)i * panel_numbers(a->d);
        panel[i].o = panel[i].q + panel_numbers(a->d);
        panel[i].first = t;
        panel_open(&panel[i], a, q + t * a->q_row, min64(LANES, to - t));
    }
    size_t numbers = 2 * packed_numbers(a->bank_S, a->d);
    Bank bank[2] = {*own};
    bank[0].is_causal = a->is_causal;
    if (a->bank_k && b >= a->bank_from)
        bank[1] = bank_at(j->bank + (size_t)h * numbers, a->bank_S, a->d);
    for (int w = 0; w < 2; w++) {
        int64_t keys = bank[w].group * even(div_up(bank[w].S, max64(1, bank[w].group)), GROUPS);
        for (int64_t s = 0; s < bank[w].S; s += keys)
            for (int64_t i = 0; i < panels; i++)
                step(&panel[i], &bank[w], a->d, j->chunk, s, min64(keys, bank[w].S - s),
                     memory);
    }
    for (int64_t i = 0; i < panels; i++) {
        int64_t t = from + i * LANES;
        panel_close(&panel[i], a, out + t * a->out_row, min64(LANES, to - t));
    }
}

/* Where the own keys and values of a batch and head begin. */
static int64_t own_at(const AttentionArgs *a, int64_t b, int64_t h)
{
    return b / a->inner * a->k_outer + b % a->inner * a->k_inner + h * a->d;
}

static float *worker_memory(const Attention *j, int worker)
{
    return (float *)(void *)(j->workers + (size_t)worker * j->worker_bytes);
}

/* Few queries: each (batch, head) packs its keys for itself, and the values
 * stay where they are. */
static void small_tile(void *job, int64_t tile, int worker)
{
    const Attention *j = job;
    const AttentionArgs *a = j->a;
    float *memory = worker_memory(j, worker);
    float *packed = memory + BLOCK * LANES + 2 * PANELS * panel_numbers(a->d);
    int64_t end = min64(a->batch * a->heads, (tile + 1) * j->pairs);
    for (int64_t i = tile * j->pairs; i < end; i++) {
        int64_t at = own_at(a, i / a->heads, i % a->heads);
        Bank own = bank_at(packed, a->S, a->d);
        own.v = a->v + at;
        own.v_row = a->k_row;
        pack_keys(&own, packed, a->k + at, a->k_row, a->d);
        attend(j, memory, i / a->heads, i % a->heads, 0, a->T, &own);
    }
}

/* Many queries: keys and values are packed first, then shared. */
static void pack_tile(void *job, int64_t tile, int worker)
{
    (void)worker;
    const Attention *j = job;
    const AttentionArgs *a = j->a;
    int64_t at = own_at(a, j->first + tile / a->heads, tile % a->heads);
    pack(j->shared + (size_t)tile * 2 * packed_numbers(a->S, a->d), a->k + at, a->v + at,
         a->k_row, a->S, a->d, j->chunk);
}

static void large_tile(void *job, int64_t tile, int worker)
{
    const Attention *j = job;
    const AttentionArgs *a = j->a;
    int64_t ranges = div_up(a->T, QUERIES), pair = tile / ranges;
    int64_t from = tile % ranges * QUERIES;
    Bank own = bank_at(j->shared + (size_t)pair * 2 * packed_numbers(a->S, a->d), a->S, a->d);
    attend(j, worker_memory(j, worker), j->first + pair / a->heads, pair % a->heads, from,
           min64(a->T, from + QUERIES), &own);
}

static void pack_bank(void *job, int64_t tile, int worker)
{
    (void)worker;
    const Attention *j = job;
    const AttentionArgs *a = j->a;
    pack(j->bank + (size_t)tile * 2 * packed_numbers(a->bank_S, a->d), a->bank_k + tile * a->d,
         a->bank_v + tile * a->d, a->bank_row, a->bank_S, a->d, j->chunk);
}

/* Batches whose keys and values are packed together: some 32 MB. */
static int64_t batches_together(const AttentionArgs *a)
{
    size_t one = (size_t)a->heads * 2 * packed_numbers(a->S, a->d) * sizeof(float);
    return max64(1, min64(a->batch, (int64_t)(((size_t)32 << 20) / max64(1, (int64_t)one))));
}

static size_t shared_bytes(const AttentionArgs *a)
{
    if (packs_itself(a))
        return 0;
    return (size_t)(batches_together(a) * a->heads) * 2 * packed_numbers(a->S, a->d) *
           sizeof(float);
}

static size_t bank_bytes(const AttentionArgs *a)
{
    return a->bank_k ? (size_t)a->heads * 2 * packed_numbers(a->bank_S, a->d) * sizeof(float)
                     : 0;
}

static size_t attention_scratch(const AttentionArgs *a, int threads)
{
    return bank_bytes(a) + shared_bytes(a) +
           (size_t)threads * worker_numbers(a) * sizeof(float);
}

static void attention(Job *job, const AttentionArgs *a)
{
    unsigned char *memory = job->scratch;
    Attention j = {.a = a, .chunk = even(a->d, WIDE)};
    j.bank = (float *)(void *)memory;
    j.shared = (float *)(void *)(memory + bank_bytes(a));
    j.workers = memory + bank_bytes(a) + shared_bytes(a);
    j.worker_bytes = worker_numbers(a) * sizeof(float);
    if (a->bank_k)
        pool_run(job->pool, a->heads, pack_bank, &j);
    if (packs_itself(a)) {
        j.pairs = max64(1, (1 << 18) / max64(1, a->T * a->S * a->d));
        pool_run(job->pool, div_up(a->batch * a->heads, j.pairs), small_tile, &j);
        return;
    }
    int64_t together = batches_together(a);
    for (; j.first < a->batch; j.first += together) {
        int64_t pairs = min64(together, a->batch - j.first) * a->heads;
        pool_run(job->pool, pairs, pack_tile, &j);
        pool_run(job->pool, pairs * div_up(a->T, QUERIES), large_tile, &j);
    }
}

void OVERLAY(attention)(Kernels *k)
{
    k->attention_scratch = attention_scratch;
    k->attention = attention;
}
