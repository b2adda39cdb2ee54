#ifndef CLI_LIVE_H
#define CLI_LIVE_H
#include "cli/show.h"
#include "media/image.h"

/* A picture in a terminal that changes in its place, above the line of the
 * cursor:
 *
 *   live_init(&l, way, rows, height)     of the terminal, 0: nobody knows
 *   live_show(&l, to, picture, &err)     again and again
 *   live_hide(&l, to)                    before other lines are written, and in
 *                                        the end
 *
 * The first takes room by new lines, all others go up, draw, and come back. */
typedef struct Live {
    ShowWay way;
    int rows;   /* of letters that it takes */
    int height; /* pixels in those */
    bool is_shown;
} Live;

void live_init(Live *l, ShowWay way, int rows, int height);

/* RGBA.  False, with the reason, if memory is short. */
bool live_show(Live *l, FILE *to, Image im, Err *err) MUST_USE;

/* Takes it away, and its room. */
void live_hide(Live *l, FILE *to);
#endif
