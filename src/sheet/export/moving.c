/* SPDX-License-Identifier: MIT */
#include "sheet/export/internal.h"

#include "base/file.h"
#include "media/animation.h"

#include <stdio.h>

typedef bool (*Save)(const Animation *m, const char *path, Arena *scratch, Err *err);

static bool save_clip(const Export *x, Span v, const char *end, Save save)
{
    const Sheet *s = x->sheet;
    char name[96];
    snprintf(name, sizeof name, "%s%s", v.clip->name, end);
    double *ms = xalloc((size_t)v.clip->count, sizeof *ms);
    for (int i = 0; i < v.clip->count; i++)
        ms[i] = s->ms[v.begin + i];
    char *path = file_join(x->files->dir, name);
    Animation m = {.frames = s->cells + v.begin,
                   .count = v.clip->count,
                   .ms = ms,
                   .plays = v.clip->is_loop ? 0 : 1};
    bool ok = save(&m, path, x->scratch, x->err);
    xfree(path);
    xfree(ms);
    if (ok)
        export_made(x, name);
    return ok;
}

static bool save_clips(const Export *x, const char *end, Save save)
{
    bool ok = true;
    for (Span v = export_first(x->sheet, -1); ok && v.clip != NULL;
         v = export_next(x->sheet, -1, v))
        ok = save_clip(x, v, end, save);
    return ok;
}

bool export_gif(const Export *x)
{
    return save_clips(x, ".gif", gif_save);
}

bool export_apng(const Export *x)
{
    return save_clips(x, ".apng", apng_save);
}

bool export_webp(const Export *x)
{
    return save_clips(x, ".webp", webp_save);
}
