#ifndef BASE_LOG_H
#define BASE_LOG_H
#include "base/base.h"

/* What the program says while it works, to stderr.  For jobs, server and cli:
 * the engine never logs. */
typedef enum { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG } LogLevel;

/* Lines above this level are dropped.  LOG_INFO at the start. */
void log_set_level(LogLevel level);
void log_say(LogLevel level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Seconds from some fixed moment; never runs backwards. */
double clock_now(void);
#endif
