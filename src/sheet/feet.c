/* SPDX-License-Identifier: MIT */
#include "sheet/internal.h"

#include <stdlib.h>

enum { SOLID = 128 };

static void look(Stance *s, const SheetClip *clips, int count)
{
    for (int c = 0; c < count; c++)
        for (int i = 0; i < clips[c].count; i++, s++) {
            bool stands = clips[c].grounded == NULL || clips[c].grounded[i];
            s->frame = &clips[c].frames[i];
            s->solid = image_bounds(*s->frame, SOLID);
            s->visible = image_bounds(*s->frame, 1);
            s->foot = s->solid.y + s->solid.h - 1;
            s->is_ground = stands && s->solid.w > 0;
            int middle = image_width(*s->frame) / 2;
            s->root = clips[c].root != NULL ? clips[c].root[i] : middle;
        }
}

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* The middle foot row of the standing ones; -1 if none stands. */
static int middle_foot(const Stance *s, int count, int *sorted)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        if (s[i].is_ground)
            sorted[n++] = s[i].foot;
    if (n == 0)
        return -1;
    qsort(sorted, (size_t)n, sizeof *sorted, compare_ints);
    return sorted[n / 2];
}

/* Puts the feet on one line: which row that is. */
static int put_down(Stance *s, int count, const SheetClip *clips, bool keeps_places,
                    int *sorted)
{
    int ground = -1, lowest = 0;
    for (int i = 0; i < count; i++) {
        if (s[i].is_ground && s[i].foot > ground)
            ground = s[i].foot;
        if (s[i].foot > lowest)
            lowest = s[i].foot;
    }
    if (ground < 0 || keeps_places)
        return ground < 0 ? lowest : ground;
    int middle_of_all = middle_foot(s, count, sorted);
    for (int at = 0; at < count; at += clips++->count) {
        int middle = middle_foot(s + at, clips->count, sorted);
        int floating = ground - (middle < 0 ? middle_of_all : middle);
        for (int i = at; i < at + clips->count; i++)
            s[i].down = s[i].is_ground ? ground - s[i].foot : floating;
    }
    return ground;
}

int feet_place(Stance *stances, const SheetClip *clips, int count, const SheetOptions *o,
               int *sorted)
{
    int frames = 0;
    for (int c = 0; c < count; c++)
        frames += clips[c].count;
    look(stances, clips, count);
    for (int i = 0; i < frames && o->in_place; i++)
        stances[i].right = image_width(*stances[i].frame) / 2 - stances[i].root;
    return put_down(stances, frames, clips, o->keeps_places, sorted);
}

static Rect around(Rect a, Rect b)
{
    if (a.w == 0 || b.w == 0)
        return a.w == 0 ? b : a;
    int left = (int)min64(a.x, b.x), right = (int)max64(a.x + a.w, b.x + b.w);
    int top = (int)min64(a.y, b.y), bottom = (int)max64(a.y + a.h, b.y + b.h);
    return (Rect){left, top, right - left, bottom - top};
}

Rect feet_crop(const Stance *stances, int count, bool keeps_frame)
{
    Rect all = {0};
    for (int i = 0; i < count; i++) {
        const Stance *s = &stances[i];
        Rect r = s->visible;
        if (r.w > 0 && keeps_frame)
            r = (Rect){0, 0, image_width(*s->frame), image_height(*s->frame)};
        r.x += s->right;
        r.y += s->down;
        all = around(all, r);
    }
    return all;
}
