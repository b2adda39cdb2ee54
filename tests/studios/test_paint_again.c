/* SPDX-License-Identifier: MIT */
#include "paint_models.h"

#include "golden.h"
#include "base/file.h"
#include "media/still.h"
#include "studios/paint.h"
#include "studios/paint/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Pictures say what they were made of, to us and to others, and are made again from that.  The
 * tests are in the folder of the models, so that files are called by their names. */

typedef struct Heard {
    int warned;
    char warning[400]; /* the last */
} Heard;

static void hear_warning(void *user, const char *line)
{
    Heard *h = user;
    h->warned++;
    snprintf(h->warning, sizeof h->warning, "%s", line);
}

enum { FLAGS = 16 };
#define FLAG_LIST(...) ((const Flag[]){__VA_ARGS__, {0}})

static void painted(const Flag *flags, Heard *heard)
{
    Err err = {0};
    Heard h = {0};
    if (!paint_with(flags, &(StudioRun){.user = &h, .warn = hear_warning}, &err))
        fail_msg("%s", err.text);
    if (heard != NULL)
        *heard = h;
}

static void assert_same_file(const char *one, const char *other)
{
    FileMap a, b;
    Err err = {0};
    assert_true(file_map(&a, one, &err) && file_map(&b, other, &err));
    if (a.size != b.size || memcmp(a.data, b.data, a.size) != 0)
        fail_msg("'%s' and '%s' differ", one, other);
    file_unmap(&a);
    file_unmap(&b);
}

/* ---- our own ----------------------------------------------------------------------------- */

/* One step is enough: what is not told shows. */
static const Flag ways[][FLAGS] = {
    {{"model", "sd1"}, {"negative", "the dog"}, {"sampler", "euler_a"}, {"clip-skip", "2"}},
    {{"model", "sd1"}, {"rng", "cuda"}, {"guidance", "3.25"}, {"rescale", "0.7"}},
    {{"model", "sd1"},
     {"lora", "changes.safetensors:0.7"},
     {"sampler", "dpm++2m_karras"},
     {"spacing", "trailing"},
     {"prediction", "v_prediction"}},
    {{"model", "sd1"},
     {"init", "init.png"},
     {"mask", "mask.png"},
     {"strength", "0.9"},
     {"mask-blur", "0"},
     {"fill", "noise"},
     {"only-masked", "true"},
     {"padding", "0"},
     {"keep", "clean"}},
    {{"model", "inpaint"}, {"init", "init.png"}, {"outpaint", "9,0,4,1"}},
    {{"model", "sd1"}, {"controlnet", "sd1/lines"}, {"control", "raw=init.png:0.8:0-0.9"}},
    {{"model", "sdxl"}},
    {{"model", "sdxl"}, {"batch", "2"}, {"seed", "4294967294"}},
};

static void made_again(const Flag *way, const char *end)
{
    char out[32], first[32], again[32];
    bool is_two = false;
    Flag flags[FLAGS + 8] = {{"prompt", "a photo of the cat, \"\xc3\xa4\": \xe7\x8c\xab"},
                             {"size", "32x16"},
                             {"steps", "2"},
                             {"threads", "1"},
                             {"out", out}};
    for (int i = 0; way[i].name != NULL; i++) {
        flags[5 + i] = way[i];
        is_two = is_two || strcmp(way[i].name, "batch") == 0;
    }
    snprintf(out, sizeof out, "out.%s", end);
    snprintf(first, sizeof first, is_two ? "out-2.%s" : "out.%s", end);
    snprintf(again, sizeof again, "again.%s", end);
    painted(flags, NULL);
    painted(FLAG_LIST({"from", first}, {"out", again}), NULL);
    assert_same_file(first, again);
}

