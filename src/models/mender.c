/* SPDX-License-Identifier: MIT */
#include "models/mender.h"

#include <math.h>

/* ---- forward ------------------------------------------------------------------- */

/* [N,H,W,C] to tokens [N,H*W,C]. */
static Tensor tokens(Tensor x)
{
    if (tensor_is_empty(x))
        return x;
    return tensor_reshape(x, SHAPE(x.dim[0], x.dim[1] * x.dim[2], x.dim[3]));
}

static Tensor attention(Run *r, const MenderAttention *k, int64_t heads, Tensor x, Tensor bank)
{
    if (tensor_is_empty(x))
        return x;
    Tensor y = nn_new(r, tensor_shape(x));
    size_t floor = run_floor(r);
    Tensor qkv =
        nn_linear(r, &k->qkv, tokens(nn_group_norm(r, &k->norm, x, ACT_NONE)), (With){0});
    Bank other = {.kv = nn_linear(r, &k->bank, bank, (With){0})};
    Tensor a = nn_self_attention(r, qkv, heads, other);
    nn_linear(r, &k->out, a, (With){.residual = x, .into = y});
    run_drop(r, floor);
    return y;
}

/* The reference with two more channels: where a pixel is, -1..1. */
static Tensor with_places(Run *r, Tensor reference)
{
    int64_t H = reference.dim[1], W = reference.dim[2];
    Tensor x = nn_new(r, SHAPE(1, H, W, 6));
    if (tensor_is_empty(x))
        return x;
    const float *from = tensor_f32(reference);
    float *to = tensor_f32(x);
    for (int64_t i = 0; i < H * W; i++) {
        for (int64_t c = 0; c < 4; c++)
            to[i * 6 + c] = from[i * 4 + c];
        to[i * 6 + 4] = ((float)(i % W) + 0.5f) * (2.0f / (float)W) - 1.0f;
        to[i * 6 + 5] = ((float)(i / W) + 0.5f) * (2.0f / (float)H) - 1.0f;
    }
    return x;
}

/* e [1,S/2,S/2,C]: what the first level sees of the reference. */
static Tensor bank_of(Run *r, const Mender *m, Tensor e)
{
    size_t floor = run_floor(r);
    Tensor x = nn_residual(r, &m->reference.res[0], e);
    x = nn_conv(r, &m->reference.down, x, (With){0});
    x = nn_residual(r, &m->reference.res[1], x);
    x = tokens(nn_group_norm(r, &m->reference.norm, x, ACT_SILU));
    return nn_tap(r, run_keep(r, floor, x), "bank");
}

/* The finer of two levels, its own and what came up from below. */
static Tensor rise(Run *r, const Conv *up, const Residual *res, Tensor x, Tensor skip)
{
    x = nn_spread(r, nn_conv(r, up, x, (With){0}));
    return nn_residual(r, res, nn_concat(r, x, skip));
}

static Tensor deep(Run *r, const Mender *m, Tensor h1, Tensor bank)
{
    Tensor x = nn_conv(r, &m->down[1], h1, (With){0});
    for (int i = 0; i < MENDER_ATTENTIONS; i++) {
        x = nn_residual(r, &m->mid[i], x);
        x = nn_tap(r, attention(r, &m->attention[i], m->config.heads, x, bank), "mid.%d", i);
    }
    return x;
}

Tensor mender_mend(Run *r, const Mender *m, Tensor puppet, Tensor skeleton, Tensor reference)
{
    if (run_stopped(r))
        return (Tensor){0};
    must(puppet.rank == 4 && puppet.dim[1] % MENDER_STEP == 0 &&
         puppet.dim[2] % MENDER_STEP == 0 && reference.dim[0] == 1);
    size_t floor = run_floor(r);
    Tensor e = nn_conv(r, &m->reference.in, with_places(r, reference), (With){0});
    Tensor bank = bank_of(r, m, e);
    Tensor x = nn_conv(r, &m->in, nn_concat(r, puppet, skeleton), (With){0});
    Tensor h0 = nn_tap(r, nn_residual(r, &m->res[0], nn_add_rows(r, x, e, 1)), "down.0");
    Tensor h1 = nn_conv(r, &m->down[0], h0, (With){0});
    h1 = nn_tap(r, nn_residual(r, &m->res[1], h1), "down.1");
    x = deep(r, m, h1, bank);
    x = nn_tap(r, rise(r, &m->up[1], &m->res[2], x, h1), "up.1");
    x = nn_tap(r, rise(r, &m->up[0], &m->res[3], x, h0), "up.0");
    x = nn_conv(r, &m->out, x, (With){.norm = &m->norm, .pre = ACT_SILU, .act = ACT_SILU});
    x = nn_concat(r, nn_spread(r, x), puppet);
    x = nn_conv(r, &m->tail[0], x, (With){.act = ACT_SILU});
    return run_keep(r, floor, nn_conv(r, &m->tail[1], x, (With){0}));
}

static float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

