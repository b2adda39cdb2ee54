/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include "media/edges.h"
#include "weights/weights.h"

/* How many pixels are not as the eight to a byte in `bits` have them. */
static int differing(Image edges, Tensor bits)
{
    const unsigned char *packed = bits.data, *dot = edges.data;
    int64_t pixels = edges.dim[0] * edges.dim[1];
    int count = 0;
    assert_int_equal(bits.dim[0], (pixels + 7) / 8);
    for (int64_t i = 0; i < pixels; i++, dot += 3) {
        int expected = packed[i / 8] >> (7 - i % 8) & 1 ? 255 : 0;
        count += dot[0] != expected || dot[1] != expected || dot[2] != expected;
    }
    return count;
}

/* "100.200.rings" from "in.rings" */
static void canny_gives_the_bytes_of_opencv(void **state)
{
    (void)state;
    Err err = {0};
    Weights *w = weights_open(GOLDEN "/edges/edges.safetensors", &err);
    assert_non_null(w);
    Arena a = arena_for_test();
    int compared = 0;
    for (size_t i = 0; i < weights_count(w); i++) {
        char picture_name[64], source[70];
        int low = 0, high = 0;
        const char *name = weights_name(w, i);
        if (sscanf(name, "%d.%d.%63s", &low, &high, picture_name) != 3)
            continue;
        snprintf(source, sizeof source, "in.%s", picture_name);
        Image edges = image_canny(&a, weights_find(w, source), low, high, &err);
        assert_non_null(edges.data);
        int wrong = differing(edges, weights_at(w, i));
        if (wrong != 0)
            print_message("%s: %d pixels differ\n", name, wrong);
        assert_int_equal(wrong, 0);
        compared++;
    }
    assert_int_equal(compared, 60);
    arena_release(&a);
    weights_close(w);
}

static void thresholds_in_either_order_mean_the_same(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = picture(&a, 70, 50, 3);
    Image right = image_canny(&a, im, 120, 400, &err);
    assert_same_image(image_canny(&a, im, 400, 120, &err), right);
    arena_release(&a);
}

static void a_flat_picture_has_no_edges(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    for (int side = 1; side < 5; side++) {
        Image im = image_new(&a, side, 5 - side, 1, &err);
        memset(im.data, 90, tensor_bytes(im));
        Image edges = image_canny(&a, im, 0, 0, &err);
        for (int64_t i = 0; i < tensor_count(edges); i++)
            assert_int_equal(((unsigned char *)edges.data)[i], 0);
    }
    arena_release(&a);
}

static void dark_strokes_become_white(void **state)
{
    (void)state;
    static const struct {
        unsigned char rgb[3];
        int white;
    } dots[] = {{{0, 0, 0}, 255},       {{255, 255, 255}, 0},   {{127, 127, 127}, 0},
                {{126, 255, 255}, 255}, {{200, 126, 200}, 255}, {{128, 129, 127}, 0},
                {{255, 255, 0}, 255}};
    enum { DOTS = sizeof dots / sizeof *dots };
    Arena a = arena_for_test();
    Err err = {0};
    Image im = image_new(&a, DOTS, 1, 3, &err);
    for (int i = 0; i < DOTS; i++)
        memcpy(image_at(im, i, 0), dots[i].rgb, 3);
    Image to = image_scribble(&a, im, &err);
    for (int i = 0; i < DOTS * 3; i++)
        assert_int_equal(((unsigned char *)to.data)[i], dots[i / 3].white);
    Image grey = image_new(&a, 2, 1, 1, &err);
    memcpy(grey.data, (unsigned char[]){126, 127}, 2);
    assert_memory_equal(image_scribble(&a, grey, &err).data,
                        ((unsigned char[]){255, 255, 255, 0, 0, 0}), 6);
    arena_release(&a);
}

static void only_the_edges_stay_in_the_arena(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = picture(&a, 200, 100, 3);
    size_t before = a.used;
    Image to = image_canny(&a, im, 100, 200, &err);
    assert_true(a.used - before <=
                tensor_bytes(to) + 256); /* a line, and what sanitizers add */
    arena_release(&a);
}

static void short_memory_is_a_refusal(void **state)
{
    (void)state;
    Arena big = arena_for_test(), a;
    Image im = picture(&big, 64, 64, 3);
    Err err = {0};
    int refused = 0;
    for (size_t limit = 1000; limit < 60000; limit += 1000) {
        assert_true(arena_init(&a, limit, &err));
        Err why = {0};
        Image to = image_canny(&a, im, 100, 200, &why);
        assert_int_equal(to.data == NULL, why.kind == ERR_MEMORY);
        assert_true(to.data != NULL || a.used == 0);
        refused += to.data == NULL;
        arena_release(&a);
    }
    assert_true(refused > 10 && refused < 59);
    arena_release(&big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canny_gives_the_bytes_of_opencv),
        cmocka_unit_test(thresholds_in_either_order_mean_the_same),
        cmocka_unit_test(a_flat_picture_has_no_edges),
        cmocka_unit_test(dark_strokes_become_white),
        cmocka_unit_test(only_the_edges_stay_in_the_arena),
        cmocka_unit_test(short_memory_is_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
