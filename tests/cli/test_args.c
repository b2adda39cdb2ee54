/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "cli/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct Request {
    const char *picture, *out, *pace;
    int64_t steps, size[2];
    double yaw;
    bool raw, verbose;
} Request;

#define AT(field) offsetof(Request, field)

static const Param params[] = {
    {.name = "picture",
     .type = PARAM_PATH,
     .offset = AT(picture),
     .value = "PICTURE",
     .is_positional = true},
    {.name = "out", .type = PARAM_OUT, .offset = AT(out), .fallback = "out", .value = "DIR"},
    {.name = "pace",
     .type = PARAM_TEXT,
     .offset = AT(pace),
     .fallback = "slow",
     .value = "P",
     .choices = "slow|fast"},
    {.name = "steps",
     .type = PARAM_INT,
     .offset = AT(steps),
     .fallback = "",
     .value = "N",
     .least = 1,
     .most = 1000},
    {.name = "size",
     .type = PARAM_SIZE,
     .offset = AT(size),
     .fallback = "64x32",
     .value = "WxH",
     .least = 8,
     .most = 4096},
    {.name = "yaw",
     .type = PARAM_NUMBER,
     .offset = AT(yaw),
     .fallback = "45",
     .value = "DEGREES",
     .least = -360,
     .most = 360},
    {.name = "raw", .type = PARAM_FLAG, .offset = AT(raw), .fallback = ""},
    {.name = "verbose", .type = PARAM_FLAG, .offset = AT(verbose), .fallback = ""},
};

static const Studio studio = {.name = "toy",
                              .examples = {{"atelier toy x.png", ""}},
                              .params = params,
                              .param_count = sizeof params / sizeof *params,
                              .request_size = sizeof(Request)};

/* A command that takes lists. */
typedef struct Lists {
    const char *moves;
    Paths pictures;
} Lists;

static const Param list_params[] = {
    {.name = "moves",
     .type = PARAM_LIST,
     .offset = offsetof(Lists, moves),
     .fallback = "walk",
     .value = "LIST",
     .choices = "walk|run"},
    {.name = "picture",
     .type = PARAM_PATHS,
     .offset = offsetof(Lists, pictures),
     .value = "PICTURE",
     .is_positional = true},
};

static const Studio lists = {.name = "lists",
                             .examples = {{"atelier lists x.png", ""}},
                             .params = list_params,
                             .param_count = sizeof list_params / sizeof *list_params,
                             .request_size = sizeof(Lists)};

static void lists_take_many(void **state)
{
    (void)state;
    Lists q = {0};
    Err err = {0};
    assert_true(
        args_read(&lists, 5, (char *[]){"a", "b", "--moves", "run,walk", "c"}, &q, &err));
    assert_int_equal(q.pictures.count, 3);
    assert_string_equal(q.pictures.of[2], "c");
    assert_string_equal(q.moves, "run,walk");
    assert_false(args_read(&lists, 2, (char *[]){"--moves", "walk,fly"}, &q, &err));
    assert_string_equal(
        err.text, "--moves is 'fly'; it must be some of, with commas between them: walk, run");
    q = (Lists){0};
    err = (Err){0};
    assert_false(args_read(&lists, 0, NULL, &q, &err));
    assert_string_equal(err.text, "no PICTURE is given; begin with: atelier lists x.png");
}

#define READ(q, err, ...)                                                                      \
    args_read(&studio, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *),                       \
              (char *[]){__VA_ARGS__}, q, err)

static void what_is_not_given_has_the_default_of_the_table(void **state)
{
    (void)state;
    Request q = {0};
    Err err = {0};
    assert_true(READ(&q, &err, "x.png"));
    assert_string_equal(q.picture, "x.png");
    assert_string_equal(q.out, "out");
    assert_string_equal(q.pace, "slow");
    assert_int_equal(q.steps, 0); /* "": the studio decides */
    assert_int_equal(q.size[0], 64);
    assert_int_equal(q.size[1], 32);
    assert_true(q.yaw == 45);
    assert_false(q.raw);
}

static void both_ways_of_giving_a_value_are_read(void **state)
{
    (void)state;
    Request q = {0};
    Err err = {0};
    assert_true(READ(&q, &err, "--steps", "7", "--yaw=-30.5", "x.png", "--size=512x768",
                     "--raw", "--pace", "fast"));
    assert_int_equal(q.steps, 7);
    assert_true(q.yaw == -30.5);
    assert_int_equal(q.size[0], 512);
    assert_int_equal(q.size[1], 768);
    assert_true(q.raw);
    assert_string_equal(q.pace, "fast");
    assert_true(READ(&q, &err, "x.png", "--yaw", "-90"));
    assert_true(q.yaw == -90);
}

