#ifndef MODELS_VAE_H
#define MODELS_VAE_H
#include "base/json.h"
#include "nn/bind.h"

/* AutoencoderKL (arXiv 2112.10752): pictures to latents and back.
 *
 *   encode  rgb[N,H,W,3] - conv_in - ( res*L - down )*B - mid - norm, SiLU, conv_out
 *           - quant_conv - mean and logvar [N,h,w,2Z];  h = H / 2^(B-1)
 *   decode  z[N,h,w,Z] - post_quant_conv - conv_in - mid - ( res*(L+1) - grow 2x, conv )*B
 *           - norm, SiLU, conv_out - rgb[N,H,W,3]
 *   mid     res - attention over all pixels, one head - res
 *
 * rgb is -1..1, not clamped on the way out.  A latent is mean * scaling, with
 * a spread of about 1; decode takes it as latent / scaling (`vae_decode` does
 * both scalings).  Halves may be bound alone.  Does not change once bound. */

enum { VAE_BLOCKS = 6, VAE_LAYERS = 4 };

typedef struct VaeConfig {
    int64_t latent; /* Z */
    int blocks, layers;
    int64_t width[VAE_BLOCKS];
    int64_t groups;
    float scaling;
    bool has_quant; /* quant_conv and post_quant_conv */
} VaeConfig;

/* sd-vae-ft-mse and -ema: widths 128 256 512 512, 4 latent channels, 0.18215. */
VaeConfig vae_config_sd(void);
bool vae_config_read(VaeConfig *c, const Json *j, Err *err) MUST_USE;

typedef struct VaeMid {
    Residual res[2];
    GroupNorm norm;
    Linear qkv, out;
} VaeMid;

typedef struct VaeStage {
    Residual res[VAE_LAYERS];
    Conv resample;
    bool has_resample;
} VaeStage;

typedef struct Vae {
    VaeConfig config;
    struct {
        Conv in, out, quant;
        GroupNorm norm;
        VaeStage stage[VAE_BLOCKS];
        VaeMid mid;
    } encoder, decoder; /* the decoder's quant is post_quant_conv */
} Vae;

typedef struct VaeParts {
    bool encoder, decoder;
} VaeParts;

/* Accepts attention named to_q.. (new) and query.. (old), linear or 1x1.
 * A half may be bound later by another call with the same `m`. */
bool vae_bind(Vae *m, Bind *b, const VaeConfig *c, VaeParts parts) MUST_USE;
/* What binding these parts leaves over in sound files, for binder_done: the
 * other half, and what only training needs. */
const char *const *vae_unread(VaeParts parts);

/* How many pixels a latent is wide: 2^(blocks-1). */
int64_t vae_factor(const VaeConfig *c);

/* rgb[N,H,W,3], sides multiples of the factor, to mean * scaling [N,h,w,Z];
 * `noise` (of that shape, or empty) adds exp(logvar / 2) * noise before scaling. */
Tensor vae_encode(Run *r, const Vae *m, Tensor rgb, Tensor noise);
/* latents[N,h,w,Z] to rgb[N,H,W,3]. */
Tensor vae_decode(Run *r, const Vae *m, Tensor latents);
/* The same in bands of `rows` (a multiple of 4) and one picture after the other: a
 * third of the memory, twice the work.  Only the sums of the norms' statistics
 * are rounded otherwise (nn/band.h). */
Tensor vae_decode_bands(Run *r, const Vae *m, Tensor latents, int64_t rows);

/* Bytes of scratch that decoding latents of this shape will take, with `rows` as
 * above or 0 for vae_decode; 0, with the reason in err, if that is not known. */
size_t vae_decode_plan(const Run *r, const Vae *m, Shape latents, int64_t rows, Err *err);
#endif
