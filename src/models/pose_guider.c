/* SPDX-License-Identifier: MIT */
#include "models/pose_guider.h"

#include <stdio.h>
#include <string.h>

enum { POSE = 3, FRAME = 4 }; /* channels */

/* Nothing, as large as the pose pictures. */
static Tensor no_picture(Run *r, Tensor rgb)
{
    if (tensor_is_empty(rgb))
        return rgb;
    Tensor none = nn_new(r, SHAPE(rgb.dim[0], rgb.dim[1], rgb.dim[2], FRAME));
    if (!tensor_is_empty(none))
        memset(none.data, 0, tensor_bytes(none));
    return none;
}

Tensor pose_guider_embed(Run *r, const PoseGuider *m, Tensor rgb, GuiderFrames frames)
{
    With silu = {.act = ACT_SILU}, with_latents = {0};
    size_t floor = run_floor(r);
    if (m->sees_frames) {
        bool none = tensor_is_empty(frames.picture);
        rgb = nn_concat(r, rgb, none ? no_picture(r, rgb) : frames.picture);
        if (!none)
            with_latents.residual = nn_conv(r, &m->latent_in, frames.latents, (With){0});
    }
    Tensor x = nn_conv(r, &m->in, rgb, silu);
    for (int i = 0; i < POSE_GUIDER_CONVS; i++)
        x = nn_tap(r, nn_conv(r, &m->block[i], x, silu), "block.%d", i);
    return run_keep(r, floor, nn_conv(r, &m->out, x, with_latents));
}

/* A 3x3 convolution whose channels the file decides. */
static Conv bind_found(Bind *b, const char *name, int stride)
{
    char weight[64];
    snprintf(weight, sizeof weight, "%s.weight", name);
    Shape s = bind_shape(b, weight);
    if (s.rank != 4)
        s = SHAPE(1, 1, 3, 3); /* not there: the binder says so */
    return bind_conv(b, name, s.dim[1], s.dim[0], 3, stride);
}

bool pose_guider_bind(PoseGuider *m, Bind *b)
{
    m->in = bind_found(b, "conv_in", 1);
    int64_t C = m->in.shape.O;
    bool fits = true;
    if (m->in.shape.C != POSE && m->in.shape.C != POSE + FRAME)
        binder_fail(
            b->binder,
            "conv_in of the pose guider has %lld channels; one that sees a pose has %d, "
            "one that sees a frame as well %d",
            (long long)m->in.shape.C, POSE, POSE + FRAME);
    for (int i = 0; i < POSE_GUIDER_CONVS; i++) {
        char name[32];
        snprintf(name, sizeof name, "blocks.%d", i);
        m->block[i] = bind_found(b, name, 1 + i % 2);
        fits = fits && m->block[i].shape.C == C;
        C = m->block[i].shape.O;
    }
    m->out = bind_found(b, "conv_out", 1);
    m->sees_frames = m->in.shape.C == POSE + FRAME;
    if (m->sees_frames) {
        m->latent_in = bind_found(b, "latent_in", 1);
        fits = fits && m->latent_in.shape.O == m->out.shape.O;
    }
    if (!bind_failed(b) && (!fits || m->out.shape.C != C))
        binder_fail(b->binder, "the pose guider's convolutions do not follow each other");
    return !bind_failed(b);
}
