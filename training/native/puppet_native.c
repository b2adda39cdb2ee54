/* SPDX-License-Identifier: MIT */
#include "puppet/puppet.h"

#include <string.h>

/* The puppet as plain C, for ctypes: one picture in, its frames out.
 *
 *   rgba[h,w,4] straight alpha; joints[18,4], targets[n,18,4] as x, y, z, c;
 *   parts[h,w] PuppetParts given, or NULL; is_native: 1 pixel art, 0 not,
 *   -1 see for yourself; has_depth: z of the joints is known
 *   -> out[n,H,W,4], part[n,H,W] (or NULL), labels[h,w] (or NULL)
 *
 * 0, or 1 with the reason in message[512].  Keeps nothing, so that any number
 * of threads and processes may call it. */
typedef struct NativeJob {
    const unsigned char *rgba;
    const float *joints, *targets;
    const unsigned char *parts;
    int32_t w, h, canvas_w, canvas_h, count, is_native, has_depth;
    unsigned char *out, *part, *labels;
    char *message;
} NativeJob;

__attribute__((visibility("default"))) int puppet_native(const NativeJob *job);

static Pose pose_at(const float *joints)
{
    Pose p;
    memcpy(&p, joints, sizeof p);
    return p;
}

/* ctypes hands arrays over; a Tensor does not tell what is only read. */
static Tensor over(const void *data, Shape s)
{
    union {
        const void *in;
        void *out;
    } u = {data};
    return data == NULL ? (Tensor){0} : tensor_over(u.out, TENSOR_U8, s);
}

static bool draw_all(const NativeJob *job, const PuppetSource *s, Arena *a, Err *err)
{
    Puppet *p = puppet_build(s, a, err);
    if (p == NULL)
        return false;
    if (job->labels != NULL)
        memcpy(job->labels, puppet_parts(p).data, (size_t)job->w * (size_t)job->h);
    int64_t size = (int64_t)job->canvas_w * job->canvas_h;
    for (int32_t i = 0; i < job->count; i++) {
        Pose to = pose_at(job->targets + (int64_t)i * JOINTS * 4);
        Tensor canvas = over(job->out + 4 * size * i, SHAPE(job->canvas_h, job->canvas_w, 4));
        Tensor part =
            over(job->part ? job->part + size * i : NULL, SHAPE(job->canvas_h, job->canvas_w));
        if (!puppet_draw(p, &to, canvas, part, a, err))
            return false;
    }
    return true;
}

int puppet_native(const NativeJob *job)
{
    Err err = {0};
    Arena a;
    if (job->w < 1 || job->h < 1 || job->canvas_w < 1 || job->canvas_h < 1 || job->count < 0)
        return err_set(&err, ERR_INPUT, "sizes are not positive"), 1;
    if (!arena_init(&a, 0, &err))
        return 1;
    PuppetSource s = {.picture = over(job->rgba, SHAPE(job->h, job->w, 4)),
                      .joints = pose_at(job->joints),
                      .has_depth = job->has_depth != 0,
                      .parts = over(job->parts, SHAPE(job->h, job->w))};
    s.is_pixel_art = job->is_native < 0 ? puppet_is_pixel_art(s.picture) : job->is_native != 0;
    bool is_done = draw_all(job, &s, &a, &err);
    if (!is_done && job->message != NULL)
        memcpy(job->message, err.text, sizeof err.text);
    arena_release(&a);
    return is_done ? 0 : 1;
}
