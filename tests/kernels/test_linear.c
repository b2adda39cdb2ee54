/* SPDX-License-Identifier: MIT */
#include "tables.h"

typedef struct {
    int64_t M, I, O;
    int64_t gap_x, gap_y; /* ldx - I, ldy - O */
    bool geglu, bias, image_bias, residual, in_place, slope;
    Act act;
    TensorType type, store;
} Case;

static Tensor weight_of(Case c, const Fenced *w)
{
    Shape s = SHAPE(c.geglu ? 2 * c.O : c.O, c.I);
    if (c.type == TENSOR_F32)
        return tensor_over(w->at, TENSOR_F32, s);
    uint16_t *half = (uint16_t *)w->at; /* what was random floats is read as halves */
    for (int64_t i = 0; i < shape_count(s); i++)
        half[i] = c.type == TENSOR_F16 ? f32_to_f16(w->at[i] * 0.5f)
                                       : (uint16_t)(half[2 * i + 1] & 0xbfff);
    return tensor_over(half, c.type, s);
}

static int64_t rows_span(int64_t rows, int64_t stride, int64_t width)
{
    return (rows - 1) * stride + width;
}

/* Computes the case with a table; the result is the caller's. */
static Fenced compute(const Kernels *k, Case c, int threads)
{
    uint32_t seed = (uint32_t)(c.M * 7919 + c.I * 104729 + c.O);
    int64_t ldx = c.I + c.gap_x, ldy = c.O + c.gap_y, rows = c.geglu ? 2 * c.O : c.O;
    int64_t rows_per_image = c.M / 3 + 1, images = div_up(c.M, rows_per_image);
    LinearShape s = {c.I, c.O, c.geglu, c.store};
    Fenced w = fenced_random(rows * c.I, &seed), bias = fenced_random(rows, &seed);
    Fenced x = fenced_random(rows_span(c.M, ldx, c.I), &seed);
    Fenced image_bias = fenced_random(images * c.O, &seed);
    Fenced y = fenced_random(rows_span(c.M, ldy, c.O), &seed);
    Fenced residual = fenced_random(y.n, &seed), slope = fenced_random(c.O, &seed);
    Fenced packed = fenced((int64_t)(k->linear_packed(s) / sizeof(float)));
    Fenced scratch = fenced((int64_t)(k->linear_scratch(s, c.M, threads) / sizeof(float)));
    Job job = {pool_new(threads), scratch.at};
    k->linear_pack(&job, s, weight_of(c, &w), packed.at);
    LinearArgs a = {packed.at, x.at, ldx, y.at, ldy, c.M, {0}};
    a.epilogue = (Epilogue){c.bias ? bias.at : NULL,
                            c.image_bias ? image_bias.at : NULL,
                            rows_per_image,
                            c.act,
                            c.residual ? residual.at : NULL,
                            c.slope ? slope.at : NULL};
    if (c.in_place)
        a.epilogue.residual = y.at;
    k->linear(&job, s, &a);
    pool_free(job.pool);
    const Fenced spent[] = {w, bias, x, image_bias, residual, packed, scratch, slope};
    for (size_t i = 0; i < sizeof spent / sizeof *spent; i++)
        fenced_free(spent[i]);
    return y;
}

static void check(Case c)
{
    Kernels k[TABLES];
    int tables = tables_here(k);
    Fenced want = compute(&k[0], c, 1);
    for (int n = 1; n < tables; n++) {
        Fenced got = compute(&k[n], c, 1);
        for (int64_t i = 0; i < got.n; i++) {
            float allowed =
                sum_tolerance(c.I, want.at[i]) * (c.geglu ? 1 + 0.1f * (float)c.I : 1);
            if (!(fabsf(got.at[i] - want.at[i]) <= allowed))
                fail_msg("%s: M %d I %d O %d act %d geglu %d: [%d] got %g, want %g +- %g",
                         k[n].name, (int)c.M, (int)c.I, (int)c.O, (int)c.act, c.geglu, (int)i,
                         (double)got.at[i], (double)want.at[i], (double)allowed);
        }
        fenced_free(got);
    }
    fenced_free(want);
}

static void equals_the_meaning_at_awkward_sizes(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int i = 0; i < 250; i++) {
        Case c = {.M = 1 + random_below(&seed, 67), .I = 1 + random_below(&seed, 67)};
        c.O = 1 + random_below(&seed, 67);
        c.gap_x = random_below(&seed, 3);
        c.gap_y = random_below(&seed, 3);
        c.geglu = random_below(&seed, 3) == 0;
        c.bias = random_below(&seed, 2);
        c.image_bias = random_below(&seed, 3) == 0;
        c.residual = random_below(&seed, 2);
        c.slope = !c.geglu && random_below(&seed, 2);
        c.act = c.geglu ? ACT_NONE : (Act)random_below(&seed, ACT_QUICK_GELU + 1);
        check(c);
    }
}

