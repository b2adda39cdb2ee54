/* SPDX-License-Identifier: MIT */
#include "weights/naming.h"

#include "weights/internal.h"

#include <stdio.h>
#include <string.h>

/* ---- where a network lies in a file ---------------------------------------------- */

enum { TABLES = 2, PROBES = 2 };

/* A way to hold a network: it is there if one of the probes is there below the
 * prefix, and none of the counter-signs. */
typedef struct Place {
    Net net;
    const char *prefix, *probe[PROBES], *unless;
    const Rule *tables[TABLES];
} Place;

#define HF_TEXT "text_model.embeddings.token_embedding.weight"
#define BARE_TEXT "embeddings.token_embedding.weight"
#define OPEN_TEXT "transformer.resblocks.0.ln_1.weight"
#define LDM_VAE "encoder.down.0.block.0.norm1.weight", "decoder.up.0.block.0.norm1.weight"
#define OUR_VAE                                                                                \
    "encoder.down_blocks.0.resnets.0.norm1.weight", "decoder.up_blocks.0.resnets.0.norm1."     \
                                                    "weight"

/* In the order of trust: what is prefixed before what is bare. */
static const Place places[] = {
    {NET_UNET, "model.diffusion_model.", {"input_blocks.0.0.weight"}, NULL, {rules_unet}},
    {NET_UNET, "model.diffusion_model.", {"conv_in.weight"}, NULL, {0}},
    {NET_UNET, "unet.", {"time_embedding.linear_1.weight"}, NULL, {0}},
    {NET_UNET, "", {"input_blocks.0.0.weight"}, "input_hint_block.0.weight", {rules_unet}},
    {NET_UNET,
     "",
     {"time_embedding.linear_1.weight"},
     "controlnet_cond_embedding.conv_in.weight",
     {0}},
    {NET_CONTROL,
     "control_model.",
     {"input_hint_block.0.weight"},
     NULL,
     {rules_control, rules_unet}},
    {NET_CONTROL, "", {"input_hint_block.0.weight"}, NULL, {rules_control, rules_unet}},
    {NET_CONTROL, "controlnet.", {"controlnet_cond_embedding.conv_in.weight"}, NULL, {0}},
    {NET_CONTROL, "", {"controlnet_cond_embedding.conv_in.weight"}, NULL, {0}},
    {NET_VAE, "first_stage_model.", {LDM_VAE}, NULL, {rules_vae}},
    {NET_VAE, "first_stage_model.", {OUR_VAE}, NULL, {rules_old_vae}},
    {NET_VAE, "vae.", {LDM_VAE}, NULL, {rules_vae}},
    {NET_VAE, "vae.", {OUR_VAE}, NULL, {rules_old_vae}},
    {NET_VAE, "", {LDM_VAE}, NULL, {rules_vae}},
    {NET_VAE, "", {OUR_VAE}, NULL, {rules_old_vae}},
    {NET_TEXT, "cond_stage_model.transformer.", {HF_TEXT}, NULL, {rules_clip}},
    {NET_TEXT, "cond_stage_model.transformer.", {BARE_TEXT}, NULL, {rules_bare_clip}},
    {NET_TEXT, "cond_stage_model.model.", {OPEN_TEXT}, NULL, {rules_clip_h, rules_openclip}},
    {NET_TEXT, "conditioner.embedders.0.transformer.", {HF_TEXT}, NULL, {rules_clip}},
    {NET_TEXT, "conditioner.embedders.0.transformer.", {BARE_TEXT}, NULL, {rules_bare_clip}},
    {NET_TEXT, "text_encoder.", {HF_TEXT}, NULL, {rules_clip}},
    {NET_TEXT, "", {HF_TEXT}, NULL, {rules_clip}},
    {NET_TEXT, "", {OPEN_TEXT}, NULL, {rules_openclip}},
    {NET_TEXT2, "conditioner.embedders.1.model.", {OPEN_TEXT}, NULL, {rules_openclip}},
    {NET_TEXT2, "text_encoder_2.", {HF_TEXT}, NULL, {rules_clip}},
};

typedef struct Found {
    const Place *place; /* NULL: nowhere */
    char prefix[128];   /* all of it */
} Found;

static bool is_there(const Weights *w, const char *prefix, const char *name)
{
    char full[256];
    return name != NULL &&
           snprintf(full, sizeof full, "%s%s", prefix, name) < (int)sizeof full &&
           weights_index(w, full) < weights_count(w);
}

