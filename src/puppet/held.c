/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>
#include <string.h>

/* What hands hold, where it lies before the figure: a staff's line is followed from what
 * sticks out of the figure back through the hand, a shield is the closed outline around
 * the wrist. */

static Point center(const Grid *g, int64_t i)
{
    return (Point){(float)(i % g->size.w) + .5f, (float)(i / g->size.w) + .5f};
}

static Point wrist_of(const Grid *g, int side)
{
    return figure_point(&g->figure, limb_joint(ARM, side, 2));
}

/* ---- lines ---- */
enum { COLORS = 48 };
static const float MATCH = .14f;     /* colour step to one of the thing's colours */
static const float NEAR_MATCH = .3f; /* between the hand and what sticks out */
static const float BUTT = .6f;       /* a staff goes on behind the hand, of its length */

/* A thing as a strip: u from the wrist towards its far end, v across. */
typedef struct Strip {
    Bone axis;
    float tip, first, half_width;
    float color[COLORS][3];
    int colors, part;
} Strip;

static void sample_colors(Strip *s, const Grid *g, int64_t count)
{
    int64_t step = count / COLORS + 1, seen = 0;
    for (int64_t i = 0; i < size_count(g->size); i++) {
        if (g->label[i] == s->part && seen++ % step == 0 && s->colors < COLORS)
            memcpy(s->color[s->colors++], g->lab + 3 * i, 3 * sizeof(float));
    }
}

static float match(const Strip *s, const float *lab)
{
    float best = INFINITY;
    for (int k = 0; k < s->colors; k++)
        best = fminf(best, color_step(s->color[k], lab));
    return best;
}

/* From the wrist through the middle of what is held so far.  False if there is too little. */
static bool strip_find(Strip *s, const Grid *g, int side)
{
    *s = (Strip){.part = held_part(side), .first = INFINITY};
    Point wrist = wrist_of(g, side), sum = {0, 0};
    int64_t count = 0;
    for (int64_t i = 0; i < size_count(g->size); i++) {
        if (g->label[i] != s->part)
            continue;
        Point p = center(g, i);
        sum = (Point){sum.x + p.x - wrist.x, sum.y + p.y - wrist.y};
        count++;
    }
    float length = hypotf(sum.x, sum.y);
    if (count < 8 || length < (float)count)
        return false;
    s->axis = (Bone){wrist,
                     {sum.x / length, sum.y / length},
                     {-sum.y / length, sum.x / length},
                     length / (float)count};
    double off = 0;
    for (int64_t i = 0; i < size_count(g->size); i++) {
        if (g->label[i] != s->part)
            continue;
        Point at = bone_local(&s->axis, center(g, i));
        s->tip = fmaxf(s->tip, at.x);
        s->first = fminf(s->first, at.x);
        off += (double)fabsf(at.y);
    }
    s->half_width = fmaxf((float)count / fmaxf(s->tip - s->first, 1) / 2, 1);
    sample_colors(s, g, count);
    return off / (double)count < 2 * (double)s->half_width + 1;
}

static bool belongs(const Strip *s, const Grid *g, int64_t i)
{
    Point at = bone_local(&s->axis, center(g, i));
    if (fabsf(at.y) > s->half_width + .5f || at.x > s->tip || at.x < -BUTT * s->tip)
        return false;
    bool is_between = at.x > 0 && at.x < s->first + 1;
    return match(s, g->lab + 3 * i) < (is_between ? NEAR_MATCH : MATCH);
}

/* Pixel after pixel from what is known. */
static void follow_line(Grid *g, int side)
{
    Strip s;
    if (!strip_find(&s, g, side))
        return;
    Size size = g->size;
    bool is_growing = true;
    while (is_growing) {
        is_growing = false;
        for (int64_t i = 0; i < size_count(size); i++) {
            int x = (int)(i % size.w), y = (int)(i / size.w);
            if (!g->solid[i] || g->label[i] == s.part || !belongs(&s, g, i))
                continue;
            bool is_beside = false;
            for (int k = 0; k < 9; k++) {
                int u = x + k % 3 - 1, v = y + k / 3 - 1;
                is_beside = is_beside || (u >= 0 && v >= 0 && u < size.w && v < size.h &&
                                          g->label[(int64_t)v * size.w + u] == s.part);
            }
            if (is_beside) {
                g->label[i] = (unsigned char)s.part;
                is_growing = true;
            }
        }
    }
}

