/* SPDX-License-Identifier: MIT */
#include "models/clip_text.h"

#include <string.h>

/* ---- words to numbers ----------------------------------------------------------------- */

static bool known(Run *r, const ClipText *m, const ClipTextAsk *ask)
{
    int64_t rows = tensor_is_empty(ask->own) ? 0 : ask->own.dim[0];
    for (int64_t i = 0; i < ask->N * m->config.positions; i++) {
        must(-1 - (int64_t)ask->id[i] < rows);
        if (ask->id[i] >= m->config.vocab)
            return err_set(
                &r->err, ERR_INPUT,
                "the tokenizer has a word %d, the text encoder only %lld: they do not "
                "belong together",
                (int)ask->id[i], (long long)m->config.vocab);
    }
    return true;
}

static Tensor embed(Run *r, const ClipText *m, const ClipTextAsk *ask)
{
    int64_t T = m->config.positions, D = m->config.width;
    Tensor x = nn_new(r, SHAPE(ask->N, T, D));
    if (tensor_is_empty(x))
        return x;
    for (int64_t i = 0; i < ask->N * T; i++) {
        int32_t id = ask->id[i];
        Tensor from =
            id < 0 ? tensor_rows(ask->own, -1 - (int64_t)id, 1) : tensor_rows(m->tokens, id, 1);
        tensor_read_f32(tensor_f32(x) + i * D, from.data, from.type, D);
    }
    return nn_add_rows(r, x, m->positions, 1);
}

/* ---- the tower ------------------------------------------------------------------------ */

static void copy(Tensor to, Tensor from)
{
    if (!tensor_is_empty(from))
        memcpy(to.data, from.data, tensor_bytes(to));
}

/* Where a text ends. */
static int64_t end_of(const ClipText *m, const int32_t *id)
{
    int64_t at = 0;
    for (int64_t t = 0; t < m->config.positions; t++) {
        if (m->config.end == 2)
            at = id[t] > id[at] ? t : at;
        else if (id[t] == m->config.end)
            return t;
    }
    return at;
}

static Tensor pool(Run *r, const ClipText *m, const ClipTextAsk *ask, Tensor x)
{
    int64_t T = m->config.positions, D = m->config.width;
    Tensor ends = nn_new(r, SHAPE(ask->N, D));
    if (tensor_is_empty(ends) || tensor_is_empty(x))
        return (Tensor){0};
    for (int64_t n = 0; n < ask->N; n++) {
        int64_t at = n * T + end_of(m, ask->id + n * T);
        copy(tensor_rows(ends, n, 1),
             tensor_over(tensor_f32(x) + at * D, TENSOR_F32, SHAPE(1, D)));
    }
    Tensor y = nn_layer_norm(r, &m->norm, ends);
    return m->projection.packed == NULL ? y : nn_linear(r, &m->projection, y, (With){0});
}

/* x[T,D] times weights[T], its mean as before. */
static void weigh(float *x, const float *weight, int64_t T, int64_t D)
{
    double before = 0, after = 0;
    for (int64_t t = 0; t < T; t++)
        for (int64_t i = 0; i < D; i++) {
            before += x[t * D + i];
            x[t * D + i] *= weight[t];
            after += x[t * D + i];
        }
    float back = after == 0 ? 1 : (float)(before / after);
    for (int64_t i = 0; i < T * D; i++)
        x[i] *= back;
}

static void run_layers(Run *r, const ClipText *m, const ClipTextAsk *ask, ClipTextOut out)
{
    int taken = m->config.layers - ask->skip;
    int layers = ask->wants_pooled ? m->config.layers : taken;
    Tensor x = nn_tap(r, embed(r, m, ask), "embeddings");
    for (int i = 0; i < layers; i++) {
        x = nn_tap(r, nn_tower_layer(r, &m->layer[i], x), "layer.%d", i);
        size_t floor = run_floor(r);
        if (i + 1 == taken)
            copy(out.hidden, ask->norm ? nn_layer_norm(r, &m->norm, x) : x);
        run_drop(r, floor);
    }
    if (ask->wants_pooled)
        copy(out.pooled, pool(r, m, ask, x));
}

ClipTextOut clip_text_encode(Run *r, const ClipText *m, const ClipTextAsk *ask)
{
    int64_t T = m->config.positions, D = m->config.width;
    if (run_stopped(r) || !known(r, m, ask))
        return (ClipTextOut){0};
    if (ask->skip < 0 || ask->skip >= m->config.layers) {
        (void)err_set(&r->err, ERR_INPUT,
                      "%d layers of the text encoder cannot be skipped: it has %d", ask->skip,
                      m->config.layers);
        return (ClipTextOut){0};
    }
    ClipTextOut out = {.hidden = nn_new(r, SHAPE(ask->N, T, D))};
    if (ask->wants_pooled)
        out.pooled = nn_new(r, SHAPE(ask->N, m->pooled));
    size_t floor = run_floor(r);
    run_layers(r, m, ask, out);
    run_drop(r, floor);
    if (run_stopped(r))
        return (ClipTextOut){0};
    for (int64_t n = 0; n < ask->N && ask->weight != NULL; n++)
        weigh(tensor_f32(out.hidden) + n * T * D, ask->weight + n * T, T, D);
    return out;
}

