/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <string.h>

bool memory_reserve(Arena *a, size_t bytes, Err *err)
{
    size_t mark = a->used;
    if (arena_take(a, bytes) == NULL)
        return err_set(err, ERR_MEMORY, "no memory for a puppet (%zu MiB)", bytes >> 20);
    arena_rewind(a, mark);
    return true;
}

void *memory_take(Arena *a, int64_t count, size_t size)
{
    void *p = arena_take(a, (size_t)count * size);
    must(p != NULL);
    return p;
}

void *memory_zeros(Arena *a, int64_t count, size_t size)
{
    return memset(memory_take(a, count, size), 0, (size_t)count * size);
}
