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
#include "sheet/sheet.h"
#include "studios/studio.h"

/* The parts of the sprite studio: which model this is (family.c, folder.c),
 * what it computes (model.c), what its characters do (poses.c), and what is
 * written and told (dump.c, tell.c).  sprite.c puts them in order. */

/* ---- family.c: what the code must not guess ---------------------------------- */

typedef enum { GUIDER_PLAIN, GUIDER_PYRAMID } GuiderKind;
enum { FAMILY_KEYS = 8 };

typedef struct SpriteFamily {
    char name[48];
    GuiderKind guider;
    Range pose_range;    /* what the guider was trained on */
    char pose_style[16]; /* "controlnet" or "ssd" */
    DdimConfig ddim;
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
/* Runs the reference net over the latent; fills tokens. */
bool model_reference(SpriteModel *m, Err *err) MUST_USE;
/* Pose pictures [F,H,W,3], 0..1 or -1..1 as the family wants; fills pose. */
bool model_poses(SpriteModel *m, Tensor pictures, Err *err) MUST_USE;
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

/* ---- tell.c: results, to whoever runs the studio ---------------------------------- */

/* DIR/NAME is there. */
void tell_made(const StudioRun *talk, const char *dir, const char *name);
/* Every cell of the sheet, clip after clip. */
void tell_frames(const StudioRun *talk, const Sheet *s);

/* ---- poses.c: what the character does ----------------------------------------------- */

typedef struct PoseRequest {
    const char *path;      /* --poses, or NULL */
    const char *animation; /* else this one */
    int64_t frames;        /* 0: as many as there are */
    double yaw, pitch;
    double head; /* share of the height, chin to top */
    const char *style;
    ResizeFilter filter;         /* for pictures from a folder */
    int width, height;           /* of the pictures to draw */
    float top, bottom, center_x; /* where the character stands in them */
} PoseRequest;

/* Pose pictures, RGB, width x height, in the arena; count and time per frame.
 * Pictures from a folder are resized as the reference scripts do. */
typedef struct PoseFrames {
    Image *picture;
    bool *grounded; /* feet on the ground; NULL: not known */
    int64_t count;
    double fps;
    bool loops;
} PoseFrames;
bool poses_make(PoseFrames *p, const PoseRequest *q, Arena *job, Arena *scratch,
                Err *err) MUST_USE;
#endif
