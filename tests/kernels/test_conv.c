/* SPDX-License-Identifier: MIT */
#include "tables.h"

typedef struct {
    ConvShape s;
    int64_t N, H, W;
    bool norm, bias, image_bias, one_image, residual, in_place, slope;
    int64_t ldx, ldy; /* 0: C and O */
    Act pre_act, act;
    TensorType type;
} Case;

static int64_t out_height(const Case *c)
{
    return (c->H + c->s.pad_top + c->s.pad_bottom - c->s.kh) / c->s.stride + 1;
}
static int64_t out_width(const Case *c)
{
    return (c->W + c->s.pad_left + c->s.pad_right - c->s.kw) / c->s.stride + 1;
}
static int64_t terms(const Case *c)
{
    return (c->s.depthwise ? 1 : c->s.C) * c->s.kh * c->s.kw;
}

/* Computes the case with a table; the result is the caller's. */
static Fenced compute(const Kernels *k, const Case *c, int threads)
{
    uint32_t seed = (uint32_t)(c->H * 7919 + c->s.C * 104729 + c->s.O);
    ConvShape s = c->s;
    int64_t places = out_height(c) * out_width(c), wide = c->ldy ? c->ldy : s.O;
    Fenced w = fenced_random(s.O * terms(c), &seed);
    Fenced x = fenced_random(c->N * c->H * c->W * (c->ldx ? c->ldx : s.C), &seed);
    Fenced scale = fenced_random(c->N * s.C, &seed), shift = fenced_random(c->N * s.C, &seed);
    Fenced bias = fenced_random(s.O, &seed), image_bias = fenced_random(c->N * s.O, &seed);
    Fenced y = fenced_random(c->N * places * wide, &seed);
    Fenced residual = fenced_random(y.n, &seed), slope = fenced_random(s.O, &seed);
    Fenced packed = fenced((int64_t)(k->conv_packed(s) / sizeof(float)));
    size_t room = k->conv_scratch(s, c->N, c->H, c->W, threads);
    Fenced scratch = fenced((int64_t)(room / sizeof(float)));
    Job job = {pool_new(threads), scratch.at};
    Shape shape = SHAPE(s.O, s.depthwise ? 1 : s.C, s.kh, s.kw);
    if (c->type == TENSOR_F16)
        tensor_write_f16((uint16_t *)w.at, w.at, w.n);
    k->conv_pack(&job, s, tensor_over(w.at, c->type, shape), packed.at);
    ConvArgs a = {.packed = packed.at, .x = x.at, .N = c->N, .H = c->H, .W = c->W, .y = y.at};
    a.ldx = c->ldx;
    a.ldy = c->ldy;
    a.scale = c->norm ? scale.at : NULL;
    a.shift = c->norm ? shift.at : NULL;
    a.pre_act = c->pre_act;
    a.epilogue = (Epilogue){c->bias ? bias.at : NULL,
                            c->image_bias ? image_bias.at : NULL,
                            c->one_image ? c->N * places : places,
                            c->act,
                            c->residual ? residual.at : NULL,
                            c->slope ? slope.at : NULL};
    if (c->in_place)
        a.epilogue.residual = y.at;
    k->conv(&job, s, &a);
    pool_free(job.pool);
    const Fenced spent[] = {w,          x,        scale,  shift,   bias,
                            image_bias, residual, packed, scratch, slope};
    for (size_t i = 0; i < sizeof spent / sizeof *spent; i++)
        fenced_free(spent[i]);
    return y;
}

/* Winograd's errors are about 1.6e-6 of the result's rms for up to 320 channels,
 * and grow with their root; those in a tile's corner are twice that; 6 sigma. */
static float allowed(const Kernels *k, const Case *c, float want)
{
    if (strcmp(k->conv_method(c->s), "winograd") == 0)
        return 2e-5f * (sqrtf((float)terms(c)) / 3 + 1) * sqrtf(fmaxf(1, (float)c->s.C / 320)) +
               sum_tolerance(1, want);
    return sum_tolerance(terms(c), want);
}

