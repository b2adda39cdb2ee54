/* SPDX-License-Identifier: MIT */
#include "pose/clip.h"
#include "pose/vec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void set(float to[3], Vec v)
{
    to[0] = v.x;
    to[1] = v.y;
    to[2] = v.z;
}

static Vec middle(const Body *b, int i, int k)
{
    Vec a = vec(b->joint[i]);
    return plus(a, minus(vec(b->joint[k]), a), 0.5f);
}

/* Factors for the lengths of bones. */
typedef struct Scale {
    float head, face, legs, torso, neck, shoulder, hip, arm; /* neck: its length */
} Scale;

static Scale scale_of(const BodyRest *r, const Proportions *p)
{
    float below = 1 - p->head, legs = p->legs * below, trunk = below - legs;
    float usual = below / r->chin;
    float neck = p->neck * (r->chin - r->neck) / (r->chin - r->hip) * trunk;
    Scale s = {.head = p->head / (1 - r->chin),
               .face = p->face,
               .legs = legs / r->hip,
               .torso = (trunk - neck) / (r->neck - r->hip),
               .neck = neck,
               .shoulder = usual * p->shoulder,
               .hip = usual * p->hip,
               .arm = usual * p->arm};
    return s;
}

/* The limb from `root` by way of its joints, each bone k as long. */
static void stretch(Body *to, const Body *b, int first, int count, float k)
{
    for (int i = first + 1; i < first + count; i++) {
        Vec bone = minus(vec(b->joint[i]), vec(b->joint[i - 1]));
        set(to->joint[i], plus(vec(to->joint[i - 1]), bone, k));
    }
}

static void shape_legs(Body *to, const Body *b, const Scale *s)
{
    static const int hips[2] = {JOINT_R_HIP, JOINT_L_HIP};
    Vec m = middle(b, JOINT_R_HIP, JOINT_L_HIP);
    for (int i = 0; i < 2; i++) {
        Vec root = {m.x * s->legs, m.y * s->legs, m.z * s->legs};
        set(to->joint[hips[i]], plus(root, minus(vec(b->joint[hips[i]]), m), s->hip));
        stretch(to, b, hips[i], 3, s->legs);
    }
}

static void shape_arms(Body *to, const Body *b, const Scale *s)
{
    static const int shoulders[2] = {JOINT_R_SHOULDER, JOINT_L_SHOULDER};
    Vec hip = middle(b, JOINT_R_HIP, JOINT_L_HIP), neck = vec(b->joint[JOINT_NECK]);
    Vec root = middle(to, JOINT_R_HIP, JOINT_L_HIP);
    set(to->joint[JOINT_NECK], plus(root, minus(neck, hip), s->torso));
    for (int i = 0; i < 2; i++) {
        Vec across = minus(vec(b->joint[shoulders[i]]), neck);
        set(to->joint[shoulders[i]], plus(vec(to->joint[JOINT_NECK]), across, s->shoulder));
        stretch(to, b, shoulders[i], 3, s->arm);
    }
}

/* The chin is a little above the neck, on the way to the ears. */
static void shape_head(Body *to, const Body *b, const BodyRest *rest, const Scale *s)
{
    static const int face[5] = {JOINT_NOSE, JOINT_R_EYE, JOINT_L_EYE, JOINT_R_EAR, JOINT_L_EAR};
    Vec neck = vec(b->joint[JOINT_NECK]);
    Vec left = unit(minus(vec(b->joint[JOINT_L_EAR]), vec(b->joint[JOINT_R_EAR])));
    Vec up = unit(minus(middle(b, JOINT_R_EAR, JOINT_L_EAR), neck));
    Vec chin = plus(neck, up, rest->chin - rest->neck);
    Vec new_chin = plus(vec(to->joint[JOINT_NECK]), up, s->neck);
    for (int i = 0; i < 5; i++) {
        Vec from_chin = minus(vec(b->joint[face[i]]), chin);
        from_chin = plus(from_chin, left, (s->face - 1) * dot(from_chin, left));
        set(to->joint[face[i]], plus(new_chin, from_chin, s->head));
    }
}

static bool is_face(int joint)
{
    return joint == JOINT_NOSE || joint >= JOINT_R_EYE;
}

/* A large head is rolled over as a large ball, and long arms that would reach
 * through the floor lie on it. */
static void keep_above_floor(Body *to, const Scale *s, float head)
{
    float skin = 0.02f * s->legs, skull = 0.3f * head, lift = 0;
    for (int i = 0; i < JOINTS; i++)
        lift = is_face(i) ? fmaxf(lift, skull - to->joint[i][1]) : lift;
    for (int i = 0; i < JOINTS; i++)
        to->joint[i][1] = fmaxf(to->joint[i][1] + lift, skin);
}

Body body_shaped(const Body *b, const BodyRest *rest, const Proportions *p)
{
    Body to = *b;
    Scale s = scale_of(rest, p);
    shape_legs(&to, b, &s);
    shape_arms(&to, b, &s);
    shape_head(&to, b, rest, &s);
    keep_above_floor(&to, &s, p->head);
    for (int i = 0; i < JOINTS; i++)
        set(to.joint[i], plus((Vec){0, 0, 0}, vec(to.joint[i]), p->height));
    return to;
}

float proportions_pace(const BodyRest *rest, const Proportions *p)
{
    return scale_of(rest, p).legs * p->height;
}

/* Sine and cosine of the two angles of a view. */
typedef struct Turn {
    float sin_yaw, cos_yaw, sin_pitch, cos_pitch;
} Turn;

static Turn turn_of(const View *v)
{
    const float degree = 3.14159265f / 180;
    return (Turn){sinf(v->yaw * degree), cosf(v->yaw * degree), sinf(v->pitch * degree),
                  cosf(v->pitch * degree)};
}

