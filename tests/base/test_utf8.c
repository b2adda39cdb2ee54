/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/utf8.h"

#include <string.h>

/* The edges of RFC 3629's table of well-formed sequences. */
static const struct {
    const char *bytes;
    int size;
} characters[] = {
    {"\x01", 1},
    {"a", 1},
    {"\x7f", 1},
    {"\x80", 0},             /* goes on with nothing before it */
    {"\xbf", 0},             /* */
    {"\xc1\xbf", 0},         /* overlong */
    {"\xc2\x80", 2},         /* U+0080 */
    {"\xdf\xbf", 2},         /* U+07FF */
    {"\xc3", 0},             /* cut off */
    {"\xc3(", 0},            /* */
    {"\xe0\x9f\xbf", 0},     /* overlong */
    {"\xe0\xa0\x80", 3},     /* U+0800 */
    {"\xed\x9f\xbf", 3},     /* U+D7FF */
    {"\xed\xa0\x80", 0},     /* a surrogate, the first */
    {"\xed\xbf\xbf", 0},     /* the last */
    {"\xee\x80\x80", 3},     /* U+E000 */
    {"\xef\xbf\xbf", 3},     /* U+FFFF */
    {"\xe2\x82", 0},         /* cut off */
    {"\xf0\x8f\xbf\xbf", 0}, /* overlong */
    {"\xf0\x90\x80\x80", 4}, /* U+10000 */
    {"\xf4\x8f\xbf\xbf", 4}, /* U+10FFFF */
    {"\xf4\x90\x80\x80", 0}, /* above the last */
    {"\xf5\x80\x80\x80", 0},
    {"\xf8\x88\x80\x80\x80", 0}, /* five bytes */
    {"\xfe", 0},
    {"\xff", 0},
};
enum { CHARACTERS = sizeof characters / sizeof *characters };

static void sizes_are_those_of_the_standard(void **state)
{
    (void)state;
    for (int i = 0; i < CHARACTERS; i++) {
        if (utf8_size(characters[i].bytes) != characters[i].size)
            fail_msg("character %d is %d bytes, wanted %d", i, utf8_size(characters[i].bytes),
                     characters[i].size);
        assert_int_equal(utf8_is_valid(characters[i].bytes), characters[i].size > 0);
    }
    assert_true(utf8_is_valid(""));
    assert_true(utf8_is_valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82z"));
    assert_false(utf8_is_valid("a\xc3\xa9\xe2\x82"));
}

static void what_is_no_character_is_marked(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"knight", "knight"},
        {"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9"},
        {"a\xff.png", "a\xef\xbf\xbd.png"},
        {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"cut\xe2\x82", "cut\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc3(", "\xef\xbf\xbd("},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *mended = utf8_mended(cases[i][0]);
        assert_string_equal(mended, cases[i][1]);
        xfree(mended);
    }
}

static void whatever_is_mended_is_valid(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int i = 0; i < 2000; i++) {
        char bytes[24];
        for (size_t k = 0; k < sizeof bytes; k++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[k] = (char)((seed >> 24) | (seed >> 23 & 0x80)); /* mostly above 0x7f */
        }
        bytes[sizeof bytes - 1] = '\0';
        char *mended = utf8_mended(bytes);
        assert_true(utf8_is_valid(mended));
        assert_true(utf8_is_valid(bytes) == (strcmp(bytes, mended) == 0));
        xfree(mended);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_those_of_the_standard),
        cmocka_unit_test(what_is_no_character_is_marked),
        cmocka_unit_test(whatever_is_mended_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
