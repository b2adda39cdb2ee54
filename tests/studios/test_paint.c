/* SPDX-License-Identifier: MIT */
#include "paint_models.h"

#include "golden.h"
#include "base/file.h"
#include "media/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Whole pictures, from a model on disk to a file, beside diffusers' pipelines. */

enum { FLAGS = 16 };
typedef struct Case {
    const char *golden, *model;
    Flag flags[FLAGS]; /* over the usual ones */
    int pictures;
} Case;

static const Flag usual[] = {
    {"prompt", "a photo of the cat"}, {"size", "48x32"}, {"steps", "8"}, {"threads", "2"}};
enum { USUAL = sizeof usual / sizeof *usual };

#define NEGATIVE                                                                               \
    {                                                                                          \
        "negative", "the dog"                                                                  \
    }
/* Files that set_up makes. */
#define INIT                                                                                   \
    {                                                                                          \
        "init", "init.png"                                                                     \
    }
#define MASK                                                                                   \
    INIT, {"mask", "mask.png"},                                                                \
    {                                                                                          \
        "mask-blur", "0"                                                                       \
    }
#define CONTROL(net, word)                                                                     \
    {"controlnet", "sd1/" net},                                                                \
    {                                                                                          \
        "control", word                                                                        \
    }
#define GUESS                                                                                  \
    {                                                                                          \
        "guess", "true"                                                                        \
    }
#define GUIDED                                                                                 \
    {                                                                                          \
        "guidance", "5"                                                                        \
    }

