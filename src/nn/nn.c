/* SPDX-License-Identifier: MIT */
#include "nn/nn.h"

#include "base/log.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- the frame around each kernel call -------------------------------- */

static Tensor fresh(Run *r, Shape s)
{
    if (run_stopped(r))
        return (Tensor){0};
    return tensor_new(r->scratch, TENSOR_F32, s, &r->err);
}

Tensor nn_new(Run *r, Shape s)
{
    return fresh(r, s);
}

Tensor nn_zeros(Run *r, Shape s)
{
    Tensor y = fresh(r, s);
    if (!tensor_is_empty(y) && !r->is_idle)
        memset(y.data, 0, tensor_bytes(y));
    return y;
}

/* The result's place: `into` if the caller gave one. */
static Tensor place(Run *r, Tensor into, Shape s)
{
    if (run_stopped(r))
        return (Tensor){0};
    if (tensor_is_empty(into))
        return fresh(r, s);
    must(tensor_count(into) == shape_count(s));
    return into;
}

/* A Job with room for `bytes` of intermediate results. */
static bool begin(Run *r, Job *job, size_t bytes)
{
    job->pool = r->pool;
    job->scratch = NULL;
    if (bytes > 0) {
        job->scratch = arena_take(r->scratch, bytes);
        if (job->scratch == NULL)
            return err_set(
                &r->err, ERR_MEMORY,
                "not enough memory for %zu MiB of scratch: try a smaller size, fewer "
                "frames or a shorter window",
                bytes >> 20);
    }
    return true;
}

static void count(Run *r, CostKind kind, double began, double flop)
{
    r->cost[kind].seconds += clock_now() - began;
    r->cost[kind].flop += flop;
    r->cost[kind].calls++;
}

static Shape with_last(Tensor x, int64_t C)
{
    Shape s = tensor_shape(x);
    s.dim[s.rank - 1] = C;
    return s;
}

static int64_t last(Tensor x)
{
    return x.dim[x.rank - 1];
}

static int64_t rows(Tensor x)
{
    return last(x) == 0 ? 0 : tensor_count(x) / last(x);
}

static const float *numbers(Tensor x)
{
    return tensor_is_empty(x) ? NULL : tensor_f32(x);
}

/* ---- layers with weights ---------------------------------------------- */

static Epilogue epilogue(const float *bias, With with, int64_t out_rows)
{
    Epilogue e = {
        .bias = bias, .act = with.act, .residual = numbers(with.residual), .slope = with.slope};
    if (!tensor_is_empty(with.image_bias)) {
        must(out_rows % with.image_bias.dim[0] == 0);
        e.image_bias = tensor_f32(with.image_bias);
        e.rows_per_image = out_rows / with.image_bias.dim[0];
    }
    return e;
}

Tensor nn_norm_terms(Run *r, const GroupNorm *k, Tensor x)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return (Tensor){0};
    int64_t N = x.dim[0], C = last(x);
    must(C == k->C && C % k->groups == 0);
    Tensor terms = fresh(r, SHAPE(2, N, C));
    if (tensor_is_empty(terms))
        return terms;
    float *scale = tensor_f32(terms);
    Job job = {.pool = r->pool};
    double began = clock_now();
    r->kernels->group_norm(&job, scale, scale + N * C, tensor_f32(x), N, rows(x) / N, C,
                           k->groups, k->eps, k->gamma, k->beta);
    count(r, COST_NORM, began, 4.0 * (double)tensor_count(x));
    return terms;
}

/* What is done to x on its way into a convolution, in its arguments. */
static bool norm_args(Run *r, ConvArgs *a, With with, Tensor x)
{
    a->pre_act = with.pre;
    if (with.norm != NULL)
        with.terms = nn_norm_terms(r, with.norm, x);
    if (tensor_is_empty(with.terms))
        return with.norm == NULL;
    a->scale = tensor_f32(with.terms);
    a->shift = a->scale + a->N * x.dim[3];
    return true;
}

