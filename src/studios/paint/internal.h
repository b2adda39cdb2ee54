#ifndef STUDIOS_PAINT_INTERNAL_H
#define STUDIOS_PAINT_INTERNAL_H
#include "base/json.h"
#include "diffusion/sample.h"
#include "media/image.h"
#include "models/controlnet.h"
#include "models/unet.h"
#include "models/vae.h"
#include "studios/studio.h"
#include "weights/lora.h"

/* ---- parts.c, config.c: the networks of a model ---------------------------------------- */

/* The networks that a paint model consists of, found and opened.
 *
 * A model is a folder of diffusers (model_index.json, unet/, vae/, text_encoder/
 * and so on, each with its config.json; weights may be sharded, .bin, or in the
 * variant fp16), or one file of any naming that holds them all.  Parts named
 * beside it take the place of its own; together they may be all of a model.
 *
 * Weights are mapped, not read: opening takes milliseconds. */
typedef struct PaintPart {
    Weights *weights; /* a net_view; NULL: there is no such part */
    Json *config;     /* as config.json has it, */
    bool is_told;     /* or as shapes tell it */
    Weights *file;    /* of a part with a file of its own */
} PaintPart;

/* Any may be NULL.  Each is a file, or a folder of diffusers with one part. */
typedef struct PaintNamed {
    const char *model, *unet, *vae, *text_encoder, *text_encoder_2;
} PaintNamed;

typedef struct PaintParts {
    PaintPart unet, vae, text, text2; /* text2 of SDXL only */
    int64_t context;                  /* the width of what the text encoders give together */
    bool is_inpaint;              /* the UNet takes a mask and a masked picture: 9 channels */
    bool predicts_v;              /* for want of a scheduler's configuration: v, not eps */
    char *tokenizer, *tokenizer2; /* folders, or NULL: the built-in vocabulary */
    Json *scheduler;              /* scheduler_config.json, or NULL */
    Weights *file;                /* a model of one file */
} PaintParts;

/* False, with a sentence, if a part is missing, or parts do not belong
 * together, or it is no model for painting. */
bool paint_parts_open(PaintParts *p, const PaintNamed *named, Err *err) MUST_USE;
void paint_parts_close(PaintParts *p);

/* One part alone: a ControlNet, say.  `context` as in config_told. */
bool paint_part_open(PaintPart *p, Net net, const char *path, int64_t context,
                     Err *err) MUST_USE;
void paint_part_close(PaintPart *p);

/* What LoRAs change in the networks of a model. */
typedef struct PaintLoras {
    Lora **of;
    int count;
    Patches patches[NETS]; /* for a Binder; empty where nothing changes */
} PaintLoras;

/* One more, as a person names it: "FILE" or "FILE:0.7", which may be negative.
 * Its layers are looked for in all networks of the model, which must outlive
 * it.  `said` is a line for the person: how many layers of it are in the model.
 * False if it is none, or for another family. */
typedef struct PaintLine {
    char s[400];
} PaintLine;
bool paint_lora_add(PaintLoras *l, const char *word, const PaintParts *model, PaintLine *said,
                    Err *err) MUST_USE;
void paint_loras_close(PaintLoras *l);

/* The config.json that diffusers or transformers would have written for a
 * network, told from the names and shapes of its tensors (a net_view): for
 * single files, which have none.  What shapes cannot say (heads, activations,
 * the scale of latents) is that of the published models of such a size.
 * `context` is the width of the UNet's context, 0 if it is not known.  What is
 * missing in the file is missing here, or 0: whoever reads it refuses. */
Json *config_told(Net net, const Weights *view, int64_t context) MUST_USE;

/* ---- what the rest shares -------------------------------------------------------------- */

/* What a person may ask for; paint.c has the table.  NULL and 0: not given, so it is as the
 * model is used best, or left out. */
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
    const char *rng;             /* whose normals: "cpu", "cuda" */
    const char *noise;           /* a file instead */
    const char *dump, *out;
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
    Image seen; /* at width x height */
    /* while it is in memory */
    ControlNet *net;
    Tensor hint;
    UNetContext context;
} PaintControl;

/* A run of the studio: who needs what is told by where it is filled in.
 *
 *   make.c    the whole way
 *   again.c   what a picture was made of
 *   settle.c  what is not given; whether it fits together
 *   see.c     a picture and its mask, at the size that is painted, to latents
 *   control.c ControlNets and what they see
 *   keep.c    what is not masked, on the way and in the end
 *   fill.c    colours that bleed under a mask
 *   words.c   prompts to what the UNet reads of them
 *   sample.c  noise to latents
 *   pixels.c  latents to pictures
 *   save.c    pictures to files
 *   tell.c    what a picture was made of, as text in its file
 *   loan.c    networks in memory, one after the other */
typedef struct PaintWork {
    const Studio *studio;
    const PaintRequest *q;
    const StudioRun *talk;
    Kernels kernels;
    Run run;       /* with the pool */
    Arena scratch; /* of the step at hand */
    Arena job;     /* of the run */
    Arena weights; /* of the network at hand */
    PaintParts parts;
    PaintLoras loras;

    /* control.c */
    PaintControl control[PAINT_CONTROLS];
    int controls;

    /* see.c; empty without --init */
    Image init;       /* RGB, with its borders */
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
    bool is_xl; /* the UNet is told sizes and a pooled vector */
    bool zeros; /* SDXL: who asks for no negative prompt gets zeros in its place */
    int width, height;
    int64_t pictures;
    int steps;
    double guidance, strength;
    int64_t rows; /* 2: unconditional, conditional; 1: the latter */

    /* words.c */
    Tensor context; /* [rows,S,D] */
    Tensor pooled;  /* [rows,P], SDXL only */

    /* sample.c */
    Tensor latents; /* [pictures,h,w,Z] */
    Tensor noise;   /* the same, before the first step; only with --init */

    Image *picture; /* [pictures]; pixels.c */
} PaintWork;

