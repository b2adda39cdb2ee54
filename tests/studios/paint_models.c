/* SPDX-License-Identifier: MIT */
#include "paint_models.h"

#include "golden.h"
#include "base/file.h"
#include "studios/paint.h"

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
    static char path[8][512];
    static int next;
    char *to = path[next++ % 8];
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
static void link_to(const char *golden, const char *name)
{
    char *path = golden_path(golden), *whole = realpath(path, NULL);
    if (whole == NULL || symlink(whole, in_folder(name)) != 0)
        fail_msg("cannot link to '%s'", path);
    xfree(path);
    xfree(whole);
}

static void save_all(const Weights *w, const char *path)
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

void models_make(void)
{
    const char *tmp = getenv("TMPDIR");
    Arena a;
    Err err = {0};
    folder = file_join(tmp != NULL ? tmp : "/tmp", "atelier-paint-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_true(arena_init(&a, 0, &err));
    make_model(&a, "sd1");
    make_part(&a, "sd1", "lines");
    make_part(&a, "sd1", "pose");
    link_to("paint/changes.safetensors", "changes.safetensors");
    make_model(&a, "inpaint");
    make_model(&a, "sd2");
    make_model(&a, "sdxl");
    arena_release(&a);
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
    void *request = xalloc(1, paint_studio.request_size);
    bool ok = true;
    studio_defaults(&paint_studio, request);
    for (; flags->name != NULL && ok; flags++) {
        const Param *p = studio_param(&paint_studio, flags->name, strlen(flags->name));
        assert_non_null(p);
        ok = param_set(p, request, flags->value, err) || err_prefix(err, "--%s ", p->name);
    }
    ok = ok && paint_studio.run(request, talk, err);
    xfree(request);
    return ok;
}
