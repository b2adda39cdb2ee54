/* SPDX-License-Identifier: MIT */
#include "models/vae.h"

#include "nn/band.h"
#include "nn/plan.h"

#include <math.h>
#include <stdio.h>

/* One head over all pixels. */
static Tensor attention(Run *r, const VaeMid *k, Tensor x)
{
    if (tensor_is_empty(x))
        return x;
    Tensor y = nn_new(r, tensor_shape(x));
    size_t floor = run_floor(r);
    Tensor n = nn_group_norm(r, &k->norm, x, ACT_NONE);
    if (!tensor_is_empty(n))
        n = tensor_reshape(n, SHAPE(x.dim[0], x.dim[1] * x.dim[2], x.dim[3]));
    Tensor qkv = nn_linear(r, &k->qkv, n, (With){0});
    Tensor a = nn_self_attention(r, qkv, 1, (Bank){0});
    nn_linear(r, &k->out, a, (With){.residual = x, .into = y});
    run_drop(r, floor);
    return y;
}

static Tensor mid(Run *r, const VaeMid *k, Tensor x)
{
    x = nn_residual(r, &k->res[0], x);
    x = attention(r, k, x);
    return nn_residual(r, &k->res[1], x);
}

/* From mean and logvar [N,h,w,2Z] to a latent [N,h,w,Z].  Z is tiny, so this
 * is no kernel. */
static Tensor latent_of(Run *r, const Vae *m, Tensor moments, Tensor noise)
{
    if (run_stopped(r) || tensor_is_empty(moments))
        return (Tensor){0};
    int64_t Z = m->config.latent, n = tensor_count(moments) / (2 * Z);
    Tensor y = nn_new(r, SHAPE(moments.dim[0], moments.dim[1], moments.dim[2], Z));
    if (tensor_is_empty(y))
        return y;
    const float *from = tensor_f32(moments);
    float *to = tensor_f32(y);
    for (int64_t i = 0; i < n * Z; i++) {
        const float *mean = from + i / Z * 2 * Z + i % Z;
        to[i] = *mean;
        if (!tensor_is_empty(noise)) {
            float logvar = fminf(fmaxf(mean[Z], -30.0f), 20.0f);
            to[i] += expf(0.5f * logvar) * tensor_f32(noise)[i];
        }
        to[i] *= m->config.scaling;
    }
    return y;
}

Tensor vae_encode(Run *r, const Vae *m, Tensor rgb, Tensor noise)
{
    size_t floor = run_floor(r);
    Tensor x = nn_conv(r, &m->encoder.in, rgb, (With){0});
    for (int i = 0; i < m->config.blocks; i++) {
        const VaeStage *k = &m->encoder.stage[i];
        size_t before = run_floor(r);
        for (int j = 0; j < m->config.layers; j++)
            x = nn_residual(r, &k->res[j], x);
        if (k->has_resample)
            x = nn_conv(r, &k->resample, x, (With){0});
        x = nn_tap(r, run_keep(r, before, x), "enc.down.%d", i);
    }
    x = nn_tap(r, mid(r, &m->encoder.mid, x), "enc.mid");
    x = nn_conv(r, &m->encoder.out, x, (With){.norm = &m->encoder.norm, .pre = ACT_SILU});
    if (m->config.has_quant)
        x = nn_conv(r, &m->encoder.quant, x, (With){0});
    return run_keep(r, floor, latent_of(r, m, nn_tap(r, x, "enc.moments"), noise));
}

/* From latents to the outcome of the decoder's middle. */
static Tensor decode_mid(Run *r, const Vae *m, Tensor latents)
{
    Tensor z = nn_scale(r, latents, 1.0f / m->config.scaling);
    if (m->config.has_quant)
        z = nn_conv(r, &m->decoder.quant, z, (With){0});
    Tensor x = nn_conv(r, &m->decoder.in, z, (With){0});
    return nn_tap(r, mid(r, &m->decoder.mid, x), "dec.mid");
}

Tensor vae_decode(Run *r, const Vae *m, Tensor latents)
{
    size_t floor = run_floor(r);
    Tensor x = decode_mid(r, m, latents);
    for (int i = 0; i < m->config.blocks; i++) {
        const VaeStage *k = &m->decoder.stage[i];
        for (int j = 0; j <= m->config.layers; j++)
            x = nn_residual(r, &k->res[j], x);
        if (k->has_resample && !tensor_is_empty(x))
            x = nn_conv(r, &k->resample, nn_grow(r, x, 2 * x.dim[1], 2 * x.dim[2]), (With){0});
        x = nn_tap(r, run_keep(r, floor, x), "dec.up.%d", i);
    }
    x = nn_conv(r, &m->decoder.out, x, (With){.norm = &m->decoder.norm, .pre = ACT_SILU});
    return run_keep(r, floor, x);
}

