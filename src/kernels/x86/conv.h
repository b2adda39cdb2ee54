/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_X86_CONV_H
#define KERNELS_X86_CONV_H
#include "kernels/internal.h"
#include "kernels/x86/simd.h"

/* One way to compute a convolution; see the table for the functions.  Each
 * is right for every shape that conv.c gives it. */
typedef struct ConvMethod {
    const char *name;
    size_t (*packed)(ConvShape s);
    void (*pack)(Job *job, ConvShape s, Tensor w, void *packed);
    size_t (*scratch)(ConvShape s, int64_t N, int64_t H, int64_t W, int threads);
    void (*run)(Job *job, ConvShape s, const ConvArgs *a);
} ConvMethod;

/* Weights as direct and Winograd convolutions both take them: panels of NR
 * outputs, [chunk][tap][channel][NR], zero past O. */
size_t OVERLAY(panels_packed)(ConvShape s);
void OVERLAY(panels_pack)(Job *job, ConvShape s, Tensor w, void *packed);
/* `count` (at most LINE) channels of one panel. */
void OVERLAY(panels_pack_part)(char *to, ConvShape s, Tensor w, int64_t panel, int64_t channel,
                               int64_t count);

extern const ConvMethod OVERLAY(conv_direct);
extern const ConvMethod OVERLAY(conv_winograd); /* 3x3, stride 1 */
extern const ConvMethod OVERLAY(conv_narrow);   /* O <= NR */
extern const ConvMethod OVERLAY(conv_depthwise);
#endif
