/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/data.h"
#include "base/file.h"
#include "media/labels.h"
#include "puppet/puppet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The puppet method: the drawing's own pixels, moved by its joints.
 *
 *   picture, joints - parts - layers
 *   action - joints of this figure - frames - mender - frames */

static bool load_mender(Player *p, Work *w, Err *err)
{
    char *dir = data_find("models/mender");
    if (dir == NULL)
        return err_set(
            err, ERR_INPUT,
            "the mender is not where it was installed (models/mender); --mend 0 does "
            "without it");
    p->mender = arena_take(&p->model, sizeof *p->mender);
    bool ok = p->mender != NULL || err_set(err, ERR_MEMORY, "not enough memory for the mender");
    ok = ok && mender_load(p->mender, dir, &p->model, &w->run, err);
    xfree(dir);
    return ok;
}

static bool puppet_open(void *state, Work *w, Err *err)
{
    Player *p = state;
    return arena_init(&p->step, 0, err) && arena_init(&p->model, 0, err) &&
           (w->q->mend <= 0 || load_mender(p, w, err));
}

static void puppet_close(void *state)
{
    Player *p = state;
    arena_release(&p->step);
    arena_release(&p->model);
}

/* ---- the picture -------------------------------------------------------------------- */

/* To look at: skin, cloth and steel of a wooden doll. */
static const unsigned char part_colour[PUPPET_PARTS][3] = {
    [PUPPET_NONE] = {0, 0, 0},
    [PUPPET_TORSO] = {200, 180, 60},
    [PUPPET_HEAD] = {240, 200, 160},
    [PUPPET_R_UPPER_ARM] = {220, 60, 60},
    [PUPPET_R_FOREARM] = {250, 130, 110},
    [PUPPET_L_UPPER_ARM] = {50, 110, 220},
    [PUPPET_L_FOREARM] = {120, 180, 250},
    [PUPPET_R_THIGH] = {150, 40, 120},
    [PUPPET_R_SHIN] = {210, 110, 190},
    [PUPPET_L_THIGH] = {30, 130, 80},
    [PUPPET_L_SHIN] = {110, 210, 150},
    [PUPPET_SKIRT] = {130, 90, 50},
    [PUPPET_CAPE] = {90, 70, 130},
    [PUPPET_HELD_R] = {255, 255, 255},
    [PUPPET_HELD_L] = {190, 190, 190}};

static bool load_parts(Tensor *parts, const Figure *f, Work *w, Err *err)
{
    if (!is_given(w->q->parts))
        return true;
    Image im = labels_load(&w->job, w->q->parts, err);
    if (tensor_is_empty(im))
        return false;
    if (image_width(im) != image_width(f->cut) || image_height(im) != image_height(f->cut))
        return err_set(err, ERR_INPUT, "'%s' is %d x %d pixels, but the picture is %d x %d",
                       w->q->parts, image_width(im), image_height(im), image_width(f->cut),
                       image_height(f->cut));
    *parts = tensor_reshape(im, SHAPE(im.dim[0], im.dim[1]));
    return true;
}

static bool puppet_meet(void *state, Work *w, Figure *f, Err *err)
{
    Player *p = state;
    Tensor parts = {0};
    if (!figure_stand(f, w, err) || !load_parts(&parts, f, w, err))
        return false;
    PuppetSource s = {.picture = f->cut,
                      .joints = f->rig.rest,
                      .has_depth = true,
                      .parts = parts,
                      .is_pixel_art = f->is_pixel_art};
    p->who = f;
    p->box = image_bounds(f->cut, 1);
    p->room = w->q->raw ? (Rect){0, 0, image_width(f->cut), image_height(f->cut)} : p->box;
    p->puppet = puppet_build(&s, &w->job, err);
    return p->puppet != NULL || err_prefix(err, "'%s': ", f->path);
}

/* ---- from where --------------------------------------------------------------------- */

static float turn(float yaw) /* to 0..360 */
{
    yaw = fmodf(yaw, 360);
    return yaw < 0 ? yaw + 360 : yaw;
}

/* A drawing shows one side, and its mirror image another.  Limbs of one that
 * faces us or turns its back move as if it stood at a slant: seen straight
 * from the front a step is hardly to be seen. */
static int puppet_sides(void *state, Work *w, Side *to, Err *err)
{
    const Player *p = state;
    float own = turn(p->who->rig.yaw), slant = own;
    bool is_flat = fabsf(remainderf(own, 180)) < 25;
    if (is_flat)
        slant = remainderf(own, 360) >= 0 ? own - remainderf(own, 180) + 35
                                          : own - remainderf(own, 180) - 35;
    if (!sides_yaw(w->q, &slant, err))
        return 0;
    int count = sides_around(w->q, slant, to);
    if (count == 1)
        return 1;
    float step = 360.0f / (float)count;
    int at = (int)floorf(own / step + 0.5f) % count, mirror = (count - at) % count;
    Side shown[2] = {{to[at].name, slant, -1}, {to[mirror].name, -slant, 0}};
    to[0] = shown[0];
    to[1] = shown[1];
    work_warn(
        w, "note: a puppet shows the side that is drawn%s%s; --method diffusion draws all %d",
        mirror == at ? "" : " and its mirror image, ", mirror == at ? "" : shown[1].name,
        count);
    return mirror == at ? 1 : 2;
}

/* ---- frames -------------------------------------------------------------------------- */

