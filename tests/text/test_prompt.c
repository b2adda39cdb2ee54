/* SPDX-License-Identifier: MIT */
#include "text/prompt.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { COMMA = 267, CAT = 2368, BEGIN = 49406, END = 49407 };

/* A row of parts: text, weight, ..., NULL.  Numbers by the rules that prompt.h states. */
typedef struct Case {
    const char *prompt;
    struct {
        const char *text;
        double weight;
    } part[12];
} Case;

#define UP 1.1
#define DOWN (1 / 1.1)

static const Case cases[] = {
    {"", {{"", 1}}},
    {"normal text", {{"normal text", 1}}},
    {"an (important) word", {{"an ", 1}, {"important", UP}, {" word", 1}}},
    {"(unbalanced", {{"unbalanced", UP}}},
    {"[unbalanced", {{"unbalanced", DOWN}}},
    {"\\(literal\\]", {{"(literal]", 1}}},
    {"(unnecessary)(parens)", {{"unnecessaryparens", UP}}},
    {"a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
     {{"a ", 1},
      {"house", 1.573},
      {" ", UP},
      {"on", 1},
      {" a ", UP},
      {"hill", 0.55},
      {", sun, ", UP},
      {"sky", 1.4641},
      {".", UP}}},
    {"[x]", {{"x", DOWN}}},
    {"[[x]]", {{"x", DOWN *DOWN}}},
    {"(x: 1.5 )", {{"x", 1.5}}},
    {"(x:-.5)", {{"x", -0.5}}},
    {"(x:+2.)", {{"x", 2}}},
    {"(x:0)y", {{"x", 0}, {"y", 1}}},
    {"10:30) foo", {{"10:30) foo", 1}}},
    {"[x:1.2)]", {{"x:1.2)", DOWN}}},
    {"a:b (c:d)", {{"a:b ", 1}, {"c:d", UP}}},
    {"a ) b ] c", {{"a ) b ] c", 1}}},
    {"a\\b\\\\c\\", {{"ab\\c", 1}}},
    {"()", {{"", 1}}},
    {"(a(b:2)c)", {{"a", UP}, {"b", 2 * UP}, {"c", UP}}},
    {"a BREAK b", {{"a", 1}, {"BREAK", -1}, {"b", 1}}},
    {"a BREAK\n BREAK b", {{"a", 1}, {"BREAK", -1}, {"", 1}, {"BREAK", -1}, {"b", 1}}},
    {"BREAKS xBREAK _BREAK 1BREAK break", {{"BREAKS xBREAK _BREAK 1BREAK break", 1}}},
    {"\xc3\xa9"
     "BREAK BREAK\xc3\xa9",
     {{"\xc3\xa9"
       "BREAK BREAK\xc3\xa9",
       1}}},
    {"a,BREAK,b", {{"a,", 1}, {"BREAK", -1}, {",b", 1}}},
    {"\xe3\x80\x80"
     "BREAK\xc2\xa0"
     "b",
     {{"", 1}, {"BREAK", -1}, {"b", 1}}},
    {"(a BREAK b:2)", {{"a", 2}, {"BREAK", -2}, {"b", 2}}},
    {"\xff(a)", {{"\xef\xbf\xbd", 1}, {"a", UP}}},
};

static void reads_weights_and_brackets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PromptParts p;
        Err err = {0};
        if (!prompt_parts(&p, cases[i].prompt, &err))
            fail_msg("'%s': %s", cases[i].prompt, err.text);
        for (int n = 0; n < p.count; n++) {
            const char *want = cases[i].part[n].text;
            if (want == NULL || strcmp(p.part[n].text, want) != 0)
                fail_msg("'%s': part %d is '%s'", cases[i].prompt, n, p.part[n].text);
            if (fabs(p.part[n].weight - cases[i].part[n].weight) > 1e-15 * 8)
                fail_msg("'%s': '%s' weighs %.17g", cases[i].prompt, want, p.part[n].weight);
            assert_int_equal(p.part[n].is_break, strcmp(want, "BREAK") == 0);
        }
        if (cases[i].part[p.count].text != NULL)
            fail_msg("'%s' has %d parts", cases[i].prompt, p.count);
        prompt_parts_release(&p);
    }
}

static void says_which_weight_is_none(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"(a:1.2.3)",
         "the weight '1.2.3' in the prompt is not a number: write (word:1.2), or \\( "
         "and \\) for brackets"},
        {"(a:.)",
         "the weight '.' in the prompt is not a number: write (word:1.2), or \\( and \\) "
         "for brackets"},
        {"((a:9999):9999)", "the brackets of the prompt multiply to a weight beyond a million"},
        {"(a:99999999999999999999)",
         "the brackets of the prompt multiply to a weight beyond a million"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        PromptParts p;
        Err err = {0};
        assert_false(prompt_parts(&p, bad[i][0], &err));
        assert_string_equal(err.text, bad[i][1]);
    }
}

/* ---- chunks --------------------------------------------------------------------------- */

/* "cat" so many times, with commas after some. */
static char *cats(int count, const int *commas)
{
    char *text = xalloc((size_t)count * 6 + 64, 1), *to = text;
    for (int i = 1; i <= count; i++) {
        to += sprintf(to, "cat ");
        if (*commas == i) {
            to += sprintf(to, ", ");
            commas++;
        }
    }
    return text;
}

static Prompt read_prompt(const Tokenizer *t, const char *text)
{
    Prompt p;
    Err err = {0};
    if (!prompt_read(&p, t, text, &err))
        fail_msg("%s", err.text);
    return p;
}

