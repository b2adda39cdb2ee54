#ifndef WEIGHTS_NAMING_H
#define WEIGHTS_NAMING_H
#include "weights/weights.h"

/* One spelling for networks that files spell in several ways.
 *
 * The networks of Stable Diffusion are bound by the names that diffusers and
 * transformers give their tensors ("down_blocks.0.resnets.1.conv1.weight").
 * Files that hold a whole model, and many ControlNets and VAEs, have those of
 * the original program, LDM ("model.diffusion_model.input_blocks.2.0.in_layers.2
 * .weight"), and text towers those of OpenCLIP, with queries, keys and values
 * in one tensor.  A view shows such a file under the names of diffusers:
 *
 *   Weights *file = weights_open(path, err);
 *   Weights *unet = net_view(file, NET_UNET, err);   (and so on for the rest)
 *   Binder b; binder_init(&b, unet); ...
 *   weights_close(unet); weights_close(file);
 *
 * Prefixes may come twice or below "state_dict."; copies of the weights for
 * training (model_ema.*), position_ids and such are left out; the old spelling
 * of attention in VAEs is heard.  What no rule knows keeps its name, so that
 * whoever binds can tell it.
 *
 * The rules are tables (naming_rules.c); sources: the published layouts of
 * CompVis/latent-diffusion, lllyasviel/ControlNet, open_clip and diffusers. */
typedef enum {
    NET_UNET,
    NET_CONTROL,
    NET_VAE,
    NET_TEXT,  /* the only or first text encoder */
    NET_TEXT2, /* the second one of SDXL; alone in a file it is a NET_TEXT */
    NETS
} Net;

/* "UNet", "ControlNet", "VAE", "text encoder", "second text encoder". */
const char *net_name(Net net);

/* Whether the file holds such a network, under whatever names; and whether
 * under those of diffusers. */
bool net_is_in(const Weights *file, Net net);
bool net_is_ours(const Weights *file, Net net);

/* The network alone, under the names of diffusers.  Tensors are views into
 * `file`, which must outlive it; only a transposed matrix is copied.  NULL
 * with the reason if the file holds no such network, or two tensors of it
 * come to the same name. */
Weights *net_view(const Weights *file, Net net, Err *err) MUST_USE;

/* The width of the text that a UNet or ControlNet (a view) is led by: 768, 1024
 * or 2048; 0 if it has no cross attention.  And who has such a width:
 * "Stable Diffusion 1.x"; NULL if nobody known. */
int64_t net_context(const Weights *view);
const char *net_family(int64_t context);

/* The other way: what LDM and OpenCLIP call the tensors of a view.  Below
 * `prefix` ("first_stage_model."), if it is not NULL. */
typedef enum {
    SPELLING_LDM,     /* UNet, ControlNet, VAE; text encoders as transformers has them */
    SPELLING_OPENCLIP /* text encoders */
} Spelling;

typedef struct Spelled {
    char name[1024];
    int third;          /* 0, 1, 2: these are the queries, keys, values of it; else -1 */
    bool is_transposed; /* [in,out] there */
    bool is_filter;     /* [O,I,1,1] there */
} Spelled;

/* False if there is no such name. */
bool net_spell(const Weights *view, Net net, Spelling how, const char *name, Spelled *to);
#endif
