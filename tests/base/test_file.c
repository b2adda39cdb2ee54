/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

static void assert_refused(bool ok, const Err *err, ErrKind kind, const char *text)
{
    assert_false(ok);
    assert_string_equal(err->text, text);
    assert_int_equal(err->kind, kind);
}

/* The names that are there, dots and all but "." and "..". */
static int names_here(void)
{
    int count = 0;
    DIR *d = opendir(".");
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return count;
}

/* ---- reading ---------------------------------------------------------------------- */

static void a_file_is_mapped_whole(void **state)
{
    (void)state;
    static const char bytes[] = "one\0two";
    put_file("x", bytes, sizeof bytes);
    FileMap m;
    Err err = {0};
    assert_true(file_map(&m, "x", &err));
    assert_int_equal(m.size, sizeof bytes);
    assert_memory_equal(m.data, bytes, sizeof bytes);
    file_unmap(&m);
    assert_null(m.data);
    assert_int_equal(m.size, 0);
    file_unmap(&m); /* twice is once */
}

static void an_empty_file_is_mapped_to_nothing(void **state)
{
    (void)state;
    put_file("empty", "", 0);
    FileMap m = {.size = 1};
    Err err = {0};
    assert_true(file_map(&m, "empty", &err));
    assert_null(m.data);
    assert_int_equal(m.size, 0);
    file_map_drop(&m, m.data, 0);
    file_unmap(&m);
}

/* Dropping is a hint: whatever is asked again is there again. */
static void dropped_bytes_come_back(void **state)
{
    (void)state;
    enum { SIZE = 100000 };
    static char bytes[SIZE];
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 7 / 3);
    put_file("x", bytes, SIZE);
    FileMap m;
    Err err = {0};
    assert_true(file_map(&m, "x", &err));
    static const size_t ranges[][2] = {{0, SIZE},        {1, SIZE - 1}, {5000, 3},
                                       {4096, 4096 * 3}, {SIZE, 0},     {4095, 4098}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        file_map_drop(&m, m.data + ranges[i][0], ranges[i][1]);
        assert_memory_equal(m.data, bytes, SIZE);
    }
    file_unmap(&m);
}

static void a_file_is_read_with_a_zero_after_it(void **state)
{
    (void)state;
    put_file("x", "abc", 3);
    put_file("empty", "", 0);
    unsigned char *bytes = NULL;
    size_t size = 9;
    Err err = {0};
    assert_true(file_read(&bytes, &size, "x", 3, &err)); /* exactly the limit */
    assert_int_equal(size, 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(bytes[3], 0);
    xfree(bytes);
    assert_true(file_read(&bytes, &size, "empty", 0, &err));
    assert_int_equal(size, 0);
    assert_int_equal(bytes[0], 0);
    xfree(bytes);
}

static void a_file_over_the_limit_is_refused(void **state)
{
    (void)state;
    put_file("x", "abcd", 4);
    unsigned char *bytes = NULL;
    size_t size;
    Err err = {0};
    assert_refused(file_read(&bytes, &size, "x", 3, &err), &err, ERR_FORMAT,
                   "'x' is too large: 4 bytes, at most 3 are allowed");
}

static void what_is_no_file_is_neither_mapped_nor_read(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"none", "cannot open 'none': No such file or directory"},
        {"no/ne", "cannot open 'no/ne': No such file or directory"},
        {"x/y", "cannot open 'x/y': Not a directory"},
        {"", "cannot open '': No such file or directory"},
        {".", "cannot read '.': it is a folder"},
        {"folder", "cannot read 'folder': it is a folder"},
        {"pipe", "cannot read 'pipe': it is not a regular file"}, /* and nobody waits */
        {"/dev/null", "cannot read '/dev/null': it is not a regular file"},
    };
    put_file("x", "", 0);
    assert_int_equal(mkdir("folder", 0777), 0);
    assert_int_equal(mkfifo("pipe", 0666), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FileMap m;
        unsigned char *bytes = NULL;
        size_t size;
        Err mapped = {0}, read = {0};
        assert_refused(file_map(&m, cases[i][0], &mapped), &mapped, ERR_IO, cases[i][1]);
        assert_null(m.data);
        assert_refused(file_read(&bytes, &size, cases[i][0], 100, &read), &read, ERR_IO,
                       cases[i][1]);
    }
}

