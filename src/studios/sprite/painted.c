/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "paint/paint.h"
#include "text/frame_words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The methods of Stable Diffusion: every frame is a picture that is painted over another.
 *
 *   the drawing, or the puppet's frame - key colour - latents, noise to `strength`
 *   subject, the frame's words, tags - text encoder - context
 *   controlnet: the frame's skeleton - ControlNet -
 *   ( UNet )*steps - decoder - frame - alpha
 *
 * prompt: each frame has noise of its own, and begins with the drawing.
 * controlnet: all frames have the same noise, so what stands still comes out alike, and begin
 * with the puppet's, which are in the pose already. */

/* What is each method's own. */
typedef struct Way {
    const char *name;
    double strength; /* unless one asks for another */
    bool is_led;     /* by a ControlNet */
    bool one_noise;
    bool from_puppet; /* unless one asks for another beginning */
} Way;

typedef struct Painter {
    Way way;
    FrameWords words;
    PaintRequest ask;
    PaintWork paint;
    StudioRun talk;
    size_t floor; /* of paint.job: what is of all actions lies below */
    Canvas canvas;

    Player player; /* if frames begin with the puppet's */
    Rect reach;    /* of the puppet in all actions, in the picture's pixels */
} Painter;

/* ---- what paint says goes on -------------------------------------------------------- */

static void told_progress(void *user, const char *stage, int64_t done, int64_t of)
{
    work_progress(user, stage, done, of);
}

static void told_result(void *user, const char *line)
{
    const Work *w = user;
    if (w->talk->say != NULL)
        w->talk->say(w->talk->user, line);
}

static void told_detail(void *user, const char *line)
{
    const Work *w = user;
    if (w->talk->detail != NULL)
        w->talk->detail(w->talk->user, line);
}

/* ---- which model -------------------------------------------------------------------- */

static const char *given(const char *text)
{
    return is_given(text) ? text : NULL;
}

static void ask_of(Painter *p, const SpriteRequest *q)
{
    p->ask = (PaintRequest){.model = q->model,
                            .vae = given(q->vae),
                            .size = {q->size[0], q->size[1]},
                            .steps = q->steps,
                            .guidance = q->guidance,
                            .sampler = given(q->sampler),
                            .seed = q->seed,
                            .clip_skip = 1,
                            .fill = "original",
                            .keep = "noised",
                            .tile_vae = "auto",
                            .strength = q->strength > 0 ? q->strength : p->way.strength,
                            .loras = q->loras,
                            .rng = q->rng,
                            .noise = given(q->noise),
                            .dump = given(q->dump),
                            .memory = given(q->memory),
                            .threads = q->threads,
                            .kernels = q->kernels};
}

static bool check(const Painter *p, const SpriteRequest *q, Err *err)
{
    const char *name = p->way.name;
    if (!is_given(q->model))
        return err_set(err, ERR_INPUT,
                       "--method %s draws by Stable Diffusion: say where it is with --model, a "
                       "folder of diffusers or one file",
                       name);
    if (p->way.is_led && !is_given(q->controlnet))
        return err_set(err, ERR_INPUT,
                       "--method %s needs a ControlNet for skeletons (openpose): name it with "
                       "--controlnet",
                       name);
    if (!p->way.is_led && is_given(q->controlnet))
        return err_set(err, ERR_INPUT,
                       "--method %s sees no skeletons: --controlnet is for --method controlnet",
                       name);
    return true;
}

static bool open_control(Painter *p, const SpriteRequest *q, Err *err)
{
    PaintControl *c = &p->paint.control[0];
    *c = (PaintControl){
        .kind = "openpose", .scale = (float)q->control_scale, .until = 1, .is_each = true};
    p->paint.controls = 1;
    return paint_control_open(&p->paint, c, q->controlnet, err);
}

