#ifndef MODELS_SRVGG_H
#define MODELS_SRVGG_H
#include "nn/bind.h"

/* The compact network of Real-ESRGAN (its "SRVGG"), which makes pictures larger
 * at a tenth of the cost of RRDBNet:
 *
 *   x - body.0 - PReLU - ( conv - PReLU )*n - conv - spread -+-
 *   x - nearest pixel ---------------------------------------+
 *
 * 3x3 convolutions; the last gives scale^2 pixels of three colours for one.
 * Width, depth and scale come from the file's shapes.  Does not change once
 * bound; any number of Runs may share one. */

enum { SRVGG_CONVS = 128, SRVGG_WIDTH = 512, SRVGG_SCALE = 8 };

typedef struct Srvgg {
    int64_t width;
    int convs, scale;    /* convolutions, the last included */
    Conv *conv;          /* [convs] */
    const float **slope; /* [convs - 1][width]: what is negative is multiplied by */
} Srvgg;

/* The file's network, found at the top or below "params_ema" or "params", as
 * rrdb_view.  NULL if there is none. */
Weights *srvgg_view(const Weights *file) MUST_USE;

/* `b` is over such a view.  False if the file is none that fits; the Binder
 * has the reason. */
bool srvgg_bind(Srvgg *m, Bind *b) MUST_USE;

/* rgb[1,H,W,3] in 0..1 to [1,H*scale,W*scale,3], not clamped. */
Tensor srvgg_grow(Run *r, const Srvgg *m, Tensor rgb);

/* Bytes of scratch that srvgg_grow takes, as rrdb_bytes. */
int64_t srvgg_bytes(const Srvgg *m, int64_t H, int64_t W);
#endif
