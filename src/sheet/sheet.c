/* SPDX-License-Identifier: MIT */
#include "sheet/sheet.h"

#include "sheet/internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MOST_NAME = 64, MOST_MS = 65535, MOST_FRAMES = 65535 };

static bool name_is_fine(const char *name)
{
    size_t n = 0;
    for (; name[n] != '\0'; n++)
        if (n == MOST_NAME ||
            !(isalnum((unsigned char)name[n]) || name[n] == '-' || name[n] == '_'))
            return false;
    return n > 0;
}

static bool times_are_fine(const SheetClip *c, Err *err)
{
    if (!(c->fps > 0 && c->fps <= 100))
        return err_set(err, ERR_INPUT,
                       "clip '%s' has %g frames a second: give more than 0 and at most 100",
                       c->name, c->fps);
    for (int i = 0; c->ms != NULL && i < c->count; i++)
        if (c->ms[i] < 1 || c->ms[i] > MOST_MS)
            return err_set(err, ERR_INPUT, "frame %d of clip '%s' lasts %d ms: give 1 to %d", i,
                           c->name, c->ms[i], MOST_MS);
    return true;
}

static bool clip_is_fine(const SheetClip *clips, int at, Err *err)
{
    const SheetClip *c = &clips[at];
    must(c->count > 0);
    if (!name_is_fine(c->name))
        return err_set(err, ERR_INPUT,
                       "a clip cannot be named '%.80s': use letters, digits, '-' and '_', at "
                       "most %d",
                       c->name, MOST_NAME);
    for (int i = 0; i < at; i++)
        if (strcasecmp(clips[i].name, c->name) == 0)
            return err_set(err, ERR_INPUT, "two clips are named '%s'", c->name);
    if (!times_are_fine(c, err))
        return false;
    Image first = clips[0].frames[0];
    for (int i = 0; i < c->count; i++)
        if (c->frames[i].dim[0] != first.dim[0] || c->frames[i].dim[1] != first.dim[1])
            return err_set(err, ERR_INPUT,
                           "frame %d of clip '%s' is %d x %d pixels, but the first is %d x %d",
                           i, c->name, image_width(c->frames[i]), image_height(c->frames[i]),
                           image_width(first), image_height(first));
    return true;
}

/* Whole milliseconds; what a frame loses by rounding the next makes up. */
static void set_times(int *ms, const SheetClip *clips, int count)
{
    for (int c = 0; c < count; c++)
        for (int i = 0; i < clips[c].count; i++) {
            double each = 1000 / clips[c].fps;
            int64_t t = (int64_t)((i + 1) * each + 0.5) - (int64_t)(i * each + 0.5);
            *ms++ = clips[c].ms != NULL ? clips[c].ms[i] : (int)min64(t, MOST_MS);
        }
}

static bool begin(Sheet *s, const SheetClip *clips, int count, Err *err)
{
    *s = (Sheet){.clips = clips, .clip_count = count};
    for (int i = 0; i < count; i++) {
        if (!clip_is_fine(clips, i, err))
            return false;
        if (clips[i].count > MOST_FRAMES - s->count)
            return err_set(err, ERR_INPUT, "a sheet holds at most %d frames", MOST_FRAMES);
        s->count += clips[i].count;
    }
    return true;
}

bool sheet_make(Sheet *s, Arena *a, const SheetClip *clips, int count, const SheetOptions *o,
                Err *err)
{
    must(count > 0 && o->pad >= 0 && o->columns >= 0);
    must(o->cell == 0 || (o->cell >= 8 && o->cell <= 4096));
    must(o->colors == 0 || (o->colors >= 2 && o->colors <= PALETTE_MOST));
    if (!begin(s, clips, count, err))
        return false;
    size_t n = (size_t)s->count;
    Stance *stances = arena_zeros(a, n * sizeof *stances);
    int *sorted = arena_take(a, n * sizeof *sorted), *ms = arena_take(a, n * sizeof *ms);
    if (stances == NULL || sorted == NULL || ms == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for a sheet of %d frames", s->count);
    set_times(ms, clips, count);
    s->ms = ms;
    s->in_place = o->in_place;
    int ground = feet_place(stances, clips, count, o, sorted);
    return cells_make(s, a, stances, ground, o, err) && pages_make(s, a, o, err);
}
