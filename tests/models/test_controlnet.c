/* SPDX-License-Identifier: MIT */
#include "models/controlnet.h"
#include "models/unet.h"

#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* f32 sums in another order: about 1e-6 of the largest, Winograd three times. */
static const double allowed = 1e-4;

enum { H = 8, W = 12, TIME = 333, NETS = 2 };

/* A UNet, two ControlNets of other weights, and what all are told: two rows. */
typedef struct Scene {
    Bench *bench;
    Golden golden;
    const char *name;
    UNetConfig config; /* of all */
    UNet unet;
    ControlNet net[NETS];
    Weights *weights[NETS + 1];
    Binder binder[NETS + 1];
    Tensor words, latents, rgb; /* [2,77,D], [2,h,w,C], [1,8h,8w,3] */
    UNetContext context;        /* of the UNet */
} Scene;

static UNetConfig config_of(const Json *json)
{
    UNetConfig c;
    Err err = {0};
    if (!unet_config_read(&c, json, &err))
        fail_msg("%s", err.text);
    return c;
}

/* The i-th Binder of the scene, over values from names. */
static Bind bind_named(Scene *s, int i, const char *keys, const char *prefix)
{
    s->weights[i] = named_weights(&s->bench->arena, keys, prefix, NULL);
    binder_init(&s->binder[i], s->weights[i]);
    return bench_bind(s->bench, &s->binder[i]);
}

static void assert_bound(Scene *s, int i)
{
    Err err = {0};
    if (!binder_done(&s->binder[i], NULL, &err))
        fail_msg("%s", err.text);
}

static void open_nets(Scene *s, const char *prefix, const char *unet_prefix)
{
    char keys[64], full[64];
    for (int i = 0; i < NETS; i++) {
        snprintf(keys, sizeof keys, "controlnet/%s.keys", s->name);
        snprintf(full, sizeof full, "%s%c.", prefix, 'a' + i);
        Bind b = bind_named(s, i, keys, full);
        (void)!controlnet_bind(&s->net[i], &b, &s->config);
        assert_bound(s, i);
    }
    const char *of_unet = s->config.added > 0 ? "unet/xl.keys" : "controlnet/unet.keys";
    Bind b = bind_named(s, NETS, of_unet, unet_prefix);
    (void)!unet_bind(&s->unet, &b, &s->config, (UNetParts){.text = true});
    assert_bound(s, NETS);
}

static void tell_sizes(Scene *s, const Trunk *m, UNetContext *c)
{
    static float sizes[2][6] = {{512, 768, 0, 16, 512, 768}, {64, 96, 8, 0, 1024, 640}};
    Tensor pooled = named_values(&s->bench->arena, "in.pooled", SHAPE(2, 40), 4);
    assert_true(trunk_added(&s->bench->run, m, pooled,
                            tensor_over(sizes, TENSOR_F32, SHAPE(2, 6)), &s->bench->arena, c));
}

static void scene_open(Scene *s, const char *table, const char *name, const char *prefix,
                       const char *unet_prefix)
{
    char golden[64];
    snprintf(golden, sizeof golden, "controlnet/%s", name);
    *s = (Scene){.bench = bench_new(table), .golden = golden_open(golden), .name = name};
    s->config = config_of(s->golden.config);
    open_nets(s, prefix, unet_prefix);
    Arena *a = &s->bench->arena;
    s->words = named_values(a, "in.ctx", SHAPE(2, 77, s->config.context), 4);
    s->latents =
        to_channels_last(a, named_values(a, "in.lat", SHAPE(2, s->config.in, H, W), 1.7f));
    s->rgb = to_channels_last(a, named_values(a, "in.hint", SHAPE(1, 3, 8 * H, 8 * W), 100));
    assert_true(unet_context(&s->bench->run, &s->unet, s->words, a, &s->context));
    if (s->config.added > 0)
        tell_sizes(s, &s->unet.trunk, &s->context);
}

static void scene_close(Scene *s)
{
    for (int i = 0; i <= NETS; i++) {
        binder_release(&s->binder[i]);
        weights_close(s->weights[i]);
    }
    golden_close(&s->golden);
    bench_free(s->bench);
}

/* Adds what the i-th ControlNet says about the last `rows` rows. */
static void listen(Scene *s, int i, int64_t rows, ControlScale scale, UNetControl *sum)
{
    Run *r = &s->bench->run;
    Arena *a = &s->bench->arena;
    const ControlNet *m = &s->net[i];
    UNetContext context;
    assert_true(
        trunk_context(r, &m->trunk, tensor_rows(s->words, 2 - rows, rows), a, &context));
    if (s->config.added > 0)
        tell_sizes(s, &m->trunk, &context);
    UNetInput in = {.latents = tensor_rows(s->latents, 2 - rows, rows),
                    .t = TIME,
                    .frames = 1,
                    .context = &context,
                    .pose = {controlnet_hint(r, m, s->rgb, a)}};
    if (i == 0)
        assert_golden(&s->golden, "hint", in.pose[0], allowed);
    if (!controlnet_add(r, m, &in, scale, sum))
        fail_msg("%s", r->err.text);
}

