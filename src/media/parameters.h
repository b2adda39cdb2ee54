#ifndef MEDIA_PARAMETERS_H
#define MEDIA_PARAMETERS_H
#include "media/image.h"

/* What AUTOMATIC1111's web UI, and many after it, write into a picture under "parameters":
 *
 *   PROMPT, in any number of lines
 *   Negative prompt: NEGATIVE, likewise; or not there
 *   Steps: 20, Sampler: Euler a, Size: 512x768, Lora hashes: "fur: 1f2e, ink: 3c4d", ...
 *
 * A value with a comma, a colon or the end of a line in it is written as a string of JSON.
 * The settings are the last line that begins with "Steps: ", else the last of all; a line with
 * less than three pairs is none.  What follows them (templates of prompts) is passed over.
 * Keys are of letters, digits, spaces, "-", "_" and "/". */
enum { PARAMETERS_MOST = 128 };

typedef struct Parameters {
    const char *prompt, *negative; /* "" if there is none */
    int count;
    ImageText pair[PARAMETERS_MOST];
} Parameters;

/* Reads such a text; what it says lies in the arena.  False if it has no settings, or memory
 * is short. */
bool parameters_read(Parameters *p, const char *text, Arena *a) MUST_USE;

/* The value of the first pair of that key, or NULL. */
const char *parameters_get(const Parameters *p, const char *key);

/* A value as it stands in the settings: as it is, or as a string of JSON.  Free with xfree. */
char *parameters_value(const char *value) MUST_USE;
#endif
