/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include "media/color.h"
#include "media/resize.h"

/* A picture from letters: '.' is nothing, '-' a trace of alpha, others a colour
 * each. */
static Image drawn(Arena *a, const char *const *rows, int h)
{
    Err err = {0};
    int w = (int)strlen(rows[0]);
    Image im = image_new(a, w, h, 4, &err);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            char c = rows[y][x];
            unsigned char *p = image_at(im, x, y);
            uint32_t rgb = c == '.' ? 0 : mixed((uint32_t)c);
            memcpy(p, &rgb, 3);
            p[3] = c == '.' ? 0 : c == '-' ? 127 : 255;
        }
    return im;
}

static void assert_vote(const char *const *from, int h, VoteGrid g, const char *const *to)
{
    Arena a = arena_for_test();
    Err err = {0};
    Image im = drawn(&a, from, h);
    size_t before = a.used;
    Image got = image_vote(&a, im, g, &err);
    assert_true(a.used - before < 4 * (size_t)g.w * (size_t)g.h + 128);
    assert_same_image(got, drawn(&a, to, g.h));
    arena_release(&a);
}

static void the_majority_of_a_block_wins(void **state)
{
    (void)state;
    static const char *const from[] = {"aabbccc", "abbb.cc", "aab..cc"};
    static const char *const to[] = {"ac"};
    assert_vote(from, 3, (VoteGrid){.scale = 3, .w = 2, .h = 1}, to);
    static const char *const ends[] = {"bc"};
    assert_vote(from, 3, (VoteGrid){.left = 1, .scale = 3, .w = 2, .h = 1}, ends);
}

static void half_of_a_block_must_be_opaque(void **state)
{
    (void)state;
    static const char *const from[] = {"a.a...", "a..a.-", "..aa--", "..aa-a"};
    static const char *const to[] = {"aa.", ".a."};
    assert_vote(from, 4, (VoteGrid){.scale = 2, .w = 3, .h = 2}, to);
}

static void beyond_the_picture_is_nothing(void **state)
{
    (void)state;
    static const char *const from[] = {"aa", "aa"};
    static const char *const to[] = {"....", ".aa.", ".aa.", "...."};
    assert_vote(from, 2, (VoteGrid){.left = -1, .top = -1, .scale = 1, .w = 4, .h = 4}, to);
    static const char *const quarter[] = {"."};
    assert_vote(from, 2, (VoteGrid){.left = -2, .top = -2, .scale = 4, .w = 1, .h = 1},
                quarter);
}

static uint32_t colour_at(Image im, int64_t i)
{
    uint32_t v;
    memcpy(&v, (unsigned char *)im.data + 4 * i, 4);
    return v;
}

static void no_colour_arises(void **state)
{
    (void)state;
    static const double scales[] = {1, 1.5, 2.4, 5, 7.77, 9, 30};
    for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
        Arena a = arena_for_test();
        Err err = {0};
        Image im = picture(&a, 90, 61, 4);
        VoteGrid g = {.left = -0.3, .top = 2.2, .scale = scales[k]};
        g.w = (int)(90 / g.scale);
        g.h = (int)(61 / g.scale);
        Image to = image_vote(&a, im, g, &err);
        int opaque = 0;
        for (int64_t i = 0; i < to.dim[0] * to.dim[1]; i++) {
            uint32_t v = colour_at(to, i);
            bool is_known = v == 0;
            for (int64_t j = 0; j < im.dim[0] * im.dim[1] && !is_known; j++)
                is_known = (colour_at(im, j) & 0xffffff) == (v & 0xffffff);
            assert_true(is_known);
            assert_true(v >> 24 == 255 || v == 0);
            opaque += v != 0;
        }
        assert_true(opaque > 0);
        arena_release(&a);
    }
}

/* Each pixel as a square of `side`, moved right and down by some of nothing. */
static Image enlarged(Arena *a, Image im, int side, int right, int down)
{
    Err err = {0};
    Image to =
        image_new(a, image_width(im) * side + right, image_height(im) * side + down, 4, &err);
    memset(to.data, 0, tensor_bytes(to));
    for (int y = down; y < image_height(to); y++)
        for (int x = right; x < image_width(to); x++)
            memcpy(image_at(to, x, y), image_at(im, (x - right) / side, (y - down) / side), 4);
    return to;
}

static Image moved_right(Arena *a, Image im, int by)
{
    Err err = {0};
    return image_crop(a, im, (Rect){-by, 0, image_width(im), image_height(im)}, (Rgb){0}, &err);
}

static void large_pixels_are_found_and_taken_back(void **state)
{
    (void)state;
    static const int cases[][3] = {{1, 0, 0}, {2, 0, 0}, {2, 1, 0}, {3, 2, 1}, {8, 5, 7}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        Arena a = arena_for_test();
        Err err = {0};
        int side = cases[k][0], left, top;
        Image im = picture(&a, 13, 11, 4);
        for (int i = 0; i < 13 * 11; i++)
            ((unsigned char *)im.data)[4 * i + 3] = 255;
        Image frames[2] = {enlarged(&a, im, side, cases[k][1], cases[k][2])};
        frames[1] = moved_right(&a, frames[0], side);
        assert_int_equal(image_grid(frames, 2, &left, &top), side);
        assert_int_equal(left, cases[k][1] % side);
        assert_int_equal(top, cases[k][2] % side);
        VoteGrid g = {.left = cases[k][1], .top = cases[k][2], .scale = side, .w = 13, .h = 11};
        assert_same_image(image_vote(&a, frames[0], g, &err), im);
        arena_release(&a);
    }
}

static void pictures_on_different_grids_have_none(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    int left, top;
    Image im = picture(&a, 9, 9, 4);
    Image frames[2] = {enlarged(&a, im, 4, 0, 0)}, one = enlarged(&a, im, 4, 0, 0);
    frames[1] = moved_right(&a, frames[0], 3);
    image_at(one, 17, 16)[0] ^= 1;
    assert_int_equal(image_grid(frames, 1, &left, &top), 4);
    assert_int_equal(image_grid(frames, 2, &left, &top), 1);
    assert_int_equal(image_grid(&one, 1, &left, &top), 1);
    Image flat = image_new(&a, 6, 6, 3, &(Err){0});
    memset(flat.data, 9, tensor_bytes(flat));
    assert_int_equal(image_grid(&flat, 1, &left, &top), 1);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_majority_of_a_block_wins),
        cmocka_unit_test(half_of_a_block_must_be_opaque),
        cmocka_unit_test(beyond_the_picture_is_nothing),
        cmocka_unit_test(no_colour_arises),
        cmocka_unit_test(large_pixels_are_found_and_taken_back),
        cmocka_unit_test(pictures_on_different_grids_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
