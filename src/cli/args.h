#ifndef CLI_ARGS_H
#define CLI_ARGS_H
#include "studios/studio.h"

/* Words of a command line to a request, as a studio's table of parameters
 * says; and the table as a text that teaches.
 *
 *   --name VALUE   --name=VALUE   --flag   POSITIONAL   -- (no flags after it)
 *   -o VALUE: --out
 *
 * A flag that is given twice means its last value. */

/* Fills `request` (studio->request_size bytes, zeroed) with what the words
 * say, and with the table's defaults for the rest.  Texts are borrowed from
 * the words and the table.  False, with what to do about it, if the words ask
 * for what the table does not have. */
bool args_read(const Studio *studio, int count, char *const *words, void *request,
               Err *err) MUST_USE;

/* Whether somebody asks for help instead: --help or -h before any "--". */
bool args_want_help(int count, char *const *words);

/* --show and --show=HOW, a flag of the command line's own: taken out of the
 * words of a command that writes pictures.  Returns how many words are left in
 * `rest` (of `count`, the caller's); *how is NULL if it was not given. */
#define ARGS_SHOW "show"
int args_take_show(const Studio *studio, int count, char *const *words, char **rest,
                   const char **how);

/* ---- what is told of a command -------------------------------------------------- */

/* The studio's parameters, then the command line's own. */
int args_count(const Studio *studio);
const Param *args_at(const Studio *studio, int i);

/* The headings of help in their order, NULL after the last; and that of row i. */
const char *args_group(const Studio *studio, int g);
const char *args_heading(const Studio *studio, int i);

/* "..." after what may be given several times. */
const char *args_more(const Param *p);

/* "-o" for the flag that has a short form, else "". */
const char *args_short(const Param *p);

/* --name and --name=VALUE are both right, --name VALUE is not. */
bool args_value_is_optional(const Param *p);

/* What is said of a parameter: help, choices, range, default. */
void args_param_text(const Param *p, char *to, size_t room);

/* Everything about one command, `columns` wide, to stdout. */
void args_help(const Studio *studio, int columns);
#endif