static void the_last_value_of_a_flag_counts(void **state)
{
    (void)state;
    Request q = {0};
    Err err = {0};
    assert_true(READ(&q, &err, "x.png", "--steps", "7", "--steps=8"));
    assert_int_equal(q.steps, 8);
}

static void after_two_dashes_words_are_no_flags(void **state)
{
    (void)state;
    Request q = {0};
    Err err = {0};
    assert_true(READ(&q, &err, "--raw", "--", "--steps"));
    assert_string_equal(q.picture, "--steps");
    assert_true(args_want_help(2, (char *[]){"x", "--help"}));
    assert_true(args_want_help(1, (char *[]){"-h"}));
    assert_false(args_want_help(2, (char *[]){"--", "--help"}));
}

static void what_is_refused_is_told_in_a_sentence(void **state)
{
    static const struct {
        const char *words[3], *text;
    } cases[] = {
        {{"x.png", "--steps", "0"}, "--steps is 0; it must be 1 to 1000"},
        {{"x.png", "--steps", "1001"}, "--steps is 1001; it must be 1 to 1000"},
        {{"x.png", "--steps", "5x"}, "--steps is 5x; it must be a whole number, 1 to 1000"},
        {{"x.png", "--steps", " 5"}, "--steps is  5; it must be a whole number, 1 to 1000"},
        {{"x.png", "--yaw", "361"}, "--yaw is 361; it must be -360 to 360"},
        {{"x.png", "--yaw", "0x10"}, "--yaw is 0x10; it must be a number, -360 to 360"},
        {{"x.png", "--yaw", "inf"}, "--yaw is inf; it must be a number, -360 to 360"},
        {{"x.png", "--size", "64x"},
         "--size is 64x; it must be WIDTHxHEIGHT, as in 512x512, both 8 to 4096"},
        {{"x.png", "--size", "64x64x64"},
         "--size is 64x64x64; it must be WIDTHxHEIGHT, as in 512x512, both 8 to 4096"},
        {{"x.png", "--size", "7x64"},
         "--size is 7x64; it must be WIDTHxHEIGHT, as in 512x512, both 8 to 4096"},
        {{"x.png", "--pace", "slo"}, "--pace is 'slo'; it must be one of: slow, fast"},
        {{"x.png", "--pace", "slow|fast"},
         "--pace is 'slow|fast'; it must be one of: slow, fast"},
        {{"x.png", "--pac", "slow"}, "there is no flag --pac; did you mean --pace?"},
        {{"x.png", "--szie", "8x8"}, "there is no flag --szie; did you mean --size?"},
        {{"x.png", "--", "y.png"},
         "'y.png' is one word too many; values of flags follow their flag, as in: atelier toy "
         "x.png"},
        {{"", "--raw", "--raw"}, "PICTURE is empty; give it PICTURE"},
        {{"--raw", "--raw", "--raw"}, "no PICTURE is given; begin with: atelier toy x.png"},
        {{"x.png", "--raw", "--steps"}, "--steps wants a value: --steps N"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Request q = {0};
        Err err = {0};
        char *words[3];
        memcpy(words, cases[i].words, sizeof words);
        assert_false(args_read(&studio, 3, words, &q, &err));
        assert_string_equal(err.text, cases[i].text);
        assert_int_equal(err.kind, ERR_INPUT);
    }
}

static void the_nearest_name_is_near(void **state)
{
    static const char *const names[] = {"guidance", "steps", "batch-statistics", "raw", NULL};
    (void)state;
    assert_string_equal(text_nearest("guidence", names), "guidance");
    assert_string_equal(text_nearest("stpes", names), "steps");
    assert_string_equal(text_nearest("batch", names), "batch-statistics");
    assert_null(text_nearest("x", names));
    assert_null(text_nearest("colour", names));
    assert_null(text_nearest("", names));
}

static void a_flag_is_found_by_its_name(void **state)
{
    (void)state;
    Request q = {.verbose = true};
    assert_true(studio_flag(&studio, &q, "verbose"));
    assert_false(studio_flag(&studio, &q, "raw"));
    assert_false(studio_flag(&studio, &q, "out"));
    assert_false(studio_flag(&studio, &q, "none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_has_the_default_of_the_table),
        cmocka_unit_test(both_ways_of_giving_a_value_are_read),
        cmocka_unit_test(the_last_value_of_a_flag_counts),
        cmocka_unit_test(after_two_dashes_words_are_no_flags),
        cmocka_unit_test(what_is_refused_is_told_in_a_sentence),
        cmocka_unit_test(lists_take_many),
        cmocka_unit_test(the_nearest_name_is_near),
        cmocka_unit_test(a_flag_is_found_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