static void room(Scene *s, int64_t rows, UNetControl *sum)
{
    assert_true(controlnet_room(&s->bench->run, &s->config,
                                tensor_rows(s->latents, 2 - rows, rows), sum));
}

/* The sum itself, and what the UNet makes of it. */
static void assert_heard(Scene *s, const char *what, const UNetControl *sum)
{
    char stage[64];
    for (int i = 0; i < sum->skips; i++) {
        snprintf(stage, sizeof stage, "%s.skip.%d", what, i);
        assert_golden(&s->golden, stage, sum->skip[i], allowed);
    }
    snprintf(stage, sizeof stage, "%s.mid", what);
    assert_golden(&s->golden, stage, sum->mid, allowed);
    UNetInput in = {
        .latents = s->latents, .t = TIME, .frames = 1, .context = &s->context, .control = sum};
    snprintf(stage, sizeof stage, "%s.out", what);
    assert_golden(&s->golden, stage, unet_forward(&s->bench->run, &s->unet, &in), allowed);
}

static void one_and_two_add_to_skips_and_middle_like_the_reference(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        Scene s;
        UNetControl sum;
        scene_open(&s, *t, "small", "control.", "lcm.");
        room(&s, 2, &sum);
        listen(&s, 0, 2, (ControlScale){.scale = 0.75f}, &sum);
        assert_heard(&s, "one", &sum);
        listen(&s, 1, 2, (ControlScale){.scale = 1.25f}, &sum);
        assert_heard(&s, "both", &sum);
        scene_close(&s);
    }
}

static void guess_mode_speaks_to_the_conditional_row_only(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        Scene s;
        UNetControl sum;
        scene_open(&s, *t, "small", "control.", "lcm.");
        room(&s, 1, &sum);
        listen(&s, 0, 1, (ControlScale){.scale = 0.75f, .guess = true}, &sum);
        assert_heard(&s, "guess", &sum);
        scene_close(&s);
    }
}

static void one_of_sdxl_is_told_the_sizes_too(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        Scene s;
        UNetControl sum;
        scene_open(&s, *t, "xl", "controlxl.", "xl.");
        room(&s, 2, &sum);
        listen(&s, 0, 2, (ControlScale){.scale = 0.75f}, &sum);
        assert_heard(&s, "one", &sum);
        scene_close(&s);
    }
}

static void one_for_another_kind_of_unet_is_refused(void **state)
{
    (void)state;
    UNetConfig sd = unet_config_sd15(), c = sd;
    Err err = {0};
    assert_true(controlnet_fits(&c, &sd, &err));
    sd.in = 9; /* an inpainting model takes them */
    assert_true(controlnet_fits(&c, &sd, &err));
    c.context = 1024;
    assert_false(controlnet_fits(&c, &sd, &err));
    assert_non_null(strstr(err.text, "1024"));
    c = sd;
    c.width[2] = 640;
    err = (Err){0};
    assert_false(controlnet_fits(&c, &sd, &err));
    assert_non_null(strstr(err.text, "640"));
    c = sd;
    c.added = 2816;
    err = (Err){0};
    assert_false(controlnet_fits(&c, &sd, &err));
    c = sd;
    c.blocks = 3;
    err = (Err){0};
    assert_false(controlnet_fits(&c, &sd, &err));
}

/* Every limit from nothing to enough: an error with a sentence, no crash. */
static void short_memory_is_refused_with_a_sentence(void **state)
{
    (void)state;
    Scene s;
    UNetControl sum;
    scene_open(&s, "best", "small", "control.", "lcm.");
    Bench *b = s.bench;
    Tensor hint = controlnet_hint(&b->run, &s.net[0], s.rgb, &b->arena);
    UNetContext context;
    assert_true(trunk_context(&b->run, &s.net[0].trunk, s.words, &b->arena, &context));
    UNetInput in = {
        .latents = s.latents, .t = TIME, .frames = 1, .context = &context, .pose = {hint}};
    b->scratch.peak = 0;
    room(&s, 2, &sum);
    assert_true(controlnet_add(&b->run, &s.net[0], &in, (ControlScale){.scale = 1}, &sum));
    size_t peak = b->scratch.peak;
    for (int i = 0; i < 40; i++) {
        arena_rewind(&b->scratch, 0);
        b->scratch.limit = peak * (size_t)i / 40;
        Run r = b->run;
        assert_false(controlnet_room(&r, &s.config, s.latents, &sum) &&
                     controlnet_add(&r, &s.net[0], &in, (ControlScale){.scale = 1}, &sum));
        assert_int_equal(r.err.kind, ERR_MEMORY);
        assert_true(r.err.text[0] != '\0');
    }
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_and_two_add_to_skips_and_middle_like_the_reference),
        cmocka_unit_test(guess_mode_speaks_to_the_conditional_row_only),
        cmocka_unit_test(one_of_sdxl_is_told_the_sizes_too),
        cmocka_unit_test(one_for_another_kind_of_unet_is_refused),
        cmocka_unit_test(short_memory_is_refused_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
