/* SPDX-License-Identifier: MIT */
#include "weights/internal.h"

#define SAME(a, b)                                                                             \
    {                                                                                          \
        .theirs = (a), .ours = (b)                                                             \
    }
#define SAME_BUT(a, b, ...)                                                                    \
    {                                                                                          \
        .theirs = (a), .ours = (b), __VA_ARGS__                                                \
    }
/* ---- UNet and ControlNet --------------------------------------------------------- */

static const Rule in_resnet[] = {
    SAME(".in_layers.0", ".norm1"),
    SAME(".in_layers.2", ".conv1"),
    SAME(".emb_layers.1", ".time_emb_proj"),
    SAME(".out_layers.0", ".norm2"),
    SAME(".out_layers.3", ".conv2"),
    SAME(".skip_connection", ".conv_shortcut"),
    {.theirs = NULL},
};

const Rule rules_unet[] = {
    SAME("time_embed.0", "time_embedding.linear_1"),
    SAME("time_embed.2", "time_embedding.linear_2"),
    SAME("time_embed.cond_proj", "time_embedding.cond_proj"),
    SAME("label_emb.0.0", "add_embedding.linear_1"),
    SAME("label_emb.0.2", "add_embedding.linear_2"),
    SAME("input_blocks.0.0", "conv_in"),
    SAME_BUT("input_blocks.$n.0.op", "down_blocks.$l.downsamplers.0.conv", .first = 1),
    SAME_BUT("input_blocks.$n.0", "down_blocks.$l.resnets.$p", .first = 1, .inside = in_resnet),
    SAME_BUT("input_blocks.$n.1", "down_blocks.$l.attentions.$p", .first = 1),
    SAME_BUT("middle_block.0", "mid_block.resnets.0", .inside = in_resnet),
    SAME("middle_block.1", "mid_block.attentions.0"),
    SAME_BUT("middle_block.2", "mid_block.resnets.1", .inside = in_resnet),
    SAME_BUT("output_blocks.$n.2.conv", "up_blocks.$l.upsamplers.0.conv",
             .beside = "up_blocks.$l.attentions."),
    SAME("output_blocks.$n.1.conv", "up_blocks.$l.upsamplers.0.conv"),
    SAME_BUT("output_blocks.$n.0", "up_blocks.$l.resnets.$p", .inside = in_resnet),
    SAME("output_blocks.$n.1", "up_blocks.$l.attentions.$p"),
    SAME("out.0", "conv_norm_out"),
    SAME("out.2", "conv_out"),
    {.theirs = NULL},
};

const Rule rules_control[] = {
    SAME("input_hint_block.0", "controlnet_cond_embedding.conv_in"),
    SAME("input_hint_block.14", "controlnet_cond_embedding.conv_out"),
    SAME("input_hint_block.$k", "controlnet_cond_embedding.blocks.$h"),
    SAME("zero_convs.$i.0", "controlnet_down_blocks.$i"),
    SAME("middle_block_out.0", "controlnet_mid_block"),
    {.theirs = NULL},
};

/* ---- VAE ------------------------------------------------------------------------- */

static const Rule in_vae_resnet[] = {
    SAME(".nin_shortcut", ".conv_shortcut"),
    {.theirs = NULL},
};

static const Rule in_vae_attention[] = {
    SAME(".norm", ".group_norm"),
    SAME_BUT(".q", ".to_q", .act = ACT_FILTER),
    SAME_BUT(".k", ".to_k", .act = ACT_FILTER),
    SAME_BUT(".v", ".to_v", .act = ACT_FILTER),
    SAME_BUT(".proj_out", ".to_out.0", .act = ACT_FILTER),
    {.theirs = NULL},
};

