/* SPDX-License-Identifier: MIT */
#include "upscale/upscale.h"

#include <stdio.h>

/* 23 blocks see 345 pixels far, but hardly: with 32 what Real-ESRGAN x4plus makes of a photo
 * differs by up to 16 levels from what it makes without tiles, with 64 by 1. */
enum { RRDB_MARGIN = 64 };

static bool bind_as(Upscaler *u, Bind *b)
{
    if (u->kind == UPSCALER_RRDB) {
        if (!rrdb_bind(&u->rrdb, b))
            return false;
        u->scale = rrdb_scale(&u->rrdb);
        u->step = u->rrdb.fold;
        u->stages = u->rrdb.blocks;
        u->margin = RRDB_MARGIN;
        return true;
    }
    if (!srvgg_bind(&u->srvgg, b))
        return false;
    u->scale = u->srvgg.scale;
    u->step = u->stages = 1;
    u->margin = (int)div_up(u->srvgg.convs, 4) * 4; /* exact: each sees a pixel further */
    return true;
}

static bool bind_view(Upscaler *u, const Weights *view, const Kernels *kernels, Pool *pool,
                      Err *err)
{
    Binder binder;
    binder_init(&binder, view);
    Bind bind = {.binder = &binder, .arena = &u->weights, .kernels = kernels, .pool = pool};
    bool is_bound = bind_as(u, &bind), ok = binder_done(&binder, NULL, err) && is_bound;
    binder_release(&binder);
    return ok;
}

bool upscaler_open(Upscaler *u, const char *path, const Kernels *kernels, Pool *pool, Err *err)
{
    *u = (Upscaler){.kind = UPSCALER_RRDB};
    Weights *file = weights_open(path, err);
    if (file == NULL)
        return false;
    Weights *view = rrdb_view(file);
    if (view == NULL) {
        u->kind = UPSCALER_SRVGG;
        view = srvgg_view(file);
    }
    bool ok =
        view != NULL ||
        err_set(err, ERR_INPUT,
                "'%s' holds no upscaler that is known: RRDBNet, as ESRGAN and Real-ESRGAN "
                "have it, or SRVGG, the compact one of Real-ESRGAN",
                path);
    ok = ok && arena_init(&u->weights, 0, err);
    if (ok && !bind_view(u, view, kernels, pool, err)) {
        err_prefix(err, "'%s': ", path);
        arena_release(&u->weights);
        ok = false;
    }
    weights_close(view);
    weights_close(file);
    return ok;
}

void upscaler_close(Upscaler *u)
{
    arena_release(&u->weights);
}

void upscaler_text(const Upscaler *u, char *to, size_t room)
{
    if (u->kind == UPSCALER_RRDB)
        snprintf(to, room, "RRDBNet, %d blocks of %lld channels, %d times larger",
                 u->rrdb.blocks, (long long)u->rrdb.width, u->scale);
    else
        snprintf(to, room, "SRVGG, %d convolutions of %lld channels, %d times larger",
                 u->srvgg.convs, (long long)u->srvgg.width, u->scale);
}

Tensor upscaler_grow(Run *r, const Upscaler *u, Tensor rgb)
{
    return u->kind == UPSCALER_RRDB ? rrdb_grow(r, &u->rrdb, rgb)
                                    : srvgg_grow(r, &u->srvgg, rgb);
}

int64_t upscaler_bytes(const Upscaler *u, int64_t H, int64_t W)
{
    return u->kind == UPSCALER_RRDB ? rrdb_bytes(&u->rrdb, H, W) : srvgg_bytes(&u->srvgg, H, W);
}
