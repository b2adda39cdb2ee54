/* SPDX-License-Identifier: MIT */
#include "cli/manual.h"

#include "cli/args.h"
#include "library/studios.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Text as roff has it: a hyphen that is typed is no dash, and no line is a
 * request by accident. */
static void put(const char *text)
{
    if (text[0] == '.')
        fputs("\\&", stdout);
    for (; *text != '\0'; text++) {
        if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '\'')
            fputs("\\(aq", stdout);
        else if (*text == '"')
            fputs("\\(dq", stdout);
        else
            putchar(*text);
    }
}

static void line(const char *text)
{
    put(text);
    putchar('\n');
}

static void put_param(const Param *p)
{
    char text[900];
    printf(".TP\n");
    if (p->is_positional)
        printf("\\fI%s\\fR%s", param_value_name(p), args_more(p));
    else
        printf("%s\\fB\\-\\-", args_short(p)[0] != '\0' ? "\\fB\\-o\\fR, " : ""), put(p->name),
            printf("\\fR");
    if (!p->is_positional && p->type != PARAM_FLAG)
        printf("%s\\fI%s\\fR", args_value_is_optional(p) ? "" : " ", param_value_name(p));
    putchar('\n');
    args_param_text(p, text, sizeof text);
    line(text);
}

static void put_group(const Studio *s, const char *heading)
{
    bool has_heading = false;
    for (int i = 0; i < args_count(s); i++) {
        if (strcmp(args_heading(s, i), heading) != 0)
            continue;
        if (!has_heading)
            printf(".PP\n\\fI%s\\fR\n", heading);
        has_heading = true;
        put_param(args_at(s, i));
    }
}

static void put_examples(const Studio *s)
{
    for (int i = 0; i < STUDIO_EXAMPLES && s->examples[i].command != NULL; i++) {
        printf(".TP\n.B ");
        line(s->examples[i].command);
        line(s->examples[i].gives);
    }
}

static void put_command(const Studio *s)
{
    printf(".SS atelier %s", s->name);
    for (int i = 0; i < s->param_count; i++)
        if (s->params[i].is_positional)
            printf(" %s%s", param_value_name(&s->params[i]), args_more(&s->params[i]));
    printf("\n");
    putchar(toupper((unsigned char)s->summary[0]));
    put(s->summary + 1);
    printf(".\n");
    for (int g = 0; args_group(s, g) != NULL; g++)
        put_group(s, args_group(s, g));
}

void manual_print(void)
{
    printf(".TH ATELIER 1 \"\" \"atelier %s\" \"User Commands\"\n.nh\n.ad l\n"
           ".SH NAME\natelier \\- sprite sheets from one drawing, pictures from words, on your "
           "own machine\n"
           ".SH SYNOPSIS\n.B atelier\n.I COMMAND\n[\\fIARGUMENT\\fR]...\n.br\n"
           ".B atelier\n.I COMMAND\n.B \\-\\-help\n.br\n"
           ".B atelier \\-\\-completion\n.BR bash | zsh | fish\n"
           ".SH DESCRIPTION\n"
           "Atelier turns a drawing of a character into an animated sprite sheet, without a\n"
           "graphics card, an account or a download.  With the published weights of Stable\n"
           "Diffusion and of upscalers, which it reads as they are, it paints pictures from "
           "words\n"
           "and makes them larger.  A flag's value follows it, as the next word or after an\n"
           "equals sign; after \\fB\\-\\-\\fR no word is a flag.\n"
           ".SH EXAMPLES\n",
           ATELIER_VERSION);
    for (int i = 0; i < studios_count(); i++)
        put_examples(studios_at(i));
    printf(".SH COMMANDS\n");
    for (int i = 0; i < studios_count(); i++)
        put_command(studios_at(i));
    printf(
        ".SH EXIT STATUS\n"
        ".TP\n.B 0\ndone\n.TP\n.B 1\nrefused or failed; the reason is on stderr\n"
        ".TP\n.B 2\nthe words were not understood\n"
        ".TP\n.B 130\nstopped with Ctrl\\-C; no file is left half written\n"
        ".SH FILES\n"
        "Models come with the program, in \\fIshare/atelier/models\\fR of where it is "
        "installed.\n"
        ".SH NOTES\n"
        "Results are named on stdout, all else goes to stderr.  The same words give the same\n"
        "bytes, whatever the number of threads.  \\fINO_COLOR\\fR in the environment takes "
        "the\n"
        "colour from the progress bar.  What the program does the C library does too:\n"
        "\\fI<atelier.h>\\fR, and \\fBpkg\\-config \\-\\-cflags \\-\\-libs atelier\\fR.\n");
}
