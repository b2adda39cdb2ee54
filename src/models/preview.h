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

/* As they were found by fitting: for latents of SD1.x, which SD2.x share
 *   https://discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204
 * and of SDXL
 *   https://huggingface.co/docs/diffusers/using-diffusers/callback, "Display image after each
 *   generation step" */
extern const Preview preview_sd, preview_xl;

/* latents[N,h,w,4] to rgb[N,h,w,3] in -1..1, clamped. */
Tensor preview_rgb(Run *r, const Preview *p, Tensor latents);
#endif
