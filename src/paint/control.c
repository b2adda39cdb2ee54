/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "base/file.h"
#include "media/color.h"
#include "media/edges.h"
#include "media/resize.h"
#include "pose/draw.h"
#include "pose/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is asked for: KIND=PICTURE[:SCALE[:FROM-UNTIL]] ------------------------------- */

static bool say_how(const char *word, Err *err)
{
    return err_set(
        err, ERR_INPUT,
        "--control is '%.100s'; it must be raw, canny, scribble or openpose, = and a "
        "picture, then perhaps :SCALE, and :FROM-UNTIL as shares of the steps, as "
        "canny=photo.png:0.8:0-0.5",
        word);
}

/* Takes "0.8" or "0-0.5" from the end of path, if there is one; how many numbers. */
static int take_numbers(char *path, double *a, double *b)
{
    char *colon = strrchr(path, ':');
    int n = 0, got = colon == NULL ? 0 : sscanf(colon, ":%lf%n-%lf%n", a, &n, b, &n);
    if (got < 1 || colon[n] != '\0')
        return 0;
    *colon = '\0';
    return got;
}

static bool read_word(PaintControl *c, const char *word, Arena *a, Err *err)
{
    static const char *const kinds[] = {"raw", "canny", "scribble", "openpose"};
    char *text = arena_strdup(a, word), *equal = strchr(text, '=');
    double first = 0, second = 0;
    must(text != NULL);
    *c = (PaintControl){.scale = 1, .until = 1};
    if (equal == NULL)
        return say_how(word, err);
    *equal = '\0';
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(text, kinds[i]) == 0)
            c->kind = kinds[i];
    c->picture = equal + 1;
    int got = take_numbers(equal + 1, &first, &second);
    if (got == 2) {
        c->from = first;
        c->until = second;
        got = take_numbers(equal + 1, &first, &second);
    }
    if (got == 1)
        c->scale = (float)first;
    bool ok = c->kind != NULL && equal[1] != '\0' && got < 2 && c->from >= 0 &&
              c->from <= c->until && c->until <= 1;
    return ok || say_how(word, err);
}

/* Where both families are known, their names say more than numbers. */
static bool is_of_family(const PaintWork *w, const PaintControl *c, Err *err)
{
    const char *own = net_family(net_context(c->part.weights)),
               *model = net_family(w->parts.context);
    return own == NULL || model == NULL || strcmp(own, model) == 0 ||
           err_set(err, ERR_INPUT, "'%s' is a ControlNet for %s, the model is %s",
                   weights_path(c->part.weights), own, model);
}

bool paint_control_open(const PaintWork *w, PaintControl *c, const char *path, Err *err)
{
    if (!paint_part_open(&c->part, NET_CONTROL, path, w->parts.context, err))
        return false;
    if (!is_of_family(w, c, err))
        return false;
    return (unet_config_read(&c->config, c->part.config, err) &&
            controlnet_fits(&c->config, &w->unet, err)) ||
           err_prefix(err, "'%s': ", path);
}

bool paint_controls_open(PaintWork *w, Err *err)
{
    const PaintRequest *q = w->q;
    int64_t n = q->controlnets.count;
    if (n != q->controls.count)
        return err_set(err, ERR_INPUT,
                       "each --controlnet needs its --control, in the same order: there are "
                       "%lld and %lld",
                       (long long)n, (long long)q->controls.count);
    if (q->guess && n == 0)
        return err_set(err, ERR_INPUT,
                       "--guess is for ControlNets: name one with --controlnet");
    if (n > PAINT_CONTROLS)
        return err_set(err, ERR_INPUT, "--controlnet is given %lld times; at most %d",
                       (long long)n, PAINT_CONTROLS);
    for (int64_t i = 0; i < n; i++) {
        PaintControl *c = &w->control[i];
        if (!read_word(c, q->controls.of[i], &w->job, err))
            return false;
        w->controls++;
        if (!paint_control_open(w, c, q->controlnets.of[i], err))
            return false;
    }
    return true;
}

void paint_controls_close(PaintWork *w)
{
    for (int i = 0; i < w->controls; i++)
        paint_part_close(&w->control[i].part);
}

/* ---- pictures -------------------------------------------------------------------------- */

static Image drawn_poses(PaintWork *w, const char *path, Err *err)
{
    Poses p;
    if (!poses_load(&p, path, &w->job, err))
        return (Image){0};
    poses_scale(&p, w->width, w->height);
    Image im = image_new(&w->job, w->width, w->height, 3, err);
    if (!tensor_is_empty(im)) {
        memset(im.data, 0, tensor_bytes(im));
        pose_draw(im, p.pose[0], p.people[0], pose_style("controlnet"));
    }
    return im;
}

