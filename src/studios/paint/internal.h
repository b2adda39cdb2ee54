#ifndef STUDIOS_PAINT_INTERNAL_H
#define STUDIOS_PAINT_INTERNAL_H
#include "paint/paint.h"

/* The studio around the room: make.c is the whole way, from the request to the files. */
bool paint_make(const Studio *studio, const PaintRequest *q, const StudioRun *talk,
                Err *err) MUST_USE;

/* ---- again.c ----------------------------------------------------------------------------- */

/* Fills in what the picture of the request was made of; what the person has given stays.  In
 * the arena. */
bool paint_again(const Studio *studio, PaintRequest *q, Arena *job, Err *err) MUST_USE;

/* ---- save.c ------------------------------------------------------------------------------ */

/* Every picture as a file. */
bool paint_save(PaintWork *w, Err *err) MUST_USE;

/* ---- tell.c ------------------------------------------------------------------------------ */

/* What picture i was made of: as AUTOMATIC1111's web UI and its readers know it, under the key
 * "parameters"; and as JSON with the names of our flags, under "atelier".  Free with xfree. */
char *paint_parameters(const PaintWork *w, int64_t i) MUST_USE;
char *paint_settings(const PaintWork *w, int64_t i) MUST_USE;
#endif
