/* SPDX-License-Identifier: MIT */
#include "../base/folder.h"
#include "names.h"

#include "models/unet.h"
#include "models/vae.h"
#include "paint/parts.h"

/* ---- files to find --------------------------------------------------------------- */

/* A shrunken model in memory: its tensors by file, and by network. */
typedef struct Tiny {
    Arena arena;
    Names *names;
    Weights *file, *net[NETS];
} Tiny;

static Tiny *tiny_new(const char *model)
{
    Tiny *t = xalloc(1, sizeof *t);
    Err err = {0};
    assert_true(arena_init(&t->arena, 0, &err));
    t->names = names_open(model);
    t->file = names_file(&t->arena, t->names, "");
    for (int net = 0; net < NETS; net++)
        if (net_is_in(t->file, (Net)net))
            assert_non_null(t->net[net] = net_view(t->file, (Net)net, &err));
    return t;
}

static void tiny_free(Tiny *t)
{
    for (int net = 0; net < NETS; net++)
        weights_close(t->net[net]);
    weights_close(t->file);
    names_free(t->names);
    arena_release(&t->arena);
    xfree(t);
}

/* The tensors from..to of a set, as a file. */
static void save_some(const char *path, const Weights *w, size_t from, size_t to,
                      const char *const *metadata)
{
    const char **names = xalloc(weights_count(w), sizeof *names);
    Tensor *tensors = xalloc(weights_count(w), sizeof *tensors);
    Err err = {0};
    for (size_t i = from; i < to; i++) {
        names[i - from] = weights_name(w, i);
        tensors[i - from] = weights_at(w, i);
    }
    if (!weights_save_safetensors(path, names, tensors, to - from, metadata, &err))
        fail_msg("%s", err.text);
    xfree(names);
    xfree(tensors);
}

static void save(const char *path, const Weights *w)
{
    save_some(path, w, 0, weights_count(w), NULL);
}

static void save_text(const char *path, const char *text)
{
    Err err = {0};
    if (!file_save(path, text, strlen(text), &err))
        fail_msg("%s", err.text);
}

static void make_dir(const char *path)
{
    Err err = {0};
    assert_true(file_make_dirs(path, &err));
}

/* In two shards, with the index that finds them. */
static void save_sharded(const char *dir, const Weights *w)
{
    size_t n = weights_count(w);
    char path[256];
    Json *index = js_new_object(), *map = js_new_object();
    Err err = {0};
    for (int shard = 0; shard < 2; shard++) {
        char file[64];
        snprintf(file, sizeof file, "diffusion_pytorch_model-0000%d-of-00002.safetensors",
                 shard + 1);
        snprintf(path, sizeof path, "%s/%s", dir, file);
        save_some(path, w, shard * n / 2, shard == 0 ? n / 2 : n, NULL);
        for (size_t i = shard * n / 2; i < (shard == 0 ? n / 2 : n); i++)
            js_put_string(map, weights_name(w, i), file);
    }
    js_put(index, "weight_map", map);
    snprintf(path, sizeof path, "%s/diffusion_pytorch_model.safetensors.index.json", dir);
    assert_true(js_save(index, path, &err));
    js_free(index);
}

/* ---- finding --------------------------------------------------------------------- */

static PaintParts opened(const PaintNamed *named)
{
    PaintParts p;
    Err err = {0};
    if (!paint_parts_open(&p, named, &err))
        fail_msg("%s", err.text);
    return p;
}

static void assert_same_names(const PaintPart *part, const Weights *want)
{
    assert_int_equal(weights_count(part->weights), weights_count(want));
    for (size_t i = 0; i < weights_count(want); i++)
        assert_true(weights_index(part->weights, weights_name(want, i)) < weights_count(want));
}

static void one_file_has_all_parts(void **state)
{
    (void)state;
    Tiny *t = tiny_new("sd");
    save("tiny.safetensors", t->file);
    PaintParts p = opened(&(PaintNamed){.model = "tiny.safetensors"});
    assert_same_names(&p.unet, t->net[NET_UNET]);
    assert_same_names(&p.vae, t->net[NET_VAE]);
    assert_same_names(&p.text, t->net[NET_TEXT]);
    assert_null(p.text2.weights);
    assert_null(p.tokenizer);
    assert_null(p.scheduler);
    assert_int_equal(p.context, 32);
    assert_false(p.is_inpaint);
    assert_false(p.predicts_v);
    paint_parts_close(&p);
    tiny_free(t);
}

