/* SPDX-License-Identifier: MIT */
#include "diffusion/sampler.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "diffusion/internal.h"

enum {
    EPSILON = 1 << PREDICTS_EPSILON,
    V = 1 << PREDICTS_V,
    SAMPLE = 1 << PREDICTS_SAMPLE,
    ANY = EPSILON | V | SAMPLE,
    OF_SIGMAS = TAKES_ZERO_SNR | TAKES_SIGMAS | TAKES_SOLVER | TAKES_THRESHOLD,
    OF_ABAR = TAKES_ZERO_SNR | TAKES_CLIP | TAKES_THRESHOLD
};

static const SamplerKind kinds[] = {
    {.name = "ddim",
     .class_name = "DDIMScheduler",
     .takes = OF_ABAR | TAKES_ALPHA_TO_ONE,
     .predicted = ANY,
     .spacing = SPACING_LEADING,
     .clips = true,
     .alpha_to_one = true,
     .plan = plan_ddim,
     .draws = ddim_draws,
     .step = step_ddim},
    {.name = "ddpm",
     .class_name = "DDPMScheduler",
     .takes = OF_ABAR | TAKES_VARIANCE,
     .predicted = ANY,
     .spacing = SPACING_LEADING,
     .clips = true,
     .alpha_to_one = true,
     .plan = plan_ddim,
     .draws = ddpm_draws,
     .step = step_ddpm},
    {.name = "pndm",
     .class_name = "PNDMScheduler",
     .takes = TAKES_ALPHA_TO_ONE | TAKES_PRK,
     .predicted = EPSILON | V,
     .spacing = SPACING_LEADING,
     .keeps = 6,
     .plan = plan_pndm,
     .begin = begin_pndm,
     .step = step_pndm},
    {.name = "euler",
     .class_name = "EulerDiscreteScheduler",
     .takes = TAKES_ZERO_SNR | TAKES_SIGMAS | TAKES_SIGMA_ENDS,
     .predicted = ANY,
     .spacing = SPACING_LINSPACE,
     .explodes = true,
     .plan = plan_euler,
     .step = step_euler},
    {.name = "euler_a",
     .class_name = "EulerAncestralDiscreteScheduler",
     .takes = TAKES_ZERO_SNR,
     .predicted = EPSILON | V,
     .spacing = SPACING_LINSPACE,
     .explodes = true,
     .plan = plan_euler,
     .draws = euler_a_draws,
     .step = step_euler_a},
    {.name = "dpm++2m",
     .class_name = "DPMSolverMultistepScheduler",
     .takes = OF_SIGMAS | TAKES_DPM,
     .predicted = ANY,
     .spacing = SPACING_LINSPACE,
     .sets_sigmas = true,
     .sigmas = SIGMAS_SPACED,
     .keeps = 1,
     .plan = plan_multistep,
     .step = step_dpm},
    {.name = "dpm++2m_karras",
     .class_name = "DPMSolverMultistepScheduler",
     .takes = OF_SIGMAS | TAKES_DPM,
     .predicted = ANY,
     .spacing = SPACING_LINSPACE,
     .sets_sigmas = true,
     .sigmas = SIGMAS_KARRAS,
     .keeps = 1,
     .plan = plan_multistep,
     .step = step_dpm},
    {.name = "unipc",
     .class_name = "UniPCMultistepScheduler",
     .takes = OF_SIGMAS | TAKES_UNIPC,
     .predicted = ANY,
     .spacing = SPACING_LINSPACE,
     .keeps = 3,
     .plan = plan_multistep,
     .step = step_unipc},
    {.name = "lcm",
     .class_name = "LCMScheduler",
     .takes = OF_ABAR | TAKES_ALPHA_TO_ONE | TAKES_ORIGIN,
     .predicted = ANY,
     .spacing = SPACING_LEADING,
     .alpha_to_one = true,
     .is_distilled = true,
     .plan = plan_lcm,
     .draws = lcm_draws,
     .step = step_lcm},
};

/* ---- the table ----------------------------------------------------------------------- */

const SamplerKind *sampler_at(int i)
{
    return i >= 0 && i < (int)(sizeof kinds / sizeof *kinds) ? &kinds[i] : NULL;
}

const char *sampler_name(const SamplerKind *kind)
{
    return kind->name;
}

