#ifndef LIBRARY_INTERNAL_H
#define LIBRARY_INTERNAL_H
#include "library/studios.h"

#include <atelier.h>
#include <stdatomic.h>

/* The C library: include/atelier.h over studios/studio.h.  It adds what a
 * stranger's program needs and the command line does not: values that are kept
 * and given back, files in memory, a locale in which numbers are plain, and
 * names that stay. */

/* What a parameter was set to. */
typedef struct Value {
    char **text; /* as typed; more than one for paths only */
    int count;   /* 0: not set */
    int file;    /* the memory file that text[0] names, or -1 */
} Value;

struct AtelierTask {
    const Studio *studio;
    AtelierParam *params; /* as the studio's table */
    char ***choices;      /* beside them: what params point at, or NULL */
    Value *values;        /* beside them */
    atomic_bool cancel, is_running;

    AtelierOnProgress on_progress;
    AtelierOnText on_text, on_note;
    AtelierOnFile on_file;
    AtelierOnFrame on_frame;
    AtelierOnPreview on_preview;
    void *progress_user, *text_user, *note_user, *file_user, *frame_user, *preview_user;
};

/* Copies a failure out; always false. */
bool fail(AtelierError *to, const Err *err);

/* A program's locale may write 0,5 for 0.5: this thread is to read and write
 * plain numbers between the two calls. */
typedef struct Plain {
    void *plain, *was; /* locale_t */
} Plain;
Plain plain_enter(void);
void plain_leave(Plain p);

/* A value into the request of a run. */
bool value_put(const Param *p, const Value *v, void *request, Err *err) MUST_USE;
void value_release(Value *v);
#endif
