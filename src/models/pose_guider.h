#ifndef MODELS_POSE_GUIDER_H
#define MODELS_POSE_GUIDER_H
#include "nn/bind.h"

/* Pose pictures to what is added after the denoiser's conv_in: Animate
 * Anyone's plain pose guider, which is ControlNet's conditioning embedding
 * (arXiv 2302.05543).
 *
 *   rgb[F,H,W,3] - conv_in - ( conv, conv stride 2 )*3 - conv_out - [F,H/8,W/8,C]
 *                  3x3, SiLU after each but the last
 *
 * The range of rgb (0..1 or -1..1) is the family's.  Channels come from the
 * file.  Does not change once bound. */

enum { POSE_GUIDER_CONVS = 6 };

typedef struct PoseGuider {
    Conv in, out;
    Conv block[POSE_GUIDER_CONVS];
} PoseGuider;

bool pose_guider_bind(PoseGuider *m, Bind *b) MUST_USE;

/* [F,H,W,3] to [F,H/8,W/8,C]. */
Tensor pose_guider_embed(Run *r, const PoseGuider *m, Tensor rgb);
#endif
