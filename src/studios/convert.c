/* SPDX-License-Identifier: MIT */
#include "studios/convert.h"

#include "base/file.h"
#include "diffusion/scheduler.h"
#include "paint/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct ConvertRequest {
    const char *in, *out, *to, *part, *type;
} ConvertRequest;

/* ---- what is converted ----------------------------------------------------------- */

/* The networks of the input, or, for want of one, its only file as it is. */
typedef struct Input {
    Weights *file; /* of a single one */
    PaintPart part[NETS];
    Json *scheduler;
} Input;

/* How networks are called in folders, metadata, --part and prefixes. */
static const char *const parts[NETS] = {
    [NET_UNET] = "unet",         [NET_CONTROL] = "controlnet",   [NET_VAE] = "vae",
    [NET_TEXT] = "text_encoder", [NET_TEXT2] = "text_encoder_2",
};

static void input_close(Input *in)
{
    for (int net = 0; net < NETS; net++)
        paint_part_close(&in->part[net]);
    js_free(in->scheduler);
    weights_close(in->file);
}

static bool has_any(const Input *in)
{
    for (int net = 0; net < NETS; net++)
        if (in->part[net].weights != NULL)
            return true;
    return false;
}

/* The folders of a model's folder. */
static bool open_folder(Input *in, const char *dir, Err *err)
{
    bool ok = true;
    for (int net = 0; ok && net < NETS; net++) {
        char *path = file_join(dir, parts[net]);
        if (file_is_dir(path))
            ok = paint_part_open(&in->part[net], (Net)net, path, 0, err);
        xfree(path);
    }
    char *scheduler = file_join(dir, "scheduler/scheduler_config.json");
    if (ok && file_exists(scheduler))
        ok = (in->scheduler = scheduler_json_load(scheduler, err)) != NULL;
    xfree(scheduler);
    return ok;
}

static bool view_all(Input *in, Err *err)
{
    bool ok = true;
    for (int net = 0; ok && net < NETS; net++) {
        PaintPart *p = &in->part[net];
        if (net_is_in(in->file, (Net)net))
            ok = (p->weights = net_view(in->file, (Net)net, err)) != NULL;
    }
    return ok;
}

static bool input_open(Input *in, const char *path, Err *err)
{
    Err of_file = {0};
    *in = (Input){.file = weights_open(path, &of_file)};
    if (in->file != NULL)
        return view_all(in, err);
    if (!file_is_dir(path))
        return err_set(err, of_file.kind, "%s", of_file.text);
    if (!open_folder(in, path, err))
        return false;
    if (!has_any(in))
        return err_set(err, of_file.kind, "%s", of_file.text);
    return true;
}

static bool is_from(const Input *in, const char *path)
{
    bool is = in->file != NULL && weights_is_from(in->file, path);
    for (int net = 0; !is && net < NETS; net++)
        is = in->part[net].weights != NULL && weights_is_from(in->part[net].weights, path);
    return is;
}

/* Leaves only the network that was asked for. */
static bool choose(Input *in, const char *part, Err *err)
{
    Net net = 0;
    while (strcmp(parts[net], part) != 0)
        net++;
    if (in->part[net].weights == NULL)
        return err_set(err, ERR_INPUT, "there is no %s in it", net_name(net));
    for (int other = 0; other < NETS; other++)
        if (other != (int)net)
            paint_part_close(&in->part[other]);
    return true;
}

/* ---- what comes out -------------------------------------------------------------- */

/* Tensors to be written, whose names are ours. */
typedef struct Output {
    WeightsOut *of;
    size_t count;
} Output;

static void output_release(Output *o)
{
    for (size_t i = 0; i < o->count; i++)
        xfree((char *)(uintptr_t)o->of[i].name);
    xfree(o->of);
}

static WeightsOut *add(Output *o, const char *prefix, const char *name, Tensor t)
{
    size_t room = strlen(prefix) + strlen(name) + 1;
    char *full = xalloc(room, 1);
    snprintf(full, room, "%s%s", prefix, name);
    if ((o->count & (o->count - 1)) == 0)
        o->of = xgrow(o->of, o->count > 0 ? o->count * 2 : 1, sizeof *o->of);
    o->of[o->count] = (WeightsOut){full, t.type, tensor_shape(t), {t}, false};
    return &o->of[o->count++];
}

static void add_all(Output *o, const char *prefix, const Weights *w)
{
    for (size_t i = 0; i < weights_count(w); i++)
        (void)add(o, prefix, weights_name(w, i), weights_at(w, i));
}

/* Where LDM keeps a network, and how its names are spelled there. */
typedef struct Home {
    const char *prefix;
    Spelling how;
} Home;

static int64_t width_of(const Weights *text)
{
    Tensor t = weights_find(text, "text_model.embeddings.token_embedding.weight");
    return t.rank == 2 ? t.dim[1] : 0;
}

