/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>
#include <string.h>

static const float SHORTEST = .15f, LONGEST = 1.6f; /* stretch of a limb */
static const float STILL = .01f;                    /* pixels */

BoneEnds bone_ends(int part)
{
    static const BoneEnds ENDS[PUPPET_PARTS] = {
        [PUPPET_TORSO] = {JOINT_NECK, SPOT_HIP},
        [PUPPET_HEAD] = {JOINT_NECK, SPOT_EAR},
        [PUPPET_R_UPPER_ARM] = {JOINT_R_SHOULDER, JOINT_R_ELBOW},
        [PUPPET_R_FOREARM] = {JOINT_R_ELBOW, JOINT_R_WRIST},
        [PUPPET_L_UPPER_ARM] = {JOINT_L_SHOULDER, JOINT_L_ELBOW},
        [PUPPET_L_FOREARM] = {JOINT_L_ELBOW, JOINT_L_WRIST},
        [PUPPET_R_THIGH] = {JOINT_R_HIP, JOINT_R_KNEE},
        [PUPPET_R_SHIN] = {JOINT_R_KNEE, JOINT_R_ANKLE},
        [PUPPET_L_THIGH] = {JOINT_L_HIP, JOINT_L_KNEE},
        [PUPPET_L_SHIN] = {JOINT_L_KNEE, JOINT_L_ANKLE},
        [PUPPET_SKIRT] = {JOINT_NECK, SPOT_HIP},
        [PUPPET_CAPE] = {JOINT_NECK, SPOT_HIP},
        [PUPPET_HELD_R] = {JOINT_R_ELBOW, JOINT_R_WRIST},
        [PUPPET_HELD_L] = {JOINT_L_ELBOW, JOINT_L_WRIST},
    };
    return ENDS[part];
}

Bone bone_of(const Figure *f, int part)
{
    BoneEnds e = bone_ends(part);
    Point a = figure_point(f, e.from), b = figure_point(f, e.to);
    float dx = b.x - a.x, dy = b.y - a.y, length = hypotf(dx, dy);
    Point along = length > 1e-3f ? (Point){dx / length, dy / length} : (Point){0, 1};
    return (Bone){a, along, {-along.y, along.x}, length};
}

Point bone_local(const Bone *b, Point p)
{
    float dx = p.x - b->at.x, dy = p.y - b->at.y;
    return (Point){dx * b->along.x + dy * b->along.y, dx * b->across.x + dy * b->across.y};
}

static Point bone_place(const Bone *b, float u, float v)
{
    return (Point){b->at.x + u * b->along.x + v * b->across.x,
                   b->at.y + u * b->along.y + v * b->across.y};
}

static bool is_near(Point a, Point b)
{
    return fabsf(a.x - b.x) < STILL && fabsf(a.y - b.y) < STILL;
}

Move bone_move(const Bone *from, const Bone *to, int part)
{
    Move m = {.from = *from, .to = *to, .part = part, .width = 1};
    bool is_head = part == PUPPET_HEAD;
    float least = is_head ? .8f : SHORTEST, most = is_head ? 1.25f : LONGEST;
    m.stretch = fminf(fmaxf(to->length / fmaxf(from->length, 1e-3f), least), most);
    m.is_still = is_near(from->at, to->at) &&
                 is_near(bone_place(from, from->length, 0), bone_place(to, to->length, 0));
    return m;
}

static bool is_shin(int part)
{
    return part == PUPPET_R_SHIN || part == PUPPET_L_SHIN;
}

Point bone_carry(const Move *m, Point p)
{
    if (m->is_still && m->width == 1)
        return p;
    Point at = bone_local(&m->from, p);
    float u = at.x, v = at.y * m->width, length = m->from.length;
    if (m->part == PUPPET_HELD_R || m->part == PUPPET_HELD_L)
        return bone_place(&m->to, u - length + length * m->stretch, v);
    float moved = u < 0 ? u : u > length ? u - length + length * m->stretch : u * m->stretch;
    Point q = bone_place(&m->to, moved, v);
    if (!is_shin(m->part))
        return q;
    /* a foot keeps its direction: past the ankle pixels are moved, not turned */
    float t = fminf(fmaxf((u - length) / (.15f * length + 1e-6f) + 1, 0), 1);
    Point ankle = bone_place(&m->from, length, 0);
    Point there = bone_place(&m->to, length * m->stretch, 0);
    return (Point){q.x * (1 - t) + (p.x - ankle.x + there.x) * t,
                   q.y * (1 - t) + (p.y - ankle.y + there.y) * t};
}

float distance_to_segment(Point p, Point a, Point b)
{
    float dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    float t = length2 > 1e-9f ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2 : 0;
    t = fminf(fmaxf(t, 0), 1);
    return hypotf(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

static float turn(Point a, Point b, Point c)
{
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/* The hull's edges are the pairs with all other points on one side. */
static bool is_edge(const Point *points, int count, int i, int j)
{
    for (int k = 0; k < count; k++) {
        if (turn(points[i], points[j], points[k]) < -1e-4f)
            return false;
    }
    return true;
}

float distance_to_hull(Point p, const Point *points, int count)
{
    float best = INFINITY;
    bool is_inside = true;
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
            if (i == j || !is_edge(points, count, i, j))
                continue;
            is_inside = is_inside && turn(points[i], points[j], p) >= 0;
            best = fminf(best, distance_to_segment(p, points[i], points[j]));
        }
    }
    bool is_flat = true;
    for (int i = 2; i < count; i++)
        is_flat = is_flat && fabsf(turn(points[0], points[1], points[i])) < 1e-3f;
    return is_inside && !is_flat ? 0 : best;
}
