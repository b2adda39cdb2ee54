/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>
#include <string.h>

/* A limb of which less than this share is seen borrows the other side's picture. */
static const float SEEN = .45f;
/* How far layers go on under others, in half widths of an arm; a step that is an edge. */
/* Half of what an outline may be wide, of the half width of an arm. */
static const float OUTLINE = .35f;
static const float TUCK = .6f, TUCK_EDGE = .1f;

static bool is_in(int part, int from, int to)
{
    return part >= from && part <= to;
}
static bool is_arm(int part)
{
    return is_in(part, PUPPET_R_UPPER_ARM, PUPPET_L_FOREARM);
}
static bool is_leg(int part)
{
    return is_in(part, PUPPET_R_THIGH, PUPPET_L_SHIN);
}
static bool is_held(int part)
{
    return part == PUPPET_HELD_R || part == PUPPET_HELD_L;
}
/* Sets of parts, a bit for each. */
enum {
    HEADS = 1 << PUPPET_HEAD,
    ARMS = 1 << PUPPET_R_UPPER_ARM | 1 << PUPPET_R_FOREARM | 1 << PUPPET_L_UPPER_ARM |
           1 << PUPPET_L_FOREARM,
    HELD = 1 << PUPPET_HELD_R | 1 << PUPPET_HELD_L
};
static bool is_among(int parts, int part)
{
    return parts >> part & 1;
}
/* What may lie over a limb. */
static int above_limb(int limb, int side)
{
    int leg = limb_part(LEG, !side, 0);
    return limb == ARM ? HELD : HELD | ARMS | 1 << leg | 1 << (leg + 1);
}
static bool is_over(int part)
{
    return is_held(part) || part == PUPPET_SKIRT;
}

static Point center(const Cutting *c, int64_t i)
{
    int w = c->puppet->size.w;
    return (Point){(float)(i % w) + .5f, (float)(i / w) + .5f};
}
static int64_t pixels(const Cutting *c)
{
    return size_count(c->puppet->size);
}
static unsigned char *fresh(const Cutting *c)
{
    return memory_zeros(c->scratch, pixels(c), 1);
}
static bool is_within(Point p, Point q, float r)
{
    return hypotf(p.x - q.x, p.y - q.y) <= r;
}

/* A new layer of the pixels in `mask` (1) that shows `part`, or where that is 0 each pixel's
 * own label. */
static Layer *add(Cutting *c, LayerKind kind, int side, const unsigned char *mask, int part)
{
    Puppet *p = c->puppet;
    must(p->layers < LAYERS_MAX);
    Layer *l = &p->layer[p->layers++];
    *l = (Layer){.kind = kind, .side = side, .color = c->color};
    l->part = memory_zeros(c->arena, pixels(c), 1);
    for (int64_t i = 0; i < pixels(c); i++) {
        if (mask[i])
            l->part[i] = (unsigned char)(part ? part : c->under[i]);
    }
    return l;
}

static void tie(Layer *l, const Figure *f, int part)
{
    l->bone[l->bones] = part;
    l->rest[l->bones++] = bone_of(f, part);
}

/* Where parts meet there may be an outline so many pixels wide, which is of neither. */
static int outline(const Cutting *c)
{
    int width = (int)(OUTLINE * c->puppet->radius[ARM][0] + .5f);
    return width > 1 ? width : 1;
}

/* Gives the layer colours of its own: where `is_lost`, those of the nearest known pixel
 * (rows count double, so that stripes go on). */
static void invent(Cutting *c, Layer *l, const unsigned char *known, const unsigned char *lost)
{
    size_t mark = c->scratch->used;
    int64_t n = pixels(c), missing = 0;
    for (int64_t i = 0; i < n; i++)
        missing += lost[i] && l->part[i];
    if (missing == 0)
        return;
    int32_t *nearest = memory_take(c->scratch, n, sizeof *nearest);
    mask_nearest(nearest, known, c->puppet->size, 2);
    unsigned char *color = memory_take(c->arena, n, 4);
    memcpy(color, c->color, (size_t)n * 4);
    for (int64_t i = 0; i < n; i++) {
        if (!lost[i] || !l->part[i] || nearest[i] < 0)
            continue;
        memcpy(color + 4 * i, c->color + 4 * (int64_t)nearest[i], 3);
        color[4 * i + 3] = 255;
    }
    l->color = color;
    arena_rewind(c->scratch, mark);
}

