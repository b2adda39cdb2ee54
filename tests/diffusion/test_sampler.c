/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/chance.h"
#include "diffusion/sampler.h"

/* What must hold of every sampler, whatever the reference says: a network that
 * knows the picture is led to it. */
enum { N = 37 };

typedef struct Trip {
    Sampler sampler;
    Chance chance;
    Arena arena;
    float picture[N], x[N];
} Trip;

static SchedulerConfig plain(const SamplerKind *kind)
{
    SchedulerConfig c = scheduler_config_sd(kind);
    c.set_alpha_to_one = true; /* or the last step would leave some noise */
    c.steps_offset = 0;
    return c;
}

static void trip_init(Trip *t, const SchedulerConfig *c, int steps)
{
    Err err = {0};
    memset(t, 0, sizeof *t);
    assert_true(arena_init(&t->arena, 1 << 20, &err));
    if (!sampler_init(&t->sampler, c, steps, &err))
        fail_msg("%s: %s", sampler_name(c->sampler), err.text);
    chance_seed(&t->chance, 7);
    for (int k = 0; k < N; k++)
        t->picture[k] = (float)sin(0.7 * k);
}

static void trip_release(Trip *t)
{
    sampler_release(&t->sampler);
    arena_release(&t->arena);
}

/* The answer of a network that knows the picture, to x as it is shown. */
static void answer(const Trip *t, int i, float *out, const float *in)
{
    const Sampler *s = &t->sampler;
    double spread = hypot((double)s->at[i].picture, (double)s->at[i].noise);
    double p = (double)s->at[i].picture / spread, n = (double)s->at[i].noise / spread;
    for (int k = 0; k < N; k++) {
        double x0 = (double)t->picture[k], e = ((double)in[k] - p * x0) / n;
        double says[] = {e, p * e - n * x0, x0};
        out[k] = (float)says[s->config.prediction_type];
    }
}

static void go(Trip *t, int first)
{
    Err err = {0};
    float noise[N], in[N], out[N];
    Sampler *s = &t->sampler;
    assert_true(sampler_start(s, first, N, &t->arena, &err));
    chance_normal(&t->chance, noise, N);
    for (int k = 0; k < N; k++)
        t->x[k] = first ? t->picture[k] : s->start_scale * noise[k];
    if (first)
        sampler_add_noise(s, first, t->x, noise, N);
    for (int i = first; i < s->calls; i++) {
        bool draws = sampler_draws(s, i);
        sampler_scale(s, i, in, t->x, N);
        answer(t, i, out, in);
        if (draws)
            chance_normal(&t->chance, noise, N);
        sampler_step(s, i, t->x, out, draws ? noise : NULL);
    }
}

static double farthest(const Trip *t)
{
    double far = 0;
    for (int k = 0; k < N; k++)
        far = fmax(far, fabs((double)t->x[k] - (double)t->picture[k]));
    return far;
}

/* Some 10^-7 of x a step, and x begins at up to 15 times noise. */
static void assert_arrived(const Trip *t, double allowed)
{
    double far = farthest(t);
    if (!(far <= allowed))
        fail_msg("%s, %d steps from %d, prediction %d, spacing %d: off by %g",
                 sampler_name(t->sampler.config.sampler), t->sampler.steps, t->sampler.first,
                 (int)t->sampler.config.prediction_type,
                 (int)t->sampler.config.timestep_spacing, far);
}

static bool is_called(const SamplerKind *k, const char *name)
{
    return !strcmp(sampler_name(k), name);
}

/* pndm adds up former answers.  Those of v change along the way even if the
 * network knows the picture; and in the reference its strides are T / n, which
 * even times to both ends do not keep. */
static bool follows(const SchedulerConfig *c)
{
    if (is_called(c->sampler, "pndm"))
        return c->prediction_type == PREDICTS_EPSILON &&
               c->timestep_spacing != SPACING_LINSPACE;
    return c->prediction_type != PREDICTS_SAMPLE || !is_called(c->sampler, "euler_a");
}

static void a_network_that_knows_the_picture_is_led_to_it(void **state)
{
    (void)state;
    for (int i = 0; sampler_at(i); i++) {
        for (int way = 0; way < 9; way++) {
            SchedulerConfig c = plain(sampler_at(i));
            c.prediction_type = (Prediction)(way % 3);
            c.timestep_spacing = (Spacing)(way / 3);
            c.plms_lag = false;
            if (!follows(&c))
                continue;
            for (int first = 0; first < 10; first += 3) {
                Trip t;
                trip_init(&t, &c, 10);
                go(&t, first);
                assert_arrived(&t, 2e-5);
                trip_release(&t);
            }
        }
    }
}

