/* SPDX-License-Identifier: MIT */
#include "pose/heatmap.h"

#include <math.h>

/* Alpha from which a pixel is seen; how much larger than its box a figure's
 * squares are.  The network has been trained so. */
enum { SEEN = 16 };
static const struct {
    float margin;
    bool is_mirrored;
} looks[HEATMAP_VIEWS] = {{1.12f, false}, {1.12f, true}, {1.07f, false}, {1.17f, true}};

/* ---- the view ------------------------------------------------------------------ */

static const unsigned char *pixel(Tensor picture, int64_t y, int64_t x)
{
    return (const unsigned char *)picture.data + (y * picture.dim[1] + x) * 4;
}

typedef struct Box {
    int64_t left, top, right, bottom; /* right and bottom are the first beyond */
} Box;

static Box seen(Tensor picture)
{
    Box b = {picture.dim[1], picture.dim[0], 0, 0};
    for (int64_t y = 0; y < picture.dim[0]; y++)
        for (int64_t x = 0; x < picture.dim[1]; x++) {
            if (pixel(picture, y, x)[3] < SEEN)
                continue;
            b.left = x < b.left ? x : b.left;
            b.right = x >= b.right ? x + 1 : b.right;
            b.top = y < b.top ? y : b.top;
            b.bottom = y + 1;
        }
    return b;
}

bool heatmap_views(Tensor picture, HeatmapView views[HEATMAP_VIEWS], Err *err)
{
    must(picture.type == TENSOR_U8 && picture.rank == 3 && picture.dim[2] == 4);
    Box b = seen(picture);
    if (b.bottom <= b.top)
        return err_set(err, ERR_INPUT, "nothing can be seen: the picture is transparent");
    int64_t w = b.right - b.left, h = b.bottom - b.top;
    for (int i = 0; i < HEATMAP_VIEWS; i++) {
        float side = (float)(w > h ? w : h) * looks[i].margin;
        views[i] =
            (HeatmapView){((float)(b.left + b.right) - side) / 2,
                          ((float)(b.top + b.bottom) - side) / 2, side, looks[i].is_mirrored};
    }
    return true;
}

/* How much of pixel i lies between `from` and `to`. */
static double covered(int64_t i, double from, double to)
{
    double low = from > (double)i ? from : (double)i;
    double high = to < (double)(i + 1) ? to : (double)(i + 1);
    return high - low;
}

/* The pixels of a line of n that a stretch touches. */
typedef struct Span {
    double from, to;
    int64_t first, end;
} Span;

static Span span(double from, double to, int64_t n)
{
    Span s = {from, to, (int64_t)floor(from), (int64_t)ceil(to)};
    s.first = s.first < 0 ? 0 : s.first;
    s.end = s.end > n ? n : s.end;
    return s;
}

static void mean(Tensor picture, Span down, Span across, float out[4])
{
    double sum[4] = {0};
    for (int64_t y = down.first; y < down.end; y++)
        for (int64_t x = across.first; x < across.end; x++) {
            const unsigned char *p = pixel(picture, y, x);
            double part = covered(y, down.from, down.to) * covered(x, across.from, across.to);
            part *= p[3] / 255.0;
            for (int c = 0; c < 3; c++)
                sum[c] += part * p[c];
            sum[3] += part * 255.0;
        }
    double area = (down.to - down.from) * (across.to - across.from);
    for (int c = 0; c < 4; c++)
        out[c] = (float)(sum[c] / (area * 255.0) - 0.5);
}

void heatmap_look(Tensor picture, HeatmapView view, Tensor out)
{
    must(picture.type == TENSOR_U8 && picture.rank == 3 && picture.dim[2] == 4);
    must(out.rank == 4 && out.dim[0] == 1 && out.dim[1] == out.dim[2] && out.dim[3] == 4);
    int64_t S = out.dim[1];
    double step = (double)view.side / (double)S;
    for (int64_t y = 0; y < S; y++)
        for (int64_t x = 0; x < S; x++) {
            int64_t column = view.is_mirrored ? S - 1 - x : x;
            double top = view.top + step * (double)y;
            double left = view.left + step * (double)column;
            mean(picture, span(top, top + step, picture.dim[0]),
                 span(left, left + step, picture.dim[1]), tensor_f32(out) + (y * S + x) * 4);
        }
}

