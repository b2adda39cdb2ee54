/* SPDX-License-Identifier: MIT */
#include "nn/trunk.h"

#include <string.h>

UNetConfig unet_config_sd15(void)
{
    return (UNetConfig){.in = 4,
                        .out = 4,
                        .blocks = 4,
                        .layers = 2,
                        .width = {320, 640, 1280, 1280},
                        .heads = {8, 8, 8, 8},
                        .depth = {1, 1, 1, 0},
                        .up_depth = {0, 1, 1, 1},
                        .mid_depth = 1,
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

static bool read_width(UNetConfig *c, const Json *j, int i, Err *err)
{
    const Json *heads = js_get(j, "attention_head_dim"); /* the number of heads */
    if (!js_is_null(js_get(j, "num_attention_heads")))
        heads = js_get(j, "num_attention_heads");
    c->width[i] = js_int(js_at(js_get(j, "block_out_channels"), (size_t)i), 0);
    c->heads[i] = block_number(heads, i, 8);
    if (c->width[i] < 1 || c->width[i] > 8192 || c->heads[i] < 1 ||
        c->width[i] % c->heads[i] != 0 || c->width[i] % c->groups != 0)
        return err_set(err, ERR_FORMAT,
                       "block %d: %lld channels do not divide into %lld heads and %lld groups",
                       i, (long long)c->width[i], (long long)c->heads[i], (long long)c->groups);
    return true;
}

/* How deep the transformers of block i are, if it has them; 0 is a failure. */
static int read_depth(const Json *j, int i, Err *err)
{
    int64_t n = block_number(js_get(j, "transformer_layers_per_block"), i, 1);
    if (n >= 1 && n <= UNET_DEPTH)
        return (int)n;
    err_set(err, ERR_FORMAT, "transformer_layers_per_block must be 1 to %d for each block",
            UNET_DEPTH);
    return 0;
}

/* Down block i and the up block of its width. */
static bool read_block(UNetConfig *c, const Json *j, int i, Err *err)
{
    const Json *ups = js_get(j, "up_block_types");
    int up = c->blocks - 1 - i, depth = read_depth(j, i, err);
    bool attends = false;
    if (depth == 0 || !read_width(c, j, i, err) ||
        !read_kind(&attends, js_at(js_get(j, "down_block_types"), (size_t)i), "Down", err))
        return false;
    bool up_attends = attends;
    if (!js_is_null(ups) && !read_kind(&up_attends, js_at(ups, (size_t)up), "Up", err))
        return false;
    c->depth[i] = attends ? depth : 0;
    c->up_depth[up] = up_attends ? depth : 0;
    c->mid_depth = depth; /* that of the last block stays */
    return true;
}

static bool read_blocks(UNetConfig *c, const Json *j, Err *err)
{
    const Json *ups = js_get(j, "up_block_types"); /* a ControlNet has none */
    size_t n = js_count(js_get(j, "block_out_channels"));
    if (n < 1 || n > UNET_BLOCKS || js_count(js_get(j, "down_block_types")) != n ||
        (!js_is_null(ups) && js_count(ups) != n))
        return err_set(err, ERR_FORMAT,
                       "block_out_channels, down_block_types and up_block_types must list 1 to "
                       "%d blocks",
                       UNET_BLOCKS);
    c->blocks = (int)n;
    for (int i = 0; i < c->blocks; i++)
        if (!read_block(c, j, i, err))
            return false;
    return true;
}

/* What this UNet is not: fields that must have this value, if they are there. */
static bool check_plain(const Json *j, Err *err)
{
    static const struct {
        const char *field, *text;
        double number;
    } plain[] = {
        {"act_fn", "silu", 0},
        {"mid_block_type", "UNetMidBlock2DCrossAttn", 0},
        {"resnet_time_scale_shift", "default", 0},
        {"time_embedding_type", "positional", 0},
        {"addition_embed_type", "text_time", 0},
        {"controlnet_conditioning_channel_order", "rgb", 0},
        {"conditioning_channels", "", 3},
        {"conv_in_kernel", "", 3},
        {"conv_out_kernel", "", 3},
        {"downsample_padding", "", 1},
        {"mid_block_scale_factor", "", 1},
        {"resnet_out_scale_factor", "", 1},
        {"center_input_sample", "", 0},
        {"class_embed_type", "", 0},
        {"class_embeddings_concat", "", 0},
        {"cross_attention_norm", "", 0},
        {"dual_cross_attention", "", 0},
        {"encoder_hid_dim_type", "", 0},
        {"global_pool_conditions", "", 0},
        {"num_class_embeds", "", 0},
        {"only_cross_attention", "", 0},
        {"resnet_skip_time_act", "", 0},
        {"reverse_transformer_layers_per_block", "", 0},
        {"time_embedding_act_fn", "", 0},
        {"time_embedding_dim", "", 0},
        {"timestep_post_act", "", 0},
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        const Json *v = js_get(j, plain[i].field);
        bool fits =
            js_is_null(v) || (js_is_string(v) && !strcmp(js_string(v, ""), plain[i].text));
        if (js_is_number(v))
            fits = js_number(v, 0) == plain[i].number;
        else if (!fits)
            fits = plain[i].number == 0 && !js_bool(v, true);
        if (!fits)
            return err_set(err, ERR_FORMAT, "%s of this kind is not supported", plain[i].field);
    }
    return true;
}

/* SDXL's pooled text and sizes, LCM's guidance. */
static bool read_added(UNetConfig *c, const Json *j, Err *err)
{
    c->guidance_width = js_int(js_get(j, "time_cond_proj_dim"), 0);
    if (!js_is_null(js_get(j, "addition_embed_type"))) {
        c->added = js_int(js_get(j, "projection_class_embeddings_input_dim"), 0);
        c->number_width = js_int(js_get(j, "addition_time_embed_dim"), 256);
        if (c->added < 1 || c->added > 65536 || c->number_width < 2 ||
            c->number_width > c->added)
            return err_set(err, ERR_FORMAT,
                           "projection_class_embeddings_input_dim or addition_time_embed_dim "
                           "is out of range");
    }
    if (c->guidance_width < 0 || c->guidance_width > 8192)
        return err_set(err, ERR_FORMAT, "time_cond_proj_dim is out of range");
    return true;
}

static bool read_sizes(UNetConfig *c, const Json *j, Err *err)
{
    const Json *layers = js_get(j, "layers_per_block");
    c->in = js_int(js_get(j, "in_channels"), 4);
    c->out = js_int(js_get(j, "out_channels"), 4);
    c->layers = js_is_array(layers) ? 0 : (int)js_int(layers, 2);
    c->context = js_int(js_get(j, "cross_attention_dim"), 768);
    c->groups = js_int(js_get(j, "norm_num_groups"), 32);
    if (c->in < 1 || c->in > 64 || c->out < 1 || c->out > 64 || c->context < 1 ||
        c->context > 16384 || c->groups < 1 || c->groups > 1024)
        return err_set(err, ERR_FORMAT,
                       "in_channels, out_channels, cross_attention_dim or "
                       "norm_num_groups is out of range");
    if (c->layers < 1 || c->layers >= UNET_LAYERS)
        return err_set(err, ERR_FORMAT, "layers_per_block must be a number from 1 to %d",
                       UNET_LAYERS - 1);
    return true;
}

bool unet_config_read(UNetConfig *c, const Json *j, Err *err)
{
    *c = unet_config_sd15();
    c->norm_eps = (float)js_number(js_get(j, "norm_eps"), 1e-5);
    c->flip_sin_to_cos = js_bool(js_get(j, "flip_sin_to_cos"), true);
    c->freq_shift = (float)js_number(js_get(j, "freq_shift"), 0);
    c->linear_projection = js_bool(js_get(j, "use_linear_projection"), false);
    return read_sizes(c, j, err) && check_plain(j, err) && read_added(c, j, err) &&
           read_blocks(c, j, err);
}
