/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include "base/json.h"

#include <math.h>

static Json *parsed(const char *text)
{
    Err err = {0};
    Json *j = js_parse(text, strlen(text), "x.json", &err);
    if (j == NULL)
        fail_msg("%s", err.text);
    return j;
}

static void assert_refused(const char *text, const char *why)
{
    Err err = {0};
    Json *j = js_parse(text, strlen(text), "x.json", &err);
    if (j != NULL)
        fail_msg("'%s' was read", text);
    assert_int_equal(err.kind, ERR_FORMAT);
    assert_string_equal(err.text, why);
}

/* ---- reading ---------------------------------------------------------------------- */

static void each_type_is_told_from_the_others(void **state)
{
    (void)state;
    static const char *const values[] = {"{}", "[]", "\"\"", "0", "0.5", "null", "true"};
    for (int i = 0; i < 7; i++) {
        Json *j = parsed(values[i]);
        assert_int_equal(js_is_object(j), i == 0);
        assert_int_equal(js_is_array(j), i == 1);
        assert_int_equal(js_is_string(j), i == 2);
        assert_int_equal(js_is_number(j), i == 3 || i == 4);
        assert_int_equal(js_is_null(j), i == 5);
        js_free(j);
    }
    assert_false(js_is_object(NULL) || js_is_array(NULL) || js_is_string(NULL) ||
                 js_is_number(NULL));
    assert_true(js_is_null(NULL));
    js_free(NULL);
}

static void values_are_read(void **state)
{
    (void)state;
    Json *j = parsed("{\"whole\": -7, \"half\": 0.5, \"large\": 9007199254740993, \"tiny\": "
                     "-2.5e-3, \"yes\": true, \"no\": false, \"word\": \"knight\", \"list\": "
                     "[1, [2], {\"a\": 3}]}");
    assert_int_equal(js_int(js_get(j, "whole"), 1), -7);
    assert_true(js_number(js_get(j, "whole"), 1) == -7.0);
    assert_true(js_number(js_get(j, "half"), 1) == 0.5);
    assert_true(js_int(js_get(j, "large"), 1) == 9007199254740993); /* no double is */
    assert_true(js_number(js_get(j, "tiny"), 1) == -2.5e-3);
    assert_true(js_bool(js_get(j, "yes"), false));
    assert_false(js_bool(js_get(j, "no"), true));
    assert_string_equal(js_string(js_get(j, "word"), ""), "knight");
    const Json *list = js_get(j, "list");
    assert_int_equal(js_count(list), 3);
    assert_int_equal(js_int(js_at(list, 0), 9), 1);
    assert_int_equal(js_int(js_at(js_at(list, 1), 0), 9), 2);
    assert_int_equal(js_int(js_get(js_at(list, 2), "a"), 9), 3);
    js_free(j);
}

static void what_is_missing_or_of_another_type_is_the_fallback(void **state)
{
    (void)state;
    Json *j = parsed("[{\"k\": 1}, [1], \"1\", 1, 1.5, null, true]");
    for (size_t i = 0; i < 9; i++) { /* 7 and 8 are not there */
        const Json *v = js_at(j, i);
        assert_true(js_number(v, 42) == (i == 3 ? 1 : i == 4 ? 1.5 : 42));
        assert_int_equal(js_int(v, 42), i == 3 ? 1 : 42); /* 1.5 is no whole number */
        assert_int_equal(js_bool(v, false), i == 6);
        assert_int_equal(js_bool(v, true), true);
        assert_string_equal(js_string(v, "none"), i == 2 ? "1" : "none");
        assert_int_equal(js_count(v), i == 1);
        assert_int_equal(js_get(v, "k") != NULL, i == 0);
        assert_int_equal(js_at(v, 0) != NULL, i == 1);
        assert_int_equal(js_first(js_at(j, i)) != NULL, i == 0);
        assert_null(js_get(v, "other"));
        assert_null(js_at(v, 1));
    }
    assert_null(js_string(NULL, NULL));
    js_free(j);
}

