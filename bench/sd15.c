/* SPDX-License-Identifier: MIT */
#include "models/unet.h"
#include "models/vae.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Stable Diffusion 1.5 whole, with noise for weights: the tensors of a
 * diffusers checkpoint by name and shape, all of them views of one noise. */

enum { LARGEST = 2560 * 1280 * 9 };

typedef struct {
    Weights *weights;
    float *noise, *ones, *zeros;
    char prefix[96];
} Maker;

PRINTF_LIKE(2, 3) static void at(Maker *m, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(m->prefix, sizeof m->prefix, fmt, args);
    va_end(args);
}

static void add(Maker *m, const char *name, const char *part, float *data, Shape s)
{
    char full[192];
    snprintf(full, sizeof full, "%s%s.%s", m->prefix, name, part);
    weights_add(m->weights, full, tensor_over(data, TENSOR_F32, s));
}

static void conv(Maker *m, const char *name, int64_t C, int64_t O, int64_t k)
{
    add(m, name, "weight", m->noise, SHAPE(O, C, k, k));
    add(m, name, "bias", m->zeros, SHAPE(O));
}

static void linear(Maker *m, const char *name, int64_t I, int64_t O, bool has_bias)
{
    add(m, name, "weight", m->noise, SHAPE(O, I));
    if (has_bias)
        add(m, name, "bias", m->zeros, SHAPE(O));
}

static void norm(Maker *m, const char *name, int64_t C)
{
    add(m, name, "weight", m->ones, SHAPE(C));
    add(m, name, "bias", m->zeros, SHAPE(C));
}

static void res(Maker *m, int64_t C, int64_t O, int64_t time)
{
    norm(m, "norm1", C);
    conv(m, "conv1", C, O, 3);
    if (time > 0)
        linear(m, "time_emb_proj", time, O, true);
    norm(m, "norm2", O);
    conv(m, "conv2", O, O, 3);
    if (C != O)
        conv(m, "conv_shortcut", C, O, 1);
}

static void attention(Maker *m, const char *name, int64_t C, int64_t context)
{
    static const char *const part[] = {"to_q", "to_k", "to_v", "to_out.0"};
    for (int i = 0; i < 4; i++) {
        char full[64];
        snprintf(full, sizeof full, "transformer_blocks.0.%s.%s", name, part[i]);
        linear(m, full, i == 1 || i == 2 ? context : C, C, i == 3);
    }
}

static void transformer(Maker *m, int64_t C)
{
    norm(m, "norm", C);
    conv(m, "proj_in", C, C, 1);
    norm(m, "transformer_blocks.0.norm1", C);
    attention(m, "attn1", C, C);
    norm(m, "transformer_blocks.0.norm2", C);
    attention(m, "attn2", C, 768);
    norm(m, "transformer_blocks.0.norm3", C);
    linear(m, "transformer_blocks.0.ff.net.0.proj", C, 8 * C, true);
    linear(m, "transformer_blocks.0.ff.net.2", 4 * C, C, true);
    conv(m, "proj_out", C, C, 1);
}

static const int64_t width[] = {320, 640, 1280, 1280};

static void unet_down(Maker *m, int64_t *skip)
{
    int64_t C = 320;
    int n = 0;
    skip[n++] = C;
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 2; k++) {
            at(m, "down_blocks.%d.resnets.%d.", i, k);
            res(m, C, width[i], 1280);
            skip[n++] = C = width[i];
            at(m, "down_blocks.%d.attentions.%d.", i, k);
            if (i < 3)
                transformer(m, C);
        }
        at(m, "down_blocks.%d.", i);
        if (i < 3) {
            conv(m, "downsamplers.0.conv", C, C, 3);
            skip[n++] = C;
        }
    }
}

static void unet_up(Maker *m, const int64_t *skip)
{
    int64_t C = 1280;
    int n = 12;
    for (int i = 0; i < 4; i++) {
        int64_t O = width[3 - i];
        for (int k = 0; k < 3; k++) {
            at(m, "up_blocks.%d.resnets.%d.", i, k);
            res(m, C + skip[--n], O, 1280);
            C = O;
            at(m, "up_blocks.%d.attentions.%d.", i, k);
            if (i > 0)
                transformer(m, C);
        }
        at(m, "up_blocks.%d.", i);
        if (i < 3)
            conv(m, "upsamplers.0.conv", C, C, 3);
    }
}

static void unet(Maker *m)
{
    int64_t skip[12];
    at(m, "%s", "");
    conv(m, "conv_in", 4, 320, 3);
    linear(m, "time_embedding.linear_1", 320, 1280, true);
    linear(m, "time_embedding.linear_2", 1280, 1280, true);
    unet_down(m, skip);
    for (int i = 0; i < 2; i++) {
        at(m, "mid_block.resnets.%d.", i);
        res(m, 1280, 1280, 1280);
    }
    at(m, "mid_block.attentions.0.");
    transformer(m, 1280);
    unet_up(m, skip);
    at(m, "%s", "");
    norm(m, "conv_norm_out", 320);
    conv(m, "conv_out", 320, 4, 3);
}

