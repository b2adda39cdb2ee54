/* SPDX-License-Identifier: MIT */
#include "text/tokenizer.h"

#include <string.h>

#include "text/internal.h"

/* ---- words that are found before all else -------------------------------------------- */

static const Word *known_word(const Tokenizer *t, const Runes *name)
{
    for (int i = 0; i < t->words; i++)
        if (t->word[i].runes.count == name->count &&
            memcmp(t->word[i].runes.at, name->at, (size_t)name->count * sizeof *name->at) == 0)
            return &t->word[i];
    return NULL;
}

void tokenizer_learn(Tokenizer *t, const char *word, int32_t id, int vectors)
{
    Runes name;
    runes_clean(&name, word);
    if (name.count == 0 || t->words >= WORDS || known_word(t, &name) != NULL) {
        runes_release(&name);
        return;
    }
    t->word = xgrow(t->word, (size_t)t->words + 1, sizeof *t->word);
    t->word[t->words++] = (Word){name, id, vectors};
}

bool tokenizer_add_word(Tokenizer *t, const char *word, int32_t row, int vectors, Err *err)
{
    if (vectors < 1 || vectors > TOKENIZER_VECTORS || row < 0 || row > IDS)
        return err_set(err, ERR_INPUT, "the word '%.60s' has %d vectors: 1 to %d are possible",
                       word, vectors, TOKENIZER_VECTORS);
    if (t->words >= WORDS)
        return err_set(err, ERR_INPUT, "more than %d words of textual inversions", WORDS);
    Runes name;
    runes_clean(&name, strlen(word) > TOKENIZER_BYTES ? "" : word);
    const Word *known = known_word(t, &name);
    bool is_empty = name.count == 0;
    runes_release(&name);
    if (is_empty)
        return err_set(err, ERR_INPUT, "a word of a textual inversion has no visible sign");
    if (known != NULL && (known->id != -1 - row || known->vectors != vectors))
        return err_set(err, ERR_INPUT,
                       "the word '%.60s' is there twice: rename one of the embedding files",
                       word);
    tokenizer_learn(t, word, -1 - row, vectors);
    return true;
}

int tokenizer_span(const Tokenizer *t, int32_t id)
{
    for (int i = 0; id < 0 && i < t->words; i++)
        if (t->word[i].id == id)
            return t->word[i].vectors;
    return 1;
}

/* No run of letters goes on over the boundary before `i`. */
static bool parts(const Runes *r, int64_t i)
{
    return i == 0 || i == r->count || !rune_is_letter(r->at[i - 1]) ||
           !rune_is_letter(r->at[i]);
}

static const Word *word_at(const Tokenizer *t, const Runes *r, int64_t i)
{
    const Word *longest = NULL;
    for (int w = 0; w < t->words; w++) {
        const Runes *name = &t->word[w].runes;
        if (name->at[0] == r->at[i] && name->count <= r->count - i &&
            (longest == NULL || name->count > longest->runes.count) &&
            memcmp(name->at, r->at + i, (size_t)name->count * sizeof *name->at) == 0 &&
            parts(r, i) && parts(r, i + name->count))
            longest = &t->word[w];
    }
    return longest;
}

/* ---- pieces ---------------------------------------------------------------------------- */

