/* SPDX-License-Identifier: MIT */
#include "pose/retarget.h"
#include "pose/vec.h"

#include <math.h>

/* Two points between joints, after the 18. */
enum { MID_HIP = JOINTS, MID_EAR, POINTS };

typedef struct Points {
    Vec at[POINTS]; /* x to our right, y up, z towards us */
} Points;

/* Bones from the hips outwards; limbs may leave the picture's stance. */
static const struct Bone {
    unsigned char from, to;
    bool is_limb;
} bones[] = {{MID_HIP, JOINT_NECK, false},
             {JOINT_NECK, MID_EAR, false},
             {JOINT_NECK, JOINT_R_SHOULDER, false},
             {JOINT_R_SHOULDER, JOINT_R_ELBOW, true},
             {JOINT_R_ELBOW, JOINT_R_WRIST, true},
             {JOINT_NECK, JOINT_L_SHOULDER, false},
             {JOINT_L_SHOULDER, JOINT_L_ELBOW, true},
             {JOINT_L_ELBOW, JOINT_L_WRIST, true},
             {MID_HIP, JOINT_R_HIP, false},
             {JOINT_R_HIP, JOINT_R_KNEE, true},
             {JOINT_R_KNEE, JOINT_R_ANKLE, true},
             {MID_HIP, JOINT_L_HIP, false},
             {JOINT_L_HIP, JOINT_L_KNEE, true},
             {JOINT_L_KNEE, JOINT_L_ANKLE, true}};
enum { BONES = sizeof bones / sizeof *bones };

static const unsigned char face[] = {JOINT_NOSE, JOINT_R_EYE, JOINT_L_EYE, JOINT_R_EAR,
                                     JOINT_L_EAR};
enum { FACE = sizeof face };

static Vec between(Vec a, Vec b)
{
    return plus(a, minus(b, a), 0.5f);
}

static void add_middles(Points *p)
{
    p->at[MID_HIP] = between(p->at[JOINT_R_HIP], p->at[JOINT_L_HIP]);
    p->at[MID_EAR] = between(p->at[JOINT_R_EAR], p->at[JOINT_L_EAR]);
}

/* A body as it is seen from `yaw`, its height 1. */
static Points seen(const Body *b, float yaw)
{
    Points p;
    float s = sinf(yaw * 3.14159265f / 180), c = cosf(yaw * 3.14159265f / 180);
    for (int i = 0; i < JOINTS; i++) {
        Vec v = vec(b->joint[i]);
        p.at[i] = (Vec){v.x * c + v.z * s, v.y, v.z * c - v.x * s};
    }
    add_middles(&p);
    return p;
}

static Points of_pose(const Pose *p)
{
    Points to;
    for (int i = 0; i < JOINTS; i++)
        to.at[i] = (Vec){p->joint[i].x, -p->joint[i].y, p->joint[i].z};
    add_middles(&to);
    return to;
}

static float lowest(const Points *p)
{
    float y = p->at[0].y;
    for (int i = 1; i < JOINTS; i++)
        y = fminf(y, p->at[i].y);
    return y;
}

/* ---- the picture's figure ----------------------------------------------------------- */

static bool knows(const Pose *p, int joint)
{
    return p->joint[joint].c > 0;
}

static void put_between(Pose *p, int to, int a, int b)
{
    const Keypoint *i = &p->joint[a], *k = &p->joint[b];
    p->joint[to] = (Keypoint){(i->x + k->x) / 2, (i->y + k->y) / 2, (i->z + k->z) / 2, 0.01f};
}

/* Neck and hips, from which everything hangs. */
static bool find_trunk(Pose *p, Err *err)
{
    if (!knows(p, JOINT_NECK)) {
        if (!knows(p, JOINT_R_SHOULDER) || !knows(p, JOINT_L_SHOULDER))
            return err_set(err, ERR_INPUT,
                           "neither the neck nor both shoulders are known; give the joints");
        put_between(p, JOINT_NECK, JOINT_R_SHOULDER, JOINT_L_SHOULDER);
    }
    int known = knows(p, JOINT_R_HIP) ? JOINT_R_HIP : JOINT_L_HIP;
    int other = joint_mirrored(known);
    if (!knows(p, known))
        return err_set(err, ERR_INPUT, "neither hip is known; give the joints");
    if (!knows(p, other))
        p->joint[other] = (Keypoint){2 * p->joint[JOINT_NECK].x - p->joint[known].x,
                                     p->joint[known].y, p->joint[known].z, 0.01f};
    return true;
}

