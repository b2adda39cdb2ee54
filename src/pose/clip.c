/* SPDX-License-Identifier: MIT */
#include "pose/clip.h"

#include <math.h>
#include <string.h>

#include "base/json.h"

/* What the build made of data/poses (tools/embed.py). */
struct Embedded {
    const char *name;
    const unsigned char *bytes;
    size_t size;
};
extern const struct Embedded clip_table[];

enum { MAX_FRAMES = 4096, MAX_BEATS = 64, MAX_MS = 10000 };

static bool read_point(float to[3], const Json *j, Err *err)
{
    if (js_count(j) != 3)
        return err_set(err, ERR_FORMAT, "a point should be three numbers");
    for (size_t k = 0; k < 3; k++) {
        double v = js_number(js_at(j, k), NAN);
        if (!(fabs(v) <= 100))
            return err_set(err, ERR_FORMAT, "a coordinate is not a number within 100");
        to[k] = (float)v;
    }
    return true;
}

/* Which column of the file holds which joint. */
static bool read_names(int column[JOINTS], const Json *names, Err *err)
{
    bool seen[JOINTS] = {false};
    if (js_count(names) != JOINTS)
        return err_set(err, ERR_FORMAT, "'joints' should be %d names", JOINTS);
    for (int i = 0; i < JOINTS; i++) {
        const char *name = js_string(js_at(names, (size_t)i), "");
        int joint = joint_named(name);
        if (joint < 0 || seen[joint])
            return err_set(err, ERR_FORMAT, "joint '%.30s' is unknown or named twice", name);
        seen[joint] = true;
        column[i] = joint;
    }
    return true;
}

static bool read_frame(Clip *c, const Json *j, int f, const int column[JOINTS], Err *err)
{
    const Json *row = js_at(js_get(j, "track"), (size_t)f);
    const Json *feet = js_at(js_get(j, "grounded"), (size_t)f);
    if (js_count(row) != JOINTS || js_count(feet) != 2)
        return err_set(err, ERR_FORMAT, "frame %d should have %d points and 2 flags", f,
                       JOINTS);
    for (int i = 0; i < JOINTS; i++) {
        if (!read_point(c->body[f].joint[column[i]], js_at(row, (size_t)i), err))
            return err_prefix(err, "frame %d, %s: ", f, joint_name(column[i]));
    }
    for (size_t i = 0; i < 2; i++)
        c->body[f].is_grounded[i] = js_int(js_at(feet, i), 0) != 0;
    return read_point(c->root[f], js_at(js_get(j, "root"), (size_t)f), err);
}

static bool read_rest(BodyRest *r, const Json *j, Err *err)
{
    r->hip = (float)js_number(js_get(j, "hip"), 0);
    r->neck = (float)js_number(js_get(j, "neck"), 0);
    r->chin = (float)js_number(js_get(j, "chin"), 0);
    if (!(r->hip > 0.05f && r->hip < r->neck && r->neck < r->chin && r->chin < 0.99f))
        return err_set(err, ERR_FORMAT, "'rest' should give heights that rise below 1");
    return true;
}

static bool read_head(Clip *c, const Json *j, Err *err)
{
    size_t frames = js_count(js_get(j, "track"));
    c->loops = js_bool(js_get(j, "loop"), false);
    if (frames < 1 || frames > MAX_FRAMES || js_count(js_get(j, "root")) != frames ||
        js_count(js_get(j, "grounded")) != frames)
        return err_set(err, ERR_FORMAT,
                       "'track', 'root' and 'grounded' should be equally long, 1..%d frames",
                       MAX_FRAMES);
    c->frames = (int)frames;
    return read_rest(&c->rest, js_get(j, "rest"), err) &&
           read_point(c->travel, js_get(j, "travel"), err);
}

