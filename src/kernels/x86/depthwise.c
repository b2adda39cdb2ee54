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

/* VEC numbers, or the `left` that remain. */
VEC_INLINE V part(const float *p, int64_t left)
{
    return left >= VEC ? vec_load(p) : vec_load_part(p, left);
}

/* The sums of VEC channels at the window whose first tap lies at x. */
VEC_INLINE V sums(const Depthwise *d, int64_t n, const float *x, Window k, int64_t c)
{
    const ConvArgs *a = d->a;
    int64_t C = d->s.C, left = C - c;
    bool normed = a->scale != NULL;
    V scale = normed ? part(a->scale + n * C + c, left) : vec_zero();
    V shift = normed ? part(a->shift + n * C + c, left) : vec_zero();
    V sum = vec_zero();
    for (int64_t ky = k.ky0; ky < k.ky1; ky++)
        for (int64_t kx = k.kx0; kx < k.kx1; kx++) {
            const float *from = x + (ky * a->W + kx) * C;
            const float *w = (const float *)a->packed + (ky * d->s.kw + kx) * C + c;
            V v = part(from, left);
            if (normed)
                v = vec_act(vec_fma(v, scale, shift), a->pre_act);
            sum = vec_fma(v, part(w, left), sum);
        }
    return sum;
}

/* The windows of 3x3 of a row that lie in the picture. */
typedef struct Windows {
    Out out;
    Epilogue e; /* here, where no store can have changed it */
    const float *w;
    int64_t C, down, step; /* floats to the next row of inputs; between windows */
} Windows;

/* p, of which the compiler knows nothing: else it computes the places of all
 * windows' inputs beforehand, and loads those from memory, too. */
VEC_INLINE const float *forget(const float *p)
{
    __asm__("" : "+r"(p));
    return p;
}

/* VEC channels, or the `left` that remain, at `places` windows from x on. */
VEC_INLINE void windows_3x3(const Windows *k, const float *x, int64_t m, int places, int64_t c,
                            int64_t left)
{
    const int64_t C = k->C;
    const V bias = out_biases(&k->out, m, c);
    V w[9];
#pragma GCC unroll 9
    for (int t = 0; t < 9; t++)
        w[t] = part(k->w + t * C + c, left);
    x += c;
#pragma GCC unroll 4
    for (int i = 0; i < places; i++, x += k->step) {
        const float *row = x;
        V sum = bias;
#pragma GCC unroll 3
        for (int y = 0; y < 3; y++, row += k->down) {
            row = forget(row);
            sum = vec_fma(part(row, left), w[3 * y], sum);
            sum = vec_fma(part(row + C, left), w[3 * y + 1], sum);
            sum = vec_fma(part(row + 2 * C, left), w[3 * y + 2], sum);
        }
        out_write(&k->out, m + i, c, sum);
    }
}

/* All channels of `places` windows.  Inputs and outputs are passed nearly in
 * their order in memory, which the fetching ahead of the caches lives on. */
VEC_INLINE void windows_row(const Windows *k, const float *x, int64_t m, int places)
{
    int64_t c = 0;
    for (; c + VEC <= k->C; c += VEC)
        windows_3x3(k, x, m, places, c, VEC);
    if (c < k->C)
        windows_3x3(k, x, m, places, c, k->C - c);
}

enum { TOGETHER = 4 };

static void run_3x3(const Depthwise *d, const Out *out, const float *x, int64_t m,
                    int64_t places)
{
    const ConvShape s = d->s;
    Windows k = {*out, *out->e, d->a->packed, s.C, d->a->W * s.C, s.stride * s.C};
    k.out.e = &k.e;
    for (; places >= TOGETHER; places -= TOGETHER, m += TOGETHER, x += TOGETHER * k.step)
        windows_row(&k, x, m, TOGETHER);
    for (; places > 0; places--, m++, x += k.step)
        windows_row(&k, x, m, 1);
}

enum { ROWS = 8 }; /* of a piece of work: they share inputs */

static void row(const Depthwise *d, const Out *out, int64_t index)
{
    const ConvArgs *a = d->a;
    ConvShape s = d->s;
    int64_t n = index / d->OH, y = index % d->OH * s.stride - s.pad_top;
    bool fast = s.kh == 3 && s.kw == 3 && y >= 0 && y + 3 <= a->H && a->scale == NULL;
    for (int64_t ox = 0, places; ox < d->OW; ox += places) {
        int64_t x = ox * s.stride - s.pad_left, m = index * d->OW + ox;
        const float *from = a->x + ((n * a->H + y) * a->W + x) * s.C;
        places = 1;
        if (fast && x >= 0 && x + 3 <= a->W) {
            places = min64((a->W - 3 - x) / s.stride + 1, d->OW - ox);
            run_3x3(d, out, from, m, places);
            continue;
        }
        Window k = {max64(0, -y), min64(s.kh, a->H - y), max64(0, -x), min64(s.kw, a->W - x)};
        for (int64_t c = 0; c < s.C; c += VEC)
            out_write(out, m, c, vec_add(sums(d, n, from + c, k, c), out_biases(out, m, c)));
    }
}

static void piece(void *job, int64_t index, int worker)
{
    (void)worker;
    const Depthwise *d = job;
    int64_t rows = d->a->N * d->OH, last = min64(rows, (index + 1) * ROWS);
    Out out = out_by_vectors(d->a->y, rows * d->OW, d->s.C, d->s.C, &d->a->epilogue);
    for (int64_t i = index * ROWS; i < last; i++)
        row(d, &out, i);
    out_done(&out);
}

static void run(Job *job, ConvShape s, const ConvArgs *a)
{
    Depthwise d = {s, a, conv_out_height(s, a->H), conv_out_width(s, a->W)};
    pool_run(job->pool, div_up(a->N * d.OH, ROWS), piece, &d);
}

const ConvMethod OVERLAY(conv_depthwise) = {"depthwise", packed, pack, scratch, run};
