/* SPDX-License-Identifier: MIT */
#include "../media/pictures.h"

#include "sheet/sheet.h"

enum { W = 48, H = 40, FRAMES = 4 };

/* A figure of several colours, its left top at x, y of a frame of nothing. */
static Image figure(Arena *a, int x, int y, int w, int h)
{
    Err err = {0};
    Image im = image_new(a, W, H, 4, &err);
    memset(im.data, 0, tensor_bytes(im));
    for (int v = 0; v < h; v++)
        for (int u = 0; u < w; u++) {
            unsigned char *p = image_at(im, x + u, y + v);
            uint32_t rgb = mixed((uint32_t)(u / 2 + 100 * (v / 3)));
            memcpy(p, &rgb, 3);
            p[3] = 255;
        }
    return im;
}

/* Each pixel as a square. */
static Image enlarged(Arena *a, Image im, int side)
{
    Err err = {0};
    Image to = image_new(a, image_width(im) * side, image_height(im) * side, 4, &err);
    for (int y = 0; y < image_height(to); y++)
        for (int x = 0; x < image_width(to); x++)
            memcpy(image_at(to, x, y), image_at(im, x / side, y / side), 4);
    return to;
}

/* A walk to the right, two columns a frame; its body is in the figure's middle. */
typedef struct Walk {
    Image frames[FRAMES];
    int root[FRAMES];
    SheetClip clip;
} Walk;

static void make_walk(Arena *a, Walk *k)
{
    for (int i = 0; i < FRAMES; i++) {
        k->frames[i] = figure(a, 4 + 2 * i, 10, 12, 21);
        k->root[i] = 10 + 2 * i;
    }
    k->clip = (SheetClip){.name = "walk_e",
                          .direction = "e",
                          .frames = k->frames,
                          .count = FRAMES,
                          .fps = 10,
                          .is_loop = true,
                          .root = k->root};
}

static Sheet made(Arena *a, const SheetClip *clips, int count, SheetOptions o)
{
    Err err = {0};
    Sheet s;
    bool ok = sheet_make(&s, a, clips, count, &o, &err);
    if (!ok)
        print_message("%s\n", err.text);
    assert_true(ok);
    return s;
}

static void motion_is_removed_if_asked(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Walk k;
    make_walk(&a, &k);
    Sheet s = made(&a, &k.clip, 1, (SheetOptions){.in_place = true});
    assert_int_equal(s.cell_w, 12);
    assert_int_equal(s.cell_h, 21);
    for (int i = 0; i < FRAMES; i++) {
        assert_same_image(s.cells[i], s.cells[0]);
        assert_int_equal(s.pivots[i].x, 6);
        assert_int_equal(s.pivots[i].y, 21);
        assert_int_equal(s.moved[i], 2 * i);
    }
    arena_release(&a);
}

static void motion_that_is_kept_is_told(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Walk k;
    make_walk(&a, &k);
    Sheet s = made(&a, &k.clip, 1, (SheetOptions){0});
    assert_int_equal(s.cell_w, 12 + 2 * (FRAMES - 1));
    for (int i = 0; i < FRAMES; i++) {
        assert_int_equal(image_bounds(s.cells[i], 128).x, 2 * i);
        assert_int_equal(s.pivots[i].x, 6 + 2 * i);
        assert_int_equal(s.moved[i], 2 * i);
    }
    arena_release(&a);
}

static void large_pixels_become_single_ones(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Walk k;
    make_walk(&a, &k);
    Sheet plain = made(&a, &k.clip, 1, (SheetOptions){0});
    for (int i = 0; i < FRAMES; i++) {
        k.frames[i] = enlarged(&a, k.frames[i], 5);
        k.root[i] = k.root[i] * 5 + 2;
    }
    Sheet s = made(&a, &k.clip, 1, (SheetOptions){.cell = 24});
    assert_true(s.scale == 5);
    assert_int_equal(s.cell_w, 24);
    assert_int_equal(s.cell_h, 24);
    for (int i = 0; i < FRAMES; i++) {
        /* 18 x 21 pixels in the middle of the foot of 24 x 24 */
        Image part = image_crop(&a, s.cells[i], (Rect){3, 3, 18, 21}, (Rgb){0}, &(Err){0});
        assert_same_image(part, plain.cells[i]);
        assert_int_equal(s.pivots[i].x, 3 + plain.pivots[i].x);
        assert_int_equal(s.pivots[i].y, 24);
        assert_int_equal(s.moved[i], 2 * i);
    }
    arena_release(&a);
}

