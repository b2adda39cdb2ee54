/* SPDX-License-Identifier: MIT */
#include "weights/lora.h"

#include "base/file.h"
#include "base/json.h"
#include "weights/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { ROLE_UP, ROLE_DOWN, ROLE_MID, ROLE_ALPHA, ROLES } Role;

/* A layer that the file changes. */
typedef struct Module {
    const char *stem; /* its name there, without the tensor's role */
    Tensor of[ROLES]; /* empty where there is none */
    bool is_applied;
} Module;

struct Lora {
    Weights *file;
    double weight;
    Module *modules;
    size_t count, applied;
    char **stems;                   /* of every tensor; "" for what has no role */
    Json *adapter;                  /* alphas that stand beside the tensors, or NULL */
    int64_t context, model_context; /* of its UNet's cross attention; 0: not known */
};

/* ---- the file's names ------------------------------------------------------------ */

static const struct {
    const char *end;
    Role role;
} roles[] = {
    {".lora_up.weight", ROLE_UP},
    {".lora_down.weight", ROLE_DOWN},
    {".lora_mid.weight", ROLE_MID},
    {".lora_B.weight", ROLE_UP},
    {".lora_A.weight", ROLE_DOWN},
    {".lora_B.default.weight", ROLE_UP},
    {".lora_A.default.weight", ROLE_DOWN},
    {".lora_linear_layer.up.weight", ROLE_UP},
    {".lora_linear_layer.down.weight", ROLE_DOWN},
    {".lora_conv.up.weight", ROLE_UP},
    {".lora_conv.down.weight", ROLE_DOWN},
    {".lora.up.weight", ROLE_UP},
    {".lora.down.weight", ROLE_DOWN},
    {"_lora.up.weight", ROLE_UP},
    {"_lora.down.weight", ROLE_DOWN},
    {"_lora.alpha", ROLE_ALPHA},
    {".lora.alpha", ROLE_ALPHA},
    {".lora_linear_layer.alpha", ROLE_ALPHA},
    {".alpha", ROLE_ALPHA},
};

/* What the first of these in a name, or at its end, says that the file is. */
static const struct {
    const char *in, *is;
    bool is_end;
} others[] = {
    {".hada_", "a LoHa", false},
    {".lokr_", "a LoKr", false},
    {".dora_scale", "a DoRA", false},
    {".lora_magnitude_vector", "a DoRA", false},
    {".oft_", "an OFT", false},
    {".boft_", "an OFT", false},
    {".on_input", "an IA3", false},
    {".diff", "a full difference", true},
    {".diff_b", "a full difference", true},
    {".w_norm", "a change of norms", false},
    {".b_norm", "a change of norms", false},
};

/* Layers under other names than their network has now. */
static const struct {
    const char *was, *is;
} renamed[] = {
    {"base_model.model.", ""},
    {".processor.to_q", ".to_q"},
    {".processor.to_k", ".to_k"},
    {".processor.to_v", ".to_v"},
    {".processor.to_out", ".to_out.0"},
    {".self_attn.to_q", ".self_attn.q_proj"},
    {".self_attn.to_k", ".self_attn.k_proj"},
    {".self_attn.to_v", ".self_attn.v_proj"},
    {".self_attn.to_out", ".self_attn.out_proj"},
};

