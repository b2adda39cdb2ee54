/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_X86_PACK_H
#define KERNELS_X86_PACK_H
#include "kernels/x86/gemm.h"

/* `count` (at most LINE) numbers of a weight into one column of a panel: NR
 * numbers of type `store` apart, which is f32 or the weight's own. */
static inline void pack_column(void *to, TensorType store, const void *from, TensorType type,
                               int64_t count)
{
    if (store == TENSOR_F32) {
        float part[LINE];
        tensor_read_f32(part, from, type, count);
        for (int64_t i = 0; i < count; i++)
            ((float *)to)[i * NR] = part[i];
    } else {
        for (int64_t i = 0; i < count; i++)
            ((uint16_t *)to)[i * NR] = ((const uint16_t *)from)[i];
    }
}
#endif