/* What of a layer lies under other parts is invented from its own pixels (those of the label
 * `own`; 0: all), one off the outline of what lies over it. */
static void invent_under(Cutting *c, Layer *l, int above, int own)
{
    size_t mark = c->scratch->used;
    int64_t n = pixels(c), count = 0;
    unsigned char *lost = fresh(c), *grown = fresh(c), *known = fresh(c);
    for (int64_t i = 0; i < n; i++)
        lost[i] = is_among(above, c->label[i]);
    mask_grow(grown, lost, c->puppet->size, outline(c), c->scratch);
    for (int64_t i = 0; i < n; i++)
        count += known[i] = (own ? c->label[i] == own : l->part[i] != 0) && !grown[i];
    if (count > 0)
        invent(c, l, known, lost);
    arena_rewind(c->scratch, mark);
}

/* Grows a layer under what lies over it, as far as small motions open a gap, with the
 * picture's own pixels and not over edges of colour. */
static void tuck(const Cutting *c, unsigned char *mask, int above)
{
    size_t mark = c->scratch->used;
    Size s = c->puppet->size;
    int64_t *line = memory_take(c->scratch, pixels(c), sizeof *line), first = 0, last = 0;
    int most = (int)ceilf(TUCK * c->puppet->radius[ARM][0]);
    for (int64_t i = 0; i < pixels(c); i++) {
        if (mask[i] && !is_among(above, c->label[i]))
            line[last++] = i;
    }
    for (int step = 0; step < most; step++) {
        for (int64_t end = last; first < end; first++) {
            int64_t i = line[first], next[4];
            for (int k = 0, n = mask_neighbours(next, i, s); k < n; k++) {
                int64_t to = next[k];
                if (mask[to] || !is_among(above, c->label[to]) ||
                    rgb_step(c->color + 4 * i, c->color + 4 * to) > TUCK_EDGE)
                    continue;
                mask[to] = 1;
                line[last++] = to;
            }
        }
    }
    arena_rewind(c->scratch, mark);
}

static void cut_skirt(Cutting *c)
{
    size_t mark = c->scratch->used;
    Puppet *p = c->puppet;
    unsigned char *skirt = fresh(c), *legs = fresh(c);
    Bone trunk = bone_of(&p->figure, PUPPET_TORSO);
    int64_t count = 0;
    for (int64_t i = 0; i < pixels(c); i++) {
        count += skirt[i] = c->label[i] == PUPPET_SKIRT;
        legs[i] = is_leg(c->label[i]) || is_arm(c->label[i]);
    }
    if (count > 0) {
        mask_fill_rows(skirt, legs, p->size);
        for (int64_t i = 0; i < pixels(c); i++) {
            if (c->label[i] == PUPPET_TORSO)
                skirt[i] |= bone_local(&trunk, center(c, i)).x > .6f * trunk.length;
        }
        float apart = p->figure.at[JOINT_R_KNEE].x - p->figure.at[JOINT_L_KNEE].x;
        bool is_side = fabsf(apart) < p->radius[LEG][0];
        for (int k = 0; k <= is_side; k++) {
            Layer *l = add(c, LAYER_SKIRT, k, skirt, PUPPET_SKIRT);
            tie(l, &p->figure, PUPPET_SKIRT);
            invent_under(c, l, ARMS, PUPPET_SKIRT);
            if (!is_side || k == RIGHT)
                tie(l, &p->figure, PUPPET_R_THIGH);
            if (!is_side || k == LEFT)
                tie(l, &p->figure, PUPPET_L_THIGH);
        }
    }
    arena_rewind(c->scratch, mark);
}

static void cut_cape(Cutting *c)
{
    size_t mark = c->scratch->used;
    Puppet *p = c->puppet;
    unsigned char *cape = fresh(c), *own = fresh(c), *rest = fresh(c), *legs = fresh(c);
    Bone trunk = bone_of(&p->figure, PUPPET_TORSO);
    int64_t count = 0;
    for (int64_t i = 0; i < pixels(c); i++) {
        count += cape[i] = own[i] = c->label[i] == PUPPET_CAPE;
        legs[i] = is_leg(c->label[i]) || is_arm(c->label[i]);
    }
    if (count > 0) {
        mask_fill_rows(cape, legs, p->size);
        for (int64_t i = 0; i < pixels(c); i++) {
            if (c->label[i] == PUPPET_TORSO)
                cape[i] |= bone_local(&trunk, center(c, i)).x > .5f * trunk.length;
            rest[i] = cape[i] && !own[i];
        }
        Layer *l = add(c, LAYER_CAPE, 0, cape, PUPPET_CAPE);
        tie(l, &p->figure, PUPPET_CAPE);
        invent(c, l, own, rest);
    }
    arena_rewind(c->scratch, mark);
}

