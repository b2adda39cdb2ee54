/* SPDX-License-Identifier: MIT */
#include "studios/model.h"

#include "base/file.h"
#include "base/json.h"
#include "paint/parts.h"
#include "studios/model/internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct ModelRequest {
    const char *path;
    bool summary, json;
} ModelRequest;

/* One file of weights, looked at: as one part, or, if it holds several networks
 * or names them in its own way, network by network. */
typedef struct Found {
    char *path;
    Weights *weights;
    int count;           /* of networks; 0: one part, the first */
    Weights *view[NETS]; /* their tensors, */
    Part part[NETS];     /* and what they are */
    int64_t context;     /* of its UNet or ControlNet; 0: there is none */
} Found;

enum { FOUND_MOST = 64, NAMES_SAID = 20 };

typedef struct Finds {
    Found of[FOUND_MOST];
    int count;
} Finds;

/* ---- finding --------------------------------------------------------------------- */

/* Whether the file holds one network and calls its tensors as we do. */
static bool is_plain(const Found *f)
{
    for (size_t i = 0; f->count == 1 && i < weights_count(f->view[0]); i++)
        if (weights_index(f->weights, weights_name(f->view[0], i)) == weights_count(f->weights))
            return false;
    return f->count == 1;
}

static void look_at_nets(Found *f)
{
    Net nets[NETS];
    for (int net = 0; net < NETS; net++) {
        Err none = {0};
        Weights *view =
            net_is_in(f->weights, (Net)net) ? net_view(f->weights, (Net)net, &none) : NULL;
        if (view == NULL || weights_count(view) == 0) {
            weights_close(view);
            continue;
        }
        nets[f->count] = (Net)net;
        f->view[f->count++] = view;
        if (net == NET_UNET || net == NET_CONTROL)
            f->context = net_context(view);
    }
    if (is_plain(f))
        weights_close(f->view[--f->count]);
    for (int i = 0; i < f->count; i++)
        part_look_net(&f->part[i], f->view[i], nets[i], f->context);
}

/* Takes over path. */
static void add(Finds *f, char *path, Weights *w)
{
    Found *one = &f->of[f->count++];
    *one = (Found){.path = path, .weights = w};
    look_at_nets(one);
    if (one->count == 0)
        part_look(&one->part[0], w, path);
}

/* Of what it may be: networks, or one part. */
static int parts(const Found *f)
{
    return f->count > 0 ? f->count : 1;
}

static void release(Finds *f)
{
    for (int i = 0; i < f->count; i++) {
        for (int j = 0; j < parts(&f->of[i]); j++)
            part_release(&f->of[i].part[j]);
        for (int j = 0; j < f->of[i].count; j++)
            weights_close(f->of[i].view[j]);
        weights_close(f->of[i].weights);
        xfree(f->of[i].path);
    }
}

static bool looks_like_weights(const char *name)
{
    static const char *const ends[] = {".safetensors", ".pth", ".pt", ".bin", ".ckpt"};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t m = strlen(ends[i]);
        if (n > m && strcmp(name + n - m, ends[i]) == 0)
            return true;
    }
    return false;
}

/* A folder of parts: its files of weights, and its folders that hold one.
 * Folders that hold none are passed over; a bad file is told. */
static bool find_parts(Finds *f, const char *dir, Err *err)
{
    char **names;
    int count;
    bool ok = true;
    if (!file_names(&names, &count, dir, err))
        return false;
    for (int i = 0; ok && i < count && f->count < FOUND_MOST; i++) {
        char *path = file_join(dir, names[i]);
        Err none = {0};
        Weights *w = NULL;
        if (file_is_dir(path))
            w = weights_open(path, &none);
        else if (looks_like_weights(names[i]))
            ok = (w = weights_open(path, err)) != NULL;
        if (w != NULL)
            add(f, path, w);
        else
            xfree(path);
    }
    file_names_free(names, count);
    return ok;
}

