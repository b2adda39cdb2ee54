/* SPDX-License-Identifier: MIT */
#include "nn/patch.h"

#include "weights/lora.h"

/* All patches of a tensor as one product, up [O,R] * down [R,K], with the
 * patches side by side along R, and down laid out as a linear layer's weight. */
typedef struct Product {
    int64_t O, K, R;
    float *up;   /* [O,R], scaled */
    float *down; /* [K,R] */
} Product;

static int64_t rank_of(const LoraPatch *p)
{
    return p->down.dim[0];
}

/* A copy as f32 at the end of the arena; NULL if memory is short. */
static float *numbers(Bind *b, Tensor t)
{
    float *to = bind_room(b, tensor_count(t));
    if (to != NULL && !b->is_idle)
        tensor_read_f32(to, t.data, t.type, tensor_count(t));
    return to;
}

/* mid [r,r,k,k] * down [r,I] as one [r,I*k*k]. */
static const float *through_mid(Bind *b, const LoraPatch *p, int64_t K)
{
    int64_t r = rank_of(p), kernel = p->mid.dim[2] * p->mid.dim[3], I = K / kernel;
    const float *mid = numbers(b, p->mid), *down = numbers(b, p->down);
    float *to = bind_room(b, r * K);
    if (to == NULL || b->is_idle)
        return to;
    for (int64_t at = 0; at < r * K; at++) {
        int64_t o = at / K, i = at / kernel % I, k = at % kernel;
        float sum = 0;
        for (int64_t s = 0; s < r; s++)
            sum += mid[(o * r + s) * kernel + k] * down[s * I + i];
        to[at] = sum;
    }
    return to;
}

/* Puts one patch beside the others, from column `at` on. */
static bool put(Bind *b, const LoraPatch *p, Product *to, int64_t at)
{
    int64_t r = rank_of(p);
    const float *up = numbers(b, p->up);
    const float *down =
        tensor_is_empty(p->mid) ? numbers(b, p->down) : through_mid(b, p, to->K);
    if (bind_failed(b) || b->is_idle)
        return !bind_failed(b);
    for (int64_t o = 0; o < to->O; o++)
        for (int64_t j = 0; j < r; j++)
            to->up[o * to->R + at + j] = p->scale * up[o * r + j];
    for (int64_t k = 0; k < to->K; k++)
        for (int64_t j = 0; j < r; j++)
            to->down[k * to->R + at + j] = down[j * to->K + k];
    return true;
}

/* sum [O,K] += up * down. */
static void add(Bind *b, const Product *p, float *sum)
{
    LinearShape s = {.I = p->R, .O = p->K};
    size_t packed = b->kernels->linear_packed(s),
           scratch = b->kernels->linear_scratch(s, p->O, pool_threads(b->pool));
    float *w = bind_room(b, div_up((int64_t)packed, sizeof(float))),
          *work = bind_room(b, div_up((int64_t)scratch, sizeof(float)));
    Job job = {.pool = b->pool, .scratch = work};
    if (bind_failed(b) || b->is_idle)
        return;
    b->kernels->linear_pack(&job, s, tensor_over(p->down, TENSOR_F32, SHAPE(p->K, p->R)), w);
    b->kernels->linear(&job, s,
                       &(LinearArgs){.packed = w,
                                     .x = p->up,
                                     .ldx = p->R,
                                     .y = sum,
                                     .ldy = p->K,
                                     .M = p->O,
                                     .epilogue = {.residual = sum}});
}

Tensor patch_apply(Bind *b, Tensor w)
{
    size_t count = 0;
    const Patches *all = b->binder->patches;
    const LoraPatch *of =
        all == NULL || tensor_is_empty(w) ? NULL : patches_for(all, w.data, &count);
    if (of == NULL)
        return w;
    bool is_half = w.type == TENSOR_F16 || w.type == TENSOR_BF16;
    int64_t n = tensor_count(w), at = 0;
    Tensor to = tensor_over(bind_room(b, is_half ? div_up(n, 2) : n),
                            is_half ? w.type : TENSOR_F32, tensor_shape(w));
    size_t floor = b->arena->used;
    Product p = {.O = w.dim[0], .K = n / w.dim[0]};
    for (size_t i = 0; i < count; i++)
        p.R += rank_of(&of[i]);
    float *sum = is_half ? bind_room(b, n) : to.data;
    p.up = bind_room(b, p.O * p.R);
    p.down = bind_room(b, p.K * p.R);
    if (!bind_failed(b) && !b->is_idle)
        tensor_read_f32(sum, w.data, w.type, n);
    for (size_t i = 0; !bind_failed(b) && i < count; at += rank_of(&of[i++])) {
        size_t above = b->arena->used;
        (void)!put(b, &of[i], &p, at);
        arena_rewind(b->arena, above);
    }
    if (!bind_failed(b))
        add(b, &p, sum);
    if (!bind_failed(b) && is_half && !b->is_idle)
        tensor_write(to.data, w.type, sum, n);
    arena_rewind(b->arena, floor);
    return bind_failed(b) ? (Tensor){0} : to;
}
