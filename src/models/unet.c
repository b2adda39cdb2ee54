/* SPDX-License-Identifier: MIT */
#include "models/unet.h"

#include <stdio.h>
#include <string.h>

/* What travels through all blocks of one forward pass. */
typedef struct Pass {
    const UNet *m;
    const UNetInput *in;
    Tensor time;      /* [1,4*C0], after its SiLU */
    UNetBank *tokens; /* where a reference net writes */
    Arena *job;
    Tensor skip[UNET_BLOCKS * (UNET_LAYERS + 1) + 1];
    int skips;
} Pass;

static int64_t pixels(Tensor x)
{
    return x.dim[1] * x.dim[2];
}

static Tensor as_tokens(Tensor x)
{
    return tensor_is_empty(x) ? x : tensor_reshape(x, SHAPE(x.dim[0], pixels(x), x.dim[3]));
}

static Tensor as_picture(Tensor x, Tensor like)
{
    return tensor_is_empty(x)
               ? x
               : tensor_reshape(x, SHAPE(x.dim[0], like.dim[1], like.dim[2], x.dim[2]));
}

static Bank bank_of(const Pass *p, int index)
{
    if (p->in->bank == NULL)
        return (Bank){0};
    return (Bank){.kv = p->in->bank->of[index], .from = p->in->bank_from_row * p->in->frames};
}

/* Adds what the context says to the tokens h, in place. */
static Tensor cross(Run *r, const Pass *p, const Transformer *k, Tensor h)
{
    size_t floor = run_floor(r);
    Tensor q = nn_linear(r, &k->q2, nn_layer_norm(r, &k->norm2, h), (With){0});
    Tensor a = nn_cross_attention(r, q, p->in->context->of[k->index], k->heads);
    h = nn_linear(r, &k->out2, a, (With){.residual = h, .into = h});
    run_drop(r, floor);
    return h;
}

static Tensor feed_forward(Run *r, const LayerNorm *norm, const Linear *in, const Linear *out,
                           Tensor h)
{
    size_t floor = run_floor(r);
    Tensor g = nn_linear(r, in, nn_layer_norm(r, norm, h), (With){0});
    h = nn_linear(r, out, g, (With){.residual = h, .into = h});
    run_drop(r, floor);
    return h;
}

static Tensor project_in(Run *r, const Transformer *k, Tensor x)
{
    if (k->conv_in.packed != NULL)
        return as_tokens(nn_conv(r, &k->conv_in, x, (With){.norm = &k->norm}));
    return nn_linear(r, &k->linear_in, as_tokens(nn_group_norm(r, &k->norm, x, ACT_NONE)),
                     (With){0});
}

static Tensor project_out(Run *r, const Transformer *k, Tensor h, Tensor x, Tensor y)
{
    With add = {.residual = x, .into = y};
    if (k->conv_out.packed != NULL)
        return nn_conv(r, &k->conv_out, as_picture(h, x), add);
    return nn_linear(r, &k->linear_out, h, add);
}

static Tensor transformer(Run *r, const Pass *p, const Transformer *k, Tensor x)
{
    if (tensor_is_empty(x))
        return x;
    Tensor y = nn_new(r, tensor_shape(x));
    size_t floor = run_floor(r);
    Tensor h = project_in(r, k, x);
    size_t after_h = run_floor(r);
    Tensor n = nn_layer_norm(r, &k->norm1, h);
    if (p->tokens != NULL) {
        p->tokens->of[k->index] = nn_save(r, p->job, n);
        if (k->index == p->m->attentions - 1) { /* nobody reads what follows */
            run_drop(r, floor);
            return (Tensor){0};
        }
    }
    Tensor qkv = nn_linear(r, &k->qkv, n, (With){0});
    Tensor a = nn_self_attention(r, qkv, k->heads, bank_of(p, k->index));
    const UNetContext *context = p->in->context;
    Tensor vector = context->is_vector ? context->of[k->index] : (Tensor){0};
    h = nn_linear(r, &k->out1, a, (With){.image_bias = vector, .residual = h, .into = h});
    run_drop(r, after_h);
    if (!context->is_vector)
        h = cross(r, p, k, h);
    h = feed_forward(r, &k->norm3, &k->ff_in, &k->ff_out, h);
    y = project_out(r, k, h, x, y);
    run_drop(r, floor);
    return y;
}

