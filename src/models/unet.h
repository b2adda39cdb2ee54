#ifndef MODELS_UNET_H
#define MODELS_UNET_H
#include "base/json.h"
#include "nn/bind.h"

/* The UNet of Stable Diffusion 1.x (arXiv 2112.10752), and what Animate
 * Anyone (arXiv 2311.17117) makes of it: a reference net that writes a bank, a
 * denoiser that reads it, motion modules across frames.
 *
 *   latents - conv_in (+ pose 0) - down blocks - mid - up blocks - norm, SiLU - conv_out
 *                                    |________ skips _______|
 *   down:  ( res - transformer - motion )*L - conv stride 2 (+ pose i)
 *   mid:   res - transformer - motion - res
 *   up:    ( concat skip - res - transformer - motion )*(L+1) - grow 2x - conv
 *
 * Letters: R rows (unconditional first), F frames, N = R*F pictures with the
 * frame fastest, h w latent sides, C channels, T = h*w tokens, D context width.
 * A UNet does not change once bound; any number of Runs may share one. */

enum { UNET_BLOCKS = 8, UNET_LAYERS = 4, UNET_ATTENTIONS = 40 };

typedef struct UNetConfig {
    int64_t in, out;    /* latent channels */
    int blocks, layers; /* down blocks; resnets in each (one more in up blocks) */
    int64_t width[UNET_BLOCKS];
    int64_t heads[UNET_BLOCKS];
    bool attends[UNET_BLOCKS];    /* that down block has transformers, */
    bool up_attends[UNET_BLOCKS]; /* that up block has */
    int64_t context;              /* D */
    int64_t groups;
    float norm_eps;
    bool flip_sin_to_cos;
    float freq_shift;
    bool linear_projection; /* proj_in and proj_out are linear, not 1x1 convolutions */
    int64_t motion_frames;  /* the longest window of the motion modules */
} UNetConfig;

/* SD1.5: 4 latent channels, widths 320 640 1280 1280, 8 heads, context 768. */
UNetConfig unet_config_sd15(void);
/* From a diffusers config.json.  False, naming the field, if it asks for what
 * this UNet is not. */
bool unet_config_read(UNetConfig *c, const Json *j, Err *err) MUST_USE;

/* Norm - proj_in - ( norm1 attn1 + ; attn2 + ; norm3 geglu + ) - proj_out + */
typedef struct Transformer {
    int index; /* place in the bank */
    int64_t C, heads;
    GroupNorm norm;
    Conv conv_in, conv_out; /* the projections, or: */
    Linear linear_in, linear_out;
    LayerNorm norm1, norm2, norm3;
    Linear qkv, out1;
    Linear q2, kv2, out2;
    Linear value2; /* the value half of kv2, for a context of one token */
    Linear ff_in, ff_out;
    bool has_query2; /* absent in files that only serve one-token contexts */
} Transformer;

/* Frames of a pixel attend to each other (AnimateDiff, arXiv 2307.04725). */
typedef struct Motion {
    int64_t C;
    GroupNorm norm;
    Linear proj_in, proj_out;
    struct {
        LayerNorm norm;
        Linear qkv, out;
        Tensor position; /* [frames,C] */
    } attention[2];
    LayerNorm ff_norm;
    Linear ff_in, ff_out;
} Motion;

typedef struct UNetLayer {
    Residual res;
    Transformer transformer;
    Motion motion;
} UNetLayer;

typedef struct UNet {
    UNetConfig config;
    bool has_motion, is_reference;
    int attentions;
    Conv conv_in, conv_out;
    GroupNorm norm_out;
    Linear time1, time2;
    struct {
        UNetLayer layer[UNET_LAYERS];
        Conv resample;
        bool has_resample;
    } down[UNET_BLOCKS], up[UNET_BLOCKS];
    struct {
        Residual res[2];
        Transformer transformer;
        Motion motion;
    } mid;
} UNet;

typedef struct UNetParts {
    bool motion;    /* bind motion modules */
    bool reference; /* no output layer; nothing after the last bank entry */
    bool text;      /* real cross attention: a context of many tokens */
} UNetParts;

/* Binds to the tensors below the binder's place.  False with the reason. */
bool unet_bind(UNet *m, Bind *b, const UNetConfig *c, UNetParts parts) MUST_USE;
/* What binding leaves over in sound files, for binder_done: what a context of
 * one token never reads, the end of a reference net, buffers. */
const char *const *unet_unread(void);

/* What cross attention needs of a context, made once for a job: a vector
 * [R,C] per transformer if there is one token (then the softmax over one key
 * is 1 and the query does not matter), else keys and values [R,S,2C]. */
typedef struct UNetContext {
    bool is_vector;
    Tensor of[UNET_ATTENTIONS];
} UNetContext;

/* context[R,S,D].  The results live in `job`. */
bool unet_context(Run *r, const UNet *m, Tensor context, Arena *job, UNetContext *c) MUST_USE;

/* A picture's tokens as the reference net sees them, per transformer: the
 * outputs of norm1, [T,C]. */
typedef struct UNetBank {
    Tensor of[UNET_ATTENTIONS];
} UNetBank;

/* latents[1,h,w,in] at timestep 0 through a reference net; tokens in `job`. */
bool unet_reference(Run *r, const UNet *m, Tensor latents, const UNetContext *context,
                    Arena *job, UNetBank *bank) MUST_USE;

/* The same tokens as keys and values [T,2C] of the denoiser that will read
 * them: constant over all steps, so made once. */
bool unet_bank_project(Run *r, const UNet *m, const UNetBank *tokens, Arena *job,
                       UNetBank *kv) MUST_USE;

typedef struct UNetInput {
    Tensor latents;               /* [R*F,h,w,in] */
    float t;                      /* timestep */
    int64_t frames;               /* F */
    const UNetContext *context;   /* of R rows */
    const UNetBank *bank;         /* projected, or NULL */
    int64_t bank_from_row;        /* rows from here on read the bank */
    Tensor pose[UNET_BLOCKS + 1]; /* [F,h,w,C0] after conv_in, then after each
                                     down block; empty: nothing is added */
} UNetInput;

/* The state-dict path of transformer `index`: "up_blocks.1.attentions.0.transformer_blocks.0".
 */
typedef struct UNetPath {
    char s[96];
} UNetPath;
UNetPath unet_attention_path(const UNet *m, int index);

/* Returns the prediction [R*F,h,w,out] in the Run's scratch. */
Tensor unet_forward(Run *r, const UNet *m, const UNetInput *in);
#endif
