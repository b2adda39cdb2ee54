#ifndef SHEET_MATTE_H
#define SHEET_MATTE_H
#include "media/color.h"
#include "media/image.h"

/* Cutting a drawn figure out of a flat background.
 *
 * A network draws on a key colour; what comes back is c = a F + (1 - a) K,
 * with noise on K.  From c and K alone a and F cannot be had, but F is nearly
 * a colour a little further inside:
 *
 *   K      median of the frame's border, near the colour asked for
 *   sure   background where |c - K| (widest channel) is within the noise of
 *          the border; a mix where it is less than what the flat parts of the
 *          figure keep from K; figure from four pixels inside on
 *   edge   F is the inner colour nearby on whose line to K the pixel lies
 *          well, the further along the better; a is how far along, and the
 *          colour is c + (1 - a) (F - K).  Where no line fits, the pixel is
 *          the figure's own.  Either way it keeps no more of the key's hue
 *          than the figure nearby has.
 *
 * Then specks are dropped: parts smaller than a share of the largest, so that
 * a thrown weapon stays and noise does not.
 *
 * Measured with the truth known (tests/sheet/test_matte.c), mean error of
 * alpha at edges: 0.003 where they are sharp, 0.01 with noise of 4 levels, 0.03
 * where they are blurred over four pixels.  Over black or white the picture is
 * 1 to 9 levels off there, and tinted by the key by less than 3. */
typedef struct MatteOptions {
    Rgb key;         /* the colour that the background was asked to be */
    bool is_binary;  /* alpha 0 or 255 only, from 128 */
    double smallest; /* part kept, as a share of the largest; 0: 1/400 */
    Image character; /* its own picture, RGB(A), if there is one: the key's hue that
                        its colours do not have is taken from all of the figure */
} MatteOptions;

/* The candidate that is furthest from the picture's colours: whose least
 * distance (widest channel) to any pixel of alpha >= 128 is largest, the first
 * of equals.  Without candidates (count 0): magenta, green, blue, cyan,
 * yellow, red. */
Rgb matte_choose_key(Image im, const Rgb *candidates, int count);

/* RGBA in the arena, colour 0 where alpha is 0.  A picture that has alpha
 * below 255 anywhere is returned as a copy, only made binary if asked.
 * Empty, with ERR_MEMORY, if memory is short. */
Image matte_cut(Arena *a, Image im, const MatteOptions *o, Err *err) MUST_USE;
#endif
