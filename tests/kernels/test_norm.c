/* SPDX-License-Identifier: MIT */
#include "tables.h"

typedef struct {
    int64_t N, R, C, groups;
} Case;

static const Case cases[] = {
    {1, 1, 1, 1},     {2, 3, 4, 2},      {1, 5, 15, 3},    {3, 33, 40, 4},   {1, 64, 320, 32},
    {2, 100, 64, 64}, {1, 40, 130, 130}, {5, 64, 80, 16},  {1, 700, 48, 6},  {1, 3000, 96, 32},
    {70, 4, 32, 8},   {2, 257, 66, 1},   {1, 2000, 17, 1}, {1, 1, 2560, 32}, {2, 65, 128, 32},
};

typedef struct {
    Fenced x, gamma, beta, scale, shift;
} Setting;

static Setting setting(const Case *c, float mean)
{
    Setting s = {fenced_noise(c->N * c->R * c->C, 1), fenced_noise(c->C, 2),
                 fenced_noise(c->C, 3), fenced(c->N * c->C), fenced(c->N * c->C)};
    for (int64_t i = 0; i < s.x.n; i++)
        s.x.at[i] = s.x.at[i] * (float)(1 + i % c->C % 7) + mean;
    return s;
}

static void setting_free(Setting s)
{
    fenced_free(s.x);
    fenced_free(s.gamma);
    fenced_free(s.beta);
    fenced_free(s.scale);
    fenced_free(s.shift);
}

static void statistics(const Kernels *k, int threads, const Case *c, const Setting *s,
                       bool affine)
{
    Job job = {threads > 1 ? pool_new(threads) : NULL, NULL};
    k->group_norm(&job, s->scale.at, s->shift.at, s->x.at, c->N, c->R, c->C, c->groups, 1e-5f,
                  affine ? s->gamma.at : NULL, affine ? s->beta.at : NULL);
    pool_free(job.pool);
}

/* scale and shift by the formula; size is what an eps of the shift is taken
 * of: its terms, which may cancel, and the spread, from which a mean near 0 is
 * known no better. */
static void group_norm_in_double(const Case *c, const Setting *s, bool affine, double *scale,
                                 double *shift, double *size)
{
    int64_t width = c->C / c->groups;
    for (int64_t i = 0; i < c->N * c->C; i++) {
        int64_t n = i / c->C, first = i % c->C / width * width;
        double sum = 0, squares = 0, count = (double)(c->R * width);
        const float *x = s->x.at + n * c->R * c->C + first;
        for (int64_t at = 0; at < c->R * width; at++)
            sum += (double)x[at / width * c->C + at % width];
        for (int64_t at = 0; at < c->R * width; at++) {
            double t = (double)x[at / width * c->C + at % width] - sum / count;
            squares += t * t;
        }
        double gamma = affine ? (double)s->gamma.at[i % c->C] : 1;
        scale[i] = gamma / sqrt(squares / count + (double)1e-5f);
        shift[i] = (affine ? (double)s->beta.at[i % c->C] : 0) - sum / count * scale[i];
        size[i] = fabs(sum / count * scale[i]) + fabs(shift[i]) + fabs(gamma);
    }
}

static void statistics_are_exact(const Case *c, float mean, bool affine)
{
    Kernels table[TABLES];
    int tables = tables_here(table);
    Setting s = setting(c, mean);
    int64_t n = c->N * c->C;
    double *want = calloc((size_t)n * 3, sizeof *want);
    group_norm_in_double(c, &s, affine, want, want + n, want + 2 * n);
    for (int i = 0; i < tables; i++) {
        statistics(&table[i], 1, c, &s, affine);
        for (int64_t k = 0; k < n; k++) {
            double scale = (double)s.scale.at[k] - want[k];
            double shift = (double)s.shift.at[k] - want[n + k];
            if (fabs(scale) > 1e-6 * fabs(want[k]) || fabs(shift) > 1e-6 * want[2 * n + k])
                fail_msg("%s: N%ld R%ld C%ld channel %ld: scale %.9g, wanted %.9g; shift %.9g, "
                         "wanted %.9g",
                         table[i].name, (long)c->N, (long)c->R, (long)c->C, (long)k,
                         (double)s.scale.at[k], want[k], (double)s.shift.at[k], want[n + k]);
        }
        Fenced scale = fenced_copy(s.scale), shift = fenced_copy(s.shift);
        for (int threads = 2; threads <= 3; threads++) {
            statistics(&table[i], threads, c, &s, affine);
            assert_same(table[i].name, s.scale.at, scale.at, n);
            assert_same(table[i].name, s.shift.at, shift.at, n);
        }
        fenced_free(scale);
        fenced_free(shift);
    }
    free(want);
    setting_free(s);
}

static void group_norm_statistics_are_exact(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        statistics_are_exact(&cases[k], 0, true);
        statistics_are_exact(&cases[k], 3, false);
    }
}

/* A mean of 100 spreads: the squares of plain f32 sums would lose 1e-3. */
static void a_large_mean_drowns_nothing(void **state)
{
    (void)state;
    statistics_are_exact(&cases[4], 400, true);
    statistics_are_exact(&cases[9], -400, true);
    statistics_are_exact(&cases[12], 400, true);
}

/* Of the first picture: the mean against the spread and its own size; the squares may be
 * twice as far off as a scale, which goes with their root. */
