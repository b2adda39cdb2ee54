/* SPDX-License-Identifier: MIT */
#include "studios/sprite.h"

#include "diffusion/sampler.h"
#include "pose/draw.h"
#include "sheet/export.h"
#include "studios/sprite/internal.h"

static bool sprite_run(const void *request, const StudioRun *talk, Err *err)
{
    const SpriteRequest *q = request;
    if (q->pictures.count > 1 || batch_is_file(q->pictures.of[0]))
        return batch_make(&sprite_studio, q, talk, err);
    return picture_make(q, talk, &(PictureTask){.picture = q->pictures.of[0], .out = q->out},
                        err);
}

#define AT(field) offsetof(SpriteRequest, field)

static const Param params[] = {
    {"picture", PARAM_PATHS, AT(pictures), NULL, 0, 0, "PICTURE",
     "the character: PNG, JPEG or WebP, on a transparent background or on plain paper. "
     "Several, or a file of jobs (.json): a folder in --out for each",
     NULL, true},
    {"out", PARAM_OUT, AT(out), "out", 0, 0, "DIR", "where sheet.png, the GIF and frames/ go",
     NULL, false},
    {"format", PARAM_LIST, AT(format), "png,gif,json", 0, 0, "LIST",
     "files to write: for engines and editors, and moving pictures", SHEET_FORMATS, false},
    {"cell", PARAM_INT, AT(cell), "", 8, 4096, "N",
     "cells of N x N pixels, as pixel art: no colour arises (default: as drawn)", NULL, false},
    {"colors", PARAM_INT, AT(colors), "", 2, 256, "N",
     "at most so many colours in all frames together", NULL, false},
    {"palette", PARAM_PATH, AT(palette), "", 0, 0, "FILE",
     "only these colours: .gpl, .pal, .hex or a picture that has them", NULL, false},
    {"outline", PARAM_TEXT, AT(outline), "", 0, 0, "COLOUR",
     "one pixel around the figure: #20182c, black, white", NULL, false},
    {"in-place", PARAM_FLAG, AT(in_place), "", 0, 0, NULL,
     "what happens once stays on the spot, too, as loops do: no root motion", NULL, false},
    {"extrude", PARAM_INT, AT(extrude), "", 1, 16, "N",
     "repeats the edges of cells by so many pixels, against bleeding", NULL, false},
    {"animation", PARAM_LIST, AT(animation), "walk", 0, 0, "LIST", "what the character does",
     "walk|idle|run|jump|attack|crouch|defend|death|roll|celebrate", false},
    {"directions", PARAM_TEXT, AT(directions), "1", 0, 0, "N",
     "seen from --yaw; or from 4 or 8 sides, a row each: s towards us, e to our right", "1|4|8",
     false},
    {"frames", PARAM_INT, AT(frames), "", 1, 4096, "N",
     "frames of the animation (default: its own number, 4 to 8, or all of --poses)", NULL,
     false},
    {"yaw", PARAM_TEXT, AT(yaw), "auto", 0, 0, "DEGREES",
     "the side it is seen from: 0 faces us, 90 our right; or s, se, e, ... (auto: 45)", NULL,
     false},
    {"pitch", PARAM_NUMBER, AT(pitch), "0", -80, 80, "DEGREES", "0 level, 30 from above", NULL,
     false},
    {"poses", PARAM_PATH, AT(poses), "", 0, 0, "PATH",
     "own poses instead: a folder of pose pictures, or OpenPose JSON (file or folder)", NULL,
     false},
    {"mask", PARAM_PATH, AT(mask), "", 0, 0, "FILE",
     "white where the character is, for one picture with a background (plain paper is cut off "
     "without)",
     NULL, false},
    {"joints", PARAM_PATH, AT(joints), "", 0, 0, "FILE",
     "where the character's joints are: OpenPose JSON in the picture's pixels (default: found "
     "by the embedded estimator)",
     NULL, false},
    {"parts", PARAM_PATH, AT(parts), "", 0, 0, "FILE",
     "which pixel belongs to which part of the puppet: an indexed PNG, as --dump writes it",
     NULL, false},
    {"build", PARAM_TEXT, AT(build), "", 0, 0, "NAME",
     "diffusion: how the figure is built (default: as its joints tell, or its outline)", BUILDS,
     false},
    {"head", PARAM_NUMBER, AT(head), "", 0.05, 0.7, "SHARE",
     "diffusion: how much of its height is head, chin to top (default: as it is built)", NULL,
     false},
    {"height", PARAM_NUMBER, AT(height), "1", 0.2, 1.2, "X",
     "diffusion: how high it is drawn, beside its own height in the picture", NULL, false},
    {"method", PARAM_TEXT, AT(method), "auto", 0, 0, "NAME", "how frames are drawn",
     "auto|puppet|refine|diffusion|prompt|controlnet", false},
    {"mend", PARAM_NUMBER, AT(mend), "1", 0, 1, "X",
     "how much the mender may change where a puppet tears; 0: the drawing's own pixels", NULL,
     false},
    {"strength", PARAM_NUMBER, AT(strength), "", 0.01, 1, "X",
     "how much is drawn anew; 1: all (default: refine 0.5, prompt 0.35, controlnet 0.6)", NULL,
     false},
    {"gate", PARAM_TEXT, AT(gate), "changed", 0, 0, "WHERE",
     "where refine draws: where the mender changed the puppet, or all of the figure",
     "changed|all", false},
    {"model", PARAM_PATH, AT(model), "", 0, 0, "PATH",
     "Animate Anyone / Sprite Sheet Diffusion weights (default: the embedded small model); "
     "prompt, controlnet: Stable Diffusion, a folder of diffusers or one file",
     NULL, false},
    {"family", PARAM_TEXT, AT(family), "", 0, 0, "NAME",
     "the kind of model, if its folder does not say: animate-anyone, sprite-sheet-diffusion, "
     "sprite-sheet-diffusion-plain",
     NULL, false},
    {"pose-style", PARAM_TEXT, AT(pose_style), "", 0, 0, "NAME",
     "colours and lines of the skeletons that the model sees (default: the model's)",
     POSE_STYLES, false},
    {"size", PARAM_SIZE, AT(size), "", 8, 4096, "WxH",
     "of a frame, in pixels (default: the model's, 512x512 or 64x64)", NULL, false},
    {"steps", PARAM_INT, AT(steps), "", 1, 1000, "N",
     "of the sampler (default: the model's; 25 for published ones; prompt, controlnet: 20)",
     NULL, false},
    {"guidance", PARAM_NUMBER, AT(guidance), "", 0.01, 100, "X",
     "how closely to follow the picture (default: the model's; 3.5 for published ones), or "
     "the words (7.5)",
     NULL, false},
    {"seed", PARAM_INT, AT(seed), "42", 0, 4294967295.0, "N",
     "of the noise; the same as torch's", NULL, false},
    {"context", PARAM_INT, AT(context), "", 1, 4096, "N",
     "frames seen together by the motion modules (default: 24, or 16)", NULL, false},
    {"overlap", PARAM_INT, AT(overlap), "", 0, 4095, "N",
     "frames shared by neighbouring windows (default: 4)", NULL, false},
    {"window", PARAM_TEXT, AT(window), "auto", 0, 0, "KIND",
     "closed: windows wrap, for loops; open: for what happens once; auto: as the animation is",
     "auto|closed|open", false},
    {"prompt", PARAM_TEXT, AT(prompt), "", 0, 0, "WORDS",
     "what the character is, as \"a knight in silver armour\"", NULL, false},
    {"negative", PARAM_TEXT, AT(negative), "", 0, 0, "WORDS",
     "what frames are to avoid (default: as --prompts has it)", NULL, false},
    {"prompts", PARAM_PATH, AT(prompts), "", 0, 0, "FILE",
     "own words for the frames of animations, JSON (default: built-in "
     "ones)",
     NULL, false},
    {"begin", PARAM_TEXT, AT(begin), "auto", 0, 0, "WITH",
     "what is painted over (auto: the drawing for prompt, the puppet's "
     "frames for controlnet)",
     "auto|drawing|puppet", false},
    {"controlnet", PARAM_PATH, AT(controlnet), "", 0, 0, "PATH",
     "the network that sees skeletons (openpose)", NULL, false},
    {"control-scale", PARAM_NUMBER, AT(control_scale), "1", 0, 2, "X",
     "how much the skeletons say", NULL, false},
    {"lora", PARAM_PATHS, AT(loras), "", 0, 0, "FILE:WEIGHT",
     "changes the model; may be given several times", NULL, false},
    {"vae", PARAM_PATH, AT(vae), "", 0, 0, "PATH", "instead of the model's", NULL, false},
    {"sampler", PARAM_TEXT, AT(sampler), "", 0, 0, "NAME",
     "how noise becomes a frame (default: as the model's scheduler says, "
     "or pndm)",
     SAMPLERS, false},
    {"memory", PARAM_TEXT, AT(memory), "", 0, 0, "SIZE",
     "at most, as 4G or 512M: smaller ways are slower (default: as much as is available)", NULL,
     false},
    {"batch-statistics", PARAM_FLAG, AT(batch_statistics), "", 0, 0, NULL,
     "a multi-resolution guider normalises by its input, as the published scripts do", NULL,
     false},
    {"plms-lag", PARAM_FLAG, AT(plms_lag), "", 0, 0, NULL,
     "pndm, begun in the middle, is told times one step late, as by diffusers", NULL, false},
    {"rng", PARAM_TEXT, AT(rng), "cpu", 0, 0, "NAME",
     "prompt, controlnet: whose noise a seed stands for, torch's on the processor, or on a "
     "graphics card",
     "cpu|cuda", false},
    {"rules", PARAM_TEXT, AT(rules), "long", 0, 0, "WHOSE",
     "how Moore's scripts resize pictures: long (pose2img, pose2vid_long), or short (pose2vid: "
     "CLIP sees the middle, poses are bicubic)",
     "long|short", false},
    {"noise", PARAM_PATH, AT(noise), "", 0, 0, "FILE",
     "safetensors with the tensor 'noise' [1,C,F,h,w] instead of the seed's; prompt, "
     "controlnet: [F,C,h,w]",
     NULL, false},
    {"raw", PARAM_FLAG, AT(raw), "", 0, 0, NULL,
     "frames exactly as the model makes them: no cutting out, no padding, no sheet", NULL,
     false},
    {"dump", PARAM_OUT, AT(dump), "", 0, 0, "DIR", "writes every stage as safetensors", NULL,
     false},
    PARAMS_MACHINE(SpriteRequest, "prints each stage's time and speed"),
};

static const ParamGroup groups[] = {
    {"out", "What comes out"},
    {"animation", "What the character does"},
    {"mask", "What is where in the drawing"},
    {"method", "How frames are drawn"},
    {"model", "The model"},
    {"prompt", "Frames by Stable Diffusion: --method prompt, controlnet"},
    {"batch-statistics", "For comparing with other implementations"},
    {"threads", "The machine"},
};

const Studio sprite_studio = {
    .name = "sprite",
    .summary = "one picture of a character to an animated sprite sheet",
    .examples = {{"atelier sprite knight.png --animation walk -o out/knight",
                  "a walking knight: sheet, GIF and JSON"},
                 {"atelier sprite knight.png --animation idle,run --directions 4 "
                  "--format godot",
                  "rows for every side, as a Godot scene"},
                 {"atelier sprite robot.png --cell 64 --colors 16 --outline black",
                  "pixel art of any drawing"},
                 {"atelier sprite *.png --animation idle,walk -o out/all",
                  "many pictures; started again, it goes on where it was stopped"}},
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .groups = groups,
    .group_count = sizeof groups / sizeof *groups,
    .request_size = sizeof(SpriteRequest),
    .run = sprite_run,
};
