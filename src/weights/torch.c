/* SPDX-License-Identifier: MIT */
#include "weights/pickle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The two containers of torch.save.  (torch/serialization.py)
 *
 * zip:     ROOT/data.pkl, and for each storage ROOT/data/KEY
 * legacy:  pickles of a magic number, a version, facts about the machine, the
 *          object, and the keys of the storages; then for each key an 8-byte
 *          count and the elements */

static bool find_root(const Zip *z, Text *root, Err *err)
{
    static const char leaf[] = "/data.pkl";
    size_t found = 0, n = sizeof leaf - 1;
    for (size_t i = 0; i < z->count; i++) {
        Text name = z->entries[i].name;
        if (name.size <= n || memcmp(name.at + name.size - n, leaf, n) != 0 ||
            memchr(name.at, '/', name.size - n) != NULL)
            continue;
        *root = (Text){name.at, name.size - n};
        found++;
    }
    if (found == 0)
        err_set(err, ERR_FORMAT, "this zip archive holds no data.pkl: torch did not write it");
    if (found > 1)
        err_set(err, ERR_FORMAT, "this zip archive holds more than one data.pkl");
    return found == 1;
}

/* ROOT/PATHKEY, or NULL. */
static const ZipEntry *member(const Zip *z, Text root, const char *path, Text key)
{
    char name[LONGEST_NAME * 2];
    size_t n = strlen(path), size = root.size + n + key.size;
    if (size > sizeof name)
        return NULL;
    memcpy(name, root.at, root.size);
    memcpy(name + root.size, path, n);
    if (key.size > 0)
        memcpy(name + root.size + n, key.at, key.size);
    return zip_find(z, (Text){name, size});
}

static bool check_byte_order(const Zip *z, Text root, Err *err)
{
    const ZipEntry *e = member(z, root, "/byteorder", (Text){"", 0});
    if (e == NULL || text_is((Text){(const char *)e->bytes, e->size}, "little"))
        return true;
    return err_set(err, ERR_FORMAT,
                   "its numbers are not little-endian, which is not supported");
}

static bool locate_storages(const Zip *z, Text root, StorageClaim *claims, Err *err)
{
    for (StorageClaim *c = claims; c != NULL; c = c->next) {
        const ZipEntry *e = member(z, root, "/data/", c->key);
        size_t bytes;
        if (e == NULL)
            return err_set(err, ERR_FORMAT, "storage '%s' is not in the archive",
                           text_shown(c->key).s);
        if (__builtin_mul_overflow((size_t)c->count, tensor_type_size(c->type), &bytes) ||
            bytes != e->size)
            return err_set(err, ERR_FORMAT,
                           "storage '%s' has %zu bytes, which are not %" PRId64
                           " elements of %s",
                           text_shown(c->key).s, e->size, c->count, tensor_type_name(c->type));
        c->bytes = e->bytes;
    }
    return true;
}

static bool read_archive(Weights *w, const Zip *z, Err *err)
{
    Text root = {0};
    Pickle p = {0};
    if (!find_root(z, &root, err) || !check_byte_order(z, root, err))
        return false;
    const ZipEntry *e = member(z, root, "/data.pkl", (Text){"", 0});
    bool ok = e != NULL && pickle_read(&p, e->bytes, e->size, err) &&
              locate_storages(z, root, p.storages, err) && pickle_collect(&p, w, err);
    pickle_release(&p);
    return ok;
}

bool torch_zip_read(Weights *w, const unsigned char *bytes, size_t size, Err *err)
{
    Zip z;
    if (!zip_read(&z, bytes, size, err))
        return false;
    bool ok = read_archive(w, &z, err);
    zip_release(&z);
    return ok;
}

typedef struct Reader {
    const unsigned char *bytes;
    size_t at, size;
} Reader;

static bool next_pickle(Reader *r, Pickle *p, Err *err)
{
    bool ok = pickle_read(p, r->bytes + r->at, r->size - r->at, err);
    r->at += p->used;
    return ok;
}