/* Files of sysfs say 4096 bytes and give fewer, as one that is cut meanwhile. */
static void a_file_that_ends_early_is_said(void **state)
{
    (void)state;
    static const char path[] = "/sys/devices/system/cpu/online";
    struct stat st;
    if (stat(path, &st) != 0 || st.st_size < 1000)
        skip();
    unsigned char *bytes = NULL;
    size_t size;
    Err err = {0};
    assert_refused(file_read(&bytes, &size, path, 1 << 20, &err), &err, ERR_IO,
                   "cannot read '/sys/devices/system/cpu/online': it is shorter than it was");
}

/* ---- writing ---------------------------------------------------------------------- */

static void a_saved_file_has_these_bytes(void **state)
{
    (void)state;
    Err err = {0};
    assert_true(file_save("x", "a\0b", 3, &err));
    assert_file_is("x", "a\0b", 3);
    assert_true(file_save("x", "other", 5, &err));
    assert_file_is("x", "other", 5);
    assert_true(file_save("empty", NULL, 0, &err));
    assert_file_is("empty", "", 0);
    assert_int_equal(names_here(), 2);
}

static void parts_follow_each_other(void **state)
{
    (void)state;
    const FilePart parts[] = {{"one ", 4}, {"", 0}, {"two", 3}, {"three", 2}};
    Err err = {0};
    assert_true(file_save_parts("x", parts, 4, &err));
    assert_file_is("x", "one twoth", 9);
    assert_true(file_save_parts("x", parts, 0, &err));
    assert_file_is("x", "", 0);
}

static void a_large_file_is_whole(void **state)
{
    (void)state;
    enum { SIZE = 5000000 };
    char *bytes = xalloc(SIZE, 1);
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 31 / 7);
    unsigned char *back = NULL;
    size_t size;
    Err err = {0};
    assert_true(file_save("large", bytes, SIZE, &err));
    assert_true(file_read(&back, &size, "large", SIZE, &err));
    assert_int_equal(size, SIZE);
    assert_memory_equal(back, bytes, SIZE);
    xfree(back);
    xfree(bytes);
}

/* The new file comes in place of the former one, which is not written into. */
static void who_has_the_former_file_open_keeps_it(void **state)
{
    (void)state;
    put_file("x", "former", 6);
    FileMap m;
    Err err = {0};
    assert_true(file_map(&m, "x", &err));
    assert_true(file_save("x", "newest", 6, &err));
    assert_memory_equal(m.data, "former", 6);
    file_unmap(&m);
    assert_file_is("x", "newest", 6);
}

static void a_saved_file_may_be_read_by_whom_the_mask_allows(void **state)
{
    (void)state;
    static const mode_t masks[] = {0022, 0027, 0077, 0};
    mode_t before = umask(0);
    for (int i = 0; i < 4; i++) {
        struct stat st;
        Err err = {0};
        umask(masks[i]);
        assert_true(file_save("x", "", 0, &err));
        assert_int_equal(stat("x", &st), 0);
        assert_int_equal(st.st_mode & 0777, 0666 & ~masks[i]);
    }
    umask(before);
}

static void what_cannot_be_written_is_said_and_nothing_is_left(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"none/x", "cannot write 'none/x': No such file or directory"},
        {"file/x", "cannot write 'file/x': Not a directory"},
        {"folder", "cannot write 'folder': Is a directory"},
    };
    put_file("file", "", 0);
    assert_int_equal(mkdir("folder", 0777), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Err err = {0};
        assert_refused(file_save(cases[i][0], "abc", 3, &err), &err, ERR_IO, cases[i][1]);
        assert_int_equal(names_here(), 2);
    }
}

static void a_full_disk_leaves_the_former_file(void **state)
{
    (void)state;
    put_file("x", "former", 6);
    struct rlimit before, held;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    held = before;
    held.rlim_cur = 1000; /* the nearest thing to a full disk that needs no disk */
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    static const char bytes[600];
    const FilePart parts[] = {{bytes, 600}, {bytes, 600}};
    Err err = {0};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &held), 0);
    bool ok = file_save_parts("x", parts, 2, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_refused(ok, &err, ERR_IO, "cannot write 'x': File too large");
    assert_file_is("x", "former", 6);
    assert_int_equal(names_here(), 1);
}

