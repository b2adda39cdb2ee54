#ifndef WEIGHTS_LORA_H
#define WEIGHTS_LORA_H
#include "weights/naming.h"

/* Low-rank changes of a network's weights (LoRA, arXiv 2106.09685):
 *
 *   W' = W + weight * alpha / r * up [O,r] * down [r,I]
 *
 * of linear layers and convolutions, where the kernel is in down [r,I,k,k], or
 * in between: up [O,r] * mid [r,r,k,k] * down [r,I].
 *
 *   Lora *lora = lora_open(path, 0.7, err);
 *   lora_match(lora, NET_UNET, unet, &patches, err)    first: it tells families best
 *   lora_match(lora, NET_TEXT, text, &text_patches, err)
 *   lora_done(lora, err)                               not one that fits: refused
 *
 * Files name the layers they change in many ways, all heard: kohya's
 * ("lora_unet_down_blocks_0_...", or as in LDM, "lora_unet_input_blocks_1_...";
 * "lora_te_", "lora_te1_", "lora_te2_") and those of diffusers and peft, old
 * and new ("unet.down_blocks.0....to_q.lora_A.weight").  Without an alpha it is
 * r.  What only resembles a LoRA (LoHa, LoKr, DoRA and others) is refused by
 * name, and so is one that was made for another family of models. */
typedef struct Lora Lora;

/* Whether the file's names are those of a LoRA, or of what resembles one. */
bool lora_is(const Weights *file);

/* NULL with the reason. */
Lora *lora_open(const char *path, double weight, Err *err) MUST_USE;
/* The same of a file that is open, and is closed with the Lora, or now if it is refused. */
Lora *lora_of(Weights *file, double weight, Err *err) MUST_USE;
void lora_close(Lora *l); /* NULL is fine */

/* What is added to one tensor. */
typedef struct LoraPatch {
    const void *to;       /* its numbers */
    Tensor up, mid, down; /* mid may be empty; in the LoRA's file */
    float scale;
    size_t order; /* in which they came */
} LoraPatch;

/* What several LoRAs add to a network, by `to`, then as they came. */
typedef struct Patches {
    LoraPatch *of;
    size_t count;
} Patches;

void patches_release(Patches *p);
/* Those for the tensor at these numbers, and how many they are; NULL: none. */
const LoraPatch *patches_for(const Patches *p, const void *numbers, size_t *count);

/* Adds to `to` what the file has for this network, a net_view: it and the Lora
 * must outlive the patches.  False if something has another shape than its
 * layer, which is how a LoRA of another family shows. */
bool lora_match(Lora *l, Net net, const Weights *view, Patches *to, Err *err) MUST_USE;

/* Layers that the file changes, and those that were found so far. */
size_t lora_count(const Lora *l);
size_t lora_applied(const Lora *l);
/* For which models it was made ("Stable Diffusion 1.x"); NULL: not known. */
const char *lora_family(const Lora *l);

/* False if nothing was found; the sentence names both families. */
bool lora_done(const Lora *l, Err *err) MUST_USE;
#endif
