/* SPDX-License-Identifier: MIT */
#include "sheet/matte.h"
#include "sheet/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int colour_distance(const unsigned char *p, Rgb k)
{
    int r = abs(p[0] - k.r), g = abs(p[1] - k.g), b = abs(p[2] - k.b);
    int most = r > g ? r : g;
    return most > b ? most : b;
}

static int least_distance(Image im, Rgb k)
{
    int c = image_channels(im), least = 256;
    const unsigned char *p = im.data;
    for (int64_t i = im.dim[0] * im.dim[1]; i > 0; i--, p += c)
        if (c == 3 || p[3] >= 128) {
            int d = colour_distance(p, k);
            least = d < least ? d : least;
        }
    return least;
}

Rgb matte_choose_key(Image im, const Rgb *candidates, int count)
{
    static const Rgb usual[] = {{255, 0, 255}, {0, 255, 0},   {0, 0, 255},
                                {0, 255, 255}, {255, 255, 0}, {255, 0, 0}};
    if (count == 0) {
        candidates = usual;
        count = sizeof usual / sizeof *usual;
    }
    int best = 0, most = -1;
    for (int i = 0; i < count; i++) {
        int d = least_distance(im, candidates[i]);
        if (d > most) {
            most = d;
            best = i;
        }
    }
    return candidates[best];
}

/* The background as it really came out. */
typedef struct Ground {
    Rgb key;
    int noise; /* distances up to this are background */
} Ground;

enum { NEAR_KEY = 80, LEAST_NOISE = 6, MOST_NOISE = 40 };

/* The value below which `share` of a histogram lies. */
static int quantile(const int *histogram, double share)
{
    int total = 0, sum = 0, v = 0;
    for (int i = 0; i < 256; i++)
        total += histogram[i];
    for (; v < 255; v++) {
        sum += histogram[v];
        if (sum >= share * total)
            break;
    }
    return v;
}

typedef void (*PixelFn)(const unsigned char *p, void *to);

static void each_border_pixel(Image im, PixelFn fn, void *to)
{
    enum { BORDER = 2 };
    int w = image_width(im), h = image_height(im);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            bool is_inside = y >= BORDER && y < h - BORDER && x >= BORDER && x < w - BORDER;
            if (is_inside)
                x = w - BORDER;
            fn(image_at(im, x, y), to);
        }
}

typedef struct Survey {
    Rgb key;
    int pixels, near;
    int channel[3][256], distance[256];
} Survey;

static void survey_colour(const unsigned char *p, void *to)
{
    Survey *s = to;
    s->pixels++;
    if (colour_distance(p, s->key) > NEAR_KEY)
        return;
    s->near++;
    for (int c = 0; c < 3; c++)
        s->channel[c][p[c]]++;
}

static void survey_noise(const unsigned char *p, void *to)
{
    Survey *s = to;
    int d = colour_distance(p, s->key);
    if (d <= MOST_NOISE)
        s->distance[d]++;
}

static Ground ground_find(Image im, Rgb key)
{
    Survey s = {.key = key};
    each_border_pixel(im, survey_colour, &s);
    if (s.near * 8 < s.pixels)
        return (Ground){key, LEAST_NOISE * 2};
    s.key = (Rgb){(unsigned char)quantile(s.channel[0], 0.5),
                  (unsigned char)quantile(s.channel[1], 0.5),
                  (unsigned char)quantile(s.channel[2], 0.5)};
    each_border_pixel(im, survey_noise, &s);
    int noise = quantile(s.distance, 0.99) * 3 / 2 + 2;
    noise = noise < LEAST_NOISE ? LEAST_NOISE : noise > MOST_NOISE ? MOST_NOISE : noise;
    return (Ground){s.key, noise};
}

/* Steps to the nearest background, diagonals too, counted up to 255: two
 * sweeps of a chessboard distance. */
