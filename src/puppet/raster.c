/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>
#include <string.h>

static const float MOVED = 1; /* pixels from which on a part is drawn anew */
static const float TORN = 12; /* triangles wider than so many cells are left out */

typedef struct Texel {
    unsigned char rgb[3], alpha, part;
} Texel;

static unsigned char blend(int a, int b, float t)
{
    return (unsigned char)((float)a + ((float)b - (float)a) * t + .5f);
}

/* The layer at u, v of the picture.  A pixel half covered by the figure's edge is shown as it
 * is while still (t 0), and by the edge through it once moved (t 1). */
static bool fetch(Texel *to, const Puppet *p, const Layer *l, Point at, float t)
{
    int x = (int)at.x, y = (int)at.y;
    if (at.x < 0 || at.y < 0 || x >= p->size.w || y >= p->size.h)
        return false;
    int64_t i = (int64_t)y * p->size.w + x;
    if (!l->part[i])
        return false;
    const unsigned char *c = l->color + 4 * i;
    *to = (Texel){{c[0], c[1], c[2]}, c[3], l->part[i]};
    if (!p->fringe[i])
        return true;
    const unsigned char *was = p->picture + 4 * i;
    int k = p->samples;
    int64_t sub = (int64_t)(at.y * (float)k) * p->size.w * k + (int64_t)(at.x * (float)k);
    to->alpha = blend(was[3], p->edge[sub] ? 255 : 0, t);
    for (int ch = 0; ch < 3; ch++)
        to->rgb[ch] = blend(was[ch], c[ch], t);
    return to->alpha > 0;
}

/* Lays a texel over a sample.  The cover is the larger of the two, not their sum: parts that
 * overlap show the same half covered pixel. */
static void lay(const Samples *s, int64_t i, const Texel *t)
{
    unsigned char *to = s->rgba + 4 * i;
    if (t->alpha == 255 || to[3] == 0) {
        memcpy(to, t->rgb, 3);
        to[3] = t->alpha;
        s->part[i] = t->part;
        return;
    }
    float above = (float)t->alpha, below = (float)to[3] * (255 - above) / 255;
    for (int ch = 0; ch < 3; ch++)
        to[ch] = blend(to[ch], t->rgb[ch], above / (above + below));
    to[3] = t->alpha > to[3] ? t->alpha : to[3];
    if (t->alpha > 127)
        s->part[i] = t->part;
}

typedef struct Span {
    int from, to;
} Span;

/* Samples whose centre may lie between the three. */
static Span span(float a, float b, float c, int limit)
{
    float low = fminf(fminf(a, b), c), high = fmaxf(fmaxf(a, b), c);
    return (Span){(int)fmaxf(floorf(low - .5f), 0),
                  (int)fminf(ceilf(high), (float)(limit - 1))};
}

/* Corner i lies at `at` of the samples and shows `from` of the picture. */
typedef struct Facet {
    Point at[3], from[3];
    float change;
} Facet;

static void raster_facet(const Samples *s, const Puppet *p, const Layer *l, const Facet *f)
{
    const Point *q = f->at;
    float area = (q[1].x - q[0].x) * (q[2].y - q[0].y) - (q[2].x - q[0].x) * (q[1].y - q[0].y);
    if (fabsf(area) < 1e-6f)
        return;
    Span rows = span(q[0].y, q[1].y, q[2].y, s->h),
         columns = span(q[0].x, q[1].x, q[2].x, s->w);
    for (int y = rows.from; y <= rows.to; y++) {
        for (int x = columns.from; x <= columns.to; x++) {
            float px = (float)x + .5f - q[0].x, py = (float)y + .5f - q[0].y;
            float b = (px * (q[2].y - q[0].y) - (q[2].x - q[0].x) * py) / area;
            float c = ((q[1].x - q[0].x) * py - px * (q[1].y - q[0].y)) / area;
            float a = 1 - b - c;
            if (a < -1e-4f || b < -1e-4f || c < -1e-4f)
                continue;
            Point from = {a * f->from[0].x + b * f->from[1].x + c * f->from[2].x,
                          a * f->from[0].y + b * f->from[1].y + c * f->from[2].y};
            Texel t;
            if (fetch(&t, p, l, from, f->change))
                lay(s, (int64_t)y * s->w + x, &t);
        }
    }
}

