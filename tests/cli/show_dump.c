/* SPDX-License-Identifier: MIT */
#include "cli/live.h"

#include <stdlib.h>
#include <string.h>

/* "before", the pictures one after the other in one place, "after". */
static bool show_live(const char *how, int rows, int height, char **files, Err *err)
{
    Arena a;
    Live live;
    ShowWay way;
    bool ok = show_choose(&way, how, true, err) && arena_init(&a, 0, err);
    if (!ok)
        return false;
    live_init(&live, way, rows, height);
    printf("before\n");
    for (; *files != NULL && ok; files++) {
        Image im = image_load(&a, *files, err);
        ok = !tensor_is_empty(im) && live_show(&live, stdout, im, err);
    }
    live_hide(&live, stdout);
    printf("after\n");
    arena_release(&a);
    return ok;
}

/* show_dump HOW FILE WIDTH COLUMNS: what a terminal of that size would get;
 * show_dump live HOW ROWS HEIGHT FILE...: of pictures that follow each other. */
int main(int argc, char **argv)
{
    ShowWay way;
    Err err = {0};
    if (argc > 5 && strcmp(argv[1], "live") == 0) {
        if (show_live(argv[2], atoi(argv[3]), atoi(argv[4]), argv + 5, &err))
            return 0;
    } else if (argc == 5 && show_choose(&way, argv[1], true, &err) &&
               show_picture(stdout, way, argv[2], atoi(argv[3]), atoi(argv[4]), &err)) {
        return 0;
    }
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
