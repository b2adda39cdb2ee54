/* SPDX-License-Identifier: MIT */
#include "models/clip_text.h"

#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* f32 sums in another order differ by about 1e-6 of the largest. */
static const double allowed = 1e-4;

typedef struct Tower {
    Bench *bench;
    Golden golden;
    Weights *weights;
    Binder binder;
    ClipText net;
    ClipTextAsk ask;
} Tower;

static void tower_open(Tower *t, const char *table, const char *name, const char *prefix)
{
    char keys[64], file[64];
    snprintf(keys, sizeof keys, "clip_text/%s.keys", name);
    snprintf(file, sizeof file, "clip_text/%s", name);
    *t = (Tower){.bench = bench_new(table), .golden = golden_open(file)};
    t->weights = named_weights(&t->bench->arena, keys, prefix, NULL);
    binder_init(&t->binder, t->weights);
    Bind bind = bench_bind(t->bench, &t->binder);
    Err err = {0};
    ClipTextConfig c;
    if (!clip_text_config_read(&c, t->golden.config, &err) ||
        !clip_text_bind(&t->net, &bind, &c) ||
        !binder_done(&t->binder, clip_text_unread(), &err))
        fail_msg("%s %s", err.text, t->binder.first.text);
    Tensor ids = golden_at(&t->golden, "ids");
    t->ask = (ClipTextAsk){.id = ids.data, .N = ids.dim[0], .norm = true};
}

static void tower_close(Tower *t)
{
    binder_release(&t->binder);
    weights_close(t->weights);
    golden_close(&t->golden);
    bench_free(t->bench);
}

static ClipTextOut encode(Tower *t)
{
    ClipTextOut out = clip_text_encode(&t->bench->run, &t->net, &t->ask);
    assert_ran(&t->bench->run);
    return out;
}

static void encode_all_ways(const char *table, const char *name, const char *prefix, int layers)
{
    Tower t;
    tower_open(&t, table, name, prefix);
    const Golden *g = &t.golden;
    Run *r = &t.bench->run;
    GoldenTap tap = {g, "", allowed, 0};
    r->tap = golden_tap;
    r->tap_user = &tap;
    t.ask.wants_pooled = true;
    ClipTextOut out = encode(&t);
    assert_int_equal(tap.seen, 1 + layers);
    assert_golden(g, "hidden", out.hidden, allowed);
    assert_golden(g, "pooled", out.pooled, allowed);

    r->tap = NULL;
    t.ask.skip = 1;
    t.ask.norm = false;
    t.ask.weight = NULL;
    out = encode(&t);
    assert_golden(g, "hidden.penultimate", out.hidden, allowed);
    assert_golden(g, "pooled", out.pooled, allowed);

    t.ask.wants_pooled = false;
    t.ask.norm = true;
    assert_golden(g, "hidden.skip1", encode(&t).hidden, allowed);
    t.ask.skip = 2;
    out = encode(&t);
    assert_golden(g, "hidden.skip2", out.hidden, allowed);
    assert_true(tensor_is_empty(out.pooled));

    t.ask.skip = 0;
    t.ask.weight = golden_at(g, "weights").data;
    assert_golden(g, "hidden.weighted", encode(&t).hidden, allowed);
    tower_close(&t);
}

static void encodes_stage_by_stage_like_the_reference(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        encode_all_ways(*t, "l", "cl.", 4);
        encode_all_ways(*t, "h", "ch.", 3);
        encode_all_ways(*t, "bigg", "cg.", 3);
    }
}

/* A word of one's own whose vector is that of a known word changes nothing. */
static void reads_own_words_from_their_table(void **state)
{
    (void)state;
    Tower t;
    tower_open(&t, "best", "l", "cl.");
    Tensor plain = encode(&t).hidden;
    int64_t D = t.net.config.width, n = t.ask.N * t.net.config.positions;
    int32_t *id = xalloc((size_t)n, sizeof *id);
    memcpy(id, t.ask.id, (size_t)n * sizeof *id);
    int32_t word = id[2];
    for (int64_t i = 0; i < n; i++)
        id[i] = id[i] == word ? -2 : id[i];
    float *own = xalloc((size_t)(2 * D), sizeof *own);
    memcpy(own + D, tensor_f32(t.net.tokens) + word * D, (size_t)D * sizeof *own);
    t.ask.id = id;
    t.ask.own = tensor_over(own, TENSOR_F32, SHAPE(2, D));
    Tensor same = encode(&t).hidden;
    assert_memory_equal(same.data, plain.data, tensor_bytes(plain));
    xfree(own);
    xfree(id);
    tower_close(&t);
}

static void binds_a_tower_that_is_not_called_one(void **state)
{
    (void)state;
    Tower t;
    tower_open(&t, "best", "h", "ch.");
    Weights *bare = weights_new("bare");
    for (size_t i = 0; i < weights_count(t.weights); i++)
        weights_add(bare, strchr(weights_name(t.weights, i), '.') + 1,
                    weights_at(t.weights, i));
    Binder binder;
    binder_init(&binder, bare);
    Bind bind = bench_bind(t.bench, &binder);
    Err err = {0};
    ClipTextConfig c = t.net.config;
    assert_true(clip_text_bind(&t.net, &bind, &c));
    assert_true(binder_done(&binder, NULL, &err));
    assert_golden(&t.golden, "hidden", encode(&t).hidden, allowed);
    binder_release(&binder);
    weights_close(bare);
    tower_close(&t);
}

