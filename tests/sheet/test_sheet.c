/* SPDX-License-Identifier: MIT */
#include "../media/gif_reader.h"

#include "base/json.h"
#include "sheet/export.h"

#include <sys/stat.h>

enum { W = 40, H = 50 };

/* A frame with a block of few colours: feet are its last row. */
static Image block(Arena *a, Rect r, unsigned char value)
{
    Err err = {0};
    Image im = image_new(a, W, H, 4, &err);
    memset(im.data, 0, tensor_bytes(im));
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            memcpy(
                image_at(im, x, y),
                (unsigned char[]){value, (unsigned char)(x / 4), (unsigned char)(y / 5), 255},
                4);
    return im;
}

static int foot_of(Image cell)
{
    Rect r = image_bounds(cell, 128);
    return r.y + r.h - 1;
}

/* Walk: feet at rows 39, 41, 40.  Jump: stands at 35, is in the air, lands. */
typedef struct Clips {
    Image walk[3], jump[4];
    bool grounded[4];
    SheetClip clip[2];
} Clips;

static void make_clips(Arena *a, Clips *k)
{
    static const int tops[] = {20, 22, 21}, jumps[] = {16, 8, 6, 15};
    for (int i = 0; i < 3; i++)
        k->walk[i] = block(a, (Rect){10 + i, tops[i], 12, 20}, (unsigned char)(100 + i));
    for (int i = 0; i < 4; i++) {
        k->jump[i] = block(a, (Rect){12, jumps[i], 10, 20}, (unsigned char)(200 + i));
        k->grounded[i] = i == 0 || i == 3;
    }
    k->clip[0] =
        (SheetClip){.name = "walk", .frames = k->walk, .count = 3, .fps = 12, .is_loop = true};
    k->clip[1] = (SheetClip){
        .name = "jump", .frames = k->jump, .count = 4, .fps = 10, .grounded = k->grounded};
}

static Sheet made(Arena *a, Clips *k, SheetOptions o)
{
    Err err = {0};
    Sheet s;
    bool ok = sheet_make(&s, a, k->clip, 2, &o, &err);
    if (!ok)
        print_message("%s\n", err.text);
    assert_true(ok);
    return s;
}

static void feet_stand_on_one_line(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Clips k;
    make_clips(&a, &k);
    Sheet s = made(&a, &k, (SheetOptions){.pad = 2});
    assert_int_equal(s.count, 7);
    for (int i = 0; i < 7; i++)
        if (i != 4 && i != 5)
            assert_int_equal(foot_of(s.cells[i]), s.pivots[0].y - 1);
    /* in the air: as high as drawn above the middle standing frame of the clip,
     * which of rows 34 and 35 is 35 */
    assert_int_equal(s.pivots[0].y - 1 - foot_of(s.cells[4]), 35 - 27);
    assert_int_equal(s.pivots[0].y - 1 - foot_of(s.cells[5]), 35 - 25);
    /* rows go from the highest head, 10 above the walking one's 22, to row 41 */
    assert_int_equal(s.cell_h, 42 - (6 + 41 - 35));
    assert_int_equal(s.cell_w, 14); /* columns 10 to 23 */
    assert_int_equal(s.pivots[0].x, W / 2 - 10);
    arena_release(&a);
}

static void feet_stay_where_they_are_if_asked(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Clips k;
    make_clips(&a, &k);
    Sheet s = made(&a, &k, (SheetOptions){.keeps_places = true, .keeps_frame = true});
    assert_int_equal(s.cell_w, W);
    assert_int_equal(s.cell_h, H);
    for (int i = 0; i < 3; i++)
        assert_same_image(s.cells[i], k.walk[i]);
    assert_int_equal(s.pivots[0].y, 42);
    arena_release(&a);
}

static void nothing_is_drawn_between_the_cells(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Clips k;
    make_clips(&a, &k);
    for (int pad = 0; pad < 4; pad++)
        for (int columns = 0; columns < 4; columns++) {
            Sheet s = made(&a, &k, (SheetOptions){.pad = pad, .columns = columns});
            int in_row = columns == 0 ? 4 : columns;
            int rows = (3 + in_row - 1) / in_row + (4 + in_row - 1) / in_row;
            assert_int_equal(image_width(s.pages[0]), pad + in_row * (s.cell_w + pad));
            assert_int_equal(image_height(s.pages[0]), pad + rows * (s.cell_h + pad));
            int64_t inside = 0, all = 0;
            for (int i = 0; i < s.count; i++) {
                Rect r = s.places[i];
                assert_same_image(image_crop(&a, s.pages[0], r, (Rgb){0}, NULL), s.cells[i]);
                for (int64_t j = 0; j < tensor_count(s.cells[i]); j++)
                    inside += ((unsigned char *)s.cells[i].data)[j];
            }
            for (int64_t j = 0; j < tensor_count(s.pages[0]); j++)
                all += ((unsigned char *)s.pages[0].data)[j];
            assert_int_equal(inside, all);
        }
    arena_release(&a);
}

