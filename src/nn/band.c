/* SPDX-License-Identifier: MIT */
#include "nn/band.h"

#include <math.h>

/* Rows that a band sees beyond its own for each convolution: a tile of
 * Winograd's, so that its own rows come from the tiles of the whole. */
enum { HALO = 4 };

/* Rows [from, to) of a picture. */
typedef struct Band {
    int64_t from, to;
} Band;

typedef struct Bands {
    const BandBlock *k;
    Tensor x;
    int64_t H, W; /* of a */
    Tensor terms1, terms2;
    Tensor over; /* rows of x that y has taken the place of: those before `done` */
    int64_t done;
} Bands;

static Band wider(const Bands *b, Band of, int64_t by)
{
    return (Band){of.from - by > 0 ? of.from - by : 0, of.to + by < b->H ? of.to + by : b->H};
}

/* Rows [from, to) of a picture [1,H,W,C], where they lie. */
static Tensor rows_of(Tensor x, int64_t from, int64_t to)
{
    if (tensor_is_empty(x))
        return x;
    Tensor y = tensor_reshape(x, SHAPE(x.dim[1], x.dim[2], x.dim[3]));
    y = tensor_rows(y, from, to - from);
    return tensor_reshape(y, SHAPE(1, to - from, x.dim[2], x.dim[3]));
}

/* Those of `inner`, of a tensor that has those of `outer`. */
static Tensor within(Tensor x, Band outer, Band inner)
{
    return rows_of(x, inner.from - outer.from, inner.to - outer.from);
}

/* ---- the statistics of a picture from those of its bands ----------------------- */

typedef struct Statistics {
    const GroupNorm *norm;
    double count;                     /* numbers of each group so far */
    double *mean, *squares;           /* [groups]; squares about the mean */
    double *band_mean, *band_squares; /* of the band at hand */
} Statistics;

/* In scratch. */
static bool statistics_begin(Run *r, Statistics *s, const GroupNorm *norm)
{
    int64_t G = norm->groups, floats = (int64_t)(sizeof(double) / sizeof(float));
    double *room = nn_zeros(r, SHAPE(4 * G * floats)).data;
    if (room != NULL)
        *s = (Statistics){norm, 0, room, room + G, room + 2 * G, room + 3 * G};
    return room != NULL;
}

/* Chan's rule for joining two samples. */
static void statistics_add(Run *r, Statistics *s, Tensor x)
{
    if (run_stopped(r) || tensor_is_empty(x))
        return;
    int64_t C = s->norm->C, G = s->norm->groups;
    Job job = {.pool = r->pool};
    r->kernels->group_moments(&job, s->band_mean, s->band_squares, tensor_f32(x),
                              tensor_count(x) / C, C, G);
    double n = (double)(tensor_count(x) / G), all = s->count + n;
    for (int64_t g = 0; g < G; g++) {
        double off = s->band_mean[g] - s->mean[g];
        s->mean[g] += off * n / all;
        s->squares[g] += s->band_squares[g] + off * off * s->count * n / all;
    }
    s->count = all;
}

/* terms[2,1,C]. */
static void statistics_end(const Statistics *s, Tensor terms)
{
    const GroupNorm *k = s->norm;
    int64_t width = k->C / k->groups;
    float *scale = tensor_f32(terms), *shift = scale + k->C;
    for (int64_t c = 0; c < k->C; c++) {
        int64_t g = c / width;
        double by = 1 / sqrt(s->squares[g] / s->count + (double)k->eps) * (double)k->gamma[c];
        scale[c] = (float)by;
        shift[c] = (float)((double)k->beta[c] - s->mean[g] * by);
    }
}

/* ---- rows of what lies between ---------------------------------------------------- */

/* Rows of x, some of which y may have taken the place of. */
static Tensor input(Run *r, const Bands *b, Band of)
{
    if (of.from >= b->done)
        return rows_of(b->x, of.from, of.to);
    int64_t C = b->x.dim[3], old = b->done - of.from, kept = b->over.dim[1];
    Tensor y = nn_new(r, SHAPE(1, of.to - of.from, b->W, C));
    if (tensor_is_empty(y))
        return y;
    nn_copy(r, rows_of(y, 0, old), rows_of(b->over, kept - old, kept));
    nn_copy(r, rows_of(y, old, of.to - of.from), rows_of(b->x, b->done, of.to));
    return y;
}

static Tensor rows_a(Run *r, const Bands *b, Band of)
{
    if (b->k->grow == NULL)
        return input(r, b, of);
    Band seen = wider(b, of, HALO);
    Tensor x = rows_of(b->x, seen.from / 2, seen.to / 2);
    x = nn_grow(r, x, seen.to - seen.from, b->W);
    return within(nn_conv(r, b->k->grow, x, (With){0}), seen, of);
}

