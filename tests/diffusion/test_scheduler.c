/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "diffusion/sampler.h"

#include "golden.h"

static bool reads(SchedulerConfig *c, const char *text, const char *sampler, Err *err)
{
    return scheduler_config_parse(c, text, strlen(text), "x.json", sampler, err);
}

static SchedulerConfig read_as(const char *text, const char *sampler)
{
    SchedulerConfig c;
    Err err = {0};
    if (!reads(&c, text, sampler, &err))
        fail_msg("%s", err.text);
    return c;
}

static const char *name_of(const SchedulerConfig *c)
{
    return sampler_name(c->sampler);
}

static void assert_same(const SchedulerConfig *a, const SchedulerConfig *b)
{
    assert_ptr_equal(a->sampler, b->sampler);
    const int of_a[] = {
        a->num_train_timesteps,      (int)a->beta_schedule,    (int)a->prediction_type,
        a->rescale_betas_zero_snr,   (int)a->timestep_spacing, a->steps_offset,
        a->set_alpha_to_one,         a->clip_sample,           (int)a->sigmas,
        (int)a->final_sigmas_type,   a->solver_order,          a->lower_order_final,
        a->euler_at_final,           (int)a->solver_type,      a->skip_prk_steps,
        a->original_inference_steps, (int)a->variance_type};
    const int of_b[] = {
        b->num_train_timesteps,      (int)b->beta_schedule,    (int)b->prediction_type,
        b->rescale_betas_zero_snr,   (int)b->timestep_spacing, b->steps_offset,
        b->set_alpha_to_one,         b->clip_sample,           (int)b->sigmas,
        (int)b->final_sigmas_type,   b->solver_order,          b->lower_order_final,
        b->euler_at_final,           (int)b->solver_type,      b->skip_prk_steps,
        b->original_inference_steps, (int)b->variance_type};
    assert_memory_equal(of_a, of_b, sizeof of_a);
    const double real_a[] = {a->beta_start, a->beta_end,  a->clip_sample_range,
                             a->sigma_min,  a->sigma_max, a->timestep_scaling,
                             a->eta};
    const double real_b[] = {b->beta_start, b->beta_end,  b->clip_sample_range,
                             b->sigma_min,  b->sigma_max, b->timestep_scaling,
                             b->eta};
    assert_memory_equal(real_a, real_b, sizeof real_a);
}

/* What diffusers saves says everything; what it does not say must be the same. */
static void what_diffusers_saves_is_read_and_says_the_defaults(void **state)
{
    (void)state;
    static const char *saved[][2] = {
        {"ddim", "ddim"},   {"ddpm", "ddpm"},       {"pndm", "pndm"}, {"euler", "euler"},
        {"dpm", "dpm++2m"}, {"euler_a", "euler_a"}, {"lcm", "lcm"},   {"unipc", "unipc"}};
    Err err = {0};
    Json *golden = js_load(GOLDEN "/samplers/walks.json", &err);
    assert_non_null(golden);
    for (int i = 0; i < 8; i++) {
        const char *text = js_string(js_get(js_get(golden, "saved"), saved[i][0]), NULL);
        SchedulerConfig c = read_as(text, NULL);
        assert_string_equal(name_of(&c), saved[i][1]);
        SchedulerConfig want = scheduler_config_defaults(c.sampler);
        want.beta_start = 0.00085;
        want.beta_end = 0.012;
        want.beta_schedule = BETAS_SCALED_LINEAR;
        assert_same(&c, &want);
    }
    js_free(golden);
}

/* As a folder of Stable Diffusion 1.5 has it. */
static const char sd[] =
    "{\"_class_name\":\"PNDMScheduler\",\"beta_end\":0.012,\"beta_schedule\":\"scaled_linear\","
    "\"beta_start\":0.00085,\"num_train_timesteps\":1000,\"set_alpha_to_one\":false,"
    "\"skip_prk_steps\":true,\"steps_offset\":1,\"trained_betas\":null,\"clip_sample\":false}";

