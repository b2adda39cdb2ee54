/* SPDX-License-Identifier: MIT */
#include "models/rrdb.h"

#include <stdio.h>
#include <string.h>

enum { NAME = 256, HALO = 2 };

/* ---- forward: blocks --------------------------------------------------------------- */

/* Three pictures wide enough for all that a dense block makes; the block's input is in the
 * first channels of one, and goes on in the next. */
enum { ROOMS = 3 };

static Tensor leaky_beside(Run *r, const Rrdb *m, const Conv *k, Tensor room)
{
    return nn_conv_among(r, k, room, k->shape.C, (With){.slope = m->leaky, .into = room});
}

/* What the block's end adds to goes where the block began: that is no longer read there. */
static void dense(Run *r, const Rrdb *m, const RrdbDense *d, Tensor from, Tensor to,
                  Tensor residual)
{
    for (int i = 0; i + 1 < RRDB_DENSE; i++)
        leaky_beside(r, m, &d->conv[i], from);
    nn_conv_among(r, &d->conv[RRDB_DENSE - 1], from, 0,
                  (With){.residual = residual, .into = to});
}

/* x0 + 0.2 (x2 + 0.2 conv5) = (x0 + 0.04 conv5) + 0.2 x2; the other channels of the rooms are
 * added too, which harms nobody: they are made anew before they are read. */
static void block(Run *r, const Rrdb *m, int i, const Tensor room[ROOMS])
{
    const RrdbDense *d = m->dense + (ptrdiff_t)3 * i;
    dense(r, m, &d[0], room[0], room[1], room[0]);
    dense(r, m, &d[1], room[1], room[2], room[1]);
    dense(r, m, &d[2], room[2], room[0], room[0]);
    nn_add_to(r, room[0], room[2], 0.2f);
}

/* The first channels of a room, lying close. */
static Tensor front(Run *r, Tensor room, int64_t channels)
{
    Tensor x = nn_new(r, SHAPE(room.dim[0], room.dim[1], room.dim[2], channels));
    if (tensor_is_empty(x) || tensor_is_empty(room))
        return (Tensor){0};
    Job job = {.pool = r->pool};
    r->kernels->copy_rows(&job, tensor_f32(x), channels, tensor_f32(room), room.dim[3],
                          tensor_count(x) / channels, channels);
    return x;
}

/* [1,H,W,3] to [1,H/f,W/f,3*f*f], channels (c, dy, dx). */
static Tensor folded(Run *r, Tensor x, int64_t f)
{
    if (f == 1 || tensor_is_empty(x))
        return x;
    int64_t H = x.dim[1], W = x.dim[2];
    Tensor y = nn_new(r, SHAPE(1, H / f, W / f, 3 * f * f));
    if (tensor_is_empty(y))
        return y;
    const float *from = tensor_f32(x);
    float *to = tensor_f32(y);
    for (int64_t i = 0; i < H; i++)
        for (int64_t j = 0; j < W; j++)
            for (int64_t c = 0; c < 3; c++)
                to[((i / f * (W / f) + j / f) * 3 + c) * f * f + i % f * f + j % f] =
                    from[(i * W + j) * 3 + c];
    return y;
}

/* All before the picture grows: [1,H/fold,W/fold,width]. */
static Tensor features(Run *r, const Rrdb *m, Tensor rgb)
{
    int64_t H = rgb.dim[1] / m->fold, W = rgb.dim[2] / m->fold;
    Tensor y = nn_new(r, SHAPE(1, H, W, m->width)), room[ROOMS];
    size_t floor = run_floor(r);
    for (int i = 0; i < ROOMS; i++)
        room[i] = nn_new(r, SHAPE(1, H, W, m->width + (RRDB_DENSE - 1) * m->growth));
    nn_conv_among(r, &m->first, folded(r, rgb, m->fold), 0, (With){.into = room[0]});
    Tensor first = nn_tap(r, front(r, room[0], m->width), "first");
    for (int i = 0; i < m->blocks && !run_stopped(r); i++) {
        block(r, m, i, room);
        if (r->tap != NULL)
            nn_tap(r, front(r, room[0], m->width), "body.%d", i);
    }
    Tensor x = front(r, room[0], m->width);
    nn_conv(r, &m->body, x, (With){.residual = first, .into = y});
    run_drop(r, floor);
    return nn_tap(r, y, "trunk");
}

