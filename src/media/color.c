/* SPDX-License-Identifier: MIT */
#include "media/color.h"

#include <string.h>

static int64_t pixels(Image im)
{
    return im.dim[0] * im.dim[1];
}

Image image_over(Arena *a, Image im, Rgb under, Err *err)
{
    if (image_channels(im) == 3)
        return image_to_rgb(a, im, err);
    Image to = image_new(a, image_width(im), image_height(im), 3, err);
    if (tensor_is_empty(to))
        return to;
    const unsigned char *p = im.data, back[3] = {under.r, under.g, under.b};
    unsigned char *q = to.data;
    for (int64_t i = pixels(im); i > 0; i--, p += 4, q += 3)
        for (int c = 0; c < 3; c++)
            q[c] = (unsigned char)((p[c] * p[3] + back[c] * (255 - p[3]) + 127) / 255);
    return to;
}

static Image with_channels(Arena *a, Image im, int channels, Err *err)
{
    Image to = image_new(a, image_width(im), image_height(im), channels, err);
    if (tensor_is_empty(to))
        return to;
    int from = image_channels(im);
    const unsigned char *p = im.data;
    unsigned char *q = to.data;
    for (int64_t i = pixels(im); i > 0; i--, p += from, q += channels)
        for (int c = 0; c < channels; c++)
            q[c] = c < from ? p[c] : 255;
    return to;
}

Image image_to_rgba(Arena *a, Image im, Err *err)
{
    return with_channels(a, im, 4, err);
}

Image image_to_rgb(Arena *a, Image im, Err *err)
{
    return with_channels(a, im, 3, err);
}

static void fill(Image im, Rgb colour)
{
    int channels = image_channels(im);
    if (channels == 4) {
        memset(im.data, 0, tensor_bytes(im));
        return;
    }
    unsigned char *q = im.data;
    for (int64_t i = pixels(im); i > 0; i--, q += channels)
        memcpy(q, (unsigned char[]){colour.r, colour.g, colour.b}, 3);
}

Image image_crop(Arena *a, Image im, Rect r, Rgb outside, Err *err)
{
    must(r.w > 0 && r.h > 0);
    Image to = image_new(a, r.w, r.h, image_channels(im), err);
    if (tensor_is_empty(to))
        return to;
    fill(to, outside);
    int left = (int)max64(r.x, 0), right = (int)min64(r.x + r.w, image_width(im));
    int top = (int)max64(r.y, 0), bottom = (int)min64(r.y + r.h, image_height(im));
    for (int y = top; y < bottom && left < right; y++)
        memcpy(image_at(to, left - r.x, y - r.y), image_at(im, left, y),
               (size_t)(right - left) * (size_t)image_channels(im));
    return to;
}

Rect image_frame(Image im, int w, int h)
{
    must(w > 0 && h > 0);
    int64_t iw = image_width(im), ih = image_height(im);
    int64_t fw = max64(iw, div_up(ih * w, h)), fh = max64(ih, div_up(iw * h, w));
    return (Rect){(int)-((fw - iw) / 2), (int)-((fh - ih) / 2), (int)fw, (int)fh};
}

Rect image_bounds(Image im, int at_least)
{
    int w = image_width(im), h = image_height(im);
    if (image_channels(im) != 4)
        return (Rect){0, 0, w, h};
    int left = w, right = -1, top = h, bottom = -1;
    for (int y = 0; y < h; y++) {
        const unsigned char *p = image_row(im, y) + 3;
        for (int x = 0; x < w; x++) {
            if (p[4 * (ptrdiff_t)x] < at_least)
                continue;
            left = x < left ? x : left;
            right = x > right ? x : right;
            top = y < top ? y : top;
            bottom = y;
        }
    }
    if (bottom < 0)
        return (Rect){0};
    return (Rect){left, top, right - left + 1, bottom - top + 1};
}

bool image_is_see_through(Image im)
{
    if (image_channels(im) != 4)
        return false;
    const unsigned char *p = im.data;
    for (int64_t i = pixels(im); i > 0; i--, p += 4)
        if (p[3] != 255)
            return true;
    return false;
}

Tensor image_to_f32(Arena *a, Image im, Range range, Err *err)
{
    Tensor t = tensor_new(a, TENSOR_F32, tensor_shape(im), err);
    if (tensor_is_empty(t))
        return t;
    float value[256];
    for (int i = 0; i < 256; i++) {
        float v = (float)i / 255.0f;
        value[i] = range == RANGE_SIGNED ? 2.0f * v - 1.0f : v;
    }
    const unsigned char *p = im.data;
    float *q = t.data;
    for (int64_t i = 0, n = tensor_count(im); i < n; i++)
        q[i] = value[p[i]];
    return t;
}

Image image_from_f32(Arena *a, Tensor t, Range range, ToU8 how, Err *err)
{
    must(t.rank == 3 && t.type == TENSOR_F32);
    Image im = image_new(a, (int)t.dim[1], (int)t.dim[0], (int)t.dim[2], err);
    if (tensor_is_empty(im))
        return im;
    const float *p = t.data;
    unsigned char *q = im.data;
    float rounding = how == TO_U8_ROUNDED ? 0.5f : 0.0f;
    for (int64_t i = 0, n = tensor_count(t); i < n; i++) {
        float v = range == RANGE_SIGNED ? p[i] / 2.0f + 0.5f : p[i];
        v = v > 0.0f ? v : 0.0f; /* NaN too */
        v = v < 1.0f ? v : 1.0f;
        q[i] = (unsigned char)(v * 255.0f + rounding);
    }
    return im;
}
