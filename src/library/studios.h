#ifndef LIBRARY_STUDIOS_H
#define LIBRARY_STUDIOS_H
#include "studios/studio.h"

/* Every studio there is, in the order in which a person wants to read of them.
 * The one list for the command line and the library. */
int studios_count(void);
const Studio *studios_at(int i);

/* NULL if there is none; then *nearest, if not NULL, is the name that was
 * probably meant, or NULL. */
const Studio *studios_named(const char *name, const char **nearest);
#endif
