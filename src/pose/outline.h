#ifndef POSE_OUTLINE_H
#define POSE_OUTLINE_H
#include "tensor/tensor.h"

/* What the outline of a drawn figure tells of its build, so that a skeleton
 * of about the same build can be put where it stands.
 *
 * The widths of the figure from top to bottom are weighed by what was learned
 * from generated characters (tools/make_outline.py): on such the share of the
 * head is right to 0.03, nine times in ten to 0.06.  It is a guess, for an
 * upright figure; what the person says of the head goes before it. */
typedef struct Outline {
    float left, top, right, bottom; /* the box around it, pixels */
    float head;  /* share of the figure's height, 0.12..0.5: see proportions_for_head */
    float crown; /* y of the top of the head: below `top` if a hat or a weapon is above */
} Outline;

/* The figure is where alpha of picture (u8 [H,W,4]) is above 127.  False if
 * that is nowhere. */
bool outline_find(Outline *o, Tensor picture) MUST_USE;
#endif