static Tensor motion(Run *r, const Pass *p, const Motion *k, Tensor x)
{
    if (!p->m->has_motion || tensor_is_empty(x))
        return x;
    int64_t F = p->in->frames, T = pixels(x);
    Tensor y = nn_new(r, tensor_shape(x));
    size_t floor = run_floor(r);
    Tensor g = nn_group_norm(r, &k->norm, x, ACT_NONE);
    Tensor h = nn_linear(r, &k->proj_in, as_tokens(g), (With){0});
    for (int i = 0; i < 2; i++) {
        size_t above = run_floor(r);
        Tensor n = nn_layer_norm(r, &k->attention[i].norm, h);
        n = nn_add_rows(r, n, tensor_rows(k->attention[i].position, 0, F), T);
        Tensor qkv = nn_linear(r, &k->attention[i].qkv, n, (With){0});
        Tensor a = nn_frame_attention(r, qkv, p->m->config.heads[0], F);
        h = nn_linear(r, &k->attention[i].out, a, (With){.residual = h, .into = h});
        run_drop(r, above);
    }
    h = feed_forward(r, &k->ff_norm, &k->ff_in, &k->ff_out, h);
    y = nn_linear(r, &k->proj_out, h, (With){.residual = x, .into = y});
    run_drop(r, floor);
    return y;
}

static Tensor add_pose(Run *r, const Pass *p, Tensor x, int level)
{
    Tensor pose = p->in->pose[level];
    return tensor_is_empty(pose) ? x : nn_add_rows(r, x, pose, 1);
}

static Tensor layer(Run *r, const Pass *p, const UNetLayer *k, Tensor x, bool attends)
{
    x = nn_residual_at(r, &k->res, x, p->time);
    if (attends)
        x = transformer(r, p, &k->transformer, x);
    return motion(r, p, &k->motion, x);
}

static void push(Pass *p, Tensor x)
{
    p->skip[p->skips++] = x;
}

static Tensor down(Run *r, Pass *p, int i, Tensor x)
{
    const UNetConfig *c = &p->m->config;
    for (int j = 0; j < c->layers; j++) {
        size_t floor = run_floor(r);
        x = run_keep(r, floor, layer(r, p, &p->m->down[i].layer[j], x, c->attends[i]));
        push(p, x);
    }
    if (p->m->down[i].has_resample) {
        x = nn_conv(r, &p->m->down[i].resample, x, (With){0});
        push(p, x);
    }
    return add_pose(r, p, nn_tap(r, x, "down.%d", i), i + 1);
}

static Tensor mid(Run *r, const Pass *p, Tensor x)
{
    x = nn_residual_at(r, &p->m->mid.res[0], x, p->time);
    x = transformer(r, p, &p->m->mid.transformer, x);
    x = motion(r, p, &p->m->mid.motion, x);
    return nn_tap(r, nn_residual_at(r, &p->m->mid.res[1], x, p->time), "mid");
}

/* Grows to the side of the skip that comes next, as the reference does. */
static Tensor grow(Run *r, const Pass *p, int i, Tensor x)
{
    if (!p->m->up[i].has_resample || tensor_is_empty(x))
        return x;
    Tensor next = p->skip[p->skips - 1];
    if (tensor_is_empty(next))
        return next;
    return nn_conv(r, &p->m->up[i].resample, nn_grow(r, x, next.dim[1], next.dim[2]),
                   (With){0});
}

