#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H
#include "base/base.h"

/* What a shell offers when somebody presses Tab, from the studios' tables: a
 * script for bash, zsh or fish, to stdout.  False, with their names, if `shell`
 * is another. */
bool completion_print(const char *shell, Err *err) MUST_USE;
#endif
