/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

/* Assertions stand outside of the tiles, since a helper cannot end a test:
 * tiles only write down what they saw. */

enum { MOST = 4, TILES = 500 };

typedef struct Seen {
    int threads;
    atomic_int times[TILES];        /* that a tile was computed */
    atomic_int inside[MOST];        /* tiles that a worker is in at this moment */
    atomic_int strangers, crowds;   /* indices out of range; two tiles in one worker */
    int64_t scratch[MOST], of_tile; /* plain memory: only its worker may write it */
    int64_t result[TILES];
} Seen;

/* Uses its worker's scratch as kernels do, and gives others time to meddle. */
static void look_round(void *job, int64_t tile, int worker)
{
    Seen *s = job;
    if (worker < 0 || worker >= s->threads) {
        atomic_fetch_add(&s->strangers, 1);
        return;
    }
    if (atomic_fetch_add(&s->inside[worker], 1) != 0)
        atomic_fetch_add(&s->crowds, 1);
    atomic_fetch_add(&s->times[tile], 1);
    s->scratch[worker] = tile * tile;
    if (tile % 16 == 0)
        sched_yield();
    s->result[tile] = s->scratch[worker] + s->of_tile;
    atomic_fetch_sub(&s->inside[worker], 1);
}

static void run_and_check(Pool *p, int64_t tiles, int64_t of_tile)
{
    static Seen s;
    s = (Seen){.threads = pool_threads(p), .of_tile = of_tile};
    assert_in_range(s.threads, 1, MOST);
    pool_run(p, tiles, look_round, &s);
    assert_int_equal(s.strangers, 0);
    assert_int_equal(s.crowds, 0);
    for (int64_t i = 0; i < TILES; i++) {
        assert_int_equal(s.times[i], i < tiles);
        assert_int_equal(s.result[i], i < tiles ? i * i + of_tile : 0);
    }
}

static void each_tile_is_computed_once_whatever_the_threads(void **state)
{
    (void)state;
    for (int threads = 1; threads <= MOST; threads++) {
        Pool *p = pool_new(threads);
        assert_int_equal(pool_threads(p), threads);
        run_and_check(p, TILES, 7);
        pool_free(p);
    }
}

static void few_tiles_do_for_many_threads(void **state)
{
    (void)state;
    Pool *p = pool_new(MOST);
    for (int64_t tiles = 0; tiles <= MOST + 1; tiles++)
        run_and_check(p, tiles, tiles);
    pool_free(p);
}

/* Helpers spin, sleep and wake between these; each job sees its own numbers. */
static void jobs_follow_each_other(void **state)
{
    (void)state;
    for (int threads = 2; threads <= MOST; threads++) {
        Pool *p = pool_new(threads);
        for (int64_t i = 0; i < 300; i++)
            run_and_check(p, i % 7 * 5, i);
        pool_free(p);
    }
}

typedef struct Sum {
    int64_t from, total[MOST];
} Sum;

static void add_up(void *job, int64_t tile, int worker)
{
    Sum *s = job;
    s->total[worker] += s->from + tile;
}

/* What a worker wrote is seen by whoever waited, and by the next job. */
static void sums_of_all_workers_are_whole(void **state)
{
    (void)state;
    Pool *p = pool_new(3);
    Sum s = {0};
    for (int64_t i = 0; i < 2000; i++) {
        s.from = i;
        pool_run(p, 10, add_up, &s);
        int64_t all = s.total[0] + s.total[1] + s.total[2] + s.total[3];
        assert_int_equal(all, 10 * i * (i + 1) / 2 + 45 * (i + 1));
    }
    pool_free(p);
}

static void a_helper_that_slept_is_woken(void **state)
{
    (void)state;
    Pool *p = pool_new(MOST);
    for (int64_t i = 0; i < 5; i++) {
        /* longer than helpers spin, however slow the machine: time only makes
         * the case rarer, never the result other */
        struct timespec nap = {.tv_nsec = 5 * 1000 * 1000};
        nanosleep(&nap, NULL);
        run_and_check(p, TILES, i);
    }
    pool_free(p);
}

typedef struct Meeting {
    atomic_int arrived;
    int threads;
    int worker[MOST];
} Meeting;

