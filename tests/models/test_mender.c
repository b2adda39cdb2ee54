/* SPDX-License-Identifier: MIT */
#include "models/mender.h"

#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* f32 sums in another order differ by about 1e-6 of the largest; Winograd by
 * three times that. */
static const double allowed = 1e-4;

enum { FRAMES = 2, HEIGHT = 40, WIDTH = 64, STAGES = 7 };
static const MenderConfig tiny = {{16, 24, 32}, 8, 2, 8};

typedef struct Case {
    Bench *bench;
    Golden golden;
    Weights *weights;
    Binder binder;
    Mender mender;
} Case;

static void open_case(Case *c, const char *table)
{
    c->bench = bench_new(table);
    c->golden = golden_open("mender/tiny");
    c->weights = named_weights(&c->bench->arena, "mender/tiny.keys", "mender.", &c->golden);
    binder_init(&c->binder, c->weights);
    Bind bind = bench_bind(c->bench, &c->binder);
    Err err = {0};
    (void)!mender_bind(&c->mender, &bind, &tiny);
    if (!binder_done(&c->binder, NULL, &err))
        fail_msg("%s", err.text);
}

static void close_case(Case *c)
{
    binder_release(&c->binder);
    weights_close(c->weights);
    golden_close(&c->golden);
    bench_free(c->bench);
}

static Tensor picture(Case *c, const char *name, int64_t n, int64_t channels)
{
    Arena *a = &c->bench->arena;
    return to_channels_last(a, named_values(a, name, SHAPE(n, channels, HEIGHT, WIDTH), 1));
}

static Tensor mend(Case *c, Run *r)
{
    return mender_mend(r, &c->mender, picture(c, "in.puppet", FRAMES, 5),
                       picture(c, "in.skeleton", FRAMES, 3), picture(c, "in.reference", 1, 4));
}

static void mends_stage_by_stage_like_the_reference(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        Case c;
        open_case(&c, *t);
        GoldenTap tap = {&c.golden, "", allowed, 0};
        c.bench->run.tap = golden_tap;
        c.bench->run.tap_user = &tap;
        Tensor change = mend(&c, &c.bench->run);
        assert_ran(&c.bench->run);
        assert_int_equal(tap.seen, STAGES);
        assert_golden(&c.golden, "change", change, allowed);
        close_case(&c);
    }
}

static void reads_a_change_as_the_reference_does(void **state)
{
    (void)state;
    Case c;
    open_case(&c, "ref");
    Tensor puppet = picture(&c, "in.puppet", FRAMES, 5), change = mend(&c, &c.bench->run);
    assert_ran(&c.bench->run);
    for (int64_t i = 0; i < FRAMES * HEIGHT * WIDTH; i++) {
        float *to = tensor_f32(change) + 5 * i;
        Mended y = mender_pixel(tensor_f32(puppet) + 5 * i, to);
        memcpy(to, y.rgb, sizeof y.rgb);
        to[3] = y.alpha;
        to[4] = y.trust;
    }
    assert_golden(&c.golden, "mended", change, allowed);
    close_case(&c);
}

static void a_frame_does_not_depend_on_its_neighbours(void **state)
{
    (void)state;
    Case c;
    open_case(&c, "best");
    Run *r = &c.bench->run;
    Tensor puppet = picture(&c, "in.puppet", FRAMES, 5),
           skeleton = picture(&c, "in.skeleton", FRAMES, 3);
    Tensor reference = picture(&c, "in.reference", 1, 4);
    Tensor both = mender_mend(r, &c.mender, puppet, skeleton, reference);
    Tensor one = mender_mend(r, &c.mender, tensor_rows(puppet, 1, 1),
                             tensor_rows(skeleton, 1, 1), reference);
    assert_ran(r);
    assert_memory_equal(tensor_rows(both, 1, 1).data, one.data, tensor_bytes(one));
    close_case(&c);
}

/* Every limit from nothing to enough: an error with a sentence, no crash. */
static void short_memory_is_refused_with_a_sentence(void **state)
{
    (void)state;
    Case c;
    open_case(&c, "best");
    Run enough = c.bench->run;
    assert_false(tensor_is_empty(mend(&c, &enough)));
    size_t peak = c.bench->scratch.peak;
    for (int i = 0; i < 40; i++) {
        arena_rewind(&c.bench->scratch, 0);
        c.bench->scratch.limit = peak * (size_t)i / 40;
        Run r = c.bench->run;
        assert_true(tensor_is_empty(mend(&c, &r)));
        assert_int_equal(r.err.kind, ERR_MEMORY);
        assert_true(r.err.text[0] != '\0');
    }
    close_case(&c);
}

static atomic_bool stop;

static void press_stop(void *user, const char *name, Tensor x)
{
    (void)user, (void)name, (void)x;
    atomic_store(&stop, true);
}

static void cancelling_ends_a_pass(void **state)
{
    (void)state;
    Case c;
    open_case(&c, "ref");
    c.bench->run.cancel = &stop;
    c.bench->run.tap = press_stop;
    assert_true(tensor_is_empty(mend(&c, &c.bench->run)));
    assert_int_equal(c.bench->run.err.kind, ERR_CANCELLED);
    close_case(&c);
}

static void a_configuration_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json, *says;
    } rows[] = {
        {"{}", "width"},
        {"{\"width\":[8,8],\"tail\":8,\"heads\":1,\"groups\":1}", "width"},
        {"{\"width\":[8,8,8],\"tail\":0,\"heads\":1,\"groups\":1}", "tail"},
        {"{\"width\":[8,8,9],\"tail\":8,\"heads\":1,\"groups\":8}", "9"},
        {"{\"width\":[8,8,8],\"tail\":8,\"heads\":3,\"groups\":8}", "3 heads"},
        {"{\"width\":[8,8,80000],\"tail\":8,\"heads\":1,\"groups\":8}", "80000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Err err = {0};
        MenderConfig c;
        Json *j = js_parse(rows[i].json, strlen(rows[i].json), "test", &err);
        assert_false(mender_config_read(&c, j, &err));
        assert_int_equal(err.kind, ERR_FORMAT);
        assert_non_null(strstr(err.text, rows[i].says));
        js_free(j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mends_stage_by_stage_like_the_reference),
        cmocka_unit_test(reads_a_change_as_the_reference_does),
        cmocka_unit_test(a_frame_does_not_depend_on_its_neighbours),
        cmocka_unit_test(short_memory_is_refused_with_a_sentence),
        cmocka_unit_test(cancelling_ends_a_pass),
        cmocka_unit_test(a_configuration_that_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
