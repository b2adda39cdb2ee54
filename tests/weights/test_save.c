/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#include "base/file.h"
#include "weights/weights.h"

#include <unistd.h>

static char folder[] = "/tmp/weights-XXXXXX";

static const char *place(void)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/out.safetensors", folder);
    return path;
}

static void a_small_file_has_these_bytes(void **state)
{
    (void)state;
    /* By the format's own description; u8 comes last because it is narrow. */
    static const char header[] =
        "{\"__metadata__\":{\"by\":\"hand\"},"
        "\"w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
        "\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]},"
        "\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[12,15]}}";
    float numbers[3] = {1, -2, 0.5f};
    unsigned char bytes[3] = {7, 8, 9};
    const char *names[] = {"b", "w", "s"};
    Tensor tensors[] = {tensor_over(bytes, TENSOR_U8, SHAPE(3)),
                        tensor_over(numbers, TENSOR_F32, SHAPE(2, 1)),
                        tensor_over(numbers + 2, TENSOR_F32, (Shape){.rank = 0})};
    const char *metadata[] = {"by", "hand", NULL};
    Err err = {0};
    assert_true(weights_save_safetensors(place(), names, tensors, 3, metadata, &err));

    unsigned char *got = NULL;
    size_t size = 0, length = (strlen(header) + 7) / 8 * 8;
    assert_true(file_read(&got, &size, place(), 1 << 20, &err));
    assert_int_equal(size, 8 + length + 15);
    assert_int_equal(got[0] | got[1] << 8, length);
    assert_memory_equal(got + 2, "\0\0\0\0\0", 6);
    assert_memory_equal(got + 8, header, strlen(header));
    for (size_t i = strlen(header); i < length; i++)
        assert_int_equal(got[8 + i], ' ');
    assert_memory_equal(got + 8 + length, numbers, 12);
    assert_memory_equal(got + 8 + length + 12, bytes, 3);
    xfree(got);
}

static void what_was_read_is_written_and_read_again(void **state)
{
    (void)state;
    Err err = {0};
    const char *names[32];
    Tensor tensors[32];
    Weights *w = weights_open(corpus("good", "types.pth").s, &err);
    assert_non_null(w);
    size_t n = weights_count(w);
    assert_in_range(n, 10, 32);
    for (size_t i = 0; i < n; i++) {
        names[i] = weights_name(w, i);
        tensors[i] = weights_at(w, i);
    }
    assert_true(weights_save_safetensors(place(), names, tensors, n, NULL, &err));
    Weights *again = weights_open(place(), &err);
    assert_non_null(again);
    assert_int_equal(weights_count(again), n);
    for (size_t i = 0; i < n; i++) {
        Tensor t = weights_find(again, names[i]);
        assert_int_equal(t.type, tensors[i].type);
        assert_true(shape_equal(tensor_shape(t), tensor_shape(tensors[i])));
        assert_memory_equal(t.data, tensors[i].data, tensor_bytes(t));
    }
    weights_close(again);
    weights_close(w);
}

static void names_that_no_reader_would_take_are_refused(void **state)
{
    (void)state;
    float one = 1;
    Tensor t = tensor_over(&one, TENSOR_F32, SHAPE(1)), two[] = {t, t};
    const char *bad[] = {"", "__metadata__", "a\nb", "a\xff"};
    for (size_t i = 0; i < 4; i++) {
        Err err = {0};
        assert_false(weights_save_safetensors(place(), &bad[i], two, 1, NULL, &err));
        assert_int_equal(err.kind, ERR_INPUT);
    }
    Err err = {0};
    const char *twice[] = {"a", "a"};
    assert_false(weights_save_safetensors(place(), twice, two, 2, NULL, &err));
    assert_non_null(strstr(err.text, "no tensor can be called 'a', or two are"));
    err = (Err){0};
    const char *metadata[] = {"key", "\xed\xa0\x80", NULL}; /* a surrogate */
    assert_false(weights_save_safetensors(place(), twice, two, 1, metadata, &err));
    assert_non_null(strstr(err.text, "not UTF-8"));
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    (void)state;
    Err err = {0};
    float one = 1;
    const char *name = "a";
    Tensor t = tensor_over(&one, TENSOR_F32, SHAPE(1));
    assert_false(weights_save_safetensors("/nowhere/a/b", &name, &t, 1, NULL, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.text, "'/nowhere/a/b'"));
}

