#ifndef PAINT_PAINT_H
#define PAINT_PAINT_H
#include "diffusion/sample.h"
#include "media/image.h"
#include "models/controlnet.h"
#include "models/taesd.h"
#include "models/unet.h"
#include "models/vae.h"
#include "paint/parts.h"
#include "studios/studio.h"

/* Words, and perhaps a picture, to pictures, by Stable Diffusion 1, 2 and XL.
 *
 *   prompt - text encoders - context
 *   noise of a seed, picture - UNet, a sampler's steps - latents - VAE - pictures
 *
 * Equal to diffusers for prompts without brackets.  One network is in memory at
 * a time, a UNet with its ControlNets.  A PaintWork belongs to one thread. */

/* What a person may ask for; studios/paint.c has the table.  NULL and 0: not given, so it is as
 * the model is used best, or left out. */
typedef struct PaintRequest {
    const char *again; /* a picture to be made again */
    const char *prompt, *negative;
    const char *model, *unet, *vae, *text_encoder, *text_encoder_2; /* files and folders */
    int64_t size[2];                                                /* width, height */
    int64_t steps;
    double guidance, rescale;
    const char *sampler;
    const char *spacing, *sigmas, *prediction; /* over what the model says */
    double eta;
    int64_t seed;
    int64_t batch;
    int64_t clip_skip; /* 1: none */
    const char *init, *mask;
    const char *outpaint; /* borders */
    double strength;      /* of what is painted anew; 0: as usual for what is asked */
    const char *fill;     /* "original", "bleed", "noise", "zeros": what lies under the mask */
    int64_t mask_blur;    /* pixels */
    bool only_masked;
    int64_t padding;             /* around the mask, if only that is painted */
    const char *keep;            /* how what is not masked is kept: "noised", "clean" */
    Paths loras, embeddings;     /* FILE:WEIGHT; files */
    Paths controlnets, controls; /* files; KIND=PICTURE:SCALE:FROM-UNTIL */
    bool guess;        /* ControlNets lead what has a prompt only, deeper layers more */
    const char *rng;   /* whose normals: "cpu", "cuda" */
    const char *noise; /* a file instead */
    const char *dump, *out;
    const char *memory;       /* at most, "4G"; plan.c */
    const char *tile_vae;     /* "auto", "on", "off" */
    const char *hires;        /* "2x": painted again, so much larger */
    const char *hires_by;     /* "latent", "latent-nearest", "lanczos" */
    const char *hires_model;  /* an upscaler's file instead */
    double hires_strength;    /* 0: as usual for that */
    int64_t hires_steps;      /* 0: as many as the first pass */
    const char *upscale;      /* an upscaler's file, for the picture in the end */
    bool preview;             /* while it is painted, of each */
    int64_t preview_every;    /* steps; */
    const char *preview_file; /* and where the last stays */
    const char *decoder;      /* of the picture: "full", "taesd", "linear" */
    const char *taesd;        /* a file: of previews, too */
    int64_t threads;
    const char *kernels;
    bool verbose;
} PaintRequest;

enum { PAINT_CONTROLS = 8 };

/* A ControlNet with what it sees. */
typedef struct PaintControl {
    const char *kind, *picture;
    float scale;
    double from, until; /* shares of the steps */
    PaintPart part;
    UNetConfig config;
    Image *seen; /* [1], or [pictures] if each has its own; at width x height */
    bool is_each;
    /* while it is in memory */
    ControlNet *net;
    Tensor *hint;         /* of each seen */
    UNetContext *context; /* of each text */
} PaintControl;

/* What a network and its work take, in bytes. */
typedef struct PaintTake {
    size_t weights; /* as they are packed */
    size_t work;
    size_t job; /* all that the painting had to keep until then */
} PaintTake;

/* A network's time in memory. */
typedef struct PaintStage {
    const char *what; /* "UNet" */
    int way;          /* how much speed is given up for memory, 0: none; plan.c has the table */
    PaintTake planned, taken;
} PaintStage;

enum { PAINT_STAGES = 8 };
typedef struct PaintPlan {
    size_t most; /* bytes allowed */
    PaintStage stage[PAINT_STAGES];
    int stages;
} PaintPlan;

/* A walk from noise, or from a picture with noise, to latents. */
typedef struct PaintPass {
    int steps;
    double strength; /* how much of the picture is painted anew */
    bool is_second;
} PaintPass;

/* The second pass. */
typedef struct PaintHires {
    double scale; /* 0: none */
    int width, height;
    int steps;
    double strength;
    bool is_latent; /* latents are made larger; else pictures are */
} PaintHires;

/* The painting at hand: who needs what is told by where it is filled in.
 *
 *   work.c    opens and closes it
 *   settle.c  what is not given; whether it fits together
 *   see.c     a picture and its mask, at the size that is painted, to latents
 *   control.c ControlNets and what they see
 *   keep.c    what is not masked, on the way and in the end
 *   fill.c    colours that bleed under a mask
 *   words.c   prompts to what the UNet reads of them
 *   sample.c  noise to latents
 *   hires.c   a larger second pass; pictures made larger in the end
 *   pixels.c  latents to pictures
 *   preview.c the same at little cost, and on the way
 *   loan.c    networks in memory, one after the other
 *   plan.c    how they are to fit in there
 *   parts.c, config.c, loras.c  what a model consists of (parts.h)
 *
 * A studio calls: paint_begin, paint_open, paint_look, paint_settle, paint_frame,
 * paint_controls_open and _see; then paint_words, paint_sample, paint_decode,
 * paint_upscale; and paint_end, in the end, whatever happened. */
