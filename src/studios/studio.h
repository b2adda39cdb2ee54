#ifndef STUDIOS_STUDIO_H
#define STUDIOS_STUDIO_H
#include "base/base.h"

#include <stdatomic.h>
#include <stddef.h>

/* The shape of a studio: what it is called, what it asks for, how it runs.
 *
 * One table describes a studio's parameters.  The command line's flags, help,
 * manual and completions, the C library's tasks, and later the HTTP schema and
 * the web form, are derived from it; nothing is listed twice. */

typedef enum {
    PARAM_TEXT,   /* const char *; borrowed */
    PARAM_WORDS,  /* const char *: any text, and "" is one, too */
    PARAM_LIST,   /* const char *: words with commas between them; each a choice */
    PARAM_PATH,   /* const char *: a file or folder that exists */
    PARAM_PATHS,  /* Paths: one or more of those; the last positional, or a flag given
                     again and again */
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
    bool is_positional;   /* a text or path given without its name, in the table's
                             order; needed if its fallback is NULL */
} Param;

/* The last rows of every studio that computes; `told` is what --verbose does. */
/* clang-format off */
#define PARAMS_MACHINE(Request, told)                                                          \
    {"threads", PARAM_INT, offsetof(Request, threads), "0", 0, 256, "N",                       \
     "0: one for each core", NULL, false},                                                     \
    {"kernels", PARAM_TEXT, offsetof(Request, kernels), "best", 0, 0, "TABLE",                 \
     "which kernels compute", "best|ref|avx2|avx512", false},                                  \
    {"verbose", PARAM_FLAG, offsetof(Request, verbose), "", 0, 0, NULL, told, NULL, false}
/* clang-format on */

/* Rows of the table from the one named `first` on belong together; help prints
 * them below `heading`.  Rows before the first group are without one. */
typedef struct ParamGroup {
    const char *first, *heading;
} ParamGroup;

/* A finished frame, told before it is written.  Borrowed for the call. */
typedef struct StudioFrame {
    const char *clip; /* "walk" */
    int index, count; /* of the clip's frames */
    double seconds;   /* how long it stays */
    bool is_loop;
    int pivot_x, pivot_y;      /* the middle; just below the feet */
    int width, height;         /* pixels */
    const unsigned char *rgba; /* [height,width,4], straight alpha */
} StudioFrame;

/* What a picture that is being made looks like by now.  Borrowed for the call. */
typedef struct StudioPreview {
    int done, of;              /* steps */
    int width, height;         /* pixels; as large as is useful for a look */
    const unsigned char *rgba; /* [height,width,4]; of several pictures, all side by side */
} StudioPreview;

/* How a studio talks to whoever runs it.  Any may be NULL.  `stage` is a verb
 * in progress: "drawing".  Called on the thread that runs the studio. */
typedef struct StudioRun {
    void *user;
    void (*progress)(void *user, const char *stage, int64_t done, int64_t of);
    void (*say)(void *user, const char *line);  /* results: texts, numbers */
    void (*warn)(void *user, const char *line); /* what may not be as expected; not a result */
    void (*made)(void *user, const char *path); /* results: files, folders */
    void (*frame)(void *user, const StudioFrame *frame);
    void (*preview)(void *user, const StudioPreview *preview); /* on request */
    void (*detail)(void *user, const char *line);              /* what --verbose asks for */
    const atomic_bool *cancel;
} StudioRun;

/* Whether nobody pressed stop; false with that as the reason. */
bool studio_goes_on(const StudioRun *talk, Err *err) MUST_USE;

/* A command to type, and what it gives in a few words. */
typedef struct StudioExample {
    const char *command, *gives;
} StudioExample;

enum { STUDIO_EXAMPLES = 4 };
typedef struct Studio {
    const char *name;                        /* the command */
    const char *summary;                     /* one line */
    StudioExample examples[STUDIO_EXAMPLES]; /* the first is the one to begin with */
    const Param *params;
    int param_count;
    const ParamGroup *groups; /* in the table's order; may be NULL */
    int group_count;
    size_t request_size; /* of the struct that params point into */
    bool (*run)(const void *request, const StudioRun *run, Err *err);
} Studio;

/* The parameter of that name (the first n letters of it), or NULL. */
const Param *studio_param(const Studio *s, const char *name, size_t n);

/* The heading of the group that row i belongs to, or NULL. */
const char *studio_group(const Studio *s, int i);

/* Reads `text` as a person types it into the request, where it is borrowed; a
 * list of paths grows by it.  False, with a reason that goes on after the
 * parameter's name: "is 0; it must be 1 to 1000". */
bool param_set(const Param *p, void *request, const char *text, Err *err) MUST_USE;

/* Every default of the table into a zeroed request. */
void studio_defaults(const Studio *s, void *request);

/* Whether the studio cannot run without it; and whether it is not there. */
bool param_is_needed(const Param *p);
bool param_is_missing(const Param *p, const void *request);

/* A line "name=value" for each parameter that has a value, in the table's
 * order, but those `without` (names, ended by NULL).  Free with xfree. */
char *studio_settings(const Studio *s, const void *request,
                      const char *const *without) MUST_USE;

/* The value of the flag of that name; false if the table has none. */
bool studio_flag(const Studio *s, const void *request, const char *name);

/* What a value is called: "DIR", "N", "WxH"; "" for flags. */
const char *param_value_name(const Param *p);

/* "walk|idle" as "walk, idle". */
void param_choices(char *to, size_t room, const char *choices);
#endif
