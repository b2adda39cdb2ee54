#ifndef NN_PATCH_H
#define NN_PATCH_H
#include "nn/bind.h"

/* The tensor w [O,...] with what the binder's patches add to it (LoRA): in f32,
 * then rounded to w's own type if that has 16 bits, as who fuses them in torch
 * does.  Lives at the end of the arena; w itself if there is nothing to add,
 * empty if memory is short. */
Tensor patch_apply(Bind *b, Tensor w);
#endif
