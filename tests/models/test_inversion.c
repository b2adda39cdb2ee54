/* SPDX-License-Identifier: MIT */
#include "models/inversion.h"

#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static Weights *open_file(const char *name)
{
    char file[64];
    snprintf(file, sizeof file, "inversion/%s", name);
    char *path = golden_path(file);
    Err err = {0};
    Weights *w = weights_open(path, &err);
    if (w == NULL)
        fail_msg("%s", err.text);
    xfree(path);
    return w;
}

static void reads_files_of_all_forms(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int64_t vectors, width;
        const char *word;
        bool is_half;
    } want[] = {
        {"object.pt", 2, 48, NULL, false},
        {"plain.pt", 2, 48, NULL, false},
        {"learned_embeds.bin", 1, 48, "<cat-toy>", false},
        {"learned_embeds.safetensors", 3, 48, "<cat-toy>", false},
        {"params.safetensors", 2, 48, NULL, true},
        {"xl.safetensors", 2, 48, NULL, false},
        {"xl.safetensors", 2, 80, NULL, false},
    };
    Bench *b = bench_new("ref");
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        Weights *w = open_file(want[i].file);
        Err err = {0};
        Tensor t = inversion_vectors(w, want[i].width, &b->arena, &err);
        if (tensor_is_empty(t))
            fail_msg("%s", err.text);
        assert_true(shape_equal(tensor_shape(t), SHAPE(want[i].vectors, want[i].width)));
        Tensor u = named_values(&b->arena, "in.inversion", tensor_shape(t), 1);
        for (int64_t n = 0; n < tensor_count(t); n++) {
            float v = tensor_f32(u)[n];
            assert_true(tensor_f32(t)[n] == (want[i].is_half ? f16_to_f32(f32_to_f16(v)) : v));
        }
        const char *word = inversion_word(w);
        assert_true(want[i].word == NULL ? word == NULL : strcmp(word, want[i].word) == 0);
        weights_close(w);
    }
    bench_free(b);
}

static void says_why_a_file_is_of_no_use(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int64_t width;
        const char *says;
    } bad[] = {
        {"several.safetensors", 48, "holds several words: one to a file is what can be used"},
        {"none.safetensors", 48, "holds no vectors of a textual inversion"},
        {"plain.pt", 80,
         "has vectors of 48 numbers, this text encoder wants 80: it is for another family of "
         "models"},
    };
    Bench *b = bench_new("ref");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Weights *w = open_file(bad[i].file);
        Err err = {0};
        assert_true(tensor_is_empty(inversion_vectors(w, bad[i].width, &b->arena, &err)));
        if (strstr(err.text, bad[i].says) == NULL || strstr(err.text, bad[i].file) == NULL)
            fail_msg("%s", err.text);
        weights_close(w);
    }
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_files_of_all_forms),
        cmocka_unit_test(says_why_a_file_is_of_no_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
