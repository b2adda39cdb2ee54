/* SPDX-License-Identifier: MIT */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MAX_THREADS = 256, SPINS = 4000 };

struct Pool {
    int threads;
    pthread_t helper[MAX_THREADS];
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_uint round; /* grows by one for each job */
    atomic_bool ends;
    atomic_int asleep;

    /* the job: written before `round` grows, read after */
    TileFn fn;
    void *job;
    int64_t tiles;
    _Alignas(64) atomic_llong next;
    _Alignas(64) atomic_int busy; /* helpers that have not finished this round */
};

typedef struct {
    Pool *pool;
    int index;
} Start;

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void take_tiles(Pool *p, int worker)
{
    for (;;) {
        int64_t tile = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
        if (tile >= p->tiles)
            return;
        p->fn(p->job, tile, worker);
    }
}

/* Waits a little by spinning, since jobs follow each other closely, then sleeps. */
static void await_round(Pool *p, unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&p->round) != seen)
            return;
        relax();
    }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->asleep, 1);
    while (atomic_load(&p->round) == seen)
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->asleep, 1);
    pthread_mutex_unlock(&p->lock);
}

static void *helper(void *arg)
{
    Start start = *(Start *)arg;
    xfree(arg);
    Pool *p = start.pool;
    for (unsigned seen = 0;; seen++) {
        await_round(p, seen);
        if (atomic_load(&p->ends))
            return NULL;
        take_tiles(p, start.index);
        atomic_fetch_sub_explicit(&p->busy, 1, memory_order_release);
    }
}

static int cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return CPU_COUNT(&set);
}

Pool *pool_new(int threads)
{
    Pool *p;
    must(posix_memalign((void **)&p, 64, sizeof *p) == 0);
    *p = (Pool){.threads = 1};
    int want = threads > 0 ? threads : cores();
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (int i = 1; i < want && i < MAX_THREADS; i++) {
        Start *start = xalloc(1, sizeof *start);
        *start = (Start){p, i};
        if (pthread_create(&p->helper[i], NULL, helper, start) != 0) {
            xfree(start);
            break;
        }
        p->threads = i + 1;
    }
    return p;
}

static void begin_round(Pool *p)
{
    atomic_fetch_add(&p->round, 1);
    if (atomic_load(&p->asleep) > 0) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
    }
}

void pool_free(Pool *p)
{
    if (p == NULL)
        return;
    atomic_store(&p->ends, true);
    begin_round(p);
    for (int i = 1; i < p->threads; i++)
        pthread_join(p->helper[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    xfree(p);
}

int pool_threads(const Pool *p)
{
    return p == NULL ? 1 : p->threads;
}

void pool_run(Pool *p, int64_t tiles, TileFn fn, void *job)
{
    if (p == NULL || p->threads == 1 || tiles <= 1) {
        for (int64_t i = 0; i < tiles; i++)
            fn(job, i, 0);
        return;
    }
    p->fn = fn;
    p->job = job;
    p->tiles = tiles;
    atomic_store(&p->next, 0);
    atomic_store(&p->busy, p->threads - 1);
    begin_round(p);
    take_tiles(p, 0);
    for (int spins = 0; atomic_load_explicit(&p->busy, memory_order_acquire) > 0; spins++) {
        if (spins < SPINS)
            relax();
        else
            sched_yield();
    }
}
