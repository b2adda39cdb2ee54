/* SPDX-License-Identifier: MIT */
#include "base/data.h"

#include "base/file.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* dir + "/" + way + "/" + name, if it is there. */
static char *try_way(const char *dir, const char *way, const char *name)
{
    char path[2 * PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s/%s", dir, way, name);
    bool is_there = n > 0 && (size_t)n < sizeof path && file_exists(path);
    return is_there ? xstrdup(path) : NULL;
}

/* `file` is cut down to its folder. */
static char *find_beside(char *file, const char *name)
{
    static const char *const ways[] = {"..", "../..", "../share/atelier",
                                       "../../share/atelier"};
    char *slash = strrchr(file, '/'), *found = NULL;
    if (slash == NULL)
        return NULL;
    *slash = '\0';
    for (size_t i = 0; found == NULL && i < sizeof ways / sizeof *ways; i++)
        found = try_way(file, ways[i], name);
    return found;
}

static char *beside_program(const char *name)
{
    char file[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", file, sizeof file - 1);
    if (n <= 0)
        return NULL;
    file[n] = '\0';
    return find_beside(file, name);
}

static char *beside_library(const char *name)
{
    static const char here; /* some address of this code's file */
    char file[PATH_MAX];
    Dl_info info;
    if (dladdr(&here, &info) == 0 || realpath(info.dli_fname, file) == NULL)
        return NULL;
    return find_beside(file, name);
}

char *data_find(const char *name)
{
    char *found = beside_program(name);
    if (found == NULL)
        found = beside_library(name);
    return found != NULL ? found : try_way(ATELIER_DATA, ".", name);
}