static void fills_chunks_and_goes_back_to_a_comma(void **state)
{
    (void)state;
    static const struct {
        int cats, commas[3];
        int words[4]; /* of each chunk */
    } want[] = {
        {0, {0}, {0}},
        {74, {0}, {74}},
        {75, {0}, {75}},
        {76, {0}, {75, 1}},
        {150, {0}, {75, 75}},
        {151, {0}, {75, 75, 1}},
        {80, {60}, {61, 20}},     /* 20 back: cat 56 ... 75 had been there */
        {80, {55}, {56, 25}},     /* the comma is word 55 of 0..74, 75 - 55 = 20 */
        {80, {54}, {75, 6}},      /* one further is too far */
        {80, {74}, {75, 6}},      /* the comma is the last word */
        {75, {75}, {75, 1}},      /* a comma itself does not go back */
        {80, {60, 70}, {72, 10}}, /* the last comma counts */
    };
    Tokenizer *t = tokenizer_new();
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        char *text = cats(want[i].cats, want[i].commas);
        Prompt p = read_prompt(t, text);
        int words = 0;
        for (int n = 0; n < p.count; n++) {
            if (p.chunk[n].words != want[i].words[n])
                fail_msg("case %zu: chunk %d has %d words", i, n, p.chunk[n].words);
            words += p.chunk[n].words;
            assert_int_equal(p.chunk[n].id[0], BEGIN);
            for (int k = p.chunk[n].words + 1; k < PROMPT_IDS; k++)
                assert_int_equal(p.chunk[n].id[k], END);
        }
        assert_int_equal(words,
                         want[i].cats + (want[i].commas[0] > 0) + (want[i].commas[1] > 0));
        prompt_release(&p);
        xfree(text);
    }
    tokenizer_free(t);
}

static void breaks_where_it_is_told(void **state)
{
    (void)state;
    Tokenizer *t = tokenizer_new();
    Prompt p = read_prompt(t, "cat BREAK cat cat (BREAK cat:1.5)");
    assert_int_equal(p.count, 3);
    assert_int_equal(p.chunk[0].words, 1);
    assert_int_equal(p.chunk[1].words, 2);
    assert_int_equal(p.chunk[2].words, 1);
    assert_true(p.chunk[2].weight[1] == 1.5f);
    prompt_release(&p);
    p = read_prompt(t, "BREAK");
    assert_int_equal(p.count, 1);
    assert_int_equal(p.chunk[0].words, 0);
    prompt_release(&p);
    tokenizer_free(t);
}

static void gives_ids_and_weights_for_an_encoder(void **state)
{
    (void)state;
    Tokenizer *t = tokenizer_new();
    Prompt p = read_prompt(t, "(cat:1.25), cat");
    prompt_pad(&p, t, 2);
    assert_int_equal(p.count, 2);
    int32_t id[2 * PROMPT_IDS];
    float weight[2 * PROMPT_IDS];
    prompt_ids(&p, t, 0, id);
    assert_true(prompt_weights(&p, weight));
    static const int32_t first[] = {BEGIN, CAT, COMMA, CAT, END, 0, 0};
    static const float weighs[] = {1, 1.25f, 1, 1, 1, 1, 1};
    assert_memory_equal(id, first, sizeof first);
    assert_memory_equal(weight, weighs, sizeof weighs);
    assert_int_equal(id[PROMPT_IDS], BEGIN);
    assert_int_equal(id[PROMPT_IDS + 1], END);
    assert_int_equal(id[PROMPT_IDS + 2], 0);
    assert_int_equal(id[2 * PROMPT_IDS - 1], 0);
    prompt_release(&p);
    p = read_prompt(t, "cat");
    assert_false(prompt_weights(&p, weight));
    prompt_release(&p);
    tokenizer_free(t);
}

static void keeps_the_vectors_of_a_word_together(void **state)
{
    (void)state;
    Err err = {0};
    Tokenizer *t = tokenizer_new();
    assert_true(tokenizer_add_word(t, "own", 0, 5, &err));
    char *text = cats(72, (const int[]){0});
    text = xgrow(text, strlen(text) + 32, 1);
    strcat(text, "(own:2) cat");
    Prompt p = read_prompt(t, text);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.chunk[0].words, 72);
    static const int32_t ids[] = {BEGIN, -1, -2, -3, -4, -5, CAT, END};
    assert_memory_equal(p.chunk[1].id, ids, sizeof ids);
    assert_true(p.chunk[1].weight[5] == 2 && p.chunk[1].weight[6] == 1);
    prompt_release(&p);
    xfree(text);
    tokenizer_free(t);
}

static void refuses_prompts_without_end(void **state)
{
    (void)state;
    Tokenizer *t = tokenizer_new();
    char *text = xalloc(6 * PROMPT_CHUNKS + 1, 1);
    for (int i = 0; i < PROMPT_CHUNKS; i++)
        strcat(text, "BREAK ");
    Prompt p;
    Err err = {0};
    assert_false(prompt_read(&p, t, text, &err));
    assert_string_equal(err.text, "the prompt makes more than 255 chunks of 75 words");
    text = xgrow(text, TOKENIZER_BYTES + 2, 1);
    memset(text, '(', TOKENIZER_BYTES + 1);
    text[TOKENIZER_BYTES + 1] = '\0';
    err = (Err){0};
    assert_false(prompt_read(&p, t, text, &err));
    assert_string_equal(err.text, "a prompt may have 65536 bytes, this one has 65537");
    xfree(text);
    tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_weights_and_brackets),
        cmocka_unit_test(says_which_weight_is_none),
        cmocka_unit_test(fills_chunks_and_goes_back_to_a_comma),
        cmocka_unit_test(breaks_where_it_is_told),
        cmocka_unit_test(gives_ids_and_weights_for_an_encoder),
        cmocka_unit_test(keeps_the_vectors_of_a_word_together),
        cmocka_unit_test(refuses_prompts_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
