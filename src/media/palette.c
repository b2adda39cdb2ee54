/* SPDX-License-Identifier: MIT */
#include "media/palette.h"
#include "media/internal.h"

#include <math.h>
#include <string.h>

static int nearest(const Lab *colours, int count, Lab c)
{
    int best = 0;
    float least = INFINITY;
    for (int i = 0; i < count; i++) {
        float d = lab_distance(colours[i], c);
        if (d < least) {
            least = d;
            best = i;
        }
    }
    return best;
}

static uint32_t packed(const unsigned char *rgb)
{
    return (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
}

static bool is_opaque(const unsigned char *p, int channels)
{
    return channels == 3 || p[3] >= PALETTE_OPAQUE;
}

/* What the frames are made of. */
enum { COLOURS = 1 << 24, BIN_BITS = 6, BINS = 1 << (3 * BIN_BITS) };
typedef struct Bin {
    uint32_t count, sum[3];
} Bin;
typedef struct Census {
    unsigned char *seen; /* a bit for each colour */
    Bin *bins;
    int distinct; /* counted only up to PALETTE_MOST + 1 */
    uint32_t first[PALETTE_MOST + 1];
    bool is_see_through;
} Census;

static void count_pixel(Census *k, const unsigned char *p)
{
    uint32_t colour = packed(p);
    unsigned char bit = (unsigned char)(1 << (colour & 7));
    if (!(k->seen[colour >> 3] & bit)) {
        k->seen[colour >> 3] |= bit;
        if (k->distinct <= PALETTE_MOST)
            k->first[k->distinct++] = colour;
    }
    enum { DROP = 8 - BIN_BITS };
    Bin *b =
        &k->bins[(p[0] >> DROP) << (2 * BIN_BITS) | (p[1] >> DROP) << BIN_BITS | p[2] >> DROP];
    if (b->count >= UINT32_MAX / 256)
        return; /* enough to know it by */
    b->count++;
    for (int c = 0; c < 3; c++)
        b->sum[c] += p[c];
}

static void count_frame(Census *k, Image im)
{
    int channels = image_channels(im);
    must(channels == 3 || channels == 4);
    const unsigned char *p = im.data;
    for (int64_t i = im.dim[0] * im.dim[1]; i > 0; i--, p += channels) {
        if (is_opaque(p, channels))
            count_pixel(k, p);
        else
            k->is_see_through = true;
    }
}

/* A colour to be represented, and by how much it matters. */
typedef struct Sample {
    Lab lab;
    float weight;
    int box;
} Sample;

static int samples_make(Sample *s, const Bin *bins)
{
    int n = 0;
    for (int i = 0; i < BINS; i++) {
        if (bins[i].count == 0)
            continue;
        unsigned char mean[3];
        for (int c = 0; c < 3; c++)
            mean[c] = (unsigned char)((bins[i].sum[c] + bins[i].count / 2) / bins[i].count);
        s[n++] = (Sample){.lab = lab_from_rgb(mean), .weight = sqrtf((float)bins[i].count)};
    }
    return n;
}

/* A stretch of samples, cut along the axis of its widest spread. */
typedef struct Box {
    double spread; /* weighted squares about the mean, along the axis */
    int from, to, axis;
    Lab mean;
} Box;

static Box box_measure(const Sample *s, int from, int to)
{
    double weight = 0, sum[3] = {0}, squares[3] = {0};
    for (int i = from; i < to; i++) {
        weight += (double)s[i].weight;
        for (int c = 0; c < 3; c++) {
            double v = (double)s[i].lab.v[c];
            sum[c] += (double)s[i].weight * v;
            squares[c] += (double)s[i].weight * v * v;
        }
    }
    Box b = {.from = from, .to = to, .spread = -1};
    for (int c = 0; c < 3; c++) {
        b.mean.v[c] = (float)(sum[c] / weight);
        double spread = squares[c] - sum[c] * sum[c] / weight;
        if (spread > b.spread) {
            b.spread = spread;
            b.axis = c;
        }
    }
    return b;
}

/* Samples below the mean to the front; where the others begin. */
static int box_divide(Sample *s, const Box *b)
{
    int at = b->from;
    for (int i = b->from; i < b->to; i++)
        if (s[i].lab.v[b->axis] < b->mean.v[b->axis]) {
            Sample other = s[at];
            s[at++] = s[i];
            s[i] = other;
        }
    return at;
}

static int cut_boxes(Sample *s, int n, Lab *colours, int most)
{
    Box boxes[PALETTE_MOST];
    boxes[0] = box_measure(s, 0, n);
    int count = 1;
    while (count < most) {
        Box *widest = &boxes[0];
        for (int i = 1; i < count; i++)
            if (boxes[i].spread > widest->spread)
                widest = &boxes[i];
        int at = box_divide(s, widest);
        if (at == widest->from || at == widest->to)
            break; /* nothing left to tell apart */
        boxes[count++] = box_measure(s, at, widest->to);
        *widest = box_measure(s, widest->from, at);
    }
    for (int i = 0; i < count; i++)
        colours[i] = boxes[i].mean;
    return count;
}

/* One round of k-means. */
static void settle(Sample *s, int n, Lab *colours, int count)
{
    double sums[PALETTE_MOST][4] = {0};
    for (int i = 0; i < n; i++) {
        double *sum = sums[nearest(colours, count, s[i].lab)];
        double weight = (double)s[i].weight;
        for (int c = 0; c < 3; c++)
            sum[c] += weight * (double)s[i].lab.v[c];
        sum[3] += weight;
    }
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3 && sums[i][3] > 0; c++)
            colours[i].v[c] = (float)(sums[i][c] / sums[i][3]);
}

