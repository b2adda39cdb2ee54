/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "media/parameters.h"

#include <string.h>

/* A fuzzing target: any bytes are a file with texts beside its pixels, or none; and any text is
 * settings of the web UI, or none. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void look(Arena *a, const char *text)
{
    Parameters p;
    if (text == NULL)
        return;
    must(utf8_is_valid(text));
    if (!parameters_read(&p, text, a))
        return;
    must(p.count >= 3 && p.count <= PARAMETERS_MOST);
    must(strlen(p.prompt) + strlen(p.negative) <= strlen(text));
    for (int i = 0; i < p.count; i++)
        must(parameters_get(&p, p.pair[i].key) != NULL);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char *const keys[] = {"parameters", "atelier", "Software"};
    enum { LIMIT = 64 << 20 };
    Arena a;
    Err err = {0};
    must(arena_init(&a, LIMIT, &err));
    unsigned char *copy = xalloc(size + 1, 1);
    if (size > 0)
        memcpy(copy, data, size);
    copy = xgrow(copy, size > 0 ? size : 1, 1);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        look(&a, image_text_decode(copy, size, keys[i], &a));
    xfree(copy);
    copy = xalloc(size + 1, 1); /* and as a text */
    if (size > 0)
        memcpy(copy, data, size);
    char *text = (char *)copy;
    char *kept = utf8_mended(text);
    look(&a, kept);
    xfree(kept);
    xfree(copy);
    arena_release(&a);
    return 0;
}
