#ifndef BASE_TEXT_H
#define BASE_TEXT_H
#include "base/base.h"

/* The one of `names` (ended by NULL) that `word` is most likely a slip of, or
 * NULL if none is near: a letter or two wrong, or cut short. */
const char *text_nearest(const char *word, const char *const *names);
#endif
