/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_INTERNAL_H
#define KERNELS_INTERNAL_H
#include <math.h>

#include "kernels/kernels.h"

/* What the files of this room share: who fills the table, and the plain
 * meaning of the activations. */

/* The meaning, ref_*.c: every entry of the table between them. */
void ref_linear(Kernels *k);
void ref_conv(Kernels *k);
void ref_attention(Kernels *k);
void ref_norm(Kernels *k);
void ref_elementwise(Kernels *k);
void ref_resize(Kernels *k);

/* The overlays, x86/NAME.c, compiled for each set of instructions. */
void overlay_linear_avx2(Kernels *k);
void overlay_conv_avx2(Kernels *k);
void overlay_attention_avx2(Kernels *k);
void overlay_norm_avx2(Kernels *k);
void overlay_elementwise_avx2(Kernels *k);
void overlay_linear_avx512(Kernels *k);
void overlay_conv_avx512(Kernels *k);
void overlay_attention_avx512(Kernels *k);
void overlay_norm_avx512(Kernels *k);
void overlay_elementwise_avx512(Kernels *k);

static inline float act_apply(float x, Act act)
{
    switch (act) {
    case ACT_NONE:
        return x;
    case ACT_RELU:
        return x > 0 ? x : 0;
    case ACT_SILU:
        return x / (1 + expf(-x));
    case ACT_GELU:
        return 0.5f * x * (1 + erff(x * 0.70710678f));
    case ACT_QUICK_GELU:
        return x / (1 + expf(-1.702f * x));
    }
    return x;
}

/* act(sum + bias + image_bias) of an Epilogue: all but the residual. */
static inline float epilogue_act(const Epilogue *e, float sum, int64_t row, int64_t o,
                                 int64_t O)
{
    if (e->bias)
        sum += e->bias[o];
    if (e->image_bias)
        sum += e->image_bias[row / e->rows_per_image * O + o];
    float y = act_apply(sum, e->act);
    return e->slope && y < 0 ? y * e->slope[o] : y;
}

/* From pixel to pixel. */
static inline int64_t conv_ldx(ConvShape s, const ConvArgs *a)
{
    return a->ldx ? a->ldx : s.C;
}
static inline int64_t conv_ldy(ConvShape s, const ConvArgs *a)
{
    return a->ldy ? a->ldy : s.O;
}

static inline int64_t conv_out_height(ConvShape s, int64_t H)
{
    return (H + s.pad_top + s.pad_bottom - s.kh) / s.stride + 1;
}
static inline int64_t conv_out_width(ConvShape s, int64_t W)
{
    return (W + s.pad_left + s.pad_right - s.kw) / s.stride + 1;
}

/* Sizes of scratch and of packed weights are whole cache lines. */
static inline size_t round64(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}
#endif
