#ifndef SHEET_INTERNAL_H
#define SHEET_INTERNAL_H
#include "media/color.h"
#include "media/image.h"
#include "sheet/sheet.h"

/* ---- matte -------------------------------------------------------------------- */

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

/* The background as the border shows it, whatever that is: the median, the noise as above but
 * at most PAPER_NOISE; returns the share of the border within that. */
enum { PAPER_NOISE = 16 };
double ground_guess(Ground *g, Image im);

/* How a colour is explained as a mix of the key and a colour nearby. */
typedef struct Mix {
    float alpha, misfit; /* distance of the colour from the line, in levels */
    const unsigned char *figure;
} Mix;
Mix mix_of(const unsigned char *c, Rgb key, const unsigned char *figure);

/* q: the colour with the figure's in place of the key's share:
 * a (c - (1 - a) K) / a + (1 - a) F.  The first term alone would blow up the
 * noise of c where a is small. */
void mix_undo(unsigned char *q, const unsigned char *c, Rgb key, Mix m);

/* Clears from an RGBA picture the parts (of alpha above 0, touching by a side
 * or a corner) whose summed alpha is below `smallest` of the largest's, or
 * below eight pixels' if there is a larger one.  False, with the reason, if the
 * arena is short; it is left as it was. */
bool islands_drop(Arena *scratch, Image im, double smallest, Err *err) MUST_USE;

/* ---- sheet -------------------------------------------------------------------- */

/* What is known of frame i, counted through all clips. */
typedef struct Stance {
    const Image *frame;
    Rect solid;      /* its opaque part; w is 0 if there is none */
    Rect visible;    /* of any alpha */
    bool is_ground;  /* it stands, and is not empty */
    int foot;        /* lowest solid row */
    int root;        /* the body's column */
    int right, down; /* pixels that it moves */
} Stance;

/* Looks at every frame and decides how far each moves.  Returns the row in which
 * the feet are then: the lowest foot of all if nothing stands.  `sorted` has room
 * for a number a frame. */
int feet_place(Stance *stances, const SheetClip *clips, int count, const SheetOptions *o,
               int *sorted);

/* The rectangle that holds every moved frame; of no width if all are empty. */
Rect feet_crop(const Stance *stances, int count, bool keeps_frame);

/* Moved, cropped, made smaller; then outlined, then of few colours.  Fills the
 * sheet's cells, pivots, moved, cell_w, cell_h, scale and palette. */
bool cells_make(Sheet *s, Arena *a, const Stance *stances, int ground, const SheetOptions *o,
                Err *err) MUST_USE;

/* Lays the cells out and paints the pages. */
bool pages_make(Sheet *s, Arena *a, const SheetOptions *o, Err *err) MUST_USE;
#endif
