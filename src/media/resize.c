/* SPDX-License-Identifier: MIT */
#include "media/resize.h"

#include <math.h>
#include <string.h>

/* Weights of one pass: output i sums `count` inputs from `first`, with
 * weights[i * most ...] in units of 2^-FRACTION. */
enum { FRACTION = 32 - 8 - 2 };
typedef struct Span {
    int first, count;
} Span;
typedef struct Weights {
    Span *spans;
    int32_t *weights;
    int most;
} Weights;

typedef struct Filter {
    double (*at)(double x);
    double support;
} Filter;

static double box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1 : 0;
}

static double bilinear(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
}

static double sinc(double x)
{
    if (x == 0)
        return 1;
    x *= M_PI;
    return sin(x) / x;
}

static double lanczos(double x)
{
    return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static const Filter filters[] = {
    [RESIZE_BOX] = {box, 0.5},
    [RESIZE_BILINEAR] = {bilinear, 1},
    [RESIZE_BICUBIC] = {bicubic, 2},
    [RESIZE_LANCZOS] = {lanczos, 3},
};

static int32_t to_fixed(double w)
{
    double scaled = w * (1 << FRACTION);
    return (int32_t)(w < 0 ? scaled - 0.5 : scaled + 0.5);
}

static Span weigh(double *w, Filter f, int in, int x, double scale)
{
    double wide = scale < 1 ? 1 : scale;
    double centre = (x + 0.5) * scale, reach = f.support * wide, sum = 0;
    int first = (int)(centre - reach + 0.5), end = (int)(centre + reach + 0.5);
    Span s = {first < 0 ? 0 : first, 0};
    s.count = (end > in ? in : end) - s.first;
    for (int i = 0; i < s.count; i++) {
        w[i] = f.at((i + s.first - centre + 0.5) * (1 / wide));
        sum += w[i];
    }
    for (int i = 0; i < s.count; i++)
        if (sum != 0)
            w[i] /= sum;
    return s;
}

static bool weights_make(Weights *k, Arena *a, Filter f, int in, int out)
{
    double scale = (double)in / out;
    k->most = (int)ceil(f.support * (scale < 1 ? 1 : scale)) * 2 + 1;
    k->spans = arena_take(a, (size_t)out * sizeof *k->spans);
    k->weights = arena_zeros(a, (size_t)out * (size_t)k->most * sizeof *k->weights);
    double *w = arena_take(a, (size_t)k->most * sizeof *w);
    if (k->spans == NULL || k->weights == NULL || w == NULL)
        return false;
    for (int x = 0; x < out; x++) {
        k->spans[x] = weigh(w, f, in, x, scale);
        for (int i = 0; i < k->spans[x].count; i++)
            k->weights[(size_t)x * (size_t)k->most + (size_t)i] = to_fixed(w[i]);
    }
    return true;
}

/* int is enough: weights sum to about 1 << 22 and the bytes are below 256. */
static unsigned char to_byte(int sum)
{
    int v = sum >> FRACTION;
    return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void pass_rows(Image to, Image from, const Weights *k)
{
    int c = image_channels(to);
    for (int y = 0; y < image_height(to); y++)
        for (int x = 0; x < image_width(to); x++) {
            Span s = k->spans[x];
            const int32_t *w = k->weights + (size_t)x * (size_t)k->most;
            const unsigned char *p = image_at(from, s.first, y);
            unsigned char *q = image_at(to, x, y);
            for (int j = 0; j < c; j++) {
                int sum = 1 << (FRACTION - 1);
                for (int i = 0; i < s.count; i++)
                    sum += p[i * c + j] * w[i];
                q[j] = to_byte(sum);
            }
        }
}

/* `sums` holds a row of numbers. */
static void pass_columns(Image to, Image from, const Weights *k, int *sums)
{
    size_t n = (size_t)image_width(to) * (size_t)image_channels(to);
    for (int y = 0; y < image_height(to); y++) {
        Span s = k->spans[y];
        const int32_t *w = k->weights + (size_t)y * (size_t)k->most;
        for (size_t j = 0; j < n; j++)
            sums[j] = 1 << (FRACTION - 1);
        for (int i = 0; i < s.count; i++) {
            const unsigned char *p = image_row(from, s.first + i);
            for (size_t j = 0; j < n; j++)
                sums[j] += p[j] * w[i];
        }
        unsigned char *q = image_row(to, y);
        for (size_t j = 0; j < n; j++)
            q[j] = to_byte(sums[j]);
    }
}

/* Either pass of 16 bits, whose sums need more than an int. */
static void pass_deep(Image to, Image from, const Weights *k, bool is_rows)
{
    for (int y = 0; y < image_height(to); y++)
        for (int x = 0; x < image_width(to); x++) {
            int out = is_rows ? x : y;
            Span s = k->spans[out];
            const int32_t *w = k->weights + (size_t)out * (size_t)k->most;
            for (int c = 0; c < image_channels(to); c++) {
                int64_t sum = 1 << (FRACTION - 1);
                for (int i = 0; i < s.count; i++)
                    sum += (int64_t)w[i] * (is_rows ? image_level(from, s.first + i, y, c)
                                                    : image_level(from, x, s.first + i, c));
                sum = max64(0, min64(sum >> FRACTION, 65535));
                image_set_level(to, x, y, c, (unsigned)sum);
            }
        }
}

static Image short_of_memory(Err *err)
{
    err_set(err, ERR_MEMORY, "not enough memory to resize a picture");
    return (Image){0};
}

static Image resize_rows(Arena *a, Image im, int w, Filter f, Err *err)
{
    Image to = image_new_like(a, im, w, image_height(im), err);
    Weights k;
    if (tensor_is_empty(to))
        return to;
    if (!weights_make(&k, a, f, image_width(im), w))
        return short_of_memory(err);
    if (image_is_deep(im))
        pass_deep(to, im, &k, true);
    else
        pass_rows(to, im, &k);
    return to;
}

static bool resize_columns(Arena *a, Image to, Image im, Filter f)
{
    Weights k;
    int *sums =
        arena_take(a, (size_t)image_width(im) * (size_t)image_channels(im) * sizeof *sums);
    if (sums == NULL || !weights_make(&k, a, f, image_height(im), image_height(to)))
        return false;
    if (image_is_deep(im))
        pass_deep(to, im, &k, false);
    else
        pass_columns(to, im, &k, sums);
    return true;
}

static void take_nearest(Image to, Image from)
{
    size_t pixel = (size_t)image_channels(to) * tensor_type_size(to.type);
    double sx = (double)image_width(from) / image_width(to);
    double sy = (double)image_height(from) / image_height(to);
    for (int y = 0; y < image_height(to); y++)
        for (int x = 0; x < image_width(to); x++)
            memcpy((char *)to.data + pixel * ((size_t)y * (size_t)image_width(to) + (size_t)x),
                   (char *)from.data +
                       pixel * ((size_t)((y + 0.5) * sy) * (size_t)image_width(from) +
                                (size_t)((x + 0.5) * sx)),
                   pixel);
}

/* Intermediate pictures lie above `to` in the arena. */
static bool filter_into(Arena *a, Image to, Image im, Filter f, Err *err)
{
    bool has_rows = image_width(to) != image_width(im);
    bool has_columns = image_height(to) != image_height(im);
    bool has_alpha = image_channels(im) == 4 && (has_rows || has_columns);
    if (has_alpha) {
        Image copy = tensor_new(a, im.type, tensor_shape(im), err);
        if (tensor_is_empty(copy))
            return false;
        memcpy(copy.data, im.data, tensor_bytes(im));
        image_premultiply(copy);
        im = copy;
    }
    if (has_rows)
        im = resize_rows(a, im, image_width(to), f, err);
    if (tensor_is_empty(im))
        return false;
    if (!has_columns)
        memcpy(to.data, im.data, tensor_bytes(to));
    else if (!resize_columns(a, to, im, f))
        return !tensor_is_empty(short_of_memory(err));
    if (has_alpha)
        image_unpremultiply(to);
    return true;
}

Image image_resize(Arena *a, Image im, int w, int h, ResizeFilter filter, Err *err)
{
    must(im.type == TENSOR_U8 || image_is_deep(im));
    must(im.rank == 3 && tensor_count(im) > 0 && w > 0 && h > 0);
    Image to = image_new_like(a, im, w, h, err);
    if (tensor_is_empty(to))
        return to;
    size_t floor = a->used;
    bool ok = true;
    if (filter == RESIZE_NEAREST)
        take_nearest(to, im);
    else
        ok = filter_into(a, to, im, filters[filter], err);
    arena_rewind(a, floor);
    return ok ? to : (Image){0};
}

/* Of 16 bits; back again if `is_back`. */
static void multiply_deep(Image im, bool is_back)
{
    uint16_t *p = im.data;
    for (int64_t i = image_height(im) * (int64_t)image_width(im); i > 0; i--, p += 4)
        for (int c = 0; c < 3; c++) {
            uint32_t v = is_back ? p[3] == 0 ? p[c] : 65535u * p[c] / p[3]
                                 : (p[c] * (uint32_t)p[3] + 32767u) / 65535u;
            p[c] = (uint16_t)(v > 65535 ? 65535 : v);
        }
}

void image_premultiply(Image im)
{
    must(image_channels(im) == 4);
    if (image_is_deep(im)) {
        multiply_deep(im, false);
        return;
    }
    unsigned char *p = im.data;
    for (int64_t i = image_height(im) * (int64_t)image_width(im); i > 0; i--, p += 4)
        for (int c = 0; c < 3; c++) {
            int v = p[c] * p[3] + 128;
            p[c] = (unsigned char)((v + (v >> 8)) >> 8);
        }
}

void image_unpremultiply(Image im)
{
    must(image_channels(im) == 4);
    if (image_is_deep(im)) {
        multiply_deep(im, true);
        return;
    }
    unsigned char *p = im.data;
    for (int64_t i = image_height(im) * (int64_t)image_width(im); i > 0; i--, p += 4)
        for (int c = 0; c < 3 && p[3] != 0; c++) {
            int v = 255 * p[c] / p[3];
            p[c] = (unsigned char)(v > 255 ? 255 : v);
        }
}
