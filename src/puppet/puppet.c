/* SPDX-License-Identifier: MIT */
#include "puppet/crumbs.h"
#include "puppet/internal.h"

#include <math.h>
#include <string.h>

enum { FAINT = 24, SOLID = 250, HALF = 127 };
/* Bytes a pixel of the picture, with room to spare: layers, or the work of building. */
enum { KEPT = LAYERS_MAX * 9 + 64, WORK = 160, GRID_WORK = 160 * 160 * 320, FLOOR = 1 << 20 };

/* Samples a side: many where pixels are few and large. */
static int samples_for(Size s)
{
    int longer = s.w > s.h ? s.w : s.h;
    return longer <= 192 ? 4 : longer <= 1280 ? 2 : 1;
}

static bool check(const PuppetSource *s, Err *err)
{
    Tensor t = s->picture, parts = s->parts;
    must(t.type == TENSOR_U8 && t.rank == 3 && t.dim[2] == 4);
    if (t.dim[0] < 1 || t.dim[1] < 1 || t.dim[0] > PUPPET_MAX_SIDE ||
        t.dim[1] > PUPPET_MAX_SIDE)
        return err_set(err, ERR_INPUT,
                       "a puppet is cut from a picture of 1 to %d pixels a side, this one has "
                       "%ldx%ld",
                       PUPPET_MAX_SIDE, (long)t.dim[1], (long)t.dim[0]);
    if (tensor_is_empty(parts))
        return true;
    if (parts.type != TENSOR_U8 || parts.rank != 2 || parts.dim[0] != t.dim[0] ||
        parts.dim[1] != t.dim[1])
        return err_set(err, ERR_INPUT, "the parts are not of the picture's size, %ldx%ld",
                       (long)t.dim[1], (long)t.dim[0]);
    const unsigned char *label = parts.data;
    for (int64_t i = 0; i < tensor_count(parts); i++) {
        if (label[i] >= PUPPET_PARTS)
            return err_set(err, ERR_INPUT, "parts are numbered 0 to %d, but there is a %d",
                           PUPPET_PARTS - 1, label[i]);
    }
    return true;
}

/* A pixel that the outline covers in part: not solid, and beside nothing. */
static bool is_fringe(const unsigned char *rgba, Size s, int64_t i)
{
    int x = (int)(i % s.w), y = (int)(i / s.w);
    if (rgba[4 * i + 3] > SOLID || rgba[4 * i + 3] == 0)
        return false;
    for (int v = y > 0 ? y - 1 : 0; v <= y + 1 && v < s.h; v++) {
        for (int u = x > 0 ? x - 1 : 0; u <= x + 1 && u < s.w; u++) {
            if (rgba[4 * ((int64_t)v * s.w + u) + 3] <= FAINT)
                return true;
        }
    }
    return false;
}

/* Colours free of the background: those of the fringe are the nearest inner pixel's. */
static void unmix(unsigned char *color, const Puppet *p, Arena *scratch)
{
    size_t mark = scratch->used;
    int64_t n = size_count(p->size);
    unsigned char *inner = memory_take(scratch, n, 1);
    int32_t *nearest = memory_take(scratch, n, sizeof *nearest);
    for (int64_t i = 0; i < n; i++)
        inner[i] = p->picture[4 * i + 3] > 0 && !p->fringe[i];
    mask_nearest(nearest, inner, p->size, 1);
    memcpy(color, p->picture, (size_t)n * 4);
    for (int64_t i = 0; i < n; i++) {
        if (p->fringe[i] && nearest[i] >= 0)
            memcpy(color + 4 * i, p->picture + 4 * (int64_t)nearest[i], 3);
    }
    arena_rewind(scratch, mark);
}

static float alpha_at(const Puppet *p, int x, int y)
{
    x = x < 0 ? 0 : x >= p->size.w ? p->size.w - 1 : x;
    y = y < 0 ? 0 : y >= p->size.h ? p->size.h - 1 : y;
    return p->picture[4 * ((int64_t)y * p->size.w + x) + 3];
}

/* The outline between pixels: where alpha, interpolated, passes one half. */
static void find_edge(Puppet *p)
{
    int k = p->samples, w = p->size.w * k, h = p->size.h * k;
    for (int y = 0; y < h; y++) {
        float v = ((float)y + .5f) / (float)k - .5f;
        int y0 = (int)floorf(v);
        for (int x = 0; x < w; x++) {
            float u = ((float)x + .5f) / (float)k - .5f;
            int x0 = (int)floorf(u);
            float a = u - (float)x0, b = v - (float)y0;
            float top = alpha_at(p, x0, y0) * (1 - a) + alpha_at(p, x0 + 1, y0) * a;
            float low = alpha_at(p, x0, y0 + 1) * (1 - a) + alpha_at(p, x0 + 1, y0 + 1) * a;
            p->edge[(int64_t)y * w + x] = top * (1 - b) + low * b > HALF;
        }
    }
}

