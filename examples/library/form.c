/* SPDX-License-Identifier: MIT */
#include <atelier.h>
#include <stdio.h>

/* What a form for every studio would show, as text: a line for each parameter
 * with its type, range, default, choices and help.  Nothing here knows what the
 * studios are: it is all asked of the library. */

static void print_range(const AtelierParam *p)
{
    if (p->choices != NULL) {
        printf(" (");
        for (int i = 0; p->choices[i] != NULL; i++)
            printf("%s%s", i > 0 ? " | " : "", p->choices[i]);
        printf(")");
    }
    if (p->least != 0 || p->most != 0)
        printf(" (%g to %g)", p->least, p->most);
}

static void print_studio(int studio)
{
    static const char *const types[] = {
        [ATELIER_TEXT] = "text",   [ATELIER_LIST] = "list",     [ATELIER_PATH] = "file",
        [ATELIER_PATHS] = "files", [ATELIER_OUT] = "output",    [ATELIER_INT] = "integer",
        [ATELIER_SIZE] = "size",   [ATELIER_NUMBER] = "number", [ATELIER_FLAG] = "switch"};
    AtelierTask *t = atelier_task_new(atelier_studio_name(studio), NULL);
    printf("%s: %s\n", atelier_studio_name(studio), atelier_studio_summary(studio));
    for (int i = 0; i < atelier_param_count(t); i++) {
        const AtelierParam *p = atelier_param(t, i);
        printf("  %s: %s", p->name, types[p->type]);
        print_range(p);
        if (p->is_needed)
            printf(", needed");
        if (p->fallback[0] != '\0')
            printf(", default %s", p->fallback);
        printf(": %s\n", p->help);
    }
    atelier_task_free(t);
}

int main(void)
{
    printf("atelier %s\n", atelier_version());
    for (int i = 0; i < atelier_studio_count(); i++)
        print_studio(i);
    return 0;
}
