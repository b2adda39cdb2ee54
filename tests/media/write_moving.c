/* SPDX-License-Identifier: MIT */
#include "media/animation.h"
#include "media/aseprite.h"

#include "base/file.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes animations as every format, and beside them their pixels as they are,
 * for read_moving.py to compare.  Usage: write_moving FOLDER */

static Arena arena;
static Err err;

static void check(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

static uint32_t mixed(uint32_t v)
{
    v ^= v >> 16;
    v *= 0x7feb352du;
    v ^= v >> 15;
    v *= 0x846ca68bu;
    return v ^ v >> 16;
}

/* Noise of `colours` colours; nothing at the left, more of it frame by frame. */
typedef struct Case {
    const char *name;
    int w, h, count, colours;
    bool is_soft;   /* alpha of any value */
    bool is_still;  /* all frames the same */
    bool is_opaque; /* nothing is left out */
    int plays;
} Case;

static const Case cases[] = {
    {"one", 1, 1, 1, 2, false, false, true, 0},
    {"few", 16, 16, 5, 9, false, false, false, 0},
    {"most", 33, 20, 3, 254, false, false, false, 1},
    {"many", 40, 37, 4, 5000, false, false, false, 0},
    {"soft", 31, 24, 4, 5000, true, false, false, 1},
    {"opaque", 12, 34, 3, 40, false, false, true, 0},
    {"still", 20, 20, 4, 6, false, true, false, 0},
};

static Image frame_of(const Case *c, int f)
{
    Image im = image_new(&arena, c->w, c->h, 4, &err);
    check(!tensor_is_empty(im));
    int at = c->is_still ? 0 : f;
    for (int i = 0; i < c->w * c->h; i++) {
        uint32_t v = mixed((uint32_t)(i / 2 + 7919 * at)) % (uint32_t)c->colours;
        uint32_t rgb = mixed(v + 1);
        unsigned char *p = (unsigned char *)im.data + 4 * (ptrdiff_t)i;
        memcpy(p, &rgb, 3);
        p[3] = c->is_soft ? (unsigned char)mixed((uint32_t)i) : 255;
        if (p[3] == 0 || (!c->is_opaque && i % c->w < 3 * at))
            memset(p, 0, 4);
    }
    return im;
}

/* NAME.rgba: all pixels; NAME.json: what else is to come back. */
static void save_truth(const char *base, const Case *c, const Image *frames, const int *ms)
{
    char path[512];
    snprintf(path, sizeof path, "%s.rgba", base);
    FilePart parts[8];
    for (int i = 0; i < c->count; i++)
        parts[i] = (FilePart){frames[i].data, tensor_bytes(frames[i])};
    check(file_save_parts(path, parts, (size_t)c->count, &err));
    Json *j = js_new_object(), *times = js_new_array();
    js_put_int(j, "width", c->w);
    js_put_int(j, "height", c->h);
    js_put_int(j, "plays", c->plays);
    js_put_bool(j, "soft", c->is_soft);
    js_put_bool(j, "exact_gif", !c->is_soft && c->colours < 256);
    for (int i = 0; i < c->count; i++)
        js_push_int(times, ms[i]);
    js_put(j, "ms", times);
    snprintf(path, sizeof path, "%s.json", base);
    check(js_save(j, path, &err));
    js_free(j);
}

static void save_aseprite(const char *base, const char *end, const Case *c, const Image *frames,
                          const int *ms, const Palette *palette)
{
    char path[512];
    Spot pivots[8];
    for (int i = 0; i < c->count; i++)
        pivots[i] = (Spot){i < 2 ? c->w / 2 : c->w / 2 + i, c->h};
    AsepriteTag tags[2] = {{"first_s", 0, 0, c->plays}, {"rest_nw", 1, c->count - 1, 0}};
    Aseprite f = {.frames = frames,
                  .count = c->count,
                  .ms = ms,
                  .pivots = pivots,
                  .tags = tags,
                  .tag_count = c->count > 1 ? 2 : 1,
                  .palette = palette};
    snprintf(path, sizeof path, "%s.%s", base, end);
    check(aseprite_save(&f, path, &arena, &err));
}

static void save_case(const char *dir, const Case *c)
{
    static const int ms[] = {100, 80, 20, 1000, 330};
    double as_double[5];
    Image frames[5];
    char base[400], path[512];
    for (int i = 0; i < c->count; i++) {
        frames[i] = frame_of(c, i);
        as_double[i] = ms[i];
    }
    snprintf(base, sizeof base, "%s/%s", dir, c->name);
    save_truth(base, c, frames, ms);
    Animation m = {.frames = frames, .count = c->count, .ms = as_double, .plays = c->plays};
    snprintf(path, sizeof path, "%s.gif", base);
    check(gif_save(&m, path, &arena, &err));
    snprintf(path, sizeof path, "%s.apng", base);
    check(apng_save(&m, path, &arena, &err));
    snprintf(path, sizeof path, "%s.webp", base);
    check(webp_save(&m, path, &arena, &err));
    save_aseprite(base, "aseprite", c, frames, ms, NULL);
    Palette p;
    check(palette_make(&p, &arena, frames, c->count, PALETTE_MOST, &err));
    if (p.is_exact && !c->is_soft)
        save_aseprite(base, "indexed.aseprite", c, frames, ms, &p);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    check(arena_init(&arena, 0, &err) && file_make_dirs(argv[1], &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        save_case(argv[1], &cases[i]);
    arena_release(&arena);
    return 0;
}
