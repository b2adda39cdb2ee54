/* SPDX-License-Identifier: MIT */
#include "library/studios.h"

#include <stdio.h>

/* Prints what help must name: --name of flags, VALUE of positionals; without
 * an argument the names of all commands. */
int main(int argc, char **argv)
{
    const Studio *s = argc == 2 ? studios_named(argv[1], NULL) : NULL;
    for (int i = 0; argc == 1 && i < studios_count(); i++)
        printf("%s\n", studios_at(i)->name);
    for (int k = 0; s != NULL && k < s->param_count; k++) {
        const Param *p = &s->params[k];
        printf("%s%s\n", p->is_positional ? "" : "--", p->is_positional ? p->value : p->name);
    }
    return argc > 1 && s == NULL;
}
