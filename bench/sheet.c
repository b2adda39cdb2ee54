/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/log.h"
#include "media/resize.h"
#include "sheet/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* What a large sheet costs: 10 animations x 8 directions x 12 frames of 128 x
 * 128 pixels, of a picture that moves.  Usage: sheet PICTURE DIR [FORMATS] */

enum {
    ANIMATIONS = 10,
    DIRECTIONS = 8,
    FRAMES = 12,
    SIDE = 128,
    CLIPS = ANIMATIONS * DIRECTIONS
};

static Arena job, scratch;
static Err err;

static void check(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "sheet: %s\n", err.text);
    exit(1);
}

/* The figure at another place and of another light in each frame. */
static Image frame_of(Image figure, int clip, int i)
{
    int right = 4 * (i % 6) - 10 + clip % 3, down = i % 4 + clip % 2;
    Image im = image_crop(&job, figure, (Rect){-8 - right, -down, SIDE, SIDE}, (Rgb){0}, &err);
    check(!tensor_is_empty(im));
    unsigned char *p = im.data;
    for (int k = 0; k < SIDE * SIDE; k++, p += 4)
        for (int c = 0; c < 3; c++)
            p[c] = (unsigned char)(p[c] * (80 + (clip + i) % 21) / 100);
    return im;
}

static void make_clips(SheetClip *clips, char (*names)[32], Image figure)
{
    static const char *const sides[] = {"s", "se", "e", "ne", "n", "nw", "w", "sw"};
    static Image frames[CLIPS][FRAMES];
    for (int c = 0; c < CLIPS; c++) {
        for (int i = 0; i < FRAMES; i++)
            frames[c][i] = frame_of(figure, c, i);
        snprintf(names[c], 32, "clip%d_%s", c / DIRECTIONS, sides[c % DIRECTIONS]);
        clips[c] = (SheetClip){.name = names[c],
                               .direction = sides[c % DIRECTIONS],
                               .frames = frames[c],
                               .count = FRAMES,
                               .fps = 10,
                               .is_loop = true};
    }
}

/* Seconds on the clock, and of a core: others may use the machine. */
typedef struct Time {
    double clock, core;
} Time;

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static Time now(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (Time){clock_now(), seconds(use.ru_utime) + seconds(use.ru_stime)};
}

static void tell(const char *what, Time began)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    Time t = now();
    printf("%-32s %7.3f s, %7.3f s of a core   %4ld MB at most so far\n", what,
           t.clock - began.clock, t.core - began.core, use.ru_maxrss / 1000);
}

static void make(const SheetClip *clips, const SheetOptions *o, const char *what, Sheet *s)
{
    Time began = now();
    check(sheet_make(s, &job, clips, CLIPS, o, &err));
    tell(what, began);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: sheet PICTURE DIR [FORMATS]\n");
        return 2;
    }
    static SheetClip clips[CLIPS];
    static char names[CLIPS][32];
    Time began = now();
    check(arena_init(&job, 0, &err) && arena_init(&scratch, 0, &err));
    Image im = image_load(&scratch, argv[1], &err);
    Image rgba = tensor_is_empty(im) ? im : image_to_rgba(&scratch, im, &err);
    check(!tensor_is_empty(rgba));
    Image small = image_resize(&scratch, rgba, SIDE * 3 / 4, SIDE - 5, RESIZE_LANCZOS, &err);
    check(!tensor_is_empty(small));
    make_clips(clips, names, small);
    tell("the frames themselves", began);
    Sheet s;
    size_t floor = job.used;
    SheetOptions plain = {.pad = 2, .keeps_frame = true};
    make(clips, &plain, "assembled", &s);
    printf("%d frames, cells of %d x %d, %d pages\n", s.count, s.cell_w, s.cell_h,
           s.page_count);
    began = now();
    SheetFiles files = {.dir = argv[2], .formats = argc > 3 ? argv[3] : "json,frames"};
    check(sheet_save(&s, &files, &scratch, &err));
    tell(files.formats, began);
    arena_rewind(&job, floor);
    SheetOptions pixels = {.pad = 2, .cell = 64, .colors = 24, .has_outline = true};
    make(clips, &pixels, "cells of 64, 24 colours, outline", &s);
    arena_release(&job);
    arena_release(&scratch);
    return 0;
}