static const float degrees = 57.29577951f; /* of a radian */

/* ---- the maps ------------------------------------------------------------------ */

static float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

/* The likeliest cell's value, so that no exponential is too large. */
static float highest(const float *maps, int64_t cells)
{
    float most = maps[0];
    for (int64_t i = 1; i < cells; i++)
        most = fmaxf(most, maps[i * JOINTS * HEATMAP_MAPS]);
    return most;
}

/* A joint in cells; `maps` points at its first number. */
static Keypoint joint(const float *maps, int64_t G)
{
    double sum = 0, x = 0, y = 0, z = 0, c = 0;
    float most = highest(maps, G * G);
    for (int64_t i = 0; i < G * G; i++) {
        const float *m = maps + i * JOINTS * HEATMAP_MAPS;
        double p = exp((double)m[0] - (double)most);
        sum += p;
        x += p * ((double)(i % G) + 0.5 + (double)m[1]);
        y += p * ((double)(i / G) + 0.5 + (double)m[2]);
        z += p * (double)m[3];
        c += p * (double)m[4];
    }
    return (Keypoint){(float)(x / sum), (float)(y / sum), (float)(z / sum),
                      sigmoid((float)(c / sum))};
}

static float mean_of(Tensor side, int channel)
{
    int64_t n = side.dim[1] * side.dim[2];
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)tensor_f32(side)[i * HEATMAP_SIDE + channel];
    return (float)(sum / (double)n);
}

JointsFound heatmap_read(Tensor maps, Tensor side, HeatmapView view)
{
    must(maps.rank == 4 && maps.dim[0] == 1 && maps.dim[1] == maps.dim[2] &&
         maps.dim[3] == JOINTS * HEATMAP_MAPS);
    must(side.rank == 4 && side.dim[0] == 1 && side.dim[3] == HEATMAP_SIDE);
    JointsFound found;
    float cell = view.side / (float)maps.dim[1];
    for (int i = 0; i < JOINTS; i++) {
        Keypoint k = joint(tensor_f32(maps) + (size_t)i * HEATMAP_MAPS, maps.dim[1]);
        found.pose.joint[i] =
            (Keypoint){view.left + k.x * cell, view.top + k.y * cell, k.z * cell, k.c};
    }
    found.yaw_degrees = atan2f(mean_of(side, 0), mean_of(side, 1)) * degrees;
    found.figure = sigmoid(mean_of(side, 2));
    if (view.is_mirrored) {
        found.pose = pose_mirrored(&found.pose, 2 * view.left + view.side);
        found.yaw_degrees = -found.yaw_degrees;
    }
    return found;
}

/* ---- several views --------------------------------------------------------------- */

static Keypoint joint_agreed(const JointsFound *views, int count, int joint)
{
    Keypoint sum = {0};
    float all = 0;
    for (int i = 0; i < count; i++) {
        Keypoint k = views[i].pose.joint[joint];
        float part = k.c * k.c + 1e-3f;
        sum.x += part * k.x;
        sum.y += part * k.y;
        sum.z += part * k.z;
        sum.c += k.c / (float)count;
        all += part;
    }
    return (Keypoint){sum.x / all, sum.y / all, sum.z / all, sum.c};
}

JointsFound heatmap_agreed(const JointsFound *views, int count)
{
    JointsFound found = {0};
    float sine = 0, cosine = 0;
    for (int i = 0; i < JOINTS; i++)
        found.pose.joint[i] = joint_agreed(views, count, i);
    for (int i = 0; i < count; i++) {
        sine += sinf(views[i].yaw_degrees / degrees);
        cosine += cosf(views[i].yaw_degrees / degrees);
        found.figure += views[i].figure / (float)count;
    }
    found.yaw_degrees = atan2f(sine, cosine) * degrees;
    return found;
}

/* ---- what to go by --------------------------------------------------------------- */

bool joints_sure(const JointsFound *f, Pose *to)
{
    const float sure = 0.2f, sure_of_figure = 0.5f;
    *to = f->pose;
    for (int i = 0; i < JOINTS; i++)
        if (to->joint[i].c < sure)
            to->joint[i] = (Keypoint){0};
    return f->figure >= sure_of_figure;
}
