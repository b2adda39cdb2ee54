/* SPDX-License-Identifier: MIT */
#include "puppet/internal.h"

#include <math.h>
#include <stdlib.h>

/* sRGB to L*a*b* (CIE 1976, white D65). */
static float linear(int v)
{
    float c = (float)v / 255;
    return c <= .04045f ? c / 12.92f : powf((c + .055f) / 1.055f, 2.4f);
}

static float curve(float t)
{
    return t > .008856f ? cbrtf(t) : 7.787f * t + 16.0f / 116;
}

void color_lab(float *lab, const unsigned char *rgba, int64_t n)
{
    float table[256];
    for (int v = 0; v < 256; v++)
        table[v] = linear(v);
    for (int64_t i = 0; i < n; i++, rgba += 4, lab += 3) {
        float r = table[rgba[0]], g = table[rgba[1]], b = table[rgba[2]];
        float x = curve((.412453f * r + .357580f * g + .180423f * b) / .950456f);
        float y = curve(.212671f * r + .715160f * g + .072169f * b);
        float z = curve((.019334f * r + .119193f * g + .950227f * b) / 1.088754f);
        lab[0] = (116 * y - 16) * 2.55f;
        lab[1] = 500 * (x - y);
        lab[2] = 200 * (y - z);
    }
}

float color_step(const float *a, const float *b)
{
    return (fabsf(a[0] - b[0]) + fabsf(a[1] - b[1]) + fabsf(a[2] - b[2])) / 255;
}

float rgb_step(const unsigned char *a, const unsigned char *b)
{
    return (float)(abs(a[0] - b[0]) + abs(a[1] - b[1]) + abs(a[2] - b[2])) / 765;
}
