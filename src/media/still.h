#ifndef MEDIA_STILL_H
#define MEDIA_STILL_H
#include "media/image.h"

/* One picture to a file of the kind that its name ends in: .png, .webp, .jpg or .jpeg, in any
 * case.  PNG is exact; quality 100 of a WebP is, too, below that it and JPEG lose what is
 * seen least.  JPEG has no alpha: the picture is put on white. */
enum { STILL_LEAST = 1, STILL_EXACT = 100 };

/* Whether a file of this name can be written; false with a sentence that lists the kinds. */
bool still_is_known(const char *path, Err *err) MUST_USE;

/* C is 3 or 4.  `scratch` is left as it was.  False with the reason, and then the former file
 * is left. */
bool still_save(Image im, const char *path, int quality, Arena *scratch, Err *err) MUST_USE;
#endif
