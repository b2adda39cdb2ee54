/* SPDX-License-Identifier: MIT */
#include "media/still.h"

#include "media/internal.h"

#include <string.h>
#include <strings.h>
#include <turbojpeg.h>
#include <webp/encode.h>

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

static bool put_webp(Out *o, Image im, int quality, Err *err)
{
    WebPConfig config;
    WebPPicture picture;
    WebPMemoryWriter bytes;
    must(configured(&config, quality) && WebPPictureInit(&picture));
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
    if (ok)
        out_put(o, bytes.mem, bytes.size);
    else if (picture.error_code == VP8_ENC_ERROR_BAD_DIMENSION)
        err_set(err, ERR_INPUT, "a WebP has at most %d pixels on a side, this one %d x %d",
                WEBP_MAX_DIMENSION, picture.width, picture.height);
    else
        err_set(err, ERR_MEMORY, "not enough memory to write a WebP");
    WebPMemoryWriterClear(&bytes);
    WebPPictureFree(&picture);
    return ok;
}

/* ---- JPEG -------------------------------------------------------------------------------- */

static bool put_jpeg(Out *o, Image im, int quality, Err *err)
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
                          &size, quality >= WHOLE_COLOUR ? TJSAMP_444 : TJSAMP_420, quality,
                          TJFLAG_ACCURATEDCT) == 0;
    if (ok)
        out_put(o, bytes, size);
    else
        err_set(err, ERR_MEMORY, "not enough memory to write a JPEG");
    tjFree(bytes);
    if (jpeg != NULL)
        tjDestroy(jpeg);
    return ok;
}

/* ---- all -----------------------------------------------------------------------------------
 */

static bool put_still(Out *o, Image im, StillKind kind, int quality, Arena *scratch, Err *err)
{
    if (kind == STILL_PNG)
        return png_write(o, im, NULL, NULL, 0, err);
    if (kind == STILL_WEBP)
        return put_webp(o, im, quality, err);
    Image flat = image_over(scratch, im, (Rgb){255, 255, 255}, err);
    return !tensor_is_empty(flat) && put_jpeg(o, flat, quality, err);
}

bool still_save(Image im, const char *path, int quality, Arena *scratch, Err *err)
{
    must(quality >= STILL_LEAST && quality <= STILL_EXACT);
    if (!still_is_known(path, err))
        return false;
    Out o = {0};
    size_t floor = scratch->used;
    bool ok = put_still(&o, im, kind_of(path), quality, scratch, err);
    arena_rewind(scratch, floor);
    if (ok)
        return out_save(&o, path, err);
    out_release(&o);
    return false;
}
