/* SPDX-License-Identifier: MIT */
#include "studios/sprite.h"
#include "studios/sprite/internal.h"

#include "golden.h"
#include "base/file.h"
#include "media/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Whole jobs, from files on disk to frames, beside Moore's pipelines.  A
 * second implementation of their loop is within 122 dB; f32 in another order
 * through seven steps leaves 1e-4 of the largest, so 1e-3 is what no wrong
 * resize, window or draw of noise passes (29 to 39 dB). */
static const double allowed = 1e-3;

static char *folder;

static char *below(const char *name)
{
    return file_join(folder, name);
}

static void must_save(const char *name, const char *text)
{
    char *path = below(name);
    Err err = {0};
    if (!file_save(path, text, strlen(text), &err))
        fail_msg("%s", err.text);
    xfree(path);
}

static void make_dir(const char *name)
{
    char *path = below(name);
    Err err = {0};
    assert_true(file_make_dirs(path, &err));
    xfree(path);
}

/* A network of values from names as a file; `only_motion`: these names only,
 * else all but these. */
static void save_net(Arena *a, const char *file, const char *keys, const char *prefix,
                     bool only_motion, float guider_gain)
{
    Weights *w = named_weights(a, keys, prefix, NULL);
    size_t n = 0, all = weights_count(w);
    const char **names = xalloc(all, sizeof *names);
    Tensor *tensors = xalloc(all, sizeof *tensors);
    for (size_t i = 0; i < all; i++) {
        const char *name = weights_name(w, i);
        bool is_motion = strstr(name, "motion_modules") != NULL;
        if (is_motion != only_motion)
            continue;
        names[n] = name;
        tensors[n] = weights_at(w, i);
        if (guider_gain != 1 && strcmp(name, "conv_in.weight") == 0)
            for (int64_t k = 0; k < tensor_count(tensors[n]); k++)
                tensor_f32(tensors[n])[k] *= guider_gain;
        n++;
    }
    char *path = below(file);
    Err err = {0};
    if (!weights_save_safetensors(path, names, tensors, n, NULL, &err))
        fail_msg("%s", err.text);
    xfree(path);
    xfree(names);
    xfree(tensors);
    weights_close(w);
}

static void make_model(Arena *a)
{
    make_dir("still/unet");
    make_dir("still/vae");
    make_dir("still/image_encoder");
    save_net(a, "still/vae/diffusion_pytorch_model.safetensors", "vae/sd.keys", "vae.", false,
             1);
    save_net(a, "still/image_encoder/model.safetensors", "clips/clip.keys", "clipv.", false, 1);
    save_net(a, "still/reference_unet-30000.safetensors", "unet/reference.keys", "ref.", false,
             1);
    save_net(a, "still/denoising_unet.safetensors", "unet/denoise.keys", "den.", false, 1);
    save_net(a, "still/pose_guider.safetensors", "guider/plain.keys", "pgo.", false, 2000);
    must_save(
        "still/unet/config.json",
        "{\"block_out_channels\": [32,64,96,96], \"cross_attention_dim\": 48,"
        " \"attention_head_dim\": 8, \"down_block_types\": [\"CrossAttnDownBlock3D\","
        " \"CrossAttnDownBlock3D\", \"CrossAttnDownBlock3D\", \"DownBlock3D\"],"
        " \"up_block_types\": [\"UpBlock3D\", \"CrossAttnUpBlock3D\", \"CrossAttnUpBlock3D\","
        " \"CrossAttnUpBlock3D\"]}");
    must_save("still/vae/config.json", "{\"block_out_channels\": [32,64,96,96]}");
    must_save("still/image_encoder/config.json",
              "{\"hidden_size\": 64, \"intermediate_size\": 128, \"num_hidden_layers\": 2,"
              " \"num_attention_heads\": 4, \"projection_dim\": 48, \"image_size\": 224,"
              " \"patch_size\": 32}");
    /* the same parts with motion: links, so that both layouts are folders */
    make_dir("moving");
    static const char *const shared[] = {"unet",
                                         "vae",
                                         "image_encoder",
                                         "reference_unet-30000.safetensors",
                                         "pose_guider.safetensors",
                                         "denoising_unet.safetensors"};
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        char to[128], from[128];
        snprintf(to, sizeof to, "../still/%s", shared[i]);
        snprintf(from, sizeof from, "moving/%s", shared[i]);
        char *path = below(from);
        assert_int_equal(symlink(to, path), 0);
        xfree(path);
    }
    save_net(a, "moving/motion_module.safetensors", "unet/denoise_motion.keys", "den.", true,
             1);
}