static bool is_at(const Weights *w, const Place *p, const char *prefix)
{
    if (p->unless != NULL && is_there(w, prefix, p->unless))
        return false;
    return is_there(w, prefix, p->probe[0]) || is_there(w, prefix, p->probe[1]);
}

/* Whole files are sometimes nested once more, and prefixes put twice. */
static Found find(const Weights *w, Net net)
{
    static const char *const around[] = {"", "state_dict.", "module.", "model."};
    enum { TIMES = 3 };
    Found f = {0};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        for (size_t j = 0; j < sizeof around / sizeof *around; j++) {
            const Place *p = &places[i];
            size_t n = (size_t)snprintf(f.prefix, sizeof f.prefix, "%s", around[j]);
            for (int times = 0; p->net == net && times < TIMES; times++) {
                n += (size_t)snprintf(f.prefix + n, sizeof f.prefix - n, "%s", p->prefix);
                f.place = p;
                if (is_at(w, p, f.prefix))
                    return f;
                if (p->prefix[0] == '\0')
                    break;
            }
        }
    return (Found){0};
}

const char *net_name(Net net)
{
    static const char *const names[NETS] = {"UNet", "ControlNet", "VAE", "text encoder",
                                            "second text encoder"};
    return names[net];
}

bool net_is_in(const Weights *file, Net net)
{
    return find(file, net).place != NULL;
}

bool net_is_ours(const Weights *file, Net net)
{
    const Place *p = find(file, net).place;
    if (p == NULL)
        return false;
    const Rule *rules = p->tables[0];
    return rules == NULL || rules == rules_old_vae || rules == rules_clip;
}

/* ---- patterns -------------------------------------------------------------------- */

static const char thirds[] = "qkv";

/* The numbers of a name, by their letters; -1: not there. */
typedef struct Numbers {
    int of[128];
} Numbers;

static bool read_number(const char **name, int *to)
{
    size_t n = strspn(*name, "0123456789");
    if (n == 0 || n > 5 || (n > 1 && **name == '0'))
        return false;
    *to = 0;
    for (; n > 0; n--)
        *to = *to * 10 + (*(*name)++ - '0');
    return true;
}

static bool read_third(const char **name, int *to)
{
    const char *at = **name != '\0' ? strchr(thirds, **name) : NULL;
    if (at == NULL)
        return false;
    *to = (int)(at - thirds);
    (*name)++;
    return true;
}

/* The rest of the name after the pattern; NULL if it does not begin so. */
static const char *match(const char *pattern, const char *name, Numbers *n)
{
    memset(n, -1, sizeof *n);
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '$') {
            if (*name++ != *pattern)
                return NULL;
            continue;
        }
        int *to = &n->of[(unsigned char)*++pattern & 127];
        if (!(*pattern == 'q' ? read_third(&name, to) : read_number(&name, to)))
            return NULL;
    }
    return *name == '\0' || *name == '.' ? name : NULL;
}

/* Each number from the one it stands for.  False if there is none. */
static bool resolve(const Rule *rule, const Sizes *s, Numbers *n)
{
    int *v = n->of;
    if (v['n'] >= 0) {
        v['l'] = (v['n'] - rule->first) / s->span;
        v['p'] = (v['n'] - rule->first) % s->span;
    } else if (v['l'] >= 0) {
        if (v['p'] < 0)
            v['p'] = s->span - 1;
        v['n'] = rule->first + v['l'] * s->span + v['p'];
    }
    if (v['u'] >= 0)
        v['r'] = s->levels - 1 - v['u'];
    else if (v['r'] >= 0)
        v['u'] = s->levels - 1 - v['r'];
    if (v['k'] >= 0)
        v['h'] = v['k'] / 2 - 1;
    else if (v['h'] >= 0)
        v['k'] = 2 + 2 * v['h'];
    return v['u'] >= -1 && v['r'] >= -1 && v['h'] >= -1 &&
           (v['n'] < 0 || v['n'] >= rule->first);
}

static bool put(Spelled *to, const char *text)
{
    size_t at = strlen(to->name), n = strlen(text);
    if (at + n >= sizeof to->name)
        return false;
    memcpy(to->name + at, text, n + 1);
    return true;
}

