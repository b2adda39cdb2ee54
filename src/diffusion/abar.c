/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "diffusion/internal.h"

/* The samplers that count in abar: DDIM, DDPM and LCM. */

bool plan_ddim(Sampler *s, Err *err)
{
    schedule_room(s, s->steps, false);
    for (int k = 0; k < s->steps; k++) {
        double t = rint(schedule_time(&s->config, s->steps, k));
        if (!schedule_take_time(s, k, t, err))
            return false;
        schedule_put(s, k, (int)t);
    }
    return true;
}

static int time_of(const Sampler *s, int i)
{
    return (int)s->time[i];
}

/* ---- DDIM ---------------------------------------------------------------------------- */

/* Where step i leads: not always the next time of the list. */
static int ddim_next(const Sampler *s, int i)
{
    return time_of(s, i) - s->config.num_train_timesteps / s->steps;
}

bool ddim_draws(const Sampler *s, int i)
{
    (void)i;
    return s->config.eta > 0;
}

/* x' = sqrt(abar') x0 + sqrt(1 - abar' - d^2) e + d z */
void step_ddim(Sampler *s, int i, float *x, const float *out, const float *noise)
{
    float abar = schedule_abar_at(s, time_of(s, i));
    float next = schedule_abar_at(s, ddim_next(s, i));
    Reading r = sampler_reading(s, s->at[i]);
    double variance =
        (1 - (double)next) / (1 - (double)abar) * (1 - (double)abar / (double)next);
    double d = s->config.eta * sqrt(fmax(variance, 0));
    float to_clean = sqrtf(next), to_noise = sqrtf((float)(1 - (double)next - d * d));
    float fresh = (float)d;
    for (int64_t k = 0; k < s->count; k++) {
        float e = line_at(r.noise, x[k], out[k]);
        x[k] = to_clean * clean_at(&r, x[k], out[k]) + to_noise * e;
        if (noise)
            x[k] += fresh * noise[k];
    }
}

/* ---- DDPM ---------------------------------------------------------------------------- */

bool ddpm_draws(const Sampler *s, int i)
{
    return s->time[i] > 0;
}

/* The mean of what came before, given x and x0, and noise of its variance. */
void step_ddpm(Sampler *s, int i, float *x, const float *out, const float *noise)
{
    double abar = (double)schedule_abar_at(s, time_of(s, i));
    double next = i + 1 < s->calls ? (double)schedule_abar_at(s, time_of(s, i + 1)) : 1;
    Reading r = sampler_reading(s, s->at[i]);
    double alpha = abar / next, beta = 1 - alpha;
    double variance = fmax((1 - next) / (1 - abar) * beta, 1e-20);
    if (s->config.variance_type == VARIANCE_LARGE)
        variance = beta;
    float of_clean = (float)(sqrt(next) * beta / (1 - abar));
    float of_x = (float)(sqrt(alpha) * (1 - next) / (1 - abar));
    float fresh = (float)sqrt(variance);
    for (int64_t k = 0; k < s->count; k++) {
        x[k] = of_clean * clean_at(&r, x[k], out[k]) + of_x * x[k];
        if (noise)
            x[k] += fresh * noise[k];
    }
}

/* ---- LCM ----------------------------------------------------------------------------- */

/* A choice of the times of the walk that the network was distilled from. */
bool plan_lcm(Sampler *s, Err *err)
{
    const SchedulerConfig *c = &s->config;
    int origin = c->original_inference_steps, n = s->steps;
    if (origin > c->num_train_timesteps || n > origin)
        return err_set(err, ERR_INPUT, "sampler 'lcm' can do 1 to %d steps, not %d",
                       origin < c->num_train_timesteps ? origin : c->num_train_timesteps, n);
    schedule_room(s, n, false);
    for (int k = 0; k < n; k++) {
        int chosen = (int)floor(k * ((double)origin / n));
        int t = (origin - chosen) * (c->num_train_timesteps / origin) - 1;
        if (!schedule_take_time(s, k, t, err))
            return false;
        schedule_put(s, k, t);
    }
    return true;
}

bool lcm_draws(const Sampler *s, int i)
{
    return i + 1 < s->calls;
}

/* To the end at once, then back to the next level of noise. */
void step_lcm(Sampler *s, int i, float *x, const float *out, const float *noise)
{
    const double spread = 0.5; /* of the data */
    double t = (double)s->time[i] * s->config.timestep_scaling;
    double whole = t * t + spread * spread;
    float skip = (float)(spread * spread / whole), take = (float)(t / sqrt(whole));
    Reading r = sampler_reading(s, s->at[i]);
    bool is_last = !lcm_draws(s, i);
    Share next = is_last ? (Share){1, 0} : s->at[i + 1];
    for (int64_t k = 0; k < s->count; k++) {
        float clean = take * clean_at(&r, x[k], out[k]) + skip * x[k];
        x[k] = is_last ? clean : next.picture * clean + next.noise * noise[k];
    }
}
