/* SPDX-License-Identifier: MIT */
#include "models/unet.h"

#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Every stage of the reference in double precision is within 2.2e-6 of its
 * largest; sums in another order add about as much, Winograd three times. */
static const double allowed = 1e-4;

static UNetConfig sd_shape(void)
{
    UNetConfig c = unet_config_sd15();
    const int64_t width[] = {32, 64, 96, 96};
    memcpy(c.width, width, sizeof width);
    c.context = 48;
    return c;
}

static UNetConfig mini_shape(void)
{
    return (UNetConfig){.in = 8,
                        .out = 8,
                        .blocks = 3,
                        .layers = 1,
                        .width = {32, 64, 64},
                        .heads = {4, 4, 4},
                        .depth = {1, 1, 1},
                        .up_depth = {1, 1, 1},
                        .mid_depth = 1,
                        .context = 40,
                        .groups = 16,
                        .norm_eps = 1e-5f,
                        .flip_sin_to_cos = true};
}

/* A bound network and what must outlive it. */
typedef struct Net {
    UNet unet;
    Weights *weights;
    Binder binder;
} Net;

static void net_init(Net *n, Bench *b, const char *keys, const char *prefix, UNetConfig c,
                     UNetParts parts)
{
    n->weights = named_weights(&b->arena, keys, prefix, NULL);
    binder_init(&n->binder, n->weights);
    Bind bind = bench_bind(b, &n->binder);
    Err err = {0};
    (void)!unet_bind(&n->unet, &bind, &c, parts);
    if (!binder_done(&n->binder, unet_unread(), &err))
        fail_msg("%s", err.text);
}

static void net_release(Net *n)
{
    binder_release(&n->binder);
    weights_close(n->weights);
}

static Tensor named(Bench *b, const char *name, Shape torch, float factor)
{
    return to_channels_last(&b->arena, named_values(&b->arena, name, torch, factor));
}

/* Rows of zeros before the context of the conditional row. */
static Tensor context_rows(Bench *b, int64_t rows, int64_t S, int64_t D, float factor)
{
    Err err = {0};
    Tensor c = tensor_new(&b->arena, TENSOR_F32, SHAPE(rows, S, D), &err);
    memset(c.data, 0, tensor_bytes(c));
    Tensor cond = named_values(&b->arena, "in.ctx", SHAPE(1, S, D), factor);
    memcpy(tensor_f32(c) + (rows - 1) * S * D, cond.data, tensor_bytes(cond));
    return c;
}

/* The same latents for each row. */
static Tensor twice(Bench *b, Tensor x, int64_t rows)
{
    Err err = {0};
    Tensor y = tensor_new(&b->arena, TENSOR_F32,
                          SHAPE(rows * x.dim[0], x.dim[1], x.dim[2], x.dim[3]), &err);
    for (int64_t i = 0; i < rows; i++)
        memcpy((char *)y.data + (size_t)i * tensor_bytes(x), x.data, tensor_bytes(x));
    return y;
}

/* ---- the reference net ------------------------------------------------------------ */

static const char *const mini_bank_paths[] = {
    "down_blocks.0.attentions.0", "down_blocks.1.attentions.0", "down_blocks.2.attentions.0",
    "mid_block.attentions.0",     "up_blocks.0.attentions.0",   "up_blocks.0.attentions.1",
    "up_blocks.1.attentions.0",   "up_blocks.1.attentions.1",   "up_blocks.2.attentions.0",
    "up_blocks.2.attentions.1",
};

static UNetBank reference_bank(Bench *b, const Net *n, int64_t h, int64_t w)
{
    const UNetConfig *c = &n->unet.trunk.config;
    Tensor latents = named(b, "in.reflat", SHAPE(1, c->in, h, w), 1);
    UNetContext context;
    UNetBank bank;
    if (!unet_context(&b->run, &n->unet, context_rows(b, 1, 1, c->context, 1), &b->arena,
                      &context) ||
        !unet_reference(&b->run, &n->unet, latents, &context, &b->arena, &bank))
        fail_msg("%s", b->run.err.text);
    return bank;
}

static void assert_bank(const Golden *g, const UNetBank *bank, const char *const *paths,
                        int count)
{
    for (int i = 0; i < count; i++) {
        char stage[128];
        snprintf(stage, sizeof stage, "bank.%s.transformer_blocks.0", paths[i]);
        assert_golden(g, stage, bank->of[i], allowed);
    }
}

