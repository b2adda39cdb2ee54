/* SPDX-License-Identifier: MIT */
#include "models/pose_guider.h"
#include "models/pose_pyramid.h"

#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* f32 sums in another order: about 1e-6 of the largest. */
static const double allowed = 1e-4;

static void plain(const char *table)
{
    Bench *b = bench_new(table);
    Golden g = golden_open("guider/plain");
    Weights *w = named_weights(&b->arena, "guider/plain.keys", "pgo.", &g);
    Binder binder;
    binder_init(&binder, w);
    Bind bind = bench_bind(b, &binder);
    PoseGuider m;
    Err err = {0};
    (void)!pose_guider_bind(&m, &bind);
    if (!binder_done(&binder, NULL, &err))
        fail_msg("%s", err.text);
    Tensor rgb = to_channels_last(
        &b->arena, named_values(&b->arena, "in.pose", SHAPE(1, 3, 2, 96, 128), 100));
    Tensor y = pose_guider_embed(&b->run, &m, rgb);
    assert_ran(&b->run);
    assert_golden(&g, "features", y, allowed);
    binder_release(&binder);
    weights_close(w);
    golden_close(&g);
    bench_free(b);
}

static void the_plain_guider_equals_its_reference(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++)
        plain(*t);
}

static void pyramid(const char *table, const char *mode, bool has_stored, bool batch,
                    double most)
{
    Bench *b = bench_new(table);
    Golden g = golden_open("guider/multi");
    Weights *w = named_weights(&b->arena, "guider/multi.keys", "pg.", has_stored ? &g : NULL);
    Binder binder;
    binder_init(&binder, w);
    Bind bind = bench_bind(b, &binder);
    PosePyramid m;
    Err err = {0};
    (void)!pose_pyramid_bind(&m, &bind, 4);
    if (!binder_done(&binder, NULL, &err))
        fail_msg("%s", err.text);
    m.batch_statistics = batch;
    Tensor rgb = to_channels_last(
        &b->arena, named_values(&b->arena, "in.pose", SHAPE(1, 3, 2, 96, 128), 20));
    Tensor levels[PYRAMID_LEVELS];
    assert_true(pose_pyramid_embed(&b->run, &m, rgb, levels));
    for (int i = 0; i < PYRAMID_LEVELS; i++) {
        char stage[32];
        snprintf(stage, sizeof stage, "%s.%d", mode, i);
        assert_golden(&g, stage, levels[i], most);
    }
    binder_release(&binder);
    weights_close(w);
    golden_close(&g);
    bench_free(b);
}

static void the_pyramid_equals_its_reference_in_every_mode(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        pyramid(*t, "eval", false, false, allowed);
        pyramid(*t, "stats", true, false, allowed);
        /* channels that hardly vary are divided by a small number */
        pyramid(*t, "batch", false, true, 1e-3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_guider_equals_its_reference),
        cmocka_unit_test(the_pyramid_equals_its_reference_in_every_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
