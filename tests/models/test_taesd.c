/* SPDX-License-Identifier: MIT */
#include "models/preview.h"
#include "models/taesd.h"

#include "golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* f32 sums in another order: about 1e-6 of the largest, Winograd three times. */
static const double allowed = 1e-4;

typedef struct Net {
    Bench *bench;
    Golden golden;
    Weights *weights;
    Binder binder;
    Taesd net;
} Net;

/* The half `part` under the names of its author's files. */
static Weights *bare(Weights *all, const char *part, int more)
{
    char prefix[32];
    size_t n = (size_t)snprintf(prefix, sizeof prefix, "%s.layers.", part);
    Weights *w = weights_new("bare");
    for (size_t i = 0; i < weights_count(all); i++) {
        const char *name = weights_name(all, i);
        if (strncmp(name, prefix, n) != 0)
            continue;
        char *rest, to[64];
        long at = strtol(name + n, &rest, 10);
        snprintf(to, sizeof to, "%ld%s", at + more, rest);
        weights_add(w, to, weights_find(all, name));
    }
    return w;
}

static void net_open(Net *n, const char *table, TaesdParts parts, bool is_bare)
{
    *n = (Net){.bench = bench_new(table), .golden = golden_open("taesd/tiny")};
    n->weights = named_weights(&n->bench->arena, "taesd/tiny.keys", "taesd.", NULL);
    if (is_bare) {
        Weights *all = n->weights;
        n->weights = bare(all, parts.encoder ? "encoder" : "decoder", parts.encoder ? 0 : 1);
        weights_close(all);
    }
    binder_init(&n->binder, n->weights);
    Bind b = bench_bind(n->bench, &n->binder);
    (void)!taesd_bind(&n->net, &b, parts);
    Err err = {0};
    if (!binder_done(&n->binder, taesd_unread(parts), &err))
        fail_msg("%s", err.text);
}

static void net_close(Net *n)
{
    binder_release(&n->binder);
    weights_close(n->weights);
    golden_close(&n->golden);
    bench_free(n->bench);
}

static Tensor named(Net *n, const char *name, Shape s, float factor)
{
    Arena *a = &n->bench->arena;
    return to_channels_last(a, named_values(a, name, s, factor));
}

static void encodes(Net *n)
{
    GoldenTap tap = {&n->golden, "", allowed, 0};
    n->bench->run.tap = golden_tap;
    n->bench->run.tap_user = &tap;
    Tensor z =
        taesd_encode(&n->bench->run, &n->net, named(n, "in.picture", SHAPE(2, 3, 40, 24), 1));
    assert_ran(&n->bench->run);
    assert_int_equal(tap.seen, 4);
    assert_golden(&n->golden, "enc.latent", z, allowed);
}

static void decodes(Net *n)
{
    GoldenTap tap = {&n->golden, "", allowed, 0};
    n->bench->run.tap = golden_tap;
    n->bench->run.tap_user = &tap;
    Tensor rgb =
        taesd_decode(&n->bench->run, &n->net, named(n, "in.latent", SHAPE(2, 4, 5, 3), 6));
    assert_ran(&n->bench->run);
    assert_int_equal(tap.seen, 7);
    assert_golden(&n->golden, "dec.picture", rgb, allowed);
}

static void both_halves_equal_the_reference(void **state)
{
    (void)state;
    for (const char *const *t = tables(); *t != NULL; t++) {
        Net n;
        net_open(&n, *t, (TaesdParts){true, true}, false);
        encodes(&n);
        decodes(&n);
        net_close(&n);
    }
}

static void a_half_is_read_under_both_namings(void **state)
{
    (void)state;
    for (int is_bare = 0; is_bare < 2; is_bare++) {
        Net n;
        net_open(&n, "best", (TaesdParts){.encoder = true}, is_bare);
        encodes(&n);
        net_close(&n);
        net_open(&n, "best", (TaesdParts){.decoder = true}, is_bare);
        decodes(&n);
        net_close(&n);
    }
}

static void another_network_is_refused(void **state)
{
    (void)state;
    Bench *b = bench_new("ref");
    Weights *w = named_weights(&b->arena, "vae/f4.keys", "vae4.", NULL);
    Binder binder;
    binder_init(&binder, w);
    Bind bind = bench_bind(b, &binder);
    Taesd net;
    Err err = {0};
    assert_false(taesd_bind(&net, &bind, (TaesdParts){.decoder = true}));
    assert_false(binder_done(&binder, NULL, &err));
    assert_non_null(strstr(err.text, "1.weight"));
    binder_release(&binder);
    weights_close(w);
    bench_free(b);
}

static void a_preview_is_a_linear_function_of_the_latent(void **state)
{
    (void)state;
    Bench *b = bench_new("ref");
    float z[2 * 4] = {1, 0, 0, 0, 0.5f, -1, 2, 40};
    Tensor latents = tensor_over(z, TENSOR_F32, SHAPE(1, 1, 2, 4));
    Tensor rgb = preview_rgb(&b->run, &preview_sd, latents);
    assert_int_equal(rgb.dim[3], 3);
    for (int i = 0; i < 3; i++) {
        assert_float_equal(tensor_f32(rgb)[i], preview_sd.factor[0][i], 1e-6);
        assert_float_equal(tensor_f32(rgb)[3 + i], -1, 0); /* clamped */
    }
    memset(z, 0, sizeof z);
    rgb = preview_rgb(&b->run, &preview_xl, latents);
    for (int i = 0; i < 3; i++)
        assert_float_equal((tensor_f32(rgb)[i] + 1) * 127.5f, 150 - 10 * (float)i, 1e-4);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_halves_equal_the_reference),
        cmocka_unit_test(a_half_is_read_under_both_namings),
        cmocka_unit_test(another_network_is_refused),
        cmocka_unit_test(a_preview_is_a_linear_function_of_the_latent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