const char *sampler_names(char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (int i = 0; sampler_at(i) && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", kinds[i].name);
    return text;
}

static const char *past_gaps(const char *s)
{
    return s + strspn(s, " _-");
}

static bool is_called(const char *name, const char *said)
{
    for (;;) {
        name = past_gaps(name);
        said = past_gaps(said);
        if (!*name || tolower((unsigned char)*said) != *name)
            return *name == *said;
        name++;
        said++;
    }
}

const SamplerKind *sampler_find(const char *name)
{
    for (int i = 0; sampler_at(i); i++) {
        if (is_called(kinds[i].name, name))
            return &kinds[i];
    }
    return NULL;
}

/* ---- life ---------------------------------------------------------------------------- */

static bool check_levels(const SchedulerConfig *c, Err *err)
{
    const SamplerKind *k = c->sampler;
    if (!(k->predicted & 1u << c->prediction_type))
        return err_set(err, ERR_INPUT,
                       "sampler '%s' cannot follow a network with prediction_type '%s'",
                       k->name, prediction_name((int)c->prediction_type));
    if (c->sigmas != SIGMAS_SPACED && !(k->takes & TAKES_SIGMAS))
        return err_set(err, ERR_INPUT, "sampler '%s' has no %s levels of noise", k->name,
                       sigmas_name((int)c->sigmas));
    if (c->eta != 0 && k->draws != ddim_draws)
        return err_set(err, ERR_INPUT, "sampler '%s' has no eta; only ddim does", k->name);
    if (!(c->eta >= 0 && c->eta <= 1))
        return err_set(err, ERR_INPUT, "eta %g is not in 0..1", c->eta);
    return true;
}

static bool check_config(const SchedulerConfig *c, int steps, Err *err)
{
    if (c->num_train_timesteps < 2 || c->num_train_timesteps > SCHEDULER_MAX_TIMES)
        return err_set(err, ERR_INPUT, "scheduler: num_train_timesteps %d is not in 2..%d",
                       c->num_train_timesteps, SCHEDULER_MAX_TIMES);
    if (steps < 1 || steps > c->num_train_timesteps)
        return err_set(err, ERR_INPUT, "%d steps are not in 1..%d", steps,
                       c->num_train_timesteps);
    if (!(c->beta_start > 0 && c->beta_start < c->beta_end && c->beta_end < 1))
        return err_set(err, ERR_INPUT, "scheduler: betas from %g to %g do not grow within 0..1",
                       c->beta_start, c->beta_end);
    return check_levels(c, err);
}

bool sampler_init(Sampler *s, const SchedulerConfig *c, int steps, Err *err)
{
    memset(s, 0, sizeof *s);
    if (!check_config(c, steps, err))
        return false;
    s->config = *c;
    s->steps = steps;
    s->start_scale = 1;
    schedule_abar(s);
    if (c->sampler->plan(s, err))
        return true;
    sampler_release(s);
    return false;
}

void sampler_release(Sampler *s)
{
    xfree(s->time);
    xfree(s->at);
    xfree(s->abar);
    xfree(s->sigma);
    memset(s, 0, sizeof *s);
}

static size_t room(int64_t n)
{
    return (size_t)n * sizeof(float);
}

size_t sampler_room(const SamplerKind *kind, int64_t n)
{
    size_t unit = room(n) > (size_t)2 << 20 ? (size_t)2 << 20 : 64; /* as an arena rounds */
    return (size_t)kind->keeps * ((room(n) + unit - 1) / unit * unit + unit);
}

bool sampler_start(Sampler *s, int first, int64_t n, Arena *a, Err *err)
{
    must(first >= 0 && first < s->calls && n > 0);
    const SamplerKind *k = s->config.sampler;
    if (first && k->takes & TAKES_PRK && !s->config.skip_prk_steps)
        return err_set(err, ERR_INPUT,
                       "sampler '%s' with Runge-Kutta steps cannot begin in the middle: set "
                       "skip_prk_steps",
                       k->name);
    s->first = first;
    s->count = n;
    if (k->begin)
        k->begin(s);
    for (int i = 0; i < k->keeps; i++) {
        s->kept[i] = arena_zeros(a, room(n));
        if (!s->kept[i])
            return err_set(err, ERR_MEMORY, "memory is short for the former steps of '%s'",
                           k->name);
    }
    return true;
}

int sampler_first(const Sampler *s, double strength)
{
    double wanted = floor(s->steps * strength);
    int gone = wanted < 1 ? 1 : wanted > s->steps ? s->steps : (int)wanted;
    return s->steps - gone;
}

/* ---- steps --------------------------------------------------------------------------- */

void sampler_add_noise(const Sampler *s, int i, float *x, const float *noise, int64_t n)
{
    must(i >= 0 && i < s->calls);
    Share at = s->at[i];
    for (int64_t k = 0; k < n; k++)
        x[k] = at.picture * x[k] + at.noise * noise[k];
}

void sampler_scale(const Sampler *s, int i, float *to, const float *x, int64_t n)
{
    must(i >= 0 && i < s->calls);
    if (!s->config.sampler->explodes) {
        if (to != x)
            memcpy(to, x, room(n));
        return;
    }
    float sigma = s->at[i].noise;
    float spread = sqrtf(sigma * sigma + 1);
    for (int64_t k = 0; k < n; k++)
        to[k] = x[k] / spread;
}

bool sampler_draws(const Sampler *s, int i)
{
    must(i >= 0 && i < s->calls);
    return s->config.sampler->draws && s->config.sampler->draws(s, i);
}

void sampler_step(Sampler *s, int i, float *x, const float *out, const float *noise)
{
    must(i >= s->first && i < s->calls && s->count > 0);
    must(noise || !sampler_draws(s, i));
    s->config.sampler->step(s, i, x, out, noise);
}

Reading sampler_reading(const Sampler *s, Share at)
{
    const SchedulerConfig *c = &s->config;
    float p = at.picture, n = at.noise, all = p * p + n * n;
    Reading r = {.limit = c->clip_sample ? (float)c->clip_sample_range : INFINITY};
    if (c->prediction_type == PREDICTS_SAMPLE) {
        r.clean = (Line){0, 1};
        r.noise = (Line){1 / n, -p / n};
    } else if (c->prediction_type == PREDICTS_EPSILON) {
        r.clean = (Line){1 / p, -n / p};
        r.noise = (Line){0, 1};
    } else if (c->sampler->explodes) {
        r.clean = (Line){1 / all, -n / sqrtf(all)};
        r.noise = (Line){n / all, 1 / sqrtf(all)};
    } else {
        r.clean = (Line){p, -n};
        r.noise = (Line){n, p};
    }
    return r;
}

void sampler_x0(const Sampler *s, int i, float *x0, const float *x, const float *out, int64_t n)
{
    must(i >= 0 && i < s->calls);
    Reading r = sampler_reading(s, s->at[i]);
    for (int64_t k = 0; k < n; k++)
        x0[k] = clean_at(&r, x[k], out[k]);
}
