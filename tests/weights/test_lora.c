/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#include "weights/internal.h"
#include "weights/lora.h"

/* A model: four layers of a UNet in LDM's naming, one each of two text towers. */
enum { WIDTH = 6, CONTEXT = 768 };

typedef struct Named {
    const char *name;
    Shape shape;
} Named;

static float numbers[WIDTH * CONTEXT];

static Weights *file_of(const Named *list, size_t count)
{
    Weights *w = weights_new("it.safetensors");
    for (size_t i = 0; i < count && list[i].name != NULL; i++)
        weights_add(w, list[i].name, tensor_over(numbers, TENSOR_F32, list[i].shape));
    return w;
}

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define BLOCK "down_blocks.0.attentions.1.transformer_blocks.0."
#define FLAT "lora_unet_down_blocks_0_attentions_1_transformer_blocks_0_"

typedef struct Model {
    Weights *file[3], *unet, *text[2];
    float places[8][WIDTH * CONTEXT]; /* so that tensors differ in where they are */
} Model;

static const Named layers[] = {
    {"conv_in.weight", {4, {WIDTH, 4, 3, 3}}},
    {BLOCK "attn1.to_q.weight", {2, {WIDTH, WIDTH}}},
    {BLOCK "attn1.to_out.0.weight", {2, {WIDTH, WIDTH}}},
    {BLOCK "attn2.to_k.weight", {2, {WIDTH, CONTEXT}}},
    {"down_blocks.0.resnets.0.conv1.weight", {4, {WIDTH, WIDTH, 3, 3}}},
    {"time_embedding.linear_1.weight", {2, {WIDTH, 2}}},
    {"down_blocks.0.resnets.1.conv1.weight", {4, {WIDTH, WIDTH, 3, 3}}},
    {"down_blocks.0.attentions.1.proj_in.weight", {4, {WIDTH, WIDTH, 1, 1}}},
};

static Weights *text_of(float *at)
{
    Weights *w = weights_new("text.safetensors");
    weights_add(w, "text_model.embeddings.token_embedding.weight",
                tensor_over(at, TENSOR_F32, SHAPE(9, 2)));
    weights_add(w, "text_model.encoder.layers.0.self_attn.q_proj.weight",
                tensor_over(at + 18, TENSOR_F32, SHAPE(WIDTH, WIDTH)));
    return w;
}

static Weights *viewed(const Weights *file, Net net)
{
    Err err = {0};
    Weights *view = net_view(file, net, &err);
    if (view == NULL)
        fail_msg("%s", err.text);
    return view;
}

static Model *model_new(void)
{
    static float texts[2][64];
    Model *m = xalloc(1, sizeof *m);
    m->file[0] = weights_new("model.safetensors");
    for (size_t i = 0; i < COUNT(layers); i++)
        weights_add(m->file[0], layers[i].name,
                    tensor_over(m->places[i], TENSOR_F32, layers[i].shape));
    for (int i = 0; i < 2; i++) {
        m->file[1 + i] = text_of(texts[i]);
        m->text[i] = viewed(m->file[1 + i], NET_TEXT);
    }
    m->unet = viewed(m->file[0], NET_UNET);
    return m;
}

static void model_free(Model *m)
{
    weights_close(m->unet);
    for (int i = 0; i < 2; i++)
        weights_close(m->text[i]);
    for (int i = 0; i < 3; i++)
        weights_close(m->file[i]);
    xfree(m);
}

/* The LoRA's pair of matrices for one layer, under these names. */
typedef struct Pair {
    const char *down, *up;
    Shape down_shape, up_shape;
    Net net;
    const char *layer; /* that it shall be found to change */
} Pair;

