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

/* What is said of a parameter in help and manual: help, choices, range, default. */
void args_param_text(const Param *p, char *to, size_t room);

/* "..." after what may be given several times. */
const char *args_more(const Param *p);

/* Everything about one command, `columns` wide, to stdout. */
void args_help(const Studio *studio, int columns);
#endif
