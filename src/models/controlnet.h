#ifndef MODELS_CONTROLNET_H
#define MODELS_CONTROLNET_H
#include "nn/hint.h"
#include "nn/trunk.h"

/* ControlNet (arXiv 2302.05543), for Stable Diffusion 1.x, 2.x and XL: a copy of
 * the UNet's trunk that sees a picture of what is wanted (edges, a pose, ...)
 * and tells the UNet what to add to its skips and its middle.
 *
 *   hint[1,H,W,3] - hint net - [1,H/8,W/8,C0], once for a picture: UNetInput.pose[0]
 *   latents - trunk (+ hint after conv_in) - skips, mid - 1x1 convolutions - * scale
 *
 * The hint is 0..1.  Several ControlNets add up.  What it is told besides
 * (context, pooled vector) comes from its own trunk_context and trunk_added.
 * Does not change once bound; any number of Runs may share one. */
typedef struct ControlNet {
    Trunk trunk;
    HintNet hint;
    Conv skip[UNET_SKIPS], mid;
} ControlNet;

/* Whether a ControlNet of configuration c is for UNets of configuration `unet`:
 * the same skips, the same words. */
bool controlnet_fits(const UNetConfig *c, const UNetConfig *unet, Err *err) MUST_USE;

/* c as unet_config_read made it of the ControlNet's config.json. */
bool controlnet_bind(ControlNet *m, Bind *b, const UNetConfig *c) MUST_USE;

/* [1,H,W,3] to [1,H/8,W/8,C0] in `job`; empty, with the reason in r->err, if it
 * fails. */
Tensor controlnet_hint(Run *r, const ControlNet *m, Tensor rgb, Arena *job);

typedef struct ControlScale {
    float scale; /* of all that it adds */
    bool guess;  /* the first skip a tenth of that, growing to the middle: for empty
                    prompts.  Give only the conditional row then */
} ControlScale;

/* Zeros in scratch for what ControlNets of a UNet of `c` will add to pictures
 * of the size and number of `latents`: keep them until the UNet has run. */
bool controlnet_room(Run *r, const UNetConfig *c, Tensor latents, UNetControl *sum) MUST_USE;

/* Adds what it says about in->latents to `sum`. */
bool controlnet_add(Run *r, const ControlNet *m, const UNetInput *in, ControlScale scale,
                    UNetControl *sum) MUST_USE;
#endif
