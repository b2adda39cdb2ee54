/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "weights/lora.h"

/* The same words as a LoRA for the networks that they make. */
static void match(const unsigned char *data, size_t size)
{
    Weights *model = weights_of_words(data, size);
    Err err = {0};
    Lora *lora = lora_of(weights_of_words(data, size), 1, &err);
    for (int net = 0; lora != NULL && net < NETS; net++) {
        Err why = {0};
        Patches patches = {0};
        Weights *view = net_view(model, (Net)net, &why);
        bool ok = view != NULL && lora_match(lora, (Net)net, view, &patches, &why);
        must(ok == (why.kind == ERR_NONE) && lora_applied(lora) <= lora_count(lora));
        for (size_t i = 0; i < patches.count; i++)
            must(tensor_count(patches.of[i].down) > 0 && patches.of[i].down.rank > 1);
        patches_release(&patches);
        weights_close(view);
    }
    lora_close(lora);
    weights_close(model);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Weights *file = weights_of_words(data, size);
    for (int net = 0; net < NETS; net++) {
        Err err = {0};
        Weights *view = net_view(file, (Net)net, &err);
        must((view == NULL) == (err.kind != ERR_NONE));
        must(view == NULL || net_is_in(file, (Net)net));
        for (size_t i = 0; view != NULL && i < weights_count(view); i++) {
            Spelled there;
            (void)net_spell(view, (Net)net, SPELLING_LDM, weights_name(view, i), &there);
            (void)net_spell(view, (Net)net, SPELLING_OPENCLIP, weights_name(view, i), &there);
        }
        if (view != NULL)
            read_numbers(view);
        weights_close(view);
    }
    weights_close(file);
    match(data, size);
    return 0;
}