static void each_clip_begins_a_row(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Clips k;
    make_clips(&a, &k);
    Sheet s = made(&a, &k, (SheetOptions){.pad = 2});
    assert_int_equal(s.places[0].x, 2);
    assert_int_equal(s.places[0].y, 2);
    assert_int_equal(s.places[3].x, 2);
    assert_int_equal(s.places[3].y, 2 + s.cell_h + 2);
    assert_int_equal(s.places[6].x, 2 + 3 * (s.cell_w + 2));
    arena_release(&a);
}

static void assert_no_sheet(const SheetClip *clips, int count, const char *part)
{
    Arena a = arena_for_test();
    Err err = {0};
    Sheet s;
    assert_false(sheet_make(&s, &a, clips, count, &(SheetOptions){.pad = 2}, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    if (strstr(err.text, part) == NULL)
        print_message("'%s' lacks '%s'\n", err.text, part);
    assert_non_null(strstr(err.text, part));
    arena_release(&a);
}

static void what_cannot_be_a_sheet_is_said(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Clips k;
    make_clips(&a, &k);
    static const char *const names[] = {"", "../etc", "a b", ".hidden", "caf\xc3\xa9", "a/b"};
    for (int i = 0; i < 6; i++) {
        k.clip[1].name = names[i];
        assert_no_sheet(k.clip, 2, "use letters, digits, '-' and '_'");
    }
    k.clip[1].name = "Walk"; /* one file on many disks */
    assert_no_sheet(k.clip, 2, "two clips are named 'Walk'");
    make_clips(&a, &k);
    k.clip[1].fps = 0;
    assert_no_sheet(k.clip, 2, "clip 'jump' has 0 frames a second");
    make_clips(&a, &k);
    k.jump[2] = picture(&a, 41, 50, 4);
    assert_no_sheet(k.clip, 2,
                    "frame 2 of clip 'jump' is 41 x 50 pixels, but the first is 40 x 50");
    make_clips(&a, &k);
    for (int i = 0; i < 3; i++)
        memset(k.walk[i].data, 0, tensor_bytes(k.walk[i]));
    assert_no_sheet(k.clip, 1, "every frame is empty");
    make_clips(&a, &k);
    k.clip[1].ms = (const int[]){100, 0, 100, 100};
    assert_no_sheet(k.clip, 2, "frame 1 of clip 'jump' lasts 0 ms: give 1 to 65535");
    make_clips(&a, &k);
    Err err = {0};
    Sheet s;
    assert_false(
        sheet_make(&s, &a, k.clip, 2, &(SheetOptions){.pad = 2, .most_side = 31}, &err));
    assert_non_null(strstr(err.text, "a cell would be 14 x 30 pixels, but a page of the sheet "
                                     "has at most 31 on a side"));
    arena_release(&a);
}

static void one_empty_frame_among_others_is_kept(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Clips k;
    make_clips(&a, &k);
    memset(k.walk[1].data, 0, tensor_bytes(k.walk[1]));
    Sheet s = made(&a, &k, (SheetOptions){.pad = 1});
    assert_int_equal(s.count, 7);
    assert_int_equal(image_bounds(s.cells[1], 1).w, 0);
    arena_release(&a);
}

/* Removes what sheet_save wrote. */
static void clear_folder(const Sheet *s)
{
    char name[64];
    for (int i = 0; i < s->count; i++) {
        snprintf(name, sizeof name, "out/frames/%04d.png", i);
        assert_int_equal(unlink(path_in_folder(name)), 0);
    }
    assert_int_equal(rmdir(path_in_folder("out/frames")), 0);
    static const char *const names[] = {"out/sheet.png", "out/sheet.json", "out/walk.gif",
                                        "out/jump.gif"};
    for (int i = 0; i < 4; i++)
        assert_int_equal(unlink(path_in_folder(names[i])), 0);
    assert_int_equal(rmdir(path_in_folder("out")), 0);
}

static void assert_frames_json(const Json *j, const Sheet *s)
{
    static const int ms[] = {83, 84, 83, 100, 100, 100, 100};
    Json *frames = js_get(j, "frames");
    assert_int_equal(js_count(frames), 7);
    for (int i = 0; i < 7; i++) {
        Json *f = js_at(frames, (size_t)i), *r = js_get(f, "frame");
        char name[32];
        snprintf(name, sizeof name, "frames/%04d.png", i);
        assert_string_equal(js_string(js_get(f, "filename"), ""), name);
        assert_int_equal(js_int(js_get(r, "x"), -1), s->places[i].x);
        assert_int_equal(js_int(js_get(r, "y"), -1), s->places[i].y);
        assert_int_equal(js_int(js_get(r, "w"), -1), s->cell_w);
        assert_int_equal(js_int(js_get(r, "h"), -1), s->cell_h);
        assert_int_equal(js_int(js_get(f, "duration"), -1), ms[i]);
        assert_false(js_bool(js_get(f, "trimmed"), true));
    }
}

static void assert_tags_json(const Json *meta, const Sheet *s)
{
    Json *tags = js_get(meta, "frameTags");
    Json *walk = js_at(tags, 0), *jump = js_at(tags, 1);
    assert_int_equal(js_count(tags), 2);
    assert_string_equal(js_string(js_get(walk, "name"), ""), "walk");
    assert_int_equal(js_int(js_get(walk, "to"), -1), 2);
    assert_true(js_is_null(js_get(walk, "repeat")));
    assert_int_equal(js_int(js_get(jump, "from"), -1), 3);
    assert_int_equal(js_int(js_get(jump, "to"), -1), 6);
    assert_string_equal(js_string(js_get(jump, "repeat"), ""), "1");
    assert_string_equal(js_string(js_get(meta, "image"), ""), "sheet.png");
    Json *key = js_at(js_get(js_at(js_get(meta, "slices"), 0), "keys"), 0);
    assert_int_equal(js_int(js_get(js_get(key, "pivot"), "x"), -1), s->pivots[0].x);
    assert_int_equal(js_int(js_get(js_get(key, "pivot"), "y"), -1), s->pivots[0].y);
}

static void assert_gif(Arena *a, const char *name, const Image *cells, int count, int plays)
{
    Err err = {0};
    unsigned char *bytes = NULL;
    size_t size = 0;
    assert_true(file_read(&bytes, &size, path_in_folder(name), 1 << 20, &err));
    GifRead g = gif_read(a, bytes, size);
    assert_int_equal(g.count, count);
    assert_int_equal(g.plays, plays);
    for (int i = 0; i < count; i++)
        assert_same_image(g.shown[i], cells[i]);
    xfree(bytes);
}

static void a_saved_sheet_reads_back(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Clips k;
    make_clips(&a, &k);
    Sheet s = made(&a, &k, (SheetOptions){.pad = 2});
    Err err = {0};
    char *dir = xstrdup(path_in_folder("out"));
    size_t before = a.used;
    SheetFiles files = {
        .dir = dir, .texts = &(ImageText){"Software", "atelier"}, .text_count = 1};
    assert_true(sheet_save(&s, &files, &a, &err));
    assert_int_equal(a.used, before);
    assert_same_image(image_load(&a, path_in_folder("out/sheet.png"), &err), s.pages[0]);
    for (int i = 0; i < s.count; i++) {
        char name[64];
        snprintf(name, sizeof name, "out/frames/%04d.png", i);
        assert_same_image(image_load(&a, path_in_folder(name), &err), s.cells[i]);
    }
    Json *j = js_load(path_in_folder("out/sheet.json"), &err);
    assert_non_null(j);
    assert_frames_json(j, &s);
    assert_tags_json(js_get(j, "meta"), &s);
    js_free(j);
    assert_gif(&a, "out/walk.gif", s.cells, 3, 0);
    assert_gif(&a, "out/jump.gif", s.cells + 3, 4, 1);
    clear_folder(&s);
    xfree(dir);
    arena_release(&a);
}

static void a_folder_that_cannot_be_made_is_said(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Clips k;
    make_clips(&a, &k);
    Sheet s = made(&a, &k, (SheetOptions){0});
    Err err = {0};
    assert_false(sheet_save(&s, &(SheetFiles){.dir = "/dev/null/out"}, &a, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.text, "/dev/null/out"));
    arena_release(&a);
}

static void frames_without_alpha_fill_their_cells(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image frames[2] = {picture(&a, 20, 10, 3), picture(&a, 20, 10, 3)};
    SheetClip clip = {.name = "a", .frames = frames, .count = 2, .fps = 8};
    Sheet s;
    assert_true(sheet_make(&s, &a, &clip, 1, &(SheetOptions){0}, &err));
    assert_int_equal(s.cell_w, 20);
    assert_int_equal(s.cell_h, 10);
    assert_same_image(image_to_rgb(&a, s.cells[1], &err), frames[1]);
    arena_release(&a);
}

static void a_jump_at_the_end_of_a_loop_is_measured(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Image frames[8];
    /* there and back, two columns a frame: the last is as near as the others */
    static const int places[] = {4, 6, 8, 10, 12, 10, 8, 6};
    for (int i = 0; i < 8; i++)
        frames[i] = block(&a, (Rect){places[i], 10, 8, 20}, 100);
    double loop = sheet_loop_jump(frames, 8);
    assert_true(loop > 0.9 && loop < 1.1);
    double jump = sheet_loop_jump(frames, 5); /* 12 back to 4 */
    assert_true(jump > 2.5);
    for (int i = 0; i < 8; i++)
        frames[i] = frames[0];
    assert_true(sheet_loop_jump(frames, 8) == 1);
    assert_true(sheet_loop_jump(frames, 2) == 1);
    /* colours under no alpha do not count */
    Image hidden = block(&a, (Rect){4, 10, 8, 20}, 100);
    image_at(hidden, 0, 0)[0] = 255;
    frames[3] = hidden;
    assert_true(sheet_loop_jump(frames, 8) == 1);
    arena_release(&a);
}

static void a_grid_holds_pictures_of_any_size(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Err err = {0};
    Image small = block(&a, (Rect){0, 0, W, H}, 9), pictures[4] = {small};
    pictures[1] = picture(&a, 300, 100, 3);
    pictures[3] = picture(&a, 1, 1, 3);
    GridOptions o = {
        .columns = 3, .cell_w = 90, .cell_h = 110, .gap = 4, .background = {10, 20, 30}};
    size_t before = a.used;
    Image g = sheet_grid(&a, pictures, 4, &o, &err);
    assert_true(a.used - before < tensor_bytes(g) + 256);
    assert_int_equal(image_width(g), 3 * 90 + 2 * 4);
    assert_int_equal(image_height(g), 2 * 110 + 4);
    /* 40 x 50 twice as large, in the middle of 90 x 110 */
    assert_memory_equal(image_at(g, 5, 5), image_at(small, 0, 0), 3);
    assert_memory_equal(image_at(g, 5 + 79, 5 + 99), image_at(small, 39, 49), 3);
    unsigned char ground[] = {10, 20, 30};
    assert_memory_equal(image_at(g, 4, 50), ground, 3);
    assert_memory_equal(image_at(g, 91, 50), ground, 3); /* the gap */
    assert_memory_equal(image_at(g, 94, 39), ground, 3); /* 90 x 30 lies at rows 40 to 69 */
    assert_memory_equal(image_at(g, 94, 70), ground, 3);
    assert_memory_equal(image_at(g, 230, 60), ground, 3); /* left blank */
    assert_memory_equal(image_at(g, 45, 114 + 55), image_at(pictures[3], 0, 0), 3);
    arena_release(&a);
}

static void short_memory_is_a_refusal(void **state)
{
    (void)state;
    Arena big = arena_for_test(), a;
    Clips k;
    make_clips(&big, &k);
    int refused = 0;
    for (size_t limit = 0; limit < 40000; limit += 500) {
        Err err = {0};
        Sheet s;
        assert_true(arena_init(&a, limit + 1, &err));
        bool ok = sheet_make(&s, &a, k.clip, 2, &(SheetOptions){.pad = 2}, &err);
        assert_int_equal(ok, err.kind != ERR_MEMORY);
        refused += !ok;
        arena_release(&a);
    }
    assert_true(refused > 10 && refused < 80);
    arena_release(&big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feet_stand_on_one_line),
        cmocka_unit_test(feet_stay_where_they_are_if_asked),
        cmocka_unit_test(nothing_is_drawn_between_the_cells),
        cmocka_unit_test(each_clip_begins_a_row),
        cmocka_unit_test(what_cannot_be_a_sheet_is_said),
        cmocka_unit_test(one_empty_frame_among_others_is_kept),
        cmocka_unit_test(a_saved_sheet_reads_back),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_said),
        cmocka_unit_test(frames_without_alpha_fill_their_cells),
        cmocka_unit_test(a_jump_at_the_end_of_a_loop_is_measured),
        cmocka_unit_test(a_grid_holds_pictures_of_any_size),
        cmocka_unit_test(short_memory_is_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
