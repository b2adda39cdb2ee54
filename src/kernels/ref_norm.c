/* SPDX-License-Identifier: MIT */
#include "kernels/internal.h"

#include "kernels/span.h"

typedef struct {
    float *scale, *shift;
    const float *x, *gamma, *beta;
    int64_t R, C, groups;
    float eps;
} GroupNorm;

/* sum over a group of (x - about)^power */
static double group_sum(const GroupNorm *j, const float *x, double about, int power)
{
    int64_t width = j->C / j->groups;
    double sum = 0;
    for (int64_t r = 0; r < j->R; r++)
        for (int64_t c = 0; c < width; c++) {
            double t = x[r * j->C + c] - about;
            sum += power == 2 ? t * t : t;
        }
    return sum;
}

static void group_norm_span(const void *args, int64_t from, int64_t to)
{
    const GroupNorm *j = args;
    int64_t width = j->C / j->groups;
    double count = (double)(j->R * width);
    for (int64_t i = from; i < to; i++) {
        int64_t n = i / j->groups, first = i % j->groups * width;
        const float *x = j->x + n * j->R * j->C + first;
        double mean = group_sum(j, x, 0, 1) / count;
        double by = 1 / sqrt(group_sum(j, x, mean, 2) / count + (double)j->eps);
        for (int64_t c = first; c < first + width; c++) {
            double scale = by * (j->gamma ? j->gamma[c] : 1);
            j->scale[n * j->C + c] = (float)scale;
            j->shift[n * j->C + c] = (float)((j->beta ? j->beta[c] : 0) - mean * scale);
        }
    }
}

static void group_norm(Job *job, float *scale, float *shift, const float *x, int64_t N,
                       int64_t R, int64_t C, int64_t groups, float eps, const float *gamma,
                       const float *beta)
{
    GroupNorm j = {scale, shift, x, gamma, beta, R, C, groups, eps};
    for_spans(job->pool, N * groups, 1, group_norm_span, &j);
}

typedef struct {
    double *mean, *squares;
    GroupNorm of;
} GroupMoments;

static void group_moments_span(const void *args, int64_t from, int64_t to)
{
    const GroupMoments *j = args;
    int64_t width = j->of.C / j->of.groups;
    for (int64_t g = from; g < to; g++) {
        const float *x = j->of.x + g * width;
        j->mean[g] = group_sum(&j->of, x, 0, 1) / (double)(j->of.R * width);
        j->squares[g] = group_sum(&j->of, x, j->mean[g], 2);
    }
}

static void group_moments(Job *job, double *mean, double *squares, const float *x, int64_t R,
                          int64_t C, int64_t groups)
{
    GroupMoments j = {mean, squares, {.x = x, .R = R, .C = C, .groups = groups}};
    for_spans(job->pool, groups, 1, group_moments_span, &j);
}

typedef struct {
    float *y;
    const float *x, *scale, *shift;
    int64_t R, C;
    Act act;
} Affine;

static void affine_span(const void *args, int64_t from, int64_t to)
{
    const Affine *j = args;
    for (int64_t row = from; row < to; row++) {
        const float *scale = j->scale + row / j->R * j->C;
        const float *shift = j->shift + row / j->R * j->C;
        for (int64_t c = 0; c < j->C; c++) {
            int64_t i = row * j->C + c;
            j->y[i] = act_apply(j->x[i] * scale[c] + shift[c], j->act);
        }
    }
}

static void affine(Job *job, float *y, const float *x, int64_t N, int64_t R, int64_t C,
                   const float *scale, const float *shift, Act act)
{
    Affine j = {y, x, scale, shift, R, C, act};
    for_spans(job->pool, N * R, span_rows(C), affine_span, &j);
}

typedef struct {
    float *y;
    const float *x, *gamma, *beta;
    int64_t C;
    float eps;
} LayerNorm;

static void layer_norm_span(const void *args, int64_t from, int64_t to)
{
    const LayerNorm *j = args;
    for (int64_t m = from; m < to; m++) {
        const float *x = j->x + m * j->C;
        float *y = j->y + m * j->C;
        double sum = 0, squares = 0;
        for (int64_t c = 0; c < j->C; c++)
            sum += x[c];
        double mean = sum / (double)j->C;
        for (int64_t c = 0; c < j->C; c++)
            squares += (x[c] - mean) * (x[c] - mean);
        double by = 1 / sqrt(squares / (double)j->C + (double)j->eps);
        for (int64_t c = 0; c < j->C; c++) {
            double unit = (x[c] - mean) * by;
            y[c] = (float)(unit * (j->gamma ? j->gamma[c] : 1) + (j->beta ? j->beta[c] : 0));
        }
    }
}

static void layer_norm(Job *job, float *y, const float *x, int64_t M, int64_t C, float eps,
                       const float *gamma, const float *beta)
{
    LayerNorm j = {y, x, gamma, beta, C, eps};
    for_spans(job->pool, M, span_rows(C), layer_norm_span, &j);
}

void ref_norm(Kernels *k)
{
    k->group_norm = group_norm;
    k->group_moments = group_moments;
    k->affine = affine;
    k->layer_norm = layer_norm;
}