static Home home_of(const Input *in, Net net)
{
    enum { SD2_WIDTH = 1024 };
    static const char *const prefixes[NETS] = {
        [NET_UNET] = "model.diffusion_model.",
        [NET_CONTROL] = "control_model.",
        [NET_VAE] = "first_stage_model.",
        [NET_TEXT] = "cond_stage_model.transformer.",
        [NET_TEXT2] = "conditioner.embedders.1.model.",
    };
    if (net == NET_TEXT && in->part[NET_TEXT2].weights != NULL)
        return (Home){"conditioner.embedders.0.transformer.", SPELLING_LDM};
    if (net == NET_TEXT && width_of(in->part[NET_TEXT].weights) == SD2_WIDTH)
        return (Home){"cond_stage_model.model.", SPELLING_OPENCLIP};
    return (Home){prefixes[net], net == NET_TEXT2 ? SPELLING_OPENCLIP : SPELLING_LDM};
}

/* The other two thirds of a tensor that is to be put together from three. */
static bool fuse(WeightsOut *to, const Weights *w, const char *name, Err *err)
{
    char *other = xstrdup(name), *at = strstr(other, ".q_proj.");
    bool ok = true;
    for (int third = 1; ok && third < 3; third++) {
        at[1] = third == 1 ? 'k' : 'v';
        to->piece[third] = weights_find(w, other);
        ok = to->piece[third].type == to->piece[0].type && !tensor_is_empty(to->piece[third]) &&
             shape_equal(tensor_shape(to->piece[third]), tensor_shape(to->piece[0]));
    }
    if (!ok)
        err_set(err, ERR_FORMAT, "'%s' and what belongs to it are not three alike", name);
    xfree(other);
    if (ok && to->shape.rank > 0)
        to->shape.dim[0] *= 3;
    return ok;
}

static bool add_spelled(Output *o, const Home *home, Net net, const Weights *w, size_t i,
                        Err *err)
{
    Spelled there;
    const char *name = weights_name(w, i);
    Tensor t = weights_at(w, i);
    if (!net_spell(w, net, home->how, name, &there))
        return err_set(err, ERR_FORMAT, "'%s' has no name in LDM: --to diffusers keeps it",
                       name);
    if (there.third > 0)
        return true; /* comes with the first */
    WeightsOut *to = add(o, home->prefix, there.name, t);
    if (there.third == 0)
        return fuse(to, w, name, err);
    to->is_transposed = there.is_transposed && t.rank == 2;
    if (to->is_transposed)
        to->shape = (Shape){2, {t.dim[1], t.dim[0]}};
    if (there.is_filter && t.rank == 2)
        to->shape = (Shape){4, {t.dim[0], t.dim[1], 1, 1}};
    return true;
}

/* A VAE alone is used without a prefix. */
static bool add_ldm(Output *o, const Input *in, bool is_alone, Err *err)
{
    bool ok = true;
    for (int net = 0; ok && net < NETS; net++) {
        const Weights *w = in->part[net].weights;
        if (w == NULL)
            continue;
        Home home = home_of(in, (Net)net);
        if (is_alone && net == NET_VAE)
            home.prefix = "";
        for (size_t i = 0; ok && i < weights_count(w); i++)
            ok = add_spelled(o, &home, (Net)net, w, i, err);
    }
    return ok;
}

static void add_diffusers(Output *o, const Input *in, bool is_alone)
{
    char prefix[32];
    for (int net = 0; net < NETS; net++) {
        snprintf(prefix, sizeof prefix, "%s.", parts[net]);
        if (in->part[net].weights != NULL)
            add_all(o, is_alone ? "" : prefix, in->part[net].weights);
    }
}

static bool list_output(Output *o, const Input *in, const ConvertRequest *q, Err *err)
{
    int nets = 0;
    for (int net = 0; net < NETS; net++)
        nets += in->part[net].weights != NULL;
    if (q->to == NULL && q->part == NULL && in->file != NULL) {
        add_all(o, "", in->file);
        return true;
    }
    if (nets == 0)
        return err_set(err, ERR_INPUT,
                       "it holds no UNet, ControlNet, VAE or text encoder: there is nothing to "
                       "rename");
    if (q->to != NULL && strcmp(q->to, "ldm") == 0)
        return add_ldm(o, in, nets == 1, err);
    add_diffusers(o, in, nets == 1);
    return true;
}

static void set_type(Output *o, const char *name)
{
    static const TensorType types[] = {TENSOR_F32, TENSOR_F16, TENSOR_BF16};
    for (int i = 0; name != NULL && i < 3; i++)
        for (size_t j = 0; strcmp(tensor_type_name(types[i]), name) == 0 && j < o->count; j++) {
            TensorType was = o->of[j].type;
            if (was == TENSOR_F32 || was == TENSOR_F16 || was == TENSOR_BF16 ||
                was == TENSOR_F64)
                o->of[j].type = types[i];
        }
}

/* ---- what the file says of itself ------------------------------------------------ */

enum { SAID = 2 * (NETS + 2) + 1 };

/* Configurations of a folder, which a file would lose.  The texts are `texts`'
 * to free. */
