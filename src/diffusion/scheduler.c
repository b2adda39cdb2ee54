/* SPDX-License-Identifier: MIT */
#include "diffusion/scheduler.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "diffusion/internal.h"

static const char *const predictions[] = {"epsilon", "v_prediction", "sample", NULL};
static const char *const spacings[] = {"leading", "trailing", "linspace", NULL};
static const char *const sigma_rules[] = {"spaced", "karras", "exponential", NULL};
static const char *const betas[] = {"linear", "scaled_linear", "squaredcos_cap_v2", NULL};
static const char *const finals[] = {"zero", "sigma_min", NULL};
static const char *const solvers[] = {"midpoint", "heun", "bh1", "bh2", "logrho", NULL};
static const char *const variances[] = {"fixed_small", "fixed_small_log", "fixed_large", NULL};
/* What has one value here, and other values elsewhere. */
static const char *const only_linear[] = {"linear", NULL};
static const char *const only_discrete[] = {"discrete", NULL};
static const char *const only_plus[] = {"dpmsolver++", NULL};

static const char *word(const char *const *words, int count, int i)
{
    return i >= 0 && i < count ? words[i] : NULL;
}

const char *prediction_name(int i)
{
    return word(predictions, 3, i);
}

const char *spacing_name(int i)
{
    return word(spacings, 3, i);
}

const char *sigmas_name(int i)
{
    return word(sigma_rules, 3, i);
}

SchedulerConfig scheduler_config_defaults(const SamplerKind *k)
{
    return (SchedulerConfig){
        .sampler = k,
        .num_train_timesteps = 1000,
        .beta_start = k->is_distilled ? 0.00085 : 0.0001,
        .beta_end = k->is_distilled ? 0.012 : 0.02,
        .beta_schedule = k->is_distilled ? BETAS_SCALED_LINEAR : BETAS_LINEAR,
        .timestep_spacing = k->spacing,
        .set_alpha_to_one = k->alpha_to_one,
        .clip_sample = k->clips,
        .clip_sample_range = 1,
        .sigmas = k->sigmas,
        .solver_order = 2,
        .lower_order_final = true,
        .solver_type = k->takes & TAKES_UNIPC ? SOLVER_BH2 : SOLVER_MIDPOINT,
        .original_inference_steps = 50,
        .timestep_scaling = 10,
        .plms_lag = true};
}

SchedulerConfig scheduler_config_sd(const SamplerKind *k)
{
    SchedulerConfig c = scheduler_config_defaults(k);
    c.beta_start = 0.00085;
    c.beta_end = 0.012;
    c.beta_schedule = BETAS_SCALED_LINEAR;
    c.timestep_spacing = SPACING_LEADING;
    c.steps_offset = 1;
    c.set_alpha_to_one &= !(k->takes & TAKES_ALPHA_TO_ONE);
    c.clip_sample = false;
    c.skip_prk_steps = true;
    return c;
}

SchedulerConfig scheduler_config_moore(void)
{
    SchedulerConfig c = scheduler_config_defaults(sampler_find("ddim"));
    c.beta_start = 0.00085;
    c.beta_end = 0.012;
    c.prediction_type = PREDICTS_V;
    c.rescale_betas_zero_snr = true;
    c.timestep_spacing = SPACING_TRAILING;
    c.steps_offset = 1;
    c.clip_sample = false;
    return c;
}

/* ---- members ------------------------------------------------------------------------- */

typedef struct Member Member;
typedef bool (*Reader)(void *to, const Json *j, const Member *m, Err *err);
struct Member {
    const char *key;
    Reader read;
    size_t at;                /* where in a SchedulerConfig; one of `words` has no place */
    double low, high;         /* of a number */
    const char *const *words; /* or what may be said */
    unsigned takes;           /* classes that have it; 0: all */
};

static bool read_number(void *to, const Json *j, const Member *m, Err *err)
{
    double number = js_number(j, NAN);
    if (!(number >= m->low && number <= m->high))
        return err_set(err, ERR_FORMAT, "scheduler: '%s' should be a number from %g to %g",
                       m->key, m->low, m->high);
    *(double *)to = number;
    return true;
}

static bool read_int(void *to, const Json *j, const Member *m, Err *err)
{
    double number = 0;
    if (!read_number(&number, j, m, err))
        return false;
    if (number != floor(number))
        return err_set(err, ERR_FORMAT, "scheduler: '%s' should be a whole number", m->key);
    *(int *)to = (int)number;
    return true;
}

static bool read_bool(void *to, const Json *j, const Member *m, Err *err)
{
    if (js_bool(j, true) != js_bool(j, false))
        return err_set(err, ERR_FORMAT, "scheduler: '%s' should be true or false", m->key);
    *(bool *)to = js_bool(j, false);
    return true;
}

static bool read_word(void *to, const Json *j, const Member *m, Err *err)
{
    const char *text = js_string(j, NULL);
    if (!text)
        return err_set(err, ERR_FORMAT, "scheduler: '%s' should be a word", m->key);
    for (int i = 0; m->words[i]; i++) {
        if (strcmp(text, m->words[i]))
            continue;
        if (m->words[1]) /* an enum: its values are counted as the words are */
            *(int *)to = i;
        return true;
    }
    char known[160];
    size_t used = 0;
    for (int i = 0; m->words[i] && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 m->words[i]);
    return err_set(err, ERR_INPUT, "scheduler: %s '%.60s' is not supported (only %s)", m->key,
                   text, known);
}

