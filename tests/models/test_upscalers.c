/* SPDX-License-Identifier: MIT */
#include "models/rrdb.h"
#include "models/srvgg.h"

#include "base/file.h"
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* f32 sums in another order differ by about 1e-6 of the largest; Winograd by three times that.
 */
static const double allowed = 1e-5;

static Tensor input(Bench *b, const char *name, int64_t H, int64_t W)
{
    char full[64];
    snprintf(full, sizeof full, "in.%s", name);
    Tensor t = to_channels_last(&b->arena, named_values(&b->arena, full, SHAPE(1, 3, H, W), 1));
    for (int64_t i = 0; i < tensor_count(t); i++)
        tensor_f32(t)[i] = (tensor_f32(t)[i] + 1) / 2;
    return t;
}

/* A network of either kind from a .keys file, or from weights of the test's own. */
typedef struct Case {
    Bench *bench;
    Golden golden;
    Weights *weights, *view;
    Binder binder;
    Rrdb rrdb;
    Srvgg srvgg;
} Case;

static void open_golden(Case *c, const char *name, const char *table)
{
    char path[64];
    memset(c, 0, sizeof *c);
    c->bench = bench_new(table);
    snprintf(path, sizeof path, "upscale/%s", name);
    c->golden = golden_open(path);
    snprintf(path, sizeof path, "upscale/%s.keys", name);
    const char *prefix = js_string(js_get(c->golden.config, "prefix"), NULL);
    c->weights = named_weights(&c->bench->arena, path, prefix, NULL);
}

static void bind_case(Case *c, bool is_rrdb)
{
    Err err = {0};
    c->view = is_rrdb ? rrdb_view(c->weights) : srvgg_view(c->weights);
    assert_non_null(c->view);
    binder_init(&c->binder, c->view);
    Bind bind = bench_bind(c->bench, &c->binder);
    bool ok = is_rrdb ? rrdb_bind(&c->rrdb, &bind) : srvgg_bind(&c->srvgg, &bind);
    if (!binder_done(&c->binder, NULL, &err) || !ok)
        fail_msg("%s", err.text);
}

static void close_case(Case *c)
{
    binder_release(&c->binder);
    weights_close(c->view);
    weights_close(c->weights);
    golden_close(&c->golden);
    bench_free(c->bench);
}

static Tensor grow(Case *c, Run *r, const char *name)
{
    const Json *shape = js_get(c->golden.config, "shape");
    Tensor x = input(c->bench, name, js_int(js_at(shape, 2), 0), js_int(js_at(shape, 3), 0));
    return c->view != NULL && c->srvgg.convs > 0 ? srvgg_grow(r, &c->srvgg, x)
                                                 : rrdb_grow(r, &c->rrdb, x);
}

