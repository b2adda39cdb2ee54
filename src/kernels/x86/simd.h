/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_X86_SIMD_H
#define KERNELS_X86_SIMD_H
#include <immintrin.h>

#include "base/base.h"
#include "kernels/kernels.h"

/* One vocabulary over AVX2 and AVX-512.
 *
 * Each file of x86/ is compiled twice, with VEC = 8 and VEC = 16 (see
 * meson.build); written in these words, a formula is written once.  V holds
 * VEC floats, Mask a truth for each of them, VECS says how many V there are
 * in registers.  Loads and stores need no alignment; the _part ones touch
 * only the first n lanes (n may pass 0..VEC on either side) and fill the rest
 * with zeros.  Exponentials and activations are in vmath.h. */

#define VEC_PASTE(name, suffix) overlay_##name##_##suffix
#define VEC_EXPORT(name, suffix) VEC_PASTE(name, suffix)
/* The exported name of a file: OVERLAY(linear) is overlay_linear_avx2, ... */
#define OVERLAY(name) VEC_EXPORT(name, VEC_NAME)

#define VEC_INLINE static inline __attribute__((always_inline, unused))

#if VEC == 16
#define VEC_NAME avx512
enum { VECS = 32 };
typedef __m512 V;
typedef __mmask16 Mask;

VEC_INLINE Mask vec_first(int64_t n)
{
    return (Mask)(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1);
}
VEC_INLINE V vec_zero(void)
{
    return _mm512_setzero_ps();
}
VEC_INLINE V vec_set1(float x)
{
    return _mm512_set1_ps(x);
}
VEC_INLINE V vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
VEC_INLINE void vec_store(float *p, V v)
{
    _mm512_storeu_ps(p, v);
}
VEC_INLINE void vec_stream(float *p, V v) /* aligned, past the caches */
{
    _mm512_stream_ps(p, v);
}
VEC_INLINE V vec_load_part(const float *p, int64_t n)
{
    return _mm512_maskz_loadu_ps(vec_first(n), p);
}
VEC_INLINE void vec_store_part(float *p, V v, int64_t n)
{
    _mm512_mask_storeu_ps(p, vec_first(n), v);
}
VEC_INLINE V vec_add(V a, V b)
{
    return _mm512_add_ps(a, b);
}
VEC_INLINE V vec_sub(V a, V b)
{
    return _mm512_sub_ps(a, b);
}
VEC_INLINE V vec_mul(V a, V b)
{
    return _mm512_mul_ps(a, b);
}
VEC_INLINE V vec_div(V a, V b)
{
    return _mm512_div_ps(a, b);
}
VEC_INLINE V vec_sqrt(V a)
{
    return _mm512_sqrt_ps(a);
}
VEC_INLINE V vec_fma(V a, V b, V c) /* a * b + c */
{
    return _mm512_fmadd_ps(a, b, c);
}
VEC_INLINE V vec_fnma(V a, V b, V c) /* c - a * b */
{
    return _mm512_fnmadd_ps(a, b, c);
}
/* *x * b + c, x read by the multiplication itself: less for the core's front
 * end to do, which a busy sibling thread may have halved. */
