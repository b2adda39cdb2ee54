/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#include "base/file.h"
#include "weights/weights.h"

#include <unistd.h>

/* Every file in corpus/bad, and the sentence that it must earn after its name. */
static const struct {
    const char *file, *sentence;
} table[] = {
    /* clang-format off */
    {"absolute.pth", ": zip member '/etc/passwd' has a name that torch would not write"},
    {"append_to_dict.pth", ": its pickle is broken at byte 6: it adds to what is no list or dictionary"},
    {"array.safetensors", ": its header is not a JSON object"},
    {"backslash.pth", ": zip member 'a\\x' has a name that torch would not write"},
    {"backwards.safetensors", ": tensor 'w': its data_offsets are not [begin, end]"},
    {"begin_high.pth", ": the zip directory (110 bytes at 2147483648) does not end where the archive does"},
    {"big_endian.pth", ": its numbers are not little-endian, which is not supported"},
    {"big_endian_legacy.pth", ": its numbers are not little-endian, which is not supported"},
    {"broken_end.pth", ": the zip directory at the end is missing: the file is cut off"},
    {"build_global.pth", ": its pickle wants to run 'os.environ', which a table of tensors does not need: refused"},
    {"build_text.pth", ": its pickle is broken at byte 10: it gives a state to what has none"},
    {"call_no_tuple.pth", ": its pickle calls 'collections.OrderedDict' without arguments"},
    {"call_result.pth", ": its pickle calls what is no function"},
    {"call_text.pth", ": its pickle calls what is no function"},
    {"count_high.pth", ": the zip directory is too small for 3 members"},
    {"count_huge.pth", ": the zip directory is too small for 60000 members"},
    {"count_legacy.pth", ": storage 'k' has not the 6 elements promised"},
    {"count_low.pth", ": the zip directory is broken"},
    {"count_negative_legacy.pth", ": storage 'k' has not the 6 elements promised"},
    {"cut_data_legacy.pth", ": the file is cut off in storage 'k'"},
    {"cut_header.safetensors", ": the file is cut off: its header has 4000 bytes, the file 69"},
    {"deep.safetensors", ": 'safetensors header' is not usable: brackets nest deeper than 64"},
    {"deep_dicts.pth", ": its values nest deeper than 16"},
    {"deflated.pth", ": zip member 'a/data/0' is compressed, which torch never does: save it again"},
    {"dict_of_text.pth", ": its pickle makes a dictionary of what are no pairs"},
    {"duplicate.pth", ": tensor 'w' comes twice"},
    {"duplicate.safetensors", ": 'safetensors header' is not valid JSON: line 1: duplicate object key near '\"w\"'"},
    {"empty.safetensors", ": the file is empty"},
    {"empty_map.json", ": its weight_map is empty"},
    {"empty_name.pth", ": zip member '' has a name that torch would not write"},
    {"empty_pickle.pth", ": its pickle is broken at byte 0: it is cut off"},
    {"empty_stack.pth", ": its pickle is broken at byte 3: the stack is empty"},
    {"encrypted.pth", ": zip member 'a/data/0' is encrypted"},
    {"endless_header.safetensors", ": its header claims 18446744073709551615 bytes, at most 100000000 are allowed"},
    {"eval.pth", ": its pickle wants to run 'builtins.eval', which a table of tensors does not need: refused"},
    {"expanded.pth", ": tensor 'w' [1099511627776] is laid out so that copies would outgrow the file"},
    {"extension.pth", ": its pickle has opcode 0x82 at byte 2, which torch does not use"},
    {"float8.safetensors", ": tensor 'w': its numbers have 8 bits (F8_E4M3), which is not "
                            "supported: get the file with those of 16"},
    {"float_dim.safetensors", ": tensor 'w': its shape is not a row of whole numbers"},
    {"folder", " holds no file of weights: looked for model.safetensors, diffusion_pytorch_model.safetensors, pytorch_model.bin and diffusion_pytorch_model.bin"},
    {"gap.safetensors", ": tensor 'b' leaves a gap before it"},
    {"getattr.pth", ": its pickle wants to run 'builtins.getattr', which a table of tensors does not need: refused"},
    {"huge_header.safetensors", ": its header claims 1099511627776 bytes, at most 100000000 are allowed"},
    {"huge_number.safetensors", ": 'safetensors header' is not valid JSON: line 1: too big integer near '99999999999999999999'"},
    {"huge_shape.safetensors", ": tensor 'w': it ends at byte 2147483648 of 0: the file is cut off or broken"},
    {"instance.pth", ": its pickle wants to run 'subprocess.Popen', which a table of tensors does not need: refused"},
    {"into_directory.pth", ": zip member 'a/data/0' lies outside the file"},
    {"laughs.pth", ": its values nest deeper than 16"},
    {"listed_twice_legacy.pth", ": storage 'k' is listed, but not used once"},
    {"load_from_bytes.pth", ": its pickle wants to run 'torch.storage._load_from_bytes', which a table of tensors does not need: refused"},
    {"long_integer.pth", ": its pickle is broken at byte 7: it is cut off"},
    {"long_name.safetensors", ": tensor name 'wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww...' is not 1 to 512 characters of plain text"},
    {"long_text.pth", ": its pickle is broken at byte 7: it is cut off"},
    {"long_text8.pth", ": its pickle is broken at byte 11: it is cut off"},
    {"magic_only_legacy.pth", ": its pickle is broken at byte 0: it is cut off"},
    {"map_absolute.json", ": its shard '/etc/passwd' is not a file beside it"},
    {"map_cut.json", ": 'index of shards' is not valid JSON: line 1: unexpected token near end of file"},
    {"map_itself.json", ": 'map_itself.json': an index of shards cannot be read here"},
    {"map_nowhere.json", ": cannot open 'not_there.safetensors': No such file or directory"},
    {"map_number.json", ": its shard '' is not a file beside it"},
    {"map_up.json", ": its shard '../../etc/passwd' is not a file beside it"},
    {"mark_only.pth", ": its pickle is broken at byte 7: the stack is empty"},
    {"memo_far.pth", ": its pickle is broken at byte 9: a memo number is out of range"},
    {"metadata_number.safetensors", ": its __metadata__ is not a table of texts"},
    {"metadata_text.safetensors", ": its __metadata__ is not a table of texts"},
    {"methods_differ.pth", ": zip member 'a/data/0' contradicts the zip directory"},
    {"names_differ.pth", ": zip member 'a/data/0' contradicts the zip directory"},
    {"nan_dim.safetensors", ": 'safetensors header' is not valid JSON: line 1: invalid token near 'NaN'"},
    {"negative_dim.safetensors", ": tensor 'w': its shape is not a row of whole numbers"},
    {"negative_offset.safetensors", ": tensor 'w': its data_offsets are not [begin, end]"},
    {"nested.pth", ": zip member 'a/data/0' overlaps another"},
    {"nested_lists.pth", ": its values nest deeper than 16"},
    {"nested_tuples.pth", ": its values nest deeper than 16"},
    {"no_data_legacy.pth", ": the file is cut off before storage 'k'"},
    {"no_dtype.safetensors", ": tensor 'w': it has no dtype"},
    {"no_end.pth", ": the zip directory at the end is missing: the file is cut off"},
    {"no_entry.safetensors", ": tensor 'w': it has no dtype"},
    {"no_json.safetensors", ": 'safetensors header' is not valid JSON: line 1: unexpected token near end of file"},
    {"no_map.json", ": this JSON has no weight_map: it is no index of shards"},
    {"no_mark.pth", ": its pickle is broken at byte 3: there is no mark"},
    {"no_name.safetensors", ": tensor name '' is not 1 to 512 characters of plain text"},
    {"no_offsets.safetensors", ": tensor 'w': its data_offsets are not [begin, end]"},
    {"no_pickle.pth", ": this zip archive holds no data.pkl: torch did not write it"},
    {"no_shape.safetensors", ": tensor 'w': it has no shape"},
    {"no_stop.pth", ": its pickle is broken at byte 3: it is cut off"},
    {"no_storage.pth", ": storage '1' is not in the archive"},
    {"no_tensors.pth", ": it holds no tensors"},
    {"not_utf8.safetensors", ": 'safetensors header' is not valid JSON: line 1: unable to decode byte 0xff near '\"w'"},
    {"nothing_left.pth", ": its pickle is broken at byte 3: the stack is empty"},
    {"nul_name.pth", ": zip member 'a/x?y' has a name that torch would not write"},
    {"object.pth", ": its pickle wants to run 'argparse.Namespace', which a table of tensors does not need: refused"},
    {"object_ex.pth", ": its pickle wants to run 'argparse.Namespace', which a table of tensors does not need: refused"},
    {"odd_items.pth", ": its pickle is broken at byte 11: a key has no value"},
    {"offset_big.pth", ": its pickle rebuilds a tensor from something else than a storage, an offset, a size and strides"},
    {"offset_huge.pth", ": tensor 'w' begins at element 9223372036854775807 of a storage of 6"},
    {"offset_negative.pth", ": tensor 'w' begins at element -1 of a storage of 6"},
    {"offset_out.pth", ": tensor 'w' [2] reaches out of its storage of 6 elements"},
    {"old_object.pth", ": its pickle wants to run 'subprocess.Popen', which a table of tensors does not need: refused"},
    {"other.gguf", ": this is a GGUF file, which is not supported: get the safetensors"},
    {"out_of_storage.pth", ": tensor 'w' [7] reaches out of its storage of 6 elements"},
    {"outside.pth", ": zip member 'a/data/0' lies outside the file"},
    {"outside.safetensors", ": tensor 'w': it ends at byte 12 of 8: the file is cut off or broken"},
    {"overflow.safetensors", ": tensor 'w': [2147483648,2147483648,2147483648] of F32 does not take 8 bytes"},
    {"overflow_bytes.safetensors", ": tensor 'w': [2305843009213693953] of F64 does not take 8 bytes"},
    {"overlap.safetensors", ": tensor 'b' overlaps another"},
    {"packed.gz", ": this is a gzip archive: unpack it first"},
    {"page.safetensors", ": this is a web page: the download went wrong"},
    {"parameter_of_text.pth", ": its pickle rebuilds a tensor from a parameter that holds no tensor"},
    {"persistent_module.pth", ": its pickle refers to something that is no storage"},
    {"persistent_text.pth", ": its pickle refers to something that is no storage"},
    {"photo.pth", ": this is a JPEG picture, not a file of weights"},
    {"picture.safetensors", ": this is a PNG picture, not a file of weights"},
    {"plain_pickle.pkl", ": this pickle is not one that torch.save wrote"},
    {"pointer.safetensors", ": this is a Git LFS pointer: the real file was not downloaded"},
    {"pop_through_mark.pth", ": its pickle is broken at byte 6: the stack is empty"},
    {"prefixed.pth", ": not a file of weights: neither safetensors nor a torch file"},
    {"protocol.pth", ": its pickle is broken at byte 2: its protocol is newer than 5"},
    {"recall_nothing.pth", ": its pickle is broken at byte 4: it recalls what it never noted"},
    {"rest.safetensors", ": 4 bytes at the end belong to no tensor"},
    {"same_bytes.pth", ": zip member 'a/data/0' overlaps another"},
    {"self.pth", ": it holds no tensors"},
    {"setitem_on_list.pth", ": its pickle is broken at byte 146: it adds to what is no list or dictionary"},
    {"shifted.pth", ": the zip directory (110 bytes at 243) does not end where the archive does"},
    {"six_dims.pth", ": its pickle rebuilds a tensor from a size and strides that are not up to 5 whole numbers each"},
    {"six_dims.safetensors", ": tensor 'w': it has 6 dims, at most 5 are supported"},
    {"size_huge.pth", ": tensor 'w' has the impossible shape [1099511627776,1099511627776]"},
    {"size_low.pth", ": the zip directory (40 bytes at 243) does not end where the archive does"},
    {"size_negative.pth", ": tensor 'w' has the impossible shape [-1]"},
    {"sizes_differ.pth", ": zip member 'a/data/0' contradicts the zip directory"},
    {"stack_global.pth", ": its pickle wants to run 'os.system', which a table of tensors does not need: refused"},
    {"storage_huge.pth", ": storage '0' has 24 bytes, which are not 4611686018427387910 elements of f32"},
    {"storage_large.pth", ": storage '0' has 24 bytes, which are not 5 elements of f32"},
    {"storage_negative.pth", ": its pickle refers to something that is no storage"},
    {"storage_small.pth", ": storage '0' has 24 bytes, which are not 7 elements of f32"},
    {"storage_type.pth", ": storage '0' has 24 bytes, which are not 6 elements of f64"},
    {"storage_unknown.pth", ": storages of type 'torch.ComplexFloatStorage' are not supported"},
    {"storage_up.pth", ": storage '../data.pkl' is not in the archive"},
    {"stored_lie.pth", ": zip member 'a/data/0' is compressed, which torch never does: save it again"},
    {"stride_huge.pth", ": tensor 'w' [2,3] reaches out of its storage of 6 elements"},
    {"stride_missing.pth", ": its pickle rebuilds a tensor from a size and strides that are not up to 5 whole numbers each"},
    {"stride_negative.pth", ": tensor 'w' has a negative stride"},
    {"stride_out.pth", ": tensor 'w' [2,3] reaches out of its storage of 6 elements"},
    {"system.pth", ": its pickle wants to run 'os.system', which a table of tensors does not need: refused"},
    {"system_inside.pth", ": its pickle wants to run 'posix.system', which a table of tensors does not need: refused"},
    {"system_legacy.pth", ": its pickle wants to run 'os.system', which a table of tensors does not need: refused"},
    {"tensor_of_text.pth", ": its pickle rebuilds a tensor from something else than a storage, an offset, a size and strides"},
    {"tensor_of_two.pth", ": its pickle rebuilds a tensor from something else than a storage, an offset, a size and strides"},
    {"terminal_name.pth", ": tensor name 'w?[31m' is not 1 to 512 characters of plain text"},
    {"terminal_name.safetensors", ": tensor name 'w?[31m' is not 1 to 512 characters of plain text"},
    {"text_opcode.pth", ": its pickle has opcode 0x49 at byte 2, which torch does not use"},
    {"three_bytes.safetensors", ": not a file of weights: neither safetensors nor a torch file"},
    {"twice.pth", ": zip member 'a/data/0' comes twice"},
    {"two_files", " holds more than one file of weights: name one"},
    {"two_pickles.pth", ": this zip archive holds more than one data.pkl"},
    {"two_types_legacy.pth", ": storage 'k' is said to be two things"},
    {"unlisted_legacy.pth", ": storage 'k' is not in the file"},
    {"unused_legacy.pth", ": storage 'x' is listed, but not used once"},
    {"upwards.pth", ": zip member 'a/../../x' has a name that torch would not write"},
    {"version_legacy.pth", ": its version of the legacy torch format is unknown"},
    {"view_out.pth", ": a view reaches out of storage '0'"},
    {"view_out_legacy.pth", ": a view reaches out of storage 'k'"},
    {"words.pth", ": not a file of weights: neither safetensors nor a torch file"},
    {"wrong_size.safetensors", ": tensor 'w': [3] of F32 does not take 8 bytes"},
    {"zip64_begin.pth", ": the zip directory (110 bytes at 18446744073709551608) does not end where the archive does"},
    {"zip64_contradicts.pth", ": the zip64 record contradicts the zip record"},
    {"zip64_count.pth", ": the zip directory is too small for 1152921504606846976 members"},
    {"zip64_elsewhere.pth", ": the zip64 record is not where the archive says"},
    {"zip64_huge.pth", ": zip member 'a/data/0' contradicts the zip directory"},
    {"zip64_locator.pth", ": the zip64 record is not where the archive says"},
    {"zip64_no_extra.pth", ": zip member 'a/data/0' lacks its zip64 sizes"},
    {"shards/double.json", ": tensor 'w' comes twice"},
    {"shards/promise.json", ": it promises tensor 'x', which no shard has"},
    /* clang-format on */
};

