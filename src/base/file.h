#ifndef BASE_FILE_H
#define BASE_FILE_H
#include "base/base.h"

/* Whole files: read or mapped at once, written so that nobody sees half. */

typedef struct FileMap {
    const unsigned char *data; /* NULL for an empty file */
    size_t size;
    bool is_mapped;
    uint64_t device, inode; /* which file it is */
} FileMap;

/* Read-only view of a regular file.  False with the reason if it cannot be
 * opened, or is a folder. */
bool file_map(FileMap *m, const char *path, Err *err) MUST_USE;
/* Tells the system that these bytes will not be needed soon (after packing). */
void file_map_drop(const FileMap *m, const void *from, size_t size);
void file_unmap(FileMap *m);
/* Whether that path leads to the file that is mapped. */
bool file_map_is(const FileMap *m, const char *path);

/* A copy of a small file, with a zero byte after its end.  Refuses files of
 * more than `limit` bytes.  Free with xfree. */
bool file_read(unsigned char **bytes, size_t *size, const char *path, size_t limit,
               Err *err) MUST_USE;

/* Writes beside `path` under a passing name, then renames: a full disk or an
 * interruption leaves the former file, or none, under `path`. */
bool file_save(const char *path, const void *bytes, size_t size, Err *err) MUST_USE;

/* The same for bytes that lie in several places, one after the other. */
typedef struct FilePart {
    const void *bytes;
    size_t size;
} FilePart;
bool file_save_parts(const char *path, const FilePart *parts, size_t count, Err *err) MUST_USE;

/* The same, little by little:
 *
 *   FileOut f;
 *   bool ok = file_begin(&f, path, err) && file_put(&f, bytes, n, err) && ...;
 *   ok = file_end(&f, ok, err);
 *
 * file_end, which is called in any case, renames, or removes what was written if
 * not all was well. */
typedef struct FileOut {
    char *path, *passing;
    int fd;
} FileOut;
bool file_begin(FileOut *f, const char *path, Err *err) MUST_USE;
bool file_put(FileOut *f, const void *bytes, size_t size, Err *err) MUST_USE;
bool file_end(FileOut *f, bool ok, Err *err) MUST_USE;

/* Whether a file could be written there, before there is one: the folder takes a passing name,
 * which is gone then, and `path` is no folder. */
bool file_may_write(const char *path, Err *err) MUST_USE;

/* Removes a file; fine if it is not there. */
bool file_remove(const char *path, Err *err) MUST_USE;

/* Removes a folder with everything in it (links, not what they point at); fine
 * if it is not there. */
bool file_remove_tree(const char *path, Err *err) MUST_USE;

/* Gives a file or folder another name on the same disk, at once. */
bool file_rename(const char *from, const char *to, Err *err) MUST_USE;

/* Makes a folder and those above it; fine if it is there. */
bool file_make_dirs(const char *path, Err *err) MUST_USE;

bool file_is_dir(const char *path);
bool file_exists(const char *path);

/* The name ends so: ".json". */
bool file_name_ends(const char *name, const char *end);

/* The name in a path without folder and ending, "knight" of "art/knight.png", and how long it
 * is. */
const char *file_stem(const char *path, size_t *length);
/* dir + "/" + name.  Free with xfree. */
char *file_join(const char *dir, const char *name) MUST_USE;

/* Names in a folder, not those that begin with a dot, ordered so that
 * frame_2 comes before frame_10.  Free with file_names_free. */
bool file_names(char ***names, int *count, const char *dir, Err *err) MUST_USE;
void file_names_free(char **names, int count);
#endif
