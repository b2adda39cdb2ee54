/* SPDX-License-Identifier: MIT */
#include "paint/internal.h"

#include "base/file.h"

#include <stdio.h>

/* [N,h,w,C] to torch's [N,C,h,w]. */
static Tensor as_torch(Tensor t, Arena *a, Err *err)
{
    Shape s = SHAPE(t.dim[0], t.dim[3], t.dim[1], t.dim[2]);
    Tensor to = tensor_new(a, TENSOR_F32, s, err);
    for (int64_t i = 0; i < t.dim[0] && !tensor_is_empty(to); i++)
        noise_to_torch(tensor_f32(tensor_rows(to, i, 1)), tensor_rows(t, i, 1));
    return to;
}

bool paint_dump(PaintWork *w, const char *name, Tensor t, Err *err)
{
    char file[64];
    if (w->q->dump == NULL || tensor_is_empty(t) || w->run.is_idle)
        return true;
    snprintf(file, sizeof file, "%s%s.safetensors", w->pass.is_second ? "hires." : "", name);
    char *path = file_join(w->q->dump, file);
    size_t floor = w->scratch.used;
    Tensor as = t.rank == 4 ? as_torch(t, &w->scratch, err) : t;
    bool ok = !tensor_is_empty(as) && weights_save_safetensors(path, &name, &as, 1, NULL, err);
    arena_rewind(&w->scratch, floor);
    xfree(path);
    return ok;
}