/* The sizes are those that tests/golden/naming/make.py gives its models. */
static void shapes_tell_the_configuration(void **state)
{
    (void)state;
    Tiny *t = tiny_new("sd");
    Err err = {0};
    UNetConfig u;
    VaeConfig v;
    save("tiny.safetensors", t->file);
    PaintParts p = opened(&(PaintNamed){.model = "tiny.safetensors"});
    if (!unet_config_read(&u, p.unet.config, &err) || !vae_config_read(&v, p.vae.config, &err))
        fail_msg("%s", err.text);
    assert_int_equal(u.blocks, 3);
    assert_int_equal(u.layers, 2);
    assert_int_equal(u.width[0], 32);
    assert_int_equal(u.width[2], 64);
    assert_true(u.depth[0] == 1 && u.depth[1] == 1 && u.depth[2] == 0);
    assert_true(u.up_depth[0] == 0 && u.up_depth[1] == 1 && u.up_depth[2] == 1);
    assert_int_equal(u.mid_depth, 1);
    assert_int_equal(u.context, 32);
    assert_int_equal(u.in, 4);
    assert_false(u.linear_projection);
    assert_int_equal(v.blocks, 3);
    assert_int_equal(v.layers, 1);
    assert_int_equal(v.width[0], 32);
    assert_int_equal(v.width[2], 64);
    assert_int_equal(v.latent, 4);
    assert_true(v.has_quant);
    assert_int_equal(js_int(js_get(p.text.config, "hidden_size"), 0), 32);
    assert_int_equal(js_int(js_get(p.text.config, "num_hidden_layers"), 0), 2);
    assert_int_equal(js_int(js_get(p.text.config, "vocab_size"), 0), 99);
    assert_int_equal(js_int(js_get(p.text.config, "intermediate_size"), 0), 128);
    paint_parts_close(&p);
    tiny_free(t);
}

static void two_encoders_and_what_a_file_says_of_itself(void **state)
{
    (void)state;
    Tiny *xl = tiny_new("sdxl"), *sd = tiny_new("sd");
    const char *const said[] = {"config.unet", "{\"attention_head_dim\": [2, 4]}",
                                "config.scheduler", "{\"prediction_type\": \"v_prediction\"}",
                                NULL};
    save_some("xl.safetensors", xl->file, 0, weights_count(xl->file), said);
    save("vae.safetensors", sd->net[NET_VAE]);
    PaintParts p = opened(&(PaintNamed){.model = "xl.safetensors", .vae = "vae.safetensors"});
    assert_same_names(&p.text2, xl->net[NET_TEXT2]);
    assert_same_names(&p.vae, sd->net[NET_VAE]);
    assert_int_equal(p.context, 96);
    assert_int_equal(js_int(js_at(js_get(p.unet.config, "attention_head_dim"), 1), 0), 4);
    assert_string_equal(js_string(js_get(p.scheduler, "prediction_type"), ""), "v_prediction");
    assert_int_equal(js_int(js_get(p.text2.config, "projection_dim"), 0), 48);
    paint_parts_close(&p);
    tiny_free(xl);
    tiny_free(sd);
}

