/* SPDX-License-Identifier: MIT */
#include "base/chance.h"

#include <math.h>
#include <string.h>

enum { WORDS = 624, MIDDLE = 397 };

void chance_seed(Chance *c, uint64_t seed)
{
    memset(c, 0, sizeof *c);
    c->word[0] = (uint32_t)seed;
    for (uint32_t i = 1; i < WORDS; i++)
        c->word[i] = 1812433253u * (c->word[i - 1] ^ (c->word[i - 1] >> 30)) + i;
    c->next = WORDS;
}

static uint32_t twist(uint32_t upper, uint32_t lower, uint32_t far)
{
    uint32_t y = (upper & 0x80000000u) | (lower & 0x7fffffffu);
    return far ^ (y >> 1) ^ ((lower & 1) ? 0x9908b0dfu : 0);
}

static void refill(Chance *c)
{
    uint32_t *w = c->word;
    for (int i = 0; i < WORDS; i++)
        w[i] = twist(w[i], w[(i + 1) % WORDS], w[(i + MIDDLE) % WORDS]);
    c->next = 0;
}

uint32_t chance_bits(Chance *c)
{
    if (c->next >= WORDS)
        refill(c);
    uint32_t y = c->word[c->next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

uint32_t chance_below(Chance *c, uint32_t limit)
{
    must(limit > 0);
    uint32_t too_few = (0u - limit) % limit; /* 2^32 mod limit: these would come too often */
    uint32_t bits = chance_bits(c);
    while (bits < too_few)
        bits = chance_bits(c);
    return bits % limit;
}

static float uniform(Chance *c)
{
    return (float)(chance_bits(c) & 0xffffff) * 0x1p-24f;
}

void chance_uniform(Chance *c, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = uniform(c);
}

/* Few numbers: one at a time, in double, in pairs. */
static double uniform_double(Chance *c)
{
    uint64_t high = chance_bits(c);
    uint64_t both = high << 32 | chance_bits(c);
    return (double)(both & ((UINT64_C(1) << 53) - 1)) * 0x1p-53;
}

static double normal_double(Chance *c)
{
    if (c->has_spare) {
        c->has_spare = false;
        return c->spare;
    }
    double turn = uniform_double(c);
    double u = uniform_double(c);
    double radius = sqrt(-2.0 * log1p(-u));
    double angle = 2.0 * 3.14159265358979323846 * turn;
    c->spare = radius * sin(angle);
    c->has_spare = true;
    return radius * cos(angle);
}

/* Many numbers: Box-Muller in float over groups of 16, with the polynomials
 * of Cephes (logf, sinf, cosf) in fused multiply-adds, as torch's AVX2 code
 * has them; the system's own logf differs in the last bit. */
static float cephes_log(float x)
{
    static const float p[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                              -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                              2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
    int exponent;
    x = frexpf(x, &exponent); /* 0.5 <= x < 1 */
    float e = (float)exponent;
    if (x < 0.707106781186547524f) {
        e -= 1;
        x = x - 1 + x;
    } else {
        x -= 1;
    }
    float z = x * x;
    float y = p[0];
    for (int i = 1; i < 9; i++)
        y = fmaf(y, x, p[i]);
    y *= x;
    y = fmaf(y, z, e * -2.12194440e-4f);
    y = fmaf(z, -0.5f, y);
    return fmaf(e, 0.693359375f, x + y);
}

/* For 0 <= x <= 2 pi. */
static void cephes_sincos(float x, float *sine, float *cosine)
{
    int octant = (int)(x * 1.27323954473516f);
    octant = (octant + 1) & ~1;
    float y = (float)octant;
    x = fmaf(y, -0.78515625f, x);
    x = fmaf(y, -2.4187564849853515625e-4f, x);
    x = fmaf(y, -3.77489497744594108e-8f, x);
    float z = x * x;
    float c =
        fmaf(fmaf(2.443315711809948e-5f, z, -1.388731625493765e-3f), z, 4.166664568298827e-2f);
    c = c * z;
    c = fmaf(c, z, -0.5f * z) + 1;
    float s = fmaf(fmaf(-1.9515295891e-4f, z, 8.3321608736e-3f), z, -1.6666654611e-1f);
    s = fmaf(s * z, x, x);
    bool swap = octant & 2;
    float sin_value = swap ? c : s, cos_value = swap ? s : c;
    *sine = (octant & 4) ? -sin_value : sin_value;
    *cosine = ((octant + 2) & 4) ? -cos_value : cos_value;
}

static void box_muller(float *v)
{
    for (int j = 0; j < 8; j++) {
        float radius = sqrtf(-2.0f * cephes_log(1 - v[j]));
        float sine, cosine;
        cephes_sincos(6.28318530717958647692f * v[j + 8], &sine, &cosine);
        v[j] = radius * cosine;
        v[j + 8] = radius * sine;
    }
}

void chance_normal(Chance *c, float *to, int64_t n)
{
    if (n < 16) {
        for (int64_t i = 0; i < n; i++)
            to[i] = (float)normal_double(c);
        return;
    }
    chance_uniform(c, to, n);
    for (int64_t i = 0; i + 16 <= n; i += 16)
        box_muller(to + i);
    if (n % 16) { /* the last 16 are drawn anew, over what they were */
        chance_uniform(c, to + n - 16, 16);
        box_muller(to + n - 16);
    }
}

/* The nearest half, as a float. */
static float half(float x)
{
    if (x == 0 || !isfinite(x))
        return x;
    int exponent;
    frexpf(x, &exponent);
    int unit = exponent > -13 ? exponent - 11 : -24; /* 11 bits, fewer below 2^-14 */
    float rounded = ldexpf(rintf(ldexpf(x, -unit)), unit);
    return fabsf(rounded) > 65504 ? copysignf(INFINITY, x) : rounded;
}

/* Torch once drew and computed halves in half precision. */
static void box_muller_coarse(float *v)
{
    for (int j = 0; j < 8; j++) {
        float radius = half(sqrtf(-2.0f * logf(half(1 - v[j]))));
        float angle = half(6.28318530717958647692f * v[j + 8]);
        v[j] = half(radius * cosf(angle));
        v[j + 8] = half(radius * sinf(angle));
    }
}

static void uniform_coarse(Chance *c, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)(chance_bits(c) & 0x7ff) * 0x1p-11f;
}

void chance_normal_coarse(Chance *c, float *to, int64_t n)
{
    if (n < 16) {
        chance_normal_half(c, to, n);
        return;
    }
    uniform_coarse(c, to, n);
    for (int64_t i = 0; i + 16 <= n; i += 16)
        box_muller_coarse(to + i);
    if (n % 16) {
        uniform_coarse(c, to + n - 16, 16);
        box_muller_coarse(to + n - 16);
    }
}

/* Now they are floats that are rounded, and the last group is drawn
 * anew without having been drawn before. */
void chance_normal_half(Chance *c, float *to, int64_t n)
{
    if (n < 16) {
        chance_normal(c, to, n);
    } else {
        chance_normal(c, to, n / 16 * 16);
        if (n % 16)
            chance_normal(c, to + n - 16, 16);
    }
    for (int64_t i = 0; i < n; i++)
        to[i] = half(to[i]);
}

/* ---- Philox -------------------------------------------------------------------------- */

typedef struct Words {
    uint32_t word[4];
} Words;

static Words philox(Words c, uint64_t seed)
{
    uint32_t low = (uint32_t)seed, high = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xd2511f53 * c.word[0], b = (uint64_t)0xcd9e8d57 * c.word[2];
        c = (Words){{(uint32_t)(b >> 32) ^ c.word[1] ^ low, (uint32_t)b,
                     (uint32_t)(a >> 32) ^ c.word[3] ^ high, (uint32_t)a}};
        low += 0x9e3779b9;
        high += 0xbb67ae85;
    }
    return c;
}

void philox_seed(Philox *p, uint64_t seed)
{
    *p = (Philox){.seed = seed};
}

void philox_normal(Philox *p, float *to, int64_t n)
{
    const float turn = 6.2831855f;
    for (int64_t i = 0; i < n; i++) {
        Words w = philox((Words){{p->draws, 0, (uint32_t)i, (uint32_t)(i >> 32)}}, p->seed);
        float u = fmaf((float)w.word[0], 0x1p-32f, 0x1p-33f);
        float v = fmaf((float)w.word[1], 0x1p-32f * turn, 0x1p-33f * turn);
        to[i] = sqrtf(-2 * logf(u)) * sinf(v);
    }
    p->draws++;
}
