/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

/* Many pictures in one run, each in a folder of its own:
 *
 *   OUT/NAME              all of it, at once: it appears under this name when it is done
 *   OUT/NAME/settings.txt what it was made from; if that still holds, it is not made again
 *   OUT/.NAME.part/       while it is made: drawn actions, so that a run goes on
 *   OUT/summary.json      how each ended
 *
 * Nothing of it depends on when it was made, so a run that was cut off and
 * went on ends with the same bytes as one that was not. */

enum { MOST_JOBS = 4096, NAME_ROOM = 96 };

typedef enum { JOB_WAITS, JOB_DONE, JOB_DONE_BEFORE, JOB_FAILED } JobState;

typedef struct BatchJob {
    SpriteRequest q;
    const char *picture;
    char name[NAME_ROOM]; /* of its folder */
    JobState state;
    Err err;
} BatchJob;

typedef struct Batch {
    const Studio *studio; /* this one, for its table */
    const StudioRun *talk;
    const char *out;
    BatchJob **job; /* each alone: texts in them are borrowed from the file and the words */
    int count;
    Json **file;
    int files;
    Arena texts; /* paths and numbers of the file, as texts */
} Batch;

/* ---- what to make -------------------------------------------------------------------- */

static bool is_taken(const Batch *b, const char *name)
{
    for (int i = 0; i < b->count; i++)
        if (strcmp(b->job[i]->name, name) == 0)
            return true;
    return false;
}

/* "art/Red Knight.png" to "Red_Knight"; the second of a name is NAME_2. */
static void name_job(const Batch *b, BatchJob *job, const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
    char stem[NAME_ROOM - 16];
    size_t n = strcspn(base, ".");
    if (n == 0)
        n = strlen(base);
    snprintf(stem, sizeof stem, "%.*s", (int)min64((int64_t)n, 60), base);
    for (char *c = stem; *c != '\0'; c++) {
        bool is_plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                        (*c >= 'A' && *c <= 'Z') || *c == '-' || *c == '_';
        *c = is_plain ? *c : '_';
    }
    snprintf(job->name, sizeof job->name, "%s", stem);
    for (int i = 2; is_taken(b, job->name); i++)
        snprintf(job->name, sizeof job->name, "%s_%d", stem, i);
}

static bool add_job(Batch *b, const SpriteRequest *q, const char *picture, Err *err)
{
    if (b->count == MOST_JOBS)
        return err_set(err, ERR_INPUT, "more than %d pictures; run again with the rest",
                       MOST_JOBS);
    BatchJob *job = xalloc(1, sizeof *job);
    job->q = *q;
    job->q.pictures = (Paths){1, {picture}};
    job->picture = picture;
    name_job(b, job, picture);
    b->job = xgrow(b->job, (size_t)b->count + 1, sizeof *b->job);
    b->job[b->count++] = job;
    return true;
}

/* ---- a file of jobs --------------------------------------------------------------------- */

/* A path of the file is meant from where the file lies. */
static const char *path_in_file(Batch *b, const char *file, const char *path)
{
    const char *slash = strrchr(file, '/');
    if (path[0] == '/' || slash == NULL)
        return path;
    char *dir = xstrdup(file);
    dir[slash - file] = '\0';
    char *joined = file_join(dir, path);
    const char *kept = arena_strdup(&b->texts, joined);
    must(kept != NULL);
    xfree(joined);
    xfree(dir);
    return kept;
}

static const char *value_text(Batch *b, const Json *j)
{
    char text[64];
    if (js_is_string(j))
        return js_string(j, "");
    if (js_is_number(j))
        snprintf(text, sizeof text, "%.17g", js_number(j, 0));
    else
        snprintf(text, sizeof text, "%s", js_bool(j, false) ? "true" : "false");
    const char *kept = arena_strdup(&b->texts, text);
    must(kept != NULL);
    return kept;
}

/* The members of an object, named as the flags are, into a request. */
static bool read_params(Batch *b, SpriteRequest *q, Json *object, const char *file, Err *err)
{
    for (void *it = js_first(object); it != NULL; it = js_next(object, it)) {
        const char *name = js_key(it);
        const Param *p = studio_param(b->studio, name, strlen(name));
        bool is_path = p != NULL && (p->type == PARAM_PATH || p->type == PARAM_PATHS);
        if (p == NULL || strcmp(name, "out") == 0)
            return err_set(err, ERR_INPUT,
                           "a job has no '%.40s'; its members are flags of sprite", name);
        const char *text = value_text(b, js_value(it));
        if (!param_set(p, q, is_path ? path_in_file(b, file, text) : text, err))
            return err_prefix(err, "'%.40s' ", name);
    }
    return true;
}

