/* SPDX-License-Identifier: MIT */
#include "golden.h"

#include "base/file.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ---- files ---------------------------------------------------------------------- */

char *golden_path(const char *name)
{
    const char *root = getenv("GOLDEN");
    return file_join(root != NULL ? root : "tests/golden", name);
}

Golden golden_open(const char *name)
{
    char file[128];
    snprintf(file, sizeof file, "%s.safetensors", name);
    char *path = golden_path(file);
    Err err = {0};
    Golden g = {.name = name, .file = weights_open(path, &err)};
    if (g.file == NULL)
        fail_msg("%s", err.text);
    const char *config = weights_metadata(g.file, "config");
    if (config != NULL)
        g.config = js_parse(config, strlen(config), path, &err);
    xfree(path);
    return g;
}

void golden_close(Golden *g)
{
    weights_close(g->file);
    js_free(g->config);
}

Tensor golden_at(const Golden *g, const char *name)
{
    Tensor t = weights_find(g->file, name);
    if (tensor_is_empty(t))
        fail_msg("%s has no '%s'", g->name, name);
    return t;
}

/* ---- values from names ------------------------------------------------------------- */

static uint32_t hash(const char *prefix, const char *name)
{
    uint32_t h = 0x811C9DC5u;
    for (const char *s = prefix; *s != '\0'; s++)
        h = (h ^ (unsigned char)*s) * 0x01000193u;
    for (const char *s = name; *s != '\0'; s++)
        h = (h ^ (unsigned char)*s) * 0x01000193u;
    return h;
}

static float value(uint32_t h0, int64_t i)
{
    uint32_t h = h0 + (uint32_t)i * 0x9E3779B9u;
    h = (h ^ h >> 16) * 0x85EBCA6Bu;
    h = (h ^ h >> 13) * 0xC2B2AE35u;
    h ^= h >> 16;
    return (float)(h >> 8) / 8388608.0f - 1.0f;
}

