#ifndef CLI_SHOW_H
#define CLI_SHOW_H
#include "base/arena.h"
#include "base/base.h"
#include "media/image.h"

#include <stdio.h>

/* Pictures in a terminal that can show them.
 *
 *   kitty   the PNG itself in base64, 4096 letters to a piece
 *           https://sw.kovidgoyal.net/kitty/graphics-protocol/
 *   sixel   at most 255 colours, six rows to a line; what is transparent stays
 *           as the terminal is.  DEC STD 070, chapter "Sixel Graphics" */
typedef enum { SHOW_KITTY, SHOW_SIXEL } ShowWay;

/* `how` is "auto", "kitty" or "sixel".  "auto" asks what the terminal says it
 * is in the environment; false, with what to do, if stdout is none or it does
 * not say. */
bool show_choose(ShowWay *way, const char *how, bool is_terminal, Err *err) MUST_USE;

/* A PNG of `size` bytes; `keys` of the protocol say more about it, each ended by
 * a comma. */
void show_kitty(FILE *to, const unsigned char *png, size_t size, const char *keys);
/* RGB or RGBA.  False, with the reason, if memory is short. */
bool show_sixel(FILE *to, Arena *a, Image im, Err *err) MUST_USE;

/* Writes the PNG at `path` for the terminal, and a new line.  A picture wider
 * than `width` pixels (0: nobody knows) is made as wide as that; `columns` are
 * the terminal's.  False if the file cannot be read; `to` may have an error. */
bool show_picture(FILE *to, ShowWay way, const char *path, int width, int columns,
                  Err *err) MUST_USE;
#endif
