/* SPDX-License-Identifier: MIT */
#include "models/vae.h"

#include "golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* f32 sums in another order differ by about 1e-6 of the largest; Winograd by
 * three times that. */
static const double allowed = 1e-4;

typedef struct Case {
    const char *golden, *keys, *prefix;
    VaeConfig config;
    int64_t H, W;
} Case;

static const Case cases[] = {
    {"vae/sd", "vae/sd.keys", "vae.", {4, 4, 2, {32, 64, 96, 96}, 32, 1.0f, true}, 96, 128},
    {"vae/f4", "vae/f4.keys", "vae4.", {8, 3, 1, {16, 24, 32}, 8, 1.0f, true}, 64, 64},
};

static void with_network(const Case *c, const char *table,
                         void (*check)(Bench *, const Case *, const Golden *, Vae *))
{
    Bench *b = bench_new(table);
    Golden g = golden_open(c->golden);
    Weights *w = named_weights(&b->arena, c->keys, c->prefix, &g);
    Binder binder;
    binder_init(&binder, w);
    Bind bind = bench_bind(b, &binder);
    Vae vae;
    Err err = {0};
    (void)!vae_bind(&vae, &bind, &c->config, (VaeParts){true, true});
    if (!binder_done(&binder, NULL, &err))
        fail_msg("%s", err.text);
    check(b, c, &g, &vae);
    binder_release(&binder);
    weights_close(w);
    golden_close(&g);
    bench_free(b);
}

static void on_all_tables(void (*check)(Bench *, const Case *, const Golden *, Vae *))
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (const char *const *t = tables(); *t != NULL; t++)
            with_network(&cases[i], *t, check);
}

static void encode(Bench *b, const Case *c, const Golden *g, Vae *vae)
{
    Tensor rgb = to_channels_last(
        &b->arena, named_values(&b->arena, "in.picture", SHAPE(1, 3, c->H, c->W), 1));
    GoldenTap tap = {g, "", allowed, 0};
    b->run.tap = golden_tap;
    b->run.tap_user = &tap;
    Tensor mean = vae_encode(&b->run, vae, rgb, (Tensor){0});
    assert_ran(&b->run);
    assert_int_equal(tap.seen, c->config.blocks + 2);
    assert_golden(g, "enc.mean", mean, allowed);
}

static void encodes_stage_by_stage_like_the_reference(void **state)
{
    (void)state;
    on_all_tables(encode);
}

static void decode(Bench *b, const Case *c, const Golden *g, Vae *vae)
{
    int64_t f = vae_factor(&c->config);
    Shape s = SHAPE(1, c->config.latent, c->H / f, c->W / f);
    Tensor z = to_channels_last(&b->arena, named_values(&b->arena, "in.latent", s, 1.7f));
    GoldenTap tap = {g, "", allowed, 0};
    b->run.tap = golden_tap;
    b->run.tap_user = &tap;
    Tensor rgb = vae_decode(&b->run, vae, z);
    assert_ran(&b->run);
    assert_int_equal(tap.seen, c->config.blocks + 1);
    assert_golden(g, "dec.picture", rgb, allowed);
}

static void decodes_stage_by_stage_like_the_reference(void **state)
{
    (void)state;
    on_all_tables(decode);
}

/* How far bands are from the whole, as a share of the largest. */
static double banded(Bench *b, const Case *c, Vae *vae, int64_t rows)
{
    size_t floor = run_floor(&b->run);
    Shape s = SHAPE(2, c->config.latent, 5, 3);
    Tensor z = to_channels_last(&b->arena, named_values(&b->arena, "in.latent", s, 1.7f));
    Tensor whole = vae_decode(&b->run, vae, z);
    Tensor rgb = vae_decode_bands(&b->run, vae, z, rows);
    assert_ran(&b->run);
    assert_int_equal(tensor_count(rgb), tensor_count(whole));
    double off = 0, largest = 0;
    for (int64_t i = 0; i < tensor_count(rgb); i++) {
        double want = (double)tensor_f32(whole)[i];
        off = fmax(off, fabs((double)tensor_f32(rgb)[i] - want));
        largest = fmax(largest, fabs(want));
    }
    run_drop(&b->run, floor);
    return off / largest;
}