/* ---- outlines around the hand ---- */
enum { RAYS = 32, STEPS = 28 };
/* What makes an outline a shield's: its mean edge, the same where the figure goes on, and on
 * the way to the elbow; its radius; the share of one colour. */
typedef struct Asked {
    float edge, inner, elbow, size, even;
} Asked;
static const Asked AROUND_PIECE = {.4f, .33f, .25f, 1.75f, 0};
static const Asked ALONE = {.6f, .5f, .4f, 1.9f, .4f};
static const float LEAST_RADIUS = 1.5f, MOST_RADIUS = 7; /* in half widths of the arm */

typedef struct Far {
    const int32_t *piece;
    int count;
} Far;
typedef struct Rays {
    float step;              /* pixels between samples of a ray */
    int first;               /* sample from which an outline may pass */
    float edge[RAYS][STEPS]; /* how strong it is there */
    int radius[RAYS];
} Rays;

static const float *lab_at(const Grid *g, Point p)
{
    int x = (int)floorf(p.x), y = (int)floorf(p.y);
    if (x < 0 || y < 0 || x >= g->size.w || y >= g->size.h)
        return NULL;
    int64_t i = (int64_t)y * g->size.w + x;
    return g->solid[i] ? g->lab + 3 * i : NULL;
}

static Point on_ray(const Rays *r, Point wrist, int ray, int at)
{
    float angle = 6.2831853f * (float)ray / RAYS, d = r->step * (float)at;
    return (Point){wrist.x + d * cosf(angle), wrist.y + d * sinf(angle)};
}

/* The colour step from two samples within to one without; leaving the figure counts full,
 * what lies beyond it nothing. */
static void measure_rays(Rays *r, const Grid *g, Point wrist)
{
    for (int ray = 0; ray < RAYS; ray++) {
        bool is_out = false;
        for (int at = 0; at < STEPS; at++) {
            const float *in = at > 0 ? lab_at(g, on_ray(r, wrist, ray, at - 1)) : NULL;
            const float *out = lab_at(g, on_ray(r, wrist, ray, at + 1));
            is_out = is_out || (at > 0 && in == NULL);
            r->edge[ray][at] = at < r->first ? -1
                               : is_out      ? -.5f
                               : out == NULL ? 1
                                             : fminf(color_step(in, out), 1);
        }
    }
}

/* The closed way around the wrist over the strongest edges, of which neighbours differ by one
 * sample at most.  Returns the mean edge. */
static float best_outline(Rays *r)
{
    float best = -INFINITY;
    for (int start = r->first; start < STEPS; start++) {
        float sum[RAYS][STEPS];
        signed char from[RAYS][STEPS];
        for (int at = 0; at < STEPS; at++)
            sum[0][at] = at == start ? r->edge[0][at] : -INFINITY;
        for (int ray = 1; ray < RAYS; ray++) {
            for (int at = 0; at < STEPS; at++) {
                int back = at;
                for (int d = -1; d <= 1; d += 2) {
                    if (at + d >= 0 && at + d < STEPS &&
                        sum[ray - 1][at + d] > sum[ray - 1][back])
                        back = at + d;
                }
                from[ray][at] = (signed char)back;
                sum[ray][at] = sum[ray - 1][back] + r->edge[ray][at];
            }
        }
        for (int end = start - 1; end <= start + 1; end++) {
            if (end < 0 || end >= STEPS || sum[RAYS - 1][end] <= best)
                continue;
            best = sum[RAYS - 1][end];
            for (int ray = RAYS - 1, at = end; ray >= 0; at = from[ray][at], ray--)
                r->radius[ray] = at;
        }
    }
    return best / RAYS;
}

/* The weakest edge on the way to the elbow: an arm goes on there, a shield ends. */
static float edge_to_elbow(const Rays *r, const Grid *g, int side)
{
    Point wrist = wrist_of(g, side), elbow = figure_point(&g->figure, limb_joint(ARM, side, 1));
    float turn = atan2f(elbow.y - wrist.y, elbow.x - wrist.x) / 6.2831853f * RAYS, sum = 0;
    for (int d = -2; d <= 2; d++) {
        int ray = ((int)floorf(turn + .5f) + d + RAYS) % RAYS;
        sum += r->edge[ray][r->radius[ray]];
    }
    return sum / 5;
}

