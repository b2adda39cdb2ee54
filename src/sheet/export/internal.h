#ifndef SHEET_EXPORT_INTERNAL_H
#define SHEET_EXPORT_INTERNAL_H
#include "base/json.h"
#include "sheet/export.h"

/* What the writers share.  A writer writes all files of one format below
 * `files->dir`; false with the reason in err. */
typedef struct Export {
    const Sheet *sheet;
    const SheetFiles *files;
    Arena *scratch; /* left as it was */
    Err *err;
} Export;

typedef bool (*ExportFn)(const Export *x);

bool export_png(const Export *x) MUST_USE;
bool export_gif(const Export *x) MUST_USE;
bool export_apng(const Export *x) MUST_USE;
bool export_webp(const Export *x) MUST_USE;
bool export_json(const Export *x) MUST_USE;
bool export_json_hash(const Export *x) MUST_USE;
bool export_aseprite(const Export *x) MUST_USE;
bool export_texturepacker(const Export *x) MUST_USE;
bool export_pixi(const Export *x) MUST_USE;
bool export_phaser(const Export *x) MUST_USE;
bool export_godot(const Export *x) MUST_USE;
bool export_unity(const Export *x) MUST_USE;
bool export_libgdx(const Export *x) MUST_USE;
bool export_frames(const Export *x) MUST_USE;

/* The pages alone, as sheet.png or sheet-0.png and on. */
bool export_pages(const Export *x) MUST_USE;

/* "sheet" + end for the only page, "sheet-1" + end for one of several. */
typedef struct ExportName {
    char s[96];
} ExportName;
ExportName export_page_name(const Sheet *s, int page, const char *end);
/* "walk_s_00.png" for frame i of a clip; without `end` if it is "". */
ExportName export_frame_name(const SheetClip *clip, int i, const char *end);

/* Frames counted through all clips: a run of them that is one clip, or as much
 * of one as lies in a page.  For each: for (Span v = export_first(s, page);
 * v.clip != NULL; v = export_next(s, page, v)).  page -1: all. */
typedef struct Span {
    const SheetClip *clip;
    int begin;    /* the clip's first frame */
    int from, to; /* of the run, inclusive */
} Span;
Span export_first(const Sheet *s, int page);
Span export_next(const Sheet *s, int page, Span v);

/* The first frame that lies in a page. */
int export_page_begin(const Sheet *s, int page);

/* All alpha is 0 or 255: to be shown with sharp pixels. */
bool export_is_sharp(const Sheet *s);

Json *export_rect(Rect r) MUST_USE;
Json *export_size(int w, int h) MUST_USE;
Json *export_point(double x, double y) MUST_USE;
/* frame, rotated, trimmed, spriteSourceSize, sourceSize: what TexturePacker's
 * and Aseprite's forms share. */
void export_put_place(Json *to, const Sheet *s, int frame);
/* app, version (of the form, not ours), image, format, size, scale of a page. */
Json *export_meta(const Sheet *s, int page) MUST_USE;
/* The pivot as a share of the cell, from the top left. */
Json *export_anchor(const Sheet *s, int frame) MUST_USE;

/* Write a file below dir and tell of it.  The first takes over j. */
bool export_save_json(const Export *x, const char *name, Json *j) MUST_USE;
bool export_save_text(const Export *x, const char *name, const char *text) MUST_USE;
void export_made(const Export *x, const char *name);

/* Text that grows. */
typedef struct Text {
    char *s;
    size_t size, room;
} Text;
void text_add(Text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Saves and releases it. */
bool export_save_grown(const Export *x, const char *name, Text *t) MUST_USE;
#endif
