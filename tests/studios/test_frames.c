/* SPDX-License-Identifier: MIT */
#include "paint_models.h"

#include "base/file.h"
#include "media/color.h"
#include "pose/json.h"
#include "studios/sprite.h"
#include "../media/apart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Frames of the sprite studio by tiny models of Stable Diffusion: before they are cut out,
 * beside those of diffusers' pipelines; and beside the paint studio, which is compared
 * elsewhere. */
enum { FLAGS = 24 };

static void add(Flag *to, const Flag *more)
{
    while (to->name != NULL)
        to++;
    while (more->name != NULL)
        *to++ = *more++;
    *to = (Flag){0};
}

static bool draw(const Flag *first, const Flag *then, Err *err)
{
    Flag flags[2 * FLAGS] = {{"out", in_folder("out")}, {"threads", "2"}};
    add(flags, first);
    if (then != NULL)
        add(flags, then);
    if (strcmp(first->name, "picture") != 0)
        add(flags, (const Flag[]){{"picture", in_folder("drawing.png")}, {0}});
    return studio_with(&sprite_studio, flags, &(StudioRun){0}, err);
}

static void draw_well(const Flag *first, const Flag *then)
{
    Err err = {0};
    if (!draw(first, then, &err))
        fail_msg("%s", err.text);
}

/* ---- beside the reference -------------------------------------------------------------- */

/* Method 2: the drawing on black, squashed to the frame's size. */
#define METHOD_2                                                                               \
    {"method", "prompt"}, {"model", in_folder("sd1")}, {"prompt", "a photo of the cat"},       \
        {"animation", "idle"}, {"seed", "400"}, {"size", "48x32"},                             \
    {                                                                                          \
        "raw", "true"                                                                          \
    }

#define LED                                                                                    \
    {"method", "controlnet"}, {"model", in_folder("sd1")},                                     \
        {"controlnet", in_folder("sd1/pose")}, {"control-scale", "0.8"},                       \
        {"prompt", "a photo of the cat"}, {"sampler", "ddim"}, {"size", "48x32"},              \
        {"steps", "8"},                                                                        \
    {                                                                                          \
        "raw", "true"                                                                          \
    }

static void assert_frames(const char *golden, int count)
{
    Golden g = golden_open(golden);
    for (int i = 0; i < count; i++) {
        char file[48];
        snprintf(file, sizeof file, "out/frames/%04d.png", i);
        assert_picture(&g, i, file);
    }
    golden_close(&g);
}

static void frames_by_words_equal_method_2_with_its_lag(void **state)
{
    (void)state;
    draw_well((const Flag[]){METHOD_2, {"frames", "4"}, {"plms-lag", "true"}, {0}}, NULL);
    assert_frames("frames/prompt_lag", 4);
}

/* The file's two texts are for two frames; the built-in four would be spread. */
static void without_the_lag_the_network_is_told_the_time_that_is(void **state)
{
    (void)state;
    Err err = {0};
    const char words[] = "{\"animations\": {\"idle\": [\"standing neutral pose\", \"slightly "
                         "leaning left\"]}}";
    assert_true(file_save(in_folder("words.json"), words, strlen(words), &err));
    draw_well(
        (const Flag[]){METHOD_2, {"frames", "2"}, {"prompts", in_folder("words.json")}, {0}},
        NULL);
    assert_frames("frames/prompt", 2);
}

static void frames_led_by_skeletons_begin_with_one_noise_as_in_diffusers(void **state)
{
    (void)state;
    draw_well((const Flag[]){LED, {"begin", "drawing"}, {"poses", in_folder("poses")}, {0}},
              NULL);
    assert_frames("frames/controlnet", 3);
}

/* ---- beside the paint studio ----------------------------------------------------------- */

#define TAGS ", game sprite art, clean character, black background, high quality, detailed"
#define NEGATIVE                                                                               \
    "blurry, distorted, bad anatomy, multiple characters, text, watermark, noise, grainy, "    \
    "corrupted"