static void pictures_grow_stage_by_stage_as_in_the_papers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_rrdb;
        int stages, scale;
    } cases[] = {{"x4", true, 5, 4},
                 {"x2", true, 5, 2},
                 {"compact4", false, 1, 4},
                 {"compact2", false, 1, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (const char *const *t = tables(); *t != NULL; t++) {
            Case c;
            open_golden(&c, cases[i].name, *t);
            bind_case(&c, cases[i].is_rrdb);
            GoldenTap tap = {&c.golden, "", allowed, 0};
            c.bench->run.tap = golden_tap;
            c.bench->run.tap_user = &tap;
            grow(&c, &c.bench->run, cases[i].name);
            assert_ran(&c.bench->run);
            assert_int_equal(tap.seen, cases[i].stages);
            assert_int_equal(cases[i].is_rrdb ? rrdb_scale(&c.rrdb) : c.srvgg.scale,
                             cases[i].scale);
            close_case(&c);
        }
}

/* The weights under the names of a list of "theirs ours", below a nest. */
static Weights *respelled(const Weights *ours, const char *list, const char *nest)
{
    unsigned char *text;
    size_t size;
    Err err = {0};
    char *path = golden_path(list), *rest = NULL;
    assert_true(file_read(&text, &size, path, 1 << 20, &err));
    Weights *w = weights_new(list);
    for (char *line = strtok_r((char *)text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char theirs[128], name[128], full[160];
        assert_int_equal(sscanf(line, "%127s %127s", theirs, name), 2);
        snprintf(full, sizeof full, "%s%s", nest, theirs);
        weights_add(w, full, weights_find(ours, name));
    }
    assert_int_equal(weights_count(w), weights_count(ours));
    xfree(text);
    xfree(path);
    return w;
}

static void every_spelling_means_the_same_network(void **state)
{
    (void)state;
    static const struct {
        const char *list, *nest;
    } spellings[] = {{"upscale/first.names", ""},
                     {"upscale/first.names", "params_ema."},
                     {"upscale/second.names", ""},
                     {"upscale/second.names", "params."}};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        Case c;
        open_golden(&c, "x4", "best");
        Weights *ours = c.weights;
        c.weights = respelled(ours, spellings[i].list, spellings[i].nest);
        bind_case(&c, true);
        assert_golden(&c.golden, "image", grow(&c, &c.bench->run, "x4"), allowed);
        weights_close(ours);
        close_case(&c);
    }
}

static void of_two_copies_the_averaged_one_is_meant(void **state)
{
    (void)state;
    Case c;
    open_golden(&c, "compact2", "best");
    Weights *ours = c.weights, *both = weights_new("both");
    for (size_t i = 0; i < weights_count(ours); i++) {
        char name[128];
        Tensor zeros =
            named_values(&c.bench->arena, "nothing", tensor_shape(weights_at(ours, i)), 0);
        snprintf(name, sizeof name, "params.%s", weights_name(ours, i));
        weights_add(both, name, zeros);
        snprintf(name, sizeof name, "params_ema.%s", weights_name(ours, i));
        weights_add(both, name, weights_at(ours, i));
    }
    c.weights = both;
    bind_case(&c, false);
    assert_golden(&c.golden, "image", grow(&c, &c.bench->run, "compact2"), allowed);
    weights_close(ours);
    close_case(&c);
}

/* A picture of many bands and one that is a single band long, side by side. */
static void bands_of_rows_leave_no_trace(void **state)
{
    (void)state;
    enum { HIGH = 90, WIDE = 9, PART = 12 };
    Case c;
    open_golden(&c, "x4", "ref");
    bind_case(&c, true);
    c.rrdb.blocks = 0; /* what is left sees 2 rows beyond its own */
    Run *r = &c.bench->run;
    Tensor x = input(c.bench, "x4", HIGH, WIDE), whole = rrdb_grow(r, &c.rrdb, x);
    for (int from = 0; from + PART <= HIGH; from += 6) {
        Tensor part =
            tensor_over(tensor_f32(x) + from * WIDE * 3, TENSOR_F32, SHAPE(1, PART, WIDE, 3));
        Tensor y = rrdb_grow(r, &c.rrdb, part);
        assert_ran(r);
        int cut = 4 * 4, row = WIDE * 4 * 3; /* where the part's own border does not reach */
        assert_memory_equal(tensor_f32(y) + cut * row,
                            tensor_f32(whole) + (from * 4 + cut) * row,
                            (size_t)((PART * 4 - 2 * cut) * row) * sizeof(float));
    }
    close_case(&c);
}

static void memory_is_as_planned(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        Case c;
        open_golden(&c, kind == 0 ? "x4" : "compact4", "ref"); /* whose kernels need none */
        bind_case(&c, kind == 0);
        for (int64_t side = 16; side <= 64; side += 24) {
            Tensor x = input(c.bench, "x4", side, side + 8);
            c.bench->scratch.peak = c.bench->scratch.used;
            size_t before = c.bench->scratch.used;
            if (kind == 0)
                rrdb_grow(&c.bench->run, &c.rrdb, x);
            else
                srvgg_grow(&c.bench->run, &c.srvgg, x);
            int64_t taken = (int64_t)(c.bench->scratch.peak - before);
            int64_t planned = kind == 0 ? rrdb_bytes(&c.rrdb, side, side + 8)
                                        : srvgg_bytes(&c.srvgg, side, side + 8);
            assert_ran(&c.bench->run);
            /* results lie on whole lines, large ones on whole pages of 2 MiB */
            assert_in_range(taken, planned - planned / 4, planned + planned / 10 + (2 << 20));
        }
        close_case(&c);
    }
}