static void equals_the_meaning_where_rows_columns_or_sums_are_cut(void **state)
{
    (void)state;
    check((Case){.M = 419, .I = 37, .O = 70, .bias = true});
    check((Case){.M = 203, .I = 2900, .O = 35, .residual = true, .act = ACT_SILU});
    check((Case){.M = 100, .I = 3001, .O = 40, .geglu = true, .bias = true});
    check((Case){.M = 5, .I = 20, .O = 1300, .bias = true, .image_bias = true});
    check((Case){.M = 300, .I = 770, .O = 1100, .bias = true, .gap_x = 1, .gap_y = 5});
}

static void adds_a_residual_that_is_the_result_itself(void **state)
{
    (void)state;
    check((Case){.M = 30, .I = 50, .O = 45, .in_place = true, .bias = true});
    check((Case){.M = 130, .I = 3000, .O = 45, .in_place = true, .act = ACT_GELU});
}

static void takes_weights_of_any_float_type(void **state)
{
    (void)state;
    check((Case){.M = 9, .I = 35, .O = 50, .type = TENSOR_F16});
    check((Case){.M = 9, .I = 35, .O = 50, .type = TENSOR_BF16});
    check((Case){.M = 9, .I = 35, .O = 21, .type = TENSOR_F16, .geglu = true, .bias = true});
}

static void is_the_same_with_weights_stored_in_16_bits(void **state)
{
    (void)state;
    static const Case cases[] = {
        {.M = 70, .I = 53, .O = 50, .type = TENSOR_F16, .bias = true},
        {.M = 7, .I = 3001, .O = 35, .type = TENSOR_BF16},
        {.M = 110, .I = 400, .O = 21, .type = TENSOR_F16, .geglu = true, .bias = true},
    };
    Kernels k[TABLES];
    int tables = tables_here(k);
    for (int t = 0; t < tables; t++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            Case half = cases[i];
            half.store = half.type;
            Fenced want = compute(&k[t], cases[i], 1), got = compute(&k[t], half, 2);
            assert_same(k[t].name, got.at, want.at, want.n);
            fenced_free(want);
            fenced_free(got);
        }
}

static void is_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    static const Case cases[] = {
        {.M = 128, .I = 1400, .O = 300, .bias = true},
        {.M = 1, .I = 900, .O = 1000, .act = ACT_SILU},
        {.M = 700, .I = 40, .O = 90, .geglu = true, .bias = true},
    };
    Kernels k[TABLES];
    int tables = tables_here(k);
    for (int t = 0; t < tables; t++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            Fenced one = compute(&k[t], cases[i], 1);
            for (int threads = 2; threads <= 3; threads++) {
                Fenced many = compute(&k[t], cases[i], threads);
                assert_same(k[t].name, many.at, one.at, one.n);
                fenced_free(many);
            }
            fenced_free(one);
        }
}

/* Two rows by hand: the meaning itself is held to numbers, not to code. */
static void the_meaning_is_a_product_with_the_transpose(void **state)
{
    (void)state;
    Kernels ref = kernels_for(KERNELS_REF);
    LinearShape s = {.I = 3, .O = 2};
    float w[] = {1, 2, 3, -1, 0, 2}, x[] = {1, 1, 1, 2, 0, -1}, y[4], packed[16];
    float bias[] = {10, 20}, residual[] = {100, 200, 300, 400};
    Job job = {0};
    ref.linear_pack(&job, s, tensor_over(w, TENSOR_F32, SHAPE(2, 3)), packed);
    LinearArgs a = {packed, x, 3, y, 2, 2, {.bias = bias, .residual = residual}};
    ref.linear(&job, s, &a);
    float want[] = {116, 221, 309, 416};
    assert_memory_equal(y, want, sizeof want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_meaning_is_a_product_with_the_transpose),
        cmocka_unit_test(equals_the_meaning_at_awkward_sizes),
        cmocka_unit_test(equals_the_meaning_where_rows_columns_or_sums_are_cut),
        cmocka_unit_test(adds_a_residual_that_is_the_result_itself),
        cmocka_unit_test(takes_weights_of_any_float_type),
        cmocka_unit_test(is_the_same_with_weights_stored_in_16_bits),
        cmocka_unit_test(is_the_same_for_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