VEC_INLINE V vec_fma_spread(const float *x, V b, V c)
{
    __asm__("vfmadd231ps %1%{1to16%}, %2, %0" : "+v"(c) : "m"(*x), "v"(b));
    return c;
}
VEC_INLINE V vec_max(V a, V b) /* b if either is not a number */
{
    return _mm512_max_ps(a, b);
}
VEC_INLINE V vec_min(V a, V b)
{
    return _mm512_min_ps(a, b);
}
VEC_INLINE V vec_abs(V a)
{
    return _mm512_abs_ps(a);
}
VEC_INLINE V vec_sign_of(V size, V sign) /* |size| with the sign of `sign`; size >= 0 */
{
    return _mm512_or_ps(size, _mm512_and_ps(sign, _mm512_set1_ps(-0.0f)));
}
VEC_INLINE V vec_round(V a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
VEC_INLINE V vec_floor(V a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
VEC_INLINE Mask vec_less(V a, V b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
VEC_INLINE V vec_select(Mask m, V yes, V no)
{
    return _mm512_mask_blend_ps(m, no, yes);
}
VEC_INLINE V vec_scale2(V a, V n) /* a * 2^n, n whole, -126..127 */
{
    return _mm512_scalef_ps(a, n);
}
VEC_INLINE float vec_sum(V a)
{
    return _mm512_reduce_add_ps(a);
}
VEC_INLINE float vec_largest(V a)
{
    return _mm512_reduce_max_ps(a);
}
VEC_INLINE V vec_load_f16(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)p));
}
VEC_INLINE V vec_load_bf16(const uint16_t *p)
{
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

#elif VEC == 8
#define VEC_NAME avx2
enum { VECS = 16 };
typedef __m256 V;
typedef __m256 Mask;

VEC_INLINE __m256i vec_first(int64_t n)
{
    int lanes = n >= 8 ? 8 : n <= 0 ? 0 : (int)n;
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
VEC_INLINE V vec_zero(void)
{
    return _mm256_setzero_ps();
}
VEC_INLINE V vec_set1(float x)
{
    return _mm256_set1_ps(x);
}
VEC_INLINE V vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}
VEC_INLINE void vec_store(float *p, V v)
{
    _mm256_storeu_ps(p, v);
}
VEC_INLINE void vec_stream(float *p, V v)
{
    _mm256_stream_ps(p, v);
}
VEC_INLINE V vec_load_part(const float *p, int64_t n)
{
    return _mm256_maskload_ps(p, vec_first(n));
}
VEC_INLINE void vec_store_part(float *p, V v, int64_t n)
{
    _mm256_maskstore_ps(p, vec_first(n), v);
}
VEC_INLINE V vec_add(V a, V b)
{
    return _mm256_add_ps(a, b);
}
VEC_INLINE V vec_sub(V a, V b)
{
    return _mm256_sub_ps(a, b);
}
VEC_INLINE V vec_mul(V a, V b)
{
    return _mm256_mul_ps(a, b);
}
VEC_INLINE V vec_div(V a, V b)
{
    return _mm256_div_ps(a, b);
}
VEC_INLINE V vec_sqrt(V a)
{
    return _mm256_sqrt_ps(a);
}
VEC_INLINE V vec_fma(V a, V b, V c)
{
    return _mm256_fmadd_ps(a, b, c);
}
VEC_INLINE V vec_fnma(V a, V b, V c)
{
    return _mm256_fnmadd_ps(a, b, c);
}
VEC_INLINE V vec_fma_spread(const float *x, V b, V c)
{
    return _mm256_fmadd_ps(_mm256_broadcast_ss(x), b, c);
}
VEC_INLINE V vec_max(V a, V b)
{
    return _mm256_max_ps(a, b);
}
VEC_INLINE V vec_min(V a, V b)
{
    return _mm256_min_ps(a, b);
}
VEC_INLINE V vec_abs(V a)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}
VEC_INLINE V vec_sign_of(V size, V sign)
{
    return _mm256_or_ps(size, _mm256_and_ps(sign, _mm256_set1_ps(-0.0f)));
}
VEC_INLINE V vec_round(V a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
VEC_INLINE V vec_floor(V a)
{
    return _mm256_floor_ps(a);
}
VEC_INLINE Mask vec_less(V a, V b)
{
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}
VEC_INLINE V vec_select(Mask m, V yes, V no)
{
    return _mm256_blendv_ps(no, yes, m);
}
VEC_INLINE V vec_scale2(V a, V n)
{
    __m256i power = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(power, 23)));
}
VEC_INLINE float vec_sum(V a)
{
    __m128 x = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
}
VEC_INLINE float vec_largest(V a)
{
    __m128 x = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
}
VEC_INLINE V vec_load_f16(const uint16_t *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const void *)p));
}
VEC_INLINE V vec_load_bf16(const uint16_t *p)
{
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
#else
#error "compile with -DVEC=8 or -DVEC=16"
#endif
#endif