/* As torch rounds: to nearest, ties to even; what is between two bf16 numbers by
 * one bit of the next place. */
static void tensors_are_made_as_they_are_written(void **state)
{
    (void)state;
    float rows[3][2] = {{1, -2}, {0x1.01p0f, 0x1.03p0f}, {65504, 1e-8f}};
    float matrix[6] = {1, 2, 3, 4, 5, 6};
    const WeightsOut list[] = {
        {"fused",
         TENSOR_BF16,
         SHAPE(3, 2),
         {tensor_over(rows[0], TENSOR_F32, SHAPE(1, 2)),
          tensor_over(rows[1], TENSOR_F32, SHAPE(1, 2)),
          tensor_over(rows[2], TENSOR_F32, SHAPE(1, 2))},
         false},
        {"turned",
         TENSOR_F16,
         SHAPE(3, 2),
         {tensor_over(matrix, TENSOR_F32, SHAPE(2, 3))},
         true},
    };
    static const float fused[] = {1, -2, 1, 0x1.04p0f, 65536, 0x1.58p-27f};
    static const float turned[] = {1, 4, 2, 5, 3, 6};
    Err err = {0};
    float got[6];
    if (!weights_write(place(), list, 2, NULL, NULL, &err))
        fail_msg("%s", err.text);
    Weights *w = weights_open(place(), &err);
    Tensor t = weights_find(w, "fused");
    assert_int_equal(t.type, TENSOR_BF16);
    tensor_read_f32(got, t.data, t.type, 6);
    assert_memory_equal(got, fused, sizeof got);
    t = weights_find(w, "turned");
    assert_int_equal(t.type, TENSOR_F16);
    assert_true(shape_equal(tensor_shape(t), SHAPE(3, 2)));
    tensor_read_f32(got, t.data, t.type, 6);
    assert_memory_equal(got, turned, sizeof got);
    assert_true(weights_is_from(w, place()));
    assert_false(weights_is_from(w, "/"));
    weights_close(w);
}

static bool stops_at_half(void *user, size_t bytes, size_t of, Tensor done)
{
    (void)done;
    *(size_t *)user = bytes;
    return bytes * 2 < of;
}

static void who_stops_it_finds_no_file(void **state)
{
    (void)state;
    static float numbers[64];
    WeightsOut list[4];
    const char *names[] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++)
        list[i] = (WeightsOut){.name = names[i],
                               .type = TENSOR_F32,
                               .shape = SHAPE(64),
                               .piece = {tensor_over(numbers, TENSOR_F32, SHAPE(64))}};
    Err err = {0};
    size_t written = 0;
    const WeightsTell tell = {&written, stops_at_half};
    unlink(place());
    assert_false(weights_write(place(), list, 4, NULL, &tell, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    assert_int_equal(written, sizeof numbers * 2);
    char **left;
    int count;
    Err none = {0};
    assert_true(file_names(&left, &count, folder, &none));
    assert_int_equal(count, 0);
    file_names_free(left, count);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_file_has_these_bytes),
        cmocka_unit_test(what_was_read_is_written_and_read_again),
        cmocka_unit_test(names_that_no_reader_would_take_are_refused),
        cmocka_unit_test(a_folder_that_is_not_there_is_named),
        cmocka_unit_test(tensors_are_made_as_they_are_written),
        cmocka_unit_test(who_stops_it_finds_no_file),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(place());
    rmdir(folder);
    return failed;
}
