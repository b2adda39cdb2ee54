/* SPDX-License-Identifier: MIT */
#include <atelier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A walking character as one strip of pixels, made in memory by libatelier:
 *
 *   sheet PICTURE STRIP.pam [NAME=VALUE]...
 *
 * NAME=VALUE are the parameters of `atelier sprite --help`: animation=run.  No
 * file is written but the strip.  Build it with
 *
 *   cc sheet.c -o sheet $(pkg-config --cflags --libs atelier) */

typedef struct Strip {
    int width, height; /* so far */
    unsigned char *rgba;
} Strip;

/* Frames come one by one, all of one size: each goes to the strip's right. */
static void add_frame(void *user, const AtelierFrame *frame)
{
    Strip *s = user;
    const AtelierPixels *in = &frame->pixels;
    size_t old_row = (size_t)s->width * 4, new_row = old_row + (size_t)in->width * 4;
    unsigned char *wider = malloc(new_row * (size_t)in->height);
    if (wider == NULL)
        abort();
    for (int y = 0; y < in->height; y++) {
        unsigned char *row = wider + (size_t)y * new_row;
        if (s->rgba != NULL)
            memcpy(row, s->rgba + (size_t)y * old_row, old_row);
        memcpy(row + old_row, in->rgba + (size_t)y * in->stride, new_row - old_row);
    }
    free(s->rgba);
    *s = (Strip){s->width + in->width, in->height, wider};
    printf("%s %d of %d: %dx%d, %.0f ms\n", frame->clip, frame->index + 1, frame->count,
           in->width, in->height, frame->seconds * 1000);
}

static void show_progress(void *user, const char *stage, int64_t done, int64_t of)
{
    (void)user;
    fprintf(stderr, "\r%s %lld/%lld   ", stage, (long long)done, (long long)of);
}

static void show_note(void *user, const char *line)
{
    (void)user;
    fprintf(stderr, "\n%s\n", line);
}

/* "animation=run" */
static bool set_pair(AtelierTask *t, const char *pair, AtelierError *err)
{
    char name[64];
    const char *equals = strchr(pair, '=');
    snprintf(name, sizeof name, "%.*s", (int)(equals != NULL ? equals - pair : 0), pair);
    return atelier_set(t, name, equals != NULL ? equals + 1 : pair, err);
}

static bool make(AtelierTask *t, int argc, char **argv, AtelierError *err)
{
    if (!atelier_set(t, "picture", argv[1], err) || !atelier_set(t, "out", "", err))
        return false;
    for (int i = 3; i < argc; i++)
        if (!set_pair(t, argv[i], err))
            return false;
    return atelier_run(t, err);
}

/* PAM, the simplest picture with alpha: a few words, then the pixels. */
static bool save(const Strip *s, const char *path)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        return false;
    fprintf(f, "P7\nWIDTH %d\nHEIGHT %d\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
            s->width, s->height);
    fwrite(s->rgba, 4, (size_t)s->width * (size_t)s->height, f);
    return fclose(f) == 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: sheet PICTURE STRIP.pam [NAME=VALUE]...\n");
        return 2;
    }
    Strip strip = {0};
    AtelierError err;
    AtelierTask *task = atelier_task_new("sprite", &err);
    bool ok = task != NULL;
    if (ok) {
        atelier_on_frame(task, add_frame, &strip);
        atelier_on_progress(task, show_progress, NULL);
        atelier_on_note(task, show_note, NULL);
        ok = make(task, argc, argv, &err);
    }
    if (!ok)
        fprintf(stderr, "\nsheet: %s\n", err.text);
    else if (!(ok = save(&strip, argv[2])))
        fprintf(stderr, "\nsheet: cannot write '%s'\n", argv[2]);
    free(strip.rgba);
    atelier_task_free(task);
    return ok ? 0 : 1;
}
