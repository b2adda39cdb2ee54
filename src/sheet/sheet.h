#ifndef SHEET_SHEET_H
#define SHEET_SHEET_H
#include "media/aseprite.h"
#include "media/color.h"
#include "media/image.h"
#include "media/palette.h"

/* Frames to a sprite sheet.
 *
 *   clips of frames - feet on one line - one crop, one scale - few colours,
 *   outline - cells - pages, and what engines read (sheet/export.h)
 *
 *   +------+ +------+ +------+     a row for each clip (more, if it has more
 *   | walk | | walk | | walk |     frames than a row may), cells of one size
 *   +------+ +------+ +------+     `pad` apart, nothing drawn between them
 *   +------+ +------+
 *   | jump | | jump |
 *   +------+ +------+
 *
 * Feet: a frame's foot row is its lowest row with alpha >= 128.  Frames that
 * stand are moved down until their foot rows agree.  Frames in the air are
 * moved as far as the middle one of their clip's standing frames (of all
 * clips', if the clip has none), so they stay as high above the ground as they
 * were drawn.
 *
 * Motion: where clips say in which column the body is (`root`), frames are
 * moved sideways until it is in the middle, or they stay and the pivot moves.
 *
 * Crop: the smallest rectangle that holds every frame, the same for all: no
 * frame is trimmed alone, so nothing jitters, and a character keeps its place
 * from clip to clip.
 *
 * Cell: with a side asked for, all frames become smaller by one number, as
 * pixel art: image_vote, so that no colour arises.  Art that was drawn with
 * large pixels gets these (image_grid), art that fits stays as it is. */
typedef struct SheetClip {
    const char *name;      /* of letters, digits, '-' and '_', at most 64: "walk_s" */
    const char *direction; /* "s", "se", "e", ... if there are several; NULL: one */
    const Image *frames;   /* RGB or RGBA; all frames of all clips of one size */
    int count;             /* at least 1 */
    double fps;            /* above 0, up to 100 */
    const int *ms;         /* or, unless NULL, frame i lasts so long: 1 to 65535 */
    bool is_loop;          /* else it plays once and stays */
    const bool *grounded;  /* frame i stands; NULL: all do */
    const int *root;       /* the column of frame i over which the body is; NULL: the middle */
} SheetClip;

typedef struct SheetOptions {
    int pad;                /* pixels between cells and around them */
    int columns;            /* cells in a row at most; 0: as many as the longest clip */
    bool keeps_frame;       /* cells as large as the frames (larger if feet moved) */
    bool keeps_places;      /* feet are not moved */
    bool in_place;          /* the body stays in the middle */
    int cell;               /* width and height of a cell, 8 to 4096; 0: of the crop */
    int colors;             /* at most so many in all frames, 2 to 256; 0: any */
    const Palette *palette; /* these, instead of `colors`; NULL: any */
    bool has_outline;       /* one pixel around the figure, of this colour */
    Rgb outline;
    int extrude;   /* pixels by which the edge of a cell is repeated around it; `pad`
                      must have room for two */
    int most_side; /* of a page; 0: SHEET_MOST_SIDE */
} SheetOptions;

typedef struct Sheet {
    const SheetClip *clips; /* the caller's */
    int clip_count;
    int count;          /* frames in all, clip after clip */
    const Image *cells; /* frame i, as it is shown: RGBA, no colour where alpha is 0 */
    const int *ms;      /* frame i lasts so long */
    const Spot *pivots; /* of frame i, in its cell: the body's column; just below the feet */
    const int *moved;   /* pixels of a cell that the body is right of where its clip began,
                           whether cells show it or not */
    const Image *pages; /* the sheet, RGBA */
    const int *page;    /* that frame i lies in, and where */
    const Rect *places; /* in it */
    int page_count;     /* 1, unless a side would pass most_side */
    int cell_w, cell_h;
    double scale;     /* pixels of a frame for one of a cell */
    bool has_palette; /* every opaque pixel is one of these */
    Palette palette;
    bool in_place;
} Sheet;

/* What most engines and graphics cards take. */
enum { SHEET_MOST_SIDE = 8192 };

/* All in the arena.  False with the reason: frames of different sizes, a name
 * that cannot be a file's or comes twice, nothing opaque in any frame, a cell
 * larger than a page, or memory short. */
bool sheet_make(Sheet *s, Arena *a, const SheetClip *clips, int count, const SheetOptions *o,
                Err *err) MUST_USE;

/* Writes only the frames: DIR/frames/0000.png and so on.  Files there that a
 * longer earlier run left, four digits and ".png" from `count` on, are removed. */
bool sheet_save_frames(const Image *frames, int count, const char *dir, Err *err) MUST_USE;

/* How well a clip closes: the mean difference from its last frame to its first
 * over that of neighbouring frames.  About 1 if it loops, more if it jumps.
 * Colours count as much as they are opaque.  1 if nothing moves at all, or for
 * fewer than three frames. */
double sheet_loop_jump(const Image *frames, int count);

/* Pictures in a grid, to look at: reference | skeleton | frame.  Each is made
 * to fit its cell (larger by whole pixels, smaller by Lanczos), in the middle,
 * over the background; an empty Image leaves its cell blank. */
typedef struct GridOptions {
    int columns, cell_w, cell_h, gap;
    Rgb background;
} GridOptions;
Image sheet_grid(Arena *a, const Image *pictures, int count, const GridOptions *o,
                 Err *err) MUST_USE;
#endif
