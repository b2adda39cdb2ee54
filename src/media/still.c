/* SPDX-License-Identifier: MIT */
#include "media/still.h"

#include "media/internal.h"

#include <string.h>
#include <strings.h>
#include <turbojpeg.h>
#include <webp/encode.h>
#include <webp/mux.h>

typedef enum { STILL_UNKNOWN, STILL_PNG, STILL_WEBP, STILL_JPEG } StillKind;

static StillKind kind_of(const char *path)
{
    static const struct {
        const char *end;
        StillKind kind;
    } ends[] = {{".png", STILL_PNG},
                {".webp", STILL_WEBP},
                {".jpg", STILL_JPEG},
                {".jpeg", STILL_JPEG}};
    size_t n = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t m = strlen(ends[i].end);
        if (n > m && strcasecmp(path + n - m, ends[i].end) == 0)
            return ends[i].kind;
    }
    return STILL_UNKNOWN;
}

bool still_is_known(const char *path, Err *err)
{
    return kind_of(path) != STILL_UNKNOWN ||
           err_set(err, ERR_INPUT,
                   "'%s' names no kind of picture that is written: it must end in .png, .webp "
                   "or .jpg",
                   path);
}

/* ---- WebP -------------------------------------------------------------------------------- */

static bool configured(WebPConfig *config, int quality)
{
    enum { EFFORT = 2 }; /* of 9: more saves few bytes for many seconds */
    if (quality == STILL_EXACT) {
        bool ok = WebPConfigInit(config) && WebPConfigLosslessPreset(config, EFFORT);
        config->exact = 1;
        return ok;
    }
    return WebPConfigPreset(config, WEBP_PRESET_DEFAULT, (float)quality);
}

/* The file that was encoded, with EXIF beside it. */
static bool put_with_exif(Out *o, WebPData file, const Out *exif, Err *err)
{
    const WebPData chunk = {exif->data, exif->size};
    WebPData both = {0};
    WebPMux *mux = WebPMuxCreate(&file, 0);
    bool ok = mux != NULL && WebPMuxSetChunk(mux, "EXIF", &chunk, 0) == WEBP_MUX_OK &&
              WebPMuxAssemble(mux, &both) == WEBP_MUX_OK;
    if (ok)
        out_put(o, both.bytes, both.size);
    else
        err_set(err, ERR_MEMORY, "not enough memory to write a WebP");
    WebPDataClear(&both);
    WebPMuxDelete(mux);
    return ok;
}

static bool put_webp(Out *o, Image im, const StillOptions *q, Err *err)
{
    Out exif = {0};
    WebPConfig config;
    WebPPicture picture;
    WebPMemoryWriter bytes;
    must(configured(&config, q->quality) && WebPPictureInit(&picture));
    WebPMemoryWriterInit(&bytes);
    picture.use_argb = 1;
    picture.width = image_width(im);
    picture.height = image_height(im);
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &bytes;
    int stride = picture.width * image_channels(im);
    bool ok = (image_channels(im) == 4 ? WebPPictureImportRGBA(&picture, im.data, stride)
                                       : WebPPictureImportRGB(&picture, im.data, stride)) &&
              WebPEncode(&config, &picture);
    exif_put(&exif, q->texts, q->count);
    if (ok && exif.size > 0)
        ok = put_with_exif(o, (WebPData){bytes.mem, bytes.size}, &exif, err);
    else if (ok)
        out_put(o, bytes.mem, bytes.size);
    else if (picture.error_code == VP8_ENC_ERROR_BAD_DIMENSION)
        err_set(err, ERR_INPUT, "a WebP has at most %d pixels on a side, this one %d x %d",
                WEBP_MAX_DIMENSION, picture.width, picture.height);
    else
        err_set(err, ERR_MEMORY, "not enough memory to write a WebP");
    out_release(&exif);
    WebPMemoryWriterClear(&bytes);
    WebPPictureFree(&picture);
    return ok;
}

