/* SPDX-License-Identifier: MIT */
#include "media/animation.h"
#include "media/internal.h"

#include <webp/encode.h>
#include <webp/mux.h>

/* Animated WebP.  Each frame holds the rectangle that changed, from an even
 * place as the format wants it, and replaces what was there. */

static bool short_of_memory(Err *err)
{
    return err_set(err, ERR_MEMORY, "not enough memory to write a WebP");
}

/* Lossless, with the colours of transparent pixels. */
static bool compress(WebPMemoryWriter *to, Image im, Err *err)
{
    enum { EFFORT = 1 }; /* of 9: 6 saves 6 % of the bytes for ten times the seconds */
    WebPConfig config;
    WebPPicture picture;
    must(WebPConfigInit(&config) && WebPConfigLosslessPreset(&config, EFFORT));
    must(WebPPictureInit(&picture));
    config.exact = 1;
    picture.use_argb = 1;
    picture.width = image_width(im);
    picture.height = image_height(im);
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = to;
    bool ok = WebPPictureImportRGBA(&picture, im.data, picture.width * 4) &&
              WebPEncode(&config, &picture);
    WebPEncodingError code = picture.error_code;
    WebPPictureFree(&picture);
    if (ok)
        return true;
    if (code == VP8_ENC_ERROR_BAD_DIMENSION)
        return err_set(err, ERR_INPUT, "a WebP has at most %d pixels on a side",
                       WEBP_MAX_DIMENSION);
    return short_of_memory(err);
}

static bool push_frame(WebPMux *mux, const Animation *m, int i, Arena *scratch, Err *err)
{
    Image im = image_to_rgba(scratch, m->frames[i], err), before = im;
    if (i > 0 && !tensor_is_empty(im))
        before = image_to_rgba(scratch, m->frames[i - 1], err);
    if (tensor_is_empty(im) || tensor_is_empty(before))
        return false;
    Rect r = {0, 0, image_width(im), image_height(im)};
    if (i > 0) {
        r = animation_change(before, im);
        r = (Rect){r.x & ~1, r.y & ~1, r.w + (r.x & 1), r.h + (r.y & 1)};
    }
    Image part = image_crop(scratch, im, r, (Rgb){0}, err);
    WebPMemoryWriter bytes;
    WebPMemoryWriterInit(&bytes);
    bool ok = !tensor_is_empty(part) && compress(&bytes, part, err);
    if (ok) {
        WebPMuxFrameInfo frame = {.bitstream = {bytes.mem, bytes.size},
                                  .x_offset = r.x,
                                  .y_offset = r.y,
                                  .duration = animation_ms(m, i),
                                  .id = WEBP_CHUNK_ANMF,
                                  .dispose_method = WEBP_MUX_DISPOSE_NONE,
                                  .blend_method = WEBP_MUX_NO_BLEND};
        ok = WebPMuxPushFrame(mux, &frame, 1) == WEBP_MUX_OK || short_of_memory(err);
    }
    WebPMemoryWriterClear(&bytes);
    return ok;
}

static bool push_frames(WebPMux *mux, const Animation *m, Arena *scratch, Err *err)
{
    bool ok = animation_fits(m, err);
    for (int i = 0; ok && i < m->count; i++) {
        size_t floor = scratch->used;
        ok = push_frame(mux, m, i, scratch, err);
        arena_rewind(scratch, floor);
    }
    return ok;
}

static bool write_webp(Out *o, const Animation *m, Arena *scratch, Err *err)
{
    WebPData file = {0};
    WebPMuxAnimParams params = {.bgcolor = 0, .loop_count = m->plays};
    WebPMux *mux = WebPMuxNew();
    if (mux == NULL)
        return short_of_memory(err);
    bool ok = push_frames(mux, m, scratch, err);
    if (ok)
        ok = (WebPMuxSetAnimationParams(mux, &params) == WEBP_MUX_OK &&
              WebPMuxSetCanvasSize(mux, image_width(m->frames[0]),
                                   image_height(m->frames[0])) == WEBP_MUX_OK &&
              WebPMuxAssemble(mux, &file) == WEBP_MUX_OK) ||
             short_of_memory(err);
    if (ok)
        out_put(o, file.bytes, file.size);
    WebPDataClear(&file);
    WebPMuxDelete(mux);
    return ok;
}

bool webp_save(const Animation *m, const char *path, Arena *scratch, Err *err)
{
    Out o = {0};
    return write_webp(&o, m, scratch, err) && out_save(&o, path, err);
}

bool webp_encode(Arena *a, Bytes *out, const Animation *m, Err *err)
{
    Out o = {0};
    return write_webp(&o, m, a, err) && out_keep(&o, a, out, err);
}
