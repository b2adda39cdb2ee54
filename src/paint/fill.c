/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include <string.h>

/* A picture of which only some is known: colours times how much is known, and that. */
typedef struct Level {
    int w, h;
    float *at; /* [h,w,4] */
} Level;

enum { LEVELS = 16 };

static bool level_new(Level *l, int w, int h, Arena *a, Err *err)
{
    Tensor t = tensor_new(a, TENSOR_F32, SHAPE(h, w, 4), err);
    *l = (Level){w, h, t.data};
    if (l->at != NULL)
        memset(l->at, 0, tensor_bytes(t));
    return l->at != NULL;
}

static void known(const Level *l, Image im, Image mask)
{
    for (int64_t i = 0; i < (int64_t)l->w * l->h; i++) {
        const unsigned char *from = (unsigned char *)im.data + i * 3;
        bool is_known = ((unsigned char *)mask.data)[i] == 0;
        for (int c = 0; c < 4 && is_known; c++)
            l->at[i * 4 + c] = c < 3 ? from[c] : 1;
    }
}

static void shrink(const Level *to, const Level *from)
{
    for (int y = 0; y < from->h; y++)
        for (int x = 0; x < from->w; x++)
            for (int c = 0; c < 4; c++)
                to->at[((y / 2) * to->w + x / 2) * 4 + c] +=
                    from->at[((int64_t)y * from->w + x) * 4 + c];
}

/* A colour of the coarser level between its pixels' middles. */
static void look_up(const Level *l, float x, float y, float to[3])
{
    int x0 = (int)x, y0 = (int)y, x1 = x0 + (x0 + 1 < l->w), y1 = y0 + (y0 + 1 < l->h);
    float fx = x - (float)x0, fy = y - (float)y0;
    const int at[4] = {y0 * l->w + x0, y0 * l->w + x1, y1 * l->w + x0, y1 * l->w + x1};
    const float share[4] = {(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy};
    for (int c = 0; c < 3; c++) {
        to[c] = 0;
        for (int k = 0; k < 4; k++)
            to[c] += share[k] * l->at[(int64_t)at[k] * 4 + c];
    }
}

/* Colours of what is known; of the rest, those of the level below. */
static void grow(const Level *to, const Level *from)
{
    for (int y = 0; y < to->h; y++)
        for (int x = 0; x < to->w; x++) {
            float *p = to->at + ((int64_t)y * to->w + x) * 4;
            float fx = ((float)x - 0.5f) / 2, fy = ((float)y - 0.5f) / 2;
            for (int c = 0; c < 3 && p[3] > 0; c++)
                p[c] /= p[3];
            if (p[3] == 0)
                look_up(from, fx < 0 ? 0 : fx, fy < 0 ? 0 : fy, p);
            p[3] = 1;
        }
}

bool paint_bleed(Image im, Image mask, Arena *scratch, Err *err)
{
    Level l[LEVELS];
    int n = 1;
    size_t floor = scratch->used;
    bool ok = level_new(&l[0], image_width(im), image_height(im), scratch, err);
    if (ok)
        known(&l[0], im, mask);
    while (ok && (l[n - 1].w > 1 || l[n - 1].h > 1)) {
        ok = level_new(&l[n], (l[n - 1].w + 1) / 2, (l[n - 1].h + 1) / 2, scratch, err);
        if (ok)
            shrink(&l[n], &l[n - 1]);
        n++;
    }
    for (int i = n - 1; i >= 0 && ok; i--)
        grow(&l[i], &l[i + (i + 1 < n)]);
    for (int64_t i = 0; i < (int64_t)l[0].w * l[0].h && ok; i++)
        for (int c = 0; c < 3 && ((unsigned char *)mask.data)[i] != 0; c++)
            ((unsigned char *)im.data)[i * 3 + c] = (unsigned char)(l[0].at[i * 4 + c] + 0.5f);
    arena_rewind(scratch, floor);
    return ok;
}