static bool open_model(Painter *p, Work *w, Err *err)
{
    PaintWork *paint = &p->paint;
    p->talk = (StudioRun){.user = w,
                          .progress = told_progress,
                          .say = told_result,
                          .detail = told_detail,
                          .cancel = w->talk->cancel};
    *paint = (PaintWork){
        .q = &p->ask, .talk = &p->talk, .lent = w->run.pool, .one_noise = p->way.one_noise};
    if (!paint_begin(paint, err) || !paint_open(paint, err))
        return false;
    if (paint->parts.is_inpaint)
        return err_set(err, ERR_INPUT,
                       "'%s' is for inpainting, which frames are not drawn by: name another "
                       "model",
                       weights_path(paint->parts.unet.weights));
    if (p->ask.sampler == NULL && paint->parts.scheduler == NULL)
        p->ask.sampler = "pndm"; /* as the folders of Stable Diffusion 1 have it */
    if (!paint_settle(paint, err) || (p->way.is_led && !open_control(p, w->q, err)))
        return false;
    paint->scheduler.plms_lag = w->q->plms_lag;
    p->floor = paint->job.used;
    return true;
}

static bool open_as(void *state, Work *w, Way way, Err *err)
{
    const double crumb = 0.02; /* of the figure: such models do not leave a background alone */
    Painter *p = state;
    const SpriteRequest *q = w->q;
    p->way = way;
    if (strcmp(q->begin, "auto") != 0)
        p->way.from_puppet = strcmp(q->begin, "puppet") == 0;
    ask_of(p, q);
    if (!check(p, q, err) || !frame_words_open(&p->words, given(q->prompts), err) ||
        !open_model(p, w, err) ||
        (p->way.from_puppet && !method_puppet.open(&p->player, w, err)))
        return false;
    p->ask.negative = is_given(q->negative) ? q->negative : frame_words_negative(&p->words);
    p->canvas = (Canvas){.width = p->paint.width,
                         .height = p->paint.height,
                         .style = is_given(q->pose_style) ? q->pose_style : "controlnet",
                         .grow = 1,
                         .filter = RESIZE_LANCZOS,
                         .smallest = crumb};
    return true;
}

static bool prompt_open(void *state, Work *w, Err *err)
{
    return open_as(state, w, (Way){.name = "prompt", .strength = 0.35}, err);
}

static bool controlnet_open(void *state, Work *w, Err *err)
{
    const Way way = {.name = "controlnet",
                     .strength = 0.6,
                     .is_led = true,
                     .one_noise = true,
                     .from_puppet = true};
    return open_as(state, w, way, err);
}

static void painted_close(void *state)
{
    Painter *p = state;
    paint_end(&p->paint);
    method_puppet.close(&p->player);
    frame_words_close(&p->words);
}

/* ---- the picture -------------------------------------------------------------------- */

static bool painted_meet(void *state, Work *w, Figure *f, Err *err)
{
    Painter *p = state;
    if (p->way.from_puppet && !method_puppet.meet(&p->player, w, f, err))
        return false;
    p->reach = p->player.box;
    return canvas_meet(&p->canvas, w, f, NULL, 0, err);
}

static int painted_sides(void *state, Work *w, Side *to, Err *err)
{
    Painter *p = state;
    return p->way.from_puppet ? method_puppet.sides(&p->player, w, to, err)
                              : canvas_sides(w->q, to, err);
}

/* As far from the joints as the drawing goes at most. */
static float beyond(const Player *p)
{
    float left, top, right, bottom, most = 0;
    const Rect box = p->box;
    if (!pose_bounds(&p->who->rig.rest, &left, &top, &right, &bottom))
        return 0;
    most = fmaxf(left - (float)box.x, top - (float)box.y);
    most = fmaxf(most, (float)(box.x + box.w) - right);
    return fmaxf(most, (float)(box.y + box.h) - bottom);
}

/* What all actions need of the picture is known before any is drawn, so that the figure is
 * equally large in all. */