static void check(Case c)
{
    Kernels k[TABLES];
    int tables = tables_here(k);
    Fenced want = compute(&k[0], &c, 2);
    for (int n = 1; n < tables; n++) {
        Fenced got = compute(&k[n], &c, 1);
        for (int64_t i = 0; i < got.n; i++)
            if (!(fabsf(got.at[i] - want.at[i]) <= allowed(&k[n], &c, want.at[i])))
                fail_msg(
                    "%s %s: %dx%dx%d, %d->%d, %dx%d/%d, pads %d %d %d %d: [%d] got %g, want %g "
                    "+- %g",
                    k[n].name, k[n].conv_method(c.s), (int)c.N, (int)c.H, (int)c.W, (int)c.s.C,
                    (int)c.s.O, c.s.kh, c.s.kw, c.s.stride, c.s.pad_top, c.s.pad_left,
                    c.s.pad_bottom, c.s.pad_right, (int)i, (double)got.at[i],
                    (double)want.at[i], (double)allowed(&k[n], &c, want.at[i]));
        fenced_free(got);
    }
    fenced_free(want);
}

static ConvShape square(int64_t C, int64_t O, int k, int stride, int pad)
{
    return (ConvShape){C, O, k, k, stride, pad, pad, pad, pad, false, TENSOR_F32, false};
}

static void random_epilogue(Case *c, uint32_t *seed)
{
    c->norm = random_below(seed, 2);
    c->pre_act = random_below(seed, 2) ? ACT_SILU : ACT_NONE;
    c->bias = random_below(seed, 2);
    c->image_bias = random_below(seed, 2);
    c->one_image = random_below(seed, 2); /* one row of it serves all pictures */
    c->residual = random_below(seed, 3) == 0;
    c->in_place = random_below(seed, 4) == 0;
    c->act = (Act)random_below(seed, ACT_QUICK_GELU + 1);
    c->slope = random_below(seed, 3) == 0;
    if (random_below(seed, 3) == 0 && !c->s.depthwise) {
        c->ldx = c->s.C + random_below(seed, 40);
        c->ldy = c->s.O + random_below(seed, 40);
    }
}

static void equals_the_meaning_for_any_window_stride_and_padding(void **state)
{
    (void)state;
    static const int windows[] = {1, 2, 3, 4, 5, 7, 14}, strides[] = {1, 1, 2, 3, 14};
    uint32_t seed = 3;
    for (int i = 0; i < 120; i++) {
        ConvShape s = {.C = 1 + random_below(&seed, 40), .O = 1 + random_below(&seed, 70)};
        s.kh = windows[random_below(&seed, 7)];
        s.kw = windows[random_below(&seed, 7)];
        s.stride = strides[random_below(&seed, 5)];
        s.pad_top = (int)random_below(&seed, min64(s.kh, 4));
        s.pad_left = (int)random_below(&seed, min64(s.kw, 4));
        s.pad_bottom = (int)random_below(&seed, min64(s.kh, 4));
        s.pad_right = (int)random_below(&seed, min64(s.kw, 4));
        Case c = {.s = s, .N = 1 + random_below(&seed, 3)};
        c.H = s.kh + random_below(&seed, 20);
        c.W = s.kw + random_below(&seed, 20);
        random_epilogue(&c, &seed);
        check(c);
    }
}

static void equals_the_meaning_for_three_by_three_of_all_sizes(void **state)
{
    (void)state;
    uint32_t seed = 4;
    for (int i = 0; i < 120; i++) {
        Case c = {
            .s = square(1 + random_below(&seed, 90), 1 + random_below(&seed, 90), 3, 1, 1)};
        c.N = 1 + random_below(&seed, 3);
        c.H = 1 + random_below(&seed, 19);
        c.W = 1 + random_below(&seed, 19);
        random_epilogue(&c, &seed);
        check(c);
    }
}