static void a_picture_is_made_again_byte_for_byte(void **state)
{
    (void)state;
    static const char *const ends[] = {"png", "jpg", "webp"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        made_again(ways[i], ends[i % 3]);
    for (int i = 1; i < 3; i++)
        made_again(ways[0], ends[i]);
}

static void a_picture_of_one_kind_is_made_again_as_another(void **state)
{
    (void)state;
    painted(FLAG_LIST({"prompt", "a cat"}, {"model", "sd1"}, {"size", "32x16"}, {"steps", "1"},
                      {"out", "one.webp"}),
            NULL);
    painted(FLAG_LIST({"from", "one.webp"}, {"out", "two.png"}), NULL);
    painted(FLAG_LIST({"from", "two.png"}, {"out", "three.jpg"}), NULL);
    painted(FLAG_LIST({"from", "three.jpg"}, {"out", "four.webp"}), NULL);
    assert_same_file("one.webp", "four.webp");
    painted(FLAG_LIST({"from", "three.jpg"}, {"seed", "7"}, {"out", "other.webp"}), NULL);
    FileMap a, b;
    Err err = {0};
    assert_true(file_map(&a, "one.webp", &err) && file_map(&b, "other.webp", &err));
    assert_true(a.size != b.size || memcmp(a.data, b.data, a.size) != 0);
    file_unmap(&a);
    file_unmap(&b);
}

/* ---- the web UI's ------------------------------------------------------------------------ */

static void save_theirs(const char *path, const char *text)
{
    static unsigned char pixel[3];
    Arena a;
    Err err = {0};
    const ImageText said = {"parameters", text};
    const StillOptions options = {90, &said, 1};
    assert_true(arena_init(&a, 0, &err));
    assert_true(
        still_save(tensor_over(pixel, TENSOR_U8, SHAPE(1, 1, 3)), path, options, &a, &err));
    arena_release(&a);
}

/* What they say on the left is what our flags on the right say. */
static const struct {
    const char *path, *text;
    Flag flags[FLAGS];
    const char *warning; /* part of it; NULL: none */
} theirs[] = {
    {"theirs.png",
     "a photo of the cat\nNegative prompt: the dog\nSteps: 2, Sampler: PLMS, CFG scale: 5, "
     "Seed: 3, Size: 32x16, Model hash: 6ce0161689, Model: \"a, b: c\", RNG: CPU, Version: "
     "v1.10.1",
     {{"prompt", "a photo of the cat"},
      {"negative", "the dog"},
      {"sampler", "pndm"},
      {"guidance", "5"},
      {"seed", "3"}},
     NULL},
    {"theirs.jpg",
     "cat,\nphoto\nSteps: 2, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: "
     "9, Size: 32x16, Clip skip: 2",
     {{"prompt", "cat,\nphoto"},
      {"sampler", "dpm++2m_karras"},
      {"guidance", "6.5"},
      {"seed", "9"},
      {"clip-skip", "2"},
      {"rng", "cuda"}},
     NULL},
    {"theirs.webp",
     "cat <lora:changes:0.7>photo\nSteps: 2, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: "
     "9, "
     "Size: 32x16, Denoising strength: 0.4, RNG: NV, Template: cat "
     "{photo|drawing}\n\nTemplate: "
     "cat",
     {{"prompt", "cat photo"},
      {"sampler", "dpm++2m_karras"},
      {"guidance", "6.5"},
      {"seed", "9"},
      {"rng", "cuda"}},
     "it was made with 'lora:changes:0.7': give that file with --lora"},
    {"theirs.png",
     "a cat\nSteps: 2, Sampler: DPM++ 3M SDE, CFG scale: 7.5, Seed: 1, Size: 32x16, RNG: CPU",
     {{"prompt", "a cat"}, {"seed", "1"}},
     "its sampler 'DPM++ 3M SDE' is not known here"},
};

static void pictures_of_the_web_ui_are_made_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        Heard h;
        Arena a;
        Err err = {0};
        Flag flags[FLAGS + 8] = {
            {"model", "sd1"}, {"size", "32x16"}, {"steps", "2"}, {"out", "ours.png"}};
        memcpy(flags + 4, theirs[i].flags, sizeof theirs[i].flags);
        save_theirs(theirs[i].path, theirs[i].text);
        painted(flags, NULL);
        painted(FLAG_LIST({"from", theirs[i].path}, {"model", "sd1"}, {"out", "again.png"}),
                &h);
        assert_int_equal(h.warned, theirs[i].warning != NULL);
        if (h.warned > 0 && strstr(h.warning, theirs[i].warning) == NULL)
            fail_msg("warns '%s'", h.warning);
        assert_true(arena_init(&a, 0, &err));
        Image one = image_load(&a, "ours.png", &err), other = image_load(&a, "again.png", &err);
        assert_int_equal(tensor_bytes(one), tensor_bytes(other));
        assert_memory_equal(one.data, other.data, tensor_bytes(one));
        arena_release(&a);
    }
}

static void refused(const Flag *flags, const char *says)
{
    Err err = {0};
    assert_false(paint_with(flags, &(StudioRun){0}, &err));
    if (strstr(err.text, says) == NULL)
        fail_msg("says '%s', not '%s'", err.text, says);
}

static void what_a_picture_does_not_say_is_asked_for(void **state)
{
    (void)state;
    save_theirs("theirs.png", theirs[0].text);
    refused(FLAG_LIST({"from", "theirs.png"}),
            "--from 'theirs.png': it was made with the model 'a, b: c', hash 6ce0161689: give "
            "its file with --model");
    save_theirs("other.png", "{\"prompt\": \"a cat\"}");
    refused(FLAG_LIST({"from", "other.png"}), "its text is not as the web UI writes it");
    refused(FLAG_LIST({"from", "init.png"}), "does not say what it was made of");
}

/* ---- what others read -------------------------------------------------------------------- */

