/* SPDX-License-Identifier: MIT */
#include "weights/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The part of PKWARE's APPNOTE that torch.save writes: stored members, names,
 * zip64 sizes.  The directory at the end is what counts; each local header
 * must agree with it, since tricks live where the two differ. */
enum {
    LOCAL_SIZE = 30,
    ENTRY_SIZE = 46,
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR_SIZE = 20,
    COMMENT_LIMIT = 65535,
    IS_ENCRYPTED = 1 << 0,
    SIZES_FOLLOW = 1 << 3, /* the local header does not know them yet */
    EXTRA_ZIP64 = 1,
};

/* Where the directory lies. */
typedef struct Directory {
    uint64_t begin, size, count;
} Directory;

/* One entry of the directory, as it stands. */
typedef struct Raw {
    uint16_t flags, method;
    uint64_t packed, size, local;
    Text name;
} Raw;

static const unsigned char *find_end(const unsigned char *bytes, size_t size)
{
    if (size < END_SIZE)
        return NULL;
    size_t farthest = size - END_SIZE < COMMENT_LIMIT ? size - END_SIZE : COMMENT_LIMIT;
    for (size_t comment = 0; comment <= farthest; comment++) {
        const unsigned char *at = bytes + size - END_SIZE - comment;
        if (memcmp(at, "PK\x05\x06", 4) == 0 && read_u16(at + 20) == comment)
            return at;
    }
    return NULL;
}

static bool is_wide(uint64_t narrow, uint64_t unknown, uint64_t wide)
{
    return narrow == unknown || narrow == wide;
}

/* The zip64 record, if there is one, stands right before its locator, and
 * agrees with the narrow one. */
static bool read_end64(Directory *d, const unsigned char *bytes, const unsigned char *end,
                       const unsigned char **before, Err *err)
{
    *before = end;
    if (end - bytes < LOCATOR_SIZE || memcmp(end - LOCATOR_SIZE, "PK\x06\x07", 4) != 0)
        return true;
    const unsigned char *locator = end - LOCATOR_SIZE;
    uint64_t at = read_u64(locator + 8), room = (uint64_t)(locator - bytes);
    if (room < END64_SIZE || at > room - END64_SIZE || memcmp(bytes + at, "PK\x06\x06", 4) != 0)
        return err_set(err, ERR_FORMAT, "the zip64 record is not where the archive says");
    const unsigned char *wide = bytes + at;
    uint64_t length = read_u64(wide + 4);
    Directory found = {read_u64(wide + 48), read_u64(wide + 40), read_u64(wide + 32)};
    if (length != room - at - 12 || read_u64(wide + 24) != found.count ||
        !is_wide(d->begin, UINT32_MAX, found.begin) ||
        !is_wide(d->size, UINT32_MAX, found.size) ||
        !is_wide(d->count, UINT16_MAX, found.count))
        return err_set(err, ERR_FORMAT, "the zip64 record contradicts the zip record");
    *d = found;
    *before = wide;
    return true;
}

static bool find_directory(Directory *d, const unsigned char *bytes, size_t size, Err *err)
{
    const unsigned char *end = find_end(bytes, size);
    if (end == NULL)
        return err_set(err, ERR_FORMAT,
                       "the zip directory at the end is missing: the file is cut off");
    const unsigned char *before = NULL;
    *d = (Directory){read_u32(end + 16), read_u32(end + 12), read_u16(end + 10)};
    if (!read_end64(d, bytes, end, &before, err))
        return false;
    if (read_u16(end + 4) != 0 || read_u16(end + 6) != 0 ||
        read_u16(end + 8) != read_u16(end + 10))
        return err_set(err, ERR_FORMAT, "the zip archive is spread over several disks");
    uint64_t room = (uint64_t)(before - bytes);
    if (d->begin > room || d->size != room - d->begin)
        return err_set(err, ERR_FORMAT,
                       "the zip directory (%" PRIu64 " bytes at %" PRIu64
                       ") does not end where the archive does",
                       d->size, d->begin);
    if (d->count > d->size / ENTRY_SIZE)
        return err_set(err, ERR_FORMAT,
                       "the zip directory is too small for %" PRIu64 " members", d->count);
    return true;
}