Rect rect_both(Rect a, Rect b)
{
    int right = a.x + a.w > b.x + b.w ? a.x + a.w : b.x + b.w;
    int bottom = a.y + a.h > b.y + b.h ? a.y + a.h : b.y + b.h;
    Rect r = {.x = a.x < b.x ? a.x : b.x, .y = a.y < b.y ? a.y : b.y};
    r.w = right - r.x;
    r.h = bottom - r.y;
    return r;
}

/* Around the joints as much as a limb and what it holds may take. */
static Rect room_of(const Player *p, const Pose *pose)
{
    enum { MOST = 1 << 13 };
    float left, top, right, bottom;
    Rect box = p->box;
    if (!pose_bounds(pose, &left, &top, &right, &bottom))
        return box;
    float aside = 0.5f * (float)(box.h > box.w ? box.h : box.w);
    left = fmaxf(left - aside, (float)(box.x - MOST));
    top = fmaxf(top - aside, (float)(box.y - MOST));
    right = fminf(right + aside, (float)(box.x + box.w + MOST));
    bottom = fminf(bottom + aside, (float)(box.y + box.h + MOST));
    return (Rect){(int)floorf(left), (int)floorf(top), (int)ceilf(right - floorf(left)),
                  (int)ceilf(bottom - floorf(top))};
}

static bool puppet_look(void *state, Work *w, const Action *m, Err *err)
{
    Player *p = state;
    arena_rewind(&p->step, 0);
    const Pose *poses = action_poses(m, p->who, &p->step, err);
    for (int64_t i = 0; poses != NULL && !w->q->raw && i < m->count; i++)
        p->room = rect_both(p->room, room_of(p, &poses[i]));
    return poses != NULL;
}

static bool draw_frame(Player *p, Work *w, Play *to, int64_t i, Err *err)
{
    for (int k = 0; k < JOINTS; k++) {
        to->pose[i].joint[k].x -= (float)p->room.x;
        to->pose[i].joint[k].y -= (float)p->room.y;
    }
    to->bare[i] = image_new(&w->job, p->room.w, p->room.h, 4, err);
    to->part[i] = tensor_new(&p->step, TENSOR_U8, SHAPE(p->room.h, p->room.w), err);
    return !tensor_is_empty(to->bare[i]) && !tensor_is_empty(to->part[i]) &&
           puppet_draw(p->puppet, &to->pose[i], to->bare[i], to->part[i], &w->scratch, err);
}

static bool mend(Player *p, Work *w, Play *play, int64_t count, Err *err)
{
    MendJob job = {.mender = p->mender,
                   .drawing = p->who->cut,
                   .x = -p->room.x,
                   .y = -p->room.y,
                   .frames = play->bare,
                   .parts = play->part,
                   .poses = play->pose,
                   .count = (int)count,
                   .is_pixel_art = p->who->is_pixel_art,
                   .strength = w->q->mend};
    return mend_frames(&w->run, &job, play->mended, &w->job, err);
}

static bool begin_play(Player *p, Work *w, const Action *m, Play *to, Err *err)
{
    arena_rewind(&p->step, 0);
    *to = (Play){.bare = arena_zeros(&w->job, (size_t)m->count * sizeof *to->bare),
                 .mended = arena_zeros(&w->job, (size_t)m->count * sizeof *to->mended),
                 .part = arena_zeros(&p->step, (size_t)m->count * sizeof *to->part)};
    if (to->bare == NULL || to->mended == NULL || to->part == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for the frames");
    to->pose = action_poses(m, p->who, &p->step, err);
    return to->pose != NULL;
}

bool player_play(Player *p, Work *w, const Action *m, Play *to, Err *err)
{
    const Keypoint *rest = p->who->rig.rest.joint;
    float hips = (rest[JOINT_R_HIP].x + rest[JOINT_L_HIP].x) / 2;
    if (!begin_play(p, w, m, to, err))
        return false;
    for (int64_t i = 0; i < m->count; i++) {
        m->root[i] = (int)lroundf(hips + action_drift(m, p->who, i)) - p->room.x;
        work_progress(w, "drawing", i, m->count);
        if (!studio_goes_on(w->talk, err) || !draw_frame(p, w, to, i, err))
            return false;
    }
    if (p->mender != NULL)
        return mend(p, w, to, m->count, err);
    memcpy(to->mended, to->bare, (size_t)m->count * sizeof *to->bare);
    return true;
}

static bool dump_parts(const Player *p, const Work *w, Err *err)
{
    if (!is_given(w->q->dump))
        return true;
    char *path = file_join(w->q->dump, "parts.png");
    Tensor labels = puppet_parts(p->puppet);
    bool ok = labels_save(tensor_reshape(labels, SHAPE(labels.dim[0], labels.dim[1], 1)),
                          part_colour, PUPPET_PARTS, path, err);
    xfree(path);
    return ok;
}

static bool puppet_frames(void *state, Work *w, const Action *m, Image *frames, Err *err)
{
    Player *p = state;
    Play play;
    if (!player_play(p, w, m, &play, err))
        return false;
    memcpy(frames, play.mended, (size_t)m->count * sizeof *frames);
    return dump_parts(p, w, err);
}

static void puppet_describe(const void *state, const Work *w, char *to, size_t room)
{
    (void)state;
    snprintf(to, room, "puppet, mend %g", w->q->mend);
}

const Method method_puppet = {.name = "puppet",
                              .keeps_drift = true,
                              .state = sizeof(Player),
                              .open = puppet_open,
                              .meet = puppet_meet,
                              .sides = puppet_sides,
                              .look = puppet_look,
                              .draw = puppet_frames,
                              .describe = puppet_describe,
                              .close = puppet_close};