/* What must be absent, false or empty, since it would change every number. */
static bool read_never(void *to, const Json *j, const Member *m, Err *err)
{
    (void)to;
    bool is_off = js_is_array(j) ? js_count(j) == 0 : !js_bool(j, true);
    return is_off || err_set(err, ERR_INPUT, "scheduler: '%s' is not supported", m->key);
}

static bool read_always(void *to, const Json *j, const Member *m, Err *err)
{
    (void)to;
    return js_bool(j, false) ||
           err_set(err, ERR_INPUT, "scheduler: '%s' is supported only as true", m->key);
}

static bool read_karras(void *to, const Json *j, const Member *m, Err *err)
{
    bool is_used = false;
    if (!read_bool(&is_used, j, m, err))
        return false;
    SigmaRule rule = strstr(m->key, "karras") ? SIGMAS_KARRAS : SIGMAS_EXPONENTIAL;
    SigmaRule *rules = to;
    if (is_used && *rules != SIGMAS_SPACED && *rules != rule)
        return err_set(err, ERR_FORMAT,
                       "scheduler: use_karras_sigmas and use_exponential_sigmas are both true");
    if (is_used)
        *rules = rule;
    else if (*rules == rule)
        *rules = SIGMAS_SPACED;
    return true;
}

#define IN(member) offsetof(SchedulerConfig, member)
static const Member members[] = {
    {"num_train_timesteps", read_int, IN(num_train_timesteps), 2, SCHEDULER_MAX_TIMES, NULL, 0},
    {"beta_start", read_number, IN(beta_start), 1e-9, 0.999, NULL, 0},
    {"beta_end", read_number, IN(beta_end), 1e-9, 0.999, NULL, 0},
    {"beta_schedule", read_word, IN(beta_schedule), 0, 0, betas, 0},
    {"prediction_type", read_word, IN(prediction_type), 0, 0, predictions, 0},
    {"timestep_spacing", read_word, IN(timestep_spacing), 0, 0, spacings, 0},
    {"steps_offset", read_int, IN(steps_offset), 0, SCHEDULER_MAX_TIMES, NULL, 0},
    {"rescale_betas_zero_snr", read_bool, IN(rescale_betas_zero_snr), 0, 0, NULL,
     TAKES_ZERO_SNR},
    {"set_alpha_to_one", read_bool, IN(set_alpha_to_one), 0, 0, NULL, TAKES_ALPHA_TO_ONE},
    {"clip_sample", read_bool, IN(clip_sample), 0, 0, NULL, TAKES_CLIP},
    {"clip_sample_range", read_number, IN(clip_sample_range), 1e-6, 1e6, NULL, TAKES_CLIP},
    {"use_karras_sigmas", read_karras, IN(sigmas), 0, 0, NULL, TAKES_SIGMAS},
    {"use_exponential_sigmas", read_karras, IN(sigmas), 0, 0, NULL, TAKES_SIGMAS},
    {"final_sigmas_type", read_word, IN(final_sigmas_type), 0, 0, finals, TAKES_SIGMAS},
    {"sigma_min", read_number, IN(sigma_min), 1e-9, 1e9, NULL, TAKES_SIGMA_ENDS},
    {"sigma_max", read_number, IN(sigma_max), 1e-9, 1e9, NULL, TAKES_SIGMA_ENDS},
    {"solver_order", read_int, IN(solver_order), 1, 2, NULL, TAKES_SOLVER},
    {"solver_type", read_word, IN(solver_type), 0, 0, solvers, TAKES_SOLVER},
    {"lower_order_final", read_bool, IN(lower_order_final), 0, 0, NULL, TAKES_SOLVER},
    {"euler_at_final", read_bool, IN(euler_at_final), 0, 0, NULL, TAKES_DPM},
    {"skip_prk_steps", read_bool, IN(skip_prk_steps), 0, 0, NULL, TAKES_PRK},
    {"original_inference_steps", read_int, IN(original_inference_steps), 1, SCHEDULER_MAX_TIMES,
     NULL, TAKES_ORIGIN},
    {"timestep_scaling", read_number, IN(timestep_scaling), 1e-6, 1e6, NULL, TAKES_ORIGIN},
    {"variance_type", read_word, IN(variance_type), 0, 0, variances, TAKES_VARIANCE},
    {"trained_betas", read_never, 0, 0, 0, NULL, 0},
    {"thresholding", read_never, 0, 0, 0, NULL, TAKES_THRESHOLD},
    {"use_beta_sigmas", read_never, 0, 0, 0, NULL, TAKES_SIGMAS},
    {"use_flow_sigmas", read_never, 0, 0, 0, NULL, TAKES_SOLVER},
    {"use_lu_lambdas", read_never, 0, 0, 0, NULL, TAKES_DPM},
    {"lambda_min_clipped", read_never, 0, 0, 0, NULL, TAKES_DPM},
    {"variance_type", read_never, 0, 0, 0, NULL, TAKES_DPM},
    {"algorithm_type", read_word, 0, 0, 0, only_plus, TAKES_DPM},
    {"predict_x0", read_always, 0, 0, 0, NULL, TAKES_UNIPC},
    {"disable_corrector", read_never, 0, 0, 0, NULL, TAKES_UNIPC},
    {"solver_p", read_never, 0, 0, 0, NULL, TAKES_UNIPC},
    {"interpolation_type", read_word, 0, 0, 0, only_linear, TAKES_SIGMA_ENDS},
    {"timestep_type", read_word, 0, 0, 0, only_discrete, TAKES_SIGMA_ENDS},
};
#undef IN