/* To the channels of y [N,OH,OW,...] from `at` on. */
static bool conv(Run *r, const Conv *k, ConvArgs a, Tensor y, int64_t at)
{
    const ConvShape *s = &k->shape;
    int64_t places = y.dim[0] * y.dim[1] * y.dim[2];
    Job job;
    if (!begin(r, &job, r->kernels->conv_scratch(*s, a.N, a.H, a.W, pool_threads(r->pool))))
        return false;
    a.packed = k->packed;
    a.y = tensor_f32(y) + at;
    a.ldy = y.dim[3];
    if (a.epilogue.residual != NULL)
        a.epilogue.residual += at;
    double began = clock_now();
    r->kernels->conv(&job, *s, &a);
    double taps = (double)(s->depthwise ? 1 : s->C) * s->kh * s->kw;
    count(r, COST_CONV, began, 2.0 * (double)places * (double)s->O * taps);
    return true;
}

static Shape conv_places(const ConvShape *s, Tensor x, int64_t O)
{
    int64_t OH = (x.dim[1] + s->pad_top + s->pad_bottom - s->kh) / s->stride + 1;
    int64_t OW = (x.dim[2] + s->pad_left + s->pad_right - s->kw) / s->stride + 1;
    return SHAPE(x.dim[0], OH, OW, O);
}

Tensor nn_conv_among(Run *r, const Conv *k, Tensor x, int64_t at, With with)
{
    if (run_stopped(r) || tensor_is_empty(x) || tensor_is_empty(with.into))
        return (Tensor){0};
    const ConvShape *s = &k->shape;
    Tensor y = with.into;
    bool is_same = y.data == x.data;
    must(x.rank == 4 && x.dim[3] >= s->C && !s->depthwise && with.norm == NULL);
    must(shape_equal(tensor_shape(y), conv_places(s, x, y.dim[3])));
    must(at >= (is_same ? s->C : 0) && at + s->O <= y.dim[3]);
    must(tensor_is_empty(with.residual) ||
         shape_equal(tensor_shape(with.residual), tensor_shape(y)));
    size_t floor = run_floor(r);
    ConvArgs a = {.x = tensor_f32(x), .N = x.dim[0], .H = x.dim[1], .W = x.dim[2]};
    a.ldx = x.dim[3];
    a.pre_act = with.pre;
    a.epilogue = epilogue(k->bias, with, a.N * y.dim[1] * y.dim[2]);
    if (!conv(r, k, a, y, at))
        return (Tensor){0};
    run_drop(r, floor);
    return y;
}

Tensor nn_conv(Run *r, const Conv *k, Tensor x, With with)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return (Tensor){0};
    const ConvShape *s = &k->shape;
    must(x.rank == 4 && x.dim[3] == s->C);
    Shape to = conv_places(s, x, s->O);
    Tensor y = place(r, with.into, to);
    size_t floor = run_floor(r);
    ConvArgs a = {.x = tensor_f32(x), .N = x.dim[0], .H = x.dim[1], .W = x.dim[2]};
    if (tensor_is_empty(y) || !norm_args(r, &a, with, x))
        return (Tensor){0};
    a.epilogue = epilogue(k->bias, with, to.dim[0] * to.dim[1] * to.dim[2]);
    if (!conv(r, k, a, tensor_reshape(y, to), 0))
        return (Tensor){0};
    run_drop(r, floor);
    return y;
}

Tensor nn_linear(Run *r, const Linear *k, Tensor x, With with)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return (Tensor){0};
    must(last(x) == k->shape.I && with.norm == NULL);
    int64_t M = rows(x);
    Tensor y = place(r, with.into, with_last(x, k->shape.O));
    size_t floor = run_floor(r);
    Job job;
    if (tensor_is_empty(y) ||
        !begin(r, &job, r->kernels->linear_scratch(k->shape, M, pool_threads(r->pool))))
        return (Tensor){0};
    LinearArgs a = {.packed = k->packed,
                    .x = tensor_f32(x),
                    .ldx = k->shape.I,
                    .y = tensor_f32(y),
                    .ldy = k->shape.O,
                    .M = M,
                    .epilogue = epilogue(k->bias, with, M)};
    double began = clock_now();
    r->kernels->linear(&job, k->shape, &a);
    double outs = (double)k->shape.O * (k->shape.geglu ? 2 : 1);
    count(r, COST_LINEAR, began, 2.0 * (double)M * (double)k->shape.I * outs);
    run_drop(r, floor);
    return y;
}

