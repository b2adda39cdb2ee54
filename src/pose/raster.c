/* SPDX-License-Identifier: MIT */
#include "pose/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Positions between pixels, along a row, are in 1/65536. */
enum { FRACTION = 16, RING = 361 };

static void put(const Canvas *c, int64_t x, int64_t y, const unsigned char rgb[3])
{
    memcpy(c->rgb + (y * c->width + x) * 3, rgb, 3);
}

/* A run of pixels; what lies outside is left out. */
static void span(const Canvas *c, int64_t y, int64_t from, int64_t to,
                 const unsigned char rgb[3])
{
    if (y < 0 || y >= c->height)
        return;
    for (int64_t x = max64(from, 0); x <= min64(to, c->width - 1); x++)
        put(c, x, y, rgb);
}

/* -1 and 1: before and after the range 0..last. */
static int side_of(int64_t v, int64_t last)
{
    return v < 0 ? -1 : v > last;
}

/* How far the line has moved along the other axis where it reaches `edge`;
 * towards 0, as a conversion of the quotient does. */
static int64_t reach(int64_t edge, int64_t at, int64_t rise, int64_t run)
{
    return (int64_t)((double)(edge - at) * (double)rise / (double)run);
}

/* Moves ends that are above or below the canvas onto its first or last row. */
static void cut_rows(Dot *a, Dot *b, int64_t bottom)
{
    int sa = side_of(a->y, bottom), sb = side_of(b->y, bottom);
    if (sa) {
        int64_t edge = sa < 0 ? 0 : bottom;
        a->x += reach(edge, a->y, b->x - a->x, b->y - a->y);
        a->y = edge;
    }
    if (sb) {
        int64_t edge = sb < 0 ? 0 : bottom;
        b->x += reach(edge, b->y, b->x - a->x, b->y - a->y);
        b->y = edge;
    }
}

static Dot turned(Dot d)
{
    return (Dot){d.y, d.x};
}

/* False if nothing of the line is on the canvas; else both ends are. */
static bool cut(Dot *a, Dot *b, int64_t right, int64_t bottom)
{
    if (side_of(a->y, bottom) * side_of(b->y, bottom) > 0 ||
        side_of(a->x, right) * side_of(b->x, right) > 0)
        return false;
    cut_rows(a, b, bottom);
    if (side_of(a->x, right) * side_of(b->x, right) > 0)
        return false;
    Dot ta = turned(*a), tb = turned(*b);
    cut_rows(&ta, &tb, right);
    *a = turned(ta);
    *b = turned(tb);
    return true;
}

/* Bresenham, from the left end to the right. */
void raster_line(const Canvas *c, Dot from, Dot to, const unsigned char rgb[3])
{
    if (!cut(&from, &to, c->width - 1, c->height - 1))
        return;
    Dot a = from.x <= to.x ? from : to, b = from.x <= to.x ? to : from;
    int64_t dx = b.x - a.x, dy = llabs(b.y - a.y), down = b.y < a.y ? -1 : 1;
    bool is_steep = dy > dx;
    int64_t way = is_steep ? dy : dx, drift = is_steep ? dx : dy;
    int64_t rest = way - 2 * drift;
    for (int64_t i = 0; i <= way; i++) {
        put(c, a.x, a.y, rgb);
        bool steps_aside = rest < 0;
        rest += (steps_aside ? 2 * way : 0) - 2 * drift;
        a.x += !is_steep || steps_aside;
        a.y += is_steep || steps_aside ? down : 0;
    }
}

/* One eighth of the circle, dy rising while dx falls; each pair gives the
 * ends of four runs. */
void raster_disc(const Canvas *c, Dot center, int radius, const unsigned char rgb[3])
{
    int64_t dx = radius, excess = 0;
    for (int64_t dy = 0; dy <= dx; dy++) {
        span(c, center.y - dy, center.x - dx, center.x + dx, rgb);
        span(c, center.y + dy, center.x - dx, center.x + dx, rgb);
        span(c, center.y - dx, center.x - dy, center.x + dy, rgb);
        span(c, center.y + dx, center.x - dy, center.x + dy, rgb);
        excess += 2 * dy + 1;
        if (excess > 0)
            excess -= 2 * dx-- - 1;
    }
}

