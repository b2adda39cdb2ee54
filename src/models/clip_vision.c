/* SPDX-License-Identifier: MIT */
#include "models/clip_vision.h"

#include <string.h>

/* The class token in front of the patches' tokens, plus positions. */
static Tensor embed(Run *r, const ClipVision *m, Tensor rgb)
{
    int64_t C = m->config.width;
    Tensor p = nn_conv(r, &m->patches, rgb, (With){0});
    if (run_stopped(r) || tensor_is_empty(p))
        return (Tensor){0};
    int64_t T = 1 + p.dim[1] * p.dim[2];
    Tensor x = nn_new(r, SHAPE(1, T, C));
    if (tensor_is_empty(x))
        return x;
    memcpy(tensor_f32(x), tensor_f32(m->class_token), (size_t)C * sizeof(float));
    memcpy(tensor_f32(x) + C, tensor_f32(p), tensor_bytes(p));
    return nn_add_rows(r, x, m->positions, 1);
}

Tensor clip_vision_embed(Run *r, const ClipVision *m, Tensor rgb)
{
    size_t floor = run_floor(r);
    Tensor x = nn_layer_norm(r, &m->pre_norm, nn_tap(r, embed(r, m, rgb), "embeddings"));
    for (int i = 0; i < m->config.layers; i++)
        x = nn_tap(r, nn_tower_layer(r, &m->layer[i], x), "layer.%d", i);
    if (!tensor_is_empty(x))
        x = tensor_over(x.data, TENSOR_F32, SHAPE(1, m->config.width)); /* the class token */
    x = nn_layer_norm(r, &m->post_norm, x);
    return run_keep(r, floor, nn_linear(r, &m->projection, x, (With){0}));
}

bool clip_vision_bind(ClipVision *m, Bind *b, const ClipVisionConfig *c)
{
    *m = (ClipVision){.config = *c};
    int64_t across = c->side / c->patch;
    int k = (int)c->patch;
    bind_enter(b, "vision_model");
    m->class_token = bind_numbers(b, "embeddings.class_embedding", SHAPE(c->width));
    m->patches = bind_conv_shape(
        b, "embeddings.patch_embedding",
        (ConvShape){.C = 3, .O = c->width, .kh = k, .kw = k, .stride = k}, false);
    m->positions = bind_numbers(b, "embeddings.position_embedding.weight",
                                SHAPE(1 + across * across, c->width));
    m->pre_norm = bind_layer_norm(b, "pre_layrnorm", c->width, c->norm_eps);
    bind_tower(b, m->layer, c->layers,
               (TowerShape){c->width, c->heads, c->inner, c->act, c->norm_eps, false});
    m->post_norm = bind_layer_norm(b, "post_layernorm", c->width, c->norm_eps);
    bind_leave(b);
    m->projection = bind_linear_plain(b, "visual_projection", c->width, c->projection);
    return !bind_failed(b);
}

const char *const *clip_vision_unread(void)
{
    static const char *const names[] = {"text_model.*", "text_projection.*", "logit_scale",
                                        "*.position_ids", NULL};
    return names;
}

ClipVisionConfig clip_vision_config_l14(void)
{
    return (ClipVisionConfig){.side = 224,
                              .patch = 14,
                              .width = 1024,
                              .heads = 16,
                              .inner = 4096,
                              .projection = 768,
                              .layers = 24,
                              .act = ACT_QUICK_GELU,
                              .norm_eps = 1e-5f};
}

bool clip_vision_config_read(ClipVisionConfig *c, const Json *j, Err *err)
{
    *c = clip_vision_config_l14();
    /* a whole CLIP's config.json keeps the tower's in vision_config */
    const Json *v = js_get(j, "vision_config");
    if (js_is_null(v))
        v = j;
    c->side = js_int(js_get(v, "image_size"), c->side);
    c->patch = js_int(js_get(v, "patch_size"), c->patch);
    c->width = js_int(js_get(v, "hidden_size"), c->width);
    c->heads = js_int(js_get(v, "num_attention_heads"), c->heads);
    c->inner = js_int(js_get(v, "intermediate_size"), c->inner);
    c->layers = (int)js_int(js_get(v, "num_hidden_layers"), c->layers);
    c->projection = js_int(js_get(j, "projection_dim"), c->projection);
    c->norm_eps = (float)js_number(js_get(v, "layer_norm_eps"), 1e-5);
    const char *act = js_string(js_get(v, "hidden_act"), "quick_gelu");
    c->act = strcmp(act, "gelu") == 0 ? ACT_GELU : ACT_QUICK_GELU;
    if (c->side < 1 || c->side > 4096 || c->patch < 1 || c->patch > c->side || c->width < 1 ||
        c->width > 16384 || c->heads < 1 || c->width % c->heads != 0 || c->inner < 1 ||
        c->inner > 65536 || c->layers < 1 || c->layers > CLIP_LAYERS || c->projection < 1 ||
        c->projection > 16384)
        return err_set(err, ERR_FORMAT,
                       "a size of the CLIP vision configuration is out of range");
    if (c->act == ACT_QUICK_GELU && strcmp(act, "quick_gelu") != 0)
        return err_set(err, ERR_FORMAT, "hidden_act '%s' is not supported", act);
    return true;
}
