/* SPDX-License-Identifier: MIT */
#include "media/animation.h"
#include "media/color.h"
#include "media/internal.h"
#include "media/palette.h"

#include <string.h>

/* Codes of growing width, packed from the low bit into blocks of up to 255
 * bytes.  (GIF89a specification, appendix F) */
enum { WIDEST = 12, CODES = 1 << WIDEST, SLOTS = 1 << 13 };
typedef struct Lzw {
    Out *out;
    unsigned char block[255];
    int used;
    uint32_t bits;
    int bit_count;
    int first_width, width; /* of a code, in bits */
    int next;               /* the code that the next string gets */
    /* strings known: a code and one more byte -> a code; 0 is a free slot */
    uint32_t keys[SLOTS];
    uint16_t codes[SLOTS];
} Lzw;

static void end_block(Lzw *z)
{
    if (z->used == 0)
        return;
    out_byte(z->out, z->used);
    out_put(z->out, z->block, (size_t)z->used);
    z->used = 0;
}

static void put_byte(Lzw *z)
{
    z->block[z->used++] = (unsigned char)z->bits;
    z->bits >>= 8;
    z->bit_count -= 8;
    if (z->used == 255)
        end_block(z);
}

static void put_code(Lzw *z, int code)
{
    z->bits |= (uint32_t)code << z->bit_count;
    z->bit_count += z->width;
    while (z->bit_count >= 8)
        put_byte(z);
}

static void forget(Lzw *z)
{
    put_code(z, 1 << (z->first_width - 1));
    z->width = z->first_width;
    z->next = (1 << (z->first_width - 1)) + 2;
    memset(z->keys, 0, sizeof z->keys);
}

/* The reader knows a string one code later than we do, so codes widen when
 * the new string's code no longer fits, not before. */
static void count_string(Lzw *z)
{
    if (z->next == 1 << z->width && z->width < WIDEST)
        z->width++;
    z->next++;
}

/* The slot of a string, or the free one where it belongs. */
static unsigned find_slot(const Lzw *z, uint32_t key)
{
    unsigned at = (key * 2654435761u) >> 19;
    while (z->keys[at] != 0 && z->keys[at] != key)
        at = (at + 1) % SLOTS;
    return at;
}

static void compress(Out *o, Image indices, Rect r, int depth)
{
    Lzw *z = xalloc(1, sizeof *z);
    z->out = o;
    z->first_width = z->width = depth + 1;
    out_byte(o, depth);
    forget(z);
    int prefix = -1;
    for (int64_t i = 0, n = (int64_t)r.w * r.h; i < n; i++) {
        int byte = *image_at(indices, r.x + (int)(i % r.w), r.y + (int)(i / r.w));
        if (prefix < 0) {
            prefix = byte;
            continue;
        }
        uint32_t key = ((uint32_t)prefix << 8 | (uint32_t)byte) + 1;
        unsigned slot = find_slot(z, key);
        if (z->keys[slot] == key) {
            prefix = z->codes[slot];
            continue;
        }
        put_code(z, prefix);
        prefix = byte;
        if (z->next == CODES) {
            forget(z);
            continue;
        }
        z->keys[slot] = key;
        z->codes[slot] = (uint16_t)z->next;
        count_string(z);
    }
    put_code(z, prefix);
    count_string(z);
    put_code(z, (1 << depth) + 1);
    if (z->bit_count > 0)
        put_byte(z);
    end_block(z);
    out_byte(o, 0);
    xfree(z);
}

static int bits_for(int colours)
{
    int bits = 1;
    while (1 << bits < colours)
        bits++;
    return bits;
}

static void put_head(Out *o, const Animation *m, const Palette *p, int bits)
{
    out_put(o, "GIF89a", 6);
    out_u16le(o, image_width(m->frames[0]));
    out_u16le(o, image_height(m->frames[0]));
    out_byte(o, 0x80 | 7 << 4 | (bits - 1)); /* a shared table of 2^bits colours */
    out_byte(o, p->is_see_through ? p->count : 0);
    out_byte(o, 0);
    for (int i = 0; i < 1 << bits; i++)
        out_put(o, i < p->count ? p->rgb[i] : (const unsigned char[3]){0}, 3);
    if (m->plays == 1)
        return;
    out_put(o, "\x21\xff\x0bNETSCAPE2.0\x03\x01", 16);
    out_u16le(o, m->plays == 0 ? 0 : m->plays - 1);
    out_byte(o, 0);
}

static void put_frame(Out *o, Image indices, Rect r, const Palette *p, int centiseconds)
{
    enum { CLEARS = 2 << 2 };
    out_put(o, "\x21\xf9\x04", 3);
    out_byte(o, CLEARS | (p->is_see_through ? 1 : 0));
    out_u16le(o, centiseconds);
    out_byte(o, p->is_see_through ? p->count : 0);
    out_byte(o, 0);
    out_byte(o, 0x2c);
    out_u16le(o, r.x);
    out_u16le(o, r.y);
    out_u16le(o, r.w);
    out_u16le(o, r.h);
    out_byte(o, 0);
    int bits = bits_for(p->count + (p->is_see_through ? 1 : 0));
    compress(o, indices, r, bits < 2 ? 2 : bits);
}

/* Moves `shown` (hundredths so far) on by a frame that should end at `ends`. */
static int delay(double ends_ms, int64_t *shown)
{
    int64_t cs = (int64_t)(ends_ms / 10 + 0.5) - *shown;
    cs = cs < 2 ? 2 : cs > 65535 ? 65535 : cs;
    *shown += cs;
    return (int)cs;
}

static bool put_frames(Out *o, const Animation *m, const Palette *p, Arena *scratch, Err *err)
{
    unsigned char *known = palette_memo(scratch, err);
    if (known == NULL)
        return false;
    double ends = 0;
    int64_t shown = 0;
    for (int i = 0; i < m->count; i++) {
        size_t floor = scratch->used;
        Image indices = palette_apply(scratch, p, known, m->frames[i], err);
        if (tensor_is_empty(indices))
            return false;
        Rect r = image_bounds(m->frames[i], PALETTE_OPAQUE);
        if (r.w == 0)
            r = (Rect){0, 0, 1, 1};
        ends += m->ms != NULL ? m->ms[i] : m->frame_ms;
        put_frame(o, indices, r, p, delay(ends, &shown));
        arena_rewind(scratch, floor);
    }
    return true;
}

static bool write_gif(Out *o, const Animation *m, Arena *scratch, Err *err)
{
    size_t floor = scratch->used;
    Palette p;
    bool ok = animation_fits(m, err) &&
              palette_make(&p, scratch, m->frames, m->count, PALETTE_MOST, err);
    if (ok) {
        put_head(o, m, &p, bits_for(p.count + (p.is_see_through ? 1 : 0)));
        ok = put_frames(o, m, &p, scratch, err);
        out_byte(o, 0x3b);
    }
    arena_rewind(scratch, floor);
    if (!ok)
        out_release(o);
    return ok;
}

bool gif_save(const Animation *m, const char *path, Arena *scratch, Err *err)
{
    Out o = {0};
    return write_gif(&o, m, scratch, err) && out_save(&o, path, err);
}

bool gif_encode(Arena *a, Bytes *out, const Animation *m, Err *err)
{
    Out o = {0};
    return write_gif(&o, m, a, err) && out_keep(&o, a, out, err);
}
