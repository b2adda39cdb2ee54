/* SPDX-License-Identifier: MIT */
#include "studios/paint/internal.h"

#include "base/file.h"
#include "media/still.h"

#include <stdio.h>
#include <string.h>

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
    paint_hash(&hashes, w->q);
    for (int64_t i = 0; i < w->pictures && ok; i++)
        ok = save_one(w, &hashes, i, err);
    paint_hashes_release(&hashes);
    return ok;
}