/* The first digits of a file's SHA-256 past `from`, by who is not us. */
static const char *digits(const char *path, size_t from, int count)
{
    static char hex[4][65];
    static int next;
    char command[600], *to = hex[next++ % 4];
    snprintf(command, sizeof command, "tail -c +%zu '%s' | sha256sum", from + 1, path);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_int_equal(fread(to, 1, 64, f), 64);
    pclose(f);
    to[count] = '\0';
    return to;
}

static size_t header_of(const char *path)
{
    FileMap m;
    Err err = {0};
    uint64_t n = 0;
    assert_true(file_map(&m, path, &err));
    for (int i = 0; i < 8; i++)
        n |= (uint64_t)m.data[i] << 8 * i;
    file_unmap(&m);
    return (size_t)n + 8;
}

static void assert_says(const char *path, const char *expected)
{
    Arena a;
    Err err = {0};
    char *text = NULL;
    assert_true(arena_init(&a, 0, &err));
    assert_true(image_text(&text, path, "parameters", &a, &err));
    assert_non_null(text);
    assert_string_equal(text, expected);
    arena_release(&a);
}

static void pictures_say_what_they_were_made_of_as_the_web_ui_does(void **state)
{
    (void)state;
    painted(FLAG_LIST({"prompt", "a photo of the cat"}, {"negative", "the dog"},
                      {"model", "sd1"}, {"guidance", "5"}, {"size", "48x32"}, {"steps", "2"},
                      {"out", "says.png"}),
            NULL);
    assert_says("says.png",
                "a photo of the cat\nNegative prompt: the dog\nSteps: 2, Sampler: PLMS, CFG "
                "scale: 5, Seed: 42, Size: 48x32, Model: sd1, RNG: CPU, Version: "
                "atelier " ATELIER_VERSION);
    painted(FLAG_LIST({"prompt", "a cat"}, {"model", "sd1"}, {"init", "init.png"},
                      {"mask", "mask.png"}, {"mask-blur", "3"}, {"only-masked", "true"},
                      {"padding", "5"}, {"strength", "0.75"}, {"rng", "cuda"},
                      {"clip-skip", "2"}, {"sampler", "dpm++2m_karras"}, {"size", "32x16"},
                      {"steps", "2"}, {"out", "says.jpg"}),
            NULL);
    assert_says("says.jpg",
                "a cat\nSteps: 2, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, "
                "Seed: 42, Size: 32x16, Model: sd1, Denoising strength: 0.75, Clip skip: 2, "
                "Mask blur: 3, Inpaint area: Only masked, Masked area padding: 5, Version: "
                "atelier " ATELIER_VERSION);
}

/* Models of one file are gigabytes, or need a folder beside them: the text alone, then. */
static void files_are_told_by_their_hashes(void **state)
{
    (void)state;
    char expected[800];
    const char *unet = "sd1/unet/diffusion_pytorch_model.safetensors";
    const char *vae = "sd1/vae/diffusion_pytorch_model.safetensors";
    const char *lora = "changes.safetensors";
    PaintRequest *q = xalloc(1, sizeof *q);
    studio_defaults(&paint_studio, q);
    q->prompt = "a cat";
    q->unet = unet;
    q->vae = vae;
    q->loras = (Paths){.count = 2, .of = {"changes.safetensors:0.5", "init.png"}};
    PaintWork w = {.studio = &paint_studio, .q = q, .steps = 1, .guidance = 7.5};
    w.first[0] = 32;
    w.first[1] = 16;
    w.scheduler = scheduler_config_sd(sampler_find("ddim"));
    PaintHashes h = {0};
    paint_hash(&h, q);
    char *text = paint_parameters(&w, &h, 3);
    snprintf(expected, sizeof expected,
             "a cat <lora:changes:0.5> <lora:init:1>\nSteps: 1, Sampler: DDIM, CFG scale: 7.5, "
             "Seed: 45, Size: 32x16, Model hash: %s, Model: diffusion_pytorch_model, VAE hash: "
             "%s, VAE: diffusion_pytorch_model.safetensors, RNG: CPU, Lora hashes: \"changes: "
             "%s, init: %s\", Version: atelier " ATELIER_VERSION,
             digits(unet, 0, 10), digits(vae, 0, 10), digits(lora, header_of(lora), 12),
             digits("init.png", 0, 12));
    assert_string_equal(text, expected);
    xfree(text);
    paint_hashes_release(&h);
    xfree(q);
}

/* ---- setting up -------------------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    models_make();
    assert_int_equal(chdir(in_folder(".")), 0);
    save_given();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(chdir("/"), 0);
    models_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_is_made_again_byte_for_byte),
        cmocka_unit_test(a_picture_of_one_kind_is_made_again_as_another),
        cmocka_unit_test(pictures_of_the_web_ui_are_made_again),
        cmocka_unit_test(what_a_picture_does_not_say_is_asked_for),
        cmocka_unit_test(pictures_say_what_they_were_made_of_as_the_web_ui_does),
        cmocka_unit_test(files_are_told_by_their_hashes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
