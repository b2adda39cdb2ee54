/* SPDX-License-Identifier: MIT */
#include "diffusion/noise.h"

#include <string.h>

static void check(Tensor t)
{
    must(t.type == TENSOR_F32 && t.rank == 4);
}

void noise_from_torch(Tensor to, const float *from)
{
    check(to);
    int64_t F = to.dim[0], hw = to.dim[1] * to.dim[2], C = to.dim[3];
    float *x = tensor_f32(to);
    for (int64_t c = 0; c < C; c++) {
        for (int64_t i = 0; i < F * hw; i++)
            x[i * C + c] = from[c * F * hw + i];
    }
}

void noise_to_torch(float *to, Tensor from)
{
    check(from);
    int64_t F = from.dim[0], hw = from.dim[1] * from.dim[2], C = from.dim[3];
    const float *x = tensor_f32(from);
    for (int64_t c = 0; c < C; c++) {
        for (int64_t i = 0; i < F * hw; i++)
            to[c * F * hw + i] = x[i * C + c];
    }
}

typedef void (*Draw)(Chance *c, float *to, int64_t n);

static bool draw(Chance *c, Tensor to, Draw how, Arena *scratch, Err *err)
{
    check(to);
    size_t floor = scratch->used;
    Tensor drawn = tensor_new(scratch, TENSOR_F32, tensor_shape(to), err);
    if (tensor_is_empty(drawn))
        return false;
    how(c, tensor_f32(drawn), tensor_count(drawn));
    noise_from_torch(to, tensor_f32(drawn));
    arena_rewind(scratch, floor);
    return true;
}

bool noise_draw(Chance *c, Tensor to, Arena *scratch, Err *err)
{
    return draw(c, to, chance_normal, scratch, err);
}

bool noise_draw_alike(Chance *c, Tensor to, Arena *scratch, Err *err)
{
    Tensor first = tensor_rows(to, 0, 1);
    if (!noise_draw(c, first, scratch, err))
        return false;
    for (int64_t i = 1; i < to.dim[0]; i++)
        memcpy(tensor_rows(to, i, 1).data, first.data, tensor_bytes(first));
    return true;
}

bool noise_draw_half(Chance *c, Tensor to, Arena *scratch, Err *err)
{
    return draw(c, to, chance_normal_half, scratch, err);
}

bool noise_draw_coarse(Chance *c, Tensor to, Arena *scratch, Err *err)
{
    return draw(c, to, chance_normal_coarse, scratch, err);
}
