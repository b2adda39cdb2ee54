#ifndef MEDIA_ANIMATION_H
#define MEDIA_ANIMATION_H
#include "media/image.h"

/* Frames of one size that follow each other, as a file that plays.
 *
 *   GIF    alpha is all or nothing, from 128; one palette for all frames.  Up to
 *          255 colours (256 without transparency) are kept exactly, else see
 *          media/palette.h.  Time goes in hundredths of a second, and browsers
 *          stretch delays below 2, so no delay is.
 *   APNG   every pixel as it was; a reader that does not know of it shows the
 *          first frame.  Frames after it hold what changed.
 *   WebP   every pixel as it was, lossless, the smallest of the three.
 *
 * What a delay loses by rounding is carried to the next one, so that a clip
 * keeps its length.  The same frames give the same bytes. */
typedef struct Animation {
    const Image *frames; /* RGB or RGBA, all of one size */
    int count;           /* at least 1 */
    double frame_ms;     /* of each frame, */
    const double *ms;    /* or, unless NULL, of frame i */
    int plays;           /* 0: forever */
} Animation;

/* Each writes a file, or keeps its bytes in the arena.  False with the reason
 * if memory is short (`scratch` is left as it was), the frames differ in size,
 * or the file cannot be written. */
bool gif_save(const Animation *m, const char *path, Arena *scratch, Err *err) MUST_USE;
bool gif_encode(Arena *a, Bytes *out, const Animation *m, Err *err) MUST_USE;
bool apng_save(const Animation *m, const char *path, Arena *scratch, Err *err) MUST_USE;
bool apng_encode(Arena *a, Bytes *out, const Animation *m, Err *err) MUST_USE;
bool webp_save(const Animation *m, const char *path, Arena *scratch, Err *err) MUST_USE;
bool webp_encode(Arena *a, Bytes *out, const Animation *m, Err *err) MUST_USE;
#endif
