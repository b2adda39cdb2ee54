/* SPDX-License-Identifier: MIT */
#include "models/unet.h"

#include <stdio.h>

/* ---- the way up ------------------------------------------------------------------- */

/* Adds what the ControlNets say to the last pictures of x, in place. */
static void add_control(Run *r, Tensor x, Tensor control)
{
    if (tensor_is_empty(x) || tensor_is_empty(control))
        return;
    int64_t n = control.dim[0];
    must(n <= x.dim[0] && x.dim[3] == control.dim[3]);
    nn_add_to(r, tensor_rows(x, x.dim[0] - n, n), control, 1);
}

static Tensor pop(Run *r, UNetPass *p)
{
    Tensor x = p->skip[--p->skips];
    if (p->in->control != NULL)
        add_control(r, x, p->in->control->skip[p->skips]);
    return x;
}

/* Grows to the side of the skip that comes next, as the reference does. */
static Tensor grow(Run *r, const UNet *m, const UNetPass *p, int i, Tensor x)
{
    if (!m->up[i].has_resample || tensor_is_empty(x))
        return x;
    Tensor next = p->skip[p->skips - 1];
    if (tensor_is_empty(next))
        return next;
    return nn_conv(r, &m->up[i].resample, nn_grow(r, x, next.dim[1], next.dim[2]), (With){0});
}

static Tensor up(Run *r, const UNet *m, UNetPass *p, int i, Tensor x)
{
    size_t floor = run_floor(r);
    for (int j = 0; j <= m->trunk.config.layers; j++) {
        size_t before = run_floor(r);
        x = unet_layer(r, p, &m->up[i].layer[j], nn_concat(r, x, pop(r, p)));
        x = run_keep(r, before, x);
    }
    return nn_tap(r, run_keep(r, floor, grow(r, m, p, i, x)), "up.%d", i);
}

/* All blocks; a reference net ends in nothing worth keeping. */
static Tensor blocks(Run *r, const UNet *m, UNetPass *p)
{
    Tensor x = trunk_forward(r, &m->trunk, p);
    if (p->in->control != NULL)
        add_control(r, x, p->in->control->mid);
    for (int i = 0; i < m->trunk.config.blocks; i++)
        x = up(r, m, p, i, x);
    return x;
}

Tensor unet_forward(Run *r, const UNet *m, const UNetInput *in)
{
    size_t floor = run_floor(r);
    UNetPass p = {.in = in, .beside = unet_beside(in)};
    Tensor x = blocks(r, m, &p);
    x = nn_conv(r, &m->conv_out, x, (With){.norm = &m->norm_out, .pre = ACT_SILU});
    return run_keep(r, floor, nn_tap(r, x, "out"));
}

bool unet_reference(Run *r, const UNet *m, Tensor latents, const UNetContext *context,
                    Arena *job, UNetBank *bank)
{
    size_t floor = run_floor(r);
    UNetInput in = {.latents = latents, .t = 0, .frames = 1, .context = context};
    UNetPass p = {.in = &in, .beside = unet_beside(&in)};
    p.beside.tokens = bank;
    p.beside.tokens_last = m->trunk.attentions - 1;
    p.beside.job = job;
    blocks(r, m, &p);
    run_drop(r, floor);
    return !run_stopped(r);
}

/* ---- all transformers, in the order of the forward pass ------------------------------ */

/* The transformer of the i-th layer, and its path without the block; NULL past
 * the last layer. */
static const Transformer *transformer_at(const UNet *m, int i, UNetPath *path)
{
    const UNetConfig *c = &m->trunk.config;
    int down = c->blocks * c->layers, up = i - down - 1, of = c->layers + 1;
    if (i < down) {
        snprintf(path->s, sizeof path->s, "down_blocks.%d.attentions.%d", i / c->layers,
                 i % c->layers);
        return &m->trunk.down[i / c->layers].layer[i % c->layers].transformer;
    }
    if (i == down) {
        snprintf(path->s, sizeof path->s, "mid_block.attentions.0");
        return &m->trunk.mid.transformer;
    }
    if (up >= c->blocks * of)
        return NULL;
    snprintf(path->s, sizeof path->s, "up_blocks.%d.attentions.%d", up / of, up % of);
    return &m->up[up / of].layer[up % of].transformer;
}