/* The golden's pictures as files: the character, and the poses from runs. */
static void make_pictures(const Golden *g, Arena *a, int64_t w, int64_t h)
{
    Err err = {0};
    make_dir("poses");
    char *path = below("picture.png");
    assert_true(image_save(golden_at(g, "picture"), path, NULL, 0, &err));
    xfree(path);
    const unsigned char *palette = golden_at(g, "palette").data;
    for (int k = 0; k < 100; k++) {
        char name[64];
        snprintf(name, sizeof name, "pose.%02d.len", k);
        Tensor len = weights_find(g->file, name);
        snprintf(name, sizeof name, "poses/frame_%d.png", k);
        path = below(name);
        if (tensor_is_empty(len)) {
            unlink(path); /* of a longer clip before */
            xfree(path);
            continue;
        }
        char val_name[64];
        snprintf(val_name, sizeof val_name, "pose.%02d.val", k);
        const unsigned char *val = golden_at(g, val_name).data;
        Image im = image_new(a, (int)w + 32, (int)h + 48, 3, &err);
        unsigned char *to = im.data;
        for (int64_t i = 0; i < len.dim[0]; i++)
            for (int j = 0; j < ((unsigned char *)len.data)[i]; j++, to += 3)
                memcpy(to, palette + 3 * val[i], 3);
        assert_true(image_save(im, path, NULL, 0, &err));
        xfree(path);
    }
}

/* A stage that the run dumped, against the golden's: torch's layout in both. */
static void assert_dumped(const Golden *g, const char *dump, const char *stage)
{
    char file[96];
    snprintf(file, sizeof file, "dump/%s.safetensors", dump);
    char *path = below(file);
    Err err = {0};
    Weights *w = weights_open(path, &err);
    if (w == NULL)
        fail_msg("%s", err.text);
    Tensor x = weights_at(w, 0);
    /* assert_golden takes ours: say that it is flat */
    Arena a;
    assert_true(arena_init(&a, 0, &err));
    Tensor last = x.rank >= 4 ? to_channels_last(&a, x) : x;
    assert_golden(g, stage, last, allowed);
    arena_release(&a);
    weights_close(w);
    xfree(path);
}

static SpriteRequest defaults(void)
{
    return (SpriteRequest){.animation = "walk",
                           .method = "diffusion",
                           .directions = "1",
                           .yaw = "45",
                           .height = 1,
                           .seed = 42,
                           .window = "auto",
                           .rules = "long",
                           .raw = true,
                           .threads = 2,
                           .kernels = "best"};
}

typedef struct Case {
    const char *golden, *model, *rules;
    int64_t w, h, frames, steps, context;
    double guidance;
} Case;

static const Case cases[] = {
    {"clips/image", "still", "long", 96, 128, 1, 7, 0, 3.5},
    {"clips/image_noguidance", "still", "long", 64, 64, 1, 4, 0, 1.0},
    {"clips/short", "moving", "short", 64, 64, 5, 7, 0, 3.5},
    {"clips/long", "moving", "long", 64, 64, 30, 4, 16, 3.5},
};

static void run_case(const Case *c, const char *table, bool from_noise)
{
    Err err = {0};
    Arena a;
    assert_true(arena_init(&a, 0, &err));
    Golden g = golden_open(c->golden);
    make_pictures(&g, &a, c->w, c->h);
    make_dir("dump");
    char *model = below(c->model), *picture = below("picture.png"), *poses = below("poses");
    char *dump = below("dump"), *out = below("out"), *noise = golden_path(c->golden);
    char noise_file[512];
    snprintf(noise_file, sizeof noise_file, "%s.safetensors", noise);
    SpriteRequest q = defaults();
    q.pictures = (Paths){1, {picture}};
    q.model = model;
    q.poses = poses;
    q.dump = dump;
    q.out = out;
    q.rules = c->rules;
    q.kernels = table;
    q.size[0] = c->w;
    q.size[1] = c->h;
    q.steps = c->steps;
    q.guidance = c->guidance;
    q.context = c->context;
    if (from_noise) {
        q.noise = noise_file;
        q.seed = 7;
    }
    if (!sprite_studio.run(&q, &(StudioRun){0}, &err))
        fail_msg("%s", err.text);
    assert_dumped(&g, "reference", "ref_latent");
    assert_dumped(&g, "context", "ctx");
    assert_dumped(&g, "pose", "pose_features");
    assert_dumped(&g, "noise", "noise");
    assert_dumped(&g, "pred.0", "pred.0");
    char last[32];
    snprintf(last, sizeof last, "latents.%d", (int)c->steps - 1);
    assert_dumped(&g, "latents", last);
    assert_dumped(&g, "image", "frames");
    golden_close(&g);
    xfree(model);
    xfree(picture);
    xfree(poses);
    xfree(dump);
    xfree(out);
    xfree(noise);
    arena_release(&a);
}

static void each_clip_equals_its_pipeline(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run_case(&cases[i], "best", false);
}

static void given_noise_replaces_the_seed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run_case(&cases[i], "best", true);
}

static void every_table_gives_the_same_clip(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++)
        run_case(&cases[1], *t, false);
}

static int set_up(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    folder = file_join(tmp != NULL ? tmp : "/tmp", "atelier-clips-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    Arena a;
    Err err = {0};
    if (!arena_init(&a, 0, &err))
        return -1;
    make_model(&a);
    arena_release(&a);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    int rc = system(command);
    xfree(folder);
    return rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_clip_equals_its_pipeline),
        cmocka_unit_test(given_noise_replaces_the_seed),
        cmocka_unit_test(every_table_gives_the_same_clip),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
