/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "diffusion/internal.h"

/* Levels of noise, sigma = sqrt((1 - abar) / abar), for the samplers that
 * count in them: Euler, Euler a, DPM++ 2M, UniPC. */

/* sigma of every time of training, and of the times that were asked for. */
typedef struct Levels {
    int count, steps;
    float *table;  /* [count] rising */
    double *sigma; /* [steps] falling */
    double *time;  /* [steps] */
} Levels;

static void levels_init(Levels *l, Sampler *s)
{
    int T = s->config.num_train_timesteps;
    *l = (Levels){.count = T, .steps = s->steps};
    l->table = xalloc((size_t)T, sizeof *l->table);
    l->sigma = xalloc((size_t)s->steps, sizeof *l->sigma);
    l->time = xalloc((size_t)s->steps, sizeof *l->time);
    if (s->config.rescale_betas_zero_snr)
        s->abar[T - 1] = 0x1p-24f; /* as near to nothing as a half can be */
    for (int t = 0; t < T; t++)
        l->table[t] = sqrtf((1 - s->abar[t]) / s->abar[t]);
}

static void levels_release(Levels *l)
{
    xfree(l->table);
    xfree(l->sigma);
    xfree(l->time);
}

static double sigma_at(const Levels *l, double t)
{
    int low = (int)t;
    if (low >= l->count - 1)
        return (double)l->table[l->count - 1];
    double from = (double)l->table[low], until = (double)l->table[low + 1];
    return from + (t - low) * (until - from);
}

/* The time whose level this is, between those of the table by logarithm; in
 * f32, so that the ends of the table are met. */
static double time_at(const Levels *l, double sigma)
{
    float wanted = (float)log(fmax(sigma, 1e-10));
    int low = 0;
    while (low < l->count - 2 && wanted >= logf(l->table[low + 1]))
        low++;
    float from = logf(l->table[low]), until = logf(l->table[low + 1]);
    float w = fminf(fmaxf((from - wanted) / (from - until), 0), 1);
    return (double)(1 - w) * low + (double)w * (low + 1);
}

/* Karras et al., equation 5, or even steps of the logarithm. */
static void respace(Levels *l, SigmaRule rule, double most, double least)
{
    const double rho = 7;
    int n = l->steps;
    for (int i = 0; i < n; i++) {
        double way = n == 1 ? 0 : i == n - 1 ? 1 : i * (1.0 / (n - 1));
        double from = pow(most, 1 / rho), until = pow(least, 1 / rho);
        if (rule == SIGMAS_KARRAS)
            l->sigma[i] = pow(from + way * (until - from), rho);
        else
            l->sigma[i] = exp(log(most) + way * (log(least) - log(most)));
        l->time[i] = time_at(l, l->sigma[i]);
    }
}

static bool space(Levels *l, Sampler *s, int points, bool is_whole, Err *err)
{
    for (int k = 0; k < s->steps; k++) {
        double t = schedule_time(&s->config, points, k);
        l->time[k] = is_whole ? rint(t) : (double)(float)t;
        l->sigma[k] = sigma_at(l, l->time[k]);
        if (!schedule_take_time(s, k, l->time[k], err))
            return false;
    }
    return true;
}

static float last_sigma(const Levels *l, const SchedulerConfig *c)
{
    if (c->final_sigmas_type == FINAL_ZERO)
        return 0;
    bool is_respaced = c->sigmas != SIGMAS_SPACED && c->sampler->takes & TAKES_UNIPC;
    return is_respaced ? (float)l->sigma[l->steps - 1] : l->table[0];
}

/* Up to where f32 can still tell the picture from the noise's square. */
static const float most_sigma = 1e9f;

static bool check(const Sampler *s, Err *err)
{
    for (int k = 0; k < s->steps; k++) {
        if (!(s->sigma[k] > 0 && s->sigma[k] <= most_sigma))
            return err_set(err, ERR_INPUT,
                           "scheduler: betas from %g to %g lead beyond 1 part in 10^9",
                           s->config.beta_start, s->config.beta_end);
        if (k && !(s->sigma[k] < s->sigma[k - 1]))
            return err_set(err, ERR_INPUT,
                           "scheduler: levels of noise from %g to %g do not fall",
                           (double)s->sigma[0], (double)s->sigma[s->steps - 1]);
    }
    return true;
}

static bool finish(Sampler *s, Levels *l, bool ok, Err *err)
{
    for (int k = 0; k < s->steps; k++) {
        float sigma = (float)l->sigma[k];
        s->time[k] = (float)l->time[k];
        s->sigma[k] = sigma;
        s->at[k] = (Share){1, sigma};
        if (!s->config.sampler->explodes) {
            s->at[k].picture = 1 / sqrtf(sigma * sigma + 1);
            s->at[k].noise = sigma * s->at[k].picture;
        }
    }
    s->sigma[s->steps] = last_sigma(l, &s->config);
    levels_release(l);
    return ok && check(s, err);
}

/* Times may lie between those of training.  Karras' levels reach from the
 * first to the last that the spacing gives. */
bool plan_euler(Sampler *s, Err *err)
{
    const SchedulerConfig *c = &s->config;
    Levels l;
    levels_init(&l, s);
    schedule_room(s, s->steps, true);
    bool ok = space(&l, s, s->steps, c->timestep_spacing != SPACING_LINSPACE, err);
    if (ok && c->sigmas != SIGMAS_SPACED)
        respace(&l, c->sigmas, c->sigma_max > 0 ? c->sigma_max : l.sigma[0],
                c->sigma_min > 0 ? c->sigma_min : l.sigma[s->steps - 1]);
    ok = finish(s, &l, ok, err);
    float most = s->sigma[0];
    s->start_scale = c->timestep_spacing == SPACING_LEADING ? sqrtf(most * most + 1) : most;
    return ok;
}

/* Whole times, of one point more than there are steps unless they trail.
 * Karras' levels reach over the whole table, and their times are rounded
 * (with the cosine's betas, and for exponential levels, cut off). */
bool plan_multistep(Sampler *s, Err *err)
{
    const SchedulerConfig *c = &s->config;
    Levels l;
    levels_init(&l, s);
    schedule_room(s, s->steps, true);
    bool ok = true;
    if (c->sigmas == SIGMAS_SPACED)
        ok = space(&l, s, s->steps + (c->timestep_spacing != SPACING_TRAILING), true, err);
    else
        respace(&l, c->sigmas, (double)l.table[l.count - 1], (double)l.table[0]);
    bool is_rounded = c->sigmas == SIGMAS_KARRAS &&
                      (c->beta_schedule != BETAS_SQUAREDCOS || c->sampler->takes & TAKES_UNIPC);
    for (int k = 0; k < s->steps; k++)
        l.time[k] = is_rounded ? rint(l.time[k]) : floor(l.time[k]);
    return finish(s, &l, ok, err);
}