/* ---- binding -------------------------------------------------------------------------- */

bool clip_text_bind(ClipText *m, Bind *b, const ClipTextConfig *c)
{
    *m = (ClipText){.config = *c, .pooled = c->width};
    /* version 5 of transformers has the tower without its name */
    bool is_bare = bind_shape(b, "embeddings.token_embedding.weight").rank > 0;
    bind_enter(b, "%s", is_bare ? "" : "text_model");
    m->tokens =
        binder_take(b->binder, "embeddings.token_embedding.weight", SHAPE(c->vocab, c->width));
    m->positions =
        bind_numbers(b, "embeddings.position_embedding.weight", SHAPE(c->positions, c->width));
    bind_tower(b, m->layer, c->layers,
               (TowerShape){c->width, c->heads, c->inner, c->act, c->norm_eps, true});
    m->norm = bind_layer_norm(b, "final_layer_norm", c->width, c->norm_eps);
    bind_leave(b);
    Shape s = bind_shape(b, "text_projection.weight");
    if (s.rank == 2) {
        m->pooled = s.dim[0];
        m->projection = bind_linear_plain(b, "text_projection", c->width, m->pooled);
    }
    return !bind_failed(b);
}

const char *const *clip_text_unread(void)
{
    static const char *const names[] = {"vision_model.*", "visual_projection.*", "logit_scale",
                                        "*.position_ids", NULL};
    return names;
}

/* ---- configurations ------------------------------------------------------------------- */

ClipTextConfig clip_text_config_l(void)
{
    return (ClipTextConfig){.vocab = 49408,
                            .positions = 77,
                            .width = 768,
                            .heads = 12,
                            .inner = 3072,
                            .layers = 12,
                            .act = ACT_QUICK_GELU,
                            .norm_eps = 1e-5f,
                            .end = 49407};
}

ClipTextConfig clip_text_config_h(void)
{
    ClipTextConfig c = clip_text_config_l();
    c.width = 1024;
    c.heads = 16;
    c.inner = 4096;
    c.layers = 23;
    c.act = ACT_GELU;
    return c;
}

ClipTextConfig clip_text_config_bigg(void)
{
    ClipTextConfig c = clip_text_config_h();
    c.width = 1280;
    c.heads = 20;
    c.inner = 5120;
    c.layers = 32;
    return c;
}

static bool in_range(const ClipTextConfig *c)
{
    return c->vocab >= 1 && c->vocab <= 1 << 22 && c->positions >= 1 && c->positions <= 4096 &&
           c->width >= 1 && c->width <= 16384 && c->heads >= 1 && c->width % c->heads == 0 &&
           c->inner >= 1 && c->inner <= 65536 && c->layers >= 1 &&
           c->layers <= CLIP_TEXT_LAYERS;
}

bool clip_text_config_read(ClipTextConfig *c, const Json *j, Err *err)
{
    *c = clip_text_config_l();
    /* a whole CLIP's config.json keeps the tower's in text_config */
    const Json *t = js_get(j, "text_config");
    if (js_is_null(t))
        t = j;
    c->vocab = js_int(js_get(t, "vocab_size"), c->vocab);
    c->positions = js_int(js_get(t, "max_position_embeddings"), c->positions);
    /* what transformers takes where nothing is said */
    c->width = js_int(js_get(t, "hidden_size"), 512);
    c->heads = js_int(js_get(t, "num_attention_heads"), 8);
    c->inner = js_int(js_get(t, "intermediate_size"), 2048);
    int64_t layers = js_int(js_get(t, "num_hidden_layers"), 12);
    c->layers = layers > CLIP_TEXT_LAYERS ? -1 : (int)max64(layers, -1);
    c->norm_eps = (float)js_number(js_get(t, "layer_norm_eps"), 1e-5);
    c->end = (int32_t)max64(-1, min64(js_int(js_get(t, "eos_token_id"), c->end), INT32_MAX));
    if (!in_range(c))
        return err_set(err, ERR_FORMAT,
                       "a size of the text encoder's configuration is out of range");
    const char *act = js_string(js_get(t, "hidden_act"), "quick_gelu");
    c->act = strcmp(act, "gelu") == 0 ? ACT_GELU : ACT_QUICK_GELU;
    if (c->act == ACT_QUICK_GELU && strcmp(act, "quick_gelu") != 0)
        return err_set(err, ERR_FORMAT,
                       "hidden_act '%.40s' of the text encoder is not supported", act);
    return true;
}
