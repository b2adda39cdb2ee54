/* SPDX-License-Identifier: MIT */
#include "media/internal.h"
#include "media/palette.h"

#include "base/file.h"

#include <string.h>

/* What is left of a text. */
typedef struct Lines {
    const char *at, *end, *name;
    int number; /* of the line taken last */
} Lines;

typedef struct Line {
    const char *s;
    int size;
} Line;

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next line without spaces around it; false at the end. */
static bool take_line(Lines *l, Line *line)
{
    if (l->at == l->end)
        return false;
    const char *end = memchr(l->at, '\n', (size_t)(l->end - l->at));
    const char *from = l->at, *to = end == NULL ? l->end : end;
    l->at = end == NULL ? l->end : end + 1;
    l->number++;
    while (from < to && is_space(*from))
        from++;
    while (to > from && is_space(to[-1]))
        to--;
    *line = (Line){from, (int)(to - from < 4096 ? to - from : 4096)};
    return true;
}

/* Adds a colour unless it is there. */
static bool add_colour(Palette *p, const unsigned char *rgb, const char *name, Err *err)
{
    for (int i = 0; i < p->count; i++)
        if (memcmp(p->rgb[i], rgb, 3) == 0)
            return true;
    if (p->count == PALETTE_MOST)
        return err_set(err, ERR_FORMAT,
                       "'%s' has more than %d colours: a palette has at most so many", name,
                       PALETTE_MOST);
    memcpy(p->rgb[p->count++], rgb, 3);
    return true;
}

/* ---- three numbers a line: GIMP's and JASC's ----------------------------------------- */

/* A number of 0 to 255, and what parts it from the next thing. */
static bool take_number(Line *line, unsigned char *to)
{
    int value = 0, digits = 0;
    for (; digits < line->size && line->s[digits] >= '0' && line->s[digits] <= '9'; digits++) {
        value = 10 * value + (line->s[digits] - '0');
        if (value > 255)
            return false;
    }
    int n = digits;
    while (n < line->size && is_space(line->s[n]))
        n++;
    if (digits == 0 || (n == digits && n < line->size))
        return false;
    *to = (unsigned char)value;
    *line = (Line){line->s + n, line->size - n};
    return true;
}

static bool add_numbers(Palette *p, Line line, const Lines *l, Err *err)
{
    unsigned char rgb[3];
    if (!take_number(&line, &rgb[0]) || !take_number(&line, &rgb[1]) ||
        !take_number(&line, &rgb[2]))
        return err_set(err, ERR_FORMAT,
                       "'%s' line %d is no colour: a palette has three numbers from 0 to 255 "
                       "there",
                       l->name, l->number);
    return add_colour(p, rgb, l->name, err);
}

static bool begins(Line line, const char *with)
{
    size_t n = strlen(with);
    return (size_t)line.size >= n && memcmp(line.s, with, n) == 0;
}

/* Name and columns may come first; what follows three numbers is a colour's
 * name, or the alpha that Aseprite writes. */
static bool read_gimp(Palette *p, Lines *l, Err *err)
{
    Line line;
    bool ok = take_line(l, &line);
    while (ok && take_line(l, &line)) {
        bool is_head =
            begins(line, "Name:") || begins(line, "Columns:") || begins(line, "Channels:");
        if (line.size > 0 && line.s[0] != '#' && !is_head)
            ok = add_numbers(p, line, l, err);
    }
    return ok;
}

/* The version and the number of colours come first; the colours are counted
 * anew. */
static bool read_jasc(Palette *p, Lines *l, Err *err)
{
    Line line;
    bool ok = take_line(l, &line) && take_line(l, &line) && take_line(l, &line);
    if (!ok)
        return err_set(err, ERR_FORMAT, "'%s' is damaged: the palette is cut short", l->name);
    while (ok && take_line(l, &line))
        if (line.size > 0)
            ok = add_numbers(p, line, l, err);
    return ok;
}

