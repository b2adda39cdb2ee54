#ifndef STUDIOS_SPRITE_INTERNAL_H
#define STUDIOS_SPRITE_INTERNAL_H
#include "diffusion/sample.h"
#include "media/color.h"
#include "media/image.h"
#include "media/resize.h"
#include "models/clip_vision.h"
#include "models/pose_guider.h"
#include "models/pose_pyramid.h"
#include "models/unet.h"
#include "models/vae.h"
#include "nn/run.h"
#include "pose/clip.h"
#include "pose/json.h"
#include "pose/outline.h"
#include "pose/retarget.h"
#include "puppet/puppet.h"
#include "models/mender.h"
#include "sheet/sheet.h"
#include "studios/studio.h"

/* ---- what the parts share ---------------------------------------------------------- */

/* What a person may ask for; sprite.c has the table. */
typedef struct SpriteRequest {
    Paths pictures;
    const char *mask;   /* of one picture */
    const char *method; /* "auto": the best for what is given */
    const char *model;
    const char *prompt, *negative; /* what the character is; what frames are to avoid */
    const char *prompts;           /* a file of words for each frame; see text/frame_words.h */
    const char *begin;             /* what is painted over: "auto", "drawing", "puppet" */
    const char *controlnet;
    double control_scale;
    const char *vae, *sampler;
    const char *memory; /* at most, "4G" */
    Paths loras;
    const char *rng;        /* whose normals: "cpu", "cuda" */
    bool plms_lag;          /* see diffusion/sampler.h */
    const char *family;     /* NULL: as the folder says */
    const char *animation;  /* a list, with commas */
    int64_t frames;         /* 0: as the animation has */
    const char *directions; /* "1", "4", "8" */
    const char *yaw;        /* degrees, a direction, or "auto" */
    double pitch;
    const char *joints, *parts; /* files; or NULL */
    double mend;                /* 0..1, of the puppet's frames */
    double strength;            /* 0..1, of what is drawn anew; 0: as the method has it */
    const char *gate;           /* where: "changed", "all" */
    double head;                /* share of the height; 0: as the figure has it */
    const char *build;          /* NULL or "": as the figure is built */
    double height;              /* beside the figure's own */
    const char *pose_style;     /* NULL or "": as the family says */
    int64_t steps;              /* 0: as the family says */
    double guidance;            /* 0: as the family says */
    int64_t seed;
    int64_t size[2]; /* width, height; 0: as the family says */
    const char *poses;
    int64_t context, overlap;      /* 0: as the family says */
    const char *window;            /* "closed" or "open" */
    bool batch_statistics;         /* of a pyramid guider's norms */
    const char *rules;             /* whose resizing: "long" or "short" */
    const char *format;            /* a list; see sheet/export.h */
    int64_t cell, colors, extrude; /* 0: as it comes */
    const char *palette;           /* a file, or "" */
    const char *outline;           /* a colour, or "" */
    bool in_place;
    const char *noise;
    bool raw;
    const char *dump;
    const char *out;
    int64_t threads;
    const char *kernels;
    bool verbose;
} SpriteRequest;

/* What the parts of the sprite studio share during a run.
 *
 *   batch.c    many pictures
 *   make.c     one picture, by way of
 *   figure.c   its character, where it stands, its joints
 *   action.c   what the character does: a row of the sheet each
 *   methods.c  how frames are drawn: a table
 *   save.c     frames to files */
typedef struct Work {
    const SpriteRequest *q;
    const StudioRun *talk;
    Kernels kernels;
    Run run;       /* with the pool */
    Arena scratch; /* of the step at hand */
    Arena job;     /* of the picture at hand */
    SheetOptions sheet;
    int64_t at, of;   /* which action of how many is drawn */
    bool keeps_drift; /* frames have room for root motion */
    const char *part; /* folder where actions that are drawn are kept; or NULL */
} Work;

