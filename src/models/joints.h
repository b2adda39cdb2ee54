#ifndef MODELS_JOINTS_H
#define MODELS_JOINTS_H
#include "base/json.h"
#include "nn/bind.h"
#include "pose/heatmap.h"

/* The joint estimator: where a figure of any style has its joints, which way
 * it faces, and whether it is one.
 *
 *   rgba[N,S,S,4] - conv_in /2 - SiLU - conv_half /2 - fine - skip
 *                 - down /2 - deep.0 - attention - deep.1 - deep.2 --+-- grow 2x, lift, + skip
 *                                                                    |   - last - norm, SiLU
 *                   side[N,S/8,S/8,3] - conv_side - norm, SiLU ------+   - conv_out
 *                                                                        - maps[N,S/4,S/4,90]
 *   fine, deep, last   x + conv2(SiLU(norm2(conv1(SiLU(norm1(x))))))
 *   attention          x + four heads over all places of norm(x)
 *
 * rgba and the maps are as pose/heatmap.h makes and reads them.  Does not
 * change once bound.  Card: docs/models/joints.md */

enum { JOINTS_DEEP = 3, JOINTS_HEADS = 4, JOINTS_STEP = 8 };

typedef struct JointsConfig {
    int64_t size;             /* S */
    int64_t width[3], groups; /* channels at S/2, S/4, S/8 */
} JointsConfig;

bool joints_config_read(JointsConfig *c, const Json *j, Err *err) MUST_USE;

typedef struct Joints {
    JointsConfig config;
    Conv in, half, down, lift, out, side;
    Residual fine, deep[JOINTS_DEEP], last;
    struct {
        GroupNorm norm;
        Linear qkv, out;
    } attention;
    GroupNorm norm_out, norm_side;
} Joints;

bool joints_bind(Joints *m, Bind *b, const JointsConfig *c) MUST_USE;

/* What the network says of rgba[N,S,S,4]; empty Tensors if the Run failed. */
typedef struct JointsMaps {
    Tensor maps, side;
} JointsMaps;
JointsMaps joints_maps(Run *r, const Joints *m, Tensor rgba);

/* The joints of the one figure in picture (u8 [H,W,4], straight alpha, any
 * size; what is around the figure is transparent).  Scratch is left as it
 * was.  False if nothing can be seen in it, or the Run has failed; whether
 * what is seen is a figure says found->figure. */
bool joints_find(Run *r, const Joints *m, Tensor picture, JointsFound *found,
                 Err *err) MUST_USE;

/* The same with the network in a folder, config.json and model.safetensors,
 * which is read, asked once and closed: for whoever sees one picture. */
bool joints_look(Run *r, const char *dir, Tensor picture, JointsFound *found,
                 Err *err) MUST_USE;
#endif
