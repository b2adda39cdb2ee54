/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>

/* cape 0, arms behind 1, legs 2, skirt 2.4, trunk 2.5, arms 3, head 4, arms before the face 5;
 * among equals the depth decides. */
static float depth(const Figure *f, int limb, int side)
{
    float z = 0;
    for (int k = 0; k < 3; k++)
        z += f->at[limb_joint(limb, side, k)].z / 3;
    return z;
}

static float trunk_depth(const Figure *f)
{
    return (f->at[JOINT_NECK].z + f->at[SPOT_HIP].z) / 2;
}

bool order_is_behind(const Figure *f, int side, float radius)
{
    float hand = f->at[limb_joint(ARM, side, 2)].z;
    return hand - trunk_depth(f) <= -.5f * radius;
}

static float arm_key(const Puppet *p, const Figure *f, int side)
{
    Bone head = bone_of(f, PUPPET_HEAD);
    float before = f->at[limb_joint(ARM, side, 2)].z - f->at[SPOT_EAR].z;
    if (order_is_behind(f, side, p->radius[ARM][0]))
        return 1;
    return before > .2f * head.length ? 5 : 3;
}

/* Depths of up to some thousand pixels stay within a class. */
static float among(float z)
{
    return .1f * z / (1000 + fabsf(z));
}

static float key(const Puppet *p, const Figure *f, const Layer *l)
{
    switch (l->kind) {
    case LAYER_CAPE:
        return 0;
    case LAYER_LEG:
        return 2 + among(depth(f, LEG, l->side));
    case LAYER_SKIRT:
        return 2.4f;
    case LAYER_TORSO:
        return 2.5f;
    case LAYER_HEAD:
        return 4;
    case LAYER_ARM:
        return arm_key(p, f, l->side) + among(depth(f, ARM, l->side));
    default: /* a held thing lies on its arm, or behind it */
        return arm_key(p, f, l->side) + among(depth(f, ARM, l->side)) + 1e-5f;
    }
}

void order_layers(int *order, const Puppet *p, const Figure *to)
{
    float keys[LAYERS_MAX];
    for (int i = 0; i < p->layers; i++) {
        float mine = key(p, to, &p->layer[i]);
        int k = i;
        for (; k > 0 && keys[k - 1] > mine; k--) {
            keys[k] = keys[k - 1];
            order[k] = order[k - 1];
        }
        keys[k] = mine;
        order[k] = i;
    }
}
