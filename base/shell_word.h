/*
 * shell_word.h - a text as one word of a command line that can be pasted into a shell.
 *
 * Threads: pure.
 */
#ifndef BASE_SHELL_WORD_H
#define BASE_SHELL_WORD_H

#include "base/buf.h"

/*
 * The text as it is where a POSIX shell takes it for one word, else in single quotes (an empty one, spaces, `$`). In `b`, which is reused;
 * valid until it changes. What a terminal would obey (escapes, line ends) stays: the text is to be what its owner typed.
 */
const char *shell_word(const char *text, struct buf *b);

#endif