static Tensor up(Run *r, Pass *p, int i, Tensor x)
{
    const UNetConfig *c = &p->m->config;
    size_t floor = run_floor(r);
    for (int j = 0; j <= c->layers; j++) {
        size_t before = run_floor(r);
        Tensor both = nn_concat(r, x, p->skip[--p->skips]);
        x = layer(r, p, &p->m->up[i].layer[j], both, c->up_attends[i]);
        x = run_keep(r, before, x);
    }
    return nn_tap(r, run_keep(r, floor, grow(r, p, i, x)), "up.%d", i);
}

static Tensor time_vector(Run *r, const UNet *m, float t)
{
    const UNetConfig *c = &m->config;
    Tensor e = nn_time_embedding(r, t, c->width[0], c->flip_sin_to_cos, c->freq_shift);
    Tensor h = nn_linear(r, &m->time1, e, (With){.act = ACT_SILU});
    return nn_linear(r, &m->time2, h, (With){.act = ACT_SILU});
}

/* All blocks; a reference net ends in nothing worth keeping. */
static Tensor blocks(Run *r, Pass *p)
{
    const UNet *m = p->m;
    p->time = time_vector(r, m, p->in->t);
    Tensor x = nn_tap(r, nn_conv(r, &m->conv_in, p->in->latents, (With){0}), "conv_in");
    x = add_pose(r, p, x, 0);
    push(p, x);
    for (int i = 0; i < m->config.blocks; i++)
        x = down(r, p, i, x);
    x = mid(r, p, x);
    for (int i = 0; i < m->config.blocks; i++)
        x = up(r, p, i, x);
    return x;
}

Tensor unet_forward(Run *r, const UNet *m, const UNetInput *in)
{
    size_t floor = run_floor(r);
    Pass p = {.m = m, .in = in};
    Tensor x = blocks(r, &p);
    x = nn_conv(r, &m->conv_out, x, (With){.norm = &m->norm_out, .pre = ACT_SILU});
    return run_keep(r, floor, nn_tap(r, x, "out"));
}

bool unet_reference(Run *r, const UNet *m, Tensor latents, const UNetContext *context,
                    Arena *job, UNetBank *bank)
{
    size_t floor = run_floor(r);
    UNetInput in = {.latents = latents, .t = 0, .frames = 1, .context = context};
    Pass p = {.m = m, .in = &in, .tokens = bank, .job = job};
    blocks(r, &p);
    run_drop(r, floor);
    return !run_stopped(r);
}

UNetPath unet_attention_path(const UNet *m, int index)
{
    UNetPath p = {"mid_block.attentions.0.transformer_blocks.0"};
    const UNetConfig *c = &m->config;
    for (int i = 0; i < 2 * c->blocks; i++) {
        bool is_up = i >= c->blocks;
        int b = is_up ? i - c->blocks : i;
        for (int j = 0; j < c->layers + is_up; j++) {
            const UNetLayer *k = is_up ? &m->up[b].layer[j] : &m->down[b].layer[j];
            if (k->transformer.C > 0 && k->transformer.index == index)
                snprintf(p.s, sizeof p.s, "%s_blocks.%d.attentions.%d.transformer_blocks.0",
                         is_up ? "up" : "down", b, j);
        }
    }
    return p;
}

/* ---- what is made once for a job ------------------------------------------- */

/* Calls `each` for every transformer, in the order of the forward pass. */
typedef bool (*EachFn)(Run *r, const Transformer *k, void *user);

static bool each_transformer(Run *r, const UNet *m, EachFn each, void *user)
{
    const UNetConfig *c = &m->config;
    for (int i = 0; i < c->blocks; i++)
        for (int j = 0; j < c->layers && c->attends[i]; j++)
            if (!each(r, &m->down[i].layer[j].transformer, user))
                return false;
    if (!each(r, &m->mid.transformer, user))
        return false;
    for (int i = 0; i < c->blocks; i++)
        for (int j = 0; j <= c->layers && c->up_attends[i]; j++)
            if (!each(r, &m->up[i].layer[j].transformer, user))
                return false;
    return true;
}