static void list_metadata(const Input *in, const char *said[SAID], char *texts[NETS + 1])
{
    static const char *const keys[NETS] = {[NET_UNET] = "config.unet",
                                           [NET_CONTROL] = "config.controlnet",
                                           [NET_VAE] = "config.vae",
                                           [NET_TEXT] = "config.text_encoder",
                                           [NET_TEXT2] = "config.text_encoder_2"};
    int n = 0;
    said[n++] = "format"; /* without which transformers reads nothing */
    said[n++] = "pt";
    for (int net = 0; net <= NETS; net++) {
        const char *key = net < NETS ? keys[net] : "config.scheduler";
        const Json *config = in->scheduler;
        if (net < NETS)
            config = in->part[net].is_told ? NULL : in->part[net].config;
        const char *text = in->file != NULL ? weights_metadata(in->file, key) : NULL;
        if (config != NULL)
            text = texts[net] = js_text(config, true);
        if (text == NULL)
            continue;
        said[n++] = key;
        said[n++] = text;
    }
    said[n] = NULL;
}

/* ---- the command ----------------------------------------------------------------- */

/* Whom to tell how far it is, and whose pages are not needed again. */
typedef struct Telling {
    const Input *in;
    const StudioRun *run;
} Telling;

static bool tell(void *user, size_t bytes, size_t of, Tensor done)
{
    const Telling *t = user;
    if (t->run->progress != NULL)
        t->run->progress(t->run->user, "writing MiB", (int64_t)(bytes >> 20),
                         (int64_t)(of >> 20));
    if (t->in->file != NULL)
        weights_drop(t->in->file, done);
    for (int net = 0; net < NETS; net++)
        if (t->in->part[net].weights != NULL)
            weights_drop(t->in->part[net].weights, done);
    return t->run->cancel == NULL || !atomic_load(t->run->cancel);
}

static bool write_output(const Output *o, const Input *in, const ConvertRequest *q,
                         const StudioRun *run, Err *err)
{
    const char *said[SAID];
    char *texts[NETS + 1] = {0}, line[200];
    Telling telling = {in, run};
    WeightsTell how = {&telling, tell};
    int64_t bytes = 0;
    list_metadata(in, said, texts);
    bool ok = weights_write(q->out, o->of, o->count, said, &how, err);
    for (int i = 0; i <= NETS; i++)
        xfree(texts[i]);
    for (size_t i = 0; i < o->count; i++)
        bytes += shape_count(o->of[i].shape) * (int64_t)tensor_type_size(o->of[i].type);
    snprintf(line, sizeof line, "%zu tensors, %" PRId64 " bytes", o->count, bytes);
    if (ok && run->say != NULL)
        run->say(run->user, line);
    if (ok && run->made != NULL)
        run->made(run->user, q->out);
    return ok;
}

static bool run_convert(const void *request, const StudioRun *run, Err *err)
{
    const ConvertRequest *q = request;
    Input in;
    Output o = {0};
    bool ok =
        file_name_ends(q->out, ".safetensors") ||
        err_set(err, ERR_INPUT, "'%s' must end with .safetensors, which it will be", q->out);
    if (!ok)
        return false;
    ok = input_open(&in, q->in, err);
    if (ok && is_from(&in, q->out))
        ok = err_set(err, ERR_INPUT, "'%s' is what is read: give it another name", q->out);
    if (ok) {
        ok = (q->part == NULL || choose(&in, q->part, err)) && list_output(&o, &in, q, err);
        if (!ok)
            err_prefix(err, "'%s': ", q->in);
    }
    set_type(&o, q->type);
    ok = ok && write_output(&o, &in, q, run, err);
    output_release(&o);
    input_close(&in);
    return ok;
}

#define AT(field) offsetof(ConvertRequest, field)
static const Param params[] = {
    {"in", PARAM_PATH, AT(in), NULL, 0, 0, "IN",
     "a file of weights (.safetensors, .ckpt, .pth, .bin, an index of shards), or a folder of "
     "diffusers",
     NULL, true},
    {"out", PARAM_OUT, AT(out), NULL, 0, 0, "OUT.safetensors", "the file to write", NULL, true},
    {"to", PARAM_TEXT, AT(to), "", 0, 0, "NAMES",
     "what tensors are called: as in diffusers, or as in single files of checkpoints, where a "
     "folder becomes one file (default: as they are)",
     "diffusers|ldm", false},
    {"part", PARAM_TEXT, AT(part), "", 0, 0, "NAME",
     "only this network, in the naming of diffusers if no other is asked for (default: all)",
     "unet|vae|text_encoder|text_encoder_2|controlnet", false},
    {"type", PARAM_TEXT, AT(type), "", 0, 0, "TYPE",
     "of the numbers; whole numbers stay as they are (default: as they are)", "f16|f32|bf16",
     false},
};

const Studio convert_studio = {
    .name = "convert",
    .summary = "weights as one safetensors file, in another naming or precision",
    .examples = {{"atelier convert old.ckpt new.safetensors --type f16",
                  "half the size, and no pickle in it"},
                 {"atelier convert stable-diffusion-v1-5/ sd15.safetensors --to ldm",
                  "one file of a folder, as other programs want it"},
                 {"atelier convert sd15.safetensors vae.safetensors --part vae",
                  "the VAE alone, in the naming of diffusers"}},
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .request_size = sizeof(ConvertRequest),
    .run = run_convert,
};