/* The trunk with what lies before it. */
static bool is_trunk(const Cutting *c, int64_t i, Point p)
{
    const Figure *f = &c->puppet->figure;
    float r = c->puppet->radius[LEG][0];
    static const unsigned char CORNER[4] = {JOINT_R_SHOULDER, JOINT_L_SHOULDER, JOINT_L_HIP,
                                            JOINT_R_HIP};
    int part = c->label[i];
    if (part == PUPPET_TORSO)
        return true;
    if (!c->solid[i] || part == PUPPET_HEAD)
        return false;
    Point hull[4], neck = figure_point(f, JOINT_NECK), hip = figure_point(f, SPOT_HIP);
    for (int k = 0; k < 4; k++) {
        Point q = figure_point(f, CORNER[k]);
        hull[k] = (Point){neck.x * .06f + q.x * .94f, neck.y * .06f + q.y * .94f};
    }
    return is_within(p, hip, r) || distance_to_segment(p, neck, hip) < 1.2f * r ||
           distance_to_hull(p, hull, 4) <= 0;
}

/* What the arm has on the trunk's side of the shoulder stays when the arm is raised. */
static bool is_shoulder(const Cutting *c, int part, Point p)
{
    if (part != PUPPET_R_UPPER_ARM && part != PUPPET_L_UPPER_ARM)
        return false;
    Bone arm = bone_of(&c->puppet->figure, part);
    return bone_local(&arm, p).x < 0;
}

/* The trunk goes on behind an arm as far as on the other side. */
static bool is_mirrored_trunk(const Cutting *c, const Bone *trunk, Point p)
{
    Size s = c->puppet->size;
    float v = 2 * bone_local(trunk, p).y;
    int x = (int)floorf(p.x - v * trunk->across.x), y = (int)floorf(p.y - v * trunk->across.y);
    return x >= 0 && y >= 0 && x < s.w && y < s.h &&
           c->label[(int64_t)y * s.w + x] == PUPPET_TORSO;
}

static bool is_arm_behind(const Cutting *c, int part)
{
    int side = part >= PUPPET_L_UPPER_ARM;
    return is_arm(part) && order_is_behind(&c->puppet->figure, side, c->puppet->radius[ARM][0]);
}

/* The colours to fill with: the trunk's own, one pixel off what lies over it; poorer ones
 * only if those are too few. */
static void trunk_colors(const Cutting *c, const unsigned char *mask, const unsigned char *near,
                         unsigned char *known)
{
    for (int level = 0; level < 3; level++) {
        int64_t count = 0;
        for (int64_t i = 0; i < pixels(c); i++) {
            bool is_own = c->label[i] == PUPPET_TORSO && (level > 0 || !near[i]);
            known[i] = level == 2 ? mask[i] : is_own;
            count += known[i];
        }
        if (count >= (level == 0 ? 10 : 4))
            break;
    }
    for (int64_t i = 0; i < pixels(c); i++)
        known[i] |= mask[i] && (is_leg(c->label[i]) || c->label[i] == PUPPET_SKIRT);
}

/* Behind an arm that touches the trunk the trunk goes on to the middle of the arm. */
static bool is_inner_half(const Cutting *c, int part, const Bone *trunk, Point p)
{
    Bone arm = bone_of(&c->puppet->figure, part);
    Point at = bone_local(&arm, p);
    Point foot = {arm.at.x + arm.along.x * at.x, arm.at.y + arm.along.y * at.x};
    float mine = bone_local(trunk, p).y, axis = bone_local(trunk, foot).y;
    return mine * axis > 0 && fabsf(mine) < fabsf(axis);
}