/* Nobody leaves before all are there, so no two of these share a thread. */
static void meet(void *job, int64_t tile, int worker)
{
    Meeting *m = job;
    m->worker[tile] = worker;
    atomic_fetch_add(&m->arrived, 1);
    while (atomic_load(&m->arrived) < m->threads)
        sched_yield();
}

static void every_thread_takes_part(void **state)
{
    (void)state;
    for (int threads = 1; threads <= MOST; threads++) {
        Pool *p = pool_new(threads);
        Meeting m = {.threads = threads};
        int seen = 0;
        pool_run(p, threads, meet, &m);
        for (int i = 0; i < threads; i++)
            seen |= 1 << m.worker[i];
        assert_int_equal(seen, (1 << threads) - 1);
        pool_free(p);
    }
}

static void without_a_pool_the_caller_computes_all(void **state)
{
    (void)state;
    assert_int_equal(pool_threads(NULL), 1);
    run_and_check(NULL, TILES, 3);
    run_and_check(NULL, 0, 3);
    pool_free(NULL);
}

typedef struct Order {
    pthread_t caller;
    int64_t next;
    int mistakes;
} Order;

static void in_order(void *job, int64_t tile, int worker)
{
    Order *o = job;
    o->mistakes +=
        worker != 0 || tile != o->next++ || !pthread_equal(o->caller, pthread_self());
}

static void one_thread_is_the_caller_itself(void **state)
{
    (void)state;
    Pool *p = pool_new(1);
    Order o = {.caller = pthread_self()};
    pool_run(p, TILES, in_order, &o);
    assert_int_equal(o.mistakes, 0);
    assert_int_equal(o.next, TILES);
    pool_free(p);
}

/* Jobs do not nest in one pool: a tile computes what it needs without one. */
static void nest(void *job, int64_t tile, int worker)
{
    Sum *s = job, own = {.from = tile};
    pool_run(NULL, 4, add_up, &own);
    s->total[worker] += own.total[0];
}

static void a_tile_may_run_tiles_without_a_pool(void **state)
{
    (void)state;
    Pool *p = pool_new(MOST);
    Sum s = {0};
    pool_run(p, 100, nest, &s);
    assert_int_equal(s.total[0] + s.total[1] + s.total[2] + s.total[3], 4 * 4950 + 100 * 6);
    pool_free(p);
}

static void *own_pool(void *arg)
{
    int64_t *total = arg;
    Pool *p = pool_new(2);
    for (int i = 0; i < 200; i++) {
        Sum s = {.from = i};
        pool_run(p, 20, add_up, &s);
        *total += s.total[0] + s.total[1];
    }
    pool_free(p);
    return NULL;
}

static void pools_do_not_know_of_each_other(void **state)
{
    (void)state;
    enum { CALLERS = 3 };
    pthread_t caller[CALLERS];
    int64_t total[CALLERS] = {0};
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&caller[i], NULL, own_pool, &total[i]), 0);
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(caller[i], NULL);
        assert_int_equal(total[i], 20 * 19900 + 200 * 190);
    }
}

static void a_pool_need_not_be_used(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        pool_free(pool_new(1 + i % MOST));
}

static void zero_threads_are_as_many_as_this_process_may_use(void **state)
{
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    Pool *p = pool_new(0);
    assert_int_equal(pool_threads(p), CPU_COUNT(&all) < 256 ? CPU_COUNT(&all) : 256);
    pool_free(p);
    CPU_ZERO(&one);
    for (int i = 0; CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    p = pool_new(0);
    assert_int_equal(pool_threads(p), 1);
    pool_free(p);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tile_is_computed_once_whatever_the_threads),
        cmocka_unit_test(few_tiles_do_for_many_threads),
        cmocka_unit_test(jobs_follow_each_other),
        cmocka_unit_test(sums_of_all_workers_are_whole),
        cmocka_unit_test(a_helper_that_slept_is_woken),
        cmocka_unit_test(every_thread_takes_part),
        cmocka_unit_test(without_a_pool_the_caller_computes_all),
        cmocka_unit_test(one_thread_is_the_caller_itself),
        cmocka_unit_test(a_tile_may_run_tiles_without_a_pool),
        cmocka_unit_test(pools_do_not_know_of_each_other),
        cmocka_unit_test(a_pool_need_not_be_used),
        cmocka_unit_test(zero_threads_are_as_many_as_this_process_may_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
