/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT = 16384 };

/* A file of /proc or /sys, whose size nobody tells, as a string; false if it cannot be read. */
static bool slurp(const char *path, char text[TEXT])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, TEXT - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* The number behind `key` at the beginning of a line, times `unit`; SIZE_MAX if there is none.
 */
static size_t number_of(const char *text, const char *key, size_t unit)
{
    const size_t n = strlen(key);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        char *end;
        unsigned long long v = strncmp(line, key, n) == 0 ? strtoull(line + n, &end, 10) : 0;
        if (strncmp(line, key, n) == 0 && end != line + n)
            return v > SIZE_MAX / unit ? SIZE_MAX : (size_t)v * unit;
    }
    return SIZE_MAX;
}

/* ---- groups ---------------------------------------------------------------------------- */

/* What a kind of group calls its files, and where they are. */
typedef struct Grouping {
    const char *root, *begins; /* of the group's line in /proc/self/cgroup */
    const char *limit, *used, *idle;
} Grouping;

/* What the group at root + at may still take: its limit, less what it holds that is not
 * merely kept of files. */
static size_t left_in(const Grouping *g, const char *at)
{
    char path[1024], text[TEXT];
    size_t most, used, idle = 0;
    snprintf(path, sizeof path, "%s%s/%s", g->root, at, g->limit);
    if (!slurp(path, text) || (most = number_of(text, "", 1)) == SIZE_MAX)
        return SIZE_MAX;
    snprintf(path, sizeof path, "%s%s/%s", g->root, at, g->used);
    if (!slurp(path, text) || (used = number_of(text, "", 1)) == SIZE_MAX)
        return SIZE_MAX;
    snprintf(path, sizeof path, "%s%s/memory.stat", g->root, at);
    if (slurp(path, text) && (idle = number_of(text, g->idle, 1)) == SIZE_MAX)
        idle = 0;
    used -= idle < used ? idle : used;
    return most > used ? most - used : 0;
}

/* Groups lie in groups: the tightest counts. */
static size_t left_in_all(const Grouping *g)
{
    char text[TEXT];
    char *at = slurp("/proc/self/cgroup", text) ? strstr(text, g->begins) : NULL;
    if (at == NULL)
        return SIZE_MAX;
    at += strlen(g->begins);
    at[strcspn(at, "\n")] = '\0';
    size_t least = left_in(g, "");
    for (char *slash = at; slash != NULL && *slash != '\0';) {
        size_t here = left_in(g, at);
        least = here < least ? here : least;
        slash = strrchr(at, '/');
        if (slash != NULL)
            *slash = '\0';
    }
    return least;
}

size_t memory_available(void)
{
    static const Grouping groupings[] = {
        {"/sys/fs/cgroup", "0::", "memory.max", "memory.current", "inactive_file "},
        {"/sys/fs/cgroup/memory", ":memory:", "memory.limit_in_bytes", "memory.usage_in_bytes",
         "total_inactive_file "}};
    char text[TEXT];
    size_t least = SIZE_MAX;
    if (slurp("/proc/meminfo", text))
        least = number_of(text, "MemAvailable:", 1024);
    for (size_t i = 0; i < sizeof groupings / sizeof *groupings; i++) {
        size_t left = left_in_all(&groupings[i]);
        least = left < least ? left : least;
    }
    return least;
}

size_t memory_peak(void)
{
    char text[TEXT];
    size_t peak = slurp("/proc/self/status", text) ? number_of(text, "VmHWM:", 1024) : SIZE_MAX;
    return peak == SIZE_MAX ? 0 : peak;
}

/* ---- words ----------------------------------------------------------------------------- */

bool memory_read(size_t *bytes, const char *text)
{
    static const char units[] = "kmgt";
    char *end;
    if (!isdigit((unsigned char)text[0]) && text[0] != '.')
        return false;
    double n = strtod(text, &end);
    const char *unit = *end == '\0' ? NULL : strchr(units, tolower((unsigned char)*end));
    if (end == text || (*end != '\0' && (unit == NULL || end[1] != '\0')))
        return false;
    for (const char *u = units; unit != NULL && u <= unit; u++)
        n *= 1024;
    if (!(n >= 1) || n > (double)((size_t)1 << 60))
        return false;
    *bytes = (size_t)n;
    return true;
}