/* ---- forward: growing -------------------------------------------------------------- */

/* A stretch of rows made larger. */
static Tensor grown(Run *r, const Rrdb *m, Tensor x)
{
    With leaky = {.slope = m->leaky};
    for (int i = 0; i < m->ups && !tensor_is_empty(x); i++)
        x = nn_conv(r, &m->up[i], nn_grow(r, x, 2 * x.dim[1], 2 * x.dim[2]), leaky);
    return nn_conv(r, &m->last, nn_conv(r, &m->hr, x, leaky), (With){0});
}

/* Rows [from, to) of a picture, which lie together. */
static Tensor rows_of(Tensor x, int64_t from, int64_t to)
{
    return tensor_over(tensor_f32(x) + from * x.dim[2] * x.dim[3], TENSOR_F32,
                       SHAPE(1, to - from, x.dim[2], x.dim[3]));
}

/* Rows that are grown together: few enough to need less than the blocks did. */
static int64_t band_rows(const Rrdb *m, int64_t H)
{
    int64_t area = (int64_t)1 << 2 * m->ups, wide = m->width + (RRDB_DENSE - 1) * m->growth;
    int64_t rows = H * wide / (m->width * area) - 2 * HALO;
    return min64(H, max64(rows, 8));
}

/* Growth looks at HALO rows beyond its own: 1 pixel at each size and one more at the last. */
static void grow_band(Run *r, const Rrdb *m, Tensor x, Tensor y, int64_t from, int64_t to)
{
    int64_t up = y.dim[1] / x.dim[1], H = x.dim[1];
    size_t floor = run_floor(r);
    int64_t above = min64(from, HALO);
    Tensor band = grown(r, m, rows_of(x, from - above, min64(H, to + HALO)));
    if (!tensor_is_empty(band)) {
        Tensor part = rows_of(y, from * up, to * up);
        memcpy(part.data, rows_of(band, above * up, (above + to - from) * up).data,
               tensor_bytes(part));
    }
    run_drop(r, floor);
}

Tensor rrdb_grow(Run *r, const Rrdb *m, Tensor rgb)
{
    if (run_stopped(r) || tensor_is_empty(rgb))
        return (Tensor){0};
    must(rgb.rank == 4 && rgb.dim[0] == 1 && rgb.dim[3] == 3);
    must(rgb.dim[1] % m->fold == 0 && rgb.dim[2] % m->fold == 0);
    int64_t H = rgb.dim[1] / m->fold, W = rgb.dim[2] / m->fold;
    Tensor y = nn_new(r, SHAPE(1, H << m->ups, W << m->ups, 3));
    size_t floor = run_floor(r);
    Tensor x = features(r, m, rgb);
    int64_t rows = band_rows(m, H);
    for (int64_t from = 0; from < H && !run_stopped(r); from += rows)
        grow_band(r, m, x, y, from, min64(H, from + rows));
    run_drop(r, floor);
    return run_stopped(r) ? (Tensor){0} : nn_tap(r, y, "image");
}

int64_t rrdb_bytes(const Rrdb *m, int64_t H, int64_t W)
{
    int64_t h = div_up(H, m->fold), w = div_up(W, m->fold);
    int64_t wide = m->width + (RRDB_DENSE - 1) * m->growth, area = (int64_t)1 << 2 * m->ups;
    int64_t blocks = h * w * (ROOMS * wide + 2 * m->width + 3 * m->fold * m->fold);
    int64_t band = min64(h, band_rows(m, h) + 2 * HALO);
    /* all sizes of a band together: 2 (4 + 16 + ...) and what hr makes */
    int64_t growing = band * w * m->width * (2 * 4 * (area - 1) / 3 + area);
    return 4 * (h * w * (m->width + 3 * area) + max64(blocks, growing));
}

