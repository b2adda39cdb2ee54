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

static void draw_limb(const Canvas *c, const Keypoint *a, const Keypoint *b, int width,
                      const unsigned char rgb[3])
{
    double dx = (double)a->x - (double)b->x, dy = (double)a->y - (double)b->y;
    Dot middle = {(int64_t)(((double)a->x + (double)b->x) / 2),
                  (int64_t)(((double)a->y + (double)b->y) / 2)};
    int degrees = (int)(atan2(dy, dx) * (180 / 3.14159265358979323846));
    raster_ellipse(c, middle, (int64_t)(sqrt(dx * dx + dy * dy) / 2), width, degrees, rgb);
}

static void draw_person(const Canvas *c, const Pose *p, int width, const PoseStyle *style)
{
    const Limb *limb = skeleton_limbs();
    for (int k = 0; k < LIMBS; k++) {
        int i = style->order[k];
        const Keypoint *a = &p->joint[limb[i].from], *b = &p->joint[limb[i].to];
        if (is_there(a) && is_there(b))
            draw_limb(c, a, b, width, style->limb[i]);
    }
    for (int i = 0; i < JOINTS; i++) {
        const Keypoint *k = &p->joint[i];
        if (is_there(k))
            raster_disc(c, (Dot){(int64_t)k->x, (int64_t)k->y}, width, style->joint[i]);
    }
}

void pose_draw(Tensor picture, const Pose *people, int count, const PoseStyle *style)
{
    must(picture.type == TENSOR_U8 && picture.rank == 3 && picture.dim[2] == 3);
    Canvas c = {picture.data, picture.dim[1], picture.dim[0]};
    double width = rint(4.0 * (double)min64(c.width, c.height) / 512);
    for (int i = 0; i < count; i++)
        draw_person(&c, &people[i], width < 1 ? 1 : (int)width, style);
}

void pose_picture(Tensor picture, const Pose *people, int count, const PoseStyle *style)
{
    memset(picture.data, 0, tensor_bytes(picture));
    pose_draw(picture, people, count, style);
}
