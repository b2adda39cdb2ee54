/* SPDX-License-Identifier: MIT */
#include "sheet/sheet.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SOLID = 128, MOST_NAME = 64 };

static bool name_is_fine(const char *name)
{
    size_t n = 0;
    for (; name[n] != '\0'; n++)
        if (n == MOST_NAME ||
            !(isalnum((unsigned char)name[n]) || name[n] == '-' || name[n] == '_'))
            return false;
    return n > 0;
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
    if (!(c->fps > 0 && c->fps <= 100))
        return err_set(err, ERR_INPUT,
                       "clip '%s' has %g frames a second: give more than 0 and at most 100",
                       c->name, c->fps);
    Image first = clips[0].frames[0];
    for (int i = 0; i < c->count; i++)
        if (c->frames[i].dim[0] != first.dim[0] || c->frames[i].dim[1] != first.dim[1])
            return err_set(err, ERR_INPUT,
                           "frame %d of clip '%s' is %d x %d pixels, but the first is %d x %d",
                           i, c->name, image_width(c->frames[i]), image_height(c->frames[i]),
                           image_width(first), image_height(first));
    return true;
}

/* What is known of frame i, counted through all clips. */
typedef struct Pose {
    const Image *frame;
    Rect solid;     /* its opaque part; w is 0 if there is none */
    Rect visible;   /* of any alpha */
    bool is_ground; /* it stands, and is not empty */
    int foot, down; /* lowest solid row; rows that it moves down */
} Pose;

static void look(Pose *poses, const SheetClip *clips, int count)
{
    for (int c = 0; c < count; c++)
        for (int i = 0; i < clips[c].count; i++, poses++) {
            bool stands = clips[c].grounded == NULL || clips[c].grounded[i];
            poses->frame = &clips[c].frames[i];
            poses->solid = image_bounds(*poses->frame, SOLID);
            poses->visible = image_bounds(*poses->frame, 1);
            poses->foot = poses->solid.y + poses->solid.h - 1;
            poses->is_ground = stands && poses->solid.w > 0;
        }
}

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* The middle foot row of the standing ones; -1 if none stands. */
static int middle_foot(const Pose *poses, int count, int *sorted)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        if (poses[i].is_ground)
            sorted[n++] = poses[i].foot;
    if (n == 0)
        return -1;
    qsort(sorted, (size_t)n, sizeof *sorted, compare_ints);
    return sorted[n / 2];
}

/* Puts the feet on one line: which row that is, or the lowest foot of all if
 * nothing stands. */
static int ground_poses(Pose *poses, int count, const SheetClip *clips, bool keeps_places,
                        int *sorted)
{
    int ground = -1, lowest = 0;
    for (int i = 0; i < count; i++) {
        if (poses[i].is_ground && poses[i].foot > ground)
            ground = poses[i].foot;
        if (poses[i].foot > lowest)
            lowest = poses[i].foot;
    }
    if (ground < 0 || keeps_places)
        return ground < 0 ? lowest : ground;
    int middle_of_all = middle_foot(poses, count, sorted);
    for (int at = 0; at < count; at += clips++->count) {
        int middle = middle_foot(poses + at, clips->count, sorted);
        int floating = ground - (middle < 0 ? middle_of_all : middle);
        for (int i = at; i < at + clips->count; i++)
            poses[i].down = poses[i].is_ground ? ground - poses[i].foot : floating;
    }
    return ground;
}

static Rect around(Rect a, Rect b)
{
    if (a.w == 0 || b.w == 0)
        return a.w == 0 ? b : a;
    int left = (int)min64(a.x, b.x), right = (int)max64(a.x + a.w, b.x + b.w);
    int top = (int)min64(a.y, b.y), bottom = (int)max64(a.y + a.h, b.y + b.h);
    return (Rect){left, top, right - left, bottom - top};
}

/* The rectangle that holds every moved frame; of no width if all are empty. */
static Rect common_crop(const Pose *poses, int count, bool keeps_frame)
{
    Rect all = {0};
    for (int i = 0; i < count; i++) {
        Rect r = poses[i].visible;
        if (keeps_frame)
            r = (Rect){0, 0, image_width(*poses[i].frame), image_height(*poses[i].frame)};
        r.y += poses[i].down;
        all = around(all, r);
    }
    return all;
}