static bool find_all(Finds *f, const char *path, Err *err)
{
    Err of_file = {0};
    Weights *w = weights_open(path, &of_file);
    if (w != NULL) {
        add(f, xstrdup(path), w);
        return true;
    }
    if (!file_is_dir(path))
        return err_set(err, of_file.kind, "%s", of_file.text);
    if (!find_parts(f, path, err))
        return false;
    if (f->count == 0)
        return err_set(
            err, ERR_INPUT,
            "'%s' holds no weights: no .safetensors, .pth, .pt, .bin or .ckpt, and no "
            "folder with one",
            path);
    return true;
}

/* ---- the whole folder ------------------------------------------------------------ */

static bool has_kind(const Finds *f, PartKind kind)
{
    for (int i = 0; i < f->count; i++)
        for (int j = 0; j < parts(&f->of[i]); j++)
            if (f->of[i].part[j].kind == kind)
                return true;
    return false;
}

/* Kinds of parts that a sprite model lacks, as text; "" if none. */
static const char *lacking(const Finds *f, char *text, size_t room)
{
    const struct {
        bool is_there;
        const char *what;
    } needed[] = {
        {has_kind(f, PART_DENOISER) || has_kind(f, PART_DENOISER_MOTION), "denoising UNet"},
        {has_kind(f, PART_REFERENCE), "reference UNet"},
        {has_kind(f, PART_GUIDER) || has_kind(f, PART_PYRAMID), "pose guider"},
        {has_kind(f, PART_CLIP_VISION), "CLIP image encoder"},
        {has_kind(f, PART_VAE), "VAE"},
    };
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!needed[i].is_there && n < room)
            n +=
                (size_t)snprintf(text + n, room - n, "%s%s", n > 0 ? ", " : "", needed[i].what);
    return text;
}

/* As family.json says; else what published weights with such a guider are. */
static void find_family(const Finds *f, const char *dir, char *name, size_t room)
{
    char *path = file_join(dir, "family.json");
    Err none = {0};
    Json *j = file_exists(path) ? js_load(path, &none) : NULL;
    const char *guess = has_kind(f, PART_PYRAMID)  ? "sprite-sheet-diffusion"
                        : has_kind(f, PART_GUIDER) ? "animate-anyone"
                                                   : "unknown";
    snprintf(name, room, "%s", js_string(js_get(j, "family"), guess));
    js_free(j);
    xfree(path);
}

/* A folder of diffusers: a text encoder is nothing that a sprite model has. */
static bool is_paint(const Finds *f, const char *dir)
{
    char *path = file_join(dir, "model_index.json");
    bool is = has_kind(f, PART_TEXT) || file_exists(path);
    xfree(path);
    return is;
}

/* ---- text ------------------------------------------------------------------------ */

/* Names come from strangers: nothing in them shall move the terminal. */
static const char *clean(const char *name, char *to, size_t room)
{
    size_t n = 0;
    for (; name[n] != '\0' && n + 1 < room; n++)
        to[n] = (unsigned char)name[n] < ' ' || name[n] == 127 ? '?' : name[n];
    to[n] = '\0';
    return to;
}

static bool is_stopped(const StudioRun *run)
{
    return run->cancel != NULL && atomic_load(run->cancel);
}

static void say(const StudioRun *run, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say(const StudioRun *run, const char *fmt, ...)
{
    char line[1400];
    if (is_stopped(run))
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    run->say(run->user, line);
}

static int64_t bytes_of(const Weights *w)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < weights_count(w); i++)
        bytes += (int64_t)tensor_bytes(weights_at(w, i));
    return bytes;
}

static void say_tensors(const StudioRun *run, const Weights *w)
{
    char name[1024];
    int longest = 0;
    for (size_t i = 0; i < weights_count(w); i++)
        longest = (int)max64(longest, (int64_t)strlen(weights_name(w, i)));
    longest = (int)min64(longest, 90);
    for (size_t i = 0; i < weights_count(w); i++) {
        Tensor t = weights_at(w, i);
        say(run, "  %-*s  %-4s  %s", longest, clean(weights_name(w, i), name, sizeof name),
            tensor_type_name(t.type), shape_text(tensor_shape(t)).s);
    }
}

