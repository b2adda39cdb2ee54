/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/chance.h"

#include "../diffusion/golden.h"

enum { ROOM = 16384 };
static float drawn[ROOM];
static Golden g;

static int open_goldens(void **state)
{
    (void)state;
    g = golden_open("noise/noise.safetensors");
    return 0;
}

static int close_goldens(void **state)
{
    (void)state;
    golden_close(&g);
    return 0;
}

static float half_value(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    float size = exponent ? ldexpf((float)(fraction + 1024), exponent - 25)
                          : ldexpf((float)fraction, -24);
    return h & 0x8000 ? -size : size;
}

/* Exactly what torch drew; it computed with AVX2. */
static void assert_drawn(const char *name, bool is_half, const float *got, int64_t n)
{
    int64_t count;
    const unsigned char *want = golden_at(&g, name, &count);
    assert_int_equal(count, n);
    for (int64_t i = 0; i < n; i++) {
        float f;
        uint16_t h;
        memcpy(&f, want + 4 * i, is_half ? 0 : 4);
        memcpy(&h, want + 2 * i, 2);
        if (got[i] != (is_half ? half_value(h) : f))
            fail_msg("%s[%d]: %.9g, not %.9g", name, (int)i, (double)got[i],
                     (double)(is_half ? half_value(h) : f));
    }
}

static void draw(Chance *c, bool is_half, int64_t n)
{
    (is_half ? chance_normal_half : chance_normal)(c, drawn, n);
}

static void uniforms_are_those_of_torch(void **state)
{
    (void)state;
    Chance c;
    chance_seed(&c, 42);
    chance_uniform(&c, drawn, 700);
    assert_drawn("rand.seed42", false, drawn, 700);
}

static void normals_are_those_of_torch_for_every_length_and_seed(void **state)
{
    (void)state;
    static const uint64_t seeds[] = {0, 1, 42, 123456789, 4294967295, 5000000001};
    static const int counts[] = {1, 2, 5, 15, 16, 17, 31, 32, 33, 1000};
    for (int k = 0; k < 2 * 6 * 10; k++) {
        char name[64];
        bool is_half = k % 2;
        uint64_t seed = seeds[k / 2 % 6];
        int n = counts[k / 12];
        snprintf(name, sizeof name, "%s.seed%llu.n%d", is_half ? "f16" : "f32",
                 (unsigned long long)seed, n);
        Chance c;
        chance_seed(&c, seed);
        draw(&c, is_half, n);
        assert_drawn(name, is_half, drawn, n);
    }
}

static void latents_of_a_picture_are_those_of_torch(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        char name[64];
        Chance c;
        chance_seed(&c, 42);
        draw(&c, k, 16384);
        snprintf(name, sizeof name, "%s.seed42.n16384.first", k ? "f16" : "f32");
        assert_drawn(name, k, drawn, 8);
        snprintf(name, sizeof name, "%s.seed42.n16384.last", k ? "f16" : "f32");
        assert_drawn(name, k, drawn + 16384 - 8, 8);
        snprintf(name, sizeof name, "%s.seed42.n16384.sum", k ? "f16" : "f32");
        int64_t one;
        double want, sum = 0;
        memcpy(&want, golden_at(&g, name, &one), sizeof want);
        for (int i = 0; i < 16384; i++)
            sum += (double)drawn[i];
        assert_true(fabs(sum - want) < 1e-9); /* sums of doubles in another order */
    }
}

static void the_state_walks_on_as_that_of_torch(void **state)
{
    (void)state;
    static const int walk[] = {16, 3, 1, 5, 17, 2, 32, 15, 1, 40, 8, 1000, 7};
    for (int k = 0; k < 4; k++) {
        bool is_half = k % 2;
        int seed = k / 2 ? 7 : 42;
        Chance c;
        chance_seed(&c, (uint64_t)seed);
        for (int i = 0; i < 13; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s.walk%d.%02d", is_half ? "f16" : "f32", seed, i);
            draw(&c, is_half, walk[i]);
            assert_drawn(name, is_half, drawn, walk[i]);
        }
    }
}