int rrdb_scale(const Rrdb *m)
{
    return (1 << m->ups) / m->fold;
}

/* ---- names ------------------------------------------------------------------------- */

/* What comes after the blocks in ESRGAN's first spelling is numbered, with gaps: all but the
 * last two are for growing.  `nth` counts from 0. */
static void tail_name(char to[NAME], int nth, int of)
{
    if (nth + 2 < of)
        snprintf(to, NAME, "conv_up%d", nth + 1);
    else
        snprintf(to, NAME, "%s", nth + 2 == of ? "conv_hr" : "conv_last");
}

enum { TAIL_LAST = 32 };

static int tail_count(const Weights *w, const char *nest, int upto)
{
    int count = 0;
    for (int i = 2; i < upto; i++) {
        char name[NAME];
        snprintf(name, sizeof name, "%smodel.%d.weight", nest, i);
        count += !tensor_is_empty(weights_find(w, name));
    }
    return count;
}

/* `rest` is what follows in a name, to be kept: ".weight". */
static bool translate_first(const Weights *w, const char *nest, const char *name, char to[NAME])
{
    int i, k, conv, n = 0;
    if (sscanf(name, "model.1.sub.%d.RDB%d.conv%d.0%n", &i, &k, &conv, &n) == 3 && n > 0)
        snprintf(to, NAME, "body.%d.rdb%d.conv%d%s", i, k, conv, name + n);
    else if (sscanf(name, "model.1.sub.%d%n", &i, &n) == 1)
        snprintf(to, NAME, "conv_body%s", name + n);
    else if (sscanf(name, "model.%d%n", &i, &n) == 1 && i == 0)
        snprintf(to, NAME, "conv_first%s", name + n);
    else if (n > 0 && i > 1 && i <= TAIL_LAST) {
        char tail[NAME];
        tail_name(tail, tail_count(w, nest, i), tail_count(w, nest, TAIL_LAST + 1));
        snprintf(to, NAME, "%.200s%s", tail, name + n);
    } else
        return false;
    return true;
}

static bool translate_second(const char *name, char to[NAME])
{
    static const char *const words[][2] = {{"trunk_conv.", "conv_body."},
                                           {"upconv1.", "conv_up1."},
                                           {"upconv2.", "conv_up2."},
                                           {"upconv3.", "conv_up3."},
                                           {"HRconv.", "conv_hr."}};
    int i, k, n = 0;
    if (sscanf(name, "RRDB_trunk.%d.RDB%d%n", &i, &k, &n) == 2) {
        snprintf(to, NAME, "body.%d.rdb%d%s", i, k, name + n);
        return true;
    }
    for (size_t j = 0; j < sizeof words / sizeof *words; j++) {
        size_t length = strlen(words[j][0]);
        if (strncmp(name, words[j][0], length) == 0) {
            snprintf(to, NAME, "%s%s", words[j][1], name + length);
            return true;
        }
    }
    return false;
}

static void add_all(Weights *to, const Weights *file, const char *nest)
{
    size_t length = strlen(nest);
    for (size_t i = 0; i < weights_count(file); i++) {
        const char *name = weights_name(file, i);
        char ours[NAME];
        if (strncmp(name, nest, length) != 0)
            continue;
        name += length;
        bool is_known = strlen(name) < NAME - 32 && (translate_first(file, nest, name, ours) ||
                                                     translate_second(name, ours));
        name = is_known ? ours : name;
        if (weights_index(to, name) == weights_count(to))
            weights_add(to, name, weights_at(file, i));
    }
}

