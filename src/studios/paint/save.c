/* SPDX-License-Identifier: MIT */
#include "studios/paint/internal.h"

#include "base/file.h"
#include "media/color.h"
#include "media/still.h"

#include <stdio.h>
#include <string.h>

bool paint_is_written(const PaintRequest *q)
{
    return q->out[0] != '\0';
}

/* NAME-2.png, of several. */
static void name_of(const PaintWork *w, int64_t i, char *to, size_t room)
{
    const char *out = w->q->out, *dot = strrchr(out, '.'), *slash = strrchr(out, '/');
    size_t stem =
        dot != NULL && (slash == NULL || dot > slash) ? (size_t)(dot - out) : strlen(out);
    if (w->pictures == 1)
        snprintf(to, room, "%s", out);
    else
        snprintf(to, room, "%.*s-%lld%s", (int)stem, out, (long long)(i + 1), out + stem);
}

/* For who takes pictures from memory. */
static bool show(PaintWork *w, int64_t i, Err *err)
{
    if (w->talk->frame == NULL)
        return true;
    size_t floor = w->scratch.used;
    Image rgba = image_to_rgba(&w->scratch, w->picture[i], err);
    if (tensor_is_empty(rgba))
        return false;
    w->talk->frame(w->talk->user, &(StudioFrame){.clip = "picture",
                                                 .index = (int)i,
                                                 .count = (int)w->pictures,
                                                 .pivot_x = image_width(rgba) / 2,
                                                 .pivot_y = image_height(rgba),
                                                 .width = image_width(rgba),
                                                 .height = image_height(rgba),
                                                 .rgba = rgba.data});
    arena_rewind(&w->scratch, floor);
    return true;
}

enum { QUALITY = 95 }; /* of JPEG and WebP */

static bool save_one(PaintWork *w, const PaintHashes *h, int64_t i, Err *err)
{
    char path[4200];
    name_of(w, i, path, sizeof path);
    char *parameters = paint_parameters(w, h, i), *settings = paint_settings(w, i);
    ImageText texts[] = {{"parameters", parameters},
                         {"atelier", settings},
                         {"Software", "atelier " ATELIER_VERSION}};
    const StillOptions options = {QUALITY, texts, 3};
    bool ok = still_save(w->picture[i], path, options, &w->scratch, err);
    xfree(parameters);
    xfree(settings);
    if (!ok)
        return false;
    if (w->talk->made != NULL)
        w->talk->made(w->talk->user, path);
    return true;
}

bool paint_save(PaintWork *w, Err *err)
{
    bool ok = true;
    PaintHashes hashes = {0};
    for (int64_t i = 0; i < w->pictures && ok; i++)
        ok = show(w, i, err);
    if (!ok || !paint_is_written(w->q))
        return ok;
    paint_hash(&hashes, w->q);
    for (int64_t i = 0; i < w->pictures && ok; i++)
        ok = save_one(w, &hashes, i, err);
    paint_hashes_release(&hashes);
    return ok;
}
