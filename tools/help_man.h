/*
 * help_man.h - a verb's manual page, yester-<verb>(1), from the table that its --help is made from.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_HELP_MAN_H
#define TOOLS_HELP_MAN_H

#include <stdio.h>

#include "tools/cmd.h"

/* Print it as roff with the man macros. */
void help_man_print(const struct cmd *cmd, FILE *to);

#endif
