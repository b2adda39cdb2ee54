#ifndef MEDIA_STILL_H
#define MEDIA_STILL_H
#include "media/image.h"

/* One picture to a file of the kind that its name ends in: .png, .webp, .jpg or .jpeg, in any
 * case.  PNG is exact; quality 100 of a WebP is, too, below that it and JPEG lose what is
 * seen least.  JPEG has no alpha: the picture is put on white.  A picture of 16
 * bits stays one as PNG, and is rounded to 8 in the others.
 *
 * Texts are kept as image_text finds them: in a JPEG and a WebP only those that have a place
 * in EXIF.  A JPEG has room for 64 KiB of them; if they are more, the longest are left out. */
enum { STILL_LEAST = 1, STILL_EXACT = 100 };

typedef struct StillOptions {
    int quality; /* of JPEG and WebP */
    const ImageText *texts;
    int count;
} StillOptions;

/* Whether a file of this name can be written; false with a sentence that lists the kinds. */
bool still_is_known(const char *path, Err *err) MUST_USE;

/* C is 3 or 4.  `scratch` is left as it was.  False with the reason, and then the former file
 * is left.  The same picture and options give the same bytes. */
bool still_save(Image im, const char *path, StillOptions options, Arena *scratch,
                Err *err) MUST_USE;
#endif
