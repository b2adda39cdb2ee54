/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"
#include "media/resize.h"
#include "pose/clip.h"
#include "pose/draw.h"
#include "pose/json.h"

#include <math.h>
#include <string.h>

enum { FRAMES = 8, MOST_FRAMES = 4096 };

static bool begin(PoseFrames *p, int64_t count, Arena *job, Err *err)
{
    if (count < 1 || count > MOST_FRAMES)
        return err_set(err, ERR_INPUT, "%lld frames; there must be 1 to %d", (long long)count,
                       MOST_FRAMES);
    p->count = count;
    p->picture = arena_zeros(job, (size_t)count * sizeof *p->picture);
    p->grounded = arena_zeros(job, (size_t)count * sizeof *p->grounded);
    if (p->picture == NULL || p->grounded == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for %lld frames", (long long)count);
    for (int64_t i = 0; i < count; i++)
        p->grounded[i] = true;
    return true;
}

static bool draw(PoseFrames *p, int64_t i, const Pose *pose, int people, const PoseRequest *q,
                 Arena *job, Err *err)
{
    p->picture[i] = image_new(job, q->width, q->height, 3, err);
    if (tensor_is_empty(p->picture[i]))
        return false;
    pose_picture(p->picture[i], pose, people, pose_style(q->style));
    return true;
}

/* ---- a built-in animation --------------------------------------------------------- */

/* The view, smaller about the middle of the floor if the clip, a jump above all,
 * would leave the picture. */
static View view_with_room(View v, const Clip *c, const Proportions *shape, int frames,
                           double width)
{
    Reach r = clip_reach(c, shape, &v, frames);
    double above = v.floor_y - r.top, left = v.center_x - r.left, right = r.right - v.center_x;
    double fits = 1;
    if (above > 0)
        fits = fmin(fits, v.floor_y / above);
    if (left > 0)
        fits = fmin(fits, v.center_x / left);
    if (right > 0)
        fits = fmin(fits, (width - v.center_x) / right);
    v.scale *= (float)fits;
    return v;
}

static bool from_clip(PoseFrames *p, const PoseRequest *q, Arena *job, Arena *scratch, Err *err)
{
    Clip c;
    if (!clip_open(&c, q->animation, scratch, err))
        return false;
    int64_t n = q->frames > 0 ? q->frames : FRAMES;
    if (!begin(p, n, job, err))
        return false;
    p->fps = c.fps * (double)n / c.frames; /* the whole takes as long as ever */
    p->loops = c.loops;
    View v = view_fitted((float)q->yaw, (float)q->pitch, q->top, q->bottom, q->center_x);
    Proportions shape = proportions_for_head(&c, (float)q->head);
    v = view_with_room(v, &c, &shape, (int)n, (double)q->width);
    for (int i = 0; i < (int)n; i++) {
        Body usual = clip_frame(&c, i, (int)n);
        Body body = body_shaped(&usual, &c.rest, &shape);
        Pose pose = body_pose(&body, &v);
        p->grounded[i] = body.is_grounded[0] || body.is_grounded[1];
        if (!draw(p, i, &pose, 1, q, job, err))
            return false;
    }
    return true;
}

/* ---- files -------------------------------------------------------------------------- */

static bool from_json(PoseFrames *p, const PoseRequest *q, Arena *job, Arena *scratch, Err *err)
{
    Poses poses;
    if (!poses_load(&poses, q->path, scratch, err))
        return false;
    poses_scale(&poses, q->width, q->height);
    int64_t n = q->frames > 0 && q->frames < poses.frames ? q->frames : poses.frames;
    if (!begin(p, n, job, err))
        return false;
    for (int64_t i = 0; i < n; i++)
        if (!draw(p, i, poses.pose[i], poses.people[i], q, job, err))
            return false;
    return true;
}

/* A pose picture as the reference scripts resize it. */
static bool load_picture(PoseFrames *p, int64_t i, const char *path, const PoseRequest *q,
                         Arena *job, Arena *scratch, Err *err)
{
    size_t mark = scratch->used;
    Image im = image_load(scratch, path, err);
    Image rgb = tensor_is_empty(im) ? im : image_to_rgb(scratch, im, err);
    if (!tensor_is_empty(rgb))
        p->picture[i] = image_resize(job, rgb, q->width, q->height, q->filter, err);
    bool ok = !tensor_is_empty(p->picture[i]);
    arena_rewind(scratch, mark);
    return ok;
}

static bool from_pictures(PoseFrames *p, const PoseRequest *q, char *const *names, int count,
                          Arena *job, Arena *scratch, Err *err)
{
    int64_t n = q->frames > 0 && q->frames < count ? q->frames : count;
    if (!begin(p, n, job, err))
        return false;
    for (int64_t i = 0; i < n; i++) {
        char *path = file_join(q->path, names[i]);
        bool ok = load_picture(p, i, path, q, job, scratch, err);
        xfree(path);
        if (!ok)
            return false;
    }
    return true;
}

static bool from_folder(PoseFrames *p, const PoseRequest *q, Arena *job, Arena *scratch,
                        Err *err)
{
    char **names;
    int count;
    if (!file_names(&names, &count, q->path, err))
        return false;
    bool has_json = false;
    for (int i = 0; i < count; i++)
        has_json = has_json || file_name_ends(names[i], ".json");
    bool ok;
    if (has_json)
        ok = from_json(p, q, job, scratch, err);
    else if (count == 0)
        ok = err_set(err, ERR_INPUT, "'%s' holds neither pose pictures nor OpenPose JSON",
                     q->path);
    else
        ok = from_pictures(p, q, names, count, job, scratch, err);
    file_names_free(names, count);
    return ok;
}

static bool from_file(PoseFrames *p, const PoseRequest *q, Arena *job, Arena *scratch, Err *err)
{
    if (file_name_ends(q->path, ".json"))
        return from_json(p, q, job, scratch, err);
    return begin(p, 1, job, err) && load_picture(p, 0, q->path, q, job, scratch, err);
}

bool poses_make(PoseFrames *p, const PoseRequest *q, Arena *job, Arena *scratch, Err *err)
{
    *p = (PoseFrames){.fps = 10, .loops = true};
    if (pose_style(q->style) == NULL)
        return err_set(err, ERR_FORMAT,
                       "there is no pose style '%s'; there are controlnet and ssd", q->style);
    size_t mark = scratch->used;
    bool ok;
    if (q->path == NULL)
        ok = from_clip(p, q, job, scratch, err);
    else if (file_is_dir(q->path))
        ok = from_folder(p, q, job, scratch, err);
    else
        ok = from_file(p, q, job, scratch, err);
    arena_rewind(scratch, mark);
    return ok;
}