/* One picture, and where what is made of it goes. */
typedef struct PictureTask {
    const char *picture, *out;
    const char *part; /* NULL, or a folder where drawn actions are kept, so that a run
                         that was cut off goes on */
} PictureTask;

/* make.c: reads, looks, draws, saves. */
bool picture_make(const SpriteRequest *q, const StudioRun *talk, const PictureTask *t,
                  Err *err) MUST_USE;

/* batch.c: many pictures, and files of jobs among them (by their name, .json).  Each gets its
 * folder in --out; what is done is not done again, one that fails does not stop the others. */
bool batch_is_file(const char *path);
bool batch_make(const Studio *studio, const SpriteRequest *q, const StudioRun *talk,
                Err *err) MUST_USE;

/* Tells whoever runs the studio what may not be as expected. */
void work_warn(const Work *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* How far the picture is: `done` of `of` in the action at hand. */
void work_progress(const Work *w, const char *stage, int64_t done, int64_t of);

/* The person gave a value: an empty text stands for none. */
bool is_given(const char *text);

/* ---- figure.c: whose picture it is ------------------------------------------------- */

/* The character of a picture. */
typedef struct Figure {
    const char *path;
    Image picture;   /* RGB or RGBA */
    bool has_alpha;  /* its background is transparent: as it came, by a mask, or cut off */
    Outline outline; /* in it; only if has_alpha */

    /* after figure_stand: */
    Image cut;         /* RGBA, the figure alone, at the picture's size */
    bool is_pixel_art; /* few colours, alpha all or nothing */
    bool has_depth;    /* z of the joints is known, not made up */
    Rig rig;           /* its joints, in the picture's pixels */
} Figure;

/* Reads the picture into the job's arena.  An opaque one gets the request's
 * mask, or loses its background if that is paper of one colour.  Refuses one
 * with nothing left. */
bool figure_read(Figure *f, Work *w, const char *path, Err *err) MUST_USE;

/* For methods that cannot do with a background: false, with what to do about
 * it, if the picture still has one. */
bool figure_is_cut_out(const Figure *f, Err *err) MUST_USE;

/* Cuts the figure out and finds its joints: as --joints says, else by the
 * embedded estimator.  Refuses a picture that shows no figure. */
bool figure_stand(Figure *f, Work *w, Err *err) MUST_USE;

/* ---- action.c: what the character does --------------------------------------------- */

/* From where a row of the sheet is seen. */
typedef struct Side {
    const char *name; /* "s", "se", ...; "" if there is only one */
    float yaw;        /* degrees, as View has it */
    int mirror_of;    /* this side of the list, left and right exchanged; -1: its own */
} Side;
enum { SIDES_MOST = 8 };

/* What the character does: frames of a row.  Exactly one of body, poses and
 * picture says it. */
typedef struct Action {
    char name[64]; /* "walk", "walk_se", "clip" */
    Side side;
    int64_t count;
    double fps; /* on the mean */
    int *ms;    /* [count] how long each frame stays; NULL: all alike */
    bool loops;
    bool *grounded; /* [count] feet on the ground */

    const Clip *clip; /* of body */
    Body *body;       /* [count], of a built-in animation */
    Poses *poses;     /* from OpenPose JSON */
    char **picture;   /* [count] paths of pose pictures */

    float (*drift)[3]; /* [count] root motion that body has in it, in heights; NULL: none */
    int *root;         /* [count] the column over which the body is, told by the method */
    Image *frame;      /* [count] once it is drawn */
} Action;

typedef struct Actions {
    int count;
    Action *of;
} Actions;

/* Every animation of the request from every side, or its --poses; read, so that
 * what is wrong with them is told before anything is drawn.  In the job's
 * arena. */
bool actions_open(Actions *m, Work *w, const Side *sides, int count, Err *err) MUST_USE;

/* Skeletons as a model wants to see them. */
typedef struct PoseView {
    const SpriteRequest *q;      /* pitch, build, head, height */
    const Rig *rig;              /* the character's joints; NULL: not known */
    double head;                 /* its share of the height: as asked for, or by the outline */
    const char *style;           /* see pose_style */
    ResizeFilter filter;         /* for pictures from files */
    int width, height;           /* of the pictures to draw */
    float top, bottom, center_x; /* where the character stands in them */
} PoseView;

/* The pictures [count], RGB, width x height, in the arena; NULL with the
 * reason. */
Image *action_pictures(const Action *m, const PoseView *v, Arena *a, Arena *scratch,
                       Err *err) MUST_USE;

/* The figure's joints in each frame [count], in its picture's pixels, in the
 * arena; NULL with the reason: pose pictures have none. */
Pose *action_poses(const Action *m, const Figure *f, Arena *a, Err *err) MUST_USE;

/* How far right of where it began the figure is in frame i, pixels. */
float action_drift(const Action *m, const Figure *f, int64_t i);

/* The request's --yaw in degrees; left as it is for "auto". */
bool sides_yaw(const SpriteRequest *q, float *yaw, Err *err) MUST_USE;
/* 1 side at `yaw`; or the 4 or 8 of --directions, s, e, n, w or s, se, ...  The
 * number. */
int sides_around(const SpriteRequest *q, float yaw, Side *to);

/* ---- methods.c: how frames are drawn ----------------------------------------------- */

/* A way of drawing frames.  The studio calls, in this order:
 *
 *   open                     once: models are looked at, nothing is loaded
 *     meet                   for each picture: what it needs to know of it
 *       sides                from where it can be drawn
 *       look ...             at each action, and at what is given for it
 *       draw ...             each action: frames, all of one size
 *   close                    once
 *
 * All may fail with the reason; what is wrong with the request is found before draw, and
 * before any file is written. */
typedef struct Method {
    const char *name;
    bool keeps_drift; /* its frames have room for root motion */
    size_t state;     /* bytes of what it keeps between the calls, zeroed before open */
    bool (*open)(void *state, Work *w, Err *err);
    bool (*meet)(void *state, Work *w, Figure *f, Err *err);
    /* At most SIDES_MOST; the number, 0 with the reason. */
    int (*sides)(void *state, Work *w, Side *to, Err *err);
    /* Frames and the action's root: [count] RGBA (RGB with --raw, where the method has no
     * alpha), in the job's arena.
     */
    bool (*look)(void *state, Work *w, const Action *m, Err *err);
    bool (*draw)(void *state, Work *w, const Action *m, Image *frames, Err *err);
    /* What is written into the sheet's metadata: model, steps, seed. */
    void (*describe)(const void *state, const Work *w, char *to, size_t room);
    void (*close)(void *state);
} Method;

extern const Method method_puppet, method_refine, method_diffusion, method_prompt,
    method_controlnet;

/* The one of the request: named, or the best for what it gives. */
const Method *method_chosen(const SpriteRequest *q);

/* ---- save.c: frames to files ------------------------------------------------------- */

/* What the request says of the sheet, into w->sheet. */
bool save_look(Work *w, Err *err) MUST_USE;

/* The sheet, GIFs and frames of actions that are drawn; `how` goes into the
 * sheet's metadata. */
bool save_sheet(Work *w, const Actions *m, const char *how, const char *dir, Err *err) MUST_USE;
/* Only the frames, as they are. */
bool save_raw(Work *w, const Actions *m, const char *dir, Err *err) MUST_USE;

/* ---- kept.c: drawn actions, for a run that goes on ---------------------------------- */

/* The frames of an action that an earlier run with the same settings drew.
 * False if it did not. */
bool kept_recall(Work *w, Action *m) MUST_USE;
bool kept_store(Work *w, const Action *m, Err *err) MUST_USE;

/* ---- tell.c: results, to whoever runs the studio ----------------------------------- */

/* DIR/NAME is there. */
void tell_made(const StudioRun *talk, const char *dir, const char *name);
/* Every cell of the sheet, clip after clip. */
void tell_frames(const StudioRun *talk, const Sheet *s);

/* ---- canvas.c: what models are shown, and what is cut from what they draw ------------- */

/* Frames of a model's size, each a part of the picture over a flat colour. */
typedef struct Canvas {
    int width, height;   /* of a frame */
    const char *style;   /* how skeletons are drawn; see pose_style */
    float grow;          /* beside frames */
    ResizeFilter filter; /* for pose pictures from files */
    double smallest;     /* part that is kept of what was drawn; see MatteOptions */

    /* after canvas_meet, in the job's arena: */
    const Figure *who;
    Rgb key;        /* what lies behind the character */
    Rect part;      /* of the picture, that becomes a frame */
    Image whole;    /* over the key, in the frame's aspect, at its own size */
    Image frame;    /* the same at the frame's size */
    Outline figure; /* where the character stands in the frame */
} Canvas;

/* The picture as it stands, over that of `keys` which is furthest from its colours (count 0:
 * any;
 * --raw: black, and all of the picture). */
bool canvas_meet(Canvas *c, Work *w, Figure *f, const Rgb *keys, int count, Err *err) MUST_USE;
/* Any side, for models that can turn a figure: by itself 45 degrees. */
int canvas_sides(const SpriteRequest *q, Side *to, Err *err) MUST_USE;
/* The figure's skeletons where it stands, [count] in the arena; NULL with the reason. */
Image *canvas_skeletons(const Canvas *c, Work *w, const Action *m, Arena *a, Err *err) MUST_USE;
/* The part of a frame of any size, RGBA, as a frame for the model; and the skeleton there. */
Image canvas_show(const Canvas *c, Image frame, Rect part, Arena *a, Err *err) MUST_USE;
Image canvas_skeleton(const Canvas *c, const Pose *pose, Rect part, Arena *a,
                      Err *err) MUST_USE;
/* What was drawn, without the key: RGBA. */
Image canvas_cut(const Canvas *c, Image drawn, Arena *a, Err *err) MUST_USE;

/* ---- the diffusion method's model ---------------------------------------------------- */

/* Animate Anyone's networks: which model this is (family.c, folder.c), what it
 * computes (model.c), and every stage of it as files (dump.c). */

/* ---- family.c: what the code must not guess ---------------------------------- */

typedef enum { GUIDER_PLAIN, GUIDER_PYRAMID } GuiderKind;
enum { FAMILY_KEYS = 8 };

typedef struct SpriteFamily {
    char name[48];
    GuiderKind guider;
    Range pose_range;    /* what the guider was trained on */
    char pose_style[16]; /* "controlnet" or "ssd" */
    SchedulerConfig scheduler;
    int64_t width, height;
    int64_t steps;
    double guidance;
    int64_t context, overlap; /* frames in a window, and shared by neighbours */
    Rgb key[FAMILY_KEYS];     /* flat backgrounds it was trained on; none: any */
    int keys;
} SpriteFamily;

/* "animate-anyone", "sprite-sheet-diffusion", ...  False, with their names, if
 * there is none of that name. */
bool family_named(SpriteFamily *f, const char *name, Err *err) MUST_USE;
/* The family that a model folder's family.json describes. */
bool family_read(SpriteFamily *f, const char *path, Err *err) MUST_USE;
/* The family of published weights with such a guider. */
void family_of_guider(SpriteFamily *f, GuiderKind kind);
/* "animate-anyone|..." */
const char *family_names(void);

/* ---- folder.c: where the parts are ---------------------------------------------- */

/* Paths of a model folder's parts; NULL for what is not there.  Understands
 * Animate Anyone's pretrained_weights, a folder of checkpoints
 * (denoising_unet-30000.pth: the last one counts), and our own. */
typedef struct SpriteFolder {
    char *denoising, *reference, *motion, *guider, *image_encoder, *vae;
    char *unet_config, *image_encoder_config, *vae_config, *family;
} SpriteFolder;

/* False, with what is missing, if a part is. */
bool folder_find(SpriteFolder *f, const char *dir, Err *err) MUST_USE;
void folder_release(SpriteFolder *f);

/* ---- model.c: the networks, one after the other ---------------------------------- */

/* One job's use of a model.  Networks are bound, used and released in turn,
 * so that memory holds one at a time; what they made for the job stays in
 * `job`. */
typedef struct SpriteModel {
    const SpriteFolder *folder;
    const SpriteFamily *family;
    Run *run;
    Arena *job;
    const StudioRun *talk;
    Arena weights; /* of the network at hand; kept from one to the next, since fresh
                      pages cost more time than packing into them */
    bool batch_statistics;
    bool crops_for_clip; /* as Moore's short pipeline; else the picture is squashed */

    UNetConfig unet_config;
    VaeConfig vae_config;
    ClipVisionConfig clip_config;

    Tensor latent;                  /* [1,h,w,Z] of the reference */
    Tensor context;                 /* [1,1,D] */
    UNetBank tokens;                /* of the reference net */
    Tensor pose[UNET_BLOCKS + 1];   /* [F,h,w,C] */
    UNetPath path[UNET_ATTENTIONS]; /* names of tokens */
    const char *dump;               /* folder, or NULL */
    double stage_began;
    Cost stage_cost;
} SpriteModel;

/* Reads the configurations.  `m` borrows everything it is given. */
bool model_init(SpriteModel *m, const SpriteFolder *folder, const SpriteFamily *family,
                Run *run, Arena *job, const StudioRun *talk, Err *err) MUST_USE;

void model_release(SpriteModel *m);

/* The picture as the VAE and CLIP want it; fills latent and context. */
bool model_see(SpriteModel *m, Image frame, Image whole, Err *err) MUST_USE;
/* Frames of one size, multiples of the VAE's factor, to latents [count,h,w,Z] in
 * the job's arena. */
bool model_encode(SpriteModel *m, const Image *frames, int64_t count, Tensor *latents,
                  Err *err) MUST_USE;
/* Runs the reference net over the latent; fills tokens. */
bool model_reference(SpriteModel *m, Err *err) MUST_USE;
/* Pose pictures [F,H,W,3], 0..1 or -1..1 as the family wants, and the frames
 * that are to be refined, if any; fills pose. */
bool model_poses(SpriteModel *m, Tensor pictures, GuiderFrames frames, Err *err) MUST_USE;
/* Latents [F,h,w,Z]: noise before, the clip after. */
bool model_sample(SpriteModel *m, SampleOptions o, Tensor latents, Err *err) MUST_USE;
/* Latents to pictures [F,H,W,3] in -1..1, in the job's arena. */
bool model_decode(SpriteModel *m, Tensor latents, Tensor *pictures, Err *err) MUST_USE;

/* Tells --verbose how long a stage took, and how much of it was kernels. */
void stage_begin(SpriteModel *m);
void stage_end(SpriteModel *m, const char *what);

/* ---- dump.c: every stage of a run, for comparing ---------------------------------- */

/* Writes DIR/NAME.safetensors, holding `name` in torch's layout ([N,C,H,W]
 * or [1,C,F,H,W] for a clip).  Does nothing if dir is NULL. */
bool dump_tensor(const char *dir, const char *name, Tensor t, bool is_clip, Arena *scratch,
                 Err *err) MUST_USE;

/* ---- mend.c: what a puppet tore ------------------------------------------------------ */

/* A mender from a model folder: config.json and mender.safetensors.  The arena
 * holds what it was packed into; nothing else stays open. */
bool mender_load(Mender *m, const char *folder, Arena *a, const Run *run, Err *err) MUST_USE;

/* A puppet's frames, mended at any size.
 *
 *   frame --- view at 64 or 96 pixels --- mender --- gate --- steady --- frame
 *
 * The view is the part of the frames in which anything is ever seen: enlarged
 * by whole pixels, as it is, or made smaller until it fits.  The gate opens
 * where the mender trusts its change, and the change can be seen at all.
 * Where it is shut a frame keeps its bytes, and so does every pixel of a held
 * thing.  Steady: what surrounds a pixel is the same in an earlier frame, so
 * it is mended as there; parts that stand still do not flicker.
 *
 * Where the gate is open the change is enlarged to the frame's size, in few
 * colours of the drawing and with a sharp edge, so that it is no smear beside
 * it; pixel art stays pixel art: its drawing's own colours, alpha 0 or 255. */
typedef struct MendJob {
    const Mender *mender;
    Image drawing;       /* RGBA: what the puppet was cut from */
    int x, y;            /* where its top left pixel lies in a frame */
    const Image *frames; /* the puppet's, RGBA, all of one size */
    const Tensor *parts; /* u8 [h,w] for each frame: the PuppetPart of its pixels */
    const Pose *poses;   /* of each frame, in its pixels */
    int count;
    bool is_pixel_art;
    double strength; /* 0: nothing is changed; less than 1: only what is trusted more */
} MendJob;

/* mended[count], in the arena: the frames as they should be.  The Run's scratch
 * is left as it was.  False with the reason: memory short, or cancelled. */
bool mend_frames(Run *r, const MendJob *q, Image *mended, Arena *a, Err *err) MUST_USE;

/* ---- puppet.c: its hands, also for refine.c ------------------------------------------- */

/* An action as the puppet plays it; in the job's arena, but part and pose. */
typedef struct Play {
    Image *bare;   /* [count] RGBA: the drawing's own pixels */
    Image *mended; /* [count] the same where nothing was mended */
    Tensor *part;  /* [count] u8 [h,w], the PuppetPart of bare's pixels */
    Pose *pose;    /* [count] in the frames' pixels */
} Play;

typedef struct Player {
    const Figure *who;
    Puppet *puppet;
    Mender *mender; /* NULL: nothing is mended */
    Rect box;       /* of the figure, in the picture's pixels */
    Rect room;      /* of a frame, in the picture's pixels: all that actions need */
    Arena model;    /* the mender's weights */
    Arena step;     /* of the action at hand */
} Player;

/* The least that both are in. */
Rect rect_both(Rect a, Rect b);
bool player_play(Player *p, Work *w, const Action *m, Play *to, Err *err) MUST_USE;

/* ---- diffusion.c: its hands, also for refine.c ---------------------------------------- */

typedef struct Drawer {
    SpriteFolder folder;
    SpriteFamily family;
    SpriteModel model;
    Canvas canvas;
    Arena step; /* of the action at hand */

    Tensor latents; /* [F,h,w,Z] */
    Tensor decoded; /* [F,H,W,3], 0..1, clamped */
} Drawer;

/* The picture as the networks want it, once for all actions. */
bool drawer_see(Drawer *d, Work *w, Err *err) MUST_USE;
/* Pose pictures through the pose guider; `frames`, or NULL: what is to be refined, RGBA of the
 * pictures' size, but its colours over the key.  Their latents are d->latents then. */
bool drawer_guide(Drawer *d, Work *w, const Image *pictures, const Image *frames, int64_t count,
                  Err *err) MUST_USE;
/* d->latents, noise before, to what they should be.  With `noise` (of their
 * shape) they are a drawing, of which refine_strength is made anew. */
bool drawer_sample(Drawer *d, Work *w, bool loops, Tensor noise, Err *err) MUST_USE;
double refine_strength(const SpriteRequest *q);
/* d->latents to d->decoded. */
bool drawer_decode(Drawer *d, Err *err) MUST_USE;
#endif
