#ifndef MODELS_CLIP_TEXT_H
#define MODELS_CLIP_TEXT_H
#include "base/json.h"
#include "nn/bind.h"

/* CLIP's text tower (arXiv 2103.00020): the numbers of words to a context for each.
 *
 *   ids[N,T] - token embedding, + positions
 *   - ( x + causal attn(norm1) ; x + fc2(act(fc1(norm2))) )*L - norm
 *                               hidden[N,T,D] is taken before the norm or behind it, after the
 *                               last layer or an earlier one
 *   - at the end of the text - projection - pooled[N,P]
 *
 * One network for CLIP-L (D 768), OpenCLIP-H (1024) and OpenCLIP-bigG (1280): what differs is
 * in the configuration.  What Stable Diffusion is given:
 *
 *   1.x   L     hidden, norm                  2.x    H of 23 layers   hidden, norm
 *   XL    L     hidden, skip 1, no norm       XL     bigG   hidden, skip 1, no norm; pooled
 *
 * Does not change once bound. */

enum { CLIP_TEXT_LAYERS = 64 };

typedef struct ClipTextConfig {
    int64_t vocab, positions; /* T: 77 */
    int64_t width, heads, inner;
    int layers;
    Act act;
    float norm_eps;
    int32_t end; /* pooled is taken at the first such id; at the highest one, if this is 2 */
} ClipTextConfig;

/* For single files, which do not tell. */
ClipTextConfig clip_text_config_l(void);
ClipTextConfig clip_text_config_h(void); /* 23 layers, as Stable Diffusion 2 keeps */
ClipTextConfig clip_text_config_bigg(void);
/* A config.json of transformers; of a whole CLIP, its text tower. */
bool clip_text_config_read(ClipTextConfig *c, const Json *j, Err *err) MUST_USE;

typedef struct ClipText {
    ClipTextConfig config;
    Tensor tokens;    /* [vocab,D], in the file, of the file's type */
    Tensor positions; /* [T,D] */
    TowerLayer layer[CLIP_TEXT_LAYERS];
    LayerNorm norm;
    Linear projection;
    int64_t pooled; /* P: the projection's width, or D if the file has none */
} ClipText;

/* Names as transformers has them.  The weights must outlive the network, which reads the
 * embeddings of the words of a prompt from them. */
bool clip_text_bind(ClipText *m, Bind *b, const ClipTextConfig *c) MUST_USE;
/* What binding leaves over in sound files, for binder_done. */
const char *const *clip_text_unread(void);

typedef struct ClipTextAsk {
    const int32_t *id; /* [N,T]; -1 - row for a row of `own` */
    int64_t N;         /* chunks of one prompt, or of several */
    Tensor own;        /* [rows,D] f32: words learnt from pictures; may be empty */
    /* [N,T] or NULL: how much each word counts.  The hidden states of a chunk are multiplied by
     * these, then by what brings their mean back (AUTOMATIC1111's rule.  Others exist: ComfyUI
     * goes from the states of an empty prompt towards these). */
    const float *weight;
    int skip;          /* layers left out at the end: "clip skip" k of diffusers, k + 1 of the
                          web UI; one more for XL */
    bool norm;         /* of the hidden states */
    bool wants_pooled; /* weights and skip do not change it */
} ClipTextAsk;

typedef struct ClipTextOut {
    Tensor hidden; /* [N,T,D] */
    Tensor pooled; /* [N,P], or empty */
} ClipTextOut;

/* Both in the Run's scratch; both empty if the Run has failed. */
ClipTextOut clip_text_encode(Run *r, const ClipText *m, const ClipTextAsk *ask);
#endif
