#ifndef BASE_POOL_H
#define BASE_POOL_H
#include "base/base.h"

/* Threads that share a job in small pieces.
 *
 * A job is cut into tiles; whoever is free takes the next.  Tiles must not
 * depend on each other, nor on which worker computes them: results may not
 * depend on the number of threads. */
typedef struct Pool Pool;

/* Computes one tile.  `worker` (0..threads-1) tells which scratch to use. */
typedef void (*TileFn)(void *job, int64_t tile, int worker);

/* Starts threads - 1 helpers; 0 means one thread for each core that this
 * process may use.  Never NULL. */
Pool *pool_new(int threads) MUST_USE;
void pool_free(Pool *p);

int pool_threads(const Pool *p);

/* Returns when every tile is done.  One caller at a time for a Pool; jobs do
 * not nest.  A NULL pool computes all tiles in the caller. */
void pool_run(Pool *p, int64_t tiles, TileFn fn, void *job);
#endif
