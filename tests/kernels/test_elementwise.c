/* SPDX-License-Identifier: MIT */
#include "tables.h"

enum { ACTS = 5 };
static const Act acts[ACTS] = {ACT_NONE, ACT_RELU, ACT_SILU, ACT_GELU, ACT_QUICK_GELU};

static double exact(double x, Act act)
{
    switch (act) {
    case ACT_NONE:
        return x;
    case ACT_RELU:
        return x > 0 ? x : 0;
    case ACT_SILU:
        return x / (1 + exp(-x));
    case ACT_GELU:
        return x * 0.5 * erfc(-x / sqrt(2));
    case ACT_QUICK_GELU:
        return x / (1 + exp(-1.702 * x));
    }
    return 0;
}

/* Numbers of [-90, 90] in small steps.  Exponentials are good to 2e-7 of
 * their argument's rounding, an eps of 30 (2e-6) where the value falls to
 * 1e-12; the meaning's GELU uses 1 + erf, which cancels below zero. */
static void activations_are_near_the_formula(void **state)
{
    (void)state;
    enum { N = 40001 };
    Kernels table[TABLES];
    int tables = tables_here(table);
    Fenced x = fenced(N), y = fenced(N), want = fenced(N);
    for (int i = 0; i < N; i++) {
        double t = (i - N / 2) / (double)(N / 2);
        x.at[i] = (float)(i % 2 ? 90 * t : 8 * t);
    }
    for (int i = 0; i < tables; i++)
        for (int k = 0; k < ACTS; k++) {
            char what[64];
            snprintf(what, sizeof what, "%s act %d", table[i].name, k);
            for (int n = 0; n < N; n++)
                want.at[n] = (float)exact((double)x.at[n], acts[k]);
            Job job = {0};
            table[i].act(&job, y.at, x.at, N, acts[k]);
            double small = i == 0 && acts[k] == ACT_GELU ? 5e-7 : 1e-12;
            assert_near(what, y.at, want.at, N, small, 2e-6);
        }
    fenced_free(x);
    fenced_free(y);
    fenced_free(want);
}

static void every_activation_works_at_every_length_and_in_place(void **state)
{
    (void)state;
    Kernels table[TABLES];
    int tables = tables_here(table);
    for (int64_t n = 0; n < 67; n++) {
        Fenced x = fenced_noise(n, (uint64_t)n), y = fenced(n), want = fenced(n);
        for (int k = 0; k < ACTS; k++) {
            Job job = {0};
            table[0].act(&job, want.at, x.at, n, acts[k]);
            for (int i = 1; i < tables; i++) {
                table[i].act(&job, y.at, x.at, n, acts[k]);
                assert_near(table[i].name, y.at, want.at, n, 3e-7, 1e-6);
                Fenced place = fenced_copy(x);
                table[i].act(&job, place.at, place.at, n, acts[k]);
                assert_same(table[i].name, place.at, y.at, n);
                fenced_free(place);
            }
        }
        fenced_free(x);
        fenced_free(y);
        fenced_free(want);
    }
}

static void sums_agree_and_may_be_in_place(void **state)
{
    (void)state;
    Kernels table[TABLES];
    int tables = tables_here(table);
    Pool *pool = pool_new(3);
    for (int64_t n = 0; n < 40000; n = n < 67 ? n + 1 : n * 3) {
        Fenced a = fenced_noise(n, 1), b = fenced_noise(n, 2), y = fenced(n), want = fenced(n);
        for (int64_t i = 0; i < n; i++)
            want.at[i] = a.at[i] + b.at[i] * 0.7f;
        for (int i = 0; i < tables; i++) {
            Job alone = {0}, many = {pool, NULL};
            table[i].add(&alone, y.at, a.at, b.at, 0.7f, n);
            /* one rounding less if multiplied and added at once */
            assert_near(table[i].name, y.at, want.at, n, 3e-7, 1.5e-7);
            Fenced to_a = fenced_copy(a), to_b = fenced_copy(b);
            table[i].add(&many, to_a.at, to_a.at, b.at, 0.7f, n);
            assert_same(table[i].name, to_a.at, y.at, n);
            table[i].add(&many, to_b.at, a.at, to_b.at, 0.7f, n);
            assert_same(table[i].name, to_b.at, y.at, n);
            fenced_free(to_a);
            fenced_free(to_b);
        }
        fenced_free(a);
        fenced_free(b);
        fenced_free(y);
        fenced_free(want);
    }
    pool_free(pool);
}

