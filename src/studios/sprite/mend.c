/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"
#include "media/color.h"
#include "media/palette.h"
#include "media/resize.h"
#include "pose/draw.h"
#include "puppet/crumbs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SMALL = 64, /* sides that the mender was trained at */
    LARGE = 96,
    MARGIN = 2,   /* pixels of nothing around what is seen */
    VISIBLE = 16, /* levels that a change must reach */
    AROUND = 3,   /* pixels around one that must be the same for it to be so */
    BATCH = 8,    /* frames at once */
    FEW = 10,     /* colours of a drawing that is larger than what the mender sees */
    SHARPER = 8   /* than the mender sees are the edges of such a one */
};

/* ---- the network from its files ----------------------------------------------------- */

static bool bind_file(Mender *m, const char *path, const MenderConfig *c, Bind *b, Err *err)
{
    Weights *w = weights_open(path, err);
    if (w == NULL)
        return false;
    Binder binder;
    binder_init(&binder, w);
    b->binder = &binder;
    (void)!mender_bind(m, b, c);
    bool ok = binder_done(&binder, NULL, err);
    binder_release(&binder);
    weights_close(w);
    return ok || err_prefix(err, "'%s': ", path);
}

bool mender_load(Mender *m, const char *folder, Arena *a, const Run *run, Err *err)
{
    char *config = file_join(folder, "config.json");
    char *weights = file_join(folder, "mender.safetensors");
    MenderConfig c;
    Json *j = js_load(config, err);
    bool ok =
        j != NULL && (mender_config_read(&c, j, err) || err_prefix(err, "'%s': ", config));
    Bind b = {.arena = a, .kernels = run->kernels, .pool = run->pool};
    ok = ok && bind_file(m, weights, &c, &b, err);
    js_free(j);
    xfree(config);
    xfree(weights);
    return ok;
}

/* ---- what is at hand ----------------------------------------------------------------- */

/* At full strength a change is made that is trusted by more than 1 - this: where held-out
 * characters gain most (validation, docs/models/mender.md), and less of it in larger frames,
 * where what is drawn new is coarse. */
static const float ENOUGH = 0.65f, ENOUGH_REDUCED = 0.4f;

/* Which part of the frames is looked at, and how large. */
typedef struct Sight {
    Rect region;         /* in a frame */
    int side;            /* of the square that the mender sees */
    int times;           /* enlarged by whole pixels, or 0: made smaller */
    double scale;        /* pixels there for one of a frame */
    int left, top, w, h; /* where the region lies in the square */
} Sight;

/* One frame as the mender sees it, side x side. */
typedef struct Look {
    Image puppet;        /* RGBA */
    Image fixed;         /* the same where the gate is shut, mended where it is open */
    unsigned char *held; /* 1 where a held thing is */
    unsigned char *open; /* the gate */
} Look;

typedef struct Mending {
    Run *run;
    const MendJob *job;
    Err *err;
    Arena *scratch;
    Sight view;
    Look *look;
    Tensor drawing; /* [1,S,S,4] */
} Mending;

/* ---- the view ----------------------------------------------------------------------- */

static Rect joined(Rect a, Rect b)
{
    if (a.w == 0 || b.w == 0)
        return a.w == 0 ? b : a;
    int left = a.x < b.x ? a.x : b.x, top = a.y < b.y ? a.y : b.y;
    int right = a.x + a.w > b.x + b.w ? a.x + a.w : b.x + b.w;
    int bottom = a.y + a.h > b.y + b.h ? a.y + a.h : b.y + b.h;
    return (Rect){left, top, right - left, bottom - top};
}

/* All that is ever seen, or the whole frame if that is small. */
static Rect region_of(const MendJob *q)
{
    int w = image_width(q->frames[0]), h = image_height(q->frames[0]);
    if (w <= LARGE && h <= LARGE)
        return (Rect){0, 0, w, h};
    Rect all = image_bounds(q->drawing, 1);
    all.x += q->x;
    all.y += q->y;
    for (int i = 0; i < q->count; i++)
        all = joined(all, image_bounds(q->frames[i], 1));
    return (Rect){all.x - MARGIN, all.y - MARGIN, all.w + 2 * MARGIN, all.h + 2 * MARGIN};
}

