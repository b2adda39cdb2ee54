/* SPDX-License-Identifier: MIT */
#include "studios/sprite.h"

#include "studios/sprite/internal.h"

#include "base/file.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void work_say(const Work *w, const char *fmt, ...)
{
    char line[512];
    if (w->talk->say == NULL)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    w->talk->say(w->talk->user, line);
}

bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

bool goes_on(const Work *w, Err *err)
{
    if (w->talk->cancel == NULL || !atomic_load(w->talk->cancel))
        return true;
    return err_set(err, ERR_CANCELLED, "stopped");
}

static bool begin(Work *w, Err *err)
{
    if (!arena_init(&w->job, 0, err) || !arena_init(&w->scratch, 0, err) ||
        !kernels_named(&w->kernels, w->q->kernels, err))
        return false;
    w->run = (Run){.kernels = &w->kernels,
                   .pool = pool_new((int)w->q->threads),
                   .scratch = &w->scratch,
                   .cancel = w->talk->cancel};
    return true;
}

static void end(Work *w)
{
    pool_free(w->run.pool);
    arena_release(&w->job);
    arena_release(&w->scratch);
}

/* ---- one picture --------------------------------------------------------------------- */

/* Everything that was given is looked at before anything is written or takes
 * long. */
static bool look(Work *w, const Method *method, void *state, const char *path, Figure *figure,
                 Actions *actions, Err *err)
{
    Side sides[SIDES_MOST];
    if (!figure_read(figure, w, path, err) || !method->meet(state, w, figure, err))
        return false;
    int count = method->sides(state, w, sides, err);
    if (count == 0 || !actions_open(actions, w, sides, count, err))
        return false;
    for (int i = 0; i < actions->count; i++)
        if (!method->look(state, w, &actions->of[i], err))
            return false;
    return true;
}

static bool make_folders(const Work *w, const char *out, Err *err)
{
    return (!is_given(out) || file_make_dirs(out, err)) &&
           (!is_given(w->q->dump) || file_make_dirs(w->q->dump, err));
}

static Image mirrored(Image im, Arena *a, Err *err)
{
    size_t c = (size_t)image_channels(im), n = (size_t)image_width(im);
    Image to = image_new(a, image_width(im), image_height(im), image_channels(im), err);
    for (int y = 0; !tensor_is_empty(to) && y < image_height(im); y++)
        for (size_t x = 0; x < n; x++)
            memcpy(image_row(to, y) + x * c, image_row(im, y) + (n - 1 - x) * c, c);
    return to;
}