Tensor nn_residual_at(Run *r, const Residual *k, Tensor x, Tensor t)
{
    if (tensor_is_empty(x))
        return x;
    Tensor y = nn_new(r, SHAPE(x.dim[0], x.dim[1], x.dim[2], k->conv2.shape.O));
    size_t floor = run_floor(r);
    Tensor time = tensor_is_empty(t) ? t : nn_linear(r, &k->time, t, (With){0});
    Tensor h = nn_conv(r, &k->conv1, x,
                       (With){.norm = &k->norm1, .pre = ACT_SILU, .image_bias = time});
    Tensor over = x;
    if (k->has_shortcut)
        over = nn_conv(r, &k->shortcut, x, (With){.into = y});
    y = nn_conv(r, &k->conv2, h,
                (With){.norm = &k->norm2, .pre = ACT_SILU, .residual = over, .into = y});
    run_drop(r, floor);
    return y;
}

Tensor nn_residual(Run *r, const Residual *k, Tensor x)
{
    return nn_residual_at(r, k, x, (Tensor){0});
}

/* ---- norms ------------------------------------------------------------- */

static Tensor affine(Run *r, Tensor x, int64_t N, const float *scale, const float *shift,
                     Act act, Tensor y)
{
    Job job = {.pool = r->pool};
    double began = clock_now();
    r->kernels->affine(&job, tensor_f32(y), tensor_f32(x), N, rows(x) / N, last(x), scale,
                       shift, act);
    count(r, COST_NORM, began, 2.0 * (double)tensor_count(x));
    return y;
}

Tensor nn_group_norm(Run *r, const GroupNorm *k, Tensor x, Act act)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return (Tensor){0};
    Tensor y = fresh(r, tensor_shape(x));
    size_t floor = run_floor(r);
    Tensor terms = nn_norm_terms(r, k, x);
    if (tensor_is_empty(y) || tensor_is_empty(terms))
        return (Tensor){0};
    const float *scale = tensor_f32(terms);
    affine(r, x, x.dim[0], scale, scale + x.dim[0] * last(x), act, y);
    run_drop(r, floor);
    return y;
}

Tensor nn_affine(Run *r, Tensor x, const float *scale, const float *shift, Act act)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return (Tensor){0};
    Tensor y = fresh(r, tensor_shape(x));
    return tensor_is_empty(y) ? y : affine(r, x, 1, scale, shift, act, y);
}

Tensor nn_layer_norm(Run *r, const LayerNorm *k, Tensor x)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return (Tensor){0};
    must(last(x) == k->C);
    Tensor y = fresh(r, tensor_shape(x));
    if (tensor_is_empty(y))
        return y;
    Job job = {.pool = r->pool};
    double began = clock_now();
    r->kernels->layer_norm(&job, tensor_f32(y), tensor_f32(x), rows(x), k->C, k->eps, k->gamma,
                           k->beta);
    count(r, COST_NORM, began, 6.0 * (double)tensor_count(x));
    return y;
}

/* ---- attention ---------------------------------------------------------- */

static Tensor attend(Run *r, AttentionArgs a, Shape out)
{
    Tensor y = fresh(r, out);
    size_t floor = run_floor(r);
    Job job;
    if (tensor_is_empty(y) ||
        !begin(r, &job, r->kernels->attention_scratch(&a, pool_threads(r->pool))))
        return (Tensor){0};
    a.out = tensor_f32(y);
    double began = clock_now();
    r->kernels->attention(&job, &a);
    int64_t with_bank = a.bank_k == NULL ? 0 : max64(a.batch - a.bank_from, 0);
    double scores =
        (double)a.T * ((double)a.batch * (double)a.S + (double)with_bank * (double)a.bank_S);
    count(r, COST_ATTENTION, began, 4.0 * scores * (double)(a.heads * a.d));
    run_drop(r, floor);
    return y;
}