static Image loaded(Arena *a, const char *name)
{
    Err err = {0};
    Image im = image_load(a, in_folder(name), &err);
    if (tensor_is_empty(im))
        fail_msg("%s", err.text);
    return im;
}

/* The knight's joints, and the same with an arm that is raised. */
static void save_poses(Arena *a)
{
    Err err = {0};
    Poses p;
    char *from = golden_path("../../examples/knight.json");
    assert_true(file_make_dirs(in_folder("moves"), &err));
    assert_true(poses_load(&p, from, a, &err));
    for (int i = 0; i < 2; i++) {
        char name[32], *text = poses_text(&p, POSES_OPENPOSE);
        snprintf(name, sizeof name, "moves/%d.json", i);
        assert_true(file_save(in_folder(name), text, strlen(text), &err));
        xfree(text);
        p.pose[0][0].joint[JOINT_R_WRIST].y -= 60;
    }
    xfree(from);
}

/* What the puppet makes of a frame, as the paint studio is given it. */
static void save_beginning(Arena *a, int i)
{
    Err err = {0};
    char frame[48], name[32];
    snprintf(frame, sizeof frame, "out/frames/%04d.png", i);
    snprintf(name, sizeof name, "begin%d.png", i);
    Image over = image_over(a, loaded(a, frame), (Rgb){0, 0, 0}, &err);
    assert_true(!tensor_is_empty(over) && image_save(over, in_folder(name), NULL, 0, &err));
}

static void paint_frame_alone(int i)
{
    Err err = {0};
    char init[32], control[700], out[32];
    snprintf(init, sizeof init, "begin%d.png", i);
    snprintf(out, sizeof out, "alone%d.png", i);
    snprintf(control, sizeof control, "openpose=%s/%d.json", in_folder("moves"), i);
    const Flag flags[] = {{"prompt", "a knight" TAGS},
                          {"negative", NEGATIVE},
                          {"model", in_folder("sd1")},
                          {"init", in_folder(init)},
                          {"strength", "0.6"},
                          {"controlnet", in_folder("sd1/pose")},
                          {"control", control},
                          {"sampler", "ddim"},
                          {"steps", "8"},
                          {"size", "48x48"},
                          {"threads", "2"},
                          {"out", in_folder(out)},
                          {0}};
    if (!paint_with(flags, &(StudioRun){0}, &err))
        fail_msg("%s", err.text);
}

static void puppets_are_painted_over_as_the_paint_studio_would(void **state)
{
    (void)state;
    Err err = {0};
    Arena a;
    char *knight = golden_path("../../examples/knight.png"),
         *joints = golden_path("../../examples/knight.json");
    assert_true(arena_init(&a, 0, &err));
    save_poses(&a);
    const Flag puppet[] = {{"picture", knight},
                           {"joints", joints},
                           {"mend", "0"},
                           {"raw", "true"},
                           {"poses", in_folder("moves")},
                           {0}};
    draw_well(puppet, (const Flag[]){{"method", "puppet"}, {0}});
    for (int i = 0; i < 2; i++) {
        save_beginning(&a, i);
        paint_frame_alone(i);
    }
    draw_well(puppet, (const Flag[]){{"model", in_folder("sd1")},
                                     {"controlnet", in_folder("sd1/pose")},
                                     {"prompt", "a knight"},
                                     {"sampler", "ddim"},
                                     {"steps", "8"},
                                     {"size", "48x48"},
                                     {0}});
    for (int i = 0; i < 2; i++) {
        char frame[48], alone[32];
        snprintf(frame, sizeof frame, "out/frames/%04d.png", i);
        snprintf(alone, sizeof alone, "alone%d.png", i);
        assert_int_equal(largest_difference(loaded(&a, frame), loaded(&a, alone)), 0);
    }
    xfree(knight);
    xfree(joints);
    arena_release(&a);
}

/* ---- refusals -------------------------------------------------------------------------- */

