#ifndef MODELS_CLIP_VISION_H
#define MODELS_CLIP_VISION_H
#include "base/json.h"
#include "nn/bind.h"

/* CLIP's vision tower with its projection (arXiv 2103.00020): a picture to
 * one context token.
 *
 *   rgb[1,S,S,3] - patches k = stride = patch - class token in front, + positions
 *   - pre-norm - ( x + attn(norm1) ; x + fc2(act(fc1(norm2))) )*L
 *   - norm of the class token - projection - image_embeds[1,D]
 *
 * rgb is normalised with CLIP's mean and spread.  The embedding is not of
 * unit length.  Does not change once bound. */

enum { CLIP_LAYERS = 64 };

typedef struct ClipVisionConfig {
    int64_t side, patch; /* pixels */
    int64_t width, heads, inner, projection;
    int layers;
    Act act;
    float norm_eps;
} ClipVisionConfig;

/* ViT-L/14, as Animate Anyone's image_encoder. */
ClipVisionConfig clip_vision_config_l14(void);
bool clip_vision_config_read(ClipVisionConfig *c, const Json *j, Err *err) MUST_USE;

typedef struct ClipVision {
    ClipVisionConfig config;
    Conv patches;
    Tensor class_token; /* [1,width] */
    Tensor positions;   /* [1 + patches,width] */
    LayerNorm pre_norm, post_norm;
    TowerLayer layer[CLIP_LAYERS];
    Linear projection;
} ClipVision;

bool clip_vision_bind(ClipVision *m, Bind *b, const ClipVisionConfig *c) MUST_USE;
/* What binding leaves over in sound files, for binder_done: the text tower of
 * a whole CLIP, buffers. */
const char *const *clip_vision_unread(void);

/* rgb[1,side,side,3] to image_embeds[1,projection]. */
Tensor clip_vision_embed(Run *r, const ClipVision *m, Tensor rgb);
#endif
