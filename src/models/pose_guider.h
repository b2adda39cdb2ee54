#ifndef MODELS_POSE_GUIDER_H
#define MODELS_POSE_GUIDER_H
#include "nn/hint.h"

/* Pose pictures to what is added after the denoiser's conv_in: Animate
 * Anyone's plain pose guider (nn/hint.h).
 *
 *   rgb[F,H,W,3] - conv_in - ( conv, conv stride 2 )*3 - conv_out - [F,H/8,W/8,C]
 *                  3x3, SiLU after each but the last
 *
 * A guider that was trained to refine frames sees these, too; its conv_in has
 * seven channels then, and it has a latent_in:
 *
 *   rgb[F,H,W,3], picture[F,H,W,4] - conv_in - ... - conv_out - + - [F,H/8,W/8,C]
 *                     latents[F,H/8,W/8,Z] - latent_in ---------'    3x3
 *
 * Where there are none the four channels are 0 and latent_in is left out.
 *
 * The range of rgb (0..1 or -1..1) is the family's.  Channels come from the
 * file.  Does not change once bound. */

typedef struct PoseGuider {
    HintNet net;
    Conv latent_in; /* only if it sees frames */
    bool sees_frames;
} PoseGuider;

/* Frames that are to be refined; zeroed: none. */
typedef struct GuiderFrames {
    Tensor picture; /* [F,H,W,4] in 0..1: colours over a ground, and alpha; as large as rgb */
    Tensor latents; /* [F,H/8,W/8,Z] */
} GuiderFrames;

bool pose_guider_bind(PoseGuider *m, Bind *b) MUST_USE;

/* [F,H,W,3] to [F,H/8,W/8,C].  A guider that sees no frames lets them be. */
Tensor pose_guider_embed(Run *r, const PoseGuider *m, Tensor rgb, GuiderFrames frames);
#endif
