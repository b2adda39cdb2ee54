/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "cli/args.h"
#include "cli/completion.h"
#include "cli/live.h"
#include "cli/manual.h"
#include "cli/progress.h"
#include "cli/show.h"
#include "library/studios.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* main(): where everything meets.  The environment, signals, standard streams
 * and exit codes are known here and nowhere else. */

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_SIGNAL = 128 };

/* ---- stopping -------------------------------------------------------------------- */

static atomic_bool cancel;
static volatile sig_atomic_t stopped_by;

/* The first asks for a clean end, the second does not ask. */
static void on_stop(int signal)
{
    static const char said[] = "\natelier: stopping; once more to stop at once\n";
    if (atomic_load(&cancel))
        _exit(EXIT_SIGNAL + signal);
    stopped_by = signal;
    atomic_store(&cancel, true);
    (void)!write(STDERR_FILENO, said, sizeof said - 1);
}

static void set_signals(void)
{
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL); /* writes fail instead, and say why */
    sigaction(SIGXFSZ, &ignore, NULL);
}

/* ---- talking --------------------------------------------------------------------- */

/* Who is told what a studio tells. */
typedef struct Talk {
    Progress bar;
    bool shows;
    ShowWay way;
    Live live; /* a picture that is being made */
} Talk;

/* For a line of its own. */
static void clear_line(Talk *talk)
{
    progress_hide(&talk->bar);
    live_hide(&talk->live, stdout);
}

static void show_progress(void *user, const char *stage, int64_t done, int64_t of)
{
    progress_show(&((Talk *)user)->bar, stage, done, of);
}

static void say_result(void *user, const char *line)
{
    clear_line(user);
    printf("%s\n", line);
}

static void say_aside(void *user, const char *line)
{
    clear_line(user);
    fprintf(stderr, "%s\n", line);
}

static struct winsize terminal_size(int fd)
{
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        size = (struct winsize){.ws_col = 80};
    return size;
}

/* Names a file, and shows it if it is a picture and that was asked for. */
static void say_made(void *user, const char *path)
{
    const Talk *talk = user;
    Err err = {0};
    struct winsize size = terminal_size(STDOUT_FILENO);
    say_result(user, path);
    if (talk->shows && file_name_ends(path, ".png") &&
        !show_picture(stdout, talk->way, path, size.ws_xpixel, size.ws_col, &err))
        fprintf(stderr, "atelier: cannot show it: %s\n", err.text);
}

/* Previews are looks, not results: if one cannot be shown, the next may. */
static void show_preview(void *user, const StudioPreview *p)
{
    Talk *talk = user;
    Err err = {0};
    Shape s = SHAPE(p->height, p->width, 4);
    progress_hide(&talk->bar);
    (void)!live_show(&talk->live, stdout, tensor_over((void *)(uintptr_t)p->rgba, TENSOR_U8, s),
                     &err);
}

/* A reader that went away is nobody's failure; a full disk is. */
static int finish(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (errno == EPIPE || code != EXIT_DONE)
        return code;
    fprintf(stderr, "atelier: cannot write to stdout: %s\n", strerror(errno));
    return EXIT_REFUSED;
}

static int misunderstood(const Err *err)
{
    fprintf(stderr, "atelier: %s\n", err->text);
    return EXIT_USAGE;
}

/* ---- commands -------------------------------------------------------------------- */

