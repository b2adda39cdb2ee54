/* SPDX-License-Identifier: MIT */
#include "models/joints.h"

#include "base/file.h"

/* ---- forward ------------------------------------------------------------------- */

static Tensor attention(Run *r, const Joints *m, Tensor x)
{
    if (tensor_is_empty(x))
        return x;
    Tensor y = nn_new(r, tensor_shape(x));
    size_t floor = run_floor(r);
    Tensor t = nn_group_norm(r, &m->attention.norm, x, ACT_NONE);
    if (!tensor_is_empty(t))
        t = tensor_reshape(t, SHAPE(x.dim[0], x.dim[1] * x.dim[2], x.dim[3]));
    Tensor qkv = nn_linear(r, &m->attention.qkv, t, (With){0});
    Tensor a = nn_self_attention(r, qkv, JOINTS_HEADS, (Bank){0});
    nn_linear(r, &m->attention.out, a, (With){.residual = x, .into = y});
    run_drop(r, floor);
    return y;
}

static Tensor grown(Run *r, Tensor x)
{
    return tensor_is_empty(x) ? x : nn_grow(r, x, 2 * x.dim[1], 2 * x.dim[2]);
}

JointsMaps joints_maps(Run *r, const Joints *m, Tensor rgba)
{
    Tensor x = nn_conv(r, &m->in, rgba, (With){.act = ACT_SILU});
    x = nn_conv(r, &m->half, x, (With){0});
    Tensor skip = nn_tap(r, nn_residual(r, &m->fine, x), "fine");
    x = nn_conv(r, &m->down, skip, (With){0});
    x = nn_tap(r, nn_residual(r, &m->deep[0], x), "deep.0");
    x = nn_tap(r, attention(r, m, x), "attention");
    x = nn_tap(r, nn_residual(r, &m->deep[1], x), "deep.1");
    x = nn_tap(r, nn_residual(r, &m->deep[2], x), "deep.2");
    Tensor side = nn_conv(r, &m->side, x, (With){.norm = &m->norm_side, .pre = ACT_SILU});
    x = nn_conv(r, &m->lift, grown(r, x), (With){.residual = skip});
    x = nn_tap(r, nn_residual(r, &m->last, x), "last");
    Tensor maps = nn_conv(r, &m->out, x, (With){.norm = &m->norm_out, .pre = ACT_SILU});
    return (JointsMaps){nn_tap(r, maps, "maps"), nn_tap(r, side, "side")};
}

/* All views of the picture [HEATMAP_VIEWS,S,S,4]. */
static Tensor shown(Run *r, const Joints *m, Tensor picture, const HeatmapView *views)
{
    int64_t S = m->config.size;
    Tensor rgba = nn_new(r, SHAPE(HEATMAP_VIEWS, S, S, 4));
    for (int i = 0; i < HEATMAP_VIEWS && !tensor_is_empty(rgba); i++)
        heatmap_look(picture, views[i], tensor_rows(rgba, i, 1));
    return rgba;
}

bool joints_find(Run *r, const Joints *m, Tensor picture, JointsFound *found, Err *err)
{
    HeatmapView views[HEATMAP_VIEWS];
    JointsFound each[HEATMAP_VIEWS];
    if (!heatmap_views(picture, views, err))
        return false;
    size_t floor = run_floor(r);
    JointsMaps said = joints_maps(r, m, shown(r, m, picture, views));
    if (run_stopped(r))
        return err_set(err, r->err.kind, "%s", r->err.text);
    for (int i = 0; i < HEATMAP_VIEWS; i++)
        each[i] =
            heatmap_read(tensor_rows(said.maps, i, 1), tensor_rows(said.side, i, 1), views[i]);
    *found = heatmap_agreed(each, HEATMAP_VIEWS);
    run_drop(r, floor);
    return true;
}

/* ---- binding ------------------------------------------------------------------- */

static Residual bind_res(Bind *b, const char *name, int64_t C, int64_t groups)
{
    return bind_residual(b, name,
                         (ResidualShape){.C = C, .O = C, .groups = groups, .eps = 1e-6f});
}

static void bind_attention(Bind *b, Joints *m, int64_t C)
{
    static const char *const names[] = {"to_q", "to_k", "to_v"};
    bind_enter(b, "attention");
    m->attention.norm = bind_group_norm(b, "norm", C, m->config.groups, 1e-6f);
    m->attention.qkv = bind_linears(b, names, 3, C, C, true);
    m->attention.out = bind_linear(b, "to_out", C, C);
    bind_leave(b);
}

