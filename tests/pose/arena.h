#ifndef TESTS_POSE_ARENA_H
#define TESTS_POSE_ARENA_H
#include "base/arena.h"

/* One arena for all tests of a program: cmocka takes it before the first and gives
 * it back after the last. */
static Arena arena;

static int take_arena(void **state)
{
    (void)state;
    Err err = {0};
    return arena_init(&arena, 1 << 26, &err) ? 0 : -1;
}

static int give_arena(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}
#endif
