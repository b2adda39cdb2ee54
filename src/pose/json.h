#ifndef POSE_JSON_H
#define POSE_JSON_H
#include "base/arena.h"
#include "base/json.h"
#include "pose/skeleton.h"

/* Poses in the files that other programs write and read.
 *
 * Read: OpenPose's {"people":[{"pose_keypoints_2d":[x,y,c, ...]}],
 * "canvas_width":W,"canvas_height":H}, an array of those (ComfyUI), the
 * openpose-editor's {"width","height","keypoints":[[[x,y], ...]]}, and a
 * folder with one such file a frame, frame_2 before frame_10.  18 points are
 * COCO-18; 25 (BODY_25) and 17 (COCO-17) are mapped to it.  A point is
 * missing if its c is 0, or it is (0,0), (-1,-1) or null.  Coordinates that
 * are all within 0..1 are shares of the canvas.  Other members are passed
 * over.
 *
 * Where depth is known a person also has pose_keypoints_3d: [x,y,z,c, ...] in
 * pixels, z towards the viewer.  Of one who has both, 2d says where points are
 * and 3d only how deep. */
enum { POSES_MAX_PEOPLE = 64, POSES_MAX_FRAMES = 4096 };

typedef struct Poses {
    int frames;
    int *people;          /* [frames] how many are in each */
    Pose **pose;          /* [frames][people] */
    bool has_depth;       /* everybody came with z; else it is 0 where unknown */
    double width, height; /* of the canvas, in pixels; 0 if no file says */
} Poses;

/* They live in the arena.  False with the reason, the subject `name` in
 * front: no poses, not numbers, too many people or frames. */
bool poses_parse(Poses *p, const char *text, size_t size, const char *name, Arena *a,
                 Err *err) MUST_USE;

/* From a file, or from a folder of files that end in .json. */
bool poses_load(Poses *p, const char *path, Arena *a, Err *err) MUST_USE;

/* From the canvas of the file (as large as its poses need, if it does not
 * say) to a picture of this size: stretched, as pictures of poses are. */
void poses_scale(Poses *p, double width, double height);

/* The person of a frame whose skeleton is largest; NULL if it is empty. */
const Pose *poses_main(const Poses *p, int frame);

/* The largest figure of a file that shows one frame, in the pixels of a
 * picture of this size; what a file without a canvas says are its pixels.
 * False with the reason, also if nobody is there.  Leaves the arena as it was. */
bool pose_load(Pose *figure, bool *has_depth, const char *path, double width, double height,
               Arena *scratch, Err *err) MUST_USE;

/* How other programs want it. */
typedef enum {
    POSES_OPENPOSE, /* one object for one frame, an array for several */
    POSES_COMFYUI,  /* POSE_KEYPOINT: always an array; hands and faces are empty lists */
    POSES_EDITOR    /* openpose-editor: as OpenPose's, of {"width","height","keypoints"};
                       the program itself reads one frame; missing points are [-1,-1] */
} PosesFormat;

/* False for another word than "openpose", "comfyui" and "editor". */
bool poses_format(PosesFormat *f, const char *name) MUST_USE;

/* Frame f alone, borrowed from p. */
Poses poses_frame(const Poses *p, int f);

/* Points are rounded to 1/1000 pixel; depth is written if it is known.  Free
 * with xfree. */
char *poses_text(const Poses *p, PosesFormat format) MUST_USE;
bool poses_save(const Poses *p, PosesFormat format, const char *path, Err *err) MUST_USE;
#endif
