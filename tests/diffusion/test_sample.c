/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "diffusion/noise.h"
#include "diffusion/sample.h"

enum { F = 10, H = 3, W = 2, C = 4, FRAME = H * W * C };

/* A network that answers with what the frame should become, for a v
 * prediction; it counts how it was asked. */
typedef struct {
    const Sampler *sampler;
    float target[F];
    int calls, unconditional;
    int fails_at;
    bool says_nan;
    atomic_bool *stop;
    int steps_seen[64];
} Net;

static float v_towards(const Sampler *d, float t, float x, float clean)
{
    float abar = d->abar[(int)t];
    if (abar == 0)
        return -clean;
    float noise = (x - sqrtf(abar) * clean) / sqrtf(1 - abar);
    return sqrtf(abar) * noise - sqrtf(1 - abar) * clean;
}

static bool answer(void *net, const DenoiseCall *call, Err *err)
{
    Net *n = net;
    n->calls++;
    n->steps_seen[call->step]++;
    if (n->fails_at && n->calls == n->fails_at)
        return err_set(err, ERR_MEMORY, "the network is tired");
    if (n->stop && call->step == 2)
        atomic_store(n->stop, true);
    assert_int_equal(call->latents.dim[0], call->frames);
    assert_true(call->t == n->sampler->time[call->step]);
    for (int64_t i = 0; i < call->frames * FRAME; i++) {
        float clean = n->target[call->frame[i / FRAME]];
        float v = v_towards(n->sampler, call->t, tensor_f32(call->latents)[i], clean);
        tensor_f32(call->cond)[i] = n->says_nan ? NAN : v;
        if (!tensor_is_empty(call->uncond))
            tensor_f32(call->uncond)[i] = v;
    }
    n->unconditional += !tensor_is_empty(call->uncond);
    return true;
}

static bool answer_itself(void *net, const DenoiseCall *call, Err *err)
{
    (void)net;
    (void)err;
    assert_true(call->done >= 0 && call->done < call->total);
    for (int64_t i = 0; i < call->frames * FRAME; i++)
        tensor_f32(call->cond)[i] = -0.5f * tensor_f32(call->latents)[i];
    return true;
}

typedef struct {
    Arena arena;
    Sampler sampler;
    Net net;
    Tensor latents;
    SampleOptions options;
    Err err;
} Case;

static void case_init(Case *c, int steps)
{
    memset(c, 0, sizeof *c);
    assert_true(arena_init(&c->arena, 1 << 24, &c->err));
    SchedulerConfig config = scheduler_config_moore();
    assert_true(sampler_init(&c->sampler, &config, steps, &c->err));
    c->net.sampler = &c->sampler;
    for (int f = 0; f < F; f++)
        c->net.target[f] = (float)f / 4 - 1;
    c->latents = tensor_new(&c->arena, TENSOR_F32, SHAPE(F, H, W, C), &c->err);
    Chance chance;
    chance_seed(&chance, 42);
    assert_true(noise_draw(&chance, c->latents, &c->arena, &c->err));
    c->options = (SampleOptions){.sampler = &c->sampler};
}

static bool case_run(Case *c)
{
    return sample_run(&c->options, answer, &c->net, c->latents, &c->arena, &c->err);
}

static void case_release(Case *c)
{
    sampler_release(&c->sampler);
    arena_release(&c->arena);
}

static void assert_arrived(const Case *c)
{
    for (int i = 0; i < F * FRAME; i++) {
        float got = tensor_f32(c->latents)[i], want = c->net.target[i / FRAME];
        if (fabsf(got - want) > 2e-5f) /* ten steps of f32 */
            fail_msg("[%d]: %g, not %g", i, (double)got, (double)want);
    }
}

