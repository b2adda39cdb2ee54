#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H
#include "base/base.h"
#include "base/pool.h"
#include "tensor/tensor.h"

/* Every loop that costs time, as a table of functions.
 *
 * The contract of all: shapes have been checked, nothing is allocated,
 * nothing fails, buffers do not overlap unless said.  Activations are f32 and
 * channels last, [N,H,W,C]; a picture is also its rows [N*H*W, C].  Weights
 * arrive as a Tensor in torch's layout and any float type, and are packed
 * once; packed weights may be read by any number of threads.  Work is cut
 * into tiles for the pool; no result depends on the number of threads.
 *
 * `store` says how packed weights lie: as f32, or as the f16 or bf16 that the
 * weight is, for half the memory and the same results.  It is a wish: what
 * computes on changed weights (Winograd) keeps f32.
 *
 * ref*.c is the meaning: plain C.  x86/ lays faster variants over it. */

/* What a kernel computes with: helpers, and room for intermediate results
 * (as many bytes as the matching _scratch function says, 64-byte aligned). */
typedef struct Job {
    Pool *pool;
    void *scratch;
} Job;

typedef enum { ACT_NONE, ACT_RELU, ACT_SILU, ACT_GELU, ACT_QUICK_GELU } Act;

/* What happens to a sum before it is written:
 *   y = act(sum + bias[o] + image_bias[row / rows_per_image][o]) + residual[row][o]
 * NULL leaves a term out.  residual has y's layout and stride and may be y.
 * What is below 0 after act is multiplied by slope[o] (a leaky or parametric ReLU). */
typedef struct Epilogue {
    const float *bias;
    const float *image_bias; /* [images, O]: a time embedding */
    int64_t rows_per_image;
    Act act;
    const float *residual;
    const float *slope; /* [O] */
} Epilogue;

/* y[M,O] = x[M,I] w[O,I]^T, then the epilogue.
 * geglu: w has 2*O rows, values first, then gates (bias too);
 *   y = (value + bias) * gelu_erf(gate + bias); act is ACT_NONE then, slope NULL. */
typedef struct LinearShape {
    int64_t I, O;
    bool geglu;
    TensorType store; /* see above: f32, or the weight's own f16 or bf16 */
} LinearShape;

typedef struct LinearArgs {
    const void *packed;
    const float *x; /* rows of I numbers, ldx apart */
    int64_t ldx;
    float *y; /* rows of O numbers, ldy apart (the residual too) */
    int64_t ldy;
    int64_t M;
    Epilogue epilogue;
} LinearArgs;

/* w[O,C,kh,kw], or [C,1,kh,kw] if depthwise (then O == C).  Zero padding. */
typedef struct ConvShape {
    int64_t C, O;
    int kh, kw, stride;
    int pad_top, pad_left, pad_bottom, pad_right;
    bool depthwise;
    TensorType store; /* see above */
    bool is_lean;     /* packed as small as can be, for some time: Winograd's weights, 4 times
                         as large, are made when they are used */
} ConvShape;

/* x is first changed to act(x * scale[n][c] + shift[n][c]) if scale is given
 * (a GroupNorm with its SiLU); padding is zero after that.
 * y [N,OH,OW,O], OH = (H + pad_top + pad_bottom - kh) / stride + 1.
 * Pixels of x may be ldx numbers apart, those of y (and the residual) ldy: both
 * may then be channels of one wider picture, as long as these differ.  Depthwise
 * ones lie close. */
typedef struct ConvArgs {
    const void *packed;
    const float *x; /* [N,H,W,C] */
    int64_t N, H, W;
    int64_t ldx, ldy;           /* 0: C and O */
    const float *scale, *shift; /* [N,C] or NULL */
    Act pre_act;
    float *y;
    Epilogue epilogue; /* rows_per_image is a multiple of OH*OW */
} ConvArgs;

/* softmax(q k^T * scale) v, for each batch and head, without a score matrix.
 * Row t of batch b of q starts at
 *   q + (b / inner) * q_outer + (b % inner) * q_inner + t * q_row
 * and head h at + h * d; k, v and out alike (k and v share their strides).
 * Pictures: inner = 1, outer = T * row.  Frames of a pixel: inner = H*W.
 * Batches b >= bank_from also see bank_S further keys and values, after
 * their own, the same for all: rows of bank_k and bank_v are bank_row apart.
 * is_causal: query t sees the first t + 1 of its own keys only. */
