/* SPDX-License-Identifier: MIT */
#include "kernels/internal.h"
#include "kernels/span.h"
#include "kernels/x86/vmath.h"

/* GroupNorm's sums.
 *
 * Numbers are taken relative to a pivot, the first number of their group, so
 * that squares do not drown in a large mean.  Images are cut into blocks of
 * rows, and a block is read in strips of a few vectors of channels; RUN rows
 * are summed in f32, then into doubles.  At most SLOTS blocks and GROUPS
 * groups are in flight, so that their sums fit on the caller's stack. */
enum { SLOTS = 64, GROUPS = 64, BLOCK_NUMBERS = 65536, RUN = 32, STRIP = 4 };

typedef struct {
    double sum, squares;
} Moments;

typedef struct {
    const float *x;        /* [N,R,C], from the first image in flight */
    int64_t R, C, width;   /* channels in a group */
    int64_t blocks, rows;  /* blocks in an image, rows in a block */
    int64_t group, groups; /* groups in flight: [group, group + groups) */
    Moments part[SLOTS][GROUPS];
} Statistics;

typedef struct {
    float pivot[STRIP * VEC];
    double sum[STRIP * VEC], squares[STRIP * VEC];
} Strip;

/* Adds some rows of `vectors` vectors, the last lanes of a lone one left out
 * where they pass n, to the strip. */
VEC_INLINE void add_run(Strip *s, const float *x, int64_t C, int64_t rows, int vectors,
                        int64_t n)
{
    V pivot[STRIP], sum[STRIP], squares[STRIP];
    for (int i = 0; i < vectors; i++) {
        pivot[i] = vec_load(s->pivot + i * VEC);
        sum[i] = squares[i] = vec_zero();
    }
    for (int64_t r = 0; r < rows; r++)
        for (int i = 0; i < vectors; i++) {
            const float *at = x + r * C + i * VEC;
            V t = vec_sub(vectors == 1 ? vec_load_part(at, n) : vec_load(at), pivot[i]);
            sum[i] = vec_add(sum[i], t);
            squares[i] = vec_fma(t, t, squares[i]);
        }
    float a[STRIP * VEC], b[STRIP * VEC];
    for (int i = 0; i < vectors; i++) {
        vec_store(a + i * VEC, sum[i]);
        vec_store(b + i * VEC, squares[i]);
    }
    for (int i = 0; i < vectors * VEC; i++) {
        s->sum[i] += (double)a[i];
        s->squares[i] += (double)b[i];
    }
}

/* Adds rows [from, to) of channels [c, c + n) of an image to its groups. */
static void add_strip(const Statistics *s, const float *image, Moments *part, int64_t from,
                      int64_t to, int64_t c, int64_t n)
{
    Strip strip = {0};
    for (int64_t i = 0; i < n; i++)
        strip.pivot[i] = image[(c + i) / s->width * s->width];
    for (int64_t r = from; r < to; r += RUN) {
        const float *x = image + r * s->C + c;
        if (n == STRIP * VEC)
            add_run(&strip, x, s->C, min64(RUN, to - r), STRIP, n);
        else
            add_run(&strip, x, s->C, min64(RUN, to - r), 1, n);
    }
    for (int64_t i = 0; i < n; i++) {
        Moments *m = &part[(c + i) / s->width - s->group];
        m->sum += strip.sum[i];
        m->squares += strip.squares[i];
    }
}

static void block_moments(void *job, int64_t tile, int worker)
{
    (void)worker;
    Statistics *s = job;
    Moments *part = s->part[tile];
    for (int64_t g = 0; g < s->groups; g++)
        part[g] = (Moments){0, 0};
    const float *image = s->x + tile / s->blocks * s->R * s->C;
    int64_t from = tile % s->blocks * s->rows, to = min64(s->R, from + s->rows);
    int64_t c = s->group * s->width, end = (s->group + s->groups) * s->width;
    for (; c + STRIP * VEC <= end; c += STRIP * VEC)
        add_strip(s, image, part, from, to, c, STRIP * VEC);
    for (; c < end; c += VEC)
        add_strip(s, image, part, from, to, c, min64(VEC, end - c));
}

