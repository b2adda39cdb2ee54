/* SPDX-License-Identifier: MIT */
#include "nn/bind.h"

#include "base/log.h"
#include "nn/patch.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 256 };

void bind_enter(Bind *b, const char *fmt, ...)
{
    char at[NAME];
    va_list args;
    va_start(args, fmt);
    vsnprintf(at, sizeof at, fmt, args);
    va_end(args);
    binder_enter(b->binder, at);
}

void bind_leave(Bind *b)
{
    binder_leave(b->binder);
}

bool bind_failed(const Bind *b)
{
    return !binder_ok(b->binder);
}

/* ---- memory ---------------------------------------------------------------------- */

void *bind_take(Bind *b, size_t bytes)
{
    if (bind_failed(b))
        return NULL;
    void *p = arena_take(b->arena, bytes);
    if (p == NULL) {
        binder_fail(b->binder, "not enough memory for %zu MiB of weights", bytes >> 20);
        b->binder->first.kind = ERR_MEMORY; /* no fault of the file's */
    }
    return p;
}

float *bind_room(Bind *b, int64_t n)
{
    return bind_take(b, (size_t)n * sizeof(float));
}

static const char *part(char name[NAME], const char *of, const char *what)
{
    snprintf(name, NAME, "%s.%s", of, what);
    return name;
}

static Tensor copied(Bind *b, Tensor t, Shape s)
{
    int64_t n = shape_count(s);
    float *to = tensor_is_empty(t) ? NULL : bind_room(b, n);
    if (to == NULL)
        return (Tensor){0};
    if (!b->is_idle)
        tensor_read_f32(to, t.data, t.type, n);
    return tensor_over(to, TENSOR_F32, s);
}

Tensor bind_numbers(Bind *b, const char *name, Shape s)
{
    return copied(b, binder_take(b->binder, name, s), s);
}

/* [C] numbers, or NULL after a failure. */
static const float *vector(Bind *b, const char *name, const char *what, int64_t C)
{
    char full[NAME];
    return bind_numbers(b, part(full, name, what), SHAPE(C)).data;
}

Shape bind_shape(Bind *b, const char *name)
{
    if (!binder_has(b->binder, name))
        return (Shape){0};
    return tensor_shape(binder_peek(b->binder, name));
}

/* The file's pages are not needed again once their numbers are packed. */
static void drop(const Bind *b, Tensor t)
{
    for (int i = 0; i < b->binder->files && !b->is_idle; i++)
        weights_drop(b->binder->file[i], t);
}

static void spent(const Bind *b, double began)
{
    if (b->cost == NULL)
        return;
    b->cost->seconds += clock_now() - began;
    b->cost->calls++;
}

/* False for the empty tensor. */
static bool pack_rows(const Bind *b, LinearShape s, Tensor w, void *packed)
{
    Job job = {.pool = b->pool};
    double began = clock_now();
    if (tensor_is_empty(w))
        return false;
    if (!b->is_idle)
        b->kernels->linear_pack(&job, s, w, packed);
    spent(b, began);
    return true;
}

static bool pack_filters(const Bind *b, ConvShape s, Tensor w, void *packed)
{
    Job job = {.pool = b->pool};
    double began = clock_now();
    if (tensor_is_empty(w))
        return false;
    if (!b->is_idle)
        b->kernels->conv_pack(&job, s, w, packed);
    spent(b, began);
    return true;
}

/* Weights of 16 bits stay so when packed: half the memory, the same results. */
static TensorType stored(Tensor w)
{
    return w.type == TENSOR_F16 || w.type == TENSOR_BF16 ? w.type : TENSOR_F32;
}

/* ---- linear ------------------------------------------------------------------------ */

static Linear pack_linear(Bind *b, LinearShape s, Tensor w, const float *bias)
{
    s.store = stored(w);
    Linear k = {.shape = s, .bias = bias};
    if (bind_failed(b) || tensor_is_empty(w))
        return k;
    void *packed = bind_take(b, b->kernels->linear_packed(s));
    size_t floor = b->arena->used;
    if (packed != NULL && pack_rows(b, s, patch_apply(b, w), packed))
        k.packed = packed;
    arena_rewind(b->arena, floor);
    return k;
}

static Linear linear(Bind *b, const char *name, LinearShape s, bool has_bias)
{
    char full[NAME];
    int64_t rows = s.O * (s.geglu ? 2 : 1);
    Tensor w = binder_take_linear(b->binder, part(full, name, "weight"), SHAPE(rows, s.I));
    const float *bias = has_bias ? vector(b, name, "bias", rows) : NULL;
    Linear k = pack_linear(b, s, w, bias);
    drop(b, w);
    return k;
}

Linear bind_linear(Bind *b, const char *name, int64_t I, int64_t O)
{
    return linear(b, name, (LinearShape){.I = I, .O = O}, true);
}

Linear bind_linear_plain(Bind *b, const char *name, int64_t I, int64_t O)
{
    return linear(b, name, (LinearShape){.I = I, .O = O}, false);
}

