/* SPDX-License-Identifier: MIT */
#include "nn/hint.h"

#include <stdio.h>

Tensor hint_embed(Run *r, const HintNet *m, Tensor rgb, Tensor plus)
{
    With silu = {.act = ACT_SILU};
    size_t floor = run_floor(r);
    Tensor x = nn_conv(r, &m->in, rgb, silu);
    for (int i = 0; i < HINT_CONVS; i++)
        x = nn_tap(r, nn_conv(r, &m->block[i], x, silu), "block.%d", i);
    return run_keep(r, floor, nn_conv(r, &m->out, x, (With){.residual = plus}));
}

Conv bind_found_conv(Bind *b, const char *name, int stride)
{
    char weight[64];
    snprintf(weight, sizeof weight, "%s.weight", name);
    Shape s = bind_shape(b, weight);
    if (s.rank != 4)
        s = SHAPE(1, 1, 3, 3); /* not there: the binder says so */
    return bind_conv(b, name, s.dim[1], s.dim[0], 3, stride);
}

bool hint_bind(HintNet *m, Bind *b)
{
    m->in = bind_found_conv(b, "conv_in", 1);
    int64_t C = m->in.shape.O;
    bool fits = true;
    for (int i = 0; i < HINT_CONVS; i++) {
        char name[32];
        snprintf(name, sizeof name, "blocks.%d", i);
        m->block[i] = bind_found_conv(b, name, 1 + i % 2);
        fits = fits && m->block[i].shape.C == C;
        C = m->block[i].shape.O;
    }
    m->out = bind_found_conv(b, "conv_out", 1);
    if (!bind_failed(b) && (!fits || m->out.shape.C != C))
        binder_fail(b->binder, "the convolutions of '%s' do not follow each other",
                    b->binder->prefix);
    return !bind_failed(b);
}
