/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <math.h>

#include "diffusion/sampler.h"

/* A few steps by what the configuration says: its members are within bounds,
 * so x stays a number. */
static void walk(Sampler *s, Arena *a)
{
    float x[4] = {0.5f, -1, 0, 2}, out[4], noise[4] = {1, -1, 0.5f, 0};
    Err err = {0};
    must(s->calls > 0 && s->start_scale > 0);
    if (!sampler_start(s, 0, 4, a, &err))
        return;
    for (int i = 0; i < s->calls; i++) {
        must(i == 0 || s->time[i] <= s->time[i - 1] || s->calls > s->steps);
        sampler_scale(s, i, out, x, 4);
        sampler_step(s, i, x, out, sampler_draws(s, i) ? noise : NULL);
    }
    for (int k = 0; k < 4; k++)
        must(!isnan(x[k]));
}

/* A scheduler_config.json as it stands and as each sampler would have it, or
 * a sentence. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Arena a;
    Err none = {0};
    must(arena_init(&a, 1 << 20, &none));
    for (int i = -1; i < 0 || sampler_at(i); i++) {
        Err err = {0};
        SchedulerConfig c;
        Sampler s = {0};
        const char *sampler = i < 0 ? NULL : sampler_name(sampler_at(i));
        bool ok = scheduler_config_parse(&c, (const char *)data, size, "fuzz", sampler, &err) &&
                  sampler_init(&s, &c, 1 + (int)(size % 40), &err);
        must(ok ? err.kind == ERR_NONE : err.kind != ERR_NONE && err.text[0] != '\0');
        if (ok)
            walk(&s, &a);
        sampler_release(&s);
        arena_rewind(&a, 0);
    }
    arena_release(&a);
    return 0;
}
