/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>
#include <string.h>

/* Handicaps, in half widths of a limb: the trunk and the head are found by areas, which
 * would win over the thin limbs before them. */
static const float TRUNK_LAST = 1.0f, HEAD_LAST = .3f, FORBIDDEN = 20, FARTHER_LIMB = .35f;
static const float CLOTH = 2; /* how far from the shoulders and hips a trunk may reach */
static const float HIDDEN = 2, BEHIND = .5f; /* an arm so many half widths behind the trunk */
static const float ARM_EDGE = .4f;           /* the colour step at which an arm ends */
static const float FRONT = .3f; /* shoulders so far apart, in lengths of the trunk */
static const float NO_EDGE = 9;
/* A hand's radius; of its core, which surely is one; in half widths of the arm.  The step at
 * which it ends, and how much of its rim may go on. */
static const float HAND = 2, HAND_CORE = .4f, HAND_EDGE = .08f, HAND_OPEN = .5f;
static const float LEG_LAST = .5f; /* what a leg pays for what is within an arm */
static const float AROUND = 20;    /* pixels around a full step of colour: as good as a wall */
static const float PULLED = .15f;  /* of a shoulder towards the neck */

static bool is_arm(int part)
{
    return part >= PUPPET_R_UPPER_ARM && part <= PUPPET_L_FOREARM;
}

/* How far it is from p to the limb's edge, on the nearer side of the bone: the silhouette's,
 * or one of colour, as an outline on the trunk is. */
static float free_width(const Grid *g, Point p, Point across, float most, float edge)
{
    float best = most;
    const float *here = grid_lab(g, p);
    for (int side = -1; side <= 1 && here != NULL; side += 2) {
        float d = 0, sign = (float)side;
        while (d < most) {
            const float *lab =
                grid_lab(g, (Point){p.x + across.x * d * sign, p.y + across.y * d * sign});
            if (lab == NULL || color_step(lab, here) > edge)
                break;
            d += .25f;
        }
        best = fminf(best, d);
    }
    return here == NULL ? 0 : best;
}

/* In a front view arms lie on the trunk side by side with it. */
static float arm_edge(const Grid *g, int part)
{
    const Keypoint *j = g->figure.at;
    float apart = fabsf(j[JOINT_R_SHOULDER].x - j[JOINT_L_SHOULDER].x);
    float trunk = hypotf(j[JOINT_NECK].x - j[SPOT_HIP].x, j[JOINT_NECK].y - j[SPOT_HIP].y);
    return part <= PUPPET_L_FOREARM && apart > FRONT * trunk ? ARM_EDGE : NO_EDGE;
}

/* Half the width of a limb: the median over points of its bone. */
static float limb_radius(const Grid *g, int part, float least, float most)
{
    enum { POINTS = 9 };
    Bone b = bone_of(&g->figure, part);
    float width[POINTS];
    for (int i = 0; i < POINTS; i++) {
        float u = b.length * (.2f + .75f * (float)i / (POINTS - 1));
        Point p = {b.at.x + b.along.x * u, b.at.y + b.along.y * u};
        float here = (free_width(g, p, b.across, most, arm_edge(g, part)) +
                      free_width(g, p, b.across, most, NO_EDGE)) /
                     2;
        int k = i;
        for (; k > 0 && width[k - 1] > here; k--)
            width[k] = width[k - 1];
        width[k] = here;
    }
    return fminf(fmaxf(width[POINTS / 2], least), most);
}

static float bone_length3(const Figure *f, int part)
{
    BoneEnds e = bone_ends(part);
    const Keypoint *a = &f->at[e.from], *b = &f->at[e.to];
    return sqrtf((a->x - b->x) * (a->x - b->x) + (a->y - b->y) * (a->y - b->y) +
                 (a->z - b->z) * (a->z - b->z));
}

/* Left and right agree: the smaller one is the one that hangs free. */
static void find_radii(Grid *g)
{
    static const float LEAST[2] = {.16f, .2f}, MOST[2] = {.42f, .5f};
    for (int limb = ARM; limb <= LEG; limb++) {
        for (int half = 0; half < 2; half++) {
            float best = INFINITY;
            for (int side = RIGHT; side <= LEFT; side++) {
                float length = fmaxf(bone_length3(&g->figure, limb_part(limb, side, 0)), 2);
                best = fminf(best, limb_radius(g, limb_part(limb, side, half),
                                               LEAST[limb] * length, MOST[limb] * length));
            }
            g->radius[limb][half] = best;
        }
    }
}

/* The straight distance of a pixel to a part's bone, or to its area. */
typedef struct Area {
    int part;
    Point hull[4];
    Point from, to;
    float disc; /* the head's radius */
} Area;

