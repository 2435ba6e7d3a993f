/*
 * program.h - where a program is that was named as one names it in a shell.
 *
 * Threads: pure, but for the environment, which nobody changes.
 */
#ifndef TOOLS_PROGRAM_H
#define TOOLS_PROGRAM_H

/*
 * The path of `name`: itself when it has a slash, else the first regular file of that name in the folders of PATH
 * that we may run (an empty one is where we are, as for a shell). NULL when PATH has none; a name with a slash is
 * not looked at. The caller frees it.
 */
char *program_find(const char *name);

#endif
