/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static Weights *view_of(const Weights *file, Net net)
{
    Err err = {0};
    Weights *view = net_view(file, net, &err);
    if (view == NULL)
        fail_msg("%s", err.text);
    return view;
}

static void assert_transposed(Tensor got, Tensor from)
{
    assert_int_equal(got.dim[0], from.dim[1]);
    assert_int_equal(got.dim[1], from.dim[0]);
    for (int64_t i = 0; i < got.dim[0]; i++)
        for (int64_t j = 0; j < got.dim[1]; j++)
            assert_true(tensor_f32(got)[i * got.dim[1] + j] ==
                        tensor_f32(from)[j * from.dim[1] + i]);
}

/* The tensor of the view is where, and as large as, the listing says. */
static void check_line(const Weights *view, const NamesLine *line, Tensor from)
{
    Tensor got = weights_find(view, line->ours);
    int64_t rows = from.dim[0];
    if (tensor_is_empty(got))
        fail_msg("no tensor '%s' in the view", line->ours);
    if (strcmp(line->what, "transpose") == 0) {
        assert_transposed(got, from);
        return;
    }
    if (line->what[0] >= '0' && line->what[0] <= '2')
        from = tensor_rows(from, rows / 3 * (line->what[0] - '0'), rows / 3);
    if (strcmp(line->what, "squeeze") == 0)
        from.rank = 2;
    from.dim[2] *= from.rank > 2;
    from.dim[3] *= from.rank > 3;
    if (got.data != from.data || !shape_equal(tensor_shape(got), tensor_shape(from)))
        fail_msg("'%s' is not '%s' %s, or not %s of it", line->ours, line->theirs,
                 shape_text(tensor_shape(got)).s, line->what);
}

static void check_file(const char *model, const char *around)
{
    Arena a;
    Err err = {0};
    assert_true(arena_init(&a, 0, &err));
    Names *l = names_open(model);
    Weights *file = names_file(&a, l, around);
    for (int net = 0; net < NETS; net++) {
        size_t lines = 0;
        for (int i = 0; i < l->count; i++)
            lines += l->of[i].net == (Net)net;
        assert_int_equal(net_is_in(file, (Net)net), lines > 0);
        if (lines == 0)
            continue;
        Weights *view = view_of(file, (Net)net);
        assert_int_equal(weights_count(view), lines);
        for (int i = 0; i < l->count; i++) {
            char name[512];
            snprintf(name, sizeof name, "%s%s", around, l->of[i].theirs);
            if (l->of[i].net == (Net)net)
                check_line(view, &l->of[i], weights_find(file, name));
        }
        weights_close(view);
    }
    weights_close(file);
    names_free(l);
    arena_release(&a);
}

static void files_of_the_original_program_have_the_names_of_diffusers(void **state)
{
    (void)state;
    check_file("sd", "");
    check_file("sdxl", "");
    check_file("control", "");
}

static void files_may_be_nested_once_more(void **state)
{
    (void)state;
    check_file("sd", "state_dict.");
    check_file("sdxl", "module.");
    check_file("control", "model.");
}

/* The last dots before the network's own names: what is cut off. */
static size_t home(Net net, const char *name)
{
    static const char *const homes[] = {"model.diffusion_model.",
                                        "control_model.",
                                        "first_stage_model.",
                                        "cond_stage_model.transformer.",
                                        "conditioner.embedders.0.transformer.",
                                        "conditioner.embedders.1.model."};
    (void)net;
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
        if (strncmp(name, homes[i], strlen(homes[i])) == 0)
            return strlen(homes[i]);
    fail_msg("'%s' lies nowhere", name);
    return 0;
}

/* One network alone, its prefix as often as said. */
static void check_alone(const char *model, Net net, int times)
{
    Arena a;
    Err err = {0};
    assert_true(arena_init(&a, 0, &err));
    Names *l = names_open(model);
    Weights *whole = names_file(&a, l, ""), *file = weights_new("alone.safetensors");
    int lines = 0;
    for (int i = 0; i < l->count; i++) {
        const char *name = l->of[i].theirs;
        size_t n = home(l->of[i].net, name);
        char full[512];
        snprintf(full, sizeof full, "%.*s%.*s%s", (int)(times > 0 ? n : 0), name,
                 (int)(times > 1 ? n : 0), name, name + n);
        if (l->of[i].net == net && weights_index(file, full) == weights_count(file))
            weights_add(file, full, weights_find(whole, name));
        lines += l->of[i].net == net;
    }
    Weights *view = view_of(file, net);
    assert_int_equal(weights_count(view), lines);
    for (int i = 0; i < l->count; i++)
        if (l->of[i].net == net)
            check_line(view, &l->of[i], weights_find(whole, l->of[i].theirs));
    weights_close(view);
    weights_close(file);
    weights_close(whole);
    names_free(l);
    arena_release(&a);
}

