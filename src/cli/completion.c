/* SPDX-License-Identifier: MIT */
#include "cli/completion.h"

#include "cli/args.h"
#include "library/studios.h"

#include <stdio.h>
#include <string.h>

/* The words of "walk|idle" with `between` between them. */
static void put_choices(const char *choices, const char *between)
{
    for (; *choices != '\0'; choices++)
        *choices == '|' ? (void)fputs(between, stdout) : (void)putchar(*choices);
}

/* Text in which each of `special` is written with a backslash before it, and
 * the quote that ends a shell's 'word' as each shell wants it. */
static void put_quoted(const char *text, const char *special, const char *quote)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs(quote, stdout);
            continue;
        }
        if (strchr(special, *text) != NULL)
            putchar('\\');
        putchar(*text);
    }
}

static bool is_path(const Param *p)
{
    return p->type == PARAM_PATH || p->type == PARAM_PATHS || p->type == PARAM_OUT;
}

/* Only folders make sense. */
static bool is_folder(const Param *p)
{
    return is_path(p) && strcmp(param_value_name(p), "DIR") == 0;
}

static bool takes_value(const Param *p)
{
    return p->type != PARAM_FLAG && !args_value_is_optional(p);
}

static const Param *positional(const Studio *s)
{
    for (int i = 0; i < s->param_count; i++)
        if (s->params[i].is_positional)
            return &s->params[i];
    return NULL;
}

/* ---- bash -------------------------------------------------------------------------- */

/* What to call, given what is wanted: _atelier_words (one of them), ..._list
 * (some, with commas), ..._files, ..._folders. */
static void bash_values(const Param *p)
{
    if (p != NULL && p->choices != NULL) {
        printf("_atelier_%s \"", p->type == PARAM_LIST ? "list" : "words");
        put_choices(p->choices, " ");
        printf("\"");
    } else if (p != NULL && (is_path(p) || p->is_positional)) {
        printf("_atelier_%s", is_folder(p) ? "folders" : "files");
    } else {
        printf("COMPREPLY=()");
    }
}

static void bash_command(const Studio *s)
{
    for (int i = 0; i < args_count(s); i++) {
        const Param *p = args_at(s, i);
        if (p->is_positional || p->type == PARAM_FLAG)
            continue;
        printf("    %s:--%s", s->name, p->name);
        if (args_short(p)[0] != '\0')
            printf(" | %s:%s", s->name, args_short(p));
        printf(") ");
        bash_values(p);
        printf(" ;;\n");
    }
    printf("    %s:*)\n        if [[ $cur == -* ]]; then\n            _atelier_words \"",
           s->name);
    for (int i = 0; i < args_count(s); i++) {
        const Param *p = args_at(s, i);
        if (!p->is_positional)
            printf("--%s ", p->name);
    }
    printf("\"\n        else\n            ");
    bash_values(positional(s));
    printf("\n        fi\n        ;;\n");
}

static void put_studios(const char *between)
{
    for (int i = 0; i < studios_count(); i++)
        printf("%s%s", studios_at(i)->name, between);
}

static const char BASH_BEGINS[] =
    "# bash completion for atelier: made by 'atelier --completion bash'\n"
    "_atelier_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$cur\")); }\n"
    "_atelier_list() {\n"
    "    local before=\n"
    "    [[ $cur == *,* ]] && before=${cur%,*},\n"
    "    COMPREPLY=($(compgen -P \"$before\" -W \"$1\" -- \"${cur##*,}\"))\n"
    "    compopt -o nospace 2>/dev/null\n"
    "}\n"
    "_atelier_paths() {\n"
    "    local IFS=$'\\n'\n"
    "    COMPREPLY=($(compgen \"$1\" -- \"$cur\"))\n"
    "    compopt -o filenames 2>/dev/null\n"
    "}\n"
    "_atelier_files() { _atelier_paths -f; }\n"
    "_atelier_folders() { _atelier_paths -d; }\n"
    "_atelier() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    # --name=value comes in three words, in two while the value is empty\n"
    "    if [[ $prev == = ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    elif [[ $cur == = ]]; then\n"
    "        cur=\n"
    "    elif [[ $prev == --" ARGS_SHOW " ]]; then\n"
    "        prev=\n"
    "    fi\n"
    "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
    "        _atelier_words \"";

static void print_bash(void)
{
    fputs(BASH_BEGINS, stdout);
    put_studios(" ");
    printf("help --help --version --completion --man\"\n        return\n    fi\n"
           "    case ${COMP_WORDS[1]}:$prev in\n");
    for (int i = 0; i < studios_count(); i++)
        bash_command(studios_at(i));
    printf("    help:*) _atelier_words \"");
    put_studios(" ");
    printf("\" ;;\n    --completion:*) _atelier_words \"bash zsh fish\" ;;\n"
           "    *) COMPREPLY=() ;;\n    esac\n}\ncomplete -F _atelier atelier\n");
}

/* ---- zsh --------------------------------------------------------------------------- */

static void zsh_text(const char *text)
{
    put_quoted(text, "[]:\\", "'\\''");
}

static void zsh_values(const Param *p)
{
    putchar(':');
    for (const char *c = param_value_name(p); *c != '\0'; c++)
        strchr("[=]", *c) == NULL ? (void)putchar(*c) : (void)0;
    putchar(':');
    if (p->choices != NULL) {
        fputs(p->type == PARAM_LIST ? "_sequence compadd - " : "(", stdout);
        put_choices(p->choices, " ");
        fputs(p->type == PARAM_LIST ? "" : ")", stdout);
    } else if (is_path(p) || p->is_positional) {
        fputs(is_folder(p) ? "_files -/" : "_files", stdout);
    } else {
        putchar(' ');
    }
}

