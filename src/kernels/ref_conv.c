/* SPDX-License-Identifier: MIT */
#include "kernels/internal.h"

/* Packed: the weight as f32 in torch's layout.  Sums are double. */

static int64_t weights(ConvShape s)
{
    return s.O * (s.depthwise ? 1 : s.C) * s.kh * s.kw;
}

static size_t packed(ConvShape s)
{
    return round64(sizeof(float) * (size_t)weights(s));
}

static void pack(Job *job, ConvShape s, Tensor w, void *packed)
{
    (void)job;
    tensor_read_f32(packed, w.data, w.type, weights(s));
}

static size_t scratch(ConvShape s, int64_t N, int64_t H, int64_t W, int threads)
{
    (void)s, (void)N, (void)H, (void)W, (void)threads;
    return 0;
}

typedef struct {
    ConvShape s;
    const ConvArgs *a;
    int64_t OH, OW;
} Conv;

/* The input at a place, after the norm; zero outside. */
static float input(const Conv *v, int64_t n, int64_t y, int64_t x, int64_t c)
{
    const ConvArgs *a = v->a;
    int64_t C = v->s.C;
    if (y < 0 || y >= a->H || x < 0 || x >= a->W)
        return 0;
    float value = a->x[((n * a->H + y) * a->W + x) * conv_ldx(v->s, a) + c];
    if (a->scale == NULL)
        return value;
    return act_apply(value * a->scale[n * C + c] + a->shift[n * C + c], a->pre_act);
}

static float sum_at(const Conv *v, int64_t n, int64_t oy, int64_t ox, int64_t o)
{
    ConvShape s = v->s;
    int64_t channels = s.depthwise ? 1 : s.C;
    const float *w = (const float *)v->a->packed + o * channels * s.kh * s.kw;
    double sum = 0;
    for (int64_t c = 0; c < channels; c++)
        for (int ky = 0; ky < s.kh; ky++)
            for (int kx = 0; kx < s.kw; kx++, w++)
                sum += (double)*w * input(v, n, oy * s.stride + ky - s.pad_top,
                                          ox * s.stride + kx - s.pad_left, s.depthwise ? o : c);
    return (float)sum;
}

static void row(void *job, int64_t tile, int worker)
{
    (void)worker;
    const Conv *v = job;
    const Epilogue *e = &v->a->epilogue;
    int64_t O = v->s.O, ldy = conv_ldy(v->s, v->a);
    for (int64_t x = 0; x < v->OW; x++) {
        int64_t m = tile * v->OW + x;
        for (int64_t o = 0; o < O; o++) {
            float sum = sum_at(v, tile / v->OH, tile % v->OH, x, o);
            float y = epilogue_act(e, sum, m, o, O);
            v->a->y[m * ldy + o] = y + (e->residual ? e->residual[m * ldy + o] : 0);
        }
    }
}

static void conv(Job *job, ConvShape s, const ConvArgs *a)
{
    Conv v = {s, a, conv_out_height(s, a->H), conv_out_width(s, a->W)};
    pool_run(job->pool, a->N * v.OH, row, &v);
}

static const char *method(ConvShape s)
{
    (void)s;
    return "plain";
}

void ref_conv(Kernels *k)
{
    k->conv_packed = packed;
    k->conv_pack = pack;
    k->conv_scratch = scratch;
    k->conv = conv;
    k->conv_method = method;
}
