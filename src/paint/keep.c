/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "media/resize.h"

#include <math.h>
#include <string.h>

/* ---- on the way ------------------------------------------------------------------------ */

bool paint_keep(const PaintWork *w, const Sampler *s, int next, Tensor latents, Err *err)
{
    Arena *scratch = w->run.scratch;
    size_t floor = scratch->used;
    int64_t count = tensor_count(latents), Z = w->vae.latent, n = tensor_count(w->opens);
    Tensor kept = tensor_new(scratch, TENSOR_F32, tensor_shape(latents), err);
    if (tensor_is_empty(kept))
        return false;
    memcpy(kept.data, w->seen.data, tensor_bytes(kept));
    if (next < s->calls)
        sampler_add_noise(s, next, tensor_f32(kept), tensor_f32(w->noise), count);
    for (int64_t i = 0; i < count; i++)
        if (tensor_f32(w->opens)[i / Z % n] == 0)
            tensor_f32(latents)[i] = tensor_f32(kept)[i];
    arena_rewind(scratch, floor);
    return true;
}

/* x = a x0 + b e: what the network would have to say of x for it to become x0. */
static float saying(Prediction p, float a, float b, float x, float x0)
{
    float e = (x - a * x0) / b;
    if (p == PREDICTS_SAMPLE)
        return x0;
    return p == PREDICTS_V ? a * e - b * x0 : e;
}

void paint_insist(const PaintWork *w, const Sampler *s, int i, Tensor x, Tensor said,
                  int64_t from)
{
    Share at = s->at[i];
    float whole = hypotf(at.picture, at.noise), a = at.picture / whole, b = at.noise / whole;
    int64_t Z = w->vae.latent, n = tensor_count(w->opens);
    const float *seen = tensor_f32(tensor_rows(w->seen, from, x.dim[0]));
    for (int64_t k = 0; k < tensor_count(x) && b > 0; k++)
        if (tensor_f32(w->opens)[k / Z % n] == 0)
            tensor_f32(said)[k] =
                saying(s->config.prediction_type, a, b, tensor_f32(x)[k], seen[k]);
}

/* ---- in the end ------------------------------------------------------------------------ */

/* One line of n numbers, `step` apart, blurred into `to`; its ends go on. */
static void blur_line(float *to, const float *from, int n, int step, const float *tap,
                      int reach)
{
    for (int i = 0; i < n; i++) {
        float sum = 0;
        for (int k = -reach; k <= reach; k++) {
            int at = i + k < 0 ? 0 : i + k >= n ? n - 1 : i + k;
            sum += tap[k + reach] * from[(int64_t)at * step];
        }
        to[(int64_t)i * step] = sum;
    }
}

enum { REACH = 512 };

/* A Gaussian of this spread: as many taps as OpenCV's for it, 5 spreads wide. */
static int taps(float tap[2 * REACH + 1], int64_t spread)
{
    int reach = (int)min64((int64_t)(2.5 * (double)spread + 0.5), REACH);
    double sum = 0;
    for (int k = -reach; k <= reach; k++)
        sum += exp(-0.5 * k * k / (double)(spread * spread));
    for (int k = -reach; k <= reach; k++)
        tap[k + reach] = (float)(exp(-0.5 * k * k / (double)(spread * spread)) / sum);
    return reach;
}

/* How much of what was painted is seen, [H,W]: all of it inside of the mask, nothing from its
 * edge on; blurred, so that no seam is seen. */
static float *shares(PaintWork *w, Err *err)
{
    int W = image_width(w->mask), H = image_height(w->mask);
    Tensor t = tensor_new(&w->scratch, TENSOR_F32, SHAPE(2, H, W), err);
    const unsigned char *mask = w->mask.data;
    float tap[2 * REACH + 1], *a = t.data, *b = a + (int64_t)W * H;
    if (tensor_is_empty(t))
        return NULL;
    for (int64_t i = 0; i < (int64_t)W * H; i++)
        a[i] = mask[i] != 0;
    if (w->q->mask_blur == 0)
        return a;
    int reach = taps(tap, w->q->mask_blur);
    for (int y = 0; y < H; y++)
        blur_line(b + (int64_t)y * W, a + (int64_t)y * W, W, 1, tap, reach);
    for (int x = 0; x < W; x++)
        blur_line(a + x, b + x, H, W, tap, reach);
    for (int64_t i = 0; i < (int64_t)W * H; i++)
        a[i] = mask[i] == 0 ? 0 : fminf(fmaxf(2 * a[i] - 1, 0), 1);
    return a;
}

/* A pixel with the share s of what was painted, which is opaque. */
static void put_over(unsigned char *at, int channels, const unsigned char *painted, float s)
{
    float rest = channels == 4 ? (1 - s) * (float)at[3] / 255 : 1 - s;
    float all = channels == 4 ? s + rest : 1;
    if (s == 0)
        return;
    for (int c = 0; c < 3; c++)
        at[c] = (unsigned char)((s * (float)painted[c] + rest * (float)at[c]) / all + 0.5f);
    if (channels == 4)
        at[3] = (unsigned char)(all * 255 + 0.5f);
}

Image paint_over(PaintWork *w, Image painted, Err *err)
{
    size_t floor = w->scratch.used;
    Rect p = w->part;
    const float *share = shares(w, err);
    Image to =
        image_new_like(&w->job, w->given, image_width(w->given), image_height(w->given), err);
    Image part = share == NULL
                     ? (Image){0}
                     : image_resize(&w->scratch, painted, p.w, p.h, RESIZE_LANCZOS, err);
    bool ok = !tensor_is_empty(to) && !tensor_is_empty(part);
    if (ok)
        memcpy(to.data, w->given.data, tensor_bytes(to));
    for (int y = 0; y < p.h && ok; y++)
        for (int x = 0; x < p.w; x++)
            put_over(image_at(to, p.x + x, p.y + y), image_channels(to), image_at(part, x, y),
                     share[(int64_t)(p.y + y) * image_width(to) + p.x + x]);
    arena_rewind(&w->scratch, floor);
    return ok ? to : (Image){0};
}