static int run_studio(const Studio *s, const void *request, Talk *talk)
{
    Err err = {0};
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool is_dumb = term == NULL || strcmp(term, "dumb") == 0;
    progress_init(&talk->bar, isatty(STDERR_FILENO) && !is_dumb,
                  no_color == NULL || no_color[0] == '\0', terminal_size(STDERR_FILENO).ws_col);
    bool is_live = talk->shows && isatty(STDOUT_FILENO);
    struct winsize size = terminal_size(STDOUT_FILENO);
    live_init(&talk->live, talk->way, size.ws_row, size.ws_ypixel);
    StudioRun run = {.user = talk,
                     .progress = show_progress,
                     .say = say_result,
                     .warn = say_aside,
                     .made = say_made,
                     .preview = is_live ? show_preview : NULL,
                     .detail = studio_flag(s, request, "verbose") ? say_aside : NULL,
                     .cancel = &cancel};
    bool ok = s->run(request, &run, &err);
    clear_line(talk);
    if (ok)
        return EXIT_DONE;
    if (err.kind == ERR_CANCELLED && stopped_by != 0) {
        fprintf(stderr, "atelier: stopped; nothing was left half written\n");
        return EXIT_SIGNAL + stopped_by;
    }
    (void)fflush(stdout); /* results come before the reason */
    fprintf(stderr, "atelier: %s\n", err.text);
    return EXIT_REFUSED;
}

static int run_command(const Studio *s, int count, char *const *words)
{
    Err err = {0};
    Talk talk = {0};
    const char *how;
    if (args_want_help(count, words)) {
        args_help(s, terminal_size(STDOUT_FILENO).ws_col);
        return EXIT_DONE;
    }
    void *request = xalloc(1, s->request_size);
    char **rest = xalloc((size_t)count, sizeof *rest);
    count = args_take_show(s, count, words, rest, &how);
    talk.shows = how != NULL;
    bool is_clear = args_read(s, count, rest, request, &err) &&
                    (how == NULL || show_choose(&talk.way, how, isatty(STDOUT_FILENO), &err));
    int code = is_clear ? run_studio(s, request, &talk) : misunderstood(&err);
    xfree(rest);
    xfree(request);
    return code;
}

static void print_commands(FILE *to)
{
    fprintf(to,
            "atelier: sprite sheets from one drawing, pictures from words, on your machine\n\n"
            "Usage: atelier COMMAND [ARGUMENT]...\n\n");
    for (int i = 0; i < studios_count(); i++)
        fprintf(to, "  %-8s  %s\n", studios_at(i)->name, studios_at(i)->summary);
    fprintf(to,
            "\nTo begin with:\n  %s\n\n"
            "'atelier COMMAND --help' tells all about one; 'atelier --version' which this is;\n"
            "'atelier --completion SHELL' and 'atelier --man' are for shells and man.\n",
            studios_at(0)->examples[0].command);
}

static int unknown_command(const char *word, const char *near)
{
    if (near != NULL)
        fprintf(stderr, "atelier: there is no command '%.60s'; did you mean '%s'?\n", word,
                near);
    else
        fprintf(stderr, "atelier: there is no command '%.60s'; 'atelier --help' lists them\n",
                word);
    return EXIT_USAGE;
}

/* --completion SHELL, or --completion=SHELL */
static int complete(const char *equals, const char *next)
{
    Err err = {0};
    return completion_print(equals[0] == '=' ? equals + 1 : next, &err) ? EXIT_DONE
                                                                        : misunderstood(&err);
}

static int dispatch(int count, char *const *words)
{
    if (count == 0) {
        print_commands(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0 ||
        (strcmp(words[0], "help") == 0 && count == 1)) {
        print_commands(stdout);
        return EXIT_DONE;
    }
    if (strcmp(words[0], "--version") == 0) {
        printf("atelier %s\n", ATELIER_VERSION);
        return EXIT_DONE;
    }
    if (strcmp(words[0], "--man") == 0) {
        manual_print();
        return EXIT_DONE;
    }
    if (strncmp(words[0], "--completion", 12) == 0)
        return complete(words[0] + 12, count > 1 ? words[1] : "");
    static char *const help[] = {"--help"};
    const char *near = NULL;
    bool asks = strcmp(words[0], "help") == 0;
    const Studio *s = studios_named(words[asks], &near);
    if (s == NULL)
        return unknown_command(words[asks], near);
    return asks ? run_command(s, 1, help) : run_command(s, count - 1, words + 1);
}

int main(int argc, char **argv)
{
    set_signals();
    return finish(dispatch(argc > 0 ? argc - 1 : 0, argv + 1));
}
