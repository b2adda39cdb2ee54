/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "diffusion/sampler.h"
#include "diffusion/verdict.h"

#include "golden.h"

static Sampler made(const SchedulerConfig *c, int steps)
{
    Sampler d;
    Err err = {0};
    if (!sampler_init(&d, c, steps, &err))
        fail_msg("%s", err.text);
    return d;
}

static void assert_near(double got, double want, double allowed)
{
    if (!(fabs(got - want) <= allowed))
        fail_msg("%.9g, not %.9g (allowed %g)", got, want, allowed);
}

/* A square root of torch may be off by an ulp, which the rescaling carries on. */
static void noise_levels_are_those_of_diffusers(void **state)
{
    (void)state;
    static const char *names[] = {"abar.linear", "abar.linear.zero", "abar.scaled_linear",
                                  "abar.scaled_linear.zero"};
    Golden g = golden_open("ddim/tables.safetensors");
    for (int k = 0; k < 4; k++) {
        SchedulerConfig c = scheduler_config_moore();
        c.beta_schedule = k / 2 ? BETAS_SCALED_LINEAR : BETAS_LINEAR;
        c.rescale_betas_zero_snr = k % 2;
        Sampler d = made(&c, 25);
        int64_t n;
        const unsigned char *want = golden_at(&g, names[k], &n);
        assert_int_equal(n, 1000);
        for (int t = 0; t < 1000; t++) {
            float w;
            memcpy(&w, want + 4 * t, 4);
            double small = w < 1e-6f ? 4e-5 : 2e-6;
            assert_near((double)d.abar[t], (double)w, k % 2 ? small * (double)w : 0);
        }
        sampler_release(&d);
    }
    golden_close(&g);
}

static void zero_terminal_snr_ends_at_exactly_zero(void **state)
{
    (void)state;
    SchedulerConfig c = scheduler_config_moore();
    Sampler d = made(&c, 25);
    assert_true(d.abar[999] == 0);
    assert_near((double)d.abar[0], 0.999149978, 1e-9);
    assert_near((double)d.abar[499], 0.142529443, 1e-8);
    assert_true(d.final_abar == 1);
    sampler_release(&d);
}

static Spacing spacing_named(const char *name)
{
    return name[0] == 't'   ? SPACING_TRAILING
           : name[1] == 'e' ? SPACING_LEADING
                            : SPACING_LINSPACE;
}

static void times_are_those_of_diffusers(void **state)
{
    (void)state;
    Err err = {0};
    Json *grid = js_load(GOLDEN "/ddim/grid.json", &err);
    assert_non_null(grid);
    const Json *lists = js_get(grid, "timesteps");
    assert_true(js_count(lists) >= 32);
    for (size_t i = 0; i < js_count(lists); i++) {
        const Json *list = js_at(lists, i), *times = js_at(list, 3);
        SchedulerConfig c = scheduler_config_moore();
        c.timestep_spacing = spacing_named(js_string(js_at(list, 0), ""));
        c.steps_offset = (int)js_int(js_at(list, 1), 0);
        Sampler d = made(&c, (int)js_int(js_at(list, 2), 0));
        assert_int_equal(js_count(times), d.steps);
        for (int k = 0; k < d.steps; k++)
            assert_int_equal((int)d.time[k], js_int(js_at(times, (size_t)k), -9));
        sampler_release(&d);
    }
    js_free(grid);
}

static void trailing_times_round_as_numpy_does(void **state)
{
    (void)state;
    static const struct {
        int steps, k, time;
    } want[] = {{25, 0, 999},
                {25, 1, 959},
                {25, 24, 39},
                {30, 1, 966},
                {30, 2, 932},
                {30, 3, 899},
                {30, 28, 66},
                {30, 29, 32},
                {20, 19, 49},
                {15, 1, 932},
                {15, 14, 66},
                /* exact arithmetic would say 937, 811, 937 */
                {48, 3, 936},
                {96, 18, 812},
                {112, 7, 936}};
    SchedulerConfig c = scheduler_config_moore();
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        Sampler d = made(&c, want[i].steps);
        assert_int_equal((int)d.time[want[i].k], want[i].time);
        sampler_release(&d);
    }
}

