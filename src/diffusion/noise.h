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

/* Noise for a batch of pictures, each with a generator of its own, so that a
 * batch gives what its pictures would give alone: picture i is seeded with
 * seed + i, as a list of generators in diffusers.  CPU is torch.randn on the
 * processor, CUDA the same on an NVIDIA card (base/chance.h).  The pipelines
 * of diffusers draw in this order, each time [1,C,h,w] for each picture:
 *
 *   1. for img2img and inpainting: the sample of the VAE's posterior of the
 *      picture (not with strength 1 and a 9-channel network)
 *   2. the noise of the latents
 *   3. for 9 channels: the sample of the posterior of the masked picture
 *   4. one a step, for samplers that draw */
typedef enum { NOISE_CPU, NOISE_CUDA } NoiseRule;

typedef struct NoiseSource {
    NoiseRule rule;
    int64_t pictures;
    Chance *cpu;  /* [pictures], or NULL */
    Philox *cuda; /* [pictures], or NULL */
} NoiseSource;

/* 1..4096 pictures.  Release with noise_source_release; safe when zeroed. */
void noise_source_init(NoiseSource *s, NoiseRule rule, uint64_t seed, int64_t pictures);
void noise_source_release(NoiseSource *s);

/* From here on every picture is drawn the noise of the first: what frames of a
 * character have alike comes out alike. */
void noise_source_share(NoiseSource *s);

/* Latents [pictures,h,w,C] in `to`, the next draw of each generator. */
bool noise_source_draw(NoiseSource *s, Tensor to, Arena *scratch, Err *err) MUST_USE;

/* [C,F,h,w] to [F,h,w,C], for noise or latents from a file. */
void noise_from_torch(Tensor to, const float *from);
/* And back: [F,h,w,C] to [C,F,h,w]. */
void noise_to_torch(float *to, Tensor from);
#endif
