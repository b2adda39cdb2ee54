/* SPDX-License-Identifier: MIT */
#include "models/inversion.h"

#include <string.h>

/* One vector, or several: a row of them. */
static bool is_vectors(Tensor t)
{
    bool is_float = t.type == TENSOR_F32 || t.type == TENSOR_F16 || t.type == TENSOR_BF16 ||
                    t.type == TENSOR_F64;
    return is_float && (t.rank == 1 || t.rank == 2) && tensor_count(t) > 0;
}

static int64_t width_of(Tensor t)
{
    return t.dim[t.rank - 1];
}

/* Names that say how a file is made, not what its word is. */
static bool is_technical(const char *name)
{
    static const char *const names[] = {"emb_params", "clip_l", "clip_g"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, "string_to_", 10) == 0;
}

Tensor inversion_vectors(const Weights *w, int64_t width, Arena *a, Err *err)
{
    Tensor found = {0}, other = {0};
    for (size_t i = 0; i < weights_count(w); i++) {
        Tensor t = weights_at(w, i);
        if (!is_vectors(t))
            continue;
        if (width_of(t) == width && !tensor_is_empty(found)) {
            (void)err_set(err, ERR_FORMAT,
                          "'%s' holds several words: one to a file is what can be used",
                          weights_path(w));
            return (Tensor){0};
        }
        *(width_of(t) == width ? &found : &other) = t;
    }
    if (!tensor_is_empty(found))
        return tensor_as_f32(
            a, tensor_reshape(found, SHAPE(tensor_count(found) / width, width)), err);
    if (tensor_is_empty(other))
        (void)err_set(err, ERR_FORMAT, "'%s' holds no vectors of a textual inversion",
                      weights_path(w));
    else
        (void)err_set(err, ERR_INPUT,
                      "'%s' has vectors of %lld numbers, this text encoder wants %lld: it is "
                      "for another family of models",
                      weights_path(w), (long long)width_of(other), (long long)width);
    return (Tensor){0};
}

const char *inversion_word(const Weights *w)
{
    const char *word = NULL;
    for (size_t i = 0; i < weights_count(w); i++) {
        const char *name = weights_name(w, i);
        if (!is_vectors(weights_at(w, i)) || is_technical(name))
            continue;
        if (word != NULL)
            return NULL;
        word = name;
    }
    return word;
}
