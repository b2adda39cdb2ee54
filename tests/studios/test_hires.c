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

/* What is done to pictures once they are nearly there: a second, larger pass, other decoders,
 * looks on the way; and batches.  Models and tolerances as in test_paint.c. */

enum { FLAGS = 24 };

/* Files lie in the folder: "init.png", "raw=init.png:0.8". */
static const char *in_place(Flag f)
{
    static const char *const files[] = {"init",        "controlnet", "taesd",        "upscale",
                                        "hires-model", "from",       "preview-file", "out",
                                        "model",       NULL};
    static char word[600];
    for (const char *const *name = files; *name != NULL; name++)
        if (strcmp(*name, f.name) == 0)
            return in_folder(f.value);
    if (strcmp(f.name, "control") != 0)
        return f.value;
    const char *equal = strchr(f.value, '=');
    snprintf(word, sizeof word, "%.*s%s", (int)(equal + 1 - f.value), f.value,
             in_folder(equal + 1));
    return word;
}

/* The usual flags of the goldens, then these, which may say otherwise; ended by an empty one.
 */
static bool painted(const char *model, const Flag *more, const StudioRun *talk, Err *err)
{
    Flag flags[FLAGS] = {{"prompt", "a photo of the cat"},
                         {"negative", "the dog"},
                         {"guidance", "5"},
                         {"size", "48x32"},
                         {"steps", "8"},
                         {"threads", "2"},
                         {"model", model},
                         {"out", "out.png"}};
    int n = 8;
    while (more->name != NULL)
        flags[n++] = *more++;
    for (int i = 0; i < n; i++)
        flags[i].value = in_place(flags[i]);
    return paint_with(flags, talk, err);
}

static void paint(const char *model, const Flag *more, const StudioRun *talk)
{
    Err err = {0};
    if (!painted(model, more, talk, &err))
        fail_msg("%s", err.text);
}

static Image loaded(Arena *a, const char *name)
{
    Err err = {0};
    Image im = image_load(a, in_folder(name), &err);
    if (tensor_is_empty(im))
        fail_msg("%s", err.text);
    return im;
}

/* ---- beside diffusers ------------------------------------------------------------------ */

