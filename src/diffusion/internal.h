#ifndef DIFFUSION_INTERNAL_H
#define DIFFUSION_INTERNAL_H
#include "diffusion/sampler.h"

/* What the families of samplers share.  Not for other rooms. */

/* Members of a scheduler_config.json that only some classes have. */
enum {
    TAKES_ALPHA_TO_ONE = 1,
    TAKES_CLIP = 2,
    TAKES_ZERO_SNR = 4,
    TAKES_SIGMAS = 8, /* Karras, exponential, the final one */
    TAKES_SIGMA_ENDS = 16,
    TAKES_SOLVER = 32, /* order, type, lower_order_final */
    TAKES_DPM = 64,
    TAKES_UNIPC = 128,
    TAKES_PRK = 256,
    TAKES_ORIGIN = 512, /* what an LCM was distilled from */
    TAKES_VARIANCE = 1024,
    TAKES_THRESHOLD = 2048
};

struct SamplerKind {
    const char *name, *class_name;
    unsigned takes;     /* TAKES_ bits */
    unsigned predicted; /* 1 << Prediction for each that it can follow */
    /* Where the defaults of the class differ. */
    Spacing spacing;
    bool clips, alpha_to_one, is_distilled;
    bool sets_sigmas; /* asked for by name, it is with `sigmas` and no others */
    SigmaRule sigmas;
    bool explodes; /* x is picture + sigma * noise, and shown scaled down */
    int keeps;     /* tensors of former steps */
    bool (*plan)(Sampler *s, Err *err);
    void (*begin)(Sampler *s);              /* at s->first; or NULL */
    bool (*draws)(const Sampler *s, int i); /* NULL: never */
    void (*step)(Sampler *s, int i, float *x, const float *out, const float *noise);
};

/* ---- schedule.c: tables ---- */

/* abar [T] and final_abar, of s->config. */
void schedule_abar(Sampler *s);
/* Room for `calls` times and shares; with_sigmas also for calls + 1 sigmas. */
void schedule_room(Sampler *s, int calls, bool with_sigmas);
/* Time k of n, of n evenly spaced ones, unrounded for linspace. */
double schedule_time(const SchedulerConfig *c, int n, int k);
/* Time k of s, checked: within the table, below time k - 1. */
bool schedule_take_time(Sampler *s, int k, double t, Err *err) MUST_USE;
/* A whole time, and the shares there. */
void schedule_put(Sampler *s, int k, int t);
float schedule_abar_at(const Sampler *s, int t); /* final_abar below 0 */
Share schedule_share(float abar);

/* ---- sigmas.c: levels of noise ---- */
bool plan_euler(Sampler *s, Err *err);
bool plan_multistep(Sampler *s, Err *err);

/* ---- the families ---- */
bool plan_ddim(Sampler *s, Err *err);
bool ddim_draws(const Sampler *s, int i);
void step_ddim(Sampler *s, int i, float *x, const float *out, const float *noise);
bool ddpm_draws(const Sampler *s, int i);
void step_ddpm(Sampler *s, int i, float *x, const float *out, const float *noise);
bool plan_lcm(Sampler *s, Err *err);
bool lcm_draws(const Sampler *s, int i);
void step_lcm(Sampler *s, int i, float *x, const float *out, const float *noise);
bool plan_pndm(Sampler *s, Err *err);
void begin_pndm(Sampler *s);
void step_pndm(Sampler *s, int i, float *x, const float *out, const float *noise);
void step_euler(Sampler *s, int i, float *x, const float *out, const float *noise);
bool euler_a_draws(const Sampler *s, int i);
void step_euler_a(Sampler *s, int i, float *x, const float *out, const float *noise);
void step_dpm(Sampler *s, int i, float *x, const float *out, const float *noise);
void step_unipc(Sampler *s, int i, float *x, const float *out, const float *noise);

/* A number that is read off x and the network's answer. */
typedef struct Line {
    float x, out;
} Line;

static inline float line_at(Line l, float x, float out)
{
    return l.x * x + l.out * out;
}

/* How the clean picture and the noise are read, given the shares in x. */
typedef struct Reading {
    Line clean, noise;
    float limit; /* of the clean picture; INFINITY if it is not clipped */
} Reading;

Reading sampler_reading(const Sampler *s, Share at);

static inline float clip(float x0, float limit)
{
    return x0 < -limit ? -limit : x0 > limit ? limit : x0;
}
static inline float clean_at(const Reading *r, float x, float out)
{
    return clip(line_at(r->clean, x, out), r->limit);
}
#endif