static bool draw_action(Work *w, const Method *method, void *state, Action *m, Action *first,
                        Err *err)
{
    m->frame = arena_zeros(&w->job, (size_t)m->count * sizeof *m->frame);
    if (m->frame == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for the frames");
    if (m->side.mirror_of < 0)
        return method->draw(state, w, m, m->frame, err);
    for (int64_t i = 0; i < m->count; i++) {
        m->frame[i] = mirrored(first[m->side.mirror_of].frame[i], &w->job, err);
        if (tensor_is_empty(m->frame[i]))
            return false;
    }
    return true;
}

static bool draw_actions(Work *w, const Method *method, void *state, Actions *actions, Err *err)
{
    Action *first = actions->of; /* of this animation */
    for (int i = 0; i < actions->count; i++) {
        Action *m = &actions->of[i];
        if (m->side.name[0] == '\0' || strcmp(m->side.name, actions->of[0].side.name) == 0)
            first = m;
        if (!goes_on(w, err) || !draw_action(w, method, state, m, first, err))
            return false;
    }
    return true;
}

static bool make_one(Work *w, const Method *method, void *state, const char *path,
                     const char *out, Err *err)
{
    Figure figure;
    Actions actions;
    char how[160];
    arena_rewind(&w->job, 0);
    if (!look(w, method, state, path, &figure, &actions, err) || !make_folders(w, out, err) ||
        !draw_actions(w, method, state, &actions, err))
        return false;
    method->describe(state, w, how, sizeof how);
    return w->q->raw ? save_raw(w, &actions, out, err) : save_sheet(w, &actions, how, out, err);
}

/* ---- what it cost ---------------------------------------------------------------------- */

static void report(const Work *w, double began)
{
    if (w->talk->detail == NULL)
        return;
    char line[160];
    double whole = clock_now() - began;
    for (int i = 0; i < COST_KINDS; i++) {
        const Cost *c = &w->run.cost[i];
        snprintf(line, sizeof line,
                 "  %-26s %8.3f s   %9.1f GFLOP   %7.1f GFLOP/s   %lld calls",
                 cost_name((CostKind)i), c->seconds, c->flop * 1e-9,
                 c->seconds > 0 ? c->flop * 1e-9 / c->seconds : 0, (long long)c->calls);
        w->talk->detail(w->talk->user, line);
    }
    Cost all = run_cost(&w->run);
    snprintf(line, sizeof line, "%-28s %8.3f s, of which %.3f s in kernels, %s table",
             "whole run", whole, all.seconds, w->kernels.name);
    w->talk->detail(w->talk->user, line);
    snprintf(line, sizeof line, "%-28s %zu MiB of scratch, %zu MiB for the picture",
             "memory at most", w->scratch.peak >> 20, w->job.peak >> 20);
    w->talk->detail(w->talk->user, line);
}

/* ---- the whole way -------------------------------------------------------------------- */

static bool sprite_run(const void *request, const StudioRun *talk, Err *err)
{
    double began = clock_now();
    Work w = {.q = request, .talk = talk};
    const Method *method = method_chosen(w.q);
    void *state = xalloc(1, method->state);
    bool ok = begin(&w, err) && method->open(state, &w, err) &&
              make_one(&w, method, state, w.q->pictures.of[0], w.q->out, err);
    if (ok)
        report(&w, began);
    method->close(state);
    xfree(state);
    end(&w);
    return ok;
}

#define AT(field) offsetof(SpriteRequest, field)

static const Param params[] = {
    {"picture", PARAM_PATHS, AT(pictures), NULL, 0, 0, "PICTURE",
     "the character: PNG, JPEG or WebP; with alpha its background is transparent. Several: "
     "one folder in --out for each",
     NULL, true},
    {"out", PARAM_OUT, AT(out), "out", 0, 0, "DIR", "where sheet.png, the GIF and frames/ go",
     NULL, false},
    {"method", PARAM_TEXT, AT(method), "auto", 0, 0, "NAME", "how frames are drawn",
     "auto|diffusion", false},
    {"animation", PARAM_LIST, AT(animation), "walk", 0, 0, "LIST", "what the character does",
     "walk|idle|run|jump|attack|crouch|defend|death|roll|celebrate", false},
    {"directions", PARAM_TEXT, AT(directions), "1", 0, 0, "N",
     "seen from --yaw; or from 4 or 8 sides, a row each: s towards us, e to our right", "1|4|8",
     false},
    {"frames", PARAM_INT, AT(frames), "", 1, 4096, "N",
     "frames of the animation (default: 8, or all of --poses)", NULL, false},
    {"yaw", PARAM_TEXT, AT(yaw), "auto", 0, 0, "DEGREES",
     "the side it is seen from: 0 faces us, 90 our right; or s, se, e, ... (auto: 45)", NULL,
     false},
    {"pitch", PARAM_NUMBER, AT(pitch), "0", -80, 80, "DEGREES", "0 level, 30 from above", NULL,
     false},
    {"head", PARAM_NUMBER, AT(head), "", 0.05, 0.7, "SHARE",
     "how much of its height is head, chin to top (default: guessed from the outline)", NULL,
     false},
    {"poses", PARAM_PATH, AT(poses), "", 0, 0, "PATH",
     "own poses instead: a folder of pose pictures, or OpenPose JSON (file or folder)", NULL,
     false},
    {"model", PARAM_PATH, AT(model), "", 0, 0, "DIR",
     "Animate Anyone / Sprite Sheet Diffusion weights (default: the embedded small model)",
     NULL, false},
    {"family", PARAM_TEXT, AT(family), "", 0, 0, "NAME",
     "the kind of model, if its folder does not say: animate-anyone, sprite-sheet-diffusion, "
     "sprite-sheet-diffusion-plain",
     NULL, false},
    {"size", PARAM_SIZE, AT(size), "", 8, 4096, "WxH",
     "of a frame, in pixels (default: the model's, 512x512 or 64x64)", NULL, false},
    {"steps", PARAM_INT, AT(steps), "", 1, 1000, "N",
     "of the sampler (default: the model's; 25 for published ones)", NULL, false},
    {"guidance", PARAM_NUMBER, AT(guidance), "", 0.01, 100, "X",
     "how closely to follow the picture (default: the model's; 3.5 for published ones)", NULL,
     false},
    {"seed", PARAM_INT, AT(seed), "42", 0, 4294967295.0, "N",
     "of the noise; the same as torch's", NULL, false},
    {"context", PARAM_INT, AT(context), "", 1, 4096, "N",
     "frames seen together by the motion modules (default: 24, or 16)", NULL, false},
    {"overlap", PARAM_INT, AT(overlap), "", 0, 4095, "N",
     "frames shared by neighbouring windows (default: 4)", NULL, false},
    {"window", PARAM_TEXT, AT(window), "auto", 0, 0, "KIND",
     "closed: windows wrap, for loops; open: for what happens once; auto: as the animation is",
     "auto|closed|open", false},
    {"batch-statistics", PARAM_FLAG, AT(batch_statistics), "", 0, 0, NULL,
     "a multi-resolution guider normalises by its input, as the published scripts do", NULL,
     false},
    {"rules", PARAM_TEXT, AT(rules), "long", 0, 0, "WHOSE",
     "how Moore's scripts resize pictures: long (pose2img, pose2vid_long), or short (pose2vid: "
     "CLIP sees the middle, poses are bicubic)",
     "long|short", false},
    {"noise", PARAM_PATH, AT(noise), "", 0, 0, "FILE",
     "safetensors with the tensor 'noise' [1,C,F,h,w] instead of the seed's", NULL, false},
    {"raw", PARAM_FLAG, AT(raw), "", 0, 0, NULL,
     "frames exactly as the model makes them: no cutting out, no padding, no sheet", NULL,
     false},
    {"dump", PARAM_OUT, AT(dump), "", 0, 0, "DIR", "writes every stage as safetensors", NULL,
     false},
    {"threads", PARAM_INT, AT(threads), "0", 0, 256, "N", "0: one for each core", NULL, false},
    {"kernels", PARAM_TEXT, AT(kernels), "best", 0, 0, "TABLE", "which kernels compute",
     "best|ref|avx2|avx512", false},
    {"verbose", PARAM_FLAG, AT(verbose), "", 0, 0, NULL, "prints each stage's time and speed",
     NULL, false},
};

static const ParamGroup groups[] = {
    {"out", "What comes out"},
    {"animation", "What the character does"},
    {"model", "The model"},
    {"batch-statistics", "For comparing with other implementations"},
    {"threads", "The machine"},
};

const Studio sprite_studio = {
    .name = "sprite",
    .summary = "one picture of a character to an animated sprite sheet",
    .examples = {{"atelier sprite knight.png --animation walk --out out/knight",
                  "a walking knight: sheet, GIF and frames"},
                 {"atelier sprite knight.png --animation attack --yaw 90 --frames 12",
                  "a blow, seen from the side, into out/"},
                 {"atelier sprite knight.png --poses dance.json --out out/dance",
                  "poses of your own, as OpenPose writes them"}},
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .groups = groups,
    .group_count = sizeof groups / sizeof *groups,
    .request_size = sizeof(SpriteRequest),
    .run = sprite_run,
};
