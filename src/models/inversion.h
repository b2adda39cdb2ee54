#ifndef MODELS_INVERSION_H
#define MODELS_INVERSION_H
#include "weights/weights.h"

/* Textual inversion (arXiv 2208.01618): a word that was learnt from pictures, as a few vectors
 * in the place of the embeddings of known words.
 *
 * Files are of many forms: the web UI's .pt (string_to_param) and .safetensors (emb_params),
 * those of diffusers (one tensor, named after its word), and of SDXL (clip_l and clip_g).  A
 * vector's width says which text encoder it is for. */

/* The vectors for an encoder of this width, [vectors,width] f32, in the arena or in the file.
 * Empty with the reason if the file has none, or several words. */
Tensor inversion_vectors(const Weights *w, int64_t width, Arena *a, Err *err) MUST_USE;

/* The word that a file of diffusers gives itself ("<cat-toy>"); NULL for the others, which go
 * by the name of the file. */
const char *inversion_word(const Weights *w);
#endif