/* Takes the next 8 bytes of a zip64 extra field if `value` asks for them. */
static bool widen(uint64_t *value, const unsigned char **at, const unsigned char *end)
{
    if (*value != UINT32_MAX)
        return true;
    if (end - *at < 8)
        return false;
    *value = read_u64(*at);
    *at += 8;
    return true;
}

/* Replaces sizes of 0xffffffff by those of the zip64 extra field.  False if
 * there is none. */
static bool read_extra(const unsigned char *at, size_t size, uint64_t *full, uint64_t *packed,
                       uint64_t *local)
{
    const unsigned char *end = at + size;
    uint64_t none = 0;
    while (end - at >= 4) {
        size_t n = read_u16(at + 2);
        if (n > (size_t)(end - at - 4))
            break;
        const unsigned char *field = at + 4;
        if (read_u16(at) == EXTRA_ZIP64)
            return widen(full, &field, field + n) && widen(packed, &field, at + 4 + n) &&
                   widen(local ? local : &none, &field, at + 4 + n);
        at += 4 + n;
    }
    return *full != UINT32_MAX && *packed != UINT32_MAX && (!local || *local != UINT32_MAX);
}

static bool check_name(Text name, Err *err)
{
    bool is_plain = name.size > 0 && name.size <= LONGEST_NAME && name.at[0] != '/';
    for (size_t i = 0; is_plain && i < name.size; i++) {
        bool starts = i == 0 || name.at[i - 1] == '/';
        bool is_up = starts && name.size - i >= 2 && memcmp(name.at + i, "..", 2) == 0 &&
                     (name.size - i == 2 || name.at[i + 2] == '/');
        is_plain = name.at[i] >= ' ' && name.at[i] <= '~' && name.at[i] != '\\' && !is_up;
    }
    if (!is_plain)
        return err_set(err, ERR_FORMAT, "zip member '%s' has a name that torch would not write",
                       text_shown(name).s);
    return true;
}

/* Reads the directory entry at *at, and moves on. */
static bool read_raw(Raw *raw, const unsigned char **at, const unsigned char *end, Err *err)
{
    const unsigned char *p = *at;
    if (end - p < ENTRY_SIZE || memcmp(p, "PK\x01\x02", 4) != 0)
        return err_set(err, ERR_FORMAT, "the zip directory is broken");
    size_t name = read_u16(p + 28), extra = read_u16(p + 30), comment = read_u16(p + 32);
    if (name + extra + comment > (size_t)(end - p - ENTRY_SIZE))
        return err_set(err, ERR_FORMAT, "the zip directory is broken");
    *raw = (Raw){.flags = read_u16(p + 8),
                 .method = read_u16(p + 10),
                 .packed = read_u32(p + 20),
                 .size = read_u32(p + 24),
                 .local = read_u32(p + 42),
                 .name = {(const char *)p + ENTRY_SIZE, name}};
    *at = p + ENTRY_SIZE + name + extra + comment;
    if (!check_name(raw->name, err))
        return false;
    if (!read_extra(p + ENTRY_SIZE + name, extra, &raw->size, &raw->packed, &raw->local))
        return err_set(err, ERR_FORMAT, "zip member '%s' lacks its zip64 sizes",
                       text_shown(raw->name).s);
    return true;
}

/* Whether the local header tells the same sizes, or none. */
static bool sizes_agree(const unsigned char *local, size_t name, size_t extra, const Raw *raw)
{
    uint64_t packed = read_u32(local + 18), size = read_u32(local + 22);
    if ((raw->flags & SIZES_FOLLOW) != 0 && packed == 0 && size == 0)
        return true;
    return read_extra(local + LOCAL_SIZE + name, extra, &size, &packed, NULL) &&
           size == raw->size && packed == raw->packed;
}

/* Finds a member's bytes, which lie after its local header and before the
 * directory. */