typedef struct ContextJob {
    Tensor context; /* [R,S,D] */
    Arena *job;
    UNetContext *to;
} ContextJob;

static bool context_of(Run *r, const Transformer *k, void *user)
{
    ContextJob *c = user;
    size_t floor = run_floor(r);
    Tensor of;
    if (c->to->is_vector) {
        Tensor one = tensor_reshape(c->context, SHAPE(c->context.dim[0], c->context.dim[2]));
        of = nn_linear(r, &k->out2, nn_linear(r, &k->value2, one, (With){0}), (With){0});
    } else {
        of = nn_linear(r, &k->kv2, c->context, (With){0});
    }
    c->to->of[k->index] = nn_save(r, c->job, of);
    run_drop(r, floor);
    return !run_stopped(r);
}

bool unet_context(Run *r, const UNet *m, Tensor context, Arena *job, UNetContext *c)
{
    must(context.rank == 3 && context.dim[2] == m->config.context);
    *c = (UNetContext){.is_vector = context.dim[1] == 1};
    must(c->is_vector || m->mid.transformer.has_query2);
    ContextJob user = {context, job, c};
    return each_transformer(r, m, context_of, &user);
}

typedef struct BankJob {
    const UNetBank *tokens;
    Arena *job;
    UNetBank *kv;
} BankJob;

/* The denoiser's fused q, k, v applied to the tokens; q is dropped. */
static bool project_bank(Run *r, const Transformer *k, void *user)
{
    BankJob *b = user;
    size_t floor = run_floor(r);
    Tensor tokens = b->tokens->of[k->index];
    int64_t T = tensor_count(tokens) / k->C;
    Tensor qkv = nn_linear(r, &k->qkv, tensor_reshape(tokens, SHAPE(T, k->C)), (With){0});
    if (run_stopped(r))
        return false;
    Tensor kv = tensor_new(b->job, TENSOR_F32, SHAPE(T, 2 * k->C), &r->err);
    if (tensor_is_empty(kv))
        return false;
    Job job = {.pool = r->pool};
    r->kernels->copy_rows(&job, tensor_f32(kv), 2 * k->C, tensor_f32(qkv) + k->C, 3 * k->C, T,
                          2 * k->C);
    b->kv->of[k->index] = kv;
    run_drop(r, floor);
    return true;
}

bool unet_bank_project(Run *r, const UNet *m, const UNetBank *tokens, Arena *job, UNetBank *kv)
{
    BankJob user = {tokens, job, kv};
    return each_transformer(r, m, project_bank, &user);
}

/* ---- binding ------------------------------------------------------------------ */

typedef struct Binding {
    Bind *b;
    UNet *m;
    UNetParts parts;
    int64_t time_width;
} Binding;

static Residual bind_res(Binding *g, const char *name, int index, int64_t C, int64_t O)
{
    const UNetConfig *c = &g->m->config;
    char full[32];
    snprintf(full, sizeof full, "%s.%d", name, index);
    return bind_residual(
        g->b, full,
        (ResidualShape){
            .C = C, .O = O, .groups = c->groups, .time = g->time_width, .eps = c->norm_eps});
}

static void bind_cross(Binding *g, Transformer *k)
{
    Bind *b = g->b;
    int64_t C = k->C, D = g->m->config.context;
    if (g->parts.text) {
        k->norm2 = bind_layer_norm(b, "norm2", C, 1e-5f);
        k->q2 = bind_linear_plain(b, "attn2.to_q", C, C);
        k->kv2 =
            bind_linears(b, (const char *const[]){"attn2.to_k", "attn2.to_v"}, 2, D, C, false);
        k->has_query2 = true;
    }
    k->value2 = bind_linear_plain(b, "attn2.to_v", D, C);
    k->out2 = bind_linear(b, "attn2.to_out.0", C, C);
}

