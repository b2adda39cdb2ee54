#ifndef STUDIOS_MODEL_INTERNAL_H
#define STUDIOS_MODEL_INTERNAL_H
#include "weights/naming.h"

/* Which part of a model a set of weights is, told by its names, and whether the
 * network would take it: bound dry, without reading a number. */

typedef enum {
    PART_UNKNOWN,
    PART_DENOISER,        /* a denoising UNet */
    PART_DENOISER_MOTION, /* with its motion modules inside */
    PART_REFERENCE,       /* a UNet without an end */
    PART_MOTION,          /* motion modules alone */
    PART_GUIDER,          /* the plain pose guider */
    PART_PYRAMID,         /* the multi-resolution one */
    PART_VAE,
    PART_CLIP_VISION,
    PART_UNET, /* of a paint model */
    PART_CONTROL,
    PART_TEXT,
    PART_TEXT2,
    PART_LORA, /* or what resembles one: then `why` says what */
    PART_KINDS
} PartKind;

typedef struct PartNames {
    char **name;
    size_t count;
} PartNames;

typedef struct Part {
    PartKind kind;
    PartNames missing, left; /* names the network asks for; that nothing asks for */
    size_t mistaken;         /* tensors of another shape or type than wanted */
    size_t layers;           /* that a LoRA changes, */
    const char *family;      /* and of which models; NULL: not known */
    Err why;                 /* the first of them, or why its config.json is refused */
} Part;

/* `weights` were opened from `path`: a config.json beside it, or that of a
 * model folder, gives the sizes, else its shapes do. */
void part_look(Part *p, const Weights *weights, const char *path);

/* One network of a file that holds several, or spells them in its own way: the
 * net_view of it. */
void part_look_net(Part *p, const Weights *view, Net net, int64_t context);
void part_release(Part *p);

/* "denoising UNet", ...; and whether the network would take it. */
const char *part_name(PartKind kind);
bool part_is_whole(const Part *p);
#endif