static void grow_under_arms(const Cutting *c, unsigned char *trunk, const Bone *bone,
                            float below)
{
    Size s = c->puppet->size;
    for (int y = 0; y < s.h; y++) {
        for (int pass = 0; pass < 2; pass++) {
            for (int k = 1; k < s.w; k++) {
                int x = pass ? s.w - 1 - k : k;
                int64_t i = (int64_t)y * s.w + x, before = pass ? i + 1 : i - 1;
                Point p = center(c, i);
                if (trunk[before] && is_arm(c->label[i]) && bone_local(bone, p).x < below &&
                    is_inner_half(c, c->label[i], bone, p))
                    trunk[i] = 1;
            }
        }
    }
}

static void cut_torso(Cutting *c)
{
    size_t mark = c->scratch->used;
    Puppet *p = c->puppet;
    int64_t n = pixels(c);
    unsigned char *trunk = fresh(c), *limbs = fresh(c), *lost = fresh(c);
    unsigned char *near = fresh(c), *known = fresh(c);
    Bone b = bone_of(&p->figure, PUPPET_TORSO);
    float below = b.length + .8f * p->radius[LEG][0];
    for (int64_t i = 0; i < n; i++) {
        bool is_above = bone_local(&b, center(c, i)).x < below;
        trunk[i] = c->label[i] == PUPPET_TORSO;
        limbs[i] =
            is_above && (is_arm(c->label[i]) || is_leg(c->label[i]) || is_over(c->label[i]));
        lost[i] = is_arm(c->label[i]) || is_held(c->label[i]);
    }
    mask_fill_rows(trunk, limbs, p->size);
    mask_grow(near, lost, p->size, outline(c), c->scratch);
    grow_under_arms(c, trunk, &b, below);
    for (int64_t i = 0; i < n; i++) {
        bool is_cap = is_shoulder(c, c->label[i], center(c, i));
        lost[i] = lost[i] && !is_cap;
        trunk[i] |= is_cap || is_trunk(c, i, center(c, i)) ||
                    (is_arm(c->label[i]) && is_mirrored_trunk(c, &b, center(c, i)));
        trunk[i] = trunk[i] && !is_arm_behind(c, c->label[i]);
    }
    tuck(c, trunk, HEADS);
    trunk_colors(c, trunk, near, known);
    Layer *l = add(c, LAYER_TORSO, 0, trunk, PUPPET_TORSO);
    tie(l, &p->figure, PUPPET_TORSO);
    invent(c, l, known, lost);
    arena_rewind(c->scratch, mark);
}

static void cut_head(Cutting *c)
{
    size_t mark = c->scratch->used;
    Puppet *p = c->puppet;
    unsigned char *head = fresh(c), *hidden = fresh(c);
    Point neck = figure_point(&p->figure, JOINT_NECK);
    for (int64_t i = 0; i < pixels(c); i++) {
        head[i] = c->label[i] == PUPPET_HEAD ||
                  (c->label[i] == PUPPET_TORSO &&
                   is_within(center(c, i), neck, .9f * p->radius[ARM][0]));
        hidden[i] = is_held(c->label[i]) && c->under[i] == PUPPET_HEAD;
    }
    mask_fill_rows(head, hidden, p->size);
    Layer *l = add(c, LAYER_HEAD, 0, head, PUPPET_HEAD);
    tie(l, &p->figure, PUPPET_HEAD);
    invent_under(c, l, HELD, 0);
    arena_rewind(c->scratch, mark);
}

/* How far a pixel is from the axis of a limb. */
static float from_axis(const Cutting *c, int limb, int side, Point p)
{
    const Figure *f = &c->puppet->figure;
    Point j[3];
    for (int k = 0; k < 3; k++)
        j[k] = figure_point(f, limb_joint(limb, side, k));
    return fminf(distance_to_segment(p, j[0], j[1]), distance_to_segment(p, j[1], j[2]));
}

/* Under what is held a limb is only where its tube is: a staff beside it hides nothing. */
static bool is_of_limb(const Cutting *c, int64_t i, int limb, int side)
{
    int part = is_over(c->label[i]) ? c->under[i] : c->label[i];
    if (part != limb_part(limb, side, 0) && part != limb_part(limb, side, 1))
        return false;
    float r = c->puppet->radius[limb][0];
    return !is_held(c->label[i]) || from_axis(c, limb, side, center(c, i)) < 1.15f * r;
}