static void bind_transformer(Binding *g, const char *name, int index, Transformer *k, int64_t C,
                             int64_t heads)
{
    static const char *const qkv[] = {"attn1.to_q", "attn1.to_k", "attn1.to_v"};
    Bind *b = g->b;
    *k = (Transformer){.index = g->m->attentions++, .C = C, .heads = heads};
    bind_enter(b, "%s.%d", name, index);
    k->norm = bind_group_norm(b, "norm", C, g->m->config.groups, 1e-6f);
    if (g->m->config.linear_projection) {
        k->linear_in = bind_linear(b, "proj_in", C, C);
        k->linear_out = bind_linear(b, "proj_out", C, C);
    } else {
        k->conv_in = bind_conv(b, "proj_in", C, C, 1, 1);
        k->conv_out = bind_conv(b, "proj_out", C, C, 1, 1);
    }
    bind_enter(b, "transformer_blocks.0");
    k->norm1 = bind_layer_norm(b, "norm1", C, 1e-5f);
    k->qkv = bind_linears(b, qkv, 3, C, C, false);
    k->out1 = bind_linear(b, "attn1.to_out.0", C, C);
    bind_cross(g, k);
    k->norm3 = bind_layer_norm(b, "norm3", C, 1e-5f);
    k->ff_in = bind_geglu(b, "ff.net.0.proj", C, 4 * C);
    k->ff_out = bind_linear(b, "ff.net.2", 4 * C, C);
    bind_leave(b);
    bind_leave(b);
}

/* The table of a motion module's positions: from the file, or by its formula. */
static Tensor bind_positions(Binding *g, int k, int64_t C)
{
    char name[64];
    snprintf(name, sizeof name, "attention_blocks.%d.pos_encoder.pe", k);
    Shape s = bind_shape(g->b, name);
    int64_t most = g->m->config.motion_frames;
    if (s.rank == 3 && s.dim[0] == 1 && s.dim[2] == C) {
        if (most == 0 || s.dim[1] < most)
            g->m->config.motion_frames = s.dim[1];
        Tensor table = bind_numbers(g->b, name, s);
        return tensor_is_empty(table) ? table : tensor_reshape(table, SHAPE(s.dim[1], C));
    }
    if (most == 0)
        most = g->m->config.motion_frames = 32;
    return bind_sinusoids(g->b, most, C);
}

static void bind_motion(Binding *g, const char *name, int index, Motion *k, int64_t C)
{
    if (!g->parts.motion)
        return;
    Bind *b = g->b;
    k->C = C;
    bind_enter(b, "%s.%d.temporal_transformer", name, index);
    k->norm = bind_group_norm(b, "norm", C, g->m->config.groups, 1e-6f);
    k->proj_in = bind_linear(b, "proj_in", C, C);
    bind_enter(b, "transformer_blocks.0");
    for (int i = 0; i < 2; i++) {
        bind_enter(b, "attention_blocks.%d", i);
        static const char *const qkv[] = {"to_q", "to_k", "to_v"};
        k->attention[i].qkv = bind_linears(b, qkv, 3, C, C, false);
        k->attention[i].out = bind_linear(b, "to_out.0", C, C);
        bind_leave(b);
        k->attention[i].position = bind_positions(g, i, C);
        k->attention[i].norm = bind_layer_norm(b, i == 0 ? "norms.0" : "norms.1", C, 1e-5f);
    }
    k->ff_norm = bind_layer_norm(b, "ff_norm", C, 1e-5f);
    k->ff_in = bind_geglu(b, "ff.net.0.proj", C, 4 * C);
    k->ff_out = bind_linear(b, "ff.net.2", 4 * C, C);
    bind_leave(b);
    k->proj_out = bind_linear(b, "proj_out", C, C);
    bind_leave(b);
}

