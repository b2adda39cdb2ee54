#ifndef TENSOR_TENSOR_H
#define TENSOR_TENSOR_H
#include "base/arena.h"
#include "base/base.h"

/* What a tensor is: a type, a shape, and where its numbers lie.
 *
 * Dense, row-major, at most five dims, outermost first: [N,H,W,C].  A Tensor
 * is a small value and owns nothing: its numbers live in an arena, or in a
 * mapped file.  The empty Tensor (all zero) says that something failed.
 * Activations are f32 and channels last; f16 and bf16 are for storage. */

enum { TENSOR_DIMS = 5 };

typedef enum {
    TENSOR_F32,
    TENSOR_F16,
    TENSOR_BF16,
    TENSOR_F64,
    TENSOR_U8,
    TENSOR_I8,
    TENSOR_I16,
    TENSOR_U16,
    TENSOR_I32,
    TENSOR_I64,
    TENSOR_BOOL,
    TENSOR_TYPES
} TensorType;

typedef struct Tensor {
    TensorType type;
    int rank;                 /* 0 for a scalar */
    int64_t dim[TENSOR_DIMS]; /* dims past rank are 0 */
    void *data;               /* NULL in the empty Tensor only */
} Tensor;

typedef struct Shape {
    int rank;
    int64_t dim[TENSOR_DIMS];
} Shape;

/* SHAPE(2, 3) is the shape [2,3]. */
#define SHAPE(...) ((Shape){sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), {__VA_ARGS__}})

/* "f32", "bf16", ...; sizes in bytes. */
const char *tensor_type_name(TensorType t);
size_t tensor_type_size(TensorType t);

static inline bool tensor_is_empty(Tensor t)
{
    return t.data == NULL;
}
static inline float *tensor_f32(Tensor t)
{
    must(t.type == TENSOR_F32);
    return t.data;
}

/* Numbers in all, or -1 if a dim is negative or the product passes 2^62. */
int64_t shape_count(Shape s);
int64_t tensor_count(Tensor t);
size_t tensor_bytes(Tensor t);
Shape tensor_shape(Tensor t);
bool shape_equal(Shape a, Shape b);

/* "[2,3]"; into `text`, which is returned. */
typedef struct ShapeText {
    char s[96];
} ShapeText;
ShapeText shape_text(Shape s);

/* In the arena, not cleared.  Empty, with the shape in err, if memory is short. */
Tensor tensor_new(Arena *a, TensorType type, Shape s, Err *err) MUST_USE;

/* Numbers that lie elsewhere. */
Tensor tensor_over(void *data, TensorType type, Shape s);

/* The same numbers in another shape of as many numbers. */
Tensor tensor_reshape(Tensor t, Shape s);

/* Rows [from, from + count) of the outermost dim. */
Tensor tensor_rows(Tensor t, int64_t from, int64_t count);

/* `n` numbers of any type from `from`, as f32 or from f32.  Integers are
 * converted by value; f16 rounds to nearest even, as torch does. */
void tensor_read_f32(float *to, const void *from, TensorType type, int64_t n);
void tensor_write_f16(uint16_t *to, const float *from, int64_t n);
/* The same to f32, f16 or bf16, each to nearest even; `to` is not `from`. */
void tensor_write(void *to, TensorType type, const float *from, int64_t n);
float f16_to_f32(uint16_t h);
uint16_t f32_to_f16(float f);

/* A copy as f32 in the arena; a view if it is f32 already. */
Tensor tensor_as_f32(Arena *a, Tensor t, Err *err) MUST_USE;
#endif
