#ifndef STUDIOS_SPRITE_H
#define STUDIOS_SPRITE_H
#include "studios/studio.h"

/* One picture of a character in, an animated sprite sheet out.
 *
 *   picture - key colour, frame - latent, context - reference net - bank
 *   animation or poses - pose pictures - pose guider - features
 *   noise - ( denoiser with bank, features, motion )*steps - decoder - frames
 *   frames - alpha, feet on one line - sheet.png, NAME.gif, frames/0000.png
 *
 * Sprite Sheet Diffusion (arXiv 2412.03685) on Animate Anyone (2311.17117). */

typedef struct SpriteRequest {
    const char *picture;
    const char *model;
    const char *family; /* NULL: as the folder says */
    const char *animation;
    int64_t frames; /* 0: as the animation has */
    double yaw, pitch;
    double head;     /* share of the height; 0: guessed from the outline */
    int64_t steps;   /* 0: as the family says */
    double guidance; /* 0: as the family says */
    int64_t seed;
    int64_t size[2]; /* width, height; 0: as the family says */
    const char *poses;
    int64_t context, overlap; /* 0: as the family says */
    const char *window;       /* "closed" or "open" */
    bool batch_statistics;    /* of a pyramid guider's norms */
    const char *rules;        /* whose resizing: "long" or "short" */
    const char *noise;
    bool raw;
    const char *dump;
    const char *out;
    int64_t threads;
    const char *kernels;
    bool verbose;
} SpriteRequest;

extern const Studio sprite_studio;
#endif
