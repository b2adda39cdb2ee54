/* SPDX-License-Identifier: MIT */
#include "pose/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

enum { MAX_FILE = 16 << 20, MAX_CANVAS = 1 << 20 };

/* Where each of our joints stands in lists of other lengths; -1: nowhere. */
static const signed char from_body25[JOINTS] = {0,  1,  2,  3,  4,  5,  6,  7,  9,
                                                10, 11, 12, 13, 14, 15, 16, 17, 18};
static const signed char from_coco17[JOINTS] = {0,  -1, 6,  8,  10, 5, 7, 9, 12,
                                                14, 16, 11, 13, 15, 2, 1, 4, 3};

/* A point as it stands in a file: any may be null; z is 0 and c 1 if they are. */
typedef struct Written {
    const Json *x, *y, *z, *c;
} Written;

/* False for what is no number. */
static bool read_point(Keypoint *k, Written w, Err *err)
{
    *k = (Keypoint){0};
    if (js_is_null(w.x) || js_is_null(w.y))
        return true;
    double v[4] = {js_number(w.x, NAN), js_number(w.y, NAN),
                   js_is_null(w.z) ? 0 : js_number(w.z, NAN),
                   js_is_null(w.c) ? 1 : js_number(w.c, NAN)};
    for (int i = 0; i < 4; i++) {
        if (!(fabs(v[i]) <= 1e9))
            return err_set(err, ERR_FORMAT, "a coordinate is not a number");
    }
    bool is_missing = v[3] <= 0 || (v[0] == 0 && v[1] == 0) || (v[0] == -1 && v[1] == -1);
    if (!is_missing)
        *k = (Keypoint){(float)v[0], (float)v[1], (float)v[2], (float)v[3]};
    return true;
}

static void put_neck(Pose *p)
{
    const Keypoint *r = &p->joint[JOINT_R_SHOULDER], *l = &p->joint[JOINT_L_SHOULDER];
    if (r->c > 0 && l->c > 0)
        p->joint[JOINT_NECK] = (Keypoint){(r->x + l->x) / 2, (r->y + l->y) / 2,
                                          (r->z + l->z) / 2, r->c < l->c ? r->c : l->c};
}

/* From points in the order of their list to ours. */
static bool order(Pose *p, const Keypoint *point, size_t count, Err *err)
{
    memset(p, 0, sizeof *p);
    if (count != JOINTS && count != 25 && count != 17)
        return err_set(err, ERR_FORMAT, "a person has %zu points, not 18, 25 or 17", count);
    for (int i = 0; i < JOINTS; i++) {
        int at = count == 25 ? from_body25[i] : count == 17 ? from_coco17[i] : i;
        if (at >= 0)
            p->joint[i] = point[at];
    }
    if (count == 17)
        put_neck(p);
    return true;
}

/* [x,y,c, x,y,c, ...], or four numbers a point: [x,y,z,c, ...] */
static bool read_flat(Pose *p, const Json *list, size_t numbers, Err *err)
{
    Keypoint point[25];
    size_t count = js_count(list) / numbers;
    if (js_count(list) % numbers || count > 25)
        return err_set(err, ERR_FORMAT, "a person has %zu numbers, not %zu, %zu or %zu",
                       js_count(list), numbers * 18, numbers * 25, numbers * 17);
    for (size_t i = 0; i < count; i++) {
        size_t at = numbers * i, last = at + numbers - 1;
        Written w = {js_at(list, at), js_at(list, at + 1),
                     numbers == 4 ? js_at(list, at + 2) : NULL, js_at(list, last)};
        if (!read_point(&point[i], w, err))
            return false;
    }
    return order(p, point, count, err);
}

