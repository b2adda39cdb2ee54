/* SPDX-License-Identifier: MIT */
#include "studios/pose.h"

#include "base/file.h"
#include "base/json.h"
#include "studios/pose/internal.h"

#include <string.h>

static bool begin(PoseWork *w, Err *err)
{
    enum { MOST_BYTES = 2000000000 };
    w->style = pose_style(w->q->style);
    must(w->style != NULL && poses_format(&w->format, w->q->format)); /* choices */
    w->width = (int)w->q->size[0];
    w->height = (int)w->q->size[1];
    return arena_init(&w->job, MOST_BYTES, err) && arena_init(&w->scratch, MOST_BYTES, err);
}

static bool unknown_subject(const char *name, Err *err)
{
    char known[256] = "";
    for (int i = 0; clip_name(i) != NULL; i++) {
        strncat(known, i > 0 ? ", " : "", sizeof known - strlen(known) - 1);
        strncat(known, clip_name(i), sizeof known - strlen(known) - 1);
    }
    return err_set(err, ERR_INPUT, "'%.60s' is neither a file nor a clip (there are: %s)", name,
                   known);
}

static bool draw(PoseWork *w, Err *err)
{
    const char *subject = w->q->subject;
    if (is_clip(subject))
        return draw_clip(w, err);
    if (!file_exists(subject))
        return unknown_subject(subject, err);
    if (file_is_dir(subject) || js_is_file(subject))
        return draw_files(w, err);
    return draw_joints(w, err);
}

static bool pose_run(const void *request, const StudioRun *talk, Err *err)
{
    PoseWork w = {.q = request, .talk = talk};
    bool ok = begin(&w, err) && draw(&w, err);
    arena_release(&w.job);
    arena_release(&w.scratch);
    return ok;
}

#define AT(field) offsetof(PoseRequest, field)

static const Param params[] = {
    {"subject", PARAM_TEXT, AT(subject), NULL, 0, 0, "SUBJECT",
     "a clip (walk, run, idle, jump, attack, crouch, defend, death, roll, celebrate); a file "
     "or "
     "folder of poses in JSON; or a picture, whose joints are looked for",
     NULL, true},
    {"out", PARAM_OUT, AT(out), "poses", 0, 0, "DIR", "where frames/, the JSON and the GIF go",
     NULL, false},
    {"format", PARAM_TEXT, AT(format), "openpose", 0, 0, "NAME",
     "of the JSON: OpenPose's and ControlNet's, ComfyUI's POSE_KEYPOINT, openpose-editor's (a "
     "file each frame)",
     "openpose|comfyui|editor", false},
    {"pose-style", PARAM_TEXT, AT(style), "controlnet", 0, 0, "NAME",
     "colours and lines of the pictures: as ControlNet, as Sprite-Sheet-Diffusion, or as older "
     "stick figures have them",
     POSE_STYLES, false},
    {"size", PARAM_SIZE, AT(size), "", 8, 4096, "WxH",
     "of a picture, in pixels (default: 256x256, or the canvas of the files)", NULL, false},
    {"frames", PARAM_INT, AT(frames), "", 1, 4096, "N",
     "how many (default: as the clip is usually drawn, or all of the files)", NULL, false},
    {"directions", PARAM_TEXT, AT(directions), "1", 0, 0, "N",
     "seen from --yaw; or from 4 or 8 sides, a folder each: s towards us, e to our right",
     "1|4|8", false},
    {"yaw", PARAM_TEXT, AT(yaw), "45", 0, 0, "DEGREES",
     "the side it is seen from: 0 faces us, 90 our right; or s, se, e, ... by name", NULL,
     false},
    {"pitch", PARAM_NUMBER, AT(pitch), "0", -80, 80, "DEGREES", "0 level, 30 from above", NULL,
     false},
    {"travel", PARAM_FLAG, AT(travels), "", 0, 0, NULL,
     "it gets on, its feet where they were planted, instead of moving on the spot", NULL,
     false},
    {"build", PARAM_TEXT, AT(build), "normal", 0, 0, "NAME", "how the figure is built", BUILDS,
     false},
    {"head", PARAM_NUMBER, AT(head), "", 0.05, 0.7, "SHARE",
     "how much of its height is head, chin to top (default: as the build has it)", NULL, false},
    {"height", PARAM_NUMBER, AT(height), "1", 0.2, 1.2, "X",
     "how high it stands beside a usual figure: a child 0.7", NULL, false},
    PARAMS_MACHINE(PoseRequest, "tells more"),
};

static const ParamGroup groups[] = {
    {"out", "What comes out"},
    {"frames", "The clip"},
    {"build", "The figure"},
    {"threads", "The machine"},
};

const Studio pose_studio = {
    .name = "pose",
    .summary = "a movement's skeletons as pictures and JSON, or a picture's joints",
    .examples = {{"atelier pose walk -o poses", "eight skeletons, their JSON and a GIF"},
                 {"atelier pose attack --directions 8 --build chibi --format comfyui",
                  "a folder for each side"},
                 {"atelier pose knight.png -o poses",
                  "its joints as JSON on stdout; poses/knight_pose.png shows them"}},
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .groups = groups,
    .group_count = sizeof groups / sizeof *groups,
    .request_size = sizeof(PoseRequest),
    .run = pose_run,
};
