/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "models/rrdb.h"
#include "models/srvgg.h"

#include <math.h>
#include <string.h>

/* ---- what a file is -------------------------------------------------------------------- */

/* Files that people take for parts of a model, by how a name in them begins, or by what it
 * holds. */
static const struct {
    const char *begins, *in, *is;
} strangers[] = {
    {"double_blocks.", NULL, "a model of Flux: only Stable Diffusion 1, 2 and XL are known"},
    {"model.diffusion_model.double_blocks.", NULL,
     "a model of Flux: only Stable Diffusion 1, 2 and XL are known"},
    {"joint_blocks.", NULL,
     "a model of Stable Diffusion 3: only Stable Diffusion 1, 2 and XL are known"},
    {"model.diffusion_model.joint_blocks.", NULL,
     "a model of Stable Diffusion 3: only Stable Diffusion 1, 2 and XL are known"},
    {"transformer_blocks.", NULL,
     "a model with transformers in the place of a UNet: only Stable Diffusion 1, 2 and XL are "
     "known"},
    {NULL, "motion_modules.", "a motion module, which paint has no use for"},
    {"decoder.layers.", NULL, "TAESD, a tiny decoder: give it with --taesd"},
    {"ip_adapter.", NULL, "an IP-Adapter, which is not supported"},
    {"image_proj.", NULL, "an IP-Adapter, which is not supported"},
    {"adapter.body.", NULL, "a T2I-Adapter, which is not supported"},
    {"string_to_param.", NULL, "a word learnt from pictures: give it with --embedding"},
    {"emb_params", NULL, "a word learnt from pictures: give it with --embedding"},
    {"clip_g", NULL, "a word learnt from pictures: give it with --embedding"},
};

static const struct {
    Net net;
    const char *is;
} nets[] = {
    {NET_CONTROL, "a ControlNet: give it with --controlnet"},
    {NET_UNET, "a UNet: give it with --unet or --model"},
    {NET_VAE, "a VAE: give it with --vae"},
    {NET_TEXT, "a text encoder: give it with --text-encoder"},
    {NET_TEXT2, "a text encoder: give it with --text-encoder-2"},
};

static bool is_upscaler(const Weights *file)
{
    Weights *large = rrdb_view(file), *compact = srvgg_view(file);
    bool is = large != NULL || compact != NULL;
    weights_close(large);
    weights_close(compact);
    return is;
}

static const char *stranger(const Weights *file)
{
    for (size_t k = 0; k < sizeof strangers / sizeof *strangers; k++)
        for (size_t i = 0; i < weights_count(file); i++) {
            const char *name = weights_name(file, i), *begins = strangers[k].begins;
            if (begins != NULL ? strncmp(name, begins, strlen(begins)) == 0
                               : strstr(name, strangers[k].in) != NULL)
                return strangers[k].is;
        }
    return NULL;
}

const char *paint_known_as(const Weights *file)
{
    if (lora_is(file))
        return "a LoRA: give it with --lora";
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        if (net_is_in(file, nets[i].net))
            return nets[i].is;
    return is_upscaler(file) ? "an upscaler: give it with --upscale or --hires-model"
                             : stranger(file);
}

bool paint_wrong(const Weights *file, const char *wanted, Err *err)
{
    const char *is = paint_known_as(file), *path = weights_path(file);
    if (is != NULL)
        return err_set(err, ERR_INPUT, "'%.150s' holds no %s but %s", path, wanted, is);
    return err_set(
        err, ERR_INPUT,
        "'%.150s' holds no %s, nor anything else that is known; 'atelier model' lists "
        "what it has",
        path, wanted);
}

/* ---- what comes out of it -------------------------------------------------------------- */

bool paint_is_sound(Tensor t, const PaintPart *of, const char *what, Err *err)
{
    const float *x = tensor_f32(t);
    double sum = 0;
    for (int64_t i = 0, n = tensor_count(t); i < n; i++)
        sum += fabs((double)x[i]);
    return isfinite(sum) ||
           err_set(err, ERR_INPUT,
                   "what the %s says is not a number: '%.150s' is damaged, or its numbers were "
                   "too large for the type that it was saved in",
                   what, weights_path(of->weights));
}
