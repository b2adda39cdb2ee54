/* SPDX-License-Identifier: MIT */
#include "models/joints.h"

#include "base/file.h"
#include "golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* f32 sums in another order differ by about 1e-6 of the largest; Winograd by
 * three times that. */
static const double allowed = 1e-4;

enum { STAGES = 8 };
static const JointsConfig tiny = {64, {16, 24, 32}, 8};

typedef struct Case {
    Bench *bench;
    Golden golden;
    Weights *weights;
    Binder binder;
    Joints joints;
} Case;

static void open_case(Case *c, const char *table)
{
    c->bench = bench_new(table);
    c->golden = golden_open("joints/tiny");
    c->weights = named_weights(&c->bench->arena, "joints/tiny.keys", "joints.", &c->golden);
    binder_init(&c->binder, c->weights);
    Bind bind = bench_bind(c->bench, &c->binder);
    Err err = {0};
    (void)!joints_bind(&c->joints, &bind, &tiny);
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

/* The picture that the golden file was made from. */
static Tensor picture(const Case *c)
{
    return golden_at(&c->golden, "picture");
}

static void shows_the_network_what_the_reference_shows(void **state)
{
    (void)state;
    Case c;
    open_case(&c, "ref");
    HeatmapView views[HEATMAP_VIEWS];
    Err err = {0};
    assert_true(heatmap_views(picture(&c), views, &err));
    Tensor rgba = nn_new(&c.bench->run, SHAPE(HEATMAP_VIEWS, 64, 64, 4));
    for (int i = 0; i < HEATMAP_VIEWS; i++)
        heatmap_look(picture(&c), views[i], tensor_rows(rgba, i, 1));
    /* the reference adds up in single precision */
    assert_golden(&c.golden, "look", rgba, 1e-5);
    close_case(&c);
}

static void looks_stage_by_stage_like_the_reference(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        Case c;
        open_case(&c, *t);
        GoldenTap tap = {&c.golden, "", allowed, 0};
        c.bench->run.tap = golden_tap;
        c.bench->run.tap_user = &tap;
        JointsFound found;
        Err err = {0};
        if (!joints_find(&c.bench->run, &c.joints, picture(&c), &found, &err))
            fail_msg("%s", err.text);
        assert_int_equal(tap.seen, STAGES);
        close_case(&c);
    }
}

/* All within `pixels` of the picture. */
static void assert_found(const JointsFound *found, Tensor xyzc, Tensor whole, float pixels)
{
    const float *want = tensor_f32(xyzc);
    for (int i = 0; i < JOINTS; i++) {
        Keypoint k = found->pose.joint[i];
        float got[] = {k.x, k.y, k.z, k.c};
        for (int d = 0; d < 4; d++)
            if (!(fabsf(got[d] - want[i * 4 + d]) < pixels))
                fail_msg("%s: number %d is %g, not %g", joint_name(i), d, (double)got[d],
                         (double)want[i * 4 + d]);
    }
    assert_float_equal(found->yaw_degrees, tensor_f32(whole)[0], 0.1);
    assert_float_equal(found->figure, tensor_f32(whole)[1], 1e-3);
}

static void finds_joints_where_the_reference_does(void **state)
{
    (void)state;
    Case c;
    open_case(&c, "best");
    JointsFound found;
    Err err = {0};
    size_t before = run_floor(&c.bench->run);
    assert_true(joints_find(&c.bench->run, &c.joints, picture(&c), &found, &err));
    assert_int_equal(run_floor(&c.bench->run), before);
    /* a fiftieth of what an eye could tell */
    assert_found(&found, golden_at(&c.golden, "xyzc"), golden_at(&c.golden, "whole"), 0.002f);
    close_case(&c);
}

/* The network that comes with the program. */
static void the_shipped_weights_find_what_pytorch_finds_with_them(void **state)
{
    (void)state;
    Bench *b = bench_new("best");
    Golden g = golden_open("joints/shipped");
    char *folder = golden_path("../../models/joints");
    for (int i = 0; i < 3; i++) {
        static const char *const kinds[] = {"picture", "xyzc", "whole"};
        char name[3][16];
        for (int k = 0; k < 3; k++)
            (void)snprintf(name[k], sizeof name[k], "%s.%d", kinds[k], i);
        JointsFound found;
        Err err = {0};
        if (!joints_look(&b->run, folder, golden_at(&g, name[0]), &found, &err))
            fail_msg("%s", err.text);
        /* far below a pixel */
        assert_found(&found, golden_at(&g, name[1]), golden_at(&g, name[2]), 0.05f);
    }
    xfree(folder);
    golden_close(&g);
    bench_free(b);
}

