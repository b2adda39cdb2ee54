/* SPDX-License-Identifier: MIT */
#include "golden.h"

#include "weights/lora.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Layers with LoRAs compared with the same layers over weights to which the
 * product was added here, in double. */

enum { I = 19, O = 21, R = 5 };

/* One weight and what is added to it. */
typedef struct Case {
    const char *what;
    TensorType type;
    Shape weight, up, mid, down;
    bool is_twice; /* added by two patches */
} Case;

static const Case cases[] = {
    {"a linear layer", TENSOR_F32, {2, {O, I}}, {2, {O, R}}, {0}, {2, {R, I}}, false},
    {"one of two LoRAs", TENSOR_F32, {2, {O, I}}, {2, {O, R}}, {0}, {2, {R, I}}, true},
    {"f16", TENSOR_F16, {2, {O, I}}, {2, {O, R}}, {0}, {2, {R, I}}, false},
    {"bf16", TENSOR_BF16, {2, {O, I}}, {2, {O, R}}, {0}, {2, {R, I}}, true},
    {"1x1", TENSOR_F32, {4, {O, I, 1, 1}}, {4, {O, R, 1, 1}}, {0}, {4, {R, I, 1, 1}}, false},
    {"3x3", TENSOR_F32, {4, {O, I, 3, 3}}, {4, {O, R, 1, 1}}, {0}, {4, {R, I, 3, 3}}, false},
    {"3x3 of f16",
     TENSOR_F16,
     {4, {O, I, 3, 3}},
     {4, {O, R, 1, 1}},
     {0},
     {4, {R, I, 3, 3}},
     false},
    {"3x3 in the middle",
     TENSOR_F32,
     {4, {O, I, 3, 3}},
     {4, {O, R, 1, 1}},
     {4, {R, R, 3, 3}},
     {4, {R, I, 1, 1}},
     true},
};

static double at(Tensor t, int64_t i)
{
    return (double)tensor_f32(t)[i];
}

/* scale * up * mid * down, one number of it. */
static double product(const LoraPatch *p, int64_t o, int64_t i, int64_t k, int64_t kernel)
{
    double sum = 0;
    for (int64_t r = 0; r < R; r++) {
        double d = 0;
        if (tensor_is_empty(p->mid))
            d = at(p->down, (r * I + i) * kernel + k);
        for (int64_t s = 0; s < R && !tensor_is_empty(p->mid); s++)
            d += at(p->mid, (r * R + s) * kernel + k) * at(p->down, s * I + i);
        sum += at(p->up, o * R + r) * d;
    }
    return (double)p->scale * sum;
}

/* The weight in its type, and, in f32, with the products added. */
static Tensor weight_of(Arena *a, const Case *c, Tensor *sum, const LoraPatch *p, int patches)
{
    Err err = {0};
    *sum = named_values(a, "weight", c->weight, 0.3f);
    Tensor w = tensor_new(a, c->type, c->weight, &err);
    tensor_write(w.data, c->type, tensor_f32(*sum), tensor_count(w));
    tensor_read_f32(tensor_f32(*sum), w.data, c->type, tensor_count(w));
    int64_t kernel = tensor_count(w) / (O * I);
    for (int64_t n = 0; n < tensor_count(w); n++) {
        double add = 0;
        for (int j = 0; j < patches; j++)
            add += product(&p[j], n / (I * kernel), n / kernel % I, n % kernel, kernel);
        tensor_f32(*sum)[n] = (float)(at(*sum, n) + add);
    }
    return w;
}

/* The layer's answer to x, packed from w with or without patches. */
static Tensor answer(Bench *b, const Weights *w, const Case *c, const Patches *patches)
{
    Binder binder;
    binder_init(&binder, w);
    binder.patches = patches;
    Bind bind = bench_bind(b, &binder);
    static const char *const names[] = {"x", "x"};
    Tensor y;
    if (c->weight.rank == 4) {
        Conv k = bind_conv_shape(&bind, "x",
                                 (ConvShape){I, O, (int)c->weight.dim[2], (int)c->weight.dim[3],
                                             1, 0, 0, 0, 0, false, TENSOR_F32, false},
                                 false);
        y = nn_conv(&b->run, &k, named_values(&b->arena, "in", SHAPE(1, 5, 6, I), 1),
                    (With){0});
    } else {
        Linear k = bind_linear_plain(&bind, "x", I, O);
        Linear twice = bind_linears(&bind, names, 2, I, O, false);
        Tensor x = named_values(&b->arena, "in", SHAPE(7, I), 1);
        y = nn_linear(&b->run, &k, x, (With){0});
        Tensor z = nn_linear(&b->run, &twice, x, (With){0});
        assert_ran(&b->run);
        for (int64_t i = 0; i < 7 * O * 2; i++) /* packed side by side, the same sums */
            assert_true(fabs(at(z, i) - at(y, i / (2 * O) * O + i % O)) < 1e-5);
    }
    assert_ran(&b->run);
    Err err = {0};
    if (!binder_done(&binder, NULL, &err))
        fail_msg("%s", err.text);
    binder_release(&binder);
    return y;
}

