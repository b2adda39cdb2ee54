#ifndef MEDIA_IMAGE_H
#define MEDIA_IMAGE_H
#include "base/arena.h"
#include "base/base.h"
#include "tensor/tensor.h"

/* Pictures: files to pixels and back.
 *
 * An Image is a u8 Tensor [H,W,C], rows from the top, sRGB as the file has it
 * (gamma and profiles are ignored).  C is 3 for RGB or 4 for RGBA with
 * straight alpha; a few functions say that they also take 1 (grey).  The empty
 * Image says that something failed.  Functions here keep no state, so any
 * number of threads may call them, each with its own Arena. */
typedef Tensor Image;

enum {
    IMAGE_MAX_SIDE = 8192,
    IMAGE_MAX_PIXELS = 40000000,
    IMAGE_MAX_BYTES = 128 << 20 /* of a file */
};

/* A rectangle of pixels, origin at the top left. */
typedef struct Rect {
    int x, y, w, h;
} Rect;

static inline int image_width(Image im)
{
    return (int)im.dim[1];
}
static inline int image_height(Image im)
{
    return (int)im.dim[0];
}
static inline int image_channels(Image im)
{
    return (int)im.dim[2];
}
/* The bytes of a row; of a pixel. */
static inline unsigned char *image_row(Image im, int y)
{
    return (unsigned char *)im.data + (size_t)y * (size_t)im.dim[1] * (size_t)im.dim[2];
}
static inline unsigned char *image_at(Image im, int x, int y)
{
    return image_row(im, y) + (size_t)x * (size_t)im.dim[2];
}

/* A few functions, which say so, also take pictures of 16 bits: u16 Tensors, whose bytes the
 * functions above do not find.  These do, in both kinds: a channel's level, 0 to image_most. */
static inline bool image_is_deep(Image im)
{
    return im.type == TENSOR_U16;
}
static inline unsigned image_most(Image im)
{
    return image_is_deep(im) ? 65535 : 255;
}
static inline unsigned image_level(Image im, int x, int y, int c)
{
    int64_t at = (y * im.dim[1] + x) * im.dim[2] + c;
    return image_is_deep(im) ? ((const uint16_t *)im.data)[at]
                             : ((const unsigned char *)im.data)[at];
}
static inline void image_set_level(Image im, int x, int y, int c, unsigned level)
{
    int64_t at = (y * im.dim[1] + x) * im.dim[2] + c;
    if (image_is_deep(im))
        ((uint16_t *)im.data)[at] = (uint16_t)level;
    else
        ((unsigned char *)im.data)[at] = (unsigned char)level;
}

/* In the arena, not cleared; c is 1, 3 or 4.  Empty, with ERR_MEMORY, if memory
 * is short. */
Image image_new(Arena *a, int w, int h, int c, Err *err) MUST_USE;

/* The same of 8 or 16 bits as `like` has, and of its channels. */
Image image_new_like(Arena *a, Image like, int w, int h, Err *err) MUST_USE;

/* Reads a PNG, JPEG or WebP, told apart by content, never by name.
 *
 * C is 4 if the file has any alpha (a channel, or a transparent colour), else
 * 3; grey becomes RGB, 16 bits become 8 by rounding, a JPEG is turned upright
 * as its EXIF orientation says.  Refused, in a sentence: more than
 * IMAGE_MAX_SIDE or IMAGE_MAX_PIXELS (before any pixel is decoded), files cut
 * short or damaged, animated WebP, and what is none of the three.
 * `name` is the subject of the message. */
Image image_load(Arena *a, const char *path, Err *err) MUST_USE;
Image image_decode(Arena *a, const void *bytes, size_t size, const char *name,
                   Err *err) MUST_USE;

/* The same, but a PNG of 16 bits stays one. */
Image image_load_deep(Arena *a, const char *path, Err *err) MUST_USE;

/* A picture of 16 bits: a copy, unless it is one.  And one of 8, rounded as image_load does. */
Image image_to_deep(Arena *a, Image im, Err *err) MUST_USE;
Image image_to_shallow(Arena *a, Image im, Err *err) MUST_USE;

/* A pair kept in a picture's file: a key of 1 to 79 Latin letters, any UTF-8 text.  In a PNG
 * it is an iTXt if it is not ASCII, else a tEXt. */
typedef struct ImageText {
    const char *key, *value;
} ImageText;

/* Writes an RGB or RGBA PNG (grey too), of 8 or 16 bits.  The same pixels and texts give
 * the same bytes.  texts may be NULL if count is 0. */
bool image_save(Image im, const char *path, const ImageText *texts, int count,
                Err *err) MUST_USE;

/* What a file has under a key, as UTF-8 in the arena: a text of a PNG, packed or not; in the
 * EXIF of a JPEG or WebP "parameters" (UserComment), "atelier" (MakerNote) and "Software".
 * *text is NULL if there is no such text, it has over 1 MiB, or the file is none of the three.
 * False if it cannot be read. */
bool image_text(char **text, const char *path, const char *key, Arena *a, Err *err) MUST_USE;
char *image_text_decode(const void *bytes, size_t size, const char *key, Arena *a) MUST_USE;

/* A file that is not yet one: bytes in an arena. */
typedef struct Bytes {
    const unsigned char *data;
    size_t size;
} Bytes;
bool image_encode(Arena *a, Bytes *out, Image im, const ImageText *texts, int count,
                  Err *err) MUST_USE;
#endif
