/* SPDX-License-Identifier: MIT */
#include "studios/upscale.h"

#include "base/file.h"
#include "media/color.h"
#include "media/resize.h"
#include "media/still.h"
#include "upscale/upscale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct UpscaleRequest {
    Paths pictures;
    const char *model;
    const char *out; /* NULL: NAME_4x.png here */
    double scale;    /* 0: the network's own */
    int64_t tile;    /* 0: chosen */
    int64_t quality;
    const char *bits; /* "8", "16"; NULL: as the picture's */
    int64_t threads;
    const char *kernels;
    bool verbose;
} UpscaleRequest;

typedef struct UpscaleWork {
    const UpscaleRequest *q;
    const StudioRun *talk;
    Kernels kernels;
    Run run;
    Arena scratch, pictures;
    Upscaler upscaler;
    bool is_open;
    const char *at; /* the picture at hand */
    int index;      /* which of them it is */
} UpscaleWork;

/* ---- where results go ------------------------------------------------------------------- */

static double scale_of(const UpscaleWork *w)
{
    return w->q->scale > 0 ? w->q->scale : w->upscaler.scale;
}

/* A program may ask for none. */
static bool is_written(const UpscaleRequest *q)
{
    return q->out == NULL || q->out[0] != '\0';
}

static bool goes_to_folder(const UpscaleRequest *q)
{
    const char *out = q->out;
    return out != NULL && is_written(q) &&
           (q->pictures.count > 1 || file_is_dir(out) || out[strlen(out) - 1] == '/');
}

/* Free with xfree. */
static char *place_of(const UpscaleWork *w, const char *picture)
{
    char name[512];
    size_t length;
    const char *stem = file_stem(picture, &length);
    if (w->q->out != NULL && !goes_to_folder(w->q))
        return xstrdup(w->q->out);
    snprintf(name, sizeof name, "%.*s_%.4gx.png", (int)min64((int64_t)length, 400), stem,
             scale_of(w));
    return goes_to_folder(w->q) ? file_join(w->q->out, name) : xstrdup(name);
}

static bool names_differ(const UpscaleRequest *q, Err *err)
{
    for (int64_t i = 0; i < q->pictures.count; i++)
        for (int64_t j = 0; j < i; j++) {
            size_t a, b;
            const char *one = file_stem(q->pictures.of[i], &a);
            const char *other = file_stem(q->pictures.of[j], &b);
            if (a == b && memcmp(one, other, a) == 0)
                return err_set(
                    err, ERR_INPUT,
                    "two pictures are called '%.*s', and so would be what is made of "
                    "them: run again for the second",
                    (int)a, one);
        }
    return true;
}

/* ---- one picture ------------------------------------------------------------------------ */

static void on_progress(void *user, int64_t done, int64_t of)
{
    const UpscaleWork *w = user;
    if (w->talk->progress != NULL)
        w->talk->progress(w->talk->user, "upscaling", done, of);
}

static void detail(const UpscaleWork *w, const char *line)
{
    if (w->talk->detail != NULL)
        w->talk->detail(w->talk->user, line);
}

static void tell_plan(const UpscaleWork *w, Image im)
{
    char line[200];
    Tiling t = tiling_for(&w->upscaler, image_width(im), image_height(im), w->q->tile);
    snprintf(line, sizeof line, "%d x %d pixels in %d tiles of %d, %lld MiB for each",
             image_width(im), image_height(im), t.columns * t.rows, t.side,
             (long long)(t.bytes >> 20));
    detail(w, line);
}

static bool fits(const UpscaleWork *w, Image im, Err *err)
{
    double larger = fmax(scale_of(w), w->upscaler.scale);
    double width = image_width(im) * larger, height = image_height(im) * larger;
    return width * height <= UPSCALE_MOST ||
           err_set(err, ERR_INPUT,
                   "'%s' would become %.0f x %.0f pixels; at most %d million in all are made",
                   w->at, width, height, UPSCALE_MOST / 1000000);
}

