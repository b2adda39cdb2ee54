/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    const Kernels *k;
    Job job;
    float *memory[4]; /* what end() gives back */
    void *packed;
    LinearShape linear;
    LinearArgs linear_args;
    ConvShape conv;
    ConvArgs conv_args;
    AttentionArgs attention;
} Ours;

static void end(void *self)
{
    Ours *o = self;
    for (int i = 0; i < 4; i++)
        free(o->memory[i]);
    free(o->packed);
    free(o->job.scratch);
    free(o);
}

static void run_linear(void *self)
{
    Ours *o = self;
    o->k->linear(&o->job, o->linear, &o->linear_args);
}

static void run_conv(void *self)
{
    Ours *o = self;
    o->k->conv(&o->job, o->conv, &o->conv_args);
}

static void run_attention(void *self)
{
    Ours *o = self;
    o->k->attention(&o->job, &o->attention);
}

static void prepare_linear(Ours *o, const Work *s)
{
    o->linear = (LinearShape){.I = s->C, .O = s->O};
    o->memory[0] = bench_noise(s->O * s->C, 1.0f / sqrtf((float)s->C));
    o->memory[1] = bench_noise(s->N * s->C, 1);
    o->memory[2] = bench_noise(s->N * s->O, 1);
    o->memory[3] = bench_noise(s->O, 1);
    o->packed = bench_memory(o->k->linear_packed(o->linear));
    Tensor w = tensor_over(o->memory[0], TENSOR_F32, SHAPE(s->O, s->C));
    o->k->linear_pack(&o->job, o->linear, w, o->packed);
    o->job.scratch =
        bench_memory(o->k->linear_scratch(o->linear, s->N, pool_threads(o->job.pool)));
    o->linear_args = (LinearArgs){.packed = o->packed,
                                  .x = o->memory[1],
                                  .ldx = s->C,
                                  .y = o->memory[2],
                                  .ldy = s->O,
                                  .M = s->N,
                                  .epilogue = {.bias = o->memory[3]}};
}

static void prepare_conv(Ours *o, const Work *s)
{
    int pad = s->kernel / 2;
    o->conv = (ConvShape){.C = s->C,
                          .O = s->O,
                          .kh = s->kernel,
                          .kw = s->kernel,
                          .stride = 1,
                          .pad_top = pad,
                          .pad_left = pad,
                          .pad_bottom = pad,
                          .pad_right = pad,
                          .depthwise = s->depthwise};
    int64_t C = s->depthwise ? 1 : s->C, pixels = s->N * s->H * s->W;
    o->memory[0] = bench_noise(s->O * C * s->kernel * s->kernel, 0.1f / sqrtf((float)C));
    o->memory[1] = bench_noise(pixels * s->C, 1);
    o->memory[2] = bench_noise(pixels * s->O, 1);
    o->memory[3] = bench_noise(s->O, 1);
    o->packed = bench_memory(o->k->conv_packed(o->conv));
    Tensor w = tensor_over(o->memory[0], TENSOR_F32, SHAPE(s->O, C, s->kernel, s->kernel));
    o->k->conv_pack(&o->job, o->conv, w, o->packed);
    o->job.scratch =
        bench_memory(o->k->conv_scratch(o->conv, s->N, s->H, s->W, pool_threads(o->job.pool)));
    o->conv_args = (ConvArgs){.packed = o->packed,
                              .x = o->memory[1],
                              .N = s->N,
                              .H = s->H,
                              .W = s->W,
                              .y = o->memory[2],
                              .epilogue = {.bias = o->memory[3]}};
}

static void prepare_attention(Ours *o, const Work *s)
{
    int64_t inner = s->frames ? s->H * s->W : 1, batch = s->N * inner;
    int64_t row = s->C * s->O;
    o->memory[0] = bench_noise(batch * s->T * row, 1.7f);
    o->memory[1] = bench_noise(batch * s->S * row, 1.7f);
    o->memory[2] = bench_noise(batch * s->S * row, 1);
    o->memory[3] = bench_noise(batch * s->T * row, 1);
    o->attention = (AttentionArgs){.batch = batch,
                                   .inner = inner,
                                   .T = s->T,
                                   .S = s->S,
                                   .heads = s->C,
                                   .d = s->O,
                                   .scale = 1 / sqrtf((float)s->O),
                                   .q = o->memory[0],
                                   .k = o->memory[1],
                                   .v = o->memory[2],
                                   .out = o->memory[3],
                                   .q_outer = s->T * row * inner,
                                   .q_inner = inner > 1 ? row : 0,
                                   .q_row = row * inner,
                                   .k_outer = s->S * row * inner,
                                   .k_inner = inner > 1 ? row : 0,
                                   .k_row = row * inner,
                                   .out_outer = s->T * row * inner,
                                   .out_inner = inner > 1 ? row : 0,
                                   .out_row = row * inner};
    o->job.scratch =
        bench_memory(o->k->attention_scratch(&o->attention, pool_threads(o->job.pool)));
}

Runner ours(const Kernels *k, Pool *pool, const Work *s)
{
    Ours *o = calloc(1, sizeof *o);
    must(o != NULL);
    o->k = k;
    o->job.pool = pool;
    Runner r = {.end = end, .self = o};
    switch (s->kind) {
    case WORK_LINEAR:
        prepare_linear(o, s);
        r.run = run_linear;
        break;
    case WORK_CONV:
        prepare_conv(o, s);
        r.run = run_conv;
        snprintf(r.how, sizeof r.how, "%s", k->conv_method(o->conv));
        break;
    case WORK_ATTENTION:
        prepare_attention(o, s);
        r.run = run_attention;
        break;
    }
    return r;
}
