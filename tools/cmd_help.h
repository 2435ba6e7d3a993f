/*
 * cmd_help.h - the help texts, made from the table of verbs. Threads: main thread only.
 */
#ifndef TOOLS_CMD_HELP_H
#define TOOLS_CMD_HELP_H

#include <stdio.h>

#include "tools/cmd.h"

/* How a WHEN is written, and what exit codes mean: lines, indented by two. */
extern const char cmd_help_when[];
extern const char cmd_help_exit[];

/* All verbs, what they share, WHEN, exit codes. */
void cmd_help_main(FILE *to);

/* One verb: usage, options, examples. */
void cmd_help_verb(const struct cmd *cmd, FILE *to);

#endif