/* How long a contraction is that begins here, its apostrophe included; 0 if none does. */
static int64_t contraction(const int32_t *c, int64_t n)
{
    static const char *const ends[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    for (size_t i = 0; c[0] == '\'' && i < sizeof ends / sizeof *ends; i++) {
        int64_t length = (int64_t)strlen(ends[i]);
        if (length < n && c[1] == ends[i][0] && (length == 1 || c[2] == ends[i][1]))
            return 1 + length;
    }
    return 0;
}

static bool is_other(int32_t c)
{
    return !rune_is_letter(c) && !rune_is_number(c) && !rune_is_space(c);
}

/* The length of the piece, or blank, that begins here. */
static int64_t piece(const int32_t *c, int64_t n)
{
    int64_t length = contraction(c, n);
    if (length > 0)
        return length;
    bool (*kind)(int32_t) = rune_is_letter(c[0]) ? rune_is_letter : is_other;
    while (length < n && kind(c[length]))
        length++;
    return max64(length, 1);
}

/* ---- merges ---------------------------------------------------------------------------- */

/* Ids of a piece and, beside each, the rank of it and its right neighbour. */
typedef struct Row {
    int32_t *id, *rank;
    int64_t count;
} Row;

enum { STALE = -1 };

static void rank_stale(const Vocab *v, Row *row)
{
    for (int64_t i = 0; i + 1 < row->count; i++)
        if (row->rank[i] == STALE)
            row->rank[i] = vocab_rank(v, row->id[i], row->id[i + 1]);
    row->rank[row->count - 1] = NO_RANK;
}

/* Joins all pairs of this rank, from the left. */
static void join(const Vocab *v, Row *row, int32_t rank)
{
    int64_t to = 0;
    for (int64_t i = 0; i < row->count; to++) {
        bool joins = row->rank[i] == rank;
        row->id[to] = joins ? v->made[rank] : row->id[i];
        row->rank[to] = joins ? STALE : row->rank[i];
        if (joins && to > 0)
            row->rank[to - 1] = STALE;
        i += joins ? 2 : 1;
    }
    row->count = to;
}

static void merge(const Vocab *v, Row *row)
{
    for (;;) {
        rank_stale(v, row);
        int32_t first = NO_RANK;
        for (int64_t i = 0; i < row->count; i++)
            first = row->rank[i] < first ? row->rank[i] : first;
        if (first == NO_RANK)
            return;
        join(v, row, first);
    }
}

static void spell(const Vocab *v, Row *row, const int32_t *c, int64_t n)
{
    row->count = 0;
    for (int64_t i = 0; i < n; i++) {
        unsigned char byte[4];
        int bytes = rune_write(byte, c[i]);
        for (int k = 0; k < bytes; k++) {
            bool is_last = i + 1 == n && k + 1 == bytes;
            row->id[row->count] = v->byte[is_last][byte[k]];
            row->rank[row->count++] = STALE;
        }
    }
}

/* ---- the whole --------------------------------------------------------------------------- */

static void put(Tokens *to, int32_t id)
{
    if (to->count == to->room) {
        to->room = max64(64, 2 * to->room);
        to->id = xgrow(to->id, (size_t)to->room, sizeof *to->id);
    }
    to->id[to->count++] = id;
}

static void encode_plain(const Vocab *v, Row *row, const int32_t *c, int64_t n, Tokens *to)
{
    for (int64_t i = 0, length; i < n; i += length) {
        length = piece(c + i, n - i);
        if (rune_is_space(c[i]))
            continue;
        spell(v, row, c + i, length);
        merge(v, row);
        for (int64_t k = 0; k < row->count; k++)
            put(to, row->id[k] < 0 ? v->unknown : row->id[k]);
    }
}

static void encode_runes(const Tokenizer *t, const Runes *r, Tokens *to)
{
    size_t room = 4 * (size_t)r->count + 1;
    Row row = {xalloc(room, sizeof(int32_t)), xalloc(room, sizeof(int32_t)), 0};
    for (int64_t i = 0, j; i < r->count; i = j) {
        const Word *word = NULL;
        for (j = i; j < r->count && (word = word_at(t, r, j)) == NULL; j++)
            ;
        encode_plain(&t->vocab, &row, r->at + i, j - i, to);
        for (int k = 0; word != NULL && k < word->vectors; k++)
            put(to, word->id - k);
        j += word != NULL ? word->runes.count : 0;
    }
    xfree(row.id);
    xfree(row.rank);
}

bool tokenizer_encode(const Tokenizer *t, const char *text, Tokens *to, Err *err)
{
    if (strlen(text) > TOKENIZER_BYTES)
        return err_set(err, ERR_INPUT, "a prompt may have %d bytes, this one has %zu",
                       TOKENIZER_BYTES, strlen(text));
    Runes r;
    runes_clean(&r, text);
    encode_runes(t, &r, to);
    runes_release(&r);
    return true;
}

void tokens_release(Tokens *k)
{
    xfree(k->id);
    *k = (Tokens){0};
}

Tokenizer *tokenizer_new(void)
{
    Tokenizer *t = xalloc(1, sizeof *t);
    vocab_built_in(&t->vocab);
    tokenizer_learn(t, "<|startoftext|>", t->vocab.begin, 1);
    tokenizer_learn(t, "<|endoftext|>", t->vocab.end, 1);
    return t;
}

Tokenizer *tokenizer_open(const char *dir, Err *err)
{
    Tokenizer *t = xalloc(1, sizeof *t);
    if (folder_read(t, dir, err))
        return t;
    tokenizer_free(t);
    return NULL;
}

void tokenizer_free(Tokenizer *t)
{
    if (t == NULL)
        return;
    for (int i = 0; i < t->words; i++)
        runes_release(&t->word[i].runes);
    xfree(t->word);
    vocab_release(&t->vocab);
    xfree(t);
}

int32_t tokenizer_begin(const Tokenizer *t)
{
    return t->vocab.begin;
}

int32_t tokenizer_end(const Tokenizer *t)
{
    return t->vocab.end;
}

int32_t tokenizer_pad(const Tokenizer *t)
{
    return t->vocab.pad;
}

int32_t tokenizer_comma(const Tokenizer *t)
{
    return t->vocab.byte[1][','];
}