static void noise_becomes_what_the_network_has_in_mind(void **state)
{
    (void)state;
    Case c;
    case_init(&c, 10);
    size_t before = c.arena.used;
    assert_true(case_run(&c));
    assert_arrived(&c);
    assert_int_equal(c.net.calls, 10);
    assert_int_equal(c.net.unconditional, 0);
    assert_int_equal(c.arena.used, before);
    case_release(&c);
}

static void guidance_asks_for_both_sides(void **state)
{
    (void)state;
    Case c;
    case_init(&c, 10);
    c.options.guidance.scale = 3.5;
    assert_true(case_run(&c));
    assert_arrived(&c); /* both sides say the same, so guidance changes nothing */
    assert_int_equal(c.net.unconditional, 10);
    case_release(&c);
}

static void guidance_leads_away_from_the_unconditional(void **state)
{
    (void)state;
    float u[3] = {1, -2, 0.5f}, k[3] = {2, -2, 0.25f}, v[3];
    Guidance g = {.scale = 3};
    guidance_mix(&g, v, u, k, 3);
    assert_true(v[0] == 4 && v[1] == -2 && v[2] == -0.25f);
    guidance_mix(&g, k, u, k, 3); /* in place */
    assert_memory_equal(k, v, sizeof v);
}

/* By hand: u + 3 (c - u) = 3, 4, 10, whose spread is sqrt(86 / 14) times that
 * of c; 0.7 sqrt(14 / 86) + 0.3 = 0.5824313. */
static void rescaling_takes_back_the_spread_that_guidance_adds(void **state)
{
    (void)state;
    static const float u[3] = {0, 1, 1}, c[3] = {1, 2, 4};
    static const float some[3] = {1.747294f, 2.329725f, 5.824313f};
    float v[3];
    Guidance g = {.scale = 3, .rescale = 0.7};
    guidance_mix(&g, v, u, c, 3);
    for (int i = 0; i < 3; i++)
        assert_true(fabsf(v[i] - some[i]) < 2e-6f); /* as many digits as there are */
    static const float flat[3] = {2, 2, 2};
    guidance_mix(&g, v, flat, flat, 3); /* no spread to divide by */
    assert_memory_equal(v, flat, sizeof v);
}

static void guidance_has_a_window_in_shares_of_the_steps(void **state)
{
    (void)state;
    static const struct {
        Guidance g;
        const char *on;
    } cases[] = {{{.scale = 2}, "xxxxxxxxxx"},
                 {{.scale = 1}, ".........."},
                 {{.scale = 0}, ".........."},
                 {{.scale = 2, .from = 0.2, .until = 0.8}, "..xxxxxx.."},
                 {{.scale = 2, .from = 0.25, .until = 1}, "...xxxxxxx"},
                 {{.scale = 2, .from = 0, .until = 0.01}, "x........."}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        for (int i = 0; i < 10; i++)
            assert_int_equal(guidance_is_on(&cases[k].g, i, 10), cases[k].on[i] == 'x');
    }
}

static void outside_of_its_window_guidance_costs_nothing(void **state)
{
    (void)state;
    Case c;
    case_init(&c, 10);
    c.options.first_step = 2;
    c.options.guidance = (Guidance){.scale = 3, .from = 0.25, .until = 0.75};
    assert_true(case_run(&c));
    assert_arrived(&c);
    assert_int_equal(c.net.calls, 8);
    assert_int_equal(c.net.unconditional, 4);
    case_release(&c);
}

static void use(Case *c, const char *sampler, Prediction says, int steps)
{
    sampler_release(&c->sampler);
    SchedulerConfig config = scheduler_config_sd(sampler_find(sampler));
    config.prediction_type = says;
    config.set_alpha_to_one = true;
    assert_true(sampler_init(&c->sampler, &config, steps, &c->err));
}

static void scale_noise(Case *c)
{
    for (int i = 0; i < F * FRAME; i++)
        tensor_f32(c->latents)[i] *= c->sampler.start_scale;
}

