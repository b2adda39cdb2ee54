#ifndef SHEET_INTERNAL_H
#define SHEET_INTERNAL_H
#include "media/image.h"

/* Clears from an RGBA picture the parts (of alpha above 0, touching by a side
 * or a corner) whose summed alpha is below `smallest` of the largest's, or
 * below eight pixels' if there is a larger one.  False, with the reason, if the
 * arena is short; it is left as it was. */
bool islands_drop(Arena *scratch, Image im, double smallest, Err *err) MUST_USE;
#endif
