#ifndef SHEET_PAPER_H
#define SHEET_PAPER_H
#include "media/image.h"

/* Cutting a figure out of the paper that a person drew it on.
 *
 * Unlike a key colour (matte.h), white paper shows inside the figure too, in
 * eyes and in line art nearly everywhere, so only what can be reached from the
 * border is taken away:
 *
 *   paper    the median of the border, and its noise
 *   flood    from the border through paper, with a brush of 1, 3 or 5 pixels
 *            (for 256 and 1024 on the shorter side), so that gaps in a line
 *            narrower than that do not let it in; then a few pixels further
 *            with a fine one, into corners
 *   edge     the two pixels along the flood that are a mix of paper and a
 *            colour deeper in get the alpha and the colour that the mix tells
 *
 * Saturated paper is a key colour that nobody draws with: it is cut as matte.h
 * cuts, out of holes too.  Small pictures of few colours are pixel art: alpha
 * is 0 or 255 and no colour changes.
 *
 * Measured with the truth known (tests/sheet/test_paper.c), mean error of alpha
 * at the outer edges of an ink drawing: 0.004, with noise of 4 levels 0.008. */

/* Whether three fifths of the border or more are of one colour, within 16
 * levels: otherwise nothing tells what is paper. */
bool paper_is_flat(Image im);

/* RGBA in the arena, colour 0 where alpha is 0; all of it 0 if the picture shows
 * nothing but paper.  im must be opaque.  Empty, with ERR_MEMORY, if memory is
 * short. */
Image paper_cut(Arena *a, Image im, Err *err) MUST_USE;
#endif