/* "f32" or "f16 and i64". */
static void list_types(const Weights *w, char *to, size_t room)
{
    int64_t tensors[TENSOR_TYPES] = {0};
    size_t n = 0;
    to[0] = '\0';
    for (size_t i = 0; i < weights_count(w); i++)
        tensors[weights_at(w, i).type]++;
    for (int t = 0; t < TENSOR_TYPES; t++)
        if (tensors[t] > 0 && n < room)
            n += (size_t)snprintf(to + n, room - n, "%s%s", n > 0 ? ", " : "",
                                  tensor_type_name((TensorType)t));
}

static void say_names(const StudioRun *run, const char *what, const PartNames *names)
{
    char name[1024];
    if (names->count == 0)
        return;
    say(run, "  %s:", what);
    for (size_t i = 0; i < names->count && i < NAMES_SAID; i++)
        say(run, "    %s", clean(names->name[i], name, sizeof name));
    if (names->count > NAMES_SAID)
        say(run, "    and %zu more (--json lists them all)", names->count - NAMES_SAID);
}

/* What the network at hand makes of it: `what` is it. */
static void say_part(const StudioRun *run, const Part *p, const char *what)
{
    say(run, "  %s: %s", what,
        part_is_whole(p) ? "complete, nothing missing or left over" : "cannot be used");
    if (p->missing.count > 0)
        say(run, "  %zu tensors are missing", p->missing.count);
    say_names(run, "missing", &p->missing);
    say_names(run, "left over, belonging to nothing", &p->left);
    if (p->mistaken > 0)
        say(run, "  %zu of another shape or type than wanted, the first:", p->mistaken);
    if (p->why.kind != ERR_NONE)
        say(run, "    %s", p->why.text);
}

/* "Stable Diffusion 1.x, inpainting", or NULL if it has no such family. */
static const char *family_of(const Found *f, char *text, size_t room)
{
    const char *name = net_family(f->context);
    Tensor in = f->count > 0 ? weights_find(f->view[0], "conv_in.weight") : (Tensor){0};
    if (name == NULL)
        return NULL;
    snprintf(text, room, "%s%s", name,
             f->part[0].kind == PART_UNET && in.rank > 1 && in.dim[1] == 9 ? ", inpainting"
                                                                           : "");
    return text;
}

static void say_parts(const StudioRun *run, const Found *f)
{
    char what[120], family[80];
    if (family_of(f, family, sizeof family) != NULL)
        say(run, "  %s", family);
    for (int i = 0; i < f->count; i++) {
        snprintf(what, sizeof what, "%s, %" PRId64 " parameters", part_name(f->part[i].kind),
                 weights_total(f->view[i]));
        say_part(run, &f->part[i], what);
    }
    if (f->count == 0 && f->part[0].kind == PART_UNKNOWN)
        say(run, "  not a part of a sprite or paint model by its names");
    else if (f->count == 0 && f->part[0].layers > 0)
        say(run, "  LoRA of %zu layers, for %s", f->part[0].layers,
            f->part[0].family != NULL ? f->part[0].family : "models of an unknown family");
    else if (f->count == 0)
        say_part(run, &f->part[0], part_name(f->part[0].kind));
}

static void say_found(const StudioRun *run, const Found *f, bool is_short)
{
    char types[96];
    const Weights *w = f->weights;
    say(run, "%s (%s)", f->path, weights_kind(w));
    if (!is_short)
        say_tensors(run, w);
    list_types(w, types, sizeof types);
    say(run, "  %zu tensor%s, %" PRId64 " parameters, %" PRId64 " bytes, %s", weights_count(w),
        weights_count(w) == 1 ? "" : "s", weights_total(w), bytes_of(w), types);
    say_parts(run, f);
}