/* The network is shown what it was trained on, whatever x looks like. */
static void the_network_sees_latents_scaled_for_it(void **state)
{
    (void)state;
    static const char *samplers[] = {"ddim", "euler", "dpm++2m", "unipc"};
    for (int k = 0; k < 4; k++) {
        Case c;
        case_init(&c, 10);
        use(&c, samplers[k], PREDICTS_V, 10);
        scale_noise(&c);
        assert_true(case_run(&c));
        assert_arrived(&c);
        case_release(&c);
    }
}

/* Each picture has its own generator: alone it comes out as in the batch. */
static void a_batch_is_what_its_pictures_are_alone(void **state)
{
    (void)state;
    static const char *samplers[] = {"euler_a", "ddpm", "lcm"};
    for (int k = 0; k < 6; k++) {
        Case c;
        NoiseSource noise;
        float third[FRAME];
        case_init(&c, 6);
        use(&c, samplers[k / 2], PREDICTS_V, 6);
        NoiseRule rule = k % 2 ? NOISE_CUDA : NOISE_CPU;
        noise_source_init(&noise, rule, 40, F);
        c.options.noise = &noise;
        assert_true(noise_source_draw(&noise, c.latents, &c.arena, &c.err));
        scale_noise(&c);
        assert_true(sample_run(&c.options, answer_itself, NULL, c.latents, &c.arena, &c.err));
        memcpy(third, tensor_f32(c.latents) + 2 * FRAME, sizeof third);
        noise_source_release(&noise);

        noise_source_init(&noise, rule, 42, 1);
        c.latents = tensor_rows(c.latents, 0, 1);
        assert_true(noise_source_draw(&noise, c.latents, &c.arena, &c.err));
        for (int i = 0; i < FRAME; i++)
            tensor_f32(c.latents)[i] *= c.sampler.start_scale;
        assert_true(sample_run(&c.options, answer_itself, NULL, c.latents, &c.arena, &c.err));
        assert_memory_equal(third, tensor_f32(c.latents), sizeof third);
        noise_source_release(&noise);
        case_release(&c);
    }
}

static void set_third(void *user, int step, Tensor latents)
{
    int *last = user;
    assert_int_equal(step, *last + 1);
    *last = step;
    for (int i = 0; i < FRAME; i++)
        tensor_f32(latents)[2 * FRAME + i] = 5;
}

static void what_is_put_back_after_a_step_stays(void **state)
{
    (void)state;
    Case c;
    int last = -1;
    case_init(&c, 4);
    c.options.after = set_third;
    c.options.after_user = &last;
    assert_true(case_run(&c));
    assert_int_equal(last, 3);
    for (int i = 0; i < F * FRAME; i++)
        assert_int_equal(tensor_f32(c.latents)[i] == 5, i / FRAME == 2);
    case_release(&c);
}

static void windows_meet_without_a_seam(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        Case c;
        case_init(&c, 10);
        c.options.window = (WindowRule){.size = 4, .overlap = 2, .stride = 1, .is_open = open};
        assert_true(case_run(&c));
        assert_arrived(&c);
        assert_int_equal(c.net.calls, 10 * (open ? 4 : 5));
        case_release(&c);
    }
}

/* Says a different number in each window: the average shows how often a
 * frame was seen. */
static bool answer_by_window(void *net, const DenoiseCall *call, Err *err)
{
    (void)net;
    (void)err;
    for (int64_t i = 0; i < call->frames * FRAME; i++)
        tensor_f32(call->cond)[i] = (float)call->frame[0];
    return true;
}

static void keep_prediction(void *user, const char *name, Tensor t)
{
    if (!strcmp(name, "pred.0")) {
        for (int f = 0; f < F; f++)
            ((float *)user)[f] = tensor_f32(t)[f * FRAME];
    }
}

