/* SPDX-License-Identifier: MIT */
#include "models/pose_pyramid.h"

#include <math.h>
#include <stdio.h>

static Tensor conv_norm(Run *r, const PosePyramid *m, const PyramidConv *k, Tensor x)
{
    x = nn_conv(r, &k->conv, x, (With){0});
    if (!m->batch_statistics || tensor_is_empty(x))
        return nn_affine(r, x, k->norm.scale, k->norm.shift, ACT_RELU);
    /* over all frames and pixels: a GroupNorm of one picture, a group a channel */
    GroupNorm all = {k->norm.C, k->norm.C, 1e-5f, k->norm.gamma, k->norm.beta};
    Tensor one = tensor_reshape(x, SHAPE(1, tensor_count(x) / k->norm.C, k->norm.C));
    Tensor y = nn_group_norm(r, &all, one, ACT_RELU);
    return tensor_is_empty(y) ? y : tensor_reshape(y, tensor_shape(x));
}

static Tensor attend(Run *r, const PyramidLevel *k, Tensor x)
{
    if (tensor_is_empty(x))
        return x;
    size_t floor = run_floor(r);
    Tensor p = nn_conv(r, &k->proj_in, x, (With){.norm = &k->norm});
    if (tensor_is_empty(p))
        return p;
    Tensor h = tensor_reshape(p, SHAPE(p.dim[0], p.dim[1] * p.dim[2], p.dim[3]));
    Tensor qkv = nn_linear(r, &k->qkv, nn_layer_norm(r, &k->norm1, h), (With){0});
    Tensor a = nn_self_attention(r, qkv, k->heads, (Bank){0});
    h = nn_linear(r, &k->out, a, (With){.residual = h, .into = h});
    Tensor g = nn_linear(r, &k->ff_in, nn_layer_norm(r, &k->norm3, h), (With){0});
    nn_linear(r, &k->ff_out, g, (With){.residual = h, .into = h});
    return run_keep(r, floor, nn_conv(r, &k->proj_out, p, (With){.residual = x}));
}

bool pose_pyramid_embed(Run *r, const PosePyramid *m, Tensor rgb, Tensor levels[PYRAMID_LEVELS])
{
    size_t floor = run_floor(r);
    Tensor x = rgb;
    for (int i = 0; i < PYRAMID_STEM; i++)
        x = conv_norm(r, m, &m->stem[i], x);
    x = run_keep(r, floor, nn_conv(r, &m->final_proj, x, (With){0}));
    levels[0] = x;
    for (int l = 1; l < PYRAMID_LEVELS; l++) {
        const PyramidLevel *k = &m->level[l - 1];
        size_t before = run_floor(r);
        for (int i = 0; i < k->convs; i++)
            x = conv_norm(r, m, &k->conv[i], x);
        levels[l] = x = run_keep(r, before, attend(r, k, x));
    }
    return !run_stopped(r);
}

/* ---- binding ------------------------------------------------------------------ */

static BatchNorm bind_batch_norm(Bind *b, const char *name, int64_t C)
{
    BatchNorm k = {.C = C};
    bind_enter(b, "%s", name);
    Tensor gamma = bind_numbers(b, "weight", SHAPE(C)),
           beta = bind_numbers(b, "bias", SHAPE(C));
    Tensor mean = bind_numbers(b, "running_mean", SHAPE(C));
    Tensor var = bind_numbers(b, "running_var", SHAPE(C));
    bind_leave(b);
    float *terms = bind_room(b, 2 * C);
    if (bind_failed(b))
        return k;
    k.gamma = tensor_f32(gamma);
    k.beta = tensor_f32(beta);
    for (int64_t c = 0; c < C; c++) {
        terms[c] = k.gamma[c] / sqrtf(tensor_f32(var)[c] + 1e-5f);
        terms[C + c] = k.beta[c] - tensor_f32(mean)[c] * terms[c];
    }
    k.scale = terms;
    k.shift = terms + C;
    return k;
}