static void members_come_in_their_order(void **state)
{
    (void)state;
    Json *j = parsed("{\"zebra\": 0, \"ant\": 1, \"\": 2, \"mole\": 3, \"bee\": 4}");
    static const char *const want[] = {"zebra", "ant", "", "mole", "bee"};
    int count = 0;
    for (void *it = js_first(j); it != NULL; it = js_next(j, it), count++) {
        assert_in_range(count, 0, 4);
        assert_string_equal(js_key(it), want[count]);
        assert_int_equal(js_int(js_value(it), 9), count);
    }
    assert_int_equal(count, 5);
    js_free(j);
    j = parsed("{}");
    assert_null(js_first(j));
    js_free(j);
}

static void characters_are_read_as_utf8(void **state)
{
    (void)state;
    Json *j = parsed("[\"\xc3\xa9\", \"\\u00e9\", \"\\ud83d\\ude42\", \"\\\"\\\\\\/\\n\\t\"]");
    assert_string_equal(js_string(js_at(j, 0), ""), "\xc3\xa9");
    assert_string_equal(js_string(js_at(j, 1), ""), "\xc3\xa9");
    assert_string_equal(js_string(js_at(j, 2), ""), "\xf0\x9f\x99\x82");
    assert_string_equal(js_string(js_at(j, 3), ""), "\"\\/\n\t");
    js_free(j);
}

static void what_is_no_json_is_refused_with_its_line(void **state)
{
    (void)state;
#define REFUSED(line, why) "'x.json' is not valid JSON: line " line ": " why
    static const char *const cases[][2] = {
        {"", REFUSED("1", "unexpected token near end of file")},
        {" \n\n ", REFUSED("3", "unexpected token near end of file")},
        {"{", REFUSED("1", "string or '}' expected near end of file")},
        {"[1, 2", REFUSED("1", "']' expected near end of file")},
        {"[1,]", REFUSED("1", "unexpected token near ']'")},
        {"{\"a\": 1,\n\"b\": }", REFUSED("2", "unexpected token near '}'")},
        {"{a: 1}", REFUSED("1", "string or '}' expected near 'a'")},
        {"nul", REFUSED("1", "invalid token near 'nul'")},
        {"[01]", REFUSED("1", "invalid token near '0'")},
        {"NaN", REFUSED("1", "invalid token near 'NaN'")},
        {"{}\n{}", REFUSED("2", "end of file expected near '{'")},
        {"1 x", REFUSED("1", "end of file expected near 'x'")},
        {"{\"a\": 1,\n\"b\": 2,\n\"a\": 3}", REFUSED("3", "duplicate object key near '\"a\"'")},
        {"1e999", REFUSED("1", "real number overflow near '1e999'")},
        {"9223372036854775808", REFUSED("1", "too big integer near '9223372036854775808'")},
        {"\"a\xff\"", REFUSED("1", "unable to decode byte 0xff near '\"a'")},
        {"\"\xc0\x80\"", REFUSED("1", "unable to decode byte 0xc0 near '\"'")},
        {"\"\\ud800\"", REFUSED("1", "invalid Unicode '\\uD800' near '\"\\ud800\"'")},
        {"\"\t\"", REFUSED("1", "control character 0x9 near '\"'")},
    };
#undef REFUSED
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i][0], cases[i][1]);
}

static void no_byte_beyond_the_size_is_read(void **state)
{
    (void)state;
    Err err = {0};
    Json *j = js_parse("[1, 2]garbage", 6, "x.json", &err);
    assert_int_equal(js_count(j), 2);
    js_free(j);
    assert_null(js_parse("[1, 2]garbage", 5, "x.json", &err));
    assert_int_equal(err.kind, ERR_FORMAT);
}

/* `depth` opening brackets, and as many closing ones. */
static char *nested(int depth, char open, char close)
{
    const char *key = open == '{' ? "\"k\":" : "";
    size_t step = 1 + strlen(key);
    char *text = xalloc((size_t)depth * (step + 1) + 2, 1), *to = text;
    for (int i = 0; i < depth; i++) {
        *to++ = open;
        memcpy(to, key, step - 1);
        to += step - 1;
    }
    *to++ = '1';
    memset(to, close, (size_t)depth);
    return text;
}