static Sight view_of(const MendJob *q)
{
    Sight v = {.region = region_of(q)};
    int longer = v.region.w > v.region.h ? v.region.w : v.region.h;
    v.side = longer > SMALL && longer <= LARGE ? LARGE : SMALL;
    v.times = longer <= LARGE ? v.side / longer : 0;
    v.scale = v.times > 0 ? v.times : (double)v.side / longer;
    v.w = (int)fmax(1, round(v.region.w * v.scale));
    v.h = (int)fmax(1, round(v.region.h * v.scale));
    v.left = (v.side - v.w) / 2;
    v.top = (v.side - v.h) / 2;
    return v;
}

/* What is seen of a picture whose top left pixel lies at x, y of a frame. */
static Image seen(const Mending *m, Image im, int x, int y)
{
    static const Rgb nothing = {0, 0, 0};
    const Sight *v = &m->view;
    Rect cut = {v->region.x - x, v->region.y - y, v->region.w, v->region.h};
    Image part = image_crop(m->scratch, im, cut, nothing, m->err);
    if (tensor_is_empty(part))
        return part;
    part = image_resize(m->scratch, part, v->w, v->h,
                        v->times > 0 ? RESIZE_NEAREST : RESIZE_BOX, m->err);
    if (tensor_is_empty(part))
        return part;
    Rect square = {-v->left, -v->top, v->side, v->side};
    return image_crop(m->scratch, part, square, nothing, m->err);
}

/* Places in the square to places in a frame. */
static void back(const Sight *v, int x, int y, int *fx, int *fy)
{
    *fx = v->region.x + (int)floor((x - v->left + 0.5) / v->scale);
    *fy = v->region.y + (int)floor((y - v->top + 0.5) / v->scale);
}

static bool is_held(Tensor parts, int x, int y)
{
    if (x < 0 || y < 0 || x >= parts.dim[1] || y >= parts.dim[0])
        return false;
    unsigned char part = ((const unsigned char *)parts.data)[y * parts.dim[1] + x];
    return part == PUPPET_HELD_R || part == PUPPET_HELD_L;
}

static bool look_at(Mending *m, int i)
{
    Look *k = &m->look[i];
    int S = m->view.side;
    size_t pixels = (size_t)S * (size_t)S;
    k->puppet = seen(m, m->job->frames[i], 0, 0);
    k->held = arena_take(m->scratch, pixels);
    k->open = arena_zeros(m->scratch, pixels);
    k->fixed = image_new(m->scratch, S, S, 4, m->err);
    if (tensor_is_empty(k->puppet) || k->held == NULL || k->open == NULL ||
        tensor_is_empty(k->fixed))
        return err_set(m->err, ERR_MEMORY, "not enough memory to mend %d frames",
                       m->job->count);
    memcpy(k->fixed.data, k->puppet.data, tensor_bytes(k->puppet));
    for (int p = 0; p < S * S; p++) {
        int x, y;
        back(&m->view, p % S, p / S, &x, &y);
        k->held[p] = is_held(m->job->parts[i], x, y);
    }
    return true;
}

/* ---- the mender ---------------------------------------------------------------------- */

/* RGBA as the mender takes it; `to` has `stride` numbers a pixel. */
static void to_numbers(float *to, int stride, Image im)
{
    const unsigned char *from = im.data;
    for (int64_t p = 0; p < tensor_count(im) / 4; p++, from += 4, to += stride) {
        for (int c = 0; c < 3; c++)
            to[c] = from[3] > 0 ? (float)from[c] / 127.5f - 1.0f : 0.0f;
        to[3] = (float)from[3] / 127.5f - 1.0f;
    }
}

static Pose pose_in(const Sight *v, const Pose *p)
{
    Pose to = *p;
    for (int i = 0; i < JOINTS; i++) {
        to.joint[i].x = (float)(((double)p->joint[i].x - v->region.x) * v->scale + v->left);
        to.joint[i].y = (float)(((double)p->joint[i].y - v->region.y) * v->scale + v->top);
    }
    return to;
}

