/* SPDX-License-Identifier: MIT */
#include "media/still.h"

#include <stdio.h>
#include <string.h>

/* What others check our texts in pictures with.  Usage:
 *   show_texts write FILE KEY=VALUE...    a picture with these texts
 *   show_texts read FILE KEY              prints the text; ends with 3 if there is none */

static int fail(const Err *err)
{
    fprintf(stderr, "%s\n", err->text);
    return 1;
}

static int write_texts(Arena *a, const char *path, char **pairs, int count)
{
    enum { MOST = 8 };
    static unsigned char pixels[6 * 5 * 3];
    ImageText texts[MOST];
    Err err = {0};
    for (int i = 0; i < count && i < MOST; i++) {
        char *equal = strchr(pairs[i], '=');
        must(equal != NULL);
        *equal = '\0';
        texts[i] = (ImageText){pairs[i], equal + 1};
    }
    const StillOptions options = {95, texts, count};
    Image im = tensor_over(pixels, TENSOR_U8, SHAPE(5, 6, 3));
    return still_save(im, path, options, a, &err) ? 0 : fail(&err);
}

static int read_text(Arena *a, const char *path, const char *key)
{
    Err err = {0};
    char *text;
    if (!image_text(&text, path, key, a, &err))
        return fail(&err);
    if (text == NULL)
        return 3;
    fwrite(text, 1, strlen(text), stdout);
    return 0;
}

int main(int argc, char **argv)
{
    Arena a;
    Err err = {0};
    if (argc < 4 || !arena_init(&a, 0, &err))
        return 2;
    int status = strcmp(argv[1], "write") == 0 ? write_texts(&a, argv[2], argv + 3, argc - 3)
                                               : read_text(&a, argv[2], argv[3]);
    arena_release(&a);
    return status;
}
