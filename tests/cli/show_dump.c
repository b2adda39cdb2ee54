/* SPDX-License-Identifier: MIT */
#include "cli/show.h"

#include <stdlib.h>
#include <string.h>

/* show_dump HOW FILE WIDTH COLUMNS: what a terminal of that size would get. */
int main(int argc, char **argv)
{
    ShowWay way;
    Err err = {0};
    if (argc == 5 && show_choose(&way, argv[1], true, &err) &&
        show_picture(stdout, way, argv[2], atoi(argv[3]), atoi(argv[4]), &err))
        return 0;
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
