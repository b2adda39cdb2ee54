/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "pose/draw.h"
#include "sheet/matte.h"

/* ---- the picture --------------------------------------------------------------------- */

/* The part of the picture that becomes the frame: the character four fifths
 * as high as the frame (or two thirds as wide), its feet near the ground line
 * that such models were trained with. */
static Rect standing_frame(const Canvas *c, Rect box)
{
    double scale = c->height * 0.78 / box.h;
    if (box.w * scale > c->width * 0.66)
        scale = c->width * 0.66 / box.w;
    Rect r = {.w = (int)(c->width / scale + 0.5), .h = (int)(c->height / scale + 0.5)};
    r.x = box.x + box.w / 2 - r.w / 2;
    r.y = box.y + box.h - (int)(r.h * 0.94 + 0.5);
    return r;
}

/* What to put behind the character: for an opaque picture the colour of its
 * corner, which pads it. */
static Rgb background(const Figure *f, const Rgb *keys, int count, bool is_raw)
{
    if (!f->has_alpha) {
        const unsigned char *c = image_at(f->picture, 0, 0);
        return (Rgb){c[0], c[1], c[2]};
    }
    if (count > 0 || !is_raw)
        return matte_choose_key(f->picture, keys, count);
    return (Rgb){0, 0, 0};
}

/* Where the character stands: known by its alpha, else taken to fill the frame
 * as framed characters do. */
static void place_figure(Canvas *c, Rect part, double head)
{
    float sx = (float)c->width / (float)part.w, sy = (float)c->height / (float)part.h;
    Outline o = {.left = (float)part.x + 0.2f * (float)part.w,
                 .right = (float)part.x + 0.8f * (float)part.w,
                 .top = (float)part.y + 0.1f * (float)part.h,
                 .bottom = (float)part.y + 0.94f * (float)part.h,
                 .head = 0.2f};
    o.crown = o.top;
    if (c->who->has_alpha)
        o = c->who->outline;
    c->figure = (Outline){.left = (o.left - (float)part.x) * sx,
                          .right = (o.right - (float)part.x) * sx,
                          .top = (o.top - (float)part.y) * sy,
                          .bottom = (o.bottom - (float)part.y) * sy,
                          .crown = (o.crown - (float)part.y) * sy,
                          .head = head > 0 ? (float)head : o.head};
}

static bool frame_picture(Canvas *c, Work *w, Err *err)
{
    Image im = c->who->picture;
    Rect part = {0, 0, image_width(im), image_height(im)};
    if (!w->q->raw)
        part = c->who->has_alpha ? standing_frame(c, image_bounds(im, 128))
                                 : image_frame(im, c->width, c->height);
    Image over = image_over(&w->job, im, c->key, err);
    if (tensor_is_empty(over))
        return false;
    c->whole = image_crop(&w->job, over, part, c->key, err);
    if (tensor_is_empty(c->whole))
        return false;
    c->frame = image_resize(&w->job, c->whole, c->width, c->height, RESIZE_LANCZOS, err);
    c->part = part;
    place_figure(c, part, w->q->head);
    return !tensor_is_empty(c->frame);
}

/* Its joints, by which its skeletons are built: those that are given must do, of those
 * that are looked for what is found.  Without them its outline tells. */
static bool find_build(Figure *f, Work *w, Err *err)
{
    Err none = {0};
    if (f->rig.scale > 0 || !f->has_alpha)
        return true;
    if (is_given(w->q->joints))
        return figure_stand(f, w, err);
    if (!figure_stand(f, w, &none))
        f->rig = (Rig){0};
    return true;
}

bool canvas_meet(Canvas *c, Work *w, Figure *f, const Rgb *keys, int count, Err *err)
{
    Err doubt = {0};
    if (!find_build(f, w, err))
        return false;
    if (!w->q->raw && !figure_is_cut_out(f, &doubt))
        work_warn(w, "warning: %s", doubt.text);
    c->who = f;
    c->key = background(f, keys, count, w->q->raw);
    return frame_picture(c, w, err);
}

int canvas_sides(const SpriteRequest *q, Side *to, Err *err)
{
    float yaw = 45;
    return sides_yaw(q, &yaw, err) ? sides_around(q, yaw, to) : 0;
}

/* ---- skeletons ----------------------------------------------------------------------- */

Image *canvas_skeletons(const Canvas *c, Work *w, const Action *m, Arena *a, Err *err)
{
    PoseView v = {
        .q = w->q,
        .rig = c->who->rig.scale > 0 ? &c->who->rig : NULL,
        .head = c->figure.head,
        .style = c->style,
        .filter = c->filter,
        .width = (int)((float)c->width * c->grow),
        .height = (int)((float)c->height * c->grow),
        .top = c->figure.crown * c->grow,
        .bottom = c->figure.bottom * c->grow,
        .center_x = (c->figure.left + c->figure.right) / 2 * c->grow,
    };
    return action_pictures(m, &v, a, &w->scratch, err);
}

Image canvas_skeleton(const Canvas *c, const Pose *pose, Rect part, Arena *a, Err *err)
{
    int wide = (int)((float)c->width * c->grow), high = (int)((float)c->height * c->grow);
    float sx = (float)wide / (float)part.w, sy = (float)high / (float)part.h;
    Pose p = *pose;
    for (int i = 0; i < JOINTS; i++) {
        p.joint[i].x = (p.joint[i].x - (float)part.x) * sx;
        p.joint[i].y = (p.joint[i].y - (float)part.y) * sy;
    }
    Image to = image_new(a, wide, high, 3, err);
    if (!tensor_is_empty(to))
        pose_picture(to, &p, 1, pose_style(c->style));
    return to;
}

/* ---- frames -------------------------------------------------------------------------- */

Image canvas_show(const Canvas *c, Image frame, Rect part, Arena *a, Err *err)
{
    Image over = image_over(a, frame, c->key, err);
    if (!tensor_is_empty(over))
        over = image_crop(a, over, part, c->key, err);
    return tensor_is_empty(over)
               ? over
               : image_resize(a, over, c->width, c->height, RESIZE_LANCZOS, err);
}

Image canvas_cut(const Canvas *c, Image drawn, Arena *a, Err *err)
{
    MatteOptions o = {.key = c->key,
                      .smallest = c->smallest,
                      .character = c->who->has_alpha ? c->who->picture : (Image){0}};
    return matte_cut(a, drawn, &o, err);
}