/* numpy's range is one too long for 62 numbers of steps. */
static void there_are_as_many_times_as_steps(void **state)
{
    (void)state;
    static const int traps[] = {61, 103, 121, 122, 201, 206};
    SchedulerConfig c = scheduler_config_moore();
    for (int i = 0; i < 6; i++) {
        Sampler d = made(&c, traps[i]);
        assert_int_equal(d.steps, traps[i]);
        for (int k = 1; k < d.steps; k++)
            assert_true(d.time[k] < d.time[k - 1] && d.time[k] >= 0);
        sampler_release(&d);
    }
}

static void move(Sampler *d, int i, float *x, const float *out, int n)
{
    Err err = {0};
    assert_true(sampler_start(d, 0, n, NULL, &err)); /* it keeps nothing */
    assert_false(sampler_draws(d, i));
    sampler_step(d, i, x, out, NULL);
}

static void a_step_moves_as_diffusers_moves(void **state)
{
    (void)state;
    static const struct {
        int i;
        double want;
    } steps[] = {{0, 0.497201979}, {1, 0.496596277}, {24, 0.436856836}};
    SchedulerConfig c = scheduler_config_moore();
    Sampler d = made(&c, 25);
    for (int k = 0; k < 3; k++) {
        float x = 0.5f, v = 0.25f;
        move(&d, steps[k].i, &x, &v, 1);
        assert_near((double)x, steps[k].want, 6e-8); /* an ulp */
    }
    sampler_release(&d);
}

static void walk_chain(const Json *grid, const Json *chain)
{
    const char *kind = js_string(js_at(chain, 2), "");
    SchedulerConfig c = scheduler_config_moore();
    c.timestep_spacing = spacing_named(js_string(js_at(chain, 0), ""));
    c.steps_offset = (int)js_int(js_at(chain, 1), 0);
    c.prediction_type = kind[0] == 'v'   ? PREDICTS_V
                        : kind[0] == 'e' ? PREDICTS_EPSILON
                                         : PREDICTS_SAMPLE;
    c.rescale_betas_zero_snr = js_int(js_at(chain, 3), 0);
    c.beta_schedule =
        js_string(js_at(chain, 4), "")[0] == 'l' ? BETAS_LINEAR : BETAS_SCALED_LINEAR;
    c.set_alpha_to_one = js_int(js_at(chain, 5), 0);
    Sampler d = made(&c, (int)js_int(js_at(chain, 6), 0));
    int at[3] = {0, d.steps / 2, d.steps - 1};
    float x[2], out[2];
    for (int i = 0; i < 2; i++)
        x[i] = (float)js_number(js_at(js_get(grid, "x"), (size_t)i), 0);
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < 2; i++)
            out[i] =
                (float)js_number(js_at(js_at(js_get(grid, "out"), (size_t)k), (size_t)i), 0);
        move(&d, at[k], x, out, 2);
        for (int i = 0; i < 2; i++) {
            double want = js_number(js_at(js_at(chain, 7), (size_t)(2 * k + i)), NAN);
            assert_near((double)x[i], want, 1e-5 * (1 + fabs(want)));
        }
    }
    sampler_release(&d);
}

static void chains_of_steps_are_those_of_diffusers(void **state)
{
    (void)state;
    Err err = {0};
    Json *grid = js_load(GOLDEN "/ddim/grid.json", &err);
    assert_non_null(grid);
    const Json *chains = js_get(grid, "chains");
    assert_true(js_count(chains) > 500);
    for (size_t i = 0; i < js_count(chains); i++)
        walk_chain(grid, js_at(chains, i));
    js_free(grid);
}

static void the_clean_picture_comes_back_from_a_true_prediction(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        SchedulerConfig c = scheduler_config_moore();
        c.prediction_type = (Prediction)kind;
        c.rescale_betas_zero_snr = false;
        Sampler d = made(&c, 10);
        double abar = (double)d.abar[(int)d.time[4]];
        float clean = 0.75f, noise = -0.5f, x = clean;
        sampler_add_noise(&d, 4, &x, &noise, 1);
        float v = (float)(sqrt(abar) * (double)noise - sqrt(1 - abar) * (double)clean);
        float prediction = kind == PREDICTS_V ? v : kind == PREDICTS_EPSILON ? noise : clean;
        sampler_x0(&d, 4, &x, &x, &prediction, 1);
        assert_near((double)x, 0.75, 1e-6);
        sampler_release(&d);
    }
}