static const int64_t band_rows[] = {8, 16, 64};

/* Bands overlap by whole tiles of the convolutions, so with statistics that are summed in
 * double, and so do not know bands, no bit differs. */
static void banded_exactly(Bench *b, const Case *c, const Golden *g, Vae *vae)
{
    (void)g;
    Kernels plain;
    Err err = {0};
    assert_true(kernels_named(&plain, "ref", &err));
    b->kernels.group_norm = plain.group_norm;
    b->kernels.group_moments = plain.group_moments;
    for (size_t i = 0; i < sizeof band_rows / sizeof *band_rows; i++)
        if (banded(b, c, vae, band_rows[i]) != 0)
            fail_msg("%s, %s: bands of %d rows give other bits", c->golden, b->kernels.name,
                     (int)band_rows[i]);
}

/* The fast tables sum in f32 by runs, which begin elsewhere: as far apart as either is from
 * double precision. */
static void banded_nearly(Bench *b, const Case *c, const Golden *g, Vae *vae)
{
    (void)g;
    for (size_t i = 0; i < sizeof band_rows / sizeof *band_rows; i++) {
        double off = banded(b, c, vae, band_rows[i]);
        if (!(off <= 1e-5))
            fail_msg("%s, %s: bands of %d rows are off by %.3g of the largest", c->golden,
                     b->kernels.name, (int)band_rows[i], off);
    }
}

static void bands_give_what_the_whole_gives(void **state)
{
    (void)state;
    with_network(&cases[0], "best", banded_exactly);
    with_network(&cases[0], "best", banded_nearly);
    for (const char *const *t = tables(); *t != NULL; t++) {
        with_network(&cases[1], *t, banded_exactly);
        with_network(&cases[1], *t, banded_nearly);
    }
}

/* A plan is what a pass takes, but for where the first huge page begins. */
static void planned(Bench *b, const Case *c, const Golden *g, Vae *vae)
{
    (void)g;
    static const int64_t rows[] = {0, 8, 64};
    Err err = {0};
    Shape s = SHAPE(1, 24, 24, c->config.latent);
    Tensor z = named_values(&b->arena, "in.latent", s, 1.7f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t told = vae_decode_plan(&b->run, vae, s, rows[i], &err);
        b->scratch.peak = 0;
        Tensor rgb = rows[i] == 0 ? vae_decode(&b->run, vae, z)
                                  : vae_decode_bands(&b->run, vae, z, rows[i]);
        assert_false(tensor_is_empty(rgb));
        assert_in_range(told + (2 << 20), b->scratch.peak, b->scratch.peak + (4 << 20));
        run_drop(&b->run, 0);
    }
}

static void memory_is_told_beforehand(void **state)
{
    (void)state;
    with_network(&cases[1], "best", planned);
}

/* Latents of a large picture: nothing of it is ever touched. */
static void halved(Bench *b, const Case *c, const Golden *g, Vae *vae)
{
    (void)g;
    Err err = {0};
    Shape s = SHAPE(1, 512, 512, c->config.latent);
    size_t whole = vae_decode_plan(&b->run, vae, s, 0, &err);
    size_t bands = vae_decode_plan(&b->run, vae, s, 16, &err);
    assert_true(bands > 0 && bands < whole / 2);
    assert_int_equal(err.kind, ERR_NONE);
}

static void bands_take_less_than_half(void **state)
{
    (void)state;
    with_network(&cases[1], "best", halved);
}

