/* SPDX-License-Identifier: MIT */
#include "kernels/internal.h"

void ref_norm(Kernels *k)
{
    (void)k;
}