/* --name[, --name=[, --name=-[ (only as --name=VALUE), or both forms in one. */
static void zsh_flag(const Param *p)
{
    const char *after = p->type == PARAM_FLAG ? "" : takes_value(p) ? "=" : "=-";
    if (args_short(p)[0] != '\0')
        printf("(%s --%s)'{%s+,--%s=}'[", args_short(p), p->name, args_short(p), p->name);
    else
        printf("--%s%s[", p->name, after);
    zsh_text(p->help);
    putchar(']');
    if (args_value_is_optional(p))
        putchar(':'); /* an optional value begins with two colons */
}

/* '--name=[help]:VALUE:what to call' */
static void zsh_param(const Param *p)
{
    printf(" \\\n            '");
    if (!p->is_positional)
        zsh_flag(p);
    else if (p->type == PARAM_PATHS)
        putchar('*');
    if (p->type != PARAM_FLAG)
        zsh_values(p);
    putchar('\'');
}

static void print_zsh(void)
{
    printf(
        "#compdef atelier\n# zsh completion for atelier: made by 'atelier --completion zsh'\n"
        "_atelier() {\n    local context state state_descr line\n    typeset -A opt_args\n"
        "    local -a commands\n    commands=(\n");
    for (int i = 0; i < studios_count(); i++) {
        printf("        '%s:", studios_at(i)->name);
        zsh_text(studios_at(i)->summary);
        printf("'\n");
    }
    printf("        'help:all about one command'\n    )\n"
           "    _arguments -C '(- *)--help[lists the commands]' '(- *)--version[which this "
           "is]' \\\n"
           "        '(- *)--completion=[completions for a shell]:SHELL:(bash zsh fish)' \\\n"
           "        '(- *)--man[the manual page]' \\\n"
           "        '1:command:->command' '*::argument:->argument'\n"
           "    case $state in\n    command) _describe -t commands command commands ;;\n"
           "    argument)\n        case $words[1] in\n");
    for (int i = 0; i < studios_count(); i++) {
        const Studio *s = studios_at(i);
        printf("        %s) _arguments", s->name);
        for (int k = 0; k < args_count(s); k++)
            zsh_param(args_at(s, k));
        printf(" ;;\n");
    }
    printf("        help) _describe -t commands command commands ;;\n        esac ;;\n    "
           "esac\n}\n"
           "if [ \"$funcstack[1]\" = _atelier ]; then\n    _atelier \"$@\"\nelse\n"
           "    compdef _atelier atelier\nfi\n");
}

/* ---- fish -------------------------------------------------------------------------- */

static void fish_text(const char *text)
{
    put_quoted(text, "\\", "\\'");
}

static void fish_values(const Param *p)
{
    if (p->choices != NULL && p->type == PARAM_LIST) {
        printf(" -x -a \"(__fish_complete_list , 'string split \\\" \\\" \\\"");
        put_choices(p->choices, " ");
        printf("\\\"')\"");
    } else if (p->choices != NULL) {
        printf(takes_value(p) ? " -x -a '" : " -f -a '");
        put_choices(p->choices, " ");
        putchar('\'');
    } else if (is_path(p)) {
        printf(is_folder(p) ? " -x -a '(__fish_complete_directories)'" : " -r -F");
    } else {
        printf(" -x");
    }
}

static void fish_command(const Studio *s)
{
    for (int i = 0; i < args_count(s); i++) {
        const Param *p = args_at(s, i);
        if (p->is_positional && p->choices == NULL)
            continue; /* files are what fish offers anyway */
        printf("complete -c atelier -n '__fish_seen_subcommand_from %s'", s->name);
        if (args_short(p)[0] != '\0')
            printf(" -s %s", args_short(p) + 1);
        if (!p->is_positional)
            printf(" -l %s", p->name);
        if (p->type != PARAM_FLAG)
            fish_values(p);
        printf(" -d '");
        fish_text(p->help);
        printf("'\n");
    }
}

static void print_fish(void)
{
    printf("# fish completion for atelier: made by 'atelier --completion fish'\n"
           "complete -c atelier -n __fish_use_subcommand -f\n"
           "complete -c atelier -n __fish_use_subcommand -l help -d 'lists the commands'\n"
           "complete -c atelier -n __fish_use_subcommand -l version -d 'which this is'\n"
           "complete -c atelier -n __fish_use_subcommand -l man -d 'the manual page'\n"
           "complete -c atelier -n __fish_use_subcommand -l completion -x -a 'bash zsh fish' "
           "-d 'completions for a shell'\n"
           "complete -c atelier -n __fish_use_subcommand -a help -d 'all about one command'\n"
           "complete -c atelier -n '__fish_seen_subcommand_from help' -f -a '");
    put_studios(" ");
    printf("'\n");
    for (int i = 0; i < studios_count(); i++) {
        printf("complete -c atelier -n __fish_use_subcommand -a %s -d '", studios_at(i)->name);
        fish_text(studios_at(i)->summary);
        printf("'\n");
        fish_command(studios_at(i));
    }
}

bool completion_print(const char *shell, Err *err)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } all[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(shell, all[i].shell) == 0) {
            all[i].print();
            return true;
        }
    return err_set(err, ERR_INPUT, "--completion is '%.60s'; it must be bash, zsh or fish",
                   shell);
}
