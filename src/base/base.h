#ifndef BASE_BASE_H
#define BASE_BASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What every file may lean on: errors by value, contracts, small memory.
 *
 * Three kinds of failure.  Our own mistake: must() aborts, in release too.
 * The world refuses (a bad file, a full disk): a function returns false and
 * says why in an Err.  Small memory short: xalloc dies; big memory (tensors,
 * frames) comes from an Arena and is a refusal. */

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

typedef enum {
    ERR_NONE,
    ERR_INPUT,    /* what the person asked for cannot be done */
    ERR_FORMAT,   /* a file is not what it should be */
    ERR_IO,       /* the system refused a file */
    ERR_MEMORY,   /* big memory is short */
    ERR_CANCELLED /* somebody pressed stop */
} ErrKind;

/* Zero it before use.  The text is lower case, without a full stop, and is
 * shown to the person as it is. */
typedef struct Err {
    ErrKind kind;
    char text[504];
} Err;

/* Notes the failure; the first one wins.  Always returns false. */
bool err_set(Err *err, ErrKind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts a subject in front of a failure: "model 'x': " + text.  Always false. */
bool err_prefix(Err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define must(cond) ((cond) ? (void)0 : must_failed(#cond, __FILE__, __LINE__))
_Noreturn void must_failed(const char *cond, const char *file, int line);

/* Small zeroed memory; never NULL.  Free with xfree. */
void *xalloc(size_t count, size_t size) MUST_USE;
/* As realloc, for memory whose address was given to nobody. */
void *xgrow(void *p, size_t count, size_t size) MUST_USE;
char *xstrdup(const char *s) MUST_USE;
void xfree(void *p);

static inline int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
static inline int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}
static inline int64_t div_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}
#endif
