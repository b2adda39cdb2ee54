/* SPDX-License-Identifier: MIT */
#include "text/internal.h"

#include <string.h>

#include "base/file.h"

enum { FILE_LIMIT = 64 << 20 };

typedef struct Folder {
    Tokenizer *t;
    const Json *ids;       /* of every row of signs: {"in</w>": 771} */
    const char *dir, *has; /* the file with the merges */
} Folder;

/* The id that a vocabulary gives to a row of signs; -1 if none, or a senseless one. */
static int32_t id_of(const Json *ids, const char *signs)
{
    int64_t id = js_int(js_get(ids, signs), -1);
    return id < 0 || id >= IDS ? -1 : (int32_t)id;
}

static void read_bytes(Vocab *v, const Json *ids)
{
    int32_t sign[256];
    vocab_signs(sign);
    for (int b = 0; b < 256; b++) {
        char name[16] = "";
        int n = rune_write((unsigned char *)name, sign[b]);
        v->byte[0][b] = id_of(ids, name);
        memcpy(name + n, "</w>", 5);
        v->byte[1][b] = id_of(ids, name);
    }
}

/* "i n": changes the line. */
static bool read_merge(Folder *f, char *line, Err *err)
{
    Vocab *v = &f->t->vocab;
    char *blank = strchr(line, ' ');
    if (blank == NULL || blank[1] == '\0' || strchr(blank + 1, ' ') != NULL)
        return err_set(err, ERR_FORMAT,
                       "'%s/%s': merge %d should be two words with a blank between", f->dir,
                       f->has, v->merges + 1);
    *blank = '\0';
    int32_t left = id_of(f->ids, line), right = id_of(f->ids, blank + 1);
    memmove(blank, blank + 1, strlen(blank + 1) + 1);
    int32_t made = id_of(f->ids, line);
    if (left < 0 || right < 0 || made < 0)
        return err_set(err, ERR_FORMAT,
                       "'%s/%s': merge %d makes '%.40s', which the vocabulary does not hold in "
                       "whole or in part",
                       f->dir, f->has, v->merges + 1, line);
    vocab_add(v, left, right, made);
    return true;
}

static bool too_many(const Folder *f, Err *err)
{
    return err_set(err, ERR_FORMAT, "'%s/%s' has more than %d merges", f->dir, f->has, MERGES);
}

/* merges.txt: a line for each, after one that tells the version. */
static bool read_lines(Folder *f, char *text, Err *err)
{
    int64_t lines = 1;
    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    if (lines > MERGES)
        return too_many(f, err);
    vocab_init(&f->t->vocab, (int32_t)lines);
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        line[strcspn(line, "\r")] = '\0';
        bool is_version = line == text && strstr(line, "#version") != NULL;
        if (*line != '\0' && !is_version && !read_merge(f, line, err))
            return false;
    }
    return true;
}

/* tokenizer.json: each "i n" or ["i", "n"]. */
static bool read_list(Folder *f, const Json *merges, Err *err)
{
    size_t n = js_count(merges);
    if (n > MERGES)
        return too_many(f, err);
    vocab_init(&f->t->vocab, (int32_t)n);
    for (size_t i = 0; i < n; i++) {
        const Json *m = js_at(merges, i);
        bool is_pair = js_is_array(m);
        const char *left = js_string(is_pair ? js_at(m, 0) : m, "");
        const char *right = is_pair ? js_string(js_at(m, 1), "") : "";
        size_t size = strlen(left);
        char *line = xalloc(size + strlen(right) + 2, 1);
        memcpy(line, left, size);
        if (is_pair)
            line[size++] = ' ';
        memcpy(line + size, right, strlen(right));
        bool good = read_merge(f, line, err);
        xfree(line);
        if (!good)
            return false;
    }
    return true;
}

/* ---- special and added words ---------------------------------------------------------- */

static void learn(Tokenizer *t, const char *word, int64_t id)
{
    if (id >= 0 && id < IDS && strlen(word) <= TOKENIZER_BYTES)
        tokenizer_learn(t, word, (int32_t)id, 1);
}

/* "<|endoftext|>", or an object whose content is that. */
static void read_special(int32_t *id, const Json *said, const char *name, const Folder *f)
{
    const Json *j = js_get(said, name);
    const char *word = js_string(js_is_object(j) ? js_get(j, "content") : j, NULL);
    int32_t known = word != NULL ? id_of(f->ids, word) : -1;
    if (known < 0)
        return;
    *id = known;
    learn(f->t, word, known);
}

