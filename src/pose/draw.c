/* SPDX-License-Identifier: MIT */
#include "pose/draw.h"

#include <math.h>
#include <string.h>

#include "pose/internal.h"

enum { FAR = 65536 };

static bool is_there(const Keypoint *k)
{
    return k->c > 0 && fabsf(k->x) <= FAR && fabsf(k->y) <= FAR;
}

static Keypoint between(const Keypoint *a, const Keypoint *b)
{
    if (!is_there(a) || !is_there(b))
        return is_there(a) ? *a : *b;
    return (Keypoint){(a->x + b->x) / 2, (a->y + b->y) / 2, 0, 1};
}

static Keypoint point(const Pose *p, int at)
{
    if (at < JOINTS)
        return p->joint[at];
    if (at == POINT_HIPS)
        return between(&p->joint[JOINT_R_HIP], &p->joint[JOINT_L_HIP]);
    Keypoint ears = between(&p->joint[JOINT_R_EAR], &p->joint[JOINT_L_EAR]);
    return is_there(&ears) ? ears : p->joint[JOINT_NOSE];
}

static Dot pixel_of(const Keypoint *k)
{
    return (Dot){(int64_t)k->x, (int64_t)k->y};
}

static void draw_ellipse(const Canvas *c, const Keypoint *a, const Keypoint *b, int width,
                         const unsigned char rgb[3])
{
    double dx = (double)a->x - (double)b->x, dy = (double)a->y - (double)b->y;
    Dot middle = {(int64_t)(((double)a->x + (double)b->x) / 2),
                  (int64_t)(((double)a->y + (double)b->y) / 2)};
    int degrees = (int)(atan2(dy, dx) * (180 / 3.14159265358979323846));
    raster_ellipse(c, middle, (int64_t)(sqrt(dx * dx + dy * dy) / 2), width, degrees, rgb);
}

/* Half of what is so many pixels wide on a picture of 512, at least 1. */
static int half_width(int pixels, const Canvas *c)
{
    double width = rint(pixels / 2.0 * (double)min64(c->width, c->height) / 512);
    return width < 1 ? 1 : (int)width;
}

static void draw_person(const Canvas *c, const Pose *p, const PoseStyle *style)
{
    int width = half_width(style->stroke_width, c), radius = half_width(style->dot_width, c);
    for (int k = 0; k < style->strokes; k++) {
        Keypoint a = point(p, style->stroke[k].from), b = point(p, style->stroke[k].to);
        if (!is_there(&a) || !is_there(&b))
            continue;
        if (style->pen == PEN_ELLIPSE)
            draw_ellipse(c, &a, &b, width, style->stroke[k].rgb);
        else
            raster_bar(c, pixel_of(&a), pixel_of(&b), width, style->stroke[k].rgb);
    }
    for (int i = 0; i < style->dots; i++) {
        Keypoint k = point(p, style->dot[i].at);
        if (is_there(&k))
            raster_disc(c, pixel_of(&k), radius, style->dot[i].rgb);
    }
}

void pose_draw(Tensor picture, const Pose *people, int count, const PoseStyle *style)
{
    must(picture.type == TENSOR_U8 && picture.rank == 3 && picture.dim[2] == 3);
    Canvas c = {picture.data, picture.dim[1], picture.dim[0]};
    for (int i = 0; i < count; i++)
        draw_person(&c, &people[i], style);
}

void pose_picture(Tensor picture, const Pose *people, int count, const PoseStyle *style)
{
    memset(picture.data, 0, tensor_bytes(picture));
    pose_draw(picture, people, count, style);
}
