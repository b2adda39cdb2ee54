/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/chance.h"
#include "diffusion/sampler.h"

/* diffusers' own tests of its schedulers: a picture that is a ramp, a network
 * that answers x t / (t + 1), and what must come out.  The numbers are those
 * of its test files, allowed what those files allow. */
enum { B = 4, C = 3, H = 8, W = 8, N = B * C * H * W };

typedef struct Case {
    const char *what, *sampler, *config;
    int steps;
    bool is_mean; /* else the sum of |x| */
    double want, allowed;
} Case;

#define LINEAR "\"beta_schedule\":\"linear\",\"beta_start\":0.0001,\"beta_end\":0.02"
#define STEEP "\"beta_schedule\":\"linear\",\"beta_start\":0.01,\"beta_end\":0.02"
#define LATENT "\"beta_schedule\":\"scaled_linear\",\"beta_start\":0.00085,\"beta_end\":0.012"
#define LONG "\"num_train_timesteps\":1100," LINEAR
#define MIN "\"final_sigmas_type\":\"sigma_min\"," LINEAR
#define SAYS_V "\"prediction_type\":\"v_prediction\","

static const Case cases[] = {
    {"ddim", "ddim", "{" LINEAR "}", 10, false, 172.0067, 1e-2},
    {"ddim", "ddim", "{" LINEAR "}", 10, true, 0.223967, 1e-3},
    {"ddim of v", "ddim", "{" SAYS_V LINEAR "}", 10, false, 52.5302, 1e-2},
    {"ddim to 1", "ddim", "{\"set_alpha_to_one\":true," STEEP "}", 10, false, 149.8295, 1e-2},
    {"ddim short of 1", "ddim", "{\"set_alpha_to_one\":false," STEEP "}", 10, false, 149.0784,
     1e-2},
    {"ddpm", "ddpm", "{" LINEAR "}", 1000, false, 258.9606, 1e-2},
    {"ddpm", "ddpm", "{" LINEAR "}", 1000, true, 0.3372, 1e-3},
    {"ddpm of v", "ddpm", "{" SAYS_V LINEAR "}", 1000, false, 202.0296, 1e-2},
    {"pndm", "pndm", "{" LINEAR "}", 10, false, 198.1318, 1e-2},
    {"pndm", "pndm", "{" LINEAR "}", 10, true, 0.2580, 1e-3},
    {"pndm of v", "pndm", "{" SAYS_V LINEAR "}", 10, false, 67.3986, 1e-2},
    {"pndm to 1", "pndm", "{\"set_alpha_to_one\":true," STEEP "}", 10, false, 230.0399, 1e-2},
    {"pndm short of 1", "pndm", "{\"set_alpha_to_one\":false," STEEP "}", 10, false, 186.9482,
     1e-2},
    {"euler", "euler", "{" LONG "}", 10, false, 10.0807, 1e-2},
    {"euler", "euler", "{" LONG "}", 10, true, 0.0131, 1e-3},
    {"euler of v", "euler", "{" SAYS_V LONG "}", 10, false, 0.0002, 1e-2},
    {"euler karras", "euler", "{\"use_karras_sigmas\":true," LONG "}", 10, false, 124.5229,
     1e-2},
    {"euler_a", "euler_a", "{" LONG "}", 10, false, 152.3192, 1e-2},
    {"euler_a of v", "euler_a", "{" SAYS_V LONG "}", 10, false, 108.4439, 1e-2},
    {"lcm at once", "lcm", "{" LATENT "}", 1, false, 18.7097, 1e-3},
    {"lcm", "lcm", "{" LATENT "}", 10, false, 197.7616, 1e-3},
    {"dpm++2m", "dpm++2m", "{\"lower_order_final\":false," MIN "}", 10, true, 0.3301, 1e-3},
    {"dpm++2m of v", "dpm++2m", "{\"lower_order_final\":false," SAYS_V MIN "}", 10, true,
     0.2251, 1e-3},
    {"unipc", "unipc", "{" MIN "}", 10, true, 0.2464, 1e-3},
    {"unipc karras", "unipc", "{\"use_karras_sigmas\":true," MIN "}", 10, true, 0.2925, 1e-3},
    {"unipc of v", "unipc", "{" SAYS_V MIN "}", 10, true, 0.1014, 1e-3},
};

static void make(Sampler *s, const Case *c)
{
    Err err = {0};
    SchedulerConfig config;
    Json *j = js_parse(c->config, strlen(c->config), c->what, &err);
    assert_true(scheduler_config_from(&config, j, c->sampler, &err));
    if (!sampler_init(s, &config, c->steps, &err))
        fail_msg("%s: %s", c->what, err.text);
    js_free(j);
}

/* [b,c,h,w], as torch draws its noise for it. */
static void ramp(float *x, float scale)
{
    for (int i = 0; i < N; i++) {
        int b = i / (C * H * W), rest = i % (C * H * W);
        x[i] = (float)(rest * B + b) / N * scale;
    }
}

/* x as Euler's tests have it: scaled for the network, it stays so. */
static double walk(const Case *c, Arena *a)
{
    static float x[N], out[N], noise[N];
    Err err = {0};
    Sampler s;
    Chance chance;
    make(&s, c);
    chance_seed(&chance, 0);
    assert_true(sampler_start(&s, 0, N, a, &err));
    ramp(x, s.start_scale);
    for (int i = 0; i < s.calls; i++) {
        sampler_scale(&s, i, x, x, N);
        for (int k = 0; k < N; k++)
            out[k] = x[k] * s.time[i] / (s.time[i] + 1);
        bool draws = sampler_draws(&s, i);
        if (draws)
            chance_normal(&chance, noise, N);
        sampler_step(&s, i, x, out, draws ? noise : NULL);
    }
    double sum = 0;
    for (int k = 0; k < N; k++)
        sum += fabs((double)x[k]);
    sampler_release(&s);
    return c->is_mean ? sum / N : sum;
}

static void sums_are_those_of_the_tests_of_diffusers(void **state)
{
    (void)state;
    Arena a;
    Err err = {0};
    assert_true(arena_init(&a, 1 << 20, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = walk(&cases[i], &a);
        if (!(fabs(got - cases[i].want) <= cases[i].allowed))
            fail_msg("%s: %.6f, not %.6f", cases[i].what, got, cases[i].want);
        arena_rewind(&a, 0);
    }
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_the_tests_of_diffusers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
