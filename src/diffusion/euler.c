/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "diffusion/internal.h"

/* x' = x + e (to - sigma) + fresh z */
static void move(Sampler *s, int i, float *x, const float *out, float to, float fresh,
                 const float *noise)
{
    Reading r = sampler_reading(s, s->at[i]);
    float way = to - s->sigma[i];
    for (int64_t k = 0; k < s->count; k++) {
        x[k] += way * line_at(r.noise, x[k], out[k]);
        if (noise)
            x[k] += fresh * noise[k];
    }
}

void step_euler(Sampler *s, int i, float *x, const float *out, const float *noise)
{
    (void)noise;
    move(s, i, x, out, s->sigma[i + 1], 0, NULL);
}

bool euler_a_draws(const Sampler *s, int i)
{
    (void)s;
    (void)i;
    return true;
}

/* Further down than asked, then up again by fresh noise. */
void step_euler_a(Sampler *s, int i, float *x, const float *out, const float *noise)
{
    double from = (double)s->sigma[i], to = (double)s->sigma[i + 1];
    double up = to * sqrt(fmax(from * from - to * to, 0)) / from;
    double down = sqrt(fmax(to * to - up * up, 0));
    move(s, i, x, out, (float)down, (float)up, noise);
}