static void needs_no_memory_twice_and_says_when_it_is_short(void **state)
{
    (void)state;
    Tower t;
    tower_open(&t, "best", "bigg", "cg.");
    Run *r = &t.bench->run;
    t.ask.wants_pooled = true;
    size_t floor = run_floor(r);
    ClipTextOut out = encode(&t);
    size_t kept = tensor_bytes(out.hidden) + tensor_bytes(out.pooled);
    /* a row of hidden states would be 24 kB: what is more is alignment and guards */
    assert_in_range(run_floor(r) - floor, kept, kept + 1024);
    r->scratch->limit = r->scratch->used + 4096;
    out = clip_text_encode(r, &t.net, &t.ask);
    assert_true(tensor_is_empty(out.hidden) && tensor_is_empty(out.pooled));
    assert_int_equal(r->err.kind, ERR_MEMORY);
    tower_close(&t);
}

static void refuses_what_cannot_be_asked(void **state)
{
    (void)state;
    Tower t;
    tower_open(&t, "best", "h", "ch.");
    Run *r = &t.bench->run;
    t.ask.skip = 3;
    assert_true(tensor_is_empty(clip_text_encode(r, &t.net, &t.ask).hidden));
    assert_string_equal(r->err.text,
                        "3 layers of the text encoder cannot be skipped: it has 3");
    r->err = (Err){0};
    t.net.config.vocab = 119;
    t.ask.skip = 0;
    assert_true(tensor_is_empty(clip_text_encode(r, &t.net, &t.ask).hidden));
    assert_string_equal(r->err.text, "the tokenizer has a word 119, the text encoder only 119: "
                                     "they do not belong together");
    tower_close(&t);
}

static void stops_when_it_is_told(void **state)
{
    (void)state;
    Tower t;
    tower_open(&t, "best", "h", "ch.");
    atomic_bool stop = true;
    t.bench->run.cancel = &stop;
    assert_true(tensor_is_empty(clip_text_encode(&t.bench->run, &t.net, &t.ask).hidden));
    assert_int_equal(t.bench->run.err.kind, ERR_CANCELLED);
    tower_close(&t);
}

/* ---- configurations ------------------------------------------------------------------- */

/* Numbers in all, by the shapes of the layers. */
static int64_t numbers(const ClipTextConfig *c, bool has_projection)
{
    int64_t D = c->width;
    int64_t layer = 4 * (D * D + D) + 2 * D * c->inner + c->inner + D + 4 * D;
    return (c->vocab + c->positions) * D + c->layers * layer + 2 * D +
           (has_projection ? D * D : 0);
}

/* The published counts. */
static void knows_the_sizes_of_the_three_encoders(void **state)
{
    (void)state;
    ClipTextConfig l = clip_text_config_l(), h = clip_text_config_h();
    ClipTextConfig g = clip_text_config_bigg();
    assert_true(numbers(&l, false) == 123060480);
    assert_true(numbers(&h, false) == 340387840);
    assert_true(numbers(&g, true) == 694659840);
    assert_true(l.act == ACT_QUICK_GELU && h.act == ACT_GELU && g.act == ACT_GELU);
}

static bool read_config(ClipTextConfig *c, const char *text, Err *err)
{
    Json *j = js_parse(text, strlen(text), "config", err);
    bool good = clip_text_config_read(c, j, err);
    js_free(j);
    return good;
}

static void reads_configurations_of_whole_clips_too(void **state)
{
    (void)state;
    ClipTextConfig c;
    Err err = {0};
    assert_true(read_config(&c,
                            "{\"vision_config\": {\"hidden_size\": 9}, \"text_config\": "
                            "{\"hidden_size\": 768, \"num_attention_heads\": 12, "
                            "\"hidden_act\": \"gelu\", \"eos_token_id\": 2}}",
                            &err));
    assert_int_equal(c.width, 768);
    assert_int_equal(c.heads, 12);
    assert_int_equal(c.inner, 2048);
    assert_int_equal(c.end, 2);
    assert_int_equal(c.act, ACT_GELU);
    static const char *const bad[] = {"{\"hidden_size\": 65}",
                                      "{\"num_hidden_layers\": 1000}",
                                      "{\"hidden_act\": \"tanh\"}",
                                      "{\"vocab_size\": 0}",
                                      "{\"max_position_embeddings\": 99999}",
                                      "{\"num_hidden_layers\": -9999999999}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (Err){0};
        assert_false(read_config(&c, bad[i], &err));
        assert_int_equal(err.kind, ERR_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_stage_by_stage_like_the_reference),
        cmocka_unit_test(reads_own_words_from_their_table),
        cmocka_unit_test(binds_a_tower_that_is_not_called_one),
        cmocka_unit_test(needs_no_memory_twice_and_says_when_it_is_short),
        cmocka_unit_test(refuses_what_cannot_be_asked),
        cmocka_unit_test(stops_when_it_is_told),
        cmocka_unit_test(knows_the_sizes_of_the_three_encoders),
        cmocka_unit_test(reads_configurations_of_whole_clips_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
