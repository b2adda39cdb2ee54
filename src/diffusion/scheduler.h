#ifndef DIFFUSION_SCHEDULER_H
#define DIFFUSION_SCHEDULER_H
#include "base/json.h"

/* What is said about a walk from noise to a picture before its steps are
 * counted: how a network was trained, and which sampler is to lead it.
 *
 * The members, their names and their meaning are those of diffusers'
 * scheduler_config.json (0.35).  A file names a class; the class decides the
 * sampler, unless another is asked for by name.  Then the file is read as
 * diffusers' from_config reads it: the defaults are those of the class that
 * is used, members that this class does not have are passed over. */

/* One row of the table of samplers (diffusion/sampler.h). */
typedef struct SamplerKind SamplerKind;

/* What the network says: the noise e, v = sqrt(abar) e - sqrt(1 - abar) x0
 * (Salimans and Ho 2022, "Progressive distillation"), or the picture x0. */
typedef enum { PREDICTS_EPSILON, PREDICTS_V, PREDICTS_SAMPLE } Prediction;
/* betas: even; even roots, squared; or a cosine (Nichol and Dhariwal 2021). */
typedef enum { BETAS_LINEAR, BETAS_SCALED_LINEAR, BETAS_SQUAREDCOS } Betas;
typedef enum { SPACING_LEADING, SPACING_TRAILING, SPACING_LINSPACE } Spacing;
/* Levels of noise: those of the spaced times; Karras et al. 2022 with rho 7;
 * or evenly spaced logarithms. */
typedef enum { SIGMAS_SPACED, SIGMAS_KARRAS, SIGMAS_EXPONENTIAL } SigmaRule;
typedef enum { FINAL_ZERO, FINAL_SIGMA_MIN } FinalSigma;
typedef enum { SOLVER_MIDPOINT, SOLVER_HEUN, SOLVER_BH1, SOLVER_BH2, SOLVER_LOGRHO } Solver;
typedef enum { VARIANCE_SMALL, VARIANCE_SMALL_LOG, VARIANCE_LARGE } Variance;

enum { SCHEDULER_MAX_TIMES = 4096 };

typedef struct SchedulerConfig {
    const SamplerKind *sampler;
    int num_train_timesteps; /* T, 2..SCHEDULER_MAX_TIMES */
    double beta_start, beta_end;
    Betas beta_schedule;
    Prediction prediction_type;
    bool rescale_betas_zero_snr;
    Spacing timestep_spacing;
    int steps_offset; /* only leading spacing uses it */
    bool set_alpha_to_one;
    bool clip_sample;
    double clip_sample_range;
    SigmaRule sigmas; /* use_karras_sigmas, use_exponential_sigmas */
    FinalSigma final_sigmas_type;
    double sigma_min, sigma_max; /* the ends of Karras and exponential; 0: of the table */
    int solver_order;            /* 1 or 2 */
    bool lower_order_final, euler_at_final;
    Solver solver_type;
    bool skip_prk_steps;
    int original_inference_steps;
    double timestep_scaling;
    Variance variance_type;
    /* Not in the file. */
    double eta;    /* DDIM: 0 draws no noise, 1 as much as DDPM */
    bool plms_lag; /* PNDM begun in the middle; see sampler_start */
} SchedulerConfig;

/* The defaults of a class of diffusers. */
SchedulerConfig scheduler_config_defaults(const SamplerKind *sampler);

/* What Stable Diffusion 1, 2 and XL were trained with, for files that come
 * without a scheduler_config.json: scaled_linear 0.00085 to 0.012, leading,
 * steps_offset 1, nothing clipped, no Runge-Kutta steps, the rest as the class
 * has it.  prediction_type is epsilon: SD 2.x at 768 predicts v. */
SchedulerConfig scheduler_config_sd(const SamplerKind *sampler);

/* Moore-AnimateAnyone's inference_v2.yaml: DDIM, linear
 * betas 0.00085 to 0.012, zero terminal SNR, v prediction, trailing. */
SchedulerConfig scheduler_config_moore(void);

/* Members of a scheduler_config.json over what *c holds already; unknown ones
 * are ignored.  False, naming the member, for a value that is out of range or
 * that is not supported (thresholding, learned variance, ...). */
bool scheduler_config_read(SchedulerConfig *c, const Json *j, Err *err) MUST_USE;

/* The same members as a person asks for them, over those of the file: here
 * one that the sampler does not have is refused too.  Karras' levels replace
 * exponential ones and the other way round. */
bool scheduler_config_set(SchedulerConfig *c, Json *flags, Err *err) MUST_USE;

/* A whole file: the class, or `sampler` (a name of the table; NULL: as the
 * file says), its defaults, the members.  False also for a class or a name
 * that is not in the table. */
bool scheduler_config_from(SchedulerConfig *c, const Json *j, const char *sampler,
                           Err *err) MUST_USE;

/* A scheduler_config.json as text that is called `name`, or as a file of at most 1 MiB: the
 * caller's, NULL with the reason.  Python writes -Infinity, which JSON does not have; here it
 * counts as null, "not given". */
Json *scheduler_json(const char *text, size_t size, const char *name, Err *err) MUST_USE;
Json *scheduler_json_load(const char *path, Err *err) MUST_USE;

/* scheduler_config_from of such text. */
bool scheduler_config_parse(SchedulerConfig *c, const char *text, size_t size, const char *name,
                            const char *sampler, Err *err) MUST_USE;

/* The words that the file has for these, for flags and for what is written
 * into a picture: "v_prediction", "trailing", "karras".  NULL past the last. */
const char *prediction_name(int i);
const char *spacing_name(int i);
const char *sigmas_name(int i);
#endif
