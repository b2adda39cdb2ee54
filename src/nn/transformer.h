#ifndef NN_TRANSFORMER_H
#define NN_TRANSFORMER_H
#include "nn/bind.h"

/* The transformer of Stable Diffusion's UNets (arXiv 2112.10752), whose tokens
 * are a picture's pixels.
 *
 *   x - norm - proj_in - ( norm1 attn1 + ; norm2 attn2 + ; norm3 geglu + )*depth - proj_out + x
 *
 * attn1 looks at the picture itself, and at a bank if there is one; attn2 at
 * the context: the words of a prompt, or one token that says what is drawn. */

/* Blocks of all transformers of a network are counted through: SDXL has 70. */
enum { UNET_ATTENTIONS = 128 };

typedef struct TransformerBlock {
    int index; /* its place in contexts and banks */
    int64_t C, heads;
    LayerNorm norm1, norm2, norm3;
    Linear qkv, out1;
    Linear q2, kv2, out2; /* for a context of words, or: */
    Linear value2;        /* for a context of one token */
    Linear ff_in, ff_out;
} TransformerBlock;

typedef struct Transformer {
    int64_t C;
    int depth; /* 0: there is none */
    GroupNorm norm;
    Conv conv_in, conv_out; /* the projections, or: */
    Linear linear_in, linear_out;
    TransformerBlock *block; /* [depth], beside the weights */
} Transformer;

typedef struct TransformerShape {
    int64_t C, heads, groups;
    int64_t context; /* width of its tokens */
    int depth;
    bool linear_projection; /* proj_in and proj_out are linear, not 1x1 convolutions */
    bool text;              /* the context has many tokens */
} TransformerShape;

/* `index` is that of its first block. */
Transformer bind_transformer(Bind *b, const char *name, TransformerShape s, int index);

/* What cross attention needs of a context, made once for a job: keys and values
 * [R,S,2C] for each block; or, for one token, a vector [R,C] (the softmax over
 * one key is 1, so the query does not matter). */
typedef struct UNetContext {
    bool is_vector;
    Tensor of[UNET_ATTENTIONS];
    Tensor added; /* [R,E], what is added to the time's vector; empty: nothing */
} UNetContext;

/* Fills c->of for its blocks from context[R,S,D]; the results live in `job`. */
bool transformer_context(Run *r, const Transformer *k, Tensor context, Arena *job,
                         UNetContext *c) MUST_USE;

/* A picture's tokens for each block: outputs of norm1 [T,C], or what a denoiser
 * makes of them, keys and values [T,2C]. */
typedef struct UNetBank {
    Tensor of[UNET_ATTENTIONS];
} UNetBank;

/* What a transformer sees besides its picture. */
typedef struct Beside {
    const UNetContext *context;
    const UNetBank *bank; /* keys and values; or NULL */
    int64_t bank_from;    /* pictures from here on read the bank */
    UNetBank *tokens;     /* where a reference net writes; or NULL */
    int tokens_last;      /* nobody reads what follows the tokens of this block */
    Arena *job;           /* of tokens */
} Beside;

/* x[N,H,W,C] to [N,H,W,C]. */
Tensor nn_transformer(Run *r, const Transformer *k, Tensor x, const Beside *p);

/* h + out(geglu(in(norm(h)))), in place. */
Tensor nn_feed_forward(Run *r, const LayerNorm *norm, const Linear *in, const Linear *out,
                       Tensor h);

/* A picture's pixels as tokens [N,H*W,C]: the same memory. */
Tensor nn_tokens(Tensor x);
#endif
