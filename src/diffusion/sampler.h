#ifndef DIFFUSION_SAMPLER_H
#define DIFFUSION_SAMPLER_H
#include "base/arena.h"
#include "diffusion/scheduler.h"

/* Samplers: what a network says about the noise becomes the next x, number
 * for number as diffusers computes it.  One table, one state, one loop:
 *
 *     sampler_init(&s, &config, steps, err)
 *     sampler_start(&s, first, n, arena, err)       first = 0: from pure noise
 *     x = noise * s.start_scale                     or sampler_add_noise(&s, first, x, noise)
 *     for (i = first; i < s.calls; i++)
 *         sampler_scale(&s, i, in, x, n)
 *         out = network(in, s.time[i])
 *         sampler_step(&s, i, x, out, sampler_draws(&s, i) ? fresh noise : NULL)
 *
 *   name             class in scheduler_config.json       paper
 *   ddim             DDIMScheduler                        2010.02502, Song et al.
 *   ddpm             DDPMScheduler                        2006.11239, Ho et al.
 *   pndm             PNDMScheduler                        2202.09778, Liu et al.
 *   euler            EulerDiscreteScheduler               2206.00364, Karras et al.
 *   euler_a          EulerAncestralDiscreteScheduler      the same, noise as k-diffusion
 *   dpm++2m          DPMSolverMultistepScheduler          2211.01095, Lu et al.
 *   dpm++2m_karras   the same, with Karras' levels
 *   unipc            UniPCMultistepScheduler              2302.04867, Zhao et al.
 *   lcm              LCMScheduler                         2310.04378, Luo et al.
 *
 * In x, a picture of spread 1 and noise of spread 1 have their shares: with
 * abar the part of the picture that is left at time t,
 *
 *   sqrt(abar) and sqrt(1 - abar)    ddim, ddpm, pndm, lcm
 *   1 and sigma                      euler, euler_a
 *   a and a sigma, a = 1/sqrt(sigma^2 + 1)    dpm++2m, unipc
 *
 * where sigma = sqrt((1 - abar) / abar).  Tables are f32 where diffusers has
 * them so, what is computed from them f64; x is f32.  A step looks at each
 * number of x alone and uses no threads. */

typedef struct Share {
    float picture, noise;
} Share;

enum { SAMPLER_KEEPS = 6 };

typedef struct Sampler {
    SchedulerConfig config;
    int steps;         /* as asked for */
    int calls;         /* of the network; more than steps with pndm */
    float *time;       /* [calls] what the network is told; never rising */
    Share *at;         /* [calls] what x consists of before each call */
    float *abar;       /* [num_train_timesteps] */
    float final_abar;  /* stands for abar before time 0 */
    float *sigma;      /* [calls + 1], falling; NULL for the samplers that use abar */
    float start_scale; /* noise of spread 1 times this is the x to start from */
    /* While it runs. */
    int first;
    int64_t count;              /* numbers in x */
    float *kept[SAMPLER_KEEPS]; /* [count] each, of former steps, in the arena */
} Sampler;

/* Of all rows, for a parameter's choices. */
#define SAMPLERS "ddim|ddpm|pndm|euler|euler_a|dpm++2m|dpm++2m_karras|unipc|lcm"

/* The row called `name`, whatever the case, spaces, dashes and underscores
 * ("DPM++ 2M Karras"); NULL if there is none. */
const SamplerKind *sampler_find(const char *name);
/* The i-th row, NULL past the last; and its name. */
const SamplerKind *sampler_at(int i);
const char *sampler_name(const SamplerKind *kind);
/* "ddim, ddpm, ..." into text, which is returned. */
const char *sampler_names(char *text, size_t size);

/* Tables and times of `steps` steps (1..num_train_timesteps).  False, with
 * the reason, for a config that leads nowhere: steps that fall together, a
 * network that predicts the noise asked at zero terminal SNR, a sampler that
 * does not know such predictions or such levels of noise.  Release with
 * sampler_release; safe on a zeroed Sampler. */
bool sampler_init(Sampler *s, const SchedulerConfig *c, int steps, Err *err) MUST_USE;
void sampler_release(Sampler *s);

/* Forgets former steps; x will have n numbers and the next call is `first`.
 * What the sampler has to keep lives in the arena until it is rewound:
 * sampler_room bytes at most.  False if the arena is short, or if the sampler
 * cannot begin there (pndm with Runge-Kutta steps).
 *
 * pndm goes its first step twice.  Begun in the middle, diffusers has lost the
 * call that says so: from the third call on, the network is told a time one
 * step below the one that x is at.  plms_lag keeps that, for equality; without
 * it there is one call more, so s->calls may change here. */
bool sampler_start(Sampler *s, int first, int64_t n, Arena *a, Err *err) MUST_USE;
size_t sampler_room(const SamplerKind *kind, int64_t n);

/* The call to begin with when a picture is to be changed by `strength` 0..1:
 * steps - min(int(steps * strength), steps), as diffusers' img2img, but never
 * beyond the last step. */
int sampler_first(const Sampler *s, double strength);

/* x[n] = picture share * x + noise share * noise, before call i. */
void sampler_add_noise(const Sampler *s, int i, float *x, const float *noise, int64_t n);

/* What the network is shown of x before call i; to may be x. */
void sampler_scale(const Sampler *s, int i, float *to, const float *x, int64_t n);

/* Whether step i draws noise.  euler_a draws even for its last step, which
 * makes nothing of it. */
bool sampler_draws(const Sampler *s, int i);

/* x[count] moves on, in place, by out[count], the network's answer to call i.
 * Calls come in order.  noise[count] if sampler_draws, else NULL. */
void sampler_step(Sampler *s, int i, float *x, const float *out, const float *noise);

/* The clean picture that the answer to call i stands for: x0[n]; may be x or
 * out. */
void sampler_x0(const Sampler *s, int i, float *x0, const float *x, const float *out,
                int64_t n);
#endif
