#ifndef STUDIOS_MODEL_H
#define STUDIOS_MODEL_H
#include "studios/studio.h"

/* `atelier model PATH`: what a file or folder of weights holds, which part of
 * a sprite model it is, and what is missing or left over.  Shaped as a studio,
 * so that flags and help come from its table. */
extern const Studio model_studio;
#endif