/* Convolution number `at` of a Sequential and the norm behind it. */
static PyramidConv bind_conv_norm(Bind *b, const char *list, int at, int stride)
{
    char conv[64], norm[64], weight[80];
    snprintf(conv, sizeof conv, "%s.%d", list, at);
    snprintf(norm, sizeof norm, "%s.%d", list, at + 1);
    snprintf(weight, sizeof weight, "%s.weight", conv);
    Shape s = bind_shape(b, weight);
    if (s.rank != 4 || s.dim[2] > 15 || s.dim[3] > 15)
        s = SHAPE(1, 1, 3, 3); /* not there: the binder says so */
    ConvShape shape = {.C = s.dim[1],
                       .O = s.dim[0],
                       .kh = (int)s.dim[2],
                       .kw = (int)s.dim[3],
                       .stride = stride,
                       .pad_top = 1,
                       .pad_left = 1,
                       .pad_bottom = 1,
                       .pad_right = 1};
    return (PyramidConv){bind_conv_shape(b, conv, shape, true),
                         bind_batch_norm(b, norm, s.dim[0])};
}

static void bind_level(Bind *b, PyramidLevel *k, int l, int64_t heads)
{
    static const char *const qkv[] = {"attn1.to_q", "attn1.to_k", "attn1.to_v"};
    char list[32], at[48];
    snprintf(list, sizeof list, "conv_layers_%d", l);
    k->convs = l < PYRAMID_LEVELS - 1 ? 2 : 1;
    for (int i = 0; i < k->convs; i++)
        k->conv[i] = bind_conv_norm(b, list, 3 * i, 1 + i);
    int64_t C = k->conv[k->convs - 1].conv.shape.O;
    snprintf(at, sizeof at, "cross_attn%d.proj_in.weight", l);
    Shape s = bind_shape(b, at);
    int64_t width = s.rank >= 2 ? s.dim[0] : 1408;
    k->heads = heads;
    bind_enter(b, "cross_attn%d", l);
    k->norm = bind_group_norm(b, "norm", C, 32, 1e-6f);
    k->proj_in = bind_conv(b, "proj_in", C, width, 1, 1);
    bind_enter(b, "transformer_blocks.0");
    k->norm1 = bind_layer_norm(b, "norm1", width, 1e-5f);
    k->qkv = bind_linears(b, qkv, 3, width, width, false);
    k->out = bind_linear(b, "attn1.to_out.0", width, width);
    k->norm3 = bind_layer_norm(b, "norm3", width, 1e-5f);
    k->ff_in = bind_geglu(b, "ff.net.0.proj", width, 4 * width);
    k->ff_out = bind_linear(b, "ff.net.2", 4 * width, width);
    bind_leave(b);
    k->proj_out = bind_conv(b, "proj_out", width, C, 1, 1);
    bind_leave(b);
    if (!bind_failed(b) && (width % k->heads != 0 || C % 32 != 0))
        binder_fail(b->binder,
                    "pose guider level %d: %lld channels do not divide into %lld heads", l,
                    (long long)width, (long long)heads);
}

bool pose_pyramid_bind(PosePyramid *m, Bind *b, int64_t heads)
{
    static const int stride[PYRAMID_STEM] = {1, 2, 1, 2, 1, 2, 1, 1};
    *m = (PosePyramid){0};
    for (int i = 0; i < PYRAMID_STEM; i++)
        m->stem[i] = bind_conv_norm(b, "conv_layers", 3 * i, stride[i]);
    Shape s = bind_shape(b, "final_proj.weight");
    m->final_proj = bind_scaled_conv(b, "final_proj", m->stem[PYRAMID_STEM - 1].conv.shape.O,
                                     s.rank == 4 ? s.dim[0] : 320, "scale");
    for (int l = 1; l < PYRAMID_LEVELS; l++)
        bind_level(b, &m->level[l - 1], l, heads);
    return !bind_failed(b);
}

const char *const *pose_pyramid_unread(void)
{
    static const char *const names[] = {"*.num_batches_tracked", NULL};
    return names;
}
