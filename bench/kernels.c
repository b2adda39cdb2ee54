/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char help[] =
    "usage: kernels [--json FILE] [--only PATTERN] [--seconds S] [--threads N] [--table NAME]\n"
    "\n"
    "Times every kernel table beside oneDNN, in turns, and takes medians.\n"
    "  --json FILE     write the results as a list of objects\n"
    "  --only PATTERN  only entries whose name matches, such as 'conv3x3*.avx512'\n"
    "  --seconds S     time to spend on an entry (default 1)\n"
    "  --threads N     default: 2, or as many cores as there are if fewer\n"
    "  --table NAME    only this table: avx512, avx2 or networks (SD1.5, by the best table)\n"
    "  --list          print the names and stop\n"
    "  --peak          print P in GFLOP/s and stop\n"
    "\n"
    "P is the rate of f32 multiply-adds on registers alone, measured again for each\n"
    "entry.  GFLOP/s count a direct computation, so Winograd may pass P.\n";

typedef struct {
    const char *json, *only, *table;
    double seconds;
    int threads;
    bool lists, wants_peak;
} Options;

/* What one entry came to: medians over rounds, 0 where there is none.  Ratios
 * are taken within a round, since other work on the machine comes and goes. */
typedef struct {
    char name[80], how[32];
    double flop, peak;
    double ours, direct, winograd; /* seconds */
    double of_peak, of_direct, of_winograd;
} Result;

enum { ROUNDS = 200 };

typedef struct {
    double v[ROUNDS];
    int n;
} Times;

/* Runs for about `budget` seconds, once at least; notes the mean. */
static void time_once(const Runner *r, Times *to, double budget)
{
    if (r->run == NULL)
        return;
    double start = bench_seconds(), now = start;
    int n = 0;
    do {
        r->run(r->self);
        n++;
        now = bench_seconds();
    } while (now - start < budget);
    to->v[to->n++] = (now - start) / n;
}

/* A worker of oneDNN's goes on spinning for a moment after its work. */
static void let_threads_sleep(void)
{
    usleep(8000);
}

static double median_ratio(const Times *a, const Times *b)
{
    Times ratio = {.n = a->n};
    for (int i = 0; i < a->n; i++)
        ratio.v[i] = a->v[i] / b->v[i];
    return bench_median(ratio.v, ratio.n);
}

static void measure(Result *to, const Runner r[3], Pool *pool, const Options *o, bool avx512)
{
    Times times[3] = {0}, peak = {0};
    for (int i = 0; i < 3; i++)
        if (r[i].run != NULL)
            r[i].run(r[i].self);
    double start = bench_seconds();
    let_threads_sleep();
    peak.v[peak.n++] = peak_now(pool, avx512);
    for (int round = 0; round < ROUNDS - 1; round++) {
        for (int i = 0; i < 3; i++) {
            time_once(&r[i], &times[i], 0.02);
            let_threads_sleep();
        }
        peak.v[peak.n++] = peak_now(pool, avx512);
        if (round >= 2 && bench_seconds() - start > o->seconds)
            break;
    }
    Times of_peak = {0};
    for (int i = 0; i + 1 < peak.n; i++) {
        double around = 0.5 * (peak.v[i] + peak.v[i + 1]);
        of_peak.v[of_peak.n++] = to->flop / times[0].v[i] / around;
    }
    to->of_peak = peak.v[0] > 0 ? bench_median(of_peak.v, of_peak.n) : 0;
    to->of_direct = median_ratio(&times[1], &times[0]);
    to->of_winograd = median_ratio(&times[2], &times[0]);
    to->peak = bench_median(peak.v, peak.n);
    to->ours = bench_median(times[0].v, times[0].n);
    to->direct = bench_median(times[1].v, times[1].n);
    to->winograd = bench_median(times[2].v, times[2].n);
}

/* Theirs / ours by the same method: Winograd against Winograd. */
static double of_onednn(const Result *r)
{
    bool winograd = strstr(r->how, "winograd") != NULL && r->winograd > 0;
    return winograd ? r->of_winograd : r->of_direct;
}