/* From rows `seen` of a, which reach as far as they must. */
static Tensor rows_b(Run *r, const Bands *b, Tensor a, Band seen, Band of)
{
    With with = {.terms = b->terms1, .pre = ACT_SILU};
    return within(nn_conv(r, &b->k->residual->conv1, a, with), seen, of);
}

static Tensor rows_y(Run *r, const Bands *b, Band of)
{
    const Residual *k = b->k->residual;
    Band seen = wider(b, of, HALO), seen_a = wider(b, seen, HALO);
    Tensor a = rows_a(r, b, seen_a);
    Tensor h = rows_b(r, b, a, seen_a, seen);
    Tensor over = within(a, seen_a, seen);
    if (k->has_shortcut)
        over = nn_conv(r, &k->shortcut, over, (With){0});
    h = nn_conv(r, &k->conv2, h, (With){.terms = b->terms2, .pre = ACT_SILU, .residual = over});
    return within(h, seen, of);
}

/* ---- passes ------------------------------------------------------------------------ */

static Band next(const Bands *b, Band of)
{
    return (Band){of.to, of.to + b->k->rows < b->H ? of.to + b->k->rows : b->H};
}

static void first_pass(Run *r, Bands *b)
{
    size_t floor = run_floor(r);
    Statistics s;
    if (b->k->grow == NULL) { /* a is there, whole */
        nn_copy(r, b->terms1, nn_norm_terms(r, &b->k->residual->norm1, b->x));
        run_drop(r, floor);
        return;
    }
    if (!statistics_begin(r, &s, &b->k->residual->norm1))
        return;
    for (Band of = next(b, (Band){0}); of.from < b->H && !run_stopped(r); of = next(b, of)) {
        size_t above = run_floor(r);
        statistics_add(r, &s, rows_a(r, b, of));
        run_drop(r, above);
    }
    statistics_end(&s, b->terms1);
    run_drop(r, floor);
}

static void second_pass(Run *r, Bands *b)
{
    size_t floor = run_floor(r);
    Statistics s;
    if (!statistics_begin(r, &s, &b->k->residual->norm2))
        return;
    for (Band of = next(b, (Band){0}); of.from < b->H && !run_stopped(r); of = next(b, of)) {
        size_t above = run_floor(r);
        Band seen = wider(b, of, HALO);
        statistics_add(r, &s, rows_b(r, b, rows_a(r, b, seen), seen, of));
        run_drop(r, above);
    }
    statistics_end(&s, b->terms2);
    run_drop(r, floor);
}

/* y takes the place of rows [from, to) of x; what the next band will see of them is kept. */
static void keep_over(Run *r, Bands *b, Band of)
{
    int64_t kept = b->over.dim[1], old = kept - (of.to - of.from);
    if (old > 0) {
        Tensor y = nn_new(r, tensor_shape(rows_of(b->over, 0, old)));
        nn_copy(r, y, rows_of(b->over, kept - old, kept));
        nn_copy(r, rows_of(b->over, 0, old), y);
    } else {
        old = 0;
    }
    nn_copy(r, rows_of(b->over, old, kept), rows_of(b->x, of.to - (kept - old), of.to));
    b->done = of.to;
}

static void last_pass(Run *r, Bands *b, Tensor y, bool in_place)
{
    for (Band of = next(b, (Band){0}); of.from < b->H && !run_stopped(r); of = next(b, of)) {
        size_t above = run_floor(r);
        Tensor rows = rows_y(r, b, of);
        if (in_place)
            keep_over(r, b, of);
        nn_copy(r, rows_of(y, of.from, of.to), rows);
        run_drop(r, above);
    }
}

Tensor nn_residual_bands(Run *r, const BandBlock *k, Tensor x)
{
    if (tensor_is_empty(x) || run_stopped(r))
        return (Tensor){0};
    must(x.dim[0] == 1 && k->rows >= HALO && k->rows % HALO == 0);
    int64_t times = k->grow == NULL ? 1 : 2, O = k->residual->conv2.shape.O;
    Bands b = {.k = k, .x = x, .H = times * x.dim[1], .W = times * x.dim[2]};
    bool in_place = k->grow == NULL && !k->residual->has_shortcut;
    Tensor y = in_place ? x : nn_new(r, SHAPE(1, b.H, b.W, O));
    size_t floor = run_floor(r);
    b.terms1 = nn_new(r, SHAPE(2, 1, k->residual->norm1.C));
    b.terms2 = nn_new(r, SHAPE(2, 1, O));
    if (in_place)
        b.over = nn_new(r, SHAPE(1, 2 * HALO, b.W, O));
    if (run_stopped(r))
        return (Tensor){0};
    first_pass(r, &b);
    second_pass(r, &b);
    last_pass(r, &b, y, in_place);
    run_drop(r, floor);
    return run_stopped(r) ? (Tensor){0} : y;
}
