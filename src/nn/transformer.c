/* SPDX-License-Identifier: MIT */
#include "nn/transformer.h"

Tensor nn_tokens(Tensor x)
{
    if (tensor_is_empty(x))
        return x;
    return tensor_reshape(x, SHAPE(x.dim[0], x.dim[1] * x.dim[2], x.dim[3]));
}

static Tensor as_picture(Tensor x, Tensor like)
{
    return tensor_is_empty(x)
               ? x
               : tensor_reshape(x, SHAPE(x.dim[0], like.dim[1], like.dim[2], x.dim[2]));
}

Tensor nn_feed_forward(Run *r, const LayerNorm *norm, const Linear *in, const Linear *out,
                       Tensor h)
{
    size_t floor = run_floor(r);
    Tensor g = nn_linear(r, in, nn_layer_norm(r, norm, h), (With){0});
    h = nn_linear(r, out, g, (With){.residual = h, .into = h});
    run_drop(r, floor);
    return h;
}

/* Adds what the context says to the tokens h, in place. */
static Tensor cross(Run *r, const TransformerBlock *k, Tensor kv, Tensor h)
{
    size_t floor = run_floor(r);
    Tensor q = nn_linear(r, &k->q2, nn_layer_norm(r, &k->norm2, h), (With){0});
    Tensor a = nn_cross_attention(r, q, kv, k->heads);
    h = nn_linear(r, &k->out2, a, (With){.residual = h, .into = h});
    run_drop(r, floor);
    return h;
}

static Bank bank_of(const Beside *p, int index)
{
    return p->bank == NULL ? (Bank){0} : (Bank){p->bank->of[index], p->bank_from};
}

/* In place; empty after the last tokens of a reference net. */
static Tensor block(Run *r, const TransformerBlock *k, Tensor h, const Beside *p)
{
    size_t floor = run_floor(r);
    Tensor n = nn_layer_norm(r, &k->norm1, h);
    if (p->tokens != NULL) {
        p->tokens->of[k->index] = nn_save(r, p->job, n);
        if (k->index == p->tokens_last)
            return (Tensor){0};
    }
    Tensor qkv = nn_linear(r, &k->qkv, n, (With){0});
    Tensor a = nn_self_attention(r, qkv, k->heads, bank_of(p, k->index));
    Tensor said = p->context->of[k->index];
    Tensor vector = p->context->is_vector ? said : (Tensor){0};
    h = nn_linear(r, &k->out1, a, (With){.image_bias = vector, .residual = h, .into = h});
    run_drop(r, floor);
    if (!p->context->is_vector)
        h = cross(r, k, said, h);
    return nn_feed_forward(r, &k->norm3, &k->ff_in, &k->ff_out, h);
}

static Tensor project_in(Run *r, const Transformer *k, Tensor x)
{
    if (k->conv_in.packed != NULL)
        return nn_tokens(nn_conv(r, &k->conv_in, x, (With){.norm = &k->norm}));
    return nn_linear(r, &k->linear_in, nn_tokens(nn_group_norm(r, &k->norm, x, ACT_NONE)),
                     (With){0});
}

static Tensor project_out(Run *r, const Transformer *k, Tensor h, Tensor x, Tensor y)
{
    With add = {.residual = x, .into = y};
    if (k->conv_out.packed != NULL)
        return nn_conv(r, &k->conv_out, as_picture(h, x), add);
    return nn_linear(r, &k->linear_out, h, add);
}

Tensor nn_transformer(Run *r, const Transformer *k, Tensor x, const Beside *p)
{
    if (tensor_is_empty(x))
        return x;
    Tensor y = nn_new(r, tensor_shape(x));
    size_t floor = run_floor(r);
    Tensor h = project_in(r, k, x);
    for (int i = 0; i < k->depth && !tensor_is_empty(h); i++)
        h = block(r, &k->block[i], h, p);
    y = project_out(r, k, h, x, y);
    run_drop(r, floor);
    return y;
}

static Tensor context_of(Run *r, const TransformerBlock *k, Tensor context, bool is_vector)
{
    if (!is_vector)
        return nn_linear(r, &k->kv2, context, (With){0});
    Tensor one = tensor_reshape(context, SHAPE(context.dim[0], context.dim[2]));
    return nn_linear(r, &k->out2, nn_linear(r, &k->value2, one, (With){0}), (With){0});
}

bool transformer_context(Run *r, const Transformer *k, Tensor context, Arena *job,
                         UNetContext *c)
{
    for (int i = 0; i < k->depth; i++) {
        const TransformerBlock *b = &k->block[i];
        size_t floor = run_floor(r);
        c->of[b->index] = nn_save(r, job, context_of(r, b, context, c->is_vector));
        run_drop(r, floor);
    }
    return !run_stopped(r);
}

/* ---- binding ------------------------------------------------------------------ */

static void bind_cross(Bind *b, const TransformerShape *s, TransformerBlock *k)
{
    int64_t C = s->C, D = s->context;
    if (s->text) {
        k->norm2 = bind_layer_norm(b, "norm2", C, 1e-5f);
        k->q2 = bind_linear_plain(b, "attn2.to_q", C, C);
        k->kv2 =
            bind_linears(b, (const char *const[]){"attn2.to_k", "attn2.to_v"}, 2, D, C, false);
    } else {
        k->value2 = bind_linear_plain(b, "attn2.to_v", D, C);
    }
    k->out2 = bind_linear(b, "attn2.to_out.0", C, C);
}

static void bind_block(Bind *b, const TransformerShape *s, int index, TransformerBlock *k)
{
    static const char *const qkv[] = {"attn1.to_q", "attn1.to_k", "attn1.to_v"};
    int64_t C = s->C;
    *k = (TransformerBlock){.index = index, .C = C, .heads = s->heads};
    k->norm1 = bind_layer_norm(b, "norm1", C, 1e-5f);
    k->qkv = bind_linears(b, qkv, 3, C, C, false);
    k->out1 = bind_linear(b, "attn1.to_out.0", C, C);
    bind_cross(b, s, k);
    k->norm3 = bind_layer_norm(b, "norm3", C, 1e-5f);
    k->ff_in = bind_geglu(b, "ff.net.0.proj", C, 4 * C);
    k->ff_out = bind_linear(b, "ff.net.2", 4 * C, C);
}

Transformer bind_transformer(Bind *b, const char *name, TransformerShape s, int index)
{
    Transformer k = {.C = s.C, .depth = s.depth};
    bind_enter(b, "%s", name);
    k.norm = bind_group_norm(b, "norm", s.C, s.groups, 1e-6f);
    if (s.linear_projection) {
        k.linear_in = bind_linear(b, "proj_in", s.C, s.C);
        k.linear_out = bind_linear(b, "proj_out", s.C, s.C);
    } else {
        k.conv_in = bind_conv(b, "proj_in", s.C, s.C, 1, 1);
        k.conv_out = bind_conv(b, "proj_out", s.C, s.C, 1, 1);
    }
    k.block = bind_take(b, (size_t)s.depth * sizeof *k.block);
    for (int i = 0; i < s.depth; i++) {
        TransformerBlock none; /* after a failure, whose names are still asked for */
        bind_enter(b, "transformer_blocks.%d", i);
        bind_block(b, &s, index + i, k.block != NULL ? &k.block[i] : &none);
        bind_leave(b);
    }
    bind_leave(b);
    return k;
}