static AttentionArgs heads_of(int64_t C, int64_t heads)
{
    must(heads > 0 && C % heads == 0);
    return (AttentionArgs){
        .inner = 1, .heads = heads, .d = C / heads, .scale = 1.0f / sqrtf((float)(C / heads))};
}

/* qkv[N,T,3C], batches one after the other. */
static AttentionArgs beside(Tensor qkv, int64_t heads)
{
    must(qkv.rank == 3 && last(qkv) % 3 == 0);
    int64_t T = qkv.dim[1], C = last(qkv) / 3;
    AttentionArgs a = heads_of(C, heads);
    a.batch = qkv.dim[0];
    a.T = a.S = T;
    a.q = tensor_f32(qkv);
    a.k = a.q + C;
    a.v = a.q + 2 * C;
    a.q_row = a.k_row = 3 * C;
    a.q_outer = a.k_outer = T * 3 * C;
    a.out_row = C;
    a.out_outer = T * C;
    return a;
}

Tensor nn_self_attention(Run *r, Tensor qkv, int64_t heads, Bank bank)
{
    if (run_stopped(r) || tensor_is_empty(qkv))
        return (Tensor){0};
    AttentionArgs a = beside(qkv, heads);
    int64_t C = a.out_row;
    if (!tensor_is_empty(bank.kv)) {
        must(last(bank.kv) == 2 * C);
        a.bank_k = tensor_f32(bank.kv);
        a.bank_v = a.bank_k + C;
        a.bank_row = 2 * C;
        a.bank_S = rows(bank.kv);
        a.bank_from = bank.from;
    }
    return attend(r, a, SHAPE(a.batch, a.T, C));
}

Tensor nn_causal_attention(Run *r, Tensor qkv, int64_t heads)
{
    if (run_stopped(r) || tensor_is_empty(qkv))
        return (Tensor){0};
    AttentionArgs a = beside(qkv, heads);
    a.is_causal = true;
    return attend(r, a, SHAPE(a.batch, a.T, a.out_row));
}

Tensor nn_cross_attention(Run *r, Tensor q, Tensor kv, int64_t heads)
{
    if (run_stopped(r) || tensor_is_empty(q) || tensor_is_empty(kv))
        return (Tensor){0};
    must(q.rank == 3 && kv.rank == 3 && last(kv) == 2 * last(q) && q.dim[0] % kv.dim[0] == 0);
    int64_t N = q.dim[0], T = q.dim[1], C = last(q), S = kv.dim[1];
    AttentionArgs a = heads_of(C, heads);
    a.batch = N;
    a.inner = N / kv.dim[0]; /* neighbours share their keys: an inner stride of 0 */
    a.T = T;
    a.S = S;
    a.q = tensor_f32(q);
    a.k = tensor_f32(kv);
    a.v = a.k + C;
    a.q_row = a.out_row = C;
    a.q_inner = a.out_inner = T * C;
    a.q_outer = a.out_outer = a.inner * T * C;
    a.k_row = 2 * C;
    a.k_outer = S * 2 * C;
    return attend(r, a, SHAPE(N, T, C));
}

Tensor nn_frame_attention(Run *r, Tensor qkv, int64_t heads, int64_t frames)
{
    if (run_stopped(r) || tensor_is_empty(qkv))
        return (Tensor){0};
    must(qkv.rank == 3 && last(qkv) % 3 == 0 && qkv.dim[0] % frames == 0);
    int64_t T = qkv.dim[1], C = last(qkv) / 3;
    AttentionArgs a = heads_of(C, heads);
    a.batch = qkv.dim[0] / frames * T;
    a.inner = T;
    a.T = a.S = frames;
    a.q = tensor_f32(qkv);
    a.k = a.q + C;
    a.v = a.q + 2 * C;
    a.q_inner = a.k_inner = 3 * C;
    a.q_row = a.k_row = T * 3 * C;
    a.q_outer = a.k_outer = frames * T * 3 * C;
    a.out_inner = C;
    a.out_row = T * C;
    a.out_outer = frames * T * C;
    return attend(r, a, SHAPE(qkv.dim[0], T, C));
}

