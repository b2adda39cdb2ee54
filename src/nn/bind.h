#ifndef NN_BIND_H
#define NN_BIND_H
#include "nn/nn.h"
#include "weights/binder.h"

/* From names in a file to layers: checks shapes, packs weights.
 *
 * Packed weights and biases live in `arena`, as long as the network.  The
 * first failure stays in the Binder (and so in its Err); after it every bind_
 * returns an empty layer, so that a bind function reads like its network. */
typedef struct Bind {
    Binder *binder;
    Arena *arena;
    const Kernels *kernels;
    Pool *pool;
    Cost *cost;   /* where the time of packing is added up, or NULL */
    bool is_lean; /* convolutions are (kernels.h) */
    bool is_idle; /* nothing is read or packed, only room is taken: nn/plan.h */
} Bind;

void bind_enter(Bind *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void bind_leave(Bind *b);

/* "name.weight" [O,I] (or [O,I,1,1]) and "name.bias" [O]. */
Linear bind_linear(Bind *b, const char *name, int64_t I, int64_t O);
Linear bind_linear_plain(Bind *b, const char *name, int64_t I, int64_t O); /* no bias */
/* "name.weight" [2*O,I]: values, then gates. */
Linear bind_geglu(Bind *b, const char *name, int64_t I, int64_t O);
/* Several linear layers of one input side by side: [O,I] each, count <= 3.
 * With or without biases, all alike. */
Linear bind_linears(Bind *b, const char *const *names, int count, int64_t I, int64_t O,
                    bool has_bias);

/* "name.weight" [O,C,k,k], "name.bias" [O]; padding k / 2 on all sides. */
Conv bind_conv(Bind *b, const char *name, int64_t C, int64_t O, int k, int stride);
/* Any shape of convolution, with or without a bias. */
Conv bind_conv_shape(Bind *b, const char *name, ConvShape s, bool has_bias);

/* A 1x1 convolution whose outcome is multiplied by the number `scale` [1]. */
Conv bind_scaled_conv(Bind *b, const char *name, int64_t C, int64_t O, const char *scale);

/* A 3x3 convolution, padded by 1, whose outcome is multiplied by `factor`. */
Conv bind_conv_times(Bind *b, const char *name, int64_t C, int64_t O, float factor);

GroupNorm bind_group_norm(Bind *b, const char *name, int64_t C, int64_t groups, float eps);
LayerNorm bind_layer_norm(Bind *b, const char *name, int64_t C, float eps);

/* norm1, conv1, norm2, conv2, and conv_shortcut if the widths differ; time_emb_proj if
 * `time`, the width of the time's vector, is not 0. */
typedef struct ResidualShape {
    int64_t C, O, groups, time;
    float eps;
} ResidualShape;
Residual bind_residual(Bind *b, const char *name, ResidualShape s);

/* All layers of a tower, encoder.layers.0 and on: layer_norm1, self_attn.{q,k,v,out}_proj,
 * layer_norm2, mlp.fc1, mlp.fc2. */
typedef struct TowerShape {
    int64_t width, heads, inner;
    Act act;
    float norm_eps;
    bool is_causal;
} TowerShape;
void bind_tower(Bind *b, TowerLayer *layer, int count, TowerShape s);

/* Plain numbers as f32 in the arena. */
Tensor bind_numbers(Bind *b, const char *name, Shape s);

/* Room for n numbers, or for anything, in the arena; NULL after a failure. */
float *bind_room(Bind *b, int64_t n);
void *bind_take(Bind *b, size_t bytes);

/* Sinusoids of positions 0..n-1, [n,C]: sin at even places, cos at odd ones,
 * w_i = exp(-2i ln(10000) / C). */
Tensor bind_sinusoids(Bind *b, int64_t n, int64_t C);

/* True once anything failed; the reason is in the Binder. */
bool bind_failed(const Bind *b);

/* The shape of a tensor that may be there; rank 0 if it is not. */
Shape bind_shape(Bind *b, const char *name);
#endif
