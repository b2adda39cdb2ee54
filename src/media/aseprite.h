#ifndef MEDIA_ASEPRITE_H
#define MEDIA_ASEPRITE_H
#include "media/image.h"
#include "media/palette.h"

/* Aseprite's own file: frames that last differently, named stretches of them,
 * and a slice "pivot" that says for each frame where the figure stands.
 *
 *   file   header  frame*
 *   frame  colour profile, palette, layer, tags, slice (in the first)  cel
 *
 * One layer; a cel is the visible part of a frame, compressed by zlib.  With a
 * palette of at most 255 colours pixels are indices, of which 0 is nothing and
 * i + 1 is the palette's colour i; else they are RGBA.  (docs/ase-file-specs.md
 * of Aseprite 1.3)  The same frames give the same bytes. */
typedef struct AsepriteTag {
    const char *name;
    int from, to; /* frames, inclusive */
    int plays;    /* 0: forever */
} AsepriteTag;

/* A place in a frame, in pixels from its top left. */
typedef struct Spot {
    int x, y;
} Spot;

typedef struct Aseprite {
    const Image *frames; /* RGBA, all of one size, at most 65535 on a side */
    int count;           /* 1 to 65535 */
    const int *ms;       /* frame i lasts so long: 1 to 65535 */
    const Spot *pivots;  /* of frame i */
    const AsepriteTag *tags;
    int tag_count;
    const Palette *palette; /* NULL: RGBA */
} Aseprite;

/* False with the reason if memory is short (`scratch` is left as it was) or
 * the file cannot be written. */
bool aseprite_save(const Aseprite *f, const char *path, Arena *scratch, Err *err) MUST_USE;
bool aseprite_encode(Arena *a, Bytes *out, const Aseprite *f, Err *err) MUST_USE;
#endif
