#ifndef MEDIA_INTERNAL_H
#define MEDIA_INTERNAL_H
#include "base/arena.h"
#include "base/base.h"
#include "media/animation.h"
#include "media/color.h"
#include "media/image.h"

/* What the readers and writers of media share among themselves. */

/* A stranger's bytes, and what to call them in a message. */
typedef struct Source {
    const unsigned char *bytes;
    size_t size;
    const char *name;
} Source;

/* Told by its first bytes. */
typedef enum { SOURCE_UNKNOWN, SOURCE_PNG, SOURCE_JPEG, SOURCE_WEBP } SourceKind;
SourceKind source_kind(Source s);

/* Each returns as image_decode does; the magic has been looked at. */
Image png_decode(Arena *a, Source s, Err *err) MUST_USE;
Image png_decode_deep(Arena *a, Source s, Err *err) MUST_USE;    /* 16 bits stay */
Image png_decode_indices(Arena *a, Source s, Err *err) MUST_USE; /* [H,W,1] */
Image jpeg_decode(Arena *a, Source s, Err *err) MUST_USE;
Image webp_decode(Arena *a, Source s, Err *err) MUST_USE;

/* False with the sentence if a picture of this size is not read. */
bool source_size_allowed(Source s, uint64_t w, uint64_t h, Err *err) MUST_USE;

/* Bytes being written.  Grows to at most OUT_LIMIT; what does not fit is
 * dropped and is_full is set.  Release with out_release. */
static const size_t OUT_LIMIT = (size_t)1 << 30;
typedef struct Out {
    unsigned char *data;
    size_t size, room;
    bool is_full;
} Out;

void out_put(Out *o, const void *bytes, size_t n);
void out_byte(Out *o, int byte);
void out_u16le(Out *o, int value);
void out_u32le(Out *o, uint32_t value);
void out_u32be(Out *o, uint32_t value);
/* Four bytes that were written before; nothing if o is full. */
void out_set_u32le(Out *o, size_t at, uint32_t value);
void out_release(Out *o);

/* Ends the writing: as a file, or as bytes in the arena.  Both release o. */
bool out_save(Out *o, const char *path, Err *err) MUST_USE;
bool out_keep(Out *o, Arena *a, Bytes *bytes, Err *err) MUST_USE;

/* ---- what a file says beside its pixels: texts.c, exif.c ---- */

enum { TEXT_MOST = 1 << 20 }; /* bytes of a text that is read, packed or not */

/* What a file of that kind has under a key, as image_text. */
char *png_find_text(Source s, const char *key, Arena *a);
char *jpeg_find_text(Source s, const char *key, Arena *a);
char *webp_find_text(Source s, const char *key, Arena *a);

/* Up to the first zero byte: what is no UTF-8 is taken for Latin-1. */
char *text_from_bytes(Bytes b, Arena *a);

/* EXIF as it lies in a JPEG behind "Exif\0\0", and in a WebP.  Nothing is put if none of the
 * texts has a place there: "parameters" in UserComment, as the web UI writes it, "atelier" in
 * MakerNote, "Software". */
int exif_orientation(Bytes exif); /* 1..8; 1 if it does not say */
char *exif_text(Bytes exif, const char *key, Arena *a);
void exif_put(Out *o, const ImageText *texts, int count);

/* A colour in OKLab, where equal distances look equally different.  (B. Ottosson,
 * "A perceptual color space for image processing", 2020)  Distances are squared. */
typedef struct Lab {
    float v[3];
} Lab;
Lab lab_from_rgb(const unsigned char *rgb);
void lab_to_rgb(unsigned char *rgb, Lab c);
float lab_distance(Lab a, Lab b);

/* False with the sentence if the frames differ in size. */
bool animation_fits(const Animation *m, Err *err) MUST_USE;

/* Whole milliseconds that frame i lasts, 1 to 65535. */
int animation_ms(const Animation *m, int i);

/* The smallest rectangle that holds every pixel in which two RGBA pictures of
 * one size differ; one pixel if they are the same. */
Rect animation_change(Image before, Image after);

/* A picture as PNG bytes.  rgb (3 * colours) and alpha (alphas) are a palette
 * for an Image of C = 1 that holds indices; NULL for a picture of colours. */
typedef struct PngPalette {
    const unsigned char *rgb, *alpha;
    int colours, alphas;
} PngPalette;
bool png_write(Out *o, Image im, const PngPalette *palette, const ImageText *texts, int count,
               Err *err) MUST_USE;
#endif
