/* SPDX-License-Identifier: MIT */
#include "tables.h"

/* Sizes with the layout of pictures (inner = 0 here: tokens of a batch lie
 * together) or of frames (inner pixels, T frames of each). */
typedef struct {
    int64_t batch, inner, T, S, heads, d;
    int64_t bank_S, bank_from;
    int64_t gap; /* numbers between rows */
    bool is_causal;
} Case;

static const Case cases[] = {
    {1, 0, 1, 1, 1, 1, 0, 0, 0, false},
    {1, 0, 3, 5, 1, 1, 0, 0, 0, false},
    {2, 0, 7, 3, 3, 5, 0, 0, 2, false},
    {1, 0, 17, 77, 2, 40, 0, 0, 0, false},
    {2, 0, 33, 14, 1, 16, 0, 0, 1, false},
    {1, 0, 64, 64, 2, 160, 0, 0, 0, false},
    {1, 0, 77, 77, 3, 64, 0, 0, 0, false},
    {1, 0, 128, 113, 1, 80, 0, 0, 0, false},
    {2, 0, 129, 129, 2, 43, 0, 0, 3, false},
    {1, 0, 150, 31, 1, 15, 0, 0, 0, false},
    {1, 0, 200, 300, 1, 512, 0, 0, 0, false},
    {3, 0, 70, 20, 2, 24, 0, 0, 0, false},
    {1, 0, 257, 256, 1, 88, 0, 0, 0, false},
    /* the bank: for all, for some, alone in its length, longer than own keys */
    {2, 0, 20, 20, 2, 40, 20, 1, 0, false},
    {4, 0, 140, 36, 2, 8, 50, 2, 0, false},
    {3, 0, 16, 1, 1, 33, 121, 0, 5, false},
    {2, 0, 16, 16, 1, 12, 7, 2, 0, false},
    /* frames of a pixel */
    {6, 6, 2, 2, 2, 40, 0, 0, 0, false},
    {10, 5, 8, 8, 2, 20, 0, 0, 0, false},
    {12, 12, 16, 16, 1, 40, 0, 0, 0, false},
    {6, 3, 24, 24, 2, 10, 0, 0, 0, false},
    {4, 4, 32, 32, 1, 160, 0, 0, 0, false},
    {4, 2, 40, 9, 1, 6, 11, 2, 0, false},
    /* keys up to the query: few and many, a bank besides */
    {1, 0, 1, 1, 1, 4, 0, 0, 0, true},
    {2, 0, 77, 77, 3, 64, 0, 0, 0, true},
    {1, 0, 33, 33, 2, 9, 0, 0, 3, true},
    {1, 0, 300, 300, 1, 20, 0, 0, 0, true},
    {4, 2, 20, 20, 1, 8, 0, 0, 0, true},
    {2, 0, 150, 150, 1, 12, 11, 1, 0, true},
};

typedef struct {
    AttentionArgs a;
    Fenced q, k, v, out, bank_k, bank_v;
} Setting;

/* Extent of rows of heads * d numbers: strides as the header says. */
static int64_t lay(const Case *c, int64_t rows, int64_t *outer, int64_t *inner, int64_t *row)
{
    int64_t width = c->heads * c->d;
    int64_t pixels = c->inner > 0 ? c->inner : 1;
    *row = (width + c->gap) * pixels;
    *inner = c->inner > 0 ? width + c->gap : 0;
    *outer = *row * rows;
    return c->batch / pixels * *outer - c->gap;
}

static Setting setting(const Case *c, float spread)
{
    Setting s = {.a = {.batch = c->batch,
                       .inner = c->inner > 0 ? c->inner : 1,
                       .T = c->T,
                       .S = c->S,
                       .heads = c->heads,
                       .d = c->d,
                       .is_causal = c->is_causal,
                       .scale = spread / sqrtf((float)c->d)}};
    AttentionArgs *a = &s.a;
    s.q = fenced_noise(lay(c, c->T, &a->q_outer, &a->q_inner, &a->q_row), 1);
    s.k = fenced_noise(lay(c, c->S, &a->k_outer, &a->k_inner, &a->k_row), 2);
    s.v = fenced_noise(s.k.n, 3);
    s.out = fenced_noise(lay(c, c->T, &a->out_outer, &a->out_inner, &a->out_row), 4);
    a->bank_S = c->bank_S;
    a->bank_from = c->bank_from;
    a->bank_row = c->heads * c->d + c->gap;
    s.bank_k = fenced_noise(max64(0, c->bank_S * a->bank_row - c->gap), 5);
    s.bank_v = fenced_noise(s.bank_k.n, 6);
    a->q = s.q.at;
    a->k = s.k.at;
    a->v = s.v.at;
    a->out = s.out.at;
    a->bank_k = c->bank_S > 0 ? s.bank_k.at : NULL;
    a->bank_v = c->bank_S > 0 ? s.bank_v.at : NULL;
    return s;
}

static void setting_free(Setting s)
{
    fenced_free(s.q);
    fenced_free(s.k);
    fenced_free(s.v);
    fenced_free(s.out);
    fenced_free(s.bank_k);
    fenced_free(s.bank_v);
}

