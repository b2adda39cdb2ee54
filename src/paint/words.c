/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "base/file.h"
#include "models/clip_text.h"
#include "models/inversion.h"
#include "text/prompt.h"

#include <stdio.h>
#include <string.h>

enum { PROMPT_OWN = 64 };

/* All prompts, as long as each other, unconditional first. */
struct PaintWords {
    Tokenizer *tokenizer;
    Prompt *prompt; /* [rows] */
    int64_t rows, chunks;
    Weights *own[PROMPT_OWN]; /* files of words learnt from pictures */
    int64_t owned, vectors;   /* files; rows in all */
};

/* What one encoder is asked for. */
typedef struct Task {
    const PaintPart *part;
    const char *what;
    Net net;
    int32_t pad;
    int skip;
    bool norm, wants_pooled;
} Task;

/* ---- prompts to numbers ---------------------------------------------------------------- */

static Tokenizer *tokenizer_of(const char *folder, Err *err)
{
    return folder != NULL ? tokenizer_open(folder, err) : tokenizer_new();
}

/* ---- words learnt from pictures -------------------------------------------------------- */

static int64_t width_of(const PaintPart *p)
{
    return js_int(js_get(p->config, "hidden_size"), 0);
}

/* "cat-toy" of "words/cat-toy.pt". */
static void stem_of(const char *path, char *to, size_t room)
{
    const char *slash = strrchr(path, '/');
    snprintf(to, room, "%s", slash != NULL ? slash + 1 : path);
    char *dot = strrchr(to, '.');
    if (dot != NULL && dot != to)
        *dot = '\0';
}

static bool learn(PaintWords *s, PaintWork *w, const char *path, Err *err)
{
    char stem[256];
    if (s->owned == PROMPT_OWN)
        return err_set(err, ERR_INPUT, "--embedding is given more than %d times", PROMPT_OWN);
    Weights *file = s->own[s->owned] = weights_open(path, err);
    if (file == NULL)
        return false;
    s->owned++;
    if (lora_is(file) || net_is_in(file, NET_UNET) || net_is_in(file, NET_VAE) ||
        net_is_in(file, NET_TEXT))
        return paint_wrong(file, "word learnt from pictures", err);
    Tensor v = inversion_vectors(file, width_of(&w->parts.text), &w->job, err);
    stem_of(path, stem, sizeof stem);
    const char *word = inversion_word(file);
    if (tensor_is_empty(v) ||
        !tokenizer_add_word(s->tokenizer, word != NULL ? word : stem, (int32_t)s->vectors,
                            (int)min64(v.dim[0], INT32_MAX), err))
        return false;
    s->vectors += v.dim[0];
    return true;
}

/* All of them for an encoder of this width, [vectors,width]. */
static bool own_vectors(const PaintWords *s, PaintWork *w, int64_t width, Tensor *to, Err *err)
{
    int64_t row = 0;
    *to = (Tensor){0};
    if (s->vectors == 0)
        return true;
    *to = tensor_new(&w->job, TENSOR_F32, SHAPE(s->vectors, width), err);
    for (int64_t i = 0; i < s->owned && !tensor_is_empty(*to); i++) {
        Tensor v = inversion_vectors(s->own[i], width, &w->job, err);
        if (tensor_is_empty(v))
            return false;
        if (row + v.dim[0] > s->vectors)
            break;
        memcpy(tensor_f32(*to) + row * width, v.data, tensor_bytes(v));
        row += v.dim[0];
    }
    if (!tensor_is_empty(*to) && row != s->vectors)
        return err_set(
            err, ERR_FORMAT,
            "a word of --embedding has more vectors for one text encoder than for the "
            "other");
    return !tensor_is_empty(*to);
}

/* Of the unconditional row, -1, or of a text. */
static const char *text_of(const PaintWork *w, int64_t i)
{
    if (i < 0)
        return w->q->negative != NULL ? w->q->negative : "";
    return w->prompts != NULL ? w->prompts[i] : w->q->prompt;
}

