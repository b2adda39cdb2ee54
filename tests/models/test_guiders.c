/* SPDX-License-Identifier: MIT */
#include "models/pose_guider.h"
#include "models/pose_pyramid.h"

#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* f32 sums in another order: about 1e-6 of the largest. */
static const double allowed = 1e-4;

/* A plain guider of values from names, on one table. */
typedef struct Plain {
    Bench *bench;
    Golden golden;
    Weights *weights;
    Binder binder;
    PoseGuider guider;
} Plain;

static void open_plain(Plain *p, const char *table, const char *golden, const char *prefix)
{
    char keys[64];
    snprintf(keys, sizeof keys, "%s.keys", golden);
    *p = (Plain){.bench = bench_new(table), .golden = golden_open(golden)};
    p->weights = named_weights(&p->bench->arena, keys, prefix, &p->golden);
    binder_init(&p->binder, p->weights);
    Bind bind = bench_bind(p->bench, &p->binder);
    Err err = {0};
    (void)!pose_guider_bind(&p->guider, &bind);
    if (!binder_done(&p->binder, NULL, &err))
        fail_msg("%s", err.text);
}

static void close_plain(Plain *p)
{
    binder_release(&p->binder);
    weights_close(p->weights);
    golden_close(&p->golden);
    bench_free(p->bench);
}

static Tensor given(Plain *p, const char *name, Shape s, float factor)
{
    Arena *a = &p->bench->arena;
    return to_channels_last(a, named_values(a, name, s, factor));
}

static void the_plain_guider_equals_its_reference(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        Plain p;
        open_plain(&p, *t, "guider/plain", "pgo.");
        Tensor rgb = given(&p, "in.pose", SHAPE(1, 3, 2, 96, 128), 100);
        GuiderFrames unseen = {.picture = rgb, .latents = rgb}; /* this one cannot see */
        Tensor y = pose_guider_embed(&p.bench->run, &p.guider, rgb, unseen);
        assert_ran(&p.bench->run);
        assert_golden(&p.golden, "features", y, allowed);
        close_plain(&p);
    }
}

static void
a_guider_that_sees_frames_equals_its_reference_shown_one_and_shown_none(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        Plain p;
        open_plain(&p, *t, "guider/frames", "pgf.");
        Tensor rgb = given(&p, "in.pose", SHAPE(2, 3, 48, 80), 100);
        GuiderFrames seen = {given(&p, "in.frame", SHAPE(2, 4, 48, 80), 100),
                             given(&p, "in.latent", SHAPE(2, 8, 6, 10), 1)};
        Tensor y = pose_guider_embed(&p.bench->run, &p.guider, rgb, seen);
        assert_golden(&p.golden, "features", y, allowed);
        y = pose_guider_embed(&p.bench->run, &p.guider, rgb, (GuiderFrames){0});
        assert_ran(&p.bench->run);
        assert_golden(&p.golden, "features.alone", y, allowed);
        close_plain(&p);
    }
}

/* A guider that sees frames, with one tensor changed. */
typedef struct Odd {
    const char *name;
    Shape shape; /* of rank 0: left out */
    const char *says;
} Odd;

static void refused(const Odd *odd)
{
    Bench *b = bench_new("ref");
    Weights *whole = named_weights(&b->arena, "guider/frames.keys", "pgf.", NULL);
    Weights *w = weights_new("odd");
    Err err = {0};
    for (size_t i = 0; i < weights_count(whole); i++) {
        bool is_it = strcmp(weights_name(whole, i), odd->name) == 0;
        Tensor t = is_it && odd->shape.rank > 0
                       ? tensor_new(&b->arena, TENSOR_F32, odd->shape, &err)
                       : weights_at(whole, i);
        if (!is_it || odd->shape.rank > 0)
            weights_add(w, weights_name(whole, i), t);
    }
    Binder binder;
    binder_init(&binder, w);
    Bind bind = bench_bind(b, &binder);
    PoseGuider m;
    (void)!pose_guider_bind(&m, &bind);
    assert_false(binder_done(&binder, NULL, &err));
    if (strstr(err.text, odd->says) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, odd->says);
    binder_release(&binder);
    weights_close(w);
    weights_close(whole);
    bench_free(b);
}

static void guiders_that_do_not_fit_together_are_refused_in_a_sentence(void **state)
{
    (void)state;
    static const char channels[] =
        "one that sees a pose has 3, one that sees a frame as well 7";
    const Odd odd[] = {
        {"conv_in.weight", SHAPE(8, 1, 3, 3), channels},
        {"conv_in.weight", SHAPE(8, 4, 3, 3), channels},
        {"conv_in.weight", SHAPE(8, 8, 3, 3), channels},
        {"conv_in.weight", SHAPE(8, 3, 3, 3), "latent_in"}, /* nobody asks for it */
        {"latent_in.weight", {0}, "latent_in.weight"},
        {"latent_in.bias", {0}, "latent_in.bias"},
        {"latent_in.weight", SHAPE(16, 8, 3, 3), "latent_in.bias"},
        {"conv_out.weight", SHAPE(32, 16, 3, 3), "do not follow each other"},
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        refused(&odd[i]);
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
        cmocka_unit_test(
            a_guider_that_sees_frames_equals_its_reference_shown_one_and_shown_none),
        cmocka_unit_test(guiders_that_do_not_fit_together_are_refused_in_a_sentence),
        cmocka_unit_test(the_pyramid_equals_its_reference_in_every_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