/* Below which prefix the layers of a network stand; flat ones have _ for dots. */
static const struct Home {
    const char *prefix;
    Net net;
    bool is_flat;
} homes[] = {
    {"lora_unet_", NET_UNET, true},
    {"unet.", NET_UNET, false},
    {"diffusion_model.", NET_UNET, false},
    {"model.diffusion_model.", NET_UNET, false},
    {"", NET_UNET, false},
    {"lora_te_", NET_TEXT, true},
    {"lora_te1_", NET_TEXT, true},
    {"text_encoder.", NET_TEXT, false},
    {"", NET_TEXT, false},
    {"lora_te2_", NET_TEXT2, true},
    {"text_encoder_2.", NET_TEXT2, false},
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static bool ends(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

/* The name without its role; "" if it has none. */
static char *stem_of(const char *name, Role *role)
{
    for (size_t i = 0; i < COUNT(roles); i++) {
        if (!ends(name, roles[i].end))
            continue;
        char *stem = xstrdup(name);
        stem[strlen(name) - strlen(roles[i].end)] = '\0';
        *role = roles[i].role;
        return stem;
    }
    return xstrdup("");
}

/* A copy with the old name of a layer's part, if it has one, replaced. */
static char *renewed(const char *stem)
{
    for (size_t i = 0; i < COUNT(renamed); i++) {
        const char *at = strstr(stem, renamed[i].was);
        if (at == NULL)
            continue;
        const char *rest = at + strlen(renamed[i].was);
        size_t room = strlen(stem) + strlen(renamed[i].is) + 1;
        char *fresh = xalloc(room, 1);
        snprintf(fresh, room, "%.*s%s%s", (int)(at - stem), stem, renamed[i].is, rest);
        return fresh;
    }
    return xstrdup(stem);
}

/* ---- reading --------------------------------------------------------------------- */

/* What the file is that only resembles a LoRA, by the tensor's name; NULL if it
 * is none. */
static const char *other_of(const char *name)
{
    for (size_t i = 0; i < COUNT(others); i++)
        if (others[i].is_end ? ends(name, others[i].in) : strstr(name, others[i].in) != NULL)
            return others[i].is;
    return NULL;
}

bool lora_is(const Weights *file)
{
    for (size_t i = 0; i < weights_count(file); i++) {
        Role role = ROLE_ALPHA;
        char *stem = stem_of(weights_name(file, i), &role);
        xfree(stem);
        if (role != ROLE_ALPHA || other_of(weights_name(file, i)) != NULL)
            return true;
    }
    return false;
}

static bool is_other(const Weights *file, Err *err)
{
    for (size_t i = 0; i < weights_count(file); i++) {
        const char *is = other_of(weights_name(file, i));
        if (is != NULL)
            return !err_set(err, ERR_FORMAT,
                            "'%s' is %s, which is not supported: only plain LoRAs are",
                            weights_path(file), is);
    }
    return false;
}

static int by_stem(const void *a, const void *b)
{
    return strcmp(((const Module *)a)->stem, ((const Module *)b)->stem);
}

/* Tensors of one stem become one module. */
static void group(Lora *l)
{
    size_t n = weights_count(l->file), kept = 0;
    l->stems = xalloc(n, sizeof *l->stems);
    l->modules = xalloc(n, sizeof *l->modules);
    for (size_t i = 0; i < n; i++) {
        Role role = ROLES;
        l->stems[i] = stem_of(weights_name(l->file, i), &role);
        Module *m = &l->modules[kept];
        *m = (Module){.stem = l->stems[i]};
        if (role < ROLES) {
            m->of[role] = weights_at(l->file, i);
            kept++;
        }
    }
    qsort(l->modules, kept, sizeof *l->modules, by_stem);
    for (size_t i = 0; i < kept; i++) {
        const Module *m = &l->modules[i];
        if (l->count == 0 || strcmp(l->modules[l->count - 1].stem, m->stem) != 0)
            l->modules[l->count++] = *m;
        for (int role = 0; role < ROLES; role++)
            if (!tensor_is_empty(m->of[role]))
                l->modules[l->count - 1].of[role] = m->of[role];
    }
}

static bool is_number(TensorType t)
{
    return t == TENSOR_F32 || t == TENSOR_F16 || t == TENSOR_BF16 || t == TENSOR_F64;
}

/* Each module has its two matrices; what has no role at all is passed over. */
static bool check(const Lora *l, Err *err)
{
    const char *path = weights_path(l->file);
    if (l->count == 0)
        return err_set(err, ERR_FORMAT,
                       "'%s' is no LoRA: none of its %zu tensors is called as in one", path,
                       weights_count(l->file));
    for (size_t i = 0; i < l->count; i++) {
        const Module *m = &l->modules[i];
        const Tensor *of = m->of;
        bool has_up = !tensor_is_empty(of[ROLE_UP]), has_down = !tensor_is_empty(of[ROLE_DOWN]);
        if (!has_up || !has_down)
            return err_set(err, ERR_FORMAT, "'%s': '%.200s' has no matrix that leads %s", path,
                           m->stem, has_up ? "down" : "up");
        if (!is_number(of[ROLE_UP].type) || !is_number(of[ROLE_DOWN].type) ||
            (!tensor_is_empty(of[ROLE_MID]) && !is_number(of[ROLE_MID].type)))
            return err_set(err, ERR_FORMAT, "'%s': '%.200s' is not of floating point numbers",
                           path, m->stem);
        if (!tensor_is_empty(of[ROLE_ALPHA]) && tensor_count(of[ROLE_ALPHA]) != 1)
            return err_set(err, ERR_FORMAT, "'%s': the alpha of '%.200s' is not one number",
                           path, m->stem);
    }
    return true;
}

/* The width of the context that cross attention is changed for. */
static int64_t context_of(const Lora *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const Module *m = &l->modules[i];
        Tensor down = m->of[ROLE_DOWN];
        if (strstr(m->stem, "attn2") != NULL && strstr(m->stem, "to_k") != NULL &&
            down.rank > 1)
            return down.dim[1];
    }
    return 0;
}

/* {"unet.lora_alpha": 8, "unet.r": 4}, which diffusers keeps in the metadata,
 * and peft, without the prefix, beside its adapter_model.safetensors. */
static Json *adapter_of(const Weights *file)
{
    Err none = {0};
    const char *text = weights_metadata(file, "lora_adapter_metadata");
    if (text != NULL)
        return js_parse(text, strlen(text), "adapter", &none);
    const char *path = weights_path(file), *slash = strrchr(path, '/');
    if (strncmp(slash != NULL ? slash + 1 : path, "adapter_model.", 14) != 0)
        return NULL;
    char *dir = xstrdup(path);
    dir[slash != NULL ? slash - path : 0] = '\0';
    char *config = file_join(slash != NULL ? dir : ".", "adapter_config.json");
    Json *adapter = js_load(config, &none);
    xfree(config);
    xfree(dir);
    return adapter;
}

Lora *lora_of(Weights *file, double weight, Err *err)
{
    Lora *l = xalloc(1, sizeof *l);
    *l = (Lora){.file = file, .weight = weight};
    bool ok = !is_other(file, err);
    if (ok) {
        group(l);
        l->context = context_of(l);
        l->adapter = adapter_of(file);
        ok = check(l, err);
    }
    if (ok)
        return l;
    lora_close(l);
    return NULL;
}

Lora *lora_open(const char *path, double weight, Err *err)
{
    Weights *file = weights_open(path, err);
    return file == NULL ? NULL : lora_of(file, weight, err);
}

void lora_close(Lora *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; l->stems != NULL && i < weights_count(l->file); i++)
        xfree(l->stems[i]);
    xfree(l->stems);
    xfree(l->modules);
    js_free(l->adapter);
    weights_close(l->file);
    xfree(l);
}

