/* SPDX-License-Identifier: MIT */
#include "pose/outline.h"

#include <math.h>
#include <string.h>

#include "pose/outline_table.h"

enum { OPAQUE = 127 };

/* Pixels of the figure in a row; widens the box. */
static int64_t count_row(const unsigned char *alpha, int64_t width, int64_t *left,
                         int64_t *right)
{
    int64_t n = 0;
    for (int64_t x = 0; x < width; x++) {
        if (alpha[4 * x] <= OPAQUE)
            continue;
        *left = min64(*left, x);
        *right = max64(*right, x + 1);
        n++;
    }
    return n;
}

static float clamp(float v, float least, float most)
{
    return v < least ? least : v > most ? most : v;
}

/* count[] at the middle of the k-th of OUTLINE_ROWS bands, between rows, in
 * heights of the box. */
static float width_at(const int64_t *count, int64_t height, int k)
{
    float at = ((float)k + 0.5f) / OUTLINE_ROWS * (float)height - 0.5f;
    at = clamp(at, 0, (float)(height - 1));
    int64_t i = (int64_t)at, next = min64(i + 1, height - 1);
    float s = at - (float)i;
    return ((1 - s) * (float)count[i] + s * (float)count[next]) / (float)height;
}

static float weigh(const float *weight, const float *width)
{
    float sum = weight[OUTLINE_ROWS];
    for (int k = 0; k < OUTLINE_ROWS; k++)
        sum += weight[k] * width[k];
    return sum;
}

static void judge(Outline *o, const int64_t *count, int64_t height)
{
    float width[OUTLINE_ROWS];
    for (int k = 0; k < OUTLINE_ROWS; k++)
        width[k] = width_at(count, height, k);
    o->head = clamp(weigh(outline_head, width), 0.12f, 0.5f);
    o->crown = o->bottom - clamp(weigh(outline_height, width), 0.7f, 1) * (float)height;
}

bool outline_find(Outline *o, Tensor picture)
{
    must(picture.type == TENSOR_U8 && picture.rank == 3 && picture.dim[2] == 4);
    int64_t H = picture.dim[0], W = picture.dim[1], left = W, right = 0, top = -1, bottom = 0;
    const unsigned char *alpha = (const unsigned char *)picture.data + 3;
    int64_t *count = xalloc((size_t)max64(H, 1), sizeof *count);
    memset(o, 0, sizeof *o);
    for (int64_t y = 0; y < H; y++) {
        count[y] = count_row(alpha + 4 * y * W, W, &left, &right);
        if (count[y]) {
            top = top < 0 ? y : top;
            bottom = y + 1;
        }
    }
    if (top >= 0) {
        o->left = (float)left;
        o->right = (float)right;
        o->top = (float)top;
        o->bottom = (float)bottom;
        judge(o, count + top, bottom - top);
    }
    xfree(count);
    return top >= 0;
}
