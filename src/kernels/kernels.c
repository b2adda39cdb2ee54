/* SPDX-License-Identifier: MIT */
#include "kernels/kernels.h"

#include <string.h>

#include "kernels/internal.h"

static Kernels ref(void)
{
    Kernels k = {.name = "ref"};
    ref_linear(&k);
    ref_conv(&k);
    ref_attention(&k);
    ref_norm(&k);
    ref_elementwise(&k);
    ref_resize(&k);
    return k;
}

#if KERNELS_X86
static void lay_avx2(Kernels *k)
{
    k->name = "avx2";
    overlay_linear_avx2(k);
    overlay_conv_avx2(k);
    overlay_attention_avx2(k);
    overlay_norm_avx2(k);
    overlay_elementwise_avx2(k);
}

static void lay_avx512(Kernels *k)
{
    k->name = "avx512";
    overlay_linear_avx512(k);
    overlay_conv_avx512(k);
    overlay_attention_avx512(k);
    overlay_norm_avx512(k);
    overlay_elementwise_avx512(k);
}

/* What this machine can run; the compiler's run time asks the system too
 * whether it keeps the wide registers. */
static int machine(void)
{
    int mask = KERNELS_REF;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("f16c"))
        mask |= KERNELS_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        mask |= KERNELS_AVX512;
    return mask;
}
#else
static void lay_avx2(Kernels *k)
{
    (void)k;
}
static void lay_avx512(Kernels *k)
{
    (void)k;
}
static int machine(void)
{
    return KERNELS_REF;
}
#endif

Kernels kernels_for(int mask)
{
    Kernels k = ref();
    mask &= machine();
    if (mask & KERNELS_AVX2)
        lay_avx2(&k);
    if (mask & KERNELS_AVX512)
        lay_avx512(&k);
    return k;
}

bool kernels_named(Kernels *k, const char *name, Err *err)
{
    static const struct {
        const char *name;
        int mask, needs;
    } table[] = {
        {"ref", KERNELS_REF, KERNELS_REF},
        {"avx2", KERNELS_AVX2, KERNELS_AVX2},
        {"avx512", KERNELS_AVX2 | KERNELS_AVX512, KERNELS_AVX512},
        {"best", KERNELS_BEST, KERNELS_REF},
    };
    char names[64] = "";
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if ((table[i].needs & ~machine()) != 0)
            continue;
        if (strcmp(table[i].name, name) == 0) {
            *k = kernels_for(table[i].mask);
            return true;
        }
        strcat(names, *names ? ", " : "");
        strcat(names, table[i].name);
    }
    return err_set(err, ERR_INPUT, "no kernels '%s' on this machine: choose one of %s", name,
                   names);
}
