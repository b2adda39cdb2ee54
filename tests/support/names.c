/* SPDX-License-Identifier: MIT */
#include "names.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static Net net_of(const char *part)
{
    static const char *const parts[NETS] = {"unet", "controlnet", "vae", "text_encoder",
                                            "text_encoder_2"};
    int net = 0;
    while (net < NETS && strcmp(parts[net], part) != 0)
        net++;
    assert_in_range(net, 0, NETS - 1);
    return (Net)net;
}

static Shape shape_of(char *dims)
{
    Shape s = {0};
    for (char *dim; (dim = strsep(&dims, ",")) != NULL;)
        s.dim[s.rank++] = strtoll(dim, NULL, 10);
    return s;
}

Names *names_open(const char *model)
{
    Names *l = xalloc(1, sizeof *l);
    char path[1024];
    unsigned char *bytes;
    size_t size;
    Err err = {0};
    snprintf(path, sizeof path, "%s/%s.names", getenv("NAMES"), model);
    if (!file_read(&bytes, &size, path, 1 << 20, &err))
        fail_msg("%s", err.text);
    char *rest = l->text = (char *)bytes;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && line[0] != '\0'; l->count++) {
        assert_true(l->count < (int)(sizeof l->of / sizeof *l->of));
        NamesLine *to = &l->of[l->count];
        to->net = net_of(strsep(&line, " "));
        to->theirs = strsep(&line, " ");
        to->shape = shape_of(strsep(&line, " "));
        to->ours = strsep(&line, " ");
        to->what = line;
    }
    assert_true(l->count > 0);
    return l;
}

void names_free(Names *l)
{
    xfree(l->text);
    xfree(l);
}

Weights *names_file(Arena *a, const Names *l, const char *around)
{
    Weights *w = weights_new("tiny.ckpt");
    for (int i = 0; i < l->count; i++) {
        char name[512];
        Err err = {0};
        snprintf(name, sizeof name, "%s%s", around, l->of[i].theirs);
        if (weights_index(w, name) < weights_count(w))
            continue; /* of three parts */
        Tensor t = tensor_new(a, TENSOR_F32, l->of[i].shape, &err);
        assert_false(tensor_is_empty(t));
        for (int64_t j = 0; j < tensor_count(t); j++)
            tensor_f32(t)[j] = (float)j;
        weights_add(w, name, t);
    }
    return w;
}