bool scheduler_config_read(SchedulerConfig *c, const Json *j, Err *err)
{
    if (!js_is_object(j))
        return err_set(err, ERR_FORMAT, "scheduler: the configuration should be an object");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const Member *m = &members[i];
        const Json *value = js_get(j, m->key);
        bool is_meant = !m->takes || (m->takes & c->sampler->takes);
        if (is_meant && !js_is_null(value) && !m->read((char *)c + m->at, value, m, err))
            return false;
    }
    return true;
}

static bool is_known(const SchedulerConfig *c, const char *key)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!strcmp(members[i].key, key))
            return !members[i].takes || (members[i].takes & c->sampler->takes);
    }
    return false;
}

bool scheduler_config_set(SchedulerConfig *c, Json *flags, Err *err)
{
    for (void *it = js_first(flags); it; it = js_next(flags, it)) {
        const char *key = js_key(it);
        if (!is_known(c, key))
            return err_set(err, ERR_INPUT, "sampler '%s' has no '%.60s'", c->sampler->name,
                           key);
        if (js_bool(js_value(it), false) && strstr(key, "_sigmas"))
            c->sigmas = SIGMAS_SPACED; /* instead of what the file says */
    }
    return scheduler_config_read(c, flags, err);
}

/* ---- files --------------------------------------------------------------------------- */

static const SamplerKind *kind_of_class(const char *class_name)
{
    for (int i = 0; sampler_at(i); i++) {
        if (!strcmp(sampler_at(i)->class_name, class_name))
            return sampler_at(i);
    }
    return NULL;
}

static const SamplerKind *choose(const Json *j, const char *sampler, Err *err)
{
    char names[200];
    const char *class_name = js_string(js_get(j, "_class_name"), NULL);
    const SamplerKind *k = NULL;
    if (sampler && !(k = sampler_find(sampler)))
        err_set(err, ERR_INPUT, "sampler '%.60s' is not known (only %s)", sampler,
                sampler_names(names, sizeof names));
    else if (!sampler && !class_name)
        err_set(err, ERR_FORMAT, "scheduler: the configuration has no '_class_name'");
    else if (!sampler && !(k = kind_of_class(class_name)))
        err_set(err, ERR_INPUT, "scheduler '%.60s' is not supported; choose a sampler: %s",
                class_name, sampler_names(names, sizeof names));
    return k;
}

bool scheduler_config_from(SchedulerConfig *c, const Json *j, const char *sampler, Err *err)
{
    if (!js_is_object(j))
        return err_set(err, ERR_FORMAT, "scheduler: the configuration should be an object");
    const SamplerKind *k = choose(j, sampler, err);
    if (!k)
        return false;
    *c = scheduler_config_defaults(k);
    bool ok = scheduler_config_read(c, j, err);
    if (sampler && k->sets_sigmas)
        c->sigmas = k->sigmas;
    return ok;
}

/* -Infinity and Infinity outside of strings become null. */
static void make_json(char *text, size_t size)
{
    bool is_string = false;
    for (size_t i = 0; i < size; i++) {
        size_t sign = text[i] == '-';
        if (text[i] == '"')
            is_string = !is_string;
        else if (is_string)
            i += text[i] == '\\';
        else if (size - i >= 8 + sign && !memcmp(text + i + sign, "Infinity", 8))
            memcpy(text + i, "null     ", 8 + sign);
    }
}

Json *scheduler_json(const char *text, size_t size, const char *name, Err *err)
{
    char *copy = xalloc(size + 1, 1);
    memcpy(copy, text, size);
    make_json(copy, size);
    Json *j = js_parse(copy, size, name, err);
    xfree(copy);
    return j;
}

Json *scheduler_json_load(const char *path, Err *err)
{
    unsigned char *bytes;
    size_t size;
    if (!file_read(&bytes, &size, path, (size_t)1 << 20, err))
        return NULL;
    Json *j = scheduler_json((const char *)bytes, size, path, err);
    xfree(bytes);
    return j;
}

bool scheduler_config_parse(SchedulerConfig *c, const char *text, size_t size, const char *name,
                            const char *sampler, Err *err)
{
    Json *j = scheduler_json(text, size, name, err);
    bool ok = j && scheduler_config_from(c, j, sampler, err);
    if (j && !ok)
        err_prefix(err, "'%s': ", name);
    js_free(j);
    return ok;
}
