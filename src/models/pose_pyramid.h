#ifndef MODELS_POSE_PYRAMID_H
#define MODELS_POSE_PYRAMID_H
#include "nn/bind.h"

/* Pose pictures to five levels of features: AniPortrait's guider (arXiv
 * 2403.17694), which Sprite Sheet Diffusion (arXiv 2412.03685) trains.
 *
 *   rgb[F,H,W,3] - ( conv, norm, ReLU )*8, H/8 - 1x1 * scale - level 0
 *                - ( conv, norm, ReLU ; conv stride 2, norm, ReLU ; attend )*3 - levels 1..3
 *                - ( conv, norm, ReLU ; attend ) - level 4
 *   attend: GN - 1x1 - ( x + attn(norm1) ; x + geglu(norm3) ) - 1x1 - + x
 *
 * rgb is -1..1.  Its cross attention to a reference pose was never built, so
 * there is none.  The published scripts never leave training mode, where the
 * batch norms use the statistics of their input: `batch_statistics` does so
 * too; without it the running statistics are used, as is sane.
 * Does not change once bound. */

enum { PYRAMID_STEM = 8, PYRAMID_LEVELS = 5 };

typedef struct BatchNorm {
    int64_t C;
    const float *gamma, *beta;  /* [C] */
    const float *scale, *shift; /* [C]: with the running statistics */
} BatchNorm;

typedef struct PyramidConv {
    Conv conv;
    BatchNorm norm;
} PyramidConv;

typedef struct PyramidLevel {
    PyramidConv conv[2];
    int convs;
    int64_t heads;
    GroupNorm norm;
    Conv proj_in, proj_out;
    LayerNorm norm1, norm3;
    Linear qkv, out, ff_in, ff_out;
} PyramidLevel;

typedef struct PosePyramid {
    bool batch_statistics;
    PyramidConv stem[PYRAMID_STEM];
    Conv final_proj; /* with `scale` folded in */
    PyramidLevel level[PYRAMID_LEVELS - 1];
} PosePyramid;

/* Heads of the attention are not in the file: 16 in what is published. */
bool pose_pyramid_bind(PosePyramid *m, Bind *b, int64_t heads) MUST_USE;
/* What binding leaves over in sound files, for binder_done: counters of batches. */
const char *const *pose_pyramid_unread(void);

/* [F,H,W,3] to levels[5]: [F,H/8,W/8,C0], then half the side each but the
 * last; all in the Run's scratch.  False if the Run has failed. */
bool pose_pyramid_embed(Run *r, const PosePyramid *m, Tensor rgb,
                        Tensor levels[PYRAMID_LEVELS]) MUST_USE;
#endif
