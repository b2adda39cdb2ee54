#ifndef MEDIA_GIF_H
#define MEDIA_GIF_H
#include "media/image.h"

/* Animated GIF (GIF89a): frames of one size under one palette.
 *
 * Alpha is all or nothing, from 128.  A frame's rectangle is that of its
 * opaque pixels, and is cleared before the next (disposal 2).  GIF counts time
 * in hundredths of a second; what a delay loses by that is carried to the next
 * one, so that a clip keeps its length.  Browsers stretch delays below 2, so no
 * delay is.  Up to 255 colours (256 without transparency) are kept exactly;
 * else see media/palette.h. */
typedef struct Gif {
    const Image *frames; /* RGB or RGBA, all of one size */
    int count;           /* at least 1 */
    double frame_ms;     /* of each frame, */
    const double *ms;    /* or, unless NULL, of frame i */
    int plays;           /* 0: forever */
} Gif;

/* False with the reason if `scratch` is short (it is left as it was), the
 * frames differ in size, or the file cannot be written. */
bool gif_save(const Gif *g, const char *path, Arena *scratch, Err *err) MUST_USE;

/* The file's bytes, in the arena. */
bool gif_encode(Arena *a, Bytes *out, const Gif *g, Err *err) MUST_USE;
#endif