typedef struct PaintWork {
    const Studio *studio;
    const PaintRequest *q;
    const StudioRun *talk;
    Kernels kernels;
    Run run;       /* with the pool */
    Arena scratch; /* of the step at hand */
    Arena job;     /* of the run */
    Arena weights; /* of the network at hand */
    PaintPlan plan;
    Pool *lent; /* somebody else's; or NULL, then the run's is its own */
    PaintParts parts;
    PaintLoras loras;

    /* What pictures need not share.  Set by whoever has it, before paint_words. */
    const char *const *prompts; /* [pictures] each its own; or NULL, then the request's */
    Image *frames;              /* [pictures] to begin with, at width x height; or NULL, then
                                   what see.c makes of --init is for all of them */
    bool one_noise;             /* all are drawn the noise of the first */

    /* control.c */
    PaintControl control[PAINT_CONTROLS];
    int controls;

    /* see.c; empty without --init */
    Image given;      /* RGB or RGBA, with its borders */
    Image init;       /* the same, RGB: what is transparent is white */
    Image mask;       /* [H,W,1] of its size, 255 where there is to be painted; or empty */
    Rect part;        /* of it, that is painted */
    Image frame;      /* that, */
    Image frame_mask; /* and its mask, at width x height */
    Tensor seen;      /* [pictures,h,w,Z] its latents */
    Tensor opens;     /* [h,w] 1 where there is to be painted */
    Tensor beside;    /* [pictures,h,w,1+Z] what a network of 9 channels sees besides */

    /* settle.c */
    UNetConfig unet;
    VaeConfig vae;
    SchedulerConfig scheduler;
    bool is_xl;        /* the UNet is told sizes and a pooled vector */
    bool zeros;        /* SDXL: who asks for no negative prompt gets zeros in its place */
    int width, height; /* of the pass at hand */
    int first[2];      /* of the first */
    int64_t pictures;
    int steps;
    double guidance, strength;
    int64_t rows; /* 2: unconditional, conditional; 1: the latter */

    /* words.c */
    int64_t texts;  /* prompts: 1, or pictures */
    Tensor context; /* [rows-1+texts,S,D] unconditional first, if it is asked at all */
    Tensor pooled;  /* [rows-1+texts,P], SDXL only */

    /* sample.c */
    PaintPass pass;
    Tensor latents; /* [pictures,h,w,Z] */
    Tensor noise;   /* the same, before the first step; if a picture is begun with */

    PaintHires hires; /* hires.c */

    Image *picture; /* [pictures]; pixels.c */

    /* preview.c */
    Weights *tiny_file;       /* of --taesd */
    Taesd *tiny;              /* while the UNet is in memory */
    const char *preview_path; /* a file for previews, set by whoever wants one; or NULL */
    int previews;             /* that were made */
} PaintWork;

/* ---- work.c ------------------------------------------------------------------------------ */

/* Arenas, kernels and a pool of threads.  q, talk and studio are set before; they are borrowed.
 */
bool paint_begin(PaintWork *w, Err *err) MUST_USE;
/* The model's parts, changed by LoRAs. */
bool paint_open(PaintWork *w, Err *err) MUST_USE;
/* Closes and releases everything; safe on one that has not begun. */
void paint_end(PaintWork *w);

/* ---- settle.c ---------------------------------------------------------------------------- */

/* Reads the configurations of the parts and fills in what is not given.  False if something
 * does not go together. */
bool paint_settle(PaintWork *w, Err *err) MUST_USE;

/* ---- see.c ------------------------------------------------------------------------------- */

/* Reads the picture, the mask and the borders. */
bool paint_look(PaintWork *w, Err *err) MUST_USE;
/* The part that is painted, at the size that is settled. */
bool paint_frame(PaintWork *w, Err *err) MUST_USE;

/* ---- control.c --------------------------------------------------------------------------- */

/* Opens the ControlNets, which must fit the UNet. */
bool paint_controls_open(PaintWork *w, Err *err) MUST_USE;
/* One, of a file or folder. */
bool paint_control_open(const PaintWork *w, PaintControl *c, const char *path,
                        Err *err) MUST_USE;
/* Reads their pictures, at the size that is settled. */
bool paint_controls_see(PaintWork *w, Err *err) MUST_USE;

/* ---- plan.c ------------------------------------------------------------------------------ */

/* For --verbose: what was planned, what was taken. */
void paint_plan_tell(const PaintWork *w);

/* ---- the stages -------------------------------------------------------------------------- */

/* paint_words also plans how all of them fit into memory, or says what they need at least. */
bool paint_words(PaintWork *w, Err *err) MUST_USE;
bool paint_sample(PaintWork *w, Err *err) MUST_USE; /* both passes */
bool paint_decode(PaintWork *w, Err *err) MUST_USE;
bool paint_upscale(PaintWork *w, Err *err) MUST_USE; /* the pictures, if that is asked for */

/* ---- dump.c ------------------------------------------------------------------------------ */

/* Writes --dump's DIR/NAME.safetensors, holding `name` in torch's layout; nothing if nobody
 * asked for it. */
bool paint_dump(PaintWork *w, const char *name, Tensor t, Err *err) MUST_USE;
#endif