static void depth_has_a_limit(void **state)
{
    (void)state;
    static const char brackets[] = "[]{}";
    for (int i = 0; i < 4; i += 2) {
        char *deepest = nested(64, brackets[i], brackets[i + 1]);
        char *deeper = nested(65, brackets[i], brackets[i + 1]);
        js_free(parsed(deepest));
        assert_refused(deeper, "'x.json' is not usable: brackets nest deeper than 64");
        xfree(deepest);
        xfree(deeper);
    }
    char *deep = nested(1000000, '[', ']'); /* a parser that recurses would not come back */
    assert_refused(deep, "'x.json' is not usable: brackets nest deeper than 64");
    xfree(deep);
}

static void brackets_in_strings_and_side_by_side_are_not_deep(void **state)
{
    (void)state;
    char text[1000] = "[\"";
    memset(text + 2, '[', 200);
    memcpy(text + 100, "\\\"", 2); /* is not the end */
    strcpy(text + 202, "\\\\\"");
    for (int i = 0; i < 100; i++)
        strcat(text, ",[{}]");
    strcat(text, "]");
    Json *j = parsed(text);
    assert_int_equal(js_count(j), 101);
    js_free(j);
}

static void a_file_is_loaded_or_its_name_is_said(void **state)
{
    (void)state;
    put_file("good.json", "{\"a\": 1}\n", 9);
    put_file("bad.json", "{\n\"a\": }", 8);
    Err good = {0}, bad = {0}, none = {0}, folder = {0};
    Json *j = js_load("good.json", &good);
    assert_int_equal(js_int(js_get(j, "a"), 0), 1);
    js_free(j);
    assert_null(js_load("bad.json", &bad));
    assert_string_equal(bad.text,
                        "'bad.json' is not valid JSON: line 2: unexpected token near '}'");
    assert_null(js_load("none.json", &none));
    assert_int_equal(none.kind, ERR_IO);
    assert_string_equal(none.text, "cannot open 'none.json': No such file or directory");
    assert_null(js_load(".", &folder));
    assert_string_equal(folder.text, "cannot read '.': it is a folder");
}

static void a_file_over_the_limit_is_not_loaded(void **state)
{
    (void)state;
    put_file("large.json", "", 0);
    assert_int_equal(truncate("large.json", (64 << 20) + 1), 0);
    Err err = {0};
    assert_null(js_load("large.json", &err));
    assert_string_equal(err.text, "'large.json' is too large: 67108865 bytes, at most 67108864 "
                                  "are allowed");
}

/* ---- writing ---------------------------------------------------------------------- */

static Json *one_of_each(void)
{
    Json *list = js_new_array(), *j = js_new_object(), *inner = js_new_object();
    js_push_int(list, 1);
    js_push_number(list, 0.25);
    js_push_string(list, "x");
    js_push(list, js_new_array());
    js_put_int(inner, "deep", 2);
    js_put_string(j, "word", "a \"b\"\n\xc3\xa9");
    js_put_int(j, "whole", -9007199254740993);
    js_put_number(j, "number", 3);
    js_put_bool(j, "yes", true);
    js_put_bool(j, "no", false);
    js_put(j, "list", list);
    js_put(j, "inner", inner);
    return j;
}

static void members_are_written_in_the_order_they_were_put(void **state)
{
    (void)state;
    Json *j = one_of_each();
    char *compact = js_text(j, true), *spread = js_text(js_get(j, "inner"), false);
    assert_string_equal(compact,
                        "{\"word\":\"a \\\"b\\\"\\n\xc3\xa9\",\"whole\":-9007199254740993,"
                        "\"number\":3.0,\"yes\":true,\"no\":false,\"list\":[1,0.25,\"x\",[]],"
                        "\"inner\":{\"deep\":2}}");
    assert_string_equal(spread, "{\n \"deep\": 2\n}");
    xfree(compact);
    xfree(spread);
    js_free(j);
}

