#ifndef TEXT_FRAME_WORDS_H
#define TEXT_FRAME_WORDS_H
#include "base/json.h"

/* What is said of the frames of an animation to a model that is led by words:
 *
 *   subject, the frame's words, the side's words, tag, tag, ...
 *
 * The words are data (data/text/frame_words.json is built in), and a file of a
 * person's own takes the place of what it has:
 *
 *   { "subject": "character",
 *     "negative": "blurry, text",
 *     "tags": ["game sprite art", "{background} background"],
 *     "sides": {"s": "front view"},
 *     "animations": {"walk": ["left foot forward", "right foot forward"]} }
 *
 * Lists may have any number of words: those of n for F frames are spread
 * evenly, frame i has number i * n / F.  An animation without words has none
 * said of its frames.  In tags {background} stands for the colour behind the
 * character.  A FrameWords does not change once it is open. */
typedef struct FrameWords {
    Json *own;   /* or NULL */
    Json *usual; /* the built-in ones */
} FrameWords;

/* `path` or NULL: only the built-in words.  False, with the reason, if the file
 * is not as above. */
bool frame_words_open(FrameWords *w, const char *path, Err *err) MUST_USE;
/* The same of bytes; `name` is for errors. */
bool frame_words_parse(FrameWords *w, const char *text, size_t size, const char *name,
                       Err *err) MUST_USE;
void frame_words_close(FrameWords *w);

typedef struct FrameAsk {
    const char *subject;   /* or NULL: the file's */
    const char *animation; /* "walk" */
    int64_t frame, frames;
    const char *side;       /* "se", or "": nothing is said of it */
    const char *background; /* "magenta" */
} FrameAsk;

/* The prompt of a frame.  Free with xfree. */
char *frame_words_prompt(const FrameWords *w, const FrameAsk *ask) MUST_USE;
/* What is to be avoided in all frames; lives as long as w. */
const char *frame_words_negative(const FrameWords *w);
#endif