static void what_fits_a_cell_stays_as_it_is(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Walk k;
    make_walk(&a, &k);
    Sheet plain = made(&a, &k.clip, 1, (SheetOptions){0});
    Sheet s = made(&a, &k.clip, 1, (SheetOptions){.cell = 32});
    assert_true(s.scale == 1);
    Image part = image_crop(&a, s.cells[2], (Rect){7, 11, 18, 21}, (Rgb){0}, &(Err){0});
    assert_same_image(part, plain.cells[2]);
    assert_int_equal(s.pivots[2].y, 32);
    arena_release(&a);
}

static void any_size_fits_a_cell_with_its_feet_on_the_foot(void **state)
{
    (void)state;
    static const int cells[] = {8, 9, 11, 13, 17, 20};
    for (size_t k = 0; k < sizeof cells / sizeof *cells; k++) {
        Arena a = arena_for_test();
        Image tall[2] = {figure(&a, 3, 1, 30, 37), figure(&a, 9, 12, 18, 26)};
        SheetClip clip = {.name = "a", .frames = tall, .count = 2, .fps = 8};
        Sheet s = made(&a, &clip, 1, (SheetOptions){.cell = cells[k]});
        assert_int_equal(s.cell_w, cells[k]);
        assert_int_equal(s.cell_h, cells[k]);
        assert_true(s.scale == 37.0 / cells[k]);
        for (int i = 0; i < 2; i++) {
            Rect r = image_bounds(s.cells[i], 1);
            assert_int_equal(r.y + r.h, cells[k]);
            assert_int_equal(s.pivots[i].y, cells[k]);
        }
        /* one scale: heights keep their ratio but for rounding */
        int high = image_bounds(s.cells[0], 1).h, low = image_bounds(s.cells[1], 1).h;
        assert_int_equal(high, cells[k]);
        assert_true(abs(low - cells[k] * 26 / 37) <= 1);
        arena_release(&a);
    }
}

static bool is_in(const Palette *p, const unsigned char *rgb)
{
    for (int i = 0; i < p->count; i++)
        if (memcmp(p->rgb[i], rgb, 3) == 0)
            return true;
    return false;
}

static void assert_only(const Sheet *s, const Palette *p)
{
    for (int i = 0; i < s->count; i++)
        for (int64_t j = 0; j < s->cells[i].dim[0] * s->cells[i].dim[1]; j++) {
            const unsigned char *q = (const unsigned char *)s->cells[i].data + 4 * j;
            assert_true(q[3] == 255 ? is_in(p, q) : q[3] == 0);
        }
}

static void colours_are_few_and_shared(void **state)
{
    (void)state;
    static const int limits[] = {2, 3, 16, 40, 256};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        Arena a = arena_for_test();
        Walk k;
        make_walk(&a, &k);
        k.frames[2] = picture(&a, W, H, 4); /* soft, of many colours */
        Sheet s = made(&a, &k.clip, 1, (SheetOptions){.colors = limits[i]});
        assert_true(s.has_palette);
        assert_true(s.palette.count <= limits[i]);
        assert_true(s.palette.count >= (limits[i] < 40 ? limits[i] : 40));
        assert_only(&s, &s.palette);
        arena_release(&a);
    }
}

static void a_given_palette_is_all_there_is(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Walk k;
    make_walk(&a, &k);
    Palette p = {.count = 3, .rgb = {{10, 10, 10}, {250, 240, 230}, {200, 30, 40}}};
    Sheet s = made(&a, &k.clip, 1, (SheetOptions){.palette = &p, .colors = 2});
    assert_int_equal(s.palette.count, 3);
    assert_only(&s, &p);
    arena_release(&a);
}

static void an_outline_surrounds_the_figure(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Walk k;
    make_walk(&a, &k);
    Sheet plain = made(&a, &k.clip, 1, (SheetOptions){.in_place = true});
    SheetOptions o = {.in_place = true, .has_outline = true, .outline = {1, 2, 3}};
    Sheet s = made(&a, &k.clip, 1, o);
    assert_int_equal(s.cell_w, 14);
    assert_int_equal(s.cell_h, 23);
    assert_int_equal(s.pivots[0].x, plain.pivots[0].x + 1);
    assert_int_equal(s.pivots[0].y, plain.pivots[0].y + 1);
    for (int y = 0; y < 23; y++)
        for (int x = 0; x < 14; x++) {
            const unsigned char *p = image_at(s.cells[0], x, y);
            bool in_x = x > 0 && x<13, in_y = y> 0 && y < 22;
            if (in_x && in_y)
                assert_memory_equal(p, image_at(plain.cells[0], x - 1, y - 1), 4);
            else if (in_x || in_y)
                assert_memory_equal(p, ((unsigned char[]){1, 2, 3, 255}), 4);
            else
                assert_int_equal(p[3], 0); /* corners stay free */
        }
    o.cell = 16;
    s = made(&a, &k.clip, 1, o);
    assert_int_equal(s.cell_h, 16);
    Rect r = image_bounds(s.cells[0], 1);
    assert_int_equal(r.y, 0);
    assert_int_equal(r.h, 16);
    arena_release(&a);
}