static void a_file_means_what_stable_diffusion_means(void **state)
{
    (void)state;
    SchedulerConfig c = read_as(sd, NULL), want = scheduler_config_sd(c.sampler);
    assert_string_equal(name_of(&c), "pndm");
    assert_same(&c, &want);
    c = read_as(sd, "ddim");
    want = scheduler_config_sd(c.sampler);
    want.skip_prk_steps = false; /* which DDIM's class does not have */
    assert_same(&c, &want);
}

/* As diffusers' from_config: what the file leaves out is as the new class has
 * it, so Euler's times are evenly spaced to the ends. */
static void another_sampler_takes_what_it_knows_and_its_own_defaults(void **state)
{
    (void)state;
    SchedulerConfig c = read_as(sd, "Euler a");
    assert_string_equal(name_of(&c), "euler_a");
    assert_int_equal(c.timestep_spacing, SPACING_LINSPACE);
    assert_int_equal(c.steps_offset, 1);
    assert_true(c.beta_end == 0.012);
    c = read_as(sd, "DPM++ 2M Karras");
    assert_string_equal(name_of(&c), "dpm++2m_karras");
    assert_int_equal(c.sigmas, SIGMAS_KARRAS);
}

static void levels_of_noise_are_those_of_the_file_unless_the_name_says_them(void **state)
{
    (void)state;
    static const char karras[] = "{\"_class_name\":\"DPMSolverMultistepScheduler\","
                                 "\"use_karras_sigmas\":true}";
    assert_int_equal(read_as(karras, NULL).sigmas, SIGMAS_KARRAS);
    assert_int_equal(read_as(karras, "dpm++2m").sigmas, SIGMAS_SPACED);
    assert_int_equal(read_as(karras, "unipc").sigmas, SIGMAS_KARRAS);
    assert_int_equal(read_as(karras, "euler_a").sigmas, SIGMAS_SPACED);
    assert_int_equal(
        read_as("{\"use_exponential_sigmas\":true,\"use_karras_sigmas\":false}", "euler")
            .sigmas,
        SIGMAS_EXPONENTIAL);
}

static void python_writes_infinity_where_json_has_none(void **state)
{
    (void)state;
    SchedulerConfig c = read_as("{\"lambda_min_clipped\":-Infinity,\"a\":\"-Infinity \\\" x\","
                                "\"sigma_max\": Infinity,\"steps_offset\":1}",
                                "dpm++2m");
    assert_int_equal(c.steps_offset, 1);
    c = read_as("{\"a\":\"Infinity\",\"sigma_max\":Infinity}", "euler");
    assert_true(c.sigma_max == 0); /* as the table has it */
}

static void what_cannot_be_followed_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sampler, *says;
    } bad[] = {
        {"{", NULL, "'x.json' is not valid JSON"},
        {"[]", NULL, "'x.json': scheduler: the configuration should be an object"},
        {"{}", NULL, "has no '_class_name'"},
        {"{\"_class_name\":\"HeunDiscreteScheduler\"}", NULL,
         "scheduler 'HeunDiscreteScheduler' is not supported; choose a sampler: ddim, ddpm, "
         "pndm, euler, euler_a, dpm++2m, dpm++2m_karras, unipc, lcm"},
        {sd, "heun", "sampler 'heun' is not known (only ddim, ddpm, pndm,"},
        {sd, "", "sampler '' is not known"},
        {"{\"beta_schedule\":\"sigmoid\"}", "ddpm",
         "beta_schedule 'sigmoid' is not supported (only linear, scaled_linear, "
         "squaredcos_cap_v2)"},
        {"{\"solver_order\":3}", "unipc", "'solver_order' should be a number from 1 to 2"},
        {"{\"algorithm_type\":\"sde-dpmsolver++\"}", "dpm++2m",
         "algorithm_type 'sde-dpmsolver++' is not supported (only dpmsolver++)"},
        {"{\"predict_x0\":false}", "unipc", "'predict_x0' is supported only as true"},
        {"{\"disable_corrector\":[0]}", "unipc", "'disable_corrector' is not supported"},
        {"{\"use_beta_sigmas\":true}", "euler", "'use_beta_sigmas' is not supported"},
        {"{\"use_karras_sigmas\":1}", "euler", "'use_karras_sigmas' should be true or false"},
        {"{\"use_karras_sigmas\":true,\"use_exponential_sigmas\":true}", "euler",
         "are both true"},
        {"{\"timestep_type\":\"continuous\"}", "euler", "timestep_type 'continuous'"},
        {"{\"lambda_min_clipped\":-5.1}", "dpm++2m", "'lambda_min_clipped' is not supported"},
        {"{\"variance_type\":\"learned_range\"}", "ddpm", "variance_type 'learned_range'"},
        {"{\"variance_type\":\"learned_range\"}", "dpm++2m",
         "'variance_type' is not supported"},
        {"{\"thresholding\":true}", "unipc", "'thresholding' is not supported"},
        {"{\"original_inference_steps\":0}", "lcm", "'original_inference_steps' should be"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err err = {0};
        SchedulerConfig c;
        assert_false(reads(&c, bad[i].text, bad[i].sampler, &err));
        if (!strstr(err.text, bad[i].says))
            fail_msg("'%s' does not say '%s'", err.text, bad[i].says);
    }
}

