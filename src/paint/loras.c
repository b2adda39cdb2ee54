/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double paint_lora_weight(const char *word, size_t *path)
{
    const char *colon = strrchr(word, ':');
    char *end = NULL;
    *path = strlen(word);
    if (colon == NULL || colon[1] == '\0')
        return 1;
    double weight = strtod(colon + 1, &end);
    if (*end != '\0' || !isfinite(weight))
        return 1;
    *path = (size_t)(colon - word);
    return weight;
}

/* `word` begins with that path.  NULL with the reason. */
static Lora *open_lora(const char *word, const char *path, double weight, Err *err)
{
    bool is_whole = strlen(path) == strlen(word) && strchr(word, ':') != NULL;
    if (path[0] == '\0' || (is_whole && !file_exists(path))) {
        (void)err_set(err, ERR_INPUT,
                      "--lora is '%.150s'; it must be FILE or FILE:WEIGHT, a weight as 0.7",
                      word);
        return NULL;
    }
    Weights *file = weights_open(path, err);
    if (file == NULL)
        return NULL;
    if (lora_is(file))
        return lora_of(file, weight, err);
    (void)paint_wrong(file, "LoRA", err);
    weights_close(file);
    return NULL;
}

/* The UNet first: it tells families apart. */
static bool match_all(Lora *lora, const PaintParts *model, Patches *to, Err *err)
{
    const struct {
        Net net;
        const Weights *weights;
    } all[] = {{NET_UNET, model->unet.weights},
               {NET_TEXT, model->text.weights},
               {NET_TEXT2, model->text2.weights}};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof all / sizeof *all; i++)
        if (all[i].weights != NULL)
            ok = lora_match(lora, all[i].net, all[i].weights, &to[all[i].net], err);
    return ok && lora_done(lora, err);
}

bool paint_lora_add(PaintLoras *l, const char *word, const PaintParts *model, PaintLine *said,
                    Err *err)
{
    size_t n;
    double weight = paint_lora_weight(word, &n);
    char *path = xstrdup(word);
    path[n] = '\0';
    Lora *lora = open_lora(word, path, weight, err);
    bool ok = lora != NULL;
    if (ok) {
        l->of = xgrow(l->of, (size_t)l->count + 1, sizeof *l->of);
        l->of[l->count++] = lora;
        ok = match_all(lora, model, l->patches, err);
    }
    if (ok)
        snprintf(said->s, sizeof said->s, "%.200s: %zu of its %zu layers changed, by %g", path,
                 lora_applied(lora), lora_count(lora), weight);
    xfree(path);
    return ok;
}

void paint_loras_close(PaintLoras *l)
{
    for (int net = 0; net < NETS; net++)
        patches_release(&l->patches[net]);
    for (int i = 0; i < l->count; i++)
        lora_close(l->of[i]);
    xfree(l->of);
    *l = (PaintLoras){0};
}
