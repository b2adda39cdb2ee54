/* SPDX-License-Identifier: MIT */
#include "diffusion/ddim.h"

#include <math.h>
#include <string.h>

DdimConfig ddim_config_moore(void)
{
    return (DdimConfig){.num_train_timesteps = 1000,
                        .beta_start = 0.00085,
                        .beta_end = 0.012,
                        .beta_schedule = DDIM_LINEAR,
                        .prediction_type = DDIM_V,
                        .rescale_betas_zero_snr = true,
                        .timestep_spacing = DDIM_TRAILING,
                        .steps_offset = 1,
                        .set_alpha_to_one = true,
                        .clip_sample_range = 1};
}

DdimConfig ddim_config_diffusers(void)
{
    return (DdimConfig){.num_train_timesteps = 1000,
                        .beta_start = 0.0001,
                        .beta_end = 0.02,
                        .beta_schedule = DDIM_LINEAR,
                        .prediction_type = DDIM_EPSILON,
                        .timestep_spacing = DDIM_LEADING,
                        .set_alpha_to_one = true,
                        .clip_sample = true,
                        .clip_sample_range = 1};
}

/* One of `names` (NULL ends them) into *value; missing leaves it. */
static bool read_name(int *value, const Json *j, const char *key, const char *const *names,
                      Err *err)
{
    const Json *member = js_get(j, key);
    if (js_is_null(member))
        return true;
    const char *text = js_string(member, NULL);
    if (!text)
        return err_set(err, ERR_FORMAT, "scheduler: '%s' should be a word", key);
    for (int i = 0; names[i]; i++) {
        if (!strcmp(text, names[i])) {
            *value = i;
            return true;
        }
    }
    return err_set(err, ERR_INPUT, "scheduler: %s '%.60s' is not supported (only '%s'%s%s%s%s)",
                   key, text, names[0], names[1] ? ", '" : "", names[1] ? names[1] : "",
                   names[1] ? "'" : "", names[1] && names[2] ? " and others" : "");
}

static bool read_number(double *value, const Json *j, const char *key, double low, double high,
                        Err *err)
{
    const Json *member = js_get(j, key);
    if (js_is_null(member))
        return true;
    double number = js_number(member, NAN);
    if (!(number >= low && number <= high))
        return err_set(err, ERR_FORMAT, "scheduler: '%s' should be a number from %g to %g", key,
                       low, high);
    *value = number;
    return true;
}

static bool read_int(int *value, const Json *j, const char *key, int low, int high, Err *err)
{
    double number = *value;
    if (!read_number(&number, j, key, low, high, err))
        return false;
    if (number != floor(number))
        return err_set(err, ERR_FORMAT, "scheduler: '%s' should be a whole number", key);
    *value = (int)number;
    return true;
}

static bool is_set(const Json *j, const char *key)
{
    const Json *member = js_get(j, key);
    return !js_is_null(member) && js_bool(member, true);
}

static bool read_words(DdimConfig *c, const Json *j, Err *err)
{
    static const char *const betas[] = {"linear", "scaled_linear", NULL};
    static const char *const predictions[] = {"epsilon", "v_prediction", "sample", NULL};
    static const char *const spacings[] = {"leading", "trailing", "linspace", NULL};
    int beta = c->beta_schedule, prediction = c->prediction_type, spacing = c->timestep_spacing;
    if (!read_name(&beta, j, "beta_schedule", betas, err) ||
        !read_name(&prediction, j, "prediction_type", predictions, err) ||
        !read_name(&spacing, j, "timestep_spacing", spacings, err))
        return false;
    c->beta_schedule = (DdimBetas)beta;
    c->prediction_type = (DdimPrediction)prediction;
    c->timestep_spacing = (DdimSpacing)spacing;
    return true;
}

