/* SPDX-License-Identifier: MIT */
#include "text/prompt.h"

#include <string.h>

/* How far back a comma is looked for. */
enum { BACKTRACK = 20 };

typedef struct Filler {
    Prompt *prompt;
    const Tokenizer *t;
    int comma;    /* where the last one of the open chunk is, or -1 */
    bool is_full; /* there would have been too many chunks */
} Filler;

static PromptChunk *open_chunk(const Filler *f)
{
    return &f->prompt->chunk[f->prompt->count];
}

/* The open chunk is the one after the last. */
static void clear_chunk(Filler *f)
{
    PromptChunk *c = open_chunk(f);
    c->words = 0;
    for (int i = 0; i < PROMPT_IDS; i++) {
        c->id[i] = i == 0 ? tokenizer_begin(f->t) : tokenizer_end(f->t);
        c->weight[i] = 1;
    }
    f->comma = -1;
}

static void close_chunk(Filler *f)
{
    Prompt *p = f->prompt;
    if (p->count + 1 >= PROMPT_CHUNKS) {
        f->is_full = true;
    } else {
        p->count++;
        p->chunk = xgrow(p->chunk, (size_t)p->count + 1, sizeof *p->chunk);
    }
    clear_chunk(f);
}

static void put(Filler *f, int32_t id, float weight)
{
    PromptChunk *c = open_chunk(f);
    c->id[1 + c->words] = id;
    c->weight[1 + c->words++] = weight;
}

/* What follows the last comma goes into a new chunk. */
static void break_at_comma(Filler *f)
{
    int from = f->comma + 1, words = open_chunk(f)->words;
    PromptChunk moved = *open_chunk(f);
    PromptChunk *c = open_chunk(f);
    c->words = from;
    for (int i = from; i < words; i++) {
        c->id[1 + i] = tokenizer_end(f->t);
        c->weight[1 + i] = 1;
    }
    close_chunk(f);
    for (int i = from; i < words; i++)
        put(f, moved.id[1 + i], moved.weight[1 + i]);
}

static void fill(Filler *f, const Tokens *k, float weight)
{
    for (int64_t i = 0; i < k->count && !f->is_full;) {
        int words = open_chunk(f)->words;
        if (k->id[i] == tokenizer_comma(f->t))
            f->comma = words;
        else if (words == PROMPT_WORDS && f->comma >= 0 && words - f->comma <= BACKTRACK)
            break_at_comma(f);
        int span = tokenizer_span(f->t, k->id[i]);
        if (open_chunk(f)->words + span > PROMPT_WORDS)
            close_chunk(f);
        for (int n = 0; n < span; n++)
            put(f, k->id[i++], weight);
    }
}

static bool fill_parts(Filler *f, const PromptParts *parts, Err *err)
{
    for (int i = 0; i < parts->count && !f->is_full; i++) {
        const PromptPart *part = &parts->part[i];
        Tokens k = {0};
        if (part->is_break)
            close_chunk(f);
        else if (tokenizer_encode(f->t, part->text, &k, err))
            fill(f, &k, (float)part->weight);
        tokens_release(&k);
    }
    if (open_chunk(f)->words > 0 || f->prompt->count == 0)
        close_chunk(f);
    if (f->is_full)
        return err_set(err, ERR_INPUT, "the prompt makes more than %d chunks of %d words",
                       PROMPT_CHUNKS - 1, PROMPT_WORDS);
    return err->kind == ERR_NONE;
}

bool prompt_read(Prompt *p, const Tokenizer *t, const char *text, Err *err)
{
    *p = (Prompt){0};
    PromptParts parts;
    if (!prompt_parts(&parts, text, err))
        return false;
    p->chunk = xalloc(1, sizeof *p->chunk);
    Filler f = {.prompt = p, .t = t};
    clear_chunk(&f);
    bool good = fill_parts(&f, &parts, err);
    prompt_parts_release(&parts);
    if (!good)
        prompt_release(p);
    return good;
}

void prompt_release(Prompt *p)
{
    xfree(p->chunk);
    *p = (Prompt){0};
}

void prompt_pad(Prompt *p, const Tokenizer *t, int count)
{
    must(count < PROMPT_CHUNKS);
    Filler f = {.prompt = p, .t = t};
    clear_chunk(&f);
    while (p->count < count)
        close_chunk(&f);
}

void prompt_ids(const Prompt *p, const Tokenizer *t, int32_t pad, int32_t *to)
{
    for (int n = 0; n < p->count; n++) {
        bool is_over = false;
        for (int i = 0; i < PROMPT_IDS; i++) {
            int32_t id = p->chunk[n].id[i];
            *to++ = is_over ? pad : id;
            is_over |= id == tokenizer_end(t);
        }
    }
}

bool prompt_weights(const Prompt *p, float *to)
{
    bool differs = false;
    for (int n = 0; n < p->count; n++)
        for (int i = 0; i < PROMPT_IDS; i++) {
            *to = p->chunk[n].weight[i];
            differs |= *to++ != 1;
        }
    return differs;
}
