#ifndef DIFFUSION_GUIDANCE_H
#define DIFFUSION_GUIDANCE_H
#include "base/base.h"

/* Classifier-free guidance (Ho and Salimans 2022, 2207.12598): away from what
 * the network says without the prompt,
 *
 *   g = u + scale (c - u)
 *
 * and, so that strong guidance does not burn the picture out (Lin et al.
 * 2023, 2305.08891, section 3.4), scaled back to the spread of c by a share:
 *
 *   out = rescale * g * std(c) / std(g) + (1 - rescale) * g
 *
 * with std over all numbers of one picture. */
typedef struct Guidance {
    double scale;       /* up to 1 the unconditional side is not asked for */
    double rescale;     /* 0..1; 0.7 is usual with v prediction */
    double from, until; /* guided while from <= done / total < until; both 0: always */
} Guidance;

/* Whether the call after `done` of `total` is guided at all. */
bool guidance_is_on(const Guidance *g, int done, int total);

/* out[n] of one picture; may be either side. */
void guidance_mix(const Guidance *g, float *out, const float *uncond, const float *cond,
                  int64_t n);
#endif
