/* SPDX-License-Identifier: MIT */
#include "media/internal.h"

#include <math.h>

static float to_linear(int byte)
{
    float v = (float)byte / 255;
    return v <= 0.04045f ? v / 12.92f : powf((v + 0.055f) / 1.055f, 2.4f);
}

static unsigned char to_srgb(float v)
{
    v = v < 0 ? 0 : v > 1 ? 1 : v;
    v = v <= 0.0031308f ? v * 12.92f : 1.055f * powf(v, 1 / 2.4f) - 0.055f;
    return (unsigned char)(v * 255 + 0.5f);
}

Lab lab_from_rgb(const unsigned char *rgb)
{
    float r = to_linear(rgb[0]), g = to_linear(rgb[1]), b = to_linear(rgb[2]);
    float l = cbrtf(0.4122214708f * r + 0.5363325363f * g + 0.0514459929f * b);
    float m = cbrtf(0.2119034982f * r + 0.6806995451f * g + 0.1073969566f * b);
    float s = cbrtf(0.0883024619f * r + 0.2817188376f * g + 0.6299787005f * b);
    return (Lab){{0.2104542553f * l + 0.7936177850f * m - 0.0040720468f * s,
                  1.9779984951f * l - 2.4285922050f * m + 0.4505937099f * s,
                  0.0259040371f * l + 0.7827717662f * m - 0.8086757660f * s}};
}

static float cube(float v)
{
    return v * v * v;
}

void lab_to_rgb(unsigned char *rgb, Lab c)
{
    float l = cube(c.v[0] + 0.3963377774f * c.v[1] + 0.2158037573f * c.v[2]);
    float m = cube(c.v[0] - 0.1055613458f * c.v[1] - 0.0638541728f * c.v[2]);
    float s = cube(c.v[0] - 0.0894841775f * c.v[1] - 1.2914855480f * c.v[2]);
    rgb[0] = to_srgb(4.0767416621f * l - 3.3077115913f * m + 0.2309699292f * s);
    rgb[1] = to_srgb(-1.2684380046f * l + 2.6097574011f * m - 0.3413193965f * s);
    rgb[2] = to_srgb(-0.0041960863f * l - 0.7034186147f * m + 1.7076147010f * s);
}

float lab_distance(Lab a, Lab b)
{
    float sum = 0;
    for (int i = 0; i < 3; i++)
        sum += (a.v[i] - b.v[i]) * (a.v[i] - b.v[i]);
    return sum;
}
