/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include "media/color.h"
#include "media/palette.h"

static bool decode(Palette *p, const char *text, size_t size, Err *err)
{
    Arena a = arena_for_test();
    bool ok = palette_decode(p, text, size, "my.pal", &a, err);
    assert_int_equal(a.used, 0);
    assert_int_equal(ok, err->kind == ERR_NONE);
    arena_release(&a);
    return ok;
}

/* Three colours, as different programs write them. */
static void every_form_gives_the_same_colours(void **state)
{
    (void)state;
    static const unsigned char rgb[3][3] = {{0, 0, 0}, {255, 128, 7}, {18, 52, 171}};
    static const char *const texts[] = {
        "GIMP Palette\nName: knight\nColumns: 3\n#\n  0   0   0\tblack\n255 128   7 "
        "Untitled\n\n"
        " 18 52 171",
        "GIMP Palette\r\n#Colors: 3\r\n0\t0\t0\t000000\r\n255\t128\t7\tff8007\r\n"
        "18\t52\t171\t1234ab\r\n",
        "GIMP Palette\nChannels: RGBA\n#\n0 0 0 255 a\n255 128 7 255 b\n18 52 171 0 c\n",
        "JASC-PAL\r\n0100\r\n3\r\n0 0 0\r\n255 128 7\r\n18 52 171\r\n",
        "JASC-PAL\n0100\n3\n0 0 0 255\n255 128 7 255\n18 52 171 255",
        "000000\nff8007\n1234ab\n",
        "\xef\xbb\xbf#000000\r\n\r\n#FF8007\r\n  #1234AB  \r\n",
        "000000\nff8007\n000000\n1234ab",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Err err = {0};
        Palette p;
        bool ok = decode(&p, texts[i], strlen(texts[i]), &err);
        if (!ok)
            print_message("%zu: %s\n", i, err.text);
        assert_true(ok);
        assert_int_equal(p.count, 3);
        assert_memory_equal(p.rgb, rgb, sizeof rgb);
    }
}

static void a_picture_gives_the_colours_that_are_seen(void **state)
{
    (void)state;
    static const unsigned char pixels[6][4] = {{9, 8, 7, 255}, {1, 2, 3, 0},
                                               {9, 8, 7, 255}, {50, 60, 70, 255},
                                               {4, 4, 4, 127}, {0, 0, 0, 128}};
    static const unsigned char rgb[3][3] = {{9, 8, 7}, {50, 60, 70}, {0, 0, 0}};
    Arena a = arena_for_test();
    Err err = {0};
    Bytes b;
    Image im = image_new(&a, 3, 2, 4, &err);
    memcpy(im.data, pixels, sizeof pixels);
    Palette p;
    assert_true(image_encode(&a, &b, im, NULL, 0, &err));
    assert_true(decode(&p, (const char *)b.data, b.size, &err));
    assert_int_equal(p.count, 3);
    assert_memory_equal(p.rgb, rgb, sizeof rgb);
    arena_release(&a);
}

static void what_is_no_palette_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "'my.pal' is no palette: give one of GIMP (.gpl) or JASC (.pal)"},
        {"\n\n", "is no palette"},
        {"red\ngreen\n", "is no palette"},
        {"12345\n", "is no palette"},
        {"gimp palette\n0 0 0\n", "is no palette"},
        {"GIMP Palette\n", "'my.pal' holds no colour"},
        {"GIMP Palette\n1 2\n", "'my.pal' line 2 is no colour: a palette has three numbers"},
        {"GIMP Palette\n1 2 3\n1 2 256\n", "line 3 is no colour"},
        {"GIMP Palette\n1 2 -3\n", "line 2 is no colour"},
        {"GIMP Palette\n1,2,3\n", "line 2 is no colour"},
        {"GIMP Palette\n1 2 3x\n", "line 2 is no colour"},
        {"GIMP Palette\n99999999999999999999 2 3\n", "line 2 is no colour"},
        {"JASC-PAL\n0100\n", "'my.pal' is damaged: the palette is cut short"},
        {"JASC-PAL\n0100\n2\n1 2 3\n1 2\n", "line 5 is no colour"},
        {"000000\n00000g\n", "'my.pal' line 2 is no colour: a list of colours has six"},
        {"000000\n#12345\n", "line 2 is no colour"},
        {"RIFF\x10\0\0\0PAL data", "is a palette in Microsoft's form: save it as JASC"},
        {"\x89PNG\r\n\x1a\n", "is damaged"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Err err = {0};
        Palette p;
        size_t size = i == 16 ? 16 : strlen(cases[i].text);
        assert_false(decode(&p, cases[i].text, size, &err));
        assert_int_equal(err.kind, ERR_FORMAT);
        if (strstr(err.text, cases[i].part) == NULL)
            print_message("'%s' lacks '%s'\n", err.text, cases[i].part);
        assert_non_null(strstr(err.text, cases[i].part));
    }
}

/* `count` colours, one a line. */
static size_t list(char *text, int count)
{
    size_t n = 0;
    for (int i = 0; i < count; i++)
        n += (size_t)sprintf(text + n, "%06x\n", i * 7);
    return n;
}

static void there_is_room_for_256_colours(void **state)
{
    (void)state;
    static char text[300 * 7 + 1];
    Palette p;
    Err err = {0};
    assert_true(decode(&p, text, list(text, 256), &err));
    assert_int_equal(p.count, 256);
    assert_false(decode(&p, text, list(text, 257), &err));
    assert_string_equal(err.text,
                        "'my.pal' has more than 256 colours: a palette has at most so many");
    Arena a = arena_for_test();
    Bytes b;
    Err again = {0};
    Image im = picture(&a, 60, 60, 3);
    assert_true(image_encode(&a, &b, im, NULL, 0, &again));
    assert_false(decode(&p, (const char *)b.data, b.size, &again));
    assert_non_null(strstr(again.text, "has more than 256 colours"));
    arena_release(&a);
}

static void a_file_that_is_not_there_is_said(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    Palette p;
    Err err = {0};
    assert_false(palette_load(&p, "/nowhere/my.gpl", &a, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.text, "/nowhere/my.gpl"));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_gives_the_same_colours),
        cmocka_unit_test(a_picture_gives_the_colours_that_are_seen),
        cmocka_unit_test(what_is_no_palette_is_said),
        cmocka_unit_test(there_is_room_for_256_colours),
        cmocka_unit_test(a_file_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