static Image resized(UpscaleWork *w, Image small, Image im, Err *err)
{
    int width = (int)max64(1, llround(image_width(small) * scale_of(w)));
    int height = (int)max64(1, llround(image_height(small) * scale_of(w)));
    if (tensor_is_empty(im) || (width == image_width(im) && height == image_height(im)))
        return im;
    return image_resize(&w->pictures, im, width, height, RESIZE_LANCZOS, err);
}

/* For who takes pictures from memory. */
static bool show(UpscaleWork *w, Image im, Err *err)
{
    if (w->talk->frame == NULL)
        return true;
    size_t floor = w->scratch.used;
    Image rgba = image_to_shallow(&w->scratch, im, err);
    if (!tensor_is_empty(rgba))
        rgba = image_to_rgba(&w->scratch, rgba, err);
    if (tensor_is_empty(rgba))
        return false;
    w->talk->frame(w->talk->user, &(StudioFrame){.clip = "picture",
                                                 .index = w->index,
                                                 .count = (int)w->q->pictures.count,
                                                 .pivot_x = image_width(im) / 2,
                                                 .pivot_y = image_height(im),
                                                 .width = image_width(im),
                                                 .height = image_height(im),
                                                 .rgba = rgba.data});
    arena_rewind(&w->scratch, floor);
    return true;
}

static bool save(UpscaleWork *w, Image im, Err *err)
{
    if (!is_written(w->q))
        return true;
    char *path = place_of(w, w->at);
    bool ok =
        still_save(im, path, (StillOptions){.quality = (int)w->q->quality}, &w->scratch, err);
    if (ok && w->talk->made != NULL)
        w->talk->made(w->talk->user, path);
    xfree(path);
    return ok;
}

static Image wanted_bits(UpscaleWork *w, Image im, Err *err)
{
    if (tensor_is_empty(im) || w->q->bits == NULL)
        return im;
    return strcmp(w->q->bits, "16") == 0 ? image_to_deep(&w->pictures, im, err)
                                         : image_to_shallow(&w->pictures, im, err);
}

static bool make(UpscaleWork *w, const char *picture, Err *err)
{
    w->at = picture;
    w->run.err = (Err){0};
    arena_rewind(&w->pictures, 0);
    Image im = wanted_bits(w, image_load_deep(&w->pictures, picture, err), err);
    if (tensor_is_empty(im) || !fits(w, im, err) ||
        (goes_to_folder(w->q) && !file_make_dirs(w->q->out, err)))
        return false;
    tell_plan(w, im);
    Image large = upscaled(&w->pictures, &w->run, &w->upscaler, im, w->q->tile,
                           (UpscaleTold){on_progress, w}, err);
    large = resized(w, im, large, err);
    return !tensor_is_empty(large) && show(w, large, err) && save(w, large, err);
}

/* What is wrong with one picture does not stop the others. */
static bool make_all(UpscaleWork *w, Err *err)
{
    const Paths *p = &w->q->pictures;
    int64_t failed = 0;
    if (p->count == 1)
        return make(w, p->of[0], err);
    for (int64_t i = 0; i < p->count; i++) {
        Err why = {0};
        w->index = (int)i;
        if (make(w, p->of[i], &why))
            continue;
        if (why.kind == ERR_CANCELLED || why.kind == ERR_MEMORY)
            return err_set(err, why.kind, "%s", why.text);
        failed++;
        if (w->talk->warn != NULL)
            w->talk->warn(w->talk->user, why.text);
    }
    return failed == 0 || err_set(err, ERR_INPUT, "%lld of %lld pictures were not made larger",
                                  (long long)failed, (long long)p->count);
}

/* ---- the run ---------------------------------------------------------------------------- */

static bool is_clear(const UpscaleRequest *q, Err *err)
{
    if (q->model == NULL)
        return err_set(err, ERR_INPUT,
                       "no network is named: give an upscaler's weights, --model FILE (such as "
                       "RealESRGAN_x4plus.pth)");
    if (q->out != NULL && is_written(q) && !goes_to_folder(q) &&
        !(still_is_known(q->out, err) && file_may_write(q->out, err)))
        return false;
    return names_differ(q, err);
}

