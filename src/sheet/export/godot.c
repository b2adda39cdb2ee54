/* SPDX-License-Identifier: MIT */
#include "sheet/export/internal.h"

/* Godot 4: SpriteFrames as a text resource of format 3, and a scene that uses
 * it.  Paths are relative to the file, so both work in any folder of a project.
 * SpriteFrames know of no pivot: the scene has the one of the first frame. */

/* A frame lasts `duration / speed` seconds. */
static double duration(const Sheet *s, Span v, int i)
{
    return v.clip->ms == NULL ? 1 : s->ms[i] * v.clip->fps / 1000;
}

/* A number that reads back as a float: "1.0", "0.8". */
static void add_number(Text *t, double v)
{
    if (v == (double)(int64_t)v)
        text_add(t, "%.1f", v);
    else
        text_add(t, "%.9g", v);
}

static void add_textures(Text *t, const Sheet *s)
{
    text_add(t, "[gd_resource type=\"SpriteFrames\" load_steps=%d format=3]\n\n",
             s->page_count + s->count + 1);
    for (int page = 0; page < s->page_count; page++)
        text_add(t, "[ext_resource type=\"Texture2D\" path=\"%s\" id=\"%d\"]\n",
                 export_page_name(s, page, ".png").s, page + 1);
    for (Span v = export_first(s, -1); v.clip != NULL; v = export_next(s, -1, v))
        for (int i = v.from; i <= v.to; i++) {
            Rect r = s->places[i];
            text_add(t, "\n[sub_resource type=\"AtlasTexture\" id=\"%s\"]\n",
                     export_frame_name(v.clip, i - v.begin, "").s);
            text_add(t, "atlas = ExtResource(\"%d\")\n", s->page[i] + 1);
            text_add(t, "region = Rect2(%d, %d, %d, %d)\n", r.x, r.y, r.w, r.h);
            text_add(t, "filter_clip = true\n");
        }
}

static void add_animation(Text *t, const Sheet *s, Span v)
{
    text_add(t, "%s{\n\"frames\": [", v.begin == 0 ? "" : ", ");
    for (int i = v.from; i <= v.to; i++) {
        text_add(t, "%s{\n\"duration\": ", i == v.from ? "" : ", ");
        add_number(t, duration(s, v, i));
        text_add(t, ",\n\"texture\": SubResource(\"%s\")\n}",
                 export_frame_name(v.clip, i - v.begin, "").s);
    }
    text_add(t, "],\n\"loop\": %s,\n\"name\": &\"%s\",\n\"speed\": ",
             v.clip->is_loop ? "true" : "false", v.clip->name);
    add_number(t, v.clip->fps);
    text_add(t, "\n}");
}

static bool save_scene(const Export *x)
{
    const Sheet *s = x->sheet;
    const char *first = s->clips[0].name;
    Text t = {0};
    text_add(&t, "[gd_scene load_steps=2 format=3]\n\n");
    text_add(&t, "[ext_resource type=\"SpriteFrames\" path=\"sheet.tres\" id=\"1\"]\n\n");
    text_add(&t, "[node name=\"Character\" type=\"AnimatedSprite2D\"]\n");
    if (export_is_sharp(s))
        text_add(&t, "texture_filter = 1\n");
    text_add(&t, "sprite_frames = ExtResource(\"1\")\n");
    text_add(&t, "animation = &\"%s\"\nautoplay = \"%s\"\n", first, first);
    text_add(&t, "centered = false\noffset = Vector2(%d, %d)\n", -s->pivots[0].x,
             -s->pivots[0].y);
    return export_save_grown(x, "sheet.tscn", &t);
}

bool export_godot(const Export *x)
{
    const Sheet *s = x->sheet;
    Text t = {0};
    add_textures(&t, s);
    text_add(&t, "\n[resource]\nanimations = [");
    for (Span v = export_first(s, -1); v.clip != NULL; v = export_next(s, -1, v))
        add_animation(&t, s, v);
    text_add(&t, "]\n");
    return export_save_grown(x, "sheet.tres", &t) && save_scene(x);
}