bool joints_bind(Joints *m, Bind *b, const JointsConfig *c)
{
    static const char *const deep[JOINTS_DEEP] = {"deep.0", "deep.1", "deep.2"};
    const int64_t *w = c->width;
    m->config = *c;
    m->in = bind_conv(b, "conv_in", 4, w[0], 3, 2);
    m->half = bind_conv(b, "conv_half", w[0], w[1], 3, 2);
    m->fine = bind_res(b, "fine", w[1], c->groups);
    m->down = bind_conv(b, "down", w[1], w[2], 3, 2);
    for (int i = 0; i < JOINTS_DEEP; i++)
        m->deep[i] = bind_res(b, deep[i], w[2], c->groups);
    bind_attention(b, m, w[2]);
    m->lift = bind_conv(b, "lift", w[2], w[1], 1, 1);
    m->last = bind_res(b, "last", w[1], c->groups);
    m->norm_out = bind_group_norm(b, "norm_out", w[1], c->groups, 1e-6f);
    m->out = bind_conv(b, "conv_out", w[1], (int64_t)JOINTS * HEATMAP_MAPS, 1, 1);
    m->norm_side = bind_group_norm(b, "norm_side", w[2], c->groups, 1e-6f);
    m->side = bind_conv(b, "conv_side", w[2], HEATMAP_SIDE, 1, 1);
    return !bind_failed(b);
}

/* ---- configuration ------------------------------------------------------------- */

bool joints_config_read(JointsConfig *c, const Json *j, Err *err)
{
    const Json *widths = js_get(j, "widths");
    c->size = js_int(js_get(j, "size"), 64);
    c->groups = js_int(js_get(j, "groups"), 8);
    if (c->size < JOINTS_STEP || c->size > 1024 || c->size % JOINTS_STEP != 0)
        return err_set(err, ERR_FORMAT, "size must be a multiple of %d up to 1024",
                       JOINTS_STEP);
    if (js_int(js_get(j, "joints"), JOINTS) != JOINTS)
        return err_set(err, ERR_FORMAT, "joints must be %d", JOINTS);
    if (js_count(widths) != 3 || c->groups < 1)
        return err_set(err, ERR_FORMAT, "widths must list 3 numbers, and groups be positive");
    for (size_t i = 0; i < 3; i++) {
        c->width[i] = js_int(js_at(widths, i), 0);
        if (c->width[i] < 1 || c->width[i] > 4096)
            return err_set(err, ERR_FORMAT, "widths must be 1 to 4096");
    }
    if (c->width[1] % c->groups != 0 || c->width[2] % c->groups != 0 ||
        c->width[2] % JOINTS_HEADS != 0)
        return err_set(err, ERR_FORMAT, "widths do not divide into %lld groups and %d heads",
                       (long long)c->groups, JOINTS_HEADS);
    return true;
}

/* ---- a folder ------------------------------------------------------------------ */

static bool read_config(JointsConfig *c, const char *dir, Err *err)
{
    char *path = file_join(dir, "config.json");
    Json *j = js_load(path, err);
    bool ok = j != NULL && (joints_config_read(c, j, err) || err_prefix(err, "'%s': ", path));
    js_free(j);
    xfree(path);
    return ok;
}

static Weights *open_weights(const char *dir, Err *err)
{
    char *path = file_join(dir, "model.safetensors");
    Weights *w = weights_open(path, err);
    xfree(path);
    return w;
}

static bool find_with(Run *r, const JointsConfig *c, const Weights *w, Arena *arena,
                      Tensor picture, JointsFound *found, Err *err)
{
    Joints m;
    Binder binder;
    binder_init(&binder, w);
    Bind bind = {.binder = &binder, .arena = arena, .kernels = r->kernels, .pool = r->pool};
    (void)!joints_bind(&m, &bind, c); /* what fails stays in the binder */
    bool ok = binder_done(&binder, NULL, err) && joints_find(r, &m, picture, found, err);
    binder_release(&binder);
    return ok;
}

bool joints_look(Run *r, const char *dir, Tensor picture, JointsFound *found, Err *err)
{
    JointsConfig c;
    Arena arena;
    if (!read_config(&c, dir, err) || !arena_init(&arena, 0, err))
        return false;
    Weights *w = open_weights(dir, err);
    bool ok = w != NULL && find_with(r, &c, w, &arena, picture, found, err);
    weights_close(w);
    arena_release(&arena);
    return ok;
}
