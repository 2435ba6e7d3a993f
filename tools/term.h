/*
 * term.h - talking to people: escaped names, colours, times.
 *
 * Whatever comes from a database may hold control bytes; nothing of that kind reaches a
 * terminal unescaped. Colours appear on a terminal only, and not with NO_COLOR or TERM=dumb.
 *
 * Threads: pure, but for term_is_tty() and term_style(), which belong to the main thread.
 */
#ifndef TOOLS_TERM_H
#define TOOLS_TERM_H

#include <stdio.h>

#include "base/buf.h"

/*
 * Append `text` as a person may see it, on one line: control characters, invalid UTF-8 and
 * characters that turn the direction of text as \n, \t, \x1b, \u202e; a backslash as \\.
 */
void term_escape(struct bytes text, struct buf *ret);

/* Undo term_escape(); false when `text` is not something that it makes. */
MUST_CHECK bool term_unescape(struct bytes text, struct buf *ret);

/* term_escape() into a buffer that is reused, as a NUL-terminated text valid until `b` changes. */
const char *term_escaped(struct bytes text, struct buf *b);

/* As term_escape(), but backslashes and line ends stay: for our own messages around such names. */
void term_escape_message(const char *text, struct buf *ret);

/* Columns that escaped text takes on a terminal. */
size_t term_width(const char *text);

/* Is `stream` a terminal? Looked up once for standard output and standard error. */
bool term_is_tty(FILE *stream);

enum term_style { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_RED, TERM_YELLOW, TERM_GREEN };

/* The escape sequence that begins a style on `stream`, or "" where there are no colours. TERM_PLAIN ends. */
const char *term_style(FILE *stream, enum term_style style);

/* "2026-11-21 09:41:07 UTC", and with `local` " (10:41:07 CET)" where the local time differs. */
#define TERM_TIME_LEN 80
void term_time(uint64_t seconds, bool local, char ret[TERM_TIME_LEN]);

#endif
