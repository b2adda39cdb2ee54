/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "text/prompt.h"

/* Every chunk begins, ends, and holds known ids; the weights are finite. */
static void look(const Prompt *p, const Tokenizer *t)
{
    must(p->count > 0 && p->count < PROMPT_CHUNKS);
    for (int n = 0; n < p->count; n++) {
        const PromptChunk *c = &p->chunk[n];
        must(c->words >= 0 && c->words <= PROMPT_WORDS);
        must(c->id[0] == tokenizer_begin(t) && c->id[PROMPT_IDS - 1] == tokenizer_end(t));
        for (int i = 0; i < PROMPT_IDS; i++) {
            must(c->id[i] >= -3 && c->id[i] <= tokenizer_end(t));
            must(c->weight[i] >= -1e6f && c->weight[i] <= 1e6f);
        }
    }
}

/* Bytes as a prompt, with the vocabulary that is built in and a word of one's own. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static Tokenizer *t;
    Err err = {0};
    Prompt p;
    if (t == NULL) {
        t = tokenizer_new();
        must(tokenizer_add_word(t, "own", 0, 3, &err));
    }
    char *text = xalloc(size + 1, 1);
    memcpy(text, data, size);
    if (prompt_read(&p, t, text, &err)) {
        look(&p, t);
        prompt_pad(&p, t, p.count + 1 < PROMPT_CHUNKS ? p.count + 1 : p.count);
        prompt_release(&p);
    } else {
        must(err.kind == ERR_INPUT && err.text[0] != '\0');
    }
    xfree(text);
    return 0;
}
