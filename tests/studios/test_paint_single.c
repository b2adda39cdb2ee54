/* SPDX-License-Identifier: MIT */
#include "../support/names.h"
#include "paint_models.h"

#include "base/file.h"
#include "paint/paint.h"
#include "studios/paint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Models of one file, in the original program's names, with nothing beside: no configuration,
 * no scheduler's, no tokenizer.  The lists of names were seen at work in diffusers' own reader
 * of such files, which is where the pictures come from (tests/golden/single/make.py). */

/* ---- files ----------------------------------------------------------------------------- */

enum { WORDS = 1009 }; /* rows of the table of words, which then come again */

/* What a file is made of: lists of names, and whose values. */
typedef struct Recipe {
    const char *file, *list[2], *model;
    bool is_ours;     /* our names */
    int64_t channels; /* that the UNet takes; 0: 4 */
    const char *cut;  /* without this before their names */
    bool is_wide;     /* as f32, but for the words */
    int64_t words;    /* in the table of words, if not all */
} Recipe;

static const char *part_name(Net net)
{
    static const char *const parts[NETS] = {"unet", "controlnet", "vae", "text_encoder",
                                            "text_encoder_2"};
    return parts[net];
}

static bool is_third(const NamesLine *l)
{
    return l->what[0] >= '0' && l->what[0] <= '2';
}

/* The shape under our name. */
static Shape our_shape(const NamesLine *l)
{
    Shape s = l->shape;
    if (is_third(l))
        s.dim[0] /= 3;
    if (strncmp(l->what, "squeeze", 7) == 0)
        s = SHAPE(s.dim[0], s.dim[1]);
    if (strcmp(l->what, "transpose") == 0)
        s = SHAPE(s.dim[1], s.dim[0]);
    return s;
}

/* Rounded to halves, in rows that come again until the shape is full. */
static Tensor halves(Arena *a, Tensor from, Shape s)
{
    Err err = {0};
    Tensor t = tensor_new(a, TENSOR_F16, s, &err);
    int64_t n = tensor_count(from);
    assert_false(tensor_is_empty(t));
    for (int64_t i = 0; i < tensor_count(t); i += n)
        tensor_write_f16((uint16_t *)t.data + i, tensor_f32(from),
                         min64(n, tensor_count(t) - i));
    return t;
}

static Tensor widened(Arena *a, Tensor t)
{
    Err err = {0};
    Tensor to = tensor_new(a, TENSOR_F32, tensor_shape(t), &err);
    assert_false(tensor_is_empty(to));
    tensor_read_f32(tensor_f32(to), t.data, t.type, tensor_count(t));
    return to;
}

static bool is_words(const char *name)
{
    return strstr(name, "token_embedding.weight") != NULL;
}

/* Values of our name, as halves. */
static Tensor value(Arena *a, const NamesLine *l, const char *model, Shape s)
{
    char prefix[64];
    snprintf(prefix, sizeof prefix, "one.%s.%s.", model, part_name(l->net));
    Shape few = s;
    if (is_words(l->ours))
        few.dim[0] = min64(WORDS, s.dim[0]);
    return halves(a, named_weight(a, prefix, l->ours, few), s);
}

static Tensor turned(Arena *a, Tensor t)
{
    Err err = {0};
    Tensor to = tensor_new(a, TENSOR_F16, SHAPE(t.dim[1], t.dim[0]), &err);
    assert_false(tensor_is_empty(to));
    for (int64_t i = 0; i < t.dim[0]; i++)
        for (int64_t j = 0; j < t.dim[1]; j++)
            ((uint16_t *)to.data)[j * t.dim[0] + i] = ((uint16_t *)t.data)[i * t.dim[1] + j];
    return to;
}

/* Three in one: room for all comes with the first. */
static void add_third(Weights *w, Arena *a, const NamesLine *l, Tensor third)
{
    Err err = {0};
    int which = l->what[0] - '0';
    if (which == 0)
        weights_add(w, l->theirs, tensor_new(a, TENSOR_F16, l->shape, &err));
    Tensor whole = weights_find(w, l->theirs);
    assert_false(tensor_is_empty(whole));
    memcpy((char *)whole.data + (size_t)which * tensor_bytes(third), third.data,
           tensor_bytes(third));
}

static bool has_bias(const NamesLine *l)
{
    return strchr(l->what, '+') != NULL;
}

