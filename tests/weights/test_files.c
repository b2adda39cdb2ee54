/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#include "base/file.h"
#include "weights/internal.h"
#include "weights/weights.h"

/* What torch put into the files of corpus/good, and what we read, is told by
 * good/EXPECTED: lines "file NAME KIND" and "TENSOR TYPE SHAPE NUMBERS". */

static Weights *opened(const char *name)
{
    Err err = {0};
    Weights *w = weights_open(corpus("good", name).s, &err);
    if (w == NULL)
        fail_msg("%s", err.text);
    return w;
}

/* All numbers are small or binary fractions with nine digits, so f32 holds
 * what was printed: they must be equal. */
static void check_tensor(const char *file, const char *name, Tensor t, const char *type,
                         const char *shape, char *numbers)
{
    if (tensor_is_empty(t))
        fail_msg("%s: no tensor '%s'", file, name);
    assert_string_equal(tensor_type_name(t.type), type);
    assert_string_equal(shape_text(tensor_shape(t)).s, shape);
    assert_int_equal((uintptr_t)t.data % tensor_type_size(t.type), 0);
    int64_t n = tensor_count(t);
    float *got = calloc((size_t)n + 1, sizeof *got);
    tensor_read_f32(got, t.data, t.type, n);
    char *rest = numbers;
    for (int64_t i = 0; i < n; i++) {
        float want = strtof(rest, &rest);
        if (got[i] != want)
            fail_msg("%s: %s[%d] is %.9g, wanted %.9g", file, name, (int)i, (double)got[i],
                     (double)want);
    }
    assert_string_equal(rest, "");
    free(got);
}

static char *read_text(const char *path)
{
    Err err = {0};
    unsigned char *bytes = NULL;
    size_t size = 0;
    if (!file_read(&bytes, &size, path, 1 << 20, &err))
        fail_msg("%s", err.text);
    return (char *)bytes;
}

static void check_count(const char *file, const Weights *w, size_t seen)
{
    if (w != NULL && weights_count(w) != seen)
        fail_msg("%s has %zu tensors, wanted %zu", file, weights_count(w), seen);
}

static void reads_what_torch_wrote(void **state)
{
    (void)state;
    char *text = read_text(corpus("good", "EXPECTED").s), *lines = text;
    char file[64] = "";
    Weights *w = NULL;
    size_t seen = 0, files = 0;
    for (char *line; (line = strsep(&lines, "\n")) != NULL;) {
        if (strncmp(line, "file ", 5) == 0) {
            check_count(file, w, seen);
            weights_close(w);
            char *rest = line + 5, *name = strsep(&rest, " ");
            snprintf(file, sizeof file, "%s", name);
            w = opened(file);
            assert_string_equal(weights_kind(w), rest);
            seen = 0;
            files++;
        } else if (line[0] != '\0') {
            char *name = strsep(&line, " "), *type = strsep(&line, " ");
            char *shape = strsep(&line, " "), none[] = "";
            check_tensor(file, name, weights_find(w, name), type, shape, line ? line : none);
            assert_string_equal(weights_name(w, seen), name);
            seen++;
        }
    }
    check_count(file, w, seen);
    weights_close(w);
    free(text);
    assert_true(files > 20);
}

static void views_lie_in_the_file_and_copies_do_not(void **state)
{
    (void)state;
    Weights *w = opened("layouts.pth");
    const FileMap *map = &w->maps[0];
    const unsigned char *rows = weights_find(w, "rows").data;
    const unsigned char *turned = weights_find(w, "turned").data;
    assert_true(rows > map->data && rows < map->data + map->size);
    assert_false(turned > map->data && turned < map->data + map->size);
    weights_close(w);
}

static void metadata_can_be_asked_for(void **state)
{
    (void)state;
    Weights *w = opened("types.safetensors");
    assert_string_equal(weights_metadata(w, "format"), "pt");
    assert_string_equal(weights_metadata(w, "config"), "{\"a\": \"\xc3\xa9\"}");
    assert_null(weights_metadata(w, "else"));
    weights_close(w);
}

static void names_are_found_alone_and_by_prefix(void **state)
{
    (void)state;
    Weights *w = opened("module.pth");
    assert_int_equal(weights_count(w), 6);
    assert_int_equal(weights_total(w), 23);
    assert_int_equal(weights_index(w, "2.bias"), 5);
    assert_int_equal(weights_index(w, "2"), 6);
    assert_true(weights_has_under(w, "2."));
    assert_false(weights_has_under(w, "3."));
    assert_false(weights_has_under(w, "2.c"));
    assert_true(tensor_is_empty(weights_find(w, "2.")));
    assert_true(tensor_is_empty(weights_find(w, "")));
    weights_close(w);
}

