/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include "base/digest.h"

/* The examples of FIPS 180-4, and a file of several pieces, by sha256sum:
 * head -c 3000000 /dev/zero | tr '\0' a | sha256sum */
static void files_have_the_digests_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
        size_t from;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 0},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 0},
        {"0123abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 4},
        {"abc", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 9},
    };
    char hex[DIGEST_ROOM];
    Err err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(file_save("x", cases[i].text, strlen(cases[i].text), &err));
        assert_true(file_sha256(hex, "x", cases[i].from, &err));
        assert_string_equal(hex, cases[i].hex);
    }
    enum { LONG = 3000000 };
    char *many = xalloc(LONG, 1);
    memset(many, 'a', LONG);
    assert_true(file_save("x", many, LONG, &err));
    assert_true(file_sha256(hex, "x", 0, &err));
    assert_string_equal(hex,
                        "2a152c894398719c0570f83fac34ac03a0f6e8e474b995c2403aa5434f7b9dd4");
    xfree(many);
}

static void what_cannot_be_read_has_none(void **state)
{
    (void)state;
    char hex[DIGEST_ROOM];
    Err missing = {0}, folder = {0};
    assert_false(file_sha256(hex, "nowhere", 0, &missing));
    assert_string_equal(missing.text, "cannot open 'nowhere': No such file or directory");
    assert_false(file_sha256(hex, ".", 0, &folder));
    assert_string_equal(folder.text, "cannot read '.': Is a directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_have_the_digests_of_the_standard),
        cmocka_unit_test(what_cannot_be_read_has_none),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
