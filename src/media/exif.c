/* SPDX-License-Identifier: MIT */
#include "media/internal.h"

#include "base/utf8.h"

#include <string.h>

/* EXIF is a small TIFF: a header, and directories of entries of 12 bytes, each
 * a tag, a type, a count, and the value or where it lies.  (EXIF 2.3, 4.6) */
enum {
    HEADER = 8,
    ENTRY = 12,
    INLINE = 4, /* bytes of a value that lies in its entry */
    ASCII = 2,
    SHORT = 3,
    LONG = 4,
    UNDEFINED = 7,
    ORIENTATION = 0x0112,
    SOFTWARE = 0x0131,
    DIRECTORY = 0x8769, /* of the entries below */
    MAKER_NOTE = 0x927c,
    USER_COMMENT = 0x9286
};

/* Where the web UI and its readers look for "parameters"; what is only ours is the maker's. */
enum { MARK = 8 };
typedef struct Field {
    const char *key;
    unsigned tag, type;
    bool is_deep;          /* in the directory that DIRECTORY leads to */
    const char mark[MARK]; /* that the value begins with, if any */
} Field;
static const Field fields[] = {
    {"Software", SOFTWARE, ASCII, false, ""},
    {"atelier", MAKER_NOTE, UNDEFINED, true, "atelier"},
    {"parameters", USER_COMMENT, UNDEFINED, true, "UNICODE"},
};
enum { FIELDS = sizeof fields / sizeof *fields };

typedef struct Tiff {
    const unsigned char *p;
    size_t n;
    bool is_big;
} Tiff;

/* ---- reading ----------------------------------------------------------------------------- */

static unsigned u16(const Tiff *t, size_t at)
{
    const unsigned char *p = t->p + at;
    return t->is_big ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
}

static uint32_t u32(const Tiff *t, size_t at)
{
    return t->is_big ? u16(t, at) << 16 | u16(t, at + 2) : u16(t, at + 2) << 16 | u16(t, at);
}

static bool begins_well(Tiff *t, Bytes exif)
{
    *t = (Tiff){exif.data, exif.size, false};
    if (t->n < HEADER || (memcmp(t->p, "II", 2) != 0 && memcmp(t->p, "MM", 2) != 0))
        return false;
    t->is_big = t->p[0] == 'M';
    return u16(t, 2) == 42;
}

/* Where the entry lies in the directory at `at`; 0 if it is not there. */
static size_t entry_of(const Tiff *t, size_t at, unsigned tag, unsigned type)
{
    if (at > t->n - 2)
        return 0;
    size_t entries = u16(t, at);
    at += 2;
    for (; entries > 0 && at + ENTRY <= t->n; entries--, at += ENTRY)
        if (u16(t, at) == tag && u16(t, at + 2) == type)
            return at;
    return 0;
}

int exif_orientation(Bytes exif)
{
    Tiff t;
    size_t at = begins_well(&t, exif) ? entry_of(&t, u32(&t, 4), ORIENTATION, SHORT) : 0;
    unsigned v = at > 0 ? u16(&t, at + 8) : 1;
    return v >= 1 && v <= 8 ? (int)v : 1;
}

/* The bytes of a text; none if it is not there. */
static Bytes value_of(const Tiff *t, const Field *f)
{
    size_t dir = u32(t, 4);
    if (f->is_deep) {
        size_t to = entry_of(t, dir, DIRECTORY, LONG);
        if (to == 0)
            return (Bytes){0};
        dir = u32(t, to + 8);
    }
    size_t at = entry_of(t, dir, f->tag, f->type);
    size_t n = at > 0 ? u32(t, at + 4) : 0;
    size_t from = n > INLINE ? u32(t, at + 8) : at + 8;
    bool is_whole = n > 0 && n <= TEXT_MOST && from <= t->n && n <= t->n - from;
    return is_whole ? (Bytes){t->p + from, n} : (Bytes){0};
}

static bool is_marked(Bytes b, const char mark[MARK])
{
    return b.size >= MARK && memcmp(b.data, mark, MARK) == 0;
}

/* Strangers write both orders, whatever the file's own is: the characters that they share with
 * ASCII tell. */
static bool is_big_endian(Bytes b, bool otherwise)
{
    size_t zeros[2] = {0, 0};
    if (b.size >= 2 && (b.data[0] == 0xfe || b.data[0] == 0xff) && b.data[0] + b.data[1] == 509)
        return b.data[0] == 0xfe;
    for (size_t i = 0; i < b.size / 2 * 2; i++)
        zeros[i % 2] += b.data[i] == 0;
    return zeros[0] != zeros[1] ? zeros[0] > zeros[1] : otherwise;
}