static void check_pair(Model *m, const Pair *p)
{
    Err err = {0};
    const Named list[] = {{p->down, p->down_shape}, {p->up, p->up_shape}};
    Lora *l = lora_of(file_of(list, 2), 0.5, &err);
    if (l == NULL)
        fail_msg("%s: %s", p->down, err.text);
    const Weights *view = p->net == NET_UNET ? m->unet : m->text[p->net - NET_TEXT];
    Patches patches = {0};
    if (!lora_match(l, p->net, view, &patches, &err))
        fail_msg("%s: %s", p->down, err.text);
    if (patches.count != 1 || patches.of[0].to != weights_find(view, p->layer).data)
        fail_msg("'%s' was not taken for '%s'", p->down, p->layer);
    assert_int_equal(lora_applied(l), 1);
    assert_true(lora_done(l, &err));
    assert_true(patches.of[0].scale == 0.5f); /* no alpha: it is r */
    patches_release(&patches);
    lora_close(l);
}

#define TEXT "text_model.encoder.layers.0.self_attn."
#define FLAT_TEXT "_text_model_encoder_layers_0_self_attn_q_proj.lora_"
#define DOWN(i)                                                                                \
    {                                                                                          \
        2,                                                                                     \
        {                                                                                      \
            2, i                                                                               \
        }                                                                                      \
    }
#define UP                                                                                     \
    {                                                                                          \
        2,                                                                                     \
        {                                                                                      \
            WIDTH, 2                                                                           \
        }                                                                                      \
    }
static const Pair pairs[] = {
    {FLAT "attn1_to_q.lora_down.weight", FLAT "attn1_to_q.lora_up.weight", DOWN(WIDTH), UP,
     NET_UNET, BLOCK "attn1.to_q.weight"},
    {FLAT "attn1_to_out_0.lora_down.weight", FLAT "attn1_to_out_0.lora_up.weight", DOWN(WIDTH),
     UP, NET_UNET, BLOCK "attn1.to_out.0.weight"},
    {"lora_unet_input_blocks_2_1_transformer_blocks_0_attn2_to_k.lora_down.weight",
     "lora_unet_input_blocks_2_1_transformer_blocks_0_attn2_to_k.lora_up.weight", DOWN(CONTEXT),
     UP, NET_UNET, BLOCK "attn2.to_k.weight"},
    {"lora_unet_input_blocks_1_0_in_layers_2.lora_down.weight",
     "lora_unet_input_blocks_1_0_in_layers_2.lora_up.weight",
     {4, {2, WIDTH, 3, 3}},
     {4, {WIDTH, 2, 1, 1}},
     NET_UNET,
     "down_blocks.0.resnets.0.conv1.weight"},
    {"lora_unet_time_embed_0.lora_down.weight", "lora_unet_time_embed_0.lora_up.weight",
     DOWN(2), UP, NET_UNET, "time_embedding.linear_1.weight"},
    {"diffusion_model.input_blocks.0.0.lora_A.weight",
     "diffusion_model.input_blocks.0.0.lora_B.weight",
     {4, {2, 4, 3, 3}},
     {4, {WIDTH, 2, 1, 1}},
     NET_UNET,
     "conv_in.weight"},
    {"unet." BLOCK "attn1.to_q.lora_A.weight", "unet." BLOCK "attn1.to_q.lora_B.weight",
     DOWN(WIDTH), UP, NET_UNET, BLOCK "attn1.to_q.weight"},
    {"base_model.model." BLOCK "attn1.to_q.lora_A.default.weight",
     "base_model.model." BLOCK "attn1.to_q.lora_B.default.weight", DOWN(WIDTH), UP, NET_UNET,
     BLOCK "attn1.to_q.weight"},
    {"unet." BLOCK "attn1.processor.to_out_lora.down.weight",
     "unet." BLOCK "attn1.processor.to_out_lora.up.weight", DOWN(WIDTH), UP, NET_UNET,
     BLOCK "attn1.to_out.0.weight"},
    {BLOCK "attn1.processor.to_q_lora.down.weight", BLOCK "attn1.processor.to_q_lora.up.weight",
     DOWN(WIDTH), UP, NET_UNET, BLOCK "attn1.to_q.weight"},
    {"unet." BLOCK "attn1.to_q.lora.down.weight", "unet." BLOCK "attn1.to_q.lora.up.weight",
     DOWN(WIDTH), UP, NET_UNET, BLOCK "attn1.to_q.weight"},
    {"unet.down_blocks.0.attentions.1.proj_in.lora.down.weight",
     "unet.down_blocks.0.attentions.1.proj_in.lora.up.weight", DOWN(WIDTH), UP, NET_UNET,
     "down_blocks.0.attentions.1.proj_in.weight"},
    {"lora_te" FLAT_TEXT "down.weight", "lora_te" FLAT_TEXT "up.weight", DOWN(WIDTH), UP,
     NET_TEXT, TEXT "q_proj.weight"},
    {"lora_te1" FLAT_TEXT "down.weight", "lora_te1" FLAT_TEXT "up.weight", DOWN(WIDTH), UP,
     NET_TEXT, TEXT "q_proj.weight"},
    {"lora_te2" FLAT_TEXT "down.weight", "lora_te2" FLAT_TEXT "up.weight", DOWN(WIDTH), UP,
     NET_TEXT2, TEXT "q_proj.weight"},
    {"text_encoder." TEXT "q_proj.lora_linear_layer.down.weight",
     "text_encoder." TEXT "q_proj.lora_linear_layer.up.weight", DOWN(WIDTH), UP, NET_TEXT,
     TEXT "q_proj.weight"},
    {"text_encoder." TEXT "to_q_lora.down.weight", "text_encoder." TEXT "to_q_lora.up.weight",
     DOWN(WIDTH), UP, NET_TEXT, TEXT "q_proj.weight"},
    {"text_encoder_2." TEXT "q_proj.lora_A.weight",
     "text_encoder_2." TEXT "q_proj.lora_B.weight", DOWN(WIDTH), UP, NET_TEXT2,
     TEXT "q_proj.weight"},
};

