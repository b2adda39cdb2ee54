/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>

/* Joints farther away than this many times the picture's side are mistakes. */
static const float REACH = 4;
/* Where a pose may send a joint, in pixels: far, yet safe to compute with. */
static const float FARTHEST = 100000;

static bool is_there(const Keypoint *k)
{
    return k->c > 0 && isfinite(k->x) && isfinite(k->y);
}

static Keypoint between(Keypoint a, Keypoint b, float t)
{
    return (Keypoint){a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t, a.z + (b.z - a.z) * t, 1};
}

static Keypoint mirrored_at(Keypoint k, Keypoint middle)
{
    return between(k, middle, 2);
}

/* The middle of those of two joints that are there. */
static Keypoint middle_of(const Figure *f, int a, int b)
{
    const Keypoint *p = &f->at[a], *q = &f->at[b];
    if (is_there(p) && is_there(q))
        return between(*p, *q, .5f);
    return is_there(p) ? *p : *q;
}

static void clean(Figure *f, const Pose *pose)
{
    *f = (Figure){0};
    for (int j = 0; j < JOINTS; j++) {
        Keypoint k = pose->joint[j];
        if (!is_there(&k))
            continue;
        k.x = fminf(fmaxf(k.x, -FARTHEST), FARTHEST);
        k.y = fminf(fmaxf(k.y, -FARTHEST), FARTHEST);
        k.z = isfinite(k.z) ? fminf(fmaxf(k.z, -FARTHEST), FARTHEST) : 0;
        k.c = 1;
        f->at[j] = k;
    }
}

static void middles(Figure *f)
{
    f->at[SPOT_HIP] = middle_of(f, JOINT_R_HIP, JOINT_L_HIP);
    f->at[SPOT_EAR] = middle_of(f, JOINT_R_EAR, JOINT_L_EAR);
    if (!is_there(&f->at[SPOT_EAR]))
        f->at[SPOT_EAR] = middle_of(f, JOINT_R_EYE, JOINT_L_EYE);
    if (!is_there(&f->at[SPOT_EAR]))
        f->at[SPOT_EAR] = f->at[JOINT_NOSE];
}

/* One of a pair from the other: on the other side of the middle. */
static void pair(Figure *f, int a, int b, Keypoint middle)
{
    if (!is_there(&f->at[a]))
        f->at[a] = is_there(&f->at[b]) ? mirrored_at(f->at[b], middle) : middle;
    if (!is_there(&f->at[b]))
        f->at[b] = mirrored_at(f->at[a], middle);
}

/* A limb of which joints are missing hangs down as long as the trunk suggests. */
static void limb(Figure *f, int which, int side)
{
    static const float SHARE[2] = {.45f, .5f};
    Keypoint *j = &f->at[limb_joint(which, side, 0)];
    const Keypoint *neck = &f->at[JOINT_NECK], *hip = &f->at[SPOT_HIP];
    float dx = (hip->x - neck->x) * SHARE[which], dy = (hip->y - neck->y) * SHARE[which];
    if (!is_there(&j[1])) {
        j[1] = is_there(&j[2]) ? between(j[0], j[2], .5f)
                               : (Keypoint){j[0].x + dx, j[0].y + dy, j[0].z, 1};
    }
    if (!is_there(&j[2]))
        j[2] = mirrored_at(j[0], j[1]);
}

static bool check(const Figure *f, int w, int h, Err *err)
{
    float far = REACH * (float)(w > h ? w : h);
    for (int j = 0; j < JOINTS; j++) {
        const Keypoint *k = &f->at[j];
        if (is_there(k) && (k->x < -far || k->y < -far || k->x > 2 * far || k->y > 2 * far))
            return err_set(err, ERR_INPUT,
                           "the joint '%s' lies far outside the picture, at %.0f, %.0f",
                           joint_name(j), (double)k->x, (double)k->y);
    }
    return true;
}

