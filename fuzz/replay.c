/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "base/file.h"

#include <stdio.h>

/* Gives a target every file in the folders named, one level deep.  Usage: target FOLDER... */
enum { FILE_LIMIT = 1 << 20 };

static int replay(const char *folder)
{
    Err err = {0};
    char **names = NULL;
    int count = 0, played = 0;
    if (!file_names(&names, &count, folder, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    for (int i = 0; i < count; i++) {
        unsigned char *bytes = NULL;
        size_t size = 0;
        char *path = file_join(folder, names[i]);
        if (!file_is_dir(path) && file_read(&bytes, &size, path, FILE_LIMIT, &err)) {
            bytes = xgrow(bytes, size, 1); /* without the byte that file_read adds */
            LLVMFuzzerTestOneInput(bytes, size);
            xfree(bytes);
            played++;
        }
        xfree(path);
    }
    file_names_free(names, count);
    return played;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int played = replay(argv[i]);
        if (played <= 0)
            return 1;
        printf("%s: %d inputs\n", argv[i], played);
    }
    return argc < 2;
}