static bool render(Spelled *to, const char *pattern, const Numbers *n)
{
    char text[16] = "";
    bool ok = true;
    for (; ok && *pattern != '\0'; pattern++) {
        int v = *pattern == '$' ? n->of[(unsigned char)pattern[1] & 127] : 0;
        if (*pattern != '$')
            snprintf(text, sizeof text, "%c", *pattern);
        else if (*++pattern == 'q' && v >= 0)
            snprintf(text, sizeof text, "%c", thirds[v]);
        else
            snprintf(text, sizeof text, "%d", v);
        ok = v >= 0 && put(to, text);
    }
    return ok;
}

/* ---- reading --------------------------------------------------------------------- */

/* What becomes of one name of a file. */
typedef struct Heard {
    Spelled ours; /* as in "to_$q" for the first third, if act says so */
    RuleAct act;
    bool is_dropped;
} Heard;

/* False if no row of the table fits. */
static bool hear(const Rule *table, const Sizes *s, const char *name, int third, Heard *to)
{
    Numbers n;
    for (const Rule *rule = table; rule != NULL && rule->theirs != NULL; rule++) {
        const char *rest = match(rule->theirs, name, &n);
        if (rest == NULL || !resolve(rule, s, &n))
            continue;
        to->is_dropped = rule->ours == NULL;
        if (to->is_dropped)
            return true;
        n.of['q'] = third;
        size_t before = strlen(to->ours.name);
        if (!render(&to->ours, rule->ours, &n)) {
            to->ours.name[before] = '\0';
            continue;
        }
        to->act = rule->act;
        return hear(rule->inside, s, rest, third, to) || put(&to->ours, rest);
    }
    return false;
}

static Heard hear_name(const Place *p, const Sizes *s, const char *name, int third)
{
    Heard to = {0};
    for (int i = 0; i < TABLES; i++)
        if (hear(p->tables[i], s, name, third, &to))
            return to;
    (void)!put(&to.ours, name);
    return to;
}

/* One more than the largest number that follows `before`, or what `least` asks
 * for: the least such number. */
static int scan(const Weights *w, const char *prefix, const char *pattern, bool least)
{
    size_t skip = strlen(prefix);
    Numbers n;
    int found = least ? 1 << 20 : 0;
    for (size_t i = 0; i < weights_count(w); i++) {
        const char *name = weights_name(w, i);
        if (strncmp(name, prefix, skip) != 0 || match(pattern, name + skip, &n) == NULL)
            continue;
        if (least ? n.of['i'] < found : n.of['i'] >= found)
            found = least ? n.of['i'] : n.of['i'] + 1;
    }
    return found;
}

static Sizes sizes_there(const Weights *w, const char *prefix)
{
    Sizes s = {.span = scan(w, prefix, "input_blocks.$i.0.op", true),
               .levels = scan(w, prefix, "decoder.up.$i", false)};
    if (s.span == 0)
        s.span = 1;
    return s;
}

static Layout layout_of(Tensor t)
{
    Layout l = {.type = t.type, .bytes = t.data, .count = tensor_count(t), .rank = t.rank};
    memcpy(l.dim, t.dim, sizeof l.dim);
    layout_pack(&l);
    return l;
}

static void swap(int64_t *a, int64_t *b)
{
    int64_t was = *a;
    *a = *b;
    *b = was;
}

/* As the act has it: the third of a fused tensor, a filter as a matrix. */
static bool put_tensor(Weights *to, const Heard *h, Tensor t, int third, Err *err)
{
    Text name = {h->ours.name, strlen(h->ours.name)};
    if (h->act == ACT_THIRDS) {
        if (t.rank < 1 || t.dim[0] % 3 != 0)
            return err_set(err, ERR_FORMAT, "the fused tensor of '%s' is %s: not three in one",
                           text_shown(name).s, shape_text(tensor_shape(t)).s);
        t = tensor_rows(t, t.dim[0] / 3 * third, t.dim[0] / 3);
    }
    while (h->act == ACT_FILTER && t.rank > 2 && t.dim[t.rank - 1] == 1)
        t.dim[--t.rank] = 0;
    Layout l = layout_of(t);
    if (h->act == ACT_TRANSPOSE && t.rank == 2) {
        swap(&l.dim[0], &l.dim[1]);
        swap(&l.stride[0], &l.stride[1]);
        to->own_limit += tensor_bytes(t);
    }
    return weights_put(to, name, &l, err);
}