static void an_empty_picture_is_refused(void **state)
{
    (void)state;
    Case c;
    open_case(&c, "ref");
    static unsigned char nothing[5 * 7 * 4];
    JointsFound found;
    Err err = {0};
    assert_false(joints_find(&c.bench->run, &c.joints,
                             tensor_over(nothing, TENSOR_U8, SHAPE(5, 7, 4)), &found, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "transparent"));
    close_case(&c);
}

/* Every limit from nothing to enough: an error with a sentence, no crash. */
static void short_memory_is_refused_with_a_sentence(void **state)
{
    (void)state;
    Case c;
    open_case(&c, "best");
    JointsFound found;
    Run enough = c.bench->run;
    Err none = {0};
    assert_true(joints_find(&enough, &c.joints, picture(&c), &found, &none));
    size_t peak = c.bench->scratch.peak;
    for (int i = 0; i < 40; i++) {
        arena_rewind(&c.bench->scratch, 0);
        c.bench->scratch.limit = peak * (size_t)i / 40;
        Run r = c.bench->run;
        Err err = {0};
        assert_false(joints_find(&r, &c.joints, picture(&c), &found, &err));
        assert_int_equal(err.kind, ERR_MEMORY);
        assert_true(err.text[0] != '\0');
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
    JointsFound found;
    Err err = {0};
    assert_false(joints_find(&c.bench->run, &c.joints, picture(&c), &found, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    close_case(&c);
}

static void a_configuration_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json, *says;
    } rows[] = {
        {"{}", "widths"},
        {"{\"widths\":[8,8]}", "widths"},
        {"{\"widths\":[8,8,12]}", "8 groups"},
        {"{\"widths\":[8,8,9],\"groups\":1}", "4 heads"},
        {"{\"widths\":[8,8,80000]}", "4096"},
        {"{\"widths\":[8,8,8],\"size\":60}", "multiple of 8"},
        {"{\"widths\":[8,8,8],\"joints\":17}", "joints"},
        {"{\"widths\":[8,8,8],\"groups\":0}", "groups"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Err err = {0};
        JointsConfig c;
        Json *j = js_parse(rows[i].json, strlen(rows[i].json), "test", &err);
        assert_false(joints_config_read(&c, j, &err));
        assert_int_equal(err.kind, ERR_FORMAT);
        assert_non_null(strstr(err.text, rows[i].says));
        js_free(j);
    }
}

/* What is in the folder in turn, and what is said of it. */
static void a_folder_that_is_no_model_is_refused(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {NULL, "config.json"},
        {"{}", "widths must list 3 numbers"},
        {"{\"widths\":[16,24,32]}", "model.safetensors"},
    };
    Case c;
    JointsFound found;
    char dir[] = "/tmp/joints-XXXXXX";
    open_case(&c, "ref");
    assert_non_null(mkdtemp(dir));
    char *path = file_join(dir, "config.json");
    for (int i = 0; i < 3; i++) {
        Err err = {0};
        if (rows[i][0] != NULL)
            assert_true(file_save(path, rows[i][0], strlen(rows[i][0]), &err));
        assert_false(joints_look(&c.bench->run, dir, picture(&c), &found, &err));
        if (strstr(err.text, rows[i][1]) == NULL)
            fail_msg("'%s' does not say '%s'", err.text, rows[i][1]);
    }
    Err err = {0};
    assert_true(file_remove(path, &err));
    assert_int_equal(rmdir(dir), 0);
    xfree(path);
    close_case(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_the_network_what_the_reference_shows),
        cmocka_unit_test(looks_stage_by_stage_like_the_reference),
        cmocka_unit_test(finds_joints_where_the_reference_does),
        cmocka_unit_test(the_shipped_weights_find_what_pytorch_finds_with_them),
        cmocka_unit_test(an_empty_picture_is_refused),
        cmocka_unit_test(short_memory_is_refused_with_a_sentence),
        cmocka_unit_test(cancelling_ends_a_pass),
        cmocka_unit_test(a_configuration_that_makes_no_sense_is_refused),
        cmocka_unit_test(a_folder_that_is_no_model_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
