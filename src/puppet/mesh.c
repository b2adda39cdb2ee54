/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>

/* Squares of p->cell pixels wherever a layer has any, two triangles each. */
static const float STIFF = 8, SOFT = 4; /* powers of the distance: limbs, cloth */
static const float TRUNK = .7f;         /* cloth is this much nearer to the trunk */
static const float ALONE = .02f;        /* a bone with less has nothing to say */

static void weigh(float *weight, const Layer *l, Point p)
{
    float d[LAYER_BONES], sum = 0, kept = 0;
    float power = l->kind == LAYER_SKIRT ? SOFT : STIFF, least = INFINITY;
    for (int b = 0; b < l->bones; b++) {
        const Bone *r = &l->rest[b];
        Point end = {r->at.x + r->along.x * r->length, r->at.y + r->along.y * r->length};
        d[b] = distance_to_segment(p, r->at, end) + .25f;
        if (l->kind == LAYER_SKIRT && b == 0)
            d[b] *= TRUNK;
        least = fminf(least, d[b]);
    }
    for (int b = 0; b < l->bones; b++)
        sum += weight[b] = powf(least / d[b], power);
    for (int b = 0; b < l->bones; b++) {
        weight[b] = weight[b] < ALONE * sum ? 0 : weight[b];
        kept += weight[b];
    }
    for (int b = 0; b < l->bones; b++)
        weight[b] /= kept;
}

typedef struct Cells {
    int w, h;
    unsigned char *used;
    int32_t *corner; /* [h+1][w+1] number of the vertex, or -1 */
    int64_t count;
} Cells;

static void find_cells(Cells *c, const Layer *l, const Puppet *p, Arena *scratch)
{
    *c = (Cells){.w = (p->size.w + p->cell - 1) / p->cell,
                 .h = (p->size.h + p->cell - 1) / p->cell};
    c->used = memory_zeros(scratch, (int64_t)c->w * c->h, 1);
    for (int64_t i = 0; i < size_count(p->size); i++) {
        if (l->part[i]) {
            int x = (int)(i % p->size.w) / p->cell, y = (int)(i / p->size.w) / p->cell;
            c->used[(int64_t)y * c->w + x] = 1;
        }
    }
    int64_t corners = (int64_t)(c->w + 1) * (c->h + 1);
    c->corner = memory_take(scratch, corners, sizeof *c->corner);
    for (int64_t i = 0; i < corners; i++)
        c->corner[i] = -1;
}

static void number_corners(Cells *c, Layer *l)
{
    for (int y = 0; y < c->h; y++) {
        for (int x = 0; x < c->w; x++) {
            if (!c->used[(int64_t)y * c->w + x])
                continue;
            c->count++;
            for (int k = 0; k < 4; k++) {
                int32_t *v = &c->corner[(int64_t)(y + k / 2) * (c->w + 1) + x + k % 2];
                if (*v < 0)
                    *v = (int32_t)l->vertices++;
            }
        }
    }
}

/* Two triangles a cell, in bands of rising weight of the second bone, so that a forearm
 * that is folded back lies over its upper arm. */
static void make_triangles(const Cells *c, Layer *l)
{
    enum { BANDS = 16 };
    int64_t at = 0;
    for (int band = 0; band < BANDS; band++) {
        for (int64_t i = 0; i < (int64_t)c->w * c->h; i++) {
            if (!c->used[i])
                continue;
            const int32_t *top = c->corner + i / c->w * (c->w + 1) + i % c->w;
            const int32_t *low = top + c->w + 1;
            float second = l->kind == LAYER_ARM || l->kind == LAYER_LEG
                               ? l->weight[(int64_t)top[0] * l->bones + 1]
                               : 0;
            if ((int)(second * (BANDS - .01f)) != band)
                continue;
            l->triangle[at++] = (Triangle){{top[0], top[1], low[0]}};
            l->triangle[at++] = (Triangle){{top[1], low[1], low[0]}};
        }
    }
    l->triangles = at;
}

void mesh_make(Layer *l, const Puppet *p, Arena *a, Arena *scratch)
{
    size_t mark = scratch->used;
    Cells c;
    find_cells(&c, l, p, scratch);
    number_corners(&c, l);
    l->vertex = memory_take(a, l->vertices, sizeof *l->vertex);
    l->weight = memory_take(a, l->vertices * l->bones, sizeof *l->weight);
    l->triangle = memory_take(a, 2 * c.count, sizeof *l->triangle);
    for (int64_t i = 0; i < (int64_t)(c.w + 1) * (c.h + 1); i++) {
        if (c.corner[i] < 0)
            continue;
        Point q = {(float)(i % (c.w + 1) * p->cell), (float)(i / (c.w + 1) * p->cell)};
        l->vertex[c.corner[i]] = q;
        weigh(l->weight + (int64_t)c.corner[i] * l->bones, l, q);
    }
    make_triangles(&c, l);
    arena_rewind(scratch, mark);
}