static bool read_job(Batch *b, const SpriteRequest *base, Json *object, const char *file,
                     Err *err)
{
    SpriteRequest *q = xalloc(1, sizeof *q);
    *q = *base;
    q->pictures.count = 0;
    bool ok = js_is_object(object) ? read_params(b, q, object, file, err)
                                   : err_set(err, ERR_FORMAT, "a job should be an object");
    if (ok && q->pictures.count == 0)
        ok = err_set(err, ERR_FORMAT, "a job should have a 'picture'");
    ok = ok && add_job(b, q, q->pictures.of[0], err);
    xfree(q);
    return ok;
}

static bool read_jobs(Batch *b, const SpriteRequest *q, Json *file, const char *path, Err *err)
{
    Json *jobs = js_get(file, "jobs"), *defaults = js_get(file, "defaults");
    if (!js_is_array(jobs) || js_count(jobs) == 0)
        return err_set(err, ERR_FORMAT,
                       "there should be an array 'jobs' of objects with a 'picture' each");
    SpriteRequest *base = xalloc(1, sizeof *base);
    *base = *q;
    base->pictures.count = 0;
    bool ok = js_is_null(defaults) || read_params(b, base, defaults, path, err);
    for (size_t i = 0; ok && i < js_count(jobs); i++)
        ok =
            read_job(b, base, js_at(jobs, i), path, err) || err_prefix(err, "job %zu: ", i + 1);
    xfree(base);
    return ok;
}

/* The document is kept: the jobs' texts are its own. */
static bool read_file(Batch *b, const SpriteRequest *q, const char *path, Err *err)
{
    Json *file = js_load(path, err);
    if (file == NULL)
        return false;
    b->file = xgrow(b->file, (size_t)b->files + 1, sizeof *b->file);
    b->file[b->files++] = file;
    return read_jobs(b, q, file, path, err) || err_prefix(err, "'%s': ", path);
}

bool batch_is_file(const char *path)
{
    return file_name_ends(path, ".json");
}

static bool list_jobs(Batch *b, const SpriteRequest *q, Err *err)
{
    for (int64_t i = 0; i < q->pictures.count; i++) {
        const char *path = q->pictures.of[i];
        if (!(batch_is_file(path) ? read_file(b, q, path, err) : add_job(b, q, path, err)))
            return false;
    }
    return true;
}

static void release(Batch *b)
{
    for (int i = 0; i < b->count; i++)
        xfree(b->job[i]);
    xfree(b->job);
    for (int i = 0; i < b->files; i++)
        js_free(b->file[i]);
    xfree(b->file);
    arena_release(&b->texts);
}

/* ---- what a job is made from ---------------------------------------------------------------
 */

/* FNV-1a, 64 bits, of a file's bytes; of a folder only its name counts. */
static bool hash_file(uint64_t *hash, const char *path, Err *err)
{
    FileMap m;
    *hash = 0xcbf29ce484222325u;
    if (file_is_dir(path))
        return true;
    if (!file_map(&m, path, err))
        return false;
    for (size_t i = 0; i < m.size; i++)
        *hash = (*hash ^ m.data[i]) * 0x100000001b3u;
    file_unmap(&m);
    return true;
}

/* A line about the bytes of a file: "FILE", or "FILE:0.7" of a LoRA. */
static bool add_hash(char **text, const char *name, const char *word, Err *err)
{
    uint64_t hash;
    char *path = xstrdup(word), *colon = strrchr(path, ':');
    if (colon != NULL && !file_exists(path))
        *colon = '\0';
    bool ok = hash_file(&hash, path, err);
    xfree(path);
    if (!ok)
        return false;
    size_t n = strlen(*text), room = strlen(name) + 40;
    *text = xgrow(*text, n + room, 1);
    snprintf(*text + n, room, "bytes of %s=%016llx\n", name, (unsigned long long)hash);
    return true;
}

static bool add_hashes(char **text, const Param *p, const BatchJob *job, Err *err)
{
    const void *at = (const char *)&job->q + p->offset;
    const char *path = p->type == PARAM_PATH ? *(const char *const *)at : NULL;
    if (at == &job->q.pictures)
        path = job->picture;
    if (is_given(path))
        return add_hash(text, p->name, path, err);
    bool ok = true;
    for (int64_t i = 0; p->type == PARAM_PATHS && i < ((const Paths *)at)->count && ok; i++)
        ok = add_hash(text, p->name, ((const Paths *)at)->of[i], err);
    return ok;
}