static bool begin(UpscaleWork *w, Err *err)
{
    char line[120];
    if (!kernels_named(&w->kernels, w->q->kernels, err) || !arena_init(&w->scratch, 0, err) ||
        !arena_init(&w->pictures, 0, err))
        return false;
    if (w->talk->progress != NULL)
        w->talk->progress(w->talk->user, "loading", 0, 0);
    w->run = (Run){.kernels = &w->kernels,
                   .pool = pool_new((int)w->q->threads),
                   .scratch = &w->scratch,
                   .cancel = w->talk->cancel};
    w->is_open = upscaler_open(&w->upscaler, w->q->model, &w->kernels, w->run.pool, err);
    if (!w->is_open)
        return false;
    upscaler_text(&w->upscaler, line, sizeof line);
    detail(w, line);
    return true;
}

static void tell_cost(const UpscaleWork *w)
{
    char line[160];
    Cost c = run_cost(&w->run);
    snprintf(line, sizeof line, "%.1f s in kernels, %.1f GFLOP/s, %zu MiB at most", c.seconds,
             c.seconds > 0 ? c.flop / c.seconds * 1e-9 : 0.0,
             (w->scratch.peak + w->pictures.peak + w->upscaler.weights.peak) >> 20);
    detail(w, line);
}

static bool upscale_run(const void *request, const StudioRun *talk, Err *err)
{
    UpscaleWork w = {.q = request, .talk = talk};
    bool ok = is_clear(w.q, err) && begin(&w, err) && make_all(&w, err);
    if (ok)
        tell_cost(&w);
    if (w.is_open)
        upscaler_close(&w.upscaler);
    pool_free(w.run.pool);
    arena_release(&w.scratch);
    arena_release(&w.pictures);
    return ok;
}

#define AT(field) offsetof(UpscaleRequest, field)

static const Param params[] = {
    {"picture", PARAM_PATHS, AT(pictures), NULL, 0, 0, "PICTURE",
     "PNG, JPEG or WebP, with or without alpha", NULL, true},
    {"model", PARAM_PATH, AT(model), "", 0, 0, "FILE",
     "the network's weights: RRDBNet (ESRGAN, Real-ESRGAN: x4plus, x2plus, anime_6B) or SRVGG "
     "(Real-ESRGAN's compact ones), .pth or .safetensors",
     NULL, false},
    {"out", PARAM_OUT, AT(out), "", 0, 0, "PATH",
     "the file, whose ending says PNG, WebP or JPEG; a folder for several pictures (default: "
     "NAME_4x.png, here)",
     NULL, false},
    {"scale", PARAM_NUMBER, AT(scale), "", 0.1, 16, "X",
     "how many times larger (default: as the network makes it; else resized from that, by "
     "Lanczos)",
     NULL, false},
    {"quality", PARAM_INT, AT(quality), "92", STILL_LEAST, STILL_EXACT, "N",
     "of JPEG and WebP; a WebP of 100 is exact", NULL, false},
    {"bits", PARAM_TEXT, AT(bits), "", 0, 0, "N",
     "of each colour of a PNG (default: as many as PICTURE has)", "8|16", false},
    {"tile", PARAM_INT, AT(tile), "", TILE_LEAST, IMAGE_MAX_SIDE, "N",
     "pixels of a side that are made at once (default: as many as fit in 1.5 GiB)", NULL,
     false},
    PARAMS_MACHINE(UpscaleRequest, "tells more"),
};

static const ParamGroup groups[] = {
    {"out", "What comes out"},
    {"tile", "The machine"},
};

const Studio upscale_studio = {
    .name = "upscale",
    .summary = "pictures made larger, with what they lack drawn in",
    .examples = {{"atelier upscale knight.png --model RealESRGAN_x4plus.pth",
                  "knight_4x.png, four times larger"},
                 {"atelier upscale photo.jpg --model x4plus.pth --scale 2 -o large.jpg",
                  "twice as large, as a JPEG"},
                 {"atelier upscale a.png b.png --model x4plus.pth -o large",
                  "large/a_4x.png and large/b_4x.png"}},
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .groups = groups,
    .group_count = sizeof groups / sizeof *groups,
    .request_size = sizeof(UpscaleRequest),
    .run = upscale_run,
};
