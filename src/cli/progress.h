#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H
#include "base/base.h"

/* How far the work is, on stderr: a bar that is redrawn if stderr is a
 * terminal, a line every few seconds if it is not.
 *
 *   drawing     [#########...............]  38 %  about 12 s left
 *
 * The time left comes from the pace of late, averaged exponentially. */
typedef struct Progress {
    bool is_terminal, has_color;
    int columns;
    double drawn;   /* when something was last shown */
    bool is_shown;  /* a bar is on the line of the cursor */
    char stage[48]; /* of which: */
    double began, last;
    int64_t done;
    double pace; /* seconds for one; 0: not known yet */
} Progress;

/* `has_color`: what NO_COLOR and TERM allow. */
void progress_init(Progress *p, bool is_terminal, bool has_color, int columns);

/* of == 0: nobody knows how long it will take. */
void progress_show(Progress *p, const char *stage, int64_t done, int64_t of);

/* Takes the bar away, so that a line can be written. */
void progress_hide(Progress *p);
#endif
