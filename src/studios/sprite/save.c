/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"
#include "sheet/export.h"

static int64_t count_frames(const Actions *m)
{
    int64_t n = 0;
    for (int i = 0; i < m->count; i++)
        n += m->of[i].count;
    return n;
}

bool save_raw(Work *w, const Actions *m, const char *dir, Err *err)
{
    Image *frames = arena_take(&w->job, (size_t)count_frames(m) * sizeof *frames);
    int n = 0;
    if (frames == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for the frames");
    for (int i = 0; i < m->count; i++)
        for (int64_t k = 0; k < m->of[i].count; k++)
            frames[n++] = m->of[i].frame[k];
    if (!sheet_save_frames(frames, n, dir, err))
        return false;
    tell_made(w->talk, dir, "frames");
    return true;
}

/* Where sheet_save's words go. */
typedef struct Telling {
    const StudioRun *talk;
    const char *dir;
} Telling;

static void made(void *user, const char *name)
{
    const Telling *t = user;
    tell_made(t->talk, t->dir, name);
}

bool save_sheet(Work *w, const Actions *m, const char *how, const char *dir, Err *err)
{
    SheetClip *clips = arena_zeros(&w->job, (size_t)m->count * sizeof *clips);
    if (clips == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for the sheet");
    for (int i = 0; i < m->count; i++) {
        const Action *o = &m->of[i];
        clips[i] = (SheetClip){.name = o->name,
                               .frames = o->frame,
                               .count = (int)o->count,
                               .fps = o->fps,
                               .is_loop = o->loops,
                               .grounded = o->grounded};
    }
    Sheet sheet;
    ImageText texts[] = {{"Software", "atelier " ATELIER_VERSION}, {"Comment", how}};
    SheetOptions options = {.pad = 2};
    if (!sheet_make(&sheet, &w->job, clips, m->count, &options, err))
        return false;
    tell_frames(w->talk, &sheet);
    if (!is_given(dir))
        return true;
    Telling telling = {w->talk, dir};
    SheetFiles files = {
        .dir = dir, .texts = texts, .text_count = 2, .made = made, .user = &telling};
    return sheet_save(&sheet, &files, &w->scratch, err);
}
