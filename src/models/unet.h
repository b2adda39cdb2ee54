#ifndef MODELS_UNET_H
#define MODELS_UNET_H
#include "nn/trunk.h"

/* The UNet of Stable Diffusion 1.x, 2.x and XL (arXiv 2112.10752, 2307.01952),
 * of their inpainting and LCM kinds, and what Animate Anyone (arXiv
 * 2311.17117) makes of it: a reference net that writes a bank, a denoiser that
 * reads it, motion modules across frames.
 *
 *   latents - trunk: down blocks, mid - up blocks - norm, SiLU - conv_out
 *                          |___ skips ___|
 *   up:    ( concat skip - res - transformer - motion )*(L+1) - grow 2x - conv
 *
 * Which kind it is follows from its configuration (nn/trunk.h, which also has
 * the letters) and its parts.  A UNet does not change once bound; any number
 * of Runs may share one. */
typedef struct UNet {
    Trunk trunk;
    Conv conv_out;
    GroupNorm norm_out;
    struct {
        UNetLayer layer[UNET_LAYERS];
        Conv resample;
        bool has_resample;
    } up[UNET_BLOCKS];
} UNet;

/* Binds to the tensors below the binder's place.  False with the reason. */
bool unet_bind(UNet *m, Bind *b, const UNetConfig *c, UNetParts parts) MUST_USE;
/* What binding leaves over in sound files, for binder_done: what a context of
 * one token never reads, the end of a reference net, buffers. */
const char *const *unet_unread(void);

/* Once for a job: what cross attention needs of context[R,S,D], which has the
 * words of R prompts, or one token in nets without text.  Results in `job`. */
bool unet_context(Run *r, const UNet *m, Tensor context, Arena *job, UNetContext *c) MUST_USE;

/* latents[1,h,w,in] at timestep 0 through a reference net; its tokens, per
 * transformer block the outputs of norm1 [T,C], in `job`. */
bool unet_reference(Run *r, const UNet *m, Tensor latents, const UNetContext *context,
                    Arena *job, UNetBank *bank) MUST_USE;

/* The same tokens as keys and values [T,2C] of the denoiser that will read
 * them: constant over all steps, so made once. */
bool unet_bank_project(Run *r, const UNet *m, const UNetBank *tokens, Arena *job,
                       UNetBank *kv) MUST_USE;

/* The state-dict path of block `index`: "up_blocks.1.attentions.0.transformer_blocks.0".
 */
typedef struct UNetPath {
    char s[96];
} UNetPath;
UNetPath unet_attention_path(const UNet *m, int index);

/* Returns the prediction [R*F,h,w,out] in the Run's scratch. */
Tensor unet_forward(Run *r, const UNet *m, const UNetInput *in);
#endif
