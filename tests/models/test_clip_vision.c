/* SPDX-License-Identifier: MIT */
#include "models/clip_vision.h"

#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* f32 sums in another order differ by about 1e-6 of the largest. */
static const double allowed = 1e-4;

/* The squashed picture, normalised. */
static Tensor pixels(Bench *b, const Golden *g, int64_t side)
{
    static const float mean[] = {0.48145466f, 0.4578275f, 0.40821073f};
    static const float spread[] = {0.26862954f, 0.26130258f, 0.27577711f};
    Tensor u8 = golden_at(g, "squashed");
    Err err = {0};
    Tensor x = tensor_new(&b->arena, TENSOR_F32, SHAPE(1, side, side, 3), &err);
    for (int64_t i = 0; i < tensor_count(x); i++)
        tensor_f32(x)[i] =
            ((float)((unsigned char *)u8.data)[i] / 255.0f - mean[i % 3]) / spread[i % 3];
    return x;
}

static void embed(const char *table, const char *name, const char *keys, const char *prefix,
                  int64_t side, int64_t patch)
{
    Bench *b = bench_new(table);
    Golden g = golden_open(name);
    Weights *w = named_weights(&b->arena, keys, prefix, &g);
    Binder binder;
    binder_init(&binder, w);
    Bind bind = bench_bind(b, &binder);
    ClipVisionConfig c = {side, patch, 64, 4, 160, 48, 3, ACT_QUICK_GELU, 1e-5f};
    ClipVision m;
    Err err = {0};
    (void)!clip_vision_bind(&m, &bind, &c);
    if (!binder_done(&binder, clip_vision_unread(), &err))
        fail_msg("%s", err.text);

    Tensor rgb = pixels(b, &g, side);
    GoldenTap tap = {&g, "", allowed, 0};
    b->run.tap = golden_tap;
    b->run.tap_user = &tap;
    Tensor e = clip_vision_embed(&b->run, &m, rgb);
    assert_ran(&b->run);
    assert_int_equal(tap.seen, 1 + 3);
    assert_golden(&g, "image_embeds", e, allowed);

    memset(rgb.data, 0, tensor_bytes(rgb));
    b->run.tap = NULL;
    e = clip_vision_embed(&b->run, &m, rgb);
    assert_golden(&g, "image_embeds.zeros", e, allowed);

    binder_release(&binder);
    weights_close(w);
    golden_close(&g);
    bench_free(b);
}

static void embeds_stage_by_stage_like_the_reference(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        embed(*t, "clip/p14", "clip/p14.keys", "clip.", 56, 14);
        embed(*t, "clip/p8", "clip/p8.keys", "clip8.", 64, 8);
    }
}

static void refuses_senseless_configurations(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"patch_size\": 0}", "{\"hidden_size\": 65, \"num_attention_heads\": 4}",
        "{\"num_hidden_layers\": 1000}", "{\"hidden_act\": \"tanh\"}", "{\"image_size\": -3}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err err = {0};
        Json *j = js_parse(bad[i], strlen(bad[i]), "config", &err);
        ClipVisionConfig c;
        assert_false(clip_vision_config_read(&c, j, &err));
        assert_int_equal(err.kind, ERR_FORMAT);
        js_free(j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(embeds_stage_by_stage_like_the_reference),
        cmocka_unit_test(refuses_senseless_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