/* [[x,y], null, [x,y,c], ...] */
static bool read_pairs(Pose *p, const Json *list, Err *err)
{
    Keypoint point[25];
    if (js_count(list) > 25)
        return err_set(err, ERR_FORMAT, "a person has %zu points, not 18", js_count(list));
    for (size_t i = 0; i < js_count(list); i++) {
        const Json *at = js_at(list, i);
        if (!js_is_null(at) && js_count(at) != 2 && js_count(at) != 3)
            return err_set(err, ERR_FORMAT, "a point should be [x,y], or null");
        if (!read_point(&point[i], (Written){js_at(at, 0), js_at(at, 1), NULL, js_at(at, 2)},
                        err))
            return false;
    }
    return order(p, point, js_count(list), err);
}

static bool is_empty(const Json *list)
{
    return js_is_null(list) || (js_is_array(list) && !js_count(list));
}

/* The depth of one to the points of the other. */
static void add_depth(Pose *p, const Pose *deep)
{
    for (int i = 0; i < JOINTS; i++) {
        if (p->joint[i].c > 0 && deep->joint[i].c > 0)
            p->joint[i].z = deep->joint[i].z;
    }
}

static bool read_deep(Pose *p, const Json *flat, const Json *deep, Err *err)
{
    Pose depth;
    if (!read_flat(&depth, deep, 4, err))
        return err_prefix(err, "'pose_keypoints_3d': ");
    if (is_empty(flat))
        *p = depth;
    else
        add_depth(p, &depth);
    return true;
}

static bool read_person(Pose *p, const Json *j, bool is_pairs, bool *has_depth, Err *err)
{
    if (is_pairs) {
        *has_depth = false;
        return read_pairs(p, j, err);
    }
    const Json *flat = js_get(j, "pose_keypoints_2d"), *deep = js_get(j, "pose_keypoints_3d");
    memset(p, 0, sizeof *p);
    if (is_empty(flat) && is_empty(deep)) /* hands or a face without a body */
        return js_is_object(j) || err_set(err, ERR_FORMAT, "a person should be an object");
    if (!is_empty(flat) && !read_flat(p, flat, 3, err))
        return false;
    if (!is_empty(deep))
        return read_deep(p, flat, deep, err);
    *has_depth = false;
    return true;
}

/* "canvas_width", or in older files "width". */
static bool read_side(double *side, const Json *j, const char *name, Err *err)
{
    char canvas[32];
    snprintf(canvas, sizeof canvas, "canvas_%s", name);
    const Json *value = js_get(j, canvas);
    if (js_is_null(value))
        value = js_get(j, name);
    *side = 0;
    if (js_is_null(value))
        return true;
    *side = js_number(value, NAN);
    if (!(*side >= 0 && *side <= MAX_CANVAS))
        return err_set(err, ERR_FORMAT, "the canvas' %s is not a number of 0 to %d", name,
                       MAX_CANVAS);
    return true;
}

/* Whether all points are shares of a canvas that is larger than that. */
static bool is_normalised(const Pose *pose, int count)
{
    bool any = false;
    for (int i = 0; i < count * JOINTS; i++) {
        const Keypoint *k = &pose[i / JOINTS].joint[i % JOINTS];
        if (!(k->c > 0))
            continue;
        if (k->x < 0 || k->x > 1 || k->y < 0 || k->y > 1)
            return false;
        any = true;
    }
    return any;
}

static void scale_frame(Pose *pose, int count, double sx, double sy)
{
    for (int i = 0; i < count * JOINTS; i++) {
        Keypoint *k = &pose[i / JOINTS].joint[i % JOINTS];
        k->x = (float)((double)k->x * sx);
        k->y = (float)((double)k->y * sy);
        k->z = (float)((double)k->z * sy);
    }
}

/* One frame's object into frame f.  All frames are brought to the first
 * canvas that is stated. */
