/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "models/clip_text.h"
#include "models/unet.h"
#include "models/vae.h"
#include "paint/parts.h"

static void look_at_unet(const UNetConfig *c)
{
    must(c->blocks > 0 && c->blocks <= UNET_BLOCKS && c->layers > 0 && c->layers < UNET_LAYERS);
    for (int i = 0; i < c->blocks; i++) {
        must(c->width[i] > 0 && c->width[i] <= 8192 && c->width[i] % c->groups == 0);
        must(c->heads[i] > 0 && c->width[i] % c->heads[i] == 0);
        must(c->depth[i] >= 0 && c->depth[i] <= UNET_DEPTH && c->up_depth[i] <= UNET_DEPTH);
    }
    must(c->context > 0 && c->added >= 0 && c->guidance_width >= 0);
}

static void look_at_vae(const VaeConfig *c)
{
    must(c->blocks > 0 && c->blocks <= VAE_BLOCKS && c->layers > 0 && c->layers < VAE_LAYERS);
    for (int i = 0; i < c->blocks; i++)
        must(c->width[i] > 0 && c->width[i] <= 8192 && c->width[i] % c->groups == 0);
    must(c->latent > 0 && c->latent <= 64 && c->scaling > 0);
}

static void look_at_text(const ClipTextConfig *c)
{
    must(c->layers > 0 && c->layers <= CLIP_TEXT_LAYERS && c->vocab > 0 && c->positions > 0);
    must(c->width > 0 && c->heads > 0 && c->width % c->heads == 0 && c->inner > 0);
}

/* As each of the networks would read it: within bounds, or a sentence. */
static void read_all(const Json *j)
{
    Err err[3] = {0};
    UNetConfig unet;
    VaeConfig vae;
    ClipTextConfig text;
    bool ok[3] = {unet_config_read(&unet, j, &err[0]), vae_config_read(&vae, j, &err[1]),
                  clip_text_config_read(&text, j, &err[2])};
    for (int i = 0; i < 3; i++)
        must(ok[i] == (err[i].kind == ERR_NONE) && ok[i] == (err[i].text[0] == '\0'));
    if (ok[0])
        look_at_unet(&unet);
    if (ok[1])
        look_at_vae(&vae);
    if (ok[2])
        look_at_text(&text);
}

/* What shapes tell of a file whose tensors are called as the words say. */
static void read_told(const unsigned char *data, size_t size)
{
    Weights *file = weights_of_words(data, size);
    for (int net = 0; net < NETS; net++) {
        Err err = {0};
        Weights *view = net_view(file, (Net)net, &err);
        Json *told = view == NULL ? NULL : config_told((Net)net, view, 768);
        if (told != NULL)
            read_all(told);
        js_free(told);
        weights_close(view);
    }
    weights_close(file);
}

/* A config.json; or names of tensors. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Err err = {0};
    Json *j = js_parse((const char *)data, size, "fuzz", &err);
    if (j != NULL)
        read_all(j);
    else
        read_told(data, size);
    js_free(j);
    return 0;
}