static bool is_torn(const Facet *f, float most)
{
    for (int i = 0; i < 3; i++) {
        Point a = f->at[i], b = f->at[(i + 1) % 3];
        if (!(fabsf(a.x - b.x) < most && fabsf(a.y - b.y) < most))
            return true;
    }
    return false;
}

void raster_layer(const Samples *to, const Puppet *p, const Layer *l, const Point *moved)
{
    float k = (float)p->samples;
    for (int64_t n = 0; n < l->triangles; n++) {
        Facet f = {.change = l->hidden > 0};
        for (int i = 0; i < 3; i++) {
            Point q = moved[l->triangle[n].v[i]];
            f.from[i] = l->vertex[l->triangle[n].v[i]];
            f.at[i] = (Point){q.x * k, q.y * k};
            float far = hypotf(q.x - f.from[i].x, q.y - f.from[i].y) / MOVED;
            f.change = fminf(fmaxf(f.change, far), 1);
        }
        if (!is_torn(&f, TORN * k * (float)p->cell))
            raster_facet(to, p, l, &f);
    }
}

/* The mean of the samples, colours weighed by their cover; each keeps its value if all are
 * the same. */
static void mean(unsigned char *to, const unsigned char *const *sample, int count)
{
    int cover = 0, sum[3] = {0};
    for (int i = 0; i < count; i++) {
        int a = sample[i][3];
        cover += a;
        for (int ch = 0; ch < 3; ch++)
            sum[ch] += a * sample[i][ch];
    }
    if (cover == 0)
        return;
    for (int ch = 0; ch < 3; ch++)
        to[ch] = (unsigned char)((sum[ch] + cover / 2) / cover);
    to[3] = (unsigned char)((cover + count / 2) / count);
}

/* The colour that most samples show, if half of them show any. */
static void vote(unsigned char *to, const unsigned char *const *sample, int count)
{
    int covered = 0, most = 0;
    for (int i = 0; i < count; i++) {
        int votes = 0;
        covered += sample[i][3] > 127;
        for (int k = 0; k < count; k++)
            votes += sample[k][3] > 127 && memcmp(sample[i], sample[k], 3) == 0;
        if (sample[i][3] > 127 && votes > most) {
            most = votes;
            memcpy(to, sample[i], 3);
        }
    }
    to[3] = 2 * covered >= count ? 255 : 0;
    if (to[3] == 0)
        memset(to, 0, 3);
}

static unsigned char most_seen(const unsigned char *part, int count)
{
    int votes[PUPPET_PARTS] = {0}, best = PUPPET_NONE;
    for (int i = 0; i < count; i++)
        votes[part[i]]++;
    for (int k = 1; k < PUPPET_PARTS; k++) {
        if (votes[k] > (best == PUPPET_NONE ? 0 : votes[best]))
            best = k;
    }
    return (unsigned char)best;
}

enum { SAMPLES_MAX = 4 };

void raster_reduce(Tensor canvas, Tensor part, const Samples *from, int k, bool is_pixel_art)
{
    must(k <= SAMPLES_MAX);
    int w = (int)canvas.dim[1], h = (int)canvas.dim[0];
    unsigned char *to = canvas.data, *label = part.data;
    for (int64_t i = 0; i < (int64_t)w * h; i++) {
        const unsigned char *sample[SAMPLES_MAX * SAMPLES_MAX];
        unsigned char parts[SAMPLES_MAX * SAMPLES_MAX];
        int count = 0, covered = 0;
        for (int s = 0; s < k * k; s++) {
            int64_t at = (i / w * k + s / k) * from->w + i % w * k + s % k;
            sample[count] = from->rgba + 4 * at;
            parts[count] = sample[count][3] ? from->part[at] : 0;
            covered += sample[count++][3] > 0;
        }
        memset(to + 4 * i, 0, 4);
        if (covered > 0 && is_pixel_art)
            vote(to + 4 * i, sample, count);
        else if (covered > 0)
            mean(to + 4 * i, sample, count);
        if (label != NULL)
            label[i] = to[4 * i + 3] ? most_seen(parts, count) : PUPPET_NONE;
    }
}
