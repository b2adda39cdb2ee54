/* SPDX-License-Identifier: MIT */
#include "media/internal.h"

#include "base/file.h"

#include <string.h>

void out_put(Out *o, const void *bytes, size_t n)
{
    if (o->is_full || n > OUT_LIMIT - o->size) {
        o->is_full = true;
        return;
    }
    if (n == 0)
        return; /* there may be no bytes to point at */
    if (o->size + n > o->room) {
        size_t room = o->room < 4096 ? 4096 : o->room * 2;
        while (room < o->size + n)
            room *= 2;
        o->data = xgrow(o->data, room, 1);
        o->room = room;
    }
    memcpy(o->data + o->size, bytes, n);
    o->size += n;
}

void out_byte(Out *o, int byte)
{
    unsigned char b = (unsigned char)byte;
    out_put(o, &b, 1);
}

void out_u16le(Out *o, int value)
{
    out_byte(o, value & 255);
    out_byte(o, value >> 8 & 255);
}

void out_u32le(Out *o, uint32_t value)
{
    out_u16le(o, (int)(value & 65535));
    out_u16le(o, (int)(value >> 16));
}

void out_u32be(Out *o, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        out_byte(o, (int)(value >> shift & 255));
}

void out_set_u32le(Out *o, size_t at, uint32_t value)
{
    if (o->is_full)
        return;
    must(at + 4 <= o->size);
    for (int i = 0; i < 4; i++)
        o->data[at + (size_t)i] = (unsigned char)(value >> (8 * i));
}

void out_release(Out *o)
{
    xfree(o->data);
    *o = (Out){0};
}

static bool out_fits(const Out *o, const char *what, Err *err)
{
    if (o->is_full)
        return err_set(err, ERR_MEMORY, "'%s' would be larger than %zu MiB", what,
                       OUT_LIMIT >> 20);
    return true;
}

bool out_save(Out *o, const char *path, Err *err)
{
    bool ok = out_fits(o, path, err) && file_save(path, o->data, o->size, err);
    out_release(o);
    return ok;
}

bool out_keep(Out *o, Arena *a, Bytes *bytes, Err *err)
{
    bool ok = out_fits(o, "the picture", err);
    void *p = ok ? arena_take(a, o->size) : NULL;
    if (p != NULL) {
        memcpy(p, o->data, o->size);
        *bytes = (Bytes){p, o->size};
    } else if (ok) {
        ok = err_set(err, ERR_MEMORY, "not enough memory for a picture file of %zu MiB",
                     o->size >> 20);
    }
    out_release(o);
    return ok;
}
