/* SPDX-License-Identifier: MIT */
#include "tensor/tensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} types[TENSOR_TYPES] = {
    [TENSOR_F32] = {"f32", 4},   [TENSOR_F16] = {"f16", 2}, [TENSOR_BF16] = {"bf16", 2},
    [TENSOR_F64] = {"f64", 8},   [TENSOR_U8] = {"u8", 1},   [TENSOR_I8] = {"i8", 1},
    [TENSOR_I16] = {"i16", 2},   [TENSOR_I32] = {"i32", 4}, [TENSOR_I64] = {"i64", 8},
    [TENSOR_BOOL] = {"bool", 1}, [TENSOR_U16] = {"u16", 2},
};

const char *tensor_type_name(TensorType t)
{
    return types[t].name;
}

size_t tensor_type_size(TensorType t)
{
    return types[t].size;
}

int64_t shape_count(Shape s)
{
    int64_t n = 1;
    bool has_zero = false;
    for (int i = 0; i < s.rank; i++) {
        if (s.dim[i] < 0)
            return -1;
        if (s.dim[i] == 0)
            has_zero = true;
        else if (n > ((int64_t)1 << 62) / s.dim[i])
            return -1;
        else
            n *= s.dim[i];
    }
    return has_zero ? 0 : n;
}

int64_t tensor_count(Tensor t)
{
    return shape_count(tensor_shape(t));
}

size_t tensor_bytes(Tensor t)
{
    return (size_t)tensor_count(t) * types[t.type].size;
}

Shape tensor_shape(Tensor t)
{
    Shape s = {.rank = t.rank};
    memcpy(s.dim, t.dim, sizeof s.dim);
    return s;
}

bool shape_equal(Shape a, Shape b)
{
    if (a.rank != b.rank)
        return false;
    for (int i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i])
            return false;
    return true;
}

ShapeText shape_text(Shape s)
{
    ShapeText t = {"["};
    size_t n = 1;
    for (int i = 0; i < s.rank && n < sizeof t.s - 24; i++)
        n += (size_t)snprintf(t.s + n, sizeof t.s - n, i ? ",%" PRId64 : "%" PRId64, s.dim[i]);
    snprintf(t.s + n, sizeof t.s - n, "]");
    return t;
}

Tensor tensor_over(void *data, TensorType type, Shape s)
{
    Tensor t = {.type = type, .rank = s.rank, .data = data};
    for (int i = 0; i < s.rank; i++)
        t.dim[i] = s.dim[i];
    return t;
}

Tensor tensor_new(Arena *a, TensorType type, Shape s, Err *err)
{
    int64_t n = shape_count(s);
    void *data = NULL;
    if (n >= 0 && n <= INT64_MAX / 8)
        data = arena_take(a, (size_t)n * types[type].size);
    if (data == NULL) {
        err_set(err, ERR_MEMORY,
                "not enough memory for %s of %s (%" PRId64 " MiB): try a smaller size, fewer "
                "frames or a shorter window",
                shape_text(s).s, types[type].name,
                n < 0 ? n : (int64_t)((double)n * (double)types[type].size / 1048576));
        return (Tensor){0};
    }
    return tensor_over(data, type, s);
}

Tensor tensor_reshape(Tensor t, Shape s)
{
    must(shape_count(s) == tensor_count(t));
    return tensor_over(t.data, t.type, s);
}

Tensor tensor_rows(Tensor t, int64_t from, int64_t count)
{
    must(t.rank > 0 && from >= 0 && count >= 0 && from + count <= t.dim[0]);
    size_t row = t.dim[0] == 0 ? 0 : tensor_bytes(t) / (size_t)t.dim[0];
    t.data = (unsigned char *)t.data + (size_t)from * row;
    t.dim[0] = count;
    return t;
}

float f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    uint32_t exp = (h >> 10) & 31;
    uint32_t man = h & 0x3ff;
    uint32_t bits;
    if (exp == 31) {
        bits = sign | 0x7f800000u | man << 13;
    } else if (exp != 0) {
        bits = sign | (exp + 112) << 23 | man << 13;
    } else {
        float tiny = (float)man * 0x1p-24f; /* a subnormal: exact in f32 */
        memcpy(&bits, &tiny, 4);
        bits |= sign;
    }
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

uint16_t f32_to_f16(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, 4);
    uint32_t sign = bits >> 16 & 0x8000;
    uint32_t abs = bits & 0x7fffffff;
    if (abs > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);
    if (abs >= 0x477ff000) /* 65520 and more round to infinity */
        return (uint16_t)(sign | 0x7c00);
    if (abs < 0x38800000) { /* below 2^-14: a subnormal half */
        float small;
        memcpy(&small, &abs, 4);
        small += 0.5f; /* lets the adder round to 2^-24, ties to even */
        memcpy(&abs, &small, 4);
        return (uint16_t)(sign | (abs - 0x3f000000));
    }
    uint32_t odd = abs >> 13 & 1;
    return (uint16_t)(sign | (abs - 0x38000000 + 0xfff + odd) >> 13);
}

static float bf16_to_f32(uint16_t h)
{
    uint32_t bits = (uint32_t)h << 16;
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

#define READ(TYPE, CONVERT)                                                                    \
    for (int64_t i = 0; i < n; i++) {                                                          \
        TYPE v;                                                                                \
        memcpy(&v, (const unsigned char *)from + (size_t)i * sizeof v, sizeof v);              \
        to[i] = CONVERT(v);                                                                    \
    }                                                                                          \
    return

void tensor_read_f32(float *to, const void *from, TensorType type, int64_t n)
{
    switch (type) {
    case TENSOR_F32:
        memcpy(to, from, (size_t)n * 4);
        return;
    case TENSOR_F16:
        READ(uint16_t, f16_to_f32);
    case TENSOR_BF16:
        READ(uint16_t, bf16_to_f32);
    case TENSOR_F64:
        READ(double, (float));
    case TENSOR_U8:
    case TENSOR_BOOL:
        READ(uint8_t, (float));
    case TENSOR_I8:
        READ(int8_t, (float));
    case TENSOR_I16:
        READ(int16_t, (float));
    case TENSOR_U16:
        READ(uint16_t, (float));
    case TENSOR_I32:
        READ(int32_t, (float));
    case TENSOR_I64:
        READ(int64_t, (float));
    case TENSOR_TYPES:
        break;
    }
    must(!"a tensor has a type");
}

void tensor_write_f16(uint16_t *to, const float *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = f32_to_f16(from[i]);
}

static uint16_t f32_to_bf16(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, 4);
    if ((bits & 0x7fffffff) > 0x7f800000) /* NaN stays one */
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void tensor_write(void *to, TensorType type, const float *from, int64_t n)
{
    must(type == TENSOR_F32 || type == TENSOR_F16 || type == TENSOR_BF16);
    uint16_t *half = to;
    if (type == TENSOR_F32)
        memcpy(to, from, (size_t)n * sizeof *from);
    else if (type == TENSOR_F16)
        tensor_write_f16(half, from, n);
    else
        for (int64_t i = 0; i < n; i++)
            half[i] = f32_to_bf16(from[i]);
}

Tensor tensor_as_f32(Arena *a, Tensor t, Err *err)
{
    bool aligned = (uintptr_t)t.data % _Alignof(float) == 0;
    if (t.type == TENSOR_F32 && aligned)
        return t;
    Tensor f = tensor_new(a, TENSOR_F32, tensor_shape(t), err);
    if (!tensor_is_empty(f))
        tensor_read_f32(f.data, t.data, t.type, tensor_count(t));
    return f;
}
