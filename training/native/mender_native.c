/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include <string.h>

/* The mender as plain C, for ctypes: what ships is what is measured.
 *
 *   drawing[h,w,4] straight alpha, its top left pixel at x, y of a frame;
 *   frames[n,H,W,4] and parts[n,H,W] as the puppet gives them; joints[n,18,4]
 *   as x, y, z, c in a frame's pixels  ->  out[n,H,W,4]
 *
 * 0, or 1 with the reason in message[512].  A MenderNative is for one thread. */
typedef struct MendNative {
    const unsigned char *drawing, *frames, *parts;
    const float *joints;
    int32_t w, h, frame_w, frame_h, x, y, count, is_pixel_art;
    double strength;
    unsigned char *out;
    char *message;
} MendNative;

typedef struct MenderNative {
    Arena weights, job, scratch;
    Kernels kernels;
    Run run;
    Mender mender;
} MenderNative;

#define FACE __attribute__((visibility("default")))
FACE MenderNative *mender_native_open(const char *folder, char *message);
FACE void mender_native_close(MenderNative *m);
FACE int mender_native(MenderNative *m, const MendNative *job);

MenderNative *mender_native_open(const char *folder, char *message)
{
    Err err = {0};
    MenderNative *m = xalloc(1, sizeof *m);
    m->kernels = kernels_for(KERNELS_BEST);
    m->run = (Run){.kernels = &m->kernels, .scratch = &m->scratch};
    if (arena_init(&m->weights, 0, &err) && arena_init(&m->job, 0, &err) &&
        arena_init(&m->scratch, 0, &err) &&
        mender_load(&m->mender, folder, &m->weights, &m->run, &err))
        return m;
    memcpy(message, err.text, sizeof err.text);
    mender_native_close(m);
    return NULL;
}

void mender_native_close(MenderNative *m)
{
    arena_release(&m->weights);
    arena_release(&m->job);
    arena_release(&m->scratch);
    xfree(m);
}

/* ctypes hands arrays over; a Tensor does not tell what is only read. */
static Tensor over(const unsigned char *data, Shape s)
{
    union {
        const void *in;
        void *out;
    } u = {data};
    return tensor_over(u.out, TENSOR_U8, s);
}

static bool mend(MenderNative *m, const MendNative *n, Err *err)
{
    size_t count = (size_t)n->count, pixels = (size_t)n->frame_w * (size_t)n->frame_h;
    Image *frames = arena_zeros(&m->job, count * sizeof *frames);
    Image *mended = arena_zeros(&m->job, count * sizeof *mended);
    Tensor *parts = arena_zeros(&m->job, count * sizeof *parts);
    Pose *poses = arena_zeros(&m->job, count * sizeof *poses);
    if (frames == NULL || mended == NULL || parts == NULL || poses == NULL)
        return err_set(err, ERR_MEMORY, "not enough memory for %zu frames", count);
    memcpy(poses, n->joints, count * sizeof *poses);
    for (size_t i = 0; i < count; i++) {
        frames[i] = over(n->frames + 4 * pixels * i, SHAPE(n->frame_h, n->frame_w, 4));
        parts[i] = over(n->parts + pixels * i, SHAPE(n->frame_h, n->frame_w));
    }
    MendJob job = {.mender = &m->mender,
                   .drawing = over(n->drawing, SHAPE(n->h, n->w, 4)),
                   .x = n->x,
                   .y = n->y,
                   .frames = frames,
                   .parts = parts,
                   .poses = poses,
                   .count = n->count,
                   .is_pixel_art = n->is_pixel_art != 0,
                   .strength = n->strength};
    if (!mend_frames(&m->run, &job, mended, &m->job, err))
        return false;
    for (size_t i = 0; i < count; i++)
        memcpy(n->out + 4 * pixels * i, mended[i].data, 4 * pixels);
    return true;
}

int mender_native(MenderNative *m, const MendNative *job)
{
    Err err = {0};
    if (job->w < 1 || job->h < 1 || job->frame_w < 1 || job->frame_h < 1 || job->count < 1)
        return err_set(&err, ERR_INPUT, "sizes are not positive"), 1;
    bool ok = mend(m, job, &err);
    arena_rewind(&m->job, 0);
    if (!ok)
        memcpy(job->message, err.text, sizeof err.text);
    return ok ? 0 : 1;
}