static const struct {
    Flag flag[5];
    const char *says;
} bad[] = {
    {{{"method", "prompt"}},
     "--method prompt draws by Stable Diffusion: say where it is with --model, a folder of "
     "diffusers or one file"},
    {{{"method", "controlnet"}, {"model", "sd1"}},
     "--method controlnet needs a ControlNet for skeletons (openpose): name it with "
     "--controlnet"},
    {{{"method", "prompt"}, {"model", "sd1"}, {"controlnet", "sd1/pose"}},
     "--method prompt sees no skeletons: --controlnet is for --method controlnet"},
    {{{"method", "prompt"}, {"model", "inpaint"}},
     "is for inpainting, which frames are not drawn by: name another model"},
    {{{"method", "prompt"}, {"model", "sd1/vae"}}, "is no model for painting"},
    {{{"controlnet", "sd1/pose"}, {"model", "sdxl"}}, "kind of model"},
    {{{"controlnet", "sd1/unet"}, {"model", "sd1"}}, "holds no ControlNet"},
    {{{"prompt", "a cat"}, {"model", "sd1"}, {"size", "60x32"}},
     "--size is 60x32; both must be multiples of 8, as 64x32"},
    {{{"prompt", "a cat"}, {"model", "sd1"}, {"vae", "nowhere"}}, "cannot open"},
    {{{"prompt", "a cat"}, {"model", "sd1"}, {"noise", "drawing.png"}}, "drawing.png"},
    {{{"prompt", "a cat"}, {"model", "sdxl"}, {"lora", "changes.safetensors"}},
     "changes.safetensors"},
    {{{"prompts", "list.json"}, {"model", "sd1"}},
     "list.json': it should be an object with animations, tags and so on"},
    {{{"controlnet", "sd1/pose"}, {"model", "sd1"}, {"poses", "poses"}, {"mend", "0"}},
     "--poses are pictures, but this method needs joints: give OpenPose JSON, or draw with"},
};

static const char *in_place(Flag f)
{
    static const char *const files[] = {"model", "controlnet", "vae",   "noise",
                                        "lora",  "prompts",    "poses", NULL};
    for (const char *const *name = files; *name != NULL; name++)
        if (strcmp(*name, f.name) == 0)
            return in_folder(f.value);
    return f.value;
}

static void what_cannot_be_drawn_is_refused_in_a_sentence(void **state)
{
    (void)state;
    Err none = {0};
    assert_true(file_save(in_folder("list.json"), "[1]", 3, &none));
    char *joints = golden_path("../../examples/knight.json");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err err = {0};
        Flag flags[6] = {{"joints", joints}};
        for (int k = 0; bad[i].flag[k].name != NULL; k++)
            flags[k + 1] = (Flag){bad[i].flag[k].name, in_place(bad[i].flag[k])};
        if (draw(flags, NULL, &err))
            fail_msg("draws, but should say '%s'", bad[i].says);
        if (strstr(err.text, bad[i].says) == NULL)
            fail_msg("says '%s', not '%s'", err.text, bad[i].says);
    }
    xfree(joints);
}

/* ---- files to draw from ---------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    Err err = {0};
    models_make();
    Golden g = golden_open("frames/given");
    assert_true(file_make_dirs(in_folder("poses"), &err));
    assert_true(image_save(golden_at(&g, "drawing"), in_folder("drawing.png"), NULL, 0, &err));
    for (int i = 0; i < 3; i++) {
        char name[32], file[32];
        snprintf(name, sizeof name, "skeleton.%d", i);
        snprintf(file, sizeof file, "poses/%d.png", i);
        assert_true(image_save(golden_at(&g, name), in_folder(file), NULL, 0, &err));
    }
    golden_close(&g);
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
        cmocka_unit_test(frames_by_words_equal_method_2_with_its_lag),
        cmocka_unit_test(without_the_lag_the_network_is_told_the_time_that_is),
        cmocka_unit_test(frames_led_by_skeletons_begin_with_one_noise_as_in_diffusers),
        cmocka_unit_test(puppets_are_painted_over_as_the_paint_studio_would),
        cmocka_unit_test(what_cannot_be_drawn_is_refused_in_a_sentence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
