#ifndef STUDIOS_STUDIO_H
#define STUDIOS_STUDIO_H
#include "base/base.h"

#include <stdatomic.h>

/* The shape of a studio: what it is called, what it asks for, how it runs.
 *
 * One table describes a studio's parameters.  The command line's flags and
 * help, and later the HTTP schema and the web form, are derived from it;
 * nothing is listed twice. */

typedef enum {
    PARAM_TEXT,   /* const char *; borrowed */
    PARAM_LIST,   /* const char *: words with commas between them; each a choice */
    PARAM_PATH,   /* const char *: a file or folder that exists */
    PARAM_PATHS,  /* Paths: one or more of those; only as the last positional */
    PARAM_OUT,    /* const char *: a file or folder to be written */
    PARAM_INT,    /* int64_t */
    PARAM_NUMBER, /* double */
    PARAM_SIZE,   /* int64_t[2], written WxH */
    PARAM_FLAG    /* bool */
} ParamType;

enum { PATHS_MOST = 4096 };
typedef struct Paths {
    int64_t count;
    const char *of[PATHS_MOST]; /* borrowed */
} Paths;

typedef struct Param {
    const char *name; /* as in --name */
    ParamType type;
    size_t offset;        /* where its value lies in the request */
    const char *fallback; /* its default as a person would type it; "" says the
                             studio decides, and leaves zeros */
    double least, most;   /* of numbers; most 0: no limits */
    const char *value;    /* what help calls the value: "DIR", "N", "WxH" */
    const char *help;     /* one line, says what happens by default */
    const char *choices;  /* "walk|idle", or NULL: anything */
    bool is_positional;   /* given without its name, in the table's order */
} Param;

/* How a studio talks to whoever runs it.  Any may be NULL.  `stage` is a verb
 * in progress: "drawing".  Called on the thread that runs the studio. */
typedef struct StudioRun {
    void *user;
    void (*progress)(void *user, const char *stage, int64_t done, int64_t of);
    void (*say)(void *user, const char *line);    /* results: paths, numbers */
    void (*detail)(void *user, const char *line); /* what --verbose asks for */
    const atomic_bool *cancel;
} StudioRun;

typedef struct Studio {
    const char *name;    /* the command */
    const char *summary; /* one line */
    const char *example; /* one command to begin with */
    const Param *params;
    int param_count;
    size_t request_size; /* of the struct that params point into */
    bool (*run)(const void *request, const StudioRun *run, Err *err);
} Studio;
#endif
