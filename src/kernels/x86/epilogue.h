/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_X86_EPILOGUE_H
#define KERNELS_X86_EPILOGUE_H
#include "kernels/x86/simd.h"
#include "kernels/x86/vmath.h"

enum {
    NR = 2 * VEC,           /* columns computed together: a panel */
    STREAM_BYTES = 4 << 20, /* results that do not stay in the second cache */
};

/* From sums to results. */
typedef struct Out {
    float *y; /* rows ldy apart, O columns */
    int64_t ldy, O;
    const Epilogue *e;
    bool geglu;  /* a panel is VEC values and their gates */
    bool stream; /* past the caches: no line is read before it is written */
} Out;

static inline Out out_for(float *y, int64_t rows, int64_t ldy, int64_t O, const Epilogue *e,
                          bool geglu)
{
    Out out = {y, ldy, O, e, geglu, false};
    out.stream = rows * O * (int64_t)sizeof(float) >= STREAM_BYTES && e->residual != y &&
                 (uintptr_t)y % 64 == 0 && ldy % VEC == 0;
    return out;
}

/* The same where a row's vectors are not written one after the other: half a
 * line at a time past the caches costs more than it saves. */
static inline Out out_by_vectors(float *y, int64_t rows, int64_t ldy, int64_t O,
                                 const Epilogue *e)
{
    Out out = out_for(y, rows, ldy, O, e, false);
    out.stream = out.stream && VEC * sizeof(float) == 64;
    return out;
}

/* A worker's results are there for the others. */
static inline void out_done(const Out *out)
{
    if (out->stream)
        _mm_sfence();
}

/* What is added to VEC columns from `o` on, before the activation. */
VEC_INLINE V out_bias(const Out *out, int64_t o)
{
    return out->e->bias ? vec_load_part(out->e->bias + o, out->O - o) : vec_zero();
}

/* Which row of image_bias serves a row of the result: one may serve several
 * pictures, as a time embedding does a whole batch. */
static inline int64_t image_of(const Epilogue *e, int64_t row)
{
    return row / e->rows_per_image;
}

VEC_INLINE V out_image_bias(const Out *out, int64_t image, int64_t o)
{
    return vec_load_part(out->e->image_bias + image * out->O + o, out->O - o);
}

/* All that is added to VEC columns of a row. */
VEC_INLINE V out_biases(const Out *out, int64_t row, int64_t o)
{
    V bias = out_bias(out, o);
    if (out->e->image_bias == NULL)
        return bias;
    return vec_add(bias, out_image_bias(out, image_of(out->e, row), o));
}

/* Writes VEC columns of a row; the biases are in `sum` already. */
VEC_INLINE void out_write(const Out *out, int64_t row, int64_t o, V sum)
{
    V y = vec_act(sum, out->e->act);
    const float *residual = out->e->residual;
    int64_t at = row * out->ldy + o, left = out->O - o;
    if (out->e->slope)
        y = vec_fma(vec_min(y, vec_zero()), vec_load_part(out->e->slope + o, left),
                    vec_max(vec_zero(), y));
    if (left >= VEC) {
        y = residual ? vec_add(y, vec_load(residual + at)) : y;
        if (out->stream)
            vec_stream(out->y + at, y);
        else
            vec_store(out->y + at, y);
        return;
    }
    if (residual)
        y = vec_add(y, vec_load_part(residual + at, left));
    vec_store_part(out->y + at, y, left);
}

static inline void out_plain(const Out *out, int64_t row, int64_t rows, int64_t o,
                             const float *c)
{
    const Epilogue *e = out->e;
    V bias[2] = {out_bias(out, o), out_bias(out, o + VEC)}, b[2] = {bias[0], bias[1]};
    int64_t next_image = e->image_bias ? row : INT64_MAX;
    for (int64_t m = row; m < row + rows; m++, c += NR) {
        if (m >= next_image) {
            int64_t image = image_of(e, m);
            next_image = (image + 1) * e->rows_per_image;
            b[0] = vec_add(bias[0], out_image_bias(out, image, o));
            b[1] = vec_add(bias[1], out_image_bias(out, image, o + VEC));
        }
        out_write(out, m, o, vec_add(vec_load(c), b[0]));
        if (o + VEC < out->O)
            out_write(out, m, o + VEC, vec_add(vec_load(c + VEC), b[1]));
    }
}

static inline void out_geglu(const Out *out, int64_t row, int64_t rows, int64_t o,
                             const float *c)
{
    const Epilogue *e = out->e;
    V value = out_bias(out, o);
    V gate = e->bias ? vec_load_part(e->bias + out->O + o, out->O - o) : vec_zero();
    for (int64_t m = row; m < row + rows; m++, c += NR) {
        V image = e->image_bias ? out_image_bias(out, image_of(e, m), o) : vec_zero();
        V v = vec_add(vec_add(vec_load(c), value), image);
        out_write(out, m, o, vec_mul(v, vec_gelu(vec_add(vec_load(c + VEC), gate))));
    }
}

/* The sums c[rows][NR] of a panel to the rows from `row` on. */
static inline void out_rows(const Out *out, int64_t row, int64_t rows, int64_t panel,
                            const float *c)
{
    if (out->geglu)
        out_geglu(out, row, rows, panel * VEC, c);
    else
        out_plain(out, row, rows, panel * NR, c);
}
#endif
