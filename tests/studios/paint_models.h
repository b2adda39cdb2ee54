#ifndef TESTS_PAINT_MODELS_H
#define TESTS_PAINT_MODELS_H
#include "studios/studio.h"

#include "golden.h"

/* The tiny models of tests/golden/paint as folders on disk, with values from names, and what
 * the studio makes of models beside what diffusers made.  All fail the test at once when
 * something is missing. */

/* A folder for one program of tests, with sd1/, sd2/, sdxl/ in it. */
void models_make(void);
void models_make_in(const char *dir); /* which is there */
void models_remove(void);
/* The folder alone. */
void folder_make(void);
/* The picture and the mask of paint/given, as init.png and mask.png in it. */
void save_given(void);
/* A file or folder of tests/golden where the model has its own. */
void link_to(const char *golden, const char *name);
void save_all(const Weights *w, const char *path);

/* folder/name, good until some calls later. */
const char *in_folder(const char *name);

/* The studio with these flags: {"steps", "8"}, ended by a row of NULL. */
typedef struct Flag {
    const char *name, *value;
} Flag;
bool paint_with(const Flag *flags, const StudioRun *talk, Err *err) MUST_USE;
bool studio_with(const Studio *studio, const Flag *flags, const StudioRun *talk,
                 Err *err) MUST_USE;
/* What it would run, to be freed with xfree; NULL if a flag is refused. */
void *studio_asked(const Studio *studio, const Flag *flags, Err *err) MUST_USE;

/* Every stage of the golden lies in folder/dump, within 1e-4 of its largest. */
void assert_stages(const Golden *g);
/* bytes.i of the golden is folder/file, but for 50 dB. */
void assert_picture(const Golden *g, int i, const char *file);
#endif
