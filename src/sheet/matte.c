/* SPDX-License-Identifier: MIT */
#include "sheet/matte.h"
#include "sheet/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* The least of the four neighbours that a sweep has passed: one in the row,
 * three in the row before.  `step` is 1 on the way down, -1 on the way up. */
static int least_passed(const unsigned char *d, int x, int w, int step, bool is_first_row)
{
    bool is_first = step > 0 ? x == 0 : x == w - 1;
    int least = is_first ? 255 : d[-step];
    int from = x > 0 ? -1 : 0, to = x < w - 1 ? 1 : 0;
    for (int k = from; k <= to && !is_first_row; k++)
        if (d[k - (ptrdiff_t)step * w] < least)
            least = d[k - (ptrdiff_t)step * w];
    return least;
}

static void sweep(unsigned char *depth, int w, int h, int step)
{
    for (int i = 0; i < h; i++)
        for (int j = 0; j < w; j++) {
            int x = step > 0 ? j : w - 1 - j, y = step > 0 ? i : h - 1 - i;
            unsigned char *d = depth + (size_t)y * (size_t)w + (size_t)x;
            int least = least_passed(d, x, w, step, i == 0);
            if (least + 1 < *d)
                *d = (unsigned char)(least + 1);
        }
}

/* Steps to the nearest pixel within `near` levels of the key, diagonals too,
 * counted up to `depth`'s former value: two sweeps of a chessboard distance. */
static void depths_fill(unsigned char *depth, Image im, Rgb key, int near)
{
    int w = image_width(im), h = image_height(im), c = image_channels(im);
    const unsigned char *p = im.data;
    for (int64_t i = 0, n = (int64_t)w * h; i < n; i++, p += c)
        if (colour_distance(p, key) <= near)
            depth[i] = 0;
    sweep(depth, w, h, 1);
    sweep(depth, w, h, -1);
}

/* Pixels from the background on in which an edge may lie; how far around a
 * pixel the figure's colour is looked for. */
enum { SOFT = 4, REACH = 5 };

typedef struct Cut {
    Image from, to;
    const unsigned char *depth;
    Ground ground;
    int nearest; /* of the sure figure's colours to the key: what is nearer is a mix */
    int hue[3];  /* 1: a channel that the key has much of; -1: little; 0: between */
    bool has_hue;
    int own; /* excess of the key's hue that the character's colours have */
} Cut;

static int depth_at(const Cut *k, int x, int y)
{
    return k->depth[(size_t)y * (size_t)image_width(k->from) + (size_t)x];
}

static bool is_ground(const Cut *k, int x, int y)
{
    return colour_distance(image_at(k->from, x, y), k->ground.key) <= k->ground.noise;
}

/* Nearer to the key than the figure's own colours are. */
static bool is_mixed(const Cut *k, int x, int y)
{
    return colour_distance(image_at(k->from, x, y), k->ground.key) < k->nearest;
}

Mix mix_of(const unsigned char *c, Rgb key, const unsigned char *figure)
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

/* The mix that explains the pixel best, with a colour that lies deeper in the
 * figure, or for a certain mix with any that is no mix.  A colour further along
 * the line is preferred: one that is itself a mix fits as well, and would give
 * too much alpha.  Without any: the pixel itself, and an endless misfit. */