static void reference(const char *table, const char *name, int64_t h, int64_t w)
{
    Bench *b = bench_new(table);
    Golden g = golden_open(name);
    Net n;
    net_init(&n, b, "unet/reference.keys", "ref.", sd_shape(), (UNetParts){.reference = true});
    GoldenTap tap = {&g, "", allowed, 0};
    b->run.tap = golden_tap;
    b->run.tap_user = &tap;
    UNetBank bank = reference_bank(b, &n, h, w);
    /* up block 3 ends early: nobody reads what follows its last bank entry */
    assert_int_equal(tap.seen, 1 + 4 + 1 + 3);
    assert_int_equal(n.unet.trunk.attentions, SD_BANK);
    assert_bank(&g, &bank, sd_bank_paths, SD_BANK);
    net_release(&n);
    golden_close(&g);
    bench_free(b);
}

static void the_reference_net_writes_the_reference_banks(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        reference(*t, "unet/reference_16x24", 16, 24);
        reference(*t, "unet/reference_12x16", 12, 16);
    }
}

/* ---- the denoiser ------------------------------------------------------------------ */

typedef struct Denoise {
    const char *golden, *banks; /* banks: another golden, or NULL for the same */
    const char *keys, *prefix, *ref_keys, *ref_prefix;
    UNetConfig (*shape)(void);
    const char *const *paths;
    int bank_count;
    bool motion;
    int64_t frames, h, w, levels;
    float t;
} Denoise;

static const Denoise cases[] = {
    {"unet/denoise_f1", NULL, "unet/denoise.keys", "den.", "unet/reference.keys", "ref.",
     sd_shape, sd_bank_paths, SD_BANK, false, 1, 12, 16, 1, 959},
    {"unet/denoise_f3_motion", NULL, "unet/denoise_motion.keys", "den.", "unet/reference.keys",
     "ref.", sd_shape, sd_bank_paths, SD_BANK, true, 3, 16, 8, 1, 959},
    {"unet/denoise_f2_levels", "unet/denoise_f1", "unet/denoise.keys", "den.",
     "unet/reference.keys", "ref.", sd_shape, sd_bank_paths, SD_BANK, false, 2, 12, 16, 5, 959},
    {"motion/up", "unet/mini_bank", "motion/up.keys", "upm.", "unet/mini.keys", "miniref.",
     mini_shape, mini_bank_paths, 10, true, 3, 16, 16, 1, 499},
    {"unet/mini_bank", NULL, "unet/mini.keys", "mini.", "unet/mini.keys", "miniref.",
     mini_shape, mini_bank_paths, 10, false, 1, 16, 16, 1, 499},
};

static void add_poses(Bench *b, const Denoise *d, UNetInput *in)
{
    int64_t h = d->h, w = d->w;
    for (int i = 0; i < d->levels; i++) {
        char name[16];
        snprintf(name, sizeof name, "in.pose%d", i);
        int64_t C = i < 2 ? 32 : i == 2 ? 64 : 96;
        in->pose[i] = named(b, name, SHAPE(1, C, d->frames, h, w), 0.5f);
        if (i < 3) {
            h = (h + 1) / 2;
            w = (w + 1) / 2;
        }
    }
}

static void denoise(const char *table, const Denoise *d)
{
    Bench *b = bench_new(table);
    Golden g = golden_open(d->golden);
    Net ref, den;
    net_init(&ref, b, d->ref_keys, d->ref_prefix, d->shape(), (UNetParts){.reference = true});
    net_init(&den, b, d->keys, d->prefix, d->shape(), (UNetParts){.motion = d->motion});
    UNetBank tokens = reference_bank(b, &ref, d->h, d->w), kv;
    if (d->banks == NULL)
        assert_bank(&g, &tokens, d->paths, d->bank_count);
    UNetContext both, cond;
    int64_t D = den.unet.trunk.config.context;
    assert_true(unet_bank_project(&b->run, &den.unet, &tokens, &b->arena, &kv));
    assert_true(
        unet_context(&b->run, &den.unet, context_rows(b, 2, 1, D, 1), &b->arena, &both));
    assert_true(
        unet_context(&b->run, &den.unet, context_rows(b, 1, 1, D, 1), &b->arena, &cond));

    Tensor latents =
        named(b, "in.lat", SHAPE(1, den.unet.trunk.config.in, d->frames, d->h, d->w), 1.7f);
    UNetInput in = {.latents = twice(b, latents, 2),
                    .t = d->t,
                    .frames = d->frames,
                    .context = &both,
                    .bank = &kv,
                    .bank_from_row = 1};
    add_poses(b, d, &in);
    GoldenTap tap = {&g, "", allowed, 0};
    b->run.tap = golden_tap;
    b->run.tap_user = &tap;
    Tensor out = unet_forward(&b->run, &den.unet, &in);
    assert_ran(&b->run);
    assert_int_equal(tap.seen, 2 + 2 * den.unet.trunk.config.blocks + 1);
    assert_golden(&g, "out", out, allowed);

    b->run.tap = NULL;
    in.latents = latents;
    in.context = &cond;
    in.bank_from_row = 0;
    assert_golden(&g, "out.nocfg", unet_forward(&b->run, &den.unet, &in), allowed);
    net_release(&ref);
    net_release(&den);
    golden_close(&g);
    bench_free(b);
}

