#ifndef WEIGHTS_BINDER_H
#define WEIGHTS_BINDER_H
#include "weights/weights.h"

/* Names to shapes: a network asks for its tensors, and whoever is forgotten
 * in either direction is told.
 *
 *   Binder b;
 *   binder_init(&b, weights);
 *   binder_enter(&b, "decoder.3");
 *   conv->weight = binder_take(&b, "conv.0.weight", SHAPE(64, 64, 3, 3));
 *   binder_leave(&b);
 *   bool ok = binder_done(&b, tolerated, err);
 *   binder_release(&b);
 *
 * Every name may be a row of alternatives, "to_q.weight|query.weight": the
 * first that the file has is meant, and the first of all if it has none.
 *
 * A failure sticks: the first one is kept with the full name, wanted and
 * found, later ones are counted, and the caller asks once, in binder_done.
 * Takers return the empty Tensor for what failed, so a network must not look
 * into its tensors before binder_done said yes.
 *
 * Several Weights may stand behind one Binder (a network and its motion
 * modules); they are searched in the order they came, and a tensor that
 * several of them have counts as used in all.  For one thread. */
enum { BINDER_FILES = 4, BINDER_DEPTH = 24 };

typedef struct Binder {
    const Weights *file[BINDER_FILES]; /* borrowed */
    bool *used[BINDER_FILES];          /* for each tensor of a file */
    int files;
    char prefix[512]; /* "decoder.3.", or "" */
    size_t floor[BINDER_DEPTH];
    int depth;
    int64_t wanted;        /* tensors that were asked for */
    char **missing;        /* full names, in the order asked for */
    size_t missing_count;  /* names in it */
    size_t mistaken_count; /* tensors with another shape or type than wanted */
    Err first;             /* the first of the mistaken, or what binder_fail said */

    /* What LoRAs add to tensors when they are packed (weights/lora.h), or NULL;
     * borrowed, to be set after binder_init. */
    const struct Patches *patches;
} Binder;

void binder_init(Binder *b, const Weights *w);
/* Another file to search after those before; at most BINDER_FILES. */
void binder_also(Binder *b, const Weights *w);
void binder_release(Binder *b);

/* Names are under "at." until binder_leave.  "" enters nothing, and is left
 * all the same.  Of alternatives, the first under which there is a tensor. */
void binder_enter(Binder *b, const char *at);
void binder_leave(Binder *b);

/* The tensor, which must have this shape and a floating-point type. */
Tensor binder_take(Binder *b, const char *name, Shape want);
/* The same, with one more place to look: "name|other". */
Tensor binder_take_either(Binder *b, const char *name, const char *other, Shape want);
/* The same, but [O,I], [O,I,1] and [O,I,1,1] may stand for each other: a
 * linear layer is a 1x1 convolution.  Comes back in the shape that was wanted. */
Tensor binder_take_linear(Binder *b, const char *name, Shape want);
/* Any shape and type, and no failure: empty if there is none. */
Tensor binder_take_any(Binder *b, const char *name);

/* Without using it up: is it there, and what is it? */
bool binder_has(const Binder *b, const char *name);
Tensor binder_peek(const Binder *b, const char *name);

/* Notes a failure of the caller's own finding, as err_set does. */
void binder_fail(Binder *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* No failure so far. */
bool binder_ok(const Binder *b);

/* False if a tensor was missing or mistaken, or if one is left over that
 * matches none of the tolerated patterns: a row ended by NULL, or NULL for
 * none, where * stands for anything ("*.position_ids"). */
bool binder_done(Binder *b, const char *const *tolerated, Err *err) MUST_USE;

/* For listings.  The i-th missing name, or NULL after the last; the next left
 * over name from *at on (0 at the start), or NULL after the last. */
const char *binder_missing(const Binder *b, size_t i);
const char *binder_left(const Binder *b, const char *const *tolerated, size_t *at);
#endif