static Area area_of(const Grid *g, int part)
{
    const Figure *f = &g->figure;
    BoneEnds e = bone_ends(part);
    Area s = {.part = part, .from = figure_point(f, e.from), .to = figure_point(f, e.to)};
    static const unsigned char CORNER[4] = {JOINT_R_SHOULDER, JOINT_L_SHOULDER, JOINT_L_HIP,
                                            JOINT_R_HIP};
    for (int i = 0; i < 4; i++) {
        float pull = i < 2 ? PULLED : 0;
        Point p = figure_point(f, CORNER[i]), neck = figure_point(f, JOINT_NECK);
        s.hull[i] = (Point){p.x + (neck.x - p.x) * pull, p.y + (neck.y - p.y) * pull};
    }
    s.disc = .85f * hypotf(s.to.x - s.from.x, s.to.y - s.from.y);
    return s;
}

static float area_distance(const Area *s, Point p)
{
    if (s->part == PUPPET_HEAD)
        return fmaxf(hypotf(p.x - s->to.x, p.y - s->to.y) - s->disc, 0);
    float d = distance_to_segment(p, s->from, s->to);
    return s->part == PUPPET_TORSO ? fminf(d, distance_to_hull(p, s->hull, 4)) : d;
}

/* Pixels on the bone; if none is on the figure, the nearest one. */
static void find_seeds(const Grid *g, const float *straight, float reach, unsigned char *seed)
{
    int64_t nearest = -1;
    bool is_any = false;
    for (int64_t i = 0; i < size_count(g->size); i++) {
        seed[i] = g->solid[i] && straight[i] <= reach;
        is_any = is_any || seed[i];
        if (g->solid[i] && (nearest < 0 || straight[i] < straight[nearest]))
            nearest = i;
    }
    if (!is_any && nearest >= 0)
        seed[nearest] = 1;
}

static float part_radius(const Grid *g, int part)
{
    if (part == PUPPET_TORSO || part == PUPPET_HEAD)
        return (g->radius[ARM][0] + g->radius[LEG][0]) / 2;
    int k = part - PUPPET_R_UPPER_ARM;
    return g->radius[k / 4][k % 2];
}

/* What a part pays on top of the distance, in half widths: heads do not begin far below
 * the neck but where they hang on by their colour, trunks not above it; of two limbs on the
 * same pixels the nearer one has them. */
static float handicap(const Grid *g, int part, int64_t i)
{
    Point p = grid_center(g, i);
    const Figure *f = &g->figure;
    if (part == PUPPET_TORSO || part == PUPPET_HEAD) {
        Bone head = bone_of(f, PUPPET_HEAD);
        float up = bone_local(&head, p).x;
        if (part == PUPPET_HEAD)
            return HEAD_LAST + (up < -.15f * head.length && !g->is_head[i] ? FORBIDDEN : 0);
        return TRUNK_LAST + (g->is_head[i] ? HIDDEN : 0) +
               (up > .2f * head.length ? FORBIDDEN : 0);
    }
    if (!g->has_depth)
        return 0;
    int k = part - PUPPET_R_UPPER_ARM, other = PUPPET_R_UPPER_ARM + (k ^ 2);
    BoneEnds a = bone_ends(part), b = bone_ends(other);
    float mine = (f->at[a.from].z + f->at[a.to].z) / 2;
    float theirs = (f->at[b.from].z + f->at[b.to].z) / 2;
    return theirs - mine > 1.5f * part_radius(g, part) ? FARTHER_LIMB : 0;
}

/* An arm behind the trunk is not what one sees on it. */
static bool is_behind_trunk(const Grid *g, int part)
{
    if (!g->has_depth || !is_arm(part))
        return false;
    const Figure *f = &g->figure;
    BoneEnds a = bone_ends(part), t = bone_ends(PUPPET_TORSO);
    float arm = (f->at[a.from].z + f->at[a.to].z) / 2;
    float trunk = (f->at[t.from].z + f->at[t.to].z) / 2;
    return arm < trunk - BEHIND * part_radius(g, part);
}

/* Adds to `seen` what goes on from it without an edge of colour, where it may be. */
static void flood(const Grid *g, unsigned char *seen, const unsigned char *may, float edge,
                  Arena *scratch)
{
    size_t mark = scratch->used;
    int64_t n = size_count(g->size), first = 0, last = 0, next[4];
    int64_t *line = memory_take(scratch, n, sizeof *line);
    for (int64_t i = 0; i < n; i++) {
        if (seen[i])
            line[last++] = i;
    }
    while (first < last) {
        int64_t i = line[first++];
        for (int k = 0, count = mask_neighbours(next, i, g->size); k < count; k++) {
            int64_t to = next[k];
            if (seen[to] || !may[to] || color_step(g->lab + 3 * i, g->lab + 3 * to) > edge)
                continue;
            seen[to] = 1;
            line[last++] = to;
        }
    }
    arena_rewind(scratch, mark);
}

/* What is seen of the trunk: its area, and what goes on from there as far as cloth may
 * reach. */
static void see_trunk(const Grid *g, const Area *trunk, unsigned char *seen, Arena *scratch)
{
    size_t mark = scratch->used;
    int64_t n = size_count(g->size);
    unsigned char *may = memory_take(scratch, n, 1);
    float most = CLOTH * part_radius(g, PUPPET_TORSO);
    for (int64_t i = 0; i < n; i++) {
        float d = g->solid[i] ? area_distance(trunk, grid_center(g, i)) : INFINITY;
        seen[i] = d <= 0;
        may[i] = d <= most;
    }
    flood(g, seen, may, ARM_EDGE, scratch);
    arena_rewind(scratch, mark);
}

