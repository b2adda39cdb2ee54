/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In half widths of the limb. */
static const float REACH = 1.4f;       /* farther aside a pixel is not the limb's own */
static const float HAND = 2;           /* but a hand may be, about the wrist */
static const float GRIP = 3, AXIS = 2; /* how near what is held comes to the wrist */
static const float CLOSE = 2;          /* what is at the hand */
static const float STAFF = .03f;       /* as THIN, for what may lie along a robe */
static const float CLINGS_STAFF = .5f, WIDE = 3; /* WIDE: of the mean distance from the axis */
static const float CLINGS_THIN = .2f, CLINGS = .15f, SLEEVE = .25f; /* shares of a border */
static const float RIM = .35f;   /* of a border with the forearm */
static const float CRUMB = .25f; /* of the half width's square: pieces too small to tell */
static const float THIN = .2f;   /* spread across over spread along */
static const float SAME = .25f;  /* colour step below which cloth goes on */
static const float SEAM = .3f;   /* and above which two legs are seen */

static bool is_in(int part, int from, int to)
{
    return part >= from && part <= to;
}
static bool is_leg(int part)
{
    return is_in(part, PUPPET_R_THIGH, PUPPET_L_SHIN);
}
static bool is_forearm(int part)
{
    return part == PUPPET_R_FOREARM || part == PUPPET_L_FOREARM;
}
/* Too far from its bone to be the limb's own. */
static bool is_far(const Grid *g, int part, Point p)
{
    static const float BACK[2][2] = {{-1.2f, -9}, {-.6f, -9}};
    int k = part - PUPPET_R_UPPER_ARM, limb = k / 4, half = k % 2;
    float r = g->radius[limb][half];
    Bone b = bone_of(&g->figure, part);
    Point at = bone_local(&b, p);
    float aside = fabsf(at.y), past = at.x - b.length;
    if (at.x < BACK[limb][half] * r)
        return true;
    if (is_forearm(part) && hypotf(past, aside) < HAND * r)
        return false;
    if (is_forearm(part) && past > 0)
        aside = hypotf(past, aside);
    if (limb == LEG && half == 1 && at.x >= .9f * b.length)
        return false;
    return aside > REACH * r;
}

/* A connected set of pixels, and the ellipse that fits it. */
typedef struct Piece {
    const int32_t *of; /* [h][w] which piece a pixel belongs to */
    int id;
    int64_t count;
    Point middle, thin; /* thin: unit vector across */
    float small, large; /* variances across and along */
    int64_t label[PUPPET_PARTS];
} Piece;

static void fit(Piece *c, const Grid *g)
{
    double x = 0, y = 0, xx = 0, xy = 0, yy = 0;
    for (int64_t i = 0; i < size_count(g->size); i++) {
        if (c->of[i] != c->id)
            continue;
        Point p = grid_center(g, i);
        double px = (double)p.x, py = (double)p.y;
        c->count++;
        c->label[g->label[i]]++;
        x += px, y += py, xx += px * px, xy += px * py, yy += py * py;
    }
    double n = (double)c->count, m = c->count > 1 ? n - 1 : 1;
    double a = (xx - x * x / n) / m, b = (xy - x * y / n) / m, d = (yy - y * y / n) / m;
    double mean = (a + d) / 2, off = sqrt((a - d) * (a - d) / 4 + b * b);
    double angle = .5 * atan2(2 * b, a - d);
    c->middle = (Point){(float)(x / n), (float)(y / n)};
    c->thin = (Point){(float)-sin(angle), (float)cos(angle)};
    c->small = (float)(mean - off);
    c->large = (float)(mean + off);
}

static bool is_thin(const Piece *c)
{
    return c->count > 7 && c->small + .08f < THIN * c->large;
}

static float from_axis(const Piece *c, Point p)
{
    return fabsf((p.x - c->middle.x) * c->thin.x + (p.y - c->middle.y) * c->thin.y);
}

