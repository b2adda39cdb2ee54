#ifndef POSE_RETARGET_H
#define POSE_RETARGET_H
#include "pose/clip.h"

/* A movement for the very figure that a picture shows: its bones, its stance,
 * where it stands.
 *
 *   joints of the picture - rig_init -> Rig
 *   Body of a clip, yaw - rig_pose -> Pose in the picture's pixels
 *
 * Each bone has a direction r in the picture, n in the clip's standing figure
 * and d in the clip's frame, both seen from the same side.  The shortest turn
 * from n to d takes r along, so that the standing frame gives the picture
 * itself; the farther a limb goes (from 25 to 80 degrees), the more it follows
 * the clip's own direction d instead: a sword arm that hangs aside still
 * strikes where the clip strikes.  Trunk, shoulders, hips and head only take
 * the turn.  Bones keep the length that they have in the picture, and depth
 * that a picture cannot show is taken from the clip's figure.
 *
 * The lowest joint keeps its height above the floor, which is where the
 * picture's lowest ankle is; hips move aside as far as the clip's. */
typedef struct Rig {
    Pose rest;    /* the picture's joints, pixels; missing ones filled in, z made */
    float yaw;    /* degrees: from where the picture sees the figure, as View has it */
    float scale;  /* pixels for the height of a usual figure of such legs and trunk */
    Body stand;   /* the clips' standing figure */
    float height; /* of its skeleton: top of the ears to the lower ankle, pixels */
} Rig;

/* `picture`: joints with c > 0 are known, and their z if `has_depth`; the neck or
 * both shoulders, and a hip, must be.  `yaw`: see pose_yaw.  `stand`: a standing figure, as
 * clip_body of "idle" at 0.  False with the reason if too little is known. */
bool rig_init(Rig *r, const Pose *picture, bool has_depth, float yaw, const Body *stand,
              Err *err) MUST_USE;

/* The figure as the body does it, seen from `yaw` degrees (of the body alone:
 * the trunk stays as the picture shows it, limbs move as seen from there). */
Pose rig_pose(const Rig *r, const Body *body, float yaw);

/* The build of the figure, for drawing it from other sides. */
Proportions rig_proportions(const Rig *r, const Clip *c);

/* From where a figure is seen, by its joints alone: 0..360 degrees.  Shoulders
 * as broad as `stand` has them, for its trunk, face us; the order of left and
 * right tells front from back, the nose which side (its right, if it shows its
 * back and has none). */
float pose_yaw(const Pose *p, const Body *stand);
#endif