static void read_specials(Folder *f, const Json *said)
{
    Vocab *v = &f->t->vocab;
    read_special(&v->begin, said, "bos_token", f);
    read_special(&v->end, said, "eos_token", f);
    read_special(&v->unknown, said, "unk_token", f);
    read_special(&v->pad, said, "pad_token", f);
    Json *added = js_get(said, "added_tokens_decoder"); /* {"49408": {...}} */
    for (void *it = js_first(added); it != NULL; it = js_next(added, it)) {
        int64_t id = 0;
        for (const char *c = js_key(it); *c >= '0' && *c <= '9' && id < IDS; c++)
            id = 10 * id + *c - '0';
        learn(f->t, js_string(js_get(js_value(it), "content"), ""), id);
    }
}

static bool read_words(Folder *f, const FolderFiles *files, Err *err)
{
    Vocab *v = &f->t->vocab;
    v->begin = id_of(f->ids, "<|startoftext|>");
    v->end = v->unknown = v->pad = id_of(f->ids, "<|endoftext|>");
    for (size_t i = 0; i < 2; i++)
        read_specials(f, files->said[i]);
    for (void *it = js_first(files->added); it != NULL; it = js_next(files->added, it))
        learn(f->t, js_key(it), js_int(js_value(it), -1));
    if (v->begin < 0 || v->end < 0)
        return err_set(err, ERR_FORMAT,
                       "the vocabulary in '%s' has no sign for the beginning or the end of a "
                       "text",
                       f->dir);
    learn(f->t, "<|startoftext|>", id_of(f->ids, "<|startoftext|>"));
    learn(f->t, "<|endoftext|>", id_of(f->ids, "<|endoftext|>"));
    return true;
}

/* ---- the two forms ------------------------------------------------------------------------
 */

bool folder_take(Tokenizer *t, const FolderFiles *files, Err *err)
{
    const Json *model = js_get(files->whole, "model");
    Folder f = {t, files->vocab, files->dir, "merges.txt"};
    if (files->vocab == NULL) {
        f = (Folder){t, js_get(model, "vocab"), files->dir, "tokenizer.json"};
        const Json *added = js_get(files->whole, "added_tokens");
        for (size_t i = 0; i < js_count(added); i++)
            learn(t, js_string(js_get(js_at(added, i), "content"), ""),
                  js_int(js_get(js_at(added, i), "id"), -1));
    }
    bool good = files->vocab != NULL ? read_lines(&f, files->merges, err)
                                     : read_list(&f, js_get(model, "merges"), err);
    if (!good || !read_words(&f, files, err))
        return false;
    read_bytes(&t->vocab, f.ids);
    return true;
}

/* NULL if it is not there, or is broken. */
static Json *load(const char *dir, const char *name, Err *err)
{
    char *path = file_join(dir, name);
    Json *j = file_exists(path) ? js_load(path, err) : NULL;
    xfree(path);
    return j;
}

static void load_merges(FolderFiles *files, Err *err)
{
    unsigned char *text = NULL;
    size_t size;
    char *path = file_join(files->dir, "merges.txt");
    if (file_read(&text, &size, path, FILE_LIMIT, err))
        files->merges = (char *)text;
    xfree(path);
}

bool folder_read(Tokenizer *t, const char *dir, Err *err)
{
    FolderFiles files = {.dir = dir, .vocab = load(dir, "vocab.json", err)};
    if (files.vocab != NULL)
        load_merges(&files, err);
    else
        files.whole = load(dir, "tokenizer.json", err);
    files.said[0] = load(dir, "tokenizer_config.json", err);
    files.said[1] = load(dir, "special_tokens_map.json", err);
    files.added = load(dir, "added_tokens.json", err);
    if (files.vocab == NULL && files.whole == NULL)
        (void)err_set(
            err, ERR_INPUT,
            "'%s' holds no tokenizer: there is neither vocab.json with merges.txt nor "
            "tokenizer.json",
            dir);
    bool good = err->kind == ERR_NONE && folder_take(t, &files, err);
    js_free(files.vocab);
    js_free(files.whole);
    js_free(files.said[0]);
    js_free(files.said[1]);
    js_free(files.added);
    xfree(files.merges);
    return good;
}