/* Binds these parts of a file with a tensor more; true if it may be there. */
static bool may_carry(const char *stray, VaeParts parts)
{
    const Case *c = &cases[1];
    Bench *b = bench_new("ref");
    Golden g = golden_open(c->golden);
    Weights *w = named_weights(&b->arena, c->keys, c->prefix, &g);
    weights_add(w, stray, named_values(&b->arena, stray, SHAPE(1), 1));
    Binder binder;
    binder_init(&binder, w);
    Bind bind = bench_bind(b, &binder);
    Vae vae;
    Err err = {0};
    if (!vae_bind(&vae, &bind, &c->config, parts))
        fail_msg("a VAE that carries '%s' is not bound", stray);
    bool ok = binder_done(&binder, vae_unread(parts), &err);
    if (!ok)
        assert_non_null(strstr(err.text, stray));
    binder_release(&binder);
    weights_close(w);
    golden_close(&g);
    bench_free(b);
    return ok;
}

static void a_half_lets_the_other_be_left_over_but_nothing_of_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *stray;
        bool encoder, decoder, both; /* that lets it be */
    } rows[] = {
        {"encoder.stray", false, true, false}, {"quant_conv.stray", false, true, false},
        {"decoder.stray", true, false, false}, {"post_quant_conv.stray", true, false, false},
        {"loss.stray", true, true, true},      {"model_ema.stray", true, true, true},
        {"stray", false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(may_carry(rows[i].stray, (VaeParts){.encoder = true}),
                         rows[i].encoder);
        assert_int_equal(may_carry(rows[i].stray, (VaeParts){.decoder = true}),
                         rows[i].decoder);
        assert_int_equal(may_carry(rows[i].stray, (VaeParts){true, true}), rows[i].both);
    }
}

/* Every limit from nothing to enough: an error with a sentence, no crash. */
static void short_memory(Bench *b, const Case *c, const Golden *g, Vae *vae)
{
    (void)g;
    int64_t f = vae_factor(&c->config);
    Shape s = SHAPE(1, c->H / f, c->W / f, c->config.latent);
    Tensor z = named_values(&b->arena, "in.latent", s, 1);
    Run enough = b->run;
    assert_false(tensor_is_empty(vae_decode(&enough, vae, z)));
    size_t peak = b->scratch.peak;
    for (int i = 0; i < 40; i++) {
        arena_rewind(&b->scratch, 0);
        b->scratch.limit = peak * (size_t)i / 40;
        Run r = b->run;
        assert_true(tensor_is_empty(vae_decode(&r, vae, z)));
        assert_int_equal(r.err.kind, ERR_MEMORY);
        assert_true(r.err.text[0] != '\0');
    }
}

static void short_memory_is_refused_with_a_sentence(void **state)
{
    (void)state;
    with_network(&cases[1], "best", short_memory);
}

static atomic_bool stop;

static void press_stop(void *user, const char *name, Tensor x)
{
    (void)user, (void)name, (void)x;
    atomic_store(&stop, true);
}

static void cancelling(Bench *b, const Case *c, const Golden *g, Vae *vae)
{
    (void)g;
    int64_t f = vae_factor(&c->config);
    Tensor z =
        named_values(&b->arena, "in.latent", SHAPE(1, c->H / f, c->W / f, c->config.latent), 1);
    b->run.cancel = &stop;
    b->run.tap = press_stop;
    assert_true(tensor_is_empty(vae_decode(&b->run, vae, z)));
    assert_int_equal(b->run.err.kind, ERR_CANCELLED);
}

static void cancelling_ends_a_pass(void **state)
{
    (void)state;
    with_network(&cases[1], "ref", cancelling);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_told_beforehand),
        cmocka_unit_test(bands_take_less_than_half),
        cmocka_unit_test(encodes_stage_by_stage_like_the_reference),
        cmocka_unit_test(decodes_stage_by_stage_like_the_reference),
        cmocka_unit_test(bands_give_what_the_whole_gives),
        cmocka_unit_test(a_half_lets_the_other_be_left_over_but_nothing_of_its_own),
        cmocka_unit_test(short_memory_is_refused_with_a_sentence),
        cmocka_unit_test(cancelling_ends_a_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