/* What another class says does not hinder this one. */
static void members_of_other_classes_are_passed_over(void **state)
{
    (void)state;
    SchedulerConfig c = read_as("{\"algorithm_type\":\"sde-dpmsolver++\",\"solver_order\":3,"
                                "\"thresholding\":true,\"variance_type\":\"learned\","
                                "\"rescale_betas_zero_snr\":true}",
                                "pndm");
    assert_false(c.rescale_betas_zero_snr);
}

static bool sets(SchedulerConfig *c, const char *text, Err *err)
{
    Json *flags = js_parse(text, strlen(text), "flags", err);
    assert_non_null(flags);
    bool ok = scheduler_config_set(c, flags, err);
    js_free(flags);
    return ok;
}

static void flags_go_over_the_file_and_must_be_understood(void **state)
{
    (void)state;
    Err err = {0};
    SchedulerConfig c = read_as("{\"use_karras_sigmas\":true,\"steps_offset\":1}", "euler");
    assert_true(
        sets(&c, "{\"timestep_spacing\":\"trailing\",\"use_exponential_sigmas\":true}", &err));
    assert_int_equal(c.timestep_spacing, SPACING_TRAILING);
    assert_int_equal(c.sigmas, SIGMAS_EXPONENTIAL);
    assert_int_equal(c.steps_offset, 1);
    static const char *bad[][2] = {
        {"{\"skip_prk_steps\":true}", "sampler 'euler' has no 'skip_prk_steps'"},
        {"{\"trailing\":true}", "sampler 'euler' has no 'trailing'"},
        {"{\"prediction_type\":\"v\"}", "scheduler: prediction_type 'v' is not supported (only "
                                        "epsilon, v_prediction, sample)"}};
    for (int i = 0; i < 3; i++) {
        err = (Err){0};
        assert_false(sets(&c, bad[i][0], &err));
        assert_string_equal(err.text, bad[i][1]);
    }
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    Err err = {0};
    assert_null(scheduler_json_load("no/such/scheduler_config.json", &err));
    assert_non_null(strstr(err.text, "no/such/scheduler_config.json"));
}