static void moments_are_exact(const Kernels *k, const Case *c, const Setting *s)
{
    Pool *pool = pool_new(2);
    Job job = {pool, NULL};
    int64_t width = c->C / c->groups;
    double *mean = calloc((size_t)c->groups * 2, sizeof *mean), *squares = mean + c->groups;
    k->group_moments(&job, mean, squares, s->x.at, c->R, c->C, c->groups);
    for (int64_t g = 0; g < c->groups; g++) {
        double sum = 0, about = 0, count = (double)(c->R * width);
        for (int64_t i = 0; i < c->R * width; i++)
            sum += (double)s->x.at[i / width * c->C + g * width + i % width];
        for (int64_t i = 0; i < c->R * width; i++) {
            double t = (double)s->x.at[i / width * c->C + g * width + i % width] - sum / count;
            about += t * t;
        }
        double size = fabs(sum / count) + sqrt(about / count);
        if (fabs(mean[g] - sum / count) > 1e-6 * size ||
            fabs(squares[g] - about) > 2e-6 * about)
            fail_msg(
                "%s: R%ld C%ld group %ld: mean %.9g, wanted %.9g; squares %.9g, wanted %.9g",
                k->name, (long)c->R, (long)c->C, (long)g, mean[g], sum / count, squares[g],
                about);
    }
    free(mean);
    pool_free(pool);
}

static void group_moments_are_exact(void **state)
{
    (void)state;
    Kernels table[TABLES];
    int tables = tables_here(table);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (int mean = 0; mean <= 400; mean += 200) {
            Setting s = setting(&cases[k], (float)mean);
            for (int i = 0; i < tables; i++)
                moments_are_exact(&table[i], &cases[k], &s);
            setting_free(s);
        }
}

static void affine_applies_scale_shift_and_activation(void **state)
{
    (void)state;
    static const Act acts[] = {ACT_NONE, ACT_RELU, ACT_SILU, ACT_GELU, ACT_QUICK_GELU};
    Kernels table[TABLES];
    int tables = tables_here(table);
    Pool *pool = pool_new(3);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const Case *c = &cases[k];
        int64_t n = c->N * c->R * c->C;
        Fenced x = fenced_noise(n, 1), y = fenced(n), want = fenced(n);
        Fenced scale = fenced_noise(c->N * c->C, 2), shift = fenced_noise(c->N * c->C, 3);
        for (int act = 0; act < 5; act++) {
            Job alone = {0}, many = {pool, NULL};
            table[0].affine(&alone, want.at, x.at, c->N, c->R, c->C, scale.at, shift.at,
                            acts[act]);
            Fenced linear = fenced(n);
            for (int64_t i = 0; i < n; i++) {
                int64_t at = i / c->C / c->R * c->C + i % c->C;
                linear.at[i] = x.at[i] * scale.at[at] + shift.at[at];
            }
            table[0].act(&alone, linear.at, linear.at, n, acts[act]);
            assert_same("ref", linear.at, want.at, n);
            fenced_free(linear);
            for (int i = 1; i < tables; i++) {
                table[i].affine(&alone, y.at, x.at, c->N, c->R, c->C, scale.at, shift.at,
                                acts[act]);
                /* the sum's terms reach 10: an eps of them, and the activation's 1e-6 */
                assert_near(table[i].name, y.at, want.at, n, 2e-6, 1e-6);
                Fenced place = fenced_copy(x);
                table[i].affine(&many, place.at, place.at, c->N, c->R, c->C, scale.at, shift.at,
                                acts[act]);
                assert_same(table[i].name, place.at, y.at, n);
                fenced_free(place);
            }
        }
        fenced_free(x);
        fenced_free(y);
        fenced_free(want);
        fenced_free(scale);
        fenced_free(shift);
    }
    pool_free(pool);
}

static void layer_norm_is_near_the_formula(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {{1, 1},  {3, 2},   {2, 15},   {5, 16},    {4, 33},
                                       {2, 64}, {9, 320}, {77, 768}, {300, 100}, {2, 1283}};
    Kernels table[TABLES];
    int tables = tables_here(table);
    Pool *pool = pool_new(3);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        int64_t M = sizes[k][0], C = sizes[k][1];
        Fenced x = fenced_noise(M * C, k), want = fenced(M * C);
        Fenced gamma = fenced_noise(C, 2), beta = fenced_noise(C, 3);
        for (int64_t m = 0; m < M; m++) {
            double sum = 0, squares = 0;
            for (int64_t c = 0; c < C; c++)
                sum += (double)(x.at[m * C + c] += 2);
            for (int64_t c = 0; c < C; c++)
                squares += pow((double)x.at[m * C + c] - sum / (double)C, 2);
            double by = 1 / sqrt(squares / (double)C + (double)1e-5f);
            for (int64_t c = 0; c < C; c++)
                want.at[m * C + c] = (float)(((double)x.at[m * C + c] - sum / (double)C) * by *
                                                 (double)gamma.at[c] +
                                             (double)beta.at[c]);
        }
        for (int i = 0; i < tables; i++) {
            Fenced y = fenced(M * C), place = fenced_copy(x);
            Job alone = {0}, many = {pool, NULL};
            table[i].layer_norm(&alone, y.at, x.at, M, C, 1e-5f, gamma.at, beta.at);
            table[i].layer_norm(&many, place.at, place.at, M, C, 1e-5f, gamma.at, beta.at);
            /* a mean of 2 rounded to f32, over a spread of 1 (of 1/300 if C is 1) */
            assert_near(table[i].name, y.at, want.at, M * C, C < 3 ? 1e-4 : 3e-6, 1e-6);
            assert_same(table[i].name, place.at, y.at, M * C);
            fenced_free(y);
            fenced_free(place);
        }
        fenced_free(x);
        fenced_free(want);
        fenced_free(gamma);
        fenced_free(beta);
    }
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(group_norm_statistics_are_exact),
        cmocka_unit_test(group_moments_are_exact),
        cmocka_unit_test(a_large_mean_drowns_nothing),
        cmocka_unit_test(affine_applies_scale_shift_and_activation),
        cmocka_unit_test(layer_norm_is_near_the_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
