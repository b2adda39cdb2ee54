#ifndef POSE_DRAW_H
#define POSE_DRAW_H
#include "pose/skeleton.h"
#include "tensor/tensor.h"

/* Skeletons as the pictures that pose networks were trained on, equal to the
 * byte to what OpenPose's drawing makes with OpenCV:
 *
 * on black, for each limb whose two joints are there, a filled ellipse along
 * it, half as long as the limb and w thick, in 0.6 of its colour; then for
 * each joint a disc of radius w in full colour.
 * w = max(1, round(4 * min(W,H) / 512)). */

/* Which colours.  They are data: networks have seen different ones. */
typedef struct PoseStyle {
    const char *name;
    unsigned char limb[LIMBS][3]; /* RGB, already darkened */
    unsigned char joint[JOINTS][3];
    unsigned char order[LIMBS]; /* which limb is drawn first, second, ... */
} PoseStyle;

/* "controlnet" (OpenPose, ControlNet, AnimateAnyone) or "ssd" (the hand
 * labelled pictures of Sprite-Sheet-Diffusion: its colours and order; its
 * tool's coarser ellipses are not imitated, nor that its colours shift when a
 * joint was skipped).  NULL for another name. */
const PoseStyle *pose_style(const char *name);

/* People over what `picture` (u8 [H,W,3]) shows.  Joints further than 65536
 * pixels away are treated as missing. */
void pose_draw(Tensor picture, const Pose *people, int count, const PoseStyle *style);

/* The same after clearing the picture to black. */
void pose_picture(Tensor picture, const Pose *people, int count, const PoseStyle *style);
#endif
