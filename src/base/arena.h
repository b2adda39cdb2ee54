#ifndef BASE_ARENA_H
#define BASE_ARENA_H
#include "base/base.h"

/* Big memory with one owner and one end.
 *
 * An Arena is a reserved stretch of addresses that is filled from the front.
 * Nothing in it is freed alone: it is rewound to a mark, or released whole.
 * Addresses never move.  "An Arena * in the arguments means the result lives
 * there."  Not for use by two threads at once.
 *
 * Built with AddressSanitizer, what is rewound is poisoned: a stale read
 * that an ordinary run would hide is found. */
typedef struct Arena {
    unsigned char *base; /* start of the reserved stretch */
    size_t used;         /* bytes taken; also the mark to rewind to */
    size_t committed;    /* bytes that the system has been asked for */
    size_t limit;        /* bytes that may be taken */
    size_t peak;         /* the most that was ever taken; may be set back to `used` */
    bool is_sparse;      /* little of it will be touched: it comes in small pages */
} Arena;

/* At most `limit` bytes will be given out (0: as much as addresses allow).
 * Nothing is taken from the system yet.  False if addresses are short. */
bool arena_init(Arena *a, size_t limit, Err *err) MUST_USE;
void arena_release(Arena *a);

/* `size` bytes at a 64-byte boundary (2 MiB if larger than that), not
 * cleared.  NULL if the limit or the machine is passed. */
void *arena_take(Arena *a, size_t size) MUST_USE;

/* The same, zeroed. */
void *arena_zeros(Arena *a, size_t size) MUST_USE;

/* A copy of a string; NULL as arena_take. */
char *arena_strdup(Arena *a, const char *s) MUST_USE;

/* Gives back everything taken since `mark` (a former value of a->used).  The pages stay, for
 * what is taken next: new ones cost more than most of what is done with them. */
void arena_rewind(Arena *a, size_t mark);

/* Gives the system the pages beyond the first `keep` bytes, and what is in use. */
void arena_trim(Arena *a, size_t keep);
#endif
