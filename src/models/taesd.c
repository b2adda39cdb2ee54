/* SPDX-License-Identifier: MIT */
#include "models/taesd.h"

#include <math.h>
#include <stdio.h>

/* Blocks of a stage: few where pictures are whole. */
static int blocks_of(bool is_decoder, int stage)
{
    return stage == (is_decoder ? TAESD_STAGES - 1 : 0) ? 1 : TAESD_BLOCKS;
}

static Tensor block(Run *r, const TaesdBlock *k, Tensor x)
{
    size_t floor = run_floor(r);
    With relu = {.act = ACT_RELU};
    Tensor h = nn_conv(r, &k->conv[1], nn_conv(r, &k->conv[0], x, relu), relu);
    h = nn_conv(r, &k->conv[2], h, (With){.residual = x});
    return run_keep(r, floor, nn_act(r, h, ACT_RELU));
}

Tensor taesd_encode(Run *r, const Taesd *m, Tensor rgb)
{
    static const float half[] = {0.5f, 0.5f, 0.5f}; /* -1..1 to 0..1 */
    size_t floor = run_floor(r);
    Tensor x = nn_affine(r, rgb, half, half, ACT_NONE);
    x = nn_conv(r, &m->encoder.in, x, (With){0});
    for (int i = 0; i < TAESD_STAGES; i++) {
        if (i > 0)
            x = nn_conv(r, &m->encoder.resample[i], x, (With){0});
        for (int j = 0; j < blocks_of(false, i); j++)
            x = block(r, &m->encoder.block[i][j], x);
        x = nn_tap(r, run_keep(r, floor, x), "enc.%d", i == 0 ? 1 : 4 * i + 1);
    }
    return run_keep(r, floor, nn_conv(r, &m->encoder.out, x, (With){0}));
}

/* 3 tanh(z / 3): a latent is small, so this is no kernel. */
static Tensor clamped(Run *r, Tensor z)
{
    Tensor y = tensor_is_empty(z) ? z : nn_new(r, tensor_shape(z));
    for (int64_t i = 0; !tensor_is_empty(y) && i < tensor_count(y); i++)
        tensor_f32(y)[i] = 3 * tanhf(tensor_f32(z)[i] / 3);
    return y;
}

Tensor taesd_decode(Run *r, const Taesd *m, Tensor latents)
{
    static const float two[] = {2, 2, 2}, less[] = {-1, -1, -1}; /* 0..1 to -1..1 */
    size_t floor = run_floor(r);
    Tensor x = nn_conv(r, &m->decoder.in, clamped(r, latents), (With){.act = ACT_RELU});
    for (int i = 0; i < TAESD_STAGES; i++) {
        for (int j = 0; j < blocks_of(true, i); j++)
            x = block(r, &m->decoder.block[i][j], x);
        x = nn_tap(r, x, "dec.%d", i == TAESD_STAGES - 1 ? 17 : 5 * i + 4);
        if (i < TAESD_STAGES - 1 && !tensor_is_empty(x)) {
            x = nn_grow(r, x, 2 * x.dim[1], 2 * x.dim[2]);
            x = nn_conv(r, &m->decoder.resample[i], x, (With){0});
            x = nn_tap(r, x, "dec.%d", 5 * i + 6);
        }
        x = run_keep(r, floor, x);
    }
    x = nn_conv(r, &m->decoder.out, x, (With){0});
    return run_keep(r, floor, nn_affine(r, x, two, less, ACT_NONE));
}

/* ---- binding ------------------------------------------------------------------ */

/* A row of numbered layers; what has no weights is counted all the same. */
typedef struct Layers {
    Bind *b;
    int at;
    int64_t C; /* width of all but the ends */
} Layers;

static Conv bind_next(Layers *l, int64_t C, int64_t O, int stride, bool has_bias)
{
    char name[16];
    snprintf(name, sizeof name, "%d", l->at++);
    ConvShape s = {C, O, 3, 3, stride, 1, 1, 1, 1, false, TENSOR_F32, false};
    return bind_conv_shape(l->b, name, s, has_bias);
}

static void bind_blocks(Layers *l, TaesdBlock *k, int count)
{
    for (int j = 0; j < count; j++) {
        bind_enter(l->b, "%d.conv", l->at++);
        for (int i = 0; i < 3; i++) /* a ReLU lies between two */
            k[j].conv[i] = bind_conv(l->b, i == 0 ? "0" : i == 1 ? "2" : "4", l->C, l->C, 3, 1);
        bind_leave(l->b);
    }
}

/* Where the first layer is, and how wide: "encoder.layers." or bare. */
static Layers enter(Bind *b, const char *at, int bare)
{
    char weight[48];
    snprintf(weight, sizeof weight, "%s.0.weight", at);
    bool is_bare = bind_shape(b, weight).rank == 0;
    bind_enter(b, "%s", is_bare ? "" : at);
    Layers l = {b, is_bare ? bare : 0, 1};
    snprintf(weight, sizeof weight, "%d.weight", l.at);
    Shape s = bind_shape(b, weight);
    if (s.rank == 4)
        l.C = s.dim[0];
    return l;
}

/* The other end of the layer at l->at: how many latent channels. */
static int64_t channels(const Layers *l, int at, int dim)
{
    char weight[16];
    snprintf(weight, sizeof weight, "%d.weight", at);
    Shape s = bind_shape(l->b, weight);
    return s.rank == 4 ? s.dim[dim] : 1;
}

static void bind_encoder(Taesd *m, Bind *b)
{
    Layers l = enter(b, "encoder.layers", 0);
    m->encoder.in = bind_next(&l, 3, l.C, 1, true);
    for (int i = 0; i < TAESD_STAGES; i++) {
        if (i > 0)
            m->encoder.resample[i] = bind_next(&l, l.C, l.C, 2, false);
        bind_blocks(&l, m->encoder.block[i], blocks_of(false, i));
    }
    m->encoder.out = bind_next(&l, l.C, channels(&l, l.at, 0), 1, true);
    bind_leave(b);
}

static void bind_decoder(Taesd *m, Bind *b)
{
    Layers l = enter(b, "decoder.layers", 1); /* bare files count the clamp */
    m->decoder.in = bind_next(&l, channels(&l, l.at, 1), l.C, 1, true);
    l.at++; /* ReLU */
    for (int i = 0; i < TAESD_STAGES; i++) {
        bind_blocks(&l, m->decoder.block[i], blocks_of(true, i));
        if (i == TAESD_STAGES - 1)
            break;
        l.at++; /* growing */
        m->decoder.resample[i] = bind_next(&l, l.C, l.C, 1, false);
    }
    m->decoder.out = bind_next(&l, l.C, 3, 1, true);
    bind_leave(b);
}

bool taesd_bind(Taesd *m, Bind *b, TaesdParts parts)
{
    *m = (Taesd){0};
    if (parts.encoder)
        bind_encoder(m, b);
    if (parts.decoder)
        bind_decoder(m, b);
    return !bind_failed(b);
}

const char *const *taesd_unread(TaesdParts parts)
{
    static const char *const none[] = {NULL}, *const encoder[] = {"decoder.*", NULL},
                             *const decoder[] = {"encoder.*", NULL};
    if (parts.encoder == parts.decoder)
        return none;
    return parts.encoder ? encoder : decoder;
}