static Mix best_mix(const Cut *k, int x, int y)
{
    const float per_pixel = 0.5f, per_alpha = 80;
    const unsigned char *c = image_at(k->from, x, y);
    Mix best = {.alpha = 1, .misfit = INFINITY, .figure = c};
    float least = INFINITY;
    int depth = depth_at(k, x, y);
    bool is_mix = is_mixed(k, x, y);
    int right = (int)min64(x + REACH, image_width(k->from) - 1);
    int bottom = (int)min64(y + REACH, image_height(k->from) - 1);
    for (int v = (int)max64(y - REACH, 0); v <= bottom; v++)
        for (int u = (int)max64(x - REACH, 0); u <= right; u++) {
            const unsigned char *f = image_at(k->from, u, v);
            bool is_sure = is_mix && colour_distance(f, k->ground.key) >= k->nearest;
            if (depth_at(k, u, v) <= depth && !is_sure)
                continue;
            Mix m = mix_of(c, k->ground.key, f);
            float cost = m.misfit + per_pixel * (float)(abs(u - x) + abs(v - y)) +
                         per_alpha * (m.alpha < 1 ? m.alpha : 1);
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

/* The most excess that all but strays of the character's pixels have. */
static int own_excess(const Cut *k, Image character)
{
    const double strays = 0.01;
    const int margin = 8;
    int histogram[256] = {0}, c = image_channels(character);
    const unsigned char *p = character.data;
    for (int64_t i = character.dim[0] * character.dim[1]; i > 0; i--, p += c)
        if (c == 3 || p[3] >= 128) {
            int e = excess(k, p);
            histogram[e > 0 ? e : 0]++;
        }
    return quantile(histogram, 1 - strays) + margin;
}

/* Takes from q the key's hue that exceeds `allowed` or the character's own. */
static void despill(const Cut *k, unsigned char *q, int allowed)
{
    allowed = allowed < k->own ? allowed : k->own;
    int too_much = k->has_hue ? excess(k, q) - (allowed > 0 ? allowed : 0) : 0;
    for (int i = 0; i < 3 && too_much > 0; i++)
        if (k->hue[i] > 0)
            q[i] = (unsigned char)(q[i] - too_much);
}

/* The most that the figure has within reach of (x,y). */
static int excess_inside(const Cut *k, int x, int y)
{
    int most = 0;
    int right = (int)min64(x + REACH, image_width(k->from) - 1);
    int bottom = (int)min64(y + REACH, image_height(k->from) - 1);
    for (int v = (int)max64(y - REACH, 0); v <= bottom; v++)
        for (int u = (int)max64(x - REACH, 0); u <= right; u++)
            if (depth_at(k, u, v) >= SOFT) {
                int e = excess(k, image_at(k->from, u, v));
                most = e > most ? e : most;
            }
    return most;
}

void mix_undo(unsigned char *q, const unsigned char *c, Rgb key, Mix m)
{
    float k[3] = {key.r, key.g, key.b};
    for (int i = 0; i < 3; i++) {
        float v = c[i] + (1 - m.alpha) * (m.figure[i] - k[i]);
        q[i] = (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5f);
    }
}

static void cut_edge(const Cut *k, int x, int y)
{
    const float full = 0.96f, none = 0.03f;
    float fits = 12 + 1.5f * (float)k->ground.noise;
    const unsigned char *c = image_at(k->from, x, y);
    unsigned char *q = image_at(k->to, x, y);
    Mix m = best_mix(k, x, y);
    if (m.misfit > fits || m.alpha >= full) {
        memcpy(q, c, 3);
        q[3] = 255;
        despill(k, q, excess_inside(k, x, y));
    } else if (m.alpha > none) {
        mix_undo(q, c, k->ground.key, m);
        q[3] = (unsigned char)(m.alpha * 255 + 0.5f);
        despill(k, q, (int)min64(excess(k, m.figure), excess_inside(k, x, y)));
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
            if (depth > SOFT) {
                memcpy(q, image_at(k->from, x, y), 3);
                q[3] = 255;
                despill(k, q, k->own);
            } else if (!is_ground(k, x, y)) {
                cut_edge(k, x, y);
            }
        }
}

/* Whether a pixel differs from its neighbours by no more than noise does. */
static bool is_flat(const Cut *k, int x, int y)
{
    const unsigned char *p = image_at(k->from, x, y);
    const unsigned char *beside[] = {image_at(k->from, x - 1, y), image_at(k->from, x + 1, y),
                                     image_at(k->from, x, y - 1), image_at(k->from, x, y + 1)};
    for (int i = 0; i < 4; i++)
        if (colour_distance(p, (Rgb){beside[i][0], beside[i][1], beside[i][2]}) >
            2 * k->ground.noise)
            return false;
    return true;
}

/* The distance that nearly all flat parts of the figure's inside keep from the
 * key; 0 if it has none.  (Gaps that the figure encloses are not flat, unless
 * they show the key itself.) */
static int nearest_to_key(const Cut *k)
{
    const double strays = 0.01;
    int histogram[256] = {0}, flat = 0;
    for (int y = 1; y < image_height(k->from) - 1; y++)
        for (int x = 1; x < image_width(k->from) - 1; x++)
            if (depth_at(k, x, y) > SOFT && is_flat(k, x, y)) {
                histogram[colour_distance(image_at(k->from, x, y), k->ground.key)]++;
                flat++;
            }
    return flat == 0 ? 0 : quantile(histogram, strays);
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
        k.own = 255;
        if (!tensor_is_empty(o->character) && k.has_hue)
            k.own = own_excess(&k, o->character);
        memset(depth, 255, (size_t)(im.dim[0] * im.dim[1]));
        depths_fill(depth, im, k.ground.key, k.ground.noise);
        k.nearest = nearest_to_key(&k);
        /* gaps too narrow to show the key itself have edges too */
        depths_fill(depth, im, k.ground.key, k.nearest / 3);
        cut_all(&k);
        if (!islands_drop(a, to, o->smallest > 0 ? o->smallest : 1.0 / 400, err))
            return (Image){0};
    }
    if (o->is_binary)
        make_binary(to);
    arena_rewind(a, floor);
    return to;
}
