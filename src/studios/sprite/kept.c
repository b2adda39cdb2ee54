/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"
#include "base/json.h"

#include <stdio.h>

/* PART/walk_s/0000.png and so on; under a passing name until the last is there. */

/* Free with xfree. */
static char *frame_path(const char *dir, int64_t i)
{
    char name[32];
    snprintf(name, sizeof name, "%04lld.png", (long long)i);
    return file_join(dir, name);
}

/* root.json: the columns over which the body is. */
static bool recall_root(const Action *m, const char *dir, Err *err)
{
    char *path = file_join(dir, "root.json");
    Json *j = js_load(path, err);
    bool ok = js_count(j) == (size_t)m->count;
    for (int64_t i = 0; ok && i < m->count; i++)
        m->root[i] = (int)js_int(js_at(j, (size_t)i), 0);
    js_free(j);
    xfree(path);
    return ok;
}

static bool store_root(const Action *m, const char *dir, Err *err)
{
    char *path = file_join(dir, "root.json");
    Json *j = js_new_array();
    for (int64_t i = 0; i < m->count; i++)
        js_push_int(j, m->root[i]);
    bool ok = js_save(j, path, err);
    js_free(j);
    xfree(path);
    return ok;
}

bool kept_recall(Work *w, Action *m)
{
    char *dir = file_join(w->part, m->name);
    size_t mark = w->job.used;
    Err none = {0};
    bool ok = file_is_dir(dir);
    m->frame = ok ? arena_zeros(&w->job, (size_t)m->count * sizeof *m->frame) : NULL;
    ok = m->frame != NULL;
    for (int64_t i = 0; ok && i < m->count; i++) {
        char *path = frame_path(dir, i);
        Image im = image_load(&w->job, path, &none);
        xfree(path);
        if (!tensor_is_empty(im) && !w->q->raw)
            im = image_to_rgba(&w->job, im, &none);
        m->frame[i] = im;
        ok = !tensor_is_empty(im);
    }
    ok = ok && recall_root(m, dir, &none);
    if (!ok)
        arena_rewind(&w->job, mark);
    xfree(dir);
    return ok;
}

bool kept_store(Work *w, const Action *m, Err *err)
{
    char name[80];
    snprintf(name, sizeof name, "%s.passing", m->name);
    char *passing = file_join(w->part, name), *dir = file_join(w->part, m->name);
    bool ok = file_remove_tree(passing, err) && file_make_dirs(passing, err);
    for (int64_t i = 0; ok && i < m->count; i++) {
        char *path = frame_path(passing, i);
        ok = image_save(m->frame[i], path, NULL, 0, err);
        xfree(path);
    }
    ok = ok && store_root(m, passing, err) && file_remove_tree(dir, err) &&
         file_rename(passing, dir, err);
    xfree(passing);
    xfree(dir);
    return ok;
}