static void dropped_pages_come_back(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        Weights *w = opened(i == 0 ? "layouts.pth" : "layouts_legacy.safetensors");
        for (size_t j = 0; j < weights_count(w); j++)
            weights_drop(w, weights_at(w, j));
        assert_float_equal(tensor_f32(weights_find(w, "whole"))[23], 23, 0);
        assert_float_equal(tensor_f32(weights_find(w, "turned"))[1], 4, 0);
        weights_close(w);
    }
}

/* The memory is exactly as large as the file, so that a sanitizer sees the
 * first byte beyond it. */
static void refuse_cut(const char *name, const unsigned char *bytes, size_t size)
{
    Err err = {0};
    unsigned char *copy = malloc(size > 0 ? size : 1);
    memcpy(copy, bytes, size);
    Weights *w = weights_from_memory(copy, size, name, &err);
    if (w != NULL)
        fail_msg("%s is read after %zu bytes", name, size);
    assert_int_equal(err.kind, ERR_FORMAT);
    assert_true(strlen(err.text) > strlen(name) + 10);
    free(copy);
}

/* Every offset but the last ones by 64, the last 96 by 1. */
static void refuse_all_cuts(const char *name, const unsigned char *bytes, size_t size)
{
    for (size_t cut = 0; cut < size; cut += cut + 96 < size ? 64 : 1)
        refuse_cut(name, bytes, cut);
}

/* One bit after the other is turned, in a third of the bytes.  What comes of
 * it is open, but numbers must lie in the file and a refusal has a reason. */
static void bear_turned_bits(const char *name, const unsigned char *bytes, size_t size)
{
    unsigned char *copy = malloc(size);
    volatile unsigned char sum = 0;
    memcpy(copy, bytes, size);
    for (size_t i = 0; i < size; i += 3) {
        Err err = {0};
        copy[i] = (unsigned char)(bytes[i] ^ (1 << (i / 3 + i) % 8));
        Weights *w = weights_from_memory(copy, size, name, &err);
        assert_int_equal(w == NULL, err.text[0] != '\0');
        for (size_t j = 0; w != NULL && j < weights_count(w); j++) {
            Tensor t = weights_at(w, j);
            for (size_t k = 0; k < tensor_bytes(t); k++)
                sum = (unsigned char)(sum + ((unsigned char *)t.data)[k]);
        }
        weights_close(w);
        copy[i] = bytes[i];
    }
    free(copy);
}

static void for_each_good_file(void (*look)(const char *, const unsigned char *, size_t))
{
    Err err = {0};
    char **names = NULL;
    int count = 0, tried = 0;
    assert_true(file_names(&names, &count, corpus("good", "").s, &err));
    for (int i = 0; i < count; i++) {
        Path path = corpus("good", names[i]);
        FileMap map;
        if (file_is_dir(path.s) || strcmp(names[i], "EXPECTED") == 0)
            continue;
        assert_true(file_map(&map, path.s, &err));
        look(names[i], map.data, map.size);
        file_unmap(&map);
        tried++;
    }
    assert_true(tried > 18);
    file_names_free(names, count);
}

static void a_file_that_is_cut_off_is_refused(void **state)
{
    (void)state;
    for_each_good_file(refuse_all_cuts);
}

static void a_file_with_a_turned_bit_is_read_or_refused(void **state)
{
    (void)state;
    for_each_good_file(bear_turned_bits);
}

static void tensors_can_be_put_together_in_memory(void **state)
{
    (void)state;
    float numbers[6] = {0, 1, 2, 3, 4, 5};
    char name[16];
    Weights *w = weights_new("by hand");
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "t%d", i * 7919 % 300);
        weights_add(w, name, tensor_over(numbers + i % 6, TENSOR_F32, SHAPE(1)));
    }
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "t%d", i * 7919 % 300);
        assert_int_equal(weights_index(w, name), i);
        assert_ptr_equal(weights_find(w, name).data, numbers + i % 6);
    }
    assert_string_equal(weights_path(w), "by hand");
    assert_string_equal(weights_kind(w), "memory");
    weights_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_torch_wrote),
        cmocka_unit_test(views_lie_in_the_file_and_copies_do_not),
        cmocka_unit_test(metadata_can_be_asked_for),
        cmocka_unit_test(names_are_found_alone_and_by_prefix),
        cmocka_unit_test(dropped_pages_come_back),
        cmocka_unit_test(a_file_that_is_cut_off_is_refused),
        cmocka_unit_test(a_file_with_a_turned_bit_is_read_or_refused),
        cmocka_unit_test(tensors_can_be_put_together_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
