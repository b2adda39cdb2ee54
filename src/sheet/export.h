#ifndef SHEET_EXPORT_H
#define SHEET_EXPORT_H
#include "sheet/sheet.h"

/* A sheet as files that game engines and people open.
 *
 *   png            sheet.png, and each cell as frames/0000.png
 *   gif apng webp  each clip, moving: NAME.gif, NAME.apng, NAME.webp
 *   json           sheet.json: Aseprite's form, frames in a row
 *   json-hash      sheet-hash.json: the same, frames by number, as Phaser's load.aseprite reads
 *   aseprite       sheet.aseprite: Aseprite's own file, with tags and pivot
 *   texturepacker  sheet-texturepacker.json: TexturePacker's hash form
 *   pixi           sheet-pixi.json: that, with anchors and animations
 *   phaser         sheet-phaser.json, an atlas; sheet-phaser-anims.json, for anims.fromJSON
 *   godot          sheet.tres, SpriteFrames; sheet.tscn, a scene that stands on its pivot
 *   unity          sheet-unity.json, SpritesheetPostprocessor.cs (for a folder named Editor),
 *                  and sheet.aseprite for Unity's own importer
 *   libgdx         sheet.atlas
 *   frames         frames.json: all that we know, in our own words
 *
 * What refers to the sheet brings sheet.png along.  A sheet of several pages is
 * sheet-0.png, sheet-1.png, ...; formats that know of one picture then come once
 * a page, numbered like it.  Frames are called NAME_00.png, those of a page in
 * the order of clips.  All files are relative to each other, and the same sheet
 * gives the same bytes. */
#define SHEET_FORMATS                                                                          \
    "png|gif|apng|webp|json|json-hash|aseprite|texturepacker|pixi|phaser|godot|unity|libgdx|"  \
    "frames|all"

typedef struct SheetFiles {
    const char *dir;        /* made if need be */
    const char *formats;    /* names with commas between; NULL or "": png,gif,json */
    const ImageText *texts; /* kept in sheet.png and frames.json */
    int text_count;
    void (*made)(void *user, const char *name); /* told each file below dir, but not those
                                                   in frames/; NULL: nobody */
    void *user;
} SheetFiles;

/* False, with the names that there are, if one is not known. */
bool sheet_formats_known(const char *formats, Err *err) MUST_USE;

/* `scratch` is left as it was.  What an earlier run wrote is replaced; of
 * frames/, what it wrote beyond is removed. */
bool sheet_save(const Sheet *s, const SheetFiles *f, Arena *scratch, Err *err) MUST_USE;
#endif
