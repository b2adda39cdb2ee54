#ifndef SHEET_INTERNAL_H
#define SHEET_INTERNAL_H
#include "media/color.h"
#include "media/image.h"

/* Levels between a pixel and a colour, in the channel where they differ most. */
int colour_distance(const unsigned char *p, Rgb k);

/* The value (0 to 255) below which `share` of a histogram lies. */
int quantile(const int *histogram, double share);

/* The background as it really came out. */
typedef struct Ground {
    Rgb key;
    int noise; /* distances up to this are background */
} Ground;

/* From the pixels of the border that are near the colour asked for: their
 * median, and 3/2 of the distance that 99 of 100 keep from it.  A border that
 * shows other things leaves the colour as it was asked. */
Ground ground_find(Image im, Rgb key);

/* Clears from an RGBA picture the parts (of alpha above 0, touching by a side
 * or a corner) whose summed alpha is below `smallest` of the largest's, or
 * below eight pixels' if there is a larger one.  False, with the reason, if the
 * arena is short; it is left as it was. */
bool islands_drop(Arena *scratch, Image im, double smallest, Err *err) MUST_USE;
#endif
