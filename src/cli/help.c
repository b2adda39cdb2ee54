/* SPDX-License-Identifier: MIT */
#include "cli/args.h"

#include <stdio.h>
#include <string.h>

/* A column of names, a column of text. */
enum { NAMES = 26, LEAST_COLUMNS = 60, MOST_COLUMNS = 100 };

/* Headings of rows that the table puts in no group. */
static const char GIVEN[] = "What it is given", OTHERS[] = "What to do with it",
                  OWN[] = "This terminal";

static const Param own[] = {
    {.name = ARGS_SHOW,
     .type = PARAM_TEXT,
     .value = "[=HOW]",
     .choices = "auto|kitty|sixel",
     .help = "also shows the pictures in this terminal, if it can (alone: auto, by what the "
             "terminal says of itself)"},
    {.name = "help", .type = PARAM_FLAG, .help = "this text"},
};
enum { OWN_COUNT = sizeof own / sizeof *own };

/* A command that writes no picture has none to show. */
static int own_from(const Studio *s)
{
    return studio_param(s, "out", 3) == NULL;
}

int args_count(const Studio *s)
{
    return s->param_count + OWN_COUNT - own_from(s);
}

const Param *args_at(const Studio *s, int i)
{
    return i < s->param_count ? &s->params[i] : &own[i - s->param_count + own_from(s)];
}

const char *args_group(const Studio *s, int g)
{
    if (g < 2)
        return g == 0 ? GIVEN : OTHERS;
    return g - 2 < s->group_count    ? s->groups[g - 2].heading
           : g - 2 == s->group_count ? OWN
                                     : NULL;
}

const char *args_heading(const Studio *s, int i)
{
    if (i >= s->param_count)
        return OWN;
    const char *group = studio_group(s, i);
    return s->params[i].is_positional ? GIVEN : group != NULL ? group : OTHERS;
}

const char *args_short(const Param *p)
{
    return strcmp(p->name, "out") == 0 ? "-o" : "";
}

bool args_value_is_optional(const Param *p)
{
    return p->value != NULL && p->value[0] == '[';
}

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

/* What follows the line of help: choices, range, default. */
static void facts(const Param *p, char *to, size_t room)
{
    size_t n = 0;
    to[0] = '\0';
    if (p->choices != NULL) {
        char list[400];
        param_choices(list, sizeof list, p->choices);
        n += (size_t)snprintf(to, room, " %s: %s.",
                              p->type == PARAM_LIST ? "Some of, with commas" : "One of", list);
    }
    if (p->most != 0 && n < room)
        n += (size_t)snprintf(to + n, room - n, " %.10g to %.10g.", p->least, p->most);
    if (p->type != PARAM_FLAG && p->fallback != NULL && p->fallback[0] != '\0' && n < room)
        snprintf(to + n, room - n, " Default: %s", p->fallback);
}

void args_param_text(const Param *p, char *to, size_t room)
{
    char more[500];
    facts(p, more, sizeof more);
    bool is_ended = p->help[0] != '\0' && strchr(".?!", p->help[strlen(p->help) - 1]) != NULL;
    snprintf(to, room, "%s%s%s", p->help, more[0] != '\0' && !is_ended ? "." : "", more);
}

const char *args_more(const Param *p)
{
    return p->type == PARAM_PATHS ? "..." : "";
}

static void print_param(const Param *p, int columns)
{
    char name[96], text[900];
    if (p->is_positional)
        snprintf(name, sizeof name, "  %s%s", param_value_name(p), args_more(p));
    else
        snprintf(name, sizeof name, "  %s%s--%s%s%s", args_short(p),
                 args_short(p)[0] != '\0' ? ", " : "", p->name,
                 args_value_is_optional(p) ? "" : " ", param_value_name(p));
    args_param_text(p, text, sizeof text);
    int at = printf("%-*s", NAMES, name);
    if (at > NAMES)
        printf("\n%*s", NAMES, "");
    print_wrapped(text, NAMES, columns);
}

/* The rows of one heading. */
static void print_group(const Studio *s, const char *heading, int columns)
{
    bool has_heading = false;
    for (int i = 0; i < args_count(s); i++) {
        if (strcmp(args_heading(s, i), heading) != 0)
            continue;
        if (!has_heading)
            printf("\n%s\n", heading);
        has_heading = true;
        print_param(args_at(s, i), columns);
    }
}

static void print_examples(const Studio *s)
{
    printf("\nExamples\n");
    for (int i = 0; i < STUDIO_EXAMPLES && s->examples[i].command != NULL; i++)
        printf("  %s\n      %s\n", s->examples[i].command, s->examples[i].gives);
}

void args_help(const Studio *studio, int columns)
{
    columns = (int)max64(LEAST_COLUMNS, min64(columns, MOST_COLUMNS));
    printf("atelier %s: ", studio->name);
    print_wrapped(studio->summary, (int)strlen(studio->name) + 10, columns);
    printf("\nUsage: atelier %s", studio->name);
    for (int i = 0; i < studio->param_count; i++)
        if (studio->params[i].is_positional)
            printf(" %s%s", param_value_name(&studio->params[i]),
                   args_more(&studio->params[i]));
    printf(" [--flag VALUE]...\n");
    print_examples(studio);
    for (int g = 0; args_group(studio, g) != NULL; g++)
        print_group(studio, args_group(studio, g), columns);
    printf("\nResults are named on stdout, all else goes to stderr.  Ctrl-C stops cleanly: no\n"
           "file is left half written.  Exit code: 0 done, 1 refused or failed, 2 not\n"
           "understood, 130 stopped.\n");
}