static void add_line(Weights *w, Arena *a, const NamesLine *l, const Recipe *r);

/* "weight" becomes "bias" in both names. */
static void add_bias(Weights *w, Arena *a, const NamesLine *l, const Recipe *r)
{
    char theirs[256], ours[256], what[] = "-";
    snprintf(theirs, sizeof theirs, "%.*sbias", (int)(strlen(l->theirs) - 6), l->theirs);
    snprintf(ours, sizeof ours, "%.*sbias", (int)(strlen(l->ours) - 6), l->ours);
    const NamesLine bias = {l->net, theirs, ours, what, SHAPE(l->shape.dim[0])};
    add_line(w, a, &bias, r);
}

static void add_line(Weights *w, Arena *a, const NamesLine *l, const Recipe *r)
{
    Shape s = our_shape(l);
    size_t cut = r->cut != NULL ? strlen(r->cut) : 0;
    if (r->channels > 0 && strcmp(l->ours, "conv_in.weight") == 0)
        s.dim[1] = r->channels;
    if (r->words > 0 && is_words(l->ours))
        s.dim[0] = r->words;
    Tensor t = value(a, l, r->model, s);
    if (r->is_ours)
        weights_add(w, l->ours, t);
    else if (is_third(l))
        add_third(w, a, l, t);
    else if (strcmp(l->what, "transpose") == 0)
        weights_add(w, l->theirs, turned(a, t));
    else
        weights_add(w, l->theirs + cut,
                    strncmp(l->what, "squeeze", 7) == 0 ? tensor_reshape(t, l->shape) : t);
}

/* What else lies in published files: the layer that SD 2 never reads, copies, places, tables.
 */
static void add_strangers(Weights *w)
{
    static double betas[4];
    static float zero[4 * 32 * 9];
    static int64_t places[77];
    static const char at[] = "cond_stage_model.model.transformer.resblocks.1.";
    weights_add(w, "betas", tensor_over(betas, TENSOR_F64, SHAPE(4)));
    weights_add(w, "model_ema.decay", tensor_over(zero, TENSOR_F32, (Shape){0}));
    weights_add(w, "model_ema.diffusion_modelinput_blocks00weight",
                tensor_over(zero, TENSOR_F32, SHAPE(32, 4, 3, 3)));
    if (weights_has_under(w, "cond_stage_model.transformer."))
        weights_add(w, "cond_stage_model.transformer.text_model.embeddings.position_ids",
                    tensor_over(places, TENSOR_I64, SHAPE(1, 77)));
    if (weights_has_under(w, at))
        weights_add(w, "cond_stage_model.model.logit_scale",
                    tensor_over(zero, TENSOR_F32, (Shape){0}));
    for (size_t i = 0, n = weights_count(w); i < n; i++) {
        const char *name = weights_name(w, i);
        char more[256];
        if (strncmp(name, at, sizeof at - 1) != 0)
            continue;
        snprintf(more, sizeof more, "cond_stage_model.model.transformer.resblocks.23.%s",
                 name + sizeof at - 1);
        weights_add(w, more, weights_at(w, i));
    }
}

static void add_list(Weights *w, Arena *a, const char *list, const Recipe *r)
{
    Names *l = names_open(list);
    for (int i = 0; i < l->count; i++) {
        add_line(w, a, &l->of[i], r);
        if (has_bias(&l->of[i]))
            add_bias(w, a, &l->of[i], r);
    }
    names_free(l);
}

static void make_file(const Recipe *r)
{
    Arena a;
    Err err = {0};
    assert_true(arena_init(&a, 0, &err));
    Weights *w = weights_new(r->file);
    for (int i = 0; i < 2 && r->list[i] != NULL; i++)
        add_list(w, &a, r->list[i], r);
    if (!r->is_ours && r->cut == NULL)
        add_strangers(w);
    Weights *wide = weights_new(r->file);
    for (size_t i = 0; i < weights_count(w) && r->is_wide; i++)
        weights_add(wide, weights_name(w, i),
                    is_words(weights_name(w, i)) ? weights_at(w, i)
                                                 : widened(&a, weights_at(w, i)));
    save_all(r->is_wide ? wide : w, in_folder(r->file));
    weights_close(wide);
    weights_close(w);
    arena_release(&a);
}