const Rule rules_vae[] = {
    SAME_BUT("encoder.down.$i.block.$j", "encoder.down_blocks.$i.resnets.$j",
             .inside = in_vae_resnet),
    SAME("encoder.down.$i.downsample.conv", "encoder.down_blocks.$i.downsamplers.0.conv"),
    SAME_BUT("decoder.up.$u.block.$j", "decoder.up_blocks.$r.resnets.$j",
             .inside = in_vae_resnet),
    SAME("decoder.up.$u.upsample.conv", "decoder.up_blocks.$r.upsamplers.0.conv"),
    SAME_BUT("encoder.mid.block_1", "encoder.mid_block.resnets.0", .inside = in_vae_resnet),
    SAME_BUT("encoder.mid.block_2", "encoder.mid_block.resnets.1", .inside = in_vae_resnet),
    SAME_BUT("decoder.mid.block_1", "decoder.mid_block.resnets.0", .inside = in_vae_resnet),
    SAME_BUT("decoder.mid.block_2", "decoder.mid_block.resnets.1", .inside = in_vae_resnet),
    SAME_BUT("encoder.mid.attn_1", "encoder.mid_block.attentions.0",
             .inside = in_vae_attention),
    SAME_BUT("decoder.mid.attn_1", "decoder.mid_block.attentions.0",
             .inside = in_vae_attention),
    SAME("encoder.norm_out", "encoder.conv_norm_out"),
    SAME("decoder.norm_out", "decoder.conv_norm_out"),
    {.theirs = "loss"},
    {.theirs = "model_ema"},
    {.theirs = NULL},
};

static const Rule in_old_attention[] = {
    SAME_BUT(".query", ".to_q", .act = ACT_FILTER),
    SAME_BUT(".key", ".to_k", .act = ACT_FILTER),
    SAME_BUT(".value", ".to_v", .act = ACT_FILTER),
    SAME_BUT(".proj_attn", ".to_out.0", .act = ACT_FILTER),
    {.theirs = NULL},
};

const Rule rules_old_vae[] = {
    SAME_BUT("encoder.mid_block.attentions.0", "encoder.mid_block.attentions.0",
             .inside = in_old_attention),
    SAME_BUT("decoder.mid_block.attentions.0", "decoder.mid_block.attentions.0",
             .inside = in_old_attention),
    {.theirs = NULL},
};

/* ---- text encoders --------------------------------------------------------------- */

/* As transformers has them, whole CLIPs too. */
const Rule rules_clip[] = {
    {.theirs = "text_model.embeddings.position_ids"},
    {.theirs = "vision_model"},
    {.theirs = "visual_projection"},
    {.theirs = "logit_scale"},
    {.theirs = NULL},
};

/* Without the first part of their names. */
const Rule rules_bare_clip[] = {
    {.theirs = "embeddings.position_ids"},
    SAME("embeddings", "text_model.embeddings"),
    SAME("encoder", "text_model.encoder"),
    SAME("final_layer_norm", "text_model.final_layer_norm"),
    {.theirs = NULL},
};

/* SD 2 reads the last layer but one of ViT-H, so diffusers keeps 23 of 24. */
const Rule rules_clip_h[] = {
    {.theirs = "transformer.resblocks.23"},
    {.theirs = "text_projection"},
    {.theirs = NULL},
};

static const Rule in_resblock[] = {
    SAME(".ln_1", ".layer_norm1"),
    SAME(".ln_2", ".layer_norm2"),
    SAME(".mlp.c_fc", ".mlp.fc1"),
    SAME(".mlp.c_proj", ".mlp.fc2"),
    SAME_BUT(".attn.in_proj_weight", ".self_attn.$q_proj.weight", .act = ACT_THIRDS),
    SAME_BUT(".attn.in_proj_bias", ".self_attn.$q_proj.bias", .act = ACT_THIRDS),
    SAME(".attn.out_proj", ".self_attn.out_proj"),
    {.theirs = NULL},
};

const Rule rules_openclip[] = {
    SAME("positional_embedding", "text_model.embeddings.position_embedding.weight"),
    SAME("token_embedding", "text_model.embeddings.token_embedding"),
    SAME_BUT("transformer.resblocks.$i", "text_model.encoder.layers.$i", .inside = in_resblock),
    SAME("ln_final", "text_model.final_layer_norm"),
    SAME_BUT("text_projection.weight", "text_projection.weight", .is_only_read = true),
    SAME_BUT("text_projection", "text_projection.weight", .act = ACT_TRANSPOSE),
    {.theirs = "visual"},
    {.theirs = "logit_scale"},
    {.theirs = "attn_mask"},
    {.theirs = NULL},
};