static bool choose(Palette *p, Arena *scratch, const Census *k, int room)
{
    enum { ROUNDS = 8 };
    int n = 0;
    for (int i = 0; i < BINS; i++)
        n += k->bins[i].count > 0;
    Sample *s = arena_take(scratch, (size_t)n * sizeof *s);
    if (s == NULL)
        return false;
    samples_make(s, k->bins);
    Lab colours[PALETTE_MOST];
    p->count = cut_boxes(s, n, colours, room);
    for (int i = 0; i < ROUNDS; i++)
        settle(s, n, colours, p->count);
    for (int i = 0; i < p->count; i++)
        lab_to_rgb(p->rgb[i], colours[i]);
    return true;
}

static void take_all(Palette *p, const Census *k)
{
    p->is_exact = true;
    p->count = k->distinct > 0 ? k->distinct : 1;
    for (int i = 0; i < k->distinct; i++)
        for (int c = 0; c < 3; c++)
            p->rgb[i][c] = (unsigned char)(k->first[i] >> (16 - 8 * c));
}

bool palette_make(Palette *p, Arena *scratch, const Image *frames, int count, int most,
                  Err *err)
{
    must(most >= 2 && most <= PALETTE_MOST);
    *p = (Palette){0};
    size_t floor = scratch->used;
    Census k = {.seen = arena_zeros(scratch, COLOURS / 8),
                .bins = arena_zeros(scratch, BINS * sizeof *k.bins)};
    bool ok = k.seen != NULL && k.bins != NULL;
    for (int i = 0; i < count && ok; i++)
        count_frame(&k, frames[i]);
    p->is_see_through = k.is_see_through;
    int room = most - (k.is_see_through ? 1 : 0);
    if (ok && k.distinct <= room)
        take_all(p, &k);
    else if (ok)
        ok = choose(p, scratch, &k, room);
    arena_rewind(scratch, floor);
    return ok || err_set(err, ERR_MEMORY, "not enough memory to choose a palette");
}

unsigned char *palette_memo(Arena *a, Err *err)
{
    unsigned char *known = arena_zeros(a, COLOURS);
    if (known == NULL)
        err_set(err, ERR_MEMORY, "not enough memory to apply a palette");
    return known;
}

Image palette_apply(Arena *a, const Palette *p, unsigned char *known, Image im, Err *err)
{
    Image to = image_new(a, image_width(im), image_height(im), 1, err);
    if (tensor_is_empty(to))
        return to;
    Lab colours[PALETTE_MOST];
    for (int i = 0; i < p->count; i++)
        colours[i] = lab_from_rgb(p->rgb[i]);
    int channels = image_channels(im);
    const unsigned char *from = im.data;
    unsigned char *index = to.data;
    for (int64_t i = tensor_count(to); i > 0; i--, from += channels, index++) {
        if (!is_opaque(from, channels)) {
            must(p->is_see_through);
            *index = (unsigned char)p->count;
            continue;
        }
        /* 0 is "not yet known"; the 256th colour is looked up each time */
        unsigned char *memo = &known[packed(from)];
        *index = (unsigned char)(*memo - 1);
        if (*memo == 0) {
            *index = (unsigned char)nearest(colours, p->count, lab_from_rgb(from));
            *memo = (unsigned char)(*index + 1);
        }
    }
    return to;
}

bool image_save_indexed(Image im, const char *path, int most, Arena *scratch, Err *err)
{
    size_t floor = scratch->used;
    Palette p;
    if (!palette_make(&p, scratch, &im, 1, most, err))
        return false;
    unsigned char alpha[PALETTE_MOST];
    memset(alpha, 255, sizeof alpha);
    int count = p.count + (p.is_see_through ? 1 : 0);
    if (p.is_see_through)
        alpha[p.count] = 0;
    PngPalette table = {&p.rgb[0][0], alpha, count, p.is_see_through ? count : 0};
    unsigned char *known = palette_memo(scratch, err);
    Image indices = {0};
    if (known != NULL)
        indices = palette_apply(scratch, &p, known, im, err);
    Out o = {0};
    bool ok = !tensor_is_empty(indices) && png_write(&o, indices, &table, NULL, 0, err) &&
              out_save(&o, path, err);
    out_release(&o);
    arena_rewind(scratch, floor);
    return ok;
}
