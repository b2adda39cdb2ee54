/* SPDX-License-Identifier: MIT */
#include "cli/args.h"

#include <stdio.h>
#include <string.h>

/* A column of names, a column of text. */
enum { NAMES = 26, LEAST_COLUMNS = 60, MOST_COLUMNS = 100 };

/* Words of `text` between the columns `from` and `to`; the cursor is at
 * `from`.  Ends with a new line. */
static void print_wrapped(const char *text, int from, int to)
{
    int at = from;
    while (*text != '\0') {
        int n = (int)strcspn(text, " ");
        if (at > from && at + 1 + n > to) {
            printf("\n%*s", from, "");
            at = from;
        }
        at += printf("%s%.*s", at > from ? " " : "", n, text);
        text += n;
        text += strspn(text, " ");
    }
    printf("\n");
}

static const char *value_name(const Param *p)
{
    static const char *const of_type[] = {
        [PARAM_TEXT] = "TEXT",  [PARAM_LIST] = "LIST", [PARAM_PATH] = "PATH",
        [PARAM_PATHS] = "PATH", [PARAM_OUT] = "PATH",  [PARAM_INT] = "N",
        [PARAM_NUMBER] = "X",   [PARAM_SIZE] = "WxH",  [PARAM_FLAG] = ""};
    return p->value != NULL ? p->value : of_type[p->type];
}

/* What follows the line of help: choices, range, default. */
static void facts(const Param *p, char *to, size_t room)
{
    size_t n = 0;
    to[0] = '\0';
    if (p->choices != NULL) {
        char list[300];
        args_choices(list, sizeof list, p->choices);
        n += (size_t)snprintf(to, room, " %s: %s.",
                              p->type == PARAM_LIST ? "Some of, with commas" : "One of", list);
    }
    if (p->most != 0 && n < room)
        n += (size_t)snprintf(to + n, room - n, " %.10g to %.10g.", p->least, p->most);
    if (p->type != PARAM_FLAG && p->fallback != NULL && p->fallback[0] != '\0' && n < room)
        snprintf(to + n, room - n, " Default: %s", p->fallback);
}

static void print_param(const Param *p, int columns)
{
    char name[96], text[900], more[500];
    if (p->is_positional)
        snprintf(name, sizeof name, "  %s%s", value_name(p),
                 p->type == PARAM_PATHS ? "..." : "");
    else
        snprintf(name, sizeof name, "  --%s %s", p->name, value_name(p));
    facts(p, more, sizeof more);
    bool is_ended = p->help[0] != '\0' && strchr(".?!", p->help[strlen(p->help) - 1]) != NULL;
    snprintf(text, sizeof text, "%s%s%s", p->help, more[0] != '\0' && !is_ended ? "." : "",
             more);
    int at = printf("%-*s", NAMES, name);
    if (at > NAMES)
        printf("\n%*s", NAMES, "");
    print_wrapped(text, NAMES, columns);
}

static bool is_file(const Param *p)
{
    return p->type == PARAM_PATH || p->type == PARAM_OUT;
}
static bool is_given(const Param *p)
{
    return p->is_positional;
}
static bool is_a_file(const Param *p)
{
    return !p->is_positional && is_file(p);
}
static bool is_a_value(const Param *p)
{
    return !p->is_positional && !is_file(p) && p->type != PARAM_FLAG;
}
static bool is_a_switch(const Param *p)
{
    return !p->is_positional && p->type == PARAM_FLAG;
}

static void print_group(const Studio *s, const char *heading, bool (*belongs)(const Param *),
                        int columns)
{
    bool has_heading = false;
    for (int i = 0; i < s->param_count; i++) {
        if (!belongs(&s->params[i]))
            continue;
        if (!has_heading)
            printf("\n%s\n", heading);
        has_heading = true;
        print_param(&s->params[i], columns);
    }
}

void args_help(const Studio *studio, int columns)
{
    columns = (int)max64(LEAST_COLUMNS, min64(columns, MOST_COLUMNS));
    printf("atelier %s: ", studio->name);
    print_wrapped(studio->summary, (int)strlen(studio->name) + 10, columns);
    printf("\nUsage: atelier %s", studio->name);
    for (int i = 0; i < studio->param_count; i++)
        if (studio->params[i].is_positional)
            printf(" %s", value_name(&studio->params[i]));
    printf(" [--flag VALUE]...\n\nTo begin with:\n  %s\n", studio->example);
    print_group(studio, "What it is given", is_given, columns);
    print_group(studio, "Files and folders", is_a_file, columns);
    print_group(studio, "Choices", is_a_value, columns);
    print_group(studio, "Switches (off unless given)", is_a_switch, columns);
    printf("\nResults are named on stdout, all else goes to stderr.  Ctrl-C stops cleanly: no\n"
           "file is left half written.  Exit code: 0 done, 1 refused or failed, 2 not\n"
           "understood, 130 stopped.\n");
}