static void rows_are_added_in_turn(void **state)
{
    (void)state;
    static const int64_t cases[][4] = {/* M, C, repeat, rows */
                                       {1, 1, 1, 1},     {7, 3, 1, 2},      {12, 16, 2, 3},
                                       {9, 33, 4, 5},    {6, 320, 6, 1},    {500, 67, 3, 8},
                                       {5000, 17, 7, 2}, {40, 15, 1, 1000}, {3, 8, 1000, 1}};
    Kernels table[TABLES];
    int tables = tables_here(table);
    Pool *pool = pool_new(2);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        int64_t M = cases[k][0], C = cases[k][1], repeat = cases[k][2], rows = cases[k][3];
        Fenced x = fenced_noise(M * C, 1), v = fenced_noise(rows * C, 2), want = fenced(M * C);
        for (int64_t i = 0; i < M * C; i++)
            want.at[i] = x.at[i] + v.at[i / C / repeat % rows * C + i % C];
        for (int i = 0; i < tables; i++) {
            Fenced y = fenced(M * C), place = fenced_copy(x);
            Job alone = {0}, many = {pool, NULL};
            table[i].add_rows(&alone, y.at, x.at, v.at, M, C, repeat, rows);
            table[i].add_rows(&many, place.at, place.at, v.at, M, C, repeat, rows);
            assert_same(table[i].name, y.at, want.at, M * C);
            assert_same(table[i].name, place.at, want.at, M * C);
            fenced_free(y);
            fenced_free(place);
        }
        fenced_free(x);
        fenced_free(v);
        fenced_free(want);
    }
    pool_free(pool);
}

static void softmax_rows(const Kernels *k, int threads, Fenced x, int64_t M, int64_t C)
{
    Job job = {threads > 1 ? pool_new(threads) : NULL, NULL};
    k->softmax(&job, x.at, M, C);
    pool_free(job.pool);
}

static void softmax_is_near_the_formula_and_threads_change_nothing(void **state)
{
    (void)state;
    static const int64_t cases[][2] = {{1, 1},    {3, 2},     {2, 15}, {5, 16},  {4, 33},
                                       {300, 77}, {2, 40000}, {3, 49}, {1, 1000}};
    Kernels table[TABLES];
    int tables = tables_here(table);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        int64_t M = cases[n][0], C = cases[n][1];
        Fenced x = fenced_noise(M * C, n), want = fenced(M * C);
        for (int64_t i = 0; i < M * C; i++)
            x.at[i] = x.at[i] * 9 - 300; /* far below what exp holds */
        for (int64_t m = 0; m < M; m++) {
            double sum = 0;
            for (int64_t c = 0; c < C; c++)
                sum += exp((double)x.at[m * C + c] + 300);
            for (int64_t c = 0; c < C; c++)
                want.at[m * C + c] = (float)(exp((double)x.at[m * C + c] + 300) / sum);
        }
        for (int i = 0; i < tables; i++) {
            Fenced alone = fenced_copy(x), many = fenced_copy(x);
            softmax_rows(&table[i], 1, alone, M, C);
            softmax_rows(&table[i], 3, many, M, C);
            /* exp to 2e-7; up to 5000 terms are added in one f32 lane: eps * sqrt(5000) */
            assert_near(table[i].name, alone.at, want.at, M * C, 1e-30, 4e-6);
            assert_same(table[i].name, many.at, alone.at, M * C);
            fenced_free(alone);
            fenced_free(many);
        }
        fenced_free(x);
        fenced_free(want);
    }
}

static void rows_are_copied_between_strides(void **state)
{
    (void)state;
    static const int64_t cases[][4] = {/* M, C, gap of x, gap of y */
                                       {1, 1, 0, 0},
                                       {3, 5, 2, 7},
                                       {700, 64, 0, 64},
                                       {2, 40000, 1, 0}};
    Kernels table[TABLES];
    int tables = tables_here(table);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        int64_t M = cases[k][0], C = cases[k][1], ldx = C + cases[k][2], ldy = C + cases[k][3];
        Fenced x = fenced_noise(M * ldx - cases[k][2], 1);
        Fenced blank = fenced_noise(M * ldy - cases[k][3], 2);
        for (int i = 0; i < tables; i++) {
            Fenced y = fenced_copy(blank);
            Job job = {0};
            table[i].copy_rows(&job, y.at, ldy, x.at, ldx, M, C);
            for (int64_t n = 0; n < y.n; n++) {
                bool copied = n % ldy < C;
                float want = copied ? x.at[n / ldy * ldx + n % ldy] : blank.at[n];
                assert_same(table[i].name, &y.at[n], &want, 1);
            }
            fenced_free(y);
        }
        fenced_free(x);
        fenced_free(blank);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_are_near_the_formula),
        cmocka_unit_test(every_activation_works_at_every_length_and_in_place),
        cmocka_unit_test(sums_agree_and_may_be_in_place),
        cmocka_unit_test(rows_are_added_in_turn),
        cmocka_unit_test(softmax_is_near_the_formula_and_threads_change_nothing),
        cmocka_unit_test(rows_are_copied_between_strides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