bool ddim_config_read(DdimConfig *c, const Json *j, Err *err)
{
    if (!js_is_object(j))
        return err_set(err, ERR_FORMAT, "scheduler: the configuration should be an object");
    if (is_set(j, "trained_betas") || is_set(j, "thresholding"))
        return err_set(err, ERR_INPUT, "scheduler: '%s' is not supported",
                       is_set(j, "trained_betas") ? "trained_betas" : "thresholding");
    c->rescale_betas_zero_snr =
        js_bool(js_get(j, "rescale_betas_zero_snr"), c->rescale_betas_zero_snr);
    c->set_alpha_to_one = js_bool(js_get(j, "set_alpha_to_one"), c->set_alpha_to_one);
    c->clip_sample = js_bool(js_get(j, "clip_sample"), c->clip_sample);
    return read_words(c, j, err) &&
           read_int(&c->num_train_timesteps, j, "num_train_timesteps", 2, DDIM_MAX_TIMES,
                    err) &&
           read_int(&c->steps_offset, j, "steps_offset", 0, DDIM_MAX_TIMES, err) &&
           read_number(&c->beta_start, j, "beta_start", 1e-9, 0.999, err) &&
           read_number(&c->beta_end, j, "beta_end", 1e-9, 0.999, err) &&
           read_number(&c->clip_sample_range, j, "clip_sample_range", 1e-6, 1e6, err);
}

/* torch.linspace in f32: from both ends to the middle, fused. */
static void line(float *to, int n, float from, float until)
{
    float step = (until - from) / (float)(n - 1);
    for (int i = 0; i < n; i++)
        to[i] = i < n / 2 ? fmaf(step, (float)i, from) : fmaf(-step, (float)(n - 1 - i), until);
}

