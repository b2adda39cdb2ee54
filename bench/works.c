/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONV3(n, c, o, side)                                                                   \
    {                                                                                          \
        .kind = WORK_CONV, .N = n, .C = c, .O = o, .H = side, .W = side, .kernel = 3           \
    }
#define LINEAR(m, i, o)                                                                        \
    {                                                                                          \
        .kind = WORK_LINEAR, .N = m, .C = i, .O = o                                            \
    }
#define ATTENTION(n, heads, d, t, s)                                                           \
    {                                                                                          \
        .kind = WORK_ATTENTION, .N = n, .C = heads, .O = d, .T = t, .S = s                     \
    }

static const Work watched[] = {
    CONV3(2, 320, 320, 64),
    CONV3(2, 640, 640, 32),
    CONV3(2, 1280, 1280, 16),
    CONV3(2, 1280, 1280, 8),
    CONV3(2, 640, 320, 64),
    CONV3(1, 512, 512, 64),
    CONV3(1, 512, 512, 128),
    CONV3(1, 256, 256, 256),
    CONV3(1, 128, 128, 512),
    CONV3(1, 128, 3, 512),
    {.kind = WORK_CONV,
     .N = 1,
     .C = 64,
     .O = 64,
     .H = 320,
     .W = 320,
     .kernel = 3,
     .depthwise = true},
    LINEAR(8192, 320, 320),
    LINEAR(8192, 320, 2560),
    LINEAR(8192, 1280, 320),
    LINEAR(2048, 640, 640),
    LINEAR(2048, 640, 5120),
    LINEAR(2048, 2560, 640),
    LINEAR(512, 1280, 1280),
    LINEAR(512, 1280, 10240),
    LINEAR(512, 5120, 1280),
    LINEAR(128, 1280, 1280),
    LINEAR(128, 1280, 10240),
    LINEAR(128, 5120, 1280),
    LINEAR(154, 768, 320),
    LINEAR(154, 768, 1280),
    LINEAR(77, 768, 768),
    LINEAR(77, 768, 3072),
    LINEAR(77, 3072, 768),
    ATTENTION(2, 8, 40, 4096, 4096),
    ATTENTION(2, 8, 80, 1024, 1024),
    ATTENTION(2, 8, 160, 256, 256),
    ATTENTION(2, 8, 160, 64, 64),
    ATTENTION(2, 8, 40, 4096, 77),
    ATTENTION(1, 8, 40, 4096, 8192),
    ATTENTION(1, 1, 512, 4096, 4096),
    {.kind = WORK_ATTENTION,
     .N = 2,
     .C = 8,
     .O = 40,
     .T = 16,
     .S = 16,
     .H = 32,
     .W = 32,
     .frames = true},
};

int works_watched(const Work **works)
{
    *works = watched;
    return (int)(sizeof watched / sizeof *watched);
}

static int64_t batches(const Work *s)
{
    return s->frames ? s->N * s->H * s->W : s->N;
}

double work_flop(const Work *s)
{
    switch (s->kind) {
    case WORK_CONV: {
        double taps = (double)(s->kernel * s->kernel) * (double)(s->depthwise ? 1 : s->C);
        return 2 * (double)(s->N * s->H * s->W) * (double)s->O * taps;
    }
    case WORK_LINEAR:
        return 2 * (double)(s->N * s->C) * (double)s->O;
    case WORK_ATTENTION:
        return 4 * (double)(batches(s) * s->T * s->S) * (double)(s->C * s->O);
    }
    return 0;
}

WorkName work_name(const Work *s)
{
    WorkName name = {""};
    char *to = name.text;
    size_t size = sizeof name.text;
    int used = 0;
    if (s->kind == WORK_LINEAR) {
        snprintf(to, size, "linear.%ld.%ld.%ld", (long)s->N, (long)s->C, (long)s->O);
        return name;
    }
    if (s->kind == WORK_CONV && s->depthwise)
        used = snprintf(to, size, "depthwise3x3.%ld.%ld", (long)s->C, (long)s->H);
    else if (s->kind == WORK_CONV)
        used = snprintf(to, size, "conv%dx%d.%ld.%ld.%ld", s->kernel, s->kernel, (long)s->C,
                        (long)s->O, (long)s->H);
    else
        used = snprintf(to, size, "%s.t%ld.s%ld.h%ld.d%ld", s->frames ? "frames" : "attention",
                        (long)s->T, (long)s->S, (long)s->C, (long)s->O);
    snprintf(to + used, size - (size_t)used, ".n%ld", (long)batches(s));
    return name;
}

void *bench_memory(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
    must(p != NULL);
    memset(p, 0, bytes);
    return p;
}

float *bench_noise(int64_t n, float size)
{
    float *p = bench_memory((size_t)n * sizeof(float));
    uint32_t s = 12345;
    for (int64_t i = 0; i < n; i++) {
        s = s * 1664525u + 1013904223u;
        p[i] = (float)((int32_t)(s >> 9) - (1 << 22)) * (size / (1 << 22));
    }
    return p;
}

double bench_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *v, int n)
{
    if (n == 0)
        return 0;
    qsort(v, (size_t)n, sizeof *v, compare);
    return v[n / 2];
}