/* Pixels for the height of a usual figure: of the bones that hang or stand
 * upright, the median of their ratios. */
static float find_scale(const Points *p, const Points *stand, const Pose *known)
{
    static const unsigned char upright[][2] = {{MID_HIP, JOINT_NECK},
                                               {JOINT_R_HIP, JOINT_R_KNEE},
                                               {JOINT_L_HIP, JOINT_L_KNEE},
                                               {JOINT_R_KNEE, JOINT_R_ANKLE},
                                               {JOINT_L_KNEE, JOINT_L_ANKLE}};
    float sum = 0, usual = 0;
    for (size_t i = 0; i < sizeof upright / sizeof *upright; i++) {
        int a = upright[i][0], b = upright[i][1];
        if (i > 0 && (!knows(known, a) || !knows(known, b)))
            continue;
        Vec v = minus(p->at[b], p->at[a]);
        sum += sqrtf(v.x * v.x + v.y * v.y);
        usual += length(minus(stand->at[b], stand->at[a]));
    }
    return sum / usual;
}

/* The middle of the ears by what is known of the face. */
static bool find_ears(Points *p, const Rig *r, const Points *stand)
{
    if (knows(&r->rest, JOINT_R_EAR) && knows(&r->rest, JOINT_L_EAR))
        return true;
    for (int i = FACE - 1; i >= 0; i--) {
        if (!knows(&r->rest, face[i]))
            continue;
        Vec way = minus(stand->at[MID_EAR], stand->at[face[i]]);
        p->at[MID_EAR] = plus(p->at[face[i]], way, r->scale);
        return true;
    }
    return false;
}

/* Depth for each bone, as the standing figure would have it; joints that are
 * not known are put where it has them. */
static void fill(Rig *r, const Points *stand, bool has_depth)
{
    Points p = of_pose(&r->rest);
    p.at[MID_HIP].z = has_depth ? p.at[MID_HIP].z : 0;
    for (int i = 0; i < BONES; i++) {
        int from = bones[i].from, to = bones[i].to;
        Vec n = minus(stand->at[to], stand->at[from]), v = minus(p.at[to], p.at[from]);
        bool known = to == MID_EAR ? find_ears(&p, r, stand) : knows(&r->rest, to);
        if (!known)
            v = (Vec){n.x * r->scale, n.y * r->scale, 0};
        float flat = sqrtf(n.x * n.x + n.y * n.y), seen_now = sqrtf(v.x * v.x + v.y * v.y);
        if (!known || !has_depth)
            v.z = flat > 0.5f * length(n) ? n.z * seen_now / flat : n.z * r->scale;
        p.at[to] = plus(p.at[from], v, 1);
    }
    for (int i = 0; i < FACE; i++) {
        Vec n = minus(stand->at[face[i]], stand->at[MID_EAR]);
        Vec *at = &p.at[face[i]];
        if (!knows(&r->rest, face[i]))
            *at = plus(p.at[MID_EAR], n, r->scale);
        if (!has_depth)
            at->z = p.at[MID_EAR].z + n.z * r->scale;
    }
    for (int i = 0; i < JOINTS; i++) {
        Keypoint *k = &r->rest.joint[i];
        *k = (Keypoint){p.at[i].x, -p.at[i].y, p.at[i].z, k->c};
    }
}

bool rig_init(Rig *r, const Pose *picture, bool has_depth, float yaw, const Body *stand,
              Err *err)
{
    *r = (Rig){.rest = *picture, .yaw = yaw, .stand = *stand};
    if (!find_trunk(&r->rest, err))
        return false;
    Points usual = seen(stand, yaw), p = of_pose(&r->rest);
    r->scale = find_scale(&p, &usual, &r->rest);
    if (!(r->scale > 0 && r->scale < 1e6f))
        return err_set(err, ERR_INPUT, "the neck is where the hips are; give the joints");
    fill(r, &usual, has_depth);
    p = of_pose(&r->rest);
    float ankle = fminf(p.at[JOINT_R_ANKLE].y, p.at[JOINT_L_ANKLE].y);
    r->height = p.at[MID_EAR].y - ankle;
    return true;
}

