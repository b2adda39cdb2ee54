#ifndef MEDIA_RESIZE_H
#define MEDIA_RESIZE_H
#include "media/image.h"

/* Pictures at another size, byte for byte as Pillow's Image.resize makes them.
 *
 * An output pixel is a weighted sum of the input pixels around it:
 *
 *   scale = in / out,  wide = max(scale, 1),  centre = (x + 1/2) * scale
 *   weight[i] = filter((i - centre + 1/2) / wide), made to sum to 1,
 *   for i from int(centre - support * wide + 1/2), as many on the right
 *
 * first along rows, then along columns; a pass whose size does not change is
 * left out.  (Pillow 13 does columns first where that is cheaper, mostly where a
 * picture becomes lower but wider; some bytes then differ by one.)  Weights are rounded to 22
 * binary digits, each pass to 8 bits, as Pillow does, so results are equal and not merely
 * close.
 *
 *   filter   support  formula
 *   box      0.5      1
 *   bilinear 1        1 - |x|
 *   bicubic  2        Keys' cubic with a = -1/2
 *   lanczos  3        sinc(x) sinc(x / 3)
 *
 * Nearest takes the pixel under the centre.  C may be 1, 3 or 4; RGBA is
 * multiplied by its alpha before and divided after, also as Pillow does.  Pictures
 * of 16 bits are resized alike, each pass rounded to 16 bits. */
typedef enum {
    RESIZE_NEAREST,
    RESIZE_BOX,
    RESIZE_BILINEAR,
    RESIZE_BICUBIC,
    RESIZE_LANCZOS
} ResizeFilter;

/* In the arena: always a copy, w x h (both above 0).  Empty, with the reason,
 * if memory is short. */
Image image_resize(Arena *a, Image im, int w, int h, ResizeFilter filter, Err *err) MUST_USE;

/* Pixel art from a larger RGBA picture: pixel (x, y) stands for a block,
 *
 *   columns round(left + x scale) to round(left + (x + 1) scale), rows alike,
 *
 * and is nothing unless half of the block is opaque (alpha >= 128), else that
 * one of its opaque pixels which is nearest, in OKLab, to all others: the colour
 * of the majority where there is one.  No colour arises, nothing is smeared,
 * alpha is 0 or 255.  Of blocks of more than 8 x 8 pixels about as many, evenly
 * spread, vote.  Beyond the picture there is nothing. */
typedef struct VoteGrid {
    double left, top, scale; /* scale >= 1 */
    int w, h;                /* of the result */
} VoteGrid;
Image image_vote(Arena *a, Image im, VoteGrid g, Err *err) MUST_USE;

/* The side of the squares of one colour that pictures of one size are made of,
 * all on one grid, whose lines are at left + i side, top + i side; 1 if there is
 * no such. */
int image_grid(const Image *frames, int count, int *left, int *top);

/* RGBA in place: colours times alpha, rounded; and back, cut off to whole
 * numbers (where alpha is 0 or 255 nothing changes). */
void image_premultiply(Image im);
void image_unpremultiply(Image im);
#endif