static void print_heading(const char *table, bool has_yardstick)
{
    printf("\n%s%s\n%-36s %-9s %10s %9s %6s %6s | %10s %9s | %6s\n", table,
           has_yardstick ? ", beside oneDNN on the same instructions" : "", "", "method", "ms",
           "GFLOP/s", "P", "of P", "oneDNN ms", "its Wino", "ratio");
}

static void print_result(const Result *r)
{
    printf("%-36s %-9s %10.3f %9.1f %6.0f %6.2f | ", r->name, r->how, r->ours * 1e3,
           r->flop / r->ours * 1e-9, r->peak * 1e-9, r->of_peak);
    if (r->direct > 0)
        printf("%10.3f ", r->direct * 1e3);
    else
        printf("%10s ", "-");
    if (r->winograd > 0)
        printf("%9.3f | ", r->winograd * 1e3);
    else
        printf("%9s | ", "-");
    if (r->direct > 0)
        printf("%6.2f\n", of_onednn(r));
    else
        printf("%6s\n", "-");
    fflush(stdout);
}

/* Measures, prints, and sends up the pipe. */
static void entry(const char *name, double flop, Runner r[3], const Kernels *k, Pool *pool,
                  const Options *o, int to)
{
    Result result = {.flop = flop};
    snprintf(result.name, sizeof result.name, "%s", name);
    snprintf(result.how, sizeof result.how, "%s", r[0].how);
    measure(&result, r, pool, o, strcmp(k->name, "avx512") == 0);
    print_result(&result);
    for (int i = 0; i < 3; i++)
        if (r[i].end != NULL)
            r[i].end(r[i].self);
    must(write(to, &result, sizeof result) == (ssize_t)sizeof result);
}

static void write_number(FILE *f, const char *key, double v, bool is_known)
{
    if (is_known)
        fprintf(f, ", \"%s\": %.6g", key, v);
    else
        fprintf(f, ", \"%s\": null", key);
}

static void write_result(FILE *f, const Result *r, bool is_first)
{
    fprintf(f, "%s\n {\"name\": \"%s\", \"method\": \"%s\"", is_first ? "" : ",", r->name,
            r->how);
    write_number(f, "seconds", r->ours, true);
    write_number(f, "gflops", r->flop / r->ours * 1e-9, true);
    write_number(f, "of_peak", r->of_peak, r->peak > 0);
    write_number(f, "of_onednn", of_onednn(r), r->direct > 0);
    write_number(f, "onednn_seconds", r->direct, r->direct > 0);
    write_number(f, "onednn_winograd_seconds", r->winograd, r->winograd > 0);
    write_number(f, "peak_gflops", r->peak * 1e-9, r->peak > 0);
    fprintf(f, "}");
}

static bool is_wanted(const Options *o, const char *name)
{
    return o->only == NULL || fnmatch(o->only, name, 0) == 0;
}

/* In a process of its own, since oneDNN's instructions are chosen once in a
 * process: results go up the pipe. */
static void measure_table(const Options *o, const char *name, int to)
{
    Err err = {0};
    Kernels k;
    if (!kernels_named(&k, name, &err))
        exit(0);
    Pool *pool = pool_new(o->threads);
    print_heading(name, yardstick_open(o->threads, strcmp(name, "avx2") == 0));
    const Work *work;
    int n = works_watched(&work);
    for (int i = 0; i < n; i++) {
        char full[80];
        snprintf(full, sizeof full, "%s.%s", work_name(&work[i]).text, name);
        if (!is_wanted(o, full))
            continue;
        Runner r[3] = {ours(&k, pool, &work[i]), yardstick(&work[i], false),
                       yardstick(&work[i], true)};
        entry(full, work_flop(&work[i]), r, &k, pool, o, to);
    }
    pool_free(pool);
    exit(0);
}