static void the_denoiser_reads_banks_and_poses_like_the_reference(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            denoise(*t, &cases[i]);
}

/* ---- plain nets ---------------------------------------------------------------------- */

static UNetConfig text_linear_shape(void)
{
    UNetConfig c = sd_shape();
    const int64_t heads[] = {2, 4, 6, 6};
    memcpy(c.heads, heads, sizeof heads);
    c.linear_projection = true;
    return c;
}

/* As the golden's own configuration says. */
static UNetConfig read_shape(const Golden *g)
{
    UNetConfig c;
    Err err = {0};
    if (!unet_config_read(&c, g->config, &err))
        fail_msg("%s", err.text);
    return c;
}

typedef struct Plain {
    const char *name, *keys, *prefix;
    UNetConfig (*shape)(void); /* NULL: the golden's */
    int64_t h, w, rows, tokens;
    float t, guidance;
} Plain;

/* Rows have words of their own, and the values' names count through all rows. */
static const Plain plains[] = {
    {"unet/mini", "unet/mini.keys", "mini.", mini_shape, 16, 16, 1, 1, 499, 0},
    {"unet/text", "unet/denoise.keys", "text.", sd_shape, 8, 16, 1, 77, 333, 0},
    {"unet/text_linear", "unet/text_linear.keys", "text2.", text_linear_shape, 8, 16, 1, 77,
     333, 0},
    {"unet/inpaint", "unet/inpaint.keys", "inpaint.", NULL, 8, 12, 2, 77, 333, 0},
    {"unet/lcm", "unet/lcm.keys", "lcm.", NULL, 8, 12, 2, 77, 499, 7.5f},
    {"unet/xl", "unet/xl.keys", "xl.", NULL, 8, 12, 2, 77, 333, 0},
};

static float xl_sizes[2][6] = {{512, 768, 0, 16, 512, 768}, {64, 96, 8, 0, 1024, 640}};

static void tell_sizes(Bench *b, const UNet *m, UNetContext *c)
{
    Tensor numbers = tensor_over(xl_sizes, TENSOR_F32, SHAPE(2, 6));
    Tensor pooled = named_values(&b->arena, "in.pooled", SHAPE(2, 40), 4);
    assert_true(trunk_added(&b->run, &m->trunk, pooled, numbers, &b->arena, c));
}

static void plain(const char *table, const Plain *p)
{
    Bench *b = bench_new(table);
    Golden g = golden_open(p->name);
    UNetConfig c = p->shape != NULL ? p->shape() : read_shape(&g);
    Net n;
    net_init(&n, b, p->keys, p->prefix, c, (UNetParts){.text = p->tokens > 1});
    Shape words = SHAPE(p->rows, p->tokens, c.context);
    UNetContext context;
    assert_true(unet_context(&b->run, &n.unet,
                             named_values(&b->arena, "in.ctx", words, p->tokens > 1 ? 4 : 1),
                             &b->arena, &context));
    if (c.added > 0)
        tell_sizes(b, &n.unet, &context);
    UNetInput in = {.latents = named(b, "in.lat", SHAPE(p->rows, c.in, p->h, p->w), 1.7f),
                    .t = p->t,
                    .guidance = p->guidance,
                    .frames = 1,
                    .context = &context};
    GoldenTap tap = {&g, "", allowed, 0};
    b->run.tap = golden_tap;
    b->run.tap_user = &tap;
    Tensor out = unet_forward(&b->run, &n.unet, &in);
    assert_ran(&b->run);
    assert_int_equal(tap.seen, 2 + 2 * c.blocks + 1);
    assert_golden(&g, "out", out, allowed);
    net_release(&n);
    golden_close(&g);
    bench_free(b);
}

static void plain_nets_attend_to_one_token_or_many(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++)
        for (size_t i = 0; i < sizeof plains / sizeof *plains; i++)
            plain(*t, &plains[i]);
}

/* ---- configurations ------------------------------------------------------------------ */

static UNetConfig config_of(const char *json)
{
    UNetConfig c;
    Err err = {0};
    Json *j = js_parse(json, strlen(json), "config.json", &err);
    if (j == NULL || !unet_config_read(&c, j, &err))
        fail_msg("%s", err.text);
    js_free(j);
    return c;
}