static void say_paint(const StudioRun *run, const Finds *f, const char *dir, int64_t total)
{
    PaintParts p;
    Err err = {0};
    bool is_whole = paint_parts_open(&p, &(PaintNamed){.model = dir}, &err);
    const char *family = is_whole ? net_family(p.context) : NULL;
    say(run, "%s: %d part%s, %" PRId64 " parameters, family %s", dir, f->count,
        f->count == 1 ? "" : "s", total, family != NULL ? family : "unknown");
    if (is_whole)
        say(run, "  has every part of a paint model%s", p.is_inpaint ? ", inpainting" : "");
    else
        say(run, "  no paint model: %s", err.text);
    if (is_whole)
        paint_parts_close(&p);
}

static void say_all(const StudioRun *run, const Finds *f, const ModelRequest *q, bool is_folder)
{
    char text[300], family[64];
    int64_t total = 0;
    for (int i = 0; i < f->count; i++) {
        say_found(run, &f->of[i], q->summary);
        total += weights_total(f->of[i].weights);
    }
    if (!is_folder)
        return;
    if (is_paint(f, q->path)) {
        say_paint(run, f, q->path, total);
        return;
    }
    find_family(f, q->path, family, sizeof family);
    say(run, "%s: %d part%s, %" PRId64 " parameters, family %s", q->path, f->count,
        f->count == 1 ? "" : "s", total, family);
    if (lacking(f, text, sizeof text)[0] != '\0')
        say(run, "  no sprite model yet, it lacks: %s", text);
    else
        say(run, "  has every part of a sprite model%s",
            has_kind(f, PART_MOTION) || has_kind(f, PART_DENOISER_MOTION)
                ? ", with motion modules"
                : ", without motion modules");
}

/* ---- JSON ------------------------------------------------------------------------ */

static Json *json_names(const PartNames *names)
{
    Json *list = js_new_array();
    for (size_t i = 0; i < names->count; i++)
        js_push_string(list, names->name[i]);
    return list;
}

static Json *json_tensors(const Weights *w)
{
    Json *list = js_new_array();
    for (size_t i = 0; i < weights_count(w); i++) {
        Tensor t = weights_at(w, i);
        Json *one = js_new_object(), *shape = js_new_array();
        for (int d = 0; d < t.rank; d++)
            js_push_int(shape, t.dim[d]);
        js_put_string(one, "name", weights_name(w, i));
        js_put_string(one, "type", tensor_type_name(t.type));
        js_put(one, "shape", shape);
        js_push(list, one);
    }
    return list;
}

static void put_part(Json *j, const Part *p)
{
    js_put_string(j, "part", part_name(p->kind));
    js_put_bool(j, "complete", p->kind != PART_UNKNOWN && part_is_whole(p));
    if (p->layers > 0)
        js_put_int(j, "layers", (int64_t)p->layers);
    if (p->family != NULL)
        js_put_string(j, "family", p->family);
    js_put(j, "missing", json_names(&p->missing));
    js_put(j, "left_over", json_names(&p->left));
    js_put_int(j, "mistaken", (int64_t)p->mistaken);
    if (p->why.kind != ERR_NONE)
        js_put_string(j, "why", p->why.text);
}

static Json *json_networks(const Found *f)
{
    Json *list = js_new_array();
    for (int i = 0; i < f->count; i++) {
        Json *one = js_new_object();
        js_put_int(one, "parameters", weights_total(f->view[i]));
        put_part(one, &f->part[i]);
        js_push(list, one);
    }
    return list;
}