static Puppet *fresh(const PuppetSource *s, Arena *a)
{
    Puppet *p = memory_zeros(a, 1, sizeof *p);
    p->size = (Size){(int)s->picture.dim[1], (int)s->picture.dim[0]};
    p->is_pixel_art = s->is_pixel_art;
    p->samples = samples_for(p->size);
    p->cell = grid_step(p->size);
    int64_t n = size_count(p->size);
    p->picture = memory_take(a, n, 4);
    memcpy(p->picture, s->picture.data, (size_t)n * 4);
    for (int64_t i = 0; i < n; i++) {
        unsigned char *alpha = p->picture + 4 * i + 3;
        if (p->is_pixel_art)
            *alpha = *alpha > HALF ? 255 : 0;
        if (*alpha == 0)
            memset(p->picture + 4 * i, 0, 4);
    }
    p->fringe = memory_take(a, n, 1);
    for (int64_t i = 0; i < n; i++)
        p->fringe[i] = is_fringe(p->picture, p->size, i);
    p->edge = memory_take(a, n * p->samples * p->samples, 1);
    find_edge(p);
    p->parts = tensor_over(memory_zeros(a, n, 1), TENSOR_U8, SHAPE(p->size.h, p->size.w));
    return p;
}

/* What the person says goes before what was found. */
static void take_given(unsigned char *label, const PuppetSource *s, const unsigned char *solid)
{
    if (tensor_is_empty(s->parts))
        return;
    const unsigned char *given = s->parts.data;
    for (int64_t i = 0; i < tensor_count(s->parts); i++) {
        if (given[i] && solid[i])
            label[i] = given[i];
    }
}

static bool cut(Puppet *p, const PuppetSource *s, Arena *a, Arena *scratch, Err *err)
{
    int64_t n = size_count(p->size);
    unsigned char *color = memory_take(a, n, 4), *label = p->parts.data;
    unsigned char *under = memory_take(scratch, n, 1), *solid = memory_take(scratch, n, 1);
    unmix(color, p, scratch);
    Grid g = {.has_depth = s->has_depth};
    if (!grid_make(&g, color, p->size, scratch))
        return err_set(err, ERR_INPUT, "there is no figure: the picture is transparent");
    g.figure = figure_scaled(&p->figure, g.scale);
    segment(&g, scratch);
    memcpy(g.under, g.label, (size_t)size_count(g.size));
    things_find(&g, scratch);
    memcpy(p->radius, g.radius, sizeof p->radius);
    for (int k = 0; k < 4; k++)
        p->radius[k / 2][k % 2] /= g.scale;
    spread(&g, color, p->size, label, under, scratch);
    for (int64_t i = 0; i < n; i++)
        solid[i] = color[4 * i + 3] > 0;
    take_given(label, s, solid);
    Cutting c = {p, a, scratch, solid, label, under, color};
    layers_cut(&c);
    return crumbs_share(s->picture, &p->crumb, scratch, err);
}

Puppet *puppet_build(const PuppetSource *s, Arena *a, Err *err)
{
    if (!check(s, err))
        return NULL;
    size_t n = (size_t)(s->picture.dim[0] * s->picture.dim[1]), mark = a->used;
    size_t k = (size_t)samples_for((Size){(int)s->picture.dim[1], (int)s->picture.dim[0]});
    Arena scratch;
    if (!arena_init(&scratch, 0, err))
        return NULL;
    Puppet *p = NULL;
    if (memory_reserve(a, n * (KEPT + k * k) + GRID_WORK + FLOOR, err) &&
        memory_reserve(&scratch, n * WORK + GRID_WORK + FLOOR, err)) {
        p = fresh(s, a);
        Pose joints = s->joints;
        for (int j = 0; j < JOINTS && !s->has_depth; j++)
            joints.joint[j].z = 0;
        if (!figure_complete(&p->figure, &joints, p->size.w, p->size.h, err) ||
            !cut(p, s, a, &scratch, err))
            p = NULL;
    }
    arena_release(&scratch);
    if (p == NULL)
        arena_rewind(a, mark);
    return p;
}

static bool is_own_pose(const Figure *a, const Figure *b)
{
    for (int j = JOINT_NECK; j < SPOTS; j++) {
        bool is_moved =
            fabsf(a->at[j].x - b->at[j].x) >= .01f || fabsf(a->at[j].y - b->at[j].y) >= .01f;
        if (is_moved && (j <= JOINT_L_ANKLE || j >= SPOT_HIP))
            return false;
    }
    return true;
}

/* The picture itself, as much of it as the canvas has room for. */
static void draw_own(const Puppet *p, Tensor canvas, Tensor part)
{
    int64_t w = min64(canvas.dim[1], p->size.w), h = min64(canvas.dim[0], p->size.h);
    unsigned char *to = canvas.data, *label = part.data;
    memset(to, 0, (size_t)tensor_count(canvas));
    if (label != NULL)
        memset(label, 0, (size_t)tensor_count(part));
    for (int64_t y = 0; y < h; y++) {
        memcpy(to + 4 * y * canvas.dim[1], p->picture + 4 * y * p->size.w, (size_t)w * 4);
        if (label != NULL)
            memcpy(label + y * canvas.dim[1],
                   (const unsigned char *)p->parts.data + y * p->size.w, (size_t)w);
    }
}

