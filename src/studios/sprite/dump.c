/* SPDX-License-Identifier: MIT */
#include "studios/sprite/internal.h"

#include "base/file.h"
#include "diffusion/noise.h"
#include "weights/weights.h"

#include <stdio.h>
#include <string.h>

/* [F,h,w,C] to torch's [1,C,F,h,w]. */
static Tensor as_clip(Tensor t, Arena *scratch, Err *err)
{
    Tensor to =
        tensor_new(scratch, TENSOR_F32, SHAPE(1, t.dim[3], t.dim[0], t.dim[1], t.dim[2]), err);
    if (!tensor_is_empty(to))
        noise_to_torch(tensor_f32(to), t);
    return to;
}

/* [N,h,w,C] to torch's [N,C,h,w]. */
static Tensor as_pictures(Tensor t, Arena *scratch, Err *err)
{
    Tensor to =
        tensor_new(scratch, TENSOR_F32, SHAPE(t.dim[0], t.dim[3], t.dim[1], t.dim[2]), err);
    if (tensor_is_empty(to))
        return to;
    for (int64_t i = 0; i < t.dim[0]; i++)
        noise_to_torch(tensor_f32(tensor_rows(to, i, 1)), tensor_rows(t, i, 1));
    return to;
}

bool dump_tensor(const char *dir, const char *name, Tensor t, bool is_clip, Arena *scratch,
                 Err *err)
{
    if (dir == NULL || tensor_is_empty(t))
        return true;
    size_t mark = scratch->used;
    char file[160];
    snprintf(file, sizeof file, "%s.safetensors", name);
    char *path = file_join(dir, file);
    if (t.rank == 4)
        t = is_clip ? as_clip(t, scratch, err) : as_pictures(t, scratch, err);
    bool ok = !tensor_is_empty(t) &&
              weights_save_safetensors(path, (const char *const[]){name}, &t, 1, NULL, err);
    xfree(path);
    arena_rewind(scratch, mark);
    return ok;
}
