/* SPDX-License-Identifier: MIT */
#include "kernels/internal.h"

#include <string.h>

#include "kernels/span.h"

enum { NUMBERS = 16384 }; /* in a span */

typedef struct {
    float *y;
    const float *a, *b;
    float factor;
} Add;

static void add_span(const void *args, int64_t from, int64_t to)
{
    const Add *j = args;
    for (int64_t i = from; i < to; i++)
        j->y[i] = j->a[i] + j->b[i] * j->factor;
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
        for (int64_t c = 0; c < j->C; c++)
            j->y[m * j->C + c] = j->x[m * j->C + c] + v[c];
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

static void act_span(const void *args, int64_t from, int64_t to)
{
    const Activation *j = args;
    for (int64_t i = from; i < to; i++)
        j->y[i] = act_apply(j->x[i], j->act);
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

static void softmax_span(const void *args, int64_t from, int64_t to)
{
    const Softmax *j = args;
    for (int64_t m = from; m < to; m++) {
        float *x = j->x + m * j->C;
        float largest = -INFINITY;
        for (int64_t c = 0; c < j->C; c++)
            largest = x[c] > largest ? x[c] : largest;
        double sum = 0;
        for (int64_t c = 0; c < j->C; c++) {
            x[c] = expf(x[c] - largest);
            sum += x[c];
        }
        for (int64_t c = 0; c < j->C; c++)
            x[c] = (float)(x[c] / sum);
    }
}

static void softmax(Job *job, float *x, int64_t M, int64_t C)
{
    Softmax j = {x, C};
    for_spans(job->pool, M, span_rows(C), softmax_span, &j);
}

typedef struct {
    float *y;
    const float *x;
    int64_t ldy, ldx, C;
} CopyRows;

static void copy_rows_span(const void *args, int64_t from, int64_t to)
{
    const CopyRows *j = args;
    for (int64_t m = from; m < to; m++)
        memcpy(j->y + m * j->ldy, j->x + m * j->ldx, (size_t)j->C * sizeof(float));
}

static void copy_rows(Job *job, float *y, int64_t ldy, const float *x, int64_t ldx, int64_t M,
                      int64_t C)
{
    CopyRows j = {y, x, ldy, ldx, C};
    for_spans(job->pool, M, span_rows(C), copy_rows_span, &j);
}

void ref_elementwise(Kernels *k)
{
    k->add = add;
    k->add_rows = add_rows;
    k->act = act;
    k->softmax = softmax;
    k->copy_rows = copy_rows;
}
