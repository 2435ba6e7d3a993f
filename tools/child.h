/*
 * child.h - running another program and reading what it prints.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_CHILD_H
#define TOOLS_CHILD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/progress.h"

/* The words of a command line; the texts are copied. */
struct child_words {
	char **at; /* ended by NULL */
	size_t count;
};
void child_add(struct child_words *words, const char *word);
void child_add_printf(struct child_words *words, const char *format, ...) PRINTF_LIKE(2, 3);
void child_words_release(struct child_words *words);
DEFINE_OWNED_STRUCT(struct child_words, child_words_release);

/*
 * Run the program words->at[0], found in PATH, with LC_ALL=C. What it prints is appended to *ret_out and, the last of it, to
 * *ret_err; with `shows_err` its standard error is ours. Returns its exit status (128 + signal when one killed
 * it). ERR_INVALID: there is no such program; ERR_CANCELLED: the user interrupted (the child was told to end); ERR_IO.
 */
MUST_CHECK int child_run(const struct child_words *words, bool shows_err,
			 const struct progress *progress, struct buf *ret_out, struct buf *ret_err,
			 struct error *e);

#endif
