/* SPDX-License-Identifier: MIT */
#include "cli/show.h"

#include "base/file.h"
#include "media/palette.h"
#include "media/resize.h"

#include <stdlib.h>
#include <string.h>

/* ---- which way ------------------------------------------------------------------- */

/* How terminals name themselves; a name may go on. */
static const struct {
    const char *variable, *begins;
    ShowWay way;
} terminals[] = {
    {"TERM", "xterm-kitty", SHOW_KITTY},
    {"TERM", "xterm-ghostty", SHOW_KITTY},
    {"TERM_PROGRAM", "ghostty", SHOW_KITTY},
    {"TERM_PROGRAM", "WezTerm", SHOW_SIXEL},
    {"KONSOLE_VERSION", "", SHOW_KITTY},
    {"TERM", "foot", SHOW_SIXEL},
    {"TERM", "mlterm", SHOW_SIXEL},
    {"TERM", "contour", SHOW_SIXEL},
    {"TERM", "yaft", SHOW_SIXEL},
    {"TERM", "xterm-sixel", SHOW_SIXEL},
    {"TERM_PROGRAM", "iTerm.app", SHOW_SIXEL},
    {"TERM_PROGRAM", "mintty", SHOW_SIXEL},
};

bool show_choose(ShowWay *way, const char *how, bool is_terminal, Err *err)
{
    if (strcmp(how, "kitty") == 0 || strcmp(how, "sixel") == 0) {
        *way = how[0] == 'k' ? SHOW_KITTY : SHOW_SIXEL;
        return true;
    }
    if (strcmp(how, "auto") != 0)
        return err_set(err, ERR_INPUT, "--show is '%.60s'; it must be auto, kitty or sixel",
                       how);
    if (!is_terminal)
        return err_set(err, ERR_INPUT,
                       "--show: stdout is no terminal; --show=kitty and --show=sixel write to "
                       "it all the same");
    for (size_t i = 0; i < sizeof terminals / sizeof *terminals; i++) {
        const char *value = getenv(terminals[i].variable), *name = terminals[i].begins;
        if (value != NULL && strncmp(value, name, strlen(name)) == 0) {
            *way = terminals[i].way;
            return true;
        }
    }
    const char *term = getenv("TERM");
    return err_set(err, ERR_INPUT,
                   "--show: this terminal ('%.60s') does not say that it can show pictures; if "
                   "it can, say how: --show=kitty or --show=sixel",
                   term != NULL ? term : "");
}

/* ---- kitty ------------------------------------------------------------------------- */

static void put_base64(FILE *to, const unsigned char *bytes, size_t size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t n = size - i < 3 ? size - i : 3;
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (k < n ? bytes[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            fputc(k <= n ? letters[v >> (18 - 6 * k) & 63] : '=', to);
    }
}

void show_kitty(FILE *to, const unsigned char *png, size_t size, const char *keys)
{
    enum { PIECE = 4096 / 4 * 3 };
    for (size_t at = 0; at < size; at += PIECE) {
        size_t n = size - at < PIECE ? size - at : PIECE;
        fputs("\033_G", to);
        if (at == 0)
            fprintf(to, "a=T,f=100,q=2,%s", keys);
        fprintf(to, "m=%d;", at + n < size);
        put_base64(to, png + at, n);
        fputs("\033\\", to);
    }
}

/* ---- sixel ------------------------------------------------------------------------- */

/* `count` times the same six pixels. */
static void put_run(FILE *to, int bits, int count)
{
    if (count > 3)
        fprintf(to, "!%d%c", count, '?' + bits);
    for (int i = 0; count <= 3 && i < count; i++)
        fputc('?' + bits, to);
}

/* Which of the six rows from y on have the colour at x. */
static int six_bits(Image index, int x, int y, int colour)
{
    int bits = 0;
    for (int k = 0; k < 6 && y + k < image_height(index); k++)
        bits |= (*image_at(index, x, y + k) == colour) << k;
    return bits;
}

/* The pixels of one colour in the six rows from y on. */
static void put_colour(FILE *to, Image index, int y, int colour)
{
    int run = 0, bits = 0;
    fprintf(to, "#%d", colour);
    for (int x = 0; x < image_width(index); x++) {
        int now = six_bits(index, x, y, colour);
        if (now != bits) {
            put_run(to, bits, run);
            run = 0;
        }
        bits = now;
        run++;
    }
    if (bits != 0)
        put_run(to, bits, run);
    fputc('$', to);
}

static void put_band(FILE *to, Image index, int colours, int y)
{
    bool is_used[PALETTE_MOST + 1] = {false};
    for (int k = 0; k < 6 && y + k < image_height(index); k++)
        for (int x = 0; x < image_width(index); x++)
            is_used[*image_at(index, x, y + k)] = true;
    for (int c = 0; c < colours; c++)
        if (is_used[c])
            put_colour(to, index, y, c);
    fputc('-', to);
}

static void put_sixel(FILE *to, Image index, const Palette *p)
{
    fprintf(to, "\033P0;1q\"1;1;%d;%d", image_width(index), image_height(index));
    for (int c = 0; c < p->count; c++)
        fprintf(to, "#%d;2;%d;%d;%d", c, (p->rgb[c][0] * 100 + 127) / 255,
                (p->rgb[c][1] * 100 + 127) / 255, (p->rgb[c][2] * 100 + 127) / 255);
    for (int y = 0; y < image_height(index); y += 6)
        put_band(to, index, p->count, y);
    fputs("\033\\", to);
}

/* Made no wider than `width`. */
static Image fitted(Arena *a, Image im, int width, Err *err)
{
    if (tensor_is_empty(im) || width == 0 || image_width(im) <= width)
        return im;
    int height = (int)max64(1, (int64_t)image_height(im) * width / image_width(im));
    return image_resize(a, im, width, height, RESIZE_LANCZOS, err);
}

bool show_sixel(FILE *to, Arena *a, Image im, Err *err)
{
    Palette palette;
    if (!palette_make(&palette, a, &im, 1, PALETTE_MOST, err))
        return false;
    unsigned char *known = palette_memo(a, err);
    Image index = known != NULL ? palette_apply(a, &palette, known, im, err) : (Image){0};
    if (tensor_is_empty(index))
        return false;
    put_sixel(to, index, &palette);
    return true;
}

static bool show_file(FILE *to, const FileMap *file, const char *path, int width, Err *err)
{
    Arena a;
    if (!arena_init(&a, 0, err))
        return false;
    Image im = fitted(&a, image_decode(&a, file->data, file->size, path, err), width, err);
    bool ok = !tensor_is_empty(im) && show_sixel(to, &a, im, err);
    arena_release(&a);
    return ok;
}

bool show_picture(FILE *to, ShowWay way, const char *path, int width, int columns, Err *err)
{
    FileMap file;
    if (!file_map(&file, path, err))
        return false;
    bool ok = true;
    if (way == SHOW_SIXEL) {
        ok = show_file(to, &file, path, width, err);
    } else {
        int wide = file.size >= 24 ? file.data[18] << 8 | file.data[19] : 0; /* of its IHDR */
        char keys[32] = ""; /* as large as it is, if it is not wider than the terminal */
        if (width > 0 && wide > width)
            snprintf(keys, sizeof keys, "c=%d,", columns);
        show_kitty(to, file.data, file.size, keys);
    }
    file_unmap(&file);
    fputc('\n', to);
    return ok;
}