static void a_file_is_removed_and_a_folder_is_not(void **state)
{
    (void)state;
    put_file("x", "", 0);
    assert_int_equal(mkdir("folder", 0777), 0);
    assert_int_equal(symlink("folder", "way"), 0);
    Err err = {0};
    assert_true(file_remove("x", &err));
    assert_true(file_remove("x", &err)); /* it is not there, as was wanted */
    assert_true(file_remove("way", &err));
    assert_refused(file_remove("folder", &err), &err, ERR_IO,
                   "cannot remove 'folder': Is a directory");
    assert_int_equal(names_here(), 1);
}

/* Root may do anything, so for these it becomes nobody for a moment. */
static bool become_nobody(void)
{
    enum { NOBODY = 65534 };
    return geteuid() != 0 || seteuid(NOBODY) == 0;
}

static void what_is_not_allowed_is_said(void **state)
{
    (void)state;
    put_file("secret", "abc", 3);
    assert_int_equal(chmod("secret", 0), 0);
    assert_int_equal(mkdir("closed", 0777), 0);
    assert_int_equal(chmod("closed", 0555), 0);
    uid_t me = geteuid();
    if (!become_nobody())
        skip();
    FileMap m;
    char **names;
    int count;
    Err map = {0}, save = {0}, make = {0}, list = {0};
    bool maps = file_map(&m, "secret", &map), saves = file_save("closed/x", "", 0, &save);
    bool makes = file_make_dirs("closed/y/z", &make);
    bool lists = file_names(&names, &count, "closed/y", &list);
    assert_int_equal(seteuid(me), 0);
    chmod("closed", 0777);
    assert_refused(maps, &map, ERR_IO, "cannot open 'secret': Permission denied");
    assert_refused(saves, &save, ERR_IO, "cannot write 'closed/x': Permission denied");
    assert_refused(makes, &make, ERR_IO,
                   "cannot make the folder 'closed/y/z': Permission denied");
    assert_refused(lists, &list, ERR_IO,
                   "cannot open the folder 'closed/y': No such file or directory");
}

/* ---- folders and names --------------------------------------------------------------- */

static void folders_are_made_with_those_above(void **state)
{
    char absolute[512];
    snprintf(absolute, sizeof absolute, "%s/h/i", (char *)*state);
    const char *const paths[] = {"a",          "a/b/c",  "a/b/c", "d//e/",
                                 "./f/../f/g", absolute, "/",     "."};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        Err err = {0};
        if (!file_make_dirs(paths[i], &err))
            fail_msg("%s", err.text);
        assert_true(file_is_dir(paths[i]));
    }
    assert_true(file_is_dir("d/e") && file_is_dir("f/g") && file_is_dir("h/i"));
    assert_int_equal(names_here(), 4);
}

static void a_folder_that_cannot_be_made_is_said(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"x", "cannot make the folder 'x': Not a directory"},
        {"x/y/z", "cannot make the folder 'x/y/z': Not a directory"},
        {"", "cannot make the folder '': No such file or directory"},
    };
    put_file("x", "", 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Err err = {0};
        assert_refused(file_make_dirs(cases[i][0], &err), &err, ERR_IO, cases[i][1]);
    }
}

static void files_and_folders_are_told_apart(void **state)
{
    (void)state;
    put_file("x", "", 0);
    assert_int_equal(mkdir("folder", 0777), 0);
    assert_int_equal(symlink("folder", "way"), 0);
    assert_int_equal(symlink("nowhere", "broken"), 0);
    assert_true(file_exists("x") && !file_is_dir("x"));
    assert_true(file_exists("folder") && file_is_dir("folder"));
    assert_true(file_exists("way") && file_is_dir("way"));
    assert_false(file_exists("broken") || file_is_dir("broken"));
    assert_false(file_exists("none") || file_is_dir("none"));
    assert_false(file_exists("") || file_is_dir(""));
}

static void names_end_and_join(void **state)
{
    (void)state;
    assert_true(file_name_ends("a.json", ".json"));
    assert_true(file_name_ends(".json", ".json"));
    assert_true(file_name_ends("a", ""));
    assert_false(file_name_ends("json", ".json"));
    assert_false(file_name_ends("a.json.bak", ".json"));
    static const char *const joined[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"a/b", "c/d", "a/b/c/d"}};
    for (size_t i = 0; i < sizeof joined / sizeof *joined; i++) {
        char *p = file_join(joined[i][0], joined[i][1]);
        assert_string_equal(p, joined[i][2]);
        xfree(p);
    }
}