static bool look_at_reach(Painter *p, Work *w, const Action *m, Err *err)
{
    Player *player = &p->player;
    float left, top, right, bottom, more = beyond(player);
    if (!method_puppet.look(player, w, m, err))
        return false;
    const Pose *poses = action_poses(m, player->who, &player->step, err);
    for (int64_t i = 0; poses != NULL && i < m->count; i++)
        if (pose_bounds(&poses[i], &left, &top, &right, &bottom)) {
            Rect r = {(int)floorf(left - more), (int)floorf(top - more),
                      (int)ceilf(right - left + 2 * more), (int)ceilf(bottom - top + 2 * more)};
            p->reach = rect_both(p->reach, r);
        }
    return poses != NULL;
}

static bool painted_look(void *state, Work *w, const Action *m, Err *err)
{
    Painter *p = state;
    if (p->way.from_puppet)
        return look_at_reach(p, w, m, err);
    size_t floor = w->scratch.used;
    bool ok = !p->way.is_led || canvas_skeletons(&p->canvas, w, m, &w->scratch, err) != NULL;
    arena_rewind(&w->scratch, floor);
    return ok;
}

/* ---- frames ------------------------------------------------------------------------- */

/* The part of the picture that frames are of: what the puppet reaches, standing near the
 * ground line. */
static Rect part_of_puppet(const Painter *p, bool is_raw)
{
    const double fills = 0.92, ground = 0.96;
    Rect b = p->reach;
    if (is_raw)
        return p->canvas.part;
    double scale = fmin(p->canvas.width * fills / b.w, p->canvas.height * fills / b.h);
    Rect r = {.w = (int)(p->canvas.width / scale + 0.5),
              .h = (int)(p->canvas.height / scale + 0.5)};
    r.x = b.x + b.w / 2 - r.w / 2;
    r.y = b.y + b.h - (int)(r.h * ground + 0.5);
    return r;
}

/* What frames begin with, and what a ControlNet sees of each. */
typedef struct Beginning {
    Image *frame, *skeleton; /* [count] */
} Beginning;

static bool begin_with_puppet(Painter *p, Work *w, const Action *m, Beginning *to, Err *err)
{
    Play play;
    Arena *a = &p->paint.job;
    const Rect room = p->player.room;
    Rect part = part_of_puppet(p, w->q->raw), there = part;
    if (!player_play(&p->player, w, m, &play, err))
        return false;
    there.x -= room.x;
    there.y -= room.y;
    for (int64_t i = 0; i < m->count; i++) {
        to->frame[i] = canvas_show(&p->canvas, play.mended[i], there, a, err);
        to->skeleton[i] = canvas_skeleton(&p->canvas, &play.pose[i], there, a, err);
        if (tensor_is_empty(to->frame[i]) || tensor_is_empty(to->skeleton[i]))
            return false;
        m->root[i] = (m->root[i] - there.x) * p->canvas.width / part.w;
    }
    return true;
}

static bool begin_with_drawing(Painter *p, Work *w, const Action *m, Beginning *to, Err *err)
{
    for (int64_t i = 0; i < m->count; i++) {
        to->frame[i] = p->canvas.frame;
        m->root[i] = p->canvas.width / 2;
    }
    if (p->way.is_led)
        to->skeleton = canvas_skeletons(&p->canvas, w, m, &p->paint.job, err);
    return to->skeleton != NULL;
}

static const char *name_of(Rgb c)
{
    static const struct {
        Rgb of;
        const char *name;
    } colours[] = {{{0, 0, 0}, "black"},       {{255, 255, 255}, "white"},
                   {{255, 0, 255}, "magenta"}, {{0, 255, 0}, "green"},
                   {{0, 0, 255}, "blue"},      {{0, 255, 255}, "cyan"},
                   {{255, 255, 0}, "yellow"},  {{255, 0, 0}, "red"}};
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (memcmp(&colours[i].of, &c, sizeof c) == 0)
            return colours[i].name;
    return "plain";
}