/* OpenCV's table of sines has seven digits. */
static double sine(int degrees)
{
    const double digits = 1e7;
    double s = sin(degrees * 3.14159265358979323846 / 180);
    return (double)(float)(rint(s * digits) / digits);
}

static int ring(Dot *ring_dots, Dot center, int64_t along, int64_t across, int degrees)
{
    int turn = (degrees % 360 + 360) % 360, n = 0;
    double cosine_t = sine(90 + turn), sine_t = sine(turn);
    for (int i = 0; i <= 360; i++) {
        double x = (double)along * sine(90 + i), y = (double)across * sine(i);
        Dot d = {(int64_t)rint((double)center.x + x * cosine_t - y * sine_t),
                 (int64_t)rint((double)center.y + x * sine_t + y * cosine_t)};
        if (!n || d.x != ring_dots[n - 1].x || d.y != ring_dots[n - 1].y)
            ring_dots[n++] = d;
    }
    if (n == 1) { /* a point: the polygon of two equal dots */
        ring_dots[0] = ring_dots[1] = center;
        n = 2;
    }
    return n;
}

/* One flank of a convex polygon, followed downwards from the topmost dot. */
typedef struct Flank {
    int dot, step;    /* where the present edge ends, in ring order */
    int64_t x, slope; /* in 1/65536; slope is per row */
    int64_t until;    /* the row where the edge ends */
} Flank;

/* Finds the edge that leads below row y.  The two flanks share the edges. */
static void follow(Flank *f, const Dot *dots, int n, int64_t y, int *edges)
{
    for (int from = f->dot; *edges > 0; (*edges)--) {
        int to = (from + f->step) % n;
        if (dots[to].y > y) {
            int64_t x0 = dots[from].x * (1 << FRACTION), x1 = dots[to].x * (1 << FRACTION);
            int64_t rows = dots[to].y - y;
            f->slope = ((x1 - x0) * 2 + rows) / (2 * rows);
            f->x = x0;
            f->until = dots[to].y;
            f->dot = to;
            (*edges)--;
            return;
        }
        from = to;
    }
}

static int64_t pixel(int64_t x)
{
    return (x + (1 << (FRACTION - 1))) >> FRACTION;
}

static void fill(const Canvas *c, const Dot *dots, int n, const unsigned char rgb[3])
{
    int top = 0, edges = n;
    int64_t bottom = dots[0].y;
    for (int i = 1; i < n; i++) {
        top = dots[i].y < dots[top].y ? i : top;
        bottom = max64(bottom, dots[i].y);
    }
    int64_t y = dots[top].y;
    Flank f[2] = {{top, 1, -(1 << FRACTION), 0, y}, {top, n - 1, -(1 << FRACTION), 0, y}};
    for (; y <= min64(bottom, c->height - 1); y++) {
        for (int i = 0; i < 2; i++) {
            if (y >= f[i].until)
                follow(&f[i], dots, n, y, &edges);
        }
        span(c, y, pixel(min64(f[0].x, f[1].x)), pixel(max64(f[0].x, f[1].x)), rgb);
        f[0].x += f[0].slope;
        f[1].x += f[1].slope;
    }
}

/* The outline is drawn too: it reaches further than the filling. */
static void polygon(const Canvas *c, const Dot *dots, int n, const unsigned char rgb[3])
{
    for (int i = 0; i < n; i++)
        raster_line(c, dots[(i + n - 1) % n], dots[i], rgb);
    if (n > 2)
        fill(c, dots, n, rgb);
}

void raster_ellipse(const Canvas *c, Dot center, int64_t along, int64_t across, int degrees,
                    const unsigned char rgb[3])
{
    Dot dots[RING];
    polygon(c, dots, ring(dots, center, along, across, degrees), rgb);
}

void raster_bar(const Canvas *c, Dot from, Dot to, int half, const unsigned char rgb[3])
{
    double dx = (double)(to.x - from.x), dy = (double)(to.y - from.y), size = hypot(dx, dy);
    if (size == 0)
        return;
    int64_t x = (int64_t)rint(half * dy / size), y = (int64_t)rint(half * dx / size);
    polygon(c,
            (Dot[]){{from.x + x, from.y - y},
                    {to.x + x, to.y - y},
                    {to.x - x, to.y + y},
                    {from.x - x, from.y + y}},
            4, rgb);
}
