#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H
#include "base/base.h"

/* What memory there is, and amounts of it in words.  For any thread. */

/* Bytes that may be taken before the system takes from others: what it counts as available, or
 * what the program's group (cgroup) may still take, if that is less; SIZE_MAX if neither is
 * known. */
size_t memory_available(void);

/* The most bytes of memory that the program ever held at once; 0 if that is not known. */
size_t memory_peak(void);

/* "4G", "512M", "1.5g", "700000k": numbers of 1024 or its powers.  False if it is none, or is
 * not above 0. */
bool memory_read(size_t *bytes, const char *text) MUST_USE;
#endif
