#ifndef POSE_CLIP_H
#define POSE_CLIP_H
#include "base/arena.h"
#include "pose/skeleton.h"

/* A movement: the joints of a figure in space over time, seen from anywhere.
 *
 *   Clip -- clip_body(phase) --> Body -- body_shaped --> Body -- body_pose --> Pose
 *        joints in space,           proportions of           joints in a
 *        a standing figure is 1     this character           picture
 *
 * Axes of a Body: the figure looks along +z, +x is to its left, y is up; the
 * floor is y = 0 and the top of the head of the standing figure y = 1. */
typedef struct Body {
    float joint[JOINTS][3];
    bool is_grounded[2]; /* the right and the left foot bear weight */
} Body;

/* Heights at which a standing figure divides. */
typedef struct BodyRest {
    float hip, neck, chin; /* the top is 1 */
} BodyRest;

typedef struct Clip {
    const char *name;
    int frames; /* of the track */
    double fps; /* of the track, so that the whole takes as long as its beats */
    bool loops;
    BodyRest rest;
    Body *body;       /* [frames], walking on the spot */
    float (*root)[3]; /* [frames] where the figure would have got to */
    float travel[3];  /* and how far the whole takes it; 0 in place */
    int beats;        /* how many frames it is drawn with unless one asks for more or less */
    double
        *phase; /* [beats] which moments those show: a blow is drawn back long, struck short */
    int *ms;    /* [beats] and how long */
} Clip;

/* A clip from JSON (data/poses/README.md says how it is written); it lives in
 * the arena.  `name` is the subject of the message. */
bool clip_parse(Clip *c, const char *text, size_t size, const char *name, Arena *a,
                Err *err) MUST_USE;

/* Those that are built in: "idle", "walk", ...; false with the list of names
 * if there is no such clip. */
bool clip_open(Clip *c, const char *name, Arena *a, Err *err) MUST_USE;
/* The name of the i-th; NULL after the last. */
const char *clip_name(int i);

/* The figure at `phase`: 0 is the beginning, 1 the end of a clip that is
 * played once, and the beginning again of one that loops (any number will
 * do).  Between frames positions are interpolated by cubics. */
Body clip_body(const Clip *c, double phase);

/* Frame i of n as it is to be played, and the moment it shows.  The beats are
 * spread over n frames; if they are even, that is i/n for what loops, so that the
 * last leads to the first, and i/(n-1) for what is played once. */
double clip_phase(const Clip *c, int i, int n);
Body clip_frame(const Clip *c, int i, int n);
/* How long it is shown, in ms, at least 1.  The whole takes as long whatever n
 * is, up to one frame each ms. */
int clip_ms(const Clip *c, int i, int n);

/* Where the figure has got to at `phase`; a loop goes on and on.  Added to the
 * joints it makes feet stay where they bear weight. */
void clip_root(const Clip *c, double phase, float to[3]);
Body body_moved(const Body *b, const float by[3]);

/* How a character is built.  Lengths of bones change, directions stay, and
 * what stands on the floor stays there. */
typedef struct Proportions {
    float height; /* 1 as high as a standing figure of the clips; a child beside it 0.7 */
    float head;   /* share of the height, chin to top: 0.13 grown up, 0.45 chibi */
    float legs;   /* share of the height below the chin, floor to hip joint */
    float face;   /* these are 1 as a grown-up of that size has them: breadth of the head */
    float neck;   /* length */
    float shoulder, hip; /* breadth */
    float arm;           /* length */
} Proportions;

/* Of the figure that the clips were made with. */
Proportions proportions_usual(const Clip *c);
/* As figures with a head of this share (0.05..0.7) are drawn: from a fifth on with
 * round faces, hardly a neck, short legs and arms that reach below the hips.
 * pose/outline.h guesses the share from a drawing. */
Proportions proportions_for_head(const Clip *c, float head);

/* A build by name.  The head is that build's if it is 0.  False, with their names,
 * for another. */
#define BUILDS "normal|thin|strong|heavy|child|chibi"
bool proportions_named(Proportions *p, const Clip *c, const char *build, float head,
                       Err *err) MUST_USE;
/* The name of the i-th; NULL after the last. */
const char *build_name(int i);

Body body_shaped(const Body *b, const BodyRest *rest, const Proportions *p);
/* The length of its steps, which is that of its legs, as a share of the clip's:
 * multiply what clip_root says by it. */
float proportions_pace(const BodyRest *rest, const Proportions *p);

/* From where one looks, without perspective. */
typedef struct View {
    float yaw;               /* degrees: 0 faces us, 90 faces our right, 180 shows its back */
    float pitch;             /* degrees: 0 level, 90 from straight above */
    float floor_y, center_x; /* pixels: where the point on the floor between its feet lies */
    float scale;             /* pixels for the height of the standing figure */
} View;

/* The view in which the standing figure fills a box of pixels: the drawing
 * within the frame, top of the head to soles.  Seen from above a figure is
 * not as high; the scale allows for that. */
View view_fitted(float yaw, float pitch, float top, float bottom, float center_x);

/* The figure in a picture.  Eyes, ears and nose that are turned away from us
 * get c = 0, all others c = 1. */
Pose body_pose(const Body *b, const View *v);

/* The shortcut: n frames of a clip, for a character of these proportions. */
void clip_poses(const Clip *c, const Proportions *p, const View *v, int n, Pose *to);

/* How far the figure reaches in the n frames, with the top of its head, its
 * hands and soles and not only its joints: a jump needs room above.  Pixels. */
typedef struct Reach {
    float left, top, right, bottom;
} Reach;
Reach clip_reach(const Clip *c, const Proportions *p, const View *v, int n);
/* The same of poses: whose heads are so high, and whose height is `scale`. */
Reach pose_reach(const Pose *poses, int n, const Proportions *p, float scale);

/* "s", "se", "e", "ne", "n", "nw", "w", "sw" to degrees of yaw: "s" comes
 * towards us, "e" goes to our right.  False for another word. */
bool yaw_named(const char *direction, float *yaw) MUST_USE;
/* One of those, or degrees of -360..360 in digits. */
bool yaw_read(const char *word, float *yaw) MUST_USE;
/* The name of so many eighths of a turn, 0..7. */
const char *yaw_name(int eighths);
#endif