static void a_folder_has_its_parts_in_folders(void **state)
{
    (void)state;
    Tiny *t = tiny_new("sd");
    static const char *const dirs[] = {"m/unet", "m/vae", "m/text_encoder", "m/tokenizer",
                                       "m/scheduler"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        make_dir(dirs[i]);
    save_text("m/model_index.json", "{\"_class_name\": \"StableDiffusionPipeline\", "
                                    "\"unet\": [\"diffusers\", \"UNet2DConditionModel\"]}");
    save_sharded("m/unet", t->net[NET_UNET]);
    save("m/vae/diffusion_pytorch_model.fp16.safetensors", t->net[NET_VAE]);
    save("m/text_encoder/model.safetensors", t->net[NET_TEXT]);
    save_text("m/unet/config.json", "{\"sample_size\": 8}");
    save_text("m/scheduler/scheduler_config.json",
              "{\"_class_name\": \"DDIMScheduler\", \"lambda_min_clipped\": -Infinity}");
    PaintParts p = opened(&(PaintNamed){.model = "m"});
    assert_same_names(&p.unet, t->net[NET_UNET]);
    assert_same_names(&p.vae, t->net[NET_VAE]);
    assert_same_names(&p.text, t->net[NET_TEXT]);
    assert_string_equal(p.tokenizer, "m/tokenizer");
    assert_null(p.tokenizer2);
    assert_int_equal(js_int(js_get(p.unet.config, "sample_size"), 0), 8);
    assert_int_equal(js_int(js_get(p.vae.config, "layers_per_block"), 0), 1); /* told */
    assert_string_equal(js_string(js_get(p.scheduler, "_class_name"), ""), "DDIMScheduler");
    paint_parts_close(&p);
    tiny_free(t);
}

static void parts_may_be_all_there_is(void **state)
{
    (void)state;
    Tiny *t = tiny_new("sd");
    make_dir("parts/text");
    save("tiny.ckpt", t->file);
    save("parts/u.safetensors", t->net[NET_UNET]);
    save("parts/text/model.safetensors", t->net[NET_TEXT]);
    PaintParts p = opened(&(PaintNamed){
        .unet = "parts/u.safetensors", .vae = "tiny.ckpt", .text_encoder = "parts/text"});
    assert_same_names(&p.unet, t->net[NET_UNET]);
    assert_same_names(&p.vae, t->net[NET_VAE]);
    assert_same_names(&p.text, t->net[NET_TEXT]);
    paint_parts_close(&p);
    tiny_free(t);
}

/* ---- LoRAs ----------------------------------------------------------------------- */

/* A pair of matrices of zeros for each of the layers, whose inputs and outputs
 * are as many as said. */
static void save_lora(const char *path, const char *const *layers, int count, int64_t in,
                      int64_t out)
{
    static float zeros[4096];
    Weights *w = weights_new(path);
    for (int i = 0; i < count; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s.lora_down.weight", layers[i]);
        weights_add(w, name, tensor_over(zeros, TENSOR_F32, SHAPE(2, in)));
        snprintf(name, sizeof name, "%s.lora_up.weight", layers[i]);
        weights_add(w, name, tensor_over(zeros, TENSOR_F32, SHAPE(out, 2)));
    }
    save(path, w);
    weights_close(w);
}

static void loras_find_the_networks_they_change(void **state)
{
    (void)state;
    static const char *const layers[] = {
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q",
        "lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_k",
        "lora_te_text_model_encoder_layers_1_self_attn_k_proj",
        "lora_te_text_model_encoder_layers_7_self_attn_k_proj"};
    static const struct {
        const char *word, *said;
        float scale;
    } words[] = {
        {"some.safetensors", "some.safetensors: 3 of its 4 layers changed, by 1", 1},
        {"some.safetensors:0.7", "some.safetensors: 3 of its 4 layers changed, by 0.7", 0.7f},
        {"some.safetensors:-2", "some.safetensors: 3 of its 4 layers changed, by -2", -2},
        {"c:lon.safetensors", "c:lon.safetensors: 3 of its 4 layers changed, by 1", 1},
    };
    Tiny *t = tiny_new("sd");
    save("tiny.safetensors", t->file);
    save_lora("some.safetensors", layers, 4, 32, 32);
    save_lora("c:lon.safetensors", layers, 4, 32, 32);
    PaintParts p = opened(&(PaintNamed){.model = "tiny.safetensors"});
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        PaintLoras l = {0};
        PaintLine said;
        Err err = {0};
        if (!paint_lora_add(&l, words[i].word, &p, &said, &err))
            fail_msg("%s", err.text);
        assert_string_equal(said.s, words[i].said);
        assert_int_equal(l.patches[NET_UNET].count, 2);
        assert_int_equal(l.patches[NET_TEXT].count, 1);
        assert_true(l.patches[NET_TEXT].of[0].scale == words[i].scale);
        paint_loras_close(&l);
    }
    paint_parts_close(&p);
    tiny_free(t);
}

static void loras_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const char *const key[] = {
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"};
    static const char *const elsewhere[] = {"lora_unet_double_blocks_0_img_attn_qkv"};
    static const struct {
        const char *word, *why;
    } bad[] = {
        {"xl.safetensors:1", "'xl.safetensors' is a LoRA for Stable Diffusion XL, the model is "
                             "of another kind"},
        {"flux.safetensors",
         "'flux.safetensors' is a LoRA for another model: this one has no layer as in it, such "
         "as 'lora_unet_double_blocks_0_img_attn_qkv'"},
        {"tiny.safetensors", "'tiny.safetensors' holds no LoRA but a UNet: give it with --unet "
                             "or --model"},
        {"nowhere:0.5", "cannot open 'nowhere': No such file or directory"},
    };
    Tiny *t = tiny_new("sd");
    save("tiny.safetensors", t->file);
    save_lora("xl.safetensors", key, 1, 2048, 32);
    save_lora("flux.safetensors", elsewhere, 1, 32, 32);
    PaintParts p = opened(&(PaintNamed){.model = "tiny.safetensors"});
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        PaintLoras l = {0};
        PaintLine said;
        Err err = {0};
        assert_false(paint_lora_add(&l, bad[i].word, &p, &said, &err));
        assert_string_equal(err.text, bad[i].why);
        paint_loras_close(&l);
    }
    paint_parts_close(&p);
    tiny_free(t);
}

/* ---- refusing -------------------------------------------------------------------- */

/* A UNet of two tensors: how many channels it takes, how wide a context. */
static void save_unet(const char *path, int64_t channels, int64_t context)
{
    static float zeros[4096];
    Weights *w = weights_new(path);
    weights_add(w, "conv_in.weight", tensor_over(zeros, TENSOR_F32, SHAPE(1, channels, 1, 1)));
    weights_add(w, "time_embedding.linear_1.weight",
                tensor_over(zeros, TENSOR_F32, SHAPE(2, 2)));
    if (context > 0)
        weights_add(w, "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight",
                    tensor_over(zeros, TENSOR_F32, SHAPE(1, context)));
    save(path, w);
    weights_close(w);
}