static void layers_are_known_under_every_name(void **state)
{
    (void)state;
    Model *m = model_new();
    for (size_t i = 0; i < COUNT(pairs); i++)
        check_pair(m, &pairs[i]);
    model_free(m);
}

static void the_change_is_weight_times_alpha_over_rank(void **state)
{
    (void)state;
    static float alpha = 8;
    Err err = {0};
    const Named list[] = {{FLAT "attn1_to_q.lora_down.weight", {2, {4, WIDTH}}},
                          {FLAT "attn1_to_q.lora_up.weight", {2, {WIDTH, 4}}},
                          {"unet." BLOCK "attn2.to_k.lora_A.weight", {2, {2, CONTEXT}}},
                          {"unet." BLOCK "attn2.to_k.lora_B.weight", {2, {WIDTH, 2}}}};
    Weights *file = file_of(list, COUNT(list));
    weights_add(file, FLAT "attn1_to_q.alpha", tensor_over(&alpha, TENSOR_F32, (Shape){0}));
    weights_put_metadata(file, "lora_adapter_metadata", "{\"unet.lora_alpha\":6,\"unet.r\":2}");
    Lora *l = lora_of(file, -0.25, &err);
    Model *m = model_new();
    Patches p = {0};
    assert_true(lora_match(l, NET_UNET, m->unet, &p, &err));
    assert_int_equal(p.count, 2);
    size_t n;
    const void *q = weights_find(m->unet, BLOCK "attn1.to_q.weight").data,
               *k = weights_find(m->unet, BLOCK "attn2.to_k.weight").data;
    assert_true(patches_for(&p, q, &n)->scale == -0.25f * 8 / 4);
    assert_true(patches_for(&p, k, &n)->scale == -0.25f * 6 / 2);
    patches_release(&p);
    model_free(m);
    lora_close(l);
}

