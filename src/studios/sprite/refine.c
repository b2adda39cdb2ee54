/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "diffusion/noise.h"
#include "media/palette.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The refine method: the puppet, and the diffusion model where it was wrong.
 *
 *   puppet - mender - frames, and a gate: where the mender changed the puppet
 *   frames - encoder - noise to `strength` - denoiser - decoder - colours
 *   frames, latents, skeletons - pose guider - denoiser, if the guider sees frames
 *   inside the gate the colours, outside the frame as it was; its alpha everywhere
 *
 * All frames of a character begin with one noise, so what does not move comes
 * out alike. */
typedef struct Refiner {
    Player player;
    Drawer drawer;
} Refiner;

enum { STEPS = 10 }; /* of the whole way, unless one asks for others */

double refine_strength(const SpriteRequest *q)
{
    const double usual = 0.5;
    return q->strength > 0 ? q->strength : usual;
}

static bool refine_open(void *state, Work *w, Err *err)
{
    Refiner *r = state;
    if (!method_puppet.open(&r->player, w, err) || !method_diffusion.open(&r->drawer, w, err))
        return false;
    if (w->q->steps == 0 && r->drawer.family.steps < STEPS)
        r->drawer.family.steps = STEPS;
    return true;
}

static void refine_close(void *state)
{
    Refiner *r = state;
    method_diffusion.close(&r->drawer);
    method_puppet.close(&r->player);
}

static bool refine_meet(void *state, Work *w, Figure *f, Err *err)
{
    Refiner *r = state;
    return method_puppet.meet(&r->player, w, f, err) &&
           method_diffusion.meet(&r->drawer, w, f, err);
}

static int refine_sides(void *state, Work *w, Side *to, Err *err)
{
    return method_puppet.sides(&((Refiner *)state)->player, w, to, err);
}

static bool refine_look(void *state, Work *w, const Action *m, Err *err)
{
    return method_puppet.look(&((Refiner *)state)->player, w, m, err);
}

/* ---- what the model is shown ---------------------------------------------------------- */

static float middle(const Pose *p, float (*of)(const Keypoint *))
{
    return (of(&p->joint[JOINT_R_HIP]) + of(&p->joint[JOINT_L_HIP])) / 2;
}
static float across(const Keypoint *k)
{
    return k->x;
}
static float down(const Keypoint *k)
{
    return k->y;
}

/* The part of a frame that the model sees: that of the picture, moved as the
 * hips moved. */
static Rect window_of(const Refiner *r, const Pose *pose)
{
    const Pose *rest = &r->player.who->rig.rest;
    Rect part = r->drawer.canvas.part, room = r->player.room;
    float dx = middle(pose, across) + (float)room.x - middle(rest, across);
    float dy = middle(pose, down) + (float)room.y - middle(rest, down);
    part.x += (int)lroundf(dx) - room.x;
    part.y += (int)lroundf(dy) - room.y;
    return part;
}

/* What the guider is shown of a frame: the colours of `over`, and how much of it there is, as
 * large as a pose picture. */
static Image shown(Image over, Image frame, Rect part, Image like, Arena *a, Err *err)
{
    Image rgba = image_crop(a, frame, part, (Rgb){0, 0, 0}, err);
    if (!tensor_is_empty(rgba))
        rgba =
            image_resize(a, rgba, image_width(over), image_height(over), RESIZE_LANCZOS, err);
    if (tensor_is_empty(rgba))
        return rgba;
    for (int64_t p = 0; p < tensor_count(over) / 3; p++)
        memcpy((unsigned char *)rgba.data + 4 * p, (const unsigned char *)over.data + 3 * p, 3);
    return image_resize(a, rgba, image_width(like), image_height(like), RESIZE_NEAREST, err);
}

