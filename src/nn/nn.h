#ifndef NN_NN_H
#define NN_NN_H
#include "nn/run.h"

/* The layers that networks are made of.
 *
 * Layers are plain values whose weights live in a model's arena (nn/bind.h
 * makes them); they do not change once bound.  Every function returns a new
 * Tensor in the Run's scratch, or the empty Tensor if the Run has failed.
 * Pictures are [N,H,W,C], tokens [N,T,C]: the same memory when T = H*W. */

typedef struct Linear {
    LinearShape shape;
    const void *packed;
    const float *bias; /* [O], or [2*O] with GEGLU; NULL: none */
} Linear;

typedef struct Conv {
    ConvShape shape;
    const void *packed;
    const float *bias; /* [O] or NULL */
} Conv;

typedef struct GroupNorm {
    int64_t C, groups;
    float eps;
    const float *gamma, *beta;
} GroupNorm;

typedef struct LayerNorm {
    int64_t C;
    float eps;
    const float *gamma, *beta;
} LayerNorm;

/* Two convolutions, each after a norm, beside which x goes straight through
 * or, where the widths differ, by a 1x1 convolution.  The time's layer is bound only in
 * networks that are told the time. */
typedef struct Residual {
    GroupNorm norm1, norm2;
    Conv conv1, conv2, shortcut;
    Linear time;
    bool has_shortcut;
} Residual;

/* A layer of CLIP's towers: x + out(attention(norm1(x))), then x + fc2(act(fc1(norm2(x)))). */
typedef struct TowerLayer {
    LayerNorm norm1, norm2;
    Linear qkv, out, fc1, fc2;
    int64_t heads;
    Act act;
    bool is_causal;
} TowerLayer;

/* What else a convolution or linear layer does on the way: nothing, if zero.
 *   y = act(layer(pre(norm(x))) + image_bias[image]) + residual
 * What is below 0 after act is multiplied by slope[o]. */
typedef struct With {
    const GroupNorm *norm; /* of the input; convolutions only */
    Tensor terms;          /* or what nn_norm_terms gave for it */
    Act pre;               /* after the norm */
    Tensor image_bias;     /* [images,O]: rows of x are shared out evenly */
    Act act;
    const float *slope; /* [O] or NULL */
    Tensor residual;    /* of the result's shape */
    Tensor into;        /* where the result goes; may be the residual */
} With;

/* x[N,H,W,C] to [N,OH,OW,O]. */
Tensor nn_conv(Run *r, const Conv *k, Tensor x, With with);
/* The same among channels: reads the first C of x's, writes (and adds the
 * residual's) channels at to at + O of with.into, which may be x if at >= C.  So
 * nothing is copied to lie beside what was there before.  Returns with.into. */
Tensor nn_conv_among(Run *r, const Conv *k, Tensor x, int64_t at, With with);
/* x[...,I] to [...,O]. */
Tensor nn_linear(Run *r, const Linear *k, Tensor x, With with);

/* shortcut(x) + conv2(SiLU(norm2(conv1(SiLU(norm1(x)))))); and the same with time(t) added to
 * what conv1 gives, t[images,T]. */
Tensor nn_residual(Run *r, const Residual *k, Tensor x);
Tensor nn_residual_at(Run *r, const Residual *k, Tensor x, Tensor t);

/* x[N,T,C] is changed. */
Tensor nn_tower_layer(Run *r, const TowerLayer *k, Tensor x);

/* Scratch for a result that shall outlive what is made on the way to it. */
Tensor nn_new(Run *r, Shape s);
Tensor nn_zeros(Run *r, Shape s);

/* act(norm(x)) for x[N,...,C]. */
Tensor nn_group_norm(Run *r, const GroupNorm *k, Tensor x, Act act);
Tensor nn_layer_norm(Run *r, const LayerNorm *k, Tensor x);
/* Scale and shift [2,N,C] that amount to the norm of x. */
Tensor nn_norm_terms(Run *r, const GroupNorm *k, Tensor x);

/* Keys and values that batches from `from` on see besides their own:
 * kv[S,2C], keys first.  Empty: none. */
typedef struct Bank {
    Tensor kv;
    int64_t from;
} Bank;

/* softmax(q k^T / sqrt(d)) v in `heads` heads of width C / heads.
 * Self: qkv[N,T,3C].  Cross: q[N,T,C], kv[M,S,2C], N a multiple of M (a row
 * of kv serves N / M neighbours). */
Tensor nn_self_attention(Run *r, Tensor qkv, int64_t heads, Bank bank);
Tensor nn_cross_attention(Run *r, Tensor q, Tensor kv, int64_t heads);
/* Self, but a token sees itself and those before it only. */
Tensor nn_causal_attention(Run *r, Tensor qkv, int64_t heads);
/* Each pixel attends to itself over time: qkv[B*F,T,3C] with F frames. */
Tensor nn_frame_attention(Run *r, Tensor qkv, int64_t heads, int64_t frames);

/* x[M...,C] + v[rows,C]: row m of x gets v[m / repeat % rows]. */
Tensor nn_add_rows(Run *r, Tensor x, Tensor v, int64_t repeat);
Tensor nn_scale(Run *r, Tensor x, float factor);
/* x += y * factor, in place. */
void nn_add_to(Run *r, Tensor x, Tensor y, float factor);
Tensor nn_act(Run *r, Tensor x, Act act);
/* Numbers of x to `to`, which has as many. */
void nn_copy(Run *r, Tensor to, Tensor x);
/* [...,Ca] and [...,Cb] to [...,Ca+Cb]. */
Tensor nn_concat(Run *r, Tensor a, Tensor b);
/* x[N,H,W,C] to [N,OH,OW,C] by the nearest pixel. */
Tensor nn_grow(Run *r, Tensor x, int64_t OH, int64_t OW);
/* The same between the four nearest pixels, whose corners are those of x. */
Tensor nn_stretch(Run *r, Tensor x, int64_t OH, int64_t OW);
/* x[N,H,W,4C] to [N,2H,2W,C]: the channels of a pixel, (dy, dx, c), become a
 * square of four pixels. */
Tensor nn_spread(Run *r, Tensor x);
/* y = x * scale[c] + shift[c], then act: a folded BatchNorm. */
Tensor nn_affine(Run *r, Tensor x, const float *scale, const float *shift, Act act);

/* Sinusoids of the timestep (arXiv 1706.03762; DDPM's frequencies):
 * [1,dim], half cosines first if flip, f_i = exp(-ln 10000 * i / (dim/2 - shift)). */
Tensor nn_time_embedding(Run *r, float t, int64_t dim, bool flip, float shift);
/* The same for t[n]: [n,dim]. */
Tensor nn_time_embeddings(Run *r, const float *t, int64_t n, int64_t dim, bool flip,
                          float shift);

/* A copy that outlives the Run.  Empty, with the reason in r->err, if short. */
Tensor nn_save(Run *r, Arena *a, Tensor x);

/* The identity; shows x to whoever taps the Run. */
Tensor nn_tap(Run *r, Tensor x, const char *fmt, ...) PRINTF_LIKE(3, 4);
#endif
