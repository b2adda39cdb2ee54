/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/json.h"
#include "sheet/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes sheets as every format, and beside each what it is made of (truth.json,
 * cells.rgba), for read_sheets.py to compare.  Usage: write_sheets FOLDER */

static Arena arena;
static Err err;

static void check(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

/* ---- what is drawn ------------------------------------------------------------------ */

enum { SIDE = 16, FRAMES = 3, CLIPS = 4 };

/* Eight rows of a figure; letters are colours, a space is nothing.  The legs of
 * a frame and what the figure holds come from the tables below. */
static const char *const body[] = {" hhh  ", "hhhhh ", " ssk  ", " sss  ", "ctttc ", "ctttc "};
static const char *const legs[FRAMES][2] = {
    {" l l  ", " b b  "}, {" lll  ", "b  b  "}, {"  ll  ", "  bb  "}};
static const int sword[FRAMES][2] = {{5, 1}, {7, 4}, {6, 6}};

static void put(Image im, int x, int y, char c, int alpha)
{
    static const char letters[] = "hsktclbw";
    static const unsigned char rgb[][3] = {{92, 58, 33},  {240, 190, 150}, {30, 30, 60},
                                           {40, 90, 200}, {30, 60, 150},   {70, 70, 80},
                                           {45, 30, 20},  {220, 225, 235}};
    const char *at = strchr(letters, c);
    if (c == ' ' || at == NULL)
        return;
    memcpy(image_at(im, x, y), rgb[at - letters], 3);
    image_at(im, x, y)[3] = (unsigned char)alpha;
}

static Image figure(int frame, bool is_east, bool strikes, int right, bool is_soft)
{
    Image im = image_new(&arena, SIDE, SIDE, 4, &err);
    check(!tensor_is_empty(im));
    memset(im.data, 0, tensor_bytes(im));
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 6; x++) {
            const char *row = y < 6 ? body[y] : legs[strikes ? 0 : frame][y - 6];
            int to = is_east ? x : 5 - x;
            put(im, 3 + to + right, 6 + y + (frame == 1), row[x],
                is_soft ? 40 + 30 * y + x : 255);
        }
    for (int i = 0; i < 3 && strikes; i++)
        put(im, 4 + right + sword[frame][0], 5 + sword[frame][1] + i, 'w', 255);
    return im;
}

/* ---- what is written ---------------------------------------------------------------- */

typedef struct Case {
    const char *name;
    bool is_soft, moves;
    SheetOptions options;
} Case;

static const Case cases[] = {
    {"small", false, false, {.pad = 2}},
    {"moving", false, true, {.pad = 1, .colors = 5, .has_outline = true, .outline = {9, 9, 9}}},
    {"in_place", false, true, {.pad = 2, .extrude = 1, .in_place = true, .cell = 12}},
    {"soft", true, false, {.pad = 0, .columns = 2}},
    {"pages", false, false, {.pad = 2, .most_side = 35}},
    {"pieces", true, true, {.pad = 1, .most_side = 20}},
};

static Json *clip_json(const SheetClip *c)
{
    Json *j = js_new_object();
    js_put_string(j, "name", c->name);
    js_put_string(j, "direction", c->direction);
    js_put_int(j, "count", c->count);
    js_put_bool(j, "loop", c->is_loop);
    js_put_number(j, "fps", c->fps);
    js_put_bool(j, "uneven", c->ms != NULL);
    return j;
}

static void save_truth(const char *dir, const Sheet *s)
{
    Json *j = js_new_object(), *clips = js_new_array(), *frames = js_new_array();
    js_put_int(j, "w", s->cell_w);
    js_put_int(j, "h", s->cell_h);
    js_put_int(j, "pages", s->page_count);
    js_put_int(j, "colours", s->has_palette ? s->palette.count : 0);
    js_put_number(j, "scale", s->scale);
    for (int i = 0; i < s->clip_count; i++)
        js_push(clips, clip_json(&s->clips[i]));
    FilePart parts[FRAMES * CLIPS];
    for (int i = 0; i < s->count; i++) {
        Json *f = js_new_object();
        js_put_int(f, "ms", s->ms[i]);
        js_put_int(f, "x", s->pivots[i].x);
        js_put_int(f, "y", s->pivots[i].y);
        js_put_int(f, "moved", s->moved[i]);
        js_push(frames, f);
        parts[i] = (FilePart){s->cells[i].data, tensor_bytes(s->cells[i])};
    }
    js_put(j, "clips", clips);
    js_put(j, "frames", frames);
    char *path = file_join(dir, "truth.json");
    check(js_save(j, path, &err));
    xfree(path);
    path = file_join(dir, "cells.rgba");
    check(file_save_parts(path, parts, (size_t)s->count, &err));
    xfree(path);
    js_free(j);
}

static void count_made(void *user, const char *name)
{
    (void)name;
    ++*(int *)user;
}

static void save_case(const char *root, const Case *c)
{
    static const char *const names[] = {"walk_e", "walk_w", "attack_e", "attack_w"};
    static const int uneven[FRAMES] = {300, 50, 120};
    Image frames[CLIPS][FRAMES];
    SheetClip clips[CLIPS];
    int roots[FRAMES], made = 0;
    for (int i = 0; i < FRAMES; i++)
        roots[i] = 6 + (c->moves ? 2 * i : 0);
    for (int k = 0; k < CLIPS; k++) {
        for (int i = 0; i < FRAMES; i++)
            frames[k][i] = figure(i, k % 2 == 0, k > 1, roots[i] - 6, c->is_soft);
        clips[k] = (SheetClip){.name = names[k],
                               .direction = k % 2 == 0 ? "e" : "w",
                               .frames = frames[k],
                               .count = FRAMES,
                               .fps = k > 1 ? 7 : 12,
                               .ms = k > 1 ? uneven : NULL,
                               .is_loop = k < 2,
                               .root = roots};
    }
    Sheet s;
    char *dir = file_join(root, c->name), *below = file_join(dir, "all");
    ImageText text = {"Comment", "a figure of 6 x 8 pixels"};
    SheetFiles files = {.dir = below,
                        .formats = "all",
                        .texts = &text,
                        .text_count = 1,
                        .made = count_made,
                        .user = &made};
    check(sheet_make(&s, &arena, clips, CLIPS, &c->options, &err));
    check(sheet_save(&s, &files, &arena, &err));
    must(made >= 26);
    save_truth(dir, &s);
    xfree(below);
    xfree(dir);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    check(arena_init(&arena, 0, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        save_case(argv[1], &cases[i]);
    arena_release(&arena);
    return 0;
}