/* ---- six digits a line ------------------------------------------------------------------ */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "ff8000" or "#ff8000". */
static bool hex_colour(Line line, unsigned char *rgb)
{
    if (line.size == 7 && line.s[0] == '#')
        line = (Line){line.s + 1, 6};
    if (line.size != 6)
        return false;
    for (int i = 0; i < 3; i++) {
        int high = hex_digit(line.s[2 * i]), low = hex_digit(line.s[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        rgb[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

static bool is_hex(Lines l)
{
    Line line;
    unsigned char rgb[3];
    while (take_line(&l, &line))
        if (line.size > 0)
            return hex_colour(line, rgb);
    return false;
}

static bool read_hex(Palette *p, Lines *l, Err *err)
{
    Line line;
    unsigned char rgb[3];
    bool ok = true;
    while (ok && take_line(l, &line)) {
        if (line.size == 0)
            continue;
        ok = hex_colour(line, rgb) ||
             err_set(err, ERR_FORMAT,
                     "'%s' line %d is no colour: a list of colours has six hexadecimal digits "
                     "there",
                     l->name, l->number);
        ok = ok && add_colour(p, rgb, l->name, err);
    }
    return ok;
}

/* ---- a picture ----------------------------------------------------------------------------
 */

static bool read_picture(Palette *p, Source s, Arena *scratch, Err *err)
{
    size_t floor = scratch->used;
    Image im = image_decode(scratch, s.bytes, s.size, s.name, err);
    bool ok = !tensor_is_empty(im);
    int channels = ok ? image_channels(im) : 0;
    const unsigned char *q = im.data, *before = NULL;
    for (int64_t i = ok ? im.dim[0] * im.dim[1] : 0; ok && i > 0; i--, q += channels) {
        bool is_new = before == NULL || memcmp(q, before, 3) != 0;
        if (channels == 4 && q[3] < PALETTE_OPAQUE)
            continue;
        if (is_new)
            ok = add_colour(p, q, s.name, err);
        before = q;
    }
    arena_rewind(scratch, floor);
    return ok;
}

/* ---- which it is ----------------------------------------------------------------------------
 */

static bool starts(Source s, size_t at, const char *magic)
{
    size_t n = strlen(magic);
    return s.size >= at + n && memcmp(s.bytes + at, magic, n) == 0;
}

static bool is_picture(Source s)
{
    return starts(s, 0, "\x89PNG") || starts(s, 0, "\xff\xd8\xff") ||
           (starts(s, 0, "RIFF") && starts(s, 8, "WEBP"));
}

static bool read_palette(Palette *p, Source s, Arena *scratch, Err *err)
{
    if (is_picture(s))
        return read_picture(p, s, scratch, err);
    if (starts(s, 0, "RIFF") && starts(s, 8, "PAL "))
        return err_set(err, ERR_FORMAT,
                       "'%s' is a palette in Microsoft's form: save it as JASC or GIMP palette",
                       s.name);
    size_t mark = starts(s, 0, "\xef\xbb\xbf") ? 3 : 0;
    const char *text = (const char *)s.bytes;
    Lines l = {.name = s.name};
    if (s.size > 0)
        l = (Lines){text + mark, text + s.size, s.name, 0};
    if (starts(s, mark, "GIMP Palette"))
        return read_gimp(p, &l, err);
    if (starts(s, mark, "JASC-PAL"))
        return read_jasc(p, &l, err);
    if (is_hex(l))
        return read_hex(p, &l, err);
    return err_set(err, ERR_FORMAT,
                   "'%s' is no palette: give one of GIMP (.gpl) or JASC (.pal), a list of "
                   "hexadecimal colours (.hex), or a picture of at most %d colours",
                   s.name, PALETTE_MOST);
}

bool palette_decode(Palette *p, const void *bytes, size_t size, const char *name,
                    Arena *scratch, Err *err)
{
    *p = (Palette){0};
    if (!read_palette(p, (Source){bytes, size, name}, scratch, err))
        return false;
    return p->count > 0 || err_set(err, ERR_FORMAT, "'%s' holds no colour", name);
}

bool palette_load(Palette *p, const char *path, Arena *scratch, Err *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    if (!file_read(&bytes, &size, path, IMAGE_MAX_BYTES, err))
        return false;
    bool ok = palette_decode(p, bytes, size, path, scratch, err);
    xfree(bytes);
    return ok;
}
