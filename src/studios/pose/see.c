/* SPDX-License-Identifier: MIT */
#include "studios/pose/internal.h"

#include "base/data.h"
#include "base/file.h"
#include "media/color.h"
#include "media/resize.h"
#include "models/joints.h"
#include "sheet/paper.h"

#include <stdio.h>

enum { LOOK_AT = 512 }; /* pixels, at least, of the picture with its skeleton */

/* ---- looking --------------------------------------------------------------------------- */

/* The figure alone: everything else is transparent. */
static Image cut_out(PoseWork *w, Image im, Err *err)
{
    Image none = {0};
    if (image_is_see_through(im))
        return im;
    if (paper_is_flat(im))
        return paper_cut(&w->job, im, err);
    err_set(err, ERR_INPUT,
            "'%s' has a background of many colours, from which no figure can be told: make it "
            "transparent, or of one colour",
            w->q->subject);
    return none;
}

static bool ask(PoseWork *w, Image seen, JointsFound *found, Err *err)
{
    Kernels kernels;
    char *dir = data_find("models/joints");
    if (dir == NULL)
        return err_set(err, ERR_INPUT,
                       "the joint estimator is not where it was installed (models/joints)");
    bool ok = kernels_named(&kernels, w->q->kernels, err);
    Run run = {.kernels = &kernels, .scratch = &w->scratch, .cancel = w->talk->cancel};
    run.pool = ok ? pool_new((int)w->q->threads) : NULL;
    ok = ok && joints_look(&run, dir, seen, found, err);
    pool_free(run.pool);
    xfree(dir);
    return ok;
}

static bool find_joints(PoseWork *w, Image im, Pose *pose, Err *err)
{
    JointsFound found;
    Image seen = cut_out(w, im, err);
    if (tensor_is_empty(seen) || !ask(w, seen, &found, err))
        return false;
    return joints_sure(&found, pose) ||
           err_set(err, ERR_INPUT,
                   "no figure with arms and legs is to be seen in '%s' (%d in 100 sure of one)",
                   w->q->subject, (int)(100 * found.figure));
}

/* ---- telling --------------------------------------------------------------------------- */

static void say_json(const PoseWork *w, const Poses *p)
{
    char *text = poses_text(p, w->format);
    if (w->talk->say != NULL)
        w->talk->say(w->talk->user, text);
    xfree(text);
}

/* The picture, darker, and larger if it is small. */
static Image ground(PoseWork *w, Image im, int grow, Err *err)
{
    Image over = image_over(&w->job, im, (Rgb){90, 90, 100}, err);
    if (tensor_is_empty(over))
        return over;
    unsigned char *v = over.data;
    for (size_t i = 0; i < tensor_bytes(over); i++)
        v[i] = (unsigned char)(v[i] * 5 / 8);
    return image_resize(&w->job, over, image_width(im) * grow, image_height(im) * grow,
                        RESIZE_NEAREST, err);
}

static Image overlay(PoseWork *w, Image im, const Pose *pose, Err *err)
{
    int side = (int)max64(image_width(im), image_height(im));
    int grow = side < LOOK_AT ? (LOOK_AT + side - 1) / side : 1;
    Image picture = ground(w, im, grow, err);
    Pose large = *pose;
    for (int i = 0; i < JOINTS; i++) {
        large.joint[i].x *= (float)grow;
        large.joint[i].y *= (float)grow;
    }
    if (!tensor_is_empty(picture))
        pose_draw(picture, &large, 1, w->style);
    return picture;
}

static bool save_overlay(PoseWork *w, Image im, const Pose *pose, Err *err)
{
    char name[128];
    if (w->q->out[0] == '\0')
        return true;
    const char *stem = stem_of(w->q->subject, &w->job);
    Image picture = overlay(w, im, pose, err);
    if (stem == NULL || tensor_is_empty(picture))
        return err_set(err, ERR_MEMORY, "not enough memory for the picture of the skeleton");
    snprintf(name, sizeof name, "%.100s_pose.png", stem);
    char *path = file_join(w->q->out, name);
    bool ok = file_make_dirs(w->q->out, err) && image_save(picture, path, NULL, 0, err);
    xfree(path);
    return ok;
}

bool draw_joints(PoseWork *w, Err *err)
{
    Pose pose, *people = &pose;
    int one = 1;
    Image im = image_load(&w->job, w->q->subject, err);
    if (tensor_is_empty(im) || !find_joints(w, im, &pose, err) ||
        !save_overlay(w, im, &pose, err))
        return false;
    say_json(w, &(Poses){.frames = 1,
                         .people = &one,
                         .pose = &people,
                         .has_depth = true,
                         .width = image_width(im),
                         .height = image_height(im)});
    return true;
}
