/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens a regular file and tells its size; -1 with the reason. */
static int open_regular(const char *path, size_t *size, Err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        err_set(err, ERR_IO, "cannot open '%s': %s", path, strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        err_set(err, ERR_IO, "cannot read '%s': %s", path,
                S_ISDIR(st.st_mode) ? "it is a folder" : "it is not a regular file");
    } else {
        *size = (size_t)st.st_size;
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

bool file_map(FileMap *m, const char *path, Err *err)
{
    *m = (FileMap){0};
    size_t size = 0;
    int fd = open_regular(path, &size, err);
    if (fd < 0)
        return false;
    if (size > 0) {
        void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED) {
            close(fd);
            return err_set(err, ERR_IO, "cannot map '%s': %s", path, strerror(errno));
        }
        *m = (FileMap){.data = p, .size = size, .is_mapped = true};
    }
    struct stat st;
    if (fstat(fd, &st) == 0) {
        m->device = st.st_dev;
        m->inode = st.st_ino;
    }
    close(fd);
    return true;
}

void file_map_drop(const FileMap *m, const void *from, size_t size)
{
    if (!m->is_mapped)
        return;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t lo = ((uintptr_t)from + page - 1) / page * page;
    uintptr_t hi = ((uintptr_t)from + size) / page * page;
    if (hi > lo)
        madvise((void *)lo, hi - lo, MADV_DONTNEED);
}

void file_unmap(FileMap *m)
{
    if (m->is_mapped)
        munmap((void *)(uintptr_t)m->data, m->size);
    *m = (FileMap){0};
}

bool file_map_is(const FileMap *m, const char *path)
{
    struct stat st;
    return m->is_mapped && stat(path, &st) == 0 && st.st_dev == m->device &&
           st.st_ino == m->inode;
}

/* False if it ends early, or with errno set. */
static bool read_all(int fd, unsigned char *to, size_t size)
{
    for (size_t got = 0; got < size;) {
        errno = 0;
        ssize_t n = read(fd, to + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

bool file_read(unsigned char **bytes, size_t *size, const char *path, size_t limit, Err *err)
{
    int fd = open_regular(path, size, err);
    if (fd < 0)
        return false;
    bool ok = *size <= limit;
    if (!ok) {
        err_set(err, ERR_FORMAT, "'%s' is too large: %zu bytes, at most %zu are allowed", path,
                *size, limit);
    } else {
        *bytes = xalloc(*size + 1, 1);
        ok = read_all(fd, *bytes, *size);
        if (!ok) {
            err_set(err, ERR_IO, "cannot read '%s': %s", path,
                    errno != 0 ? strerror(errno) : "it is shorter than it was");
            xfree(*bytes);
            *bytes = NULL;
        }
    }
    close(fd);
    return ok;
}

static bool write_all(int fd, const unsigned char *from, size_t size)
{
    for (size_t put = 0; put < size;) {
        ssize_t n = write(fd, from + put, size - put);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        put += (size_t)n;
    }
    return true;
}

bool file_save(const char *path, const void *bytes, size_t size, Err *err)
{
    return file_save_parts(path, &(FilePart){bytes, size}, 1, err);
}

bool file_save_parts(const char *path, const FilePart *parts, size_t count, Err *err)
{
    FileOut f;
    bool ok = file_begin(&f, path, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = file_put(&f, parts[i].bytes, parts[i].size, err);
    return file_end(&f, ok, err);
}

static bool cannot_write(const FileOut *f, Err *err)
{
    return err_set(err, ERR_IO, "cannot write '%s': %s", f->path, strerror(errno));
}

bool file_begin(FileOut *f, const char *path, Err *err)
{
    size_t n = strlen(path) + 16;
    *f = (FileOut){.path = xstrdup(path), .passing = xalloc(n, 1)};
    snprintf(f->passing, n, "%s.XXXXXX", path);
    f->fd = mkostemp(f->passing, O_CLOEXEC);
    return f->fd >= 0 || cannot_write(f, err);
}

bool file_put(FileOut *f, const void *bytes, size_t size, Err *err)
{
    return write_all(f->fd, bytes, size) || cannot_write(f, err);
}

bool file_end(FileOut *f, bool ok, Err *err)
{
    mode_t mask = umask(0);
    umask(mask);
    if (ok)
        ok = fchmod(f->fd, 0666 & ~mask) == 0 || cannot_write(f, err);
    if (f->fd >= 0 && close(f->fd) != 0 && ok)
        ok = cannot_write(f, err);
    if (ok)
        ok = rename(f->passing, f->path) == 0 || cannot_write(f, err);
    if (!ok && f->fd >= 0)
        unlink(f->passing);
    xfree(f->passing);
    xfree(f->path);
    *f = (FileOut){.fd = -1};
    return ok;
}

bool file_may_write(const char *path, Err *err)
{
    FileOut f;
    if (file_is_dir(path))
        return err_set(err, ERR_IO, "cannot write '%s': it is a folder", path);
    Err why = {0};
    bool ok = file_begin(&f, path, &why), is_lost = !ok && errno == ENOENT;
    (void)!file_end(&f, false, &why);
    if (is_lost)
        return err_set(err, ERR_IO, "cannot write '%s': its folder is not there", path);
    return ok || err_set(err, why.kind, "%s", why.text);
}

bool file_remove(const char *path, Err *err)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return true;
    return err_set(err, ERR_IO, "cannot remove '%s': %s", path, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

bool file_remove_tree(const char *path, Err *err)
{
    enum { HANDLES = 16 };
    if (nftw(path, remove_one, HANDLES, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return true;
    return err_set(err, ERR_IO, "cannot remove '%s': %s", path, strerror(errno));
}

bool file_rename(const char *from, const char *to, Err *err)
{
    if (rename(from, to) == 0)
        return true;
    return err_set(err, ERR_IO, "cannot rename '%s' to '%s': %s", from, to, strerror(errno));
}

bool file_make_dirs(const char *path, Err *err)
{
    char *p = xstrdup(path);
    bool ok = *p != '\0';
    for (char *s = p + 1; ok; s++) {
        if (*s != '/' && *s != '\0')
            continue;
        char was = *s;
        *s = '\0';
        ok = mkdir(p, 0777) == 0 || errno == EEXIST || errno == EISDIR;
        *s = was;
        if (was == '\0')
            break;
    }
    if (ok && !file_is_dir(path)) {
        errno = ENOTDIR;
        ok = false;
    }
    if (*p == '\0')
        errno = ENOENT;
    if (!ok)
        err_set(err, ERR_IO, "cannot make the folder '%s': %s", path, strerror(errno));
    xfree(p);
    return ok;
}

bool file_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_name_ends(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

const char *file_stem(const char *path, size_t *length)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    *length = dot != NULL && dot > name ? (size_t)(dot - name) : strlen(name);
    return name;
}

char *file_join(const char *dir, const char *name)
{
    size_t n = strlen(dir) + strlen(name) + 2;
    char *p = xalloc(n, 1);
    bool ends = dir[0] != '\0' && dir[strlen(dir) - 1] == '/';
    snprintf(p, n, ends ? "%s%s" : "%s/%s", dir, name);
    return p;
}

/* By text, but runs of digits by their value. */
static int compare_names(const void *pa, const void *pb)
{
    const char *a = *(char *const *)pa, *b = *(char *const *)pb;
    while (*a != '\0' && *b != '\0') {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            size_t za = strspn(a, "0"), zb = strspn(b, "0");
            size_t na = strspn(a + za, "0123456789"), nb = strspn(b + zb, "0123456789");
            int d = na != nb ? (na > nb) - (na < nb) : strncmp(a + za, b + zb, na);
            if (d != 0)
                return d;
            a += za + na;
            b += zb + nb;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    int d = (unsigned char)*a - (unsigned char)*b;
    return d != 0 ? d : strcmp(*(char *const *)pa, *(char *const *)pb);
}

bool file_names(char ***names, int *count, const char *dir, Err *err)
{
    enum { MOST = 1 << 20 };
    *names = NULL;
    *count = 0;
    DIR *d = opendir(dir);
    if (d == NULL)
        return err_set(err, ERR_IO, "cannot open the folder '%s': %s", dir, strerror(errno));
    for (struct dirent *e; (e = readdir(d)) != NULL && *count < MOST;) {
        if (e->d_name[0] == '.')
            continue;
        *names = xgrow(*names, (size_t)*count + 1, sizeof **names);
        (*names)[(*count)++] = xstrdup(e->d_name);
    }
    closedir(d);
    if (*count > 1)
        qsort(*names, (size_t)*count, sizeof **names, compare_names);
    return true;
}

void file_names_free(char **names, int count)
{
    for (int i = 0; i < count; i++)
        xfree(names[i]);
    xfree(names);
}