static void samplers_are_found_however_they_are_written(void **state)
{
    (void)state;
    static const char *said[][2] = {
        {"DPM++ 2M", "dpm++2m"}, {"dpm++-2m-karras", "dpm++2m_karras"},
        {"Euler a", "euler_a"},  {"UniPC", "unipc"},
        {"euler_", "euler"},     {"LCM", "lcm"}};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        assert_string_equal(sampler_name(sampler_find(said[i][0])), said[i][1]);
    static const char *unknown[] = {"", " ", "eul", "euler b", "dpm++2mkarras2"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_null(sampler_find(unknown[i]));
    assert_null(sampler_at(9));
    assert_null(sampler_at(-1));
}

/* ---- schedules ----------------------------------------------------------------------- */

typedef struct Bad {
    const char *sampler, *text;
    int steps;
    double eta;
    const char *says;
} Bad;

static void schedules_that_lead_nowhere_are_refused(void **state)
{
    (void)state;
    static const Bad bad[] = {
        {"euler", "{}", 0, 0, "0 steps are not in 1..1000"},
        {"euler", "{}", 1001, 0, "1001 steps are not in 1..1000"},
        {"dpm++2m", "{}", 1000, 0, "1000 steps are too many; some fall together"},
        {"unipc", "{\"timestep_spacing\":\"leading\"}", 1000, 0, "some fall together"},
        {"ddim", "{\"steps_offset\":1}", 1000, 0, "use fewer steps"},
        {"pndm", "{}", 3, 0, "needs 4 steps or more, not 3: set skip_prk_steps"},
        {"pndm", "{\"prediction_type\":\"sample\"}", 9, 0,
         "sampler 'pndm' cannot follow a network with prediction_type 'sample'"},
        {"euler_a", "{\"prediction_type\":\"sample\"}", 9, 0,
         "sampler 'euler_a' cannot follow"},
        {"lcm", "{}", 51, 0, "sampler 'lcm' can do 1 to 50 steps, not 51"},
        {"lcm", "{\"original_inference_steps\":1000,\"num_train_timesteps\":500}", 5, 0,
         "sampler 'lcm' can do 1 to 500 steps"},
        {"euler", "{}", 9, 0.5, "sampler 'euler' has no eta; only ddim does"},
        {"ddim", "{}", 9, 1.5, "eta 1.5 is not in 0..1"},
        {"ddpm", "{\"rescale_betas_zero_snr\":true,\"timestep_spacing\":\"trailing\"}", 9, 0,
         "zero terminal SNR"},
        {"lcm", "{\"rescale_betas_zero_snr\":true}", 4, 0, "zero terminal SNR"},
        {"ddim", "{\"beta_start\":0.5}", 9, 0, "do not grow within 0..1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err err = {0};
        Sampler s;
        SchedulerConfig c = read_as(bad[i].text, bad[i].sampler);
        c.eta = bad[i].eta;
        assert_false(sampler_init(&s, &c, bad[i].steps, &err));
        assert_null(s.time);
        if (!strstr(err.text, bad[i].says))
            fail_msg("'%s' does not say '%s'", err.text, bad[i].says);
    }
}

static void karras_levels_by_flag_are_refused_where_there_are_none(void **state)
{
    (void)state;
    Err err = {0};
    Sampler s;
    SchedulerConfig c = scheduler_config_sd(sampler_find("euler_a"));
    c.sigmas = SIGMAS_KARRAS;
    assert_false(sampler_init(&s, &c, 20, &err));
    assert_string_equal(err.text, "sampler 'euler_a' has no karras levels of noise");
}

static Sampler made(const char *sampler, Spacing spacing, int steps)
{
    Sampler s;
    Err err = {0};
    SchedulerConfig c = scheduler_config_sd(sampler_find(sampler));
    c.timestep_spacing = spacing;
    if (!sampler_init(&s, &c, steps, &err))
        fail_msg("%s", err.text);
    return s;
}

/* The numbers that Stable Diffusion's users know. */
static void the_levels_of_stable_diffusion_are_known(void **state)
{
    (void)state;
    static const double karras[] = {14.6146, 11.7254, 9.3402, 7.3836, 5.7894, 4.4998, 3.4648,
                                    2.6408,  1.9909,  1.4832, 1.0908, 0.7910, 0.5647, 0.3964,
                                    0.2730,  0.1842,  0.1213, 0.0779, 0.0485, 0.0292};
    Sampler s = made("dpm++2m_karras", SPACING_LINSPACE, 20);
    for (int i = 0; i < 20; i++)
        assert_true(fabs((double)s.sigma[i] - karras[i]) < 6e-5); /* four digits */
    assert_true(s.sigma[20] == 0);
    assert_true(fabs((double)s.abar[20] - 0.981314) < 6e-7);
    assert_true(fabs((double)s.abar[500] - 0.276333) < 6e-7);
    assert_true(fabs((double)s.abar[999] - 0.00466010) < 6e-9);
    sampler_release(&s);
    s = made("euler", SPACING_LEADING, 20);
    assert_true(fabs((double)s.start_scale - 11.0736) < 6e-5);
    sampler_release(&s);
}

static void times_are_those_that_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *sampler;
        Spacing spacing;
        int steps, time[4];
    } known[] = {{"ddim", SPACING_LEADING, 50, {981, 961, 941, 921}},
                 {"euler_a", SPACING_TRAILING, 4, {999, 749, 499, 249}},
                 {"dpm++2m", SPACING_LINSPACE, 20, {999, 949, 899, 849}},
                 {"unipc", SPACING_LEADING, 20, {941, 894, 847, 800}},
                 {"pndm", SPACING_LEADING, 20, {951, 901, 901, 851}},
                 {"lcm", SPACING_LEADING, 4, {999, 759, 499, 259}}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        Sampler s = made(known[i].sampler, known[i].spacing, known[i].steps);
        for (int k = 0; k < 4; k++)
            assert_int_equal((int)s.time[k], known[i].time[k]);
        sampler_release(&s);
    }
}

