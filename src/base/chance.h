#ifndef BASE_CHANCE_H
#define BASE_CHANCE_H
#include "base/base.h"

/* Random numbers, the same as torch's CPU generator draws.
 *
 * MT19937, seeded by the low 32 bits.  The state moves on over successive
 * draws exactly as torch's does, so one Chance may serve a whole run, and the
 * same seed gives the same picture as a script would.  A small value without
 * an end; not for use by two threads at once. */
typedef struct Chance {
    uint32_t word[624];
    int next;       /* words used of these 624 */
    bool has_spare; /* normals come in pairs: the second waits here */
    double spare;
} Chance;

void chance_seed(Chance *c, uint64_t seed);

uint32_t chance_bits(Chance *c);

/* to[n], 0 <= to < 1, in steps of 2^-24: torch.rand. */
void chance_uniform(Chance *c, float *to, int64_t n);

/* to[n], mean 0 and spread 1: torch.randn(n).  From 16 on as torch computes
 * them with AVX2, whose logarithm, sine and cosine are polynomials. */
void chance_normal(Chance *c, float *to, int64_t n);

/* torch.randn(n, dtype=float16), each number exactly a half.  _half as torch
 * draws them of late (2.13): floats, rounded; n not a multiple of 16 takes
 * fewer bits than chance_normal.  _coarse as it did in 2.0 (and at least to
 * 2.7): other numbers, from 11 bits each, in half arithmetic.  That is what
 * AnimateAnyone's scripts see with their pinned torch. */
void chance_normal_half(Chance *c, float *to, int64_t n);
void chance_normal_coarse(Chance *c, float *to, int64_t n);

/* 0 <= result < limit, for choosing; limit > 0.  Not one of torch's. */
uint32_t chance_below(Chance *c, uint32_t limit);

/* Normals as torch draws them on an NVIDIA card: Philox 4x32-10 (Salmon et al.
 * 2011), number i of draw d from the counter (d, 0, i, 0), the key the seed,
 * Box-Muller's sine of the first two words.  A card does this as long as it
 * has a thread for each number (some 10^5; beyond that it depends on the
 * card), and differs by an ulp or so of its own logarithm and sine. */
typedef struct Philox {
    uint64_t seed;
    uint32_t draws; /* calls of philox_normal so far */
} Philox;

void philox_seed(Philox *p, uint64_t seed);
/* to[n], mean 0 and spread 1: torch.randn(n, device='cuda'). */
void philox_normal(Philox *p, float *to, int64_t n);
#endif
