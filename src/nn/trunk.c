/* SPDX-License-Identifier: MIT */
#include "nn/trunk.h"

#include <stdio.h>

/* ---- the time, and what else the residual blocks are told -------------------- */

/* Sinusoids of the guidance, as latent consistency models know it (arXiv
 * 2310.04378). */
static Tensor guided(Run *r, const Trunk *m, float guidance, Tensor e)
{
    if (m->config.guidance_width == 0)
        return e;
    Tensor w =
        nn_time_embedding(r, 1000.0f * (guidance - 1.0f), m->config.guidance_width, false, 1);
    return nn_linear(r, &m->guidance, w, (With){.residual = e});
}

static Tensor time_vector(Run *r, const Trunk *m, const UNetInput *in)
{
    const UNetConfig *c = &m->config;
    Tensor e = nn_time_embedding(r, in->t, c->width[0], c->flip_sin_to_cos, c->freq_shift);
    e = guided(r, m, in->guidance, e);
    Tensor h = nn_linear(r, &m->time1, e, (With){.act = ACT_SILU});
    Tensor added = in->context->added;
    if (tensor_is_empty(added))
        return nn_linear(r, &m->time2, h, (With){.act = ACT_SILU});
    return nn_act(r, nn_add_rows(r, added, nn_linear(r, &m->time2, h, (With){0}), 1), ACT_SILU);
}

bool trunk_added(Run *r, const Trunk *m, Tensor pooled, Tensor numbers, Arena *job,
                 UNetContext *c)
{
    const UNetConfig *g = &m->config;
    int64_t R = pooled.dim[0], n = numbers.dim[1];
    must(numbers.dim[0] == R && pooled.dim[1] + n * g->number_width == g->added);
    size_t floor = run_floor(r);
    Tensor waves = nn_time_embeddings(r, tensor_f32(numbers), R * n, g->number_width,
                                      g->flip_sin_to_cos, g->freq_shift);
    if (!tensor_is_empty(waves))
        waves = tensor_reshape(waves, SHAPE(R, n * g->number_width));
    Tensor h = nn_linear(r, &m->added1, nn_concat(r, pooled, waves), (With){.act = ACT_SILU});
    c->added = nn_save(r, job, nn_linear(r, &m->added2, h, (With){0}));
    run_drop(r, floor);
    return !run_stopped(r);
}

bool trunk_context(Run *r, const Trunk *m, Tensor context, Arena *job, UNetContext *c)
{
    must(context.rank == 3 && context.dim[2] == m->config.context);
    must(m->has_text || context.dim[1] == 1);
    *c = (UNetContext){.is_vector = !m->has_text};
    bool ok = transformer_context(r, &m->mid.transformer, context, job, c);
    for (int i = 0; i < m->config.blocks; i++)
        for (int j = 0; j < m->config.layers && ok; j++)
            ok = transformer_context(r, &m->down[i].layer[j].transformer, context, job, c);
    return ok;
}

/* ---- the way down --------------------------------------------------------------- */

static Tensor add_pose(Run *r, const UNetPass *p, Tensor x, int level)
{
    Tensor pose = p->in->pose[level];
    return tensor_is_empty(pose) ? x : nn_add_rows(r, x, pose, 1);
}

static Tensor attend(Run *r, const UNetPass *p, const Transformer *k, const Motion *motion,
                     Tensor x)
{
    if (k->depth > 0)
        x = nn_transformer(r, k, x, &p->beside);
    return motion->C > 0 ? nn_motion(r, motion, x, p->in->frames) : x;
}

Tensor unet_layer(Run *r, const UNetPass *p, const UNetLayer *k, Tensor x)
{
    x = nn_residual_at(r, &k->res, x, p->time);
    return attend(r, p, &k->transformer, &k->motion, x);
}

static void push(UNetPass *p, Tensor x)
{
    p->skip[p->skips++] = x;
}

static Tensor down(Run *r, const Trunk *m, UNetPass *p, int i, Tensor x)
{
    for (int j = 0; j < m->config.layers; j++) {
        size_t floor = run_floor(r);
        x = run_keep(r, floor, unet_layer(r, p, &m->down[i].layer[j], x));
        push(p, x);
    }
    if (m->down[i].has_resample) {
        x = nn_conv(r, &m->down[i].resample, x, (With){0});
        push(p, x);
    }
    return add_pose(r, p, nn_tap(r, x, "down.%d", i), i + 1);
}

static Tensor mid(Run *r, const Trunk *m, const UNetPass *p, Tensor x)
{
    x = nn_residual_at(r, &m->mid.res[0], x, p->time);
    x = attend(r, p, &m->mid.transformer, &m->mid.motion, x);
    return nn_tap(r, nn_residual_at(r, &m->mid.res[1], x, p->time), "mid");
}