static const Case cases[] = {
    {"sd1", "sd1", {NEGATIVE, GUIDED}, 1},
    {"sd1_skip", "sd1", {{"guidance", "1"}, {"clip-skip", "2"}}, 1},
    {"sd1_alone", "sd1", {NEGATIVE, {"guidance", "1"}}, 1},
    {"sd1_rescale", "sd1", {NEGATIVE, GUIDED, {"rescale", "0.7"}}, 1},
    {"sd1_ddim", "sd1", {NEGATIVE, GUIDED, {"sampler", "ddim"}}, 1},
    {"sd1_ddpm", "sd1", {NEGATIVE, GUIDED, {"sampler", "ddpm"}}, 1},
    {"sd1_pndm", "sd1", {NEGATIVE, GUIDED, {"sampler", "pndm"}}, 1},
    {"sd1_euler", "sd1", {NEGATIVE, GUIDED, {"sampler", "euler"}}, 1},
    {"sd1_euler_a", "sd1", {NEGATIVE, GUIDED, {"sampler", "euler_a"}}, 1},
    {"sd1_dpm++2m", "sd1", {NEGATIVE, GUIDED, {"sampler", "dpm++2m"}}, 1},
    {"sd1_dpm++2m_karras", "sd1", {NEGATIVE, GUIDED, {"sampler", "dpm++2m_karras"}}, 1},
    {"sd1_unipc", "sd1", {NEGATIVE, GUIDED, {"sampler", "unipc"}}, 1},
    {"sd1_lcm", "sd1", {NEGATIVE, GUIDED, {"sampler", "lcm"}}, 1},
    {"init_ddim", "sd1", {INIT, NEGATIVE, GUIDED, {"sampler", "ddim"}, {"strength", "0.6"}}, 1},
    {"init_euler_a",
     "sd1",
     {INIT, NEGATIVE, GUIDED, {"sampler", "euler_a"}, {"strength", "0.6"}},
     1},
    {"init_dpm++2m",
     "sd1",
     {INIT, NEGATIVE, GUIDED, {"sampler", "dpm++2m"}, {"strength", "0.6"}},
     1},
    {"mask_ddim", "sd1", {MASK, NEGATIVE, GUIDED, {"sampler", "ddim"}, {"strength", "0.6"}}, 1},
    {"mask_euler_a",
     "sd1",
     {MASK, NEGATIVE, GUIDED, {"sampler", "euler_a"}, {"strength", "0.6"}},
     1},
    {"mask_dpm++2m",
     "sd1",
     {MASK, NEGATIVE, GUIDED, {"sampler", "dpm++2m"}, {"strength", "0.6"}},
     1},
    {"mask_new", "sd1", {MASK, NEGATIVE, GUIDED, {"sampler", "dpm++2m"}}, 1},
    {"init_two",
     "sd1",
     {INIT, NEGATIVE, GUIDED, {"sampler", "dpm++2m"}, {"strength", "0.6"}, {"batch", "2"}},
     2},
#define MASKED(sampler)                                                                        \
    MASK, NEGATIVE, GUIDED, {"sampler", sampler},                                              \
    {                                                                                          \
        "strength", "0.6"                                                                      \
    }
    {"clean_ddim", "sd1", {MASKED("ddim"), {"keep", "clean"}}, 1},
    {"clean_euler_a", "sd1", {MASKED("euler_a"), {"keep", "clean"}}, 1},
    {"fill_bleed", "sd1", {MASKED("ddim"), {"fill", "bleed"}}, 1},
    {"fill_noise", "sd1", {MASKED("ddim"), {"fill", "noise"}}, 1},
    {"fill_zeros", "sd1", {MASKED("ddim"), {"fill", "zeros"}}, 1},
    {"distilled", "sd1", {GUIDED, {"unet", "sd1/distilled"}, {"sampler", "lcm"}}, 1},
    {"nine_new", "inpaint", {MASK, NEGATIVE, GUIDED, {"sampler", "euler_a"}}, 1},
    {"nine",
     "inpaint",
     {MASK, NEGATIVE, GUIDED, {"sampler", "euler_a"}, {"strength", "0.6"}},
     1},
    {"init_xl", "sdxl", {INIT, NEGATIVE, GUIDED, {"strength", "0.6"}}, 1},
    {"control",
     "sd1",
     {CONTROL("lines", "raw=init.png:0.8"), NEGATIVE, GUIDED, {"sampler", "ddim"}},
     1},
    {"control_part",
     "sd1",
     {CONTROL("lines", "raw=init.png:0.8:0.25-0.6"), NEGATIVE, GUIDED, {"sampler", "ddim"}},
     1},
    {"control_two",
     "sd1",
     {CONTROL("lines", "raw=init.png:0.8"),
      CONTROL("pose", "raw=mask.png:1.5"),
      NEGATIVE,
      GUIDED,
      {"sampler", "ddim"}},
     1},
    {"control_turns",
     "sd1",
     {CONTROL("lines", "raw=init.png:0.8:0-0.5"),
      CONTROL("pose", "raw=mask.png:1.5:0.5-1"),
      NEGATIVE,
      GUIDED,
      {"sampler", "ddim"}},
     1},
    {"control_guess",
     "sd1",
     {CONTROL("lines", "raw=init.png:0.8"), NEGATIVE, GUIDED, {"sampler", "ddim"}, GUESS},
     1},
    {"control_guess_alone",
     "sd1",
     {CONTROL("lines", "raw=init.png:0.8"), {"guidance", "1"}, {"sampler", "ddim"}, GUESS},
     1},
    {"control_guess_two",
     "sd1",
     {CONTROL("lines", "raw=init.png:0.8"),
      CONTROL("pose", "raw=mask.png:1.5"),
      NEGATIVE,
      GUIDED,
      {"sampler", "ddim"},
      GUESS},
     1},
    {"lora",
     "sd1",
     {{"lora", "changes.safetensors:0.7"}, NEGATIVE, GUIDED, {"sampler", "ddim"}},
     1},
    {"sd2", "sd2", {NEGATIVE, GUIDED}, 1},
    {"init_sd2", "sd2", {INIT, NEGATIVE, GUIDED, {"strength", "0.6"}}, 1},
    {"sdxl", "sdxl", {NEGATIVE, GUIDED}, 1},
    {"sdxl_zeros", "sdxl", {GUIDED}, 1},
    {"sdxl_two", "sdxl", {NEGATIVE, GUIDED, {"batch", "2"}}, 2},
    {"sdxl_skip", "sdxl", {{"guidance", "1"}, {"clip-skip", "2"}}, 1},
};
enum { CASES = sizeof cases / sizeof *cases };

