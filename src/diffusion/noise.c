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

/* ---- batches ------------------------------------------------------------------------- */

void noise_source_init(NoiseSource *s, NoiseRule rule, uint64_t seed, int64_t pictures)
{
    must(pictures > 0 && pictures <= 4096);
    *s = (NoiseSource){.rule = rule, .pictures = pictures};
    if (rule == NOISE_CPU)
        s->cpu = xalloc((size_t)pictures, sizeof *s->cpu);
    else
        s->cuda = xalloc((size_t)pictures, sizeof *s->cuda);
    for (int64_t i = 0; i < pictures; i++) {
        if (s->cpu)
            chance_seed(&s->cpu[i], seed + (uint64_t)i);
        else
            philox_seed(&s->cuda[i], seed + (uint64_t)i);
    }
}

void noise_source_release(NoiseSource *s)
{
    xfree(s->cpu);
    xfree(s->cuda);
    *s = (NoiseSource){0};
}

void noise_source_share(NoiseSource *s)
{
    for (int64_t i = 1; i < s->pictures; i++) {
        if (s->cpu)
            s->cpu[i] = s->cpu[0];
        else
            s->cuda[i] = s->cuda[0];
    }
}

bool noise_source_draw(NoiseSource *s, Tensor to, Arena *scratch, Err *err)
{
    check(to);
    must(to.dim[0] == s->pictures);
    size_t floor = scratch->used;
    Tensor one = tensor_rows(to, 0, 1);
    int64_t n = tensor_count(one);
    Tensor drawn = tensor_new(scratch, TENSOR_F32, tensor_shape(one), err);
    if (tensor_is_empty(drawn))
        return false;
    for (int64_t i = 0; i < s->pictures; i++) {
        if (s->cpu)
            chance_normal(&s->cpu[i], tensor_f32(drawn), n);
        else
            philox_normal(&s->cuda[i], tensor_f32(drawn), n);
        noise_from_torch(tensor_rows(to, i, 1), tensor_f32(drawn));
    }
    arena_rewind(scratch, floor);
    return true;
}