/* ---- the figure moved ------------------------------------------------------------------ */

/* v after the shortest turn that takes a to b (unit vectors). */
static Vec turned(Vec v, Vec a, Vec b)
{
    Vec axis = cross(a, b);
    float c = dot(a, b);
    if (c < -0.9999f) /* half around: any axis across would do */
        return plus(v, a, -2 * dot(v, a));
    Vec aside = cross(axis, v);
    return plus(plus((Vec){v.x * c, v.y * c, v.z * c}, aside, 1), axis, dot(axis, v) / (1 + c));
}

/* How much of the picture's own stance a limb keeps: all of it near to where
 * the standing figure has it, nothing far away. */
static float kept(float cosine)
{
    const float near = 0.906f, far = 0.174f; /* cosines of 25 and 80 degrees */
    float t = fminf(fmaxf((cosine - far) / (near - far), 0), 1);
    return t * t * (3 - 2 * t);
}

static Vec bone_moved(Vec rest, Vec n, Vec d, bool is_limb)
{
    float size = length(rest);
    n = unit(n);
    d = unit(d);
    if (size <= 0 || length(n) <= 0 || length(d) <= 0)
        return rest;
    Vec way = turned(unit(rest), n, d);
    if (is_limb)
        way = plus(d, minus(way, d), kept(dot(n, d)));
    way = length(way) > 1e-3f ? unit(way) : d;
    return (Vec){way.x * size, way.y * size, way.z * size};
}

/* The face is a flat thing that the neck carries: it turns in the picture as
 * the way from neck to ears does. */
static void move_face(Points *to, const Points *rest)
{
    Vec a = minus(rest->at[MID_EAR], rest->at[JOINT_NECK]);
    Vec b = minus(to->at[MID_EAR], to->at[JOINT_NECK]);
    float turn = atan2f(b.y, b.x) - atan2f(a.y, a.x), s = sinf(turn), c = cosf(turn);
    for (int i = 0; i < FACE; i++) {
        Vec v = minus(rest->at[face[i]], rest->at[MID_EAR]);
        to->at[face[i]] =
            plus(to->at[MID_EAR], (Vec){v.x * c - v.y * s, v.x * s + v.y * c, v.z}, 1);
    }
}

Pose rig_pose(const Rig *r, const Body *body, float yaw)
{
    Points n = seen(&r->stand, yaw), d = seen(body, yaw), rest = of_pose(&r->rest), to = rest;
    to.at[MID_HIP].x += (d.at[MID_HIP].x - n.at[MID_HIP].x) * r->scale;
    for (int i = 0; i < BONES; i++) {
        int from = bones[i].from, at = bones[i].to;
        Vec moved = bone_moved(minus(rest.at[at], rest.at[from]), minus(n.at[at], n.at[from]),
                               minus(d.at[at], d.at[from]), bones[i].is_limb);
        to.at[at] = plus(to.at[from], moved, 1);
    }
    move_face(&to, &rest);
    float up = lowest(&rest) + (lowest(&d) - lowest(&n)) * r->scale - lowest(&to);
    Pose p;
    for (int i = 0; i < JOINTS; i++)
        p.joint[i] = (Keypoint){to.at[i].x, -(to.at[i].y + up), to.at[i].z, r->rest.joint[i].c};
    return p;
}

/* ---- its build -------------------------------------------------------------------------- */

static float bone(const Points *p, int a, int b)
{
    return length(minus(p->at[b], p->at[a]));
}

static float chain(const Points *p, const unsigned char *joints, int count)
{
    float sum = 0;
    for (int i = 1; i < count; i++)
        sum += bone(p, joints[i - 1], joints[i]);
    return sum;
}

static float limbs(const Points *p, int right, int left)
{
    unsigned char r[3] = {(unsigned char)right, (unsigned char)(right + 1),
                          (unsigned char)(right + 2)};
    unsigned char l[3] = {(unsigned char)left, (unsigned char)(left + 1),
                          (unsigned char)(left + 2)};
    return (chain(p, r, 3) + chain(p, l, 3)) / 2;
}

