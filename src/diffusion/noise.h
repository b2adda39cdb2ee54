#ifndef DIFFUSION_NOISE_H
#define DIFFUSION_NOISE_H
#include "base/chance.h"
#include "tensor/tensor.h"

/* Normal noise for latents, equal to what torch draws with the same seed.
 *
 * Ours are channels last, [F,h,w,C]; torch's are [1,C,F,h,w], and its numbers
 * come in that order.  So the same generator gives the same picture. */

/* Latents [F,h,w,C] in `to`, drawn in the order of torch.randn(1,C,F,h,w). */
bool noise_draw(Chance *c, Tensor to, Arena *scratch, Err *err) MUST_USE;

/* The same for every frame: a single one's, in the order of
 * torch.randn(1,C,1,h,w).  What does not move then comes out alike. */
bool noise_draw_alike(Chance *c, Tensor to, Arena *scratch, Err *err) MUST_USE;

/* As torch.randn in half precision, of now and of the torch that the original
 * scripts pin (see base/chance.h). */
bool noise_draw_half(Chance *c, Tensor to, Arena *scratch, Err *err) MUST_USE;
bool noise_draw_coarse(Chance *c, Tensor to, Arena *scratch, Err *err) MUST_USE;

/* [C,F,h,w] to [F,h,w,C], for noise or latents from a file. */
void noise_from_torch(Tensor to, const float *from);
/* And back: [F,h,w,C] to [C,F,h,w]. */
void noise_to_torch(float *to, Tensor from);
#endif