static void clipping_bounds_the_clean_picture(void **state)
{
    (void)state;
    SchedulerConfig c = scheduler_config_defaults(sampler_find("ddim"));
    c.prediction_type = PREDICTS_SAMPLE;
    Sampler d = made(&c, 10);
    float x[2] = {0, 0}, prediction[2] = {3, -3};
    sampler_x0(&d, 0, x, x, prediction, 2);
    assert_true(x[0] == 1 && x[1] == -1);
    sampler_release(&d);
}

static void strength_says_where_to_begin(void **state)
{
    (void)state;
    SchedulerConfig c = scheduler_config_moore();
    Sampler d = made(&c, 20);
    assert_int_equal(sampler_first(&d, 1), 0);
    assert_int_equal(sampler_first(&d, 0.35), 13);
    assert_int_equal(sampler_first(&d, 0), 19);
    assert_int_equal(sampler_first(&d, 7), 0);
    sampler_release(&d);
}

static bool reads(const char *text, SchedulerConfig *c, Err *err)
{
    Json *j = js_parse(text, strlen(text), "test", err);
    assert_non_null(j);
    bool ok = scheduler_config_read(c, j, err);
    js_free(j);
    return ok;
}

static void a_scheduler_config_is_read(void **state)
{
    (void)state;
    Err err = {0};
    SchedulerConfig c = scheduler_config_defaults(sampler_find("ddim"));
    assert_true(reads("{\"_class_name\":\"DDIMScheduler\",\"beta_start\":0.00085,"
                      "\"beta_end\":0.012,\"beta_schedule\":\"scaled_linear\","
                      "\"prediction_type\":\"v_prediction\",\"steps_offset\":1,"
                      "\"clip_sample\":false,\"set_alpha_to_one\":false,"
                      "\"timestep_spacing\":\"trailing\",\"trained_betas\":null,"
                      "\"num_train_timesteps\":500,\"rescale_betas_zero_snr\":true}",
                      &c, &err));
    assert_int_equal(c.beta_schedule, BETAS_SCALED_LINEAR);
    assert_int_equal(c.prediction_type, PREDICTS_V);
    assert_int_equal(c.timestep_spacing, SPACING_TRAILING);
    assert_int_equal(c.num_train_timesteps, 500);
    assert_int_equal(c.steps_offset, 1);
    assert_true(c.rescale_betas_zero_snr && !c.clip_sample && !c.set_alpha_to_one);
    assert_true(c.beta_start == 0.00085 && c.beta_end == 0.012);
}

static void what_a_file_leaves_out_stays(void **state)
{
    (void)state;
    Err err = {0};
    SchedulerConfig c = scheduler_config_defaults(sampler_find("ddim"));
    assert_true(reads("{}", &c, &err));
    assert_int_equal(c.prediction_type, PREDICTS_EPSILON);
    assert_true(c.beta_end == 0.02 && c.clip_sample);
}

static void a_config_that_cannot_be_followed_is_refused(void **state)
{
    (void)state;
    static const char *bad[][2] = {
        {"[]", "should be an object"},
        {"{\"beta_schedule\":\"sigmoid\"}", "beta_schedule 'sigmoid'"},
        {"{\"prediction_type\":3}", "'prediction_type' should be a word"},
        {"{\"trained_betas\":[0.1]}", "'trained_betas' is not supported"},
        {"{\"thresholding\":true}", "'thresholding' is not supported"},
        {"{\"num_train_timesteps\":1e9}", "'num_train_timesteps' should be a number from 2"},
        {"{\"num_train_timesteps\":10.5}", "should be a whole number"},
        {"{\"beta_start\":\"x\"}", "'beta_start' should be a number"},
        {"{\"beta_end\":-1}", "'beta_end' should be a number"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err err = {0};
        SchedulerConfig c = scheduler_config_defaults(sampler_find("ddim"));
        assert_false(reads(bad[i][0], &c, &err));
        if (!strstr(err.text, bad[i][1]))
            fail_msg("'%s' does not say '%s'", err.text, bad[i][1]);
    }
}

static void assert_refused(const SchedulerConfig *c, int steps, const char *why)
{
    Err err = {0};
    Sampler d;
    assert_false(sampler_init(&d, c, steps, &err));
    assert_null(d.time);
    if (!strstr(err.text, why))
        fail_msg("'%s' does not say '%s'", err.text, why);
}

static void schedules_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    SchedulerConfig c = scheduler_config_moore();
    assert_refused(&c, 0, "0 steps are not in 1..1000");
    assert_refused(&c, 1001, "1001 steps are not in 1..1000");
    c.timestep_spacing = SPACING_LEADING;
    assert_refused(&c, 1000, "use fewer steps");
    c = scheduler_config_moore();
    c.prediction_type = PREDICTS_EPSILON;
    assert_refused(&c, 25, "zero terminal SNR");
    c.beta_start = 0.5;
    assert_refused(&c, 25, "do not grow");
    c.num_train_timesteps = 1 << 30;
    assert_refused(&c, 25, "num_train_timesteps");
}