static void equals_the_meaning_where_pictures_or_sums_are_cut(void **state)
{
    (void)state;
    check((Case){.s = square(40, 48, 3, 1, 1), .N = 1, .H = 45, .W = 133, .bias = true});
    check((Case){.s = square(70, 33, 3, 2, 1), .N = 2, .H = 41, .W = 150, .norm = true});
    check((Case){.s = square(1000, 40, 1, 1, 0), .N = 2, .H = 7, .W = 21, .residual = true});
    check((Case){.s = square(900, 20, 3, 2, 1), .N = 1, .H = 23, .W = 21, .in_place = true});
    check((Case){.s = square(3, 40, 14, 14, 0), .N = 1, .H = 70, .W = 1000, .bias = true});
    check((Case){.s = square(16, 3, 3, 1, 1), .N = 2, .H = 30, .W = 210, .norm = true});
    check((Case){.s = square(4, 320, 3, 1, 1), .N = 2, .H = 20, .W = 20, .bias = true});
    check((Case){.s = square(120, 100, 3, 1, 1), .N = 1, .H = 75, .W = 190, .norm = true});
}

/* Layers so wide that Winograd transforms their weights when it uses them. */
static void equals_the_meaning_where_weights_are_many(void **state)
{
    (void)state;
    check((Case){.s = square(1030, 805, 3, 1, 1), .N = 2, .H = 5, .W = 7, .bias = true});
    Case half = {.s = square(650, 1290, 3, 1, 1), .N = 1, .H = 6, .W = 3, .norm = true};
    half.type = half.s.store = TENSOR_F16;
    check(half);
}

static void equals_the_meaning_for_few_outputs(void **state)
{
    (void)state;
    uint32_t seed = 5;
    for (int i = 0; i < 45; i++) {
        Case c = {
            .s = square(1 + random_below(&seed, 140), 1 + random_below(&seed, 8), 3, 1, 1)};
        if (i % 3 == 0)
            c.s.kh = 1, c.s.kw = 5, c.s.stride = 1 + i % 2;
        c.N = 1 + random_below(&seed, 3);
        c.H = 1 + random_below(&seed, 19);
        c.W = 3 + random_below(&seed, 40);
        random_epilogue(&c, &seed);
        check(c);
    }
}

static void equals_the_meaning_channel_by_channel(void **state)
{
    (void)state;
    uint32_t seed = 6;
    for (int i = 0; i < 60; i++) {
        int64_t C = 1 + random_below(&seed, 67);
        int k = 1 + (int)random_below(&seed, 5);
        Case c = {.s = square(C, C, k, 1 + (int)random_below(&seed, 2), k / 2)};
        c.s.depthwise = true;
        c.N = 1 + random_below(&seed, 2);
        c.H = k + random_below(&seed, 12);
        c.W = k + random_below(&seed, 12);
        random_epilogue(&c, &seed);
        check(c);
    }
}

static void takes_weights_of_half_precision(void **state)
{
    (void)state;
    Case c = {.N = 1, .H = 6, .W = 7, .type = TENSOR_F16};
    c.s = square(32, 40, 3, 1, 1);
    check(c);
    c.s = square(9, 40, 3, 2, 1);
    check(c);
    c.s = square(9, 3, 3, 1, 1);
    check(c);
    c.s = square(9, 9, 3, 1, 1);
    c.s.depthwise = true;
    check(c);
}

static void is_the_same_with_weights_stored_in_16_bits(void **state)
{
    (void)state;
    const ConvShape shapes[] = {square(37, 40, 3, 2, 1), square(300, 70, 1, 1, 0),
                                square(5, 9, 5, 1, 2), square(30, 40, 3, 1, 1),
                                square(30, 3, 3, 1, 1)};
    Kernels k[TABLES];
    int tables = tables_here(k);
    for (int t = 0; t < tables; t++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            Case c = {.s = shapes[i], .N = 2, .H = 9, .W = 14, .type = TENSOR_F16}, half = c;
            half.s.store = TENSOR_F16;
            Fenced want = compute(&k[t], &c, 1), got = compute(&k[t], &half, 2);
            assert_same(k[t].name, got.at, want.at, want.n);
            fenced_free(want);
            fenced_free(got);
        }
}