Tensor nn_tower_layer(Run *r, const TowerLayer *k, Tensor x)
{
    size_t floor = run_floor(r);
    Tensor qkv = nn_linear(r, &k->qkv, nn_layer_norm(r, &k->norm1, x), (With){0});
    Tensor a = k->is_causal ? nn_causal_attention(r, qkv, k->heads)
                            : nn_self_attention(r, qkv, k->heads, (Bank){0});
    x = nn_linear(r, &k->out, a, (With){.residual = x, .into = x});
    Tensor h = nn_layer_norm(r, &k->norm2, x);
    h = nn_linear(r, &k->fc1, h, (With){.act = k->act});
    x = nn_linear(r, &k->fc2, h, (With){.residual = x, .into = x});
    run_drop(r, floor);
    return x;
}

/* ---- without weights ------------------------------------------------------ */

Tensor nn_add_rows(Run *r, Tensor x, Tensor v, int64_t repeat)
{
    if (run_stopped(r) || tensor_is_empty(x) || tensor_is_empty(v))
        return (Tensor){0};
    must(last(x) == last(v));
    Tensor y = fresh(r, tensor_shape(x));
    if (tensor_is_empty(y))
        return y;
    Job job = {.pool = r->pool};
    double began = clock_now();
    r->kernels->add_rows(&job, tensor_f32(y), tensor_f32(x), tensor_f32(v), rows(x), last(x),
                         repeat, rows(v));
    count(r, COST_OTHER, began, (double)tensor_count(x));
    return y;
}

Tensor nn_scale(Run *r, Tensor x, float factor)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return (Tensor){0};
    Tensor y = fresh(r, tensor_shape(x));
    if (tensor_is_empty(y))
        return y;
    Job job = {.pool = r->pool};
    double began = clock_now();
    r->kernels->add(&job, tensor_f32(y), tensor_f32(x), tensor_f32(x), factor - 1.0f,
                    tensor_count(x));
    count(r, COST_OTHER, began, (double)tensor_count(x));
    return y;
}

void nn_add_to(Run *r, Tensor x, Tensor y, float factor)
{
    if (run_stopped(r) || tensor_is_empty(x) || tensor_is_empty(y))
        return;
    must(tensor_count(x) == tensor_count(y));
    Job job = {.pool = r->pool};
    double began = clock_now();
    r->kernels->add(&job, tensor_f32(x), tensor_f32(x), tensor_f32(y), factor, tensor_count(x));
    count(r, COST_OTHER, began, 2.0 * (double)tensor_count(x));
}

Tensor nn_act(Run *r, Tensor x, Act act)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return (Tensor){0};
    Tensor y = fresh(r, tensor_shape(x));
    if (tensor_is_empty(y))
        return y;
    Job job = {.pool = r->pool};
    double began = clock_now();
    r->kernels->act(&job, tensor_f32(y), tensor_f32(x), tensor_count(x), act);
    count(r, COST_OTHER, began, (double)tensor_count(x));
    return y;
}

void nn_copy(Run *r, Tensor to, Tensor x)
{
    if (run_stopped(r) || tensor_is_empty(to) || tensor_is_empty(x))
        return;
    must(tensor_count(to) == tensor_count(x));
    Job job = {.pool = r->pool};
    double began = clock_now();
    r->kernels->copy_rows(&job, tensor_f32(to), last(x), tensor_f32(x), last(x), rows(x),
                          last(x));
    count(r, COST_OTHER, began, 0);
}

Tensor nn_concat(Run *r, Tensor a, Tensor b)
{
    if (run_stopped(r) || tensor_is_empty(a) || tensor_is_empty(b))
        return (Tensor){0};
    must(rows(a) == rows(b));
    int64_t Ca = last(a), Cb = last(b), C = Ca + Cb;
    Tensor y = fresh(r, with_last(a, C));
    if (tensor_is_empty(y))
        return y;
    Job job = {.pool = r->pool};
    double began = clock_now();
    r->kernels->copy_rows(&job, tensor_f32(y), C, tensor_f32(a), Ca, rows(a), Ca);
    r->kernels->copy_rows(&job, tensor_f32(y) + Ca, C, tensor_f32(b), Cb, rows(b), Cb);
    count(r, COST_OTHER, began, 0);
    return y;
}

