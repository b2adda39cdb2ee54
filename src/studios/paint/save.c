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

static bool save_one(PaintWork *w, int64_t i, Err *err)
{
    char path[4200];
    name_of(w, i, path, sizeof path);
    char *parameters = paint_parameters(w, i), *settings = paint_settings(w, i);
    ImageText texts[] = {{"parameters", parameters},
                         {"atelier", settings},
                         {"Software", "atelier " ATELIER_VERSION}};
    bool ok = file_name_ends(path, ".png")
                  ? image_save(w->picture[i], path, texts, 3, err)
                  : still_save(w->picture[i], path, QUALITY, &w->scratch, err);
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
    for (int64_t i = 0; i < w->pictures && ok; i++)
        ok = save_one(w, i, err);
    return ok;
}
