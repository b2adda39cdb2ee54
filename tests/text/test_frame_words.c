/* SPDX-License-Identifier: MIT */
#include "text/frame_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static FrameWords opened(const char *own)
{
    Err err = {0};
    FrameWords w;
    if (!(own != NULL ? frame_words_parse(&w, own, strlen(own), "own.json", &err)
                      : frame_words_open(&w, NULL, &err)))
        fail_msg("%s", err.text);
    return w;
}

static void assert_says(const FrameWords *w, FrameAsk ask, const char *want)
{
    char *prompt = frame_words_prompt(w, &ask);
    assert_string_equal(prompt, want);
    xfree(prompt);
}

static void the_built_in_words_are_those_of_method_2(void **state)
{
    (void)state;
    FrameWords w = opened(NULL);
    FrameAsk ask = {.subject = "cute fluffy creature character",
                    .animation = "walk",
                    .frame = 6,
                    .frames = 8,
                    .side = "",
                    .background = "black"};
    assert_says(&w, ask,
                "cute fluffy creature character, mid-walk stride opposite, game sprite art, "
                "clean character, black background, high quality, detailed");
    assert_string_equal(frame_words_negative(&w),
                        "blurry, distorted, bad anatomy, multiple characters, text, watermark, "
                        "noise, grainy, corrupted");
    frame_words_close(&w);
}

static void words_are_spread_evenly_over_frames(void **state)
{
    (void)state;
    static const char *const want[] = {"up", "up", "middle", "down", "down"};
    static const int frame[] = {0, 1, 2, 4, 5};
    FrameWords w = opened("{\"subject\": \"\", \"tags\": [], \"animations\": {\"jump\": "
                          "[\"up\", \"middle\", \"down\"]}}");
    for (int i = 0; i < 5; i++)
        assert_says(&w,
                    (FrameAsk){.animation = "jump",
                               .frame = frame[i],
                               .frames = 6,
                               .side = "",
                               .background = ""},
                    want[i]);
    frame_words_close(&w);
}

static void own_words_take_the_place_of_those_that_they_name(void **state)
{
    (void)state;
    FrameWords w = opened("{\"tags\": [\"on {background}\", \"{background}{back\"], \"sides\": "
                          "{\"s\": \"from the front\"}, \"animations\": {\"idle\": []}}");
    assert_says(&w, (FrameAsk){"a cat", "idle", 0, 4, "s", "green"},
                "a cat, from the front, on green, green{back");
    assert_says(&w, (FrameAsk){NULL, "idle", 0, 4, "n", "green"},
                "character, back view, on green, green{back");
    assert_says(&w, (FrameAsk){"a cat", "attack", 2, 4, "", "green"},
                "a cat, striking forward attack, on green, green{back");
    assert_says(&w, (FrameAsk){"a cat", "clip", 2, 4, "", "green"},
                "a cat, on green, green{back");
    frame_words_close(&w);
}

static void what_is_no_words_is_refused_in_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"[]", "'own.json': it should be an object with animations, tags and so on"},
        {"{\"animation\": {}}",
         "'own.json': 'animation' is none of subject, negative, tags, sides and animations"},
        {"{\"subject\": 1}", "'own.json': 'subject' should be a text"},
        {"{\"tags\": [1]}", "'own.json': 'tags' should be a list of texts"},
        {"{\"sides\": {\"s\": []}}",
         "'own.json': 'sides' should be texts by the names of sides"},
        {"{\"animations\": {\"walk\": \"left\"}}",
         "'own.json': 'animations' should be lists of texts by the names of animations"},
        {"{", "own.json"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err err = {0};
        FrameWords w;
        assert_false(frame_words_parse(&w, bad[i].text, strlen(bad[i].text), "own.json", &err));
        if (strstr(err.text, bad[i].says) == NULL)
            fail_msg("says '%s', not '%s'", err.text, bad[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_words_are_those_of_method_2),
        cmocka_unit_test(words_are_spread_evenly_over_frames),
        cmocka_unit_test(own_words_take_the_place_of_those_that_they_name),
        cmocka_unit_test(what_is_no_words_is_refused_in_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
