/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <math.h>
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <stdlib.h>

/* oneDNN 2.x: it may choose the layouts of weights and, for convolutions, of
 * pictures too; reorders are not counted. */

#define CHECK(call) must((call) == dnnl_success)

enum { STEPS = 3, ARGS = 4 };

typedef struct {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t args[ARGS];
    int n;
} Step;

typedef struct {
    Step step[STEPS];
    int steps, times;
    dnnl_memory_t memory[8];
    void *buffer[8];
    int memories;
} Theirs;

static dnnl_engine_t engine;
static dnnl_stream_t stream;

bool yardstick_open(int threads, bool only_avx2)
{
    omp_set_num_threads(threads);
    if (only_avx2 && dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2) != dnnl_success)
        return false;
    return dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success &&
           dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) == dnnl_success;
}

static void run(void *self)
{
    Theirs *t = self;
    for (int i = 0; i < t->times; i++)
        for (int s = 0; s < t->steps; s++)
            CHECK(dnnl_primitive_execute(t->step[s].primitive, stream, t->step[s].n,
                                         t->step[s].args));
    CHECK(dnnl_stream_wait(stream));
}

static void end(void *self)
{
    Theirs *t = self;
    for (int s = 0; s < t->steps; s++)
        dnnl_primitive_destroy(t->step[s].primitive);
    for (int i = 0; i < t->memories; i++) {
        dnnl_memory_destroy(t->memory[i]);
        free(t->buffer[i]);
    }
    free(t);
}

static dnnl_memory_t memory(Theirs *t, const dnnl_memory_desc_t *desc)
{
    int i = t->memories++;
    t->buffer[i] =
        bench_noise((int64_t)(dnnl_memory_desc_get_size(desc) / sizeof(float)), 0.5f);
    CHECK(dnnl_memory_create(&t->memory[i], desc, engine, t->buffer[i]));
    return t->memory[i];
}

static dnnl_memory_t memory_of(Theirs *t, const_dnnl_primitive_desc_t desc, dnnl_query_t what)
{
    return memory(t, dnnl_primitive_desc_query_md(desc, what, 0));
}

static dnnl_memory_desc_t layout(int rank, const dnnl_dim_t *dims, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t md;
    CHECK(dnnl_memory_desc_init_by_tag(&md, rank, dims, dnnl_f32, tag));
    return md;
}

static void add_step(Theirs *t, dnnl_primitive_desc_t desc, int n, const dnnl_exec_arg_t *args)
{
    Step *s = &t->step[t->steps++];
    CHECK(dnnl_primitive_create(&s->primitive, desc));
    s->n = n;
    for (int i = 0; i < n; i++)
        s->args[i] = args[i];
    CHECK(dnnl_primitive_desc_destroy(desc));
}

static bool prepare_conv(Theirs *t, const Work *s, bool winograd)
{
    dnnl_dims_t x = {s->N, s->C, s->H, s->W}, y = {s->N, s->O, s->H, s->W}, bias = {s->O};
    dnnl_dims_t w = {s->O, s->C, s->kernel, s->kernel};
    dnnl_dims_t grouped = {s->C, 1, 1, s->kernel, s->kernel};
    dnnl_dims_t stride = {1, 1}, pad = {s->kernel / 2, s->kernel / 2};
    dnnl_memory_desc_t mx = layout(4, x, dnnl_format_tag_any);
    dnnl_memory_desc_t my = layout(4, y, dnnl_format_tag_any);
    dnnl_memory_desc_t mb = layout(1, bias, dnnl_a);
    dnnl_memory_desc_t mw = s->depthwise ? layout(5, grouped, dnnl_format_tag_any)
                                         : layout(4, w, dnnl_format_tag_any);
    dnnl_convolution_desc_t conv;
    CHECK(dnnl_convolution_forward_desc_init(&conv, dnnl_forward_inference,
                                             winograd ? dnnl_convolution_winograd
                                                      : dnnl_convolution_direct,
                                             &mx, &mw, &mb, &my, stride, pad, pad));
    dnnl_primitive_desc_t desc;
    if (dnnl_primitive_desc_create(&desc, &conv, NULL, engine, NULL) != dnnl_success)
        return false;
    dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, memory_of(t, desc, dnnl_query_src_md)},
        {DNNL_ARG_WEIGHTS, memory_of(t, desc, dnnl_query_weights_md)},
        {DNNL_ARG_BIAS, memory(t, &mb)},
        {DNNL_ARG_DST, memory_of(t, desc, dnnl_query_dst_md)},
    };
    add_step(t, desc, 4, args);
    return true;
}

