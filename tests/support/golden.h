#ifndef SUPPORT_GOLDEN_H
#define SUPPORT_GOLDEN_H
#include "base/json.h"
#include "nn/bind.h"
#include "weights/weights.h"

/* Numbers from the reference implementations (tests/golden/README.md), and
 * networks whose weights come from their names.  All fail the test at once
 * when something is missing. */

typedef struct Golden {
    Weights *file;
    Json *config;
    const char *name;
} Golden;

/* "vae/sd" is tests/golden/vae/sd.safetensors. */
Golden golden_open(const char *name);
void golden_close(Golden *g);
/* A path below tests/golden; free with xfree. */
char *golden_path(const char *name);

/* The stored tensor as it is. */
Tensor golden_at(const Golden *g, const char *name);

/* u of the name, times factor, in the given shape and layout (torch's). */
Tensor named_values(Arena *a, const char *name, Shape s, float factor);

/* A learned tensor by prefix + name. */
Tensor named_weight(Arena *a, const char *prefix, const char *name, Shape s);

/* The weights of a .keys file, values from prefix + name; buffers by their
 * formula, or from "w.NAME" in g (may be NULL).  The numbers live in `a`. */
Weights *named_weights(Arena *a, const char *keys, const char *prefix, const Golden *g);

/* Where the UNet of Stable Diffusion 1.x has transformers, in the bank's order. */
enum { SD_BANK = 16 };
extern const char *const sd_bank_paths[SD_BANK];

/* torch's [N,C,H,W] or [B,C,F,H,W] to ours, [N,H,W,C] or [B*F,H,W,C]. */
Tensor to_channels_last(Arena *a, Tensor t);

/* Compares x, in our layout, with a stage: every number within `allowed`
 * times the stage's largest.  Names the worst. */
void assert_golden(const Golden *g, const char *stage, Tensor x, double allowed);

/* Compares every tapped tensor with the stage prefix + name, if there is one. */
typedef struct GoldenTap {
    const Golden *golden;
    const char *prefix;
    double allowed;
    int seen; /* stages that were compared */
} GoldenTap;
void golden_tap(void *user, const char *name, Tensor x);

/* What a test of networks needs: memory, helpers, one of the tables. */
typedef struct Bench {
    Arena arena, scratch;
    Pool *pool;
    Kernels kernels;
    Run run;
} Bench;

/* The tables that this machine has: "ref", "avx2", "avx512".  NULL ends. */
const char *const *tables(void);
Bench *bench_new(const char *table);
void bench_free(Bench *b);
Bind bench_bind(Bench *b, Binder *binder);
void assert_ran(const Run *r);
#endif
