/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

/* Seconds between two drawings, and how much the newest pace counts. */
static const double REDRAW = 0.1, LINE_EVERY = 5, NEWEST = 0.3;
enum { BAR_LEAST = 10, BAR_MOST = 40, TEXT_COLUMNS = 42 };

void progress_init(Progress *p, bool is_terminal, bool has_color, int columns)
{
    *p = (Progress){.is_terminal = is_terminal, .has_color = has_color, .columns = columns};
}

static void begin_stage(Progress *p, const char *stage, double now)
{
    snprintf(p->stage, sizeof p->stage, "%s", stage);
    p->began = p->last = now;
    p->done = 0;
    p->pace = 0;
    p->drawn = p->is_terminal ? 0 : now; /* lines wait, a bar is there at once */
}

static void learn_pace(Progress *p, int64_t done, double now)
{
    if (done <= p->done)
        return;
    double pace = (now - p->last) / (double)(done - p->done);
    p->pace = p->pace == 0 ? pace : p->pace + NEWEST * (pace - p->pace);
    p->last = now;
    p->done = done;
}

/* "about 12 s left", or nothing while it is not known. */
static void say_left(const Progress *p, int64_t of, double now, char *to, size_t room)
{
    double left = p->pace * (double)(of - p->done) - (now - p->last);
    to[0] = '\0';
    if (p->pace == 0 || p->done >= of)
        return;
    if (left >= 90)
        snprintf(to, room, "about %.0f min left", left / 60);
    else
        snprintf(to, room, "about %.0f s left", left < 1 ? 1.0 : left);
}

static void draw_bar(Progress *p, int64_t done, int64_t of, const char *left)
{
    static const char full[] = "########################################";
    static const char rest[] = "........................................";
    const char *on = p->has_color ? "\033[32m" : "", *off = p->has_color ? "\033[0m" : "";
    int width = (int)max64(BAR_LEAST, min64(p->columns - TEXT_COLUMNS, BAR_MOST));
    int filled = (int)(done * width / of);
    fprintf(stderr, "\r\033[K%-12s [%s%.*s%s%.*s] %3d %%  %s", p->stage, on, filled, full, off,
            width - filled, rest, (int)(done * 100 / of), left);
}

static void draw_line(const Progress *p, int64_t done, int64_t of, const char *left)
{
    if (of > 0)
        fprintf(stderr, "%s: %lld of %lld%s%s\n", p->stage, (long long)done, (long long)of,
                left[0] != '\0' ? ", " : "", left);
    else
        fprintf(stderr, "%s ...\n", p->stage);
}

void progress_show(Progress *p, const char *stage, int64_t done, int64_t of)
{
    char left[48] = "";
    double now = clock_now();
    if (strncmp(stage, p->stage, sizeof p->stage - 1) != 0 || done < p->done)
        begin_stage(p, stage, now);
    learn_pace(p, done, now);
    if (now - p->drawn < (p->is_terminal ? REDRAW : LINE_EVERY))
        return;
    p->drawn = now;
    done = max64(0, min64(done, of));
    say_left(p, of, now, left, sizeof left);
    if (!p->is_terminal) {
        draw_line(p, done, of, left);
        return;
    }
    if (of > 0)
        draw_bar(p, done, of, left);
    else
        fprintf(stderr, "\r\033[K%s ...", p->stage);
    fflush(stderr);
    p->is_shown = true;
}

void progress_hide(Progress *p)
{
    if (!p->is_shown)
        return;
    fprintf(stderr, "\r\033[K");
    fflush(stderr);
    p->is_shown = false;
    p->drawn = 0;
}