static bool show(Refiner *r, Work *w, const Play *play, int64_t count, Err *err)
{
    Drawer *d = &r->drawer;
    Image *frames = arena_zeros(&d->step, (size_t)count * sizeof *frames);
    Image *poses = arena_zeros(&d->step, (size_t)count * sizeof *poses);
    Image *large = arena_zeros(&d->step, (size_t)count * sizeof *large);
    if (frames == NULL || poses == NULL || large == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for the frames");
    for (int64_t i = 0; i < count; i++) {
        Rect part = window_of(r, &play->pose[i]);
        frames[i] = canvas_show(&d->canvas, play->mended[i], part, &d->step, err);
        poses[i] = canvas_skeleton(&d->canvas, &play->pose[i], part, &d->step, err);
        if (tensor_is_empty(frames[i]) || tensor_is_empty(poses[i]))
            return false;
        large[i] = shown(frames[i], play->mended[i], part, poses[i], &d->step, err);
        if (tensor_is_empty(large[i]))
            return false;
    }
    return model_encode(&d->model, frames, count, &d->latents, err) &&
           drawer_guide(d, w, poses, large, count, err);
}

/* The same for every frame. */
static Tensor one_noise(const Drawer *d, Work *w, Err *err)
{
    Chance chance;
    chance_seed(&chance, (uint64_t)w->q->seed);
    Tensor all = tensor_new(&w->scratch, TENSOR_F32, tensor_shape(d->latents), err);
    bool ok = !tensor_is_empty(all) && noise_draw_alike(&chance, all, &w->scratch, err);
    return ok ? all : (Tensor){0};
}

static bool redraw(Refiner *r, Work *w, const Play *play, const Action *m, Err *err)
{
    Drawer *d = &r->drawer;
    if (!drawer_see(d, w, err))
        return false;
    arena_rewind(&d->step, 0);
    d->model.job = &d->step;
    size_t floor = w->scratch.used;
    bool ok = show(r, w, play, m->count, err);
    Tensor noise = ok ? one_noise(d, w, err) : (Tensor){0};
    ok = !tensor_is_empty(noise) && drawer_sample(d, w, m->loops, noise, err) &&
         drawer_decode(d, err);
    arena_rewind(&w->scratch, floor);
    return ok;
}

/* ---- what is taken from it -------------------------------------------------------------- */

/* Levels by which the mender must have changed a pixel for it to be drawn anew. */
enum { CHANGED = 30 };

static bool is_open(const unsigned char *bare, const unsigned char *mended, int part, bool all)
{
    if (mended[3] == 0 || part == PUPPET_HELD_R || part == PUPPET_HELD_L)
        return false;
    int most = abs(bare[3] - mended[3]);
    for (int c = 0; c < 3; c++)
        most = abs(bare[c] - mended[c]) > most ? abs(bare[c] - mended[c]) : most;
    return all || most > CHANGED;
}

/* The decoded frame at the size of its window, RGBA: without its key. */
static Image drawn(const Drawer *d, int64_t i, Rect part, Arena *a, Err *err)
{
    Tensor one = tensor_rows(d->decoded, i, 1);
    Image im = image_from_f32(a, tensor_reshape(one, SHAPE(one.dim[1], one.dim[2], 3)),
                              RANGE_UNIT, TO_U8_ROUNDED, err);
    if (!tensor_is_empty(im))
        im = canvas_cut(&d->canvas, im, a, err);
    return tensor_is_empty(im) ? im : image_resize(a, im, part.w, part.h, RESIZE_LANCZOS, err);
}

/* Colours where there is something in the window, and the gate is open. */
static void paste(Image frame, Image bare, Tensor part, Image colours, Rect window, bool all)
{
    const unsigned char *label = part.data;
    for (int y = 0; y < image_height(frame); y++)
        for (int x = 0; x < image_width(frame); x++) {
            int u = x - window.x, v = y - window.y;
            unsigned char *p = image_at(frame, x, y);
            if (u >= 0 && v >= 0 && u < window.w && v < window.h &&
                image_at(colours, u, v)[3] >= 128 &&
                is_open(image_at(bare, x, y), p, label[(int64_t)y * part.dim[1] + x], all))
                memcpy(p, image_at(colours, u, v), 3);
        }
}

/* Pixel art keeps the colours that its drawing has. */
static bool keep_palette(Image *frames, int64_t count, Image drawing, Work *w, Err *err)
{
    Palette palette;
    unsigned char *known = palette_memo(&w->scratch, err);
    if (known == NULL || !palette_make(&palette, &w->scratch, &drawing, 1, PALETTE_MOST, err))
        return false;
    for (int64_t i = 0; i < count; i++) {
        size_t mark = w->scratch.used;
        Image index = palette_apply(&w->scratch, &palette, known, frames[i], err);
        if (tensor_is_empty(index))
            return false;
        for (int64_t k = 0; k < tensor_count(index); k++) {
            unsigned char *p = (unsigned char *)frames[i].data + 4 * k;
            if (p[3] >= PALETTE_OPAQUE)
                memcpy(p, palette.rgb[((const unsigned char *)index.data)[k]], 3);
        }
        arena_rewind(&w->scratch, mark);
    }
    return true;
}

static bool refine_draw(void *state, Work *w, const Action *m, Image *frames, Err *err)
{
    Refiner *r = state;
    Play play;
    bool all = strcmp(w->q->gate, "all") == 0;
    if (!player_play(&r->player, w, m, &play, err) || !redraw(r, w, &play, m, err))
        return false;
    for (int64_t i = 0; i < m->count; i++) {
        size_t mark = w->scratch.used;
        Rect window = window_of(r, &play.pose[i]);
        Image colours = drawn(&r->drawer, i, window, &w->scratch, err);
        frames[i] = image_to_rgba(&w->job, play.mended[i], err);
        if (tensor_is_empty(colours) || tensor_is_empty(frames[i]))
            return false;
        paste(frames[i], play.bare[i], play.part[i], colours, window, all);
        arena_rewind(&w->scratch, mark);
    }
    const Figure *f = r->player.who;
    return !f->is_pixel_art || keep_palette(frames, m->count, f->cut, w, err);
}

static void refine_describe(const void *state, const Work *w, char *to, size_t room)
{
    const Drawer *d = &((const Refiner *)state)->drawer;
    snprintf(to, room,
             "refine, mend %g, gate %s, strength %g, family %s, %lld steps, seed %lld",
             w->q->mend, w->q->gate, refine_strength(w->q), d->family.name,
             (long long)d->family.steps, (long long)w->q->seed);
}

const Method method_refine = {.name = "refine",
                              .keeps_drift = true,
                              .state = sizeof(Refiner),
                              .open = refine_open,
                              .meet = refine_meet,
                              .sides = refine_sides,
                              .look = refine_look,
                              .draw = refine_draw,
                              .describe = refine_describe,
                              .close = refine_close};
