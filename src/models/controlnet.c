/* SPDX-License-Identifier: MIT */
#include "models/controlnet.h"

#include <math.h>
#include <stdio.h>

Tensor controlnet_hint(Run *r, const ControlNet *m, Tensor rgb, Arena *job)
{
    size_t floor = run_floor(r);
    Tensor hint = nn_save(r, job, hint_embed(r, &m->hint, rgb, (Tensor){0}));
    run_drop(r, floor);
    return hint;
}

bool controlnet_room(Run *r, const UNetConfig *c, Tensor latents, UNetControl *sum)
{
    int64_t N = latents.dim[0], h = latents.dim[1], w = latents.dim[2];
    *sum = (UNetControl){0};
    sum->skip[sum->skips++] = nn_zeros(r, SHAPE(N, h, w, c->width[0]));
    for (int i = 0; i < c->blocks; i++) {
        for (int j = 0; j < c->layers; j++)
            sum->skip[sum->skips++] = nn_zeros(r, SHAPE(N, h, w, c->width[i]));
        if (i == c->blocks - 1)
            break;
        h = (h + 1) / 2;
        w = (w + 1) / 2;
        sum->skip[sum->skips++] = nn_zeros(r, SHAPE(N, h, w, c->width[i]));
    }
    sum->mid = nn_zeros(r, SHAPE(N, h, w, c->width[c->blocks - 1]));
    return !run_stopped(r);
}

/* sum += conv(x) * scale, for the i-th of n. */
static void add(Run *r, const Conv *conv, Tensor x, Tensor sum, ControlScale s, double along)
{
    size_t floor = run_floor(r);
    double scale = s.guess ? (double)s.scale * pow(10, along - 1) : (double)s.scale;
    nn_add_to(r, sum, nn_conv(r, conv, x, (With){0}), (float)scale);
    run_drop(r, floor);
}

bool controlnet_add(Run *r, const ControlNet *m, const UNetInput *in, ControlScale scale,
                    UNetControl *sum)
{
    must(sum->skips == m->trunk.skips);
    size_t floor = run_floor(r);
    UNetPass p = {.in = in, .beside = unet_beside(in)};
    Tensor x = trunk_forward(r, &m->trunk, &p);
    for (int i = 0; i < p.skips; i++)
        add(r, &m->skip[i], p.skip[i], sum->skip[i], scale, (double)i / p.skips);
    add(r, &m->mid, x, sum->mid, scale, 1);
    run_drop(r, floor);
    return !run_stopped(r);
}

bool controlnet_fits(const UNetConfig *c, const UNetConfig *unet, Err *err)
{
    if (c->context != unet->context || c->added != unet->added)
        return err_set(err, ERR_INPUT,
                       "the ControlNet is for another kind of model: its words are %lld "
                       "(and %lld) wide, the model's %lld (and %lld)",
                       (long long)c->context, (long long)c->added, (long long)unet->context,
                       (long long)unet->added);
    if (c->blocks != unet->blocks || c->layers != unet->layers)
        return err_set(err, ERR_INPUT,
                       "the ControlNet is for another kind of model: it has %d blocks of %d "
                       "layers, the model %d of %d",
                       c->blocks, c->layers, unet->blocks, unet->layers);
    for (int i = 0; i < c->blocks; i++)
        if (c->width[i] != unet->width[i])
            return err_set(err, ERR_INPUT,
                           "the ControlNet is for another kind of model: its block %d is %lld "
                           "wide, the model's %lld",
                           i, (long long)c->width[i], (long long)unet->width[i]);
    return true;
}

bool controlnet_bind(ControlNet *m, Bind *b, const UNetConfig *c)
{
    *m = (ControlNet){0};
    (void)!trunk_bind(&m->trunk, b, c, (UNetParts){.text = true});
    bind_enter(b, "controlnet_cond_embedding");
    (void)!hint_bind(&m->hint, b);
    bind_leave(b);
    if (!bind_failed(b) && (m->hint.in.shape.C != 3 || m->hint.out.shape.O != c->width[0]))
        binder_fail(b->binder,
                    "the ControlNet's hint has %lld channels and becomes %lld; 3 and %lld were "
                    "wanted",
                    (long long)m->hint.in.shape.C, (long long)m->hint.out.shape.O,
                    (long long)c->width[0]);
    for (int i = 0; i < m->trunk.skips; i++) {
        char name[40];
        int64_t C = m->trunk.skip_width[i];
        snprintf(name, sizeof name, "controlnet_down_blocks.%d", i);
        m->skip[i] = bind_conv(b, name, C, C, 1, 1);
    }
    int64_t C = c->width[c->blocks - 1];
    m->mid = bind_conv(b, "controlnet_mid_block", C, C, 1, 1);
    return !bind_failed(b);
}