Tensor trunk_forward(Run *r, const Trunk *m, UNetPass *p)
{
    p->time = time_vector(r, m, p->in);
    Tensor x = nn_tap(r, nn_conv(r, &m->conv_in, p->in->latents, (With){0}), "conv_in");
    x = add_pose(r, p, x, 0);
    push(p, x);
    for (int i = 0; i < m->config.blocks; i++)
        x = down(r, m, p, i, x);
    return mid(r, m, p, x);
}

Beside unet_beside(const UNetInput *in)
{
    return (Beside){
        .context = in->context, .bank = in->bank, .bank_from = in->bank_from_row * in->frames};
}

/* ---- binding -------------------------------------------------------------------- */

static Residual bind_res(const Trunk *m, Bind *b, int j, int64_t C, int64_t O)
{
    const UNetConfig *c = &m->config;
    char name[32];
    snprintf(name, sizeof name, "resnets.%d", j);
    return bind_residual(
        b, name,
        (ResidualShape){
            .C = C, .O = O, .groups = c->groups, .time = 4 * c->width[0], .eps = c->norm_eps});
}

static Transformer bind_attention(Trunk *m, Bind *b, LayerPlace at)
{
    const UNetConfig *c = &m->config;
    char name[32];
    snprintf(name, sizeof name, "attentions.%d", at.j);
    TransformerShape s = {.C = c->width[at.block],
                          .heads = c->heads[at.block],
                          .groups = c->groups,
                          .context = c->context,
                          .depth = at.depth,
                          .linear_projection = c->linear_projection,
                          .text = m->has_text};
    int index = m->attentions;
    m->attentions += at.depth;
    return bind_transformer(b, name, s, index);
}

static Motion bind_frames(Trunk *m, Bind *b, LayerPlace at)
{
    char name[32];
    snprintf(name, sizeof name, "motion_modules.%d", at.j);
    UNetConfig *c = &m->config;
    return bind_motion(b, name, (MotionShape){c->width[at.block], c->heads[0], c->groups},
                       &c->motion_frames);
}

UNetLayer bind_unet_layer(Trunk *m, Bind *b, UNetParts parts, LayerPlace at)
{
    UNetLayer k = {.res = bind_res(m, b, at.j, at.C, m->config.width[at.block])};
    if (at.depth > 0)
        k.transformer = bind_attention(m, b, at);
    if (parts.motion)
        k.motion = bind_frames(m, b, at);
    return k;
}

static void bind_down(Trunk *m, Bind *b, UNetParts parts)
{
    const UNetConfig *c = &m->config;
    int64_t C = c->width[0];
    m->skip_width[m->skips++] = C;
    for (int i = 0; i < c->blocks; i++) {
        bind_enter(b, "down_blocks.%d", i);
        for (int j = 0; j < c->layers; j++) {
            m->down[i].layer[j] =
                bind_unet_layer(m, b, parts, (LayerPlace){j, i, c->depth[i], C});
            m->skip_width[m->skips++] = C = c->width[i];
        }
        m->down[i].has_resample = i < c->blocks - 1;
        if (m->down[i].has_resample) {
            m->down[i].resample = bind_conv(b, "downsamplers.0.conv", C, C, 3, 2);
            m->skip_width[m->skips++] = C;
        }
        bind_leave(b);
    }
}

static void bind_mid(Trunk *m, Bind *b, UNetParts parts)
{
    const UNetConfig *c = &m->config;
    LayerPlace at = {0, c->blocks - 1, c->mid_depth, c->width[c->blocks - 1]};
    bind_enter(b, "mid_block");
    m->mid.res[0] = bind_res(m, b, 0, at.C, at.C);
    m->mid.transformer = bind_attention(m, b, at);
    if (parts.motion)
        m->mid.motion = bind_frames(m, b, at);
    m->mid.res[1] = bind_res(m, b, 1, at.C, at.C);
    bind_leave(b);
}

static bool has_motion(const Bind *b, const char *block)
{
    char name[96];
    snprintf(name, sizeof name, "%s.motion_modules.0.temporal_transformer.proj_in.weight",
             block);
    return binder_has(b->binder, name);
}

bool trunk_bind(Trunk *m, Bind *b, const UNetConfig *c, UNetParts parts)
{
    *m = (Trunk){.config = *c, .has_text = parts.text};
    int64_t C = c->width[0], E = 4 * C;
    m->time1 = bind_linear(b, "time_embedding.linear_1", C, E);
    m->time2 = bind_linear(b, "time_embedding.linear_2", E, E);
    if (c->guidance_width > 0)
        m->guidance = bind_linear_plain(b, "time_embedding.cond_proj", c->guidance_width, C);
    if (c->added > 0) {
        m->added1 = bind_linear(b, "add_embedding.linear_1", c->added, E);
        m->added2 = bind_linear(b, "add_embedding.linear_2", E, E);
    }
    m->conv_in = bind_conv(b, "conv_in", c->in, C, 3, 1);
    if (has_motion(b, "up_blocks.0") && !has_motion(b, "down_blocks.0"))
        parts.motion = false; /* it is on the way up only */
    bind_down(m, b, parts);
    bind_mid(m, b, parts);
    return !bind_failed(b);
}
