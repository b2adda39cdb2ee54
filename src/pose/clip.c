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

enum { MAX_FRAMES = 4096 };

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
    c->fps = js_number(js_get(j, "fps"), 0);
    c->loops = js_bool(js_get(j, "loop"), false);
    if (frames < 1 || frames > MAX_FRAMES || js_count(js_get(j, "root")) != frames ||
        js_count(js_get(j, "grounded")) != frames)
        return err_set(err, ERR_FORMAT,
                       "'track', 'root' and 'grounded' should be equally long, 1..%d frames",
                       MAX_FRAMES);
    if (!(c->fps > 0 && c->fps <= 1000))
        return err_set(err, ERR_FORMAT, "'fps' should be a number from 0 to 1000");
    c->frames = (int)frames;
    return read_rest(&c->rest, js_get(j, "rest"), err) &&
           read_point(c->travel, js_get(j, "travel"), err);
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

Body clip_frame(const Clip *c, int i, int n)
{
    must(n > 0);
    if (c->loops)
        return clip_body(c, (double)i / n);
    return clip_body(c, n > 1 ? (double)i / (n - 1) : 0);
}