/* Every parameter that changes a pixel, and the bytes of the files that it names. */
static char *describe(const Batch *b, const BatchJob *job, Err *err)
{
    static const char *const without[] = {"picture", "out",  "jobs", "threads",
                                          "verbose", "dump", NULL};
    char *settings = studio_settings(b->studio, &job->q, without);
    size_t n = strlen(settings), room = strlen(ATELIER_VERSION) + 16;
    settings = xgrow(settings, n + room, 1);
    snprintf(settings + n, room, "version=%s\n", ATELIER_VERSION);
    for (int i = 0; i < b->studio->param_count; i++)
        if (!add_hashes(&settings, &b->studio->params[i], job, err)) {
            xfree(settings);
            return NULL;
        }
    return settings;
}

static bool file_says(const char *dir, const char *text)
{
    unsigned char *bytes;
    size_t size;
    Err none = {0};
    char *path = file_join(dir, "settings.txt");
    bool same = file_read(&bytes, &size, path, 1 << 20, &none);
    if (same) {
        same = strcmp((const char *)bytes, text) == 0;
        xfree(bytes);
    }
    xfree(path);
    return same;
}

static bool write_settings(const char *dir, const char *text, Err *err)
{
    char *path = file_join(dir, "settings.txt");
    bool ok = file_save(path, text, strlen(text), err);
    xfree(path);
    return ok;
}

/* ---- one job
 * ---------------------------------------------------------------------------------- */

typedef struct JobPlaces {
    char *final, *part, *actions, *result;
} JobPlaces;

static JobPlaces places_of(const Batch *b, const BatchJob *job)
{
    char hidden[NAME_ROOM + 16];
    snprintf(hidden, sizeof hidden, ".%s.part", job->name);
    JobPlaces p = {.final = file_join(b->out, job->name), .part = file_join(b->out, hidden)};
    p.actions = file_join(p.part, "actions");
    p.result = file_join(p.part, "result");
    return p;
}

static void places_release(JobPlaces *p)
{
    xfree(p->final);
    xfree(p->part);
    xfree(p->actions);
    xfree(p->result);
}

/* What an earlier run began, if it was the same; else an empty place. */
static bool take_up(const JobPlaces *p, const char *settings, Err *err)
{
    if (!file_says(p->part, settings) && !file_remove_tree(p->part, err))
        return false;
    return file_make_dirs(p->actions, err) && write_settings(p->part, settings, err) &&
           file_remove_tree(p->result, err);
}

/* The result under its own name; its settings go first from an older one, so
 * that half of that is never taken for whole. */
static bool put_in_place(const JobPlaces *p, const char *settings, Err *err)
{
    char *old = file_join(p->final, "settings.txt");
    bool ok = write_settings(p->result, settings, err) && file_remove(old, err) &&
              file_remove_tree(p->final, err) && file_rename(p->result, p->final, err) &&
              file_remove_tree(p->part, err);
    xfree(old);
    return ok;
}

static bool make_job(const Batch *b, BatchJob *job, const StudioRun *talk, const JobPlaces *p,
                     const char *settings, Err *err)
{
    PictureTask task = {.picture = job->picture, .out = p->result, .part = p->actions};
    if (file_says(p->final, settings)) {
        job->state = JOB_DONE_BEFORE;
        return file_remove_tree(p->part, err);
    }
    if (!take_up(p, settings, err) || !picture_make(&job->q, talk, &task, err) ||
        !put_in_place(p, settings, err))
        return false;
    job->state = JOB_DONE;
    if (!job->q.raw)
        tell_made(b->talk, p->final, "sheet.png");
    return true;
}

/* What a batch tells of a job: its progress as a part of the whole, warnings
 * with its name, and none of its files. */
typedef struct JobTalk {
    const Batch *b;
    int at;
} JobTalk;

static void job_progress(void *user, const char *stage, int64_t done, int64_t of)
{
    const JobTalk *t = user;
    const StudioRun *talk = t->b->talk;
    char text[NAME_ROOM + 64];
    if (talk->progress == NULL)
        return;
    snprintf(text, sizeof text, "%s %d/%d", stage, t->at + 1, t->b->count);
    talk->progress(talk->user, text, done, of);
}

