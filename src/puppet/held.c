/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>
#include <string.h>

/* What hands hold, where it lies before the figure: a staff's line is followed from what
 * sticks out of the figure back through the hand, a shield is the closed outline around
 * the wrist. */

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

/* The direction from the wrist to the middle of what is held so far; if that lies on both
 * sides of the hand, the direction in which it is long.  (0, 0) if there is too little. */
static Point direction(const Strip *s, const Grid *g, Point wrist, int64_t *count)
{
    double x = 0, y = 0, xx = 0, xy = 0, yy = 0;
    *count = 0;
    for (int64_t i = 0; i < size_count(g->size); i++) {
        if (g->label[i] != s->part)
            continue;
        Point p = grid_center(g, i);
        double dx = (double)(p.x - wrist.x), dy = (double)(p.y - wrist.y);
        ++*count;
        x += dx, y += dy, xx += dx * dx, xy += dx * dy, yy += dy * dy;
    }
    double n = (double)*count, away = sqrt(x * x + y * y);
    if (*count < 8)
        return (Point){0, 0};
    double a = (xx - x * x / n) / n, b = (xy - x * y / n) / n, d = (yy - y * y / n) / n;
    double spread = (a + d) / 2 + sqrt((a - d) * (a - d) / 4 + b * b);
    double angle = .5 * atan2(2 * b, a - d);
    if (away > 1.2 * n * sqrt(spread))
        return (Point){(float)(x / away), (float)(y / away)};
    double sign = x * cos(angle) + y * sin(angle) < 0 ? -1 : 1;
    return (Point){(float)(sign * cos(angle)), (float)(sign * sin(angle))};
}

/* False if there is too little, or it is no strip. */
static bool strip_find(Strip *s, const Grid *g, int side)
{
    *s = (Strip){.part = held_part(side), .first = INFINITY};
    Point wrist = wrist_of(g, side);
    int64_t count;
    Point along = direction(s, g, wrist, &count);
    if (along.x == 0 && along.y == 0)
        return false;
    s->axis = (Bone){wrist, along, {-along.y, along.x}, 1};
    float off = 0;
    for (int64_t i = 0; i < size_count(g->size); i++) {
        if (g->label[i] != s->part)
            continue;
        Point at = bone_local(&s->axis, grid_center(g, i));
        s->tip = fmaxf(s->tip, at.x);
        s->first = fminf(s->first, at.x);
        off += fabsf(at.y) / (float)count;
    }
    s->half_width = fmaxf((float)count / fmaxf(s->tip - s->first, 1) / 2, 1);
    sample_colors(s, g, count);
    return off < 2 * s->half_width + 1;
}

static bool belongs(const Strip *s, const Grid *g, int64_t i)
{
    Point at = bone_local(&s->axis, grid_center(g, i));
    float reach = fmaxf(s->first + 1, 2 * g->radius[ARM][1]);
    if (fabsf(at.y) > s->half_width + .5f || at.x > reach || at.x < -BUTT * s->tip)
        return false;
    bool is_between = at.x > 0;
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
/* Where the figure ends is the outline rather than at the strongest edge within. */
static const float LEAVING = 1.5f, MOST_EDGE = 1;
enum { RAYS = 32, STEPS = 28 };
/* What makes an outline a shield's: its mean edge, the same where the figure goes on, and on
 * the way to the elbow; its radius. */
static const float EDGE = .4f, INNER = .33f, ELBOW = .25f, LEAST_SIZE = 1.75f;
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
            const float *in = at > 0 ? grid_lab(g, on_ray(r, wrist, ray, at - 1)) : NULL;
            const float *out = grid_lab(g, on_ray(r, wrist, ray, at + 1));
            is_out = is_out || (at > 0 && in == NULL);
            r->edge[ray][at] = at < r->first ? -1
                               : is_out      ? -.5f
                               : out == NULL ? LEAVING
                                             : fminf(color_step(in, out), MOST_EDGE);
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
    float mean = 0;
    for (int ray = 0; ray < RAYS; ray++)
        mean += fminf(r->edge[ray][r->radius[ray]], MOST_EDGE) / RAYS;
    return mean;
}

/* The weakest edge on the way to the elbow: an arm goes on there, a shield ends. */
static float edge_to_elbow(const Rays *r, const Grid *g, int side)
{
    Point wrist = wrist_of(g, side), elbow = figure_point(&g->figure, limb_joint(ARM, side, 1));
    float turn = atan2f(elbow.y - wrist.y, elbow.x - wrist.x) / 6.2831853f * RAYS, sum = 0;
    for (int d = -2; d <= 2; d++) {
        int ray = ((int)floorf(turn + .5f) + d + RAYS) % RAYS;
        sum += fminf(r->edge[ray][r->radius[ray]], MOST_EDGE);
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
        if (edge <= MOST_EDGE) {
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

/* Does a piece that sticks out of the figure lie within, and fill a part of it? */
static bool has_piece(const Rays *r, const Grid *g, Point wrist, const Far *far, int64_t area)
{
    for (int id = 1; id <= far->count; id++) {
        int64_t all = 0, within = 0;
        for (int64_t i = 0; i < size_count(g->size); i++) {
            if (far->piece[i] != id)
                continue;
            all++;
            within += is_within(r, wrist, grid_center(g, i));
        }
        if (all > 4 && 10 * within > 7 * all && 12 * within > area)
            return true;
    }
    return false;
}

static bool is_shield(const Rays *r, const Grid *g, int side, const Far *far, float edge)
{
    Point wrist = wrist_of(g, side);
    int64_t area = 0;
    for (int64_t i = 0; i < size_count(g->size); i++)
        area += g->solid[i] && is_within(r, wrist, grid_center(g, i));
    float size = sqrtf((float)area / 3.14159f) / g->radius[ARM][1];
    return edge > EDGE && inner_edge(r) > INNER && edge_to_elbow(r, g, side) > ELBOW &&
           size > LEAST_SIZE && has_piece(r, g, wrist, far, area);
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
        if (g->solid[i] && is_within(&r, wrist, grid_center(g, i)))
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
