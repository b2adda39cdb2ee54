/* SPDX-License-Identifier: MIT */
#include "text/prompt.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "text/internal.h"

/* A part while the text is read; the texts lie one after the other. */
typedef struct Draft {
    size_t from, size;
    double weight;
    bool is_break;
} Draft;

/* Where a bracket began: the part that was the next then. */
typedef struct Brackets {
    int *from;
    int count;
} Brackets;

typedef struct Reader {
    char *bytes;
    size_t used;
    Draft *draft;
    int count, room;
    Brackets round, square;
} Reader;

static void put(Reader *r, const char *text, size_t size, bool is_break)
{
    if (r->count == r->room) {
        r->room = 2 * r->room + 16;
        r->draft = xgrow(r->draft, (size_t)r->room, sizeof *r->draft);
    }
    r->draft[r->count++] = (Draft){r->used, size, is_break ? -1 : 1, is_break};
    memcpy(r->bytes + r->used, text, size);
    r->used += size;
}

static void multiply(Reader *r, int from, double by)
{
    for (int i = from; i < r->count; i++)
        r->draft[i].weight *= by;
}

static void close_bracket(Reader *r, Brackets *b, double by)
{
    multiply(r, b->from[--b->count], by);
}

/* ---- BREAK ------------------------------------------------------------------------------ */

static bool is_blank(int32_t c)
{
    return rune_is_space(c) || (c >= 0x1c && c <= 0x1f);
}

static bool is_wordly(int32_t c)
{
    return c == '_' || rune_is_letter(c) || rune_is_number(c);
}

/* The character that ends at `s`. */
static const char *before(const char *from, const char *s)
{
    do
        s--;
    while (s > from && ((unsigned char)*s & 0xc0) == 0x80);
    return s;
}

/* The next BREAK that stands alone in [s, end), or NULL. */
static const char *find_break(const char *s, const char *end)
{
    for (const char *at = s; at + 5 <= end; at++) {
        if (memcmp(at, "BREAK", 5) != 0)
            continue;
        bool begins = at == s || !is_wordly(rune_read(before(s, at)));
        if (begins && (at + 5 == end || !is_wordly(rune_read(at + 5))))
            return at;
    }
    return NULL;
}

/* Text without brackets: parts between BREAKs, which take the blanks around them. */
static void put_text(Reader *r, const char *s, size_t size)
{
    const char *end = s + size, *at;
    while ((at = find_break(s, end)) != NULL) {
        const char *stop = at;
        while (stop > s && is_blank(rune_read(before(s, stop))))
            stop = before(s, stop);
        put(r, s, (size_t)(stop - s), false);
        put(r, "BREAK", 5, true);
        for (s = at + 5; s < end && is_blank(rune_read(s));)
            s += utf8_size(s);
    }
    put(r, s, (size_t)(end - s), false);
}

/* ---- weights ---------------------------------------------------------------------------- */

static const char *skip_blanks(const char *s)
{
    while (*s != '\0' && is_blank(rune_read(s)))
        s += utf8_size(s);
    return s;
}

/* The length of ":1.3)" at `s`, or 0; the number is [*from, *to). */
static size_t weight_at(const char *s, const char **from, const char **to)
{
    *from = skip_blanks(s + 1);
    const char *c = *from + (**from == '+' || **from == '-');
    size_t digits = strspn(c, ".0123456789");
    *to = c + digits;
    c = skip_blanks(*to);
    return digits > 0 && *c == ')' ? (size_t)(c + 1 - s) : 0;
}

/* Exact for numbers of up to 15 digits: two whole ones are divided. */
static bool read_number(double *value, const char *from, const char *to)
{
    double number = 0, by = 1;
    bool is_negative = *from == '-', has_point = false, has_digit = false;
    for (const char *c = from + (*from == '-' || *from == '+'); c < to; c++) {
        if (*c == '.' && has_point)
            return false;
        if (*c == '.') {
            has_point = true;
        } else if (number < 1e14) {
            number = 10 * number + (*c - '0');
            by *= has_point ? 10 : 1;
        } else if (!has_point) {
            by /= 10;
        }
        has_digit |= *c != '.';
    }
    *value = (is_negative ? -number : number) / by;
    return has_digit;
}