/* How far the joints of a limb have gone. */
static float gone(const Layer *l, const Figure *from, const Figure *to)
{
    float far = 0;
    for (int b = 0; b < l->bones; b++) {
        BoneEnds e = bone_ends(l->bone[b]);
        const Keypoint *p = &from->at[e.to], *q = &to->at[e.to];
        far = fmaxf(far, hypotf(p->x - q->x, p->y - q->y));
    }
    return far;
}

static void draw_layer(const Samples *s, const Puppet *p, const Layer *l, const Figure *to,
                       Arena *scratch)
{
    size_t mark = scratch->used;
    Move move[LAYER_BONES];
    float width = l->hidden > 0 ? fminf(gone(l, &p->figure, to) / l->hidden, 1) : 1;
    for (int b = 0; b < l->bones; b++) {
        Bone there = bone_of(to, l->bone[b]);
        move[b] = bone_move(&l->rest[b], &there, l->bone[b]);
        move[b].width = width;
    }
    Point *moved = memory_take(scratch, l->vertices, sizeof *moved);
    for (int64_t i = 0; i < l->vertices; i++) {
        Point q = {0, 0};
        for (int b = 0; b < l->bones; b++) {
            float weight = l->weight[i * l->bones + b];
            Point there = weight > 0 ? bone_carry(&move[b], l->vertex[i]) : q;
            q = weight == 1 ? there : (Point){q.x + weight * there.x, q.y + weight * there.y};
        }
        moved[i] = q;
    }
    if (width > 0)
        raster_layer(s, p, l, moved);
    arena_rewind(scratch, mark);
}

static bool sweep(const Puppet *p, Tensor canvas, Tensor part, Arena *scratch, Err *err)
{
    if (!crumbs_sweep(canvas, part, p->crumb, scratch, err))
        return false;
    const unsigned char *rgba = canvas.data;
    unsigned char *label = part.data;
    for (int64_t i = 0; label != NULL && i < tensor_count(part); i++)
        label[i] = rgba[4 * i + 3] > 0 ? label[i] : PUPPET_NONE;
    return true;
}

bool puppet_draw(const Puppet *p, const Pose *pose, Tensor canvas, Tensor part, Arena *scratch,
                 Err *err)
{
    must(canvas.type == TENSOR_U8 && canvas.rank == 3 && canvas.dim[2] == 4);
    must(part.data == NULL || (part.type == TENSOR_U8 && part.dim[0] == canvas.dim[0] &&
                               part.dim[1] == canvas.dim[1]));
    if (canvas.dim[0] > PUPPET_MAX_SIDE || canvas.dim[1] > PUPPET_MAX_SIDE)
        return err_set(err, ERR_INPUT, "a puppet is drawn at up to %d pixels a side",
                       PUPPET_MAX_SIDE);
    Figure to = figure_follow(pose, &p->figure);
    if (is_own_pose(&p->figure, &to)) {
        draw_own(p, canvas, part);
        return true;
    }
    size_t mark = scratch->used;
    Samples s = {(int)canvas.dim[1] * p->samples, (int)canvas.dim[0] * p->samples, NULL, NULL};
    int64_t n = (int64_t)s.w * s.h;
    size_t vertices = (size_t)size_count(p->size) * 4 * sizeof(Point) + FLOOR;
    if (!memory_reserve(scratch, (size_t)n * 5 + vertices, err))
        return false;
    s.rgba = memory_zeros(scratch, n, 4);
    s.part = memory_zeros(scratch, n, 1);
    int order[LAYERS_MAX];
    order_layers(order, p, &to);
    for (int i = 0; i < p->layers; i++)
        draw_layer(&s, p, &p->layer[order[i]], &to, scratch);
    raster_reduce(canvas, part, &s, p->samples, p->is_pixel_art);
    arena_rewind(scratch, mark);
    return sweep(p, canvas, part, scratch, err);
}

bool puppet_is_pixel_art(Tensor picture)
{
    enum { COLORS = 64 };
    unsigned char seen[COLORS][3];
    int count = 0;
    must(picture.type == TENSOR_U8 && picture.rank == 3 && picture.dim[2] == 4);
    const unsigned char *c = picture.data;
    for (int64_t i = 0; i < picture.dim[0] * picture.dim[1]; i++, c += 4) {
        if (c[3] != 0 && c[3] != 255)
            return false;
        int k = 0;
        while (c[3] && k < count && memcmp(seen[k], c, 3) != 0)
            k++;
        if (c[3] == 0 || k < count)
            continue;
        if (count == COLORS)
            return false;
        memcpy(seen[count++], c, 3);
    }
    return count > 0;
}

Tensor puppet_parts(const Puppet *p)
{
    return p->parts;
}

const char *puppet_part_name(int part)
{
    static const char *const NAMES[PUPPET_PARTS] = {
        "nothing",     "torso",     "head",    "r_upper_arm", "r_forearm",
        "l_upper_arm", "l_forearm", "r_thigh", "r_shin",      "l_thigh",
        "l_shin",      "skirt",     "cape",    "held_r",      "held_l",
    };
    return part >= 0 && part < PUPPET_PARTS ? NAMES[part] : NULL;
}
