#ifndef STUDIOS_PAINT_INTERNAL_H
#define STUDIOS_PAINT_INTERNAL_H
#include "paint/paint.h"

/* The studio around the room: make.c is the whole way, from the request to the files. */
bool paint_make(const Studio *studio, const PaintRequest *q, const StudioRun *talk,
                Err *err) MUST_USE;

/* ---- again.c ----------------------------------------------------------------------------- */

/* Fills in what the picture of the request was made of; what the person has given stays.  In
 * the arena.  Warns of what cannot be the same of a picture of the web UI. */
bool paint_again(const Studio *studio, PaintRequest *q, const StudioRun *talk, Arena *job,
                 Err *err) MUST_USE;

/* ---- save.c ------------------------------------------------------------------------------ */

/* Every picture is told to who watches frames, and becomes a file, unless the request's place
 * for it is "", which a program may ask for. */
bool paint_is_written(const PaintRequest *q);
bool paint_save(PaintWork *w, Err *err) MUST_USE;

/* ---- hash.c ------------------------------------------------------------------------------ */

/* By what names others know the files that a picture was made with: the first digits of
 * SHA-256, as the web UI has them; "" of what is no file of its own. */
typedef struct PaintHashes {
    char model[11], vae[11];
    char *loras; /* "fur: 0123456789ab, ink: ...", or NULL; xfree */
} PaintHashes;

/* Reads the files through; one that cannot be read has no hash. */
void paint_hash(PaintHashes *h, const PaintRequest *q);
void paint_hashes_release(PaintHashes *h);

/* ---- tell.c ------------------------------------------------------------------------------ */

/* What picture i was made of: as AUTOMATIC1111's web UI and its readers know it, under the key
 * "parameters"; and as JSON with the names of our flags, under "atelier".  Free with xfree. */
char *paint_parameters(const PaintWork *w, const PaintHashes *h, int64_t i) MUST_USE;
char *paint_settings(const PaintWork *w, int64_t i) MUST_USE;
/* What --hires-by calls the web UI's "Latent"; NULL if it has no such. */
const char *paint_upscaler(const char *theirs);
#endif
