/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/chance.h"
#include "diffusion/sampler.h"

#include "golden.h"

/* Walks of diffusers (tests/golden/samplers) with four numbers for x. */
enum { N = 4 };

static Json *golden;
static float picture[N], wide[N];

static int open_walks(void **state)
{
    (void)state;
    Err err = {0};
    golden = js_load(GOLDEN "/samplers/walks.json", &err);
    must(golden);
    for (size_t k = 0; k < N; k++) {
        picture[k] = (float)js_number(js_at(js_get(golden, "picture"), k), NAN);
        wide[k] = (float)js_number(js_at(js_get(golden, "wide"), k), NAN);
    }
    return 0;
}

static int close_walks(void **state)
{
    (void)state;
    js_free(golden);
    return 0;
}

/* A network of one line, as the maker has it. */
static void network(float *out, const float *in, float t)
{
    for (int k = 0; k < N; k++)
        out[k] = (0.5f + 0.4f * (t / 1000)) * in[k] + 0.3f * wide[k];
}

typedef struct Walk {
    const Json *json;
    size_t index;
    Sampler sampler;
    Chance chance;
    float x[N];
    size_t seen; /* states compared so far */
    double largest;
} Walk;

static const Json *of(const Walk *w, const char *key)
{
    return js_get(w->json, key);
}

/* f32 in another order over all steps, and a rounding of the largest x that
 * there was: from 4096 times noise, where zero SNR begins, little is left. */
static double allowed(const Walk *w, double want)
{
    return 1e-5 * (1 + fabs(want)) + 0x1p-23 * w->largest;
}

static void compare(Walk *w)
{
    char *config = js_text(of(w, "config"), true);
    for (size_t k = 0; k < N; k++) {
        double want = js_number(js_at(of(w, "x"), w->seen * N + k), NAN);
        w->largest = fmax(w->largest, fabs(want));
        if (!(fabs((double)w->x[k] - want) <= allowed(w, want)))
            fail_msg("walk %zu, state %zu: %.9g, not %.9g: %s, %lld steps", w->index, w->seen,
                     (double)w->x[k], want, config, (long long)js_int(of(w, "steps"), 0));
    }
    w->seen++;
    xfree(config);
}

static void walk_init(Walk *w, size_t index)
{
    Err err = {0};
    SchedulerConfig c;
    *w = (Walk){.json = js_at(js_get(golden, "cases"), index), .index = index};
    if (!scheduler_config_from(&c, of(w, "config"), NULL, &err))
        fail_msg("walk %zu: %s", index, err.text);
    c.eta = js_number(of(w, "eta"), 0);
    int steps = (int)js_int(of(w, "steps"), 0);
    if (!sampler_init(&w->sampler, &c, steps, &err))
        fail_msg("walk %zu: %s", index, err.text);
    chance_seed(&w->chance, (uint64_t)steps);
}

static void begin(Walk *w, Arena *a)
{
    Err err = {0};
    Sampler *s = &w->sampler;
    double strength = js_number(of(w, "strength"), 1);
    int first = sampler_first(s, strength);
    float noise[N];
    assert_int_equal(first, js_int(of(w, "first"), -1));
    assert_true(sampler_start(s, first, N, a, &err));
    chance_normal(&w->chance, noise, N);
    for (int k = 0; k < N; k++)
        w->x[k] = strength < 1 ? picture[k] : noise[k] * s->start_scale;
    if (strength < 1)
        sampler_add_noise(s, first, w->x, noise, N);
}

static void go(Walk *w, int i)
{
    float in[N], out[N], noise[N];
    sampler_scale(&w->sampler, i, in, w->x, N);
    network(out, in, w->sampler.time[i]);
    bool draws = sampler_draws(&w->sampler, i);
    if (draws)
        chance_normal(&w->chance, noise, N);
    sampler_step(&w->sampler, i, w->x, out, draws ? noise : NULL);
}

static void assert_walks(size_t index, Arena *a)
{
    Walk w;
    walk_init(&w, index);
    begin(&w, a);
    const Sampler *s = &w.sampler;
    const Json *times = of(&w, "times");
    assert_int_equal(js_count(times), s->calls - s->first);
    bool is_whole = js_count(of(&w, "x")) > N; /* else only the last x is there */
    for (int i = s->first; i < s->calls; i++) {
        double t = js_number(js_at(times, (size_t)(i - s->first)), NAN);
        if (!(fabs((double)s->time[i] - t) <= 1e-4)) /* of 1000, as f32 */
            fail_msg("walk %zu, call %d: time %.9g, not %.9g", index, i, (double)s->time[i], t);
        if (is_whole)
            compare(&w);
        go(&w, i);
    }
    compare(&w);
    assert_int_equal(w.seen * N, js_count(of(&w, "x")));
    sampler_release(&w.sampler);
}

static void every_walk_is_that_of_diffusers(void **state)
{
    (void)state;
    Arena a;
    Err err = {0};
    assert_true(arena_init(&a, 1 << 20, &err));
    size_t count = js_count(js_get(golden, "cases"));
    assert_true(count > 200);
    for (size_t i = 0; i < count; i++) {
        assert_walks(i, &a);
        arena_rewind(&a, 0);
    }
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_walk_is_that_of_diffusers),
    };
    return cmocka_run_group_tests(tests, open_walks, close_walks);
}