static void a_second_pass_equals_that_of_diffusers(void **state)
{
    (void)state;
    const struct {
        const char *golden, *model;
        Flag flags[6];
        int pictures;
    } cases[] = {
        {"hires", "sd1", {{"sampler", "ddim"}, {"hires", "2x"}}, 1},
        {"hires_two",
         "sd1",
         {{"sampler", "ddim"}, {"hires", "1.5x"}, {"hires-strength", "0.5"}, {"batch", "2"}},
         2},
        {"hires_lanczos",
         "sd1",
         {{"sampler", "dpm++2m"},
          {"hires", "1.5"},
          {"hires-by", "lanczos"},
          {"hires-steps", "5"}},
         1},
        {"hires_nearest",
         "sd1",
         {{"sampler", "euler_a"}, {"hires", "2x"}, {"hires-by", "latent-nearest"}},
         1},
        {"hires_control",
         "sd1",
         {{"sampler", "ddim"},
          {"hires", "1.5x"},
          {"controlnet", "sd1/lines"},
          {"control", "raw=init.png:0.8"}},
         1},
        {"hires_xl", "sdxl", {{"hires", "1.5x"}, {"hires-strength", "0.6"}}, 1},
        {"sd1_taesd",
         "sd1",
         {{"sampler", "ddim"}, {"decoder", "taesd"}, {"taesd", "sd1/taesd"}},
         1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char golden[64];
        snprintf(golden, sizeof golden, "paint/%s", cases[i].golden);
        Golden g = golden_open(golden);
        paint(cases[i].model, cases[i].flags, &(StudioRun){0});
        for (int k = 0; k < cases[i].pictures; k++)
            assert_picture(&g, k,
                           cases[i].pictures == 1 ? "out.png"
                           : k == 0               ? "out-1.png"
                                                  : "out-2.png");
        golden_close(&g);
    }
}

/* ---- larger ---------------------------------------------------------------------------- */

/* The compact network of tests/golden/upscale, four times larger. */
static void save_upscaler(const char *name)
{
    Arena a;
    Err err = {0};
    Golden g = golden_open("upscale/compact4");
    assert_true(arena_init(&a, 0, &err));
    Weights *w = named_weights(&a, "upscale/compact4.keys",
                               js_string(js_get(g.config, "prefix"), ""), NULL);
    save_all(w, in_folder(name));
    weights_close(w);
    arena_release(&a);
    golden_close(&g);
}

static void pictures_are_made_larger_in_the_end(void **state)
{
    (void)state;
    Arena a;
    Err err = {0};
    char *text = NULL;
    save_upscaler("compact.safetensors");
    const Flag flags[] = {{"upscale", "compact.safetensors"}, {"steps", "2"}, {0}};
    paint("sd1", flags, &(StudioRun){0});
    assert_true(arena_init(&a, 0, &err));
    Image im = loaded(&a, "out.png");
    assert_int_equal(image_width(im), 4 * 48);
    assert_int_equal(image_height(im), 4 * 32);
    assert_true(image_text(&text, in_folder("out.png"), "parameters", &a, &err));
    assert_non_null(strstr(text, "Size: 48x32"));
    assert_non_null(strstr(text, "Postprocess upscaler: compact"));
    arena_release(&a);
}

static void an_upscaler_may_stand_between_the_passes(void **state)
{
    (void)state;
    Arena a;
    Err err = {0};
    char *text = NULL;
    save_upscaler("compact.safetensors");
    const Flag flags[] = {{"hires", "1.5x"},
                          {"hires-model", "compact.safetensors"},
                          {"hires-steps", "2"},
                          {"steps", "3"},
                          {0}};
    paint("sd1", flags, &(StudioRun){0});
    assert_true(arena_init(&a, 0, &err));
    Image im = loaded(&a, "out.png");
    assert_int_equal(image_width(im), 72);
    assert_int_equal(image_height(im), 48);
    assert_true(image_text(&text, in_folder("out.png"), "parameters", &a, &err));
    assert_non_null(strstr(text, "Size: 48x32"));
    assert_non_null(strstr(text, "Denoising strength: 0.5, Hires upscale: 1.5, Hires steps: 2, "
                                 "Hires upscaler: compact"));
    arena_release(&a);
}

static void assert_same_pixels(const char *one, const char *other)
{
    Arena a;
    Err err = {0};
    assert_true(arena_init(&a, 0, &err));
    Image x = loaded(&a, one), y = loaded(&a, other);
    assert_true(shape_equal(tensor_shape(x), tensor_shape(y)));
    if (memcmp(x.data, y.data, tensor_bytes(x)) != 0)
        fail_msg("%s and %s are not alike", one, other);
    arena_release(&a);
}

static void a_larger_picture_is_made_again(void **state)
{
    (void)state;
    Err err = {0};
    static unsigned char pixel[3];
    const Flag how[] = {{"hires", "1.5x"},
                        {"hires-steps", "3"},
                        {"hires-strength", "0.6"},
                        {"sampler", "ddim"},
                        {"steps", "4"},
                        {"hires-by", "latent-nearest"},
                        {0}};
    paint("sd1", how, &(StudioRun){0});
    const Flag again[] = {{"from", in_folder("out.png")}, {"out", in_folder("again.png")}, {0}};
    if (!paint_with(again, &(StudioRun){0}, &err))
        fail_msg("%s", err.text);
    assert_same_pixels("out.png", "again.png");
    const ImageText said = {
        "parameters", "a photo of the cat\nNegative prompt: the dog\nSteps: 4, Sampler: DDIM, "
                      "CFG scale: 5, Seed: 42, Size: 48x32, Denoising strength: 0.6, RNG: CPU, "
                      "Hires upscale: 1.5, Hires steps: 3, Hires upscaler: Latent (nearest)"};
    assert_true(image_save(tensor_over(pixel, TENSOR_U8, SHAPE(1, 1, 3)),
                           in_folder("theirs.png"), &said, 1, &err));
    const Flag theirs[] = {{"from", in_folder("theirs.png")},
                           {"model", in_folder("sd1")},
                           {"out", in_folder("again.png")},
                           {0}};
    if (!paint_with(theirs, &(StudioRun){0}, &err))
        fail_msg("%s", err.text);
    assert_same_pixels("out.png", "again.png");
}

/* ---- looks on the way ------------------------------------------------------------------ */

typedef struct Seen {
    int done[32], of, count;
    int width, height;
    unsigned char last[48 * 32 * 4];
    int files;        /* times that progress saw the file */
    const char *file; /* of previews */
} Seen;

static void see(void *user, const StudioPreview *p)
{
    Seen *s = user;
    s->done[s->count++] = p->done;
    s->of = p->of;
    s->width = p->width;
    s->height = p->height;
    if (p->width == 48 && p->height == 32)
        memcpy(s->last, p->rgba, sizeof s->last);
}

static void look_for_file(void *user, const char *stage, int64_t done, int64_t of)
{
    Seen *s = user;
    (void)of;
    if (strcmp(stage, "painting") == 0 && done > 0)
        s->files += file_exists(s->file);
}

static void previews_come_after_each_step(void **state)
{
    (void)state;
    Seen s = {0};
    paint("sd1", (const Flag[]){{"preview", "true"}, {0}},
          &(StudioRun){.user = &s, .preview = see});
    assert_int_equal(s.count, 9); /* pndm asks once more than it has steps */
    assert_int_equal(s.of, 9);
    assert_int_equal(s.width, 48);
    assert_int_equal(s.height, 32);
    s = (Seen){0};
    paint("sd1",
          (const Flag[]){{"preview", "true"},
                         {"preview-every", "3"},
                         {"sampler", "ddim"},
                         {"batch", "3"},
                         {0}},
          &(StudioRun){.user = &s, .preview = see});
    assert_int_equal(s.count, 3);
    assert_int_equal(s.done[0], 3);
    assert_int_equal(s.done[1], 6);
    assert_int_equal(s.done[2], 8);
    assert_int_equal(s.width, 2 * 48); /* three pictures, in two rows */
    assert_int_equal(s.height, 2 * 32);
}

/* Euler's last step ends at no noise: what it was to become is what it has become. */
static void the_last_preview_is_the_picture(void **state)
{
    (void)state;
    Arena a;
    Err err = {0};
    static const char *const decoders[] = {"taesd", "linear"};
    for (int i = 0; i < 2; i++) {
        Seen s = {0};
        const Flag flags[] = {{"preview", "true"},
                              {"sampler", "euler"},
                              {"decoder", decoders[i]},
                              {i == 0 ? "taesd" : "seed", i == 0 ? "sd1/taesd" : "42"},
                              {0}};
        paint("sd1", flags, &(StudioRun){.user = &s, .preview = see});
        assert_true(arena_init(&a, 0, &err));
        Image im = loaded(&a, "out.png");
        const unsigned char *is = im.data;
        for (int k = 0; k < 48 * 32 * 3; k++)
            if (abs(s.last[k / 3 * 4 + k % 3] - is[k]) > 1) /* f32 on another way */
                fail_msg("%s: number %d is %d in the preview, %d in the picture", decoders[i],
                         k, s.last[k / 3 * 4 + k % 3], is[k]);
        arena_release(&a);
    }
}

static void previews_lie_beside_the_picture_until_it_is_done(void **state)
{
    (void)state;
    Err err = {0};
    atomic_bool cancel = false;
    char file[512];
    snprintf(file, sizeof file, "%s", in_folder("out.preview.png"));
    Seen s = {.file = file};
    StudioRun talk = {.user = &s, .progress = look_for_file, .cancel = &cancel};
    paint("sd1", (const Flag[]){{"preview", "true"}, {"sampler", "ddim"}, {0}}, &talk);
    assert_int_equal(s.files, 8);
    assert_false(file_exists(file));
    atomic_store(&cancel, true);
    assert_false(painted("sd1", (const Flag[]){{"preview", "true"}, {0}}, &talk, &err));
    assert_false(file_exists(file));
    atomic_store(&cancel, false);
    const Flag named[] = {{"preview-file", "look.png"}, {"steps", "2"}, {0}};
    paint("sd1", named, &talk);
    assert_true(file_exists(in_folder("look.png")));
    assert_false(file_exists(file));
}

/* ---- batches --------------------------------------------------------------------------- */

static void count_encodings(void *user, const char *line)
{
    int *count = user;
    *count += strncmp(line, "encode the prompts", 18) == 0;
}

static void assert_same_file(const char *one, const char *other)
{
    Err err = {0};
    unsigned char *x, *y;
    size_t n, m;
    const size_t most = 1 << 20;
    assert_true(file_read(&x, &n, in_folder(one), most, &err));
    assert_true(file_read(&y, &m, in_folder(other), most, &err));
    if (n != m || memcmp(x, y, n) != 0)
        fail_msg("%s and %s are not alike", one, other);
    xfree(x);
    xfree(y);
}

/* Bytes of files, so what they say of themselves, too. */
static void pictures_of_a_batch_are_those_of_their_own_seeds(void **state)
{
    (void)state;
    static const Flag ways[][3] = {
        {{"sampler", "ddim"}},
        {{"sampler", "euler_a"}}, /* draws in each step */
        {{"sampler", "ddim"}, {"rng", "cuda"}},
        {{"sampler", "euler_a"}, {"hires", "1.5x"}},
        {{"sampler", "euler_a"}, {"hires", "1.5x"}, {"hires-by", "lanczos"}},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        int encodings = 0;
        Flag flags[6] = {{"steps", "3"}};
        memcpy(flags + 1, ways[i], sizeof ways[i]);
        int n = 1;
        while (flags[n].name != NULL)
            n++;
        flags[n] = (Flag){"batch", "3"};
        paint("sd1", flags, &(StudioRun){.user = &encodings, .detail = count_encodings});
        assert_int_equal(encodings, 1);
        flags[n] = (Flag){"seed", "44"};
        paint("sd1", flags, &(StudioRun){0});
        assert_same_file("out.png", "out-3.png");
    }
}

/* ---- refusals -------------------------------------------------------------------------- */

static void what_cannot_be_is_refused_in_a_sentence(void **state)
{
    (void)state;
    const struct {
        Flag flag[3];
        const char *says;
    } bad[] = {
        {{{"hires", "1x"}}, "--hires is '1x'; it must be how many times larger, as 2x"},
        {{{"hires", "2x2"}}, "--hires is '2x2'"},
        {{{"hires", "nan"}}, "--hires is 'nan'"},
        {{{"hires", "4x"}, {"size", "2048x32"}}, "is 8192x128; at most 4096x4096 are painted"},
        {{{"hires", "2x"}, {"init", "init.png"}}, "--hires goes over a picture that"},
        {{{"hires-steps", "3"}}, "--hires-steps is for a second, larger pass: ask for that"},
        {{{"hires-strength", "0.3"}}, "--hires-strength is for a second"},
        {{{"hires", "2x"}, {"hires-steps", "0"}}, "--hires-steps is 0; it must be 1 to 1000"},
        {{{"upscale", "init.png"}}, "init.png"},
        {{{"upscale", "sd1/vae"}}, "holds no upscaler that is known"},
        {{{"decoder", "taesd"}}, "--decoder taesd needs its weights: --taesd FILE"},
        {{{"taesd", "sd1/taesd"}}, "--taesd is for --preview, or for the picture"},
        {{{"taesd", "sd1/vae"}, {"preview", "true"}}, "holds no decoder of TAESD"},
        {{{"preview-file", "nowhere/look.png"}}, "nowhere/look.png"},
        {{{"preview-file", "look.jpg"}}, "look.jpg'; previews are PNG"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err err = {0};
        Flag flags[4] = {{"steps", "1"}};
        memcpy(flags + 1, bad[i].flag, sizeof bad[i].flag);
        if (painted("sd1", flags, &(StudioRun){0}, &err))
            fail_msg("paints, but should say '%s'", bad[i].says);
        if (strstr(err.text, bad[i].says) == NULL)
            fail_msg("says '%s', not '%s'", err.text, bad[i].says);
    }
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
        cmocka_unit_test(a_second_pass_equals_that_of_diffusers),
        cmocka_unit_test(pictures_are_made_larger_in_the_end),
        cmocka_unit_test(an_upscaler_may_stand_between_the_passes),
        cmocka_unit_test(a_larger_picture_is_made_again),
        cmocka_unit_test(previews_come_after_each_step),
        cmocka_unit_test(the_last_preview_is_the_picture),
        cmocka_unit_test(previews_lie_beside_the_picture_until_it_is_done),
        cmocka_unit_test(pictures_of_a_batch_are_those_of_their_own_seeds),
        cmocka_unit_test(what_cannot_be_is_refused_in_a_sentence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