static void overlaps_are_averaged_by_how_often_they_are_seen(void **state)
{
    (void)state;
    Case c;
    float seen[F];
    case_init(&c, 4);
    c.options.window = (WindowRule){.size = 6, .overlap = 2, .stride = 1};
    c.options.tap = keep_prediction;
    c.options.tap_user = seen;
    assert_true(sample_run(&c.options, answer_by_window, NULL, c.latents, &c.arena, &c.err));
    /* windows 0..5, 4..9, 8..9,0..3 */
    static const float want[F] = {4, 4, 4, 4, 2, 2, 4, 4, 6, 6};
    for (int f = 0; f < F; f++)
        assert_true(seen[f] == want[f]);
    case_release(&c);
}

static void count_progress(void *user, int done, int steps, Tensor latents)
{
    int *last = user;
    assert_int_equal(done, *last + 1);
    assert_int_equal(steps, 7);
    assert_int_equal(latents.dim[0], F);
    *last = done;
}

static void progress_is_told_after_each_step(void **state)
{
    (void)state;
    Case c;
    int last = 0;
    case_init(&c, 10);
    c.options.first_step = 3;
    c.options.progress = count_progress;
    c.options.progress_user = &last;
    assert_true(case_run(&c));
    assert_int_equal(last, 7);
    assert_int_equal(c.net.steps_seen[2], 0);
    assert_int_equal(c.net.steps_seen[3], 1);
    case_release(&c);
}

static void cancelling_ends_the_loop_soon(void **state)
{
    (void)state;
    Case c;
    atomic_bool stop = false;
    case_init(&c, 10);
    c.options.stop = &stop;
    c.net.stop = &stop;
    assert_false(case_run(&c));
    assert_int_equal(c.err.kind, ERR_CANCELLED);
    assert_int_equal(c.net.calls, 3);
    case_release(&c);
}

static void a_failing_network_is_heard(void **state)
{
    (void)state;
    Case c;
    case_init(&c, 10);
    c.net.fails_at = 4;
    assert_false(case_run(&c));
    assert_string_equal(c.err.text, "the network is tired");
    assert_int_equal(c.net.calls, 4);
    case_release(&c);
}

static void a_prediction_that_is_no_number_ends_the_loop(void **state)
{
    (void)state;
    Case c;
    case_init(&c, 10);
    c.net.says_nan = true;
    assert_false(case_run(&c));
    assert_non_null(strstr(c.err.text, "step 1 is not a number"));
    case_release(&c);
}

static bool answer_noise(void *net, const DenoiseCall *call, Err *err)
{
    (void)net;
    (void)err;
    memcpy(call->cond.data, call->latents.data, tensor_bytes(call->latents));
    return true;
}

static void a_wrong_prediction_type_is_found_out_when_asked(void **state)
{
    (void)state;
    Case c;
    Err doubt = {0};
    case_init(&c, 10);
    c.options.doubt = &doubt;
    assert_true(sample_run(&c.options, answer_noise, NULL, c.latents, &c.arena, &c.err));
    assert_int_equal(c.err.kind, ERR_NONE);
    assert_non_null(strstr(doubt.text, "predicts epsilon"));
    case_release(&c);
}

static void note_name(void *user, const char *name, Tensor t)
{
    assert_int_equal(t.rank, 4);
    strcat(user, name);
    strcat(user, " ");
}

static void taps_see_every_stage_in_order(void **state)
{
    (void)state;
    Case c;
    char names[256] = "";
    case_init(&c, 2);
    c.options.tap = note_name;
    c.options.tap_user = names;
    assert_true(case_run(&c));
    assert_string_equal(names, "noise pred.0 latents.0 pred.1 latents.1 latents ");
    case_release(&c);
}

