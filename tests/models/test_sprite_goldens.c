/* SPDX-License-Identifier: MIT */
#include "models/pose_guider.h"
#include "models/pose_pyramid.h"
#include "models/unet.h"

#include "golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* The records of the first reference run (tests/golden/sprite): first eight
 * and last four numbers, mean and mean absolute value.  Relative to the
 * largest of a record's numbers, f32 in another order is within 1e-5; batch
 * statistics divide by small spreads and lose a digit. */
static const double allowed = 1e-4;

static Json *records;

/* ---- comparing with a record ------------------------------------------------------ */

/* Element i in torch's order [1,C,F,h,w] of x [F,h,w,C]; tokens are alike in both. */
static double at(Tensor x, int64_t i)
{
    if (x.rank != 4)
        return (double)tensor_f32(x)[i];
    int64_t P = x.dim[1] * x.dim[2], F = x.dim[0], C = x.dim[3];
    int64_t p = i % P, f = i / P % F, c = i / P / F;
    return (double)tensor_f32(x)[(f * P + p) * C + c];
}

static void near(const char *name, const char *what, double got, double want, double scale,
                 double most)
{
    if (!(fabs(got - want) <= most * scale))
        fail_msg("%s: %s is %.9g, want %.9g", name, what, got, want);
}

static void assert_record(const Json *r, const char *name, Tensor x, double most)
{
    if (r == NULL || tensor_is_empty(x))
        fail_msg("%s: no record, or nothing to compare", name);
    int64_t n = tensor_count(x);
    const Json *first = js_get(r, "first8"), *last = js_get(r, "last4");
    double scale = 0, mean = 0, mean_abs = 0;
    for (size_t i = 0; i < 8; i++)
        scale = fmax(scale, fabs(js_number(js_at(first, i), 0)));
    for (size_t i = 0; i < 8; i++)
        near(name, "one of the first", at(x, (int64_t)i), js_number(js_at(first, i), NAN),
             scale, most);
    for (size_t i = 0; i < 4; i++)
        near(name, "one of the last", at(x, n - 4 + (int64_t)i), js_number(js_at(last, i), NAN),
             scale, most);
    for (int64_t i = 0; i < n; i++) {
        mean += (double)tensor_f32(x)[i] / (double)n;
        mean_abs += fabs((double)tensor_f32(x)[i]) / (double)n;
    }
    near(name, "the mean", mean, js_number(js_get(r, "mean"), NAN), scale, most);
    near(name, "the mean size", mean_abs, js_number(js_get(r, "mean_abs"), NAN), scale, most);
}

static void assert_named(const char *name, Tensor x, double most)
{
    assert_record(js_get(records, name), name, x, most);
}

static void on_every_table(void (*holds)(const char *table))
{
    for (const char *const *t = tables(); *t != NULL; t++)
        holds(*t);
}

/* ---- the UNets ----------------------------------------------------------------------- */

static UNetConfig config(void)
{
    UNetConfig c = unet_config_sd15();
    const int64_t width[] = {32, 64, 128, 128};
    memcpy(c.width, width, sizeof width);
    c.context = 48;
    return c;
}

static void bind_net(Bench *b, UNet *m, const char *keys, const char *prefix, UNetParts parts)
{
    static const char *const unread[] = {"*.attn2.to_q.*", "*.attn2.to_k.*", "*.norm2.*",
                                         "*motion_modules*", NULL};
    Weights *w = named_weights(&b->arena, keys, prefix, NULL);
    Binder binder;
    binder_init(&binder, w);
    Bind bind = bench_bind(b, &binder);
    UNetConfig c = config();
    Err err = {0};
    (void)!unet_bind(m, &bind, &c, parts);
    if (!binder_done(&binder, unread, &err))
        fail_msg("%s", err.text);
    binder_release(&binder);
    weights_close(w);
}

static Tensor named(Bench *b, const char *name, Shape torch, float factor)
{
    return to_channels_last(&b->arena, named_values(&b->arena, name, torch, factor));
}

