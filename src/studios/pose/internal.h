#ifndef STUDIOS_POSE_INTERNAL_H
#define STUDIOS_POSE_INTERNAL_H
#include "media/image.h"
#include "pose/clip.h"
#include "pose/draw.h"
#include "pose/json.h"
#include "studios/studio.h"

/* The parts of the pose studio: poses of a clip (move.c), of a picture (see.c), and
 * what is written (write.c).  pose.c knows which is asked for. */

typedef struct PoseRequest {
    const char *subject; /* a clip's name, a picture, a file or folder of poses */
    const char *out;
    int64_t frames; /* 0: as the clip or the files have */
    const char *directions;
    const char *yaw;
    double pitch;
    bool travels;
    const char *build;
    double head; /* 0: as the build has it */
    double height;
    int64_t size[2]; /* 0: SIDE, or as the files say */
    const char *style;
    const char *format;
    const char *kernels;
    int64_t threads;
    bool verbose;
} PoseRequest;

typedef struct PoseWork {
    const PoseRequest *q;
    const StudioRun *talk;
    const PoseStyle *style;
    PosesFormat format;
    int width, height; /* of the pictures */
    int64_t done, of;  /* frames */
    Arena job, scratch;
} PoseWork;

/* Poses as they are played. */
typedef struct PoseStrip {
    const char *name; /* of its files */
    Poses poses;
    double *ms; /* [frames] */
    bool loops;
} PoseStrip;

/* ---- move.c -------------------------------------------------------------------------- */

bool is_clip(const char *name);
/* The clip of the request, from as many sides as it says, into out or its folders
 * s, se, ...  One scale for all. */
bool draw_clip(PoseWork *w, Err *err) MUST_USE;
/* The poses of files. */
bool draw_files(PoseWork *w, Err *err) MUST_USE;

/* ---- see.c --------------------------------------------------------------------------- */

/* The joints of a picture: JSON to talk->say, and the picture with its skeleton. */
bool draw_joints(PoseWork *w, Err *err) MUST_USE;

/* ---- write.c ------------------------------------------------------------------------- */

/* dir/frames/0000.png and so on, dir/NAME.gif, and dir/NAME.json; for the editor, which
 * reads one frame a file, dir/keypoints/0000.json.  Nothing if dir is "": the frames
 * are told. */
bool write_strip(PoseWork *w, const PoseStrip *s, const char *dir, Err *err) MUST_USE;

/* The file's name without folder and ending; in the arena, NULL if memory is short. */
char *stem_of(const char *path, Arena *a);
/* Names dir/name as made. */
void pose_made(const PoseWork *w, const char *dir, const char *name);
#endif
