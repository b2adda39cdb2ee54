/* SPDX-License-Identifier: MIT */
#include "media/aseprite.h"
#include "media/color.h"
#include "media/internal.h"

#include <string.h>
#include <zlib.h>

enum { FILE_MAGIC = 0xA5E0, FRAME_MAGIC = 0xF1FA, INDEXED_MOST = 255 };
enum {
    CHUNK_LAYER = 0x2004,
    CHUNK_CEL = 0x2005,
    CHUNK_PROFILE = 0x2007,
    CHUNK_TAGS = 0x2018,
    CHUNK_PALETTE = 0x2019,
    CHUNK_USER_DATA = 0x2020,
    CHUNK_SLICE = 0x2022
};

/* What is on its way: the bytes, and the frame and chunk that are open. */
typedef struct Writer {
    Out *out;
    const Aseprite *file;
    bool is_indexed;
    unsigned char *known; /* palette_memo, if indexed */
    size_t frame, chunk;  /* where they begin */
    int chunks;           /* of this frame */
} Writer;

static void zeros(Out *o, int n)
{
    while (n-- > 0)
        out_byte(o, 0);
}

static void put_string(Out *o, const char *s)
{
    out_u16le(o, (int)strlen(s));
    out_put(o, s, strlen(s));
}

static void begin_chunk(Writer *w, int type)
{
    w->chunk = w->out->size;
    out_u32le(w->out, 0);
    out_u16le(w->out, type);
}

static void end_chunk(Writer *w)
{
    out_set_u32le(w->out, w->chunk, (uint32_t)(w->out->size - w->chunk));
    w->chunks++;
}

static void put_header(Writer *w)
{
    Out *o = w->out;
    const Aseprite *f = w->file;
    out_u32le(o, 0); /* the size, when it is known */
    out_u16le(o, FILE_MAGIC);
    out_u16le(o, f->count);
    out_u16le(o, image_width(f->frames[0]));
    out_u16le(o, image_height(f->frames[0]));
    out_u16le(o, w->is_indexed ? 8 : 32);
    out_u32le(o, 1); /* opacities of layers count */
    out_u16le(o, f->ms[0]);
    zeros(o, 8);
    zeros(o, 4); /* index 0 is nothing */
    out_u16le(o, w->is_indexed ? f->palette->count + 1 : 0);
    out_byte(o, 1); /* pixels are square */
    out_byte(o, 1);
    zeros(o, 92);
}

static void put_profile(Writer *w)
{
    begin_chunk(w, CHUNK_PROFILE);
    out_u16le(w->out, 1); /* sRGB */
    zeros(w->out, 14);
    end_chunk(w);
}

static void put_palette(Writer *w)
{
    const Palette *p = w->file->palette;
    begin_chunk(w, CHUNK_PALETTE);
    out_u32le(w->out, (uint32_t)p->count + 1);
    out_u32le(w->out, 0);
    out_u32le(w->out, (uint32_t)p->count);
    zeros(w->out, 8);
    zeros(w->out, 6); /* nothing */
    for (int i = 0; i < p->count; i++) {
        out_u16le(w->out, 0);
        out_put(w->out, p->rgb[i], 3);
        out_byte(w->out, 255);
    }
    end_chunk(w);
}

static void put_layer(Writer *w)
{
    begin_chunk(w, CHUNK_LAYER);
    out_u16le(w->out, 3); /* visible, editable */
    zeros(w->out, 10);    /* an image; outermost; normal blending */
    out_byte(w->out, 255);
    zeros(w->out, 3);
    put_string(w->out, "character");
    end_chunk(w);
}

static void put_tags(Writer *w)
{
    const Aseprite *f = w->file;
    begin_chunk(w, CHUNK_TAGS);
    out_u16le(w->out, f->tag_count);
    zeros(w->out, 8);
    for (int i = 0; i < f->tag_count; i++) {
        out_u16le(w->out, f->tags[i].from);
        out_u16le(w->out, f->tags[i].to);
        out_byte(w->out, 0); /* forward */
        out_u16le(w->out, f->tags[i].plays);
        zeros(w->out, 6 + 3 + 1);
        put_string(w->out, f->tags[i].name);
    }
    end_chunk(w);
    for (int i = 0; i < f->tag_count; i++) {
        begin_chunk(w, CHUNK_USER_DATA);
        out_u32le(w->out, 2); /* a colour: black */
        zeros(w->out, 3);
        out_byte(w->out, 255);
        end_chunk(w);
    }
}

/* The pivot moves at frame i: a key of the slice is needed. */
static bool moves(const Spot *pivots, int i)
{
    return i == 0 || pivots[i].x != pivots[i - 1].x || pivots[i].y != pivots[i - 1].y;
}

