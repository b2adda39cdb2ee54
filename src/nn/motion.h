#ifndef NN_MOTION_H
#define NN_MOTION_H
#include "nn/bind.h"

/* A motion module: the frames of a pixel attend to each other (AnimateDiff,
 * arXiv 2307.04725).
 *
 *   x - norm - proj_in - ( norm, + position, attention + )*2 - norm geglu + - proj_out + x */
typedef struct Motion {
    int64_t C; /* 0: there is none */
    int64_t heads;
    GroupNorm norm;
    Linear proj_in, proj_out;
    struct {
        LayerNorm norm;
        Linear qkv, out;
        Tensor position; /* [frames,C] */
    } attention[2];
    LayerNorm ff_norm;
    Linear ff_in, ff_out;
} Motion;

typedef struct MotionShape {
    int64_t C, heads, groups;
} MotionShape;

/* *most, the longest window of all modules so far (0: not known yet), becomes
 * smaller if this one's is. */
Motion bind_motion(Bind *b, const char *name, MotionShape s, int64_t *most);

/* x[B*frames,H,W,C] to the same shape. */
Tensor nn_motion(Run *r, const Motion *k, Tensor x, int64_t frames);
#endif
