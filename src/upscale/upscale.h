#ifndef UPSCALE_UPSCALE_H
#define UPSCALE_UPSCALE_H
#include "media/image.h"
#include "models/rrdb.h"
#include "models/srvgg.h"

/* Pictures made larger by a network, with what they lack drawn in. */

/* ---- upscaler.c: a network that makes pictures larger ----------------------------------- */

typedef enum { UPSCALER_RRDB, UPSCALER_SRVGG } UpscalerKind;

typedef struct Upscaler {
    UpscalerKind kind;
    Rrdb rrdb;
    Srvgg srvgg;
    int scale;  /* times larger */
    int step;   /* sides of what it is given are multiples of this */
    int stages; /* that are tapped on the way through, for progress */
    int margin; /* pixels beyond a tile that its edge depends on visibly; of 4 */
    Arena weights;
} Upscaler;

/* A file that holds one of the networks that are known, told by its names and shapes.  False,
 * with a sentence, if it does not, and then there is nothing to close. */
bool upscaler_open(Upscaler *u, const char *path, const Kernels *kernels, Pool *pool,
                   Err *err) MUST_USE;
void upscaler_close(Upscaler *u);

/* "RRDBNet, 23 blocks of 64 channels, 4 times larger" */
void upscaler_text(const Upscaler *u, char *to, size_t room);

/* As rrdb_grow and rrdb_bytes. */
Tensor upscaler_grow(Run *r, const Upscaler *u, Tensor rgb);
int64_t upscaler_bytes(const Upscaler *u, int64_t H, int64_t W);

/* ---- tiles.c: pictures of any size through it ------------------------------------------- */

/* A picture is cut into tiles, each of which is seen with a margin around it that does not
 * come out, so that where they meet they agree. */
enum {
    TILE_LEAST = 32,
    TILE_MEMORY = 1536 << 20, /* bytes that a tile may take if nothing else is asked for */
    UPSCALE_MOST = 200 << 20, /* pixels of a result */
};

typedef struct Tiling {
    int side; /* of tiles without margins, as cut; less at the end */
    int columns, rows;
    int64_t bytes; /* that a tile takes at most, kernels' own room not counted */
} Tiling;

/* `side`: pixels, or 0 for the largest that TILE_MEMORY allows. */
Tiling tiling_for(const Upscaler *u, int w, int h, int64_t side);

/* How far it is. */
typedef struct UpscaleTold {
    void (*progress)(void *user, int64_t done, int64_t of); /* may be NULL */
    void *user;
} UpscaleTold;

/* The picture, upscaler.scale times larger, in the arena; RGBA and of 16 bits if it was, and
 * without colour if it had none.  Transparent
 * pixels' colours are those near by, so that no fringe appears; alpha goes through the network
 * as a grey picture.  `r` computes, in its scratch.  Empty with the reason, cancelling too. */
Image upscaled(Arena *a, Run *r, const Upscaler *u, Image im, int64_t tile, UpscaleTold told,
               Err *err) MUST_USE;
#endif