typedef struct {
    float *scale, *shift;
    const float *gamma, *beta;
    float eps;
} GroupNorm;

/* Mean and variance of group g (of those in flight) of image n. */
static void group_of(const Statistics *s, int64_t n, int64_t g, double *mean, double *variance)
{
    Moments m = {0, 0};
    for (int64_t b = 0; b < s->blocks; b++) {
        m.sum += s->part[n * s->blocks + b][g].sum;
        m.squares += s->part[n * s->blocks + b][g].squares;
    }
    double count = (double)(s->R * s->width), off = m.sum / count;
    *mean = (double)s->x[n * s->R * s->C + (s->group + g) * s->width] + off;
    *variance = m.squares / count - off * off;
    if (*variance < 0)
        *variance = 0;
}

/* Writes its channels. */
static void finish_group(const Statistics *s, const GroupNorm *to, int64_t n, int64_t g)
{
    double mean, variance;
    group_of(s, n, g, &mean, &variance);
    double by = 1 / sqrt(variance + (double)to->eps);
    int64_t first = (s->group + g) * s->width;
    for (int64_t c = first; c < first + s->width; c++) {
        double scale = by * (double)(to->gamma ? to->gamma[c] : 1);
        to->scale[n * s->C + c] = (float)scale;
        to->shift[n * s->C + c] = (float)((double)(to->beta ? to->beta[c] : 0) - mean * scale);
    }
}

static Statistics statistics_for(int64_t R, int64_t C, int64_t groups)
{
    Statistics s = {.R = R, .C = C, .width = C / groups};
    int64_t wanted = min64(SLOTS, max64(1, R * C / BLOCK_NUMBERS));
    s.rows = div_up(R, wanted);
    s.blocks = div_up(R, s.rows);
    return s;
}

static void group_moments(Job *job, double *mean, double *squares, const float *x, int64_t R,
                          int64_t C, int64_t groups)
{
    Statistics s = statistics_for(R, C, groups);
    s.x = x;
    for (s.group = 0; s.group < groups; s.group += GROUPS) {
        s.groups = min64(GROUPS, groups - s.group);
        pool_run(job->pool, s.blocks, block_moments, &s);
        for (int64_t g = 0; g < s.groups; g++) {
            double *to = squares + s.group + g;
            group_of(&s, 0, g, mean + s.group + g, to);
            *to *= (double)(R * s.width);
        }
    }
}

static void group_norm(Job *job, float *scale, float *shift, const float *x, int64_t N,
                       int64_t R, int64_t C, int64_t groups, float eps, const float *gamma,
                       const float *beta)
{
    Statistics s = statistics_for(R, C, groups);
    int64_t together = SLOTS / s.blocks;
    for (int64_t n = 0; n < N; n += together)
        for (s.group = 0; s.group < groups; s.group += GROUPS) {
            int64_t images = min64(together, N - n);
            GroupNorm to = {scale + n * C, shift + n * C, gamma, beta, eps};
            s.x = x + n * R * C;
            s.groups = min64(GROUPS, groups - s.group);
            pool_run(job->pool, images * s.blocks, block_moments, &s);
            for (int64_t i = 0; i < images * s.groups; i++)
                finish_group(&s, &to, i / s.groups, i % s.groups);
        }
}

typedef struct {
    float *y;
    const float *x, *scale, *shift;
    int64_t R, C;
    Act act;
} Affine;

VEC_INLINE void affine_rows(const Affine *j, int64_t from, int64_t to, Act act)
{
    for (int64_t row = from; row < to; row++) {
        const float *scale = j->scale + row / j->R * j->C;
        const float *shift = j->shift + row / j->R * j->C;
        const float *x = j->x + row * j->C;
        float *y = j->y + row * j->C;
        int64_t c = 0;
        for (; c + VEC <= j->C; c += VEC) {
            V t = vec_fma(vec_load(x + c), vec_load(scale + c), vec_load(shift + c));
            vec_store(y + c, vec_act(t, act));
        }
        int64_t n = j->C - c;
        if (n > 0) {
            V t = vec_fma(vec_load_part(x + c, n), vec_load_part(scale + c, n),
                          vec_load_part(shift + c, n));
            vec_store_part(y + c, vec_act(t, act), n);
        }
    }
}