static float within(float x, float least, float most)
{
    return fminf(fmaxf(x, least), most);
}

/* From the neck to the ears, for a unit of legs and trunk. */
static float head_ratio(const Points *p)
{
    float below = limbs(p, JOINT_R_HIP, JOINT_L_HIP) + bone(p, MID_HIP, JOINT_NECK);
    return bone(p, JOINT_NECK, MID_EAR) / below;
}

/* The share of the head with which a drawn figure gets this ratio. */
static float find_head(const Rig *r, const Clip *c, float ratio)
{
    float best = 0, least = INFINITY;
    for (float head = 0.06f; head < 0.7f; head += 0.01f) {
        Proportions p = proportions_for_head(c, head);
        Body b = body_shaped(&r->stand, &c->rest, &p);
        Points at = seen(&b, 0);
        float off = fabsf(head_ratio(&at) - ratio);
        best = off < least ? head : best;
        least = fminf(least, off);
    }
    return best;
}

Proportions rig_proportions(const Rig *r, const Clip *c)
{
    Points p = of_pose(&r->rest), u = seen(&r->stand, 0);
    float leg = limbs(&p, JOINT_R_HIP, JOINT_L_HIP), trunk = bone(&p, MID_HIP, JOINT_NECK);
    Proportions to = proportions_for_head(c, find_head(r, c, head_ratio(&p)));
    Body b = body_shaped(&r->stand, &c->rest, &to);
    Points shaped = seen(&b, 0);
    float below = limbs(&shaped, JOINT_R_HIP, JOINT_L_HIP) + bone(&shaped, MID_HIP, JOINT_NECK);
    float grow = (leg + trunk) / below; /* pixels for the height of the shaped figure */
    float usual = (1 - to.head) / c->rest.chin * grow;
    to.legs = within(c->rest.hip / c->rest.chin * leg / (leg + trunk) *
                         (limbs(&u, JOINT_R_HIP, JOINT_L_HIP) + bone(&u, MID_HIP, JOINT_NECK)) /
                         limbs(&u, JOINT_R_HIP, JOINT_L_HIP),
                     0.2f, 0.8f);
    to.arm = within(limbs(&p, JOINT_R_SHOULDER, JOINT_L_SHOULDER) /
                        (limbs(&u, JOINT_R_SHOULDER, JOINT_L_SHOULDER) * usual),
                    0.3f, 3);
    to.shoulder = within(bone(&p, JOINT_R_SHOULDER, JOINT_L_SHOULDER) /
                             (bone(&u, JOINT_R_SHOULDER, JOINT_L_SHOULDER) * usual),
                         0.3f, 3);
    to.hip = within(bone(&p, JOINT_R_HIP, JOINT_L_HIP) /
                        (bone(&u, JOINT_R_HIP, JOINT_L_HIP) * usual),
                    0.3f, 3);
    return to;
}

/* ---- from which side --------------------------------------------------------------------- */

float pose_yaw(const Pose *p, const Body *stand)
{
    Points u = seen(stand, 0);
    float usual = bone(&u, JOINT_R_SHOULDER, JOINT_L_SHOULDER) / bone(&u, MID_HIP, JOINT_NECK);
    const Keypoint *r = &p->joint[JOINT_R_SHOULDER], *l = &p->joint[JOINT_L_SHOULDER];
    const Keypoint *hr = &p->joint[JOINT_R_HIP], *hl = &p->joint[JOINT_L_HIP];
    const Keypoint *neck = &p->joint[JOINT_NECK], *nose = &p->joint[JOINT_NOSE];
    float trunk = hypotf((hr->x + hl->x) / 2 - neck->x, (hr->y + hl->y) / 2 - neck->y);
    float across = within((l->x - r->x) / fmaxf(trunk * usual, 1e-3f), -1, 1);
    float yaw = acosf(across) * 180 / 3.14159265f;
    float ears = (p->joint[JOINT_R_EAR].x + p->joint[JOINT_L_EAR].x) / 2;
    bool knows_ears = knows(p, JOINT_R_EAR) && knows(p, JOINT_L_EAR);
    float ahead = knows(p, JOINT_NOSE) ? nose->x - (knows_ears ? ears : neck->x) : 0;
    return ahead < 0 ? 360 - yaw : yaw;
}
