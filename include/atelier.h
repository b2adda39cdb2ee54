#ifndef ATELIER_H
#define ATELIER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Atelier as a library: everything that the program `atelier` does.
 *
 *   AtelierError err;
 *   AtelierTask *t = atelier_task_new("sprite", &err);
 *   bool ok = t != NULL &&
 *             atelier_set(t, "picture", "knight.png", &err) &&
 *             atelier_set(t, "animation", "walk", &err) &&
 *             atelier_run(t, &err);
 *   if (!ok)
 *       fprintf(stderr, "%s\n", err.text);
 *   atelier_task_free(t);
 *
 * A studio is a command of the program, a task is one call of it, a parameter
 * is a flag: `atelier sprite --help` explains them all, and atelier_param lists
 * them with types, ranges and defaults, so that a form can be made from them.
 *
 * Errors are values: a function that can fail returns false (or NULL) and says
 * why in *err, which may be NULL; on success *err is left alone.
 *
 * Threads: the library keeps no state of its own.  Any number of tasks may be
 * used on any threads at once, each by one thread at a time; atelier_cancel
 * alone may be called at any time from anywhere.  A run computes on as many
 * threads as the parameter "threads" says.  Callbacks come on the thread that
 * called atelier_run, whose locale is "C" meanwhile.
 *
 * Signals, standard streams, the environment and the working folder are left
 * alone.  Texts are UTF-8.  What a function returns belongs to the task and
 * lives until the value is set again or the task is freed.
 *
 * Structs grow at their end only, and only those that the library makes;
 * those that you make stay as they are until the soname changes. */

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ATELIER_API
#define ATELIER_API __attribute__((visibility("default")))
#endif

/* The version of the library that runs: "1.2.3". */
ATELIER_API const char *atelier_version(void);

/* ---- errors ---------------------------------------------------------------------- */

typedef enum AtelierErrorKind {
    ATELIER_ERROR_NONE = 0,
    ATELIER_ERROR_INPUT = 1,    /* what was asked for cannot be done */
    ATELIER_ERROR_FORMAT = 2,   /* a file is not what it should be */
    ATELIER_ERROR_IO = 3,       /* the system refused a file */
    ATELIER_ERROR_MEMORY = 4,   /* memory is short */
    ATELIER_ERROR_CANCELLED = 5 /* atelier_cancel was called */
} AtelierErrorKind;

/* The text is one sentence, lower case without a full stop, to be shown as it is. */
typedef struct AtelierError {
    AtelierErrorKind kind;
    char text[508];
} AtelierError;

/* ---- studios --------------------------------------------------------------------- */

/* Their names ("sprite") and what they do in a line; NULL outside 0..count-1. */
ATELIER_API int atelier_studio_count(void);
ATELIER_API const char *atelier_studio_name(int studio);
ATELIER_API const char *atelier_studio_summary(int studio);

/* ---- tasks ----------------------------------------------------------------------- */

typedef struct AtelierTask AtelierTask;

/* A task for the studio of that name, every parameter at its default.  NULL if
 * there is no such studio. */
ATELIER_API AtelierTask *atelier_task_new(const char *studio, AtelierError *err);

/* Not while it runs.  NULL is fine. */
ATELIER_API void atelier_task_free(AtelierTask *t);

/* ---- what a task can be told ----------------------------------------------------- */

typedef enum AtelierType {
    ATELIER_TEXT = 0,   /* one of `choices`, or any text if there are none */
    ATELIER_LIST = 1,   /* some of them, with commas between */
    ATELIER_PATH = 2,   /* a file or folder that exists, or a file in memory */
    ATELIER_PATHS = 3,  /* one or more of those: atelier_add */
    ATELIER_OUT = 4,    /* a file or folder to be written; "": none */
    ATELIER_INT = 5,    /* least to most */
    ATELIER_NUMBER = 6, /* least to most */
    ATELIER_SIZE = 7,   /* "WIDTHxHEIGHT", each least to most */
    ATELIER_FLAG = 8    /* "true" or "false" */
} AtelierType;

typedef struct AtelierParam {
    const char *name;
    AtelierType type;
    const char *fallback;       /* its default as a text; "": the studio decides */
    double least, most;         /* of numbers; both 0: no limits */
    const char *unit;           /* what a value is called: "DEGREES", "DIR" */
    const char *help;           /* one line */
    const char *group;          /* which parameters belong together; may be NULL */
    const char *const *choices; /* ended by NULL; NULL: anything */
    bool is_needed;             /* a run without it is refused */
} AtelierParam;

/* In the order in which a person wants to read them; NULL outside 0..count-1. */
ATELIER_API int atelier_param_count(const AtelierTask *t);
ATELIER_API const AtelierParam *atelier_param(const AtelierTask *t, int i);