static bool fill_cells(Sheet *s, Image *cells, Arena *a, const Pose *poses, Rect crop, Err *err)
{
    for (int i = 0; i < s->count; i++) {
        Image frame = *poses[i].frame;
        Rect r = {crop.x, crop.y - poses[i].down, crop.w, crop.h};
        Image rgba = image_channels(frame) == 4 ? frame : image_to_rgba(a, frame, err);
        if (tensor_is_empty(rgba))
            return false;
        cells[i] = image_crop(a, rgba, r, (Rgb){0}, err);
        if (tensor_is_empty(cells[i]))
            return false;
    }
    return true;
}

/* Rows and columns of cells; places for all. */
static bool lay_out(Sheet *s, Rect *places, const SheetOptions *o, int *w, int *h, Err *err)
{
    int columns = 0, at = 0;
    int64_t rows = 0;
    for (int c = 0; c < s->clip_count; c++)
        columns = (int)max64(columns, s->clips[c].count);
    if (o->columns > 0 && o->columns < columns)
        columns = o->columns;
    must(columns > 0);
    int64_t step_x = s->cell_w + o->pad, step_y = s->cell_h + o->pad;
    for (int c = 0; c < s->clip_count; c++)
        rows += div_up(s->clips[c].count, columns);
    int64_t width = columns * step_x + o->pad, height = rows * step_y + o->pad;
    if (width > SHEET_MAX_SIDE || height > SHEET_MAX_SIDE)
        return err_set(err, ERR_INPUT,
                       "the sheet would be %" PRId64 " x %" PRId64
                       " pixels; at most %d on a side are written: use smaller frames, fewer "
                       "of them, or other columns",
                       width, height, SHEET_MAX_SIDE);
    int64_t row = 0;
    for (int c = 0; c < s->clip_count; c++) {
        for (int i = 0; i < s->clips[c].count; i++)
            places[at++] =
                (Rect){(int)(o->pad + i % columns * step_x),
                       (int)(o->pad + (row + i / columns) * step_y), s->cell_w, s->cell_h};
        row += div_up(s->clips[c].count, columns);
    }
    *w = (int)width;
    *h = (int)height;
    return true;
}

static bool paint(Sheet *s, Arena *a, int w, int h, Err *err)
{
    s->picture = image_new(a, w, h, 4, err);
    if (tensor_is_empty(s->picture))
        return false;
    memset(s->picture.data, 0, tensor_bytes(s->picture));
    for (int i = 0; i < s->count; i++)
        for (int y = 0; y < s->cell_h; y++)
            memcpy(image_at(s->picture, s->places[i].x, s->places[i].y + y),
                   image_row(s->cells[i], y), (size_t)s->cell_w * 4);
    return true;
}

bool sheet_make(Sheet *s, Arena *a, const SheetClip *clips, int count, const SheetOptions *o,
                Err *err)
{
    must(count > 0 && o->pad >= 0 && o->columns >= 0);
    *s = (Sheet){.clips = clips, .clip_count = count};
    for (int i = 0; i < count; i++) {
        if (!clip_is_fine(clips, i, err))
            return false;
        s->count += clips[i].count;
    }
    size_t n = (size_t)s->count;
    Image *cells = arena_zeros(a, n * sizeof *cells);
    Rect *places = arena_take(a, n * sizeof *places);
    Pose *poses = arena_zeros(a, n * sizeof *poses);
    int *sorted = arena_take(a, n * sizeof *sorted);
    if (cells == NULL || places == NULL || poses == NULL || sorted == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for a sheet of %d frames", s->count);
    s->cells = cells;
    s->places = places;
    look(poses, clips, count);
    int ground = ground_poses(poses, s->count, clips, o->keeps_places, sorted);
    Rect crop = common_crop(poses, s->count, o->keeps_frame);
    if (crop.w == 0)
        return err_set(err, ERR_INPUT, "every frame is empty: nothing was left of the figure");
    s->cell_w = crop.w;
    s->cell_h = crop.h;
    s->pivot_x = image_width(clips[0].frames[0]) / 2 - crop.x;
    s->pivot_y = ground + 1 - crop.y;
    int w = 0, h = 0;
    return lay_out(s, places, o, &w, &h, err) && fill_cells(s, cells, a, poses, crop, err) &&
           paint(s, a, w, h, err);
}
