/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "diffusion/internal.h"

/* Solvers that remember: DPM-Solver++(2M) and UniPC.  Both write the way from
 * sigma s to sigma t as
 *
 *   x' = (t a_t / s a_s) x - a_t E m + higher orders,   E = exp(-h) - 1 = t/s - 1
 *
 * with m the clean picture, a = 1/sqrt(sigma^2 + 1) and h = log(s / t). */
typedef struct Way {
    double s, t; /* sigmas */
    double h, E;
    double keep, a; /* t a_t / s a_s, and a_t */
} Way;

static double picture_share(double sigma)
{
    return 1 / sqrt(sigma * sigma + 1);
}

static Way way_from(const Sampler *s, int i)
{
    Way w = {.s = (double)s->sigma[i], .t = (double)s->sigma[i + 1]};
    w.a = picture_share(w.t);
    w.h = log(w.s / w.t);
    w.E = w.t / w.s - 1;
    w.keep = w.t * w.a / (w.s * picture_share(w.s));
    return w;
}

/* To a level of no noise, or to the same level, only the first order leads. */
static bool is_plain(const Way *w)
{
    return w->t <= 0 || w->t >= w->s;
}

/* ---- DPM-Solver++ -------------------------------------------------------------------- */

static bool is_first_order(const Sampler *s, int i, const Way *w)
{
    const SchedulerConfig *c = &s->config;
    bool is_last = i == s->calls - 1;
    if (c->solver_order == 1 || i == s->first || is_plain(w))
        return true;
    return is_last && (c->euler_at_final || c->final_sigmas_type == FINAL_ZERO ||
                       (c->lower_order_final && s->calls < 15));
}

void step_dpm(Sampler *s, int i, float *x, const float *out, const float *noise)
{
    (void)noise;
    Way w = way_from(s, i);
    Reading r = sampler_reading(s, s->at[i]);
    double bend = 0; /* what the difference from the former picture counts */
    if (!is_first_order(s, i, &w)) {
        double ratio = way_from(s, i - 1).h / w.h;
        bool is_heun = s->config.solver_type == SOLVER_HEUN;
        bend = w.a * (is_heun ? w.E / w.h + 1 : -0.5 * w.E) / ratio;
    }
    float keep = (float)w.keep, clean = (float)(-w.a * w.E), turn = (float)bend;
    float *former = s->kept[0];
    for (int64_t k = 0; k < s->count; k++) {
        float m = clean_at(&r, x[k], out[k]);
        x[k] = keep * x[k] + clean * m + turn * (m - former[k]);
        former[k] = m;
    }
}

/* ---- UniPC --------------------------------------------------------------------------- */

static int order_of(const Sampler *s, int i)
{
    const SchedulerConfig *c = &s->config;
    int order = c->solver_order, left = s->calls - i, behind = i - s->first + 1;
    Way w = way_from(s, i);
    if (is_plain(&w))
        return 1;
    if (c->lower_order_final && order > left)
        order = left;
    return order < behind ? order : behind;
}

/* x' = keep x + first m0 + second (m1 - m0) + third (mt - m0) */
typedef struct Terms {
    float keep, first, second, third;
} Terms;

/* B(h) of the paper. */
static double weight(const Sampler *s, const Way *w)
{
    return s->config.solver_type == SOLVER_BH1 ? -w->h : w->E;
}

static Terms terms(const Sampler *s, const Way *w, double second, double third)
{
    double B = weight(s, w); /* endless, of bh1, on the way to no noise */
    return (Terms){(float)w->keep, (float)(-w->a * w->E),
                   second == 0 ? 0 : (float)(-w->a * B * second),
                   third == 0 ? 0 : (float)(-w->a * B * third)};
}

/* Where the former picture lies, in units of the way ahead; below 0. */
static double behind(const Sampler *s, int i, const Way *w)
{
    return -way_from(s, i - 1).h / w->h;
}

static Terms predictor(const Sampler *s, int i)
{
    Way w = way_from(s, i);
    return terms(s, &w, order_of(s, i) == 2 ? 0.5 / behind(s, i, &w) : 0, 0);
}

/* The way of step i once more, now that its end is known. */
static Terms corrector(const Sampler *s, int i)
{
    Way w = way_from(s, i);
    if (order_of(s, i) == 1)
        return terms(s, &w, 0, 0.5);
    double B = weight(s, &w), hh = -w.h;
    double phi2 = w.E / hh - 1, phi3 = phi2 / hh - 0.5;
    double b1 = phi2 / B, b2 = 2 * phi3 / B;
    double r = behind(s, i, &w);
    double second = (b1 - b2) / (1 - r);
    return terms(s, &w, second / r, b1 - second);
}

static float apply(const Terms *t, float x, float m0, float m1, float mt)
{
    return t->keep * x + t->first * m0 + t->second * (m1 - m0) + t->third * (mt - m0);
}

void step_unipc(Sampler *s, int i, float *x, const float *out, const float *noise)
{
    (void)noise;
    Reading r = sampler_reading(s, s->at[i]);
    bool is_corrected = i > s->first;
    Terms back = is_corrected ? corrector(s, i - 1) : (Terms){0};
    Terms ahead = predictor(s, i);
    float *m0 = s->kept[0], *m1 = s->kept[1], *from = s->kept[2];
    for (int64_t k = 0; k < s->count; k++) {
        float m = clean_at(&r, x[k], out[k]), now = x[k];
        if (is_corrected)
            now = apply(&back, from[k], m0[k], m1[k], m);
        x[k] = apply(&ahead, now, m, m0[k], 0);
        m1[k] = m0[k];
        m0[k] = m;
        from[k] = now;
    }
}
