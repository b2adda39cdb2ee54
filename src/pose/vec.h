#ifndef POSE_VEC_H
#define POSE_VEC_H
#include <math.h>

/* Points and directions in space.  Inside this room only. */
typedef struct Vec {
    float x, y, z;
} Vec;

static inline Vec vec(const float v[3])
{
    return (Vec){v[0], v[1], v[2]};
}

/* a + k b */
static inline Vec plus(Vec a, Vec b, float k)
{
    return (Vec){a.x + k * b.x, a.y + k * b.y, a.z + k * b.z};
}

static inline Vec minus(Vec a, Vec b)
{
    return plus(a, b, -1);
}

static inline float dot(Vec a, Vec b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline float length(Vec a)
{
    return sqrtf(dot(a, a));
}

/* Of length 1; the zero vector stays what it is. */
static inline Vec unit(Vec a)
{
    float size = length(a);
    return size > 0 ? (Vec){a.x / size, a.y / size, a.z / size} : a;
}

static inline Vec cross(Vec a, Vec b)
{
    return (Vec){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
#endif
