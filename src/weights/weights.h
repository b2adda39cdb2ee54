#ifndef WEIGHTS_WEIGHTS_H
#define WEIGHTS_WEIGHTS_H
#include "base/base.h"
#include "tensor/tensor.h"

/* Files of weights: an ordered set of named, read-only tensors.
 *
 * What can be opened is decided by content, never by the file's name:
 *
 *   safetensors          one file, or an index of shards (*.index.json)
 *   torch zip            .pth .ckpt .bin of torch >= 1.6: zip64, stored entries
 *   torch legacy         the same before: a row of pickles, then raw storages
 *   a folder             that holds one of the usual files of diffusers
 *
 * Files come from strangers.  Everything a file says is checked against its
 * size before it is believed; pickles are read by an interpreter that can
 * build tensors, dictionaries, lists and numbers, and refuses by name to
 * call anything else.  Checksums inside zip files are not verified.
 *
 * A tensor is a view into the mapped file.  Only what does not lie row-major
 * and aligned for its type is copied when the file is opened; the copies may
 * take twice the size of the file, not more.  Numbers are not changed:
 * f16 stays f16.
 *
 * In torch files, tensors in nested dictionaries and lists have dotted names
 * ("optimizer.state.0.exp_avg").  A dictionary that merely wraps the table
 * ("state_dict", "model_state_dict", "model", "params") is looked through if
 * no other member but the state of a training run holds tensors; that state
 * is then left out.  A prefix "module." or "_orig_mod." that all names share
 * is cut off.  Values that are no tensors are passed over.
 *
 * A Weights does not change once open, so threads may share one.  It must
 * outlive the tensors taken from it. */
typedef struct Weights Weights;

/* `path` is a file or a folder.  NULL with the reason if it cannot be read, is
 * of no known kind, or breaks a rule of its kind. */
Weights *weights_open(const char *path, Err *err) MUST_USE;
void weights_close(Weights *w); /* NULL is fine */

/* An empty set, to be filled by weights_add; `path` is what messages call it.
 * Close it as any other. */
Weights *weights_new(const char *path) MUST_USE;

/* Copies the name, borrows the numbers: they must outlive the set.  A name
 * that is there already is our own mistake.  Not while others read the set. */
void weights_add(Weights *w, const char *name, Tensor t);

/* What was given to weights_open, and the kind of file it turned out to be:
 * "safetensors", "safetensors shards", "torch zip", "torch legacy", "torch
 * shards", "memory". */
const char *weights_path(const Weights *w);
const char *weights_kind(const Weights *w);

/* Tensors in the order of the file, i < weights_count. */
size_t weights_count(const Weights *w);
const char *weights_name(const Weights *w, size_t i);
Tensor weights_at(const Weights *w, size_t i);

/* The place of a name, or weights_count if it is not there. */
size_t weights_index(const Weights *w, const char *name);

/* Empty if there is no such tensor. */
Tensor weights_find(const Weights *w, const char *name);

/* Whether any name begins with `prefix`. */
bool weights_has_under(const Weights *w, const char *prefix);

/* Below which of the nests that training programs make, "params_ema.", "params."
 * or "" (none), the file has `name`: the first of these, or NULL. */
const char *weights_nest(const Weights *w, const char *name);

/* Numbers in all tensors together. */
int64_t weights_total(const Weights *w);

/* A text from the file's own metadata (safetensors only), or NULL. */
const char *weights_metadata(const Weights *w, const char *key);

/* Tells the system that the pages of a tensor will not be needed soon: after
 * packing.  The tensor stays valid. */
void weights_drop(const Weights *w, Tensor t);
/* The same for all of them, also what lies between. */
void weights_drop_all(const Weights *w);

/* Whether `path` leads to one of the files that the tensors lie in. */
bool weights_is_from(const Weights *w, const char *path);

/* Writes `n` tensors as one safetensors file, whole or not at all.  Names are
 * printable ASCII and differ.  `metadata` is a row of key, value, ..., NULL,
 * or NULL.  The wider types come first in the data, so that each tensor is
 * aligned; among equals the order is kept.  False if a name cannot be
 * written, or the disk refuses. */
bool weights_save_safetensors(const char *path, const char *const *names, const Tensor *tensors,
                              size_t n, const char *const *metadata, Err *err) MUST_USE;

/* The same for tensors that come to be as they are written. */
enum { WEIGHTS_PIECES = 3 };
typedef struct WeightsOut {
    const char *name;
    TensorType type; /* f32, f16 or bf16, or that of its pieces */
    Shape shape;
    Tensor piece[WEIGHTS_PIECES]; /* its rows, one after the other; empty: no more */
    bool is_transposed;           /* the only piece is [shape.dim[1],shape.dim[0]] */
} WeightsOut;

/* Told between tensors; false ends it with ERR_CANCELLED. */
typedef struct WeightsTell {
    void *user;
    bool (*written)(void *user, size_t bytes, size_t of, Tensor done);
} WeightsTell;

/* `tell` may be NULL. */
bool weights_write(const char *path, const WeightsOut *list, size_t n,
                   const char *const *metadata, const WeightsTell *tell, Err *err) MUST_USE;
#endif