static void scratch_is_as_planned_and_a_shortage_is_a_refusal(void **state)
{
    (void)state;
    static const char *samplers[] = {"ddim", "pndm", "euler_a", "unipc"};
    for (int k = 0; k < 4; k++) {
        Case c;
        NoiseSource noise;
        case_init(&c, 2);
        use(&c, samplers[k], PREDICTS_V, 4);
        noise_source_init(&noise, NOISE_CPU, 1, F);
        c.options.noise = &noise;
        c.options.guidance.scale = 2;
        c.options.window = (WindowRule){.size = 4, .overlap = 1, .stride = 1};
        size_t before = c.arena.used, plan = sample_scratch(&c.options, c.latents);
        c.arena.peak = c.arena.used;
        assert_true(case_run(&c));
        assert_true(c.arena.peak - before <= plan);
        c.arena.limit = before + plan / 2;
        assert_false(case_run(&c));
        assert_int_equal(c.err.kind, ERR_MEMORY);
        assert_int_equal(c.arena.used, before);
        noise_source_release(&noise);
        case_release(&c);
    }
}

static void noise_has_the_order_of_torch(void **state)
{
    (void)state;
    Arena a;
    Err err = {0};
    Chance one, two;
    float plain[F * FRAME], back[F * FRAME];
    assert_true(arena_init(&a, 1 << 20, &err));
    Tensor t = tensor_new(&a, TENSOR_F32, SHAPE(F, H, W, C), &err);
    chance_seed(&one, 9);
    chance_seed(&two, 9);
    chance_normal(&one, plain, F * FRAME);
    assert_true(noise_draw(&two, t, &a, &err));
    for (int c = 0; c < C; c++) {
        for (int i = 0; i < F * H * W; i++)
            assert_true(tensor_f32(t)[i * C + c] == plain[c * F * H * W + i]);
    }
    noise_to_torch(back, t);
    assert_memory_equal(back, plain, sizeof back);
    arena_release(&a);
}

static void alike_frames_have_the_noise_of_one(void **state)
{
    (void)state;
    Arena a;
    Err err = {0};
    Chance one, all;
    assert_true(arena_init(&a, 1 << 20, &err));
    Tensor single = tensor_new(&a, TENSOR_F32, SHAPE(1, H, W, C), &err);
    Tensor t = tensor_new(&a, TENSOR_F32, SHAPE(F, H, W, C), &err);
    chance_seed(&one, 9);
    chance_seed(&all, 9);
    assert_true(noise_draw(&one, single, &a, &err));
    assert_true(noise_draw_alike(&all, t, &a, &err));
    for (int i = 0; i < F; i++)
        assert_memory_equal(tensor_rows(t, i, 1).data, single.data, tensor_bytes(single));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_becomes_what_the_network_has_in_mind),
        cmocka_unit_test(guidance_asks_for_both_sides),
        cmocka_unit_test(guidance_leads_away_from_the_unconditional),
        cmocka_unit_test(rescaling_takes_back_the_spread_that_guidance_adds),
        cmocka_unit_test(guidance_has_a_window_in_shares_of_the_steps),
        cmocka_unit_test(outside_of_its_window_guidance_costs_nothing),
        cmocka_unit_test(the_network_sees_latents_scaled_for_it),
        cmocka_unit_test(a_batch_is_what_its_pictures_are_alone),
        cmocka_unit_test(what_is_put_back_after_a_step_stays),
        cmocka_unit_test(windows_meet_without_a_seam),
        cmocka_unit_test(overlaps_are_averaged_by_how_often_they_are_seen),
        cmocka_unit_test(progress_is_told_after_each_step),
        cmocka_unit_test(cancelling_ends_the_loop_soon),
        cmocka_unit_test(a_failing_network_is_heard),
        cmocka_unit_test(a_prediction_that_is_no_number_ends_the_loop),
        cmocka_unit_test(a_wrong_prediction_type_is_found_out_when_asked),
        cmocka_unit_test(taps_see_every_stage_in_order),
        cmocka_unit_test(scratch_is_as_planned_and_a_shortage_is_a_refusal),
        cmocka_unit_test(noise_has_the_order_of_torch),
        cmocka_unit_test(alike_frames_have_the_noise_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
