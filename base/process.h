/*
 * process.h - what yester and yesterfs do before anything else, so that who started them can't do harm by how.
 *
 * Prefix: process_. Threads: main thread only, before there are others.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/*
 * Standard input, output or error may be closed. Their numbers would go to the next files that are opened, and what is
 * printed into a store: they are held by what can be neither read nor written, so that both still fail with EBADF.
 * A write over the limit of a file's size (RLIMIT_FSIZE) fails with EFBIG instead of ending the process without a word.
 * The end of a child is told (SIGCHLD), also when who started us ignores that.
 */
void process_begin(void);

#endif