static Tensor resized(Run *r, Tensor x, int64_t OH, int64_t OW, bool is_smooth)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return (Tensor){0};
    must(x.rank == 4);
    Tensor y = fresh(r, SHAPE(x.dim[0], OH, OW, x.dim[3]));
    if (tensor_is_empty(y))
        return y;
    Job job = {.pool = r->pool};
    double began = clock_now();
    const int64_t *d = x.dim;
    if (is_smooth)
        r->kernels->resize_bilinear(&job, tensor_f32(y), tensor_f32(x), d[0], d[1], d[2], d[3],
                                    OH, OW, false);
    else
        r->kernels->resize_nearest(&job, tensor_f32(y), tensor_f32(x), d[0], d[1], d[2], d[3],
                                   OH, OW);
    count(r, COST_OTHER, began, 0);
    return y;
}

Tensor nn_grow(Run *r, Tensor x, int64_t OH, int64_t OW)
{
    return resized(r, x, OH, OW, false);
}

Tensor nn_stretch(Run *r, Tensor x, int64_t OH, int64_t OW)
{
    return resized(r, x, OH, OW, true);
}

Tensor nn_spread(Run *r, Tensor x)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return (Tensor){0};
    must(x.rank == 4 && last(x) % 4 == 0);
    int64_t H = x.dim[0] * x.dim[1], W = x.dim[2], half = last(x) / 2;
    Tensor y = fresh(r, SHAPE(x.dim[0], 2 * x.dim[1], 2 * W, half / 2));
    if (tensor_is_empty(y))
        return y;
    Job job = {.pool = r->pool};
    double began = clock_now();
    /* a column at a time: its pixels lie equally far apart in both */
    for (int64_t dy = 0; dy < 2; dy++)
        for (int64_t i = 0; i < W; i++)
            r->kernels->copy_rows(&job, tensor_f32(y) + (dy * W + i) * half, 2 * W * half,
                                  tensor_f32(x) + (2 * i + dy) * half, 2 * W * half, H, half);
    count(r, COST_OTHER, began, 0);
    return y;
}

static void embed_time(float *e, float t, int64_t dim, bool flip, float shift)
{
    int64_t half = dim / 2;
    e[dim - 1] = 0; /* an odd width ends in a zero */
    float step = -logf(10000.0f) / ((float)half - shift);
    for (int64_t i = 0; i < half; i++) {
        float angle = t * expf(step * (float)i);
        e[i] = flip ? cosf(angle) : sinf(angle);
        e[half + i] = flip ? sinf(angle) : cosf(angle);
    }
}

Tensor nn_time_embeddings(Run *r, const float *t, int64_t n, int64_t dim, bool flip,
                          float shift)
{
    Tensor y = fresh(r, SHAPE(n, dim));
    for (int64_t i = 0; i < n && !tensor_is_empty(y); i++)
        embed_time(tensor_f32(y) + i * dim, t[i], dim, flip, shift);
    return y;
}

Tensor nn_time_embedding(Run *r, float t, int64_t dim, bool flip, float shift)
{
    return nn_time_embeddings(r, &t, 1, dim, flip, shift);
}

Tensor nn_save(Run *r, Arena *a, Tensor x)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return (Tensor){0};
    Tensor y = tensor_new(a, x.type, tensor_shape(x), &r->err);
    if (!tensor_is_empty(y) && !r->is_idle)
        memcpy(y.data, x.data, tensor_bytes(x));
    return y;
}

Tensor nn_tap(Run *r, Tensor x, const char *fmt, ...)
{
    if (r->tap == NULL || tensor_is_empty(x))
        return x;
    char name[96];
    va_list args;
    va_start(args, fmt);
    vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    r->tap(r->tap_user, name, x);
    return x;
}
