/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include <string.h>

static const Method *const methods[] = {&method_puppet, &method_refine, &method_diffusion,
                                        &method_prompt, &method_controlnet};

const Method *method_chosen(const SpriteRequest *q)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(q->method, methods[i]->name) == 0)
            return methods[i];
    if (is_given(q->controlnet))
        return &method_controlnet;
    if (is_given(q->prompt) || is_given(q->prompts))
        return &method_prompt;
    return is_given(q->model) ? &method_diffusion : &method_puppet;
}
