/* SPDX-License-Identifier: MIT */
#include "text/tokenizer.h"

#include "folder.h"
#include "golden.h"

static Json *load(const char *name)
{
    Err err = {0};
    char *path = golden_path(name);
    Json *j = js_load(path, &err);
    if (j == NULL)
        fail_msg("%s", err.text);
    xfree(path);
    return j;
}

static Tokens encode(const Tokenizer *t, const char *text)
{
    Err err = {0};
    Tokens k = {0};
    if (!tokenizer_encode(t, text, &k, &err))
        fail_msg("%s", err.text);
    return k;
}

/* Each row of the table is a text and its ids. */
static void compare(const Tokenizer *t, const Json *table)
{
    assert_true(js_count(table) > 0);
    for (size_t i = 0; i < js_count(table); i++) {
        const char *text = js_string(js_at(js_at(table, i), 0), NULL);
        const Json *ids = js_at(js_at(table, i), 1);
        Tokens k = encode(t, text);
        if (k.count != (int64_t)js_count(ids))
            fail_msg("'%.200s' gives %d ids, not %zu", text, (int)k.count, js_count(ids));
        for (int64_t n = 0; n < k.count; n++)
            if (k.id[n] != js_int(js_at(ids, (size_t)n), -1))
                fail_msg("id %d of '%.200s' is %d, not %d", (int)n, text, (int)k.id[n],
                         (int)js_int(js_at(ids, (size_t)n), -1));
        tokens_release(&k);
    }
}

