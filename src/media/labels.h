#ifndef MEDIA_LABELS_H
#define MEDIA_LABELS_H
#include "media/image.h"

/* Pictures of labels: an indexed PNG whose indices, not whose colours, say what
 * each pixel is.  An Image of C = 1. */

/* In the arena.  Refused, in a sentence: what image_load refuses, what is no
 * PNG, and one that is neither indexed nor grey. */
Image labels_load(Arena *a, const char *path, Err *err) MUST_USE;
/* The same of bytes; `name` is the subject of the message. */
Image labels_decode(Arena *a, const void *bytes, size_t size, const char *name,
                    Err *err) MUST_USE;

/* rgb: a colour for each of `count` labels (up to 256), to look at. */
bool labels_save(Image labels, const unsigned char (*rgb)[3], int count, const char *path,
                 Err *err) MUST_USE;
#endif
