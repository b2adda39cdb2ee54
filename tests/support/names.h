#ifndef SUPPORT_NAMES_H
#define SUPPORT_NAMES_H
#include "base/arena.h"
#include "weights/naming.h"

/* Models without numbers worth a name: the shrunken ones of tests/golden/naming,
 * whose folder is in NAMES.  All fail the test at once when something is
 * missing. */
typedef struct NamesLine {
    Net net;
    char *theirs, *ours, *what;
    Shape shape; /* of theirs */
} NamesLine;

typedef struct Names {
    char *text;
    NamesLine of[1024];
    int count;
} Names;

/* "sd" is tests/golden/naming/sd.names. */
Names *names_open(const char *model);
void names_free(Names *l);

/* The file of which the list tells: f32, counting up from 0 in each tensor,
 * every name with `around` in front. */
Weights *names_file(Arena *a, const Names *l, const char *around);
#endif