/* ---- the network's names --------------------------------------------------------- */

/* Every way to call a layer of the network. */
typedef struct Called {
    char *name;
    size_t tensor;
} Called;

typedef struct Book {
    Called *of;
    size_t count;
} Book;

static void note(Book *b, const char *name, size_t tensor, bool is_flat)
{
    Called *c = &b->of[b->count++];
    *c = (Called){xstrdup(name), tensor};
    for (char *s = c->name; is_flat && *s != '\0'; s++)
        if (*s == '.')
            *s = '_';
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const Called *)a)->name, ((const Called *)b)->name);
}

/* Cuts ".weight" off; false if the name does not end so. */
static bool cut_weight(char *name)
{
    bool is_weight = ends(name, ".weight");
    if (is_weight)
        name[strlen(name) - strlen(".weight")] = '\0';
    return is_weight;
}

static Book book_of(const Weights *view, Net net)
{
    Book b = {.of = xalloc(weights_count(view) * 4, sizeof *b.of)};
    Spelled there;
    for (size_t i = 0; i < weights_count(view); i++) {
        char *ours = xstrdup(weights_name(view, i));
        if (cut_weight(ours)) {
            note(&b, ours, i, false);
            note(&b, ours, i, true);
        }
        if (net == NET_UNET &&
            net_spell(view, net, SPELLING_LDM, weights_name(view, i), &there) &&
            cut_weight(there.name)) {
            note(&b, there.name, i, false);
            note(&b, there.name, i, true);
        }
        xfree(ours);
    }
    qsort(b.of, b.count, sizeof *b.of, by_name);
    return b;
}