/* Even beats need no phases. */
static bool read_phases(Clip *c, const Json *j, Err *err)
{
    int last = c->beats - 1;
    bool is_even = js_is_null(j);
    for (int i = 0; i < c->beats; i++) {
        double even = (double)i / (c->loops ? c->beats : last > 0 ? last : 1);
        c->phase[i] = is_even ? even : js_number(js_at(j, (size_t)i), NAN);
        if (!(c->phase[i] >= 0 && c->phase[i] <= 1) || (i && c->phase[i] <= c->phase[i - 1]))
            return err_set(err, ERR_FORMAT, "'phase' should rise from 0 to 1");
    }
    bool is_whole =
        c->phase[0] == 0 && (c->loops ? c->phase[last] < 1 : last == 0 || c->phase[last] == 1);
    return is_whole ||
           err_set(err, ERR_FORMAT,
                   "'phase' should begin at 0 and, if the clip does not loop, end at 1");
}

static bool read_beats(Clip *c, const Json *j, Arena *a, Err *err)
{
    const Json *ms = js_get(j, "ms"), *phase = js_get(j, "phase");
    size_t beats = js_count(ms);
    double whole = 0;
    if (beats < 1 || beats > MAX_BEATS || (!js_is_null(phase) && js_count(phase) != beats))
        return err_set(err, ERR_FORMAT,
                       "'play' should have 1..%d 'ms', and as many 'phase' if any", MAX_BEATS);
    c->beats = (int)beats;
    c->phase = arena_zeros(a, beats * sizeof *c->phase);
    c->ms = arena_zeros(a, beats * sizeof *c->ms);
    if (!c->phase || !c->ms)
        return err_set(err, ERR_MEMORY, "no memory for %zu beats of a clip", beats);
    for (size_t i = 0; i < beats; i++) {
        int64_t one = js_int(js_at(ms, i), 0);
        if (one < 1 || one > MAX_MS)
            return err_set(err, ERR_FORMAT, "'ms' should be whole numbers of 1..%d", MAX_MS);
        c->ms[i] = (int)one;
        whole += (double)one;
    }
    c->fps = c->frames * 1000 / whole;
    return read_phases(c, phase, err);
}

static bool take_room(Clip *c, const char *name, Arena *a, Err *err)
{
    c->name = arena_strdup(a, name);
    c->body = arena_zeros(a, (size_t)c->frames * sizeof *c->body);
    c->root = arena_zeros(a, (size_t)c->frames * sizeof *c->root);
    if (!c->name || !c->body || !c->root)
        return err_set(err, ERR_MEMORY, "no memory for %d frames of a clip", c->frames);
    return true;
}

static bool read_clip(Clip *c, const Json *j, Arena *a, Err *err)
{
    int column[JOINTS];
    if (!read_head(c, j, err) || !read_names(column, js_get(j, "joints"), err) ||
        !read_beats(c, js_get(j, "play"), a, err) ||
        !take_room(c, js_string(js_get(j, "name"), "clip"), a, err))
        return false;
    for (int f = 0; f < c->frames; f++) {
        if (!read_frame(c, j, f, column, err))
            return false;
    }
    return true;
}

bool clip_parse(Clip *c, const char *text, size_t size, const char *name, Arena *a, Err *err)
{
    memset(c, 0, sizeof *c);
    Json *j = js_parse(text, size, name, err);
    if (!j)
        return false;
    bool ok = read_clip(c, j, a, err);
    js_free(j);
    return ok || err_prefix(err, "clip '%s': ", name);
}

const char *clip_name(int i)
{
    for (int k = 0; k < i; k++) {
        if (!clip_table[k].name)
            return NULL;
    }
    return clip_table[i].name;
}

bool clip_open(Clip *c, const char *name, Arena *a, Err *err)
{
    char known[256] = "";
    for (const struct Embedded *e = clip_table; e->name; e++) {
        if (!strcmp(e->name, name))
            return clip_parse(c, (const char *)e->bytes, e->size, name, a, err);
        strncat(known, e == clip_table ? "" : ", ", sizeof known - strlen(known) - 1);
        strncat(known, e->name, sizeof known - strlen(known) - 1);
    }
    return err_set(err, ERR_INPUT, "no clip is called '%.60s' (there are: %s)", name, known);
}