/* ---- the tests ------------------------------------------------------------------------- */

/* Files of cases lie in the folder: "init.png", "raw=init.png:0.8". */
static const char *in_place(Flag f)
{
    static const char *const files[] = {"init",      "mask", "controlnet", "lora",
                                        "embedding", "from", "unet",       NULL};
    static char word[4][600];
    static int next;
    for (const char *const *name = files; *name != NULL; name++)
        if (strcmp(*name, f.name) == 0)
            return in_folder(f.value);
    const char *equal = strchr(f.value, '=');
    if (strcmp(f.name, "control") != 0 || equal == NULL)
        return f.value;
    char *to = word[next++ % 4];
    snprintf(to, sizeof word[0], "%.*s%s", (int)(equal + 1 - f.value), f.value,
             in_folder(equal + 1));
    return to;
}

/* The usual flags, the case's, and these; ended by an empty one. */
static void flags_of(Flag *to, const Case *c, const Flag *more)
{
    int n = 0;
    const Flag own[] = {{"model", in_folder(c->model)},
                        {"dump", in_folder("dump")},
                        {"out", in_folder("out.png")}};
    for (int i = 0; i < USUAL; i++)
        to[n++] = usual[i];
    for (int i = 0; i < 3; i++)
        to[n++] = own[i];
    for (const Flag *f = c->flags; f->name != NULL; f++)
        to[n++] = *f;
    for (; more != NULL && more->name != NULL; more++)
        to[n++] = *more;
    for (int i = 0; i < n; i++)
        to[i].value = in_place(to[i]);
    to[n] = (Flag){0};
}

static void run_case(const Case *c, const Flag *more)
{
    Err err = {0};
    Flag flags[3 * FLAGS];
    char golden[64];
    snprintf(golden, sizeof golden, "paint/%s", c->golden);
    Golden g = golden_open(golden);
    flags_of(flags, c, more);
    if (!paint_with(flags, &(StudioRun){0}, &err))
        fail_msg("%s: %s", c->golden, err.text);
    assert_stages(&g);
    for (int i = 0; i < c->pictures; i++)
        assert_picture(&g, i,
                       c->pictures == 1 ? "out.png"
                       : i == 0         ? "out-1.png"
                                        : "out-2.png");
    golden_close(&g);
}

static void pictures_equal_those_of_diffusers(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++)
        run_case(&cases[i], NULL);
}

static void every_table_of_kernels_gives_the_picture(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++)
        run_case(&cases[0], (const Flag[]){{"kernels", *t}, {0}});
}

static void given_noise_replaces_the_seeds(void **state)
{
    (void)state;
    const char *golden = golden_path("paint/sd1.safetensors");
    run_case(&cases[0], (const Flag[]){{"noise", golden}, {"seed", "7"}, {0}});
    xfree((void *)(uintptr_t)golden);
}

/* ---- refusals -------------------------------------------------------------------------- */