/* One picture's way through the decoder, into its rgb. */
static void decode_banded(Run *r, const Vae *m, Tensor latents, int64_t rows, Tensor rgb)
{
    size_t floor = run_floor(r);
    Tensor x = run_keep(r, floor, decode_mid(r, m, latents));
    const Conv *grow = NULL;
    for (int i = 0; i < m->config.blocks; i++) {
        const VaeStage *k = &m->decoder.stage[i];
        for (int j = 0; j <= m->config.layers; j++) {
            BandBlock block = {.grow = grow, .residual = &k->res[j], .rows = rows};
            x = run_keep(r, floor, nn_residual_bands(r, &block, x));
            grow = NULL;
        }
        grow = k->has_resample ? &k->resample : NULL;
    }
    nn_conv(r, &m->decoder.out, x,
            (With){.norm = &m->decoder.norm, .pre = ACT_SILU, .into = rgb});
    run_drop(r, floor);
}

Tensor vae_decode_bands(Run *r, const Vae *m, Tensor latents, int64_t rows)
{
    int64_t N = latents.dim[0], f = vae_factor(&m->config);
    Tensor rgb = nn_new(r, SHAPE(N, f * latents.dim[1], f * latents.dim[2], 3));
    for (int64_t i = 0; i < N && !run_stopped(r); i++)
        decode_banded(r, m, tensor_rows(latents, i, 1), rows, tensor_rows(rgb, i, 1));
    return run_stopped(r) ? (Tensor){0} : rgb;
}

size_t vae_decode_plan(const Run *r, const Vae *m, Shape latents, int64_t rows, Err *err)
{
    Plan p;
    if (!plan_open(&p, r, err))
        return 0;
    Tensor z = nn_new(&p.run, latents);
    size_t own = p.scratch.used;
    if (rows == 0)
        vae_decode(&p.run, m, z);
    else
        vae_decode_bands(&p.run, m, z, rows);
    size_t peak = plan_close(&p);
    if (peak == 0)
        err_set(err, p.run.err.kind, "%s", p.run.err.text);
    return peak == 0 ? 0 : peak - own;
}

int64_t vae_factor(const VaeConfig *c)
{
    return (int64_t)1 << (c->blocks - 1);
}

/* ---- binding ------------------------------------------------------------------ */

typedef struct Binding {
    Bind *b;
    Vae *m;
} Binding;

static Residual bind_res(Binding *g, int index, int64_t C, int64_t O)
{
    char name[32];
    snprintf(name, sizeof name, "resnets.%d", index);
    return bind_residual(
        g->b, name,
        (ResidualShape){.C = C, .O = O, .groups = g->m->config.groups, .eps = 1e-6f});
}

static void bind_mid(Binding *g, VaeMid *k)
{
    static const char *const now[] = {"to_q", "to_k", "to_v"};
    static const char *const before[] = {"query", "key", "value"};
    Bind *b = g->b;
    const VaeConfig *c = &g->m->config;
    int64_t C = c->width[c->blocks - 1];
    bind_enter(b, "mid_block");
    k->res[0] = bind_res(g, 0, C, C);
    bind_enter(b, "attentions.0");
    bool is_old = bind_shape(b, "query.weight").rank > 0;
    k->norm = bind_group_norm(b, "group_norm", C, c->groups, 1e-6f);
    k->qkv = bind_linears(b, is_old ? before : now, 3, C, C, true);
    k->out = bind_linear(b, is_old ? "proj_attn" : "to_out.0", C, C);
    bind_leave(b);
    k->res[1] = bind_res(g, 1, C, C);
    bind_leave(b);
}

static void bind_encoder(Binding *g)
{
    Bind *b = g->b;
    Vae *m = g->m;
    const VaeConfig *c = &m->config;
    int64_t C = c->width[0];
    bind_enter(b, "encoder");
    m->encoder.in = bind_conv(b, "conv_in", 3, C, 3, 1);
    for (int i = 0; i < c->blocks; i++) {
        VaeStage *k = &m->encoder.stage[i];
        bind_enter(b, "down_blocks.%d", i);
        for (int j = 0; j < c->layers; j++) {
            k->res[j] = bind_res(g, j, C, c->width[i]);
            C = c->width[i];
        }
        k->has_resample = i < c->blocks - 1;
        if (k->has_resample) /* pads right and bottom only */
            k->resample = bind_conv_shape(
                b, "downsamplers.0.conv",
                (ConvShape){C, C, 3, 3, 2, .pad_right = 1, .pad_bottom = 1}, true);
        bind_leave(b);
    }
    bind_mid(g, &m->encoder.mid);
    m->encoder.norm = bind_group_norm(b, "conv_norm_out", C, c->groups, 1e-6f);
    m->encoder.out = bind_conv(b, "conv_out", C, 2 * c->latent, 3, 1);
    bind_leave(b);
    if (c->has_quant)
        m->encoder.quant = bind_conv(b, "quant_conv", 2 * c->latent, 2 * c->latent, 1, 1);
}