static void prefixes_may_be_missing_or_come_twice(void **state)
{
    (void)state;
    for (int times = 0; times < 3; times++) {
        check_alone("sd", NET_UNET, times);
        check_alone("sd", NET_VAE, times);
        check_alone("sd", NET_TEXT, times);
        check_alone("control", NET_CONTROL, times);
    }
    check_alone("sdxl", NET_TEXT2, 2);
}

static void names_of_diffusers_stay_and_are_known_as_such(void **state)
{
    (void)state;
    static float number;
    Tensor t = tensor_over(&number, TENSOR_F32, SHAPE(1));
    Names *l = names_open("sd");
    for (int net = 0; net < NETS; net++) {
        Weights *file = weights_new("ours.safetensors");
        for (int i = 0; i < l->count; i++)
            if (l->of[i].net == (Net)net)
                weights_add(file, l->of[i].ours, t);
        assert_int_equal(net_is_ours(file, (Net)net), weights_count(file) > 0);
        Weights *view = weights_count(file) > 0 ? view_of(file, (Net)net) : NULL;
        for (int i = 0; i < l->count && view != NULL; i++)
            if (l->of[i].net == (Net)net)
                assert_false(tensor_is_empty(weights_find(view, l->of[i].ours)));
        weights_close(view);
        weights_close(file);
    }
    names_free(l);
}

static void names_go_back_to_those_of_the_file(void **state)
{
    (void)state;
    static const char *const models[] = {"sd", "sdxl", "control"};
    for (int m = 0; m < 3; m++) {
        Arena a;
        Err err = {0};
        assert_true(arena_init(&a, 0, &err));
        Names *l = names_open(models[m]);
        Weights *file = names_file(&a, l, "");
        for (int i = 0; i < l->count; i++) {
            const NamesLine *line = &l->of[i];
            Spelled there;
            Weights *view = view_of(file, line->net);
            bool is_open = strstr(line->theirs, "embedders.1.model.") != NULL;
            assert_true(net_spell(view, line->net, is_open ? SPELLING_OPENCLIP : SPELLING_LDM,
                                  line->ours, &there));
            assert_string_equal(there.name, line->theirs + home(line->net, line->theirs));
            assert_int_equal(there.is_transposed, strcmp(line->what, "transpose") == 0);
            assert_int_equal(there.is_filter && line->shape.rank == 4,
                             strcmp(line->what, "squeeze") == 0);
            bool is_third = line->what[0] >= '0' && line->what[0] <= '2';
            assert_int_equal(there.third, is_third ? line->what[0] - '0' : -1);
            weights_close(view);
        }
        weights_close(file);
        names_free(l);
        arena_release(&a);
    }
}

/* ---- small files by hand --------------------------------------------------------- */

/* Names, each a tensor of 6 zeros in the given shape. */
typedef struct Made {
    const char *name;
    TensorType type;
    Shape shape;
} Made;

static Weights *made(const Made *list, int count)
{
    static _Alignas(64) char zeros[1 << 12];
    Weights *w = weights_new("made.safetensors");
    for (int i = 0; i < count; i++)
        weights_add(w, list[i].name, tensor_over(zeros, list[i].type, list[i].shape));
    return w;
}
#define MADE(list) made(list, (int)(sizeof list / sizeof *list))

static void copies_for_training_and_positions_are_left_out(void **state)
{
    (void)state;
    const Made list[] = {
        {"cond_stage_model.transformer.text_model.embeddings.token_embedding.weight",
         TENSOR_BF16, SHAPE(3, 2)},
        {"cond_stage_model.transformer.text_model.embeddings.position_ids", TENSOR_I64,
         SHAPE(1, 3)},
        {"model.diffusion_model.input_blocks.0.0.weight", TENSOR_F64, SHAPE(2, 3, 1, 1)},
        {"model.diffusion_model.strange", TENSOR_F16, {0}},
        {"model_ema.diffusion_modelinput_blocks00weight", TENSOR_F32, SHAPE(2, 3, 1, 1)},
        {"model_ema.decay", TENSOR_F32, {0}},
        {"first_stage_model.loss.logvar", TENSOR_F32, {0}},
        {"first_stage_model.decoder.up.0.block.0.norm1.weight", TENSOR_F32, SHAPE(4)},
    };
    Weights *file = MADE(list);
    Weights *text = view_of(file, NET_TEXT), *unet = view_of(file, NET_UNET),
            *vae = view_of(file, NET_VAE);
    assert_int_equal(weights_count(text), 1);
    assert_int_equal(weights_at(text, 0).type, TENSOR_BF16);
    assert_int_equal(weights_count(unet), 2);
    assert_int_equal(weights_find(unet, "conv_in.weight").type, TENSOR_F64);
    assert_int_equal(weights_find(unet, "strange").rank, 0);
    assert_false(tensor_is_empty(weights_find(unet, "strange")));
    assert_int_equal(weights_count(vae), 1);
    assert_string_equal(weights_name(vae, 0), "decoder.up_blocks.0.resnets.0.norm1.weight");
    weights_close(vae);
    weights_close(unet);
    weights_close(text);
    weights_close(file);
}

