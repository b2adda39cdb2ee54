/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "base/file.h"
#include "weights/lora.h"

#include <string.h>

enum { REFINER_CONTEXT = 1280, SD2_CONTEXT = 1024 };

/* What parts are called in folders, in metadata and as flags. */
static const struct {
    Net net;
    const char *folder, *flag, *metadata;
} known[] = {
    {NET_UNET, "unet", "--unet", "config.unet"},
    {NET_VAE, "vae", "--vae", "config.vae"},
    {NET_TEXT, "text_encoder", "--text-encoder", "config.text_encoder"},
    {NET_TEXT2, "text_encoder_2", "--text-encoder-2", "config.text_encoder_2"},
    {NET_CONTROL, "controlnet", "--controlnet", "config.controlnet"},
};
enum { KNOWN = sizeof known / sizeof *known, MODEL_PARTS = 4 };

static int place_of(Net net)
{
    int i = 0;
    while (i < KNOWN - 1 && known[i].net != net)
        i++;
    return i;
}

/* ---- one part -------------------------------------------------------------------- */

static bool say_refiner(const Weights *file, Err *err)
{
    return err_set(
        err, ERR_INPUT,
        "'%s' is the refiner of Stable Diffusion XL, which only goes over pictures of "
        "the base model: it is not supported",
        weights_path(file));
}

/* From the folder, else from the file's metadata, else told from its shapes. */
static bool configure(PaintPart *p, Net net, const char *path, int64_t context, Err *err)
{
    const char *text = weights_metadata(p->weights, known[place_of(net)].metadata);
    char *beside = path != NULL && file_is_dir(path) ? file_join(path, "config.json") : NULL;
    if (beside != NULL && file_exists(beside))
        p->config = js_load(beside, err);
    else if (text != NULL)
        p->config = js_parse(text, strlen(text), known[place_of(net)].metadata, err);
    else
        p->config = config_told(net, p->weights, context);
    p->is_told = text == NULL && (beside == NULL || !file_exists(beside));
    xfree(beside);
    return p->config != NULL;
}

/* `path` is where the part's own folder is, or NULL. */
static bool view(PaintPart *p, Net net, const Weights *file, const char *path, int64_t context,
                 Err *err)
{
    /* a second encoder alone in its file looks like any other */
    Net as = net == NET_TEXT2 && !net_is_in(file, net) ? NET_TEXT : net;
    if (!net_is_in(file, as))
        return paint_wrong(file, net_name(net), err);
    p->weights = net_view(file, as, err);
    return p->weights != NULL && configure(p, net, path, context, err);
}

bool paint_part_open(PaintPart *p, Net net, const char *path, int64_t context, Err *err)
{
    *p = (PaintPart){.file = weights_open(path, err)};
    if (p->file != NULL && view(p, net, p->file, path, context, err))
        return true;
    paint_part_close(p);
    return false;
}

void paint_part_close(PaintPart *p)
{
    js_free(p->config);
    weights_close(p->weights);
    weights_close(p->file);
    *p = (PaintPart){0};
}

/* ---- a folder -------------------------------------------------------------------- */

/* dir/name, if it is there. */
static char *inside(const char *dir, const char *name)
{
    char *path = file_join(dir, name);
    if (file_exists(path))
        return path;
    xfree(path);
    return NULL;
}

static bool is_for_sprites(const char *dir)
{
    static const char *const files[] = {"denoising_unet.safetensors", "denoising_unet.pth"};
    bool is = false;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = inside(dir, files[i]);
        is |= path != NULL;
        xfree(path);
    }
    return is;
}

/* model_index.json may say that it is something else altogether. */
static bool check_index(const char *dir, Err *err)
{
    if (is_for_sprites(dir))
        return err_set(err, ERR_INPUT,
                       "'%s' is a model for sprites, which 'atelier sprite' takes", dir);
    char *path = inside(dir, "model_index.json"), *unet = inside(dir, "unet");
    bool has_unet = unet != NULL;
    Json *index = path == NULL ? NULL : js_load(path, err);
    bool ok = path == NULL || index != NULL;
    xfree(path);
    xfree(unet);
    if (ok && index == NULL && !has_unet)
        return err_set(err, ERR_INPUT,
                       "'%s' is no model for painting: it has neither model_index.json nor "
                       "unet/; if a file in it holds one, name that",
                       dir);
    if (ok && js_is_null(js_get(index, "unet")) && !has_unet)
        ok = err_set(err, ERR_INPUT,
                     "'%s' is a model for %.60s, not for Stable Diffusion 1, 2 or XL", dir,
                     js_string(js_get(index, "_class_name"), "something unknown"));
    js_free(index);
    return ok;
}

static bool find_rest(PaintParts *p, const char *dir, Err *err)
{
    char *scheduler = inside(dir, "scheduler/scheduler_config.json");
    bool ok = scheduler == NULL || (p->scheduler = scheduler_json_load(scheduler, err)) != NULL;
    xfree(scheduler);
    p->tokenizer = inside(dir, "tokenizer");
    p->tokenizer2 = inside(dir, "tokenizer_2");
    return ok;
}

/* ---- the model ------------------------------------------------------------------- */