static bool read_frame(Poses *p, int f, const Json *j, Arena *a, Err *err)
{
    double width, height;
    const Json *people = js_get(j, "people");
    bool is_pairs = js_is_null(people);
    if (is_pairs)
        people = js_get(j, "keypoints");
    if (!js_is_object(j) || !js_is_array(people))
        return err_set(err, ERR_FORMAT, "there are no poses ('people' or 'keypoints')");
    if (js_count(people) > POSES_MAX_PEOPLE)
        return err_set(err, ERR_FORMAT, "more than %d people", POSES_MAX_PEOPLE);
    if (!read_side(&width, j, "width", err) || !read_side(&height, j, "height", err))
        return false;
    int count = p->people[f] = (int)js_count(people);
    Pose *pose = p->pose[f] = arena_take(a, (size_t)(count + !count) * sizeof *pose);
    if (!pose)
        return err_set(err, ERR_MEMORY, "no memory for the poses of frame %d", f);
    for (int i = 0; i < count; i++) {
        if (!read_person(&pose[i], js_at(people, (size_t)i), is_pairs, &p->has_depth, err))
            return false;
    }
    if (!(width > 1 && height > 1))
        return true;
    if (p->width <= 0) {
        p->width = width;
        p->height = height;
    }
    bool is_share = is_normalised(pose, count);
    scale_frame(pose, count, p->width / (is_share ? 1 : width),
                p->height / (is_share ? 1 : height));
    return true;
}

static bool take_frames(Poses *p, size_t frames, Arena *a, Err *err)
{
    if (frames < 1 || frames > POSES_MAX_FRAMES)
        return err_set(err, ERR_FORMAT, "%zu frames are not in 1..%d", frames,
                       POSES_MAX_FRAMES);
    p->frames = (int)frames;
    p->people = arena_zeros(a, frames * sizeof *p->people);
    p->pose = arena_zeros(a, frames * sizeof *p->pose);
    if (!p->people || !p->pose)
        return err_set(err, ERR_MEMORY, "no memory for %zu frames of poses", frames);
    return true;
}

static bool read_frames(Poses *p, const Json *j, Arena *a, Err *err)
{
    bool is_clip = js_is_array(j);
    if (!take_frames(p, is_clip ? js_count(j) : 1, a, err))
        return false;
    for (int f = 0; f < p->frames; f++) {
        if (!read_frame(p, f, is_clip ? js_at(j, (size_t)f) : j, a, err))
            return p->frames > 1 ? err_prefix(err, "frame %d: ", f) : false;
    }
    return true;
}

static bool has_people(const Poses *p)
{
    for (int f = 0; f < p->frames; f++) {
        if (p->people[f] > 0)
            return true;
    }
    return false;
}

bool poses_parse(Poses *p, const char *text, size_t size, const char *name, Arena *a, Err *err)
{
    *p = (Poses){.has_depth = true};
    Json *j = js_parse(text, size, name, err);
    if (!j)
        return false;
    bool ok = read_frames(p, j, a, err);
    js_free(j);
    p->has_depth = p->has_depth && has_people(p);
    return ok || err_prefix(err, "poses '%s': ", name);
}

static bool load_file(Poses *p, const char *path, Arena *a, Err *err)
{
    unsigned char *bytes;
    size_t size;
    if (!file_read(&bytes, &size, path, MAX_FILE, err))
        return false;
    bool ok = poses_parse(p, (const char *)bytes, size, path, a, err);
    xfree(bytes);
    return ok;
}

static bool ends_in_json(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && !strcmp(name + n - 5, ".json");
}

/* Appends the one frame of a file; brings it to the canvas of the others. */
static bool load_frame(Poses *p, int f, const char *dir, const char *name, Arena *a, Err *err)
{
    Poses one;
    char *path = file_join(dir, name);
    bool ok = load_file(&one, path, a, err);
    if (ok && one.frames != 1)
        ok = err_set(err, ERR_FORMAT, "poses '%s': a file in a folder should hold one frame",
                     path);
    xfree(path);
    if (!ok)
        return false;
    if (p->width > 0 && one.width > 0)
        scale_frame(one.pose[0], one.people[0], p->width / one.width, p->height / one.height);
    else if (one.width > 0) {
        p->width = one.width;
        p->height = one.height;
    }
    p->has_depth = p->has_depth && (one.has_depth || !has_people(&one));
    p->people[f] = one.people[0];
    p->pose[f] = one.pose[0];
    return true;
}

