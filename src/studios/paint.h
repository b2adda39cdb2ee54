#ifndef STUDIOS_PAINT_H
#define STUDIOS_PAINT_H
#include "studios/studio.h"

/* Words to pictures, by Stable Diffusion 1, 2 and XL.
 *
 *   prompt - text encoders - context
 *   noise of a seed - UNet, a sampler's steps - latents - VAE - picture
 *
 * Equal to diffusers for prompts without brackets. */

extern const Studio paint_studio;
#endif
