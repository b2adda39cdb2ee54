/* SPDX-License-Identifier: MIT */
#include "pose/json.h"

#include <math.h>
#include <string.h>

static const char *const formats[] = {"openpose", "comfyui", "editor"};

bool poses_format(PosesFormat *f, const char *name)
{
    for (int i = 0; i < 3; i++) {
        if (!strcmp(name, formats[i])) {
            *f = (PosesFormat)i;
            return true;
        }
    }
    return false;
}

Poses poses_frame(const Poses *p, int f)
{
    must(f >= 0 && f < p->frames);
    return (Poses){.frames = 1,
                   .people = p->people + f,
                   .pose = p->pose + f,
                   .has_depth = p->has_depth,
                   .width = p->width,
                   .height = p->height};
}

static double thousandths(float v)
{
    return rint((double)v * 1000) / 1000;
}

/* Readers refuse what is farther. */
static bool is_there(const Keypoint *k)
{
    return k->c > 0 && fabsf(k->x) <= 1e9f && fabsf(k->y) <= 1e9f && fabsf(k->z) <= 1e9f &&
           k->c <= 1e9f;
}

/* Three numbers a point, or four with depth; zeros where it is missing. */
static Json *flat_json(const Pose *pose, bool is_deep)
{
    Json *list = js_new_array();
    for (int i = 0; i < JOINTS; i++) {
        const Keypoint *k = &pose->joint[i];
        bool is_known = is_there(k);
        js_push_number(list, is_known ? thousandths(k->x) : 0);
        js_push_number(list, is_known ? thousandths(k->y) : 0);
        if (is_deep)
            js_push_number(list, is_known ? thousandths(k->z) : 0);
        js_push_number(list, is_known ? thousandths(k->c) : 0);
    }
    return list;
}

static Json *pairs_json(const Pose *pose)
{
    Json *list = js_new_array();
    for (int i = 0; i < JOINTS; i++) {
        const Keypoint *k = &pose->joint[i];
        Json *pair = js_new_array();
        js_push_number(pair, is_there(k) ? thousandths(k->x) : -1);
        js_push_number(pair, is_there(k) ? thousandths(k->y) : -1);
        js_push(list, pair);
    }
    return list;
}

static Json *person_json(const Pose *pose, bool has_depth, PosesFormat format)
{
    static const char *const empty[] = {"face_keypoints_2d", "hand_left_keypoints_2d",
                                        "hand_right_keypoints_2d"};
    Json *person = js_new_object();
    js_put(person, "pose_keypoints_2d", flat_json(pose, false));
    if (has_depth)
        js_put(person, "pose_keypoints_3d", flat_json(pose, true));
    for (int i = 0; i < 3 && format == POSES_COMFYUI; i++)
        js_put(person, empty[i], js_new_array());
    return person;
}

/* Programs take the sides of a canvas for numbers of pixels: 512, not 512.0. */
static void put_side(Json *frame, const char *name, double side)
{
    if (side == rint(side) && side <= 1e9)
        js_put_int(frame, name, (int64_t)side);
    else
        js_put_number(frame, name, side);
}

static Json *frame_json(const Poses *p, int f, PosesFormat format)
{
    bool is_editor = format == POSES_EDITOR;
    Json *frame = js_new_object(), *people = js_new_array();
    for (int i = 0; i < p->people[f]; i++)
        js_push(people, is_editor ? pairs_json(&p->pose[f][i])
                                  : person_json(&p->pose[f][i], p->has_depth, format));
    js_put(frame, is_editor ? "keypoints" : "people", people);
    if (p->width > 0) {
        put_side(frame, is_editor ? "width" : "canvas_width", p->width);
        put_side(frame, is_editor ? "height" : "canvas_height", p->height);
    }
    return frame;
}

static Json *all_json(const Poses *p, PosesFormat format)
{
    if (p->frames == 1 && format != POSES_COMFYUI)
        return frame_json(p, 0, format);
    Json *list = js_new_array();
    for (int f = 0; f < p->frames; f++)
        js_push(list, frame_json(p, f, format));
    return list;
}

char *poses_text(const Poses *p, PosesFormat format)
{
    Json *j = all_json(p, format);
    char *text = js_text(j, true);
    js_free(j);
    return text;
}

bool poses_save(const Poses *p, PosesFormat format, const char *path, Err *err)
{
    Json *j = all_json(p, format);
    bool ok = js_save(j, path, err);
    js_free(j);
    return ok;
}
