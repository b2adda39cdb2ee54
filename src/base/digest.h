#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H
#include "base/base.h"

/* SHA-256 of a file's bytes from `from` on, as 64 hexadecimal digits: the name by which others
 * know a model.  The file is read in pieces, never mapped: it counts towards nobody's memory.
 * A core does about 1 GB in a second, a third of that if it lacks SHA instructions.  False with
 * the reason.
 */
enum { DIGEST_ROOM = 65 };
bool file_sha256(char hex[DIGEST_ROOM], const char *path, size_t from, Err *err) MUST_USE;
#endif