static Weights *alone(Tensor t)
{
    Weights *w = weights_new("one");
    weights_add(w, "x.weight", t);
    return w;
}

/* Where both round to 16 bits, a sum near the middle of two numbers may go
 * either way: half a step of the largest weight (2^-11, 2^-8 of it), for each
 * of the I * kernel products of numbers up to 1.  Else, rounding of sums. */
static double allowed(const Case *c, Tensor sum)
{
    double most = 0, terms = (double)(tensor_count(sum) / O);
    for (int64_t i = 0; i < tensor_count(sum); i++)
        most = fmax(most, fabs(at(sum, i)));
    double step = c->type == TENSOR_F16 ? 0x1p-11 : c->type == TENSOR_BF16 ? 0x1p-8 : 0x1p-23;
    return most * step * sqrt(terms) * 4;
}

static void check_case(const char *table, const Case *c)
{
    Bench *b = bench_new(table);
    LoraPatch of[2] = {{0}};
    int count = c->is_twice ? 2 : 1;
    for (int i = 0; i < count; i++) {
        of[i].up = named_values(&b->arena, i ? "up.1" : "up.0", c->up, 1);
        of[i].down = named_values(&b->arena, i ? "down.1" : "down.0", c->down, 1);
        if (c->mid.rank > 0)
            of[i].mid = named_values(&b->arena, i ? "mid.1" : "mid.0", c->mid, 1);
        of[i].scale = i ? -0.3f : 0.7f;
    }
    Tensor sum, w = weight_of(&b->arena, c, &sum, of, count);
    for (int i = 0; i < count; i++)
        of[i].to = w.data;
    const Patches patches = {.of = of, .count = (size_t)count};
    Weights *with = alone(w), *merged = alone(sum);
    Tensor got = answer(b, with, c, &patches), want = answer(b, merged, c, NULL);
    double most = allowed(c, sum);
    for (int64_t i = 0; i < tensor_count(want); i++)
        if (fabs(at(got, i) - at(want, i)) > most)
            fail_msg("%s, %s: %d is %g, wanted %g within %g", table, c->what, (int)i,
                     at(got, i), at(want, i), most);
    weights_close(with);
    weights_close(merged);
    bench_free(b);
}

static void layers_are_packed_with_what_loras_add(void **state)
{
    (void)state;
    for (const char *const *table = tables(); *table != NULL; table++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check_case(*table, &cases[i]);
}

static LoraPatch patch_of(Bench *b, Tensor w)
{
    return (LoraPatch){.to = w.data,
                       .up = named_values(&b->arena, "up", SHAPE(O, R), 1),
                       .down = named_values(&b->arena, "down", SHAPE(R, I), 1),
                       .scale = 1};
}

static void packing_leaves_nothing_behind_but_the_layer(void **state)
{
    (void)state;
    Bench *b = bench_new("ref");
    Tensor w = named_values(&b->arena, "weight", SHAPE(O, I), 1);
    LoraPatch one = patch_of(b, w);
    const Patches patches = {&one, 1};
    Weights *file = alone(w);
    size_t used[2];
    for (int i = 0; i < 2; i++) {
        Binder binder;
        binder_init(&binder, file);
        binder.patches = i == 1 ? &patches : NULL;
        Bind bind = bench_bind(b, &binder);
        size_t before = b->arena.used;
        assert_non_null(bind_linear_plain(&bind, "x", I, O).packed);
        used[i] = b->arena.used - before;
        binder_release(&binder);
    }
    assert_int_equal(used[0], used[1]);
    weights_close(file);
    bench_free(b);
}

static void short_memory_is_told(void **state)
{
    (void)state;
    Bench *b = bench_new("ref");
    Tensor w = named_values(&b->arena, "weight", SHAPE(O, I), 1);
    LoraPatch one = patch_of(b, w);
    const Patches patches = {&one, 1};
    Weights *file = alone(w);
    bool is_enough = false;
    for (size_t limit = 64; !is_enough; limit += 512) {
        Arena arena;
        Err err = {0};
        Binder binder;
        assert_true(limit < 1 << 20 && arena_init(&arena, limit, &err));
        binder_init(&binder, file);
        binder.patches = &patches;
        Bind bind = bench_bind(b, &binder);
        bind.arena = &arena;
        Linear k = bind_linear_plain(&bind, "x", I, O);
        is_enough = binder_done(&binder, NULL, &err);
        assert_int_equal(k.packed != NULL, is_enough);
        assert_int_equal(err.kind, is_enough ? ERR_NONE : ERR_MEMORY);
        binder_release(&binder);
        arena_release(&arena);
    }
    weights_close(file);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_packed_with_what_loras_add),
        cmocka_unit_test(packing_leaves_nothing_behind_but_the_layer),
        cmocka_unit_test(short_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