static bool read_weight(Reader *r, const char *from, const char *to, Err *err)
{
    double weight;
    if (!read_number(&weight, from, to))
        return err_set(err, ERR_INPUT,
                       "the weight '%.*s' in the prompt is not a number: write (word:1.2), or "
                       "\\( and \\) for brackets",
                       (int)min64(to - from, 30), from);
    close_bracket(r, &r->round, weight);
    return true;
}

/* ---- the whole ----------------------------------------------------------------------------
 */

/* Reads what begins at `s` and returns its length; 0 with the reason. */
static size_t read_sign(Reader *r, const char *s, Err *err)
{
    const char *from, *to;
    size_t weight = *s == ':' ? weight_at(s, &from, &to) : 0;
    if (*s == '\\') {
        size_t size = s[1] != '\0' && strchr("()[]\\", s[1]) != NULL;
        put(r, s + 1, size, false);
        return 1 + size;
    }
    if (weight > 0 && r->round.count > 0)
        return read_weight(r, from, to, err) ? weight : 0;
    if (*s == '(')
        r->round.from[r->round.count++] = r->count;
    else if (*s == '[')
        r->square.from[r->square.count++] = r->count;
    else if (*s == ')' && r->round.count > 0)
        close_bracket(r, &r->round, 1.1);
    else if (*s == ']' && r->square.count > 0)
        close_bracket(r, &r->square, 1 / 1.1);
    else
        put_text(r, s, weight > 0 ? weight : 1);
    return weight > 0 ? weight : 1;
}

static bool read_all(Reader *r, const char *text, Err *err)
{
    for (const char *s = text; *s != '\0';) {
        size_t size = strcspn(s, "\\()[]:");
        if (size > 0)
            put_text(r, s, size);
        else
            size = read_sign(r, s, err);
        if (size == 0)
            return false;
        s += size;
    }
    for (int i = 0; i < r->round.count; i++)
        multiply(r, r->round.from[i], 1.1);
    for (int i = 0; i < r->square.count; i++)
        multiply(r, r->square.from[i], 1 / 1.1);
    for (int i = 0; i < r->count; i++)
        if (!(fabs(r->draft[i].weight) <= 1e6))
            return err_set(err, ERR_INPUT,
                           "the brackets of the prompt multiply to a weight beyond a million");
    if (r->count == 0)
        put(r, "", 0, false);
    return true;
}

/* Neighbours of one weight become one part. */
static void finish(PromptParts *p, const Reader *r)
{
    p->part = xalloc((size_t)r->count, sizeof *p->part);
    p->bytes = xalloc(r->used + (size_t)r->count, 1);
    char *to = p->bytes;
    for (int i = 0; i < r->count; i++) {
        const Draft *d = &r->draft[i];
        const PromptPart *last = p->count > 0 ? &p->part[p->count - 1] : NULL;
        if (last != NULL && last->weight == d->weight && last->is_break == d->is_break)
            to--; /* over the zero */
        else
            p->part[p->count++] = (PromptPart){to, d->weight, d->is_break};
        memcpy(to, r->bytes + d->from, d->size);
        to += d->size;
        *to++ = '\0';
    }
}

bool prompt_parts(PromptParts *p, const char *text, Err *err)
{
    *p = (PromptParts){0};
    if (strlen(text) > TOKENIZER_BYTES)
        return err_set(err, ERR_INPUT, "a prompt may have %d bytes, this one has %zu",
                       TOKENIZER_BYTES, strlen(text));
    char *valid = utf8_mended(text);
    size_t size = strlen(valid);
    Reader r = {.bytes = xalloc(size + 1, 1)};
    r.round.from = xalloc(size + 1, sizeof(int));
    r.square.from = xalloc(size + 1, sizeof(int));
    bool good = read_all(&r, valid, err);
    if (good)
        finish(p, &r);
    xfree(r.round.from);
    xfree(r.square.from);
    xfree(r.draft);
    xfree(r.bytes);
    xfree(valid);
    return good;
}

void prompt_parts_release(PromptParts *p)
{
    xfree(p->part);
    xfree(p->bytes);
    *p = (PromptParts){0};
}