static bool is_magic(const Value *v)
{
    static const char magic[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    return v->kind == VALUE_BIG && text_equal(v->text, (Text){magic, sizeof magic - 1});
}

static bool is_true(const Value *v)
{
    return v != NULL && v->kind == VALUE_BOOL && v->number != 0;
}

/* The three pickles before the object. */
static bool read_preface(Reader *r, Err *err)
{
    static const int64_t version = 1001;
    Pickle p;
    bool ok = next_pickle(r, &p, err);
    if (ok && !is_magic(p.root))
        ok = err_set(err, ERR_FORMAT, "this pickle is not one that torch.save wrote");
    pickle_release(&p);
    if (!ok)
        return false;
    ok = next_pickle(r, &p, err);
    if (ok && (p.root->kind != VALUE_INT || p.root->number != version))
        ok = err_set(err, ERR_FORMAT, "its version of the legacy torch format is unknown");
    pickle_release(&p);
    if (!ok)
        return false;
    ok = next_pickle(r, &p, err);
    if (ok && !is_true(pickle_member(p.root, "little_endian")))
        ok = err_set(err, ERR_FORMAT,
                     "its numbers are not little-endian, which is not supported");
    pickle_release(&p);
    return ok;
}

static int by_key(const void *a, const void *b)
{
    return text_compare((*(StorageClaim *const *)a)->key, (*(StorageClaim *const *)b)->key);
}

/* The first of the claims for a key; they are ordered by it. */
static size_t first_claim(StorageClaim **claims, size_t count, Text key)
{
    size_t lo = 0, hi = count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (text_compare(claims[mid]->key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Gives the bytes at the reader to all claims for this key. */
static bool read_storage(Reader *r, StorageClaim **claims, size_t count, Text key, Err *err)
{
    size_t i = first_claim(claims, count, key), bytes;
    if (i == count || !text_equal(claims[i]->key, key) || claims[i]->bytes != NULL)
        return err_set(err, ERR_FORMAT, "storage '%s' is listed, but not used once",
                       text_shown(key).s);
    const StorageClaim *first = claims[i];
    if (r->size - r->at < 8)
        return err_set(err, ERR_FORMAT, "the file is cut off before storage '%s'",
                       text_shown(key).s);
    if (read_u64(r->bytes + r->at) != (uint64_t)first->count ||
        __builtin_mul_overflow((size_t)first->count, tensor_type_size(first->type), &bytes))
        return err_set(err, ERR_FORMAT,
                       "storage '%s' has not the %" PRId64 " elements promised",
                       text_shown(key).s, first->count);
    r->at += 8;
    if (bytes > r->size - r->at)
        return err_set(err, ERR_FORMAT, "the file is cut off in storage '%s'",
                       text_shown(key).s);
    for (; i < count && text_equal(claims[i]->key, key); i++) {
        if (claims[i]->type != first->type || claims[i]->count != first->count)
            return err_set(err, ERR_FORMAT, "storage '%s' is said to be two things",
                           text_shown(key).s);
        claims[i]->bytes = r->bytes + r->at;
    }
    r->at += bytes;
    return true;
}

static bool read_storages(Reader *r, StorageClaim *list, const Value *keys, Err *err)
{
    size_t count = 0, i = 0;
    for (StorageClaim *c = list; c != NULL; c = c->next)
        count++;
    StorageClaim **claims = xalloc(count, sizeof(StorageClaim *));
    for (StorageClaim *c = list; c != NULL; c = c->next)
        claims[i++] = c;
    qsort(claims, count, sizeof(StorageClaim *), by_key);
    bool ok = keys->kind == VALUE_LIST ||
              err_set(err, ERR_FORMAT, "the list of its storages is no list");
    for (uint32_t k = 0; ok && k < keys->list.count; k++) {
        const Value *key = keys->list.item[k];
        ok = key->kind == VALUE_TEXT ? read_storage(r, claims, count, key->text, err)
                                     : err_set(err, ERR_FORMAT, "a storage has no name");
    }
    for (i = 0; ok && i < count; i++)
        if (claims[i]->bytes == NULL)
            ok = err_set(err, ERR_FORMAT, "storage '%s' is not in the file",
                         text_shown(claims[i]->key).s);
    xfree(claims);
    return ok;
}

bool torch_legacy_read(Weights *w, const unsigned char *bytes, size_t size, Err *err)
{
    Reader r = {.bytes = bytes, .size = size};
    Pickle object = {0}, keys = {0};
    bool ok =
        read_preface(&r, err) && next_pickle(&r, &object, err) && next_pickle(&r, &keys, err) &&
        read_storages(&r, object.storages, keys.root, err) && pickle_collect(&object, w, err);
    pickle_release(&keys);
    pickle_release(&object);
    return ok;
}