typedef struct AttentionArgs {
    int64_t batch, inner;
    int64_t T, S; /* queries; own keys */
    int64_t heads, d;
    float scale;
    const float *q, *k, *v;
    float *out;
    int64_t q_outer, q_inner, q_row;
    int64_t k_outer, k_inner, k_row;
    int64_t out_outer, out_inner, out_row;
    const float *bank_k, *bank_v; /* NULL: no bank */
    int64_t bank_S, bank_row, bank_from;
    bool is_causal;
} AttentionArgs;

typedef struct Kernels {
    const char *name;

    /* Bytes of a packed weight; packing it.  w is f32, f16, bf16 or f64. */
    size_t (*linear_packed)(LinearShape s);
    void (*linear_pack)(Job *job, LinearShape s, Tensor w, void *packed);
    size_t (*linear_scratch)(LinearShape s, int64_t M, int threads);
    void (*linear)(Job *job, LinearShape s, const LinearArgs *a);

    size_t (*conv_packed)(ConvShape s);
    void (*conv_pack)(Job *job, ConvShape s, Tensor w, void *packed);
    size_t (*conv_scratch)(ConvShape s, int64_t N, int64_t H, int64_t W, int threads);
    void (*conv)(Job *job, ConvShape s, const ConvArgs *a);
    /* "direct", "winograd", ...: how conv computes this shape, for reports. */
    const char *(*conv_method)(ConvShape s);

    size_t (*attention_scratch)(const AttentionArgs *a, int threads);
    void (*attention)(Job *job, const AttentionArgs *a);

    /* scale, shift [N,C] so that x * scale + shift is GroupNorm(x[N,R,C]):
     * biased variance over the R rows and the C / groups channels of a group.
     * gamma, beta [C] may be NULL (1 and 0). */
    void (*group_norm)(Job *job, float *scale, float *shift, const float *x, int64_t N,
                       int64_t R, int64_t C, int64_t groups, float eps, const float *gamma,
                       const float *beta);
    /* The mean and the sum of squares about it, [groups] each, of x[R,C]: for norms of
     * what is seen in parts. */
    void (*group_moments)(Job *job, double *mean, double *squares, const float *x, int64_t R,
                          int64_t C, int64_t groups);
    /* y = act(x * scale[n][c] + shift[n][c]) for x[N,R,C]; y may be x. */
    void (*affine)(Job *job, float *y, const float *x, int64_t N, int64_t R, int64_t C,
                   const float *scale, const float *shift, Act act);
    /* y[M,C] = (x - mean) / sqrt(var + eps) * gamma + beta by rows; y may be x. */
    void (*layer_norm)(Job *job, float *y, const float *x, int64_t M, int64_t C, float eps,
                       const float *gamma, const float *beta);

    /* y = a + b * factor, all [n]; y may be a or b. */
    void (*add)(Job *job, float *y, const float *a, const float *b, float factor, int64_t n);
    /* y[m][c] = x[m][c] + v[m / repeat % rows][c], v [rows,C]; y may be x. */
    void (*add_rows)(Job *job, float *y, const float *x, const float *v, int64_t M, int64_t C,
                     int64_t repeat, int64_t rows);
    /* y = act(x), [n]; y may be x. */
    void (*act)(Job *job, float *y, const float *x, int64_t n, Act act);
    /* Rows of x[M,C] to a softmax, in place. */
    void (*softmax)(Job *job, float *x, int64_t M, int64_t C);
    /* Copies M rows of C numbers between strides: half of a concatenation. */
    void (*copy_rows)(Job *job, float *y, int64_t ldy, const float *x, int64_t ldx, int64_t M,
                      int64_t C);

    /* x[N,H,W,C] to y[N,OH,OW,C], torch's rules (nearest: floor(o * H / OH)). */
    void (*resize_nearest)(Job *job, float *y, const float *x, int64_t N, int64_t H, int64_t W,
                           int64_t C, int64_t OH, int64_t OW);
    void (*resize_bilinear)(Job *job, float *y, const float *x, int64_t N, int64_t H, int64_t W,
                            int64_t C, int64_t OH, int64_t OW, bool align_corners);
} Kernels;

enum { KERNELS_REF = 0, KERNELS_AVX2 = 1, KERNELS_AVX512 = 2, KERNELS_BEST = ~0 };

/* Plain C, with every faster variant laid over it that this machine and
 * `mask` allow. */
Kernels kernels_for(int mask);

/* The same, but nothing is computed: only sizes are told, and weights packed. */
Kernels kernels_idle(const Kernels *like);

/* By name: "ref", "avx2", "avx512", "best".  False with the names that work
 * on this machine if there is no such table, or the machine cannot run it. */
bool kernels_named(Kernels *k, const char *name, Err *err) MUST_USE;
#endif
