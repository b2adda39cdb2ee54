/* SPDX-License-Identifier: MIT */
#include "../media/pictures.h"

#include "sheet/paper.h"

#include <math.h>

/* An ink drawing whose alpha and colour are known: outlines on white paper,
 * white inside, drawn at eight times the size and averaged. */
enum { FINE = 8, MOST = 300 };

typedef struct Drawing {
    int side;
    float gap; /* of the head's outline, in pixels */
    unsigned char paper[3], ink[3], fill[3];
    int noise; /* levels, of everything */
    float alpha[MOST][MOST];
} Drawing;

enum { NOTHING, FILL, INK };

/* A head of radius .22 and a body of .25 that touches it, in parts of the side;
 * lines of 3 pixels. */
static int part_at(const Drawing *d, float x, float y)
{
    float s = (float)d->side, line = 1.5f;
    float head = hypotf(x - 0.5f * s, y - 0.3f * s) - 0.22f * s;
    float body = hypotf(x - 0.5f * s, y - 0.7f * s) - 0.25f * s;
    bool is_gap = x > 0.5f * s && fabsf(y - 0.3f * s) < d->gap / 2;
    if ((fabsf(head) < line && !is_gap) || fabsf(body) < line)
        return INK;
    return head < 0 || body < 0 ? FILL : NOTHING;
}

/* The picture; d->alpha is the truth. */
static Image drawn(Arena *a, Drawing *d)
{
    Err err = {0};
    Image im = image_new(a, d->side, d->side, 3, &err);
    assert_non_null(im.data);
    for (int y = 0; y < d->side; y++)
        for (int x = 0; x < d->side; x++) {
            int count[3] = {0};
            for (int i = 0; i < FINE * FINE; i++)
                count[part_at(d, (float)x + ((float)(i % FINE) + 0.5f) / FINE,
                              (float)y + ((float)(i / FINE) + 0.5f) / FINE)]++;
            d->alpha[y][x] = 1 - (float)count[NOTHING] / (FINE * FINE);
            for (int c = 0; c < 3; c++) {
                int v = (count[NOTHING] * d->paper[c] + count[FILL] * d->fill[c] +
                         count[INK] * d->ink[c]) /
                        (FINE * FINE);
                if (d->noise > 0)
                    v += (int)(mixed((uint32_t)(x + d->side * (y + d->side * c))) %
                               (uint32_t)(2 * d->noise + 1)) -
                         d->noise;
                image_at(im, x, y)[c] = (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
        }
    return im;
}

static Drawing ink_on_white(int side)
{
    return (Drawing){
        .side = side, .paper = {255, 255, 255}, .ink = {20, 18, 24}, .fill = {255, 255, 255}};
}

/* The mean error of alpha over the pixels that the truth has between 0 and 1;
 * -1 if one of the others is off by more than 0.1. */
static double error_of_alpha(const Drawing *d, Image cut)
{
    double sum = 0;
    int n = 0;
    for (int y = 0; y < d->side; y++)
        for (int x = 0; x < d->side; x++) {
            double off = fabs(image_at(cut, x, y)[3] / 255.0 - (double)d->alpha[y][x]);
            bool is_edge = d->alpha[y][x] > 0 && d->alpha[y][x] < 1;
            if (!is_edge && off > 0.1)
                return -1;
            sum += is_edge ? off : 0;
            n += is_edge;
        }
    return sum / n;
}

/* Bounds: a mix in 8 bits with noise of n levels in 235 tells alpha to about
 * n/235 and half a step; where paper and drawing differ by less, to more. */
static void what_is_around_goes_and_white_inside_stays(void **state)
{
    (void)state;
    static Drawing rows[6];
    const double most[6] = {0.006, 0.006, 0.02, 0.006, 0.01, 0.02};
    for (int i = 0; i < 6; i++)
        rows[i] = ink_on_white(i % 2 ? 300 : 200);
    rows[2].noise = 4;
    rows[3].ink[0] = 190; /* a red pen */
    memcpy(rows[4].paper, (unsigned char[]){60, 62, 66}, 3);
    memcpy(rows[4].ink, (unsigned char[]){230, 200, 40}, 3);
    memcpy(rows[5].paper, (unsigned char[]){236, 226, 205}, 3);
    memcpy(rows[5].fill, (unsigned char[]){200, 120, 90}, 3);
    rows[5].noise = 4;
    Arena a = arena_for_test();
    for (int i = 0; i < 6; i++) {
        Err err = {0};
        Image im = drawn(&a, &rows[i]);
        assert_true(paper_is_flat(im));
        Image cut = paper_cut(&a, im, &err);
        assert_non_null(cut.data);
        double e = error_of_alpha(&rows[i], cut);
        assert_true(e >= 0 && e < most[i]);
        arena_rewind(&a, 0);
    }
    arena_release(&a);
}

/* The outer edge, over black, is ink and not a white rim; but for one pixel in
 * a hundred, in the crevices between two lines. */
static void edges_take_no_paper_along(void **state)
{
    (void)state;
    static Drawing d;
    d = ink_on_white(200);
    Arena a = arena_for_test();
    Err err = {0};
    Image cut = paper_cut(&a, drawn(&a, &d), &err);
    int edge = 0, light = 0;
    for (int y = 0; y < d.side; y++)
        for (int x = 0; x < d.side; x++)
            if (d.alpha[y][x] > 0 && d.alpha[y][x] < 1) {
                const unsigned char *q = image_at(cut, x, y);
                light += q[0] * q[3] / 255 > d.ink[0] + 20;
                edge++;
            }
    assert_true(edge > 400);
    assert_true(light * 100 < edge);
    arena_release(&a);
}

static void a_narrow_gap_in_a_line_does_not_let_the_paper_in(void **state)
{
    (void)state;
    static Drawing d;
    const struct {
        float gap;
        int alpha; /* in the middle of the head */
    } rows[] = {{0, 255}, {2, 255}, {16, 0}};
    Arena a = arena_for_test();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Err err = {0};
        d = ink_on_white(300);
        d.gap = rows[i].gap;
        Image cut = paper_cut(&a, drawn(&a, &d), &err);
        assert_int_equal(image_at(cut, 150, 90)[3], rows[i].alpha);
        assert_int_equal(image_at(cut, 150, 210)[3], 255);
        assert_int_equal(image_at(cut, 5, 5)[3], 0);
    }
    arena_release(&a);
}

/* A picture from letters: k dark, g grey, w white, m magenta. */
static Image from_letters(Arena *a, const char *const *rows, int side)
{
    Err err = {0};
    Image im = image_new(a, side, side, 3, &err);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            char c = rows[y][x];
            memcpy(image_at(im, x, y),
                   c == 'k'   ? (unsigned char[]){20, 20, 30}
                   : c == 'g' ? (unsigned char[]){128, 128, 128}
                   : c == 'm' ? (unsigned char[]){255, 0, 255}
                              : (unsigned char[]){255, 255, 255},
                   3);
        }
    return im;
}