/* The mean edge where the figure goes on beyond the outline: a robe ends on both sides as a
 * shield does, but not above and below. */
static float inner_edge(const Rays *r)
{
    float sum = 0;
    int count = 0;
    for (int ray = 0; ray < RAYS; ray++) {
        float edge = r->edge[ray][r->radius[ray]];
        if (edge < 1) {
            sum += edge;
            count++;
        }
    }
    return count > 0 ? sum / (float)count : 1;
}

/* Is p within the outline found? */
static bool is_within(const Rays *r, Point wrist, Point p)
{
    float dx = p.x - wrist.x, dy = p.y - wrist.y;
    float turn = atan2f(dy, dx) / 6.2831853f * RAYS;
    int ray = ((int)floorf(turn + .5f) + RAYS) % RAYS;
    return hypotf(dx, dy) <= r->step * ((float)r->radius[ray] + .5f);
}

/* The share of the pixels within that are of one colour, the most usual one. */
static float evenness(const Rays *r, const Grid *g, Point wrist, int64_t *area)
{
    int64_t most = 0, all = 0;
    for (int64_t i = 0; i < size_count(g->size); i++)
        all += g->solid[i] && is_within(r, wrist, center(g, i));
    for (int64_t i = 0; i < size_count(g->size); i++) {
        if (!g->solid[i] || !is_within(r, wrist, center(g, i)))
            continue;
        int64_t same = 0;
        for (int64_t k = 0; k < size_count(g->size); k++)
            same += g->solid[k] && color_step(g->lab + 3 * i, g->lab + 3 * k) < MATCH &&
                    is_within(r, wrist, center(g, k));
        most = max64(most, same);
    }
    *area = all;
    return (float)most / (float)max64(all, 1);
}

/* Does a piece that sticks out of the figure lie within, and fill a part of it? */
static bool has_piece(const Rays *r, const Grid *g, Point wrist, const Far *far, int64_t area)
{
    for (int id = 1; id <= far->count; id++) {
        int64_t all = 0, within = 0;
        for (int64_t i = 0; i < size_count(g->size); i++) {
            if (far->piece[i] != id)
                continue;
            all++;
            within += is_within(r, wrist, center(g, i));
        }
        if (all > 4 && 10 * within > 7 * all && 12 * within > area)
            return true;
    }
    return false;
}

/* An outline alone must be strong; around something that sticks out a weaker one will do. */
static bool is_shield(const Rays *r, const Grid *g, int side, const Far *far, float edge)
{
    int64_t area;
    Point wrist = wrist_of(g, side);
    float radius = g->radius[ARM][1], even = evenness(r, g, wrist, &area);
    float size = sqrtf((float)area / 3.14159f) / radius, elbow = edge_to_elbow(r, g, side);
    float inner = inner_edge(r);
    const Asked *a = has_piece(r, g, wrist, far, area) ? &AROUND_PIECE : &ALONE;
    return edge > a->edge && inner > a->inner && elbow > a->elbow && size > a->size &&
           even > a->even;
}

static void find_shield(Grid *g, int side, const Far *far)
{
    Point wrist = wrist_of(g, side);
    float radius = g->radius[ARM][1];
    Rays r = {.step = radius * MOST_RADIUS / STEPS};
    r.first = (int)ceilf(LEAST_RADIUS * radius / r.step);
    measure_rays(&r, g, wrist);
    if (!is_shield(&r, g, side, far, best_outline(&r)))
        return;
    for (int64_t i = 0; i < size_count(g->size); i++) {
        if (g->solid[i] && is_within(&r, wrist, center(g, i)))
            g->label[i] = (unsigned char)held_part(side);
    }
}

void held_find(Grid *g, const int32_t *piece, int count)
{
    Far far = {piece, count};
    for (int side = RIGHT; side <= LEFT; side++) {
        follow_line(g, side);
        find_shield(g, side, &far);
    }
}