static bool load_folder(Poses *p, const char *dir, Arena *a, Err *err)
{
    char **names;
    int count, kept = 0, f = 0;
    *p = (Poses){.has_depth = true};
    if (!file_names(&names, &count, dir, err))
        return false;
    for (int i = 0; i < count; i++)
        kept += ends_in_json(names[i]);
    bool ok = kept ? take_frames(p, (size_t)kept, a, err)
                   : err_set(err, ERR_INPUT, "there is no file of poses (.json) in '%s'", dir);
    for (int i = 0; ok && i < count; i++) {
        if (ends_in_json(names[i]))
            ok = load_frame(p, f++, dir, names[i], a, err);
    }
    file_names_free(names, count);
    p->has_depth = ok && p->has_depth && has_people(p);
    return ok;
}

bool poses_load(Poses *p, const char *path, Arena *a, Err *err)
{
    return file_is_dir(path) ? load_folder(p, path, a, err) : load_file(p, path, a, err);
}

/* The smallest canvas that holds everybody, for files that do not say. */
static void guess_canvas(Poses *p)
{
    float left, top, right = 1, bottom = 1;
    p->width = p->height = 1;
    for (int f = 0; f < p->frames; f++) {
        for (int i = 0; i < p->people[f]; i++) {
            if (pose_bounds(&p->pose[f][i], &left, &top, &right, &bottom)) {
                p->width = fmax(p->width, (double)right);
                p->height = fmax(p->height, (double)bottom);
            }
        }
    }
}

void poses_scale(Poses *p, double width, double height)
{
    if (p->width <= 0)
        guess_canvas(p);
    for (int f = 0; f < p->frames; f++)
        scale_frame(p->pose[f], p->people[f], width / p->width, height / p->height);
    p->width = width;
    p->height = height;
}

const Pose *poses_main(const Poses *p, int frame)
{
    const Pose *best = NULL;
    float largest = -1, left, top, right, bottom;
    must(frame >= 0 && frame < p->frames);
    for (int i = 0; i < p->people[frame]; i++) {
        const Pose *one = &p->pose[frame][i];
        if (!pose_bounds(one, &left, &top, &right, &bottom))
            continue;
        float size = hypotf(right - left, bottom - top);
        best = size > largest ? one : best;
        largest = fmaxf(largest, size);
    }
    return best;
}

/* Shares of a canvas that nobody stated, or pixels. */
static void take_canvas(Poses *p, double width, double height)
{
    if (is_normalised(p->pose[0], p->people[0]) && width > 1 && height > 1)
        scale_frame(p->pose[0], p->people[0], width, height);
    p->width = width;
    p->height = height;
}

static bool take_figure(Pose *figure, Poses *p, double width, double height, Err *err)
{
    if (p->frames != 1)
        return err_set(err, ERR_INPUT, "it holds %d frames; give it one", p->frames);
    if (p->width <= 0)
        take_canvas(p, width, height);
    poses_scale(p, width, height);
    const Pose *main = poses_main(p, 0);
    if (!main)
        return err_set(err, ERR_INPUT, "there is nobody in it");
    *figure = *main;
    return true;
}

bool pose_load(Pose *figure, bool *has_depth, const char *path, double width, double height,
               Arena *scratch, Err *err)
{
    Poses p;
    size_t floor = scratch->used;
    bool ok = load_file(&p, path, scratch, err);
    if (ok && !take_figure(figure, &p, width, height, err))
        ok = err_prefix(err, "poses '%s': ", path);
    *has_depth = ok && p.has_depth;
    arena_rewind(scratch, floor);
    return ok;
}