enum { COUNT = sizeof table / sizeof *table };

static void every_hostile_file_earns_its_sentence(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        Err err = {0};
        char want[sizeof err.text];
        snprintf(want, sizeof want, "'%s'%s", table[i].file, table[i].sentence);
        Weights *w = weights_open(table[i].file, &err);
        if (w != NULL)
            fail_msg("'%s' is accepted", table[i].file);
        assert_string_equal(err.text, want);
    }
}

static void no_hostile_file_is_forgotten(void **state)
{
    (void)state;
    Err err = {0};
    char **names = NULL;
    int count = 0;
    assert_true(file_names(&names, &count, ".", &err));
    for (int i = 0; i < count; i++) {
        bool is_there = strcmp(names[i], "shards") == 0;
        for (int j = 0; j < COUNT; j++)
            is_there |= strcmp(table[j].file, names[i]) == 0;
        if (!is_there)
            fail_msg("corpus/bad/%s has no sentence", names[i]);
    }
    file_names_free(names, count);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    Err err = {0};
    assert_null(weights_open("nowhere/none.pth", &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.text, "cannot open 'nowhere/none.pth': No such file or directory");
}

int main(void)
{
    if (chdir(corpus("bad", "").s) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_hostile_file_earns_its_sentence),
        cmocka_unit_test(no_hostile_file_is_forgotten),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
