#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

/* atelier(1), from the studios' tables, as man reads it, to stdout. */
void manual_print(void);
#endif