static PaintPart *part_at(PaintParts *p, int i)
{
    PaintPart *const all[] = {&p->unet, &p->vae, &p->text, &p->text2};
    return all[i];
}

/* A second text encoder only where the UNet wants a vector besides the context. */
static bool is_needed(const PaintParts *p, int i)
{
    return known[i].net != NET_TEXT2 ||
           (p->unet.weights != NULL && weights_has_under(p->unet.weights, "add_embedding."));
}

/* The part from where it was named, from the model's folder or from its file;
 * none of them has it: fine, for now. */
static bool open_one(PaintParts *p, int i, const PaintNamed *named, Err *err)
{
    const char *const flags[] = {named->unet, named->vae, named->text_encoder,
                                 named->text_encoder_2};
    PaintPart *part = part_at(p, i);
    Net net = known[i].net;
    if (flags[i] != NULL)
        return paint_part_open(part, net, flags[i], p->context, err);
    if (p->file != NULL)
        return !net_is_in(p->file, net) || view(part, net, p->file, NULL, p->context, err);
    char *path = named->model == NULL ? NULL : inside(named->model, known[i].folder);
    bool ok = path == NULL || paint_part_open(part, net, path, p->context, err);
    xfree(path);
    return ok;
}

static bool open_model(PaintParts *p, const char *model, Err *err)
{
    if (model == NULL)
        return true;
    if (file_is_dir(model))
        return check_index(model, err) && find_rest(p, model, err);
    p->file = weights_open(model, err);
    if (p->file == NULL)
        return false;
    const char *scheduler = weights_metadata(p->file, "config.scheduler");
    if (scheduler == NULL)
        return true;
    p->scheduler = scheduler_json(scheduler, strlen(scheduler), "config.scheduler", err);
    return p->scheduler != NULL;
}

/* What the UNet's own shapes say. */
static bool check_unet(PaintParts *p, Err *err)
{
    const Weights *unet = p->unet.weights;
    Tensor in = weights_find(unet, "conv_in.weight");
    int64_t channels = in.rank > 1 ? in.dim[1] : 0;
    p->context = net_context(unet);
    p->is_inpaint = channels == 9;
    if (p->context == REFINER_CONTEXT)
        return say_refiner(unet, err);
    if (channels == 8)
        return err_set(
            err, ERR_INPUT,
            "'%s' follows instructions (InstructPix2Pix: its UNet takes 8 channels), "
            "which is not supported",
            weights_path(unet));
    if (p->context == 0)
        return err_set(err, ERR_INPUT, "the UNet of '%s' reads no text", weights_path(unet));
    return true;
}

static int64_t width_of(const PaintPart *text)
{
    if (text->weights == NULL)
        return 0;
    Tensor words = weights_find(text->weights, "text_model.embeddings.token_embedding.weight");
    return words.rank > 1 ? words.dim[1] : 0;
}

static bool say_lacking(const char *model, int i, Err *err)
{
    const char *name = net_name(known[i].net), *flag = known[i].flag;
    if (model == NULL)
        return err_set(err, ERR_INPUT, "no %s is named: name a model, or one with %s", name,
                       flag);
    return err_set(err, ERR_INPUT, "'%s' holds no %s: name one with %s", model, name, flag);
}

static bool check_whole(const PaintParts *p, const char *model, Err *err)
{
    const PaintPart *const all[] = {&p->unet, &p->vae, &p->text, &p->text2};
    for (int i = 0; i < MODEL_PARTS; i++)
        if (all[i]->weights == NULL && is_needed(p, i))
            return say_lacking(model, i, err);
    int64_t width = width_of(&p->text) + width_of(&p->text2);
    if (width != p->context)
        return err_set(err, ERR_INPUT,
                       "the UNet wants a text %lld wide, the text encoder%s %lld: they do not "
                       "belong together",
                       (long long)p->context,
                       p->text2.weights != NULL ? "s together give" : " gives",
                       (long long)width);
    return true;
}

bool paint_parts_open(PaintParts *p, const PaintNamed *named, Err *err)
{
    *p = (PaintParts){0};
    bool ok = open_model(p, named->model, err) && open_one(p, 0, named, err);
    if (ok && p->unet.weights == NULL && p->file != NULL)
        ok = paint_wrong(p->file, net_name(NET_UNET), err);
    if (ok && p->unet.weights != NULL)
        ok = check_unet(p, err);
    for (int i = 1; ok && i < MODEL_PARTS; i++)
        ok = !is_needed(p, i) || open_one(p, i, named, err);
    ok = ok && check_whole(p, named->model, err);
    if (!ok) {
        paint_parts_close(p);
        return false;
    }
    /* SD 2 of 768 pixels and some of XL; those of 512 have to be told apart by
     * a scheduler's configuration, but for the one that inpaints */
    p->predicts_v =
        (p->context == SD2_CONTEXT && !p->is_inpaint) ||
        (p->file != NULL && weights_index(p->file, "v_pred") < weights_count(p->file));
    return true;
}

void paint_parts_close(PaintParts *p)
{
    for (int i = 0; i < MODEL_PARTS; i++)
        paint_part_close(part_at(p, i));
    js_free(p->scheduler);
    weights_close(p->file);
    xfree(p->tokenizer);
    xfree(p->tokenizer2);
    *p = (PaintParts){0};
}
