/* SPDX-License-Identifier: MIT */
#include <atelier.h>
#include <stdio.h>
#include <string.h>

/* Pictures from words, made in memory by libatelier:
 *
 *   paint MODEL PROMPT PICTURE.pam [NAME=VALUE]...
 *
 * NAME=VALUE are the parameters of `atelier paint --help`: steps=30, size=768x512.  Of several
 * pictures (batch=4) the last is kept.  No other file is written.  Build it with
 *
 *   cc paint.c -o paint $(pkg-config --cflags --libs atelier) */

/* PAM, the simplest picture with alpha: a few words, then the pixels. */
static void save(void *user, const AtelierFrame *frame)
{
    const AtelierPixels *p = &frame->pixels;
    FILE *f = fopen(user, "wb");
    if (f == NULL)
        return;
    fprintf(f, "P7\nWIDTH %d\nHEIGHT %d\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
            p->width, p->height);
    for (int y = 0; y < p->height; y++)
        fwrite(p->rgba + (size_t)y * p->stride, 4, (size_t)p->width, f);
    if (fclose(f) == 0)
        printf("picture %d of %d: %dx%d\n", frame->index + 1, frame->count, p->width, p->height);
}

static void show_progress(void *user, const char *stage, int64_t done, int64_t of)
{
    (void)user;
    fprintf(stderr, "\r%s %lld/%lld   ", stage, (long long)done, (long long)of);
}

/* "steps=30" */
static bool set_pair(AtelierTask *t, const char *pair, AtelierError *err)
{
    char name[64];
    const char *equals = strchr(pair, '=');
    snprintf(name, sizeof name, "%.*s", (int)(equals != NULL ? equals - pair : 0), pair);
    return atelier_set(t, name, equals != NULL ? equals + 1 : pair, err);
}

static bool make(AtelierTask *t, int argc, char **argv, AtelierError *err)
{
    if (!atelier_set(t, "model", argv[1], err) || !atelier_set(t, "prompt", argv[2], err) ||
        !atelier_set(t, "out", "", err)) /* to memory only */
        return false;
    for (int i = 4; i < argc; i++)
        if (!set_pair(t, argv[i], err))
            return false;
    atelier_on_frame(t, save, argv[3]);
    atelier_on_progress(t, show_progress, NULL);
    return atelier_run(t, err);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: paint MODEL PROMPT PICTURE.pam [NAME=VALUE]...\n");
        return 2;
    }
    AtelierError err;
    AtelierTask *task = atelier_task_new("paint", &err);
    bool ok = task != NULL && make(task, argc, argv, &err);
    if (!ok)
        fprintf(stderr, "\npaint: %s\n", err.text);
    atelier_task_free(task);
    return ok ? 0 : 1;
}
