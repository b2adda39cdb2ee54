/* SPDX-License-Identifier: MIT */
#include "tables.h"

#include "torch_bilinear.inc"

static void bilinear_by_edges(const Kernels *k, Job *job, Fenced y, Fenced x, const int64_t *c,
                              bool corners)
{
    k->resize_bilinear(job, y.at, x.at, c[0], c[1], c[2], c[3], c[4], c[5], corners);
}

/* torch 2.13: F.interpolate(torch.arange(5.)[None, None], size, mode='nearest')
 * and so on; the indices are its own. */
static void nearest_takes_torchs_sources(void **state)
{
    (void)state;
    static const struct {
        int64_t in, out;
        float want[12];
    } rows[] = {
        {5, 3, {0, 1, 3}},          {5, 12, {0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4}},
        {5, 5, {0, 1, 2, 3, 4}},    {5, 7, {0, 0, 1, 2, 2, 3, 4}},
        {3, 6, {0, 0, 1, 1, 2, 2}}, {1, 4, {0, 0, 0, 0}},
    };
    Kernels table[TABLES];
    int tables = tables_here(table);
    const float x[] = {0, 1, 2, 3, 4};
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++)
        for (int i = 0; i < tables; i++) {
            float y[12];
            Job job = {0};
            table[i].resize_nearest(&job, y, x, 1, 1, rows[n].in, 1, 1, rows[n].out);
            assert_same(table[i].name, y, rows[n].want, rows[n].out);
            table[i].resize_nearest(&job, y, x, 1, rows[n].in, 1, 1, rows[n].out, 1);
            assert_same(table[i].name, y, rows[n].want, rows[n].out);
        }
}

/* torch rounds in / out to f32 before it multiplies: for seven of these pairs
 * some sources are others than floor(o * in / out). */
static void nearest_rounds_as_torch_does(void **state)
{
    (void)state;
    Kernels k = kernels_for(KERNELS_BEST);
    for (int64_t in = 1; in < 70; in += 3)
        for (int64_t out = 1; out < 200; out += 7) {
            Fenced x = fenced(in), y = fenced(out);
            for (int64_t i = 0; i < in; i++)
                x.at[i] = (float)i;
            Job job = {0};
            k.resize_nearest(&job, y.at, x.at, 1, 1, in, 1, 1, out);
            for (int64_t o = 0; o < out; o++) {
                volatile float scale = (float)in / (float)out;
                volatile float at = (float)o * scale;
                float want = (float)min64((int64_t)floorf(at), in - 1);
                assert_same("nearest", &y.at[o], &want, 1);
            }
            fenced_free(x);
            fenced_free(y);
        }
}

static void bilinear_gives_torchs_numbers(void **state)
{
    (void)state;
    static const struct {
        int64_t OH, OW;
        bool corners;
        const float *want;
    } rows[] = {
        {6, 8, false, larger_by_edges},  {6, 8, true, larger_by_corners},
        {2, 3, false, smaller_by_edges}, {2, 3, true, smaller_by_corners},
        {5, 1, false, narrow_by_edges},  {5, 1, true, narrow_by_corners},
        {1, 6, false, flat_by_edges},    {1, 6, true, flat_by_corners},
    };
    Kernels table[TABLES];
    int tables = tables_here(table);
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++)
        for (int i = 0; i < tables; i++) {
            int64_t OH = rows[n].OH, OW = rows[n].OW;
            Fenced y = fenced(OH * OW);
            Job job = {0};
            table[i].resize_bilinear(&job, y.at, squares, 1, 3, 4, 1, OH, OW, rows[n].corners);
            /* two roundings of numbers below 5 */
            assert_near(table[i].name, y.at, rows[n].want, OH * OW, 1e-6, 0);
            fenced_free(y);
        }
}

/* The weights once more, in double, per number. */
static double source(int64_t o, int64_t in, int64_t out, bool corners)
{
    if (corners)
        return out > 1 ? (double)o * (double)(in - 1) / (double)(out - 1) : 0;
    double at = ((double)o + 0.5) * (double)in / (double)out - 0.5;
    return at < 0 ? 0 : at;
}