static const struct {
    Flag flag[3];
    const char *model, *says;
} bad[] = {
    {{{"steps", "0"}}, "sd1", "--steps is 0; it must be 1 to 1000"},
    {{{"size", "60x32"}}, "sd1", "--size is 60x32; both must be multiples of 8, as 64x32"},
    {{{"size", "8x8"}}, "sd1", "--size is 8x8; this model needs 16x16 at least"},
    {{{"size", "100000x64"}},
     "sd1",
     "--size is 100000x64; it must be WIDTHxHEIGHT, as in 512x512, both 8 to 4096"},
    {{{"clip-skip", "4"}}, "sd1", "--clip-skip leaves out all 3 layers of the text encoder"},
    {{{"steps", "1000"}, {"sampler", "lcm"}}, "sd1", "steps"},
    {{{"mask", "mask.png"}},
     "sd1",
     "--mask says what to do with a picture: give it with --init"},
    {{{"strength", "0.5"}}, "sd1", "--strength says what to do with a picture"},
    {{{"init", "small.png"}, {"mask", "mask.png"}},
     "sd1",
     "--mask is 48x32, --init is 8x8; they must be alike"},
    {{{"init", "small.png"}, {"outpaint", "all"}}, "sd1", "--outpaint is 'all'; it must be"},
    {{{"init", "small.png"}, {"only-masked", "true"}}, "sd1", "--only-masked needs a --mask"},
    {{CONTROL("lines", "raw")},
     "sd1",
     "--control is 'raw'; it must be raw, canny, scribble or"},
    {{CONTROL("lines", "raw=init.png:0.8:0.9-0.2")}, "sd1", "--control is 'raw="},
    {{{"guess", "true"}}, "sd1", "--guess is for ControlNets: name one with --controlnet"},
    {{{"controlnet", "sd1/lines"}}, "sd1", "each --controlnet needs its --control"},
    {{CONTROL("lines", "raw=init.png")}, "sdxl", "kind of model"},
    {{CONTROL("unet", "raw=init.png")}, "sd1", "holds no ControlNet"},
    {{{"lora", "changes.safetensors"}}, "sdxl", "changes.safetensors"},
    {{{"embedding", "changes.safetensors"}}, "sd1", "changes.safetensors"},
    {{{"out", "picture.bmp"}}, "sd1", "'picture.bmp' names no kind of picture that is written"},
    {{{"from", "init.png"}}, "sd1", "does not say what it was made of"},
    {{{"vae", "nowhere"}}, "sd1", "cannot open 'nowhere'"},
    {{{0}}, "inpaint", "is for inpainting: give it a picture with --init, and a --mask"},
    {{{0}}, "sd1/vae", "is no model for painting"},
};

static void what_cannot_be_is_refused_in_a_sentence(void **state)
{
    (void)state;
    Err none = {0};
    static unsigned char pixels[8 * 8 * 3];
    assert_true(image_save(tensor_over(pixels, TENSOR_U8, SHAPE(8, 8, 3)),
                           in_folder("small.png"), NULL, 0, &none));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err err = {0};
        Flag flags[3 * FLAGS];
        Case c = {.model = bad[i].model};
        memcpy(c.flags, bad[i].flag, sizeof bad[i].flag);
        flags_of(flags, &c, NULL);
        if (paint_with(flags, &(StudioRun){0}, &err))
            fail_msg("paints, but should say '%s'", bad[i].says);
        if (strstr(err.text, bad[i].says) == NULL)
            fail_msg("says '%s', not '%s'", err.text, bad[i].says);
    }
}

/* "cat" as a word learnt from pictures: the rows of its two tokens. */
static void save_cat(void)
{
    enum { FIRST = 66, SECOND = 536, WIDTH = 32 };
    Err err = {0};
    float rows[2][WIDTH];
    const char *name = "<toy>";
    Weights *w = weights_open(in_folder("sd1/text_encoder"), &err);
    assert_non_null(w);
    Tensor all = weights_find(w, "text_model.embeddings.token_embedding.weight");
    memcpy(rows[0], tensor_rows(all, FIRST, 1).data, sizeof rows[0]);
    memcpy(rows[1], tensor_rows(all, SECOND, 1).data, sizeof rows[1]);
    Tensor t = tensor_over(rows, TENSOR_F32, SHAPE(2, WIDTH));
    assert_true(
        weights_save_safetensors(in_folder("toy.safetensors"), &name, &t, 1, NULL, &err));
    weights_close(w);
}

static void a_word_learnt_from_pictures_stands_for_its_vectors(void **state)
{
    (void)state;
    save_cat();
    run_case(&cases[0], (const Flag[]){{"prompt", "a photo of the <toy>"},
                                       {"embedding", "toy.safetensors"},
                                       {0}});
}

static int set_up(void **state)
{
    (void)state;
    models_make();
    save_given();
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
        cmocka_unit_test(pictures_equal_those_of_diffusers),
        cmocka_unit_test(every_table_of_kernels_gives_the_picture),
        cmocka_unit_test(given_noise_replaces_the_seeds),
        cmocka_unit_test(a_word_learnt_from_pictures_stands_for_its_vectors),
        cmocka_unit_test(what_cannot_be_is_refused_in_a_sentence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