static void job_warn(void *user, const char *line)
{
    const JobTalk *t = user;
    char text[NAME_ROOM + 512];
    if (t->b->talk->warn == NULL)
        return;
    snprintf(text, sizeof text, "%s: %s", t->b->job[t->at]->name, line);
    t->b->talk->warn(t->b->talk->user, text);
}

static void job_frame(void *user, const StudioFrame *frame)
{
    const JobTalk *t = user;
    if (t->b->talk->frame != NULL)
        t->b->talk->frame(t->b->talk->user, frame);
}

static void run_job(const Batch *b, int at)
{
    BatchJob *job = b->job[at];
    JobTalk user = {b, at};
    StudioRun talk = {.user = &user,
                      .progress = job_progress,
                      .warn = job_warn,
                      .frame = job_frame,
                      .cancel = b->talk->cancel};
    JobPlaces p = places_of(b, job);
    char *settings = describe(b, job, &job->err);
    if (settings == NULL || !make_job(b, job, &talk, &p, settings, &job->err)) {
        Err none = {0};
        job->state = JOB_FAILED;
        if (job->err.kind == ERR_INPUT || job->err.kind == ERR_FORMAT)
            (void)!file_remove_tree(p.part, &none); /* no run will go on with it */
    }
    xfree(settings);
    places_release(&p);
}

/* ---- how it went
 * ------------------------------------------------------------------------------- */

static const char *state_name(JobState s)
{
    static const char *const names[] = {"waits", "done", "done before", "failed"};
    return names[s];
}

static int count_state(const Batch *b, JobState s)
{
    int n = 0;
    for (int i = 0; i < b->count; i++)
        n += b->job[i]->state == s;
    return n;
}

/* Whether it was done now or before is not written: two ways to the same end
 * end alike. */
static bool save_summary(const Batch *b, Err *err)
{
    Json *list = js_new_array(), *all = js_new_object();
    for (int i = 0; i < b->count; i++) {
        const BatchJob *job = b->job[i];
        Json *j = js_new_object();
        js_put_string(j, "name", job->name);
        js_put_string(j, "picture", job->picture);
        js_put_bool(j, "done", job->state != JOB_FAILED);
        if (job->state == JOB_FAILED)
            js_put_string(j, "error", job->err.text);
        js_push(list, j);
    }
    js_put(all, "jobs", list);
    char *path = file_join(b->out, "summary.json");
    bool ok = js_save(all, path, err);
    xfree(path);
    js_free(all);
    return ok;
}

static void say_summary(const Batch *b)
{
    char line[NAME_ROOM + 640];
    if (b->talk->say == NULL)
        return;
    for (int i = 0; i < b->count; i++) {
        const BatchJob *job = b->job[i];
        snprintf(line, sizeof line, "  %-24s %-12s %s", job->name, state_name(job->state),
                 job->state == JOB_FAILED ? job->err.text : "");
        for (size_t n = strlen(line); n > 0 && line[n - 1] == ' '; n--)
            line[n - 1] = '\0';
        b->talk->say(b->talk->user, line);
    }
}

/* Passing names that a run left which was killed while it wrote. */
static bool sweep(const char *out, Err *err)
{
    char **names;
    int count;
    bool ok = file_names(&names, &count, out, err);
    for (int i = 0; ok && i < count; i++) {
        if (strncmp(names[i], "summary.json.", 13) != 0)
            continue;
        char *path = file_join(out, names[i]);
        ok = file_remove(path, err);
        xfree(path);
    }
    if (names != NULL)
        file_names_free(names, count);
    return ok;
}

static bool run_jobs(Batch *b, Err *err)
{
    if (!file_make_dirs(b->out, err) || !sweep(b->out, err))
        return false;
    for (int i = 0; i < b->count; i++) {
        run_job(b, i);
        if (b->job[i]->err.kind == ERR_CANCELLED)
            return err_set(err, ERR_CANCELLED, "stopped; the same command goes on");
    }
    if (!save_summary(b, err))
        return false;
    say_summary(b);
    int failed = count_state(b, JOB_FAILED);
    return failed == 0 ||
           err_set(err, ERR_INPUT, "%d of %d pictures failed; the others are done", failed,
                   b->count);
}

bool batch_make(const Studio *studio, const SpriteRequest *q, const StudioRun *talk, Err *err)
{
    Batch b = {.studio = studio, .talk = talk, .out = q->out};
    if (!is_given(q->out))
        return err_set(err, ERR_INPUT, "several pictures need a folder: say where with 'out'");
    bool ok = arena_init(&b.texts, 0, err) && list_jobs(&b, q, err) && run_jobs(&b, err);
    release(&b);
    return ok;
}
