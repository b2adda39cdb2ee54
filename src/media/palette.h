#ifndef MEDIA_PALETTE_H
#define MEDIA_PALETTE_H
#include "media/image.h"

/* Few colours for many frames.
 *
 * One palette serves all frames, so that a still part of a clip does not
 * flicker.  If the frames have no more colours than fit, the palette is exactly
 * those.  Else colours are gathered in 64^3 bins, cut into boxes of least
 * spread in OKLab (where equal distances look equally different), and settled
 * by k-means.  A bin weighs the square root of its pixels: a large coat does
 * not drown the eyes.  Pixels with alpha below PALETTE_OPAQUE have no colour. */
enum { PALETTE_MOST = 256, PALETTE_OPAQUE = 128 };

typedef struct Palette {
    int count;
    bool is_exact;       /* every opaque pixel has its own colour here */
    bool is_see_through; /* index `count` stands for "nothing" */
    unsigned char rgb[PALETTE_MOST][3];
} Palette;

/* `most` (2 to 256) counts the index for "nothing" too, if a frame needs it.
 * A palette of no opaque pixel is one black.  False if `scratch` is short; it
 * is left as it was. */
bool palette_make(Palette *p, Arena *scratch, const Image *frames, int count, int most,
                  Err *err) MUST_USE;

/* The palette that a file holds, told apart by content: a GIMP palette (.gpl), a
 * JASC one (.pal), lines of six hexadecimal digits (.hex), or a picture, whose
 * opaque colours are taken in the order of reading.  Colours that come twice
 * count once.  False with the reason: none of these, no colour, more than
 * PALETTE_MOST, or a line that is none.  `name` is the subject of the message;
 * `scratch` is left as it was. */
bool palette_load(Palette *p, const char *path, Arena *scratch, Err *err) MUST_USE;
bool palette_decode(Palette *p, const void *bytes, size_t size, const char *name,
                    Arena *scratch, Err *err) MUST_USE;

/* Indices [H,W,1] of the nearest colours (in OKLab), in the arena.  `known`
 * is what palette_memo gave, shared by the frames. */
unsigned char *palette_memo(Arena *a, Err *err) MUST_USE;
Image palette_apply(Arena *a, const Palette *p, unsigned char *known, Image im,
                    Err *err) MUST_USE;

/* Writes a picture as an indexed PNG of at most `most` colours.  Alpha becomes
 * all or nothing at PALETTE_OPAQUE. */
bool image_save_indexed(Image im, const char *path, int most, Arena *scratch,
                        Err *err) MUST_USE;
#endif