static size_t put_utf8(char *to, uint32_t code)
{
    static const unsigned char first[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    int n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int i = n - 1; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(first[n] | code);
    return (size_t)n;
}

static char *from_utf16(Bytes b, bool is_big, Arena *a)
{
    Tiff t = {b.data, b.size, is_big};
    char *to = arena_take(a, b.size / 2 * 3 + 1);
    size_t k = 0;
    for (size_t i = 0; to != NULL && i + 1 < b.size && u16(&t, i) != 0; i += 2) {
        uint32_t code = u16(&t, i), low = i + 3 < b.size ? u16(&t, i + 2) : 0;
        if (code >> 10 == 0x36 && low >> 10 == 0x37) {
            code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
            i += 2;
        } else if (code >> 11 == 0x1b) {
            code = 0xfffd; /* half of a pair */
        }
        if (code != 0xfeff || i > 0)
            k += put_utf8(to + k, code);
    }
    if (to != NULL)
        to[k] = '\0';
    return to;
}

static char *user_comment(Bytes b, bool is_big, Arena *a)
{
    static const char plain[MARK] = "ASCII", unsaid[MARK] = "";
    Bytes rest = b.size > MARK ? (Bytes){b.data + MARK, b.size - MARK} : (Bytes){0};
    if (is_marked(b, fields[FIELDS - 1].mark))
        return from_utf16(rest, is_big_endian(rest, is_big), a);
    return text_from_bytes(is_marked(b, plain) || is_marked(b, unsaid) ? rest : b, a);
}

char *exif_text(Bytes exif, const char *key, Arena *a)
{
    Tiff t;
    for (size_t i = 0; i < FIELDS && begins_well(&t, exif); i++) {
        const Field *f = &fields[i];
        if (strcmp(f->key, key) != 0)
            continue;
        Bytes b = value_of(&t, f);
        if (b.size > 0 && f->tag == USER_COMMENT)
            return user_comment(b, t.is_big, a);
        if (f->mark[0] != '\0')
            b = is_marked(b, f->mark) ? (Bytes){b.data + MARK, b.size - MARK} : (Bytes){0};
        return b.size > 0 ? text_from_bytes(b, a) : NULL;
    }
    return NULL;
}

/* ---- writing ----------------------------------------------------------------------------- */

static void u16be(Out *o, unsigned v)
{
    out_byte(o, (int)(v >> 8));
    out_byte(o, (int)(v & 255));
}

static void put_utf16(Out *o, const char *text)
{
    static const unsigned char bits[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    char *s = utf8_mended(text);
    for (const char *p = s; *p != '\0';) {
        int n = utf8_size(p);
        uint32_t code = (unsigned char)p[0] & bits[n];
        for (int i = 1; i < n; i++)
            code = code << 6 | (p[i] & 0x3f);
        if (code >= 0x10000) {
            u16be(o, 0xd800 | (code - 0x10000) >> 10);
            u16be(o, 0xdc00 | (code & 0x3ff));
        } else {
            u16be(o, code);
        }
        p += n;
    }
    xfree(s);
}

/* The value of a field, at an even place; returns its size. */
static size_t put_value(Out *o, const Field *f, const char *text)
{
    size_t from = o->size;
    if (f->mark[0] != '\0')
        out_put(o, f->mark, MARK);
    if (f->tag == USER_COMMENT)
        put_utf16(o, text);
    else
        out_put(o, text, strlen(text) + (f->type == ASCII));
    while (o->size - from <= INLINE)
        out_byte(o, 0);
    size_t size = o->size - from;
    if (size % 2 != 0)
        out_byte(o, 0);
    return size;
}

static void put_entry(Out *o, unsigned tag, unsigned type, size_t count, size_t value)
{
    u16be(o, tag);
    u16be(o, type);
    out_u32be(o, (uint32_t)count);
    out_u32be(o, (uint32_t)value);
}

static const char *value_for(const Field *f, const ImageText *texts, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(texts[i].key, f->key) == 0)
            return texts[i].value;
    return NULL;
}

static size_t directory_size(int entries)
{
    return entries == 0 ? 0 : 2 + ENTRY * (size_t)entries + 4;
}

void exif_put(Out *o, const ImageText *texts, int count)
{
    int entries[2] = {0, 0};
    Out values = {0};
    for (size_t i = 0; i < FIELDS; i++)
        entries[fields[i].is_deep] += value_for(&fields[i], texts, count) != NULL;
    entries[0] += entries[1] > 0;
    if (entries[0] == 0)
        return;
    size_t deep = HEADER + directory_size(entries[0]), past = deep + directory_size(entries[1]);
    out_put(o, "MM\0*\0\0\0\10", HEADER);
    for (int d = 0; d < 2 && entries[d] > 0; d++) {
        u16be(o, (unsigned)entries[d]);
        for (size_t i = 0; i < FIELDS; i++) {
            const Field *f = &fields[i];
            const char *text = value_for(f, texts, count);
            size_t at = past + values.size;
            if (text != NULL && f->is_deep == (d == 1))
                put_entry(o, f->tag, f->type, put_value(&values, f, text), at);
        }
        if (d == 0 && entries[1] > 0)
            put_entry(o, DIRECTORY, LONG, 1, deep);
        out_u32be(o, 0);
    }
    out_put(o, values.data, values.size);
    out_release(&values);
}
