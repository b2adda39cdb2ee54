/* SPDX-License-Identifier: MIT */
#include "kernels/x86/conv.h"

/* Winograd is for layers that have channels enough to pay for its transforms.  A panel that is
 * mostly empty costs more than sums over lanes. */
enum { WINOGRAD_LEAST = 24, NARROW_MOST = 8, NARROW_CHANNELS = 12 };

static const ConvMethod *method_for(ConvShape s)
{
    if (s.depthwise)
        return &OVERLAY(conv_depthwise);
    if (s.kh == 3 && s.kw == 3 && s.stride == 1 && s.C >= WINOGRAD_LEAST &&
        s.O >= WINOGRAD_LEAST)
        return &OVERLAY(conv_winograd);
    if (s.O <= NARROW_MOST && s.C >= NARROW_CHANNELS && s.kh * s.kw <= 49)
        return &OVERLAY(conv_narrow);
    return &OVERLAY(conv_direct);
}

static size_t packed(ConvShape s)
{
    return method_for(s)->packed(s);
}

static void pack(Job *job, ConvShape s, Tensor w, void *packed)
{
    method_for(s)->pack(job, s, w, packed);
}

static size_t scratch(ConvShape s, int64_t N, int64_t H, int64_t W, int threads)
{
    return method_for(s)->scratch(s, N, H, W, threads);
}

static void conv(Job *job, ConvShape s, const ConvArgs *a)
{
    method_for(s)->run(job, s, a);
}

static const char *method(ConvShape s)
{
    return method_for(s)->name;
}

void OVERLAY(conv)(Kernels *k)
{
    k->conv_packed = packed;
    k->conv_pack = pack;
    k->conv_scratch = scratch;
    k->conv = conv;
    k->conv_method = method;
}
