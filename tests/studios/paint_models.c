/* SPDX-License-Identifier: MIT */
#include "paint_models.h"

#include "golden.h"
#include "base/file.h"
#include "media/image.h"
#include "studios/paint.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char *folder;

const char *in_folder(const char *name)
{
    static char path[32][512];
    static int next;
    char *to = path[next++ % 32];
    snprintf(to, sizeof path[0], "%s/%s", folder, name);
    return to;
}

/* ---- models ---------------------------------------------------------------------------- */

static void make_dir(const char *name)
{
    Err err = {0};
    if (!file_make_dirs(in_folder(name), &err))
        fail_msg("%s", err.text);
}

/* A file or folder of tests/golden where the model has its own. */
void link_to(const char *golden, const char *name)
{
    char *path = golden_path(golden), *whole = realpath(path, NULL);
    if (whole == NULL || symlink(whole, in_folder(name)) != 0)
        fail_msg("cannot link to '%s'", path);
    xfree(path);
    xfree(whole);
}

void save_all(const Weights *w, const char *path)
{
    size_t n = weights_count(w);
    Err err = {0};
    const char **names = xalloc(n, sizeof *names);
    Tensor *tensors = xalloc(n, sizeof *tensors);
    for (size_t i = 0; i < n; i++) {
        names[i] = weights_name(w, i);
        tensors[i] = weights_at(w, i);
    }
    if (!weights_save_safetensors(path, names, tensors, n, NULL, &err))
        fail_msg("%s", err.text);
    xfree(names);
    xfree(tensors);
}

static void make_part(Arena *a, const char *model, const char *part)
{
    char name[128], golden[192], prefix[64];
    bool is_text = strncmp(part, "text", 4) == 0;
    snprintf(name, sizeof name, "%s/%s", model, part);
    make_dir(name);
    snprintf(name, sizeof name, "%s/%s/config.json", model, part);
    snprintf(golden, sizeof golden, "paint/%s", name);
    link_to(golden, name);
    snprintf(golden, sizeof golden, "paint/%s/%s/keys", model, part);
    snprintf(prefix, sizeof prefix, "%s.%s.", model, part);
    snprintf(name, sizeof name, "%s/%s/%s.safetensors", model, part,
             is_text ? "model" : "diffusion_pytorch_model");
    Weights *w = named_weights(a, golden, prefix, NULL);
    save_all(w, in_folder(name));
    weights_close(w);
}

static void make_model(Arena *a, const char *model)
{
    static const char *const parts[] = {"unet", "vae", "text_encoder", "text_encoder_2"};
    static const char *const links[] = {"scheduler", "model_index.json"};
    char name[128], golden[192];
    bool is_xl = strcmp(model, "sdxl") == 0;
    for (int i = 0; i < (is_xl ? 4 : 3); i++)
        make_part(a, model, parts[i]);
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s/%s", model, links[i]);
        snprintf(golden, sizeof golden, "paint/%s", name);
        link_to(golden, name);
        snprintf(name, sizeof name, "%s/tokenizer%s", model, i == 1 ? "_2" : "");
        if (is_xl || i == 0)
            link_to("text/small", name);
    }
}

