/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include <string.h>

static const Method *const methods[] = {&method_puppet, &method_refine, &method_diffusion};

const Method *method_chosen(const SpriteRequest *q)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(q->method, methods[i]->name) == 0)
            return methods[i];
    return is_given(q->model) ? &method_diffusion : &method_puppet;
}
