#ifndef SHEET_SHEET_H
#define SHEET_SHEET_H
#include "media/color.h"
#include "media/image.h"

/* Frames to a sprite sheet.
 *
 *   clips of frames - feet on one line - one crop - cells - sheet, GIFs, JSON
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
 * Crop: the smallest rectangle that holds every frame, the same for all: no
 * frame is trimmed alone, so nothing jitters, and a character keeps its place
 * from clip to clip. */
typedef struct SheetClip {
    const char *name;     /* of letters, digits, '-' and '_', at most 64 */
    const Image *frames;  /* RGB or RGBA; all frames of all clips of one size */
    int count;            /* at least 1 */
    double fps;           /* above 0, up to 100 */
    bool is_loop;         /* else it plays once and stays */
    const bool *grounded; /* frame i stands; NULL: all do */
} SheetClip;

typedef struct SheetOptions {
    int pad;           /* pixels between cells and around them */
    int columns;       /* cells in a row at most; 0: as many as the longest clip */
    bool keeps_frame;  /* cells as large as the frames (taller if feet moved) */
    bool keeps_places; /* feet are not moved */
} SheetOptions;

typedef struct Sheet {
    const SheetClip *clips; /* the caller's */
    int clip_count;
    int count;          /* frames in all, clip after clip */
    const Image *cells; /* frame i, moved and cropped */
    const Rect *places; /* where it lies in the picture */
    Image picture;      /* the sheet, RGBA */
    int cell_w, cell_h;
    int pivot_x, pivot_y; /* in a cell: the frame's middle; just below the feet */
} Sheet;

enum { SHEET_MAX_SIDE = 16384 };

/* All in the arena.  False with the reason: frames of different sizes, a name
 * that cannot be a file's or comes twice, nothing opaque in any frame, a sheet
 * larger than SHEET_MAX_SIDE, or memory short. */
bool sheet_make(Sheet *s, Arena *a, const SheetClip *clips, int count, const SheetOptions *o,
                Err *err) MUST_USE;

/* Writes into the folder, which is made if need be:
 *
 *   sheet.png         the sheet, with `texts` in it
 *   sheet.json        Aseprite's array form: frames, durations, tags, pivot
 *   frames/0000.png   each cell, numbered through all clips
 *   NAME.gif          each clip
 *
 * `scratch` is left as it was. */
bool sheet_save(const Sheet *s, const char *dir, const ImageText *texts, int count,
                Arena *scratch, Err *err) MUST_USE;

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
