#ifndef NN_BAND_H
#define NN_BAND_H
#include "nn/nn.h"

/* A residual block over a picture so large that memory cannot hold several of
 * its kind, band by band:
 *
 *   x - ( grow 2x - conv )? - a - norm1, SiLU, conv1 - b - norm2, SiLU, conv2 - + - y
 *                             '-------------------- shortcut -------------------'
 *
 * Each norm is of the whole picture, so what is before it is computed twice:
 * once for its statistics, once for what follows.  Only x and y are ever whole,
 * and where they have one shape, y takes x's place.
 *
 * The outcome is that of nn_residual but for the rounding of the statistics'
 * sums: bands overlap by whole tiles of the convolutions. */
typedef struct BandBlock {
    const Conv *grow; /* the convolution after growing; or NULL: x is a */
    const Residual *residual;
    int64_t rows; /* of a in a band: a multiple of 4 */
} BandBlock;

/* Of x[1,h,w,C] in scratch, which is changed if y takes its place. */
Tensor nn_residual_bands(Run *r, const BandBlock *k, Tensor x);
#endif