/* Rows of zeros, then the real context. */
static Tensor contexts(Bench *b, int64_t rows)
{
    Err err = {0};
    Tensor c = tensor_new(&b->arena, TENSOR_F32, SHAPE(rows, 1, 48), &err);
    memset(c.data, 0, tensor_bytes(c));
    Tensor one = named_values(&b->arena, "in.ctx", SHAPE(1, 1, 48), 1);
    memcpy(tensor_f32(c) + (rows - 1) * 48, one.data, tensor_bytes(one));
    return c;
}

static Tensor twice(Bench *b, Tensor x)
{
    Err err = {0};
    Tensor y = tensor_new(&b->arena, TENSOR_F32,
                          SHAPE(2 * x.dim[0], x.dim[1], x.dim[2], x.dim[3]), &err);
    memcpy(y.data, x.data, tensor_bytes(x));
    memcpy((char *)y.data + tensor_bytes(x), x.data, tensor_bytes(x));
    return y;
}

static void poses(Bench *b, UNetInput *in, bool multi, int64_t F)
{
    static const int64_t C[] = {32, 32, 64, 128, 128}, side[] = {16, 8, 4, 2, 2};
    for (int i = 0; i < (multi ? 5 : 1); i++) {
        char name[16];
        snprintf(name, sizeof name, "in.pose%d", i);
        in->pose[i] = named(b, name, SHAPE(1, C[i], F, side[i], side[i]), 0.5f);
    }
}

typedef struct Case {
    const char *uncond, *cond;
    bool motion, multi, guided;
    int64_t frames;
} Case;

static const Case cases[] = {
    {"image_F1_cfg_plain_uncond", "image_F1_cfg_plain_cond", false, false, true, 1},
    {NULL, "image_F1_cfg_multi_cond", false, true, true, 1},
    {"video_F3_cfg_plain_uncond", "video_F3_cfg_plain_cond", true, false, true, 3},
    {NULL, "image_F1_nocfg", false, false, false, 1},
};

static void denoise(Bench *b, const Case *c, const UNet *den, const UNetBank *tokens)
{
    UNetContext context;
    UNetBank kv;
    int64_t rows = c->guided ? 2 : 1;
    assert_true(unet_context(&b->run, den, contexts(b, rows), &b->arena, &context));
    assert_true(unet_bank_project(&b->run, den, tokens, &b->arena, &kv));
    Tensor latents = named(b, "in.lat", SHAPE(1, 4, c->frames, 16, 16), 1.7f);
    UNetInput in = {.latents = c->guided ? twice(b, latents) : latents,
                    .t = 959,
                    .frames = c->frames,
                    .context = &context,
                    .bank = &kv,
                    .bank_from_row = rows - 1};
    poses(b, &in, c->multi, c->frames);
    Tensor out = unet_forward(&b->run, den, &in);
    assert_ran(&b->run);
    if (c->uncond != NULL)
        assert_named(c->uncond, tensor_rows(out, 0, c->frames), allowed);
    assert_named(c->cond, tensor_rows(out, (rows - 1) * c->frames, c->frames), allowed);
}

static void unets(const char *table)
{
    Bench *b = bench_new(table);
    UNet *ref = xalloc(1, sizeof *ref), *den = xalloc(1, sizeof *den);
    bind_net(b, ref, "sprite/reference_unet.keys", "ref.", (UNetParts){.reference = true});
    UNetContext context;
    UNetBank tokens;
    assert_true(unet_context(&b->run, ref, contexts(b, 1), &b->arena, &context));
    assert_true(unet_reference(&b->run, ref, named(b, "in.reflat", SHAPE(1, 4, 16, 16), 1),
                               &context, &b->arena, &tokens));
    for (int i = 0; i < SD_BANK; i++) {
        char path[96];
        snprintf(path, sizeof path, "%s.transformer_blocks.0", sd_bank_paths[i]);
        assert_string_equal(unet_attention_path(ref, i).s, path);
        assert_record(js_get(js_get(records, "banks_cond"), path), path, tokens.of[i], allowed);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bind_net(b, den, "sprite/denoising_unet_with_motion.keys", "den.",
                 (UNetParts){.motion = cases[i].motion});
        denoise(b, &cases[i], den, &tokens);
    }
    xfree(ref);
    xfree(den);
    bench_free(b);
}