static bool read_words(PaintWords *s, PaintWork *w, Err *err)
{
    int64_t before = w->rows - 1; /* an unconditional row */
    w->texts = w->prompts != NULL ? w->pictures : 1;
    s->rows = before + w->texts;
    s->prompt = xalloc((size_t)s->rows, sizeof *s->prompt);
    s->tokenizer = tokenizer_of(w->parts.tokenizer, err);
    if (s->tokenizer == NULL)
        return false;
    for (int64_t i = 0; i < w->q->embeddings.count; i++)
        if (!learn(s, w, w->q->embeddings.of[i], err))
            return false;
    for (int64_t i = 0; i < s->rows; i++) {
        if (!prompt_read(&s->prompt[i], s->tokenizer, text_of(w, i - before), err))
            return false;
        s->chunks = max64(s->chunks, s->prompt[i].count);
    }
    for (int64_t i = 0; i < s->rows; i++)
        prompt_pad(&s->prompt[i], s->tokenizer, (int)s->chunks);
    return true;
}

static void release_words(PaintWords *s)
{
    for (int64_t i = 0; s->prompt != NULL && i < s->rows; i++)
        prompt_release(&s->prompt[i]);
    xfree(s->prompt);
    for (int64_t i = 0; i < s->owned; i++)
        weights_close(s->own[i]);
    tokenizer_free(s->tokenizer);
}

/* ---- numbers to a context -------------------------------------------------------------- */

static ClipTextOut ask(Run *r, const ClipText *m, const PaintWords *s, const Task *t,
                       Tensor own)
{
    const int64_t row = s->chunks * PROMPT_IDS;
    int32_t *ids = arena_take(r->scratch, (size_t)(s->rows * row) * sizeof *ids);
    float *weights = arena_take(r->scratch, (size_t)(s->rows * row) * sizeof *weights);
    bool any = false;
    must(ids != NULL && weights != NULL);
    for (int64_t i = 0; i < s->rows; i++) {
        prompt_ids(&s->prompt[i], s->tokenizer, t->pad, ids + i * row);
        any |= prompt_weights(&s->prompt[i], weights + i * row);
    }
    return clip_text_encode(r, m,
                            &(ClipTextAsk){.id = ids,
                                           .N = s->rows * s->chunks,
                                           .own = own,
                                           .weight = any ? weights : NULL,
                                           .skip = t->skip,
                                           .norm = t->norm,
                                           .wants_pooled = t->wants_pooled});
}

static bool check(const ClipTextConfig *c, const Task *t, Err *err)
{
    if (c->positions != PROMPT_IDS)
        return err_set(err, ERR_FORMAT, "the %s reads %lld tokens at once; it must be %d",
                       t->what, (long long)c->positions, PROMPT_IDS);
    if (t->skip >= c->layers)
        return err_set(err, ERR_INPUT, "--clip-skip leaves out all %d layers of the %s",
                       c->layers, t->what);
    return true;
}

/* Chunks of a row side by side: [rows,chunks*77,D]; and the pooled vector of the first. */
static bool encode(PaintWork *w, const PaintWords *s, const Task *t, Tensor *hidden,
                   Tensor *pooled, Err *err)
{
    PaintLoan l;
    Tensor own;
    ClipTextConfig c;
    if (!clip_text_config_read(&c, t->part->config, err) || !check(&c, t, err))
        return err_prefix(err, "'%s': ", weights_path(t->part->weights));
    if (!own_vectors(s, w, c.width, &own, err))
        return false;
    paint_loan_begin(&l, w, t->what, t->net, t->part->weights);
    ClipText *m = arena_take(&w->weights, sizeof *m);
    must(m != NULL);
    (void)!clip_text_bind(m, &l.bind, &c);
    if (!paint_loan_bound(&l, clip_text_unread(), err))
        return false;
    size_t floor = run_floor(&w->run);
    ClipTextOut out = ask(&w->run, m, s, t, own);
    *hidden = nn_save(&w->run, &w->job, out.hidden);
    if (!tensor_is_empty(*hidden))
        *hidden = tensor_reshape(*hidden, SHAPE(s->rows, s->chunks * PROMPT_IDS, c.width));
    if (t->wants_pooled && !tensor_is_empty(out.pooled)) {
        *pooled = nn_new(&w->run, SHAPE(s->rows, m->pooled));
        for (int64_t i = 0; i < s->rows && !tensor_is_empty(*pooled); i++)
            memcpy(tensor_rows(*pooled, i, 1).data,
                   tensor_rows(out.pooled, i * s->chunks, 1).data,
                   (size_t)m->pooled * sizeof(float));
        *pooled = nn_save(&w->run, &w->job, *pooled);
    }
    run_drop(&w->run, floor);
    return paint_loan_end(&l, "encode the prompts", err) &&
           (w->run.is_idle || paint_is_sound(*hidden, t->part, t->what, err));
}