static void bind_layer(Binding *g, UNetLayer *k, int j, int block, int64_t C, bool attends)
{
    const UNetConfig *c = &g->m->config;
    int64_t O = c->width[block];
    k->res = bind_res(g, "resnets", j, C, O);
    if (attends)
        bind_transformer(g, "attentions", j, &k->transformer, O, c->heads[block]);
    bind_motion(g, "motion_modules", j, &k->motion, O);
}

static void bind_down(Binding *g, int64_t *skip, int *skips)
{
    const UNetConfig *c = &g->m->config;
    int64_t C = c->width[0];
    skip[(*skips)++] = C;
    for (int i = 0; i < c->blocks; i++) {
        bind_enter(g->b, "down_blocks.%d", i);
        for (int j = 0; j < c->layers; j++) {
            bind_layer(g, &g->m->down[i].layer[j], j, i, C, c->attends[i]);
            skip[(*skips)++] = C = c->width[i];
        }
        g->m->down[i].has_resample = i < c->blocks - 1;
        if (g->m->down[i].has_resample) {
            g->m->down[i].resample = bind_conv(g->b, "downsamplers.0.conv", C, C, 3, 2);
            skip[(*skips)++] = C;
        }
        bind_leave(g->b);
    }
}

static void bind_mid(Binding *g)
{
    const UNetConfig *c = &g->m->config;
    int64_t C = c->width[c->blocks - 1];
    bind_enter(g->b, "mid_block");
    g->m->mid.res[0] = bind_res(g, "resnets", 0, C, C);
    bind_transformer(g, "attentions", 0, &g->m->mid.transformer, C, c->heads[c->blocks - 1]);
    bind_motion(g, "motion_modules", 0, &g->m->mid.motion, C);
    g->m->mid.res[1] = bind_res(g, "resnets", 1, C, C);
    bind_leave(g->b);
}

static void bind_up(Binding *g, const int64_t *skip, int skips)
{
    const UNetConfig *c = &g->m->config;
    int64_t C = c->width[c->blocks - 1];
    for (int i = 0; i < c->blocks; i++) {
        int block = c->blocks - 1 - i;
        bind_enter(g->b, "up_blocks.%d", i);
        for (int j = 0; j <= c->layers; j++) {
            bind_layer(g, &g->m->up[i].layer[j], j, block, C + skip[--skips], c->up_attends[i]);
            C = c->width[block];
        }
        g->m->up[i].has_resample = block > 0;
        if (block > 0)
            g->m->up[i].resample = bind_conv(g->b, "upsamplers.0.conv", C, C, 3, 1);
        bind_leave(g->b);
    }
}