static void the_old_spelling_of_attention_is_heard(void **state)
{
    (void)state;
    const Made list[] = {
        {"decoder.up_blocks.0.resnets.0.norm1.weight", TENSOR_F32, SHAPE(4)},
        {"decoder.mid_block.attentions.0.query.weight", TENSOR_F32, SHAPE(2, 3)},
        {"decoder.mid_block.attentions.0.key.weight", TENSOR_F32, SHAPE(2, 3, 1, 1)},
        {"decoder.mid_block.attentions.0.value.bias", TENSOR_F32, SHAPE(2)},
        {"decoder.mid_block.attentions.0.proj_attn.weight", TENSOR_F32, SHAPE(2, 3, 1)},
        {"decoder.mid_block.attentions.0.group_norm.weight", TENSOR_F32, SHAPE(2)},
    };
    const Made want[] = {
        {"decoder.mid_block.attentions.0.to_q.weight", TENSOR_F32, SHAPE(2, 3)},
        {"decoder.mid_block.attentions.0.to_k.weight", TENSOR_F32, SHAPE(2, 3)},
        {"decoder.mid_block.attentions.0.to_v.bias", TENSOR_F32, SHAPE(2)},
        {"decoder.mid_block.attentions.0.to_out.0.weight", TENSOR_F32, SHAPE(2, 3)},
        {"decoder.mid_block.attentions.0.group_norm.weight", TENSOR_F32, SHAPE(2)},
    };
    Weights *file = MADE(list), *vae = view_of(file, NET_VAE);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        Tensor t = weights_find(vae, want[i].name);
        if (tensor_is_empty(t) || !shape_equal(tensor_shape(t), want[i].shape))
            fail_msg("%s is %s", want[i].name, shape_text(tensor_shape(t)).s);
    }
    weights_close(vae);
    weights_close(file);
}

static void the_layer_that_sd2_never_reads_is_left_out(void **state)
{
    (void)state;
#define OPEN "cond_stage_model.model."
    const Made list[] = {
        {OPEN "transformer.resblocks.0.ln_1.weight", TENSOR_F32, SHAPE(3)},
        {OPEN "transformer.resblocks.2.ln_1.weight", TENSOR_F32, SHAPE(3)},
        {OPEN "transformer.resblocks.23.ln_1.weight", TENSOR_F32, SHAPE(3)},
        {OPEN "text_projection", TENSOR_F32, SHAPE(3, 2)},
        {OPEN "logit_scale", TENSOR_F32, {0}},
    };
    Weights *file = MADE(list), *text = view_of(file, NET_TEXT);
    assert_int_equal(weights_count(text), 2);
    assert_string_equal(weights_name(text, 1),
                        "text_model.encoder.layers.2.layer_norm1.weight");
    weights_close(text);
    weights_close(file);
}

static void what_cannot_be_named_earns_a_sentence(void **state)
{
    (void)state;
    const struct {
        Net net;
        Made list[2];
        const char *why;
    } bad[] = {
        {NET_VAE,
         {{"vision", TENSOR_F32, SHAPE(2)}, {"conv_in.weight", TENSOR_F32, SHAPE(2)}},
         "'made.safetensors' holds no VAE"},
        {NET_UNET,
         {{"model.diffusion_model.input_blocks.0.0.weight", TENSOR_F32, SHAPE(2)},
          {"model.diffusion_model.conv_in.weight", TENSOR_F32, SHAPE(2)}},
         "UNet of 'made.safetensors': tensor 'conv_in.weight' comes twice"},
        {NET_TEXT,
         {{"transformer.resblocks.0.ln_1.weight", TENSOR_F32, SHAPE(2)},
          {"transformer.resblocks.0.attn.in_proj_weight", TENSOR_F32, SHAPE(4, 2)}},
         "text encoder of 'made.safetensors': the fused tensor of "
         "'text_model.encoder.layers.0.self_attn.q_proj.weight' is [4,2]: not three in one"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err err = {0};
        Weights *file = made(bad[i].list, 2);
        assert_null(net_view(file, bad[i].net, &err));
        assert_string_equal(err.text, bad[i].why);
        assert_int_equal(err.kind, ERR_FORMAT);
        weights_close(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_the_original_program_have_the_names_of_diffusers),
        cmocka_unit_test(files_may_be_nested_once_more),
        cmocka_unit_test(prefixes_may_be_missing_or_come_twice),
        cmocka_unit_test(names_of_diffusers_stay_and_are_known_as_such),
        cmocka_unit_test(names_go_back_to_those_of_the_file),
        cmocka_unit_test(copies_for_training_and_positions_are_left_out),
        cmocka_unit_test(the_old_spelling_of_attention_is_heard),
        cmocka_unit_test(the_layer_that_sd2_never_reads_is_left_out),
        cmocka_unit_test(what_cannot_be_named_earns_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
