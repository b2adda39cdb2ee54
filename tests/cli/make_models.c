/* SPDX-License-Identifier: MIT */
#include "../studios/paint_models.h"

#include <stdio.h>

/* make_models DIR: the tiny models of tests/golden/paint as folders in DIR, for tests of the
 * command line.  GOLDEN says where the goldens are. */
int main(int argc, char **argv)
{
    if (argc != 2)
        return fprintf(stderr, "usage: make_models DIR\n"), 2;
    models_make_in(argv[1]);
    return 0;
}