/* The share of a limb's tube that the picture shows. */
static float seen(const Cutting *c, int limb, int side)
{
    float r = c->puppet->radius[limb][0], length = 0;
    for (int half = 0; half < 2; half++)
        length += bone_of(&c->puppet->figure, limb_part(limb, side, half)).length;
    int64_t count = 0;
    for (int64_t i = 0; i < pixels(c); i++)
        count += is_of_limb(c, i, limb, side) && from_axis(c, limb, side, center(c, i)) < r;
    return (float)count / fmaxf(1, 2 * r * length);
}

/* A limb, with the joint that it has under the trunk; a leg goes on under what lies over it. */
static void limb_mask(const Cutting *c, int limb, int side, unsigned char *mask)
{
    Point top = figure_point(&c->puppet->figure, limb_joint(limb, side, 0));
    Bone shin = bone_of(&c->puppet->figure, limb_part(LEG, side, 1));
    float r = c->puppet->radius[limb][0];
    for (int64_t i = 0; i < pixels(c); i++) {
        bool is_under = limb == LEG && is_among(above_limb(LEG, side), c->label[i]) &&
                        bone_local(&shin, center(c, i)).x < shin.length;
        mask[i] = is_of_limb(c, i, limb, side) ||
                  (c->label[i] == PUPPET_TORSO && is_within(center(c, i), top, r)) ||
                  (is_under && from_axis(c, limb, side, center(c, i)) < r);
    }
}

/* The other side's picture without cloth that hangs on it. */
static void borrowed_mask(const Cutting *c, int limb, int other, unsigned char *mask)
{
    Point end = figure_point(&c->puppet->figure, limb_joint(limb, other, 2));
    float r = c->puppet->radius[limb][0], reach = (limb == LEG ? 1.9f : 1.25f) * r;
    limb_mask(c, limb, other, mask);
    for (int64_t i = 0; i < pixels(c); i++) {
        Point p = center(c, i);
        mask[i] =
            mask[i] && (from_axis(c, limb, other, p) < 1.15f * r || is_within(p, end, reach));
    }
}

static void cut_limb(Cutting *c, int limb, int side)
{
    size_t mark = c->scratch->used;
    Puppet *p = c->puppet;
    unsigned char *mask = fresh(c);
    float mine = seen(c, limb, side), theirs = seen(c, limb, !side);
    bool is_hidden = mine < SEEN && theirs > mine;
    int from = is_hidden ? !side : side;
    if (is_hidden)
        borrowed_mask(c, limb, from, mask);
    else
        limb_mask(c, limb, side, mask);
    Layer *l =
        add(c, limb == ARM ? LAYER_ARM : LAYER_LEG, side, mask, limb_part(limb, side, 0));
    for (int half = 0; half < 2; half++) {
        l->bone[half] = limb_part(limb, side, half);
        l->rest[half] = bone_of(&p->figure, limb_part(limb, from, half));
    }
    l->bones = 2;
    l->hidden = is_hidden ? p->radius[limb][0] : 0;
    for (int64_t i = 0; i < pixels(c); i++) {
        if (l->part[i] &&
            distance_to_segment(center(c, i), l->rest[1].at,
                                figure_point(&p->figure, limb_joint(limb, from, 2))) <
                distance_to_segment(center(c, i), l->rest[0].at, l->rest[1].at))
            l->part[i] = (unsigned char)limb_part(limb, side, 1);
    }
    invent_under(c, l, above_limb(limb, side), 0);
    arena_rewind(c->scratch, mark);
}

static void cut_held(Cutting *c, int side)
{
    size_t mark = c->scratch->used;
    unsigned char *mask = fresh(c);
    int64_t count = 0;
    for (int64_t i = 0; i < pixels(c); i++)
        count += mask[i] = c->label[i] == held_part(side);
    if (count > 0)
        tie(add(c, LAYER_HELD, side, mask, held_part(side)), &c->puppet->figure,
            held_part(side));
    arena_rewind(c->scratch, mark);
}

void layers_cut(Cutting *c)
{
    cut_cape(c);
    cut_skirt(c);
    cut_torso(c);
    cut_head(c);
    for (int side = RIGHT; side <= LEFT; side++) {
        cut_limb(c, ARM, side);
        cut_limb(c, LEG, side);
        cut_held(c, side);
    }
    for (int k = 0; k < c->puppet->layers; k++)
        mesh_make(&c->puppet->layer[k], c->puppet, c->arena, c->scratch);
}
