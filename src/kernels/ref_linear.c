/* SPDX-License-Identifier: MIT */
#include "kernels/internal.h"

/* Packed: the weight as f32, [O,I] (geglu: [2*O,I]).  Sums are double. */

static size_t packed(LinearShape s)
{
    return round64(sizeof(float) * (size_t)(s.geglu ? 2 * s.O : s.O) * (size_t)s.I);
}

static void pack(Job *job, LinearShape s, Tensor w, void *packed)
{
    (void)job;
    tensor_read_f32(packed, w.data, w.type, (s.geglu ? 2 * s.O : s.O) * s.I);
}

static size_t scratch(LinearShape s, int64_t M, int threads)
{
    (void)s, (void)M, (void)threads;
    return 0;
}

static float dot(const float *x, const float *w, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i] * w[i];
    return (float)sum;
}

typedef struct {
    LinearShape s;
    const LinearArgs *a;
} Linear;

static void row(void *job, int64_t m, int worker)
{
    (void)worker;
    const LinearArgs *a = ((Linear *)job)->a;
    LinearShape s = ((Linear *)job)->s;
    const Epilogue *e = &a->epilogue;
    const float *x = a->x + m * a->ldx, *w = a->packed;
    for (int64_t o = 0; o < s.O; o++) {
        float sum = dot(x, w + o * s.I, s.I);
        float y = epilogue_act(e, sum, m, o, s.O);
        if (s.geglu) {
            float gate = dot(x, w + (s.O + o) * s.I, s.I);
            y *= act_apply(gate + (e->bias ? e->bias[s.O + o] : 0), ACT_GELU);
        }
        a->y[m * a->ldy + o] = y + (e->residual ? e->residual[m * a->ldy + o] : 0);
    }
}

static void linear(Job *job, LinearShape s, const LinearArgs *a)
{
    pool_run(job->pool, a->M, row, &(Linear){s, a});
}

void ref_linear(Kernels *k)
{
    k->linear_packed = packed;
    k->linear_pack = pack;
    k->linear_scratch = scratch;
    k->linear = linear;
}
