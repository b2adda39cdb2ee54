#ifndef POSE_SKELETON_H
#define POSE_SKELETON_H
#include "base/base.h"

/* A figure as 18 points: OpenPose's COCO-18, in its order.
 *
 *        16 14   15 17            ears, eyes (R_ and L_ are the figure's own
 *            \ 0 /                right and left: a figure that faces us has
 *      2 ----- 1 ----- 5          its right on our left)
 *     /       / \       \
 *    3       /   \       6
 *   /       8     11      7
 *  4        9     12
 *          10     13                                                        */
enum {
    JOINT_NOSE,
    JOINT_NECK, /* between the shoulders */
    JOINT_R_SHOULDER,
    JOINT_R_ELBOW,
    JOINT_R_WRIST,
    JOINT_L_SHOULDER,
    JOINT_L_ELBOW,
    JOINT_L_WRIST,
    JOINT_R_HIP,
    JOINT_R_KNEE,
    JOINT_R_ANKLE,
    JOINT_L_HIP,
    JOINT_L_KNEE,
    JOINT_L_ANKLE,
    JOINT_R_EYE,
    JOINT_L_EYE,
    JOINT_R_EAR,
    JOINT_L_EAR,
    JOINTS
};

/* Where a joint is in a picture: x to the right and y down, in pixels; z
 * towards us, in pixels, 0 where nothing is known of depth; c says how sure
 * we are, and 0 that the joint is missing or hidden. */
typedef struct Keypoint {
    float x, y, z, c;
} Keypoint;

typedef struct Pose {
    Keypoint joint[JOINTS];
} Pose;

/* The pairs that are drawn as limbs, in OpenPose's order. */
enum { LIMBS = 17 };
typedef struct Limb {
    unsigned char from, to;
} Limb;
const Limb *skeleton_limbs(void);

/* "r_shoulder"; and back, -1 for a name that is none. */
const char *joint_name(int joint);
int joint_named(const char *name);

/* The joint on the other side; nose and neck are their own. */
int joint_mirrored(int joint);

/* Left and right exchanged, in a picture that is `width` wide: the pose of a
 * figure that walks the other way. */
Pose pose_mirrored(const Pose *p, float width);

/* The smallest upright box around the joints that are there.  False if there
 * are none. */
bool pose_bounds(const Pose *p, float *left, float *top, float *right, float *bottom) MUST_USE;
#endif
