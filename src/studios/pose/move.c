/* SPDX-License-Identifier: MIT */
#include "studios/pose/internal.h"

#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 256, SIDES_MOST = 8, FILE_MS = 100 };

bool is_clip(const char *name)
{
    for (int i = 0; clip_name(i) != NULL; i++)
        if (strcmp(clip_name(i), name) == 0)
            return true;
    return false;
}

/* Room for n frames of one figure. */
static bool new_strip(PoseStrip *s, int n, Arena *a, Err *err)
{
    Pose *pose = arena_zeros(a, (size_t)n * sizeof *pose);
    s->poses = (Poses){.frames = n,
                       .people = arena_zeros(a, (size_t)n * sizeof *s->poses.people),
                       .pose = arena_zeros(a, (size_t)n * sizeof *s->poses.pose),
                       .has_depth = true};
    s->ms = arena_zeros(a, (size_t)n * sizeof *s->ms);
    if (pose == NULL || s->poses.people == NULL || s->poses.pose == NULL || s->ms == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for %d frames", n);
    for (int i = 0; i < n; i++) {
        s->poses.people[i] = 1;
        s->poses.pose[i] = &pose[i];
    }
    return true;
}

/* A clip for one figure, seen from one side, one pixel high, at (0,0). */
static void project(PoseStrip *s, const PoseWork *w, const Clip *c, const Proportions *p,
                    float yaw)
{
    View v = {.yaw = yaw, .pitch = (float)w->q->pitch, .scale = 1};
    float pace = proportions_pace(&c->rest, p);
    int n = s->poses.frames;
    s->loops = c->loops;
    for (int i = 0; i < n; i++) {
        Body b = clip_frame(c, i, n);
        float root[3];
        b = body_shaped(&b, &c->rest, p);
        clip_root(c, clip_phase(c, i, n), root);
        for (int k = 0; k < 3; k++)
            root[k] *= pace;
        if (w->q->travels)
            b = body_moved(&b, root);
        *s->poses.pose[i] = body_pose(&b, &v);
        s->ms[i] = clip_ms(c, i, n);
    }
}

/* Pixels for the height of a figure: four fifths of the picture, less where it
 * would not fit. */
static float fitting(const PoseWork *w, const Reach *r, int sides)
{
    float scale = 0.8f * (float)w->height;
    for (int i = 0; i < sides; i++) {
        float half = fmaxf(-r[i].left, r[i].right);
        float across = w->q->travels ? r[i].right - r[i].left : 2 * half;
        scale = fminf(scale, 0.94f * (float)w->width / across);
        scale = fminf(scale, 0.94f * (float)w->height / (r[i].bottom - r[i].top));
    }
    return scale;
}

/* Its feet near the lower edge, itself or its way in the middle. */
static void place(PoseStrip *s, const PoseWork *w, const Reach *r, float scale)
{
    float middle = w->q->travels ? (r->left + r->right) / 2 : 0;
    float x = (float)w->width / 2 - middle * scale;
    float y = 0.97f * (float)w->height - r->bottom * scale;
    for (int i = 0; i < s->poses.frames; i++)
        for (int j = 0; j < JOINTS; j++) {
            Keypoint *k = &s->poses.pose[i]->joint[j];
            *k = (Keypoint){x + k->x * scale, y + k->y * scale, k->z * scale, k->c};
        }
    s->poses.width = w->width;
    s->poses.height = w->height;
}

/* Which sides; 0, with the reason, if --yaw is none. */
static int choose_sides(const PoseRequest *q, float *yaw, Err *err)
{
    int count = atoi(q->directions);
    for (int i = 0; i < count; i++)
        yaw[i] = 360.0f / (float)count * (float)i;
    if (count > 1 || yaw_read(q->yaw, yaw))
        return count;
    err_set(
        err, ERR_INPUT,
        "--yaw is '%.60s'; it must be -360 to 360 degrees, or a direction: s, se, e, ne, n, "
        "nw, w, sw",
        q->yaw);
    return 0;
}

static bool write_sides(PoseWork *w, const PoseStrip *s, int count, Err *err)
{
    const char *out = w->q->out;
    if (count == 1)
        return write_strip(w, s, out, err);
    for (int i = 0; i < count; i++) {
        const char *side = yaw_name(i * (SIDES_MOST / count));
        char *dir = out[0] == '\0' ? xstrdup("") : file_join(out, side);
        bool ok = write_strip(w, &s[i], dir, err);
        xfree(dir);
        if (!ok)
            return false;
    }
    return true;
}

bool draw_clip(PoseWork *w, Err *err)
{
    const PoseRequest *q = w->q;
    Clip c;
    Proportions p;
    PoseStrip strip[SIDES_MOST];
    Reach reach[SIDES_MOST];
    float yaw[SIDES_MOST];
    int sides = choose_sides(q, yaw, err);
    if (sides == 0 || !clip_open(&c, q->subject, &w->job, err) ||
        !proportions_named(&p, &c, q->build, (float)q->head, err))
        return false;
    int n = q->frames > 0 ? (int)q->frames : c.beats;
    p.height = (float)q->height;
    w->width = w->width > 0 ? w->width : SIDE;
    w->height = w->height > 0 ? w->height : SIDE;
    w->of = (int64_t)n * sides;
    for (int i = 0; i < sides; i++) {
        strip[i].name = q->subject;
        if (!new_strip(&strip[i], n, &w->job, err))
            return false;
        project(&strip[i], w, &c, &p, yaw[i]);
        reach[i] = pose_reach(strip[i].poses.pose[0], n, &p, 1);
    }
    float scale = fitting(w, reach, sides);
    for (int i = 0; i < sides; i++)
        place(&strip[i], w, &reach[i], scale);
    return write_sides(w, strip, sides, err);
}

/* ---- poses of files -------------------------------------------------------------------- */

static int whole_side(double canvas)
{
    return canvas >= 8 && canvas <= 4096 ? (int)rint(canvas) : SIDE;
}

bool draw_files(PoseWork *w, Err *err)
{
    PoseStrip s = {.name = stem_of(w->q->subject, &w->job), .loops = true};
    if (s.name == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for a name");
    if (!poses_load(&s.poses, w->q->subject, &w->job, err))
        return false;
    if (w->q->frames > 0)
        s.poses.frames = (int)min64(w->q->frames, s.poses.frames);
    w->width = w->width > 0 ? w->width : whole_side(s.poses.width);
    w->height = w->height > 0 ? w->height : whole_side(s.poses.height);
    w->of = s.poses.frames;
    poses_scale(&s.poses, w->width, w->height);
    s.ms = arena_take(&w->job, (size_t)s.poses.frames * sizeof *s.ms);
    if (s.ms == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for %d frames", s.poses.frames);
    for (int i = 0; i < s.poses.frames; i++)
        s.ms[i] = FILE_MS;
    return write_strip(w, &s, w->q->out, err);
}
