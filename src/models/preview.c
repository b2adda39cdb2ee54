/* SPDX-License-Identifier: MIT */
#include "models/preview.h"

#include <math.h>

const Preview preview_sd = {
    .factor = {{0.298f, 0.207f, 0.208f},
               {0.187f, 0.286f, 0.173f},
               {-0.158f, 0.189f, 0.264f},
               {-0.184f, -0.271f, -0.473f}},
};

/* Given as 60, -60, 25, -70; ... over 0..255. */
const Preview preview_xl = {
    .factor = {{60 / 127.5f, 60 / 127.5f, 60 / 127.5f},
               {-60 / 127.5f, -5 / 127.5f, 10 / 127.5f},
               {25 / 127.5f, 15 / 127.5f, -5 / 127.5f},
               {-70 / 127.5f, -50 / 127.5f, -35 / 127.5f}},
    .offset = {150 / 127.5f - 1, 140 / 127.5f - 1, 130 / 127.5f - 1},
};

Tensor preview_rgb(Run *r, const Preview *p, Tensor latents)
{
    if (run_stopped(r) || tensor_is_empty(latents))
        return (Tensor){0};
    must(latents.rank == 4 && latents.dim[3] == 4);
    Tensor y = nn_new(r, SHAPE(latents.dim[0], latents.dim[1], latents.dim[2], 3));
    int64_t n = tensor_is_empty(y) ? 0 : tensor_count(y);
    for (int64_t i = 0; i < n; i++) { /* a few thousand: no kernel */
        const float *z = tensor_f32(latents) + i / 3 * 4;
        float sum = p->offset[i % 3];
        for (int c = 0; c < 4; c++)
            sum += z[c] * p->factor[c][i % 3];
        tensor_f32(y)[i] = fminf(fmaxf(sum, -1), 1);
    }
    return y;
}
