/* SPDX-License-Identifier: MIT */
#include "nn/motion.h"

#include "nn/transformer.h"

#include <stdio.h>

Tensor nn_motion(Run *r, const Motion *k, Tensor x, int64_t frames)
{
    if (tensor_is_empty(x))
        return x;
    int64_t T = x.dim[1] * x.dim[2];
    Tensor y = nn_new(r, tensor_shape(x));
    size_t floor = run_floor(r);
    Tensor g = nn_group_norm(r, &k->norm, x, ACT_NONE);
    Tensor h = nn_linear(r, &k->proj_in, nn_tokens(g), (With){0});
    for (int i = 0; i < 2; i++) {
        size_t above = run_floor(r);
        Tensor n = nn_layer_norm(r, &k->attention[i].norm, h);
        n = nn_add_rows(r, n, tensor_rows(k->attention[i].position, 0, frames), T);
        Tensor qkv = nn_linear(r, &k->attention[i].qkv, n, (With){0});
        Tensor a = nn_frame_attention(r, qkv, k->heads, frames);
        h = nn_linear(r, &k->attention[i].out, a, (With){.residual = h, .into = h});
        run_drop(r, above);
    }
    h = nn_feed_forward(r, &k->ff_norm, &k->ff_in, &k->ff_out, h);
    y = nn_linear(r, &k->proj_out, h, (With){.residual = x, .into = y});
    run_drop(r, floor);
    return y;
}

/* The table of positions: from the file, or by its formula. */
static Tensor bind_positions(Bind *b, int k, int64_t C, int64_t *most)
{
    char name[64];
    snprintf(name, sizeof name, "attention_blocks.%d.pos_encoder.pe", k);
    Shape s = bind_shape(b, name);
    if (s.rank == 3 && s.dim[0] == 1 && s.dim[2] == C) {
        if (*most == 0 || s.dim[1] < *most)
            *most = s.dim[1];
        Tensor table = bind_numbers(b, name, s);
        return tensor_is_empty(table) ? table : tensor_reshape(table, SHAPE(s.dim[1], C));
    }
    if (*most == 0)
        *most = 32;
    return bind_sinusoids(b, *most, C);
}

Motion bind_motion(Bind *b, const char *name, MotionShape s, int64_t *most)
{
    int64_t C = s.C;
    Motion k = {.C = C, .heads = s.heads};
    bind_enter(b, "%s.temporal_transformer", name);
    k.norm = bind_group_norm(b, "norm", C, s.groups, 1e-6f);
    k.proj_in = bind_linear(b, "proj_in", C, C);
    bind_enter(b, "transformer_blocks.0");
    for (int i = 0; i < 2; i++) {
        bind_enter(b, "attention_blocks.%d", i);
        static const char *const qkv[] = {"to_q", "to_k", "to_v"};
        k.attention[i].qkv = bind_linears(b, qkv, 3, C, C, false);
        k.attention[i].out = bind_linear(b, "to_out.0", C, C);
        bind_leave(b);
        k.attention[i].position = bind_positions(b, i, C, most);
        k.attention[i].norm = bind_layer_norm(b, i == 0 ? "norms.0" : "norms.1", C, 1e-5f);
    }
    k.ff_norm = bind_layer_norm(b, "ff_norm", C, 1e-5f);
    k.ff_in = bind_geglu(b, "ff.net.0.proj", C, 4 * C);
    k.ff_out = bind_linear(b, "ff.net.2", 4 * C, C);
    bind_leave(b);
    k.proj_out = bind_linear(b, "proj_out", C, C);
    bind_leave(b);
    return k;
}
