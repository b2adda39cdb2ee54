#ifndef PUPPET_CRUMBS_H
#define PUPPET_CRUMBS_H
#include "base/arena.h"
#include "base/base.h"
#include "tensor/tensor.h"

/* Crumbs: small pieces of a frame that hang together with nothing, torn off a part or made
 * beside one.  Pictures are u8 [h,w,4], pieces are of pixels that are seen at all (alpha
 * above 0, four neighbours).  Scratch arenas are left as they were; both fail only for want
 * of memory. */

/* Below which share of a frame's pixels a piece is a crumb: .002, or less where the drawing
 * itself has smaller pieces. */
bool crumbs_share(Tensor drawing, float *share, Arena *scratch, Err *err) MUST_USE;

/* Takes crumbs out of a frame, but what a hand holds: part u8 [h,w], the PuppetPart of its
 * pixels, or empty. */
bool crumbs_sweep(Tensor frame, Tensor part, float share, Arena *scratch, Err *err) MUST_USE;
#endif
