/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"
#include "sheet/export.h"

#include <stdio.h>
#include <string.h>

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

/* "#102030", or with the name of a colour that artists use. */
static bool read_outline(SheetOptions *o, const char *text, Err *err)
{
    unsigned rgb;
    int end = 0;
    if (!is_given(text))
        return true;
    if (strcmp(text, "black") == 0)
        text = "#000000";
    if (strcmp(text, "white") == 0)
        text = "#ffffff";
    if (sscanf(text, "#%6x%n", &rgb, &end) != 1 || end != 7 || text[7] != '\0')
        return err_set(err, ERR_INPUT,
                       "--outline is '%.40s'; it must be a colour like #20182c, black or white",
                       text);
    o->has_outline = true;
    o->outline =
        (Rgb){(unsigned char)(rgb >> 16), (unsigned char)(rgb >> 8), (unsigned char)rgb};
    return true;
}

static bool read_palette(Work *w, Err *err)
{
    Palette *p = arena_take(&w->job, sizeof *p);
    if (p == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for a palette");
    w->sheet.palette = p;
    return palette_load(p, w->q->palette, &w->scratch, err);
}

bool save_look(Work *w, Err *err)
{
    const SpriteRequest *q = w->q;
    w->sheet = (SheetOptions){.pad = q->extrude > 0 ? 2 * (int)q->extrude + 2 : 2,
                              .extrude = (int)q->extrude,
                              .cell = (int)q->cell,
                              .colors = (int)q->colors,
                              .in_place = q->in_place};
    return sheet_formats_known(q->format, err) && read_outline(&w->sheet, q->outline, err) &&
           (!is_given(q->palette) || read_palette(w, err));
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
                               .direction = o->side.name[0] == '\0' ? NULL : o->side.name,
                               .fps = o->fps,
                               .ms = o->ms,
                               .root = o->root,
                               .is_loop = o->loops,
                               .grounded = o->grounded};
    }
    Sheet sheet;
    ImageText texts[] = {{"Software", "atelier " ATELIER_VERSION}, {"Comment", how}};
    if (!sheet_make(&sheet, &w->job, clips, m->count, &w->sheet, err))
        return false;
    tell_frames(w->talk, &sheet);
    if (!is_given(dir))
        return true;
    Telling telling = {w->talk, dir};
    SheetFiles files = {.dir = dir,
                        .formats = w->q->format,
                        .texts = texts,
                        .text_count = 2,
                        .made = made,
                        .user = &telling};
    return sheet_save(&sheet, &files, &w->scratch, err);
}