/* Fills [n,S,S,5] and [n,S,S,3] with frames from `from` on. */
static bool fill_inputs(Mending *m, int from, Tensor puppet, Tensor skeleton)
{
    int64_t S = m->view.side, pixels = S * S;
    Tensor picture = tensor_new(m->scratch, TENSOR_U8, SHAPE(S, S, 3), m->err);
    if (tensor_is_empty(picture))
        return false;
    for (int64_t i = 0; i < puppet.dim[0]; i++) {
        const Look *k = &m->look[from + i];
        float *to = tensor_f32(puppet) + i * pixels * 5;
        to_numbers(to, 5, k->puppet);
        Pose p = pose_in(&m->view, &m->job->poses[from + i]);
        pose_picture(picture, &p, 1, pose_style("controlnet"));
        const unsigned char *lines = picture.data;
        float *drawn = tensor_f32(skeleton) + i * pixels * 3;
        for (int64_t j = 0; j < pixels; j++)
            to[5 * j + 4] = k->held[j];
        for (int64_t j = 0; j < pixels * 3; j++)
            drawn[j] = (float)lines[j] / 255.0f;
    }
    return true;
}

static unsigned char level(float signed_unit)
{
    return (unsigned char)lrintf((fminf(fmaxf(signed_unit, -1), 1) + 1) * 127.5f);
}

/* The largest difference of two pixels over black and over white. */
static int difference(const unsigned char *a, const unsigned char *b)
{
    int most = abs(a[3] - b[3]);
    for (int c = 0; c < 3; c++) {
        int d = abs(a[c] * a[3] - b[c] * b[3]) / 255;
        most = d > most ? d : most;
    }
    return most;
}

/* Opens the gate of a look where the change is trusted and can be seen. */
static void open_gate(const Mending *m, Look *k, const float *puppet, const float *change)
{
    float needed =
        1.0f - (m->view.times > 0 ? ENOUGH : ENOUGH_REDUCED) * (float)m->job->strength;
    unsigned char *fixed = k->fixed.data;
    for (int p = 0; p < m->view.side * m->view.side; p++) {
        Mended y = mender_pixel(puppet + 5 * p, change + 5 * p);
        unsigned char to[4] = {level(y.rgb[0]), level(y.rgb[1]), level(y.rgb[2]),
                               level(2 * y.alpha - 1)};
        if (k->held[p] || !(y.trust > needed) || difference(to, fixed + 4 * p) < VISIBLE)
            continue;
        k->open[p] = 1;
        memcpy(fixed + 4 * p, to, 4);
    }
}

static bool mend_some(Mending *m, int from, int count)
{
    Run *r = m->run;
    int64_t S = m->view.side;
    size_t floor = run_floor(r);
    Tensor puppet = nn_new(r, SHAPE(count, S, S, 5)),
           skeleton = nn_new(r, SHAPE(count, S, S, 3));
    Tensor change = {0};
    if (!tensor_is_empty(skeleton) && fill_inputs(m, from, puppet, skeleton))
        change = mender_mend(r, m->job->mender, puppet, skeleton, m->drawing);
    if (tensor_is_empty(change))
        return err_set(m->err, r->err.kind, "%s", r->err.text);
    for (int i = 0; i < count; i++)
        open_gate(m, &m->look[from + i], tensor_f32(puppet) + i * S * S * 5,
                  tensor_f32(change) + i * S * S * 5);
    run_drop(r, floor);
    return true;
}

/* ---- steady --------------------------------------------------------------------------- */

/* same[p]: the two looks are alike within AROUND of p.  `rows` is scratch. */
static void alike(const Mending *m, const Look *a, const Look *b, unsigned char *same,
                  unsigned char *rows)
{
    int S = m->view.side;
    const uint32_t *pa = a->puppet.data, *pb = b->puppet.data;
    for (int y = 0; y < S; y++) {
        int since = AROUND; /* pixels since one that differs, looking AROUND ahead */
        for (int x = -AROUND; x < S; x++) {
            int ahead = x + AROUND;
            bool differs = ahead < S && (pa[y * S + ahead] != pb[y * S + ahead] ||
                                         a->held[y * S + ahead] != b->held[y * S + ahead]);
            since = differs ? 0 : since + 1;
            if (x >= 0)
                rows[y * S + x] = since > 2 * AROUND;
        }
    }
    for (int x = 0; x < S; x++) {
        int since = AROUND;
        for (int y = -AROUND; y < S; y++) {
            int ahead = y + AROUND;
            since = ahead < S && !rows[ahead * S + x] ? 0 : since + 1;
            if (y >= 0)
                same[y * S + x] = since > 2 * AROUND;
        }
    }
}