static void refuse(Weights *w, bool is_rrdb, const char *part)
{
    Bench *bench = bench_new("ref");
    Binder binder;
    Err err = {0};
    Rrdb rrdb;
    Srvgg srvgg;
    binder_init(&binder, w);
    Bind bind = bench_bind(bench, &binder);
    bool ok = is_rrdb ? rrdb_bind(&rrdb, &bind) : srvgg_bind(&srvgg, &bind);
    assert_false(binder_done(&binder, NULL, &err) && ok);
    if (strstr(err.text, part) == NULL)
        fail_msg("'%s' lacks '%s'", err.text, part);
    binder_release(&binder);
    bench_free(bench);
    weights_close(w);
}

static Tensor zeros(Shape s)
{
    static float room[1 << 20];
    must(shape_count(s) <= 1 << 20);
    return tensor_over(room, TENSOR_F32, s);
}

static void networks_of_other_sizes_are_refused(void **state)
{
    (void)state;
    Weights *w = weights_new("x");
    weights_add(w, "conv_first.weight", zeros(SHAPE(16, 5, 3, 3)));
    weights_add(w, "body.0.rdb1.conv1.weight", zeros(SHAPE(8, 16, 3, 3)));
    refuse(w, true, "an RRDBNet of 5 to 16 channels");
    w = weights_new("x");
    weights_add(w, "conv_first.weight", zeros(SHAPE(9999, 3, 3, 3)));
    weights_add(w, "body.0.rdb1.conv1.weight", zeros(SHAPE(8, 16, 3, 3)));
    refuse(w, true, "9999 channels");
    w = weights_new("x");
    weights_add(w, "conv_first.weight", zeros(SHAPE(16, 3, 3, 3)));
    weights_add(w, "body.0.rdb1.conv1.weight", zeros(SHAPE(8, 16, 3, 3)));
    refuse(w, true, "missing");
    w = weights_new("x");
    weights_add(w, "body.0.weight", zeros(SHAPE(16, 3, 3, 3)));
    weights_add(w, "body.2.weight", zeros(SHAPE(7, 16, 3, 3)));
    refuse(w, false, "7 results");
    w = weights_new("x");
    weights_add(w, "body.0.weight", zeros(SHAPE(16)));
    refuse(w, false, "0 convolutions");
    w = weights_new("x");
    weights_add(w, "body.0.weight", zeros(SHAPE(16, 3, 3, 3)));
    weights_add(w, "body.2.weight", zeros(SHAPE(12, 16, 3, 3)));
    refuse(w, false, "missing");
}

/* Every limit from nothing to enough: an error with a sentence, no crash. */
static void short_memory_is_refused_with_a_sentence(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        const char *name = kind == 0 ? "x2" : "compact4";
        Case c;
        open_golden(&c, name, "best");
        bind_case(&c, kind == 0);
        Run enough = c.bench->run;
        assert_false(tensor_is_empty(grow(&c, &enough, name)));
        size_t peak = c.bench->scratch.peak;
        for (int i = 0; i < 30; i++) {
            Arena small;
            Err err = {0};
            assert_true(arena_init(&small, peak * (size_t)i / 31 + 1, &err));
            Run r = c.bench->run;
            r.scratch = &small;
            r.err = (Err){0};
            assert_true(tensor_is_empty(grow(&c, &r, name)));
            assert_int_equal(r.err.kind, ERR_MEMORY);
            arena_release(&small);
        }
        close_case(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_grow_stage_by_stage_as_in_the_papers),
        cmocka_unit_test(every_spelling_means_the_same_network),
        cmocka_unit_test(of_two_copies_the_averaged_one_is_meant),
        cmocka_unit_test(bands_of_rows_leave_no_trace),
        cmocka_unit_test(memory_is_as_planned),
        cmocka_unit_test(networks_of_other_sizes_are_refused),
        cmocka_unit_test(short_memory_is_refused_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
