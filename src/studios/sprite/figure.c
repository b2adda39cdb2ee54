/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/data.h"
#include "models/joints.h"
#include "puppet/puppet.h"
#include "sheet/paper.h"

/* The mask's say at a pixel: its alpha if it has any, else how light it is. */
static unsigned char mask_at(Image mask, bool has_alpha, int x, int y)
{
    const unsigned char *p = image_at(mask, x, y);
    return has_alpha ? p[3] : (unsigned char)((p[0] + 2 * p[1] + p[2] + 2) / 4);
}

static Image masked(Arena *a, Image im, Image mask, Err *err)
{
    bool has_alpha = image_is_see_through(mask);
    Image to = image_to_rgba(a, im, err);
    for (int y = 0; !tensor_is_empty(to) && y < image_height(to); y++)
        for (int x = 0; x < image_width(to); x++)
            image_at(to, x, y)[3] = mask_at(mask, has_alpha, x, y);
    return to;
}

static bool take_mask(Figure *f, Work *w, Err *err)
{
    Image im = f->picture, mask = image_load(&w->job, w->q->mask, err);
    if (tensor_is_empty(mask))
        return false;
    if (!shape_equal(SHAPE(mask.dim[0], mask.dim[1]), SHAPE(im.dim[0], im.dim[1])))
        return err_set(err, ERR_INPUT,
                       "the mask '%s' is %dx%d, but '%s' is %dx%d: they must be of one size",
                       w->q->mask, image_width(mask), image_height(mask), f->path,
                       image_width(im), image_height(im));
    f->picture = masked(&w->job, im, mask, err);
    return !tensor_is_empty(f->picture);
}

/* A model of the diffusion method that is asked for its frames as they are
 * sees the picture as it is. */
static bool takes_paper_off(const Work *w)
{
    return !w->q->raw || method_chosen(w->q) != &method_diffusion;
}

bool figure_read(Figure *f, Work *w, const char *path, Err *err)
{
    *f = (Figure){.path = path, .picture = image_load(&w->job, path, err)};
    if (tensor_is_empty(f->picture))
        return false;
    if (is_given(w->q->mask)) {
        if (!take_mask(f, w, err))
            return false;
    } else if (!image_is_see_through(f->picture) && takes_paper_off(w) &&
               paper_is_flat(f->picture)) {
        f->picture = paper_cut(&w->job, f->picture, err);
        if (tensor_is_empty(f->picture))
            return false;
    }
    f->has_alpha = image_is_see_through(f->picture);
    if (f->has_alpha && !outline_find(&f->outline, f->picture))
        return err_set(err, ERR_INPUT, "'%s' is wholly background: there is no character in it",
                       path);
    return true;
}

bool figure_is_cut_out(const Figure *f, Err *err)
{
    return f->has_alpha ||
           err_set(err, ERR_INPUT,
                   "'%s' has a background of many colours: make it transparent, or give "
                   "--mask, a picture that is white where the character is",
                   f->path);
}

static bool ask(const Figure *f, Work *w, JointsFound *found, Err *err)
{
    char *dir = data_find("models/joints");
    if (dir == NULL)
        return err_set(err, ERR_INPUT,
                       "the joint estimator is not where it was installed (models/joints); say "
                       "where the joints are with --joints FILE");
    bool ok = joints_look(&w->run, dir, f->cut, found, err);
    xfree(dir);
    return ok;
}

static bool find_joints(Figure *f, Work *w, Pose *pose, float *yaw, Err *err)
{
    JointsFound found;
    if (!ask(f, w, &found, err))
        return false;
    *yaw = found.yaw_degrees;
    f->has_depth = true;
    return joints_sure(&found, pose) ||
           err_set(err, ERR_INPUT,
                   "no figure with arms and legs is to be seen in '%s' (%d in 100 sure of "
                   "one); say where its joints are with --joints FILE",
                   f->path, (int)(100 * found.figure));
}

bool figure_stand(Figure *f, Work *w, Err *err)
{
    Clip idle;
    Pose pose;
    float yaw;
    if (!figure_is_cut_out(f, err) || !clip_open(&idle, "idle", &w->job, err))
        return false;
    f->cut = f->picture;
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
