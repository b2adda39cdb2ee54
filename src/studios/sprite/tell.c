/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"

void tell_made(const StudioRun *talk, const char *dir, const char *name)
{
    if (talk->made == NULL)
        return;
    char *path = file_join(dir, name);
    talk->made(talk->user, path);
    xfree(path);
}

static void tell_clip(const StudioRun *talk, const Sheet *s, const SheetClip *clip,
                      const Image *cells)
{
    for (int i = 0; i < clip->count; i++) {
        StudioFrame f = {.clip = clip->name,
                         .index = i,
                         .count = clip->count,
                         .seconds = 1 / clip->fps,
                         .is_loop = clip->is_loop,
                         .pivot_x = s->pivot_x,
                         .pivot_y = s->pivot_y,
                         .width = image_width(cells[i]),
                         .height = image_height(cells[i]),
                         .rgba = cells[i].data};
        must(image_channels(cells[i]) == 4);
        talk->frame(talk->user, &f);
    }
}

void tell_frames(const StudioRun *talk, const Sheet *s)
{
    if (talk->frame == NULL)
        return;
    const Image *cells = s->cells;
    for (int c = 0; c < s->clip_count; c++) {
        tell_clip(talk, s, &s->clips[c], cells);
        cells += s->clips[c].count;
    }
}