static void bind_decoder(Binding *g)
{
    Bind *b = g->b;
    Vae *m = g->m;
    const VaeConfig *c = &m->config;
    int64_t C = c->width[c->blocks - 1];
    if (c->has_quant)
        m->decoder.quant = bind_conv(b, "post_quant_conv", c->latent, c->latent, 1, 1);
    bind_enter(b, "decoder");
    m->decoder.in = bind_conv(b, "conv_in", c->latent, C, 3, 1);
    bind_mid(g, &m->decoder.mid);
    for (int i = 0; i < c->blocks; i++) {
        VaeStage *k = &m->decoder.stage[i];
        int64_t O = c->width[c->blocks - 1 - i];
        bind_enter(b, "up_blocks.%d", i);
        for (int j = 0; j <= c->layers; j++) {
            k->res[j] = bind_res(g, j, C, O);
            C = O;
        }
        k->has_resample = i < c->blocks - 1;
        if (k->has_resample)
            k->resample = bind_conv(b, "upsamplers.0.conv", C, C, 3, 1);
        bind_leave(b);
    }
    m->decoder.norm = bind_group_norm(b, "conv_norm_out", C, c->groups, 1e-6f);
    m->decoder.out = bind_conv(b, "conv_out", C, 3, 3, 1);
    bind_leave(b);
}

bool vae_bind(Vae *m, Bind *b, const VaeConfig *c, VaeParts parts)
{
    Binding g = {b, m};
    m->config = *c;
    if (parts.encoder)
        bind_encoder(&g);
    if (parts.decoder)
        bind_decoder(&g);
    return !bind_failed(b);
}

const char *const *vae_unread(VaeParts parts)
{
    static const char *const whole[] = {"loss.*", "model_ema.*", NULL};
    static const char *const encoder[] = {"decoder.*", "post_quant_conv.*", "loss.*",
                                          "model_ema.*", NULL};
    static const char *const decoder[] = {"encoder.*", "quant_conv.*", "loss.*", "model_ema.*",
                                          NULL};
    if (parts.encoder && parts.decoder)
        return whole;
    return parts.encoder ? encoder : decoder;
}

/* ---- configurations -------------------------------------------------------------- */

VaeConfig vae_config_sd(void)
{
    return (VaeConfig){.latent = 4,
                       .blocks = 4,
                       .layers = 2,
                       .width = {128, 256, 512, 512},
                       .groups = 32,
                       .scaling = 0.18215f,
                       .has_quant = true};
}

bool vae_config_read(VaeConfig *c, const Json *j, Err *err)
{
    *c = vae_config_sd();
    const Json *widths = js_get(j, "block_out_channels");
    c->latent = js_int(js_get(j, "latent_channels"), 4);
    c->layers = (int)js_int(js_get(j, "layers_per_block"), 2);
    c->groups = js_int(js_get(j, "norm_num_groups"), 32);
    c->scaling = (float)js_number(js_get(j, "scaling_factor"), 0.18215);
    c->has_quant = js_bool(js_get(j, "use_quant_conv"), true);
    c->blocks = (int)js_count(widths);
    if (c->blocks < 1 || c->blocks > VAE_BLOCKS)
        return err_set(err, ERR_FORMAT, "block_out_channels must list 1 to %d blocks",
                       VAE_BLOCKS);
    if (c->layers < 1 || c->layers >= VAE_LAYERS || c->latent < 1 || c->latent > 64 ||
        c->groups < 1 || !(c->scaling > 0))
        return err_set(err, ERR_FORMAT,
                       "layers_per_block, latent_channels, norm_num_groups or "
                       "scaling_factor is out of range");
    for (int i = 0; i < c->blocks; i++) {
        c->width[i] = js_int(js_at(widths, (size_t)i), 0);
        if (c->width[i] < 1 || c->width[i] > 8192 || c->width[i] % c->groups != 0)
            return err_set(err, ERR_FORMAT,
                           "block %d: %lld channels do not divide into %lld groups", i,
                           (long long)c->width[i], (long long)c->groups);
    }
    return true;
}