static void several_add_up_in_their_order(void **state)
{
    (void)state;
    Err err = {0};
    const Named list[] = {{FLAT "attn1_to_q.lora_down.weight", {2, {4, WIDTH}}},
                          {FLAT "attn1_to_q.lora_up.weight", {2, {WIDTH, 4}}}};
    Model *m = model_new();
    Patches p = {0};
    Lora *l[3];
    for (int i = 0; i < 3; i++) {
        l[i] = lora_of(file_of(list, 2), 3 - i, &err);
        assert_true(lora_match(l[i], NET_UNET, m->unet, &p, &err));
    }
    size_t n;
    const LoraPatch *of =
        patches_for(&p, weights_find(m->unet, BLOCK "attn1.to_q.weight").data, &n);
    assert_int_equal(n, 3);
    for (int i = 0; i < 3; i++)
        assert_true(of[i].scale == (float)(3 - i));
    assert_null(patches_for(&p, weights_find(m->unet, "conv_in.weight").data, &n));
    assert_int_equal(n, 0);
    patches_release(&p);
    for (int i = 0; i < 3; i++)
        lora_close(l[i]);
    model_free(m);
}

/* What no LoRA for this model is, and the sentence for it. */
static void what_does_not_fit_earns_a_sentence(void **state)
{
    (void)state;
    static const struct {
        Named list[3];
        const char *why;
    } bad[] = {
        {{{FLAT "attn2_to_k.lora_down.weight", {2, {2, 2048}}},
          {FLAT "attn2_to_k.lora_up.weight", {2, {WIDTH, 2}}}},
         "'it.safetensors' is a LoRA for Stable Diffusion XL, the model is Stable Diffusion "
         "1.x"},
        {{{FLAT "attn1_to_q.lora_down.weight", {2, {2, 9}}},
          {FLAT "attn1_to_q.lora_up.weight", {2, {WIDTH, 2}}}},
         "'it.safetensors' is a LoRA for another kind of models, the model is Stable "
         "Diffusion 1.x: its [6,2] * [2,9] does not fit "
         "'down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_q.weight' [6,6]"},
        {{{"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight", {2, {2, WIDTH}}},
          {"lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight", {2, {WIDTH, 2}}}},
         "'it.safetensors' is a LoRA for another model: this one has no layer as in it, such "
         "as "
         "'lora_unet_double_blocks_0_img_attn_qkv'"},
        {{{"lora_unet_x.hada_w1_a", {2, {2, 2}}}},
         "'it.safetensors' is a LoHa, which is not supported: only plain LoRAs are"},
        {{{"lora_unet_x.lokr_w1", {2, {2, 2}}}},
         "'it.safetensors' is a LoKr, which is not supported: only plain LoRAs are"},
        {{{FLAT "attn1_to_q.lora_down.weight", {2, {2, WIDTH}}},
          {FLAT "attn1_to_q.lora_up.weight", {2, {WIDTH, 2}}},
          {FLAT "attn1_to_q.dora_scale", {2, {1, WIDTH}}}},
         "'it.safetensors' is a DoRA, which is not supported: only plain LoRAs are"},
        {{{"lora_unet_x.diff", {2, {2, 2}}}},
         "'it.safetensors' is a full difference, which is not supported: only plain LoRAs "
         "are"},
        {{{"model.diffusion_model.conv_in.weight", {2, {2, 2}}}},
         "'it.safetensors' is no LoRA: none of its 1 tensors is called as in one"},
        {{{FLAT "attn1_to_q.lora_down.weight", {2, {2, WIDTH}}}},
         "'it.safetensors': '" FLAT "attn1_to_q' has no matrix that leads up"},
    };
    Model *m = model_new();
    for (size_t i = 0; i < COUNT(bad); i++) {
        Err err = {0};
        Patches p = {0};
        Lora *l = lora_of(file_of(bad[i].list, 3), 1, &err);
        bool ok = l != NULL && lora_match(l, NET_UNET, m->unet, &p, &err) && lora_done(l, &err);
        assert_false(ok);
        assert_string_equal(err.text, bad[i].why);
        patches_release(&p);
        lora_close(l);
    }
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_known_under_every_name),
        cmocka_unit_test(the_change_is_weight_times_alpha_over_rank),
        cmocka_unit_test(several_add_up_in_their_order),
        cmocka_unit_test(what_does_not_fit_earns_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
