#ifndef TEXT_TOKENIZER_H
#define TEXT_TOKENIZER_H
#include "base/base.h"

/* CLIP's tokenizer: text to numbers, by pairs of bytes that were often seen together.
 *
 *   text - NFC - white space to one blank - lower case - pieces - bytes - merges - ids
 *
 * A piece is what the first of these matches: 's 't 're 've 'm 'll 'd, a run of letters, one
 * digit, a run of all else but white space.  The last byte of a piece has an id of its own
 * kind. Of a piece's neighbouring pairs, the one earliest in the list of merges is joined,
 * until none is in the list.  The ids are those of transformers' CLIPTokenizerFast, which is
 * CLIPTokenizer since version 5.  (The slow one before differs for Chinese, control characters
 * and final sigmas, or follows ftfy where that is installed.)  <|startoftext|> and
 * <|endoftext|> within a text are what they say; where a folder fills up with "!", each "!" is
 * that sign.
 *
 * Bytes that are no UTF-8 count as U+FFFD each.  A text has at most TOKENIZER_BYTES.
 * A Tokenizer does not change while it encodes, so threads may share one. */
typedef struct Tokenizer Tokenizer;

enum {
    TOKENIZER_BYTES = 1 << 16,
    TOKENIZER_VECTORS = 75 /* of one word */
};

/* The vocabulary of CLIP, of 49408, which is built in: what every published model of the
 * Stable Diffusion family uses.  Never NULL. */
Tokenizer *tokenizer_new(void) MUST_USE;

/* What a folder holds: vocab.json and merges.txt, or tokenizer.json; and what it says of
 * special and added tokens (tokenizer_config.json, special_tokens_map.json, added_tokens.json).
 * NULL with the reason if a file is missing or makes no sense. */
Tokenizer *tokenizer_open(const char *dir, Err *err) MUST_USE;
void tokenizer_free(Tokenizer *t); /* NULL is fine */

/* The numbers for begin, end and filling up: 49406, 49407 and 49407, unless a folder says
 * otherwise.  OpenCLIP's models were trained with 0 for filling up: a single file does not say
 * so. */
int32_t tokenizer_begin(const Tokenizer *t);
int32_t tokenizer_end(const Tokenizer *t);
int32_t tokenizer_pad(const Tokenizer *t);
/* A comma that ends a piece; -1 if there is none. */
int32_t tokenizer_comma(const Tokenizer *t);

/* From now on `word` stands for `vectors` rows of a table of the caller's (textual inversion):
 * it is encoded as -1 - row, -2 - row, and so on.  It is found in any case, and not within a
 * longer run of letters; of several, the longest counts.  Two words may stand for the same
 * rows.  False if it has no visible sign, is known with other rows, or has too many vectors. */
bool tokenizer_add_word(Tokenizer *t, const char *word, int32_t row, int vectors,
                        Err *err) MUST_USE;

/* How many ids belong together from this one on: the vectors of a word that begins here,
 * else 1. */
int tokenizer_span(const Tokenizer *t, int32_t id);

/* Zero it before use. */
typedef struct Tokens {
    int32_t *id;
    int64_t count, room;
} Tokens;
void tokens_release(Tokens *k);

/* Appends the text's ids, without begin and end.  False if it is too long. */
bool tokenizer_encode(const Tokenizer *t, const char *text, Tokens *to, Err *err) MUST_USE;
#endif