/* A hand is what goes on around the wrist, if it ends there: it may go on as an arm, but not
 * on the other side. */
static void seed_hand(const Grid *g, int part, unsigned char *seed, Arena *scratch)
{
    size_t mark = scratch->used;
    int64_t n = size_count(g->size), open = 0;
    unsigned char *hand = memory_take(scratch, n, 1), *may = memory_take(scratch, n, 1);
    Bone arm = bone_of(&g->figure, part);
    float r = g->radius[ARM][1], core = fmaxf(HAND_CORE * r, .75f);
    for (int64_t i = 0; i < n; i++) {
        Point at = bone_local(&arm, grid_center(g, i));
        float d = hypotf(at.x - arm.length, at.y);
        hand[i] = g->solid[i] && d <= core;
        may[i] = g->solid[i] && d <= HAND * r;
    }
    flood(g, hand, may, HAND_EDGE, scratch);
    for (int64_t i = 0; i < n; i++) {
        Point at = bone_local(&arm, grid_center(g, i));
        open += hand[i] && at.x > arm.length && hypotf(at.x - arm.length, at.y) > HAND * r - 1;
    }
    for (int64_t i = 0; i < n && (float)open < HAND_OPEN * HAND * r; i++)
        seed[i] |= hand[i];
    arena_rewind(scratch, mark);
}

/* Takes the pixels to which this part is nearer than those before it. */
static void compete(Grid *g, int part, float *best, Arena *scratch)
{
    size_t mark = scratch->used;
    int64_t n = size_count(g->size);
    float *straight = memory_take(scratch, n, sizeof *straight);
    float *way = memory_take(scratch, n, sizeof *way);
    unsigned char *seed = memory_take(scratch, n, 1);
    Area area = area_of(g, part);
    float r = part_radius(g, part);
    for (int64_t i = 0; i < n; i++)
        straight[i] = g->solid[i] ? area_distance(&area, grid_center(g, i)) : 0;
    bool is_area = part == PUPPET_TORSO || part == PUPPET_HEAD;
    bool is_behind = is_behind_trunk(g, part);
    Area trunk = area_of(g, PUPPET_TORSO);
    unsigned char *on_trunk = memory_take(scratch, n, 1);
    if (is_behind)
        see_trunk(g, &trunk, on_trunk, scratch);
    find_seeds(g, straight, is_area ? .75f : fmaxf(.75f, .35f * r), seed);
    if (!is_behind && (part == PUPPET_R_FOREARM || part == PUPPET_L_FOREARM))
        seed_hand(g, part, seed, scratch);
    geodesic(way, g, seed, 1, scratch);
    for (int64_t i = 0; i < n; i++) {
        if (!g->solid[i])
            continue;
        float d = (isfinite(way[i]) ? way[i] : 2 * straight[i]) / r + handicap(g, part, i);
        if (is_behind && on_trunk[i])
            d += HIDDEN;
        if (part >= PUPPET_R_THIGH && is_arm(g->label[i]) && best[i] < 1)
            d += LEG_LAST;
        if (d < best[i]) {
            best[i] = d;
            g->label[i] = (unsigned char)part;
        }
    }
    arena_rewind(scratch, mark);
}

/* The ways along the drawing from the trunk's middle (0) or from the head (1), around edges of
 * colour. */
static float *way_from(const Grid *g, int head, Arena *scratch)
{
    int64_t n = size_count(g->size);
    unsigned char *seed = memory_take(scratch, n, 1);
    float *way = memory_take(scratch, n, sizeof *way);
    Area area = area_of(g, head ? PUPPET_HEAD : PUPPET_TORSO);
    for (int64_t i = 0; i < n; i++) {
        Point p = grid_center(g, i);
        float d = head ? area_distance(&area, p)
                       : distance_to_segment(p, area.from, area.to) -
                             .5f * part_radius(g, PUPPET_TORSO);
        seed[i] = g->solid[i] && d <= 0;
    }
    geodesic(way, g, seed, AROUND, scratch);
    return way;
}

/* Hair, feathers and ears hang on the head by their colour, wherever they are. */
static void find_head(Grid *g, Arena *scratch)
{
    size_t mark = scratch->used;
    const float *trunk = way_from(g, 0, scratch), *head = way_from(g, 1, scratch);
    for (int64_t i = 0; i < size_count(g->size); i++)
        g->is_head[i] = head[i] < trunk[i];
    arena_rewind(scratch, mark);
}

void segment(Grid *g, Arena *scratch)
{
    size_t mark = scratch->used;
    int64_t n = size_count(g->size);
    float *best = memory_take(scratch, n, sizeof *best);
    for (int64_t i = 0; i < n; i++)
        best[i] = INFINITY;
    memset(g->label, PUPPET_NONE, (size_t)n);
    find_radii(g);
    find_head(g, scratch);
    for (int part = PUPPET_TORSO; part <= PUPPET_L_SHIN; part++)
        compete(g, part, best, scratch);
    arena_rewind(scratch, mark);
}