static void affine_span(const void *args, int64_t from, int64_t to)
{
    const Affine *j = args;
    switch (j->act) {
    case ACT_NONE:
        affine_rows(j, from, to, ACT_NONE);
        break;
    case ACT_RELU:
        affine_rows(j, from, to, ACT_RELU);
        break;
    case ACT_SILU:
        affine_rows(j, from, to, ACT_SILU);
        break;
    case ACT_GELU:
        affine_rows(j, from, to, ACT_GELU);
        break;
    case ACT_QUICK_GELU:
        affine_rows(j, from, to, ACT_QUICK_GELU);
        break;
    }
}

static void affine(Job *job, float *y, const float *x, int64_t N, int64_t R, int64_t C,
                   const float *scale, const float *shift, Act act)
{
    Affine j = {y, x, scale, shift, R, C, act};
    for_spans(job->pool, N * R, span_rows(C), affine_span, &j);
}

typedef struct {
    float *y;
    const float *x, *gamma, *beta;
    int64_t C;
    float eps;
} LayerNorm;

static float row_mean(const float *x, int64_t C)
{
    V a = vec_zero(), b = vec_zero();
    int64_t c = 0;
    for (; c + 2 * VEC <= C; c += 2 * VEC) {
        a = vec_add(a, vec_load(x + c));
        b = vec_add(b, vec_load(x + c + VEC));
    }
    for (; c < C; c += VEC)
        a = vec_add(a, vec_load_part(x + c, C - c));
    return vec_sum(vec_add(a, b)) / (float)C;
}

static float row_squares(const float *x, int64_t C, float mean)
{
    V from = vec_set1(mean), a = vec_zero(), b = vec_zero();
    int64_t c = 0;
    for (; c + 2 * VEC <= C; c += 2 * VEC) {
        V t = vec_sub(vec_load(x + c), from), u = vec_sub(vec_load(x + c + VEC), from);
        a = vec_fma(t, t, a);
        b = vec_fma(u, u, b);
    }
    float sum = vec_sum(vec_add(a, b));
    for (; c < C; c++)
        sum += (x[c] - mean) * (x[c] - mean);
    return sum;
}

/* n of the VEC numbers from y on */
VEC_INLINE void norm_part(const LayerNorm *j, float *y, const float *x, int64_t c, int64_t n,
                          V mean, V by)
{
    V t = vec_mul(vec_sub(vec_load_part(x + c, n), mean), by);
    V gamma = j->gamma ? vec_load_part(j->gamma + c, n) : vec_set1(1);
    V beta = j->beta ? vec_load_part(j->beta + c, n) : vec_zero();
    vec_store_part(y + c, vec_fma(t, gamma, beta), n);
}

static void layer_norm_span(const void *args, int64_t from, int64_t to)
{
    const LayerNorm *j = args;
    for (int64_t m = from; m < to; m++) {
        const float *x = j->x + m * j->C;
        float mean = row_mean(x, j->C);
        float variance = row_squares(x, j->C, mean) / (float)j->C;
        V middle = vec_set1(mean), by = vec_set1(1 / sqrtf(variance + j->eps));
        for (int64_t c = 0; c < j->C; c += VEC)
            norm_part(j, j->y + m * j->C, x, c, j->C - c, middle, by);
    }
}

static void layer_norm(Job *job, float *y, const float *x, int64_t M, int64_t C, float eps,
                       const float *gamma, const float *beta)
{
    LayerNorm j = {y, x, gamma, beta, C, eps};
    for_spans(job->pool, M, span_rows(C), layer_norm_span, &j);
}

void OVERLAY(norm)(Kernels *k)
{
    k->group_norm = group_norm;
    k->group_moments = group_moments;
    k->affine = affine;
    k->layer_norm = layer_norm;
}
