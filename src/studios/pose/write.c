/* SPDX-License-Identifier: MIT */
#include "studios/pose/internal.h"

#include "base/file.h"
#include "media/animation.h"
#include "media/color.h"
#include "sheet/sheet.h"

#include <stdio.h>
#include <string.h>

char *stem_of(const char *path, Arena *a)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    size_t from = n;
    while (from > 0 && path[from - 1] != '/')
        from--;
    const char *dot = memchr(path + from, '.', n - from);
    size_t length = (dot != NULL && dot > path + from ? (size_t)(dot - path) : n) - from;
    char *stem = arena_zeros(a, length + 1);
    if (stem != NULL)
        memcpy(stem, path + from, length);
    return stem;
}

void pose_made(const PoseWork *w, const char *dir, const char *name)
{
    if (w->talk->made == NULL)
        return;
    char *path = file_join(dir, name);
    w->talk->made(w->talk->user, path);
    xfree(path);
}

/* ---- pictures -------------------------------------------------------------------------- */

static bool tell(PoseWork *w, const PoseStrip *s, int i, Image picture, Err *err)
{
    w->done++;
    if (w->talk->progress != NULL)
        w->talk->progress(w->talk->user, "drawing", w->done, w->of);
    if (w->talk->frame == NULL)
        return true;
    size_t floor = w->scratch.used;
    Image rgba = image_to_rgba(&w->scratch, picture, err);
    if (tensor_is_empty(rgba))
        return false;
    w->talk->frame(w->talk->user, &(StudioFrame){.clip = s->name,
                                                 .index = i,
                                                 .count = s->poses.frames,
                                                 .seconds = s->ms[i] / 1000,
                                                 .is_loop = s->loops,
                                                 .pivot_x = w->width / 2,
                                                 .pivot_y = w->height,
                                                 .width = w->width,
                                                 .height = w->height,
                                                 .rgba = rgba.data});
    arena_rewind(&w->scratch, floor);
    return true;
}

/* A GIF has one palette, so all frames are held at once. */
static bool fit_in_memory(const PoseWork *w, int frames, Err *err)
{
    const double most = 1 << 30;
    if ((double)frames * w->width * w->height * 3 <= most)
        return true;
    return err_set(err, ERR_MEMORY,
                   "%d frames of %dx%d are more than 1 GiB: ask for fewer, or for a smaller "
                   "--size",
                   frames, w->width, w->height);
}

static Image *draw_frames(PoseWork *w, const PoseStrip *s, Err *err)
{
    int n = s->poses.frames;
    if (!fit_in_memory(w, n, err))
        return NULL;
    Image *frames = arena_zeros(&w->job, (size_t)n * sizeof *frames);
    if (frames == NULL)
        err_set(err, ERR_MEMORY, "not enough memory for the frames");
    for (int i = 0; frames != NULL && i < n; i++) {
        frames[i] = image_new(&w->job, w->width, w->height, 3, err);
        if (tensor_is_empty(frames[i]) || !studio_goes_on(w->talk, err))
            return NULL;
        pose_picture(frames[i], s->poses.pose[i], s->poses.people[i], w->style);
        if (!tell(w, s, i, frames[i], err))
            return NULL;
    }
    return frames;
}

/* ---- files ----------------------------------------------------------------------------- */

static bool save_json(const PoseWork *w, const PoseStrip *s, const char *dir, Err *err)
{
    char name[128];
    snprintf(name, sizeof name, "%.100s.json", s->name);
    char *path = file_join(dir, name);
    bool ok = poses_save(&s->poses, w->format, path, err);
    xfree(path);
    if (ok)
        pose_made(w, dir, name);
    return ok;
}

static bool save_keypoints(const PoseWork *w, const PoseStrip *s, const char *dir, Err *err)
{
    char *folder = file_join(dir, "keypoints");
    bool ok = file_make_dirs(folder, err);
    for (int i = 0; ok && i < s->poses.frames; i++) {
        char name[16];
        snprintf(name, sizeof name, "%04d.json", i);
        char *path = file_join(folder, name);
        Poses one = poses_frame(&s->poses, i);
        ok = poses_save(&one, w->format, path, err);
        xfree(path);
    }
    xfree(folder);
    if (ok)
        pose_made(w, dir, "keypoints");
    return ok;
}

static bool save_gif(PoseWork *w, const PoseStrip *s, const Image *frames, const char *dir,
                     Err *err)
{
    char name[128];
    snprintf(name, sizeof name, "%.100s.gif", s->name);
    char *path = file_join(dir, name);
    Animation m = {.frames = frames, .count = s->poses.frames, .ms = s->ms};
    bool ok = gif_save(&m, path, &w->scratch, err);
    xfree(path);
    if (ok)
        pose_made(w, dir, name);
    return ok;
}

bool write_strip(PoseWork *w, const PoseStrip *s, const char *dir, Err *err)
{
    size_t floor = w->job.used;
    Image *frames = draw_frames(w, s, err);
    if (dir[0] == '\0') {
        arena_rewind(&w->job, floor);
        return frames != NULL;
    }
    bool ok = frames != NULL && file_make_dirs(dir, err) &&
              sheet_save_frames(frames, s->poses.frames, dir, err);
    if (ok)
        pose_made(w, dir, "frames");
    ok = ok &&
         (w->format == POSES_EDITOR ? save_keypoints(w, s, dir, err)
                                    : save_json(w, s, dir, err)) &&
         save_gif(w, s, frames, dir, err);
    arena_rewind(&w->job, floor);
    return ok;
}
