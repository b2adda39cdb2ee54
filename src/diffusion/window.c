/* SPDX-License-Identifier: MIT */
#include "diffusion/window.h"

#include <math.h>
#include <string.h>

enum { MAX_FRAMES = 65536, MAX_STRIDE = 16 };

/* The bits of `turn` behind the point, lowest first: 1 -> 0.5, 2 -> 0.25, 3 -> 0.75. */
static double halved(uint64_t turn)
{
    double value = 0;
    for (double bit = 0.5; turn; bit /= 2, turn >>= 1)
        value += (turn & 1) ? bit : 0;
    return value;
}

static void put(Windows *w, int64_t from, int64_t every, int64_t F)
{
    w->frame = xgrow(w->frame, (size_t)((w->count + 1) * w->size), sizeof *w->frame);
    int64_t *to = w->frame + w->count++ * w->size;
    for (int64_t i = 0; i < w->size; i++)
        to[i] = (from + i * every) % F;
}

/* Moore-AnimateAnyone's uniform(): for steps of 1, 2, 4, ... frames, starts
 * size * step - overlap apart, wrapped; shifted by `turn`. */
static void close_up(Windows *w, const WindowRule *r, int64_t F)
{
    double part = halved((uint64_t)r->turn);
    int64_t shift = (int64_t)rint((double)F * part);
    int strides = (int)ceil(log2((double)F / r->size)) + 1;
    if (r->stride < strides)
        strides = r->stride > 1 ? r->stride : 1;
    for (int s = 0; s < strides; s++) {
        int64_t every = INT64_C(1) << s;
        int64_t from = (int64_t)(part * (double)every) + shift;
        for (; from < F + shift; from += r->size * every - r->overlap)
            put(w, from, every, F);
    }
}

static void open_up(Windows *w, const WindowRule *r, int64_t F)
{
    int64_t from = 0;
    for (; from + r->size < F; from += r->size - r->overlap)
        put(w, from, 1, F);
    put(w, F - r->size, 1, F);
}

bool windows_init(Windows *w, const WindowRule *rule, int64_t F, Err *err)
{
    memset(w, 0, sizeof *w);
    if (F < 1 || F > MAX_FRAMES)
        return err_set(err, ERR_INPUT, "%lld frames are not in 1..%d", (long long)F,
                       MAX_FRAMES);
    if (rule->size < 1 || rule->overlap < 0 || rule->overlap >= rule->size)
        return err_set(err, ERR_INPUT,
                       "windows of %d frames cannot overlap by %d; the overlap must be smaller "
                       "than the window",
                       rule->size, rule->overlap);
    if (rule->turn < 0 || rule->stride > MAX_STRIDE)
        return err_set(err, ERR_INPUT, "windows: turn %d or stride %d is out of range",
                       rule->turn, rule->stride);
    w->size = min64(F, rule->size);
    if (F <= rule->size)
        put(w, 0, 1, F);
    else if (rule->is_open)
        open_up(w, rule, F);
    else
        close_up(w, rule, F);
    return true;
}

void windows_release(Windows *w)
{
    xfree(w->frame);
    memset(w, 0, sizeof *w);
}