static void is_the_same_with_lean_weights(void **state)
{
    (void)state;
    const ConvShape shapes[] = {square(37, 40, 3, 1, 1), square(100, 130, 3, 1, 1),
                                square(37, 40, 3, 2, 1), square(5, 9, 1, 1, 0)};
    const TensorType stores[] = {TENSOR_F32, TENSOR_F16};
    Kernels k[TABLES];
    int tables = tables_here(k);
    for (int t = 0; t < tables; t++)
        for (size_t i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++) {
            Case c = {.s = shapes[i / 2], .N = 2, .H = 9, .W = 14, .type = stores[i % 2]};
            c.s.store = c.type;
            Case lean = c;
            lean.s.is_lean = true;
            assert_true(k[t].conv_packed(lean.s) <= k[t].conv_packed(c.s));
            Fenced want = compute(&k[t], &c, 1), got = compute(&k[t], &lean, 2);
            assert_same(k[t].name, got.at, want.at, want.n);
            fenced_free(want);
            fenced_free(got);
        }
}

static void is_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    Case cases[] = {
        {.s = square(64, 80, 3, 1, 1), .N = 2, .H = 21, .W = 30, .norm = true},
        {.s = square(64, 200, 3, 2, 1), .N = 2, .H = 21, .W = 30, .norm = true},
        {.s = square(300, 70, 1, 1, 0), .N = 2, .H = 21, .W = 30, .bias = true},
        {.s = square(40, 3, 3, 1, 1), .N = 1, .H = 21, .W = 90},
        {.s = square(40, 40, 3, 1, 1), .N = 1, .H = 21, .W = 30},
    };
    cases[4].s.depthwise = true;
    Kernels k[TABLES];
    int tables = tables_here(k);
    for (int t = 0; t < tables; t++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            Fenced one = compute(&k[t], &cases[i], 1);
            for (int threads = 2; threads <= 3; threads++) {
                Fenced many = compute(&k[t], &cases[i], threads);
                assert_same(k[t].name, many.at, one.at, one.n);
                fenced_free(many);
            }
            fenced_free(one);
        }
}

/* A 2x2 window over 2x3 by hand, with padding below: the meaning itself is
 * held to numbers, not to code. */
static void the_meaning_is_a_sum_over_the_window(void **state)
{
    (void)state;
    Kernels ref = kernels_for(KERNELS_REF);
    ConvShape s = {.C = 1, .O = 1, .kh = 2, .kw = 2, .stride = 1, .pad_bottom = 1};
    float w[] = {1, 2, 3, 4}, x[] = {1, 2, 3, 4, 5, 6}, y[4], packed[16];
    float scale = 2, shift = 1;
    Job job = {0};
    ref.conv_pack(&job, s, tensor_over(w, TENSOR_F32, SHAPE(1, 1, 2, 2)), packed);
    ConvArgs a = {.packed = packed, .x = x, .N = 1, .H = 2, .W = 3, .y = y};
    ref.conv(&job, s, &a);
    float want[] = {1 + 4 + 12 + 20, 2 + 6 + 15 + 24, 4 + 10, 5 + 12};
    assert_memory_equal(y, want, sizeof want);
    a.scale = &scale;
    a.shift = &shift;
    ref.conv(&job, s, &a);
    float normed[] = {2 * 37 + 10, 2 * 47 + 10, 2 * 14 + 3, 2 * 17 + 3};
    assert_memory_equal(y, normed, sizeof normed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_meaning_is_a_sum_over_the_window),
        cmocka_unit_test(equals_the_meaning_for_any_window_stride_and_padding),
        cmocka_unit_test(equals_the_meaning_for_three_by_three_of_all_sizes),
        cmocka_unit_test(equals_the_meaning_where_pictures_or_sums_are_cut),
        cmocka_unit_test(equals_the_meaning_where_weights_are_many),
        cmocka_unit_test(equals_the_meaning_for_few_outputs),
        cmocka_unit_test(equals_the_meaning_channel_by_channel),
        cmocka_unit_test(takes_weights_of_half_precision),
        cmocka_unit_test(is_the_same_with_weights_stored_in_16_bits),
        cmocka_unit_test(is_the_same_with_lean_weights),
        cmocka_unit_test(is_the_same_for_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
