/* SPDX-License-Identifier: MIT */
#include "kernels/internal.h"

/* One query of one head at a time: its scores are a row of the worker's
 * scratch. */
typedef struct {
    const AttentionArgs *a;
    unsigned char *scratch;
} Attention;

/* The keys or values that a query sees: own rows, then the bank's. */
typedef struct {
    const float *own, *bank;
    int64_t own_row, bank_row;
    int64_t own_S, S;
} Rows;

static const float *row_of(const Rows *r, int64_t s)
{
    return s < r->own_S ? r->own + s * r->own_row : r->bank + (s - r->own_S) * r->bank_row;
}

static Rows rows_of(const AttentionArgs *a, const float *own, const float *bank, int64_t tile)
{
    int64_t t = tile % a->T, h = tile / a->T % a->heads, b = tile / a->T / a->heads;
    int64_t S = a->is_causal ? min64(t + 1, a->S) : a->S;
    int64_t at = b / a->inner * a->k_outer + b % a->inner * a->k_inner;
    bool sees_bank = bank != NULL && b >= a->bank_from;
    return (Rows){own + at + h * a->d,
                  bank ? bank + h * a->d : NULL,
                  a->k_row,
                  a->bank_row,
                  S,
                  S + (sees_bank ? a->bank_S : 0)};
}

static size_t scores_bytes(const AttentionArgs *a)
{
    return round64((size_t)(a->S + (a->bank_k ? a->bank_S : 0)) * sizeof(double));
}

/* score[S] of q against the keys, as a softmax; d numbers in each. */
static void weigh(double *score, const float *q, const Rows *keys, int64_t d, float scale)
{
    double largest = -INFINITY, sum = 0;
    for (int64_t s = 0; s < keys->S; s++) {
        const float *k = row_of(keys, s);
        double dot = 0;
        for (int64_t i = 0; i < d; i++)
            dot += (double)q[i] * k[i];
        score[s] = dot * scale;
        largest = score[s] > largest ? score[s] : largest;
    }
    for (int64_t s = 0; s < keys->S; s++)
        sum += score[s] = exp(score[s] - largest);
    for (int64_t s = 0; s < keys->S; s++)
        score[s] /= sum;
}

static void query(void *job, int64_t tile, int worker)
{
    const Attention *j = job;
    const AttentionArgs *a = j->a;
    double *score = (double *)(void *)(j->scratch + (size_t)worker * scores_bytes(a));
    int64_t t = tile % a->T, h = tile / a->T % a->heads, b = tile / a->T / a->heads;
    const float *q =
        a->q + b / a->inner * a->q_outer + b % a->inner * a->q_inner + t * a->q_row + h * a->d;
    float *out = a->out + b / a->inner * a->out_outer + b % a->inner * a->out_inner +
                 t * a->out_row + h * a->d;
    Rows keys = rows_of(a, a->k, a->bank_k, tile), values = rows_of(a, a->v, a->bank_v, tile);
    weigh(score, q, &keys, a->d, a->scale);
    for (int64_t i = 0; i < a->d; i++) {
        double sum = 0;
        for (int64_t s = 0; s < values.S; s++)
            sum += score[s] * row_of(&values, s)[i];
        out[i] = (float)sum;
    }
}

static size_t attention_scratch(const AttentionArgs *a, int threads)
{
    return scores_bytes(a) * (size_t)threads;
}

static void attention(Job *job, const AttentionArgs *a)
{
    Attention j = {a, job->scratch};
    pool_run(job->pool, a->batch * a->heads * a->T, query, &j);
}

void ref_attention(Kernels *k)
{
    k->attention_scratch = attention_scratch;
    k->attention = attention;
}