Tensor named_values(Arena *a, const char *name, Shape s, float factor)
{
    Err err = {0};
    Tensor t = tensor_new(a, TENSOR_F32, s, &err);
    assert_false(tensor_is_empty(t));
    uint32_t h = hash("", name);
    for (int64_t i = 0; i < tensor_count(t); i++)
        tensor_f32(t)[i] = value(h, i) * factor;
    return t;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static void fill_positions(float *to, int64_t n, int64_t C)
{
    for (int64_t p = 0; p < n; p++)
        for (int64_t i = 0; i < C; i++) {
            float w = expf((float)(i / 2 * 2) * (float)(-log(10000.0) / (double)C));
            to[p * C + i] = i % 2 == 0 ? sinf((float)p * w) : cosf((float)p * w);
        }
}

static void fill(Tensor t, const char *prefix, const char *name)
{
    float *to = tensor_f32(t);
    int64_t n = tensor_count(t);
    uint32_t h = hash(prefix, name);
    if (ends_with(name, "pos_encoder.pe")) {
        fill_positions(to, t.dim[1], t.dim[2]);
        return;
    }
    bool is_mean = ends_with(name, "running_mean"), is_var = ends_with(name, "running_var");
    bool is_gain = t.rank < 2 && (ends_with(name, "weight") || ends_with(name, "scale"));
    float root = t.rank >= 2 ? sqrtf((float)(n / t.dim[0])) : 1;
    for (int64_t i = 0; i < n; i++) {
        float u = value(h, i);
        if (is_mean || is_var)
            to[i] = is_var ? 1 : 0;
        else if (t.rank >= 2)
            to[i] = u / root;
        else
            to[i] = is_gain ? 1 + 0.1f * u : 0.1f * u;
    }
}

Tensor named_weight(Arena *a, const char *prefix, const char *name, Shape s)
{
    Err err = {0};
    Tensor t = tensor_new(a, TENSOR_F32, s, &err);
    assert_false(tensor_is_empty(t));
    fill(t, prefix, name);
    return t;
}

static Tensor weight(Arena *a, const char *prefix, const char *name, Shape s, const Golden *g)
{
    char stored[256];
    snprintf(stored, sizeof stored, "w.%s", name);
    Tensor t = g == NULL ? (Tensor){0} : weights_find(g->file, stored);
    return tensor_is_empty(t) ? named_weight(a, prefix, name, s) : t;
}

Weights *named_weights(Arena *a, const char *keys, const char *prefix, const Golden *g)
{
    char *path = golden_path(keys);
    unsigned char *text;
    size_t size;
    Err err = {0};
    if (!file_read(&text, &size, path, 1 << 24, &err))
        fail_msg("%s", err.text);
    Weights *w = weights_new(keys);
    char *rest = NULL;
    for (char *line = strtok_r((char *)text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *more = NULL;
        char *name = strtok_r(line, " ", &more);
        Shape s = {0};
        for (char *d; (d = strtok_r(NULL, " ", &more)) != NULL;)
            s.dim[s.rank++] = strtoll(d, NULL, 10);
        if (!ends_with(name, "num_batches_tracked"))
            weights_add(w, name, weight(a, prefix, name, s, g));
    }
    xfree(text);
    xfree(path);
    return w;
}

/* ---- names -------------------------------------------------------------------------- */

const char *const sd_bank_paths[SD_BANK] = {
    "down_blocks.0.attentions.0", "down_blocks.0.attentions.1", "down_blocks.1.attentions.0",
    "down_blocks.1.attentions.1", "down_blocks.2.attentions.0", "down_blocks.2.attentions.1",
    "mid_block.attentions.0",     "up_blocks.1.attentions.0",   "up_blocks.1.attentions.1",
    "up_blocks.1.attentions.2",   "up_blocks.2.attentions.0",   "up_blocks.2.attentions.1",
    "up_blocks.2.attentions.2",   "up_blocks.3.attentions.0",   "up_blocks.3.attentions.1",
    "up_blocks.3.attentions.2",
};

/* ---- layouts ------------------------------------------------------------------------- */

/* Where element (b,c,f,p) of torch's layout lies in ours. */
typedef struct Layout {
    int64_t B, C, F, P;
} Layout;

static Layout layout_of(Shape s)
{
    if (s.rank == 5)
        return (Layout){s.dim[0], s.dim[1], s.dim[2], s.dim[3] * s.dim[4]};
    return (Layout){s.dim[0], s.dim[1], 1, s.dim[2] * s.dim[3]};
}

static int64_t ours(Layout l, int64_t i)
{
    int64_t p = i % l.P, f = i / l.P % l.F, c = i / l.P / l.F % l.C, b = i / l.P / l.F / l.C;
    return ((b * l.F + f) * l.P + p) * l.C + c;
}

Tensor to_channels_last(Arena *a, Tensor t)
{
    assert_true(t.rank == 4 || t.rank == 5);
    int64_t n = t.rank == 5 ? t.dim[0] * t.dim[2] : t.dim[0];
    Err err = {0};
    Tensor y = tensor_new(a, TENSOR_F32,
                          SHAPE(n, t.dim[t.rank - 2], t.dim[t.rank - 1], t.dim[1]), &err);
    assert_false(tensor_is_empty(y));
    Layout l = layout_of(tensor_shape(t));
    for (int64_t i = 0; i < tensor_count(t); i++)
        tensor_f32(y)[ours(l, i)] = tensor_f32(t)[i];
    return y;
}

/* ---- comparing ------------------------------------------------------------------------ */

/* The stage's true shape, and which of its elements are stored. */
static Shape true_shape(const Golden *g, const char *stage, Tensor stored, int64_t *every)
{
    char name[160];
    snprintf(name, sizeof name, "%s.at", stage);
    Tensor at = weights_find(g->file, name);
    *every = 1;
    if (tensor_is_empty(at))
        return tensor_shape(stored);
    const int32_t *n = at.data;
    Shape s = {.rank = (int)at.dim[0] - 1};
    *every = n[0];
    for (int i = 0; i < s.rank; i++)
        s.dim[i] = n[1 + i];
    return s;
}

void assert_golden(const Golden *g, const char *stage, Tensor x, double allowed)
{
    Tensor want = golden_at(g, stage);
    int64_t every, worst = 0, n = tensor_count(want);
    Shape s = true_shape(g, stage, want, &every);
    if (tensor_is_empty(x) || shape_count(s) != tensor_count(x))
        fail_msg("%s: '%s' is %s, want the numbers of %s", g->name, stage,
                 shape_text(tensor_shape(x)).s, shape_text(s).s);
    Layout l = layout_of(s);
    double off = -1, largest = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = s.rank >= 4 ? ours(l, i * every) : i * every;
        double d = fabs((double)tensor_f32(x)[at] - (double)tensor_f32(want)[i]);
        largest = fmax(largest, fabs((double)tensor_f32(want)[i]));
        if (!(d <= off)) {
            off = d;
            worst = i;
        }
    }
    if (!(off <= allowed * largest)) {
        int64_t at = s.rank >= 4 ? ours(l, worst * every) : worst * every;
        fail_msg("%s: '%s' element %" PRId64 " is %.8g, want %.8g; off by %.3g of the largest, "
                 "allowed %.3g",
                 g->name, stage, worst * every, (double)tensor_f32(x)[at],
                 (double)tensor_f32(want)[worst], off / largest, allowed);
    }
}

void golden_tap(void *user, const char *name, Tensor x)
{
    GoldenTap *t = user;
    char stage[160];
    snprintf(stage, sizeof stage, "%s%s", t->prefix, name);
    if (tensor_is_empty(weights_find(t->golden->file, stage)))
        return;
    assert_golden(t->golden, stage, x, t->allowed);
    t->seen++;
}

/* ---- running -------------------------------------------------------------------------- */

const char *const *tables(void)
{
    static const char *const all[] = {"ref", "avx2", "avx512"};
    static const char *have[4];
    int n = 0;
    for (int i = 0; i < 3; i++) {
        Kernels k;
        Err err = {0};
        if (kernels_named(&k, all[i], &err))
            have[n++] = all[i];
    }
    have[n] = NULL;
    return have;
}

Bench *bench_new(const char *table)
{
    Bench *b = xalloc(1, sizeof *b);
    Err err = {0};
    if (!arena_init(&b->arena, 0, &err) || !arena_init(&b->scratch, 0, &err) ||
        !kernels_named(&b->kernels, table, &err))
        fail_msg("%s", err.text);
    b->pool = pool_new(2);
    b->run = (Run){.kernels = &b->kernels, .pool = b->pool, .scratch = &b->scratch};
    return b;
}

void bench_free(Bench *b)
{
    arena_release(&b->arena);
    arena_release(&b->scratch);
    pool_free(b->pool);
    xfree(b);
}

Bind bench_bind(Bench *b, Binder *binder)
{
    return (Bind){
        .binder = binder, .arena = &b->arena, .kernels = &b->kernels, .pool = b->pool};
}

void assert_ran(const Run *r)
{
    if (r->err.kind != ERR_NONE)
        fail_msg("%s", r->err.text);
}