static void a_member_that_is_put_again_is_replaced(void **state)
{
    (void)state;
    Json *j = js_new_object();
    js_put_int(j, "a", 1);
    js_put_int(j, "b", 2);
    js_put_string(j, "a", "new");
    char *text = js_text(j, true);
    assert_string_equal(text, "{\"a\":\"new\",\"b\":2}");
    xfree(text);
    js_free(j);
}

/* Nine digits tell every float from its neighbours. */
static void floats_come_back_as_they_were(void **state)
{
    (void)state;
    Json *list = js_new_array();
    float numbers[40];
    for (int i = 0; i < 40; i++) {
        numbers[i] = nextafterf(powf(10, (float)i - 20), INFINITY);
        js_push_number(list, (double)numbers[i]);
    }
    char *text = js_text(list, true);
    Json *back = parsed(text);
    for (size_t i = 0; i < 40; i++)
        assert_true((float)js_number(js_at(back, i), 0) == numbers[i]);
    xfree(text);
    js_free(list);
    js_free(back);
}

/* A path is whatever bytes somebody named a file with. */
static void bytes_that_are_no_characters_are_marked(void **state)
{
    (void)state;
    Json *j = js_new_object(), *list = js_new_array();
    js_push_string(list, "cut\xe2\x82");
    js_put_string(j, "path", "a\xff.png");
    js_put(j, "list", list);
    char *text = js_text(j, true);
    assert_string_equal(text, "{\"path\":\"a\xef\xbf\xbd.png\",\"list\":[\"cut\xef\xbf\xbd\xef"
                              "\xbf\xbd\"]}");
    xfree(text);
    js_free(j);
}

static void what_is_saved_loads_again(void **state)
{
    (void)state;
    Json *j = one_of_each();
    Err err = {0};
    assert_true(js_save(j, "x.json", &err));
    Json *back = js_load("x.json", &err);
    char *was = js_text(j, true), *is = js_text(back, true);
    assert_string_equal(is, was);
    xfree(was);
    xfree(is);
    js_free(back);
    js_free(j);
    j = js_new_array();
    assert_true(js_save(j, "x.json", &err));
    assert_file_is("x.json", "[]\n", 3); /* a text file ends with a line's end */
    assert_false(js_save(j, "none/x.json", &err));
    assert_string_equal(err.text, "cannot write 'none/x.json': No such file or directory");
    js_free(j);
}

static void a_file_is_json_by_its_name_or_its_beginning(void **state)
{
    static const struct {
        const char *name, *bytes;
        bool is_json;
    } files[] = {
        {"named.json", "anything", true},
        {"object", "{\"a\": 1}", true},
        {"array", " \n\t[1]", true},
        {"picture", "\x89PNG\r\n", false},
        {"empty", "", false},
        {"spaces", "   ", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        Err err = {0};
        assert_true(file_save(files[i].name, files[i].bytes, strlen(files[i].bytes), &err));
        assert_int_equal(js_is_file(files[i].name), files[i].is_json);
    }
    assert_false(js_is_file("nowhere"));
    assert_false(js_is_file("."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_is_told_from_the_others),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(what_is_missing_or_of_another_type_is_the_fallback),
        cmocka_unit_test(members_come_in_their_order),
        cmocka_unit_test(characters_are_read_as_utf8),
        cmocka_unit_test(what_is_no_json_is_refused_with_its_line),
        cmocka_unit_test(no_byte_beyond_the_size_is_read),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(brackets_in_strings_and_side_by_side_are_not_deep),
        cmocka_unit_test(a_file_is_loaded_or_its_name_is_said),
        cmocka_unit_test(a_file_is_json_by_its_name_or_its_beginning),
        cmocka_unit_test(a_file_over_the_limit_is_not_loaded),
        cmocka_unit_test(members_are_written_in_the_order_they_were_put),
        cmocka_unit_test(a_member_that_is_put_again_is_replaced),
        cmocka_unit_test(floats_come_back_as_they_were),
        cmocka_unit_test(bytes_that_are_no_characters_are_marked),
        cmocka_unit_test(what_is_saved_loads_again),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
