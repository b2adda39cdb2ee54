/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include <stdio.h>
#include <string.h>

/* Moore's weights; what else is published for them, or trained from them. */
static void animate_anyone(SpriteFamily *f)
{
    *f = (SpriteFamily){.name = "animate-anyone",
                        .guider = GUIDER_PLAIN,
                        .pose_range = RANGE_UNIT,
                        .pose_style = "controlnet",
                        .scheduler = scheduler_config_moore(),
                        .width = 512,
                        .height = 512,
                        .steps = 25,
                        .guidance = 3.5,
                        .context = 24,
                        .overlap = 4};
}

/* Sprite Sheet Diffusion with its own guider: poses in -1..1, hand-labelled. */
static void sprite_sheet_diffusion(SpriteFamily *f)
{
    animate_anyone(f);
    snprintf(f->name, sizeof f->name, "sprite-sheet-diffusion");
    f->guider = GUIDER_PYRAMID;
    f->pose_range = RANGE_SIGNED;
    snprintf(f->pose_style, sizeof f->pose_style, "ssd");
    f->context = 16;
}

/* The same project's first week: a plain guider, but poses in -1..1. */
static void sprite_sheet_diffusion_plain(SpriteFamily *f)
{
    sprite_sheet_diffusion(f);
    snprintf(f->name, sizeof f->name, "sprite-sheet-diffusion-plain");
    f->guider = GUIDER_PLAIN;
}

static void (*const families[])(SpriteFamily *) = {
    animate_anyone,
    sprite_sheet_diffusion,
    sprite_sheet_diffusion_plain,
};

enum { FAMILIES = sizeof families / sizeof *families };

const char *family_names(void)
{
    return "animate-anyone|sprite-sheet-diffusion|sprite-sheet-diffusion-plain";
}

bool family_named(SpriteFamily *f, const char *name, Err *err)
{
    for (int i = 0; i < FAMILIES; i++) {
        families[i](f);
        if (strcmp(f->name, name) == 0)
            return true;
    }
    return err_set(err, ERR_INPUT, "there is no model family '%s'; there are %s", name,
                   family_names());
}

void family_of_guider(SpriteFamily *f, GuiderKind kind)
{
    families[kind == GUIDER_PLAIN ? 0 : 1](f);
}

static bool read_keys(SpriteFamily *f, const Json *keys, Err *err)
{
    if (js_count(keys) > FAMILY_KEYS)
        return err_set(err, ERR_FORMAT, "key_colors lists more than %d colours", FAMILY_KEYS);
    for (size_t i = 0; i < js_count(keys); i++) {
        int64_t c[3];
        for (size_t k = 0; k < 3; k++) {
            c[k] = js_int(js_at(js_at(keys, i), k), -1);
            if (c[k] < 0 || c[k] > 255)
                return err_set(err, ERR_FORMAT, "key_colors must list [r,g,b], each 0 to 255");
        }
        f->key[f->keys++] =
            (Rgb){(unsigned char)c[0], (unsigned char)c[1], (unsigned char)c[2]};
    }
    return true;
}

/* An integer member in a range; what is missing keeps its value. */
static bool read_int(int64_t *to, const Json *j, const char *name, int64_t least, int64_t most,
                     Err *err)
{
    *to = js_int(js_get(j, name), *to);
    if (*to < least || *to > most)
        return err_set(err, ERR_FORMAT, "%s is %lld; it must be %lld to %lld", name,
                       (long long)*to, (long long)least, (long long)most);
    return true;
}

static bool read_guider(SpriteFamily *f, const Json *j, Err *err)
{
    const char *kind = js_string(js_get(j, "guider"), "plain");
    f->guider = strcmp(kind, "pyramid") == 0 ? GUIDER_PYRAMID : GUIDER_PLAIN;
    if (f->guider == GUIDER_PLAIN && strcmp(kind, "plain") != 0)
        return err_set(err, ERR_FORMAT, "guider is '%s'; it must be plain or pyramid", kind);
    double low = js_number(js_at(js_get(j, "pose_range"), 0), 0);
    double high = js_number(js_at(js_get(j, "pose_range"), 1), 1);
    if (high != 1 || (low != 0 && low != -1))
        return err_set(err, ERR_FORMAT, "pose_range must be [0,1] or [-1,1]");
    f->pose_range = low < 0 ? RANGE_SIGNED : RANGE_UNIT;
    snprintf(f->pose_style, sizeof f->pose_style, "%s",
             js_string(js_get(j, "pose_style"), "controlnet"));
    return true;
}

static bool read_members(SpriteFamily *f, const Json *j, Err *err)
{
    snprintf(f->name, sizeof f->name, "%s", js_string(js_get(j, "family"), "unnamed"));
    const Json *size = js_get(j, "size");
    if (js_count(size) == 2) {
        f->width = js_int(js_at(size, 0), 0);
        f->height = js_int(js_at(size, 1), 0);
    }
    if (f->width < 8 || f->height < 8 || f->width > 4096 || f->height > 4096)
        return err_set(err, ERR_FORMAT, "size must be [width,height], each 8 to 4096");
    f->guidance = js_number(js_get(j, "guidance"), f->guidance);
    if (!(f->guidance > 0) || f->guidance > 100)
        return err_set(err, ERR_FORMAT, "guidance must be above 0 and at most 100");
    f->context = js_int(js_get(j, "window"), f->context);
    return read_guider(f, j, err) && scheduler_config_read(&f->scheduler, j, err) &&
           read_int(&f->steps, j, "steps", 1, 1000, err) &&
           read_int(&f->context, j, "context", 1, 4096, err) &&
           read_int(&f->overlap, j, "overlap", 0, f->context - 1, err) &&
           read_keys(f, js_get(j, "key_colors"), err);
}

bool family_read(SpriteFamily *f, const char *path, Err *err)
{
    Json *j = js_load(path, err);
    if (j == NULL)
        return false;
    animate_anyone(f);
    bool ok = read_members(f, j, err);
    if (!ok)
        err_prefix(err, "'%s': ", path);
    js_free(j);
    return ok;
}
