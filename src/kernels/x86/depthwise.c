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

static void row(void *job, int64_t index, int worker)
{
    (void)worker;
    const Depthwise *d = job;
    const ConvArgs *a = d->a;
    ConvShape s = d->s;
    int64_t n = index / d->OH, y = index % d->OH * s.stride - s.pad_top;
    Out out = {a->y, s.C, s.C, &a->epilogue, false};
    for (int64_t ox = 0; ox < d->OW; ox++) {
        int64_t x = ox * s.stride - s.pad_left, m = index * d->OW + ox;
        Window k = {max64(0, -y), min64(s.kh, a->H - y), max64(0, -x), min64(s.kw, a->W - x)};
        for (int64_t c = 0; c < s.C; c += VEC) {
            const float *from = a->x + ((n * a->H + y) * a->W + x) * s.C + c;
            V sum =
                c + VEC <= s.C ? sums(d, n, from, k, c, true) : sums(d, n, from, k, c, false);
            sum = vec_add(sum, out_bias(&out, c));
            if (a->epilogue.image_bias)
                sum = vec_add(sum, out_image_bias(&out, m / a->epilogue.rows_per_image, c));
            out_write(&out, m, c, sum);
        }
    }
}

static void run(Job *job, ConvShape s, const ConvArgs *a)
{
    Depthwise d = {s, a, conv_out_height(s, a->H), conv_out_width(s, a->W)};
    pool_run(job->pool, a->N * d.OH, row, &d);
}

const ConvMethod OVERLAY(conv_depthwise) = {"depthwise", packed, pack, scratch, run};