/* Each pixel is mended as in the first frame in which all around it is the same. */
static bool steady(Mending *m)
{
    int pixels = m->view.side * m->view.side;
    unsigned char *same = arena_take(m->scratch, (size_t)pixels);
    unsigned char *rows = arena_take(m->scratch, (size_t)pixels);
    unsigned char *done = arena_take(m->scratch, (size_t)pixels);
    if (same == NULL || rows == NULL || done == NULL)
        return err_set(m->err, ERR_MEMORY, "not enough memory to compare frames");
    for (int i = 1; i < m->job->count; i++) {
        Look *k = &m->look[i];
        memset(done, 0, (size_t)pixels);
        for (int j = 0; j < i; j++) {
            const Look *before = &m->look[j];
            alike(m, before, k, same, rows);
            for (int p = 0; p < pixels; p++) {
                if (!same[p] || done[p])
                    continue;
                done[p] = 1;
                k->open[p] = before->open[p];
                memcpy((uint32_t *)k->fixed.data + p, (const uint32_t *)before->fixed.data + p,
                       4);
            }
        }
    }
    return true;
}

/* ---- back to the frame ----------------------------------------------------------------- */

/* Sums of weighted pixels: colour times alpha, alpha, and how open the gate is. */
typedef struct Sum {
    double rgb[3], alpha, open, weight;
} Sum;

static void add(Sum *s, const Look *k, int S, int x, int y, double weight)
{
    if (x < 0 || y < 0 || x >= S || y >= S || !(weight > 0))
        return;
    const unsigned char *p = image_at(k->fixed, x, y);
    for (int c = 0; c < 3; c++)
        s->rgb[c] += weight * p[c] * p[3];
    s->alpha += weight * p[3];
    s->open += weight * k->open[y * S + x];
    s->weight += weight;
}

static bool is_open(const Look *k, int S, Rect r)
{
    for (int y = r.y < 0 ? 0 : r.y; y < r.y + r.h && y < S; y++)
        for (int x = r.x < 0 ? 0 : r.x; x < r.x + r.w && x < S; x++)
            if (k->open[y * S + x])
                return true;
    return false;
}

/* What the square shows of the pixel x, y of a frame; nothing if the gate is
 * shut all around. */
static Sum sample(const Sight *v, const Look *k, int x, int y)
{
    Sum s = {0};
    if (v->times > 0) {
        int left = v->left + (x - v->region.x) * v->times;
        int top = v->top + (y - v->region.y) * v->times;
        if (!is_open(k, v->side, (Rect){left, top, v->times, v->times}))
            return s;
        for (int i = 0; i < v->times * v->times; i++)
            add(&s, k, v->side, left + i % v->times, top + i / v->times, 1);
        return s;
    }
    double u = v->left + (x + 0.5 - v->region.x) * v->scale - 0.5;
    double w = v->top + (y + 0.5 - v->region.y) * v->scale - 0.5;
    int left = (int)floor(u), top = (int)floor(w);
    if (!is_open(k, v->side, (Rect){left, top, 2, 2}))
        return s;
    double right = u - left, low = w - top;
    add(&s, k, v->side, left, top, (1 - right) * (1 - low));
    add(&s, k, v->side, left + 1, top, right * (1 - low));
    add(&s, k, v->side, left, top + 1, (1 - right) * low);
    add(&s, k, v->side, left + 1, top + 1, right * low);
    return s;
}

/* The colour of the drawing that is nearest. */
static const unsigned char *nearest(const Palette *p, const unsigned char *rgb)
{
    int best = 0, least = INT32_MAX;
    for (int i = 0; i < p->count; i++) {
        int d = 0;
        for (int c = 0; c < 3; c++)
            d += (p->rgb[i][c] - rgb[c]) * (p->rgb[i][c] - rgb[c]);
        if (d < least) {
            least = d;
            best = i;
        }
    }
    return p->rgb[best];
}