static void book_release(Book *b)
{
    for (size_t i = 0; i < b->count; i++)
        xfree(b->of[i].name);
    xfree(b->of);
}

/* The tensor that is called so, or NONE. */
enum { NONE = -1 };
static int64_t book_find(const Book *b, const char *name)
{
    Called key = {.name = (char *)(uintptr_t)name};
    const Called *c = bsearch(&key, b->of, b->count, sizeof key, by_name);
    return c == NULL ? NONE : (int64_t)c->tensor;
}

/* ---- matching -------------------------------------------------------------------- */

static bool says_families(const Lora *l, Err *err, const char *rest)
{
    const char *of = net_family(l->context), *model = net_family(l->model_context);
    return err_set(err, ERR_FORMAT, "'%s' is a LoRA for %s, the model is %s%s",
                   weights_path(l->file), of != NULL ? of : "another kind of models",
                   model != NULL ? model : "of another kind", rest);
}

/* Numbers in a row of the tensor. */
static int64_t row(Tensor t)
{
    return t.rank > 0 && t.dim[0] > 0 ? tensor_count(t) / t.dim[0] : 0;
}

static bool fits(const Module *m, Tensor to)
{
    Tensor up = m->of[ROLE_UP], down = m->of[ROLE_DOWN], mid = m->of[ROLE_MID];
    int64_t r = down.rank > 1 ? down.dim[0] : 0;
    if (r < 1 || up.rank < 2 || to.rank < 2 || up.dim[0] != to.dim[0] || row(up) != r)
        return false;
    if (tensor_is_empty(mid))
        return row(down) == row(to);
    return to.rank == 4 && mid.rank == 4 && row(down) == to.dim[1] && mid.dim[0] == r &&
           mid.dim[1] == r && mid.dim[2] == to.dim[2] && mid.dim[3] == to.dim[3];
}

/* alpha / r as the file says beside its tensors, or 1. */
static double adapter_ratio(const Lora *l, Net net)
{
    static const char *const parts[NETS] = {
        [NET_UNET] = "unet.", [NET_TEXT] = "text_encoder.", [NET_TEXT2] = "text_encoder_2."};
    char alpha[40], r[40];
    for (int i = 0; i < 2 && parts[net] != NULL; i++) {
        snprintf(alpha, sizeof alpha, "%slora_alpha", i == 0 ? parts[net] : "");
        snprintf(r, sizeof r, "%sr", i == 0 ? parts[net] : "");
        double a = js_number(js_get(l->adapter, alpha), 0),
               by = js_number(js_get(l->adapter, r), 0);
        if (a > 0 && by > 0)
            return a / by;
    }
    return 1;
}

static void add(Patches *p, LoraPatch one)
{
    if ((p->count & (p->count - 1)) == 0)
        p->of = xgrow(p->of, p->count > 0 ? p->count * 2 : 1, sizeof *p->of);
    p->of[p->count++] = one;
}