/* Sets a parameter from a text as it is typed on a command line; NULL gives it
 * its default again.  False if there is no such parameter, or the value is out
 * of its range; the parameter is then as it was.  Whether files are there is
 * seen when the task runs. */
ATELIER_API bool atelier_set(AtelierTask *t, const char *name, const char *text,
                             AtelierError *err);

/* Adds one more path to an ATELIER_PATHS. */
ATELIER_API bool atelier_add(AtelierTask *t, const char *name, const char *path,
                             AtelierError *err);

/* The same for values that are no texts yet.  A whole number may be given
 * where any number may. */
ATELIER_API bool atelier_set_int(AtelierTask *t, const char *name, int64_t value,
                                 AtelierError *err);
ATELIER_API bool atelier_set_number(AtelierTask *t, const char *name, double value,
                                    AtelierError *err);
ATELIER_API bool atelier_set_flag(AtelierTask *t, const char *name, bool value,
                                  AtelierError *err);
ATELIER_API bool atelier_set_size(AtelierTask *t, const char *name, int64_t width,
                                  int64_t height, AtelierError *err);

/* A picture in memory: sRGB, straight alpha, four bytes a pixel, rows from the
 * top, `stride` bytes from one to the next (0: 4 * width). */
typedef struct AtelierPixels {
    int width, height;
    size_t stride;
    const unsigned char *rgba;
} AtelierPixels;

/* Sets an ATELIER_PATH (or the only one of ATELIER_PATHS, or a needed text that
 * may name a file) to a file that is no file: its bytes as they would lie on
 * the disk, or a picture.  Both are copied.  False also if the system gives no memory file. */
ATELIER_API bool atelier_set_bytes(AtelierTask *t, const char *name, const void *bytes,
                                   size_t size, AtelierError *err);
ATELIER_API bool atelier_set_pixels(AtelierTask *t, const char *name,
                                    const AtelierPixels *pixels, AtelierError *err);

/* The value as a text, of several paths the first; "" if the studio decides or
 * nothing is set, NULL if there is no such parameter. */
ATELIER_API const char *atelier_get(const AtelierTask *t, const char *name);

/* ---- what a task tells ----------------------------------------------------------- */

/* A frame of the sheet, trimmed and aligned as in its cell; or a picture, whose clip is "picture"
 * and which stays for no time. */
typedef struct AtelierFrame {
    const char *clip;     /* "walk" */
    int index, count;     /* which of the clip's frames */
    double seconds;       /* how long it stays */
    bool is_loop;         /* of the clip */
    int pivot_x, pivot_y; /* in pixels: the middle, just below the feet */
    AtelierPixels pixels;
} AtelierFrame;

/* What a picture that is being made looks like by now: of several, all side by
 * side.  On request: a studio that can do so has a parameter "preview". */
typedef struct AtelierPreview {
    int done, total; /* steps */
    AtelierPixels pixels;
} AtelierPreview;

/* What they are given is borrowed for the call.  `stage` is a verb in progress
 * ("drawing"), `of` is 0 if nobody knows how long it will take. */
typedef void (*AtelierOnProgress)(void *user, const char *stage, int64_t done, int64_t of);
typedef void (*AtelierOnText)(void *user, const char *line);
typedef void (*AtelierOnFile)(void *user, const char *path);
typedef void (*AtelierOnFrame)(void *user, const AtelierFrame *frame);
typedef void (*AtelierOnPreview)(void *user, const AtelierPreview *preview);

/* Each may be NULL, and is at first.  Texts are results that are no files: what
 * a model file holds, the joints of a picture.  Notes are for the person:
 * warnings, and details if "verbose" is set.  Files and folders are told when
 * they are whole; frames come before files are written, clip after clip. */
ATELIER_API void atelier_on_progress(AtelierTask *t, AtelierOnProgress fn, void *user);
ATELIER_API void atelier_on_text(AtelierTask *t, AtelierOnText fn, void *user);
ATELIER_API void atelier_on_note(AtelierTask *t, AtelierOnText fn, void *user);
ATELIER_API void atelier_on_file(AtelierTask *t, AtelierOnFile fn, void *user);
ATELIER_API void atelier_on_frame(AtelierTask *t, AtelierOnFrame fn, void *user);
ATELIER_API void atelier_on_preview(AtelierTask *t, AtelierOnPreview fn, void *user);

/* ---- running --------------------------------------------------------------------- */

/* Does it, and returns when it is done.  The task keeps its values and may run
 * again.  No file is left half written, whatever happens.  False with the
 * reason; ATELIER_ERROR_CANCELLED if it was stopped. */
ATELIER_API bool atelier_run(AtelierTask *t, AtelierError *err);

/* Stops the run, or the next one if none is going on.  Returns at once.  From
 * any thread, callback or signal handler. */
ATELIER_API void atelier_cancel(AtelierTask *t);

#ifdef __cplusplus
}
#endif
#endif