/* The same tensors as torch writes them: a zip archive with a pickle, below "state_dict". */
static void make_ckpt(const char *from, const char *to)
{
    char command[2048];
    const char *tests = getenv("TESTS");
    snprintf(command, sizeof command,
             "sh '%s/support/python.sh' '%s/studios/as_ckpt.py' '%s' '%s'", tests, tests,
             in_folder(from), in_folder(to));
    assert_int_equal(system(command), 0);
}

/* ---- pictures -------------------------------------------------------------------------- */

enum { FLAGS = 8 };
typedef struct Case {
    const char *golden, *model;
    Flag flags[FLAGS];
} Case;

/* Halves to which a LoRA was added are halves again: 50 dB, but not 1e-4. */
static void run(const Case *c, bool is_rounded)
{
    Err err = {0};
    char golden[64];
    Flag flags[2 * FLAGS] = {{"prompt", "a photo of the cat"},
                             {"negative", "the dog"},
                             {"guidance", "5"},
                             {"size", "48x32"},
                             {"steps", "8"},
                             {"threads", "2"},
                             {"model", in_folder(c->model)},
                             {"dump", in_folder("dump")}};
    int n = FLAGS;
    char out[600];
    snprintf(out, sizeof out, "%s", in_folder("out.png"));
    flags[n++] = (Flag){"out", out};
    for (const Flag *f = c->flags; f->name != NULL; f++)
        flags[n++] = *f;
    snprintf(golden, sizeof golden, "single/%s", c->golden);
    Golden g = golden_open(golden);
    assert_int_equal(chdir(in_folder(".")), 0);
    if (!paint_with(flags, &(StudioRun){0}, &err))
        fail_msg("%s: %s", c->golden, err.text);
    if (!is_rounded)
        assert_stages(&g);
    assert_picture(&g, 0, "out.png");
    golden_close(&g);
}

static void forget(const char *file)
{
    assert_int_equal(unlink(in_folder(file)), 0);
}

#define CONTROL(net)                                                                           \
    {"controlnet", net},                                                                       \
    {                                                                                          \
        "control", "raw=init.png:0.8"                                                          \
    }
#define LORAS                                                                                  \
    {"lora", "kohya.safetensors:0.7"},                                                         \
    {                                                                                          \
        "lora", "peft.safetensors:-0.4"                                                        \
    }
#define LORAS_XL                                                                               \
    {"lora", "kohyaxl.safetensors:0.8"},                                                       \
    {                                                                                          \
        "lora", "peftxl.safetensors:1.5"                                                       \
    }
#define INIT                                                                                   \
    {"init", "init.png"},                                                                      \
    {                                                                                          \
        "strength", "0.6"                                                                      \
    }

static void stable_diffusion_1_paints_from_one_file(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"sd1", "sd1.safetensors", {{0}}},
        {"sd1_init", "sd1.safetensors", {INIT}},
        {"sd1_control", "sd1.safetensors", {CONTROL("control.safetensors")}},
        {"sd1_control", "sd1.safetensors", {CONTROL("ours.safetensors")}},
        {"sd1_vae", "sd1.safetensors", {{"vae", "vae.safetensors"}}},
        {"sd1_loras", "wide.safetensors", {LORAS}},
        {"sd1", "sd1.ckpt", {{0}}},
    };
    make_file(&(Recipe){.file = "sd1.safetensors", .list = {"sd1", "vae"}, .model = "sd1"});
    make_file(
        &(Recipe){.file = "control.safetensors", .list = {"control"}, .model = "control"});
    make_file(&(Recipe){
        .file = "ours.safetensors", .list = {"control"}, .model = "control", .is_ours = true});
    make_file(&(Recipe){.file = "vae.safetensors",
                        .list = {"vae"},
                        .model = "other",
                        .cut = "first_stage_model."});
    make_file(&(Recipe){
        .file = "wide.safetensors", .list = {"sd1", "vae"}, .model = "sd1", .is_wide = true});
    make_ckpt("sd1.safetensors", "sd1.ckpt");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run(&cases[i], false);
    run(&(Case){"sd1_loras", "sd1.safetensors", {LORAS}}, true);
    forget("sd1.safetensors");
    forget("sd1.ckpt");
    forget("wide.safetensors");
}

