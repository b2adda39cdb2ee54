/* SPDX-License-Identifier: MIT */
#include "kernels/x86/conv.h"
#include "kernels/x86/epilogue.h"

/* Each channel by itself: lanes are channels.  Packed: [tap][C]. */

static size_t packed(ConvShape s)
{
    return round64(sizeof(float) * (size_t)(s.C * s.kh * s.kw));
}

static void pack(Job *job, ConvShape s, Tensor w, void *packed)
{
    (void)job;
    int64_t taps = (int64_t)s.kh * s.kw;
    size_t size = tensor_type_size(w.type);
    for (int64_t c = 0; c < s.C; c++)
        for (int64_t t = 0; t < taps; t++)
            tensor_read_f32((float *)packed + t * s.C + c,
                            (const char *)w.data + (size_t)(c * taps + t) * size, w.type, 1);
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
} Depthwise;

/* The taps that fall into the picture. */
typedef struct {
    int64_t ky0, ky1, kx0, kx1;
} Window;

/* The sums of VEC channels at the window whose first tap lies at x. */
VEC_INLINE V sums(const Depthwise *d, int64_t n, const float *x, Window k, int64_t c,
                  bool whole)
{
    const ConvArgs *a = d->a;
    int64_t C = d->s.C, left = C - c;
    bool normed = a->scale != NULL;
    V scale = normed ? vec_load_part(a->scale + n * C + c, left) : vec_zero();
    V shift = normed ? vec_load_part(a->shift + n * C + c, left) : vec_zero();
    V sum = vec_zero();
    for (int64_t ky = k.ky0; ky < k.ky1; ky++)
        for (int64_t kx = k.kx0; kx < k.kx1; kx++) {
            const float *from = x + (ky * a->W + kx) * C;
            const float *w = (const float *)a->packed + (ky * d->s.kw + kx) * C + c;
            V v = whole ? vec_load(from) : vec_load_part(from, left);
            if (normed)
                v = vec_act(vec_fma(v, scale, shift), a->pre_act);
            sum = vec_fma(v, whole ? vec_load(w) : vec_load_part(w, left), sum);
        }
    return sum;
}

/* VEC channels at `places` windows of 3x3 that lie in the picture, the first
 * at x: their weights stay in registers. */
VEC_INLINE void run_3x3(const Depthwise *d, const Out *out, const float *x, int64_t m,
                        int64_t places, int64_t c, V bias, bool whole)
{
    int64_t C = d->s.C, left = C - c, down = d->a->W * C;
    const float *weight = (const float *)d->a->packed + c;
    V w[9];
#pragma GCC unroll 9
    for (int t = 0; t < 9; t++)
        w[t] = whole ? vec_load(weight + t * C) : vec_load_part(weight + t * C, left);
    for (int64_t i = 0; i < places; i++, x += d->s.stride * C) {
        V sum = vec_zero();
#pragma GCC unroll 9
        for (int t = 0; t < 9; t++) {
            const float *from = x + t / 3 * down + t % 3 * C;
            sum = vec_fma(whole ? vec_load(from) : vec_load_part(from, left), w[t], sum);
        }
        out_write(out, m + i, c, vec_add(sum, bias));
    }
}

enum { RUN = 16 }; /* places whose inputs stay in the first cache */

static void row(void *job, int64_t index, int worker)
{
    (void)worker;
    const Depthwise *d = job;
    const ConvArgs *a = d->a;
    ConvShape s = d->s;
    int64_t n = index / d->OH, y = index % d->OH * s.stride - s.pad_top;
    bool fast = s.kh == 3 && s.kw == 3 && y >= 0 && y + 3 <= a->H && a->scale == NULL;
    Out out = out_for(a->y, a->N * d->OH * d->OW, s.C, s.C, &a->epilogue, false);
    for (int64_t ox = 0, places; ox < d->OW; ox += places) {
        int64_t x = ox * s.stride - s.pad_left, m = index * d->OW + ox;
        int64_t inside = x < 0 ? 0 : min64((a->W - 3 - x) / s.stride + 1, d->OW - ox);
        bool run = fast && inside > 0 && x + 3 <= a->W;
        places = run ? min64(RUN, inside) : 1;
        Window k = {max64(0, -y), min64(s.kh, a->H - y), max64(0, -x), min64(s.kw, a->W - x)};
        for (int64_t c = 0; c < s.C; c += VEC) {
            const float *from = a->x + ((n * a->H + y) * a->W + x) * s.C + c;
            bool whole = c + VEC <= s.C;
            V bias = out_bias(&out, c);
            if (a->epilogue.image_bias)
                bias = vec_add(bias, out_image_bias(&out, image_of(out.e, m), c));
            if (run && whole)
                run_3x3(d, &out, from, m, places, c, bias, true);
            else if (run)
                run_3x3(d, &out, from, m, places, c, bias, false);
            else if (whole)
                out_write(&out, m, c, vec_add(sums(d, n, from, k, c, true), bias));
            else
                out_write(&out, m, c, vec_add(sums(d, n, from, k, c, false), bias));
        }
    }
    out_done(&out);
}

static void run(Job *job, ConvShape s, const ConvArgs *a)
{
    Depthwise d = {s, a, conv_out_height(s, a->H), conv_out_width(s, a->W)};
    pool_run(job->pool, a->N * d.OH, row, &d);
}

const ConvMethod OVERLAY(conv_depthwise) = {"depthwise", packed, pack, scratch, run};
