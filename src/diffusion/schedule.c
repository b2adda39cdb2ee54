/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "diffusion/internal.h"

/* ---- abar ---------------------------------------------------------------------------- */

/* torch.linspace in f32: from both ends to the middle, fused. */
static void line(float *to, int n, float from, float until)
{
    float step = (until - from) / (float)(n - 1);
    for (int i = 0; i < n; i++)
        to[i] = i < n / 2 ? fmaf(step, (float)i, from) : fmaf(-step, (float)(n - 1 - i), until);
}

static double cosine(double t)
{
    double c = cos((t + 0.008) / 1.008 * 3.14159265358979323846 / 2);
    return c * c;
}

static void make_betas(float *beta, const SchedulerConfig *c)
{
    int T = c->num_train_timesteps;
    if (c->beta_schedule == BETAS_LINEAR) {
        line(beta, T, (float)c->beta_start, (float)c->beta_end);
    } else if (c->beta_schedule == BETAS_SCALED_LINEAR) {
        line(beta, T, (float)sqrt(c->beta_start), (float)sqrt(c->beta_end));
        for (int i = 0; i < T; i++)
            beta[i] *= beta[i];
    } else {
        for (int i = 0; i < T; i++)
            beta[i] = (float)fmin(1 - cosine((i + 1.0) / T) / cosine((double)i / T), 0.999);
    }
}

/* abar = cumprod(1 - beta); torch multiplies up in double. */
static void multiply_up(float *abar, const float *beta, int T)
{
    double product = 1;
    for (int i = 0; i < T; i++) {
        product *= 1 - beta[i];
        abar[i] = (float)product;
    }
}

/* Shifts and scales sqrt(abar) so that it ends at 0, then recovers the betas
 * (Lin et al., "Common diffusion noise schedules and sample steps are flawed",
 * algorithm 1). */
static void rescale_betas(float *beta, float *abar, int T)
{
    multiply_up(abar, beta, T);
    float first = sqrtf(abar[0]), last = sqrtf(abar[T - 1]);
    float scale = first / (first - last);
    for (int i = 0; i < T; i++) {
        float s = (sqrtf(abar[i]) - last) * scale;
        abar[i] = s * s;
    }
    for (int i = T - 1; i > 0; i--)
        beta[i] = 1 - abar[i] / abar[i - 1];
    beta[0] = 1 - abar[0];
}

void schedule_abar(Sampler *s)
{
    const SchedulerConfig *c = &s->config;
    int T = c->num_train_timesteps;
    s->abar = xalloc((size_t)T, sizeof *s->abar);
    float *beta = xalloc((size_t)T, sizeof *beta);
    make_betas(beta, c);
    if (c->rescale_betas_zero_snr)
        rescale_betas(beta, s->abar, T);
    multiply_up(s->abar, beta, T);
    xfree(beta);
    s->final_abar = c->set_alpha_to_one ? 1 : s->abar[0];
}

float schedule_abar_at(const Sampler *s, int t)
{
    must(t < s->config.num_train_timesteps);
    return t < 0 ? s->final_abar : s->abar[t];
}

Share schedule_share(float abar)
{
    return (Share){sqrtf(abar), sqrtf(1 - abar)};
}

/* ---- times --------------------------------------------------------------------------- */

void schedule_room(Sampler *s, int calls, bool with_sigmas)
{
    s->calls = calls;
    s->time = xalloc((size_t)calls, sizeof *s->time);
    s->at = xalloc((size_t)calls, sizeof *s->at);
    if (with_sigmas)
        s->sigma = xalloc((size_t)calls + 1, sizeof *s->sigma);
}

/* numpy's arithmetic: arange(T, 0, -T/n) is T + k * ((T - T/n) - T), whose
 * rounding decides ties, and round() goes to even. */
double schedule_time(const SchedulerConfig *c, int n, int k)
{
    double T = c->num_train_timesteps;
    int back = n - 1 - k;
    if (c->timestep_spacing == SPACING_TRAILING)
        return rint(T + k * ((T - T / n) - T)) - 1;
    if (c->timestep_spacing == SPACING_LEADING)
        return back * (c->num_train_timesteps / n) + c->steps_offset;
    if (n == 1)
        return 0;
    return back == n - 1 ? T - 1 : back * ((T - 1) / (n - 1));
}

bool schedule_take_time(Sampler *s, int k, double t, Err *err)
{
    const SchedulerConfig *c = &s->config;
    if (t < 0 || t >= c->num_train_timesteps)
        return err_set(err, ERR_INPUT,
                       "scheduler: %d steps with steps_offset %d would begin at time %g of %d; "
                       "use fewer steps",
                       s->steps, c->steps_offset, t, c->num_train_timesteps);
    float abar = s->abar[(int)t];
    bool is_gone = abar == 0 && c->rescale_betas_zero_snr && k == 0;
    if (!(abar > 0 && abar < 1) && !is_gone)
        return err_set(err, ERR_INPUT,
                       "scheduler: betas from %g to %g leave no picture or no noise at time %g",
                       c->beta_start, c->beta_end, t);
    if (is_gone && c->prediction_type == PREDICTS_EPSILON)
        return err_set(err, ERR_INPUT,
                       "scheduler: a network that predicts the noise (epsilon) cannot start at "
                       "zero terminal SNR; prediction_type or rescale_betas_zero_snr is wrong");
    if (k && t >= (double)s->time[k - 1])
        return err_set(err, ERR_INPUT, "scheduler: %d steps are too many; some fall together",
                       s->steps);
    s->time[k] = (float)t;
    return true;
}

void schedule_put(Sampler *s, int k, int t)
{
    s->time[k] = (float)t;
    s->at[k] = schedule_share(s->abar[t]);
}
