/* SPDX-License-Identifier: MIT */
#include "cli/model.h"
#include "studios/sprite.h"

#include <stdio.h>
#include <string.h>

/* Prints what help must name: --name of flags, VALUE of positionals. */
int main(int argc, char **argv)
{
    const Studio *const all[] = {&sprite_studio, &model_command};
    for (size_t i = 0; argc == 2 && i < sizeof all / sizeof *all; i++) {
        if (strcmp(argv[1], all[i]->name) != 0)
            continue;
        for (int k = 0; k < all[i]->param_count; k++) {
            const Param *p = &all[i]->params[k];
            printf("%s%s\n", p->is_positional ? "" : "--",
                   p->is_positional ? p->value : p->name);
        }
        return 0;
    }
    return 1;
}