static void assert_ids(const Tokenizer *t, const char *text, const int32_t *ids, int count)
{
    Tokens k = encode(t, text);
    if (k.count != count || memcmp(k.id, ids, (size_t)count * sizeof *ids) != 0)
        fail_msg("'%s' begins with %d and has %d ids", text, k.count > 0 ? (int)k.id[0] : 0,
                 (int)k.count);
    tokens_release(&k);
}
#define ASSERT_IDS(t, text, ...)                                                               \
    assert_ids(t, text, (const int32_t[]){__VA_ARGS__},                                        \
               sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

static void gives_the_ids_of_the_reference(void **state)
{
    (void)state;
    Json *table = load("text/tokens.json");
    Tokenizer *t = tokenizer_new();
    compare(t, table);
    assert_int_equal(tokenizer_begin(t), 49406);
    assert_int_equal(tokenizer_end(t), 49407);
    assert_int_equal(tokenizer_pad(t), 49407);
    tokenizer_free(t);
    js_free(table);
}

static void reads_the_vocabulary_of_a_folder_in_both_forms(void **state)
{
    (void)state;
    static const char *const folders[] = {"text/small", "text/one"};
    Json *want = load("text/small.json");
    for (size_t i = 0; i < 2; i++) {
        Err err = {0};
        char *dir = golden_path(folders[i]);
        Tokenizer *t = tokenizer_open(dir, &err);
        if (t == NULL)
            fail_msg("%s", err.text);
        compare(t, js_get(want, "texts"));
        assert_int_equal(tokenizer_pad(t), js_int(js_get(want, "pad"), -1));
        assert_int_equal(tokenizer_begin(t), js_int(js_get(want, "begin"), -1));
        assert_int_equal(tokenizer_end(t), js_int(js_get(want, "end"), -1));
        tokenizer_free(t);
        xfree(dir);
    }
    js_free(want);
}

static void mends_bytes_that_are_no_characters(void **state)
{
    (void)state;
    static const char *const same[][2] = {
        {"a\xff", "a\xef\xbf\xbd"},
        {"\xc3", "\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
    };
    Tokenizer *t = tokenizer_new();
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        Tokens k = encode(t, same[i][1]);
        assert_true(k.count > 0);
        assert_ids(t, same[i][0], k.id, (int)k.count);
        tokens_release(&k);
    }
    tokenizer_free(t);
}

/* cat 2368, hot 2170, "," 267, "s" 338, "." 269 */
static void knows_own_words_before_others(void **state)
{
    (void)state;
    Err err = {0};
    Tokenizer *t = tokenizer_new();
    assert_true(tokenizer_add_word(t, "Cat", 0, 2, &err));
    assert_true(tokenizer_add_word(t, "<cat>", 2, 1, &err));
    assert_true(tokenizer_add_word(t, "hot  cat", 3, 1, &err));
    assert_true(tokenizer_add_word(t, "kitty", 0, 2, &err));
    ASSERT_IDS(t, "cat", -1, -2);
    ASSERT_IDS(t, "CAT,", -1, -2, 267);
    ASSERT_IDS(t, ",cat.", 267, -1, -2, 269);
    ASSERT_IDS(t, "<cat>,", -3, 267);
    ASSERT_IDS(t, "hot cat", -4);
    ASSERT_IDS(t, "Kitty cat", -1, -2, -1, -2);
    ASSERT_IDS(t, "cats", 3989);
    assert_int_equal(tokenizer_span(t, -1), 2);
    assert_int_equal(tokenizer_span(t, -2), 1);
    assert_int_equal(tokenizer_span(t, 267), 1);
    tokenizer_free(t);
}

static void refuses_senseless_own_words(void **state)
{
    (void)state;
    Tokenizer *t = tokenizer_new();
    Err err = {0};
    assert_true(tokenizer_add_word(t, "cat", 0, 2, &err));
    static const struct {
        const char *word;
        int row, vectors;
        const char *says;
    } bad[] = {
        {"dog", 0, 0, "the word 'dog' has 0 vectors: 1 to 75 are possible"},
        {"dog", 0, 76, "the word 'dog' has 76 vectors: 1 to 75 are possible"},
        {" \t", 0, 1, "a word of a textual inversion has no visible sign"},
        {"CAT", 2, 2, "the word 'CAT' is there twice: rename one of the embedding files"},
        {"<|endoftext|>", 0, 1,
         "the word '<|endoftext|>' is there twice: rename one of the embedding files"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (Err){0};
        assert_false(tokenizer_add_word(t, bad[i].word, bad[i].row, bad[i].vectors, &err));
        assert_string_equal(err.text, bad[i].says);
    }
    tokenizer_free(t);
}

static void refuses_texts_beyond_its_limit(void **state)
{
    (void)state;
    Tokenizer *t = tokenizer_new();
    char *text = xalloc(TOKENIZER_BYTES + 2, 1);
    memset(text, 'z', TOKENIZER_BYTES + 1);
    Tokens k = {0};
    Err err = {0};
    assert_false(tokenizer_encode(t, text, &k, &err));
    assert_string_equal(err.text, "a prompt may have 65536 bytes, this one has 65537");
    text[TOKENIZER_BYTES] = '\0';
    err = (Err){0};
    assert_true(tokenizer_encode(t, text, &k, &err));
    assert_true(k.count > 0);
    tokens_release(&k);
    xfree(text);
    tokenizer_free(t);
}

#define ENDS "\"<|startoftext|>\":3,\"<|endoftext|>\":4"

static void says_what_is_wrong_with_a_folder(void **state)
{
    (void)state;
    static const struct {
        const char *vocab, *merges, *one, *says;
    } bad[] = {
        {NULL, NULL, NULL,
         "'.' holds no tokenizer: there is neither vocab.json with merges.txt nor "
         "tokenizer.json"},
        {"{" ENDS "}", NULL, NULL, "cannot open './merges.txt': No such file or directory"},
        {"{" ENDS "}", "#version: 0.2\na\n", NULL,
         "'./merges.txt': merge 1 should be two words with a blank between"},
        {"{\"a\":0,\"b\":1," ENDS "}", "a b\n", NULL,
         "'./merges.txt': merge 1 makes 'ab', which the vocabulary does not hold in whole or "
         "in part"},
        {"{\"a\":0,\"b\":1,\"ab\":-7," ENDS "}", "a b\n", NULL,
         "'./merges.txt': merge 1 makes 'ab', which the vocabulary does not hold in whole or "
         "in part"},
        {"{\"a\":0}", "", NULL,
         "the vocabulary in '.' has no sign for the beginning or the end of a text"},
        {NULL, NULL, "{\"model\":{\"vocab\":[],\"merges\":[7]}}",
         "'./tokenizer.json': merge 1 should be two words with a blank between"},
        {NULL, NULL, "[]",
         "the vocabulary in '.' has no sign for the beginning or the end of a text"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const names[] = {"vocab.json", "merges.txt", "tokenizer.json"};
        const char *const bytes[] = {bad[i].vocab, bad[i].merges, bad[i].one};
        for (int n = 0; n < 3; n++) {
            (void)remove(names[n]);
            if (bytes[n] != NULL)
                put_file(names[n], bytes[n], strlen(bytes[n]));
        }
        Err err = {0};
        assert_null(tokenizer_open(".", &err));
        assert_string_equal(err.text, bad[i].says);
    }
}

/* A vocabulary without most bytes: what it does not know is the unknown sign. */
static void knows_that_it_does_not_know(void **state)
{
    (void)state;
    static const char vocab[] = "{\"a\":0,\"b</w>\":1,\"ab</w>\":2," ENDS "}";
    put_file("vocab.json", vocab, sizeof vocab - 1);
    put_file("merges.txt", "a b</w>\r\n", 9);
    Err err = {0};
    Tokenizer *t = tokenizer_open(".", &err);
    if (t == NULL)
        fail_msg("%s", err.text);
    ASSERT_IDS(t, "ab aab z", 2, 0, 2, 4);
    assert_int_equal(tokenizer_comma(t), -1);
    tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_ids_of_the_reference),
        cmocka_unit_test(reads_the_vocabulary_of_a_folder_in_both_forms),
        cmocka_unit_test(mends_bytes_that_are_no_characters),
        cmocka_unit_test(knows_own_words_before_others),
        cmocka_unit_test(refuses_senseless_own_words),
        cmocka_unit_test(refuses_texts_beyond_its_limit),
        cmocka_unit_test_setup_teardown(says_what_is_wrong_with_a_folder, folder_enter,
                                        folder_leave),
        cmocka_unit_test_setup_teardown(knows_that_it_does_not_know, folder_enter,
                                        folder_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