/* Frame i, around the loop or held at the ends. */
static const Body *frame_at(const Clip *c, int64_t i)
{
    if (c->loops)
        return &c->body[(i % c->frames + c->frames) % c->frames];
    return &c->body[i < 0 ? 0 : min64(i, c->frames - 1)];
}

/* The cubic of Catmull and Rom: through b at s = 0 and c at s = 1. */
static float cubic(float a, float b, float c, float d, float s)
{
    float back = (c - a) / 2, on = (d - b) / 2;
    float s2 = s * s, s3 = s2 * s;
    return (2 * s3 - 3 * s2 + 1) * b + (s3 - 2 * s2 + s) * back + (3 * s2 - 2 * s3) * c +
           (s3 - s2) * on;
}

Body clip_body(const Clip *c, double phase)
{
    double at = c->loops ? (phase - floor(phase)) * c->frames : phase * (c->frames - 1);
    if (!c->loops)
        at = at < 0 ? 0 : at > c->frames - 1 ? c->frames - 1 : at;
    int64_t i = (int64_t)floor(at);
    float s = (float)(at - (double)i);
    const Body *k[4];
    for (int n = 0; n < 4; n++)
        k[n] = frame_at(c, i - 1 + n);
    Body b = *(s < 0.5f ? k[1] : k[2]); /* the flags of the nearest */
    for (int n = 0; n < JOINTS * 3; n++) {
        int joint = n / 3, axis = n % 3;
        b.joint[joint][axis] = cubic(k[0]->joint[joint][axis], k[1]->joint[joint][axis],
                                     k[2]->joint[joint][axis], k[3]->joint[joint][axis], s);
    }
    return b;
}

double clip_phase(const Clip *c, int i, int n)
{
    must(n > 0);
    int last = c->beats - 1;
    double at = c->loops ? (double)i * c->beats / n : n > 1 ? (double)i * last / (n - 1) : 0;
    int k = (int)fmin(fmax(floor(at), 0), last);
    double next = k < last ? c->phase[k + 1] : 1, share = fmin(at - k, 1);
    return c->phase[k] + (next - c->phase[k]) * (c->loops || k < last ? share : 0);
}

Body clip_frame(const Clip *c, int i, int n)
{
    return clip_body(c, clip_phase(c, i, n));
}

/* When frame i of n begins, in ms. */
static double begins(const Clip *c, int i, int n)
{
    double at = (double)i * c->beats / n, ms = 0;
    for (int k = 0; k < c->beats && k < at; k++)
        ms += c->ms[k] * fmin(at - k, 1);
    return ms;
}

int clip_ms(const Clip *c, int i, int n)
{
    must(n > 0);
    double ms = rint(begins(c, i + 1, n)) - rint(begins(c, i, n));
    return ms < 1 ? 1 : (int)ms;
}

void clip_root(const Clip *c, double phase, float to[3])
{
    double turns = c->loops ? floor(phase) : 0;
    double at =
        c->loops ? (phase - turns) * c->frames : fmin(fmax(phase, 0), 1) * (c->frames - 1);
    int64_t i = min64((int64_t)floor(at), c->frames - 1);
    bool is_last = i == c->frames - 1;
    float s = (float)(at - (double)i);
    for (int k = 0; k < 3; k++) {
        float from = c->root[i][k];
        float on =
            is_last ? (c->loops ? c->root[0][k] + c->travel[k] : from) : c->root[i + 1][k];
        to[k] = from + (on - from) * s + (float)turns * c->travel[k];
    }
}

Body body_moved(const Body *b, const float by[3])
{
    Body to = *b;
    for (int n = 0; n < JOINTS * 3; n++)
        to.joint[n / 3][n % 3] += by[n % 3];
    return to;
}