Weights *rrdb_view(const Weights *file)
{
    static const char *const signs[] = {"body.0.rdb1.conv1.weight",
                                        "model.1.sub.0.RDB1.conv1.0.weight",
                                        "RRDB_trunk.0.RDB1.conv1.weight"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const char *nest = weights_nest(file, signs[i]);
        if (nest == NULL)
            continue;
        Weights *view = weights_new(weights_path(file));
        add_all(view, file, nest);
        return view;
    }
    return NULL;
}

/* ---- binding ----------------------------------------------------------------------- */

static int count_named(Bind *b, const char *pattern_start, const char *pattern_end, int from,
                       int most)
{
    int n = 0;
    for (char name[NAME]; n <= most; n++) {
        snprintf(name, sizeof name, "%s%d%s", pattern_start, n + from, pattern_end);
        if (bind_shape(b, name).rank == 0)
            break;
    }
    return n;
}

/* What the shapes say; a network of other sizes than these is none of this kind. */
static bool measure(Rrdb *m, Bind *b)
{
    Shape first = bind_shape(b, "conv_first.weight");
    Shape grow = bind_shape(b, "body.0.rdb1.conv1.weight");
    m->width = first.dim[0];
    m->growth = grow.dim[0];
    m->blocks = count_named(b, "body.", ".rdb1.conv1.weight", 0, RRDB_BLOCKS);
    m->ups = count_named(b, "conv_up", ".weight", 1, RRDB_UPS);
    m->fold = first.dim[1] == 3 ? 1 : first.dim[1] == 12 ? 2 : first.dim[1] == 48 ? 4 : 0;
    bool is_right = first.rank == 4 && grow.rank == 4 && m->fold > 0 && m->width > 0 &&
                    m->width <= RRDB_WIDTH && m->growth > 0 && m->growth <= RRDB_WIDTH &&
                    m->blocks <= RRDB_BLOCKS && m->ups <= RRDB_UPS && 1 << m->ups >= m->fold;
    if (!is_right)
        binder_fail(b->binder,
                    "an RRDBNet of %lld to %lld channels that grows %d times is unknown",
                    (long long)first.dim[1], (long long)m->width, m->ups);
    return is_right;
}

static void bind_dense(RrdbDense *d, Bind *b, const Rrdb *m, bool ends_block)
{
    for (int k = 0; k < RRDB_DENSE; k++) {
        char name[NAME];
        int64_t C = m->width + k * m->growth;
        snprintf(name, sizeof name, "conv%d", k + 1);
        d->conv[k] = k + 1 < RRDB_DENSE
                         ? bind_conv(b, name, C, m->growth, 3, 1)
                         : bind_conv_times(b, name, C, m->width, ends_block ? 0.04f : 0.2f);
    }
}

static const float *bind_leaky(Bind *b, int64_t n)
{
    float *to = bind_room(b, n);
    for (int64_t i = 0; to != NULL && i < n; i++)
        to[i] = 0.2f;
    return to;
}

bool rrdb_bind(Rrdb *m, Bind *b)
{
    *m = (Rrdb){0};
    if (!measure(m, b))
        return false;
    int64_t width = m->width;
    m->leaky = bind_leaky(b, max64(width, m->growth));
    m->dense = bind_take(b, (size_t)(3 * m->blocks) * sizeof *m->dense);
    m->first = bind_conv(b, "conv_first", 3 * m->fold * m->fold, width, 3, 1);
    for (int i = 0; i < 3 * m->blocks && !bind_failed(b); i++) {
        bind_enter(b, "body.%d.rdb%d", i / 3, i % 3 + 1);
        bind_dense(&m->dense[i], b, m, i % 3 == 2);
        bind_leave(b);
    }
    m->body = bind_conv(b, "conv_body", width, width, 3, 1);
    for (int i = 0; i < m->ups; i++) {
        char name[NAME];
        snprintf(name, sizeof name, "conv_up%d", i + 1);
        m->up[i] = bind_conv(b, name, width, width, 3, 1);
    }
    m->hr = bind_conv(b, "conv_hr", width, width, 3, 1);
    m->last = bind_conv(b, "conv_last", width, 3, 3, 1);
    return !bind_failed(b);
}
