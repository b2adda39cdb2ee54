/* SPDX-License-Identifier: MIT */
#include "library/studios.h"

#include "base/text.h"
#include "studios/convert.h"
#include "studios/model.h"
#include "studios/paint.h"
#include "studios/pose.h"
#include "studios/sprite.h"
#include "studios/upscale.h"

#include <string.h>

static const Studio *const all[] = {&sprite_studio, &paint_studio, &upscale_studio,
                                    &pose_studio,   &model_studio, &convert_studio};
enum { COUNT = sizeof all / sizeof *all };

int studios_count(void)
{
    return COUNT;
}

const Studio *studios_at(int i)
{
    return all[i];
}

const Studio *studios_named(const char *name, const char **nearest)
{
    const char *names[COUNT + 1] = {NULL};
    for (int i = 0; i < COUNT; i++) {
        names[i] = all[i]->name;
        if (strcmp(name, names[i]) == 0)
            return all[i];
    }
    if (nearest != NULL)
        *nearest = text_nearest(name, names);
    return NULL;
}