/* OpenCLIP fills up with 0, which a single file does not say. */
static int32_t pad_of(const Tokenizer *t, const char *folder, bool is_open_clip)
{
    return folder == NULL && is_open_clip ? 0 : tokenizer_pad(t);
}

static bool encode_one(PaintWork *w, const PaintWords *s, Err *err)
{
    enum { OPEN_CLIP = 1024 };
    Task t = {.part = &w->parts.text,
              .what = "text encoder",
              .net = NET_TEXT,
              .pad = pad_of(s->tokenizer, w->parts.tokenizer, w->parts.context == OPEN_CLIP),
              .skip = (int)max64(w->q->clip_skip - 1, 0),
              .norm = true};
    return encode(w, s, &t, &w->context, NULL, err);
}

static bool pad_of_second(const PaintWork *w, int32_t *pad, Err *err)
{
    if (w->run.is_idle)
        return true;
    Tokenizer *t = tokenizer_of(w->parts.tokenizer2, err);
    if (t != NULL)
        *pad = pad_of(t, w->parts.tokenizer2, true);
    tokenizer_free(t);
    return t != NULL;
}

static bool encode_two(PaintWork *w, const PaintWords *s, Err *err)
{
    Tensor one, two;
    int skip = 1 + (int)max64(w->q->clip_skip - 1, 0);
    Task first = {.part = &w->parts.text,
                  .what = "text encoder",
                  .net = NET_TEXT,
                  .pad = tokenizer_pad(s->tokenizer),
                  .skip = skip};
    Task second = {.part = &w->parts.text2,
                   .what = "second text encoder",
                   .net = NET_TEXT2,
                   .skip = skip,
                   .wants_pooled = true};
    if (!pad_of_second(w, &second.pad, err) || !encode(w, s, &first, &one, NULL, err) ||
        !encode(w, s, &second, &two, &w->pooled, err))
        return false;
    size_t floor = run_floor(&w->run);
    w->context = nn_save(&w->run, &w->job, nn_concat(&w->run, one, two));
    run_drop(&w->run, floor);
    return paint_ran(w, err);
}

/* The unconditional row of an XL model that nobody asked anything of. */
static void clear(Tensor t)
{
    Tensor row = tensor_rows(t, 0, 1);
    memset(row.data, 0, tensor_bytes(row));
}

bool paint_words_encode(PaintWork *w, const PaintWords *s, Err *err)
{
    if (!(w->parts.text2.weights != NULL ? encode_two(w, s, err) : encode_one(w, s, err)))
        return false;
    if (w->zeros && w->rows == 2) {
        clear(w->context);
        clear(w->pooled);
    }
    return true;
}

bool paint_words(PaintWork *w, Err *err)
{
    PaintWords s = {0};
    bool ok =
        read_words(&s, w, err) && paint_plan(w, &s, err) && paint_words_encode(w, &s, err);
    release_words(&s);
    return ok && paint_dump(w, "context", w->context, err) &&
           paint_dump(w, "pooled", w->pooled, err);
}
