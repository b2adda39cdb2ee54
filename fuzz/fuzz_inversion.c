/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "models/inversion.h"

#include <math.h>

/* Bytes as a file with a word learnt from pictures, for encoders of several widths: vectors of
 * that width, or a sentence. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const int64_t widths[] = {1, 4, 24, 768};
    Err none = {0};
    Arena a;
    Weights *w = weights_from_memory(data, size, "fuzz", &none);
    if (w == NULL)
        return 0;
    none = (Err){0};
    must(arena_init(&a, 1 << 20, &none));
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        Err err = {0};
        Tensor v = inversion_vectors(w, widths[i], &a, &err);
        must(tensor_is_empty(v) == (err.kind != ERR_NONE));
        must(tensor_is_empty(v) ||
             (v.type == TENSOR_F32 && v.rank == 2 && v.dim[1] == widths[i] && v.dim[0] > 0));
        volatile float sum = 0;
        for (int64_t k = 0, n = tensor_is_empty(v) ? 0 : tensor_count(v); k < n; k++)
            sum += isfinite(tensor_f32(v)[k]) ? tensor_f32(v)[k] : 0;
        arena_rewind(&a, 0);
    }
    const char *word = inversion_word(w);
    must(word == NULL || word[0] != '\0');
    arena_release(&a);
    weights_close(w);
    return 0;
}