static void an_inpainting_model_paints_from_one_file(void **state)
{
    (void)state;
    const Case c = {"inpaint",
                    "inpaint.safetensors",
                    {{"init", "init.png"}, {"mask", "mask.png"}, {"mask-blur", "0"}}};
    make_file(&(Recipe){.file = "inpaint.safetensors",
                        .list = {"sd1", "vae"},
                        .model = "inpaint",
                        .channels = 9});
    run(&c, false);
    forget("inpaint.safetensors");
}

static void stable_diffusion_2_paints_from_one_file(void **state)
{
    (void)state;
    static const Case cases[] = {{"sd2", "sd2.safetensors", {{0}}},
                                 {"sd2_init", "sd2.safetensors", {INIT}}};
    make_file(&(Recipe){.file = "sd2.safetensors", .list = {"sd2", "vae"}, .model = "sd2"});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run(&cases[i], false);
    forget("sd2.safetensors");
}

static void stable_diffusion_xl_paints_from_one_file(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"sdxl", "sdxl.safetensors", {{0}}},
        {"sdxl_init", "sdxl.safetensors", {INIT}},
        {"sdxl_control", "sdxl.safetensors", {CONTROL("ours.safetensors")}},
        {"sdxl_loras", "wide.safetensors", {LORAS_XL}},
    };
    make_file(&(Recipe){.file = "sdxl.safetensors", .list = {"sdxl", "vae"}, .model = "sdxl"});
    make_file(&(Recipe){
        .file = "wide.safetensors", .list = {"sdxl", "vae"}, .model = "sdxl", .is_wide = true});
    make_file(&(Recipe){.file = "ours.safetensors",
                        .list = {"controlxl"},
                        .model = "controlxl",
                        .is_ours = true});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run(&cases[i], false);
    run(&(Case){"sdxl_loras", "sdxl.safetensors", {LORAS_XL}}, true);
    forget("sdxl.safetensors");
    forget("wide.safetensors");
}

/* ---- what files do not say ------------------------------------------------------------- */

#define FAMILY(family)                                                                         \
    .file = "a.safetensors", .list = {family, "vae"}, .model = family, .words = 8
static const struct {
    Recipe recipe;
    const char *sampler;
    Prediction says;
    int side;
} families[] = {
    {{FAMILY("sd1")}, "pndm", PREDICTS_EPSILON, 512},
    {{FAMILY("sd2")}, "ddim", PREDICTS_V, 768},
    {{FAMILY("sd2"), .channels = 9}, "ddim", PREDICTS_EPSILON, 512},
    {{FAMILY("sdxl")}, "euler", PREDICTS_EPSILON, 1024},
};

static void what_a_file_does_not_say_is_as_in_the_published_models(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        Err err = {0};
        PaintRequest q = {0};
        PaintWork w = {.q = &q, .talk = &(StudioRun){0}};
        studio_defaults(&paint_studio, &q);
        q.model = in_folder("a.safetensors");
        q.init = "init.png";
        make_file(&families[i].recipe);
        if (!paint_begin(&w, &err) || !paint_open(&w, &err) || !paint_settle(&w, &err))
            fail_msg("%s", err.text);
        assert_string_equal(sampler_name(w.scheduler.sampler), families[i].sampler);
        assert_int_equal(w.scheduler.prediction_type, families[i].says);
        assert_int_equal(w.scheduler.timestep_spacing, SPACING_LEADING);
        assert_int_equal(w.scheduler.steps_offset, 1);
        assert_false(w.scheduler.set_alpha_to_one);
        assert_int_equal(w.width, families[i].side);
        assert_int_equal(w.height, families[i].side);
        paint_end(&w);
        forget("a.safetensors");
    }
}

static int set_up(void **state)
{
    (void)state;
    static const char *const loras[] = {"kohya", "peft", "kohyaxl", "peftxl"};
    folder_make();
    save_given();
    for (size_t i = 0; i < sizeof loras / sizeof *loras; i++) {
        char golden[96], name[64];
        snprintf(name, sizeof name, "%s.safetensors", loras[i]);
        snprintf(golden, sizeof golden, "single/%s", name);
        link_to(golden, name);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    models_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_file_does_not_say_is_as_in_the_published_models),
        cmocka_unit_test(stable_diffusion_1_paints_from_one_file),
        cmocka_unit_test(an_inpainting_model_paints_from_one_file),
        cmocka_unit_test(stable_diffusion_2_paints_from_one_file),
        cmocka_unit_test(stable_diffusion_xl_paints_from_one_file),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