static void halves_and_floats_may_take_turns(void **state)
{
    (void)state;
    static const int n[] = {16, 5, 4, 20};
    Chance c;
    chance_seed(&c, 42);
    for (int i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "mixed.%d", i);
        draw(&c, i % 2 == 0, n[i]);
        assert_drawn(name, i % 2 == 0, drawn, n[i]);
    }
}

static void coarse_halves_are_those_of_torch_2_0(void **state)
{
    (void)state;
    static const float want[] = {0.38671875f, 1.47167969f, 0.14685059f, -1.11914062f};
    Chance c;
    chance_seed(&c, 42);
    chance_normal_coarse(&c, drawn, 16);
    for (int i = 0; i < 4; i++)
        assert_true(fabsf(drawn[i] - want[i]) < 1e-8f); /* the list has nine digits */
}

static void choices_stay_below_their_limit_and_reach_all_of_it(void **state)
{
    (void)state;
    Chance c;
    int seen[7] = {0};
    chance_seed(&c, 3);
    for (int i = 0; i < 7000; i++) {
        uint32_t k = chance_below(&c, 7);
        assert_true(k < 7);
        seen[k]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 850, 1150); /* 1000 each, five sigma */
}

/* The first numbers of torch.randn on a card, as it prints them. */
static void philox_draws_what_a_card_draws(void **state)
{
    (void)state;
    static const float zero[] = {-0.9247f, -0.4253f, -2.6438f, 0.1452f,  -0.1209f, -0.5797f,
                                 -0.6229f, -0.3284f, -1.0745f, -0.3631f, -1.6711f, 2.2655f};
    static const float one[] = {-0.2963f, 2.6764f, -0.1408f, -0.8441f};
    Philox p;
    philox_seed(&p, 0);
    philox_normal(&p, drawn, 12);
    for (int i = 0; i < 12; i++)
        assert_true(fabsf(drawn[i] - zero[i]) < 6e-5f); /* four digits */
    philox_seed(&p, 1);
    philox_normal(&p, drawn, 4);
    for (int i = 0; i < 4; i++)
        assert_true(fabsf(drawn[i] - one[i]) < 6e-5f);
}

/* Unlike torch's CPU generator: a number depends on its place alone. */
static void philox_is_the_same_however_much_is_drawn_and_new_each_time(void **state)
{
    (void)state;
    Philox p;
    float first[8];
    philox_seed(&p, UINT64_C(0x123456789abcdef0));
    philox_normal(&p, drawn, ROOM);
    memcpy(first, drawn, sizeof first);
    double sum = 0, squares = 0;
    for (int i = 0; i < ROOM; i++) {
        sum += (double)drawn[i];
        squares += (double)drawn[i] * (double)drawn[i];
    }
    assert_true(fabs(sum / ROOM) < 0.04 && fabs(squares / ROOM - 1) < 0.06); /* five sigma */
    philox_normal(&p, drawn, 8);
    assert_memory_not_equal(first, drawn, sizeof first);
    philox_seed(&p, UINT64_C(0x123456789abcdef0));
    philox_normal(&p, drawn, 8);
    assert_memory_equal(first, drawn, sizeof first);
    philox_seed(&p, UINT64_C(0x9abcdef0)); /* the upper half counts */
    philox_normal(&p, drawn, 8);
    assert_memory_not_equal(first, drawn, sizeof first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniforms_are_those_of_torch),
        cmocka_unit_test(normals_are_those_of_torch_for_every_length_and_seed),
        cmocka_unit_test(latents_of_a_picture_are_those_of_torch),
        cmocka_unit_test(the_state_walks_on_as_that_of_torch),
        cmocka_unit_test(halves_and_floats_may_take_turns),
        cmocka_unit_test(coarse_halves_are_those_of_torch_2_0),
        cmocka_unit_test(philox_draws_what_a_card_draws),
        cmocka_unit_test(philox_is_the_same_however_much_is_drawn_and_new_each_time),
        cmocka_unit_test(choices_stay_below_their_limit_and_reach_all_of_it),
    };
    return cmocka_run_group_tests(tests, open_goldens, close_goldens);
}