static void depths_and_heads_are_those_of_the_published_models(void **state)
{
    (void)state;
    UNetConfig xl = config_of(
        "{\"attention_head_dim\":[5,10,20],\"block_out_channels\":[320,640,1280],"
        "\"down_block_types\":[\"DownBlock2D\",\"CrossAttnDownBlock2D\","
        "\"CrossAttnDownBlock2D\"],\"up_block_types\":[\"CrossAttnUpBlock2D\","
        "\"CrossAttnUpBlock2D\",\"UpBlock2D\"],\"transformer_layers_per_block\":[1,2,10],"
        "\"addition_embed_type\":\"text_time\",\"addition_time_embed_dim\":256,"
        "\"projection_class_embeddings_input_dim\":2816,\"cross_attention_dim\":2048,"
        "\"use_linear_projection\":true,\"upcast_attention\":null,\"class_embed_type\":null,"
        "\"mid_block_type\":\"UNetMidBlock2DCrossAttn\",\"only_cross_attention\":false}");
    static const int depth[] = {0, 2, 10}, up_depth[] = {10, 2, 0};
    assert_memory_equal(xl.depth, depth, sizeof depth);
    assert_memory_equal(xl.up_depth, up_depth, sizeof up_depth);
    assert_int_equal(xl.mid_depth, 10);
    assert_int_equal(xl.heads[2], 20);
    assert_int_equal(xl.added, 2816);
    assert_true(xl.linear_projection);
    UNetConfig control =
        config_of("{\"attention_head_dim\":8,\"block_out_channels\":[320,640,1280,1280],"
                  "\"down_block_types\":[\"CrossAttnDownBlock2D\",\"CrossAttnDownBlock2D\","
                  "\"CrossAttnDownBlock2D\",\"DownBlock2D\"],\"cross_attention_dim\":768}");
    UNetConfig sd = unet_config_sd15();
    assert_memory_equal(&control, &sd, sizeof sd);
}

static void a_configuration_that_is_not_ours_is_refused_by_its_field(void **state)
{
    (void)state;
    static const struct {
        const char *fields, *says;
    } rows[] = {
        {"\"class_embed_type\":\"timestep\"", "class_embed_type"},
        {"\"only_cross_attention\":[true,false]", "only_cross_attention"},
        {"\"addition_embed_type\":\"image\"", "addition_embed_type"},
        {"\"addition_embed_type\":\"text_time\"", "projection_class_embeddings_input_dim"},
        {"\"act_fn\":\"gelu\"", "act_fn"},
        {"\"conv_in_kernel\":1", "conv_in_kernel"},
        {"\"mid_block_type\":\"UNetMidBlock2D\"", "mid_block_type"},
        {"\"layers_per_block\":[2,2]", "layers_per_block"},
        {"\"transformer_layers_per_block\":99", "transformer_layers_per_block"},
        {"\"transformer_layers_per_block\":[[1],[2]]", "transformer_layers_per_block"},
        {"\"time_cond_proj_dim\":-1", "time_cond_proj_dim"},
        {"\"attention_head_dim\":7", "heads"},
        {"\"num_class_embeds\":10", "num_class_embeds"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(
            text, sizeof text,
            "{\"block_out_channels\":[32,64],\"down_block_types\":[\"CrossAttnDownBlock2D\","
            "\"DownBlock2D\"],%s}",
            rows[i].fields);
        Err err = {0};
        UNetConfig c;
        Json *j = js_parse(text, strlen(text), "config.json", &err);
        assert_non_null(j);
        assert_false(unet_config_read(&c, j, &err));
        if (strstr(err.text, rows[i].says) == NULL)
            fail_msg("'%s' does not name %s", err.text, rows[i].says);
        js_free(j);
    }
}

static void a_missing_tensor_is_named(void **state)
{
    (void)state;
    Bench *b = bench_new("ref");
    Weights *w = named_weights(&b->arena, "unet/denoise.keys", "den.", NULL);
    Binder binder;
    binder_init(&binder, w);
    Bind bind = bench_bind(b, &binder);
    UNet unet;
    UNetConfig c = sd_shape();
    Err err = {0};
    assert_false(unet_bind(&unet, &bind, &c, (UNetParts){.motion = true}));
    assert_false(binder_done(&binder, NULL, &err));
    assert_non_null(strstr(err.text, "motion_modules.0"));
    binder_release(&binder);
    weights_close(w);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_net_writes_the_reference_banks),
        cmocka_unit_test(the_denoiser_reads_banks_and_poses_like_the_reference),
        cmocka_unit_test(plain_nets_attend_to_one_token_or_many),
        cmocka_unit_test(a_missing_tensor_is_named),
        cmocka_unit_test(depths_and_heads_are_those_of_the_published_models),
        cmocka_unit_test(a_configuration_that_is_not_ours_is_refused_by_its_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