static Json *json_found(const Found *f, bool is_short)
{
    Json *j = js_new_object();
    char family[80];
    js_put_string(j, "path", f->path);
    js_put_string(j, "kind", weights_kind(f->weights));
    js_put_int(j, "tensor_count", (int64_t)weights_count(f->weights));
    js_put_int(j, "parameters", weights_total(f->weights));
    js_put_int(j, "bytes", bytes_of(f->weights));
    if (family_of(f, family, sizeof family) != NULL)
        js_put_string(j, "family", family);
    if (f->count > 0)
        js_put(j, "networks", json_networks(f));
    else
        put_part(j, &f->part[0]);
    if (!is_short)
        js_put(j, "tensors", json_tensors(f->weights));
    return j;
}

static void say_json(const StudioRun *run, const Finds *f, const ModelRequest *q,
                     bool is_folder)
{
    char text[300], family[64];
    Json *all = js_new_object(), *files = js_new_array();
    for (int i = 0; i < f->count; i++)
        js_push(files, json_found(&f->of[i], q->summary));
    js_put_string(all, "path", q->path);
    if (is_folder) {
        find_family(f, q->path, family, sizeof family);
        js_put_string(all, "family", family);
        js_put_string(all, "lacking", lacking(f, text, sizeof text));
    }
    js_put(all, "files", files);
    char *out = js_text(all, false);
    run->say(run->user, out);
    xfree(out);
    js_free(all);
}

/* ---- the command ----------------------------------------------------------------------------
 */

static bool judge_part(const Found *f, const Part *p, Err *err)
{
    if (p->kind == PART_UNKNOWN || part_is_whole(p))
        return true;
    if (p->kind == PART_LORA) /* which names the file */
        return err_set(err, p->why.kind, "%s", p->why.text);
    if (p->missing.count + p->left.count + p->mistaken == 0)
        return err_set(err, ERR_FORMAT, "'%s' cannot be used as %s: %s", f->path,
                       part_name(p->kind), p->why.text);
    return err_set(
        err, ERR_FORMAT,
        "'%s' cannot be used as %s: %zu tensors missing, %zu left over, %zu of another shape",
        f->path, part_name(p->kind), p->missing.count, p->left.count, p->mistaken);
}

static bool judge(const Finds *f, Err *err)
{
    for (int i = 0; i < f->count; i++)
        for (int j = 0; j < parts(&f->of[i]); j++)
            if (!judge_part(&f->of[i], &f->of[i].part[j], err))
                return false;
    return true;
}

static bool run_model(const void *request, const StudioRun *run, Err *err)
{
    const ModelRequest *q = request;
    Finds *f = xalloc(1, sizeof *f);
    bool ok = find_all(f, q->path, err);
    if (ok) {
        bool is_folder = f->count != 1 || strcmp(f->of[0].path, q->path) != 0;
        (q->json ? say_json : say_all)(run, f, q, is_folder);
        ok = is_stopped(run) ? err_set(err, ERR_CANCELLED, "stopped") : judge(f, err);
    }
    release(f);
    xfree(f);
    return ok;
}

static const Param params[] = {
    {.name = "path",
     .type = PARAM_PATH,
     .offset = offsetof(ModelRequest, path),
     .value = "PATH",
     .help =
         "a file of weights (.safetensors, .pth, .bin, .ckpt, an index of shards), or a folder "
         "of them",
     .is_positional = true},
    {.name = "summary",
     .type = PARAM_FLAG,
     .offset = offsetof(ModelRequest, summary),
     .fallback = "",
     .help = "leave out the list of tensors"},
    {.name = "json",
     .type = PARAM_FLAG,
     .offset = offsetof(ModelRequest, json),
     .fallback = "",
     .help = "print JSON, for programs; lists every missing and left over name"},
};

const Studio model_studio = {
    .name = "model",
    .summary = "what a file or folder of weights holds, and what of it is missing",
    .examples = {{"atelier model models/sprite-mini --summary",
                  "what each file is, and whether a part is missing"},
                 {"atelier model weights.pth", "every tensor, its type and shape"},
                 {"atelier model weights.pth --json", "the same for programs"}},
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .request_size = sizeof(ModelRequest),
    .run = run_model,
};