static void depths_fill(unsigned char *depth, Image im, Ground g)
{
    int w = image_width(im), h = image_height(im), c = image_channels(im);
    const unsigned char *p = im.data;
    for (int64_t i = 0, n = (int64_t)w * h; i < n; i++, p += c)
        depth[i] = colour_distance(p, g.key) <= g.noise ? 0 : 255;
    for (int sweep = 0; sweep < 2; sweep++) {
        int step = sweep == 0 ? 1 : -1;
        for (int j = 0; j < h; j++)
            for (int i = 0; i < w; i++) {
                int x = sweep == 0 ? i : w - 1 - i, y = sweep == 0 ? j : h - 1 - j;
                unsigned char *d = depth + (size_t)y * (size_t)w + (size_t)x;
                int least = i > 0 ? d[-step] : 255;
                for (int k = -1; k <= 1 && j > 0; k++)
                    if (x + k >= 0 && x + k < w && d[k - step * w] < least)
                        least = d[k - step * w];
                if (least + 1 < *d)
                    *d = (unsigned char)(least + 1);
            }
    }
}

typedef struct Cut {
    Image from, to;
    const unsigned char *depth;
    Ground ground;
    int hue[3]; /* 1: a channel that the key has much of; -1: little; 0: between */
    bool has_hue;
} Cut;

static int depth_at(const Cut *k, int x, int y)
{
    return k->depth[(size_t)y * (size_t)image_width(k->from) + (size_t)x];
}

/* How a colour is explained as a mix of the key and a colour nearby. */
typedef struct Mix {
    float alpha, misfit; /* distance of the colour from the line, in levels */
    const unsigned char *figure;
} Mix;

static Mix mix_of(const unsigned char *c, Rgb key, const unsigned char *figure)
{
    float k[3] = {key.r, key.g, key.b}, dot = 0, length = 0, far = 0;
    for (int i = 0; i < 3; i++) {
        float u = figure[i] - k[i], v = c[i] - k[i];
        dot += u * v;
        length += u * u;
        far += v * v;
    }
    Mix m = {.alpha = dot / (length + 1e-6f), .figure = figure};
    float miss = far - dot * m.alpha;
    m.misfit = sqrtf(miss > 0 ? miss : 0);
    return m;
}

/* Best mix with a figure colour at `at_least` deep or deeper, within reach. */
static Mix best_mix(const Cut *k, int x, int y, int at_least)
{
    enum { REACH = 4 };
    const float per_pixel = 0.75f;
    const unsigned char *c = image_at(k->from, x, y);
    Mix best = {.alpha = 1, .misfit = INFINITY, .figure = c};
    float least = INFINITY;
    int right = (int)min64(x + REACH, image_width(k->from) - 1);
    int bottom = (int)min64(y + REACH, image_height(k->from) - 1);
    for (int v = (int)max64(y - REACH, 0); v <= bottom; v++)
        for (int u = (int)max64(x - REACH, 0); u <= right; u++) {
            if (depth_at(k, u, v) < at_least)
                continue;
            Mix m = mix_of(c, k->ground.key, image_at(k->from, u, v));
            float cost = m.misfit + per_pixel * (float)(abs(u - x) + abs(v - y));
            if (m.alpha > 0 && cost < least) {
                least = cost;
                best = m;
            }
        }
    return best;
}

/* More of the key's hue than of the others, in levels; below 0 if less. */
static int excess(const Cut *k, const unsigned char *c)
{
    int least_high = 255, most_low = 0;
    for (int i = 0; i < 3; i++) {
        if (k->hue[i] > 0 && c[i] < least_high)
            least_high = c[i];
        if (k->hue[i] < 0 && c[i] > most_low)
            most_low = c[i];
    }
    return least_high - most_low;
}

/* Takes from q the key's hue that exceeds `allowed`. */
static void despill(const Cut *k, unsigned char *q, int allowed)
{
    int too_much = k->has_hue ? excess(k, q) - (allowed > 0 ? allowed : 0) : 0;
    for (int i = 0; i < 3 && too_much > 0; i++)
        if (k->hue[i] > 0)
            q[i] = (unsigned char)(q[i] - too_much);
}

