#ifndef TEXT_INTERNAL_H
#define TEXT_INTERNAL_H
#include "base/json.h"
#include "text/tokenizer.h"

/* Characters by their numbers (code points). */
typedef struct Runes {
    int32_t *at;
    int64_t count;
} Runes;

/* NFC, lower case, white space as single blanks, none at the ends. */
void runes_clean(Runes *r, const char *text);
void runes_release(Runes *r);

bool rune_is_letter(int32_t c);
bool rune_is_number(int32_t c);
bool rune_is_space(int32_t c);
/* Bytes written, 1 to 4. */
int rune_write(unsigned char to[4], int32_t c);
/* The character at `s`, which is valid UTF-8. */
int32_t rune_read(const char *s);

/* A pair of ids that are joined, and how early. */
typedef struct Pair {
    int32_t left, right, rank; /* left < 0: an empty place */
} Pair;

enum { NO_RANK = INT32_MAX, MERGES = 1 << 20, IDS = 1 << 22 };

typedef struct Vocab {
    int32_t byte[2][256]; /* ids of a byte, and of one that ends a piece; -1: none */
    int32_t unknown, begin, end, pad;
    int32_t *made; /* [merges] what a merge gives */
    int32_t merges;
    Pair *pair; /* a hash table of mask + 1 places */
    uint32_t mask;
} Vocab;

/* Room for so many merges, which are then added in their order. */
void vocab_init(Vocab *v, int32_t merges);
void vocab_release(Vocab *v);
void vocab_add(Vocab *v, int32_t left, int32_t right, int32_t made);
/* NO_RANK if the two are never joined. */
int32_t vocab_rank(const Vocab *v, int32_t left, int32_t right);
void vocab_built_in(Vocab *v);
/* The letters by which vocabularies write the 256 bytes: to[b] is a character. */
void vocab_signs(int32_t to[256]);

/* What is found before anything else, in clean text: special, added and own words. */
typedef struct Word {
    Runes runes;
    int32_t id; /* the first; own ones count down */
    int vectors;
} Word;

enum { WORDS = 4096 };

struct Tokenizer {
    Vocab vocab;
    Word *word;
    int words;
};

/* Nothing happens if the word has no sign, or is known, or there are WORDS already. */
void tokenizer_learn(Tokenizer *t, const char *word, int32_t id, int vectors);

/* The files of a folder, NULL where there is none: vocab and merges (which are changed), or
 * the whole; what is said of special tokens; the added ones. */
typedef struct FolderFiles {
    const char *dir; /* for messages */
    Json *vocab;
    char *merges;
    Json *whole;
    Json *said[2];
    Json *added;
} FolderFiles;
bool folder_take(Tokenizer *t, const FolderFiles *files, Err *err) MUST_USE;
bool folder_read(Tokenizer *t, const char *dir, Err *err) MUST_USE;
#endif
