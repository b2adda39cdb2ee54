#ifndef MEDIA_COLOR_H
#define MEDIA_COLOR_H
#include "media/image.h"

/* Pictures in other colours, frames and types.
 *
 * Colours are {r,g,b}; results that are new lie in the arena, empty with
 * ERR_MEMORY if it is short.  Any Image of C = 3 or 4 is taken unless said. */
typedef struct Rgb {
    unsigned char r, g, b;
} Rgb;

/* RGB: the picture over a flat colour, (c * a + under * (255 - a)) / 255
 * rounded.  A copy if it has no alpha. */
Image image_over(Arena *a, Image im, Rgb under, Err *err) MUST_USE;

/* RGBA, opaque if it had no alpha; RGB, alpha dropped.  Copies. */
Image image_to_rgba(Arena *a, Image im, Err *err) MUST_USE;
Image image_to_rgb(Arena *a, Image im, Err *err) MUST_USE;

/* The part of the picture in r; where r reaches outside, `outside` (opaque in
 * RGB, transparent black in RGBA). */
Image image_crop(Arena *a, Image im, Rect r, Rgb outside, Err *err) MUST_USE;

/* The rectangle, in the picture's own pixels, of the smallest frame with the
 * aspect w : h that holds the picture in its middle.  image_crop by it pads;
 * by {-r.x, -r.y, width, height} it takes the padding off again. */
Rect image_frame(Image im, int w, int h);

/* The smallest rectangle that holds every pixel with alpha >= at_least; the
 * whole picture if it has no alpha, {0,0,0,0} if no pixel counts. */
Rect image_bounds(Image im, int at_least);

/* True if some alpha is below 255. */
bool image_is_see_through(Image im);

/* [H,W,C] in f32: v / 255; or 2 * (v / 255) - 1, as networks like it. */
typedef enum { RANGE_UNIT, RANGE_SIGNED } Range;
Tensor image_to_f32(Arena *a, Image im, Range range, Err *err) MUST_USE;

/* A picture from f32 [H,W,C]: clamped to its range, then times 255 and rounded,
 * or cut off to whole numbers as the sprite networks' own scripts do.  NaN
 * becomes 0. */
typedef enum { TO_U8_ROUNDED, TO_U8_CUT } ToU8;
Image image_from_f32(Arena *a, Tensor t, Range range, ToU8 how, Err *err) MUST_USE;
#endif
