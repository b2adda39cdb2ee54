/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include "media/parameters.h"

/* Texts as they stand in pictures of the web UI and of those who write like it. */
static const struct {
    const char *text, *prompt, *negative;
    ImageText pairs[9]; /* some of those that are said; of no key: none more */
    int count;          /* of all */
} texts[] = {
    {"a castle, (morning:1.2)\nNegative prompt: blurry, lowres\nSteps: 20, Sampler: Euler a, "
     "CFG scale: 7, Seed: 965400086, Size: 512x768, Model hash: 6ce0161689, Model: "
     "v1-5-pruned-emaonly, Version: v1.6.0",
     "a castle, (morning:1.2)",
     "blurry, lowres",
     {{"Steps", "20"},
      {"Sampler", "Euler a"},
      {"CFG scale", "7"},
      {"Seed", "965400086"},
      {"Size", "512x768"},
      {"Model hash", "6ce0161689"},
      {"Model", "v1-5-pruned-emaonly"},
      {"Version", "v1.6.0"}},
     8},
    /* no negative prompt */
    {"a cat\nSteps: 8, Sampler: DPM++ 2M Karras, Seed: 1",
     "a cat",
     "",
     {{"Steps", "8"}, {"Sampler", "DPM++ 2M Karras"}, {"Seed", "1"}, {"Size", NULL}},
     3},
    /* many lines, spaces at their ends, an empty one between */
    {"  first line, \nsecond <lora:fur:0.7>\n\nfourth \nNegative prompt: bad\n worse\nSteps: "
     "4, Seed: 2, Size: 8x8\n",
     "first line,\nsecond <lora:fur:0.7>\n\nfourth",
     "bad\nworse",
     {{"Steps", "4"}, {"Size", "8x8"}},
     3},
    /* a prompt of nothing; lines of another system */
    {"Negative prompt: people\r\nSteps: 4, Seed: 2, Size: 8x8\r\n",
     "",
     "people",
     {{"Size", "8x8"}},
     3},
    /* values with commas, colons, quotes and lines in them */
    {"x\nSteps: 20, Lora hashes: \"fur: 1f2e3d, ink: aa\", Hires prompt: \"a\\nb, \\\"c\\\"\", "
     "ControlNet 0: \"preprocessor: canny, model: control [d14c], weight: 1\", Model: \"a, b: "
     "c\", Version: v1.7.0",
     "x",
     "",
     {{"Lora hashes", "fur: 1f2e3d, ink: aa"},
      {"Hires prompt", "a\nb, \"c\""},
      {"ControlNet 0", "preprocessor: canny, model: control [d14c], weight: 1"},
      {"Model", "a, b: c"},
      {"Version", "v1.7.0"}},
     6},
    /* templates, behind the settings and among them */
    {"a red fox\nNegative prompt: dull\nSteps: 20, Sampler: LMS, Seed: 5, Template: \"a "
     "{red|blue} fox\", Negative Template: dull\n\nTemplate: a {red|blue} fox\nNegative "
     "Template: dull",
     "a red fox",
     "dull",
     {{"Template", "a {red|blue} fox"}, {"Negative Template", "dull"}, {"Seed", "5"}},
     5},
    /* what is no string of JSON is as it stands */
    {"x\nSteps: 1, A/B test: \"open, Seed: \"3\" z, Q-1: \"\\x\", Empty: , Last: \"",
     "x",
     "",
     {{"A/B test", "\"open"},
      {"Seed", "\"3\" z"},
      {"Q-1", "\"\\x\""},
      {"Empty", ""},
      {"Last", "\""}},
     6},
    /* settings that do not begin with steps; a prompt that looks like some */
    {"Steps: many, colours: few\nCFG scale: 7, Seed: 2, Size: 8x8",
     "Steps: many, colours: few",
     "",
     {{"Seed", "2"}},
     3},
    /* letters of the world; signs that no key has */
    {"\xe7\x8c\xab, \xf0\x9f\xa6\x8a\nSteps: 3, {junk} Seed: 4, :, K\xc3\xb6nig: \xe7\x8c\xab",
     "\xe7\x8c\xab, \xf0\x9f\xa6\x8a",
     "",
     {{"Seed", "4"}, {"K\xc3\xb6nig", "\xe7\x8c\xab"}},
     3},
};

static void texts_of_the_web_ui_are_understood(void **state)
{
    (void)state;
    Arena a = arena_for_test();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Parameters p;
        assert_true(parameters_read(&p, texts[i].text, &a));
        assert_string_equal(p.prompt, texts[i].prompt);
        assert_string_equal(p.negative, texts[i].negative);
        assert_int_equal(p.count, texts[i].count);
        for (const ImageText *t = texts[i].pairs; t->key != NULL; t++) {
            const char *value = parameters_get(&p, t->key);
            assert_int_equal(value == NULL, t->value == NULL);
            if (value != NULL)
                assert_string_equal(value, t->value);
        }
    }
    arena_release(&a);
}

static void other_texts_are_not_taken_for_such(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "\n\n",
        "a cat",
        "a cat\nSteps: 8, Seed: 1",
        "{\"sui_image_params\": {\"prompt\": \"a cat\", \"steps\": 8}}",
        "Steps: 1, Seed: 2, Size: 8x8\nand then, for: a",
    };
    Arena a = arena_for_test();
    Parameters p;
    for (size_t i = 0; i < 5; i++)
        assert_false(parameters_read(&p, others[i], &a));
    assert_true(parameters_read(&p, others[5], &a)); /* what follows is passed over */
    arena_release(&a);
}

static void values_come_back_as_they_were_written(void **state)
{
    (void)state;
    static const char *const values[] = {
        "plain",      "a, b",       "a: b",  "two\nlines",
        "a \"b\", c", "\"quoted\"", "\\, :", "\xc3\xa4, \xe7\x8c\xab"};
    Arena a = arena_for_test();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[200], *as = parameters_value(values[i]);
        Parameters p;
        snprintf(text, sizeof text, "x\nSteps: 1, Model: %s, Seed: 2", as);
        assert_true(parameters_read(&p, text, &a));
        assert_string_equal(parameters_get(&p, "Model"), values[i]);
        assert_string_equal(parameters_get(&p, "Seed"), "2");
        xfree(as);
    }
    char *plain = parameters_value("v1-5 [pruned]");
    assert_string_equal(plain, "v1-5 [pruned]");
    xfree(plain);
    arena_release(&a);
}

static void no_text_is_too_long_to_be_read_at_once(void **state)
{
    (void)state;
    static const char *const parts[] = {"Steps: 1, a:\"b\\", "\n", "Negative prompt:", ":",
                                        "a: ,"};
    enum { SIZE = 1 << 20 };
    Arena a = arena_for_test();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char *text = arena_zeros(&a, SIZE);
        size_t n = strlen(parts[i]);
        Parameters p;
        for (size_t at = 0; at + n < SIZE; at += n)
            memcpy(text + at, parts[i], n);
        if (parameters_read(&p, text, &a))
            assert_in_range(p.count, 3, PARAMETERS_MOST);
        arena_rewind(&a, 0);
    }
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_the_web_ui_are_understood),
        cmocka_unit_test(other_texts_are_not_taken_for_such),
        cmocka_unit_test(values_come_back_as_they_were_written),
        cmocka_unit_test(no_text_is_too_long_to_be_read_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
