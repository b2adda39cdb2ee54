#ifndef DIFFUSION_DDIM_H
#define DIFFUSION_DDIM_H
#include "base/json.h"

/* DDIM without noise (eta 0), number for number as diffusers computes it.
 *
 *   x' = sqrt(abar') x0 + sqrt(1 - abar') e
 *
 * where abar is the share of the picture in x at time t, abar' that at the
 * next time, and x0 and e are the clean picture and the noise that the
 * network's prediction stands for.  Tables and steps are f32, in the order
 * of operations of diffusers (0.24 and later); times are computed in double,
 * as numpy does.  A Ddim does not change once made; any number of threads
 * may share one. */

typedef enum { DDIM_EPSILON, DDIM_V, DDIM_SAMPLE } DdimPrediction;
typedef enum { DDIM_LINEAR, DDIM_SCALED_LINEAR } DdimBetas;
typedef enum { DDIM_LEADING, DDIM_TRAILING, DDIM_LINSPACE } DdimSpacing;

enum { DDIM_MAX_TIMES = 4096 };

/* What diffusers' scheduler_config.json says, under its names. */
typedef struct DdimConfig {
    int num_train_timesteps;
    double beta_start, beta_end;
    DdimBetas beta_schedule;
    DdimPrediction prediction_type;
    bool rescale_betas_zero_snr;
    DdimSpacing timestep_spacing;
    int steps_offset; /* only leading spacing uses it */
    bool set_alpha_to_one;
    bool clip_sample;
    double clip_sample_range;
} DdimConfig;

/* Moore-AnimateAnyone's inference_v2.yaml (spec/sprite.md 3.3): linear betas
 * 0.00085 to 0.012, zero terminal SNR, v prediction, trailing. */
DdimConfig ddim_config_moore(void);

/* The defaults of diffusers' DDIMScheduler, which stand for what a file
 * leaves out: epsilon, linear betas 0.0001 to 0.02, leading, clipping. */
DdimConfig ddim_config_diffusers(void);

/* Members of a scheduler_config.json over what *c holds already; unknown ones
 * are ignored.  False, naming the member, for a value that is out of range or
 * that this sampler does not know (another beta schedule, thresholding). */
bool ddim_config_read(DdimConfig *c, const Json *j, Err *err) MUST_USE;

typedef struct Ddim {
    DdimConfig config;
    int steps;
    int *time;        /* [steps], falling */
    float *abar;      /* [num_train_timesteps] */
    float final_abar; /* stands for abar before time 0 */
} Ddim;

/* Tables and the times of `steps` steps (1..num_train_timesteps).  Refuses an
 * epsilon prediction that would have to start from pure noise (zero terminal
 * SNR), since that says nothing about the picture.  Release with
 * ddim_release; safe on a zeroed Ddim. */
bool ddim_init(Ddim *d, const DdimConfig *c, int steps, Err *err) MUST_USE;
void ddim_release(Ddim *d);

/* abar at time t; final_abar if t < 0. */
float ddim_abar(const Ddim *d, int t);

/* Where step i leads: time[i] - num_train_timesteps / steps (an integer
 * division), as diffusers has it.  That is not always time[i + 1]; below 0
 * after the last step if steps divides num_train_timesteps. */
int ddim_next_time(const Ddim *d, int i);

/* x[n] moves from time[i] to the next, in place.  prediction[n] is what the
 * network said about x. */
void ddim_step(const Ddim *d, int i, float *x, const float *prediction, int64_t n);

/* The clean picture that the prediction stands for: x0[n]; may be x or
 * prediction. */
void ddim_x0(const Ddim *d, int i, float *x0, const float *x, const float *prediction,
             int64_t n);

/* x[n] = sqrt(abar) x + sqrt(1 - abar) noise at time[i]: where a drawing
 * enters that is to be refined rather than made from nothing. */
void ddim_add_noise(const Ddim *d, int i, float *x, const float *noise, int64_t n);

/* The step to begin with when only `strength` (0..1] of the way is to be
 * gone: steps - max(1, min(int(steps * strength), steps)); diffusers' img2img. */
int ddim_first_step(const Ddim *d, double strength);

/* What a v prediction looks like at the first step of a zero-SNR schedule,
 * where x is pure noise and the clean picture is -v: spread out moderately,
 * smoother than noise, and unlike x.  A network that predicts the noise, or
 * one whose parts do not belong together, fails this. */
typedef struct DdimVerdict {
    float spread;    /* standard deviation of -v; plausible below 2 */
    float roughness; /* of neighbours in h and w: 1 is white noise, 0 is flat */
    float likeness;  /* correlation of prediction and x; near 0 is plausible */
    bool is_plausible;
} DdimVerdict;

/* x and prediction [F,h,w,C] at step 0.  False, with a sentence that says
 * what is probably wrong, if the prediction is not plausible or not finite. */
bool ddim_check_v(DdimVerdict *verdict, const float *x, const float *prediction, int64_t F,
                  int64_t h, int64_t w, int64_t C, Err *err) MUST_USE;
#endif