static bool locate(ZipEntry *entry, const Raw *raw, const unsigned char *bytes, uint64_t limit,
                   Err *err)
{
    if ((raw->flags & IS_ENCRYPTED) != 0)
        return err_set(err, ERR_FORMAT, "zip member '%s' is encrypted",
                       text_shown(raw->name).s);
    if (raw->method != 0 || raw->packed != raw->size)
        return err_set(err, ERR_FORMAT,
                       "zip member '%s' is compressed, which torch never does: save it again",
                       text_shown(raw->name).s);
    if (raw->local > limit || limit - raw->local < LOCAL_SIZE)
        return err_set(err, ERR_FORMAT, "zip member '%s' lies outside the file",
                       text_shown(raw->name).s);
    const unsigned char *local = bytes + raw->local;
    size_t named = read_u16(local + 26), extra = read_u16(local + 28);
    uint64_t room = limit - raw->local - LOCAL_SIZE;
    Text name_there = {(const char *)local + LOCAL_SIZE, named};
    if (memcmp(local, "PK\x03\x04", 4) != 0 || named + extra > room ||
        !text_equal(name_there, raw->name) || read_u16(local + 8) != raw->method ||
        !sizes_agree(local, named, extra, raw))
        return err_set(err, ERR_FORMAT, "zip member '%s' contradicts the zip directory",
                       text_shown(raw->name).s);
    if (raw->size > room - named - extra)
        return err_set(err, ERR_FORMAT, "zip member '%s' lies outside the file",
                       text_shown(raw->name).s);
    *entry = (ZipEntry){.name = raw->name,
                        .bytes = local + LOCAL_SIZE + named + extra,
                        .size = (size_t)raw->size,
                        .begin = (size_t)raw->local};
    return true;
}

static int by_place(const void *pa, const void *pb)
{
    const ZipEntry *a = pa, *b = pb;
    return (a->begin > b->begin) - (a->begin < b->begin);
}

static int by_name(const void *pa, const void *pb)
{
    const ZipEntry *a = pa, *b = pb;
    return text_compare(a->name, b->name);
}

/* No two members share bytes or a name.  Leaves them ordered by name. */
static bool check_apart(Zip *z, const unsigned char *bytes, Err *err)
{
    qsort(z->entries, z->count, sizeof *z->entries, by_place);
    for (size_t i = 1; i < z->count; i++) {
        const ZipEntry *before = &z->entries[i - 1];
        if (before->bytes + before->size > bytes + z->entries[i].begin)
            return err_set(err, ERR_FORMAT, "zip member '%s' overlaps another",
                           text_shown(z->entries[i].name).s);
    }
    qsort(z->entries, z->count, sizeof *z->entries, by_name);
    for (size_t i = 1; i < z->count; i++)
        if (text_equal(z->entries[i].name, z->entries[i - 1].name))
            return err_set(err, ERR_FORMAT, "zip member '%s' comes twice",
                           text_shown(z->entries[i].name).s);
    return true;
}

bool zip_read(Zip *z, const unsigned char *bytes, size_t size, Err *err)
{
    Directory d = {0};
    *z = (Zip){0};
    if (!find_directory(&d, bytes, size, err))
        return false;
    const unsigned char *at = bytes + d.begin, *end = at + d.size;
    z->entries = xalloc((size_t)d.count, sizeof *z->entries);
    bool ok = true;
    while (ok && z->count < d.count) {
        Raw raw;
        ok = read_raw(&raw, &at, end, err) &&
             locate(&z->entries[z->count], &raw, bytes, d.begin, err);
        z->count += ok;
    }
    if (ok && at != end)
        ok = err_set(err, ERR_FORMAT, "the zip directory is broken");
    ok = ok && check_apart(z, bytes, err);
    if (!ok)
        zip_release(z);
    return ok;
}

void zip_release(Zip *z)
{
    xfree(z->entries);
    *z = (Zip){0};
}

const ZipEntry *zip_find(const Zip *z, Text name)
{
    ZipEntry key = {.name = name};
    if (z->count == 0)
        return NULL;
    return bsearch(&key, z->entries, z->count, sizeof key, by_name);
}