Mended mender_pixel(const float puppet[5], const float change[5])
{
    static const float steep = 3, pull = 4, crisp = 4; /* as training has them */
    Mended y = {.trust = sigmoid(change[4])};
    for (int c = 0; c < 3; c++)
        y.rgb[c] = puppet[c] + change[c];
    float a = sigmoid(steep * puppet[3] + pull * change[3]);
    y.alpha = fminf(fmaxf((a - 0.5f) * crisp + 0.5f, 0), 1);
    return y;
}

/* ---- binding ------------------------------------------------------------------- */

typedef struct Binding {
    Bind *b;
    const MenderConfig *config;
} Binding;

static Residual bind_res(Binding *g, const char *name, int64_t C, int64_t O)
{
    return bind_residual(
        g->b, name, (ResidualShape){.C = C, .O = O, .groups = g->config->groups, .eps = 1e-5f});
}

static MenderAttention bind_attention(Binding *g, const char *name, int64_t C, int64_t other)
{
    static const char *const own[] = {"to_q", "to_k", "to_v"};
    static const char *const seen[] = {"bank_k", "bank_v"};
    Bind *b = g->b;
    MenderAttention k;
    bind_enter(b, "%s", name);
    k.norm = bind_group_norm(b, "norm", C, g->config->groups, 1e-5f);
    k.qkv = bind_linears(b, own, 3, C, C, true);
    k.bank = bind_linears(b, seen, 2, other, C, true);
    k.out = bind_linear(b, "to_out", C, C);
    bind_leave(b);
    return k;
}

/* From pictures to half their side. */
static Conv bind_halving(Bind *b, const char *name, int64_t C, int64_t O)
{
    return bind_conv_shape(
        b, name, (ConvShape){C, O, 4, 4, 2, 1, 1, 1, 1, false, TENSOR_F32, false}, true);
}

bool mender_bind(Mender *m, Bind *b, const MenderConfig *c)
{
    Binding g = {b, c};
    int64_t A = c->width[0], B = c->width[1], C = c->width[2];
    m->config = *c;
    m->reference.in = bind_halving(b, "ref_in", 6, A);
    m->reference.res[0] = bind_res(&g, "ref_res0", A, A);
    m->reference.down = bind_conv(b, "ref_down", A, B, 3, 2);
    m->reference.res[1] = bind_res(&g, "ref_res1", B, B);
    m->reference.norm = bind_group_norm(b, "ref_norm", B, c->groups, 1e-5f);
    m->in = bind_halving(b, "conv_in", 8, A);
    m->res[0] = bind_res(&g, "res0", A, A);
    m->down[0] = bind_conv(b, "down0", A, B, 3, 2);
    m->res[1] = bind_res(&g, "res1", B, B);
    m->down[1] = bind_conv(b, "down1", B, C, 3, 2);
    m->mid[0] = bind_res(&g, "mid_res0", C, C);
    m->attention[0] = bind_attention(&g, "mid_attn0", C, B);
    m->mid[1] = bind_res(&g, "mid_res1", C, C);
    m->attention[1] = bind_attention(&g, "mid_attn1", C, B);
    m->up[1] = bind_conv(b, "up1", C, 4 * B, 1, 1);
    m->res[2] = bind_res(&g, "res2", 2 * B, B);
    m->up[0] = bind_conv(b, "up0", B, 4 * A, 1, 1);
    m->res[3] = bind_res(&g, "res3", 2 * A, A);
    m->norm = bind_group_norm(b, "norm_out", A, c->groups, 1e-5f);
    m->out = bind_conv(b, "conv_out", A, 4 * c->tail, 3, 1);
    m->tail[0] = bind_conv(b, "tail0", c->tail + 5, c->tail, 3, 1);
    m->tail[1] = bind_conv(b, "tail1", c->tail, 5, 3, 1);
    return !bind_failed(b);
}

bool mender_config_read(MenderConfig *c, const Json *j, Err *err)
{
    const Json *widths = js_get(j, "width");
    c->tail = js_int(js_get(j, "tail"), 0);
    c->heads = js_int(js_get(j, "heads"), 0);
    c->groups = js_int(js_get(j, "groups"), 0);
    if (js_count(widths) != MENDER_LEVELS || c->tail < 1 || c->tail > 1024 || c->heads < 1 ||
        c->heads > 1024 || c->groups < 1)
        return err_set(err, ERR_FORMAT,
                       "a mender's configuration has 3 numbers in 'width', and 'tail', "
                       "'heads' and 'groups' above 0");
    for (int i = 0; i < MENDER_LEVELS; i++) {
        c->width[i] = js_int(js_at(widths, (size_t)i), 0);
        if (c->width[i] < 1 || c->width[i] > 8192 || c->width[i] % c->groups != 0)
            return err_set(err, ERR_FORMAT,
                           "a mender's width of %lld does not divide into %lld groups",
                           (long long)c->width[i], (long long)c->groups);
    }
    if (c->width[MENDER_LEVELS - 1] % c->heads != 0)
        return err_set(err, ERR_FORMAT,
                       "a mender's width of %lld does not divide into %lld heads",
                       (long long)c->width[MENDER_LEVELS - 1], (long long)c->heads);
    return true;
}