static void edges_are_repeated_around_cells(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Walk k;
    make_walk(&a, &k);
    Sheet s = made(&a, &k.clip, 1, (SheetOptions){.pad = 5, .extrude = 2, .in_place = true});
    Rect r = s.places[1];
    for (int y = -2; y < r.h + 2; y++)
        for (int x = -2; x < r.w + 2; x++) {
            int u = x < 0 ? 0 : x >= r.w ? r.w - 1 : x, v = y < 0 ? 0 : y >= r.h ? r.h - 1 : y;
            assert_memory_equal(image_at(s.pages[0], r.x + x, r.y + y),
                                image_at(s.cells[1], u, v), 4);
        }
    assert_int_equal(image_at(s.pages[0], r.x - 3, r.y)[3], 0);
    arena_release(&a);
}

static void assert_pages(const Sheet *s, Arena *a, int most_side)
{
    for (int i = 0; i < s->page_count; i++) {
        assert_true(image_width(s->pages[i]) <= most_side);
        assert_true(image_height(s->pages[i]) <= most_side);
    }
    for (int i = 0; i < s->count; i++) {
        Image got = image_crop(a, s->pages[s->page[i]], s->places[i], (Rgb){0}, &(Err){0});
        assert_same_image(got, s->cells[i]);
        assert_true(i == 0 || s->page[i] == s->page[i - 1] || s->page[i] == s->page[i - 1] + 1);
        Rect r = s->places[i];
        for (int j = 0; j < i; j++) {
            Rect q = s->places[j];
            bool apart = r.x >= q.x + q.w + 2 || q.x >= r.x + r.w + 2 || r.y >= q.y + q.h + 2 ||
                         q.y >= r.y + r.h + 2;
            assert_true(apart || s->page[i] != s->page[j]);
        }
    }
}

/* Five clips of 4 cells of 12 x 21, 2 apart: a row is 58 x 25 at most. */
static void a_sheet_is_split_when_a_side_is_too_long(void **state)
{
    (void)state;
    static const struct {
        int most_side, pages;
        bool is_whole; /* no clip is cut */
    } cases[] = {{8192, 1, true}, {117, 1, true}, {116, 2, true},  {58, 3, true},
                 {57, 5, true},   {48, 5, true},  {30, 10, false}, {25, 20, false}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        Arena a = arena_for_test();
        Walk k;
        make_walk(&a, &k);
        SheetClip clips[5];
        static const char *const names[] = {"a", "b", "c", "d", "e"};
        for (int i = 0; i < 5; i++) {
            clips[i] = k.clip;
            clips[i].name = names[i];
        }
        SheetOptions o = {.pad = 2, .in_place = true, .most_side = cases[c].most_side};
        Sheet s = made(&a, clips, 5, o);
        assert_pages(&s, &a, cases[c].most_side);
        assert_int_equal(s.page_count, cases[c].pages);
        for (int i = 0; i < s.count && cases[c].is_whole; i++)
            assert_int_equal(s.page[i], s.page[i / FRAMES * FRAMES]);
        arena_release(&a);
    }
}

static void times_are_whole_and_add_up(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Walk k;
    make_walk(&a, &k);
    SheetClip clips[2] = {k.clip, k.clip};
    clips[0].fps = 12;
    clips[1].name = "other";
    clips[1].ms = (const int[]){400, 40, 1, 65535};
    static const int ms[] = {83, 84, 83, 83, 400, 40, 1, 65535};
    Sheet s = made(&a, clips, 2, (SheetOptions){0});
    assert_memory_equal(s.ms, ms, sizeof ms);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(motion_is_removed_if_asked),
        cmocka_unit_test(motion_that_is_kept_is_told),
        cmocka_unit_test(large_pixels_become_single_ones),
        cmocka_unit_test(what_fits_a_cell_stays_as_it_is),
        cmocka_unit_test(any_size_fits_a_cell_with_its_feet_on_the_foot),
        cmocka_unit_test(colours_are_few_and_shared),
        cmocka_unit_test(a_given_palette_is_all_there_is),
        cmocka_unit_test(an_outline_surrounds_the_figure),
        cmocka_unit_test(edges_are_repeated_around_cells),
        cmocka_unit_test(a_sheet_is_split_when_a_side_is_too_long),
        cmocka_unit_test(times_are_whole_and_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
