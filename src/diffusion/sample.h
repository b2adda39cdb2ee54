#ifndef DIFFUSION_SAMPLE_H
#define DIFFUSION_SAMPLE_H
#include <stdatomic.h>
#include "diffusion/guidance.h"
#include "diffusion/noise.h"
#include "diffusion/sampler.h"
#include "diffusion/window.h"
#include "tensor/tensor.h"

/* The loop that turns noise into latents.  It knows no network:
 *
 *   for each time t of the sampler:
 *     for each window of frames:   denoise(net, frames, t) -> cond, uncond
 *     prediction = average over windows
 *     guidance, one frame at a time
 *     one step of the sampler for all frames
 *
 * Latents are [F,h,w,C], f32, channels last (torch's are [1,C,F,h,w]; see
 * diffusion/noise.h).  F counts the frames of a clip, or the pictures of a
 * batch.  Results equal those of the pipelines of diffusers and of
 * Moore-AnimateAnyone, given equal predictions. */

/* One question to the network. */
typedef struct DenoiseCall {
    int step;             /* which call of the sampler; begins at first_step */
    int done, total;      /* of the calls of this run */
    float t;              /* the sampler's time, 999..0; not always whole */
    int64_t frames;       /* N, frames in this window */
    const int64_t *frame; /* [N] which frames of the clip: choose poses by these */
    Tensor latents;       /* [N,h,w,C], in this order, scaled as the network wants them */
    Tensor cond;          /* [N,h,w,C], to be filled */
    Tensor uncond;        /* [N,h,w,C], to be filled; empty if there is no guidance */
} DenoiseCall;

/* Fills call->cond, and call->uncond unless it is empty.  False with the
 * reason in err to end the sampling. */
typedef bool (*DenoiseFn)(void *net, const DenoiseCall *call, Err *err);

/* After each step: `done` of `steps` are done, and latents are what they are
 * now (not to be changed). */
typedef void (*SampleProgressFn)(void *user, int done, int steps, Tensor latents);

/* After each step, before progress is told: may change the latents, which are
 * what the sampler will have before call step + 1 (the masked part of a
 * picture is put back here). */
typedef void (*SampleAfterFn)(void *user, int step, Tensor latents);

/* In each step, once the network has spoken: `said` is its prediction, after
 * guidance, about `latents`, which have not moved yet.  sampler_x0 makes of the
 * two what the picture would be. */
typedef void (*SampleSaidFn)(void *user, int step, Tensor latents, Tensor said);

/* Sees "noise" before the first step, "pred.<step>" (after guidance) and
 * "latents.<step>" in each, "latents" at the end.  All [F,h,w,C]. */
typedef void (*SampleTapFn)(void *user, const char *name, Tensor t);

typedef struct SampleOptions {
    Sampler *sampler; /* one loop at a time */
    Guidance guidance;
    WindowRule window;       /* size 0: all frames in one window */
    int first_step;          /* 0, or that of a drawing to be refined */
    NoiseSource *noise;      /* for samplers that draw it; else NULL */
    const atomic_bool *stop; /* somebody sets it: ERR_CANCELLED soon after; or NULL */
    SampleSaidFn said;
    void *said_user;
    SampleAfterFn after;
    void *after_user;
    SampleProgressFn progress;
    void *progress_user;
    SampleTapFn tap;
    void *tap_user;
    Err *doubt; /* gets verdict_on_v's sentence if the first prediction, of v from
                   pure noise, fails it; the loop goes on.  Or NULL */
} SampleOptions;

/* Latents [F,h,w,C] hold noise (or a noised drawing) before, the result
 * after; after a failure they are somewhere between.  Takes some
 * times their size from scratch (sample_scratch) and gives it back.  One loop at a time for a
 * net. */
bool sample_run(const SampleOptions *o, DenoiseFn denoise, void *net, Tensor latents,
                Arena *scratch, Err *err) MUST_USE;

/* What sample_run will take from scratch, in bytes, for planning. */
size_t sample_scratch(const SampleOptions *o, Tensor latents);
#endif