/* To our axes: x to our right, y up, z towards us. */
static Vec turned(Vec p, const Turn *t)
{
    float x = p.x * t->cos_yaw + p.z * t->sin_yaw;
    float z = p.z * t->cos_yaw - p.x * t->sin_yaw;
    return (Vec){x, p.y * t->cos_pitch - z * t->sin_pitch,
                 p.y * t->sin_pitch + z * t->cos_pitch};
}

View view_fitted(float yaw, float pitch, float top, float bottom, float center_x)
{
    /* Seen from above, height shrinks by the cosine; the ellipse of a round
     * head and shoulders and of the feet, about 0.12 deep, takes the rest. */
    View v = {.yaw = yaw, .pitch = pitch, .floor_y = bottom, .center_x = center_x};
    Turn t = turn_of(&v);
    float depth = 0.06f * fabsf(t.sin_pitch);
    v.scale = (bottom - top) / (fabsf(t.cos_pitch) + 2 * depth);
    v.floor_y = bottom - depth * v.scale;
    return v;
}

/* Which way the points of the face look, in the axes of the head (to its
 * left, up, ahead), and down to which part of that turned towards us they
 * are seen.  A nose stands out; the far ear is lost beyond half a turn to the
 * side. */
static const struct {
    int joint;
    Vec way;
    float least;
} faces[] = {{JOINT_NOSE, {0, 0, 1}, -0.20f},
             {JOINT_R_EYE, {-0.40f, 0, 0.92f}, 0},
             {JOINT_L_EYE, {0.40f, 0, 0.92f}, 0},
             {JOINT_R_EAR, {-1, 0, 0}, -0.75f},
             {JOINT_L_EAR, {1, 0, 0}, -0.75f}};

static void hide_face(Pose *p, const Body *b, const Turn *t)
{
    Vec ears = middle(b, JOINT_R_EAR, JOINT_L_EAR);
    Vec left = unit(minus(vec(b->joint[JOINT_L_EAR]), vec(b->joint[JOINT_R_EAR])));
    Vec nose = minus(vec(b->joint[JOINT_NOSE]), ears);
    Vec eyes = minus(middle(b, JOINT_R_EYE, JOINT_L_EYE), ears);
    Vec ahead = unit(plus(plus(nose, eyes, 1), left, -dot(plus(nose, eyes, 1), left)));
    for (size_t i = 0; i < sizeof faces / sizeof *faces; i++) {
        Vec way = faces[i].way;
        Vec out = {left.x * way.x + ahead.x * way.z, left.y * way.x + ahead.y * way.z,
                   left.z * way.x + ahead.z * way.z};
        if (turned(out, t).z < faces[i].least)
            p->joint[faces[i].joint].c = 0;
    }
}

Pose body_pose(const Body *b, const View *v)
{
    Pose p;
    Turn t = turn_of(v);
    for (int i = 0; i < JOINTS; i++) {
        Vec at = turned(vec(b->joint[i]), &t);
        p.joint[i] = (Keypoint){v->center_x + at.x * v->scale, v->floor_y - at.y * v->scale,
                                at.z * v->scale, 1};
    }
    hide_face(&p, b, &t);
    return p;
}

void clip_poses(const Clip *c, const Proportions *p, const View *v, int n, Pose *to)
{
    for (int i = 0; i < n; i++) {
        Body b = clip_frame(c, i, n);
        b = body_shaped(&b, &c->rest, p);
        to[i] = body_pose(&b, v);
    }
}

static Reach more(Reach a, Reach b)
{
    return (Reach){fminf(a.left, b.left), fminf(a.top, b.top), fmaxf(a.right, b.right),
                   fmaxf(a.bottom, b.bottom)};
}

/* What lies beyond the joints: the skull above the eyes (the upper half of
 * the head) and beside the ears, hands, feet. */
Reach pose_reach(const Pose *poses, int n, const Proportions *p, float scale)
{
    Reach all = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    float skull = 0.55f * p->head * p->height * scale, limb = 0.06f * scale;
    for (int i = 0; i < n * JOINTS; i++) {
        const Keypoint *k = &poses[i / JOINTS].joint[i % JOINTS];
        bool is_head = is_face(i % JOINTS);
        float up = is_head ? skull : limb, aside = is_head ? fmaxf(limb, skull / 3) : limb;
        all = more(all, (Reach){k->x - aside, k->y - up, k->x + aside, k->y + limb});
    }
    return all;
}

Reach clip_reach(const Clip *c, const Proportions *p, const View *v, int n)
{
    Reach all = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (int f = 0; f < n; f++) {
        Body b = clip_frame(c, f, n);
        b = body_shaped(&b, &c->rest, p);
        Pose pose = body_pose(&b, v);
        all = more(all, pose_reach(&pose, 1, p, v->scale));
    }
    return all;
}

const char *yaw_name(int eighths)
{
    static const char *const names[] = {"s", "se", "e", "ne", "n", "nw", "w", "sw"};
    must(eighths >= 0 && eighths < 8);
    return names[eighths];
}

bool yaw_named(const char *direction, float *yaw)
{
    for (int i = 0; i < 8; i++) {
        if (!strcmp(direction, yaw_name(i))) {
            *yaw = 45.0f * (float)i;
            return true;
        }
    }
    return false;
}

bool yaw_read(const char *word, float *yaw)
{
    char *end;
    if (yaw_named(word, yaw))
        return true;
    double degrees = strtod(word, &end);
    if (end == word || *end != '\0' || !(fabs(degrees) <= 360))
        return false;
    *yaw = (float)degrees;
    return true;
}
