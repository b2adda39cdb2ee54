#ifndef DIFFUSION_WINDOW_H
#define DIFFUSION_WINDOW_H
#include "base/base.h"

/* Which frames of a long clip are shown to the network together.
 *
 * A network with motion modules sees at most so many frames at once, so a
 * longer clip is covered by windows that overlap; where they do, predictions
 * are averaged.  Every window is full length and its frames are in order of
 * time, since the network counts them from 0.
 *
 *   closed, F = 24, size 16, overlap 4:  0..15 | 12..23,0..3
 *   open,   F = 24, size 16, overlap 4:  0..15 |  8..23
 *
 * Closed is Moore-AnimateAnyone's "uniform" rule: frames wrap, so that a walk
 * closes upon itself.  Open is for what happens once (a jump, a fall). */
typedef struct WindowRule {
    int size;    /* frames in a window; at most what the network allows */
    int overlap; /* frames shared by neighbours; below size */
    int stride;  /* 1: neighbouring frames only.  n: also windows that take each
                    2nd, 4th, ... 2^(n-1)th frame; closed only */
    bool is_open;
    int turn; /* shifts closed windows by bits of this number, backwards;
                 Moore always uses 0.  The step's index would move the seams */
} WindowRule;

typedef struct Windows {
    int64_t count;
    int64_t size;   /* frames in each: min(F, rule.size) */
    int64_t *frame; /* [count, size] */
} Windows;

/* The windows for F frames; one with all of them if they fit.  False if the
 * rule is senseless (overlap >= size, F out of 1..65536).  Release with
 * windows_release; safe on zeroed Windows. */
bool windows_init(Windows *w, const WindowRule *rule, int64_t F, Err *err) MUST_USE;
void windows_release(Windows *w);

static inline const int64_t *windows_at(const Windows *w, int64_t i)
{
    return w->frame + i * w->size;
}
#endif
