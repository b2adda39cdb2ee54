/* SPDX-License-Identifier: MIT */
#include "cli/live.h"

#include "media/resize.h"

enum { ROWS = 16, USUAL_ROWS = 24, LOW_ROW = 16, NUMBER = 7041 };

void live_init(Live *l, ShowWay way, int rows, int height)
{
    int all = rows > 0 ? rows : USUAL_ROWS;
    int row = height > 0 ? height / all : LOW_ROW;
    *l = (Live){.way = way, .rows = (int)min64(ROWS, max64(2, all / 2))};
    l->height = (l->rows - 1) * row; /* sixels end on a new line */
}

/* A picture of that number replaces the last; the terminal makes it as high as the rows. */
static bool put_kitty(const Live *l, FILE *to, Arena *a, Image im, Err *err)
{
    Bytes png;
    char keys[64];
    if (!image_encode(a, &png, im, NULL, 0, err))
        return false;
    snprintf(keys, sizeof keys, "i=%d,p=1,C=1,r=%d,", NUMBER, l->rows);
    show_kitty(to, png.data, png.size, keys);
    return true;
}

static bool put_sixel(const Live *l, FILE *to, Arena *a, Image im, Err *err)
{
    int high = image_height(im), wide = image_width(im);
    if (high > l->height)
        im = image_resize(a, im, (int)max64(1, (int64_t)wide * l->height / high), l->height,
                          RESIZE_BILINEAR, err);
    return !tensor_is_empty(im) && show_sixel(to, a, im, err);
}

bool live_show(Live *l, FILE *to, Image im, Err *err)
{
    Arena a;
    if (!arena_init(&a, 0, err))
        return false;
    for (int i = 0; i < l->rows && !l->is_shown; i++)
        fputc('\n', to);
    l->is_shown = true;
    fprintf(to, "\0337\033[%dA\r", l->rows);
    bool ok =
        l->way == SHOW_KITTY ? put_kitty(l, to, &a, im, err) : put_sixel(l, to, &a, im, err);
    fputs("\0338", to);
    fflush(to);
    arena_release(&a);
    return ok;
}

void live_hide(Live *l, FILE *to)
{
    if (!l->is_shown)
        return;
    if (l->way == SHOW_KITTY)
        fprintf(to, "\033_Ga=d,d=I,i=%d,q=2\033\\", NUMBER);
    fprintf(to, "\r\033[%dA\033[J", l->rows);
    fflush(to);
    l->is_shown = false;
}