UNetPath unet_attention_path(const UNet *m, int index)
{
    UNetPath p = {""}, all;
    const Transformer *k;
    for (int i = 0; (k = transformer_at(m, i, &p)) != NULL; i++)
        if (k->depth > 0 && index - k->block[0].index < k->depth)
            break;
    must(k != NULL);
    snprintf(all.s, sizeof all.s, "%.60s.transformer_blocks.%d", p.s,
             index - k->block[0].index);
    return all;
}

bool unet_context(Run *r, const UNet *m, Tensor context, Arena *job, UNetContext *c)
{
    bool ok = trunk_context(r, &m->trunk, context, job, c);
    for (int i = 0; i < m->trunk.config.blocks; i++)
        for (int j = 0; j <= m->trunk.config.layers && ok; j++)
            ok = transformer_context(r, &m->up[i].layer[j].transformer, context, job, c);
    return ok;
}

/* The denoiser's fused q, k, v applied to the tokens; q is dropped. */
static bool project_bank(Run *r, const TransformerBlock *k, Tensor tokens, Arena *job,
                         Tensor *to)
{
    size_t floor = run_floor(r);
    int64_t T = tensor_count(tokens) / k->C;
    Tensor qkv = nn_linear(r, &k->qkv, tensor_reshape(tokens, SHAPE(T, k->C)), (With){0});
    if (run_stopped(r))
        return false;
    Tensor kv = tensor_new(job, TENSOR_F32, SHAPE(T, 2 * k->C), &r->err);
    if (tensor_is_empty(kv))
        return false;
    Job copy = {.pool = r->pool};
    r->kernels->copy_rows(&copy, tensor_f32(kv), 2 * k->C, tensor_f32(qkv) + k->C, 3 * k->C, T,
                          2 * k->C);
    *to = kv;
    run_drop(r, floor);
    return true;
}

bool unet_bank_project(Run *r, const UNet *m, const UNetBank *tokens, Arena *job, UNetBank *kv)
{
    UNetPath path;
    const Transformer *k;
    for (int i = 0; (k = transformer_at(m, i, &path)) != NULL; i++)
        for (int j = 0; j < k->depth; j++) {
            int at = k->block[j].index;
            if (!project_bank(r, &k->block[j], tokens->of[at], job, &kv->of[at]))
                return false;
        }
    return true;
}

/* ---- binding ------------------------------------------------------------------ */

static void bind_up(UNet *m, Bind *b, UNetParts parts)
{
    const UNetConfig *c = &m->trunk.config;
    int64_t C = c->width[c->blocks - 1];
    int skips = m->trunk.skips;
    for (int i = 0; i < c->blocks; i++) {
        int block = c->blocks - 1 - i;
        bind_enter(b, "up_blocks.%d", i);
        for (int j = 0; j <= c->layers; j++) {
            LayerPlace at = {j, block, c->up_depth[i], C + m->trunk.skip_width[--skips]};
            m->up[i].layer[j] = bind_unet_layer(&m->trunk, b, parts, at);
            C = c->width[block];
        }
        m->up[i].has_resample = block > 0;
        if (block > 0)
            m->up[i].resample = bind_conv(b, "upsamplers.0.conv", C, C, 3, 1);
        bind_leave(b);
    }
}

bool unet_bind(UNet *m, Bind *b, const UNetConfig *c, UNetParts parts)
{
    *m = (UNet){0};
    (void)!trunk_bind(&m->trunk, b, c, parts);
    bind_up(m, b, parts);
    if (!parts.reference) {
        m->norm_out = bind_group_norm(b, "conv_norm_out", c->width[0], c->groups, c->norm_eps);
        m->conv_out = bind_conv(b, "conv_out", c->width[0], c->out, 3, 1);
    }
    return !bind_failed(b);
}

const char *const *unet_unread(void)
{
    static const char *const names[] = {
        "*.attn2.to_q.*", "*.attn2.to_k.*", "*.norm2.*", "conv_norm_out.*",
        "conv_out.*",     "*.position_ids", NULL};
    return names;
}