enum { F = 2, H = 16, W = 12, C = 4, N = F * H * W * C };

static float noise_at(int i)
{
    uint32_t h = (uint32_t)i * 2654435761u;
    h ^= h >> 15;
    h *= 2246822519u;
    h ^= h >> 13;
    return ((float)(h >> 8) / (float)(1 << 23) - 1) * 1.7f;
}

static float smooth_at(int i)
{
    int c = i % C, x = i / C % W, y = i / C / W % H;
    return (float)(sin(0.4 * x + c) + cos(0.3 * y - c)) * 0.7f;
}

static void a_smooth_first_prediction_is_plausible(void **state)
{
    (void)state;
    float x[N], v[N];
    for (int i = 0; i < N; i++) {
        x[i] = noise_at(i);
        v[i] = smooth_at(i);
    }
    Verdict verdict;
    Err err = {0};
    assert_true(verdict_on_v(&verdict, x, v, F, H, W, C, &err));
    assert_true(verdict.is_plausible && verdict.roughness < 0.5f);
}

static void a_network_that_predicts_the_noise_is_found_out(void **state)
{
    (void)state;
    float x[N], v[N];
    for (int i = 0; i < N; i++) {
        x[i] = noise_at(i);
        v[i] = 0.9f * x[i] + 0.1f * smooth_at(i);
    }
    Verdict verdict;
    Err err = {0};
    assert_false(verdict_on_v(&verdict, x, v, F, H, W, C, &err));
    assert_false(verdict.is_plausible);
    assert_true(verdict.likeness > 0.9f);
    assert_non_null(strstr(err.text, "predicts epsilon"));
}

static void wild_rough_and_broken_predictions_are_found_out(void **state)
{
    (void)state;
    float x[N], v[N];
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < N; i++) {
            x[i] = noise_at(i);
            v[i] = k == 0 ? 5 * smooth_at(i) : k == 1 ? noise_at(i + 99991) : smooth_at(i);
        }
        v[77] = k == 2 ? NAN : v[77];
        static const char *why[] = {"too widely", "rough", "not a number"};
        Verdict verdict;
        Err err = {0};
        assert_false(verdict_on_v(&verdict, x, v, F, H, W, C, &err));
        assert_non_null(strstr(err.text, why[k]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_levels_are_those_of_diffusers),
        cmocka_unit_test(zero_terminal_snr_ends_at_exactly_zero),
        cmocka_unit_test(times_are_those_of_diffusers),
        cmocka_unit_test(trailing_times_round_as_numpy_does),
        cmocka_unit_test(there_are_as_many_times_as_steps),
        cmocka_unit_test(a_step_moves_as_diffusers_moves),
        cmocka_unit_test(chains_of_steps_are_those_of_diffusers),
        cmocka_unit_test(the_clean_picture_comes_back_from_a_true_prediction),
        cmocka_unit_test(clipping_bounds_the_clean_picture),
        cmocka_unit_test(strength_says_where_to_begin),
        cmocka_unit_test(a_scheduler_config_is_read),
        cmocka_unit_test(what_a_file_leaves_out_stays),
        cmocka_unit_test(a_config_that_cannot_be_followed_is_refused),
        cmocka_unit_test(schedules_that_make_no_sense_are_refused),
        cmocka_unit_test(a_smooth_first_prediction_is_plausible),
        cmocka_unit_test(a_network_that_predicts_the_noise_is_found_out),
        cmocka_unit_test(wild_rough_and_broken_predictions_are_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
