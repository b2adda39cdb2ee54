/* SPDX-License-Identifier: MIT */
#include "sheet/internal.h"

#include <stdlib.h>

int colour_distance(const unsigned char *p, Rgb k)
{
    int r = abs(p[0] - k.r), g = abs(p[1] - k.g), b = abs(p[2] - k.b);
    int most = r > g ? r : g;
    return most > b ? most : b;
}

enum { NEAR_KEY = 80, LEAST_NOISE = 6, MOST_NOISE = 40 };

int quantile(const int *histogram, double share)
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

static Rgb median(const Survey *s)
{
    return (Rgb){(unsigned char)quantile(s->channel[0], 0.5),
                 (unsigned char)quantile(s->channel[1], 0.5),
                 (unsigned char)quantile(s->channel[2], 0.5)};
}

/* 3/2 of the distance that 99 of 100 keep, within what noise may be. */
static int noise_of(const Survey *s, int most)
{
    int noise = quantile(s->distance, 0.99) * 3 / 2 + 2;
    return noise < LEAST_NOISE ? LEAST_NOISE : noise > most ? most : noise;
}

Ground ground_find(Image im, Rgb key)
{
    Survey s = {.key = key};
    each_border_pixel(im, survey_colour, &s);
    if (s.near * 8 < s.pixels)
        return (Ground){key, LEAST_NOISE * 2};
    s.key = median(&s);
    each_border_pixel(im, survey_noise, &s);
    return (Ground){s.key, noise_of(&s, MOST_NOISE)};
}

static void survey_any_colour(const unsigned char *p, void *to)
{
    Survey *s = to;
    s->pixels++;
    for (int c = 0; c < 3; c++)
        s->channel[c][p[c]]++;
}

static void survey_paper(const unsigned char *p, void *to)
{
    Survey *s = to;
    int d = colour_distance(p, s->key);
    if (d > PAPER_NOISE)
        return;
    s->distance[d]++;
    s->near++;
}

double ground_guess(Ground *g, Image im)
{
    Survey s = {0};
    each_border_pixel(im, survey_any_colour, &s);
    s.key = median(&s);
    each_border_pixel(im, survey_paper, &s);
    *g = (Ground){s.key, noise_of(&s, PAPER_NOISE)};
    return (double)s.near / s.pixels;
}