static void the_unets_hold_on_every_table(void **state)
{
    (void)state;
    on_every_table(unets);
}

/* ---- the guiders, at their published widths ------------------------------------------- */

/* (u + 1) / 2 of the name: a picture. */
static Tensor picture(Bench *b, const char *name, int64_t side, bool is_signed)
{
    Tensor x = named(b, name, SHAPE(1, 3, 1, side, side), 1);
    for (int64_t i = 0; i < tensor_count(x) && !is_signed; i++)
        tensor_f32(x)[i] = (tensor_f32(x)[i] + 1) / 2;
    return x;
}

static void plain(const char *table)
{
    Bench *b = bench_new(table);
    Weights *w = named_weights(&b->arena, "keys/pose_guider.keys", "pgo.", NULL);
    Binder binder;
    binder_init(&binder, w);
    Bind bind = bench_bind(b, &binder);
    PoseGuider m;
    assert_true(pose_guider_bind(&m, &bind));
    Tensor y =
        pose_guider_embed(&b->run, &m, picture(b, "in.poseimg", 64, false), (GuiderFrames){0});
    assert_named("pose_plain_64", y, allowed);
    binder_release(&binder);
    weights_close(w);
    bench_free(b);
}

static void levels(Bench *b, PosePyramid *m, const char *name, Tensor rgb, double most)
{
    Tensor level[PYRAMID_LEVELS];
    assert_true(pose_pyramid_embed(&b->run, m, rgb, level));
    for (int i = 0; i < PYRAMID_LEVELS; i++) {
        char full[64];
        snprintf(full, sizeof full, "%s_L%d", name, i);
        assert_named(full, level[i], most);
    }
}

static void pyramid(const char *table)
{
    Bench *b = bench_new(table);
    Weights *w = named_weights(&b->arena, "keys/pose_pyramid.keys", "pg.", NULL);
    Binder binder;
    binder_init(&binder, w);
    Bind bind = bench_bind(b, &binder);
    PosePyramid m;
    assert_true(pose_pyramid_bind(&m, &bind, 16));
    /* 2v - 1 of the picture is u itself */
    levels(b, &m, "pose_multi_eval", picture(b, "in.poseimg", 64, true), allowed);
    m.batch_statistics = true;
    levels(b, &m, "pose_multi_batchstat128", picture(b, "in.poseimg2", 128, true), 1e-3);
    binder_release(&binder);
    weights_close(w);
    bench_free(b);
}

static void the_plain_guider_holds_on_every_table(void **state)
{
    (void)state;
    on_every_table(plain);
}

static void the_pyramid_holds_on_every_table(void **state)
{
    (void)state;
    on_every_table(pyramid);
}

static void names_make_the_values_that_they_should(void **state)
{
    (void)state;
    Bench *b = bench_new("ref");
    Tensor u = named_values(&b->arena, "check", SHAPE(4), 1);
    for (int i = 0; i < 4; i++)
        assert_true(tensor_f32(u)[i] ==
                    (float)js_number(js_at(js_get(records, "u_check"), (size_t)i), 0));
    bench_free(b);
}

static int set_up(void **state)
{
    (void)state;
    char *path = golden_path("sprite/sprite_goldens.json");
    Err err = {0};
    records = js_load(path, &err);
    xfree(path);
    return records == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    js_free(records);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_make_the_values_that_they_should),
        cmocka_unit_test(the_unets_hold_on_every_table),
        cmocka_unit_test(the_plain_guider_holds_on_every_table),
        cmocka_unit_test(the_pyramid_holds_on_every_table),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