/* How what the mender made becomes pixels of a frame. */
typedef struct Brush {
    const Palette *own; /* the drawing's colours, or NULL for any */
    double crisp;       /* how much steeper than seen edges are */
    bool is_hard;       /* alpha is 0 or 255 */
} Brush;

static void write_pixel(unsigned char *to, const Sum *s, const Brush *b)
{
    double a = s->alpha / s->weight / 255;
    a = fmin(fmax((a - 0.5) * b->crisp + 0.5, 0), 1);
    if (b->is_hard)
        a = a >= 0.5 ? 1 : 0;
    to[3] = (unsigned char)lrint(255 * a);
    for (int c = 0; c < 3; c++)
        to[c] = to[3] > 0 && s->alpha > 0 ? (unsigned char)lrint(s->rgb[c] / s->alpha) : 0;
    if (b->own != NULL && to[3] > 0)
        memcpy(to, nearest(b->own, to), 3);
}

static void write_frame(const Mending *m, const Look *k, Tensor parts, Image to, const Brush *b)
{
    const Sight *v = &m->view;
    int left = (int)max64(v->region.x, 0), top = (int)max64(v->region.y, 0);
    int right = (int)min64(v->region.x + v->region.w, image_width(to));
    int bottom = (int)min64(v->region.y + v->region.h, image_height(to));
    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++) {
            Sum s = sample(v, k, x, y);
            if (s.weight > 0 && 2 * s.open >= s.weight && !is_held(parts, x, y))
                write_pixel(image_at(to, x, y), &s, b);
        }
}

/* ---- all of it -------------------------------------------------------------------------- */

static bool see_drawing(Mending *m)
{
    int64_t S = m->view.side;
    Image im = seen(m, m->job->drawing, m->job->x, m->job->y);
    m->drawing = tensor_new(m->scratch, TENSOR_F32, SHAPE(1, S, S, 4), m->err);
    if (tensor_is_empty(im) || tensor_is_empty(m->drawing))
        return false;
    to_numbers(tensor_f32(m->drawing), 4, im);
    return true;
}

static bool mend_looks(Mending *m)
{
    int count = m->job->count;
    m->view = view_of(m->job);
    m->look = arena_zeros(m->scratch, (size_t)count * sizeof *m->look);
    if (m->look == NULL)
        return err_set(m->err, ERR_MEMORY, "not enough memory to mend %d frames", count);
    if (!see_drawing(m))
        return false;
    for (int i = 0; i < count; i++)
        if (!look_at(m, i))
            return false;
    for (int i = 0; i < count; i += BATCH)
        if (!mend_some(m, i, (int)min64(BATCH, count - i)))
            return false;
    return steady(m);
}

static bool write_frames(Mending *m, Image *mended, Arena *a)
{
    const MendJob *q = m->job;
    float share = 0;
    if (q->strength > 0 && !crumbs_share(q->drawing, &share, m->scratch, m->err))
        return false;
    bool is_reduced = q->strength > 0 && m->view.times == 0;
    Palette own;
    Brush b = {.crisp = is_reduced ? SHARPER / m->view.scale : 1, .is_hard = q->is_pixel_art};
    if (q->is_pixel_art || is_reduced) {
        int most = q->is_pixel_art ? PALETTE_MOST : FEW;
        if (!palette_make(&own, m->scratch, &q->drawing, 1, most, m->err))
            return false;
        b.own = &own;
    }
    for (int i = 0; i < q->count; i++) {
        mended[i] = image_to_rgba(a, q->frames[i], m->err);
        if (tensor_is_empty(mended[i]))
            return false;
        if (!(q->strength > 0))
            continue;
        write_frame(m, &m->look[i], q->parts[i], mended[i], &b);
        if (!crumbs_sweep(mended[i], q->parts[i], share, m->scratch, m->err))
            return false;
    }
    return true;
}

bool mend_frames(Run *r, const MendJob *q, Image *mended, Arena *a, Err *err)
{
    Mending m = {.run = r, .job = q, .err = err, .scratch = r->scratch};
    size_t floor = run_floor(r);
    bool ok = q->count == 0 ||
              ((!(q->strength > 0) || mend_looks(&m)) && write_frames(&m, mended, a));
    run_drop(r, floor);
    return ok;
}
