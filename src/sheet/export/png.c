/* SPDX-License-Identifier: MIT */
#include "sheet/export/internal.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool save_image(Image im, const char *dir, const char *name, const ImageText *texts,
                       int count, Err *err)
{
    char *path = file_join(dir, name);
    bool ok = image_save(im, path, texts, count, err);
    xfree(path);
    return ok;
}

/* The number of a frame's file, "0012.png"; -1 for other names. */
static int frame_number(const char *name)
{
    if (strspn(name, "0123456789") != 4 || strcmp(name + 4, ".png") != 0)
        return -1;
    return atoi(name);
}

static bool remove_frames_from(int count, const char *frames, Err *err)
{
    char **names;
    int n;
    bool ok = file_names(&names, &n, frames, err);
    for (int i = 0; ok && i < n; i++) {
        char *path = file_join(frames, names[i]);
        if (frame_number(names[i]) >= count && !file_is_dir(path))
            ok = file_remove(path, err);
        xfree(path);
    }
    file_names_free(names, n);
    return ok;
}

bool sheet_save_frames(const Image *frames, int count, const char *dir, Err *err)
{
    char *below = file_join(dir, "frames");
    bool ok = file_make_dirs(below, err);
    for (int i = 0; i < count && ok; i++) {
        char name[32];
        snprintf(name, sizeof name, "%04d.png", i);
        ok = save_image(frames[i], below, name, NULL, 0, err);
    }
    ok = ok && remove_frames_from(count, below, err);
    xfree(below);
    return ok;
}

bool export_pages(const Export *x)
{
    const SheetFiles *f = x->files;
    for (int i = 0; i < x->sheet->page_count; i++) {
        ExportName name = export_page_name(x->sheet, i, ".png");
        if (!save_image(x->sheet->pages[i], f->dir, name.s, f->texts, f->text_count, x->err))
            return false;
        export_made(x, name.s);
    }
    return true;
}

bool export_png(const Export *x)
{
    return export_pages(x) &&
           sheet_save_frames(x->sheet->cells, x->sheet->count, x->files->dir, x->err);
}
