#ifndef TEXT_PROMPT_H
#define TEXT_PROMPT_H
#include "text/tokenizer.h"

/* What a person writes for a picture: words, some of which weigh more.
 *
 *   (word)       1.1 times        (word:1.3)   1.3 times
 *   [word]       1 / 1.1 times    brackets within brackets multiply
 *   \( \) \[ \] \\                the sign itself; a lone \ is nothing
 *   BREAK                         what follows begins a new chunk
 *
 * as AUTOMATIC1111's web UI reads it, to the last bit of a weight.  Brackets that are never
 * closed end with the prompt; closing ones without a beginning are text, and so is ":1.3)"
 * outside of brackets.  Here BREAK breaks within brackets as well.  Prompts that change with
 * the steps ([a:b:0.5], [a|b]) and AND are not known. */
typedef struct PromptPart {
    const char *text; /* in the PromptParts */
    double weight;    /* -1 for a BREAK outside of brackets */
    bool is_break;    /* then the text is "BREAK" */
} PromptPart;

typedef struct PromptParts {
    PromptPart *part; /* neighbours differ in weight */
    int count;        /* at least 1 */
    char *bytes;
} PromptParts;

/* False if a weight is no number, or beyond a million in all, or the text is too long: then
 * there is nothing to release. */
bool prompt_parts(PromptParts *p, const char *text, Err *err) MUST_USE;
void prompt_parts_release(PromptParts *p);

/* What an encoder is given at once: begin, up to 75 ids, end.
 *
 * A longer prompt fills several chunks.  Where a chunk is full and one of its last 20 ids is a
 * comma, what follows the comma moves into the next; vectors of one word stay together.  (rules
 * of AUTOMATIC1111)  Models with several encoders and one vocabulary share a Prompt, each with
 * its own number for filling up. */
enum { PROMPT_WORDS = 75, PROMPT_IDS = 77, PROMPT_CHUNKS = 256 };

typedef struct PromptChunk {
    int32_t id[PROMPT_IDS]; /* begin, words, end up to the end */
    float weight[PROMPT_IDS];
    int words;
} PromptChunk;

typedef struct Prompt {
    PromptChunk *chunk;
    int count; /* at least 1 */
} Prompt;

/* False as prompt_parts, or if there are more than PROMPT_CHUNKS. */
bool prompt_read(Prompt *p, const Tokenizer *t, const char *text, Err *err) MUST_USE;
void prompt_release(Prompt *p);

/* Adds empty chunks until there are `count`: a prompt and its negative go through a network
 * side by side, so they must be equally long. */
void prompt_pad(Prompt *p, const Tokenizer *t, int count);

/* The ids of all chunks, to[count * PROMPT_IDS], with `pad` after the end of each text. */
void prompt_ids(const Prompt *p, const Tokenizer *t, int32_t pad, int32_t *to);
/* Their weights, to[count * PROMPT_IDS].  False if all are 1. */
bool prompt_weights(const Prompt *p, float *to);
#endif
