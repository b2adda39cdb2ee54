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
 * w = max(1, round(4 * min(W,H) / 512)).
 *
 * And as older sprite programs drew them: lines and discs in six colours. */

/* Points besides the joints: between the hips; the middle of the head, which
 * is between the ears, or where the one ear or the nose is that can be seen. */
enum { POINT_HIPS = JOINTS, POINT_HEAD, POINTS };

typedef enum { PEN_ELLIPSE, PEN_LINE } PosePen;
enum { STYLE_STROKES = LIMBS, STYLE_DOTS = JOINTS };

/* What is drawn, in this order.  It is data: networks have seen different
 * colours. */
typedef struct PoseStyle {
    const char *name;
    PosePen pen;
    int stroke_width, dot_width; /* pixels where the smaller side has 512 */
    int strokes, dots;
    struct {
        unsigned char from, to, rgb[3];
    } stroke[STYLE_STROKES];
    struct {
        unsigned char at, rgb[3];
    } dot[STYLE_DOTS];
} PoseStyle;

/* "controlnet" (OpenPose, ControlNet, AnimateAnyone); "ssd" (the hand labelled
 * pictures of Sprite-Sheet-Diffusion: its colours and order; its tool's coarser
 * ellipses are not imitated, nor that its colours shift when a joint was
 * skipped); "stick" (lines, the arms green and red, the legs cyan and orange;
 * those programs called left what is on the left of the picture, which on a
 * figure that faces us is its right).  NULL for another name. */
#define POSE_STYLES "controlnet|ssd|stick"
const PoseStyle *pose_style(const char *name);

/* People over what `picture` (u8 [H,W,3]) shows.  Joints further than 65536
 * pixels away are treated as missing. */
void pose_draw(Tensor picture, const Pose *people, int count, const PoseStyle *style);

/* The same after clearing the picture to black. */
void pose_picture(Tensor picture, const Pose *people, int count, const PoseStyle *style);
#endif