void folder_make(void)
{
    const char *tmp = getenv("TMPDIR");
    folder = file_join(tmp != NULL ? tmp : "/tmp", "atelier-paint-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static void models_make_here(void)
{
    Arena a;
    Err err = {0};
    assert_true(arena_init(&a, 0, &err));
    make_model(&a, "sd1");
    make_part(&a, "sd1", "lines");
    make_part(&a, "sd1", "pose");
    make_part(&a, "sd1", "distilled");
    make_part(&a, "sd1", "taesd");
    link_to("paint/changes.safetensors", "changes.safetensors");
    make_model(&a, "inpaint");
    make_model(&a, "sd2");
    make_model(&a, "sdxl");
    arena_release(&a);
}

void models_make(void)
{
    folder_make();
    models_make_here();
}

void models_make_in(const char *dir)
{
    folder = xstrdup(dir);
    models_make_here();
}

void models_remove(void)
{
    Err err = {0};
    assert_true(file_remove_tree(folder, &err));
    xfree(folder);
}

/* ---- the studio ------------------------------------------------------------------------ */

bool paint_with(const Flag *flags, const StudioRun *talk, Err *err)
{
    return studio_with(&paint_studio, flags, talk, err);
}

void *studio_asked(const Studio *studio, const Flag *flags, Err *err)
{
    void *request = xalloc(1, studio->request_size);
    bool ok = true;
    studio_defaults(studio, request);
    for (; flags->name != NULL && ok; flags++) {
        const Param *p = studio_param(studio, flags->name, strlen(flags->name));
        assert_non_null(p);
        ok = param_set(p, request, flags->value, err) || err_prefix(err, "--%s ", p->name);
    }
    if (ok)
        return request;
    xfree(request);
    return NULL;
}

bool studio_with(const Studio *studio, const Flag *flags, const StudioRun *talk, Err *err)
{
    void *request = studio_asked(studio, flags, err);
    bool ok = request != NULL && studio->run(request, talk, err);
    xfree(request);
    return ok;
}

static void save_one(const Golden *g, const char *name)
{
    char file[32];
    Err err = {0};
    Tensor t = golden_at(g, name);
    snprintf(file, sizeof file, "%s.png", name);
    if (t.rank == 2)
        t = tensor_reshape(t, SHAPE(t.dim[0], t.dim[1], 1));
    assert_true(image_save(t, in_folder(file), NULL, 0, &err));
}

void save_given(void)
{
    Golden g = golden_open("paint/given");
    save_one(&g, "init");
    save_one(&g, "mask");
    golden_close(&g);
}

/* ---- stages and bytes ------------------------------------------------------------------ */

/* Sums of f32 in another order are within 1e-4 of a stage's largest.  Of the bytes, few are
 * rounded to the other side: 50 dB is a quarter of them one off. */
static const double allowed = 1e-4, least_db = 50;

static void assert_dumped(const Golden *g, const char *stage)
{
    char file[96];
    Arena a;
    Err err = {0};
    snprintf(file, sizeof file, "dump/%s.safetensors", stage);
    Weights *w = weights_open(in_folder(file), &err);
    if (w == NULL)
        fail_msg("%s", err.text);
    assert_true(arena_init(&a, 0, &err));
    Tensor x = weights_at(w, 0);
    assert_golden(g, stage, x.rank == 4 ? to_channels_last(&a, x) : x, allowed);
    arena_release(&a);
    weights_close(w);
}

void assert_stages(const Golden *g)
{
    for (size_t i = 0; i < weights_count(g->file); i++) {
        const char *name = weights_name(g->file, i), *dot = strrchr(name, '.');
        bool is_at = dot != NULL && strcmp(dot, ".at") == 0;
        if (!is_at && strncmp(name, "bytes.", 6) != 0)
            assert_dumped(g, name);
    }
}

static double decibels(Image one, Tensor other)
{
    double sum = 0;
    assert_true(shape_equal(tensor_shape(one), tensor_shape(other)));
    const unsigned char *x = one.data, *y = other.data;
    for (int64_t i = 0; i < tensor_count(one); i++)
        sum += (double)(x[i] - y[i]) * (x[i] - y[i]);
    return sum == 0 ? INFINITY : 10 * log10(255.0 * 255 * (double)tensor_count(one) / sum);
}

void assert_picture(const Golden *g, int i, const char *file)
{
    char name[32];
    Arena a;
    Err err = {0};
    snprintf(name, sizeof name, "bytes.%d", i);
    assert_true(arena_init(&a, 0, &err));
    Image im = image_load(&a, in_folder(file), &err);
    if (tensor_is_empty(im))
        fail_msg("%s", err.text);
    double db = decibels(im, golden_at(g, name));
    if (db < least_db)
        fail_msg("%s: %s has only %.1f dB", g->name, file, db);
    arena_release(&a);
}