/* How well the piece's axis passes this wrist: small is good, INFINITY not at all. */
static float grip(const Piece *c, const Grid *g, int side)
{
    Point w = figure_point(&g->figure, limb_joint(ARM, side, 2));
    float r = g->radius[ARM][1], nearest = INFINITY;
    float off = from_axis(c, w);
    for (int64_t i = 0; i < size_count(g->size); i++) {
        Point p = grid_center(g, i);
        if (c->of[i] == c->id)
            nearest = fminf(nearest, hypotf(p.x - w.x, p.y - w.y));
    }
    return nearest < GRIP * r && off < AXIS * r ? nearest + off : INFINITY;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float median(float *v, int64_t n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* The colour steps over the border between pixels of two kinds. */
typedef bool (*Kind)(const void *user, int64_t i);
static float border_step(const Grid *g, Kind a, Kind b, const void *user, int64_t *count,
                         Arena *scratch)
{
    size_t mark = scratch->used;
    int64_t n = size_count(g->size), pairs = 0;
    float *step = memory_take(scratch, 2 * n, sizeof *step);
    for (int64_t i = 0; i < n; i++) {
        for (int down = 0; down < 2; down++) {
            int64_t to = down ? i + g->size.w : i + 1;
            if (down ? to >= n : i % g->size.w == g->size.w - 1)
                continue;
            if ((a(user, i) && b(user, to)) || (a(user, to) && b(user, i)))
                step[pairs++] = color_step(g->lab + 3 * i, g->lab + 3 * to);
        }
    }
    float m = pairs ? median(step, pairs) : 0;
    *count = pairs;
    arena_rewind(scratch, mark);
    return m;
}

typedef struct Border {
    const Grid *grid;
    const Piece *piece;
    const unsigned char *cloth;
} Border;
static bool is_piece(const void *user, int64_t i)
{
    const Border *b = user;
    return b->piece->of[i] == b->piece->id;
}
static bool is_body_beside(const void *user, int64_t i)
{
    const Border *b = user;
    int part = b->grid->label[i];
    return !is_piece(user, i) && (part == PUPPET_TORSO || is_leg(part));
}
static bool is_cloth(const void *user, int64_t i)
{
    const Border *b = user;
    return b->cloth[i];
}
static bool is_leg_at(const void *user, int64_t i)
{
    const Border *b = user;
    return is_leg(b->grid->label[i]);
}

static bool is_at_hand(const Grid *g, Point p)
{
    for (int side = RIGHT; side <= LEFT; side++) {
        Point w = figure_point(&g->figure, limb_joint(ARM, side, 2));
        if (hypotf(p.x - w.x, p.y - w.y) < CLOSE * g->radius[ARM][1])
            return true;
    }
    return false;
}

/* The share of the piece's border that has such pixels beyond it. */
static float border_share(const Piece *c, const Grid *g, Kind kind)
{
    int64_t all = 0, such = 0;
    for (int64_t i = 0; i < size_count(g->size); i++) {
        int x = (int)(i % g->size.w), y = (int)(i / g->size.w);
        for (int k = 0; k < 4 && c->of[i] == c->id; k++) {
            int u = x + (k == 0) - (k == 1), v = y + (k == 2) - (k == 3);
            bool is_inside = u >= 0 && v >= 0 && u < g->size.w && v < g->size.h;
            int64_t to = (int64_t)v * g->size.w + u;
            if (is_inside && c->of[to] == c->id)
                continue;
            all++;
            such += is_inside && kind(g, to);
        }
    }
    return (float)such / (float)max64(all, 1);
}

static bool is_body_or_off_hand(const void *grid, int64_t i)
{
    const Grid *g = grid;
    bool is_body = g->label[i] == PUPPET_TORSO || is_leg(g->label[i]);
    return g->solid[i] && (is_body || !is_at_hand(g, grid_center(g, i)));
}
static bool is_forearm_at(const void *grid, int64_t i)
{
    const Grid *g = grid;
    return is_forearm(g->label[i]);
}

/* Cloth clings to the figure, what is held sticks out of the hand. */
static float clinging(const Piece *c, const Grid *g)
{
    return border_share(c, g, is_body_or_off_hand);
}

/* A piece that is mostly nearest to a forearm and hangs below the elbow is the arm's, unless
 * it goes on in the colour of trunk or legs. */
static bool is_sleeve(const Piece *c, const Grid *g, int side, Arena *scratch)
{
    int part = limb_part(ARM, side, 1);
    if (2 * c->label[part] <= c->count || clinging(c, g) > SLEEVE)
        return false;
    Bone b = bone_of(&g->figure, part);
    int64_t up = 0, pairs = 0;
    for (int64_t i = 0; i < size_count(g->size); i++)
        up += c->of[i] == c->id && bone_local(&b, grid_center(g, i)).x < .4f * b.length;
    if ((float)up >= .3f * (float)c->count)
        return false;
    Border border = {g, c, NULL};
    float step = border_step(g, is_piece, is_body_beside, &border, &pairs, scratch);
    return pairs == 0 || step >= SAME;
}

/* A cuff is around the forearm, what is held mostly past it. */
static bool is_past(const Piece *c, const Grid *g, int side)
{
    Bone b = bone_of(&g->figure, limb_part(ARM, side, 1));
    return bone_local(&b, c->middle).x > .85f * b.length;
}

/* What belongs to no limb is the head's, as hair and feathers are, or the trunk's. */
static int body_of(const Piece *c, const Grid *g)
{
    int64_t head = 0;
    for (int64_t i = 0; i < size_count(g->size); i++)
        head += c->of[i] == c->id && g->is_head[i];
    Bone trunk = bone_of(&g->figure, PUPPET_TORSO);
    bool is_low = bone_local(&trunk, c->middle).x > .5f * trunk.length;
    return 2 * head > c->count && !is_low ? PUPPET_HEAD : PUPPET_TORSO;
}

static int owner(const Piece *c, const Grid *g, Arena *scratch)
{
    float cling = clinging(c, g);
    bool is_staff = is_thin(c) && c->small < STAFF * c->large;
    if (is_thin(c) && cling < (is_staff ? CLINGS_STAFF : CLINGS_THIN)) {
        float right = grip(c, g, RIGHT), left = grip(c, g, LEFT);
        if (isfinite(fminf(right, left)))
            return held_part(left < right ? LEFT : RIGHT);
        return body_of(c, g);
    }
    for (int side = RIGHT; side <= LEFT; side++) {
        if (is_sleeve(c, g, side, scratch))
            return is_past(c, g, side) && cling < CLINGS &&
                           border_share(c, g, is_forearm_at) < RIM
                       ? held_part(side)
                       : limb_part(ARM, side, 1);
    }
    return body_of(c, g);
}

/* Of a staff that lies along a robe only its own width, else all of it. */
static void give(const Piece *c, Grid *g, int part)
{
    int64_t n = size_count(g->size);
    bool is_held = part == PUPPET_HELD_R || part == PUPPET_HELD_L;
    bool is_along = is_held && is_thin(c) && clinging(c, g) > CLINGS_THIN;
    double off = 0;
    for (int64_t i = 0; i < n; i++) {
        if (c->of[i] == c->id)
            off += (double)from_axis(c, grid_center(g, i));
    }
    float most = is_along ? WIDE * (float)(off / (double)c->count) : INFINITY;
    for (int64_t i = 0; i < n; i++) {
        if (c->of[i] == c->id)
            g->label[i] =
                (unsigned char)(from_axis(c, grid_center(g, i)) > most ? PUPPET_TORSO : part);
    }
}

/* Pieces that no limb reaches are cloth, or a hand holds them. */
static void give_far_pieces(Grid *g, Arena *scratch)
{
    int64_t n = size_count(g->size);
    unsigned char *far = memory_take(scratch, n, 1);
    int32_t *piece = memory_take(scratch, n, sizeof *piece);
    for (int64_t i = 0; i < n; i++) {
        int part = g->label[i];
        far[i] = is_in(part, PUPPET_R_UPPER_ARM, PUPPET_L_SHIN) &&
                 is_far(g, part, grid_center(g, i));
    }
    int count = mask_pieces(piece, far, g->size, scratch);
    for (int id = 1; id <= count; id++) {
        Piece c = {.of = piece, .id = id};
        fit(&c, g);
        if ((float)c.count < CRUMB * g->radius[ARM][1] * g->radius[ARM][1])
            continue;
        give(&c, g, owner(&c, g, scratch));
    }
    held_find(g, piece, count);
}

/* Where the leg of this side is at the height y. */
static float leg_at(const Figure *f, int side, float y)
{
    Point a = figure_point(f, limb_joint(LEG, side, 0));
    for (int k = 1; k < 3; k++) {
        Point b = figure_point(f, limb_joint(LEG, side, k));
        if (y < b.y)
            return y <= a.y ? a.x : a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y);
        a = b;
    }
    return a.x;
}

/* Is the figure closed and without a seam between the legs at this row? */
static bool is_closed(const Grid *g, int y)
{
    float a = leg_at(&g->figure, RIGHT, (float)y + .5f);
    float b = leg_at(&g->figure, LEFT, (float)y + .5f);
    int x0 = (int)fmaxf(fminf(a, b), 0), x1 = (int)fmaxf(a, b);
    for (int x = x0; x <= x1 && x < g->size.w; x++) {
        int64_t i = (int64_t)y * g->size.w + x;
        if (!g->solid[i] || (x < x1 && x + 1 < g->size.w &&
                             color_step(g->lab + 3 * i, g->lab + 3 * (i + 1)) > SEAM))
            return false;
    }
    return x0 < g->size.w;
}

/* The last row to which the legs are covered, from the hips on. */
static int closed_down_to(const Grid *g)
{
    const Keypoint *j = g->figure.at;
    float top = fmaxf(j[JOINT_R_HIP].y, j[JOINT_L_HIP].y) + .5f * g->radius[LEG][0];
    int y = (int)fmaxf(top, 0);
    while (y < g->size.h && is_closed(g, y))
        y++;
    return y - 1;
}

static int last_row(const unsigned char *mask, Size s)
{
    for (int64_t i = size_count(s) - 1; i >= 0; i--) {
        if (mask[i])
            return (int)(i / s.w);
    }
    return -1;
}

/* Cloth below the hips is a skirt if its colour goes on over the legs, or if no gap and
 * no seam lies between them; else a cape.  Returns the skirt's last row, or -1. */
static int find_hem(const Grid *g, const unsigned char *cloth, Arena *scratch)
{
    int64_t n = size_count(g->size), cloths = 0, legs = 0, pairs = 0;
    for (int64_t i = 0; i < n; i++) {
        cloths += cloth[i];
        legs += is_leg(g->label[i]);
    }
    Border border = {g, NULL, cloth};
    int hem = -1;
    if (cloths > 0) {
        float step = border_step(g, is_cloth, is_leg_at, &border, &pairs, scratch);
        if (pairs > 3 && step < SAME && (float)cloths > .15f * (float)legs)
            hem = last_row(cloth, g->size);
    }
    const Keypoint *j = g->figure.at;
    if (fabsf(j[JOINT_R_KNEE].x - j[JOINT_L_KNEE].x) >= g->radius[LEG][0]) {
        int closed = closed_down_to(g);
        if ((float)closed > (j[JOINT_R_KNEE].y + j[JOINT_R_HIP].y) / 2)
            hem = closed > hem ? closed : hem;
    }
    return hem;
}

static void find_cloth(Grid *g, Arena *scratch)
{
    int64_t n = size_count(g->size);
    unsigned char *cloth = memory_take(scratch, n, 1);
    Bone trunk = bone_of(&g->figure, PUPPET_TORSO);
    float below = trunk.length + .6f * g->radius[LEG][0];
    for (int64_t i = 0; i < n; i++)
        cloth[i] =
            g->label[i] == PUPPET_TORSO && bone_local(&trunk, grid_center(g, i)).x > below;
    int hem = find_hem(g, cloth, scratch);
    for (int64_t i = 0; i < n; i++) {
        bool is_above = (int)(i / g->size.w) <= hem;
        if (cloth[i])
            g->label[i] = is_above ? PUPPET_SKIRT : hem >= 0 ? PUPPET_TORSO : PUPPET_CAPE;
        else if (is_leg(g->label[i]) && is_above)
            g->label[i] = PUPPET_SKIRT;
    }
}

void things_find(Grid *g, Arena *scratch)
{
    size_t mark = scratch->used;
    give_far_pieces(g, scratch);
    find_cloth(g, scratch);
    arena_rewind(scratch, mark);
}
