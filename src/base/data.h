#ifndef BASE_DATA_H
#define BASE_DATA_H
#include "base/base.h"

/* The product's own files: models/NAME.  They are looked for beside the program
 * that runs, then beside the library that holds this code: one or two folders
 * up (a checkout), in share/atelier of the folders above (an installation), and
 * last where the build was told to install. */

/* The path of "models/sprite-mini", or NULL.  Free with xfree. */
char *data_find(const char *name) MUST_USE;
#endif
