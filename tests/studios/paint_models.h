#ifndef TESTS_PAINT_MODELS_H
#define TESTS_PAINT_MODELS_H
#include "studios/studio.h"

/* The tiny models of tests/golden/paint as folders on disk, with values from names.  All fail
 * the test at once when something is missing. */

/* A folder for one program of tests, with sd1/, sd2/, sdxl/ in it. */
void models_make(void);
void models_remove(void);

/* folder/name, good until some calls later. */
const char *in_folder(const char *name);

/* The studio with these flags: {"steps", "8"}, ended by a row of NULL. */
typedef struct Flag {
    const char *name, *value;
} Flag;
bool paint_with(const Flag *flags, const StudioRun *talk, Err *err) MUST_USE;
#endif