static void one_step_and_a_thousand_arrive(void **state)
{
    (void)state;
    for (int i = 0; sampler_at(i); i++) {
        const SamplerKind *kind = sampler_at(i);
        SchedulerConfig c = plain(kind);
        c.timestep_spacing = SPACING_TRAILING;
        int most = is_called(kind, "lcm") ? 50 : 1000;
        for (int many = 0; many < 2; many++) {
            Trip t;
            trip_init(&t, &c, many ? most : 1);
            go(&t, 0);
            assert_arrived(&t, 1e-4);
            trip_release(&t);
        }
    }
}

static void runge_kutta_steps_arrive(void **state)
{
    (void)state;
    SchedulerConfig c = plain(sampler_find("pndm"));
    c.skip_prk_steps = false;
    for (int steps = 4; steps < 60; steps += 11) {
        Trip t;
        trip_init(&t, &c, steps);
        go(&t, 0);
        assert_int_equal(t.sampler.calls, steps + 9);
        /* An odd stride is halved downwards: half steps end beside the grid. */
        assert_arrived(&t, 1000 / steps % 2 ? 0.05 : 2e-5);
        trip_release(&t);
    }
}

static void fresh_noise_by_eta_does_not_lead_astray(void **state)
{
    (void)state;
    for (int k = 1; k < 3; k++) {
        SchedulerConfig c = plain(sampler_find("ddim"));
        c.eta = 0.5 * k;
        Trip t;
        trip_init(&t, &c, 20);
        go(&t, 0);
        assert_arrived(&t, 2e-5);
        trip_release(&t);
    }
}

static void begun_in_the_middle_plms_lags_unless_told_otherwise(void **state)
{
    (void)state;
    for (int lag = 0; lag < 2; lag++) {
        SchedulerConfig c = plain(sampler_find("pndm"));
        c.plms_lag = lag;
        Trip t;
        trip_init(&t, &c, 20);
        assert_int_equal(t.sampler.calls, 21);
        go(&t, 13);
        assert_int_equal(t.sampler.calls - 13, lag ? 8 : 9);
        assert_int_equal((int)t.sampler.time[15], lag ? 250 : 300); /* after 350, 300 */
        assert_true(lag == (farthest(&t) > 1e-3));
        go(&t, 0); /* and from the start as ever */
        assert_int_equal(t.sampler.calls, 21);
        assert_arrived(&t, 2e-5);
        trip_release(&t);
    }
}

static void clean_pictures_are_read_off_at_any_step(void **state)
{
    (void)state;
    for (int i = 0; sampler_at(i); i++) {
        for (int says = 0; says < 3; says++) {
            SchedulerConfig c = plain(sampler_at(i));
            c.prediction_type = (Prediction)says;
            if (!follows(&c))
                continue;
            Trip t;
            float noise[N], in[N], out[N];
            trip_init(&t, &c, 10);
            chance_normal(&t.chance, noise, N);
            memcpy(t.x, t.picture, sizeof t.x);
            sampler_add_noise(&t.sampler, 4, t.x, noise, N);
            sampler_scale(&t.sampler, 4, in, t.x, N);
            answer(&t, 4, out, in);
            sampler_x0(&t.sampler, 4, t.x, t.x, out, N);
            assert_arrived(&t, 5e-6);
            trip_release(&t);
        }
    }
}

/* The same numbers however many there are: none looks at its neighbour. */
static void each_number_goes_its_own_way(void **state)
{
    (void)state;
    for (int i = 0; sampler_at(i); i++) {
        Err err = {0};
        Trip t;
        SchedulerConfig c = plain(sampler_at(i));
        float together[N] = {0}, out[N], noise[N];
        trip_init(&t, &c, 8);
        chance_normal(&t.chance, noise, N);
        memcpy(together, t.picture, sizeof together);
        assert_true(sampler_start(&t.sampler, 0, N, &t.arena, &err));
        for (int k = 0; k < t.sampler.calls; k++) {
            memcpy(out, together, sizeof out);
            sampler_step(&t.sampler, k, together, out, noise);
        }
        assert_true(sampler_start(&t.sampler, 0, 1, &t.arena, &err));
        float alone = t.picture[5];
        for (int k = 0; k < t.sampler.calls; k++) {
            float says = alone;
            sampler_step(&t.sampler, k, &alone, &says, noise + 5);
        }
        assert_memory_equal(&alone, together + 5, sizeof alone);
        trip_release(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_that_knows_the_picture_is_led_to_it),
        cmocka_unit_test(one_step_and_a_thousand_arrive),
        cmocka_unit_test(runge_kutta_steps_arrive),
        cmocka_unit_test(fresh_noise_by_eta_does_not_lead_astray),
        cmocka_unit_test(begun_in_the_middle_plms_lags_unless_told_otherwise),
        cmocka_unit_test(clean_pictures_are_read_off_at_any_step),
        cmocka_unit_test(each_number_goes_its_own_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
