/* SPDX-License-Identifier: MIT */
#include "models/pose_guider.h"

enum { POSE = 3, FRAME = 4 }; /* channels */

/* Nothing, as large as the pose pictures. */
static Tensor no_picture(Run *r, Tensor rgb)
{
    if (tensor_is_empty(rgb))
        return rgb;
    return nn_zeros(r, SHAPE(rgb.dim[0], rgb.dim[1], rgb.dim[2], FRAME));
}

Tensor pose_guider_embed(Run *r, const PoseGuider *m, Tensor rgb, GuiderFrames frames)
{
    size_t floor = run_floor(r);
    Tensor seen = {0};
    if (m->sees_frames) {
        bool none = tensor_is_empty(frames.picture);
        rgb = nn_concat(r, rgb, none ? no_picture(r, rgb) : frames.picture);
        if (!none)
            seen = nn_conv(r, &m->latent_in, frames.latents, (With){0});
    }
    return run_keep(r, floor, hint_embed(r, &m->net, rgb, seen));
}

bool pose_guider_bind(PoseGuider *m, Bind *b)
{
    (void)!hint_bind(&m->net, b);
    int64_t in = m->net.in.shape.C;
    if (in != POSE && in != POSE + FRAME)
        binder_fail(
            b->binder,
            "conv_in of the pose guider has %lld channels; one that sees a pose has %d, "
            "one that sees a frame as well %d",
            (long long)in, POSE, POSE + FRAME);
    m->sees_frames = in == POSE + FRAME;
    if (m->sees_frames)
        m->latent_in = bind_found_conv(b, "latent_in", 1);
    if (!bind_failed(b) && m->sees_frames && m->latent_in.shape.O != m->net.out.shape.O)
        binder_fail(b->binder, "the pose guider's convolutions do not follow each other");
    return !bind_failed(b);
}
