/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"
#include "base/json.h"
#include "pose/draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FRAMES = 4096, MOST_ACTIONS = 1024 };

/* ---- from where ---------------------------------------------------------------------- */

bool sides_yaw(const SpriteRequest *q, float *yaw, Err *err)
{
    return !is_given(q->yaw) || strcmp(q->yaw, "auto") == 0 || yaw_read(q->yaw, yaw) ||
           err_set(err, ERR_INPUT,
                   "--yaw is '%.60s'; it must be -360 to 360 degrees, a direction "
                   "(s, se, e, ne, n, nw, w, sw), or auto",
                   q->yaw);
}

int sides_around(const SpriteRequest *q, float yaw, Side *to)
{
    int count = atoi(q->directions), step = SIDES_MOST / count;
    if (count == 1) {
        to[0] = (Side){"", yaw, -1};
        return 1;
    }
    for (int i = 0; i < count; i++)
        to[i] = (Side){yaw_name(i * step), 45.0f * (float)(i * step), -1};
    return count;
}

/* ---- what it is --------------------------------------------------------------------- */

static bool begin(Action *m, int64_t count, Arena *job, Err *err)
{
    if (count < 1 || count > MOST_FRAMES)
        return err_set(err, ERR_INPUT, "%lld frames; there must be 1 to %d", (long long)count,
                       MOST_FRAMES);
    m->count = count;
    m->grounded = arena_zeros(job, (size_t)count * sizeof *m->grounded);
    m->root = arena_zeros(job, (size_t)count * sizeof *m->root);
    if (m->grounded == NULL || m->root == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for %lld frames", (long long)count);
    for (int64_t i = 0; i < count; i++)
        m->grounded[i] = true;
    return true;
}

/* What happens once goes where it goes; a loop stays on the spot. */
static void fill_frames(Action *m, const Clip *c)
{
    for (int i = 0; i < (int)m->count; i++) {
        m->ms[i] = clip_ms(c, i, (int)m->count);
        m->body[i] = clip_frame(c, i, (int)m->count);
        m->grounded[i] = m->body[i].is_grounded[0] || m->body[i].is_grounded[1];
        if (m->drift == NULL)
            continue;
        clip_root(c, clip_phase(c, i, (int)m->count), m->drift[i]);
        m->body[i] = body_moved(&m->body[i], m->drift[i]);
    }
}

static bool open_clip(Action *m, const char *animation, int64_t frames, bool drifts, Arena *job,
                      Err *err)
{
    Clip *c = arena_take(job, sizeof *c);
    if (c == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for a clip");
    if (!clip_open(c, animation, job, err) ||
        !begin(m, frames > 0 ? frames : c->beats, job, err))
        return false;
    drifts = drifts && !c->loops;
    m->body = arena_take(job, (size_t)m->count * sizeof *m->body);
    m->ms = arena_take(job, (size_t)m->count * sizeof *m->ms);
    m->drift = drifts ? arena_take(job, (size_t)m->count * sizeof *m->drift) : NULL;
    if (m->body == NULL || m->ms == NULL || (drifts && m->drift == NULL))
        return err_set(err, ERR_MEMORY, "not enough memory for %lld frames",
                       (long long)m->count);
    m->clip = c;
    m->fps = c->fps * (double)m->count / c->frames; /* the whole takes as long as ever */
    m->loops = c->loops;
    fill_frames(m, c);
    return true;
}

static int64_t at_most(int64_t asked, int64_t there)
{
    return asked > 0 ? min64(asked, there) : there;
}

static bool open_json(Action *m, const char *path, int64_t frames, Arena *job, Err *err)
{
    m->poses = arena_take(job, sizeof *m->poses);
    if (m->poses == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for poses");
    return poses_load(m->poses, path, job, err) &&
           begin(m, at_most(frames, m->poses->frames), job, err);
}

static bool begin_pictures(Action *m, int64_t count, Arena *job, Err *err)
{
    if (!begin(m, count, job, err))
        return false;
    m->picture = arena_zeros(job, (size_t)count * sizeof *m->picture);
    return m->picture != NULL || err_set(err, ERR_MEMORY, "not enough memory for names");
}

static bool open_picture(Action *m, const char *path, Arena *job, Err *err)
{
    if (!begin_pictures(m, 1, job, err))
        return false;
    m->picture[0] = arena_strdup(job, path);
    return m->picture[0] != NULL || err_set(err, ERR_MEMORY, "not enough memory for a name");
}

static bool open_pictures(Action *m, const char *dir, char *const *names, int64_t count,
                          Arena *job, Err *err)
{
    if (!begin_pictures(m, count, job, err))
        return false;
    for (int64_t i = 0; i < count; i++) {
        char *path = file_join(dir, names[i]);
        m->picture[i] = arena_strdup(job, path);
        xfree(path);
        if (m->picture[i] == NULL)
            return err_set(err, ERR_MEMORY, "not enough memory for names");
    }
    return true;
}

static bool open_folder(Action *m, const char *path, int64_t frames, Arena *job, Err *err)
{
    char **names;
    int count;
    if (!file_names(&names, &count, path, err))
        return false;
    bool has_json = false, ok;
    for (int i = 0; i < count; i++)
        has_json = has_json || file_name_ends(names[i], ".json");
    if (has_json)
        ok = open_json(m, path, frames, job, err);
    else if (count == 0)
        ok =
            err_set(err, ERR_INPUT, "'%s' holds neither pose pictures nor OpenPose JSON", path);
    else
        ok = open_pictures(m, path, names, at_most(frames, count), job, err);
    file_names_free(names, count);
    return ok;
}

static bool open_path(Action *m, const char *path, int64_t frames, Arena *job, Err *err)
{
    if (file_is_dir(path))
        return open_folder(m, path, frames, job, err);
    if (js_is_file(path))
        return open_json(m, path, frames, job, err);
    return open_picture(m, path, job, err);
}

/* ---- all of a request ------------------------------------------------------------------ */

static void name_action(Action *m, const char *animation, int length)
{
    const char *side = m->side.name;
    snprintf(m->name, sizeof m->name, "%.*s%s%s", length, animation, side[0] == '\0' ? "" : "_",
             side);
}

static bool open_one(Action *m, Work *w, const char *animation, int length, Err *err)
{
    const SpriteRequest *q = w->q;
    char name[64];
    m->fps = 10;
    m->loops = true;
    name_action(m, animation, length);
    if (is_given(q->poses))
        return open_path(m, q->poses, q->frames, &w->job, err);
    snprintf(name, sizeof name, "%.*s", length, animation);
    return open_clip(m, name, q->frames, w->keeps_drift, &w->job, err);
}

static int count_words(const char *list)
{
    int n = 1;
    for (; *list != '\0'; list++)
        n += *list == ',';
    return n;
}

bool actions_open(Actions *m, Work *w, const Side *sides, int count, Err *err)
{
    const char *list = is_given(w->q->poses) ? "clip" : w->q->animation;
    int all = count_words(list) * count;
    if (all > MOST_ACTIONS)
        return err_set(err, ERR_INPUT, "%d animations; there may be %d at once", all,
                       MOST_ACTIONS);
    *m = (Actions){.of = arena_zeros(&w->job, (size_t)all * sizeof *m->of)};
    if (m->of == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for %d animations", all);
    for (const char *word = list; word != NULL;) {
        int n = (int)strcspn(word, ",");
        for (int s = 0; s < count; s++) {
            m->of[m->count].side = sides[s];
            if (!open_one(&m->of[m->count++], w, word, n, err))
                return false;
        }
        word = word[n] == ',' ? word + n + 1 : NULL;
    }
    return true;
}

/* ---- as pictures of skeletons ------------------------------------------------------------ */

/* The view, smaller about the middle of the floor if the clip, a jump above all,
 * would leave the picture. */
static View view_with_room(View v, const Clip *c, const Proportions *shape, int frames,
                           double width)
{
    Reach r = clip_reach(c, shape, &v, frames);
    double above = v.floor_y - r.top, left = v.center_x - r.left, right = r.right - v.center_x;
    double fits = 1;
    if (above > 0)
        fits = fmin(fits, v.floor_y / above);
    if (left > 0)
        fits = fmin(fits, v.center_x / left);
    if (right > 0)
        fits = fmin(fits, (width - v.center_x) / right);
    v.scale *= (float)fits;
    return v;
}

static bool draw(Image *to, const Pose *pose, int people, const PoseView *v, Arena *a, Err *err)
{
    *to = image_new(a, v->width, v->height, 3, err);
    if (tensor_is_empty(*to))
        return false;
    pose_picture(*to, pose, people, pose_style(v->style));
    return true;
}

/* How the character is built: as the person says, as its joints tell, or else as
 * figures with such a head are. */
static bool find_shape(Proportions *to, const Clip *c, const PoseView *v, Err *err)
{
    const SpriteRequest *q = v->q;
    if (is_given(q->build)) {
        if (!proportions_named(to, c, q->build, (float)q->head, err))
            return false;
    } else if (q->head > 0 || v->rig == NULL) {
        *to = proportions_for_head(c, (float)v->head);
    } else {
        *to = rig_proportions(v->rig, c);
    }
    to->height = (float)q->height;
    return true;
}

static bool draw_bodies(Image *to, const Action *m, const PoseView *v, Arena *a, Err *err)
{
    Proportions shape;
    View view = view_fitted(m->side.yaw, (float)v->q->pitch, v->top, v->bottom, v->center_x);
    if (!find_shape(&shape, m->clip, v, err))
        return false;
    view = view_with_room(view, m->clip, &shape, (int)m->count, (double)v->width);
    for (int64_t i = 0; i < m->count; i++) {
        Body body = body_shaped(&m->body[i], &m->clip->rest, &shape);
        Pose pose = body_pose(&body, &view);
        if (!draw(&to[i], &pose, 1, v, a, err))
            return false;
    }
    return true;
}

static bool draw_poses(Image *to, const Action *m, const PoseView *v, Arena *a, Err *err)
{
    Poses *p = m->poses;
    poses_scale(p, v->width, v->height);
    for (int64_t i = 0; i < m->count; i++)
        if (!draw(&to[i], p->pose[i], p->people[i], v, a, err))
            return false;
    return true;
}

/* Pose pictures as the reference scripts resize them. */
static bool load_pictures(Image *to, const Action *m, const PoseView *v, Arena *a,
                          Arena *scratch, Err *err)
{
    for (int64_t i = 0; i < m->count; i++) {
        size_t mark = scratch->used;
        Image im = image_load(scratch, m->picture[i], err);
        Image rgb = tensor_is_empty(im) ? im : image_to_rgb(scratch, im, err);
        if (!tensor_is_empty(rgb))
            to[i] = image_resize(a, rgb, v->width, v->height, v->filter, err);
        arena_rewind(scratch, mark);
        if (tensor_is_empty(to[i]))
            return false;
    }
    return true;
}

Image *action_pictures(const Action *m, const PoseView *v, Arena *a, Arena *scratch, Err *err)
{
    if (pose_style(v->style) == NULL) {
        char known[64];
        param_choices(known, sizeof known, POSE_STYLES);
        err_set(err, ERR_FORMAT, "there is no pose style '%s'; there are %s", v->style, known);
        return NULL;
    }
    Image *to = arena_zeros(a, (size_t)m->count * sizeof *to);
    if (to == NULL) {
        err_set(err, ERR_MEMORY, "not enough memory for %lld pictures", (long long)m->count);
        return NULL;
    }
    bool ok = m->body != NULL    ? draw_bodies(to, m, v, a, err)
              : m->poses != NULL ? draw_poses(to, m, v, a, err)
                                 : load_pictures(to, m, v, a, scratch, err);
    return ok ? to : NULL;
}

/* ---- as joints of a figure ----------------------------------------------------------------
 */

static bool one_person(Pose *to, const Action *m, const Figure *f, int i, Err *err)
{
    poses_scale(m->poses, image_width(f->picture), image_height(f->picture));
    const Pose *p = poses_main(m->poses, i);
    if (p == NULL)
        return err_set(err, ERR_INPUT, "frame %d of the poses shows nobody", i);
    *to = *p;
    return true;
}

float action_drift(const Action *m, const Figure *f, int64_t i)
{
    float yaw = m->side.yaw * 3.14159265f / 180;
    if (m->drift == NULL)
        return 0;
    return (m->drift[i][0] * cosf(yaw) + m->drift[i][2] * sinf(yaw)) * f->rig.scale;
}

Pose *action_poses(const Action *m, const Figure *f, Arena *a, Err *err)
{
    if (m->picture != NULL) {
        err_set(err, ERR_INPUT,
                "--poses are pictures, but this method needs joints: give OpenPose JSON, or "
                "draw with --method diffusion");
        return NULL;
    }
    Pose *to = arena_take(a, (size_t)m->count * sizeof *to);
    if (to == NULL) {
        err_set(err, ERR_MEMORY, "not enough memory for %lld poses", (long long)m->count);
        return NULL;
    }
    for (int i = 0; i < (int)m->count; i++) {
        if (m->body != NULL)
            to[i] = rig_pose(&f->rig, &m->body[i], m->side.yaw);
        else if (!one_person(&to[i], m, f, i, err))
            return NULL;
    }
    return to;
}