static bool apply(Lora *l, Net net, Module *m, const Weights *view, size_t tensor, Patches *to,
                  Err *err)
{
    Tensor t = weights_at(view, tensor), down = m->of[ROLE_DOWN];
    double ratio = adapter_ratio(l, net);
    float alpha;
    if (!fits(m, t)) {
        char rest[520];
        snprintf(rest, sizeof rest, ": its %s * %s does not fit '%.120s' %s",
                 shape_text(tensor_shape(m->of[ROLE_UP])).s, shape_text(tensor_shape(down)).s,
                 weights_name(view, tensor), shape_text(tensor_shape(t)).s);
        return says_families(l, err, rest);
    }
    if (!tensor_is_empty(m->of[ROLE_ALPHA])) {
        tensor_read_f32(&alpha, m->of[ROLE_ALPHA].data, m->of[ROLE_ALPHA].type, 1);
        ratio = (double)alpha / (double)down.dim[0];
    }
    float scale = (float)(l->weight * ratio);
    if (!isfinite(scale))
        return err_set(err, ERR_FORMAT, "'%s': the alpha of '%.200s' is not a number",
                       weights_path(l->file), m->stem);
    add(to, (LoraPatch){.to = t.data,
                        .up = m->of[ROLE_UP],
                        .mid = m->of[ROLE_MID],
                        .down = down,
                        .scale = scale,
                        .order = to->count});
    m->is_applied = true;
    l->applied++;
    return true;
}

/* Where the layer of that stem is in the network, or NONE. */
static int64_t find(const Book *book, Net net, const char *stem)
{
    int64_t at = NONE;
    char *name = renewed(stem);
    for (size_t i = 0; at == NONE && i < COUNT(homes); i++) {
        size_t n = strlen(homes[i].prefix);
        bool is_below = homes[i].net == net && strncmp(name, homes[i].prefix, n) == 0;
        if (is_below && (!homes[i].is_flat || strchr(name + n, '.') == NULL))
            at = book_find(book, name + n);
    }
    xfree(name);
    return at;
}

static int by_place(const void *pa, const void *pb)
{
    const LoraPatch *a = pa, *b = pb;
    if (a->to != b->to)
        return (uintptr_t)a->to < (uintptr_t)b->to ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

bool lora_match(Lora *l, Net net, const Weights *view, Patches *to, Err *err)
{
    if (net == NET_UNET)
        l->model_context = net_context(view);
    if (l->context > 0 && l->model_context > 0 && l->context != l->model_context)
        return says_families(l, err, "");
    Book book = book_of(view, net);
    bool ok = true;
    for (size_t i = 0; ok && i < l->count; i++) {
        Module *m = &l->modules[i];
        int64_t at = m->is_applied ? NONE : find(&book, net, m->stem);
        if (at != NONE)
            ok = apply(l, net, m, view, (size_t)at, to, err);
    }
    book_release(&book);
    if (to->count > 1)
        qsort(to->of, to->count, sizeof *to->of, by_place);
    return ok;
}

size_t lora_count(const Lora *l)
{
    return l->count;
}

size_t lora_applied(const Lora *l)
{
    return l->applied;
}

const char *lora_family(const Lora *l)
{
    return net_family(l->context);
}

bool lora_done(const Lora *l, Err *err)
{
    if (l->applied > 0)
        return true;
    if (net_family(l->context) == NULL)
        return err_set(err, ERR_FORMAT,
                       "'%s' is a LoRA for another model: this one has no layer as in it, such "
                       "as '%.120s'",
                       weights_path(l->file), l->modules[0].stem);
    return says_families(l, err, ", which has none of its layers");
}

/* ---- what was found -------------------------------------------------------------- */

const LoraPatch *patches_for(const Patches *p, const void *numbers, size_t *count)
{
    size_t lo = 0, hi = p->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if ((uintptr_t)p->of[mid].to < (uintptr_t)numbers)
            lo = mid + 1;
        else
            hi = mid;
    }
    *count = 0;
    while (lo + *count < p->count && p->of[lo + *count].to == numbers)
        (*count)++;
    return *count > 0 ? &p->of[lo] : NULL;
}

void patches_release(Patches *p)
{
    xfree(p->of);
    *p = (Patches){0};
}
