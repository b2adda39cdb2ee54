/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <math.h>

/* P: chains of multiply-adds on registers alone, enough of them to hide the
 * latency, on every thread of the pool. */

enum { TURNS = 100000, TILES_PER_THREAD = 2 };

#if defined(__x86_64__)
/* clang-format off */
#define FMA512(r) "vfmadd231ps %%zmm30, %%zmm31, %%zmm" #r "\n"
#define FMA256(r) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" #r "\n"
#define TWELVE(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)
#define TWELVE_MORE(F) F(12) F(13) F(14) F(15) F(16) F(17) F(18) F(19) F(20) F(21) F(22) F(23)

__attribute__((target("avx512f"))) static void tile_avx512(void *job, int64_t tile, int worker)
{
    (void)job, (void)tile, (void)worker;
    long n = TURNS;
    __asm__ volatile("vpxorq %%zmm30, %%zmm30, %%zmm30\n vpxorq %%zmm31, %%zmm31, %%zmm31\n"
                     "1:\n" TWELVE(FMA512) TWELVE_MORE(FMA512) "dec %0\n jnz 1b\n"
                     : "+r"(n)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
                       "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",
                       "xmm30", "xmm31");
}

__attribute__((target("avx2,fma"))) static void tile_avx2(void *job, int64_t tile, int worker)
{
    (void)job, (void)tile, (void)worker;
    long n = TURNS;
    __asm__ volatile("vpxor %%ymm14, %%ymm14, %%ymm14\n vpxor %%ymm15, %%ymm15, %%ymm15\n"
                     "1:\n" TWELVE(FMA256) "dec %0\n jnz 1b\n"
                     : "+r"(n)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm14", "xmm15");
}
/* clang-format on */

double peak_now(Pool *pool, bool avx512)
{
    double best = INFINITY, flop = avx512 ? 24 * 16 * 2 : 12 * 8 * 2;
    int tiles = TILES_PER_THREAD * pool_threads(pool);
    for (int i = 0; i < 5; i++) {
        double t = bench_seconds();
        pool_run(pool, tiles, avx512 ? tile_avx512 : tile_avx2, NULL);
        best = fmin(best, bench_seconds() - t);
    }
    return flop * TURNS * tiles / best;
}
#else
double peak_now(Pool *pool, bool avx512)
{
    (void)pool, (void)avx512;
    return 0;
}
#endif