bool unet_bind(UNet *m, Bind *b, const UNetConfig *c, UNetParts parts)
{
    *m = (UNet){.config = *c, .has_motion = parts.motion, .is_reference = parts.reference};
    Binding g = {.b = b, .m = m, .parts = parts, .time_width = 4 * c->width[0]};
    int64_t skip[UNET_BLOCKS * (UNET_LAYERS + 1) + 1];
    int skips = 0;
    m->time1 = bind_linear(b, "time_embedding.linear_1", c->width[0], g.time_width);
    m->time2 = bind_linear(b, "time_embedding.linear_2", g.time_width, g.time_width);
    m->conv_in = bind_conv(b, "conv_in", c->in, c->width[0], 3, 1);
    bind_down(&g, skip, &skips);
    bind_mid(&g);
    bind_up(&g, skip, skips);
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

/* ---- configurations ------------------------------------------------------------ */

UNetConfig unet_config_sd15(void)
{
    return (UNetConfig){.in = 4,
                        .out = 4,
                        .blocks = 4,
                        .layers = 2,
                        .width = {320, 640, 1280, 1280},
                        .heads = {8, 8, 8, 8},
                        .attends = {true, true, true, false},
                        .up_attends = {false, true, true, true},
                        .context = 768,
                        .groups = 32,
                        .norm_eps = 1e-5f,
                        .flip_sin_to_cos = true};
}

/* A number, or a list of one for each block. */
static int64_t block_number(const Json *j, int i, int64_t fallback)
{
    return js_is_array(j) ? js_int(js_at(j, (size_t)i), 0) : js_int(j, fallback);
}

/* "CrossAttnDownBlock2D" attends, "DownBlock3D" does not. */
static bool read_kind(bool *attends, const Json *j, const char *way, Err *err)
{
    const char *kind = js_string(j, "");
    *attends = strncmp(kind, "CrossAttn", 9) == 0;
    const char *rest = *attends ? kind + 9 : kind;
    size_t n = strlen(way);
    if (strncmp(rest, way, n) != 0 || strncmp(rest + n, "Block", 5) != 0)
        return err_set(err, ERR_FORMAT, "block type '%s' is not supported", kind);
    return true;
}

static bool read_blocks(UNetConfig *c, const Json *j, Err *err)
{
    const Json *widths = js_get(j, "block_out_channels"),
               *kinds = js_get(j, "down_block_types");
    const Json *ups = js_get(j, "up_block_types");
    const Json *heads = js_get(j, "attention_head_dim");
    if (!js_is_null(js_get(j, "num_attention_heads")))
        heads = js_get(j, "num_attention_heads");
    c->blocks = (int)js_count(widths);
    if (c->blocks < 1 || c->blocks > UNET_BLOCKS || js_count(kinds) != js_count(widths) ||
        js_count(ups) != js_count(widths))
        return err_set(err, ERR_FORMAT,
                       "block_out_channels, down_block_types and up_block_types must list 1 to "
                       "%d blocks",
                       UNET_BLOCKS);
    for (int i = 0; i < c->blocks; i++) {
        c->width[i] = js_int(js_at(widths, (size_t)i), 0);
        c->heads[i] = block_number(heads, i, 8);
        if (!read_kind(&c->attends[i], js_at(kinds, (size_t)i), "Down", err) ||
            !read_kind(&c->up_attends[i], js_at(ups, (size_t)i), "Up", err))
            return false;
        if (c->width[i] < 1 || c->width[i] > 8192 || c->heads[i] < 1 ||
            c->width[i] % c->heads[i] != 0 || c->width[i] % c->groups != 0)
            return err_set(
                err, ERR_FORMAT,
                "block %d: %lld channels do not divide into %lld heads and %lld groups", i,
                (long long)c->width[i], (long long)c->heads[i], (long long)c->groups);
    }
    return true;
}

bool unet_config_read(UNetConfig *c, const Json *j, Err *err)
{
    *c = unet_config_sd15();
    c->in = js_int(js_get(j, "in_channels"), 4);
    c->out = js_int(js_get(j, "out_channels"), 4);
    c->layers = (int)js_int(js_get(j, "layers_per_block"), 2);
    c->context = js_int(js_get(j, "cross_attention_dim"), 768);
    c->groups = js_int(js_get(j, "norm_num_groups"), 32);
    c->norm_eps = (float)js_number(js_get(j, "norm_eps"), 1e-5);
    c->flip_sin_to_cos = js_bool(js_get(j, "flip_sin_to_cos"), true);
    c->freq_shift = (float)js_number(js_get(j, "freq_shift"), 0);
    c->linear_projection = js_bool(js_get(j, "use_linear_projection"), false);
    if (c->in < 1 || c->in > 64 || c->out < 1 || c->out > 64 || c->context < 1 ||
        c->context > 16384 || c->groups < 1 || c->groups > 1024)
        return err_set(err, ERR_FORMAT,
                       "in_channels, out_channels, cross_attention_dim or "
                       "norm_num_groups is out of range");
    if (c->layers < 1 || c->layers >= UNET_LAYERS)
        return err_set(err, ERR_FORMAT, "layers_per_block is %d; 1 to %d are supported",
                       c->layers, UNET_LAYERS - 1);
    return read_blocks(c, j, err);
}
