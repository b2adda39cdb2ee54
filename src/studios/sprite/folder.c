/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

static bool is_weights(const char *name)
{
    static const char *const ends[] = {".safetensors",   ".pth",  ".pt",
                                       ".bin",           ".ckpt", ".safetensors.index.json",
                                       ".bin.index.json"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (file_name_ends(name, ends[i]))
            return true;
    return false;
}

/* The last file in dir, by number, that is called like "stem.pth" or
 * "stem-30000.pth". */
static char *weights_like(const char *dir, char *const *names, int count, const char *stem)
{
    const char *found = NULL;
    size_t n = strlen(stem);
    for (int i = 0; i < count; i++)
        if (strncmp(names[i], stem, n) == 0 && strchr("-_.", names[i][n]) != NULL &&
            is_weights(names[i]))
            found = names[i];
    return found == NULL ? NULL : file_join(dir, found);
}

/* The first of `ways` (ended by NULL) that is there below dir. */
static char *first_of(const char *dir, const char *const *ways)
{
    for (; *ways != NULL; ways++) {
        char *path = file_join(dir, *ways);
        if (file_exists(path))
            return path;
        xfree(path);
    }
    return NULL;
}

static char *config_in(const char *part)
{
    return part == NULL ? NULL : first_of(part, (const char *const[]){"config.json", NULL});
}

static bool complete(const SpriteFolder *f, const char *dir, Err *err)
{
    const struct {
        const char *part, *what;
    } needed[] = {
        {f->denoising, "denoising_unet.pth or .safetensors"},
        {f->reference, "reference_unet.pth or .safetensors"},
        {f->guider, "pose_guider.pth or .safetensors"},
        {f->image_encoder, "image_encoder/"},
        {f->vae, "vae/, sd-vae-ft-mse/ or sd-vae-ft-ema/"},
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (needed[i].part == NULL)
            return err_set(err, ERR_INPUT, "'%s' is not a whole sprite model: it has no %s",
                           dir, needed[i].what);
    return true;
}

bool folder_find(SpriteFolder *f, const char *dir, Err *err)
{
    static const char *const vaes[] = {"vae", "sd-vae-ft-mse", "sd-vae-ft-ema", NULL};
    static const char *const encoders[] = {"image_encoder", NULL};
    static const char *const configs[] = {"unet/config.json",
                                          "stable-diffusion-v1-5/unet/config.json", NULL};
    static const char *const families[] = {"family.json", NULL};
    *f = (SpriteFolder){0};
    char **names;
    int count;
    if (!file_is_dir(dir))
        return err_set(err, ERR_INPUT,
                       "'%s' is not a folder; --model wants a folder with "
                       "denoising_unet, reference_unet, pose_guider, "
                       "image_encoder and a VAE",
                       dir);
    if (!file_names(&names, &count, dir, err))
        return false;
    f->denoising = weights_like(dir, names, count, "denoising_unet");
    f->reference = weights_like(dir, names, count, "reference_unet");
    f->motion = weights_like(dir, names, count, "motion_module");
    f->guider = weights_like(dir, names, count, "pose_guider");
    file_names_free(names, count);
    f->image_encoder = first_of(dir, encoders);
    f->vae = first_of(dir, vaes);
    f->unet_config = first_of(dir, configs);
    f->family = first_of(dir, families);
    f->image_encoder_config = config_in(f->image_encoder);
    f->vae_config = config_in(f->vae);
    if (complete(f, dir, err))
        return true;
    folder_release(f);
    return false;
}

void folder_release(SpriteFolder *f)
{
    xfree(f->denoising);
    xfree(f->reference);
    xfree(f->motion);
    xfree(f->guider);
    xfree(f->image_encoder);
    xfree(f->vae);
    xfree(f->unet_config);
    xfree(f->image_encoder_config);
    xfree(f->vae_config);
    xfree(f->family);
    *f = (SpriteFolder){0};
}
