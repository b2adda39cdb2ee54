/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include <stdarg.h>
#include <stdio.h>

enum { MOST = 16, XL_CONTEXT = 2048, SD1_CONTEXT = 768 };

/* ---- looking --------------------------------------------------------------------- */

/* The tensor of that name; empty if there is none. */
static Tensor at(const Weights *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static Tensor at(const Weights *w, const char *fmt, ...)
{
    char name[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    return weights_find(w, name);
}

/* Its dim, or 0. */
static int64_t dim(Tensor t, int i)
{
    return i < t.rank ? t.dim[i] : 0;
}

/* How many of "before.0after", "before.1after", ... there are. */
static int count(const Weights *w, const char *before, const char *after)
{
    int n = 0;
    while (n < MOST && !tensor_is_empty(at(w, "%s.%d%s", before, n, after)))
        n++;
    return n;
}

/* Layers of the tower, or blocks of a transformer; of them there may be more. */
static int count_under(const Weights *w, const char *before)
{
    char name[256];
    int n = 0;
    do
        snprintf(name, sizeof name, "%s.%d.", before, n);
    while (weights_has_under(w, name) && n++ < 1000);
    return n;
}

/* ---- UNet and ControlNet --------------------------------------------------------- */

typedef struct Levels {
    int count;
    int64_t width[MOST], depth[MOST];
} Levels;

static Levels levels_of(const Weights *w)
{
    Levels l = {.count = count(w, "down_blocks", ".resnets.0.conv1.weight")};
    for (int i = 0; i < l.count; i++) {
        char blocks[80];
        snprintf(blocks, sizeof blocks, "down_blocks.%d.attentions.0.transformer_blocks", i);
        l.width[i] = dim(at(w, "down_blocks.%d.resnets.0.conv1.weight", i), 0);
        l.depth[i] = count_under(w, blocks);
    }
    return l;
}

/* Eight heads where the context is 768 wide, else heads of 64. */
static int64_t heads_of(int64_t width, int64_t context)
{
    return context == SD1_CONTEXT || width % 64 != 0 ? 8 : width / 64;
}

static void put_levels(Json *j, const Levels *l, int64_t context)
{
    Json *widths = js_new_array(), *heads = js_new_array(), *depths = js_new_array(),
         *downs = js_new_array(), *ups = js_new_array();
    for (int i = 0; i < l->count; i++) {
        bool up_attends = l->depth[l->count - 1 - i] > 0;
        js_push_int(widths, l->width[i]);
        js_push_int(heads, heads_of(l->width[i], context));
        js_push_int(depths, max64(l->depth[i], 1));
        js_push_string(downs, l->depth[i] > 0 ? "CrossAttnDownBlock2D" : "DownBlock2D");
        js_push_string(ups, up_attends ? "CrossAttnUpBlock2D" : "UpBlock2D");
    }
    js_put(j, "block_out_channels", widths);
    js_put(j, "attention_head_dim", heads); /* so called, but they are heads */
    js_put(j, "transformer_layers_per_block", depths);
    js_put(j, "down_block_types", downs);
    js_put(j, "up_block_types", ups);
}

static Json *unet_told(const Weights *w, const char *class)
{
    Json *j = js_new_object();
    Levels l = levels_of(w);
    int64_t context = net_context(w);
    int64_t vector = dim(at(w, "add_embedding.linear_1.weight"), 1);
    js_put_string(j, "_class_name", class);
    js_put_int(j, "in_channels", dim(at(w, "conv_in.weight"), 1));
    js_put_int(j, "out_channels", max64(dim(at(w, "conv_out.weight"), 0), 4));
    js_put_int(j, "layers_per_block", count(w, "down_blocks.0.resnets", ".conv1.weight"));
    js_put_int(j, "cross_attention_dim", context);
    put_levels(j, &l, context);
    js_put_bool(j, "use_linear_projection",
                at(w, "mid_block.attentions.0.proj_in.weight").rank == 2);
    if (vector > 0) {
        js_put_string(j, "addition_embed_type", "text_time");
        js_put_int(j, "addition_time_embed_dim", 256);
        js_put_int(j, "projection_class_embeddings_input_dim", vector);
    }
    if (dim(at(w, "time_embedding.cond_proj.weight"), 1) > 0)
        js_put_int(j, "time_cond_proj_dim", dim(at(w, "time_embedding.cond_proj.weight"), 1));
    return j;
}

/* ---- VAE ------------------------------------------------------------------------- */

static Json *vae_told(const Weights *w, int64_t context)
{
    Json *j = js_new_object(), *widths = js_new_array();
    int down = count(w, "encoder.down_blocks", ".resnets.0.conv1.weight"),
        up = count(w, "decoder.up_blocks", ".resnets.0.conv1.weight");
    for (int i = 0; i < down; i++)
        js_push_int(widths, dim(at(w, "encoder.down_blocks.%d.resnets.0.conv1.weight", i), 0));
    for (int i = up - 1; down == 0 && i >= 0; i--)
        js_push_int(widths, dim(at(w, "decoder.up_blocks.%d.resnets.0.conv1.weight", i), 0));
    int layers = down > 0 ? count(w, "encoder.down_blocks.0.resnets", ".conv1.weight")
                          : count(w, "decoder.up_blocks.0.resnets", ".conv1.weight") - 1;
    int64_t latent = up > 0 ? dim(at(w, "decoder.conv_in.weight"), 1)
                            : dim(at(w, "encoder.conv_out.weight"), 0) / 2;
    js_put_string(j, "_class_name", "AutoencoderKL");
    js_put(j, "block_out_channels", widths);
    js_put_int(j, "layers_per_block", layers);
    js_put_int(j, "latent_channels", latent);
    js_put_number(j, "scaling_factor", context == XL_CONTEXT ? 0.13025 : 0.18215);
    js_put_bool(j, "use_quant_conv",
                weights_has_under(w, "post_quant_conv.") ||
                    weights_has_under(w, "quant_conv."));
    return j;
}

/* ---- text encoders --------------------------------------------------------------- */

static Json *text_told(const Weights *w)
{
    Json *j = js_new_object();
    Tensor words = at(w, "text_model.embeddings.token_embedding.weight");
    int64_t width = dim(words, 1), projection = dim(at(w, "text_projection.weight"), 0);
    js_put_string(j, "_class_name",
                  projection > 0 ? "CLIPTextModelWithProjection" : "CLIPTextModel");
    js_put_int(j, "vocab_size", dim(words, 0));
    js_put_int(j, "max_position_embeddings",
               dim(at(w, "text_model.embeddings.position_embedding.weight"), 0));
    js_put_int(j, "hidden_size", width);
    js_put_int(j, "intermediate_size",
               dim(at(w, "text_model.encoder.layers.0.mlp.fc1.weight"), 0));
    js_put_int(j, "num_hidden_layers", count_under(w, "text_model.encoder.layers"));
    js_put_int(j, "num_attention_heads", width % 64 != 0 ? 8 : width / 64);
    /* OpenAI's own are the only ones with the quick approximation */
    js_put_string(j, "hidden_act", width == SD1_CONTEXT ? "quick_gelu" : "gelu");
    if (projection > 0)
        js_put_int(j, "projection_dim", projection);
    return j;
}

Json *config_told(Net net, const Weights *view, int64_t context)
{
    if (net == NET_UNET)
        return unet_told(view, "UNet2DConditionModel");
    if (net == NET_CONTROL)
        return unet_told(view, "ControlNetModel");
    return net == NET_VAE ? vae_told(view, context) : text_told(view);
}