static void decoder(Maker *m)
{
    static const int64_t wide[] = {512, 512, 256, 128};
    int64_t C = 512;
    at(m, "%s", "");
    conv(m, "post_quant_conv", 4, 4, 1);
    conv(m, "decoder.conv_in", 4, C, 3);
    for (int i = 0; i < 2; i++) {
        at(m, "decoder.mid_block.resnets.%d.", i);
        res(m, C, C, 0);
    }
    at(m, "decoder.mid_block.attentions.0.");
    norm(m, "group_norm", C);
    linear(m, "to_q", C, C, true);
    linear(m, "to_k", C, C, true);
    linear(m, "to_v", C, C, true);
    linear(m, "to_out.0", C, C, true);
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 3; k++) {
            at(m, "decoder.up_blocks.%d.resnets.%d.", i, k);
            res(m, C, wide[i], 0);
            C = wide[i];
        }
        at(m, "decoder.up_blocks.%d.", i);
        if (i < 3)
            conv(m, "upsamplers.0.conv", C, C, 3);
    }
    at(m, "%s", "");
    norm(m, "decoder.conv_norm_out", C);
    conv(m, "decoder.conv_out", C, 3, 3);
}

typedef struct {
    Maker maker;
    Binder binder;
    Arena model, job, scratch;
    UNet unet;
    Vae vae;
    UNetContext context;
    Tensor x;
    const Kernels *kernels;
    Pool *pool;
    Cost cost[COST_KINDS]; /* of the last run */
} Sd15;

static void give_up(const Err *err)
{
    fprintf(stderr, "sd15: %s\n", err->text);
    exit(1);
}

static Run start(Sd15 *s)
{
    return (Run){.kernels = s->kernels, .pool = s->pool, .scratch = &s->scratch};
}

/* Keeps what the kernels cost, and gives the scratch back. */
static void finish(Sd15 *s, Run *r)
{
    memcpy(s->cost, r->cost, sizeof s->cost);
    run_drop(r, 0);
}

static void run_unet(void *self)
{
    Sd15 *s = self;
    Run r = start(s);
    UNetInput in = {.latents = s->x, .t = 500, .frames = 1, .context = &s->context};
    if (tensor_is_empty(unet_forward(&r, &s->unet, &in)))
        give_up(&r.err);
    finish(s, &r);
}

static void run_decoder(void *self)
{
    Sd15 *s = self;
    Run r = start(s);
    if (tensor_is_empty(vae_decode(&r, &s->vae, s->x)))
        give_up(&r.err);
    finish(s, &r);
}

/* Says where the last run's time went. */
static void end(void *self)
{
    Sd15 *s = self;
    for (int i = 0; i < COST_KINDS; i++)
        printf("  %s %.3f s (%.0f GFLOP, %ld calls)", cost_name((CostKind)i),
               s->cost[i].seconds, s->cost[i].flop * 1e-9, (long)s->cost[i].calls);
    printf("; %.1f GB of packed weights, %.1f GB of scratch\n", (double)s->model.peak * 1e-9,
           (double)s->scratch.peak * 1e-9);
    weights_close(s->maker.weights);
    free(s->maker.noise);
    free(s->maker.ones);
    free(s->maker.zeros);
    free(s->x.data);
    arena_release(&s->model);
    arena_release(&s->job);
    arena_release(&s->scratch);
    free(s);
}

static Sd15 *fresh(const Kernels *k, Pool *pool)
{
    Sd15 *s = calloc(1, sizeof *s);
    must(s != NULL);
    Err err = {0};
    s->kernels = k;
    s->pool = pool;
    s->maker.weights = weights_new("noise");
    s->maker.noise = bench_noise(LARGEST, 0.035f); /* a spread of 0.02 */
    s->maker.zeros = bench_memory(10240 * sizeof(float));
    s->maker.ones = bench_memory(2560 * sizeof(float));
    for (int i = 0; i < 2560; i++)
        s->maker.ones[i] = 1;
    if (!arena_init(&s->model, 0, &err) || !arena_init(&s->job, 0, &err) ||
        !arena_init(&s->scratch, 0, &err))
        give_up(&err);
    return s;
}

static Bind open_binder(Sd15 *s)
{
    binder_init(&s->binder, s->maker.weights);
    return (Bind){
        .binder = &s->binder, .arena = &s->model, .kernels = s->kernels, .pool = s->pool};
}

static void close_binder(Sd15 *s)
{
    Err err = {0};
    if (!binder_done(&s->binder, NULL, &err))
        give_up(&err);
    binder_release(&s->binder);
}

Runner sd15_step(const Kernels *k, Pool *pool)
{
    Sd15 *s = fresh(k, pool);
    unet(&s->maker);
    Bind b = open_binder(s);
    UNetConfig c = unet_config_sd15();
    (void)!unet_bind(&s->unet, &b, &c, (UNetParts){.text = true});
    close_binder(s);
    s->x = tensor_over(bench_noise(2 * 64 * 64 * 4, 1.7f), TENSOR_F32, SHAPE(2, 64, 64, 4));
    float *words = bench_noise(2 * 77 * 768, 1.7f);
    Run r = start(s);
    if (!unet_context(&r, &s->unet, tensor_over(words, TENSOR_F32, SHAPE(2, 77, 768)), &s->job,
                      &s->context))
        give_up(&r.err);
    run_drop(&r, 0);
    free(words);
    return (Runner){run_unet, end, s, "network"};
}

Runner sd15_decode(const Kernels *k, Pool *pool)
{
    Sd15 *s = fresh(k, pool);
    decoder(&s->maker);
    Bind b = open_binder(s);
    VaeConfig c = vae_config_sd();
    (void)!vae_bind(&s->vae, &b, &c, (VaeParts){.decoder = true});
    close_binder(s);
    s->x = tensor_over(bench_noise(64 * 64 * 4, 1.7f), TENSOR_F32, SHAPE(1, 64, 64, 4));
    return (Runner){run_decoder, end, s, "network"};
}
