/* SPDX-License-Identifier: MIT */
#include "kernels/internal.h"

#include <string.h>

#include "kernels/span.h"

/* Where torch looks for its sources (UpSample.h), in f32 as it computes. */

static int64_t nearest(int64_t to, int64_t in, int64_t out)
{
    float scale = (float)in / (float)out;
    return min64((int64_t)floorf((float)to * scale), in - 1);
}

/* Between sources `low` and `high`, the share of `high`. */
typedef struct {
    int64_t low, high;
    float share;
} Between;

static Between between(int64_t to, int64_t in, int64_t out, bool align_corners)
{
    float at;
    if (align_corners) {
        float scale = out > 1 ? (float)(in - 1) / (float)(out - 1) : 0;
        at = scale * (float)to;
    } else {
        float scale = (float)in / (float)out;
        at = fmaxf(0, scale * ((float)to + 0.5f) - 0.5f);
    }
    int64_t low = min64((int64_t)at, in - 1);
    return (Between){low, min64(low + 1, in - 1), fminf(fmaxf(at - (float)low, 0), 1)};
}

typedef struct {
    float *y;
    const float *x;
    int64_t H, W, C, OH, OW;
    bool align_corners;
} Resize;

/* Rows of y: [N*OH]. */
static void nearest_span(const void *args, int64_t from, int64_t to)
{
    const Resize *j = args;
    for (int64_t row = from; row < to; row++) {
        int64_t source = row / j->OH * j->H + nearest(row % j->OH, j->H, j->OH);
        for (int64_t o = 0; o < j->OW; o++)
            memcpy(j->y + (row * j->OW + o) * j->C,
                   j->x + (source * j->W + nearest(o, j->W, j->OW)) * j->C,
                   (size_t)j->C * sizeof(float));
    }
}

static void resize_nearest(Job *job, float *y, const float *x, int64_t N, int64_t H, int64_t W,
                           int64_t C, int64_t OH, int64_t OW)
{
    Resize j = {y, x, H, W, C, OH, OW, false};
    for_spans(job->pool, N * OH, span_rows(OW * C), nearest_span, &j);
}

static void bilinear_span(const void *args, int64_t from, int64_t to)
{
    const Resize *j = args;
    for (int64_t row = from; row < to; row++) {
        Between v = between(row % j->OH, j->H, j->OH, j->align_corners);
        const float *low = j->x + (row / j->OH * j->H + v.low) * j->W * j->C;
        const float *high = j->x + (row / j->OH * j->H + v.high) * j->W * j->C;
        for (int64_t o = 0; o < j->OW; o++) {
            Between h = between(o, j->W, j->OW, j->align_corners);
            float *y = j->y + (row * j->OW + o) * j->C;
            int64_t a = h.low * j->C, b = h.high * j->C;
            for (int64_t c = 0; c < j->C; c++) {
                float top = low[a + c] * (1 - h.share) + low[b + c] * h.share;
                float bottom = high[a + c] * (1 - h.share) + high[b + c] * h.share;
                y[c] = top * (1 - v.share) + bottom * v.share;
            }
        }
    }
}

static void resize_bilinear(Job *job, float *y, const float *x, int64_t N, int64_t H, int64_t W,
                            int64_t C, int64_t OH, int64_t OW, bool align_corners)
{
    Resize j = {y, x, H, W, C, OH, OW, align_corners};
    for_spans(job->pool, N * OH, span_rows(OW * C), bilinear_span, &j);
}

void ref_resize(Kernels *k)
{
    k->resize_nearest = resize_nearest;
    k->resize_bilinear = resize_bilinear;
}
