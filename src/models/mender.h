#ifndef MODELS_MENDER_H
#define MODELS_MENDER_H
#include "base/json.h"
#include "nn/bind.h"

/* The mender: what a puppet tears or cannot know, a small U-Net puts right.
 *
 *   reference, places - ref_in --+-- ref_res0 - ref_down - ref_res1 - norm, SiLU - bank
 *                                |
 *   puppet, skeleton - conv_in --+- res0 - down0 - res1 - down1 - ( res - attention )*2
 *                                     |              |                          |
 *   change - tail*2 - spread - out - res3 - spread - res2 - spread -------------+
 *
 * All pictures are S x S or any other size of multiples of 8: nothing learned
 * depends on the size.  Each level has half the side of the one before, the
 * first already half of S; `spread` makes the channels of a pixel into 2 x 2
 * pixels (dy, dx, c).  Attention sees a frame's own pixels at S / 8 and the
 * reference's at S / 4, the bank.  `places` are two channels, -1..1.
 *
 *   puppet     [F,S,S,5]  colour in -1..1 where there is any, else 0; alpha in
 *                         -1..1; 1 where the pixel belongs to a held thing
 *   skeleton   [F,S,S,3]  0..1, as pose/draw.h draws it at this size
 *   reference  [1,S,S,4]  the drawing, as the puppet's first four channels
 *   change     [F,S,S,5]  as mender_pixel reads it
 *
 * Does not change once bound.  Card: docs/models/mender.md */

enum { MENDER_LEVELS = 3, MENDER_ATTENTIONS = 2, MENDER_STEP = 8 };

typedef struct MenderConfig {
    int64_t width[MENDER_LEVELS];
    int64_t tail; /* channels at full size */
    int64_t heads, groups;
} MenderConfig;

bool mender_config_read(MenderConfig *c, const Json *j, Err *err) MUST_USE;

typedef struct MenderAttention {
    GroupNorm norm;
    Linear qkv, bank, out; /* bank: keys and values of the reference */
} MenderAttention;

typedef struct Mender {
    MenderConfig config;
    struct {
        Conv in, down;
        Residual res[2];
        GroupNorm norm;
    } reference;
    Conv in, down[2], up[2], out, tail[2];
    Residual res[4], mid[MENDER_ATTENTIONS];
    MenderAttention attention[MENDER_ATTENTIONS];
    GroupNorm norm;
} Mender;

bool mender_bind(Mender *m, Bind *b, const MenderConfig *c) MUST_USE;

/* Returns the change, in the Run's scratch. */
Tensor mender_mend(Run *r, const Mender *m, Tensor puppet, Tensor skeleton, Tensor reference);

/* What a pixel of puppet and change says. */
typedef struct Mended {
    float rgb[3]; /* -1..1, not clamped */
    float alpha;  /* 0..1, its edge made as crisp as a drawing's */
    float trust;  /* 0..1: how likely it is better than the puppet's pixel */
} Mended;
Mended mender_pixel(const float puppet[5], const float change[5]);
#endif