/* ---- JPEG -------------------------------------------------------------------------------- */

enum { SEGMENT_MOST = 65533, SEGMENTS = 16 };

/* The segment APP1 with the texts, as many as it holds; nothing if there are none. */
static void put_app1(Out *o, const StillOptions *q)
{
    ImageText texts[SEGMENTS];
    Out exif = {0};
    int count = q->count;
    must(count <= SEGMENTS);
    if (count > 0)
        memcpy(texts, q->texts, (size_t)count * sizeof *texts);
    for (; count > 0; count--) {
        int longest = 0;
        out_release(&exif);
        exif_put(&exif, texts, count);
        if (exif.size + 6 <= SEGMENT_MOST)
            break;
        for (int i = 1; i < count; i++)
            if (strlen(texts[i].value) > strlen(texts[longest].value))
                longest = i;
        texts[longest] = texts[count - 1];
    }
    if (count > 0 && exif.size > 0) {
        int size = (int)exif.size + 8;
        out_put(o,
                (unsigned char[]){0xff, 0xe1, (unsigned char)(size >> 8), (unsigned char)size},
                4);
        out_put(o, "Exif\0", 6);
        out_put(o, exif.data, exif.size);
    }
    out_release(&exif);
}

/* The file that was encoded, with EXIF behind its first segment, which says JFIF. */
static void put_with_app1(Out *o, const unsigned char *bytes, size_t size,
                          const StillOptions *q)
{
    size_t head = 4 + (size_t)bytes[4] * 256 + bytes[5];
    must(size > head && bytes[2] == 0xff && bytes[3] == 0xe0);
    out_put(o, bytes, head);
    put_app1(o, q);
    out_put(o, bytes + head, size - head);
}

static bool put_jpeg(Out *o, Image im, const StillOptions *q, Err *err)
{
    enum {
        WHOLE_COLOUR = 90, /* from this quality on colours are kept for each pixel */
        MOST = 65500,
    };
    if (image_width(im) > MOST || image_height(im) > MOST)
        return err_set(err, ERR_INPUT,
                       "a JPEG has at most %d pixels on a side, this one %d x %d", MOST,
                       image_width(im), image_height(im));
    tjhandle jpeg = tjInitCompress();
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    bool ok = jpeg != NULL &&
              tjCompress2(jpeg, im.data, image_width(im), 0, image_height(im), TJPF_RGB, &bytes,
                          &size, q->quality >= WHOLE_COLOUR ? TJSAMP_444 : TJSAMP_420,
                          q->quality, TJFLAG_ACCURATEDCT) == 0;
    if (ok)
        put_with_app1(o, bytes, size, q);
    else
        err_set(err, ERR_MEMORY, "not enough memory to write a JPEG");
    tjFree(bytes);
    if (jpeg != NULL)
        tjDestroy(jpeg);
    return ok;
}

/* ---- all -----------------------------------------------------------------------------------
 */

static bool put_still(Out *o, Image im, StillKind kind, const StillOptions *q, Arena *scratch,
                      Err *err)
{
    if (kind == STILL_PNG)
        return png_write(o, im, NULL, q->texts, q->count, err);
    im = image_to_shallow(scratch, im, err);
    if (tensor_is_empty(im))
        return false;
    if (kind == STILL_WEBP)
        return put_webp(o, im, q, err);
    Image flat = image_over(scratch, im, (Rgb){255, 255, 255}, err);
    return !tensor_is_empty(flat) && put_jpeg(o, flat, q, err);
}

bool still_save(Image im, const char *path, StillOptions options, Arena *scratch, Err *err)
{
    must(options.quality >= STILL_LEAST && options.quality <= STILL_EXACT);
    if (!still_is_known(path, err))
        return false;
    Out o = {0};
    size_t floor = scratch->used;
    bool ok = put_still(&o, im, kind_of(path), &options, scratch, err);
    arena_rewind(scratch, floor);
    if (ok)
        return out_save(&o, path, err);
    out_release(&o);
    return false;
}
