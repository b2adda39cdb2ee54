/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "text/internal.h"

static void encode(const Tokenizer *t)
{
    Err err = {0};
    Tokens k = {0};
    must(tokenizer_encode(t, "a low tower, <cat> \xe7\x8c\xab 12!", &k, &err));
    for (int64_t i = 0; i < k.count; i++)
        must(k.id[i] >= 0 && k.id[i] < IDS);
    tokens_release(&k);
}

/* A folder as one object: {"vocab.json": {}, "merges.txt": "a b", ...}. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Err err = {0};
    Json *j = js_parse((const char *)data, size, "fuzz", &err);
    if (j == NULL)
        return 0;
    FolderFiles files = {
        "fuzz",
        js_get(j, "vocab.json"),
        xstrdup(js_string(js_get(j, "merges.txt"), "")),
        js_get(j, "tokenizer.json"),
        {js_get(j, "tokenizer_config.json"), js_get(j, "special_tokens_map.json")},
        js_get(j, "added_tokens.json")};
    Tokenizer *t = xalloc(1, sizeof *t);
    if (folder_take(t, &files, &err))
        encode(t);
    else
        must(err.kind == ERR_FORMAT && err.text[0] != '\0');
    tokenizer_free(t);
    xfree(files.merges);
    js_free(j);
    return 0;
}