static bool put_all(Weights *to, const Found *f, Err *err)
{
    size_t skip = strlen(f->prefix);
    Sizes sizes = sizes_there(to->of, f->prefix);
    for (size_t i = 0; i < weights_count(to->of); i++) {
        const char *name = weights_name(to->of, i);
        if (strncmp(name, f->prefix, skip) != 0)
            continue;
        Heard h = hear_name(f->place, &sizes, name + skip, 0);
        Tensor t = weights_at(to->of, i);
        if (!h.is_dropped && !put_tensor(to, &h, t, 0, err))
            return false;
        for (int third = 1; h.act == ACT_THIRDS && third < 3; third++) {
            Heard other = hear_name(f->place, &sizes, name + skip, third);
            if (!put_tensor(to, &other, t, third, err))
                return false;
        }
    }
    return weights_seal(to, err);
}

Weights *net_view(const Weights *file, Net net, Err *err)
{
    Found f = find(file, net);
    if (f.place == NULL) {
        err_set(err, ERR_FORMAT, "'%s' holds no %s", weights_path(file), net_name(net));
        return NULL;
    }
    Weights *w = weights_new(file->path);
    w->kind = file->kind;
    w->of = file;
    if (put_all(w, &f, err)) {
        w->sizes = (Sizes){.span = scan(w, "", "down_blocks.0.resnets.$i", false) + 1,
                           .levels = scan(w, "", "decoder.up_blocks.$i", false)};
        return w;
    }
    err_prefix(err, "%s of '%s': ", net_name(net), weights_path(file));
    weights_close(w);
    return NULL;
}

int64_t net_context(const Weights *view)
{
    static const char end[] = ".attn2.to_k.weight";
    for (size_t i = 0; i < weights_count(view); i++) {
        const char *name = weights_name(view, i);
        size_t n = strlen(name);
        Tensor t = weights_at(view, i);
        if (n > sizeof end && strcmp(name + n + 1 - sizeof end, end) == 0 && t.rank > 1)
            return t.dim[1];
    }
    return 0;
}

const char *net_family(int64_t context)
{
    static const struct {
        int64_t context;
        const char *family;
    } known[] = {
        {768, "Stable Diffusion 1.x"},
        {1024, "Stable Diffusion 2.x"},
        {2048, "Stable Diffusion XL"},
        {1280, "the refiner of Stable Diffusion XL"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].context == context)
            return known[i].family;
    return NULL;
}

/* ---- writing --------------------------------------------------------------------- */

static bool speak(const Rule *table, const Sizes *s, const Weights *view, const char *name,
                  Spelled *to)
{
    Numbers n;
    for (const Rule *rule = table; rule != NULL && rule->theirs != NULL; rule++) {
        Spelled beside = {0};
        const char *rest =
            rule->ours == NULL || rule->is_only_read ? NULL : match(rule->ours, name, &n);
        if (rest == NULL || !resolve(rule, s, &n))
            continue;
        if (rule->beside != NULL &&
            (!render(&beside, rule->beside, &n) || !weights_has_under(view, beside.name)))
            continue;
        if (!render(to, rule->theirs, &n))
            return false;
        to->third = rule->act == ACT_THIRDS ? n.of['q'] : -1;
        to->is_transposed = rule->act == ACT_TRANSPOSE;
        to->is_filter = rule->act == ACT_FILTER;
        return speak(rule->inside, s, view, rest, to) || put(to, rest);
    }
    return false;
}

bool net_spell(const Weights *view, Net net, Spelling how, const char *name, Spelled *to)
{
    const Rule *tables[TABLES] = {0};
    *to = (Spelled){.third = -1};
    if (net == NET_UNET || net == NET_CONTROL) {
        tables[0] = net == NET_CONTROL ? rules_control : rules_unet;
        tables[1] = rules_unet;
    } else if (net == NET_VAE) {
        tables[0] = rules_vae;
    } else if (how == SPELLING_OPENCLIP) {
        tables[0] = rules_openclip;
    } else {
        return put(to, name);
    }
    for (int i = 0; i < TABLES; i++)
        if (speak(tables[i], &view->sizes, view, name, to))
            return true;
    bool is_same_in_both = net == NET_VAE;
    return is_same_in_both && put(to, name);
}
