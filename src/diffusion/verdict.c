/* SPDX-License-Identifier: MIT */
#include "diffusion/verdict.h"

#include <math.h>

/* Sums for spread and likeness. */
typedef struct {
    double x, v, xx, vv, xv;
} Sums;

static Sums sum_up(const float *x, const float *v, int64_t n)
{
    Sums s = {0};
    for (int64_t i = 0; i < n; i++) {
        s.x += x[i];
        s.v += v[i];
        s.xx += (double)x[i] * x[i];
        s.vv += (double)v[i] * v[i];
        s.xv += (double)x[i] * v[i];
    }
    return s;
}

/* Mean square of the differences of neighbours `step` numbers apart, over
 * `count` starts in each of `rows` runs. */
static double jumps(const float *v, int64_t rows, int64_t run, int64_t step)
{
    double sum = 0;
    for (int64_t r = 0; r < rows; r++) {
        const float *row = v + r * run;
        for (int64_t i = 0; i + step < run; i++) {
            double d = (double)row[i + step] - row[i];
            sum += d * d;
        }
    }
    return sum;
}

/* Root mean square of neighbours' differences in h and w. */
static double roughness(const float *v, int64_t F, int64_t h, int64_t w, int64_t C)
{
    double pairs = (double)(F * h * (w - 1) * C + F * (h - 1) * w * C);
    if (pairs <= 0)
        return 0;
    return sqrt((jumps(v, F * h, w * C, C) + jumps(v, F, h * w * C, w * C)) / pairs);
}

static const char *complaint(const Verdict *k)
{
    if (fabsf(k->likeness) > 0.5f)
        return "it repeats the noise, so it is probably a network that predicts epsilon";
    if (k->spread > 2)
        return "its values are spread too widely";
    if (k->roughness > 0.85f)
        return "it is as rough as noise";
    return NULL;
}

bool verdict_on_v(Verdict *verdict, const float *x, const float *prediction, int64_t F,
                  int64_t h, int64_t w, int64_t C, Err *err)
{
    double n = (double)(F * h * w * C);
    Sums s = sum_up(x, prediction, F * h * w * C);
    *verdict = (Verdict){0};
    if (!isfinite(s.vv) || !isfinite(s.xx))
        return err_set(err, ERR_INPUT, "the network's first prediction is not a number");
    double spread_v = sqrt(fmax(0, s.vv / n - s.v / n * (s.v / n)));
    double spread_x = sqrt(fmax(0, s.xx / n - s.x / n * (s.x / n)));
    double both = spread_v * spread_x;
    verdict->spread = (float)spread_v;
    if (spread_v > 0)
        verdict->roughness = (float)(roughness(prediction, F, h, w, C) / (spread_v * sqrt(2)));
    if (both > 0)
        verdict->likeness = (float)((s.xv / n - s.x / n * (s.v / n)) / both);
    const char *what = complaint(verdict);
    verdict->is_plausible = !what;
    if (what)
        return err_set(err, ERR_INPUT,
                       "the network's first prediction is not that of a v-predicting network: "
                       "%s (spread %.2f, roughness %.2f, likeness to the noise %.2f)",
                       what, (double)verdict->spread, (double)verdict->roughness,
                       (double)verdict->likeness);
    return true;
}
