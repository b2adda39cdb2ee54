/* SPDX-License-Identifier: MIT */
#include "media/internal.h"

#include <string.h>
#include <webp/decode.h>
#include <webp/mux.h>

static const char *reason(VP8StatusCode code)
{
    switch (code) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return "the file is cut short";
    case VP8_STATUS_OUT_OF_MEMORY:
        return "it needs too much memory";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return "it uses a feature that is not known";
    default:
        return "its data cannot be understood";
    }
}

Image webp_decode(Arena *a, Source s, Err *err)
{
    WebPDecoderConfig config;
    must(WebPInitDecoderConfig(&config));
    VP8StatusCode code = WebPGetFeatures(s.bytes, s.size, &config.input);
    if (code != VP8_STATUS_OK) {
        err_set(err, ERR_FORMAT, "'%s' is damaged: %s", s.name, reason(code));
        return (Image){0};
    }
    if (config.input.has_animation) {
        err_set(err, ERR_FORMAT, "'%s' is an animated WebP: give one still picture", s.name);
        return (Image){0};
    }
    int w = config.input.width, h = config.input.height, c = config.input.has_alpha ? 4 : 3;
    if (!source_size_allowed(s, (uint64_t)w, (uint64_t)h, err))
        return (Image){0};
    Image im = image_new(a, w, h, c, err);
    if (tensor_is_empty(im))
        return im;
    config.output.colorspace = c == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = im.data;
    config.output.u.RGBA.stride = w * c;
    config.output.u.RGBA.size = tensor_bytes(im);
    code = WebPDecode(s.bytes, s.size, &config);
    WebPFreeDecBuffer(&config.output);
    if (code != VP8_STATUS_OK) {
        err_set(err, ERR_FORMAT, "'%s' is damaged: %s", s.name, reason(code));
        return (Image){0};
    }
    return im;
}

char *webp_find_text(Source s, const char *key, Arena *a)
{
    const WebPData file = {s.bytes, s.size};
    WebPData exif = {0};
    WebPMux *mux = WebPMuxCreate(&file, 0);
    char *text = NULL;
    if (mux != NULL && WebPMuxGetChunk(mux, "EXIF", &exif) == WEBP_MUX_OK) {
        size_t mark = exif.size > 6 && memcmp(exif.bytes, "Exif\0", 6) == 0 ? 6 : 0;
        text = exif_text((Bytes){exif.bytes + mark, exif.size - mark}, key, a);
    }
    WebPMuxDelete(mux);
    return text;
}
