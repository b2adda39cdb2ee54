/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

bool figure_read(Figure *f, Work *w, const char *path, Err *err)
{
    *f = (Figure){.path = path, .picture = image_load(&w->job, path, err)};
    if (tensor_is_empty(f->picture))
        return false;
    f->has_alpha = image_is_see_through(f->picture);
    if (f->has_alpha && !outline_find(&f->outline, f->picture))
        return err_set(err, ERR_INPUT,
                       "'%s' is wholly transparent: there is no character in it", path);
    return true;
}