static void attend(const Kernels *k, const AttentionArgs *a, int threads)
{
    Fenced scratch = fenced_scratch(k->attention_scratch(a, threads));
    Job job = {threads > 1 ? pool_new(threads) : NULL, scratch.at};
    k->attention(&job, a);
    pool_free(job.pool);
    fenced_free(scratch);
}

/* The formula once more, straight from the header's layout. */
static double expected(const AttentionArgs *a, int64_t b, int64_t h, int64_t t, int64_t i)
{
    int64_t S = a->S + (a->bank_k && b >= a->bank_from ? a->bank_S : 0);
    const float *q =
        a->q + b / a->inner * a->q_outer + b % a->inner * a->q_inner + t * a->q_row + h * a->d;
    int64_t at = b / a->inner * a->k_outer + b % a->inner * a->k_inner + h * a->d;
    double sum = 0, total = 0;
    for (int64_t s = 0; s < S; s++) {
        bool own = s < a->S;
        if (own && a->is_causal && s > t)
            continue;
        int64_t far = own ? at + s * a->k_row : (s - a->S) * a->bank_row + h * a->d;
        const float *k = own ? a->k + far : a->bank_k + far;
        const float *v = own ? a->v + far : a->bank_v + far;
        double dot = 0;
        for (int64_t c = 0; c < a->d; c++)
            dot += (double)q[c] * (double)k[c];
        double weight = exp(dot * (double)a->scale);
        sum += weight * (double)v[i];
        total += weight;
    }
    return sum / total;
}

static void means_the_formula(void **state)
{
    (void)state;
    Kernels ref = kernels_for(KERNELS_REF);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        Setting s = setting(&cases[n], 1);
        const AttentionArgs *a = &s.a;
        attend(&ref, a, 1);
        for (int64_t i = 0; i < a->batch * a->heads; i++) {
            int64_t b = i / a->heads, h = i % a->heads, t = i * 7 % a->T, c = i * 5 % a->d;
            float want = (float)expected(a, b, h, t, c);
            const float *got = a->out + b / a->inner * a->out_outer +
                               b % a->inner * a->out_inner + t * a->out_row + h * a->d + c;
            /* sums in double on both sides: only the result is rounded */
            assert_near("ref", got, &want, 1, 1e-7, 1e-6);
        }
        setting_free(s);
    }
}

/* Weights of sums are off by the rounding of scores: spread * eps * sqrt(d),
 * and some eps for the exponential and the sums. */
static void tables_agree(const Case *c, float spread, double allowed)
{
    Kernels table[TABLES];
    int tables = tables_here(table);
    Setting s = setting(c, spread);
    Fenced blank = fenced_copy(s.out);
    attend(&table[0], &s.a, 2);
    Fenced want = fenced_copy(s.out);
    for (int i = 1; i < tables; i++) {
        char what[96];
        snprintf(what, sizeof what, "%s T%ld S%ld+%ld d%ld", table[i].name, (long)c->T,
                 (long)c->S, (long)c->bank_S, (long)c->d);
        memcpy(s.out.at, blank.at, (size_t)blank.n * sizeof(float));
        attend(&table[i], &s.a, 1);
        assert_near(what, s.out.at, want.at, want.n, allowed, 1e-6);
        Fenced alone = fenced_copy(s.out);
        for (int threads = 2; threads <= 3; threads++) {
            memcpy(s.out.at, blank.at, (size_t)blank.n * sizeof(float));
            attend(&table[i], &s.a, threads);
            assert_same(what, s.out.at, alone.at, alone.n);
        }
        fenced_free(alone);
    }
    fenced_free(want);
    fenced_free(blank);
    setting_free(s);
}

static void every_table_agrees_and_threads_change_nothing(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
        tables_agree(&cases[n], 1, 2e-6);
}

/* Scores of some hundreds: one key takes nearly all. */
static void sharp_scores_agree(void **state)
{
    (void)state;
    tables_agree(&cases[3], 100, 3e-4);
    tables_agree(&cases[8], 100, 3e-4);
    tables_agree(&cases[14], 100, 3e-4);
    tables_agree(&cases[24], 100, 3e-4);
}

/* Keys that grow from block to block pass the maximum of the first ones by
 * more than any exponent holds. */
static void later_keys_may_outweigh_all_before(void **state)
{
    (void)state;
    Kernels table[TABLES];
    int tables = tables_here(table);
    for (int direction = 0; direction < 2; direction++) {
        const Case c = {1, 0, 40, 400, 1, 8, 0, 0, 0, false};
        Setting s = setting(&c, 1);
        for (int64_t i = 0; i < s.k.n; i++) {
            double at = (double)(i / 8) / 400;
            s.k.at[i] *= (float)exp(12 * (direction ? at : 1 - at) - 5);
        }
        attend(&table[0], &s.a, 1);
        Fenced want = fenced_copy(s.out);
        for (int i = 1; i < tables; i++) {
            attend(&table[i], &s.a, 1);
            /* scores reach 3000, an eps of which is 2e-4 */
            assert_near(table[i].name, s.out.at, want.at, want.n, 3e-3, 0);
        }
        fenced_free(want);
        setting_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_the_formula),
        cmocka_unit_test(every_table_agrees_and_threads_change_nothing),
        cmocka_unit_test(sharp_scores_agree),
        cmocka_unit_test(later_keys_may_outweigh_all_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
