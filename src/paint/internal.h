#ifndef PAINT_INTERNAL_H
#define PAINT_INTERNAL_H
#include "nn/bind.h"
#include "paint/paint.h"

/* ---- wrong.c: files that are not what they were given for -------------------------------- */

/* What a file is that is known here, and what to do with it: "a VAE: give it with --vae"; NULL
 * if it is unknown. */
const char *paint_known_as(const Weights *file);
/* Says that it holds none of what was `wanted` ("UNet"), and what it is instead.  Always false.
 */
bool paint_wrong(const Weights *file, const char *wanted, Err *err);
/* Whether t, which `what` made ("text encoder"), has numbers only; broken weights do not. */
bool paint_is_sound(Tensor t, const PaintPart *of, const char *what, Err *err) MUST_USE;

/* ---- work.c ------------------------------------------------------------------------------ */

/* Not with noise alone. */
bool paint_begins_with_picture(const PaintWork *w);

void paint_progress(const PaintWork *w, const char *stage, int64_t done, int64_t of);
/* The run's failure becomes the caller's. */
bool paint_ran(const PaintWork *w, Err *err) MUST_USE;

/* ---- loan.c ------------------------------------------------------------------------------ */

/* A network while it is in memory, in w->weights, where the next one will lie. */
typedef struct PaintLoan {
    PaintWork *w;
    const char *what;  /* "UNet" */
    PaintStage *stage; /* NULL: beside another */
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

/* ---- plan.c ------------------------------------------------------------------------------ */

typedef struct PaintWords PaintWords;

/* How a network is used: from the fastest to the smallest. */
typedef struct PaintWay {
    bool is_lean;      /* its weights (nn/bind.h) */
    bool is_in_turn;   /* rows and pictures one after the other */
    int64_t band_rows; /* of nn/band.h; 0: whole */
} PaintWay;

/* Plans all stages, by stages that compute nothing: paint_words_encode, paint_sample and
 * paint_decode are called with a copy of w whose run is idle.  False, with the least that
 * would do, if they do not fit. */
bool paint_plan(PaintWork *w, const PaintWords *words, Err *err) MUST_USE;
/* The stage of a network, told by its name; a new one if there is none. */
PaintStage *paint_stage(PaintWork *w, const char *what);
PaintWay paint_way(const PaintWork *w, const PaintStage *stage);

/* ---- words.c ----------------------------------------------------------------------------- */

/* Prompts that are read to w->context and w->pooled. */
bool paint_words_encode(PaintWork *w, const PaintWords *s, Err *err) MUST_USE;

/* ---- see.c, fill.c ----------------------------------------------------------------------- */

/* All that is drawn of the noise before the first step, in diffusers' order (see
 * diffusion/noise.h), and the latents that it belongs to. */
bool paint_see(PaintWork *w, NoiseSource *noise, Err *err) MUST_USE;
/* Paints over im [H,W,3] where mask [H,W,1] is not 0, with colours from around it. */
bool paint_bleed(Image im, Image mask, Arena *scratch, Err *err) MUST_USE;

/* ---- control.c --------------------------------------------------------------------------- */

/* Puts them beside the UNet, and shows them words and pictures. */
bool paint_controls_bind(PaintWork *w, Err *err) MUST_USE;
/* One picture of a call. */
typedef struct PaintAsk {
    const DenoiseCall *call;
    Tensor x; /* [1,h,w,Z] what they see */
    int64_t picture;
    int64_t row; /* of w->rows; -1: all of them */
} PaintAsk;
/* What they add to what the UNet makes of `in`, these rows of the picture; into *sum, in
 * scratch.  NULL: nothing, or the run has failed. */
const UNetControl *paint_controls_say(PaintWork *w, const PaintAsk *ask, const UNetInput *in,
                                      UNetControl *sum);
/* Row `row` of a context; all of it if that is -1. */
UNetContext paint_context_row(const UNetContext *c, int64_t row);
void paint_controls_close(PaintWork *w);

/* ---- keep.c ------------------------------------------------------------------------------ */

/* What a step of the sampler has left, latents, before call `next`: outside of the mask, the
 * picture's with the noise of that call. */
bool paint_keep(const PaintWork *w, const Sampler *s, int next, Tensor latents, Err *err);
/* What the network says of x [count,h,w,Z], as it is shown them, in call i, for the pictures
 * from `from` on: outside of the mask, what leads to the picture. */
void paint_insist(const PaintWork *w, const Sampler *s, int i, Tensor x, Tensor said,
                  int64_t from);
/* The picture that was given, with its alpha if it has any, with what was painted of it;
 * `painted` is width x height.  No pixel outside of the mask changes. */
Image paint_over(PaintWork *w, Image painted, Err *err) MUST_USE;

/* ---- hires.c ----------------------------------------------------------------------------- */

/* What the second pass will be like, if there is one. */
bool paint_hires_settle(PaintWork *w, Err *err) MUST_USE;
/* After the first pass: w->seen, or w->frames, larger; and all that is of the pass at hand. */
bool paint_hires_begin(PaintWork *w, Err *err) MUST_USE;

/* ---- pixels.c ---------------------------------------------------------------------------- */

/* For a plan: room for all pictures, as large as those of the pass at hand. */
bool paint_picture_room(PaintWork *w, Err *err) MUST_USE;

/* ---- preview.c --------------------------------------------------------------------------- */

enum { LATENT_CHANNELS = 4 }; /* that are known by sight */

/* Whether another decoder than the VAE's makes the pictures. */
bool paint_is_quick(const PaintWork *w);
/* Finds the tiny decoder's weights, if there are some and need to be. */
bool paint_tiny_open(PaintWork *w, Err *err) MUST_USE;
/* w->picture by it, or by the linear projection. */
bool paint_decode_quick(PaintWork *w, Err *err) MUST_USE;
/* Puts the tiny decoder beside the UNet, for previews. */
bool paint_preview_bind(PaintWork *w, Err *err) MUST_USE;
/* For a plan: the room that it takes. */
void paint_preview_idly(PaintWork *w);
/* Shows what x would become by what was `said` of it in step `step`, if that is asked for. */
bool paint_preview(PaintWork *w, const Sampler *s, int step, Tensor x, Tensor said,
                   Err *err) MUST_USE;

/* ---- sample.c ---------------------------------------------------------------------------- */

/* Fills w->latents by the next draw, or from --noise. */
bool paint_noise(PaintWork *w, NoiseSource *noise, Err *err) MUST_USE;

/* The same latents for each row, in scratch. */
Tensor paint_rows(Run *r, Tensor latents, int64_t rows);

/* What a network with this trunk, a UNet or (NULL) a ControlNet, reads of each text's last
 * `rows` rows: [texts] in the job's arena; NULL if the run has failed. */
UNetContext *paint_contexts(PaintWork *w, const UNet *unet, const Trunk *trunk, int64_t rows);
#endif
