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

/* A clip, whose first frame is frame `begin` of the sheet. */
static void tell_clip(const StudioRun *talk, const Sheet *s, const SheetClip *clip, int begin)
{
    const Image *cells = s->cells + begin;
    for (int i = 0; i < clip->count; i++) {
        StudioFrame f = {.clip = clip->name,
                         .index = i,
                         .count = clip->count,
                         .seconds = s->ms[begin + i] / 1000.0,
                         .is_loop = clip->is_loop,
                         .pivot_x = s->pivots[begin + i].x,
                         .pivot_y = s->pivots[begin + i].y,
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
    for (int c = 0, begin = 0; c < s->clip_count; begin += s->clips[c++].count)
        tell_clip(talk, s, &s->clips[c], begin);
}
