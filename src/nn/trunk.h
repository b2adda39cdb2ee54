#ifndef NN_TRUNK_H
#define NN_TRUNK_H
#include "base/json.h"
#include "nn/motion.h"
#include "nn/transformer.h"

/* The way down of a Stable Diffusion UNet (arXiv 2112.10752) and its middle:
 * what a UNet and a ControlNet have in common.
 *
 *   latents - conv_in (+ pose 0) - down blocks - mid
 *                  |________________| skips
 *   down:  ( res - transformer - motion )*L - conv stride 2 (+ pose i)
 *   mid:   res - transformer - motion - res
 *
 * Letters: R rows (unconditional first), F frames, N = R*F pictures with the
 * frame fastest, h w latent sides, C channels, D context width, E = 4*C0 the
 * width of the time's vector. */

enum {
    UNET_BLOCKS = 8,
    UNET_LAYERS = 4,
    UNET_DEPTH = 16, /* blocks of one transformer */
    UNET_SKIPS = UNET_BLOCKS * (UNET_LAYERS + 1) + 1
};

typedef struct UNetConfig {
    int64_t in, out;    /* latent channels; 9 in for inpainting */
    int blocks, layers; /* down blocks; resnets in each (one more in up blocks) */
    int64_t width[UNET_BLOCKS];
    int64_t heads[UNET_BLOCKS];
    int depth[UNET_BLOCKS];    /* blocks of that down block's transformers; 0: none */
    int up_depth[UNET_BLOCKS]; /* of that up block's */
    int mid_depth;
    int64_t context; /* D */
    int64_t groups;
    float norm_eps;
    bool flip_sin_to_cos;
    float freq_shift;
    bool linear_projection; /* proj_in and proj_out are linear, not 1x1 convolutions */
    int64_t motion_frames;  /* the longest window of the motion modules */
    int64_t added;          /* SDXL: width of what is told besides the words; or 0 */
    int64_t number_width;   /* of the sinusoid of each number in it */
    int64_t guidance_width; /* LCM: sinusoid of the guidance; or 0 */
} UNetConfig;

/* SD1.5: 4 latent channels, widths 320 640 1280 1280, 8 heads, context 768. */
UNetConfig unet_config_sd15(void);
/* From a diffusers config.json: of a UNet, or of a ControlNet (which has no up
 * blocks).  False, naming the field, if it asks for what this UNet is not. */
bool unet_config_read(UNetConfig *c, const Json *j, Err *err) MUST_USE;

typedef struct UNetLayer {
    Residual res;
    Transformer transformer; /* depth 0: none */
    Motion motion;           /* C 0: none */
} UNetLayer;

typedef struct Trunk {
    UNetConfig config;
    bool has_text;  /* its context is of many tokens, else of one */
    int attentions; /* transformer blocks so far, in the order of the forward pass */
    Conv conv_in;
    Linear time1, time2, guidance;
    Linear added1, added2;
    struct {
        UNetLayer layer[UNET_LAYERS];
        Conv resample;
        bool has_resample;
    } down[UNET_BLOCKS];
    struct {
        Residual res[2];
        Transformer transformer;
        Motion motion;
    } mid;
    int64_t skip_width[UNET_SKIPS]; /* in the order they are made */
    int skips;
} Trunk;

typedef struct UNetParts {
    bool motion;    /* bind motion modules: of all blocks, or of the up blocks if only these
                       have some */
    bool reference; /* no output layer; nothing after the last bank entry */
    bool text;      /* real cross attention: a context of many tokens */
} UNetParts;

/* Binds what lies below the binder's place.  False with the reason. */
bool trunk_bind(Trunk *m, Bind *b, const UNetConfig *c, UNetParts parts) MUST_USE;
/* resnets.J, attentions.J (if depth > 0) and motion_modules.J of down or up block
 * `block`'s width, from C channels. */
typedef struct LayerPlace {
    int j;     /* in its block */
    int block; /* whose width and heads it has */
    int depth;
    int64_t C;
} LayerPlace;
UNetLayer bind_unet_layer(Trunk *m, Bind *b, UNetParts parts, LayerPlace at);

/* The context for all transformers of the trunk: context[R,S,D].  Results live
 * in `job`. */
bool trunk_context(Run *r, const Trunk *m, Tensor context, Arena *job, UNetContext *c) MUST_USE;
/* What SDXL is told besides: pooled[R,P] words, and numbers [R,n] (original
 * height and width, crop top and left, target height and width, in pixels);
 * P + n * number_width is config.added.  After trunk_context. */
bool trunk_added(Run *r, const Trunk *m, Tensor pooled, Tensor numbers, Arena *job,
                 UNetContext *c) MUST_USE;

/* What ControlNets add: to each skip, in the order they are made, and to the
 * middle's outcome.  Tensors [pictures,h,w,C] for the last of a pass's
 * pictures; all of them, or (guess mode) the conditional row's. */
typedef struct UNetControl {
    int skips;
    Tensor skip[UNET_SKIPS], mid;
} UNetControl;

typedef struct UNetInput {
    Tensor latents;               /* [R*F,h,w,in] */
    float t;                      /* timestep */
    float guidance;               /* LCM only: the scale */
    int64_t frames;               /* F */
    const UNetContext *context;   /* of R rows */
    const UNetBank *bank;         /* projected, or NULL */
    int64_t bank_from_row;        /* rows from here on read the bank */
    const UNetControl *control;   /* or NULL; a UNet only */
    Tensor pose[UNET_BLOCKS + 1]; /* [F,h,w,C0] after conv_in, then after each
                                     down block; empty: nothing is added */
} UNetInput;

/* What travels through all blocks of one forward pass. */
typedef struct UNetPass {
    const UNetInput *in;
    Beside beside;
    Tensor time; /* [1,E] or [R,E], after its SiLU */
    Tensor skip[UNET_SKIPS];
    int skips;
} UNetPass;

/* Runs the way down and the middle, whose outcome it returns; p->in and
 * p->beside are the caller's, the rest is filled.  Skips lie in scratch. */
Tensor trunk_forward(Run *r, const Trunk *m, UNetPass *p);
Tensor unet_layer(Run *r, const UNetPass *p, const UNetLayer *k, Tensor x);
/* The parts of `in` that transformers see. */
Beside unet_beside(const UNetInput *in);
#endif
