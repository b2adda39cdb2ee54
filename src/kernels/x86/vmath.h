/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_X86_VMATH_H
#define KERNELS_X86_VMATH_H
#include "kernels/x86/simd.h"

/* Exponentials and activations on vectors.  The polynomials are our own
 * minimax fits; tests/kernels/test_elementwise.c holds the results to double. */

/* p(x) with the coefficients from the constant term up. */
VEC_INLINE V vec_polynomial(V x, const float *c, int degree)
{
    V p = vec_set1(c[degree]);
    for (int i = degree - 1; i >= 0; i--)
        p = vec_fma(p, x, vec_set1(c[i]));
    return p;
}

/* 2^x, relative error below 2e-7.  Too small becomes 0 or 2^-126, too large
 * infinite or 2^127; a NaN stays one. */
VEC_INLINE V vec_exp2(V x)
{
    /* 2^f for 0 <= f < 1 to 7.5e-8 */
    static const float c[] = {0.99999994f, 0.69315308f, 0.24015361f,
                              0.05582632f, 0.00898934f, 0.00187758f};
#if VEC == 16
    V f = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    return _mm512_scalef_ps(vec_polynomial(f, c, 5), x);
#else
    x = vec_min(vec_set1(127.0f), vec_max(vec_set1(-126.0f), x));
    V n = vec_floor(x);
    return vec_scale2(vec_polynomial(vec_sub(x, n), c, 5), n);
#endif
}

/* e^x, relative error below 2e-7.  Below -87 it stays at e^-87 (1.6e-38),
 * above 88 at e^88; a NaN stays one. */
VEC_INLINE V vec_exp(V x)
{
    /* e^r for |r| <= ln 2 / 2 to 3e-09; e^0 is 1 */
    static const float c[] = {1.0f,         1.0f,           0.49999994f,   0.166665211f,
                              0.041668389f, 0.00836871564f, 0.00138146023f};
    x = vec_min(vec_set1(88.0f), vec_max(vec_set1(-87.0f), x));
    V n = vec_round(vec_mul(x, vec_set1(1.44269504f)));
    V r = vec_fnma(n, vec_set1(0.693359375f), x); /* ln 2 in two pieces */
    r = vec_fnma(n, vec_set1(-2.12194440e-4f), r);
    return vec_scale2(vec_polynomial(r, c, 6), n);
}

/* x * sigmoid(k x) */
VEC_INLINE V vec_swish(V x, float k)
{
    V e = vec_exp(vec_mul(x, vec_set1(-k)));
    return vec_div(x, vec_add(vec_set1(1.0f), e));
}

/* x * Phi(x) = max(x, 0) - |x| erfc(z) / 2 with z = |x| / sqrt 2: nothing
 * cancels, so that small values are as exact as large ones.
 * erfc(z) = exp(-z^2) t Q(t), t = 1 / (1 + 0.4 z), to 6e-8 for z < 10. */
VEC_INLINE V vec_gelu(V x)
{
    static const float q[] = {0.22563423f, 0.22644311f, 0.20188758f,  0.19339326f, 0.07975638f,
                              0.0879645f,  0.08398715f, -0.14031917f, 0.04125303f};
    V size = vec_abs(x);
    V t = vec_div(vec_set1(1.0f), vec_fma(size, vec_set1(0.28284271f), vec_set1(1.0f)));
    V half = vec_mul(size, vec_set1(0.5f));
    V e = vec_exp(vec_mul(vec_sub(vec_zero(), half), size));
    V tail = vec_mul(vec_mul(half, e), vec_mul(t, vec_polynomial(t, q, 8)));
    return vec_sub(vec_max(vec_zero(), x), tail);
}

VEC_INLINE V vec_act(V x, Act act)
{
    switch (act) {
    case ACT_NONE:
        return x;
    case ACT_RELU:
        return vec_max(vec_zero(), x);
    case ACT_SILU:
        return vec_swish(x, 1.0f);
    case ACT_GELU:
        return vec_gelu(x);
    case ACT_QUICK_GELU:
        return vec_swish(x, 1.702f);
    }
    return x;
}
#endif
