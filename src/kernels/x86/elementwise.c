/* SPDX-License-Identifier: MIT */
#include "kernels/internal.h"
#include "kernels/span.h"
#include "kernels/x86/vmath.h"

enum { NUMBERS = 16384 }; /* in a span: a multiple of VEC */

typedef struct {
    float *y;
    const float *a, *b;
    float factor;
} Add;

static void add_span(const void *args, int64_t from, int64_t to)
{
    const Add *j = args;
    V factor = vec_set1(j->factor);
    int64_t i = from;
    for (; i + VEC <= to; i += VEC)
        vec_store(j->y + i, vec_fma(vec_load(j->b + i), factor, vec_load(j->a + i)));
    V a = vec_load_part(j->a + i, to - i), b = vec_load_part(j->b + i, to - i);
    vec_store_part(j->y + i, vec_fma(b, factor, a), to - i);
}

static void add(Job *job, float *y, const float *a, const float *b, float factor, int64_t n)
{
    Add j = {y, a, b, factor};
    for_spans(job->pool, n, NUMBERS, add_span, &j);
}

typedef struct {
    float *y;
    const float *x, *v;
    int64_t C, repeat, rows;
} AddRows;

static void add_rows_span(const void *args, int64_t from, int64_t to)
{
    const AddRows *j = args;
    for (int64_t m = from; m < to; m++) {
        const float *v = j->v + m / j->repeat % j->rows * j->C;
        const float *x = j->x + m * j->C;
        float *y = j->y + m * j->C;
        int64_t c = 0;
        for (; c + VEC <= j->C; c += VEC)
            vec_store(y + c, vec_add(vec_load(x + c), vec_load(v + c)));
        int64_t n = j->C - c;
        vec_store_part(y + c, vec_add(vec_load_part(x + c, n), vec_load_part(v + c, n)), n);
    }
}

static void add_rows(Job *job, float *y, const float *x, const float *v, int64_t M, int64_t C,
                     int64_t repeat, int64_t rows)
{
    AddRows j = {y, x, v, C, repeat, rows};
    for_spans(job->pool, M, span_rows(C), add_rows_span, &j);
}

typedef struct {
    float *y;
    const float *x;
    Act act;
} Activation;

VEC_INLINE void act_numbers(const Activation *j, int64_t from, int64_t to, Act act)
{
    int64_t i = from;
    for (; i + VEC <= to; i += VEC)
        vec_store(j->y + i, vec_act(vec_load(j->x + i), act));
    vec_store_part(j->y + i, vec_act(vec_load_part(j->x + i, to - i), act), to - i);
}

static void act_span(const void *args, int64_t from, int64_t to)
{
    const Activation *j = args;
    switch (j->act) {
    case ACT_NONE:
        act_numbers(j, from, to, ACT_NONE);
        break;
    case ACT_RELU:
        act_numbers(j, from, to, ACT_RELU);
        break;
    case ACT_SILU:
        act_numbers(j, from, to, ACT_SILU);
        break;
    case ACT_GELU:
        act_numbers(j, from, to, ACT_GELU);
        break;
    case ACT_QUICK_GELU:
        act_numbers(j, from, to, ACT_QUICK_GELU);
        break;
    }
}

static void act(Job *job, float *y, const float *x, int64_t n, Act which)
{
    Activation j = {y, x, which};
    for_spans(job->pool, n, NUMBERS, act_span, &j);
}

typedef struct {
    float *x;
    int64_t C;
} Softmax;

static float row_largest(const float *x, int64_t C)
{
    V most = vec_set1(-INFINITY);
    int64_t c = 0;
    for (; c + VEC <= C; c += VEC)
        most = vec_max(most, vec_load(x + c));
    float largest = vec_largest(most);
    for (; c < C; c++)
        largest = x[c] > largest ? x[c] : largest;
    return largest;
}

/* x becomes e^(x - largest); returns the sum. */
static float row_exp(float *x, int64_t C, float largest)
{
    V from = vec_set1(largest), sum = vec_zero();
    int64_t c = 0;
    for (; c + VEC <= C; c += VEC) {
        V e = vec_exp(vec_sub(vec_load(x + c), from));
        vec_store(x + c, e);
        sum = vec_add(sum, e);
    }
    int64_t n = C - c;
    vec_store_part(x + c, vec_exp(vec_sub(vec_load_part(x + c, n), from)), n);
    return vec_sum(vec_add(sum, vec_load_part(x + c, n)));
}

static void softmax_span(const void *args, int64_t from, int64_t to)
{
    const Softmax *j = args;
    for (int64_t m = from; m < to; m++) {
        float *x = j->x + m * j->C;
        V by = vec_set1(1 / row_exp(x, j->C, row_largest(x, j->C)));
        int64_t c = 0;
        for (; c + VEC <= j->C; c += VEC)
            vec_store(x + c, vec_mul(vec_load(x + c), by));
        vec_store_part(x + c, vec_mul(vec_load_part(x + c, j->C - c), by), j->C - c);
    }
}

static void softmax(Job *job, float *x, int64_t M, int64_t C)
{
    Softmax j = {x, C};
    for_spans(job->pool, M, span_rows(C), softmax_span, &j);
}

void OVERLAY(elementwise)(Kernels *k)
{
    k->add = add;
    k->add_rows = add_rows;
    k->act = act;
    k->softmax = softmax;
}