static void names_come_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    static const char *const want[] = {"frame_1.png",
                                       "frame_2.png",
                                       "frame_10.png",
                                       "frame_010b",
                                       "frame_99999999999999999999",
                                       "frame_100000000000000000000",
                                       "frame_x",
                                       "pose-0",
                                       "pose-0000",
                                       "pose-0001",
                                       "pose-1",
                                       "pose-002",
                                       "pose-0003",
                                       "pose-3",
                                       "pose-4",
                                       "pose-00005",
                                       "pose-12",
                                       "pose-013",
                                       "z"};
    enum { COUNT = sizeof want / sizeof *want };
    for (int i = 0; i < COUNT; i++)
        put_file(want[i * 7 % COUNT], "", 0);
    put_file(".hidden", "", 0);
    assert_int_equal(remove("z"), 0);
    assert_int_equal(mkdir("z", 0777), 0); /* folders are names too */
    char **names = NULL;
    int count = 0;
    Err err = {0};
    assert_true(file_names(&names, &count, ".", &err));
    assert_int_equal(count, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_string_equal(names[i], want[i]);
    file_names_free(names, count);
}

static void an_empty_folder_has_no_names(void **state)
{
    (void)state;
    char **names = NULL;
    int count = 9;
    Err err = {0};
    assert_true(file_names(&names, &count, ".", &err));
    assert_int_equal(count, 0);
    file_names_free(names, count);
}

static void names_in_what_is_no_folder_are_refused(void **state)
{
    (void)state;
    put_file("x", "", 0);
    char **names = NULL;
    int count = 9;
    Err none = {0}, file = {0};
    assert_refused(file_names(&names, &count, "none", &none), &none, ERR_IO,
                   "cannot open the folder 'none': No such file or directory");
    assert_refused(file_names(&names, &count, "x", &file), &file, ERR_IO,
                   "cannot open the folder 'x': Not a directory");
    assert_int_equal(count, 0);
    file_names_free(names, count);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_enter, folder_leave)

static void a_folder_is_removed_with_all_that_is_in_it(void **state)
{
    (void)state;
    Err err = {0};
    assert_true(file_make_dirs("tree/a/b", &err));
    put_file("tree/a/b/x", "1", 1);
    put_file("kept", "2", 1);
    assert_int_equal(symlink("../kept", "tree/link"), 0);
    assert_true(file_remove_tree("tree", &err));
    assert_false(file_exists("tree"));
    assert_true(file_exists("kept"));
    assert_true(file_remove_tree("tree", &err)); /* it is not there */
    assert_refused(file_rename("tree", "other", &err), &err, ERR_IO,
                   "cannot rename 'tree' to 'other': No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_folder_is_removed_with_all_that_is_in_it),
        IN_FOLDER(a_file_is_mapped_whole),
        IN_FOLDER(an_empty_file_is_mapped_to_nothing),
        IN_FOLDER(dropped_bytes_come_back),
        IN_FOLDER(a_file_is_read_with_a_zero_after_it),
        IN_FOLDER(a_file_over_the_limit_is_refused),
        IN_FOLDER(what_is_no_file_is_neither_mapped_nor_read),
        IN_FOLDER(a_file_that_ends_early_is_said),
        IN_FOLDER(a_saved_file_has_these_bytes),
        IN_FOLDER(parts_follow_each_other),
        IN_FOLDER(a_large_file_is_whole),
        IN_FOLDER(who_has_the_former_file_open_keeps_it),
        IN_FOLDER(a_saved_file_may_be_read_by_whom_the_mask_allows),
        IN_FOLDER(what_cannot_be_written_is_said_and_nothing_is_left),
        IN_FOLDER(a_full_disk_leaves_the_former_file),
        IN_FOLDER(a_file_is_removed_and_a_folder_is_not),
        IN_FOLDER(what_is_not_allowed_is_said),
        IN_FOLDER(folders_are_made_with_those_above),
        IN_FOLDER(a_folder_that_cannot_be_made_is_said),
        IN_FOLDER(files_and_folders_are_told_apart),
        IN_FOLDER(names_end_and_join),
        IN_FOLDER(names_come_in_the_order_of_their_numbers),
        IN_FOLDER(an_empty_folder_has_no_names),
        IN_FOLDER(names_in_what_is_no_folder_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
