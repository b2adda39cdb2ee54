#ifndef MODELS_PREVIEW_H
#define MODELS_PREVIEW_H
#include "nn/nn.h"

/* Latents to small pictures at no cost: colours are nearly a linear function of
 * the latent below them.
 *
 *   rgb = latent factor + offset, in -1..1, one pixel for each latent */
typedef struct Preview {
    float factor[4][3], offset[3];
} Preview;

/* For latents of SD1.x and SD2.x, and of SDXL; as they were found by fitting. */
extern const Preview preview_sd, preview_xl;

/* latents[N,h,w,4] to rgb[N,h,w,3] in -1..1, clamped. */
Tensor preview_rgb(Run *r, const Preview *p, Tensor latents);
#endif
