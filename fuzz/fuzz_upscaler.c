/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "models/rrdb.h"
#include "models/srvgg.h"
#include "weights/internal.h"

enum { ROOM = 64 << 20, SIDE = 4 };

/* What binds computes, or says why not. */
static void grow(const Rrdb *rrdb, const Srvgg *srvgg, const Kernels *kernels, Arena *scratch)
{
    static float pixels[SIDE * SIDE * 3];
    Tensor x = tensor_over(pixels, TENSOR_F32, SHAPE(1, SIDE, SIDE, 3));
    Run r = {.kernels = kernels, .scratch = scratch};
    Tensor y = srvgg != NULL ? srvgg_grow(&r, srvgg, x) : rrdb_grow(&r, rrdb, x);
    must(tensor_is_empty(y) == (r.err.kind != ERR_NONE));
}

static void bind_view(const Weights *view, bool is_rrdb)
{
    Kernels kernels = kernels_for(KERNELS_REF);
    Binder binder;
    Arena arena, scratch;
    Err err = {0};
    Rrdb rrdb;
    Srvgg srvgg;
    must(arena_init(&arena, ROOM, &err) && arena_init(&scratch, ROOM, &err));
    binder_init(&binder, view);
    Bind bind = {.binder = &binder, .arena = &arena, .kernels = &kernels};
    bool is_bound = is_rrdb ? rrdb_bind(&rrdb, &bind) : srvgg_bind(&srvgg, &bind);
    bool ok = binder_done(&binder, NULL, &err) && is_bound;
    must(ok || err.kind != ERR_NONE);
    if (ok)
        grow(&rrdb, is_rrdb ? NULL : &srvgg, &kernels, &scratch);
    binder_release(&binder);
    arena_release(&arena);
    arena_release(&scratch);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Err err = {0};
    Weights *w = weights_new("fuzz");
    w->own_limit = size * 2;
    if (safetensors_read(w, data, size, &err) && weights_seal(w, &err)) {
        Weights *views[] = {rrdb_view(w), srvgg_view(w)};
        for (int i = 0; i < 2; i++) {
            if (views[i] != NULL)
                bind_view(views[i], i == 0);
            weights_close(views[i]);
        }
    }
    weights_close(w);
    return 0;
}
