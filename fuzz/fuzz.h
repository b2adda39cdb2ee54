#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H
#include "weights/internal.h"

#include <string.h>

/* What the targets share.  A target is one function that must return 0 for
 * any bytes; libFuzzer searches for bytes where it does not, and replay.c
 * gives it those that are kept. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Reads every number, so that a sanitizer sees a view beyond its file. */
static inline void read_numbers(const Weights *w)
{
    volatile unsigned char sum = 0;
    for (size_t i = 0; i < weights_count(w); i++) {
        Tensor t = weights_at(w, i);
        const unsigned char *at = t.data;
        size_t bytes = tensor_bytes(t);
        must(weights_index(w, weights_name(w, i)) == i);
        must((uintptr_t)at % tensor_type_size(t.type) == 0);
        for (size_t j = 0; j < bytes; j++)
            sum = (unsigned char)(sum + at[j]);
    }
}

/* Opens the bytes as a file of weights.  A refusal has a reason. */
static inline int open_weights(const unsigned char *data, size_t size)
{
    Err err = {0};
    Weights *w = weights_from_memory(data, size, "fuzz", &err);
    must(w != NULL ? err.kind == ERR_NONE : err.kind == ERR_FORMAT && err.text[0] == '\'');
    if (w != NULL)
        read_numbers(w);
    weights_close(w);
    return 0;
}
/* Every word that comes for the first time names a tensor, whose shape its
 * length chooses. */
static inline Weights *weights_of_words(const unsigned char *data, size_t size)
{
    static float numbers[24];
    static const Shape shapes[] = {
        {1, {6}}, {2, {6, 4}}, {4, {3, 2, 1, 1}}, {0, {0}}, {1, {4}}};
    Weights *w = weights_new("fuzz");
    for (size_t at = 0; at < size; at++) {
        char name[LONGEST_NAME + 1] = "";
        size_t n = 0;
        for (; at < size && data[at] > ' ' && n < LONGEST_NAME; at++)
            name[n++] = (char)data[at];
        if (text_is_name((Text){name, n}) && weights_index(w, name) == weights_count(w))
            weights_add(
                w, name,
                tensor_over(numbers, TENSOR_F32, shapes[n % (sizeof shapes / sizeof *shapes)]));
    }
    return w;
}
#endif
