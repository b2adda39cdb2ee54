#ifndef MODELS_RRDB_H
#define MODELS_RRDB_H
#include "nn/bind.h"

/* RRDBNet, which makes pictures larger and draws what they lack: ESRGAN (arXiv
 * 1809.00219) and Real-ESRGAN (2107.10833).
 *
 *   dense(x)   x + 0.2 conv5(x, y1..y4),  yk = leaky(convk(x, y1..yk-1))
 *   block(x)   x + 0.2 dense(dense(dense(x)))
 *
 *   x - [fold] - conv_first -+- block*N - conv_body -+- ( grow 2, conv_up, leaky )*ups
 *                            +-----------------------+
 *     - conv_hr - leaky - conv_last
 *
 * 3x3 convolutions, leaky(x) = x < 0 ? 0.2 x : x; fold lays squares of pixels
 * into channels, so that a file that grows twice two times makes twice as large
 * if it folds by 2.  Widths, blocks, ups and fold come from the file's shapes.
 *
 * The dense blocks write beside what they read, so nothing is copied; what
 * comes after the blocks is computed in bands of rows, to the same numbers but
 * for Winograd's rounding.  Does not change once bound; any number of Runs may
 * share one. */

enum { RRDB_UPS = 3, RRDB_DENSE = 5, RRDB_BLOCKS = 64, RRDB_WIDTH = 512 };

typedef struct RrdbDense {
    Conv conv[RRDB_DENSE]; /* the last with its 0.2, or 0.04 if it ends a block */
} RrdbDense;

typedef struct Rrdb {
    int64_t width, growth; /* channels; those a convolution adds */
    int blocks, ups, fold;
    Conv first, body, up[RRDB_UPS], hr, last;
    RrdbDense *dense;   /* [3 * blocks] */
    const float *leaky; /* [max(width, growth)] times 0.2 */
} Rrdb;

/* The file's RRDBNet under the names of today ("body.0.rdb1.conv1.weight"),
 * from those, or from either of ESRGAN's ("model.1.sub.0.RDB1.conv1.0.weight",
 * "RRDB_trunk.0.RDB1.conv1.weight"), at the top or below "params_ema" or
 * "params".  Views into `file`, which must outlive it.  NULL if there is none. */
Weights *rrdb_view(const Weights *file) MUST_USE;

/* `b` is over such a view.  False if the file is none that fits; the Binder
 * has the reason. */
bool rrdb_bind(Rrdb *m, Bind *b) MUST_USE;

/* How many times larger: 1, 2, 4 or 8. */
int rrdb_scale(const Rrdb *m);

/* rgb[1,H,W,3] in 0..1 to [1,H*scale,W*scale,3], not clamped; H and W are
 * multiples of fold. */
Tensor rrdb_grow(Run *r, const Rrdb *m, Tensor rgb);

/* Bytes of scratch that rrdb_grow takes for H x W pixels, the result included,
 * but for what convolutions need on the way. */
int64_t rrdb_bytes(const Rrdb *m, int64_t H, int64_t W);
#endif