/* The prompts of all frames, in the arena. */
static const char **prompts_of(const Painter *p, const SpriteRequest *q, const Action *m,
                               Arena *a)
{
    char animation[sizeof m->name];
    const char **to = arena_zeros(a, (size_t)m->count * sizeof *to);
    size_t side = strlen(m->side.name);
    snprintf(animation, sizeof animation, "%.*s",
             (int)(strlen(m->name) - (side > 0 ? side + 1 : 0)), m->name);
    for (int64_t i = 0; to != NULL && i < m->count; i++) {
        FrameAsk ask = {.subject = given(q->prompt),
                        .animation = animation,
                        .frame = i,
                        .frames = m->count,
                        .side = m->side.name,
                        .background = name_of(p->canvas.key)};
        char *prompt = frame_words_prompt(&p->words, &ask);
        to[i] = arena_strdup(a, prompt);
        xfree(prompt);
        if (to[i] == NULL)
            return NULL;
    }
    return to;
}

static bool begin(Painter *p, Work *w, const Action *m, Err *err)
{
    PaintWork *paint = &p->paint;
    Arena *a = &paint->job;
    arena_rewind(a, p->floor);
    Beginning b = {.frame = arena_zeros(a, (size_t)m->count * sizeof *b.frame),
                   .skeleton = arena_zeros(a, (size_t)m->count * sizeof *b.skeleton)};
    paint->pictures = m->count;
    paint->prompts = prompts_of(p, w->q, m, a);
    if (b.frame == NULL || b.skeleton == NULL || paint->prompts == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for the frames");
    if (!(p->way.from_puppet ? begin_with_puppet(p, w, m, &b, err)
                             : begin_with_drawing(p, w, m, &b, err)))
        return false;
    paint->frames = b.frame;
    paint->control[0].seen = b.skeleton;
    return true;
}

/* What painting cost is the run's. */
static void add_costs(PaintWork *paint, Work *w)
{
    paint_plan_tell(paint);
    for (int i = 0; i < COST_KINDS; i++) {
        Cost *to = &w->run.cost[i], *from = &paint->run.cost[i];
        to->seconds += from->seconds;
        to->flop += from->flop;
        to->calls += from->calls;
        *from = (Cost){0};
    }
}

static bool painted_draw(void *state, Work *w, const Action *m, Image *frames, Err *err)
{
    Painter *p = state;
    PaintWork *paint = &p->paint;
    bool ok = begin(p, w, m, err) && paint_words(paint, err) && studio_goes_on(w->talk, err) &&
              paint_sample(paint, err) && studio_goes_on(w->talk, err) &&
              paint_decode(paint, err);
    for (int64_t i = 0; i < m->count && ok; i++) {
        frames[i] = w->q->raw ? image_to_rgb(&w->job, paint->picture[i], err)
                              : canvas_cut(&p->canvas, paint->picture[i], &w->job, err);
        ok = !tensor_is_empty(frames[i]);
    }
    add_costs(paint, w);
    return ok;
}

static void painted_describe(const void *state, const Work *w, char *to, size_t room)
{
    const Painter *p = state;
    snprintf(to, room, "%s, %s, strength %g, %d steps, guidance %g, seed %lld", p->way.name,
             sampler_name(p->paint.scheduler.sampler), p->paint.strength, p->paint.steps,
             p->paint.guidance, (long long)w->q->seed);
}

#define PAINTED(called, opened)                                                                \
    {                                                                                          \
        .name = called, .state = sizeof(Painter), .open = opened, .meet = painted_meet,        \
        .sides = painted_sides, .look = painted_look, .draw = painted_draw,                    \
        .describe = painted_describe, .close = painted_close                                   \
    }

const Method method_prompt = PAINTED("prompt", prompt_open);
const Method method_controlnet = PAINTED("controlnet", controlnet_open);