bool figure_complete(Figure *f, const Pose *pose, int w, int h, Err *err)
{
    clean(f, pose);
    if (!check(f, w, h, err))
        return false;
    middles(f);
    Keypoint *neck = &f->at[JOINT_NECK];
    if (!is_there(neck) && is_there(&f->at[JOINT_R_SHOULDER]) &&
        is_there(&f->at[JOINT_L_SHOULDER]))
        *neck = between(f->at[JOINT_R_SHOULDER], f->at[JOINT_L_SHOULDER], .5f);
    if (!is_there(neck))
        return err_set(err, ERR_INPUT,
                       "the joints have no neck; give 'neck' or both shoulders");
    if (!is_there(&f->at[SPOT_HIP]))
        return err_set(err, ERR_INPUT, "the joints have no hips; give 'r_hip' or 'l_hip'");
    pair(f, JOINT_R_SHOULDER, JOINT_L_SHOULDER, *neck);
    pair(f, JOINT_R_HIP, JOINT_L_HIP, f->at[SPOT_HIP]);
    for (int side = RIGHT; side <= LEFT; side++) {
        limb(f, ARM, side);
        limb(f, LEG, side);
    }
    if (!is_there(&f->at[SPOT_EAR]))
        f->at[SPOT_EAR] = between(*neck, f->at[SPOT_HIP], -.35f);
    return true;
}

/* The joint that the others hang from. */
static int parent(int joint)
{
    if (joint == JOINT_NECK || joint == SPOT_HIP)
        return -1;
    if (joint == JOINT_R_HIP || joint == JOINT_L_HIP)
        return SPOT_HIP;
    int k = (joint - JOINT_R_SHOULDER) % 3;
    bool is_in_limb = joint >= JOINT_R_SHOULDER && joint <= JOINT_L_ANKLE;
    return is_in_limb && k > 0 ? joint - 1 : JOINT_NECK;
}

static bool has_ears(const Figure *f)
{
    return is_there(&f->at[JOINT_R_EAR]) || is_there(&f->at[JOINT_L_EAR]);
}

Figure figure_follow(const Pose *pose, const Figure *rest)
{
    static const signed char ORDER[] = {
        JOINT_NECK,    SPOT_HIP,         SPOT_EAR,      JOINT_R_SHOULDER, JOINT_R_ELBOW,
        JOINT_R_WRIST, JOINT_L_SHOULDER, JOINT_L_ELBOW, JOINT_L_WRIST,    JOINT_R_HIP,
        JOINT_R_KNEE,  JOINT_R_ANKLE,    JOINT_L_HIP,   JOINT_L_KNEE,     JOINT_L_ANKLE,
    };
    Figure f;
    clean(&f, pose);
    middles(&f);
    if (!has_ears(&f))
        f.at[SPOT_EAR].c = 0;
    if (!is_there(&f.at[JOINT_NECK]) && is_there(&f.at[JOINT_R_SHOULDER]) &&
        is_there(&f.at[JOINT_L_SHOULDER]))
        f.at[JOINT_NECK] = between(f.at[JOINT_R_SHOULDER], f.at[JOINT_L_SHOULDER], .5f);
    for (size_t i = 0; i < sizeof ORDER; i++) {
        int j = ORDER[i], up = parent(j);
        if (is_there(&f.at[j]))
            continue;
        int other = j == JOINT_NECK ? SPOT_HIP : JOINT_NECK;
        up = up >= 0 ? up : is_there(&f.at[other]) ? other : j;
        Keypoint from = rest->at[up], to = up == j ? from : f.at[up], k = rest->at[j];
        f.at[j] = (Keypoint){k.x - from.x + to.x, k.y - from.y + to.y, k.z - from.z + to.z, 1};
    }
    return f;
}

Figure figure_scaled(const Figure *f, float scale)
{
    Figure to = *f;
    for (int j = 0; j < SPOTS; j++) {
        to.at[j].x *= scale;
        to.at[j].y *= scale;
        to.at[j].z *= scale;
    }
    return to;
}