static void put_pivot(Writer *w)
{
    const Aseprite *f = w->file;
    uint32_t keys = 0;
    for (int i = 0; i < f->count; i++)
        keys += moves(f->pivots, i);
    begin_chunk(w, CHUNK_SLICE);
    out_u32le(w->out, keys);
    out_u32le(w->out, 2); /* has pivots */
    out_u32le(w->out, 0);
    put_string(w->out, "pivot");
    for (int i = 0; i < f->count; i++) {
        if (!moves(f->pivots, i))
            continue;
        out_u32le(w->out, (uint32_t)i);
        zeros(w->out, 8);
        out_u32le(w->out, (uint32_t)image_width(f->frames[0]));
        out_u32le(w->out, (uint32_t)image_height(f->frames[0]));
        out_u32le(w->out, (uint32_t)f->pivots[i].x);
        out_u32le(w->out, (uint32_t)f->pivots[i].y);
    }
    end_chunk(w);
}

/* Indices as the file has them: 0 is nothing. */
static Image indexed(const Writer *w, Image part, Arena *scratch, Err *err)
{
    Palette p = *w->file->palette;
    p.is_see_through = true;
    Image im = palette_apply(scratch, &p, w->known, part, err);
    unsigned char *index = im.data;
    for (int64_t i = 0; index != NULL && i < tensor_count(im); i++)
        index[i] = (unsigned char)(index[i] == p.count ? 0 : index[i] + 1);
    return im;
}

static bool put_compressed(Out *o, Image im, Arena *scratch, Err *err)
{
    uLongf size = compressBound(tensor_bytes(im));
    unsigned char *bytes = arena_take(scratch, size);
    if (bytes == NULL || compress(bytes, &size, im.data, tensor_bytes(im)) != Z_OK)
        return err_set(err, ERR_MEMORY, "not enough memory to write a frame");
    out_put(o, bytes, size);
    return true;
}

static bool put_cel(Writer *w, Image frame, Arena *scratch, Err *err)
{
    Rect r = image_bounds(frame, w->is_indexed ? PALETTE_OPAQUE : 1);
    if (r.w == 0)
        return true;
    Image part = image_crop(scratch, frame, r, (Rgb){0}, err);
    if (w->is_indexed && !tensor_is_empty(part))
        part = indexed(w, part, scratch, err);
    if (tensor_is_empty(part))
        return false;
    begin_chunk(w, CHUNK_CEL);
    out_u16le(w->out, 0); /* the layer */
    out_u16le(w->out, r.x);
    out_u16le(w->out, r.y);
    out_byte(w->out, 255);
    out_u16le(w->out, 2); /* a compressed image */
    zeros(w->out, 7);
    out_u16le(w->out, r.w);
    out_u16le(w->out, r.h);
    bool ok = put_compressed(w->out, part, scratch, err);
    end_chunk(w);
    return ok;
}

static bool put_frame(Writer *w, int i, Arena *scratch, Err *err)
{
    Out *o = w->out;
    w->frame = o->size;
    w->chunks = 0;
    out_u32le(o, 0); /* its size; below, the number of chunks in both fields */
    out_u16le(o, FRAME_MAGIC);
    size_t counts = o->size;
    out_u16le(o, 0);
    out_u16le(o, w->file->ms[i]);
    zeros(o, 2 + 4);
    if (i == 0) {
        put_profile(w);
        if (w->is_indexed)
            put_palette(w);
        put_layer(w);
        put_tags(w);
        put_pivot(w);
    }
    bool ok = put_cel(w, w->file->frames[i], scratch, err);
    uint32_t old = w->chunks < 0xFFFF ? (uint32_t)w->chunks : 0xFFFF;
    out_set_u32le(o, w->frame, (uint32_t)(o->size - w->frame));
    out_set_u32le(o, counts, old | (uint32_t)w->file->ms[i] << 16);
    out_set_u32le(o, counts + 6, (uint32_t)w->chunks);
    return ok;
}

static bool write_aseprite(Out *o, const Aseprite *f, Arena *scratch, Err *err)
{
    must(f->count > 0 && f->count <= 65535 && f->tag_count <= 65535);
    size_t floor = scratch->used;
    Writer w = {.out = o, .file = f};
    w.is_indexed = f->palette != NULL && f->palette->count <= INDEXED_MOST;
    bool ok = true;
    if (w.is_indexed) {
        w.known = palette_memo(scratch, err);
        ok = w.known != NULL;
    }
    if (ok)
        put_header(&w);
    for (int i = 0; ok && i < f->count; i++) {
        size_t mark = scratch->used;
        ok = put_frame(&w, i, scratch, err);
        arena_rewind(scratch, mark);
    }
    if (ok)
        out_set_u32le(o, 0, (uint32_t)o->size);
    else
        out_release(o);
    arena_rewind(scratch, floor);
    return ok;
}

bool aseprite_save(const Aseprite *f, const char *path, Arena *scratch, Err *err)
{
    Out o = {0};
    return write_aseprite(&o, f, scratch, err) && out_save(&o, path, err);
}

bool aseprite_encode(Arena *a, Bytes *out, const Aseprite *f, Err *err)
{
    Out o = {0};
    return write_aseprite(&o, f, a, err) && out_keep(&o, a, out, err);
}