static void save_one(const char *path, const char *name)
{
    static float number;
    Weights *w = weights_new(path);
    weights_add(w, name, tensor_over(&number, TENSOR_F32, SHAPE(1)));
    save(path, w);
    weights_close(w);
}

static void save_strangers(void)
{
    Tiny *sd = tiny_new("sd"), *xl = tiny_new("sdxl"), *control = tiny_new("control");
    make_dir("empty");
    make_dir("flux");
    save_text("flux/model_index.json",
              "{\"_class_name\": \"FluxPipeline\", \"transformer\": []}");
    save("xl.safetensors", xl->file);
    save("sd.safetensors", sd->file);
    save("unet.safetensors", sd->net[NET_UNET]);
    save("xl_unet.safetensors", xl->net[NET_UNET]);
    save("text.safetensors", xl->net[NET_TEXT]);
    save("big.safetensors", xl->net[NET_TEXT2]);
    save("vae.safetensors", sd->net[NET_VAE]);
    save("control.safetensors", control->file);
    save_one("lora.safetensors", "lora_unet_conv_in.lora_down.weight");
    save_unet("pix2pix.safetensors", 8, 768);
    save_unet("refiner.safetensors", 4, 1280);
    save_unet("mute.safetensors", 4, 0);
    tiny_free(sd);
    tiny_free(xl);
    tiny_free(control);
}

static void what_is_no_model_earns_a_sentence(void **state)
{
    (void)state;
    static const struct {
        PaintNamed named;
        const char *why;
    } bad[] = {
        {{.model = "empty"},
         "'empty' is no model for painting: it has neither model_index.json nor unet/; if a "
         "file in it holds one, name that"},
        {{.model = "flux"},
         "'flux' is a model for FluxPipeline, not for Stable Diffusion 1, 2 or XL"},
        {{.model = "nowhere"}, "cannot open 'nowhere': No such file or directory"},
        {{.model = "control.safetensors"},
         "'control.safetensors' holds no UNet but a ControlNet: give it with --controlnet"},
        {{.model = "lora.safetensors"},
         "'lora.safetensors' holds no UNet but a LoRA: give it with --lora"},
        {{.model = "vae.safetensors"},
         "'vae.safetensors' holds no UNet but a VAE: give it with --vae"},
        {{.model = "unet.safetensors"}, "'unet.safetensors' holds no VAE: name one with --vae"},
        {{.model = "unet.safetensors", .vae = "vae.safetensors"},
         "'unet.safetensors' holds no text encoder: name one with --text-encoder"},
        {{.vae = "vae.safetensors"}, "no UNet is named: name a model, or one with --unet"},
        {{.model = "sd.safetensors", .vae = "text.safetensors"},
         "'text.safetensors' holds no VAE but a text encoder: give it with --text-encoder"},
        {{.unet = "xl_unet.safetensors",
          .vae = "vae.safetensors",
          .text_encoder = "text.safetensors"},
         "no second text encoder is named: name a model, or one with --text-encoder-2"},
        {{.model = "sd.safetensors", .text_encoder = "big.safetensors"},
         "the UNet wants a text 32 wide, the text encoder gives 64: they do not belong "
         "together"},
        {{.model = "xl.safetensors",
          .vae = "vae.safetensors",
          .text_encoder_2 = "text.safetensors"},
         "the UNet wants a text 96 wide, the text encoders together give 64: they do not "
         "belong together"},
        {{.model = "pix2pix.safetensors"},
         "'pix2pix.safetensors' follows instructions (InstructPix2Pix: its UNet takes 8 "
         "channels), which is not supported"},
        {{.model = "refiner.safetensors"},
         "'refiner.safetensors' is the refiner of Stable Diffusion XL, which only goes over "
         "pictures of the base model: it is not supported"},
        {{.model = "mute.safetensors"}, "the UNet of 'mute.safetensors' reads no text"},
    };
    save_strangers();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        PaintParts p;
        Err err = {0};
        assert_false(paint_parts_open(&p, &bad[i].named, &err));
        assert_string_equal(err.text, bad[i].why);
    }
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_enter, folder_leave)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(one_file_has_all_parts),
        IN_FOLDER(shapes_tell_the_configuration),
        IN_FOLDER(two_encoders_and_what_a_file_says_of_itself),
        IN_FOLDER(a_folder_has_its_parts_in_folders),
        IN_FOLDER(parts_may_be_all_there_is),
        IN_FOLDER(loras_find_the_networks_they_change),
        IN_FOLDER(loras_that_do_not_fit_are_refused),
        IN_FOLDER(what_is_no_model_earns_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