/* As an inner product, whose weights are packed as it likes. */
static bool prepare_linear(Theirs *t, const Work *s)
{
    dnnl_dims_t x = {s->N, s->C}, w = {s->O, s->C}, y = {s->N, s->O}, bias = {s->O};
    dnnl_memory_desc_t mx = layout(2, x, dnnl_ab), my = layout(2, y, dnnl_ab);
    dnnl_memory_desc_t mw = layout(2, w, dnnl_format_tag_any), mb = layout(1, bias, dnnl_a);
    dnnl_inner_product_desc_t product;
    CHECK(dnnl_inner_product_forward_desc_init(&product, dnnl_forward_inference, &mx, &mw, &mb,
                                               &my));
    dnnl_primitive_desc_t desc;
    if (dnnl_primitive_desc_create(&desc, &product, NULL, engine, NULL) != dnnl_success)
        return false;
    dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, memory(t, &mx)},
        {DNNL_ARG_WEIGHTS, memory_of(t, desc, dnnl_query_weights_md)},
        {DNNL_ARG_BIAS, memory(t, &mb)},
        {DNNL_ARG_DST, memory(t, &my)},
    };
    add_step(t, desc, 4, args);
    return true;
}

static dnnl_primitive_desc_t product(const dnnl_memory_desc_t *a, const dnnl_memory_desc_t *b,
                                     const dnnl_memory_desc_t *y, float scale)
{
    dnnl_matmul_desc_t mm;
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t desc;
    CHECK(dnnl_matmul_desc_init(&mm, a, b, NULL, y));
    CHECK(dnnl_primitive_attr_create(&attr));
    CHECK(dnnl_primitive_attr_set_output_scales(attr, 1, 0, &scale));
    CHECK(dnnl_primitive_desc_create(&desc, &mm, attr, engine, NULL));
    CHECK(dnnl_primitive_attr_destroy(attr));
    return desc;
}

/* Scores, softmax, values: three primitives, heads packed one behind the
 * other, as many at a time as 64 MB of scores hold. */
static bool prepare_attention(Theirs *t, const Work *s)
{
    int64_t heads = s->N * s->C * (s->frames ? s->H * s->W : 1);
    int64_t B = max64(1, min64(heads, (16 << 20) / (s->T * s->S)));
    t->times = (int)(heads / B);
    dnnl_dims_t q = {B, s->T, s->O}, k = {B, s->O, s->S}, v = {B, s->S, s->O};
    dnnl_dims_t p = {B, s->T, s->S};
    dnnl_memory_desc_t mq = layout(3, q, dnnl_abc), mk = layout(3, k, dnnl_acb);
    dnnl_memory_desc_t mv = layout(3, v, dnnl_abc), mp = layout(3, p, dnnl_abc);
    dnnl_memory_t scores = memory(t, &mp);
    dnnl_exec_arg_t first[] = {{DNNL_ARG_SRC, memory(t, &mq)},
                               {DNNL_ARG_WEIGHTS, memory(t, &mk)},
                               {DNNL_ARG_DST, scores}};
    add_step(t, product(&mq, &mk, &mp, 1 / sqrtf((float)s->O)), 3, first);
    dnnl_softmax_desc_t softmax;
    dnnl_primitive_desc_t desc;
    CHECK(dnnl_softmax_forward_desc_init(&softmax, dnnl_forward_inference, &mp, 2));
    CHECK(dnnl_primitive_desc_create(&desc, &softmax, NULL, engine, NULL));
    dnnl_exec_arg_t middle[] = {{DNNL_ARG_SRC, scores}, {DNNL_ARG_DST, scores}};
    add_step(t, desc, 2, middle);
    dnnl_exec_arg_t last[] = {{DNNL_ARG_SRC, scores},
                              {DNNL_ARG_WEIGHTS, memory(t, &mv)},
                              {DNNL_ARG_DST, memory(t, &mq)}};
    add_step(t, product(&mp, &mv, &mq, 1), 3, last);
    return true;
}

Runner yardstick(const Work *s, bool winograd)
{
    Theirs *t = calloc(1, sizeof *t);
    must(t != NULL);
    t->times = 1;
    bool can = false;
    if (s->kind == WORK_CONV)
        can = prepare_conv(t, s, winograd);
    else if (s->kind == WORK_LINEAR)
        can = !winograd && prepare_linear(t, s);
    else
        can = !winograd && prepare_attention(t, s);
    Runner r = {.run = can ? run : NULL, .end = end, .self = t};
    snprintf(r.how, sizeof r.how, "%s", winograd ? "winograd" : "direct");
    return r;
}