static void make_betas(float *beta, const DdimConfig *c)
{
    int T = c->num_train_timesteps;
    if (c->beta_schedule == DDIM_LINEAR) {
        line(beta, T, (float)c->beta_start, (float)c->beta_end);
        return;
    }
    line(beta, T, (float)sqrt(c->beta_start), (float)sqrt(c->beta_end));
    for (int i = 0; i < T; i++)
        beta[i] *= beta[i];
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

/* numpy's arithmetic: arange(T, 0, -T/n) is T + k * ((T - T/n) - T), whose
 * rounding decides ties, and round() goes to even. */
static int time_of(const DdimConfig *c, int steps, int k)
{
    double T = c->num_train_timesteps;
    int back = steps - 1 - k;
    if (c->timestep_spacing == DDIM_TRAILING)
        return (int)rint(T + k * ((T - T / steps) - T)) - 1;
    if (c->timestep_spacing == DDIM_LEADING)
        return back * (c->num_train_timesteps / steps) + c->steps_offset;
    if (steps == 1)
        return 0;
    return back == steps - 1 ? (int)T - 1 : (int)rint(back * ((T - 1) / (steps - 1)));
}

static bool make_times(Ddim *d, Err *err)
{
    for (int k = 0; k < d->steps; k++) {
        int t = time_of(&d->config, d->steps, k);
        if (t < 0 || t >= d->config.num_train_timesteps)
            return err_set(err, ERR_INPUT,
                           "scheduler: %d steps with steps_offset %d would begin at time %d of "
                           "%d; use fewer steps",
                           d->steps, d->config.steps_offset, t, d->config.num_train_timesteps);
        d->time[k] = t;
    }
    if (d->config.prediction_type == DDIM_EPSILON && d->abar[d->time[0]] == 0)
        return err_set(err, ERR_INPUT,
                       "scheduler: a network that predicts the noise (epsilon) cannot start at "
                       "zero terminal SNR; prediction_type or rescale_betas_zero_snr is wrong");
    return true;
}

static bool check_config(const DdimConfig *c, int steps, Err *err)
{
    if (c->num_train_timesteps < 2 || c->num_train_timesteps > DDIM_MAX_TIMES)
        return err_set(err, ERR_INPUT, "scheduler: num_train_timesteps %d is not in 2..%d",
                       c->num_train_timesteps, DDIM_MAX_TIMES);
    if (steps < 1 || steps > c->num_train_timesteps)
        return err_set(err, ERR_INPUT, "%d steps are not in 1..%d", steps,
                       c->num_train_timesteps);
    if (!(c->beta_start > 0 && c->beta_start < c->beta_end && c->beta_end < 1))
        return err_set(err, ERR_INPUT, "scheduler: betas from %g to %g do not grow within 0..1",
                       c->beta_start, c->beta_end);
    return true;
}

bool ddim_init(Ddim *d, const DdimConfig *c, int steps, Err *err)
{
    memset(d, 0, sizeof *d);
    if (!check_config(c, steps, err))
        return false;
    int T = c->num_train_timesteps;
    d->config = *c;
    d->steps = steps;
    d->time = xalloc((size_t)steps, sizeof *d->time);
    d->abar = xalloc((size_t)T, sizeof *d->abar);
    float *beta = xalloc((size_t)T, sizeof *beta);
    make_betas(beta, c);
    if (c->rescale_betas_zero_snr)
        rescale_betas(beta, d->abar, T);
    multiply_up(d->abar, beta, T);
    xfree(beta);
    d->final_abar = c->set_alpha_to_one ? 1 : d->abar[0];
    if (make_times(d, err))
        return true;
    ddim_release(d);
    return false;
}

void ddim_release(Ddim *d)
{
    xfree(d->time);
    xfree(d->abar);
    memset(d, 0, sizeof *d);
}

float ddim_abar(const Ddim *d, int t)
{
    must(t < d->config.num_train_timesteps);
    return t < 0 ? d->final_abar : d->abar[t];
}

int ddim_next_time(const Ddim *d, int i)
{
    must(i >= 0 && i < d->steps);
    return d->time[i] - d->config.num_train_timesteps / d->steps;
}

/* The shares of picture and noise in x at a time. */
typedef struct {
    float picture, noise;
} Share;

static Share share_at(const Ddim *d, int t)
{
    float abar = ddim_abar(d, t);
    return (Share){sqrtf(abar), sqrtf(1 - abar)};
}

static float x0_of(const Ddim *d, Share s, float x, float prediction)
{
    float x0 = prediction;
    if (d->config.prediction_type == DDIM_V)
        x0 = s.picture * x - s.noise * prediction;
    else if (d->config.prediction_type == DDIM_EPSILON)
        x0 = (x - s.noise * prediction) / s.picture;
    return x0;
}

static float noise_of(const Ddim *d, Share s, float x, float prediction)
{
    if (d->config.prediction_type == DDIM_V)
        return s.picture * prediction + s.noise * x;
    if (d->config.prediction_type == DDIM_EPSILON)
        return prediction;
    return (x - s.picture * prediction) / s.noise;
}

static float clip(const Ddim *d, float x0)
{
    float range = (float)d->config.clip_sample_range;
    if (!d->config.clip_sample)
        return x0;
    return x0 < -range ? -range : x0 > range ? range : x0;
}

void ddim_x0(const Ddim *d, int i, float *x0, const float *x, const float *prediction,
             int64_t n)
{
    Share now = share_at(d, d->time[i]);
    for (int64_t k = 0; k < n; k++)
        x0[k] = clip(d, x0_of(d, now, x[k], prediction[k]));
}

void ddim_step(const Ddim *d, int i, float *x, const float *prediction, int64_t n)
{
    Share next = share_at(d, ddim_next_time(d, i));
    Share now = share_at(d, d->time[i]);
    for (int64_t k = 0; k < n; k++) {
        float x0 = clip(d, x0_of(d, now, x[k], prediction[k]));
        float noise = noise_of(d, now, x[k], prediction[k]);
        x[k] = next.picture * x0 + next.noise * noise;
    }
}

void ddim_add_noise(const Ddim *d, int i, float *x, const float *noise, int64_t n)
{
    must(i >= 0 && i < d->steps);
    Share s = share_at(d, d->time[i]);
    for (int64_t k = 0; k < n; k++)
        x[k] = s.picture * x[k] + s.noise * noise[k];
}

int ddim_first_step(const Ddim *d, double strength)
{
    int wanted = (int)(d->steps * strength);
    int gone = wanted < 1 ? 1 : wanted > d->steps ? d->steps : wanted;
    return d->steps - gone;
}
