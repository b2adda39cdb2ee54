#ifndef NN_HINT_H
#define NN_HINT_H
#include "nn/bind.h"

/* Pictures to what is added after a UNet's conv_in: ControlNet's conditioning
 * embedding (arXiv 2302.05543), which is also Animate Anyone's plain pose
 * guider.
 *
 *   rgb[F,H,W,3] - conv_in - ( conv, conv stride 2 )*3 - conv_out - [F,H/8,W/8,C]
 *                  3x3, SiLU after each but the last
 *
 * Channels come from the file.  Does not change once bound. */

enum { HINT_CONVS = 6 };

typedef struct HintNet {
    Conv in, out;
    Conv block[HINT_CONVS];
} HintNet;

/* A 3x3 convolution whose channels the file decides. */
Conv bind_found_conv(Bind *b, const char *name, int stride);

bool hint_bind(HintNet *m, Bind *b) MUST_USE;

/* [F,H,W,3] to [F,H/8,W/8,C], and `plus` added if it is not empty. */
Tensor hint_embed(Run *r, const HintNet *m, Tensor rgb, Tensor plus);
#endif