/* ---- make.c ------------------------------------------------------------------------------ */

bool paint_make(const Studio *studio, const PaintRequest *q, const StudioRun *talk,
                Err *err) MUST_USE;
void paint_progress(const PaintWork *w, const char *stage, int64_t done, int64_t of);
/* The run's failure becomes the caller's. */
bool paint_ran(const PaintWork *w, Err *err) MUST_USE;

/* ---- again.c ----------------------------------------------------------------------------- */

/* Fills in what the picture of the request was made of; what the person has given stays.  In
 * the arena. */
bool paint_again(const Studio *studio, PaintRequest *q, Arena *job, Err *err) MUST_USE;

/* ---- settle.c ---------------------------------------------------------------------------- */

/* Reads the configurations of the parts and fills in what is not given.  False if something
 * does not go together. */
bool paint_settle(PaintWork *w, Err *err) MUST_USE;

/* ---- loan.c ------------------------------------------------------------------------------ */

/* A network while it is in memory, in w->weights, where the next one will lie. */
typedef struct PaintLoan {
    PaintWork *w;
    const char *what; /* "UNet" */
    Binder binder;
    Bind bind;
    double began;
} PaintLoan;

void paint_loan_begin(PaintLoan *l, PaintWork *w, const char *what, Net net,
                      const Weights *from);
/* A ControlNet, which stays as long as the network before it. */
void paint_loan_beside(PaintLoan *l, PaintWork *w, const char *what, const Weights *from);
/* After binding: names what was missing, wrong or left over, and is over then. */
bool paint_loan_bound(PaintLoan *l, const char *const *tolerated, Err *err) MUST_USE;
/* The work that the network was for, `what`, is done, or has failed. */
bool paint_loan_end(PaintLoan *l, const char *what, Err *err) MUST_USE;

/* ---- see.c, fill.c ----------------------------------------------------------------------- */

/* Reads the picture, the mask and the borders. */
bool paint_look(PaintWork *w, Err *err) MUST_USE;
/* The part that is painted, at the size that is settled. */
bool paint_frame(PaintWork *w, Err *err) MUST_USE;
/* All that is drawn of the noise before the first step, in diffusers' order (see
 * diffusion/noise.h), and the latents that it belongs to. */
bool paint_see(PaintWork *w, NoiseSource *noise, Err *err) MUST_USE;
/* Paints over im [H,W,3] where mask [H,W,1] is not 0, with colours from around it. */
bool paint_bleed(Image im, Image mask, Arena *scratch, Err *err) MUST_USE;

/* ---- control.c --------------------------------------------------------------------------- */

/* Opens the ControlNets, which must fit the UNet. */
bool paint_controls_open(PaintWork *w, Err *err) MUST_USE;
/* Reads their pictures, at the size that is settled. */
bool paint_controls_see(PaintWork *w, Err *err) MUST_USE;
/* Puts them beside the UNet, and shows them words and pictures. */
bool paint_controls_bind(PaintWork *w, Err *err) MUST_USE;
/* What they add to one picture's rows, into *sum, in scratch; NULL: nothing, or the run has
 * failed. */
const UNetControl *paint_controls_say(PaintWork *w, const DenoiseCall *call,
                                      const UNetInput *in, UNetControl *sum);
void paint_controls_close(PaintWork *w);

/* ---- keep.c ------------------------------------------------------------------------------ */

/* What a step of the sampler has left, latents, before call `next`: outside of the mask, the
 * picture's with the noise of that call. */
bool paint_keep(const PaintWork *w, const Sampler *s, int next, Tensor latents, Err *err);
/* What the network says of x [count,h,w,Z], as it is shown them, in call i, for the pictures
 * from `from` on: outside of the mask, what leads to the picture. */
void paint_insist(const PaintWork *w, const Sampler *s, int i, Tensor x, Tensor said,
                  int64_t from);
/* The picture that was given with what was painted of it; `painted` is width x height.  No
 * pixel outside of the mask changes. */
Image paint_over(PaintWork *w, Image painted, Err *err) MUST_USE;

/* ---- sample.c ---------------------------------------------------------------------------- */

/* Fills w->latents by the next draw, or from --noise. */
bool paint_noise(PaintWork *w, NoiseSource *noise, Err *err) MUST_USE;

/* What SDXL is told of the picture, [rows,6] in scratch: its height and width, where it was
 * cropped, what is wanted. */
Tensor paint_sizes(PaintWork *w);

/* ---- the stages -------------------------------------------------------------------------- */

bool paint_words(PaintWork *w, Err *err) MUST_USE;
bool paint_sample(PaintWork *w, Err *err) MUST_USE;
bool paint_decode(PaintWork *w, Err *err) MUST_USE;
bool paint_save(PaintWork *w, Err *err) MUST_USE;

/* ---- tell.c ------------------------------------------------------------------------------ */

/* What picture i was made of: as AUTOMATIC1111's web UI and its readers know it, under the key
 * "parameters"; and as JSON with the names of our flags, under "atelier".  Free with xfree. */
char *paint_parameters(const PaintWork *w, int64_t i) MUST_USE;
char *paint_settings(const PaintWork *w, int64_t i) MUST_USE;

/* Writes --dump's DIR/NAME.safetensors, holding `name` in torch's layout; nothing if nobody
 * asked for it. */
bool paint_dump(PaintWork *w, const char *name, Tensor t, Err *err) MUST_USE;
#endif