static Image seen(PaintWork *w, const PaintControl *c, Err *err)
{
    enum { LOW = 100, HIGH = 200 };
    if (strcmp(c->kind, "openpose") == 0 && js_is_file(c->picture))
        return drawn_poses(w, c->picture, err);
    Image im = image_load(&w->job, c->picture, err);
    if (!tensor_is_empty(im))
        im = image_over(&w->job, im, (Rgb){255, 255, 255}, err);
    if (!tensor_is_empty(im))
        im = image_resize(&w->job, im, w->width, w->height, RESIZE_LANCZOS, err);
    if (tensor_is_empty(im))
        return im;
    if (strcmp(c->kind, "canny") == 0)
        return image_canny(&w->job, im, LOW, HIGH, err);
    return strcmp(c->kind, "scribble") == 0 ? image_scribble(&w->job, im, err) : im;
}

bool paint_controls_see(PaintWork *w, Err *err)
{
    for (int i = 0; i < w->controls; i++) {
        PaintControl *c = &w->control[i];
        c->seen = arena_zeros(&w->job, sizeof *c->seen);
        must(c->seen != NULL);
        *c->seen = seen(w, c, err);
        if (tensor_is_empty(*c->seen))
            return false;
    }
    return true;
}

/* ---- networks -------------------------------------------------------------------------- */

/* Those of w->rows that it is told of: all, or with --guess the conditional one. */
static int64_t rows_told(const PaintWork *w)
{
    return w->q->guess ? 1 : w->rows;
}

static bool hint(PaintWork *w, PaintControl *c, Err *err)
{
    Run *r = &w->run;
    int64_t count = c->is_each ? w->pictures : 1;
    c->hint = arena_zeros(&w->job, (size_t)count * sizeof *c->hint);
    must(c->hint != NULL);
    for (int64_t i = 0; i < count; i++) {
        size_t floor = run_floor(r);
        Tensor rgb = r->is_idle ? nn_new(r, SHAPE(w->height, w->width, 3))
                                : image_to_f32(r->scratch, c->seen[i], RANGE_UNIT, &r->err);
        if (!tensor_is_empty(rgb))
            c->hint[i] = controlnet_hint(
                r, c->net, tensor_reshape(rgb, SHAPE(1, w->height, w->width, 3)), &w->job);
        run_drop(r, floor);
    }
    c->context = paint_contexts(w, NULL, &c->net->trunk, rows_told(w));
    return paint_ran(w, err) && c->context != NULL;
}

bool paint_controls_bind(PaintWork *w, Err *err)
{
    for (int i = 0; i < w->controls; i++) {
        PaintControl *c = &w->control[i];
        PaintLoan l;
        paint_loan_beside(&l, w, "ControlNet", c->part.weights);
        c->net = arena_take(&w->weights, sizeof *c->net);
        must(c->net != NULL);
        (void)!controlnet_bind(c->net, &l.bind, &c->config);
        if (!paint_loan_bound(&l, NULL, err))
            return false;
        bool ok = hint(w, c, err);
        if (!paint_loan_end(&l, "see the control", err) || !ok)
            return false;
    }
    return true;
}

/* The share of the run in which it speaks, as diffusers has it: all of the step is in it. */
static bool is_on(const PaintControl *c, const DenoiseCall *call)
{
    double n = call->total;
    return call->done / n >= c->from && (call->done + 1) / n <= c->until;
}

UNetContext paint_context_row(const UNetContext *c, int64_t row)
{
    UNetContext one = *c;
    for (int i = 0; i < UNET_ATTENTIONS && row >= 0; i++)
        if (!tensor_is_empty(one.of[i]))
            one.of[i] = tensor_rows(one.of[i], row, 1);
    if (row >= 0 && !tensor_is_empty(one.added))
        one.added = tensor_rows(one.added, row, 1);
    return one;
}

const UNetControl *paint_controls_say(PaintWork *w, const PaintAsk *ask, const UNetInput *in,
                                      UNetControl *sum)
{
    bool any = false;
    UNetInput own = *in;
    int64_t untold = w->rows - rows_told(w), row = ask->row < 0 ? -1 : ask->row - untold;
    if (ask->row >= 0 && ask->row < untold)
        return NULL;
    if (w->controls > 0)
        own.latents = paint_rows(&w->run, ask->x, row < 0 ? rows_told(w) : 1);
    for (int i = 0; i < w->controls; i++) {
        PaintControl *c = &w->control[i];
        if (!w->run.is_idle && !is_on(c, ask->call))
            continue;
        UNetContext context =
            paint_context_row(&c->context[w->texts > 1 ? ask->picture : 0], row);
        own.context = &context;
        own.pose[0] = c->hint[c->is_each ? ask->picture : 0];
        if (!any && !controlnet_room(&w->run, &w->unet, own.latents, sum))
            return NULL;
        any = true;
        ControlScale scale = {.scale = c->scale, .guess = w->q->guess};
        if (!controlnet_add(&w->run, c->net, &own, scale, sum))
            return NULL;
    }
    return any ? sum : NULL;
}
