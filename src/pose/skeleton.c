/* SPDX-License-Identifier: MIT */
#include "pose/skeleton.h"

#include <string.h>

static const char *const names[JOINTS] = {
    "nose",    "neck",    "r_shoulder", "r_elbow", "r_wrist", "l_shoulder",
    "l_elbow", "l_wrist", "r_hip",      "r_knee",  "r_ankle", "l_hip",
    "l_knee",  "l_ankle", "r_eye",      "l_eye",   "r_ear",   "l_ear"};

static const unsigned char other_side[JOINTS] = {
    JOINT_NOSE,       JOINT_NECK,    JOINT_L_SHOULDER, JOINT_L_ELBOW, JOINT_L_WRIST,
    JOINT_R_SHOULDER, JOINT_R_ELBOW, JOINT_R_WRIST,    JOINT_L_HIP,   JOINT_L_KNEE,
    JOINT_L_ANKLE,    JOINT_R_HIP,   JOINT_R_KNEE,     JOINT_R_ANKLE, JOINT_L_EYE,
    JOINT_R_EYE,      JOINT_L_EAR,   JOINT_R_EAR};

static const Limb limbs[LIMBS] = {
    {JOINT_NECK, JOINT_R_SHOULDER},    {JOINT_NECK, JOINT_L_SHOULDER},
    {JOINT_R_SHOULDER, JOINT_R_ELBOW}, {JOINT_R_ELBOW, JOINT_R_WRIST},
    {JOINT_L_SHOULDER, JOINT_L_ELBOW}, {JOINT_L_ELBOW, JOINT_L_WRIST},
    {JOINT_NECK, JOINT_R_HIP},         {JOINT_R_HIP, JOINT_R_KNEE},
    {JOINT_R_KNEE, JOINT_R_ANKLE},     {JOINT_NECK, JOINT_L_HIP},
    {JOINT_L_HIP, JOINT_L_KNEE},       {JOINT_L_KNEE, JOINT_L_ANKLE},
    {JOINT_NECK, JOINT_NOSE},          {JOINT_NOSE, JOINT_R_EYE},
    {JOINT_R_EYE, JOINT_R_EAR},        {JOINT_NOSE, JOINT_L_EYE},
    {JOINT_L_EYE, JOINT_L_EAR}};

const Limb *skeleton_limbs(void)
{
    return limbs;
}

const char *joint_name(int joint)
{
    must(joint >= 0 && joint < JOINTS);
    return names[joint];
}

int joint_named(const char *name)
{
    for (int i = 0; i < JOINTS; i++) {
        if (!strcmp(name, names[i]))
            return i;
    }
    return -1;
}

int joint_mirrored(int joint)
{
    must(joint >= 0 && joint < JOINTS);
    return other_side[joint];
}

Pose pose_mirrored(const Pose *p, float width)
{
    Pose m;
    for (int i = 0; i < JOINTS; i++) {
        m.joint[i] = p->joint[other_side[i]];
        if (m.joint[i].c > 0)
            m.joint[i].x = width - m.joint[i].x;
    }
    return m;
}

bool pose_bounds(const Pose *p, float *left, float *top, float *right, float *bottom)
{
    bool any = false;
    for (int i = 0; i < JOINTS; i++) {
        const Keypoint *k = &p->joint[i];
        if (!(k->c > 0))
            continue;
        *left = any && *left < k->x ? *left : k->x;
        *right = any && *right > k->x ? *right : k->x;
        *top = any && *top < k->y ? *top : k->y;
        *bottom = any && *bottom > k->y ? *bottom : k->y;
        any = true;
    }
    return any;
}
