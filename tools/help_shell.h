/*
 * help_shell.h - completion for bash and zsh, from the tables that --help is made from.
 *
 * Verbs, options, and the values that are words of a list; folders, files; names of snapshots and of collections are
 * asked of the store on the line, or of YESTER_STORE, for 2 seconds at most.
 *
 * Prefixes: help_bash_, help_zsh_. Threads: main thread only.
 */
#ifndef TOOLS_HELP_SHELL_H
#define TOOLS_HELP_SHELL_H

#include <stdio.h>

/* Print a script for bash to source. */
void help_bash_print(FILE *to);

/* Print a file _yester for a folder of zsh's fpath. */
void help_zsh_print(FILE *to);

#endif
