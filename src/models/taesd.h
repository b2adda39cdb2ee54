#ifndef MODELS_TAESD_H
#define MODELS_TAESD_H
#include "nn/bind.h"

/* TAESD, a tiny autoencoder (github.com/madebyollin/taesd) that stands in for a
 * VAE: decoding costs a twentieth.
 *
 *   encode  rgb[N,H,W,3] - in - block - ( conv stride 2 - block*3 )*3 - out - z[N,H/8,W/8,Z]
 *   decode  z - 3 tanh(z / 3) - in, ReLU - ( block*3 - grow 2x - conv )*3 - block - out - rgb
 *   block   ReLU(x + conv(ReLU(conv(ReLU(conv(x))))))
 *
 * rgb is -1..1, as a VAE's; latents are those of the sampler, with a spread of
 * about 1, of the model family that the file was made for.  Widths come from
 * the file.  Halves may be bound alone.  Does not change once bound. */

enum { TAESD_STAGES = 4, TAESD_BLOCKS = 3 };

typedef struct TaesdBlock {
    Conv conv[3];
} TaesdBlock;

typedef struct Taesd {
    struct {
        Conv in, out;
        Conv resample[TAESD_STAGES]; /* before stages but the first; after those but the last */
        TaesdBlock block[TAESD_STAGES][TAESD_BLOCKS];
    } encoder, decoder;
} Taesd;

typedef struct TaesdParts {
    bool encoder, decoder;
} TaesdParts;

/* Understands diffusers' names ("decoder.layers.0") and the files of its author,
 * of one half each, where the decoder's numbers are one higher. */
bool taesd_bind(Taesd *m, Bind *b, TaesdParts parts) MUST_USE;
/* What binding these parts leaves over in sound files. */
const char *const *taesd_unread(TaesdParts parts);

/* rgb[N,H,W,3], sides multiples of 8, to latents [N,H/8,W/8,Z]. */
Tensor taesd_encode(Run *r, const Taesd *m, Tensor rgb);
/* latents[N,h,w,Z] to rgb[N,8h,8w,3]. */
Tensor taesd_decode(Run *r, const Taesd *m, Tensor latents);
#endif