static double blend(const float *x, const int64_t *c, int64_t n, double h, double w, int64_t ch)
{
    int64_t H = c[1], W = c[2], C = c[3];
    int64_t h0 = min64((int64_t)h, H - 1), w0 = min64((int64_t)w, W - 1);
    int64_t h1 = min64(h0 + 1, H - 1), w1 = min64(w0 + 1, W - 1);
    double a = h - (double)h0, b = w - (double)w0;
    const float *p = x + n * H * W * C + ch;
    return (1 - a) *
               ((1 - b) * (double)p[(h0 * W + w0) * C] + b * (double)p[(h0 * W + w1) * C]) +
           a * ((1 - b) * (double)p[(h1 * W + w0) * C] + b * (double)p[(h1 * W + w1) * C]);
}

static void bilinear_is_near_the_formula_and_threads_change_nothing(void **state)
{
    (void)state;
    static const int64_t cases[][6] = {/* N, H, W, C, OH, OW */
                                       {1, 1, 1, 1, 3, 4},      {2, 5, 7, 3, 10, 14},
                                       {1, 8, 8, 17, 5, 3},     {1, 9, 4, 33, 1, 1},
                                       {3, 16, 16, 16, 32, 32}, {1, 40, 41, 5, 123, 97},
                                       {1, 30, 20, 64, 15, 10}, {2, 3, 2, 320, 6, 4}};
    Kernels table[TABLES];
    int tables = tables_here(table);
    Pool *pool = pool_new(3);
    for (size_t k = 0; k < sizeof cases / sizeof *cases * 2; k++) {
        const int64_t *c = cases[k / 2];
        bool corners = k % 2 == 1;
        Fenced x = fenced_noise(c[0] * c[1] * c[2] * c[3], k);
        Fenced want = fenced(c[0] * c[3] * c[4] * c[5]);
        for (int64_t i = 0; i < want.n; i++) {
            int64_t w = i / c[3] % c[5], h = i / c[3] / c[5] % c[4];
            want.at[i] =
                (float)blend(x.at, c, i / c[3] / c[5] / c[4], source(h, c[1], c[4], corners),
                             source(w, c[2], c[5], corners), i % c[3]);
        }
        for (int i = 0; i < tables; i++) {
            Fenced y = fenced(want.n), many = fenced(want.n);
            Job alone = {0}, shared = {pool, NULL};
            bilinear_by_edges(&table[i], &alone, y, x, c, corners);
            bilinear_by_edges(&table[i], &shared, many, x, c, corners);
            /* a source near 40 is known to 4e-6 in f32; neighbours differ by up to 6 */
            assert_near(table[i].name, y.at, want.at, want.n, 3e-5, 0);
            assert_same(table[i].name, many.at, y.at, want.n);
            fenced_free(y);
            fenced_free(many);
        }
        fenced_free(x);
        fenced_free(want);
    }
    pool_free(pool);
}

static void nearest_moves_whole_pixels(void **state)
{
    (void)state;
    Kernels table[TABLES];
    int tables = tables_here(table);
    enum { N = 2, H = 5, W = 3, C = 19 };
    Fenced x = fenced_noise(N * H * W * C, 1), y = fenced(x.n * 4);
    for (int i = 0; i < tables; i++) {
        Job job = {0};
        table[i].resize_nearest(&job, y.at, x.at, N, H, W, C, 2 * H, 2 * W);
        for (int64_t p = 0; p < y.n / C; p++) {
            int64_t w = p % (2 * W) / 2, h = p / (2 * W) % (2 * H) / 2, n = p / (4 * W * H);
            assert_same(table[i].name, y.at + p * C, x.at + ((n * H + h) * W + w) * C, C);
        }
    }
    fenced_free(x);
    fenced_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_takes_torchs_sources),
        cmocka_unit_test(nearest_rounds_as_torch_does),
        cmocka_unit_test(bilinear_gives_torchs_numbers),
        cmocka_unit_test(bilinear_is_near_the_formula_and_threads_change_nothing),
        cmocka_unit_test(nearest_moves_whole_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
