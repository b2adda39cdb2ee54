/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/data.h"
#include "models/joints.h"
#include "puppet/puppet.h"
#include "sheet/matte.h"

/* A joint of which the estimator is less sure is missing; so is a figure. */
static const float sure = 0.2f, sure_of_figure = 0.5f;

bool figure_read(Figure *f, Work *w, const char *path, Err *err)
{
    *f = (Figure){.path = path, .picture = image_load(&w->job, path, err)};
    if (tensor_is_empty(f->picture))
        return false;
    f->has_alpha = image_is_see_through(f->picture);
    if (f->has_alpha && !outline_find(&f->outline, f->picture))
        return err_set(err, ERR_INPUT,
                       "'%s' is wholly transparent: there is no character in it", path);
    return true;
}

/* An opaque picture's flat background goes; one that is not flat stays, and with
 * it all hope. */
static bool cut_out(Figure *f, Work *w, Err *err)
{
    if (f->has_alpha) {
        f->cut = f->picture;
        return true;
    }
    const unsigned char *c = image_at(f->picture, 0, 0);
    MatteOptions o = {.key = {c[0], c[1], c[2]}};
    f->cut = matte_cut(&w->job, f->picture, &o, err);
    if (tensor_is_empty(f->cut))
        return false;
    Rect box = image_bounds(f->cut, 128);
    bool is_all = box.w == image_width(f->cut) && box.h == image_height(f->cut);
    if (box.w == 0 || is_all)
        return err_set(err, ERR_INPUT,
                       "'%s' has no alpha and its background is not one colour: cut the figure "
                       "out first, or put it on a flat background",
                       f->path);
    return true;
}

static bool estimate(Figure *f, Work *w, JointsFound *found, Err *err)
{
    char *dir = data_find("models/joints");
    if (dir == NULL)
        return err_set(err, ERR_INPUT,
                       "the joint estimator is not where it was installed (models/joints); say "
                       "where the joints are with --joints FILE");
    bool ok = joints_look(&w->run, dir, f->cut, found, err);
    xfree(dir);
    if (!ok || found->figure >= sure_of_figure)
        return ok;
    return err_set(
        err, ERR_INPUT,
        "no figure with arms and legs is to be seen in '%s' (%d in 100 sure of one); "
        "say where its joints are with --joints FILE",
        f->path, (int)(100 * found->figure));
}

static bool find_joints(Figure *f, Work *w, Pose *pose, float *yaw, Err *err)
{
    JointsFound found;
    if (!estimate(f, w, &found, err))
        return false;
    *pose = found.pose;
    *yaw = found.yaw_degrees;
    f->has_depth = true;
    for (int i = 0; i < JOINTS; i++)
        if (pose->joint[i].c < sure)
            pose->joint[i] = (Keypoint){0};
    return true;
}

bool figure_stand(Figure *f, Work *w, Err *err)
{
    Clip idle;
    Pose pose;
    float yaw;
    if (!clip_open(&idle, "idle", &w->job, err) || !cut_out(f, w, err))
        return false;
    f->is_pixel_art = puppet_is_pixel_art(f->cut);
    Body stand = clip_body(&idle, 0);
    if (is_given(w->q->joints)) {
        if (!pose_load(&pose, &f->has_depth, w->q->joints, image_width(f->picture),
                       image_height(f->picture), &w->scratch, err))
            return false;
        yaw = pose_yaw(&pose, &stand);
    } else if (!find_joints(f, w, &pose, &yaw, err)) {
        return false;
    }
    return rig_init(&f->rig, &pose, f->has_depth, yaw, &stand, err) ||
           err_prefix(err, "'%s': ", f->path);
}