static void runge_kutta_steps_cannot_begin_in_the_middle(void **state)
{
    (void)state;
    Err err = {0};
    Arena a;
    assert_true(arena_init(&a, 1 << 20, &err));
    SchedulerConfig c = scheduler_config_sd(sampler_find("pndm"));
    c.skip_prk_steps = false;
    Sampler s;
    assert_true(sampler_init(&s, &c, 10, &err));
    assert_int_equal(s.calls, 19);
    assert_true(sampler_start(&s, 0, 4, &a, &err));
    assert_false(sampler_start(&s, 5, 4, &a, &err));
    assert_non_null(strstr(err.text, "cannot begin in the middle: set skip_prk_steps"));
    sampler_release(&s);
    arena_release(&a);
}

static void what_is_kept_fits_its_plan_and_a_shortage_is_a_refusal(void **state)
{
    (void)state;
    for (int i = 0; sampler_at(i); i++) {
        Err err = {0};
        Arena a;
        assert_true(arena_init(&a, 1 << 24, &err));
        Sampler s = made(sampler_name(sampler_at(i)), SPACING_LEADING, 8);
        assert_true(sampler_start(&s, 0, 100001, &a, &err));
        size_t plan = sampler_room(sampler_at(i), 100001);
        assert_true(a.used <= plan);
        arena_rewind(&a, 0);
        a.limit = plan / 2;
        assert_int_equal(sampler_start(&s, 0, 100001, &a, &err), plan == 0);
        assert_int_equal(err.kind, plan ? ERR_MEMORY : ERR_NONE);
        sampler_release(&s);
        arena_release(&a);
    }
}

static void a_strength_leaves_as_many_steps_as_in_diffusers(void **state)
{
    (void)state;
    static const struct {
        int steps;
        double strength;
        int first;
    } known[] = {{50, 0.75, 13}, {20, 0.35, 13}, {10, 1, 0},
                 {10, 0.05, 9},  {10, 2, 0},     {3, -1, 2}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        Sampler s = made("pndm", SPACING_LEADING, known[i].steps);
        assert_int_equal(sampler_first(&s, known[i].strength), known[i].first);
        sampler_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_diffusers_saves_is_read_and_says_the_defaults),
        cmocka_unit_test(a_file_means_what_stable_diffusion_means),
        cmocka_unit_test(another_sampler_takes_what_it_knows_and_its_own_defaults),
        cmocka_unit_test(levels_of_noise_are_those_of_the_file_unless_the_name_says_them),
        cmocka_unit_test(python_writes_infinity_where_json_has_none),
        cmocka_unit_test(what_cannot_be_followed_is_named),
        cmocka_unit_test(members_of_other_classes_are_passed_over),
        cmocka_unit_test(flags_go_over_the_file_and_must_be_understood),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(samplers_are_found_however_they_are_written),
        cmocka_unit_test(schedules_that_lead_nowhere_are_refused),
        cmocka_unit_test(karras_levels_by_flag_are_refused_where_there_are_none),
        cmocka_unit_test(the_levels_of_stable_diffusion_are_known),
        cmocka_unit_test(times_are_those_that_are_known),
        cmocka_unit_test(runge_kutta_steps_cannot_begin_in_the_middle),
        cmocka_unit_test(what_is_kept_fits_its_plan_and_a_shortage_is_a_refusal),
        cmocka_unit_test(a_strength_leaves_as_many_steps_as_in_diffusers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
