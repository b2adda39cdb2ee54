/* SPDX-License-Identifier: MIT */
#include "studios/paint.h"

#include "diffusion/sampler.h"
#include "studios/paint/internal.h"

static bool paint_run(const void *request, const StudioRun *talk, Err *err)
{
    return paint_make(&paint_studio, request, talk, err);
}

#define AT(field) offsetof(PaintRequest, field)

static const Param params[] = {
    {"prompt", PARAM_WORDS, AT(prompt), "", 0, 0, "PROMPT",
     "what the picture shows: (more), (much more:1.4), [less], BREAK for a new chunk", NULL,
     true},
    {"out", PARAM_OUT, AT(out), "picture.png", 0, 0, "FILE",
     "the picture, .png, .webp or .jpg; of several, picture-1.png and so on", NULL, false},
    {"from", PARAM_PATH, AT(again), "", 0, 0, "PICTURE",
     "makes this picture again, of atelier or the web UI, but for the flags that are given",
     NULL, false},
    {"size", PARAM_SIZE, AT(size), "", 8, 4096, "WxH",
     "of the picture, in pixels (default: the model's, 512x512, 768x768 or 1024x1024)", NULL,
     false},
    {"batch", PARAM_INT, AT(batch), "1", 1, 64, "N",
     "so many pictures, of the seeds from --seed on", NULL, false},
    {"negative", PARAM_WORDS, AT(negative), "", 0, 0, "PROMPT", "what the picture is to avoid",
     NULL, false},
    {"guidance", PARAM_NUMBER, AT(guidance), "", 0.01, 100, "X",
     "how closely to follow the prompt; up to 1 without --negative, twice as fast (default: "
     "7.5, SDXL 5)",
     NULL, false},
    {"clip-skip", PARAM_INT, AT(clip_skip), "1", 1, 12, "N",
     "which layer of the text encoder speaks, from the end; some models want 2", NULL, false},
    {"init", PARAM_PATH, AT(init), "", 0, 0, "PICTURE",
     "begins with this picture instead of noise", NULL, false},
    {"strength", PARAM_NUMBER, AT(strength), "", 0.01, 1, "X",
     "how much of it is painted anew (default: 0.8; with --mask 1)", NULL, false},
    {"mask", PARAM_PATH, AT(mask), "", 0, 0, "PICTURE",
     "as large as --init: white where it is painted anew; no pixel changes elsewhere", NULL,
     false},
    {"outpaint", PARAM_TEXT, AT(outpaint), "", 0, 0, "PIXELS",
     "so much more on all sides of --init, or on its left, top, right, bottom: 0,0,128,0", NULL,
     false},
    {"only-masked", PARAM_FLAG, AT(only_masked), "", 0, 0, NULL,
     "only the mask's surroundings are painted, at --size: for details of large pictures", NULL,
     false},
    {"padding", PARAM_INT, AT(padding), "32", 0, 4096, "N",
     "pixels of surroundings with --only-masked", NULL, false},
    {"mask-blur", PARAM_INT, AT(mask_blur), "4", 0, 128, "N",
     "softens the mask's edge, inwards, by about so many pixels", NULL, false},
    {"fill", PARAM_TEXT, AT(fill), "original", 0, 0, "WITH",
     "what lies under the mask to begin with, where --strength is below 1",
     "original|bleed|noise|zeros", false},
    {"keep", PARAM_TEXT, AT(keep), "noised", 0, 0, "HOW",
     "what is not masked is put back after each step, with noise (diffusers), or taken for "
     "what "
     "the UNet says (AUTOMATIC1111: clean)",
     "noised|clean", false},
    {"model", PARAM_PATH, AT(model), "", 0, 0, "PATH",
     "Stable Diffusion 1, 2 or XL: a folder of diffusers, or one .safetensors or .ckpt", NULL,
     false},
    {"unet", PARAM_PATH, AT(unet), "", 0, 0, "PATH", "instead of the model's", NULL, false},
    {"vae", PARAM_PATH, AT(vae), "", 0, 0, "PATH", "instead of the model's", NULL, false},
    {"text-encoder", PARAM_PATH, AT(text_encoder), "", 0, 0, "PATH", "instead of the model's",
     NULL, false},
    {"text-encoder-2", PARAM_PATH, AT(text_encoder_2), "", 0, 0, "PATH",
     "instead of the model's, if it is SDXL", NULL, false},
    {"lora", PARAM_PATHS, AT(loras), "", 0, 0, "FILE:WEIGHT",
     "changes the model, by 1 or as much as the weight says; may be given several times", NULL,
     false},
    {"embedding", PARAM_PATHS, AT(embeddings), "", 0, 0, "FILE",
     "a word learnt from pictures (textual inversion), to be used in prompts by its name; may "
     "be "
     "given several times",
     NULL, false},
    {"controlnet", PARAM_PATHS, AT(controlnets), "", 0, 0, "PATH",
     "a ControlNet, for each --control; may be given several times", NULL, false},
    {"control", PARAM_PATHS, AT(controls), "", 0, 0, "KIND=PICTURE",
     "what a ControlNet sees: canny=, scribble=, openpose= (JSON) or raw= and a picture, then "
     "perhaps :SCALE and :FROM-UNTIL, as canny=photo.png:0.8:0-0.5",
     NULL, false},
    {"guess", PARAM_FLAG, AT(guess), "", 0, 0, NULL,
     "ControlNets guess what is meant where prompts say little or nothing; try --guidance 3 to "
     "5",
     NULL, false},
    {"steps", PARAM_INT, AT(steps), "", 1, 1000, "N", "of the sampler (default: 20; lcm: 4)",
     NULL, false},
    {"sampler", PARAM_TEXT, AT(sampler), "", 0, 0, "NAME",
     "how noise becomes a picture (default: as the model's folder says; for single files pndm, "
     "for SD 2 ddim, for SDXL euler)",
     SAMPLERS, false},
    {"seed", PARAM_INT, AT(seed), "42", 0, 4294967295.0, "N",
     "of the noise; the same as torch's", NULL, false},
    {"spacing", PARAM_TEXT, AT(spacing), "", 0, 0, "NAME",
     "of the sampler's times (default: the model's)", "leading|trailing|linspace", false},
    {"sigmas", PARAM_TEXT, AT(sigmas), "", 0, 0, "NAME",
     "the sampler's levels of noise (default: the model's)", "spaced|karras|exponential",
     false},
    {"prediction", PARAM_TEXT, AT(prediction), "", 0, 0, "NAME",
     "what the UNet says (default: as the model tells; single files of SD 2: v)",
     "epsilon|v_prediction|sample", false},
    {"eta", PARAM_NUMBER, AT(eta), "0", 0, 1, "X",
     "ddim: how much noise each step adds; 1: as much as ddpm", NULL, false},
    {"rescale", PARAM_NUMBER, AT(rescale), "0", 0, 1, "X",
     "takes strong guidance's glare away; 0.7 is usual for models that say v", NULL, false},
    {"rng", PARAM_TEXT, AT(rng), "cpu", 0, 0, "NAME",
     "whose noise a seed stands for: torch's on the processor, or on a graphics card",
     "cpu|cuda", false},
    {"noise", PARAM_PATH, AT(noise), "", 0, 0, "FILE",
     "safetensors with the tensor 'noise' [N,4,h,w] instead of the seed's", NULL, false},
    {"dump", PARAM_OUT, AT(dump), "", 0, 0, "DIR", "writes every stage as safetensors", NULL,
     false},
    {"memory", PARAM_TEXT, AT(memory), "", 0, 0, "SIZE",
     "at most, as 4G or 512M: smaller ways are slower (default: as much as is available)", NULL,
     false},
    {"tile-vae", PARAM_TEXT, AT(tile_vae), "auto", 0, 0, "WHEN",
     "decodes in bands, which takes less memory, twice the time, and shows no seams",
     "auto|on|off", false},
    PARAMS_MACHINE(PaintRequest, "prints each stage's time, and memory"),
};

static const ParamGroup groups[] = {
    {"out", "What comes out"},           {"negative", "What it shows"},
    {"init", "A picture to begin with"}, {"model", "The model"},
    {"steps", "From noise to picture"},  {"rng", "For comparing with other implementations"},
    {"memory", "The machine"},
};

const Studio paint_studio = {
    .name = "paint",
    .summary = "words to pictures, by Stable Diffusion 1, 2 and XL",
    .examples = {{"atelier paint \"a castle in the morning, watercolour\" --model sd15",
                  "picture.png, by a model of Stable Diffusion"},
                 {"atelier paint \"a (red:1.3) fox\" --model sdxl.safetensors --batch 4",
                  "four pictures, of the seeds 42 to 45"}},
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .groups = groups,
    .group_count = sizeof groups / sizeof *groups,
    .request_size = sizeof(PaintRequest),
    .run = paint_run,
};