static int excess_inside(const Cut *k, int x, int y)
{
    enum { REACH = 4 };
    int most = 0;
    int right = (int)min64(x + REACH, image_width(k->from) - 1);
    int bottom = (int)min64(y + REACH, image_height(k->from) - 1);
    for (int v = (int)max64(y - REACH, 0); v <= bottom; v++)
        for (int u = (int)max64(x - REACH, 0); u <= right; u++)
            if (depth_at(k, u, v) >= MATTE_SOFT) {
                int e = excess(k, image_at(k->from, u, v));
                most = e > most ? e : most;
            }
    return most;
}

/* The colour without its share of the key; near the figure's own colour when
 * little is left of it to divide by. */
static void unmix(unsigned char *q, const unsigned char *c, Rgb key, Mix m)
{
    const float trusted = 0.6f;
    float k[3] = {key.r, key.g, key.b};
    float trust = m.alpha >= trusted ? 1 : m.alpha / trusted;
    for (int i = 0; i < 3; i++) {
        float own = (c[i] - (1 - m.alpha) * k[i]) / m.alpha;
        float v = trust * own + (1 - trust) * m.figure[i];
        q[i] = (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5f);
    }
}

static void cut_edge(const Cut *k, int x, int y)
{
    const float full = 0.96f, none = 0.03f;
    float fits = 10 + 1.5f * (float)k->ground.noise;
    const unsigned char *c = image_at(k->from, x, y);
    unsigned char *q = image_at(k->to, x, y);
    int depth = depth_at(k, x, y);
    Mix m = best_mix(k, x, y, MATTE_SOFT);
    for (int d = MATTE_SOFT - 1; d > depth && m.misfit > fits; d--)
        m = best_mix(k, x, y, d);
    if (m.misfit > fits || m.alpha >= full || depth >= MATTE_SOFT) {
        memcpy(q, c, 3);
        q[3] = 255;
        despill(k, q, excess_inside(k, x, y));
    } else if (m.alpha > none) {
        unmix(q, c, k->ground.key, m);
        q[3] = (unsigned char)(m.alpha * 255 + 0.5f);
        despill(k, q, excess(k, m.figure));
    }
}

static void cut_all(Cut *k)
{
    int w = image_width(k->from), h = image_height(k->from);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int depth = depth_at(k, x, y);
            unsigned char *q = image_at(k->to, x, y);
            memset(q, 0, 4);
            if (depth > MATTE_SOFT) {
                memcpy(q, image_at(k->from, x, y), 3);
                q[3] = 255;
            } else if (depth > 0) {
                cut_edge(k, x, y);
            }
        }
}

static void find_hue(Cut *k)
{
    const int key[3] = {k->ground.key.r, k->ground.key.g, k->ground.key.b};
    int highs = 0, lows = 0;
    for (int i = 0; i < 3; i++) {
        k->hue[i] = key[i] > 160 ? 1 : key[i] < 96 ? -1 : 0;
        highs += k->hue[i] > 0;
        lows += k->hue[i] < 0;
    }
    k->has_hue = highs > 0 && lows > 0;
}

static void make_binary(Image im)
{
    unsigned char *p = im.data;
    for (int64_t i = im.dim[0] * im.dim[1]; i > 0; i--, p += 4) {
        if (p[3] < 128)
            memset(p, 0, 4);
        else
            p[3] = 255;
    }
}

Image matte_cut(Arena *a, Image im, const MatteOptions *o, Err *err)
{
    bool has_alpha = image_is_see_through(im);
    Image to = image_to_rgba(a, im, err);
    if (tensor_is_empty(to))
        return to;
    size_t floor = a->used;
    if (!has_alpha) {
        unsigned char *depth = arena_take(a, (size_t)(im.dim[0] * im.dim[1]));
        if (depth == NULL) {
            err_set(err, ERR_MEMORY, "not enough memory to cut out a frame");
            return (Image){0};
        }
        Cut k = {.from = im, .to = to, .depth = depth, .ground = ground_find(im, o->key)};
        find_hue(&k);
        depths_fill(depth, im, k.ground);
        cut_all(&k);
        if (!islands_drop(a, to, o->smallest > 0 ? o->smallest : 1.0 / 400, err))
            return (Image){0};
    }
    if (o->is_binary)
        make_binary(to);
    arena_rewind(a, floor);
    return to;
}
