/* SPDX-License-Identifier: MIT */
#include "sheet/export.h"

#include "base/file.h"
#include "sheet/export/internal.h"

#include <stdio.h>
#include <string.h>

typedef struct Format {
    const char *name;
    ExportFn write;
    bool needs_pages; /* refers to sheet.png, and does not write it */
} Format;

static const Format formats[] = {
    {"png", export_png, false},           {"gif", export_gif, false},
    {"apng", export_apng, false},         {"webp", export_webp, false},
    {"json", export_json, true},          {"json-hash", export_json_hash, true},
    {"aseprite", export_aseprite, false}, {"texturepacker", export_texturepacker, true},
    {"pixi", export_pixi, true},          {"phaser", export_phaser, true},
    {"godot", export_godot, true},        {"unity", export_unity, true}, /* and aseprite */
    {"libgdx", export_libgdx, true},      {"frames", export_frames, true},
};
enum { FORMATS = sizeof formats / sizeof *formats };

static bool add(bool *chosen, const char *name, size_t size)
{
    bool is_all = size == 3 && memcmp(name, "all", 3) == 0, is_known = is_all;
    for (int i = 0; i < FORMATS; i++)
        if (is_all ||
            (strlen(formats[i].name) == size && memcmp(formats[i].name, name, size) == 0))
            chosen[i] = is_known = true;
    return is_known;
}

/* The formats that a list names. */
static bool choose(bool *chosen, const char *list, Err *err)
{
    if (list == NULL || list[0] == '\0')
        list = "png,gif,json";
    while (true) {
        size_t n = strcspn(list, ",");
        if (n == 5 && memcmp(list, "unity", 5) == 0)
            add(chosen, "aseprite", 8);
        if (!add(chosen, list, n))
            return err_set(err, ERR_INPUT, "there is no format '%.*s'; there are %s",
                           (int)(n < 40 ? n : 40), list, SHEET_FORMATS);
        if (list[n] == '\0')
            return true;
        list += n + 1;
    }
}

bool sheet_formats_known(const char *list, Err *err)
{
    bool chosen[FORMATS] = {0};
    return choose(chosen, list, err);
}

bool sheet_save(const Sheet *s, const SheetFiles *f, Arena *scratch, Err *err)
{
    bool chosen[FORMATS] = {0}, needs_pages = false, writes_pages = false;
    Export x = {s, f, scratch, err};
    if (!choose(chosen, f->formats, err) || !file_make_dirs(f->dir, err))
        return false;
    for (int i = 0; i < FORMATS; i++) {
        needs_pages = needs_pages || (chosen[i] && formats[i].needs_pages);
        writes_pages = writes_pages || (chosen[i] && formats[i].write == export_png);
    }
    if (needs_pages && !writes_pages && !export_pages(&x))
        return false;
    for (int i = 0; i < FORMATS; i++) {
        size_t floor = scratch->used;
        if (chosen[i] && !formats[i].write(&x))
            return false;
        must(scratch->used == floor);
    }
    return true;
}
