/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "diffusion/internal.h"

/* PNDM: four former answers of the network lead on (PLMS).  They are had
 * either by starting with lower orders and going the first step twice, or by
 * twelve Runge-Kutta calls over the first three steps (PRK). */

enum {
    PRK_CALLS = 12,
    FORMER = 4, /* kept[0..3]: answers, the newest first */
    START = 4,  /* kept[4]: x where a step began that takes several calls */
    SUM = 5,    /* kept[5]: answers of such a step, weighted */
};

static int base_time(const Sampler *s, int k)
{
    return (int)rint(schedule_time(&s->config, s->steps, k));
}

static int stride(const Sampler *s)
{
    return s->config.num_train_timesteps / s->steps;
}

static int prk_time(const Sampler *s, int call)
{
    int half = 6 - (call + 1) / 2; /* half steps up from the fourth time */
    return base_time(s, 3 - half / 2) + (half % 2 ? stride(s) / 2 : 0);
}

/* The times from call `first` on, the second of them twice. */
static void list_plms(Sampler *s, int first)
{
    int from = first > 1 ? first - 1 : first; /* of a list that repeats its second */
    int left = s->steps - from;
    s->calls = first + left + (left > 1);
    for (int i = 0; i < s->calls - first; i++)
        schedule_put(s, first + i, base_time(s, from + (i > 1 ? i - 1 : i)));
}

bool plan_pndm(Sampler *s, Err *err)
{
    bool runs = !s->config.skip_prk_steps;
    int n = s->steps;
    if (runs && n < FORMER)
        return err_set(
            err, ERR_INPUT,
            "sampler 'pndm' with Runge-Kutta steps needs 4 steps or more, not %d: set "
            "skip_prk_steps",
            n);
    schedule_room(s, n + (runs ? 9 : 2), false);
    for (int k = 0; k < n; k++) {
        if (!schedule_take_time(s, k, base_time(s, k), err))
            return false;
    }
    for (int i = 0; runs && i < s->calls; i++)
        schedule_put(s, i, i < PRK_CALLS ? prk_time(s, i) : base_time(s, i - 9));
    if (!runs)
        list_plms(s, 0);
    return true;
}

void begin_pndm(Sampler *s)
{
    if (s->config.skip_prk_steps && !s->config.plms_lag)
        list_plms(s, s->first);
}

/* x = the way from start at one time to another along e[count]; e may be x. */
static void lead(const Sampler *s, float *x, const float *start, const float *e, int from,
                 int to)
{
    double now = (double)schedule_abar_at(s, from), next = (double)schedule_abar_at(s, to);
    double part = now * sqrt(1 - next) + sqrt(now * (1 - now) * next);
    float keep = (float)sqrt(next / now), take = (float)((next - now) / part);
    Line noise = {0, 1};
    if (s->config.prediction_type == PREDICTS_V)
        noise = (Line){(float)sqrt(1 - now), (float)sqrt(now)};
    for (int64_t k = 0; k < s->count; k++)
        x[k] = keep * start[k] - take * line_at(noise, start[k], e[k]);
}

static void copy(const Sampler *s, float *to, const float *from)
{
    memcpy(to, from, (size_t)s->count * sizeof *to);
}

static void remember(Sampler *s, const float *out)
{
    float *oldest = s->kept[FORMER - 1];
    memmove(s->kept + 1, s->kept, (FORMER - 1) * sizeof *s->kept);
    s->kept[0] = oldest;
    copy(s, oldest, out);
}

/* Runge and Kutta's four answers, a half, a half, and a whole step on. */
static void step_prk(Sampler *s, int i, float *x, const float *out)
{
    static const float share[] = {1 / 6.0f, 1 / 3.0f, 1 / 3.0f, 1 / 6.0f};
    int turn = (i - s->first) % 4;
    float *sum = s->kept[SUM];
    if (turn == 0) {
        remember(s, out);
        copy(s, s->kept[START], x);
        memset(sum, 0, (size_t)s->count * sizeof *sum);
    }
    for (int64_t k = 0; k < s->count; k++)
        sum[k] += share[turn] * out[k];
    int to = (int)s->time[i] - (turn % 2 ? 0 : stride(s) / 2);
    lead(s, x, s->kept[START], turn == 3 ? sum : out, (int)s->time[i - turn], to);
}

/* Adams and Bashforth's weights of 1 to 4 answers. */
static const double bashforth[FORMER][FORMER] = {
    {1},
    {3 / 2.0, -1 / 2.0},
    {23 / 12.0, -16 / 12.0, 5 / 12.0},
    {55 / 24.0, -59 / 24.0, 37 / 24.0, -9 / 24.0},
};

static void step_plms(Sampler *s, int i, float *x, const float *out, int call)
{
    int from = (int)s->time[i], to = from - stride(s);
    float *sum = s->kept[SUM], *const *e = s->kept;
    if (call == 1) { /* the first step again, with the mean of both ends */
        for (int64_t k = 0; k < s->count; k++)
            sum[k] = (out[k] + e[0][k]) / 2;
        lead(s, x, s->kept[START], sum, from + stride(s), from);
        return;
    }
    if (call == 0)
        copy(s, s->kept[START], x);
    remember(s, out);
    int known = call == 0 ? 1 : call < FORMER ? call : FORMER;
    float w[FORMER];
    for (int j = 0; j < FORMER; j++)
        w[j] = (float)bashforth[known - 1][j];
    for (int64_t k = 0; k < s->count; k++)
        sum[k] = w[0] * e[0][k] + w[1] * e[1][k] + w[2] * e[2][k] + w[3] * e[3][k];
    lead(s, x, x, sum, from, to);
}

void step_pndm(Sampler *s, int i, float *x, const float *out, const float *noise)
{
    (void)noise;
    int call = i - s->first;
    if (s->config.skip_prk_steps)
        step_plms(s, i, x, out, call);
    else if (call < PRK_CALLS)
        step_prk(s, i, x, out);
    else
        step_plms(s, i, x, out, call - PRK_CALLS + FORMER);
}
