/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "text/frame_words.h"

/* Whatever is accepted says something of every frame. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Err err = {0};
    FrameWords w;
    if (!frame_words_parse(&w, (const char *)data, size, "fuzz", &err)) {
        must(err.kind != ERR_NONE && err.text[0] != '\0');
        return 0;
    }
    for (int i = 0; i < 5; i++) {
        char *prompt = frame_words_prompt(&w, &(FrameAsk){.animation = "walk",
                                                          .frame = i,
                                                          .frames = 5,
                                                          .side = "s",
                                                          .background = "green"});
        must(prompt != NULL);
        xfree(prompt);
    }
    must(frame_words_negative(&w) != NULL);
    frame_words_close(&w);
    return 0;
}