Linear bind_geglu(Bind *b, const char *name, int64_t I, int64_t O)
{
    return linear(b, name, (LinearShape){.I = I, .O = O, .geglu = true}, true);
}

/* What layers that are packed as one are stored as: their own 16 bits if they
 * agree. */
static TensorType stored_together(Bind *b, const char *const *names, int count)
{
    char full[NAME];
    TensorType type = TENSOR_F32;
    for (int i = 0; i < count; i++) {
        const char *weight = part(full, names[i], "weight");
        TensorType one =
            binder_has(b->binder, weight) ? stored(binder_peek(b->binder, weight)) : TENSOR_F32;
        if (i > 0 && one != type)
            return TENSOR_F32;
        type = one;
    }
    return type;
}

/* The layer `name` as rows of w, which are of type s.store, and its biases: NULL
 * only looks for them. */
static void gather(Bind *b, const char *name, LinearShape s, bool has_bias, void *w,
                   float *bias)
{
    char full[NAME];
    Tensor t = binder_take_linear(b->binder, part(full, name, "weight"), SHAPE(s.O, s.I));
    Tensor v = {0};
    if (has_bias)
        v = binder_take(b->binder, part(full, name, "bias"), SHAPE(s.O));
    if (bind_failed(b) || w == NULL)
        return;
    size_t floor = b->arena->used;
    Tensor sum = patch_apply(b, t);
    if (b->is_idle)
        sum = v = (Tensor){0};
    if (!tensor_is_empty(sum) && s.store == TENSOR_F32)
        tensor_read_f32(w, sum.data, sum.type, s.O * s.I);
    else if (!tensor_is_empty(sum))
        memcpy(w, sum.data, tensor_type_size(s.store) * (size_t)(s.O * s.I));
    if (!tensor_is_empty(v))
        tensor_read_f32(bias, v.data, v.type, s.O);
    arena_rewind(b->arena, floor);
    drop(b, t);
}

Linear bind_linears(Bind *b, const char *const *names, int count, int64_t I, int64_t O,
                    bool has_bias)
{
    LinearShape one = {.I = I, .O = O, .store = stored_together(b, names, count)};
    LinearShape all = {.I = I, .O = O * count, .store = one.store};
    size_t bytes = tensor_type_size(one.store) * (size_t)(O * I);
    float *bias = bind_room(b, has_bias ? all.O : 0);
    void *packed = bind_take(b, b->kernels->linear_packed(all));
    size_t floor = b->arena->used;
    char *w = bind_take(b, bytes * (size_t)count); /* only until it is packed */
    Linear k = {.shape = all, .bias = has_bias ? bias : NULL};
    for (int i = 0; i < count; i++)
        gather(b, names[i], one, has_bias, w == NULL ? NULL : w + (size_t)i * bytes,
               w == NULL ? NULL : bias + i * O);
    if (!bind_failed(b) && w != NULL &&
        pack_rows(b, all, tensor_over(w, all.store, SHAPE(all.O, I)), packed))
        k.packed = packed;
    if (w != NULL)
        arena_rewind(b->arena, floor);
    return k;
}

/* ---- convolution -------------------------------------------------------------------- */

static Conv pack_conv(Bind *b, ConvShape s, Tensor w, const float *bias)
{
    s.store = stored(w);
    s.is_lean = b->is_lean;
    Conv k = {.shape = s, .bias = bias};
    if (bind_failed(b) || tensor_is_empty(w))
        return k;
    void *packed = bind_take(b, b->kernels->conv_packed(s));
    size_t floor = b->arena->used;
    if (packed != NULL && pack_filters(b, s, patch_apply(b, w), packed))
        k.packed = packed;
    arena_rewind(b->arena, floor);
    return k;
}

static Tensor take_filters(Bind *b, const char *name, ConvShape s)
{
    char full[NAME];
    Shape want = SHAPE(s.O, s.depthwise ? 1 : s.C, s.kh, s.kw);
    part(full, name, "weight");
    if (s.kh == 1 && s.kw == 1 && !s.depthwise) {
        Tensor w = binder_take_linear(b->binder, full, SHAPE(s.O, s.C));
        return tensor_is_empty(w) ? w : tensor_reshape(w, want);
    }
    return binder_take(b->binder, full, want);
}

Conv bind_conv_shape(Bind *b, const char *name, ConvShape s, bool has_bias)
{
    Tensor w = take_filters(b, name, s);
    const float *bias = has_bias ? vector(b, name, "bias", s.O) : NULL;
    Conv k = pack_conv(b, s, w, bias);
    drop(b, w);
    return k;
}

Conv bind_conv(Bind *b, const char *name, int64_t C, int64_t O, int k, int stride)
{
    ConvShape s = {C, O, k, k, stride, k / 2, k / 2, k / 2, k / 2, false, TENSOR_F32, false};
    return bind_conv_shape(b, name, s, true);
}