/* Whole networks, by the best table. */
static void measure_networks(const Options *o, int to)
{
    static const struct {
        const char *name;
        double flop;
        Runner (*make)(const Kernels *k, Pool *pool);
    } networks[] = {
        {"sd15.step.f32", 1607e9, sd15_step},
        {"sd15.vae_decode.f32", 2514e9, sd15_decode},
    };
    Kernels k = kernels_for(KERNELS_BEST);
    Pool *pool = pool_new(o->threads);
    print_heading("networks", false);
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        if (!is_wanted(o, networks[i].name))
            continue;
        Runner r[3] = {networks[i].make(&k, pool)};
        entry(networks[i].name, networks[i].flop, r, &k, pool, o, to);
    }
    pool_free(pool);
    exit(0);
}

/* Results of a table, one after the other; false at its end. */
static bool next_result(int from, Result *r)
{
    size_t got = 0;
    while (got < sizeof *r) {
        ssize_t n = read(from, (char *)r + got, sizeof *r - got);
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

/* Returns how many entries were written; -1 if the measuring broke off. */
static int collect(const Options *o, const char *name, FILE *json, int before)
{
    int ends[2], status = 0, n = before;
    must(pipe(ends) == 0);
    fflush(NULL); /* or the child would write it again */
    pid_t child = fork();
    must(child >= 0);
    if (child == 0) {
        close(ends[0]);
        if (strcmp(name, "networks") == 0)
            measure_networks(o, ends[1]);
        measure_table(o, name, ends[1]);
    }
    close(ends[1]);
    Result r;
    while (next_result(ends[0], &r)) {
        if (json != NULL)
            write_result(json, &r, n == 0);
        n++;
    }
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? n : -1;
}

static bool read_options(Options *o, int argc, char **argv)
{
    static const struct option known[] = {{"json", required_argument, NULL, 'j'},
                                          {"only", required_argument, NULL, 'o'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"threads", required_argument, NULL, 't'},
                                          {"table", required_argument, NULL, 'k'},
                                          {"list", no_argument, NULL, 'l'},
                                          {"peak", no_argument, NULL, 'p'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        switch (c) {
        case 'j':
            o->json = optarg;
            break;
        case 'o':
            o->only = optarg;
            break;
        case 's':
            o->seconds = strtod(optarg, NULL);
            break;
        case 't':
            o->threads = (int)strtol(optarg, NULL, 10);
            break;
        case 'k':
            o->table = optarg;
            break;
        case 'l':
            o->lists = true;
            break;
        case 'p':
            o->wants_peak = true;
            break;
        default:
            fputs(help, c == 'h' ? stdout : stderr);
            exit(c == 'h' ? 0 : 2);
        }
    }
    return optind == argc;
}

static int say_peak(int threads)
{
    Pool *pool = pool_new(threads);
    Times peak = {.n = 15};
    Kernels k;
    Err err = {0};
    bool avx512 = kernels_named(&k, "avx512", &err);
    for (int i = 0; i < peak.n; i++)
        peak.v[i] = peak_now(pool, avx512);
    printf("%.1f\n", bench_median(peak.v, peak.n) * 1e-9);
    pool_free(pool);
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const tables[] = {"avx512", "avx2", "networks"};
    Pool *all = pool_new(0);
    Options o = {.seconds = 1, .threads = pool_threads(all) < 2 ? 1 : 2};
    pool_free(all);
    if (!read_options(&o, argc, argv)) {
        fputs(help, stderr);
        return 2;
    }
    if (o.wants_peak)
        return say_peak(o.threads);
    const Work *work;
    int works = works_watched(&work), n = 0;
    for (int i = 0; o.lists && i < works; i++)
        printf("%s\n", work_name(&work[i]).text);
    if (o.lists)
        return 0;
    FILE *json = o.json ? fopen(o.json, "w") : NULL;
    if (o.json && json == NULL) {
        fprintf(stderr, "cannot write '%s'\n", o.json);
        return 1;
    }
    if (json)
        fprintf(json, "[");
    for (size_t i = 0; i < sizeof tables / sizeof *tables && n >= 0; i++)
        if (o.table == NULL || strcmp(o.table, tables[i]) == 0)
            n = collect(&o, tables[i], json, n);
    if (json) {
        fprintf(json, "\n]\n");
        fclose(json);
    }
    if (n < 0)
        fprintf(stderr, "measuring broke off\n");
    return n < 0;
}
