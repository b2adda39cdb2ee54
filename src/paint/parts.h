#ifndef PAINT_PARTS_H
#define PAINT_PARTS_H
#include "base/json.h"
#include "weights/lora.h"
#include "weights/naming.h"

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
/* The weight that such a word names, 1 if none; its first *path bytes are the file. */
double paint_lora_weight(const char *word, size_t *path);

/* The config.json that diffusers or transformers would have written for a
 * network, told from the names and shapes of its tensors (a net_view): for
 * single files, which have none.  What shapes cannot say (heads, activations,
 * the scale of latents) is that of the published models of such a size.
 * `context` is the width of the UNet's context, 0 if it is not known.  What is
 * missing in the file is missing here, or 0: whoever reads it refuses. */
Json *config_told(Net net, const Weights *view, int64_t context) MUST_USE;
#endif