/* The outcome multiplied by `factor`.  What is packed is a copy that goes again. */
static Conv multiplied(Bind *b, const char *name, ConvShape s, float factor)
{
    s.is_lean = b->is_lean;
    Conv k = {.shape = s};
    char full[NAME];
    Tensor w = take_filters(b, name, s);
    Tensor bias = bind_numbers(b, part(full, name, "bias"), SHAPE(s.O));
    void *packed = bind_take(b, b->kernels->conv_packed(s));
    size_t floor = b->arena->used;
    Tensor product = copied(b, w, SHAPE(s.O, s.C, s.kh, s.kw));
    if (bind_failed(b))
        return k;
    for (int64_t i = 0; i < tensor_count(product) && !b->is_idle; i++)
        tensor_f32(product)[i] *= factor;
    for (int64_t i = 0; i < s.O && !b->is_idle; i++)
        tensor_f32(bias)[i] *= factor;
    if (pack_filters(b, s, product, packed))
        k.packed = packed;
    k.bias = tensor_f32(bias);
    arena_rewind(b->arena, floor);
    drop(b, w);
    return k;
}

Conv bind_scaled_conv(Bind *b, const char *name, int64_t C, int64_t O, const char *scale)
{
    ConvShape s = {.C = C, .O = O, .kh = 1, .kw = 1, .stride = 1};
    Tensor factor = binder_take(b->binder, scale, SHAPE(1));
    float by = 0;
    if (!tensor_is_empty(factor))
        tensor_read_f32(&by, factor.data, factor.type, 1);
    return multiplied(b, name, s, by);
}

Conv bind_conv_times(Bind *b, const char *name, int64_t C, int64_t O, float factor)
{
    ConvShape s = {.C = C, .O = O, .kh = 3, .kw = 3, .stride = 1, .pad_top = 1, .pad_left = 1};
    s.pad_bottom = s.pad_right = 1;
    return multiplied(b, name, s, factor);
}

/* ---- norms --------------------------------------------------------------------------- */

GroupNorm bind_group_norm(Bind *b, const char *name, int64_t C, int64_t groups, float eps)
{
    return (GroupNorm){C, groups, eps, vector(b, name, "weight", C),
                       vector(b, name, "bias", C)};
}

LayerNorm bind_layer_norm(Bind *b, const char *name, int64_t C, float eps)
{
    return (LayerNorm){C, eps, vector(b, name, "weight", C), vector(b, name, "bias", C)};
}

Residual bind_residual(Bind *b, const char *name, ResidualShape s)
{
    Residual k = {.has_shortcut = s.C != s.O};
    bind_enter(b, "%s", name);
    k.norm1 = bind_group_norm(b, "norm1", s.C, s.groups, s.eps);
    k.conv1 = bind_conv(b, "conv1", s.C, s.O, 3, 1);
    if (s.time > 0)
        k.time = bind_linear(b, "time_emb_proj", s.time, s.O);
    k.norm2 = bind_group_norm(b, "norm2", s.O, s.groups, s.eps);
    k.conv2 = bind_conv(b, "conv2", s.O, s.O, 3, 1);
    if (k.has_shortcut)
        k.shortcut = bind_conv(b, "conv_shortcut", s.C, s.O, 1, 1);
    bind_leave(b);
    return k;
}

static TowerLayer tower_layer(Bind *b, int i, TowerShape s)
{
    static const char *const qkv[] = {"self_attn.q_proj", "self_attn.k_proj",
                                      "self_attn.v_proj"};
    TowerLayer k = {.heads = s.heads, .act = s.act, .is_causal = s.is_causal};
    bind_enter(b, "encoder.layers.%d", i);
    k.norm1 = bind_layer_norm(b, "layer_norm1", s.width, s.norm_eps);
    k.qkv = bind_linears(b, qkv, 3, s.width, s.width, true);
    k.out = bind_linear(b, "self_attn.out_proj", s.width, s.width);
    k.norm2 = bind_layer_norm(b, "layer_norm2", s.width, s.norm_eps);
    k.fc1 = bind_linear(b, "mlp.fc1", s.width, s.inner);
    k.fc2 = bind_linear(b, "mlp.fc2", s.inner, s.width);
    bind_leave(b);
    return k;
}

void bind_tower(Bind *b, TowerLayer *layer, int count, TowerShape s)
{
    for (int i = 0; i < count; i++)
        layer[i] = tower_layer(b, i, s);
}

Tensor bind_sinusoids(Bind *b, int64_t n, int64_t C)
{
    float *to = bind_room(b, n * C);
    if (to == NULL)
        return (Tensor){0};
    for (int64_t p = 0; p < n; p++) {
        for (int64_t i = 0; i < C; i++) {
            float w = expf((float)(i / 2 * 2) * (-logf(10000.0f) / (float)C));
            to[p * C + i] = i % 2 == 0 ? sinf((float)p * w) : cosf((float)p * w);
        }
    }
    return tensor_over(to, TENSOR_F32, SHAPE(n, C));
}