static void pixel_art_keeps_its_colours_and_hard_edges(void **state)
{
    (void)state;
    static const char *const white[] = {"wwwwwwww", "wwggggww", "wgkkkkgw", "wgkwwkgw",
                                        "wgkwwkgw", "wgkkkkgw", "wwggggww", "wwwwwwww"};
    static const char *const magenta[] = {"mmmmmmmm", "mmggggmm", "mgkkkkgm", "mgkmwkgm",
                                          "mgkmwkgm", "mgkkkkgm", "mmggggmm", "mmmmmmmm"};
    Arena a = arena_for_test();
    Err err = {0};
    Image im[] = {from_letters(&a, white, 8), from_letters(&a, magenta, 8)};
    for (int i = 0; i < 2; i++) {
        Image cut = paper_cut(&a, im[i], &err);
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++) {
                char c = (i == 0 ? white : magenta)[y][x];
                bool is_inside = x > 2 && x < 5 && y > 2 && y < 5;
                bool stays = c == 'k' || c == 'g' || (c == 'w' && is_inside);
                assert_int_equal(image_at(cut, x, y)[3], stays ? 255 : 0);
                if (stays)
                    assert_memory_equal(image_at(cut, x, y), image_at(im[i], x, y), 3);
            }
    }
    arena_release(&a);
}

static void saturated_paper_goes_from_holes_too(void **state)
{
    (void)state;
    static Drawing d;
    d = ink_on_white(200);
    memcpy(d.paper, (unsigned char[]){0, 255, 0}, 3);
    memcpy(d.fill, d.paper, 3);
    Arena a = arena_for_test();
    Err err = {0};
    Image cut = paper_cut(&a, drawn(&a, &d), &err);
    assert_int_equal(image_at(cut, 100, 60)[3], 0);
    assert_int_equal(image_at(cut, 100, 189)[3], 255); /* the line below */
    arena_release(&a);
}

static void a_background_of_many_colours_is_not_flat(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    assert_false(paper_is_flat(picture(&a, 90, 70, 3)));
    Image slope = image_new(&a, 64, 64, 3, &err);
    for (int y = 0; y < 64; y++)
        memset(image_row(slope, y), 4 * y, (size_t)64 * 3);
    assert_false(paper_is_flat(slope));
    arena_release(&a);
}

/* A figure that is cut off by the picture's edge hides part of the border. */
static void a_figure_may_reach_the_border(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image im = image_new(&a, 140, 160, 4, &err);
    memset(im.data, 255, tensor_bytes(im));
    for (int y = 60; y < 160; y++)
        for (int x = 40; x < 100; x++)
            memset(image_at(im, x, y), x % 60 + y / 2, 3);
    assert_true(paper_is_flat(im));
    Image cut = paper_cut(&a, im, &err);
    assert_int_equal(image_at(cut, 70, 159)[3], 255);
    assert_int_equal(image_at(cut, 20, 159)[3], 0);
    arena_release(&a);
}

static void pictures_of_paper_alone_become_empty(void **state)
{
    (void)state;
    const int sizes[][2] = {{1, 1}, {3, 200}, {300, 2}, {260, 260}};
    Arena a = arena_for_test();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Err err = {0};
        Image im = image_new(&a, sizes[i][0], sizes[i][1], 3, &err);
        memset(im.data, 250, tensor_bytes(im));
        Image cut = paper_cut(&a, im, &err);
        assert_non_null(cut.data);
        const unsigned char *q = cut.data;
        for (size_t k = 0; k < tensor_bytes(cut); k++)
            assert_int_equal(q[k], 0);
    }
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_around_goes_and_white_inside_stays),
        cmocka_unit_test(edges_take_no_paper_along),
        cmocka_unit_test(a_narrow_gap_in_a_line_does_not_let_the_paper_in),
        cmocka_unit_test(pixel_art_keeps_its_colours_and_hard_edges),
        cmocka_unit_test(saturated_paper_goes_from_holes_too),
        cmocka_unit_test(a_background_of_many_colours_is_not_flat),
        cmocka_unit_test(a_figure_may_reach_the_border),
        cmocka_unit_test(pictures_of_paper_alone_become_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
